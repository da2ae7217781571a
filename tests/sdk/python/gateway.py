"""The gateway as a child process, on a port of the system's choice."""

import os
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

KEY = "sk-test"
BINARY = Path(os.environ["GATEWAY"]).resolve()


class Gateway:
    def __init__(self, upstream, *arguments, **settings):
        self.folder = tempfile.TemporaryDirectory()
        env = {
            "PORT": "0",
            "HOST": "127.0.0.1",
            "OLLAMA_BASE_URL": upstream,
            "API_TOKEN": KEY,
            "LOG_LEVEL": "warn",
            "DATA_DIR": self.folder.name,
            "NO_COLOR": "1",
            "RATE_LIMIT_GLOBAL_MAX": "100000",
            "RATE_LIMIT_IP_MAX": "100000",
            **settings,
        }
        self.log = open(Path(self.folder.name, "log"), "w+")
        self.process = subprocess.Popen(
            [BINARY, *arguments],
            env=env,
            cwd=self.folder.name,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        # A gateway that says nothing ends the wait by ending itself.
        watchdog = threading.Timer(20, self.process.kill)
        watchdog.start()
        found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in self.process.stdout)), None)
        watchdog.cancel()
        if found is None:
            self.process.wait()
            self.log.seek(0)
            raise RuntimeError(f"the gateway did not start: {self.log.read()}")
        self.url = found[0]
        self.drain = threading.Thread(target=self.process.stdout.read, daemon=True)
        self.drain.start()

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
