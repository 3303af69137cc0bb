"""Works something out in a process of its own while this one goes on."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")


def beside(work: Callable[..., T], *arguments: Any, processes: int) -> Callable[[], T]:
    """Begin the work, and return what waits for its result.

    Where there is but one processor, or no process can be had, the work is done when the result is asked for.
    """
    if processes < 2 or sys.platform != "linux":  # elsewhere, system libraries do not survive a fork
        return lambda: work(*arguments)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sender, work, arguments), daemon=True)
    try:
        process.start()
    except OSError:
        return lambda: work(*arguments)
    finally:
        sender.close()  # else a killed process would be waited for

    def result() -> T:
        try:
            found: T = receiver.recv()
        except EOFError:
            return work(*arguments)
        process.join()
        return found

    return result


def _answer(sender: Connection, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal: the first one answers it
    with suppress(Exception):  # the first process meets it again, and says so
        sender.send(work(*arguments))
