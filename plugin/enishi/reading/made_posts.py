"""What a site makes of a file's front matter, and how that is kept for the next run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from enishi.errors import Diagnostic, Severity
from enishi.reading.records import Record
from enishi.types import Post

if TYPE_CHECKING:
    from enishi.generators.base import Site

_FIELDS = Post.__slots__
_TUPLES = ("tags", "pinned", "excluded")


@dataclass(frozen=True, slots=True)
class MadePost:
    """A post, and what is wrong with it, as its site sees it at some moment."""

    post: Post
    problems: Sequence[Diagnostic]
    now: datetime
    turns: tuple[datetime, ...]
    """The moments at which its status changes by itself."""

    @classmethod
    def of(cls, path: str, record: Record, site: Site, now: datetime) -> MadePost:
        """What the site makes of a file."""
        post, problems = site.make_post(path, record.front_matter, now)
        turns = tuple(moment for moment in site.generator.turning_points(site, post) if moment)
        return cls(post, problems, now, turns)

    def holds(self, now: datetime) -> bool:
        """Whether the site would make the same of it at another moment."""
        return all((turn > self.now) == (turn > now) for turn in self.turns)


def pack_post(made: MadePost, site: Site) -> bytes:
    """A post as the cache holds it."""
    post = {name: getattr(made.post, name) for name in _FIELDS if name != "date"}
    date = None if made.post.date is None else [made.post.date.isoformat(), made.post.date.tzinfo is site.timezone]
    problems = [(one.path, one.line, one.code, one.severity.value, one.message) for one in made.problems]
    moments = [moment.isoformat() for moment in (made.now, *made.turns)]
    return json.dumps([post, date, problems, moments], separators=(",", ":")).encode()


def unpack_post(packed: bytes, site: Site) -> MadePost | None:
    """The post that was packed; None for what is none."""
    try:
        values, date, problems, moments = json.loads(packed)
        for name in _TUPLES:
            values[name] = tuple(values[name])
        values["categories"] = tuple(map(tuple, values["categories"]))
        post = Post(**values, date=None if date is None else _date(date[0], date[1], site))
        told = [Diagnostic(path, line, code, Severity(level), message) for path, line, code, level, message in problems]
        now, *turns = map(datetime.fromisoformat, moments)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return MadePost(post, told, now, tuple(turns))


def _date(text: str, is_of_site: bool, site: Site) -> datetime:
    """A moment, in the zone of the site where it was given there: that knows more than the distance from UTC."""
    date = datetime.fromisoformat(text)
    if not is_of_site:
        return date
    local = date.replace(tzinfo=site.timezone)
    return local if local.utcoffset() == date.utcoffset() else local.replace(fold=1)
