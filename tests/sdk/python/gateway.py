"""The gateway as a child process, on a port of the system's choice, and its tokens, made by its own command."""

import os
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

BINARY = Path(os.environ["GATEWAY"]).resolve()


class Gateway:
    """`tokens` are the options of `token create` by name; without any, `key` is one that may do all. `setup` are
    commands that are run before the start.
    """

    def __init__(self, upstream, *arguments, tokens=None, setup=(), **settings):
        self.folder = tempfile.TemporaryDirectory()
        self.env = {
            "PORT": "0",
            "HOST": "127.0.0.1",
            "OLLAMA_BASE_URL": upstream,
            "LOG_LEVEL": "warn",
            "DATA_DIR": self.folder.name,
            "NO_COLOR": "1",
            "RATE_LIMIT_GLOBAL_MAX": "100000",
            "RATE_LIMIT_IP_MAX": "100000",
            "RATE_LIMIT_TOKEN_MAX": "100000",
            **settings,
        }
        tokens = {"all": ["--client-options", "true"]} if tokens is None else tokens
        self.keys = {name: self.run("token", "create", "--name", name, *rules) for name, rules in tokens.items()}
        self.key = self.keys.get("all")
        for command in setup:
            self.run(*command)
        self.log = open(Path(self.folder.name, "log"), "w+")
        self.process = subprocess.Popen(
            [BINARY, *arguments],
            env=self.env,
            cwd=self.folder.name,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        # A gateway that says nothing ends the wait by ending itself.
        watchdog = threading.Timer(20, self.process.kill)
        watchdog.start()
        found = next(filter(None, (re.search(r"https?://127\.0\.0\.1:\d+", line) for line in self.process.stdout)), None)
        watchdog.cancel()
        if found is None:
            self.process.wait()
            self.log.seek(0)
            raise RuntimeError(f"the gateway did not start: {self.log.read()}")
        self.url = found[0]
        self.drain = threading.Thread(target=self.process.stdout.read, daemon=True)
        self.drain.start()

    def run(self, *command):
        """What a command prints that is done."""
        done = subprocess.run(
            [BINARY, *command], env=self.env, cwd=self.folder.name, capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def close(self):
        """Stops it in order; its log must not tell of a panic."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            self.drain.join()
            self.process.stdout.close()
            self.log.seek(0)
            log = self.log.read()
            self.log.close()
            self.folder.cleanup()
        assert code == 0, log
        assert "panicked" not in log, log
