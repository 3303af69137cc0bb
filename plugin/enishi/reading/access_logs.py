"""Access logs: which files they are, and what their lines say.

Reads the combined log format of Apache and nginx (with or without a virtual host before it; the common format, too),
and CSV with a header that names `session`, `path` and `time`; plain or gzip.  Files are untrusted: lines,
files and what they unpack to are bounded.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from glob import iglob
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple, cast

from enishi.errors import Diagnostic, Severity
from enishi.files import open_regular

MAX_FILES = 10_000
"""Of one pattern; further ones are not read."""
MAX_LINE = 32 * 1024
"""Bytes; longer lines are not read.  Servers refuse requests of more than 8 to 32 KiB."""
_BOMB_BYTES = 256 << 20
_BOMB_RATIO = 200
"""Over so many bytes, a file that unpacks to more times its size is no log: logs shrink to a tenth or a thirtieth."""
_MAX_AGENT = 512
"""Bytes of an agent that are looked at."""
_BLOCK = 1 << 20

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of change: those of the same file, until it is written."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """One log, as it was when its digest was taken: what is appended later is not read."""

    name: str
    """How to name it: relative to the site where it lies there."""
    file: Path
    size: int
    """Bytes."""
    digest: bytes
    """SHA-256 of its bytes."""


class Request(NamedTuple):
    """One line of a log: somebody asked for a page."""

    address: bytes
    """Of the visitor; empty in a CSV."""
    agent: bytes | None
    """What the visitor's browser calls itself, or the session of a CSV; None where the format does not say."""
    host: bytes
    """The virtual host, where the log names it."""
    target: bytes
    """The address asked for, without its query; empty for anything but GET."""
    time: int
    """Seconds since 1970."""
    is_answered: bool
    """Whether the page was shown (200) or still in the browser's cache (304)."""


class UnreadableLogError(Exception):
    """The rest of a log cannot be read."""


# --- which files ------------------------------------------------------------------------------------------------------


def find_logs(
    patterns: Iterable[str], site: Path, known: dict[Stamp, bytes] | None = None
) -> tuple[list[LogFile], list[Diagnostic]]:
    """The logs that the patterns name, each file once, sorted by digest, and what cannot be read of them.

    Patterns are absolute or relative to `site`; `~` is the home folder, `*` does not cross folders.

    Args:
        known: digests of files that were read before; those of new ones are added.
    """
    logs: dict[str, LogFile] = {}
    diagnostics: list[Diagnostic] = []
    for pattern in patterns:
        files = sorted(_matches(pattern, site))
        if not files:
            message = "readers.logs names no file, so nothing is read"
            diagnostics.append(Diagnostic(pattern, 0, "no-logs", Severity.WARNING, message))
        for file in files:
            real = os.path.realpath(file)
            if real in logs or file.is_dir():
                continue
            name = _name(file, site)
            try:
                logs[real] = _stamped(file, name, {} if known is None else known)
            except OSError as error:
                message = f"this log cannot be read: {error.strerror}"
                diagnostics.append(Diagnostic(name, 0, "unreadable-log", Severity.WARNING, message))
    unique = {log.digest: log for log in sorted(logs.values(), key=lambda log: log.name, reverse=True)}
    return [unique[digest] for digest in sorted(unique)], sorted(diagnostics)


def log_stamps(patterns: Iterable[str], site: Path) -> Iterator[str]:
    """One line for each log that the patterns name, with its size and time, sorted: they differ when a log changes."""
    lines = set()
    for pattern in patterns:
        for file in _matches(pattern, site):
            try:
                status = file.stat()
            except OSError:
                continue
            lines.add(f"{_name(file, site)} {status.st_size} {status.st_mtime_ns}")
    yield from sorted(lines)


def _matches(pattern: str, site: Path) -> Iterator[Path]:
    yield from map(Path, islice(iglob(os.fspath(site / Path(pattern).expanduser())), MAX_FILES))  # noqa: PTH207


def _name(file: Path, site: Path) -> str:
    try:
        return file.absolute().relative_to(site.absolute()).as_posix()
    except ValueError:
        return os.fspath(file)


def _stamped(file: Path, name: str, known: dict[Stamp, bytes]) -> LogFile:
    with closing(open_regular(file)) as opened:
        status = os.fstat(opened.fileno())
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if stamp not in known:
            digest, bounded = hashlib.sha256(), _Bounded(opened, status.st_size)
            while block := bounded.read(_BLOCK):
                digest.update(block)
            known[stamp] = digest.digest()
    return LogFile(name, file, status.st_size, known[stamp])


# --- files -> lines ---------------------------------------------------------------------------------------------------


class _Bounded:
    """The first `size` bytes of a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = self._left = size

    @property
    def done(self) -> int:
        """Bytes that were read."""
        return self._size - self._left

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block


def read_lines(log: LogFile, progress: Callable[[int], None] = lambda _: None) -> Iterator[list[bytes]]:
    """Blocks of whole lines without their ends, unpacked; a line over `MAX_LINE` is a NUL.

    Args:
        progress: called with the bytes of the file that were read, before each block.

    Raises:
        UnreadableLogError: saying why.
    """
    rest, is_too_long = b"", False
    for block in _blocks(log, progress):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if is_too_long and lines:
            lines[0], is_too_long = b"\0", False
        if len(rest) > MAX_LINE:
            rest, is_too_long = b"", True
        yield lines
    if rest or is_too_long:
        yield [b"\0" if is_too_long else rest]


def _blocks(log: LogFile, progress: Callable[[int], None]) -> Iterator[bytes]:
    start = b""
    try:
        with closing(open_regular(log.file)) as opened:
            start = opened.read(2)
            opened.seek(0)
            bounded = _Bounded(opened, log.size)
            is_packed = start == b"\x1f\x8b"
            packed = gzip.GzipFile(mode="rb", fileobj=cast(IO[bytes], bounded)) if is_packed else None
            unpacked = 0
            # `read1`, so that what stands before a damage is not lost
            while block := packed.read1(_BLOCK) if packed else bounded.read(_BLOCK):
                unpacked += len(block)
                if unpacked > max(_BOMB_BYTES, _BOMB_RATIO * bounded.done):
                    raise UnreadableLogError("it unpacks to far more than a log would")
                progress(bounded.done)
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableLogError("it is cut off or damaged") from error
    except OSError as error:
        raise UnreadableLogError(error.strerror or str(error)) from error


# --- lines -> requests ------------------------------------------------------------------------------------------------

_QUOTED = rb'"((?:[^"\\]++|\\.)*+)"'
_LINE = re.compile(
    # address or host, ident or address, the rest of the names; time; request; status; size; referrer; agent
    rb"(\S+) (\S+) ([^\[]{1,256})\[([^\]]{1,40})\] " + _QUOTED + rb" (\d{3}) \S+(?: " + _QUOTED + b" " + _QUOTED + b")?"
)
_NO_PAGE = Request(b"", b"", b"", b"", 0, False)


def parser_for(first_line: bytes) -> tuple[Callable[[bytes], Request | None], bool]:
    """What makes a request of each line, or None of one that is none; and whether the first line is a CSV's header."""
    text = first_line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").strip()
    for delimiter in ",;\t":
        names = [name.strip().strip('"').casefold() for name in text.split(delimiter)]
        if {"session", "path", "time"} <= set(names):
            columns = (names.index("session"), names.index("path"), names.index("time"))
            return partial(_parse_row, delimiter=delimiter, columns=columns), True
    return partial(_parse_line, minutes={}), False


def _parse_line(line: bytes, minutes: dict[bytes, int | None]) -> Request | None:
    """A line in the combined or common log format."""
    match = _LINE.match(line)
    if match is None:
        return None
    first, second, names, stamp, request, status, _, agent = match.groups()
    if not request.startswith(b"GET "):
        return _NO_PAGE
    time = _seconds(stamp, minutes)
    if time is None:
        return None
    # With a virtual host before it there are three names after the first; a user's name may hold a blank, too.
    host, address = (first, second) if second != b"-" and names.count(b" ") == 2 else (b"", first)
    target = request.split(b" ", 2)[1].partition(b"?")[0]
    return Request(address, agent and agent[:_MAX_AGENT], host, target, time, status in (b"200", b"304"))


def _seconds(stamp: bytes, minutes: dict[bytes, int | None]) -> int | None:
    """Since 1970, of `10/Oct/2000:13:55:36 -0700`; `minutes` remembers those of whole minutes."""
    if stamp[17:18] != b":" or not stamp[18:20].isdigit():
        return None
    minute = stamp[:17] + b":00" + stamp[20:]
    if minute not in minutes:
        if len(minutes) >= 100_000:
            minutes.clear()
        minutes[minute] = _parse_time(minute)
    start = minutes[minute]
    return None if start is None else start + int(stamp[18:20])


def _parse_time(stamp: bytes) -> int | None:
    try:
        return int(datetime.strptime(stamp.decode(), "%d/%b/%Y:%H:%M:%S %z").timestamp())
    except (ValueError, OverflowError):
        return None


def _parse_row(line: bytes, delimiter: str, columns: tuple[int, int, int]) -> Request | None:
    """A line of a CSV, whose columns are those of session, path and time."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    try:
        values = next(csv.reader((text,), delimiter=delimiter))
        session, path, moment = (values[column].strip() for column in columns)
    except (csv.Error, IndexError, StopIteration):
        return None
    time = _moment(moment)
    if time is None or not session:
        return None
    target = path.encode("utf-8", "replace").replace(b" ", b"%20").partition(b"?")[0]
    return Request(b"", session.encode("utf-8", "replace"), b"", target, time, True)


def _moment(text: str) -> int | None:
    """Seconds since 1970 of an ISO date and time, or of such seconds or milliseconds."""
    try:
        number = float(text)
        seconds = number / 1000 if number > 1e11 else number
        return int(seconds) if 0 <= seconds < 1e11 else None
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
