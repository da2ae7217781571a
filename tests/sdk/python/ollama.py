"""A scripted Ollama: native replies in, what the gateway asked for out. It knows HTTP and framing, no model.

A chat or generate reply is written once, as the lines of its stream; a request with `"stream": false` gets the same
lines merged into one object, as Ollama does, so that both ways of asking for one answer can be compared.
"""

import json
import select
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEADLINE = 10.0
STATS = {"total_duration": 5, "load_duration": 1, "prompt_eval_duration": 1, "eval_duration": 1}


@dataclass
class Lines:
    """Lines of a stream. `then`: "end", "cut" (the connection closes) or "hang" (until the client leaves)."""

    lines: list
    then: str = "end"
    gate: threading.Event | None = None  # waited for between the head and the first line


@dataclass
class Reply:
    """A reply with a status, as JSON or as text."""

    status: int
    body: object
    headers: dict = field(default_factory=dict)


def done(reason, completion):
    return {"done": True, "done_reason": reason, "prompt_eval_count": 7, "eval_count": completion, **STATS}


def chat(*parts, reason="stop", completion=3, then="end", gate=None):
    """A chat reply: texts are pieces of content, dicts are messages of one line, with `logprobs` beside them."""
    lines = []
    for part in parts:
        message = {"content": part} if isinstance(part, str) else dict(part)
        beside = {key: message.pop(key) for key in ["logprobs"] if key in message}
        lines.append({"message": {"role": "assistant", "content": "", **message}, "done": False, **beside})
    if then == "end":
        lines.append({"message": {"role": "assistant", "content": ""}, **done(reason, completion)})
    return Lines(lines, then, gate)


def generate(*texts, reason="stop", logprobs=None):
    lines = [{"response": text, "done": False} for text in texts]
    for line, entry in zip(lines, logprobs or []):
        line["logprobs"] = [entry]
    return Lines([*lines, {"response": "", **done(reason, completion=3)}])


def call(name, arguments, id, index=0):
    return {"id": id, "function": {"index": index, "name": name, "arguments": arguments}}


def logprob(token, value, *others):
    entry = {"token": token, "logprob": value, "bytes": list(token.encode())}
    return {**entry, "top_logprobs": [{**entry}, *(logprob(t, v) for t, v in others)]} if others else entry


def merge(lines):
    """One object out of the lines of a stream, as Ollama answers when it does not stream."""
    whole = {**lines[-1]}
    message = {}
    for line in lines:
        part = line.get("message", {})
        for key in ("content", "thinking"):
            if key in part:
                message[key] = message.get(key, "") + part[key]
        message.setdefault("tool_calls", []).extend(part.get("tool_calls", []))
    if "message" in whole:
        whole["message"] = {"role": "assistant", **{k: v for k, v in message.items() if v or k == "content"}}
    if "response" in whole:
        whole["response"] = "".join(line.get("response", "") for line in lines)
    logprobs = [entry for line in lines for entry in line.get("logprobs", [])]
    return {**whole, **({"logprobs": logprobs} if logprobs else {})}


class Ollama:
    """The server. `says` queues replies for generating calls; the last one is given again and again."""

    def __init__(self):
        self.models = {}  # name → capabilities
        self.replies = []
        self.seen = []  # (path, JSON) of the generating calls
        self.left = threading.Event()  # a client left a hanging reply
        self.lock = threading.Lock()
        handler = type("Handler", (Handler,), {"ollama": self})
        self.server = Server(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def reset(self):
        able = ["completion", "tools", "vision", "thinking", "embedding"]
        self.models = {"llama3.2:latest": able, "ns/tiny:1b": ["completion"]}
        self.replies, self.seen = [], []
        self.left.clear()

    def says(self, *replies):
        self.replies = list(replies)

    @property
    def asked(self):
        """The JSON of the last generating call."""
        return self.seen[-1][1]

    def next(self, path, body):
        with self.lock:
            self.seen.append((path, body))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(body) if callable(reply) else reply

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        # A gateway that is done with a kept connection may reset it: no fault of either.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ollama: Ollama

    def log_message(self, *_):
        pass

    def do_GET(self):
        models = self.ollama.models
        tag = {"modified_at": "2026-01-02T03:04:05.678+02:00", "size": 1, "digest": "d" * 64, "details": {}}
        match self.path:
            case "/api/version":
                self.json(200, {"version": "0.33.0"})
            case "/api/tags":
                self.json(200, {"models": [{"name": name, "model": name, **tag} for name in models]})
            case _:
                self.json(404, {"error": "not found"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/api/show":
            capabilities = self.ollama.models.get(body["model"] + ("" if ":" in body["model"] else ":latest"))
            return self.json(200 if capabilities else 404, {"capabilities": capabilities})
        reply = self.ollama.next(self.path, body)
        if isinstance(reply, Reply):
            return self.json(reply.status, reply.body, reply.headers)
        stamp = {"model": body["model"], "created_at": "2026-01-02T03:04:05.678Z"}
        lines = [{**stamp, **line} for line in reply.lines]
        if body.get("stream", True) is False and reply.then == "end":
            return self.json(200, merge(lines))
        self.stream(lines, reply.then, reply.gate)

    def stream(self, lines, then, gate):
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        if gate:
            gate.wait(DEADLINE)
        for line in lines:
            data = json.dumps(line).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
        if then == "end":
            return self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True
        if then == "hang":
            ready, _, _ = select.select([self.connection], [], [], DEADLINE)
            if ready and self.connection.recv(1) == b"":
                self.ollama.left.set()

    def json(self, status, value, headers=None):
        data = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        for name, text in {"content-type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
