"""The site of the documentation builds without a warning, no link leads into the void, and pages have related ones."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from as_installed import as_installed
from browser import CHROMIUM, browser, served
from places import DOCS, EXAMPLE, ROOT

pytest.importorskip("mkdocs", reason="MkDocs is not installed")
HOME = "https://site.test/"


class Page(HTMLParser):
    """What a page links to and loads, and what can be linked to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                loaded = tag in ("script", "img") or (tag == "link" and ("rel", "canonical") not in attrs)
                (self.loads if loaded else self.links).append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, **as_installed(tmp_path_factory.mktemp("installed"))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Pages by address."""
    found = {}
    for file in site.rglob("*.html"):
        name = file.relative_to(site).as_posix()
        found[HOME + name.removesuffix("index.html")] = Page(file)
    return found


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    broken = []
    for address, page in pages.items():
        if address.endswith("404.html"):
            continue  # shown at any address; its links begin at the site's own
        for link in (*page.links, *page.loads):
            target, anchor = urldefrag(urljoin(address, link))
            if not target.startswith(HOME):
                continue
            known = pages.get(target)
            file = site / unquote(urlsplit(target).path.lstrip("/"))
            if not (known or file.is_file()) or (known and anchor and unquote(anchor) not in known.anchors):
                broken.append((address, link))
    assert not broken


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Page]) -> None:
    loaded = {urljoin(address, link) for address, page in pages.items() for link in page.loads}
    assert {link for link in loaded if not link.startswith((HOME, "data:"))} == set()


def test_pages_of_the_docs_are_in_it_with_related_pages(site: Path) -> None:
    pages = [site / file.relative_to(DOCS).with_suffix("") / "index.html" for file in DOCS.glob("*.md")]
    assert len(pages) > 12
    with_lists = [page for page in pages if 'class="enishi-related"' in page.read_text("utf-8")]
    assert len(with_lists) > len(pages) * 2 / 3
    assert (site / "hexo" / "index.html").is_file()
    assert "is called <code>Go</code> on this blog" in (site / "example-check" / "index.html").read_text("utf-8")


def tutorial() -> list[tuple[str, str]]:
    """(language, text) of each block of code."""
    return re.findall(r"```(\w+)\n(.+?)```", (DOCS / "tutorial.md").read_text("utf-8"), re.DOTALL)


def plain(text: str) -> str:
    """Without the numbers and the room between words, which may differ."""
    return " ".join(re.sub(r"\d+(?:\.\d+)?", "0", text).split())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi")
    shutil.copytree(EXAMPLE, tmp_path / "example_site", ignore=ours)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.com")
    folder, printed, checked = tmp_path, "", 0
    for language, text in tutorial():
        if language == "text":
            for line in text.splitlines():
                assert plain(line) in printed, line
                checked += 1
            continue
        script = re.sub(r"(?m)^pipx .*\n", "", text)
        script = re.sub(r"(?m)^enishi\b", f"{shlex.quote(sys.executable)} -P -m enishi", script)
        done = subprocess.run(["sh", "-ec", script], cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, script + done.stdout + done.stderr
        printed = plain(done.stdout)
        folder = tmp_path / "journal"
    assert checked > 8


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_pages_look_right_at_any_size_and_in_both_schemes(site: Path, tmp_path: Path) -> None:
    with served(site) as home, browser(tmp_path) as window:
        for page in ("", "tutorial/", "settings/", "check/", "example-check/", "benchmarks/"):
            for width, dark in ((360, False), (1280, False), (1280, True)):
                assert window.open(f"{home}/{page}", width=width, dark=dark) == []
                assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page} at {width}"
                scheme = window.evaluate("document.body.dataset.mdColorScheme")
                assert scheme == ("slate" if dark else "default")
