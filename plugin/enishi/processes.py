"""Works something out in a process of its own while this one goes on."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")


class Beside(Generic[T]):
    """A piece of work that a second process does, or this one, once it asks for the result.

    Where there is but one processor, where no process can be had, and where memory is short, nothing is done beside.
    Leaving the context ends what nobody waits for any more.
    """

    def __init__(self, work: Callable[[], T], *, processes: int) -> None:
        self._work = work
        self._process: multiprocessing.process.BaseProcess | None = None
        if processes < 2 or sys.platform != "linux" or not _has_room():  # elsewhere, system libraries survive no fork
            return
        context = multiprocessing.get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(sender, work), daemon=True)
        with suppress(OSError):
            process.start()
            self._process = process
        sender.close()  # else a killed process would be waited for

    def result(self) -> T:
        """What came of it.  Whatever stopped the second process, its work is done here, and fails here if it must."""
        if self._process is not None:
            with suppress(EOFError, OSError):
                found: T = self._receiver.recv()
                self._process.join()
                return found
        return self._work()

    def __enter__(self) -> Beside[T]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._receiver.close()


def end_with_parent() -> None:
    """End this process once the one that began it is gone: killed, it could not say so.

    Ctrl-C reaches every process of a terminal: the answer is left to the first.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)


def _answer(sender: Connection, work: Callable[[], object]) -> None:
    end_with_parent()
    gc.freeze()  # a look at the objects of before would copy their memory
    with suppress(Exception):  # the first process meets it again, and says so
        sender.send(work())
    os._exit(0)  # what was begun before the fork, as an open cache, is not ours to close


def _has_room() -> bool:
    """Whether all that this process holds could be copied."""
    try:
        held = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return held <= min(_free_in_machine(), _free_in_container())
    except (OSError, ValueError):  # nobody can tell
        return False


def _free_in_machine() -> float:
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return float("inf")


def _free_in_container() -> float:
    group = Path("/sys/fs/cgroup")
    try:
        most, used = ((group / name).read_text("ascii") for name in ("memory.max", "memory.current"))
        return int(most) - int(used)
    except (OSError, ValueError):  # no container, or one without a limit
        return float("inf")
