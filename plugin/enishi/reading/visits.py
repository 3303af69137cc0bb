"""Access logs -> which posts were read together, and nothing about who read them.

Only pages that people asked for count: GET, answered with 200 or 304, of a post.  Robots do not: those that say so (the
list is crawlerdetect's), hosts that ask for `robots.txt`, and visitors who are faster or more thorough than people.

A visitor is an address and an agent, a visit what they read with no pause of over half an hour.  Addresses and agents
are held only as hashes, only until the visits are known, and only in memory; what leaves this module are lists of
posts without a time, in an order that says nothing, and how many visitors each post had.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from enishi.errors import Diagnostic, Severity
from enishi.reading.access_logs import LogFile, Request, UnreadableLogError, parser_for, read_lines
from enishi.reading.links import PostFinder, web_address
from enishi.types import Document, Progress

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PAUSE = 30 * 60
"""Seconds without a page after which a visit is over: the convention of web analytics."""
MAX_POSTS_OF_VISIT = 50
"""Whoever reads more different posts in one visit is a robot."""
MAX_VISITS_OF_VISITOR = 30
"""Later ones do not count: the author reads the blog every day."""
_HASTY_VIEWS = 10
_HASTY_SECONDS = 3.0
"""So many posts in one visit, at so many seconds a post or fewer: a robot."""
MAX_VIEWS = 3_000_000
"""Views of posts (28 bytes each, and some 100 while they are sorted); older logs than hold so many are not read."""
_MAX_ROBOTS = 1_000_000
_MAX_TARGET = 2048
"""Bytes of an address that are looked at, since as many addresses are remembered as:"""
_REMEMBERED = 100_000

_ASSET = re.compile(
    r"\.(?:css|m?js|map|json|jsonp|wasm|xml|xsl|rss|atom|txt|webmanifest|png|jpe?g|gif|webp|avif|svg|ico|bmp|tiff?|heic"
    r"|woff2?|ttf|otf|eot|mp[34]|m4[av]|ogg|ogv|webm|wav|mov|pdf|zip|gz|tgz|bz2|xz|7z|rar|exe|dmg|apk|env|ya?ml|ini"
    r"|sql|bak|log|cgi)$",
    re.IGNORECASE,
)
_ESCAPED = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_SLASHES = re.compile(r"/{2,}")
_LONG_WORD = re.compile(rb"[\w-]{80}")
"""In no browser's name; the expression of `crawlerdetect` takes quadratic time in it."""


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


def read_visits(
    logs: Sequence[LogFile],
    documents: Sequence[Document],
    hosts: Iterable[str] = (),
    progress: Progress = lambda *_: None,
) -> Visits:
    """The visits of people in the logs; rows are those of `documents`.

    Does not depend on the order of the logs, unless they hold over `MAX_VIEWS` views: then the newest are read.

    Args:
        hosts: the site's own; with them, lines of a virtual host that is another one do not count.
        progress: called with how many bytes of all logs are read.
    """
    import numpy as np

    reader = _LogReader(_page_finder(documents, hosts))
    total, done = sum(log.size for log in logs), 0

    def report(bytes_of_file: int) -> None:
        progress("reading logs", done + bytes_of_file, total)

    for log in sorted(logs, key=lambda log: (_first_time(log), log.digest), reverse=True):
        reader.read(log, report)
        done += log.size
        report(0)
    of_logs, readers_of_logs = reader.log_views.visits(len(documents), can_be_hasty=True)
    of_csv, readers_of_csv = reader.csv_views.visits(len(documents), can_be_hasty=False)
    visits = sorted(of_logs + of_csv)  # by their posts: neither a time nor a visitor leaves a trace in their order
    rows = np.frombuffer(b"".join(visits), dtype=">i4").astype(np.int32)
    starts = np.cumsum([0, *(len(visit) // 4 for visit in visits)])
    return Visits(rows, starts, readers_of_logs + readers_of_csv, tuple(sorted(reader.diagnostics)))


def _first_time(log: LogFile) -> int:
    """Seconds since 1970 of the first line that has a time; 0 if none of the first block has."""
    try:
        lines = next(read_lines(log), [])
    except UnreadableLogError:
        return 0
    parse, _ = parser_for(b"")
    return next((request.time for line in lines if (request := parse(line)) and request.time), 0)


class _LogReader:
    """Collects the views of posts in logs, and what is wrong with the logs."""

    def __init__(self, row_of: Callable[[bytes, bytes], int]) -> None:
        self.log_views, self.csv_views = _Views(), _Views()
        self.diagnostics: list[Diagnostic] = []
        self._row_of, self._is_robot = row_of, lru_cache(_REMEMBERED)(_robot_detector())

    def read(self, log: LogFile, report: Callable[[int], None]) -> None:
        number = total = broken = first_broken = 0
        parse: Callable[[bytes], Request | None] | None = None
        views = self.log_views
        try:
            for lines in read_lines(log, report):
                if len(self.log_views) + len(self.csv_views) >= MAX_VIEWS:
                    message = f"not read from here on: newer logs hold {MAX_VIEWS:,} views of posts already"
                    self.diagnostics.append(Diagnostic(log.name, number, "too-many-views", Severity.NOTE, message))
                    break
                for line in lines:
                    number += 1
                    if not line or line == b"\r":
                        continue
                    if parse is None:
                        parse, is_header = parser_for(line)
                        if is_header:
                            views = self.csv_views
                            continue
                    total += 1
                    request = parse(line)
                    if request is not None:
                        self._add(request, views)
                    else:
                        broken += 1
                        first_broken = first_broken or number
        except UnreadableLogError as error:
            message = f"this log cannot be read from here on: {error}; what stands before counts"
            self.diagnostics.append(Diagnostic(log.name, number, "unreadable-log", Severity.WARNING, message))
        if broken and (total == 1 or broken > 1 or first_broken != number):  # a log may end in the middle of a line
            message = (
                f"{broken:,} of {total:,} lines are neither in combined log format nor in CSV below a header of "
                "session, path and time, and were ignored; this is the first"
            )
            severity = Severity.WARNING if broken > total / 2 else Severity.NOTE
            self.diagnostics.append(Diagnostic(log.name, first_broken, "bad-log-line", severity, message))

    def _add(self, request: Request, views: _Views) -> None:
        if request.target.lstrip(b"/") == b"robots.txt":
            if len(views.robots) < _MAX_ROBOTS:
                views.robots.add(_hash(request.address))
        elif request.is_answered and max(len(request.target), len(request.host)) <= _MAX_TARGET:
            row = self._row_of(request.target, request.host)
            if row >= 0 and (views is self.csv_views or not self._is_robot(request.agent)):
                views.add(request, row)


def _robot_detector() -> Callable[[bytes | None], bool]:
    """Whether an agent is a robot's.  A format without agents is one thing, an agent without a name another."""
    from crawlerdetect import CrawlerDetect

    detector = CrawlerDetect()

    def is_robot(agent: bytes | None) -> bool:
        if agent is None:
            return False
        if agent in (b"", b"-") or _LONG_WORD.search(agent):
            return True
        return bool(detector.isCrawler(agent.decode("utf-8", "replace")))

    return is_robot


def _page_finder(documents: Sequence[Document], hosts: Iterable[str]) -> Callable[[bytes, bytes], int]:
    """What gives the row of the post that a request asks for, by its target and host; -1 if it asks for none."""
    finder = PostFinder([document.post for document in documents])
    rows = {document.post.path: row for row, document in enumerate(documents)}
    own = {host.casefold().removeprefix("www.") for host in hosts if host}

    @lru_cache(_REMEMBERED)
    def find(target: bytes, host: bytes) -> int:
        text = _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), target).decode("utf-8", "replace")
        name = re.sub(r":\d+$", "", host.decode("utf-8", "replace")).casefold().removeprefix("www.")
        if text.startswith(("http://", "https://")):
            name, text = web_address(text) or ("", "")
        path = _SLASHES.sub("/", text.partition("#")[0])
        if (name and own and name not in own) or not path.startswith("/") or _ASSET.search(path):
            return -1
        return rows.get(finder.find(path) or "", -1)

    return find


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

    def add(self, request: Request, row: int) -> None:
        self.addresses.append(_hash(request.address))
        self.visitors.append(_hash(request.address + b"\0" + (request.agent or b"")))
        self.times.append(request.time)
        self.posts.append(row)

    def visits(self, count: int, *, can_be_hasty: bool) -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """The rows of each visit's posts, big-endian so that bytes sort as numbers do; the readers of `count` posts."""
        import numpy as np

        visitors = np.frombuffer(self.visitors, dtype=np.uint64)
        times, posts = np.frombuffer(self.times, dtype=np.int64), np.frombuffer(self.posts, dtype=np.int32)
        robots = np.fromiter(self.robots, dtype=np.uint64)
        rows = np.flatnonzero(~np.isin(np.frombuffer(self.addresses, dtype=np.uint64), robots))
        rows = rows[np.lexsort((posts[rows], times[rows], visitors[rows]))]
        visitor, times, posts = _numbered(_changes(visitors[rows])), times[rows], posts[rows]
        visit = _numbered(_changes(visitor) | (np.diff(times, prepend=times[:1]) > PAUSE))
        moved = _changes(visit) | _changes(posts)  # a reload is no second view
        visit, visitor, times, posts = visit[moved], visitor[moved], times[moved], posts[moved]
        _, first = np.unique(visit * (1 + int(posts.max(initial=0))) + posts, return_index=True)
        first.sort()
        is_robot = np.bincount(visit[first], minlength=1) > MAX_POSTS_OF_VISIT
        if can_be_hasty and len(visit):
            starts = np.flatnonzero(_changes(visit))
            views = np.diff(starts, append=len(visit))
            span = times[starts + views - 1] - times[starts]
            is_robot |= (views >= _HASTY_VIEWS) & (span <= _HASTY_SECONDS * (views - 1))
        by_robot = np.isin(visitor, visitor[is_robot[visit]])
        first = first[~by_robot[first]]
        visit, visitor, posts = visit[first], visitor[first], posts[first]
        together = np.bincount(visit, minlength=1)[visit] >= 2
        visit, visitor, posts = _numbered(_changes(visit[together])), visitor[together], posts[together]
        starts = np.flatnonzero(_changes(visitor))
        first_visit = np.repeat(visit[starts], np.diff(starts, append=len(visitor)))
        early = visit - first_visit < MAX_VISITS_OF_VISITOR
        visit, visitor, posts = visit[early], visitor[early], posts[early]
        parts = np.split(posts.astype(">i4"), np.flatnonzero(_changes(visit))[1:]) if len(posts) else []
        pairs = np.unique(visitor * max(count, 1) + posts)
        return [part.tobytes() for part in parts], np.bincount(pairs % max(count, 1), minlength=count)


def _changes(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before; True at the first."""
    import numpy as np

    changed = np.ones(len(values), dtype=bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _numbered(begins: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The number, from 0, of the run that each place lies in."""
    import numpy as np

    return np.cumsum(begins, dtype=np.int64) - 1
