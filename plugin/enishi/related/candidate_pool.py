"""All pairs of posts that may be listed, best first over the whole site."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from enishi.related.ranking import LEAST
from enishi.related.rules import ListingRules
from enishi.text.labels import same_language

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.related.published import ShownBefore
    from enishi.related.ranking import Candidates, Ranking
    from enishi.types import Rows, Scores

_LARGEST_POOL = 640
_PAIRS_AT_A_TIME = 2
"""For each list: most lists are full long before their last pair comes."""


class CandidatePool:
    """Searches for more and more candidates of the posts whose lists they may not fill.

    A crowd is a series, or near-duplicates, of which a list takes only a few.  Where one crowd fills even the largest
    pool, the other posts are searched without it.
    """

    def __init__(
        self, rules: ListingRules, ranking: Ranking, min_score: float, shown_before: ShownBefore | None = None
    ) -> None:
        self._rules, self._ranking, self._min_score = rules, ranking, min_score
        self._shown_before = shown_before
        self._crowds, self._crowd_limits = _crowds(rules)
        self._parts: list[tuple[Rows, Rows, Scores]] = []

    def pairs(self, wanting: Sequence[int]) -> Iterator[tuple[Rows, Rows]]:
        """Rows `wanting` and others for their lists, some at a time, the best pair first; of equal ones, the newer."""
        waiting = np.array(wanting, dtype=np.int64)
        least = pool = max(LEAST, 4 * self._rules.settings.limit)
        while len(waiting):
            candidates = self._ranking.candidates(waiting, pool)
            usable = self._usable(waiting, candidates)
            few = self._are_few(candidates, usable)
            is_last = pool >= _LARGEST_POOL
            self._add(waiting, candidates, usable if is_last else usable & ~few[:, None])
            if is_last:
                for rows, among in self._narrowed(waiting[few], candidates.rows[few]):
                    candidates = self._ranking.candidates(rows, least, among)
                    self._add(rows, candidates, self._usable(rows, candidates))
                break
            waiting = waiting[few]
            pool *= 4
        if self._parts:
            recency = np.array([self._rules.recency.get(row, -1) for row in range(len(self._rules.documents))])
            source, other, scores = (np.concatenate(column) for column in zip(*self._parts, strict=True))
            order = np.lexsort((source, recency[other], -scores))
            if self._shown_before is not None:
                scores, places = self._shown_before.steady(source, other, scores)
                order = np.lexsort((source, recency[other], places, -scores))
            for part in np.array_split(order, len(order) // (_PAIRS_AT_A_TIME * len(wanting)) + 1):
                yield source[part], other[part]

    def _add(self, rows: Rows, candidates: Candidates, usable: npt.NDArray[np.bool_]) -> None:
        scores = candidates.cosines
        if self._shown_before is not None:
            scores = scores + self._shown_before.favour(_beside(rows, candidates), candidates.rows)
        source, place = (usable & (scores >= self._min_score)).nonzero()
        self._parts.append((rows[source], candidates.rows[source, place], candidates.cosines[source, place]))

    def _usable(self, rows: Rows, candidates: Candidates) -> npt.NDArray[np.bool_]:
        """Which candidates are not barred: shape of `candidates.rows`."""
        rules = self._rules
        barred = rules.bars(_beside(rows, candidates), candidates.rows)
        usable: npt.NDArray[np.bool_] = (candidates.rows >= 0) & ~barred
        if rules.members and rules.settings.translations != "keep":
            is_translated = np.isin(candidates.rows, list(rules.translation_of))
            for line in np.flatnonzero(is_translated.any(axis=1)).tolist():
                self._prefer_own_language(int(rows[line]), candidates.rows[line].tolist(), usable[line])
        return usable

    def _prefer_own_language(self, row: int, others: Sequence[int], usable: npt.NDArray[np.bool_]) -> None:
        """Of the translations of one post among the candidates, keep only that in the language of `row`."""
        rules, language = self._rules, self._rules.language(row)
        for place, other in enumerate(others):
            group = rules.translation_of.get(other)
            if group is None or same_language(rules.language(other), language):
                continue
            siblings = (member for member in rules.members[group] if member in others)
            if any(same_language(rules.language(member), language) for member in siblings):
                usable[place] = False

    def _are_few(self, candidates: Candidates, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Whose candidates may not fill a list although more of them could be had, shape (n,)."""
        wanted = 2 * self._rules.settings.limit
        crowds = self._crowds[candidates.rows]
        free: Rows = (usable & (crowds < 0)).sum(axis=1)
        more = (candidates.rows[:, -1] >= 0) & (candidates.cosines[:, -1] >= self._min_score)
        for line in np.flatnonzero(more & (free < wanted)).tolist():
            counts = Counter(crowds[line, usable[line] & (crowds[line] >= 0)].tolist())
            free[line] += sum(min(count, self._crowd_limits[crowd]) for crowd, count in counts.items())
        return np.asarray(more & (free < wanted))

    def _narrowed(self, rows: Rows, pools: Rows) -> Iterator[tuple[Rows, Rows]]:
        """Where one crowd, or newer posts, filled even the largest pool: rows, and the posts to search for them.

        These are the listable posts without the crowd and, where newer posts are barred, only the oldest ones: a power
        of two of them, of which at least half may be listed.
        """
        listable = np.array(self._rules.listable, dtype=np.int64)
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row, crowds in zip(rows.tolist(), self._crowds[pools], strict=True):
            crowd, count = Counter(crowds.tolist()).most_common(1)[0]
            older = len(listable) - self._count_newer(row)
            oldest = min(len(listable), 1 << max(older - 1, 0).bit_length())
            if crowd >= 0 and 2 * count > len(crowds):
                groups[oldest, crowd].append(row)
            elif oldest < len(listable):
                groups[oldest, -1].append(row)
        for (oldest, crowd), members in sorted(groups.items()):
            among = listable[len(listable) - oldest :]
            yield np.array(members, dtype=np.int64), among if crowd < 0 else among[self._crowds[among] != crowd]

    def _count_newer(self, row: int) -> int:
        """How many listable posts are barred because they are newer: they stand first."""
        rules, date = self._rules, self._rules.documents[row].post.date
        if rules.settings.newer or date is None:
            return 0
        return bisect_left(rules.listable, -date.timestamp(), key=lambda other: rules.recency_key(other)[0])


def _beside(rows: Rows, candidates: Candidates) -> Rows:
    """Each of `rows` beside its candidates: shape of `candidates.rows`."""
    return np.broadcast_to(rows[:, np.newaxis], candidates.rows.shape)


def _crowds(rules: ListingRules) -> tuple[Rows, list[int]]:
    """For each row the crowd that it belongs to (-1: none), and of each crowd how many posts a list may hold."""
    numbers: dict[tuple[str, str | int], int] = {}
    limits: list[int] = []
    crowds = np.full(len(rules.documents), -1, dtype=np.int64)
    for row, series in enumerate(rules.series):
        name: tuple[str, str | int] = ("series", series) if series else ("duplicates", rules.duplicate_of.get(row, -1))
        if series or (row in rules.duplicate_of and rules.settings.duplicates == "hide"):
            crowds[row] = numbers.setdefault(name, len(numbers))
            if len(limits) < len(numbers):
                limits.append(rules.settings.same_series if series else 1)
    return crowds, limits
