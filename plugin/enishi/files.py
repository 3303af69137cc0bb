"""Reads and replaces files safely: the one place for links, half-written files, fsync and modes.

A file is written under a temporary name beside its own and renamed, so that nobody ever sees half of it.  Hexo, Jekyll,
Pelican, editors and our own watch pass over the temporary names.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO

from enishi.errors import OutputError

_TEMPORARY = re.compile(r"\.enishi-[0-9a-f]+\.tmp~")
_BINARY = getattr(os, "O_BINARY", 0)
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | _BINARY
_WINDOWS = os.name == "nt"
_serial = count()


class NotReplacedError(OutputError):
    """This one file must not be replaced: it changed meanwhile, or is no file of its own.  Others may go on."""


# -- reading ---------------------------------------------------------------------------------------------------------


def read_file(file: Path | str, max_bytes: int | None = None) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger than `max_bytes`.
    """
    with open_regular(file) as opened:
        if max_bytes is not None and os.fstat(opened.fileno()).st_size > max_bytes:
            raise OSError(errno.EFBIG, f"larger than {max_bytes // 1024**2} MB", os.fspath(file))
        return opened.read()


def read_if_regular(file: Path | str) -> bytes | None:
    """The bytes of a regular file; None for anything else, a link too, and where nothing is.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return read_file(file) if stat.S_ISREG(os.lstat(file).st_mode) else None
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_start(file: Path, size: int) -> bytes:
    """The first bytes of a regular file, all of a smaller one.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with open_regular(file) as opened:
        return opened.read(size)


def open_regular(file: Path | str) -> IO[bytes]:
    """A regular file, open for unbuffered reading; a named pipe that stands in its place is not waited for.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(file))
    return open(descriptor, "rb", buffering=0)  # noqa: PTH123


# -- replacing -------------------------------------------------------------------------------------------------------


def replace_file(
    file: Path, data: bytes, *, expected: bytes | None = None, durable: bool = True, name: str | None = None
) -> None:
    """Make `data` the whole content of a file, at once or not at all; the mode of an old one is kept.

    A link is never written through: who means what it leads to resolves it first.

    Args:
        expected: the bytes that the file must have until it is replaced, without other names (hard links) that would
            keep them: for what its author may be editing.
        durable: outlast a power cut.
        name: how errors call the file; its path if not given.

    Raises:
        NotReplacedError: the file is a link, no regular file, or not as `expected`.  Nothing was changed.
        OutputError: the file system refuses, as a read-only folder or a full disk.  Nothing was changed.
    """
    name = name or os.fspath(file)
    temporary: Path | None = None
    try:
        before = _status(file, name, expected)
        if data == expected:
            return
        temporary = write_temporary(file.parent, data, durable=durable)
        if before is not None:
            _keep_mode(temporary, before)
            now = _status(file, name, expected)
            if expected is not None and now is not None and (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
                raise NotReplacedError(f"{name}: replaced meanwhile, so it was left as it is. Run the command again")
        rename(temporary, file)
        temporary = None
        if durable:
            sync_folder(file.parent)
    except OSError as error:
        raise OutputError(f"{name} cannot be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def _status(file: Path, name: str, expected: bytes | None) -> os.stat_result | None:
    """Of what is there, if it may be replaced; None where nothing is."""
    try:
        status = file.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise NotReplacedError(f"{name}: a symbolic link, which is never replaced. Name the file that it leads to")
        if not stat.S_ISREG(status.st_mode):
            raise NotReplacedError(f"{name}: not a regular file, so it was left as it is")
        if expected is not None and status.st_nlink > 1:
            raise NotReplacedError(
                f"{name}: has another name (a hard link) that would keep the old text. Edit it by hand"
            )
        if expected is not None and read_file(file) != expected:
            raise NotReplacedError(f"{name}: changed meanwhile, so it was left as it is. Run the command again")
    except FileNotFoundError:
        if expected is not None:
            raise NotReplacedError(f"{name}: gone meanwhile, so nothing was written") from None
        return None
    return status


def _keep_mode(temporary: Path, before: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with suppress(OSError):  # only root can give a file away; for anybody else it is theirs, or becomes so
            os.chown(temporary, before.st_uid, before.st_gid)
    temporary.chmod(stat.S_IMODE(before.st_mode))


def create_file(file: Path, data: bytes) -> bool:
    """Write a file that must not be there yet, whole or not at all; False where something bears its name.

    Raises:
        OSError: the file system refuses.
    """
    temporary = write_temporary(file.parent, data, durable=True)
    try:
        try:
            os.link(temporary, file)  # which fails where there is a file, and lets nobody see half of one
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            _write_new(file, data, durable=True)
    except FileExistsError:
        return False
    finally:
        with suppress(OSError):
            temporary.unlink()
    return True


# -- parts of it, for who writes many files in one step --------------------------------------------------------------


def write_temporary(folder: Path, data: bytes, *, durable: bool) -> Path:
    """A new file in a folder under a temporary name.

    Raises:
        OSError: the file system refuses; then there is no such file.
    """
    # Names in a row: with random ones, making thousands in one folder takes five times as long
    temporary = folder / f".enishi-{os.getpid():x}{time.time_ns():x}{next(_serial):x}.tmp~"
    try:
        _write_new(temporary, data, durable=durable)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    return temporary


def _write_new(file: Path, data: bytes, *, durable: bool) -> None:
    descriptor = os.open(file, _NEW_FILE, 0o666)
    with open(descriptor, "wb", buffering=0) as opened:  # noqa: PTH123
        rest = memoryview(data)
        while rest:
            rest = rest[opened.write(rest) :]
        if durable:
            os.fsync(descriptor)


def rename(source: Path, target: Path) -> None:
    """A rename that waits a moment for a virus scanner or an indexer, as Windows needs it."""
    for pause in (0.02, 0.1, 0.5):
        try:
            source.replace(target)
        except PermissionError:
            if not _WINDOWS:
                raise
            time.sleep(pause)
        else:
            return
    source.replace(target)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last; some file systems and Windows cannot, and need not."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_temporaries(folder: Path) -> None:
    """Remove what killed runs left under temporary names."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for file in folder.iterdir():
            if _TEMPORARY.fullmatch(file.name):
                file.unlink(missing_ok=True)
