"""Questions for people where two encoders disagree about a post, and what people answered.

For a post, each encoder brings the nearest post of its first five that is not among the other's first five.  Which of
the two stands on the left, and in what order the questions come, depends on hashes of the posts' paths alone: nothing
that a person sees knows of encoders, and the next run finds out from its own lists which encoder each post is from.

The judging page saves what people answered:

    {"kind": "enishi verdicts", "version": 1, "blog": "https://…", "verdicts": [
      {"pair": "…", "post": "….md", "left": "….md", "right": "….md", "choice": "left"}]}

`choice` is `left` or `right` for the one that fits better, `both` or `neither`.  A verdict is about posts, not about
encoders: it counts for any two encoders of which one has the one post and not the other among its first five, and the
other encoder the other way round.  So verdicts outlast encoders, as far as new ones still differ there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enishi.commands.compare.metrics import FIRST, NearestPosts
from enishi.errors import SettingsError
from enishi.files import read_file
from enishi.tags.figures import Interval, wilson
from enishi.text.printable import shown, shown_path
from enishi.types import Document

KIND = "enishi verdicts"
VERSION = 1
CHOICES = ("left", "right", "both", "neither")
MAX_BYTES = 16 * 1024 * 1024
_KEY_LENGTH = 24
_DIGITS = 4
_FIELDS = ("pair", "post", "left", "right", "choice")


# --- questions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A post, and two that may be shown beneath it."""

    key: str
    post: str
    left: str
    right: str


def make_question(post: str, one: str, other: str) -> Question:
    """The question whether `one` or `other` fits `post` better; the same in whatever order the two are given."""
    left, right = sorted((one, other), key=lambda path: (_hash("side", post, path), path))
    return Question(_hash("pair", post, left, right)[:_KEY_LENGTH], post, left, right)


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def disagreements(documents: Sequence[Document], nearest: Sequence[NearestPosts]) -> list[Question]:
    """All questions about the first encoder and any of the others, each once, in the order in which they are asked.

    Only about public posts: a judge need not have written the blog.
    """
    questions: dict[str, Question] = {}
    for post in (document.post for document in documents):
        if not post.is_listable:
            continue
        first = nearest[0][post.path][:FIRST]
        for other in (near[post.path][:FIRST] for near in nearest[1:]):
            ours = [path for path in first if path not in other]
            theirs = [path for path in other if path not in first]
            if ours and theirs:
                question = make_question(post.path, ours[0], theirs[0])
                questions[question.key] = question
    return sorted(questions.values(), key=lambda question: question.key)


# --- the file of verdicts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one person answered to one question."""

    pair: str
    """Key of the question."""
    post: str
    left: str
    right: str
    choice: str

    @property
    def balance(self) -> int:
        """1 for the left post, -1 for the right one, 0 for a tie."""
        return {"left": 1, "right": -1}.get(self.choice, 0)


def read_verdicts(files: Sequence[Path], blog: str, posts: Collection[str]) -> list[Verdict]:
    """The verdicts of some files, in their order; those about posts that the blog does not have (any more) don't count.

    A file's later verdict on a question replaces its earlier one.

    Args:
        blog: the site's address; empty if it is not known.
        posts: paths of the blog's posts.

    Raises:
        SettingsError: a file cannot be read, holds something else, or is about another blog.
    """
    known: list[Verdict] = []
    for file in files:
        of_file = {verdict.pair: verdict for verdict in _read(file, blog)}.values()
        usable = [one for one in of_file if {one.post, one.left, one.right} <= set(posts)]
        if of_file and not usable:
            raise _wrong(file, "is about posts of another blog: this one has none of them")
        known += usable
    return known


def _read(file: Path, blog: str) -> list[Verdict]:
    try:
        values = json.loads(read_file(file, MAX_BYTES))
    except OSError as error:
        raise _wrong(file, f"cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise _wrong(file, f"is not JSON: {error}") from None
    if not isinstance(values, dict) or (values.get("kind"), values.get("version")) != (KIND, VERSION):
        raise _wrong(file, "is not what the judging page of this Enishi saves")
    theirs, entries = values.get("blog"), values.get("verdicts")
    if isinstance(theirs, str) and theirs and blog and theirs != blog:
        raise _wrong(file, f"is about another blog: {shown(theirs, 200)}, and this one is {shown(blog, 200)}")
    verdicts = [_verdict(entry) for entry in entries] if isinstance(entries, list) else [None]
    if None in verdicts:
        raise _wrong(file, f"is damaged, or was edited by hand: see number {verdicts.index(None)} of its verdicts")
    return [verdict for verdict in verdicts if verdict is not None]


def _verdict(entry: Any) -> Verdict | None:
    """The verdict that an entry of the file holds; None if it is not as the page writes one."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(field), str) for field in _FIELDS):
        return None
    verdict = Verdict(**{field: entry[field] for field in _FIELDS})
    question = make_question(verdict.post, verdict.left, verdict.right)
    is_right = verdict.choice in CHOICES and (question.key, question.left) == (verdict.pair, verdict.left)
    return verdict if is_right else None


def _wrong(file: Path, problem: str) -> SettingsError:
    return SettingsError(f"--verdicts {shown_path(str(file))} {problem}")


# --- counting ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """How an encoder did against the first one in the eyes of people, question by question."""

    pairs: int
    """Answered questions on which the two differ; those that are neither won nor lost are ties."""
    wins: int
    losses: int
    share: Interval | None
    """Share of the decided questions that it won, with Wilson's 95 % interval; None where none was decided."""
    p: float
    """Of the two-sided sign test: how likely so uneven a count, or a more uneven one, is by chance."""


def count_verdicts(verdicts: Sequence[Verdict], first: NearestPosts, other: NearestPosts) -> Score:
    """Wins and losses of `other` against `first`; several verdicts on a question count as one, by their majority."""
    balance: dict[str, int] = {}
    for verdict in verdicts:
        if side := _side(verdict, first, other):
            balance[verdict.pair] = balance.get(verdict.pair, 0) + side * verdict.balance
    wins = sum(value > 0 for value in balance.values())
    losses = sum(value < 0 for value in balance.values())
    share = _share(wins, wins + losses) if wins + losses else None
    return Score(len(balance), wins, losses, share, sign_test(wins, losses))


def _side(verdict: Verdict, first: NearestPosts, other: NearestPosts) -> int:
    """1 if `other` has the left post and `first` the right one, -1 the other way round, else 0."""
    ours, theirs = first.get(verdict.post, ())[:FIRST], other.get(verdict.post, ())[:FIRST]
    left = (verdict.left in theirs) - (verdict.left in ours)
    right = (verdict.right in theirs) - (verdict.right in ours)
    return left if left == -right else 0


def _share(wins: int, decided: int) -> Interval:
    low, high = wilson(wins, decided)
    return Interval(round(wins / decided, _DIGITS), round(low, _DIGITS), round(high, _DIGITS))


def sign_test(wins: int, losses: int) -> float:
    """The two-sided p of so many wins and losses if either were as likely; ties are left out (Dixon & Mood 1946)."""
    from scipy.stats import binomtest

    return round(float(binomtest(wins, wins + losses).pvalue), _DIGITS) if wins + losses else 1.0
