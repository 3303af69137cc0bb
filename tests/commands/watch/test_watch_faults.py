"""A watch that meets bad luck: builds beside it, a kill, a full disk, and what no blog should hold."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blog import post_text, topic_posts, topic_text, write_blog
from enishi import pipeline
from enishi.pipeline import build
from enishi.state import Request
from test_faults import NOW, POSTS, clean, fill, outputs, small_disk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
PATIENCE = 60.0
__all__ = ["small_disk"]


class Watched:
    """A watch in a process of its own, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._condition = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._condition:
                self.events.append(json.loads(line))
                self._condition.notify_all()

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], since: int = 0) -> dict[str, Any]:
        with self._condition:
            found = self._condition.wait_for(lambda: [e for e in self.events[since:] if wanted(e)], PATIENCE)
            assert found, f"never came; instead: {self.events[since:]}"
            return found[0]

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0

    @property
    def failures(self) -> list[str]:
        return [e["message"] for e in self.events if e["event"] == "diagnostic" and e["code"] == "build-failed"]


def tags_written(event: dict[str, Any]) -> bool:
    return event["event"] == "built" and event["what"] == "tags"


def watch_command(site: Path) -> list[str]:
    return [sys.executable, "-m", "enishi", "watch", os.fspath(site), "--json-lines", "--now", "2024-01-01"]


@contextmanager
def watching(site: Path) -> Iterator[Watched]:
    """A watch that has done its first round."""
    with subprocess.Popen(watch_command(site), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        watched = Watched(process)
        try:
            watched.wait_for(tags_written)
            yield watched
        finally:
            process.kill()


def settles(site: Path, tmp_path: Path) -> None:
    """Once it is idle, what is written is what a clean build writes."""
    expected = clean(site, tmp_path)
    deadline = time.monotonic() + PATIENCE
    while outputs(site / ".enishi") != expected:
        assert time.monotonic() < deadline, "the output is not that of a clean build"
        time.sleep(0.1)


def save(site: Path, number: int, name: str = "tea-0.md") -> None:
    text = post_text(f"Save {number}", topic_text(("tea", "birds", "radio")[number % 3], number), "tags: [saved]\n")
    (site / POSTS / name).write_text(text)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(2))


def test_two_builds_and_a_watch_at_once(site: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "enishi", "build", os.fspath(site), "--now", "2024-01-01", "--quiet"]
    stop = threading.Event()
    broken: list[str] = []

    def look_on() -> None:
        while not stop.wait(0.002):
            for name in ("related.json", "tags.json"):
                try:
                    json.loads((site / ".enishi" / name).read_bytes())
                except ValueError:
                    broken.append(name)

    with watching(site) as watched:
        reader = threading.Thread(target=look_on)
        reader.start()
        try:
            for number in range(4):
                both = []
                for place in range(2):
                    save(site, 10 * number + place, f"tea-{place}.md")
                    both.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
                    time.sleep(0.1)
                save(site, 10 * number + 5, "birds-0.md")
                for one in both:
                    _, told = one.communicate(timeout=PATIENCE)
                    assert (one.returncode, told) == (0, "")
            settles(site, tmp_path)
        finally:
            stop.set()
            reader.join()
        assert watched.failures == []
        assert [e for e in watched.events if e.get("code", "").endswith("-output")] == []
        watched.end()
    assert broken == []
    assert build(Request(site, now=NOW)).written.written == ()


def test_a_build_that_began_before_a_save_has_not_the_last_word(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes what it read, after the watch has written what was saved meanwhile."""
    write, told_before = pipeline.Run.write, list[int]()
    with watching(site) as watched:

        def slow(*values: Any) -> Any:
            since = len(watched.events)
            save(site, 2)
            watched.wait_for(tags_written, since)
            told_before.append(len(watched.events))
            return write(*values)

        monkeypatch.setattr(pipeline.Run, "write", slow)
        save(site, 1)
        build(Request(site, now=NOW))
        monkeypatch.undo()
        watched.wait_for(tags_written, told_before[0])
        settles(site, tmp_path)
        (site / ".enishi").rename(tmp_path / "away")
        settles(site, tmp_path)
        watched.end()
    assert watched.failures == []


def test_a_watch_that_is_killed_leaves_nothing_in_the_way(site: Path, tmp_path: Path) -> None:
    chance = random.Random(4)
    for number in range(4):
        with watching(site) as watched:
            save(site, number)
            time.sleep(chance.uniform(0, 0.6))
            watched.process.kill()
        save(site, number + 50, "birds-1.md")
        report = build(Request(site, now=NOW))
        assert report.diagnostics == ()
        assert outputs(site / ".enishi") == clean(site, tmp_path)


def test_a_watch_that_nobody_listens_to_any_more_ends(site: Path) -> None:
    """As when an editor that started it is gone."""
    with subprocess.Popen(watch_command(site), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            while '"what": "tags"' not in process.stdout.readline():
                assert process.poll() is None
            process.stdout.close()
            deadline = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < deadline:
                save(site, int(10 * time.monotonic()))
                time.sleep(0.3)
            assert (process.returncode, process.stderr.read()) == (0, "")
        finally:
            process.kill()


def test_a_disk_that_becomes_full_while_it_is_watched(small_disk: Path, tmp_path: Path) -> None:
    site = write_blog(small_disk / "blog", topic_posts(2))
    with watching(site) as watched:
        save(site, 1)
        settles(site, tmp_path)
        before = outputs(site / ".enishi")
        save(site, 2)
        filler = fill(small_disk, 0)
        watched.wait_for(lambda e: e.get("code") == "build-failed")
        time.sleep(1)
        assert outputs(site / ".enishi") == before
        filler.unlink()
        settles(site, tmp_path)
        assert len(watched.failures) == 1, "said once, not at every try"
        assert "the disk is full" in watched.failures[0]
        watched.end()


def test_what_no_blog_should_hold_comes_up_while_it_is_watched(site: Path, tmp_path: Path) -> None:
    folder = site / POSTS
    with watching(site) as watched:
        os.mkfifo(folder / "pipe.md")
        (folder / "round").symlink_to(folder)
        (folder / "round.md").symlink_to("round.md")
        (folder / "out.md").symlink_to("/etc/hostname")
        with (folder / "huge.md").open("wb") as file:
            file.truncate(17 * 1024 * 1024)
        (folder / "bad.md").write_bytes(b"---\ntitle: Caf\xe9\n---\n\nwords")
        for form in ("NFC", "NFD"):
            (folder / unicodedata.normalize(form, "é.md")).write_text(post_text(form))  # type: ignore[arg-type]
        if sys.platform == "linux":
            Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.md")).write_text(post_text("Bad"))
        settles(site, tmp_path)
        watched.wait_for(lambda e: e.get("code") == "same-name")
        (folder / "tea-0.md").unlink()
        os.mkfifo(folder / "tea-0.md")
        settles(site, tmp_path)
        shutil.move(folder, tmp_path / "away")
        time.sleep(0.5)
        shutil.move(tmp_path / "away", folder)
        save(site, 7, "tea-1.md")
        settles(site, tmp_path)
        watched.end()
