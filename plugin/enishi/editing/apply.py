"""Replaces a post's file by its edited text, at once or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from enishi.errors import OutputError


class EditRefusedError(OutputError):
    """This one file must not be replaced: it changed meanwhile, or is no file of its own.  Others may go on."""


def apply_edit(file: Path, before: bytes, after: bytes) -> None:
    """Replace a file whose bytes are `before` by `after`, at once or not at all; its mode is kept.

    The new file is written beside the old one, under a name that generators and watchers pass over, and renamed.

    Raises:
        EditRefusedError: the file holds something else by now, is a symbolic link, is gone, or has other names (hard
            links) that would keep the old text.  Nothing was changed; other files may go on.
        OutputError: the file system refuses: a read-only folder, a full disk.  Nothing was changed.
    """
    try:
        status = _status(file)
        _check_unchanged(file, before)
        if before != after:
            _replace(file, status, before, after)
    except FileNotFoundError:
        raise EditRefusedError(f"{file}: gone meanwhile, so nothing was written") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{file}: cannot be written ({reason}); it was left as it is") from error


def _status(file: Path) -> os.stat_result:
    status = file.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise EditRefusedError(f"{file}: a symbolic link, which is never replaced. Edit the file that it leads to")
    if not stat.S_ISREG(status.st_mode):
        raise EditRefusedError(f"{file}: not a regular file, so it was left as it is")
    if status.st_nlink > 1:
        raise EditRefusedError(f"{file}: has another name (a hard link) that would keep the old text. Edit it by hand")
    return status


def _check_unchanged(file: Path, before: bytes) -> None:
    if file.read_bytes() != before:
        raise EditRefusedError(f"{file}: changed meanwhile, so it was left as it is. Run the command again")


def _replace(file: Path, status: os.stat_result, before: bytes, after: bytes) -> None:
    temporary = file.with_name(f".enishi-{secrets.token_hex(8)}.tmp~")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        _keep_owner(temporary, status)
        temporary.chmod(stat.S_IMODE(status.st_mode))
        now = _status(file)
        if (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino):
            raise EditRefusedError(f"{file}: replaced meanwhile, so it was left as it is. Run the command again")
        _check_unchanged(file, before)
        temporary.replace(file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _keep_owner(temporary: Path, status: os.stat_result) -> None:
    """Only root can give a file away; for anybody else it is theirs already, or becomes so."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)
