"""`enishi watch` beside the real `hexo server`: an edit on the disk changes the page that Chromium shows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_hexo_server import serve, wait_until

from browser import CHROMIUM, browser
from hexo_site import REAL, HexoSite, link_packages, make_site, needs_site
from places import EXAMPLE

pytestmark = [needs_site, pytest.mark.skipif(os.name == "nt", reason="ended by a signal")]


@contextmanager
def watching(site: HexoSite, *arguments: str) -> Iterator[list[str]]:
    """A watch as `npm run` starts it: without a terminal.  Gives the lines that it has said so far."""
    log = site.root.with_name("watch.log")
    with log.open("wb") as out:
        command = [sys.executable, "-m", "enishi", "watch", os.fspath(site.root), *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=site.env())
    lines: list[str] = []

    def said(text: str) -> bool:
        lines[:] = log.read_text("utf-8").splitlines()
        return any(text in line for line in lines)

    try:
        wait_until(lambda: said("Watching"), "the watch")
        yield lines
        said("")
    finally:
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - started < 5  # a second, on a machine that does nothing else
        said("")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_an_edit_on_the_disk_changes_the_page(tmp_path: Path) -> None:
    site = HexoSite(tmp_path / "site")
    shutil.copytree(EXAMPLE, site.root, ignore=shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi"))
    names = re.findall(r'"(hexo[\w-]*)": "[\^f]', (site.root / "package.json").read_text("utf-8"))
    link_packages(site.root, names)
    path = os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]])
    site.environment = {"PATH": path, "TZ": "UTC"}
    page = "/2021/wal-two-terminals/"
    links = "[...document.querySelectorAll('.enishi-related a')].map(a => decodeURI(a.pathname))"
    with watching(site) as lines, serve(site) as server, browser(tmp_path) as chromium:
        address = f"http://127.0.0.1:{server.port}{page}"
        chromium.open(address)
        before = chromium.evaluate(links)
        assert before
        post = site.root / "source/_posts/wal-two-terminals.md"
        tea = (site.root / "source/_posts/水出し煎茶.md").read_text("utf-8-sig").split("---", 2)[-1]
        post.write_bytes(post.read_bytes() + b"\n" + 3 * tea.encode())

        def shown() -> list[str]:
            chromium.open(address)
            found: list[str] = chromium.evaluate(links)
            return found

        after = wait_until(lambda: (found := shown()) != before and found, "the new list")
        assert any("hojicha" in link or "煎茶" in link for link in after)
        assert "related posts are up to date" not in server.output  # the plugin left the building to the watch
    text = "\n".join(lines)
    assert "wal-two-terminals.md" in text
    assert re.search(r"^\+ 0\.\d\d ", text, re.MULTILINE)
    assert "\x1b" not in text  # no terminal: no control codes


def test_the_server_builds_itself_once_the_watch_has_ended(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", command=REAL)
    site.plugin(inject=True)
    for name, words in (("a", "kettle tea leaves steep"), ("b", "kettle tea cup pot"), ("c", "train rail station")):
        site.post(name, name.upper(), tags=[words.split()[1]], text=f"{words} " * 5)
    with watching(site), serve(site) as server:
        assert 'href="/2024/02/03/b/"' in server.get("/2024/02/03/a/")
        site.post("d", "D", tags=["tea"], text="kettle tea pot leaves " * 5)
        wait_until(lambda: 'href="/2024/02/03/d/"' in server.get("/2024/02/03/a/"), "the watch's list")
        assert "up to date" not in server.output
        (site.root / ".enishi/watch.json").unlink()
        site.post("e", "E", tags=["tea"], text="kettle tea pot leaves " * 5)
        wait_until(lambda: "up to date" in server.output, "a build of its own")
