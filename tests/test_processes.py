"""Work that a second process does: its result is that of one process, whatever becomes of the second."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blog import files_below, topic_posts, write_blog
from enishi import pipeline, processes
from enishi.pipeline import build
from enishi.processes import Beside
from enishi.state import Request

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
MAIN = os.getpid()


def fail_beside(how: str) -> int:
    """The number of the process that does it; one that is not the first comes to grief."""
    if os.getpid() != MAIN and how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if os.getpid() != MAIN and how == "raises":
        raise MemoryError
    return os.getpid()


def test_a_second_process_does_the_work() -> None:
    with Beside(os.getpid, processes=2) as work:
        assert work.result() != MAIN


@pytest.mark.parametrize("how", ["killed", "raises"])
def test_what_a_second_process_cannot_do_the_first_does(how: str) -> None:
    with Beside(lambda: fail_beside(how), processes=2) as work:
        assert work.result() == MAIN


def test_where_memory_is_short_the_first_process_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_free_in_container", lambda: 1000.0)
    with Beside(os.getpid, processes=2) as work:
        assert work.result() == MAIN


def is_over(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_work_that_nobody_waits_for_is_ended() -> None:
    with Beside(lambda: time.sleep(60), processes=2) as work:
        assert work._process is not None
        process = work._process.pid
    assert process is not None
    assert is_over(process)


def test_work_ends_with_a_first_process_that_is_killed() -> None:
    code = (
        "import time; from enishi.processes import Beside; work = Beside(lambda: time.sleep(60), processes=2);"
        "print(work._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        second = int(started.stdout.readline())
        started.kill()
    deadline = time.monotonic() + 20
    while not is_over(second):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("becomes", ["whole", "killed"])
def test_tags_from_a_second_process_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, becomes: str
) -> None:
    site, now = write_blog(tmp_path / "blog", topic_posts(6)), datetime(2026, 1, 1, tzinfo=UTC)
    alone = build(Request(site, now=now, out=tmp_path / "alone"))
    of_first: list[int] = []

    def tagged(*arguments: object) -> object:
        of_first.append(fail_beside(becomes))
        return made(*arguments)  # type: ignore[arg-type]

    made = pipeline._tagged
    monkeypatch.setattr(pipeline, "_tagged", tagged)
    monkeypatch.setattr(pipeline, "_WORTH_SHARING", 1)
    beside = build(Request(site, now=now, out=tmp_path / "beside", processes=2))
    assert files_below(tmp_path / "beside") == files_below(tmp_path / "alone")
    assert (beside.summary, beside.diagnostics) == (alone.summary, alone.diagnostics)
    assert alone.summary.topics
    assert of_first == ([] if becomes == "whole" else [MAIN])
