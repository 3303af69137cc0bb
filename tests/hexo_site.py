"""A real Hexo blog in a folder of its own, with the plugin as npm would link it: for the tests of hexo-enishi."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from npm_packages import unpacked

TESTS = Path(__file__).resolve().parent
MODULES = Path(os.environ.get("HEXO_SITE_MODULES") or TESTS / "hexo" / "node_modules")
"""The packages of a new blog, and a second, older Hexo: `npm ci --prefix tests/hexo` makes the folder."""
STUB = [sys.executable, os.fspath(TESTS / "hexo" / "enishi_stub.py")]
REAL = [sys.executable, "-m", "enishi"]
VERSIONS = {8: "hexo", 7: "hexo7"}


@cache
def why_no_site(version: int = 8) -> str:
    """Why no site can be made, or nothing."""
    if not shutil.which("node"):
        return "node is not installed"
    if not (MODULES / VERSIONS[version]).is_dir():
        return "Hexo is not installed (npm ci --prefix tests/hexo, or HEXO_SITE_MODULES)"
    return ""


needs_site = pytest.mark.skipif(bool(why_no_site()), reason=why_no_site() or "Hexo is installed")

LAYOUT = """<!doctype html>
<html lang="<%= page.lang || 'en' %>">
<head><meta charset="utf-8"><title><%= page.title || config.title %></title></head>
<body><%- body %></body></html>
"""
POST = "<main><h1><%= page.title %></h1>\n<%- page.content %></main>"
INDEX = "<main><% page.posts.each(post => { %><h2><%= post.title %></h2><%- post.content %><% }) %></main>"


@dataclass
class Done:
    """What a run of Hexo left behind."""

    code: int
    output: str

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.output.splitlines() if line.startswith("WARN")]

    @property
    def generated(self) -> list[str]:
        """Files that were written, as their names in public/."""
        lines = [line for line in self.output.splitlines() if "Generated: " in line]
        return sorted(line.split("Generated: ", 1)[1] for line in lines)


@dataclass
class HexoSite:
    """A blog with a theme of three templates."""

    root: Path
    version: int = 8
    config: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def configure(self, **settings: Any) -> None:
        """Change settings and write _config.yml (JSON is YAML)."""
        self.config.update(settings)
        self.write("_config.yml", json.dumps(self.config, ensure_ascii=False, indent=1))

    def plugin(self, **settings: Any) -> None:
        """Change the plugin's own settings."""
        own = self.config.setdefault("enishi", {}).setdefault("hexo", {})
        own.update(settings)
        self.configure()

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def post(self, name: str, title: str, *, tags: Sequence[str] = (), text: str = "", **more: Any) -> Path:
        """Write source/_posts/NAME.md."""
        matter = {"title": title, "date": "2024-02-03 12:00:00", "tags": list(tags), **more}
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in matter.items()]
        return self.write(f"source/_posts/{name}.md", "\n".join(["---", *lines, "---", text or f"About {title}.", ""]))

    def command(self, *arguments: str) -> list[str]:
        return ["node", os.fspath(self.root / "node_modules" / "hexo" / "bin" / "hexo"), *arguments]

    def hexo(self, *arguments: str, timeout: float = 60) -> Done:
        """Run a command of Hexo to its end; stderr is told after stdout."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.root, env=self.env(), capture_output=True, timeout=timeout
        )
        return Done(done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"))

    def env(self) -> dict[str, str]:
        return {**os.environ, "TZ": "UTC", "NO_COLOR": "1", "CI": "", **self.environment}

    def page(self, name: str) -> str:
        """A page of public/, by its address."""
        return (self.root / "public" / name.strip("/") / "index.html").read_text("utf-8")

    @property
    def log(self) -> Path:
        return self.root / "stub.log"

    @property
    def manifests(self) -> list[list[dict[str, Any]]]:
        """What the stub was given, run by run."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line)["posts"] for line in lines]

    def stub(self, **how: Any) -> None:
        """Tell the stub how to behave from now on (see hexo/enishi_stub.py)."""
        self.write("stub.json", json.dumps({"log": os.fspath(self.log), **how}))


def make_site(folder: Path, version: int = 8, *, command: Sequence[str] = STUB, **settings: Any) -> HexoSite:
    """A blog without posts; `settings` are Hexo's.

    The packages are linked one by one, for a site finds only what it names in its package.json.
    """
    if why_no_site(version):
        pytest.skip(why_no_site(version))
    packages = ["hexo", "hexo-enishi", "hexo-generator-index", "hexo-renderer-ejs", "hexo-renderer-marked"]
    packages += ["hexo-server"]
    site = HexoSite(folder, version)
    link_packages(folder, packages, version)
    number = json.loads((MODULES / VERSIONS[version] / "package.json").read_text("utf-8"))["version"]
    package = {"private": True, "hexo": {"version": number}, "dependencies": dict.fromkeys(packages, "*")}
    site.write("package.json", json.dumps(package))
    for name, text in (("layout", LAYOUT), ("post", POST), ("index", INDEX)):
        site.write(f"themes/plain/layout/{name}.ejs", text)
    site.configure(
        title="A blog",
        url="https://example.com",
        theme="plain",
        permalink=":year/:month/:day/:title/",
        enishi={"hexo": {"command": list(command)}},
        **settings,
    )
    site.stub()
    return site


def link_packages(root: Path, packages: Sequence[str], version: int = 8) -> None:
    """Put links into node_modules: hexo-enishi as it is packed, the others as they are installed for the tests."""
    folder = root / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    for package in [*packages, "hexo-cli"]:
        source = {"hexo": MODULES / VERSIONS[version]}.get(package, MODULES / package)
        if package == "hexo-enishi":
            source = unpacked(package)
        if not (folder / package).exists():
            (folder / package).symlink_to(source, target_is_directory=True)
