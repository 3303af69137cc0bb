"""Work in a process of its own: its result, and what becomes of it where there is no process, or no longer."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from enishi.commands.report.beside import beside

FIRST = os.getpid()


def who(file: Path) -> tuple[int, str]:
    """The process that works, and what a file says."""
    return os.getpid(), file.read_text()


def killed_beside(file: Path) -> str:
    if os.getpid() != FIRST:
        os.kill(os.getpid(), signal.SIGKILL)
    return file.read_text()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_text("said")
    return made


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_the_work_is_done_by_another_process(file: Path) -> None:
    process, said = beside(who, file, processes=2)()
    assert (process == FIRST, said) == (False, "said")
    assert not multiprocessing.active_children()


def test_one_processor_does_one_thing_after_the_other(file: Path) -> None:
    result = beside(who, file, processes=1)
    file.write_text("said later")
    assert result() == (FIRST, "said later")


def test_a_killed_process_is_done_without(file: Path) -> None:
    assert beside(killed_beside, file, processes=2)() == "said"


def test_an_error_is_told_where_the_result_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        beside(who, tmp_path / "nowhere", processes=2)()
