"""Every command of the README and of docs/ is run, page by page, against a gateway; or the page says why not."""

import os
from pathlib import Path

import pytest
from blocks import blocks
from gateway import Gateway
from ollama import Ollama, chat
from scenes import SCENES
from shell import PASSWORD, Shell

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BINARY = Path(os.environ["GATEWAY"]).resolve()


def name(page):
    return str(page.relative_to(ROOT))


def to_run(page):
    return [block for block in blocks(page.read_text()) if block.not_run is None]


@pytest.mark.parametrize("page", [page for page in PAGES if to_run(page)], ids=name)
def test_commands_of(page):
    scene = SCENES.get(name(page), {})
    ollama = Ollama()
    ollama.models = {model: ["completion", "tools"] for model in ("llama3.2:3b", "llama3.3:70b", "gpt-oss:20b")}
    ollama.says(chat("Hello there."))
    gateway = Gateway(
        ollama.url,
        tokens=scene.get("tokens", {}),
        setup=scene.get("setup", []),
        **{"ADMIN_PASSWORD": PASSWORD, **scene.get("settings", {})},
    )
    shell = Shell(gateway, BINARY, scene.get("words", {}), scene.get("answer", PASSWORD))
    try:
        for command in scene.get("before", []):
            said, code = shell.run(command)
            assert code == 0, f"before {name(page)}: {command}\n{said}"
        for block in to_run(page):
            if block.kind == "sh":
                for line, command in block.commands():
                    said, code = shell.run(command)
                    assert code == 0, f"{name(page)}:{line}: {command}\n{said}"
            else:
                said, code = shell.program(block.kind, block.lines)
                assert code == 0 and said, f"{name(page)}:{block.line}\n{said}"
    finally:
        shell.close()
        gateway.close()
        ollama.close()


def test_a_block_that_is_not_run_says_why():
    for page in PAGES:
        for block in blocks(page.read_text()):
            if block.not_run is not None:
                assert len(block.not_run.split()) >= 3, f"{name(page)}:{block.line}"
