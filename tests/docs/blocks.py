"""What of a page is to be run: blocks of commands, indented or fenced as `sh`, and programs in Python and JavaScript.

A comment `<!-- not run: REASON -->` right above a block keeps it from being run. Words that look like no command make no
block of commands: output, configuration and prose are indented, too.
"""

import re
from dataclasses import dataclass

# A line that begins with one of these, after settings such as A=b, is a command.
PROGRAMS = {
    *("admin", "apt", "apt-get", "buildah", "cargo", "cd", "chmod", "cp", "curl", "docker", "dpkg", "echo", "export"),
    *("fuser", "helm", "install", "journalctl", "kill", "kubectl", "make", "mkdir", "nginx", "node", "npm", "ollama"),
    *("ollama2openai", "openssl", "pip", "podman", "python3", "sha256sum", "sudo", "systemctl", "tar", "ui/tests/run.sh"),
    *("printf", "systemd-creds"),
}
SHELLS = {"sh", "bash", "console", "shell"}
LANGUAGES = {"python": "python", "js": "js", "javascript": "js"}
COMMAND = re.compile(r"(?:[A-Z_]+=\S* )*(?:sudo )?([\w./-]+)(?:\(\))?(?: |$)")
NOT_RUN = re.compile(r"<!-- not run: (.+) -->$")
FENCE = re.compile(r"( *)```(\w*)")


@dataclass
class Block:
    line: int
    kind: str  # "sh", "python" or "js"
    lines: list
    not_run: str | None = None

    def commands(self):
        """The commands with their lines; one that ends in a backslash goes on in the next line."""
        pending, begun = "", 0
        for number, text in enumerate(self.lines, self.line):
            begun = begun if pending else number
            pending += text
            if pending.endswith("\\"):
                pending += "\n"
                continue
            if pending.strip() and not pending.lstrip().startswith("#"):
                yield begun, pending.strip()
            pending = ""


def is_command(line):
    found = COMMAND.match(line.strip())
    return bool(found) and found[1] in PROGRAMS


def blocks(text):
    """The blocks of a page in their order."""
    lines = text.split("\n")
    at, reason = 0, None
    while at < len(lines):
        line = lines[at]
        if fence := FENCE.match(line):
            end = next(n for n in range(at + 1, len(lines)) if lines[n].strip() == "```")
            body = [inner.removeprefix(fence[1]) for inner in lines[at + 1 : end]]
            kind = "sh" if fence[2] in SHELLS else LANGUAGES.get(fence[2])
            if kind:
                yield Block(at + 2, kind, body, reason)
            at, reason = end + 1, None
        elif line.startswith("    ") and line.strip():
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            body = [inner.strip() if is_command(inner) else inner for inner in lines[at:end]]
            if is_command(body[0]):
                yield Block(at + 1, "sh", body, reason)
            at, reason = end, None
        else:
            said = NOT_RUN.match(line.strip())
            reason = said[1] if said else (reason if not line.strip() else None)
            at += 1
