"""One shell for a page, so that what a line exports or defines holds in the next; and what stands in its PATH."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

PATIENCE = 30
SDK = Path(__file__).resolve().parent.parent / "sdk"
PASSWORD = "a-long-password"
HOME = "//127.0.0.1:3000"

# A gateway that is started is stopped once it says where it listens; one that follows what nobody does, after a moment: that it
# runs until then is all that can be seen of it.
PROGRAM = """\
#!{python}
import select, subprocess, sys
args = sys.argv[1:]
starts = not args or args[0] in ("serve", "demo", "bench-upstream") or args[0].startswith("--port")
if not starts and "-f" not in args:
    sys.exit(subprocess.run(["{binary}", *args]).returncode)
child = subprocess.Popen(["{binary}", *args], stdout=subprocess.PIPE, text=True)
if starts:
    is_well = any("listening" in line for line in child.stdout)
else:
    select.select([child.stdout], [], [], 1)
    is_well = child.poll() is None
child.terminate()
child.stdout.read()
code = child.wait()
sys.exit(not is_well or (starts and code))
"""

CURL = """\
#!{python}
import subprocess, sys
args = sys.argv[1:]
if not any("/tail" in arg for arg in args):
    sys.exit(subprocess.run(["/usr/bin/curl", "-sS", "--fail-with-body", *args]).returncode)
child = subprocess.Popen(["/usr/bin/curl", "-sS", "--fail-with-body", *args], stdout=subprocess.PIPE, text=True)
said = next(iter(child.stdout), None)
child.kill()
child.wait()
sys.exit(not said)
"""

ADMIN = 'admin() { curl -sS -H "Authorization: Bearer $ADMIN_PASSWORD" "$@"; }'


class Shell:
    """`words` are placeholders of the page and what stands for them; `ID` is the last id that an answer had. `answer` is what
    a question is answered with, twice.
    """

    def __init__(self, gateway, binary, words, answer=PASSWORD):
        self.url, self.words, self.answers = gateway.url.split(":", 1)[1], dict(words), f"{answer}\n{answer}\n"
        self.folder = Path(gateway.folder.name, "page")
        tools = Path(gateway.folder.name, "bin")
        for folder in (self.folder, tools):
            folder.mkdir()
        (self.folder / "node_modules").symlink_to(SDK / "node_modules")
        for name, text in {"ollama2openai": PROGRAM, "curl": CURL}.items():
            program = tools / name
            program.write_text(text.format(python=sys.executable, binary=binary))
            program.chmod(0o755)
        self.env = {
            **{name: gateway.env[name] for name in ("DATA_DIR", "HOST", "LOG_LEVEL", "NO_COLOR", "OLLAMA_BASE_URL")},
            "PATH": f"{tools}:{os.environ['PATH']}",
            "ADMIN_PASSWORD": PASSWORD,
            "PORT": "0",
            # There is no token, so any text will do.
            "API_TOKEN": "none",
            "SECRET": next(iter(gateway.keys.values()), ""),
            "HOME": str(self.folder),
        }
        self.bash = subprocess.Popen(
            ["bash", "--norc"],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.run("set -o pipefail")
        self.run(ADMIN)

    def run(self, command):
        """What a command prints, and its exit code."""
        for word, meaning in self.words.items():
            command = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", lambda _: meaning, command)
        command = command.replace(HOME, self.url)
        self.bash.stdin.write(f"eval {quoted(command)} <<< {quoted(self.answers)}\ncode=$?; echo; echo \"::$code\"\n")
        self.bash.stdin.flush()
        watchdog = threading.Timer(PATIENCE, os.killpg, (self.bash.pid, signal.SIGKILL))
        watchdog.start()
        seen = []
        for line in self.bash.stdout:
            if line.startswith("::"):
                break
            seen.append(line)
        else:
            raise AssertionError(f"the shell has ended: {command}\n" + "".join(seen))
        watchdog.cancel()
        text = "".join(seen)
        if found := re.search(r'"id":\s*"([^"]+)"', text):
            self.words["ID"] = found[1]
        return text, int(line[2:])

    def program(self, kind, lines):
        """Runs a program; what it prints, and its exit code."""
        text = textwrap.dedent("\n".join(lines)).replace(HOME, self.url)
        name = {"python": "program.py", "js": "program.mjs"}[kind]
        (self.folder / name).write_text(text)
        interpreter = sys.executable if kind == "python" else "node"
        done = subprocess.run(
            [interpreter, name], env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE
        )
        return done.stdout + done.stderr, done.returncode

    def close(self):
        self.bash.stdin.close()
        self.bash.wait(PATIENCE)
        self.bash.stdout.close()


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"
