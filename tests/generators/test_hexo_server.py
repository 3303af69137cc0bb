"""hexo-enishi in the real `hexo server`: edits show, nothing loops, nothing is held up."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from hexo_site import HexoSite, make_site, needs_site

T = TypeVar("T")

pytestmark = [needs_site, pytest.mark.skipif(os.name == "nt", reason="ended by a signal")]

COUNTER = """
const { appendFileSync } = require('fs');
const { join } = require('path');
hexo.on('generateAfter', () => appendFileSync(join(hexo.base_dir, 'generates.log'), 'x'));
"""


class Server:
    """A running `hexo server`."""

    def __init__(self, site: HexoSite, process: subprocess.Popen[str], port: int) -> None:
        self.site, self.process = site, process
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.port = port
        wait_until(lambda: "is running at" in self.output, "the server")

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(self.process.stdout)  # list.extend takes each line as it comes

    @property
    def output(self) -> str:
        return "".join(self.lines)

    @property
    def generates(self) -> int:
        log = self.site.root / "generates.log"
        return len(log.read_text()) if log.exists() else 0

    def get(self, path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode("utf-8")
        finally:
            connection.close()

    def settled(self, quiet: float = 1.2) -> int:
        """The number of generates once there was none for a while."""
        seen, since = self.generates, time.monotonic()
        while time.monotonic() - since < quiet:
            time.sleep(0.05)
            if self.generates != seen:
                seen, since = self.generates, time.monotonic()
        return seen


def wait_until(ask: Callable[[], T], what: str, seconds: float = 30) -> T:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


@contextmanager
def serve(site: HexoSite, *arguments: str) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        site.command("server", "--port", str(port), "--ip", "127.0.0.1", *arguments),
        cwd=site.root,
        env=site.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    try:
        yield Server(site, process, port)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(params=[8, 7], ids=["hexo8", "hexo7"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> HexoSite:
    made = make_site(tmp_path / "site", request.param)
    made.plugin(inject=True)
    made.write("scripts/count.js", COUNTER)
    made.post("a", "First", tags=["x"])
    made.post("b", "Second", tags=["x"])
    made.post("c", "Third", tags=["z"])
    return made


def test_an_edit_shows_with_one_generate_and_no_loop(site: HexoSite) -> None:
    with serve(site) as server:
        assert "Second" in server.get("/2024/02/03/a/")
        before = server.settled()
        site.post("c", "Third", tags=["x"])
        wait_until(lambda: "Third" in server.get("/2024/02/03/a/"), "the new list")
        assert server.settled() == before + 1
        assert len(site.manifests) == 2


def test_a_slow_command_holds_up_nothing_once_there_is_a_result(site: HexoSite) -> None:
    site.hexo("generate")
    hold = site.write("hold", "")
    site.stub(hold=os.fspath(hold))
    with serve(site) as server:
        assert "Second" in server.get("/2024/02/03/a/")
        site.post("a", "First", tags=["x"], text="Edited.")
        wait_until(lambda: "Edited." in server.get("/2024/02/03/a/"), "the edit")
        site.post("c", "Third", tags=["x"], text="Edited, too.")
        wait_until(lambda: "Edited, too." in server.get("/2024/02/03/c/"), "the other edit")
        assert "Third" not in server.get("/2024/02/03/a/")
        assert len(site.manifests) == 2  # hexo generate, and the start, which is held
        hold.unlink()
        wait_until(lambda: "Third" in server.get("/2024/02/03/a/"), "the new list")
        assert len(site.manifests) == 3  # one more for both edits


def test_the_first_result_is_waited_for(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    site.plugin(inject=True)
    site.stub(sleep=1)
    site.post("a", "First", tags=["x"])
    site.post("b", "Second", tags=["x"])
    with serve(site) as server:
        assert "Second" in server.get("/2024/02/03/a/")


def test_a_failure_is_told_once_and_the_server_goes_on(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    site.plugin(inject=True, strict=True)
    site.write("scripts/count.js", COUNTER)
    site.post("a", "First", tags=["x"])
    site.post("b", "Second", tags=["x"])
    site.hexo("generate")
    site.stub(exit=2)
    with serve(site) as server:
        for text in ("One edit.", "Another."):
            site.post("a", "First", tags=["x"], text=text)
            wait_until(lambda text=text: text in server.get("/2024/02/03/a/"), "the edit")  # type: ignore[misc]
            server.settled(0.5)
        assert "Second" in server.get("/2024/02/03/a/")
        assert server.output.count("WARN  enishi") == 1
        site.stub()
        site.post("c", "Third", tags=["x"])
        wait_until(lambda: "Third" in server.get("/2024/02/03/a/"), "the list, once it works again")


def test_a_server_that_keeps_its_pages_waits(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", server={"cache": True})
    site.plugin(inject=True)
    site.post("a", "First", tags=["x"])
    site.post("b", "Second", tags=["x"])
    site.hexo("generate")
    site.post("c", "Third", tags=["x"])
    site.stub(sleep=1)
    with serve(site) as server:
        assert "Third" in server.get("/2024/02/03/a/")


def test_the_command_ends_with_the_server(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    site.post("a", "First")
    site.hexo("generate")
    site.stub(sleep=60)
    with serve(site):
        wait_until(lambda: len(site.manifests) == 2, "the run")
        pid = json.loads(site.log.read_text("utf-8").splitlines()[-1])["pid"]
        assert is_running(pid)
    wait_until(lambda: not is_running(pid), "its end", 5)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
