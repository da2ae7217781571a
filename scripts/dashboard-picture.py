#!/usr/bin/env python3
"""Draws docs/dashboard.svg: every panel of deploy/grafana/dashboard.json, with the numbers of a demo run.

    cargo build && python3 scripts/dashboard-picture.py target/debug/ollama2openai

It starts three fake Ollamas, a gateway and Prometheus on this machine, sends requests for SECONDS, asks Prometheus for
what the panels ask, and ends all of them. One backend is stopped twice. Grafana itself is not needed,
and the drawing is no screenshot of it: places, titles, queries and units are those of the dashboard, the look is not.
"""

import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from dashboard_drawing import draw

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 90
STEP = 2
WINDOW = "15s"
CHAT = "/v1/chat/completions"
STREAMED = {"llama3.2:3b": "bench-lone-12ms-40", "qwen3:8b": "bench-lone-30ms-50", "gpt-oss:20b": "bench-lone-50ms-30"}
WHOLE = "mistral:7b"
MODELS = STREAMED | {WHOLE: "bench-whole"}
# Name, models, most requests at once.
BACKENDS = [("desk", ["llama3.2:3b", "qwen3:8b"], 4), ("rack", list(MODELS), 8), ("laptop", ["llama3.2:3b", WHOLE], 3)]
# Name, requests at once.
CONSUMERS = [("web-chat", 8), ("batch-jobs", 4), ("anna", 2)]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(stack, line, env, home):
    """A process that ends with the stack."""
    process = subprocess.Popen(line, env=env, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(end, process)
    return process


def end(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until_answers(port, path):
    last = time.monotonic() + 20
    while time.monotonic() < last:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as reply:
                if reply.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing answers at port {port}")


def request(port, token, body, leaves=False):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        connection.request("POST", CHAT, json.dumps(body), headers)
        reply = connection.getresponse()
        reply.read(200 if leaves else None)
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


def client(port, token, seed, stop):
    """Asks one thing after another; some of them wrong."""
    chance = random.Random(seed)
    while not stop.is_set():
        model = chance.choices(list(MODELS), [5, 3, 2, 3])[0]
        said = [{"role": "user", "content": f"Question {chance.randrange(60)}"}]
        body = {"model": model, "stream": model != WHOLE, "temperature": 0, "messages": said}
        kind = chance.random()
        if kind < 0.01:
            request(port, "sk-wrong", body)
        elif kind < 0.02:
            request(port, token, body | {"messages": 1})
        elif kind < 0.03:
            request(port, token, body | {"model": "gpt-4"})
        else:
            request(port, token, body, leaves=body["stream"] and kind < 0.06)
        stop.wait(chance.expovariate(4))


def set_up(binary, env, home, ports):
    def command(*words):
        return subprocess.run([binary, *words], env=env, cwd=home, check=True, capture_output=True, text=True).stdout

    for (name, models, most), port in zip(BACKENDS, ports):
        maps = [word for model in models for word in ("--model", model, "--map", f"{model}={MODELS[model]}")]
        url = f"http://127.0.0.1:{port}"
        command("key", "add", f"{url}|", "--name", name, "--max-concurrent", str(most), *maps)
    return [json.loads(command("token", "create", "--name", name, "--json"))["token"] for name, _ in CONSUMERS]


def run(binary, home):
    """Sends requests, and hands on what Prometheus answers to the queries of the dashboard."""
    ports = [free_port() for _ in BACKENDS]
    port, prometheus = free_port(), free_port()
    env = {
        "PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": home, "MAX_QUEUE": "6",
        "QUEUE_TIMEOUT": "1s", "RATE_LIMIT_GLOBAL_ENABLED": "false", "RATE_LIMIT_IP_ENABLED": "false",
        "RATE_LIMIT_TOKEN_ENABLED": "false", "HEALTH_CHECK_INTERVAL": "2s", "CACHE_CHAT": "true",
    }
    config = Path(home) / "prometheus.json"
    targets = [{"targets": [f"127.0.0.1:{port}"]}]
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "ollama2openai", "static_configs": targets}],
    }))
    tokens = set_up(binary, env, home, ports)
    with ExitStack() as stack:
        def upstream(nth):
            return start(stack, [binary, "bench-upstream", "--port", str(ports[nth])], env, home)

        fakes = [upstream(nth) for nth in range(len(ports))]
        start(stack, [binary, "serve"], env, home)
        until_answers(port, "/livez")
        start(stack, ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={home}/tsdb",
                      f"--web.listen-address=127.0.0.1:{prometheus}"], env, home)
        until_answers(prometheus, "/-/ready")
        stop = threading.Event()
        stack.callback(stop.set)
        begin = time.time()
        for (_, many), token in zip(CONSUMERS, tokens):
            for _ in range(many):
                seed = threading.active_count()
                threading.Thread(target=client, args=(port, token, seed, stop), daemon=True).start()
        last = fakes[-1]
        for _ in range(2):
            time.sleep(SECONDS / 4)
            end(last)
            time.sleep(SECONDS / 6)
            last = upstream(len(ports) - 1)
        time.sleep(SECONDS / 6)
        return [ask(prometheus, begin, panel) for panel in dashboard()["panels"]]


def dashboard():
    return json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())


def ask(port, begin, panel):
    """The series of a panel: legend, and pairs of time and value."""
    found = []
    for target in panel.get("targets", []):
        query = target["expr"].replace("$__rate_interval", WINDOW).replace("$__range", f"{SECONDS}s")
        query = query.replace("$job", ".+").replace("$instance", ".+")
        last = begin + SECONDS
        times = {"time": last} if target["instant"] else {"start": begin, "end": last, "step": STEP}
        path = "query" if target["instant"] else "query_range"
        asked = urllib.parse.urlencode({"query": query} | times)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}?{asked}", timeout=20) as reply:
            result = json.load(reply)["data"]["result"]
        for series in result:
            legend = target["legendFormat"]
            for label in legend.split("{{")[1:]:
                label = label.split("}}")[0]
                legend = legend.replace(f"{{{{{label}}}}}", series["metric"].get(label, ""))
            pairs = series["values"] if "values" in series else [series["value"]]
            found.append((legend.strip(), [(when - begin, float(value)) for when, value in pairs]))
    return found


def main():
    if len(sys.argv) != 2 or not shutil.which("prometheus"):
        sys.exit("usage: dashboard-picture.py BINARY; Debian's package prometheus must be installed")
    binary = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as home:
        answers = run(binary, home)
    build = "a debug build" if "debug" in Path(binary).parts else "a release build"
    caption = (f"Drawn by scripts/dashboard-picture.py from dashboard.json, with what Prometheus saw of {SECONDS} s of {build} "
               "with three fake Ollamas, of which one was stopped twice. Grafana's own look differs.")
    panels = dashboard()["panels"]
    (ROOT / "docs/dashboard.svg").write_text(draw(panels, answers, SECONDS, caption))
    empty = [panel["title"] for panel, answer in zip(panels, answers) if panel["type"] != "row" and not answer]
    print("panels without data:", ", ".join(empty) or "none")


if __name__ == "__main__":
    main()
