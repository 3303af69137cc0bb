"""The kernel's lock on a folder: it keeps two builds apart, and cannot outlive its process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enishi.errors import OutputError

_PATIENCE = 60.0
"""Seconds; a write takes two."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; raises OutputError where somebody else does for a minute."""
    descriptor = _open(folder)
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _is_taken(descriptor):
            if time.monotonic() > deadline:
                raise OutputError(f"another build has been writing to {folder} for a minute: wait for it, or end it.")
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _open(folder: Path) -> int:
        return os.open(folder / ".enishi-lock", os.O_RDWR | os.O_CREAT)

    def _is_taken(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _open(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY | os.O_CLOEXEC)

    def _is_taken(descriptor: int) -> bool:
        """Whether the lock is ours now; a file system without locks gives none, and a lone build there needs none."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
