"""What people said about pairs of posts, in the file that the judging page saves, and which encoder it speaks for.

    {"kind": "enishi verdicts", "version": 1, "blog": "https://…", "verdicts": [
      {"pair": "…", "post": "….md", "left": "….md", "right": "….md", "choice": "left"}]}

`choice` is `left` or `right` for the one that fits better, `both` or `neither`.  A verdict is about posts, not about
encoders: it counts for any two encoders of which one has the one post and not the other among its first five, and the
other encoder the other way round.  So verdicts last when encoders change, as far as they still tell them apart.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

from enishi.commands.compare.pairs import make_pair
from enishi.commands.compare.referees import FIRST, Lists
from enishi.errors import SettingsError
from enishi.files import read_file
from enishi.tags.figures import Interval, wilson
from enishi.text.printable import shown, shown_path

KIND = "enishi verdicts"
VERSION = 1
CHOICES = ("left", "right", "both", "neither")
MAX_BYTES = 16 * 1024 * 1024
_SHOWN_PROBLEMS = 5
_Z_95 = 1.959964
_DIGITS = 4
_FIELDS = ("pair", "post", "left", "right", "choice")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one person said about one pair."""

    pair: str
    post: str
    left: str
    right: str
    choice: str

    @property
    def balance(self) -> int:
        """1 for the left post, -1 for the right one, 0 for neither of them more than the other."""
        return {"left": 1, "right": -1}.get(self.choice, 0)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was read from files of verdicts."""

    found: tuple[Verdict, ...] = ()
    unknown: tuple[str, ...] = ()
    """Posts that verdicts name and the blog does not have (any more); those verdicts are not among `found`."""

    @property
    def judged(self) -> frozenset[str]:
        """Keys of the pairs that somebody has judged."""
        return frozenset(verdict.pair for verdict in self.found)


def read_verdicts(files: Sequence[Path], blog: str, posts: Collection[str]) -> Verdicts:
    """The verdicts of some files, in their order; a file's later verdict on a pair replaces its earlier one.

    Args:
        blog: the site's address, as far as it is known.
        posts: paths of the blog's posts.

    Raises:
        SettingsError: a file cannot be read, holds something else, or is about another blog; with all that is wrong.
    """
    found: list[Verdict] = []
    unknown: set[str] = set()
    for file in files:
        of_file = {verdict.pair: verdict for verdict in _read(file, blog)}
        strange = {path for v in of_file.values() for path in (v.post, v.left, v.right) if path not in posts}
        known = [v for v in of_file.values() if not strange.intersection((v.post, v.left, v.right))]
        if of_file and not known:
            raise _wrong(file, "is about posts of another blog: this one has none of them")
        unknown |= strange
        found += known
    return Verdicts(tuple(found), tuple(sorted(unknown)))


def _read(file: Path, blog: str) -> list[Verdict]:
    values = _parsed(file)
    if not isinstance(values, dict) or values.get("kind") != KIND:
        raise _wrong(file, 'is not what the judging page saves: it has no `"kind": "enishi verdicts"`')
    if values.get("version") != VERSION:
        raise _wrong(file, f"has version {shown(str(values.get('version')), 40)}; this Enishi reads version {VERSION}")
    theirs = values.get("blog")
    if isinstance(theirs, str) and theirs and blog and theirs != blog:
        raise _wrong(file, f"is about another blog: {shown(theirs, 200)}, and this one is {shown(blog, 200)}")
    entries = values.get("verdicts")
    if not isinstance(entries, list):
        raise _wrong(file, "has no list of `verdicts`")
    problems = [f"verdicts[{number}] {told}" for number, entry in enumerate(entries) if (told := _problem(entry))]
    if problems:
        more = f"; and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
        raise _wrong(file, f"is damaged: {'; '.join(problems[:_SHOWN_PROBLEMS])}{more}")
    return [Verdict(**{field: entry[field] for field in _FIELDS}) for entry in entries]


def _parsed(file: Path) -> Any:
    try:
        return json.loads(read_file(file, MAX_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise _wrong(file, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise _wrong(file, "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _wrong(file, f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError):
        raise _wrong(file, "is not JSON that the judging page saves") from None


def _problem(entry: Any) -> str:
    """What is wrong with an entry; empty if nothing is."""
    if not isinstance(entry, dict):
        return "is no object"
    missing = [field for field in _FIELDS if not isinstance(entry.get(field), str)]
    if missing:
        return f"lacks {', '.join(missing)}"
    if entry["choice"] not in CHOICES:
        return f"has the choice {shown(entry['choice'], 40)!r}; it has to be one of {', '.join(CHOICES)}"
    pair = make_pair(entry["post"], entry["left"], entry["right"])
    if (pair.key, pair.left) != (entry["pair"], entry["left"]):
        return f"has a `pair` that does not fit its posts ({shown(entry['post'], 80)}): was it edited by hand?"
    return ""


def _wrong(file: Path, told: str) -> SettingsError:
    return SettingsError(f"--verdicts {shown_path(str(file))} {told}")


# --- whom they speak for ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """How an encoder did against the first one, pair by pair, in the eyes of people."""

    pairs: int
    """That were judged and tell the two apart."""
    wins: int
    losses: int
    both: int
    """Ties in which both posts fit."""
    neither: int
    divided: int
    """People were divided."""
    share: Interval | None
    """Of the decided pairs, how many it won; Wilson's 95 % interval.  None where none was decided."""
    p: float
    """Of the sign test, two-sided: how likely so uneven a count, or one more uneven, is by chance."""


def count_verdicts(verdicts: Sequence[Verdict], first: Lists, other: Lists) -> Judged:
    """Wins and losses of `other` against `first`; several verdicts on a pair count as one, by their majority."""
    by_pair: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_pair.setdefault(verdict.pair, []).append(verdict)
    count: Counter[str] = Counter()
    for of_pair in by_pair.values():
        side = _side(of_pair[0], first, other)
        if side:
            balance = side * sum(verdict.balance for verdict in of_pair)
            count["win" if balance > 0 else "loss" if balance < 0 else _tie(of_pair)] += 1
    wins, losses = count["win"], count["loss"]
    return Judged(
        pairs=sum(count.values()),
        wins=wins,
        losses=losses,
        both=count["both"],
        neither=count["neither"],
        divided=count["divided"],
        share=_share(wins, wins + losses),
        p=sign_test(wins, losses),
    )


def _side(verdict: Verdict, first: Lists, other: Lists) -> int:
    """1 if `other` stands for the left post and `first` for the right one, -1 the other way round, else 0."""
    ours, theirs = first.get(verdict.post, ())[:FIRST], other.get(verdict.post, ())[:FIRST]
    left = (verdict.left in theirs) - (verdict.left in ours)
    right = (verdict.right in theirs) - (verdict.right in ours)
    return left if left == -right else 0


def _tie(of_pair: Sequence[Verdict]) -> str:
    choices = {verdict.choice for verdict in of_pair}
    return choices.pop() if len(choices) == 1 else "divided"


def _share(wins: int, decided: int) -> Interval | None:
    if not decided:
        return None
    low, high = wilson(wins, decided, _Z_95)
    return Interval(round(wins / decided, _DIGITS), round(low, _DIGITS), round(high, _DIGITS))


def sign_test(wins: int, losses: int) -> float:
    """The two-sided p of so many wins and losses, if either were as likely; ties are left out (Dixon & Mood 1946)."""
    number, most = wins + losses, max(wins, losses)
    tail = sum(comb(number, k) for k in range(most, number + 1))
    p: float = min(1.0, 2 * tail / 2**number)
    return round(p, _DIGITS)
