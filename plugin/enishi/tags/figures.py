"""Metrics of suggestions for posts whose tags were hidden: ranking, precision, calibration.

    nDCG@5     Σ_{i≤5} [right at i] / log₂(i + 1), over the best that is possible; the mean over posts
               (Järvelin & Kekäläinen 2002)
    recall@5   right among the first five / min(5, answers); the mean over posts
    MRR        1 / place of the first right one (0 where there is none); the mean over posts
    precision  share of the suggestions from some confidence on that are right
    recall     share of all answers that they find
    calibration error   Σ_b n_b |mean confidence − share right| / Σ_b n_b, over tenths of confidence from .3 on
               (Naeini, Cooper & Hauskrecht 2015); below, nobody sees a suggestion, and there are very many of them

Posts without an answer have no ranking to be judged, but every suggestion for them counts as wrong.

Intervals cover 95 %: percentiles over 1,000 resamples of the posts with replacement, always the same (the bootstrap,
Efron 1979).  They show the effect of which posts there happen to be, not that of the division into folds.  A share gets
the wider of this and Wilson's interval (1927): where all of twelve suggestions are right, every resample says 100 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import fsum, log2, sqrt
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from enishi.tags.decisions import Decision
from enishi.tags.evaluate import Case, Guess
from enishi.vectors import one_thread

if TYPE_CHECKING:
    from enishi.types import Matrix


RESAMPLES = 1000
SEED = 0
FIRST = 5
LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
DECIDED_FROM = (0.5, 0.8)
BANDS = ((0.8, 1.0), (0.5, 0.8))
"""Confidences of what is called "add" and "maybe"."""
SEEN_FROM = 0.3
PRECISION = 0.8
"""The share of right suggestions that an author wants, by default."""
MIN_SUGGESTIONS = 20
"""With fewer suggestions no confidence is proposed."""
_HUNDREDTHS = range(5, 96)
"""Confidences that may be proposed, in hundredths; nothing is surer than .95."""
_Z_95 = 1.959964
_Z_90_ONE_SIDED = 1.281552
_RESAMPLES_AT_A_TIME = 50
_DIGITS = 4

Way = Literal["guesses", "votes"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Level:
    """All suggestions of at least some confidence, or of a tenth of confidence."""

    confidence: float
    """The least."""
    suggestions: int
    right: int
    precision: Interval | None
    """None where there are no suggestions."""
    recall: float
    mean: float
    """The mean confidence; 0 where there are no suggestions."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The confidence from which on suggestions reach the wanted precision."""

    wanted: float
    confidence: float | None
    """The least from which on the precision is as wanted with a certainty of 90 %; None if there is none."""
    level: Level | None
    """The suggestions from there on; without a proposal, the most precise level of at least `MIN_SUGGESTIONS`."""


@dataclass(frozen=True, slots=True)
class WayFigures:
    """The metrics of one way of suggesting."""

    ndcg: Interval
    recall: Interval
    calibration_error: float | None
    levels: tuple[Level, ...]
    """From each of `LEVELS` on."""
    tenths: tuple[Level, ...]
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Doubt:
    """A confident suggestion that is not a tag of the post: wrong, or a missing tag."""

    path: str
    title: str
    tag: str
    confidence: float


@dataclass(frozen=True, slots=True)
class TagFigures:
    """The metrics of all suggestions for posts whose tags were hidden."""

    posts: int
    """Whose tags were hidden."""
    answered: int
    """How many of them carry a tag that could be suggested."""
    hidden: int
    """Tags hidden, over all posts."""
    answers: int
    """How many of them could be suggested."""
    ours: WayFigures
    vote: WayFigures
    gain: dict[str, Interval] = field(default_factory=dict)
    """Ours minus the vote, by the name of the metric, on the same posts."""
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class PartialFigures:
    """The metrics of suggestions for posts of whose tags one was hidden: the everyday case.

    Each other suggestion counts as wrong, though the post may lack it as well: the least that is right.
    """

    posts: int
    answers: int
    """How many of the hidden tags could be suggested."""
    mrr: Interval
    recall: Interval
    """recall@5: the share of the hidden tags that are among the first five."""
    calibration_error: float | None
    bands: tuple[Level, ...]
    """Of each of `BANDS`."""
    tenths: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Suggestions of a tenth of confidence, or of at least some confidence, that were decided."""

    confidence: float
    """The least, as it was shown."""
    decided: int
    added: int
    share: Interval
    """Of those added, with Wilson's interval."""
    mean: float
    """The mean confidence as it was shown."""


Shares: TypeAlias = tuple[Accepted, ...]


def measure_decisions(decisions: Iterable[Decision]) -> tuple[Shares, Shares, Shares]:
    """How often suggestions were added: (from each of `DECIDED_FROM` on, by tenth, in each of `BANDS`).

    Nothing where none was decided.
    """
    by_subject: dict[tuple[str, str], set[Decision]] = defaultdict(set)
    for decision in decisions:
        by_subject[decision.subject].add(decision)
    # Two branches that decided otherwise say nothing
    told = [min(found, key=repr) for found in by_subject.values() if len({one.verdict for one in found}) == 1]

    def accepted(low: float, high: float = 2.0) -> list[Accepted]:
        some = [one for one in told if low <= round(one.confidence, _DIGITS) < high]
        if not some:
            return []
        added, mean = sum(one.verdict == "added" for one in some), fsum(one.confidence for one in some) / len(some)
        figures = (added / len(some), *wilson(added, len(some)))
        share = Interval(*(round(figure, _DIGITS) for figure in figures))
        return [Accepted(low, len(some), added, share, round(mean, _DIGITS))]

    tenths = [found for start in range(10) for found in accepted(start / 10, (start + 1) / 10 if start < 9 else 2.0)]
    bands = [found for low, high in BANDS for found in accepted(low, 2.0 if high == 1 else high)]
    return tuple(found for low in DECIDED_FROM for found in accepted(low)), tuple(tenths), tuple(bands)


def measure_cases(cases: Sequence[Case], wanted: float = PRECISION, doubts: int = 20) -> TagFigures:
    """All figures; `cases` hold at least one answer.

    Args:
        wanted: the precision to propose a confidence for, over 0 and below 1.
        doubts: how many confident suggestions that are no tags of their posts to list.
    """
    with one_thread():
        ours, vote = _Sums(cases, "guesses"), _Sums(cases, "votes")
        return TagFigures(
            posts=len(cases),
            answered=sum(1 for case in cases if case.answers),
            hidden=sum(case.hidden for case in cases),
            answers=sum(case.answers for case in cases),
            ours=_figures(ours, wanted),
            vote=_figures(vote, wanted),
            gain={name: ours.gain(name, vote) for name in ("ndcg", "recall")},
            doubts=_doubts(cases, doubts),
        )


def measure_partial(cases: Sequence[Case]) -> PartialFigures:
    """The figures where one tag of each post was hidden; `cases` hold at least one answer."""
    with one_thread():
        sums = _Sums(cases, "guesses")
        tenths = sums.tenths()
        return PartialFigures(
            posts=len(cases),
            answers=sum(case.answers for case in cases),
            mrr=sums.interval("mrr"),
            recall=sums.interval("recall"),
            calibration_error=_calibration_error(tenths),
            bands=tuple(sums.level(round(100 * low), 101 if high == 1 else round(100 * high)) for low, high in BANDS),
            tenths=tenths,
        )


def _figures(sums: _Sums, wanted: float) -> WayFigures:
    tenths = sums.tenths()
    return WayFigures(
        ndcg=sums.interval("ndcg"),
        recall=sums.interval("recall"),
        calibration_error=_calibration_error(tenths),
        levels=tuple(sums.level(round(100 * level)) for level in LEVELS),
        tenths=tenths,
        proposal=_propose(sums, wanted),
    )


# --- sums over posts -------------------------------------------------------------------------------------------------


class _Sums:
    """Sums over posts, whose quotients are the metrics: of the blog itself, then of each resample.

    Resamples are the same for the same number of posts, so those of two ways of suggesting are paired.
    """

    def __init__(self, cases: Sequence[Case], way: Way) -> None:
        guesses: list[tuple[Guess, ...]] = [getattr(case, way) for case in cases]
        table = np.zeros((len(cases), 3 + 3 * 101))
        counts = table[:, 3:].reshape(len(cases), 3, 101)
        for row, (case, of_post) in enumerate(zip(cases, guesses, strict=True)):
            right = sum(guess.is_right for guess in of_post[:FIRST])
            table[row, 0] = ndcg(of_post, case.answers)
            table[row, 1] = right / min(case.answers, FIRST) if case.answers else 0
            table[row, 2] = next((1 / place for place, guess in enumerate(of_post, 1) if guess.is_right), 0)
            for guess in of_post:
                # confidences have four decimals: whole numbers know no rounding
                place = min(max(round(guess.confidence * 10_000), 0) // 100, 100)
                counts[row, :, place] += (1, guess.is_right, guess.confidence)
        answers = np.array([[case.answers > 0, case.answers] for case in cases], dtype=float)
        counts[:] = counts[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
        table = np.concatenate([answers, table], axis=1)
        drawn = np.concatenate([weights @ table for weights in (np.ones((1, len(cases))), *resamples(len(cases)))])
        self._answers = float(answers[:, 1].sum())
        means = (drawn[:, 2:5] / np.maximum(drawn[:, :1], 1)).T
        self._metrics = dict(zip(("ndcg", "recall", "mrr"), means, strict=True))
        self._from = np.pad(drawn[:, 5:].reshape(-1, 3, 101), ((0, 0), (0, 0), (0, 1)))
        """Suggestions, right ones, and the sum of their confidences from every hundredth of confidence on."""

    def interval(self, name: str) -> Interval:
        return bootstrap_interval(self._metrics[name][0], self._metrics[name][1:])

    def gain(self, name: str, other: _Sums) -> Interval:
        difference = self._metrics[name] - other._metrics[name]
        return bootstrap_interval(difference[0], difference[1:])

    def level(self, start: int, end: int = 101) -> Level:
        """The suggestions between two hundredths of confidence."""
        suggestions, right = self.count(start, end)
        sure = float(self._from[0, 2, start] - self._from[0, 2, end])
        recall, mean = round(right / max(self._answers, 1), _DIGITS), round(sure / max(suggestions, 1), _DIGITS)
        precision = self._precision(start, end) if suggestions else None
        return Level(start / 100, suggestions, right, precision, recall, mean)

    def tenths(self) -> tuple[Level, ...]:
        return tuple(self.level(start, 101 if start == 90 else start + 10) for start in range(0, 100, 10))

    def count(self, start: int, end: int = 101) -> tuple[int, int]:
        """(suggestions, right ones) between two hundredths."""
        suggestions, right = (self._from[0, :2, start] - self._from[0, :2, end]).round().astype(int).tolist()
        return suggestions, right

    def _drawn(self, start: int, end: int = 101) -> Matrix:
        """The share of right suggestions between two hundredths in each resample."""
        suggestions, right = (self._from[1:, :2, start] - self._from[1:, :2, end]).T
        return np.asarray(right[suggestions > 0] / suggestions[suggestions > 0])

    def _precision(self, start: int, end: int) -> Interval:
        suggestions, right = self.count(start, end)
        low, high = wilson(right, suggestions)
        drawn_low, drawn_high = np.quantile(self._drawn(start, end), [0.025, 0.975]).tolist()
        figures = (right / suggestions, min(low, drawn_low), max(high, drawn_high))
        return Interval(*(round(figure, _DIGITS) for figure in figures))

    def sure_precision(self, start: int) -> float:
        """Lower bound, with 90 % certainty, of the precision from a hundredth on."""
        suggestions, right = self.count(start)
        return min(float(np.quantile(self._drawn(start), 0.1)), wilson(right, suggestions, _Z_90_ONE_SIDED)[0])


def bootstrap_interval(value: float, drawn: Matrix) -> Interval:
    """A figure with the range of the middle 95 % of its resamples."""
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return Interval(round(float(value), _DIGITS), round(low, _DIGITS), round(high, _DIGITS))


def resamples(posts: int) -> Iterator[Matrix]:
    """How often each post is drawn: RESAMPLES rows of shape (posts,) in all, some at a time; always the same."""
    random = np.random.Generator(np.random.PCG64(SEED))
    for _ in range(RESAMPLES // _RESAMPLES_AT_A_TIME):
        drawn = random.integers(posts, size=(_RESAMPLES_AT_A_TIME, posts))
        yield np.stack([np.bincount(row, minlength=posts) for row in drawn]).astype(np.float64)


def wilson(right: int, number: int, z: float = _Z_95) -> tuple[float, float]:
    """Wilson's interval of a share (1927): (low, high) for z standard deviations."""
    share, spread = right / number, z * z / number
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / number + spread / (4 * number))
    return max(0.0, middle - half), min(1.0, middle + half)


def ndcg(guesses: Sequence[Guess], answers: int) -> float:
    """nDCG@5 of one post's guesses, the surest first; 0 where it has no answers."""
    gain = sum(1 / log2(place + 2) for place, guess in enumerate(guesses[:FIRST]) if guess.is_right)
    best = sum(1 / log2(place + 2) for place in range(min(FIRST, answers)))
    return gain / best if best else 0.0


# --- calibration and thresholds --------------------------------------------------------------------------------------


def _calibration_error(tenths: Sequence[Level]) -> float | None:
    seen = [tenth for tenth in tenths if tenth.confidence >= SEEN_FROM]
    number = sum(tenth.suggestions for tenth in seen)
    off = sum(abs(tenth.mean * tenth.suggestions - tenth.right) for tenth in seen)
    return round(off / number, _DIGITS) if number else None


def _propose(sums: _Sums, wanted: float) -> Proposal:
    """Certainty is asked for, as without it one of the ninety confidences to choose from would look good by chance."""
    counted = {start: sums.count(start) for start in _HUNDREDTHS}
    enough = {start: right / number for start, (number, right) in counted.items() if number >= MIN_SUGGESTIONS}
    for start in enough:
        if sums.sure_precision(start) >= wanted:
            return Proposal(wanted, start / 100, sums.level(start))
    best = max(enough, key=lambda start: (enough[start], -start), default=None)
    return Proposal(wanted, None, None if best is None else sums.level(best))


def _doubts(cases: Sequence[Case], limit: int) -> tuple[Doubt, ...]:
    unconfirmed = [
        Doubt(case.path, case.title, guess.tag, guess.confidence)
        for case in cases
        for guess in case.guesses
        if not guess.is_right and guess.confidence >= 0.5
    ]
    return tuple(sorted(unconfirmed, key=lambda doubt: (-doubt.confidence, doubt.path, doubt.tag))[:limit])
