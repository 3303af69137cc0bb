"""Vectors -> candidates: for every post, the posts that may stand in its list, best first.

Ranking is by cosine alone.  A correction for hubs by their own nearest (half of CSLS, Conneau et al. 2018) was tried:
together with the caps of :mod:`enishi.related.lists` it made lists no more even, and where vectors are smoothed along
the blog's links it took linked posts for hubs (recall@5 -.015, MRR -.008 on three blogs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from enishi.related.exact import exact_scores
from enishi.related.index import build_index, neighbors_of_all

if TYPE_CHECKING:
    from enishi.related.index import Backend, IndexMaker
    from enishi.types import Rows, Scores, Vectors

LEAST = 40
"""Candidates of every post that one search finds."""
_NEAREST = 10
_NULL_PAIRS = 20_000
_NULL_SIGMAS = 2.5
_MAD_TO_SIGMA = 1.4826
"""Of a normal distribution: standard deviation / median absolute deviation."""
_PLACES = 5
_LEAST_SCORE = 0.0001
_PAIRS_AT_A_TIME = 8_192


@dataclass(frozen=True, slots=True)
class Candidates:
    """For each of n posts at most `size` others; -1 where there are fewer.  All arrays have shape (n, size)."""

    rows: Rows
    cosines: Scores
    """Rounded to 4 digits, descending in each row."""


class Ranking:
    """Ranks the listable posts for every post.

    Args:
        vectors: shape (n, dim), unit rows or zeros.
        listable: rows that may be listed, in the order in which equal scores stand.
        backend: see :func:`enishi.related.index.build_index`.
    """

    def __init__(self, vectors: Vectors, listable: Sequence[int], backend: Backend | IndexMaker) -> None:
        self._vectors = vectors
        self._backend: Backend | IndexMaker = backend
        self._listable = np.array(listable, dtype=np.int64)
        self._index = build_index(vectors[self._listable], backend=backend)
        self._first: Candidates | None = None

    def first_candidates(self) -> Candidates:
        """The best 40 for every post, searched once."""
        if self._first is None:
            self._first = self.candidates(np.arange(len(self._vectors)), LEAST)
        return self._first

    def nearest(self) -> tuple[Rows, Rows]:
        """Pairs (rows[i], others[i]) of each listable post and the ten that are nearest to it."""
        near = self.first_candidates().rows[self._listable, :_NEAREST]
        rows, others = np.repeat(self._listable, near.shape[1]), near.ravel()
        return rows[others >= 0], others[others >= 0]

    def candidates(self, rows: Rows, size: int, among: Rows | None = None) -> Candidates:
        """The best `size` listable posts for each of `rows`, without itself; only of `among`, if given.

        `among` holds listable rows, in their order.
        """
        if among is None and self._first is not None and 1 <= size <= LEAST:
            return Candidates(self._first.rows[rows, :size], self._first.cosines[rows, :size])
        listable, index = self._listable, self._index
        if among is not None:
            listable, index = among, build_index(self._vectors[among], backend=self._backend)
        shape = (len(rows), max(size, 1))
        candidates = Candidates(np.full(shape, -1, dtype=np.int64), np.full(shape, -np.inf))
        position = np.full(len(self._vectors), -1, dtype=np.int64)
        position[listable] = np.arange(len(listable))
        own = position[rows]
        for chosen in (np.flatnonzero(own >= 0), np.flatnonzero(own < 0)):
            if len(chosen) == 0 or len(listable) == 0:
                continue
            queries = self._vectors[rows[chosen]]
            if own[chosen[0]] >= 0:
                others, cosines = neighbors_of_all(index, queries, size, own=own[chosen])
            else:
                others, cosines = index.search(queries, size)
            width = others.shape[1]
            candidates.rows[chosen, :width] = listable[others]
            candidates.cosines[chosen, :width] = cosines
        return candidates

    def cosines(self, left: Rows, right: Rows) -> Scores:
        """Cosines of the pairs (left[i], right[i]), rounded to 4 digits: the same bytes on any machine."""
        scores = np.empty(len(left))
        first = self.first_candidates()  # a search has scored most pairs that are asked for
        for start in range(0, len(left), _PAIRS_AT_A_TIME):
            rows, others = left[start : start + _PAIRS_AT_A_TIME], right[start : start + _PAIRS_AT_A_TIME]
            is_here = first.rows[rows] == others[:, np.newaxis]
            found = first.cosines[rows, is_here.argmax(axis=1)]
            new = np.flatnonzero(~is_here.any(axis=1))
            found[new] = exact_scores(self._vectors[rows[new]], self._vectors[others[new]])
            scores[start : start + _PAIRS_AT_A_TIME] = found
        return scores

    def chance_score(self) -> float:
        """The score that pairs of this blog reach by chance: median + 2.5 σ of random pairs, σ from their deviations.

        The median does not see the few pairs that are related, so that the score is the blog's own null and no
        absolute threshold.  In a small blog the related pairs are no longer few, and the null is too high; so the
        threshold leaves the mean post five others at least.  It is always above 0: posts less similar than the
        average pair are not related.
        """
        present = self._listable[self._vectors[self._listable].any(axis=1)]
        count = len(present)
        if count < 2:
            return _LEAST_SCORE
        left, right = _pairs(count)
        scores = self.cosines(present[left], present[right])
        median = float(np.median(scores))
        sigma = _MAD_TO_SIGMA * float(np.median(np.abs(scores - median)))
        enough = float(np.quantile(scores, max(0.0, 1 - _PLACES / (count - 1))))
        return max(round(min(median + _NULL_SIGMAS * sigma, enough), 4), _LEAST_SCORE)


def _pairs(count: int) -> tuple[Rows, Rows]:
    """All pairs, or 20,000 random ones (the same for the same count)."""
    if count * (count - 1) // 2 <= _NULL_PAIRS:
        first, second = np.triu_indices(count, k=1)
        return first.astype(np.int64), second.astype(np.int64)
    generator = np.random.default_rng(0)
    first = generator.integers(0, count, _NULL_PAIRS)
    return first, (first + generator.integers(1, count, _NULL_PAIRS)) % count
