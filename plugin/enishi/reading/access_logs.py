"""Access logs -> which posts were read together, and nothing about who read them.

Reads the combined log format of Apache and nginx (with or without a virtual host before it; the common format, too),
and CSV with a header that names `session`, `path` and `time`; plain or gzip.  Only pages that people asked for count:
GET, answered with 200 or 304, of a post.  Robots are left out: by what they call themselves, hosts that ask for
`robots.txt`, and visitors who are faster or more thorough than people are.

A visitor is an address and an agent, a visit what they read with no pause of over half an hour.  Addresses and agents
are held only as hashes, only until the visits are known, and only in memory; what leaves this module are lists of
posts without a time, in an order that tells nothing, and how many visitors each post had.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import re
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from glob import iglob
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from enishi.errors import Diagnostic, Severity
from enishi.files import open_regular
from enishi.reading.links import PostFinder, web_address
from enishi.types import Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VERSION = 1
"""Part of the cache key: raise it when the visits of some log change."""

PAUSE = 30 * 60
"""Seconds without a page after which a visit is over: the convention of web analytics."""
MAX_POSTS_OF_VISIT = 50
"""Whoever reads more different posts in one visit is a robot."""
MAX_VISITS_OF_VISITOR = 30
"""Later ones do not count: the author reads the blog every day."""
_HASTE_VIEWS = 10
_HASTE_SECONDS = 3.0
"""So many posts in one visit, at so many seconds a post or fewer: a robot."""

MAX_FILES = 10_000
MAX_LINE = 32 * 1024
"""Bytes; longer lines are passed over.  Servers refuse requests of more than 8 to 32 KiB."""
MAX_VIEWS = 3_000_000
"""Views of posts (28 bytes each, and some 100 while they are sorted); older logs than hold so many are not read."""
MAX_UNPACKED = 64 << 30
"""Bytes of one file once unpacked."""
_BOMB_BYTES = 256 << 20
_BOMB_RATIO = 200
"""Over so many bytes, a file that unpacks to more times its size is no log: logs shrink to a tenth or a thirtieth."""
_MAX_ROBOTS = 1_000_000
_REMEMBERED = 100_000
_MAX_AGENT = 512
_MAX_TARGET = 2048
"""Bytes of an agent and of an address that are looked at, since as many of them are remembered."""
_BLOCK = 1 << 20
_FEW_PAGES = 200
_LARGEST_SHARE = 0.5

Progress = Callable[[str, int, int], None]
"""Called with (what, done, total)."""
Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of change: of the same file, until it is written."""
_Lines = Iterator[list[bytes]]

_QUOTED = rb'"((?:[^"\\]++|\\.)*+)"'
_LINE = re.compile(
    # address or host, ident or address, the rest of the names; time; request; status; size; referrer; agent
    rb"(\S+) (\S+) ([^\[]{1,256})\[([^\]]{1,40})\] " + _QUOTED + rb" (\d{3}) \S+(?: " + _QUOTED + b" " + _QUOTED + b")?"
)
_TIME = re.compile(rb"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_ASSET = re.compile(
    r"\.(?:css|m?js|map|json|jsonp|wasm|xml|xsl|rss|atom|txt|webmanifest|png|jpe?g|gif|webp|avif|svg|ico|bmp|tiff?|heic"
    r"|woff2?|ttf|otf|eot|mp[34]|m4[av]|ogg|ogv|webm|wav|mov|pdf|zip|gz|tgz|bz2|xz|7z|rar|exe|dmg|apk|env|ya?ml|ini"
    r"|sql|bak|log|cgi)$",
    re.IGNORECASE,
)
_ROBOT = re.compile(
    rb"(?<!cu)bot(?![a-z]{3})|crawl|spider|slurp|archiver|transcoder|scrap(?:y|er)|https?://|www\.|@|\$|^-?$"
    rb"|curl|wget|libwww|lwp|perl|python|ruby|java/|php|okhttp|axios|node-fetch|undici|got \(|guzzle|go-http|httpclient"
    rb"|http_|http-client|headless|phantom|puppeteer|playwright|selenium|lighthouse|pagespeed|gtmetrix|pingdom|uptime"
    rb"|monitor|statuscake|site24x7|nagios|zabbix|check_http|probe|scan|nmap|masscan|nuclei|sqlmap|nikto|fetch|preview"
    rb"|facebookexternalhit|whatsapp|telegram|slack|discord|feed|\brss|miniflux|newsblur|validator|checker|favicon"
    rb"|dataprovider|httrack|teleport|webcopier|mediapartners|embedly|ahrefs|semrush|gptbot|claude|bytespider|cohere"
    rb"|perplexity|petalbot|yandex\.com/bots|baiduspider|ia_archiver",
    re.IGNORECASE,
)
_ROBOTS_FILE = re.compile(rb"GET /+robots\.txt[? ]")
_ESCAPED = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_SLASHES = re.compile(r"/{2,}")
_NO_PAGE, _NO_POST = -2, -1


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


@dataclass(frozen=True, slots=True)
class Visits:
    """Which posts were read in one visit, for every visit to two posts or more.

    The visits are in an order that their posts alone decide.
    """

    posts: npt.NDArray[np.int32]
    """Rows of posts in the order of reading, each once a visit; one visit after the other."""
    starts: npt.NDArray[np.int64]
    """Where each visit begins in `posts`, and where the last one ends: (visits + 1,)."""
    readers: npt.NDArray[np.int64]
    """How many visitors read each post in such visits, (posts,)."""
    diagnostics: tuple[Diagnostic, ...] = ()

    def __len__(self) -> int:
        return len(self.starts) - 1


# -- which files -------------------------------------------------------------------------------------------------------


def find_logs(
    patterns: Iterable[str], site: Path, known: dict[Stamp, bytes] | None = None
) -> tuple[list[LogFile], list[Diagnostic]]:
    """The logs that the patterns name, each file once, sorted by digest, and what cannot be read of them.

    Patterns are absolute or relative to `site`; `~` is the home folder, `*` does not cross folders.

    Args:
        known: digests of files that were looked at before; those of new ones are added.
    """
    found: dict[str, LogFile] = {}
    diagnostics: list[Diagnostic] = []
    for pattern in patterns:
        files = sorted(islice(iglob(os.fspath(site / Path(pattern).expanduser())), MAX_FILES + 1))  # noqa: PTH207
        if not files:
            diagnostics.append(_diagnostic(pattern, 0, "no-logs", "readers.logs names no file; nothing is read of it"))
        for file in files:
            real = os.path.realpath(file)
            if real in found or Path(file).is_dir():
                continue
            if len(found) == MAX_FILES:
                text = f"more than {MAX_FILES:,} logs; the rest is not read: name fewer in readers.logs"
                diagnostics.append(_diagnostic(pattern, 0, "too-many-logs", text))
                break
            name = _name(Path(file), site)
            try:
                found[real] = _stamped(Path(file), name, {} if known is None else known)
            except OSError as error:
                text = f"this log cannot be read: {error.strerror}"
                diagnostics.append(_diagnostic(name, 0, "unreadable-log", text))
    unique = {log.digest: log for log in sorted(found.values(), key=lambda log: log.name, reverse=True)}
    return [unique[digest] for digest in sorted(unique)], sorted(diagnostics)


def log_stamps(patterns: Iterable[str], site: Path) -> Iterator[str]:
    """One line a log that the patterns name, by size and time, sorted: enough to see that one came, went or changed."""
    lines = set()
    for pattern in patterns:
        for file in islice(iglob(os.fspath(site / Path(pattern).expanduser())), MAX_FILES):  # noqa: PTH207
            try:
                status = Path(file).stat()
            except OSError:
                continue
            lines.add(f"{_name(Path(file), site)} {status.st_size} {status.st_mtime_ns}")
    yield from sorted(lines)


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
            digest, left = hashlib.sha256(), status.st_size
            while left and (block := opened.read(min(_BLOCK, left))):
                digest.update(block)
                left -= len(block)
            known[stamp] = digest.digest()
    return LogFile(name, file, status.st_size, known[stamp])


# -- files to visits ---------------------------------------------------------------------------------------------------


def read_visits(
    logs: Sequence[LogFile], documents: Sequence[Document], hosts: Iterable[str] = (), progress: Progress | None = None
) -> Visits:
    """The visits that logs tell of; rows are those of `documents`.

    Does not depend on the order of the logs, unless they hold over `MAX_VIEWS` views: then the newest are read.

    Args:
        hosts: the site's own; with them, lines of a virtual host that is another one do not count.
        progress: told how many bytes of all logs are read.
    """
    diagnostics: list[Diagnostic] = []
    pages = _Pages(documents, hosts)
    views = {True: _Views(), False: _Views()}  # of access logs, of CSV
    total, done = sum(log.size for log in logs), 0

    def tell(bytes_of_file: int) -> None:
        if progress is not None:
            progress("reading logs", done + bytes_of_file, total)

    for log in sorted(logs, key=lambda log: (_first_time(log), log.digest), reverse=True):
        if sum(map(len, views.values())) >= MAX_VIEWS:
            text = f"not read: newer logs hold {MAX_VIEWS:,} views of posts already"
            diagnostics.append(_diagnostic(log.name, 0, "too-many-views", text, Severity.NOTE))
        else:
            diagnostics += _read_log(log, pages, views, tell)
        done += log.size
        tell(0)
    diagnostics += pages.diagnostics(logs) + views[True].diagnostics(logs)
    found = [views[is_log].visits(can_be_hasty=is_log) for is_log in (True, False)]
    counts = [_readers(visitor, post, len(documents)) for _, visitor, post in found]
    readers = counts[0] + counts[1]
    return _canonical([(visit, post) for visit, _, post in found], readers, diagnostics)


def _first_time(log: LogFile) -> int:
    """Of the first line that has one; 0 if none of the first block has."""
    try:
        with closing(_Source(log)) as source:
            for line in next(source.lines(), []):
                match = _LINE.match(line)
                if match and (seconds := _seconds(match[4])) is not None:
                    return seconds
    except _Unreadable:
        pass
    return 0


class _Unreadable(Exception):  # noqa: N818
    """The rest of a log cannot be read."""


class _Source:
    """The lines of a log, in blocks, unpacked."""

    def __init__(self, log: LogFile) -> None:
        try:
            self._raw = open_regular(log.file)
        except OSError as error:
            raise _Unreadable(str(error.strerror)) from error
        self._left = log.size
        self._size = log.size
        self.too_long = 0
        """Lines passed over because of their length."""

    def close(self) -> None:
        self._raw.close()

    @property
    def done(self) -> int:
        """Bytes of the file that were read."""
        return self._size - self._left

    def read(self, size: int = -1) -> bytes:
        block = self._raw.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block

    def lines(self) -> _Lines:
        """Blocks of whole lines without their ends; a line over `MAX_LINE` is an empty one.

        Raises:
            _Unreadable: saying why.
        """
        rest, is_too_long = b"", False
        for block in self._blocks():
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            if is_too_long and lines:
                lines[0], is_too_long = b"", False
            if len(rest) > MAX_LINE:
                self.too_long += not is_too_long
                rest, is_too_long = b"", True
            yield lines
        if rest and not is_too_long:
            yield [rest]

    def _blocks(self) -> Iterator[bytes]:
        start = b""
        try:
            start = self._raw.read(2)
            self._raw.seek(0)
            if start != b"\x1f\x8b":
                while block := self.read(_BLOCK):
                    yield block
                return
            unpacked = 0
            packed = gzip.GzipFile(mode="rb", fileobj=cast(IO[bytes], self))
            while block := packed.read1(_BLOCK):  # what came before the damage is not lost, as by `read`
                unpacked += len(block)
                if unpacked > MAX_UNPACKED or (unpacked > _BOMB_BYTES and unpacked > _BOMB_RATIO * self.done):
                    raise _Unreadable("it unpacks to far more than a log would")
                yield block
        except (OSError, EOFError, zlib.error) as error:
            raise _Unreadable("it is cut off or damaged" if start == b"\x1f\x8b" else str(error)) from error


def _read_log(
    log: LogFile, pages: _Pages, views: Mapping[bool, _Views], tell: Callable[[int], None]
) -> list[Diagnostic]:
    """Add what one log tells; what is wrong with it."""
    number = total = broken = first_broken = 0
    reader: Callable[[bytes], bool] | None = None
    diagnostics: list[Diagnostic] = []
    try:
        with closing(_Source(log)) as source:
            for lines in source.lines():
                for line in lines:
                    number += 1
                    if not line or line == b"\r":
                        continue
                    if reader is None:
                        header = _header(line)
                        if header is not None:
                            reader = _csv_reader(header, pages, views[False])
                            continue
                        reader = _line_reader(pages, views[True])
                    total += 1
                    if not reader(line):
                        broken += 1
                        first_broken = first_broken or number
                tell(source.done)
                if sum(map(len, views.values())) >= MAX_VIEWS:
                    text = f"the logs hold over {MAX_VIEWS:,} views of posts; what follows here is not read"
                    diagnostics.append(_diagnostic(log.name, number, "too-many-views", text, Severity.NOTE))
                    break
            broken += source.too_long
            total += source.too_long
    except _Unreadable as error:
        text = f"this log cannot be read from here on: {error}; what stands before counts"
        diagnostics.append(_diagnostic(log.name, number, "unreadable-log", text))
    if broken and (total == 1 or not (broken == 1 and first_broken == number)):  # a log may end in the middle of a line
        diagnostics.append(
            _diagnostic(
                log.name,
                first_broken,
                "bad-log-line",
                f"{broken:,} of {total:,} lines are neither in combined log format nor in CSV below a header of "
                f"session, path and time, and were passed over{'; this is the first' if first_broken else ''}",
                Severity.WARNING if broken > total / 2 else Severity.NOTE,
            )
        )
    return diagnostics


def _diagnostic(name: str, line: int, code: str, text: str, severity: Severity = Severity.WARNING) -> Diagnostic:
    return Diagnostic(name, line, code, severity, text)


# -- lines -------------------------------------------------------------------------------------------------------------


def _line_reader(pages: _Pages, views: _Views) -> Callable[[bytes], bool]:
    """Takes a line of an access log; False where it is none."""
    times: dict[bytes, int | None] = {}
    robots: dict[bytes, bool] = {}

    def read(line: bytes) -> bool:
        match = _LINE.match(line)
        if match is None:
            return False
        first, second, names, stamp, request, status, _, agent = match.groups()
        if not request.startswith(b"GET "):
            return True
        # With a virtual host before it there are three names after the first; a user's name may hold a blank, too.
        is_prefixed = second != b"-" and names.count(b" ") == 2
        address = second if is_prefixed else first
        if _ROBOTS_FILE.match(request):
            views.add_robot(address)
            return True
        if status not in (b"200", b"304"):
            return True
        row = pages.row(request, first if is_prefixed else b"")
        if row < 0:
            pages.others += row == _NO_POST
            return True
        if stamp[17:18] != b":" or not stamp[18:20].isdigit():
            return False
        minute = stamp[:17] + stamp[20:]
        start = times.get(minute)
        if start is None:
            start = _seconds(stamp[:17] + b":00" + stamp[20:])
            if start is None:
                return False
            _remember(times, minute, start)
        agent = (agent or b"")[:_MAX_AGENT]
        is_robot = robots.get(agent)
        if is_robot is None:
            # No field for the agent is one thing (the common log format), an empty one is another
            is_robot = match[8] is not None and _ROBOT.search(agent) is not None
            _remember(robots, agent, is_robot)
        if not is_robot:
            views.add(address, agent, start + int(stamp[18:20]), row)
        return True

    return read


def _remember(table: dict[Any, Any], key: object, value: object) -> None:
    if len(table) >= _REMEMBERED:
        table.clear()
    table[key] = value


def _seconds(stamp: bytes) -> int | None:
    """Since 1970, of `10/Oct/2000:13:55:36 -0700`."""
    match = _TIME.fullmatch(stamp)
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second, hours, minutes = (int(match[group]) for group in (1, 3, 4, 5, 6, 8, 9))
    offset = timedelta(hours=hours, minutes=minutes)
    try:
        zone = timezone(-offset if match[7] == b"-" else offset)
        moment = datetime(year, _MONTHS.index(match[2]) + 1, day, hour, minute, min(second, 59), tzinfo=zone)
        return int(moment.timestamp())
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class _Header:
    """Where the columns of a CSV are."""

    delimiter: str
    session: int
    path: int
    time: int


def _header(line: bytes) -> _Header | None:
    text = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").strip()
    for delimiter in ",;\t":
        names = [name.strip().strip('"').casefold() for name in text.split(delimiter)]
        if {"session", "path", "time"} <= set(names):
            return _Header(delimiter, names.index("session"), names.index("path"), names.index("time"))
    return None


def _csv_reader(header: _Header, pages: _Pages, views: _Views) -> Callable[[bytes], bool]:
    """Takes a line of a CSV; False where a column is missing or no time."""

    def read(line: bytes) -> bool:
        text = line.decode("utf-8", "replace").rstrip("\r")
        try:
            values = next(csv.reader((text,), delimiter=header.delimiter))
            session, path, moment = (values[at].strip() for at in (header.session, header.path, header.time))
        except (csv.Error, IndexError, StopIteration):
            return False
        seconds = _moment(moment)
        if seconds is None or not session:
            return False
        row = pages.row(b"GET " + path.encode("utf-8", "replace").replace(b" ", b"%20"), b"")
        if row >= 0:
            views.add(b"", session.encode("utf-8", "replace"), seconds, row)
        elif row == _NO_POST:
            pages.others += 1
        return True

    return read


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
        return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())  # noqa: UP017
    except (ValueError, OverflowError):
        return None


class _Pages:
    """Requests -> rows of posts."""

    def __init__(self, documents: Sequence[Document], hosts: Iterable[str]) -> None:
        self._finder = PostFinder([document.post for document in documents])
        self._rows = {document.post.path: row for row, document in enumerate(documents)}
        self._hosts = {host.casefold().removeprefix("www.") for host in hosts if host}
        self._known: dict[tuple[bytes, bytes], int] = {}
        self.others = 0
        """Pages that are of no post."""

    def row(self, request: bytes, host: bytes) -> int:
        """The row of the post that `GET TARGET PROTOCOL` asks for, or one of the negative numbers."""
        target = request.split(b" ", 2)[1].partition(b"?")[0]
        if len(target) > _MAX_TARGET or len(host) > _MAX_TARGET:
            return _NO_PAGE
        row = self._known.get((target, host))
        if row is None:
            row = self._find(target, host)
            _remember(self._known, (target, host), row)
        return row

    def _find(self, target: bytes, host: bytes) -> int:
        text = _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), target).decode("utf-8", "replace")
        named = re.sub(r":\d+$", "", host.decode("utf-8", "replace")).casefold().removeprefix("www.")
        if text.startswith(("http://", "https://")):
            named, text = web_address(text) or ("", "")
        if named and self._hosts and named not in self._hosts:
            return _NO_PAGE
        path = _SLASHES.sub("/", text.partition("#")[0])
        if not path.startswith("/") or _ASSET.search(path):
            return _NO_PAGE
        found = self._finder.find(path)
        return _NO_POST if found is None else self._rows[found]

    def diagnostics(self, logs: Sequence[LogFile]) -> list[Diagnostic]:
        if self.others < _FEW_PAGES or any(row >= 0 for row in self._known.values()):
            return []
        text = f"none of {self.others:,} pages that were read is a post of this site: are these its logs?"
        return [_diagnostic(logs[0].name, 0, "foreign-logs", text)]


# -- views to visits ---------------------------------------------------------------------------------------------------


def _hash(value: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(value, digest_size=8).digest(), "little")


@dataclass(slots=True)
class _Views:
    """Views of posts, as numbers."""

    addresses: array[int] = field(default_factory=lambda: array("Q"))
    visitors: array[int] = field(default_factory=lambda: array("Q"))
    times: array[int] = field(default_factory=lambda: array("q"))
    posts: array[int] = field(default_factory=lambda: array("i"))
    robots: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.posts)

    def add(self, address: bytes, agent: bytes, time: int, post: int) -> None:
        self.addresses.append(_hash(address))
        self.visitors.append(_hash(address + b"\0" + agent))
        self.times.append(time)
        self.posts.append(post)

    def add_robot(self, address: bytes) -> None:
        if len(self.robots) < _MAX_ROBOTS:
            self.robots.add(_hash(address))

    def _forget(self) -> None:
        self.addresses, self.visitors, self.times, self.posts = array("Q"), array("Q"), array("q"), array("i")
        self.robots = set()

    def diagnostics(self, logs: Sequence[LogFile]) -> list[Diagnostic]:
        import numpy as np

        if len(self) < _FEW_PAGES:
            return []
        _, views = np.unique(np.frombuffer(self.addresses, dtype=np.uint64), return_counts=True)
        if views.max() <= _LARGEST_SHARE * len(self):
            return []
        text = (
            f"{views.max() / len(self):.0%} of all views come from one address, as where a proxy's is logged: visitors "
            "cannot be told apart; have the server log the reader's own address, or a number for each session"
        )
        return [_diagnostic(logs[0].name, 0, "one-address", text)]

    def visits(
        self, *, can_be_hasty: bool
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """(visit, visitor, post) of every view that counts, in order of visit and time, numbered from 0.

        After that no address and no visitor is known any more.
        """
        import numpy as np

        addresses = np.frombuffer(self.addresses, dtype=np.uint64)
        visitors = np.frombuffer(self.visitors, dtype=np.uint64)
        times, posts = np.frombuffer(self.times, dtype=np.int64), np.frombuffer(self.posts, dtype=np.int32)
        rows = np.flatnonzero(~np.isin(addresses, np.fromiter(self.robots, dtype=np.uint64)))
        rows = rows[np.lexsort((posts[rows], times[rows], visitors[rows]))]
        visitors, times, posts = visitors[rows], times[rows], posts[rows]
        del addresses, rows
        self._forget()
        visitor = _numbered(_changes(visitors))
        visit = _numbered(_changes(visitor) | (np.diff(times, prepend=times[:1]) > PAUSE))
        moved = _changes(visit) | _changes(posts)  # a reload is no second view
        visit, visitor, times, posts = visit[moved], visitor[moved], times[moved], posts[moved]
        del visitors
        _, first = np.unique(visit * (1 + int(posts.max(initial=0))) + posts, return_index=True)
        first.sort()
        is_robot = np.bincount(visit[first], minlength=1) > MAX_POSTS_OF_VISIT
        if can_be_hasty and len(visit):
            starts = np.flatnonzero(_changes(visit))
            views = np.diff(starts, append=len(visit))
            span = times[starts + views - 1] - times[starts]
            is_robot |= (views >= _HASTE_VIEWS) & (span <= _HASTE_SECONDS * (views - 1))
        robots = np.zeros(1 + int(visitor.max(initial=0)), dtype=bool)
        robots[visitor[is_robot[visit]]] = True
        first = first[~robots[visitor[first]]]
        visit, visitor, posts = visit[first], visitor[first], posts[first]
        together = np.bincount(visit, minlength=1)[visit] >= 2
        visit, visitor, posts = _numbered(_changes(visit[together])), visitor[together], posts[together]
        starts = np.flatnonzero(_changes(visitor))
        first_visit = np.repeat(visit[starts], np.diff(starts, append=len(visitor)))
        early = visit - first_visit < MAX_VISITS_OF_VISITOR
        return visit[early], visitor[early], posts[early]


def _changes(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before; True at the first."""
    import numpy as np

    changed = np.ones(len(values), dtype=bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _numbered(begins: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    import numpy as np

    return np.cumsum(begins, dtype=np.int64) - 1


def _readers(visitor: npt.NDArray[np.int64], post: npt.NDArray[np.int32], n: int) -> npt.NDArray[np.int64]:
    """How many visitors each post had, (n,)."""
    import numpy as np

    pairs = np.unique(visitor * max(n, 1) + post)
    return np.bincount(pairs % max(n, 1), minlength=n).astype(np.int64)


def _canonical(
    found: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]],
    readers: npt.NDArray[np.int64],
    diagnostics: Sequence[Diagnostic],
) -> Visits:
    """Visits sorted by their posts, so that neither a time nor a visitor has left a trace in their order."""
    import numpy as np

    visits: list[bytes] = []
    for visit, posts in found:
        big_endian = posts.astype(">i4")  # so that bytes sort as numbers do
        starts = np.flatnonzero(_changes(visit)).tolist()
        ends = [*starts[1:], len(posts)]
        visits += [big_endian[start:end].tobytes() for start, end in zip(starts, ends, strict=False)]
    visits.sort()
    lengths = np.fromiter((len(visit) // 4 for visit in visits), dtype=np.int64, count=len(visits))
    posts_read = np.frombuffer(b"".join(visits), dtype=">i4").astype(np.int32)
    starts_of = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    return Visits(posts_read, starts_of, readers, tuple(sorted(diagnostics)))
