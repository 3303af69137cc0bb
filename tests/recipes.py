"""The words of a page of the documentation, done: its files written and its commands run in a site's folder.

A fenced block with `title="NAME"` is a file (```` ```yaml title="_config.yml" ````), a block of `sh` is commands.
What a reader has already, or would fetch from an index, is named by `instead`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w*)[ ]*([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a page tells its reader to do, in its order."""

    steps: tuple[tuple[str, str], ...]
    """Name of a file and its text, or nothing and commands."""

    @property
    def files(self) -> dict[str, str]:
        return {name: text for name, text in self.steps if name}

    @property
    def commands(self) -> list[str]:
        lines = [line.partition(" #")[0].strip() for name, text in self.steps if not name for line in text.splitlines()]
        return [line for line in lines if line and not line.startswith("#")]

    def write(self, site: Path) -> None:
        """Write the files; one that is there keeps its text and gets what the page adds at its end."""
        for name, text in self.files.items():
            file = site / name
            file.parent.mkdir(parents=True, exist_ok=True)
            before = file.read_text("utf-8") if file.exists() else ""
            file.write_text(text if text in before else before + text, encoding="utf-8")

    def run(self, site: Path, instead: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
        """Run the commands, those that begin as a key of `instead` as its value; returns all that they print."""
        said = []
        for command in self.commands:
            replaced = next((new for old, new in instead.items() if command.startswith(old)), command)
            if not replaced:
                continue
            done = subprocess.run(
                ["bash", "-c", replaced],
                cwd=site,
                env={**os.environ, **(environment or {})},
                capture_output=True,
                text=True,
                timeout=300,
            )
            said.append(f"$ {command}\n{done.stdout}{done.stderr}")
            assert done.returncode == 0, said[-1]
        return "".join(said)


def recipe(page: Path, section: str = "") -> Recipe:
    """The recipe of a page, or of one `## section` of it."""
    text = page.read_text("utf-8")
    if section:
        (text,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    steps = []
    for language, rest, body in _BLOCK.findall(text):
        title = re.search(r'title="([^"]+)"', rest)
        if title:
            steps.append((title[1], body))
        elif language == "sh":
            steps.append(("", body))
    return Recipe(tuple(steps))
