"""Exact nearest rows by inner product, in NumPy, and the scoring that every index shares.

An index only *proposes* candidates, by float32 arithmetic whose last bits depend on the batch, the threads and the
library.  One shared path decides: :func:`exact_scores` scores each candidate again (float64, one fixed order of
additions), scores are rounded to 4 digits, and only then sorted by (score descending, row ascending) and cut to k.  So
that the cut itself is right, an index must propose every row whose rounded score could reach it.

Rows and queries need not be of unit length.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from enishi.types import Rows, Scores, Vectors

DIGITS = 4
"""Decimals of a score: coarser than any difference between two ways of adding up float32."""
CELLS = 1 << 22
"""Scores held at a time while scanning (4 bytes each, twice)."""
_PRODUCTS = 1 << 16
"""Products held at a time while scoring (8 bytes each, twice): what fits a core's own cache."""
_ROUNDING = 1.01 * 10.0**-DIGITS
"""Two scores further apart than this cannot swap places, or meet, by rounding."""


def exact_scores(left: Vectors, right: Vectors) -> Scores:
    """Inner products of ``left[i]`` and ``right[i]``, shape (m,), rounded to :data:`DIGITS` digits.

    Any order of additions gives the same rounded sum, but near the middle between two of them: there one order
    decides.
    """
    width = left.shape[1]
    sums: Scores = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    largest = float(np.abs(left).max(initial=0.0)) * float(np.abs(right).max(initial=0.0))
    error = width**2 * 2.0**-52 * largest * 10**DIGITS
    is_open = np.abs(sums * 10**DIGITS % 1 - 0.5) <= error
    if is_open.any():
        sums[is_open] = _folded(left[is_open], right[is_open])
    return np.round(sums, DIGITS) + 0.0  # + 0.0: no negative zero


def _folded(left: Vectors, right: Vectors) -> Scores:
    """Inner products, added up in one order.

    Products of two float32 are exact in float64, and the sum folds the upper half of the columns onto the lower
    until one is left.  Every step is elementwise, so IEEE 754 alone fixes the result of a pair, whatever the shape
    of the batch, the number of threads, the processor or the BLAS.
    """
    products = left.astype(np.float64)
    products *= right
    width = products.shape[1]
    if width == 0:
        return np.zeros(len(products))
    while width > 1:
        half = width // 2
        if width % 2:
            products[:, 0] += products[:, width - 1]
        products[:, :half] += products[:, half : 2 * half]
        width = half
    folded: Scores = products[:, 0]
    return folded


@dataclass(frozen=True, slots=True)
class _DistinctRows:
    """Vectors without their repetitions.

    Identical rows have identical scores, so one of them stands for all.  Otherwise a few thousand rows of zeros
    would all tie, and every one of them would have to be scored for every query.
    """

    vectors: Vectors
    """Each different row once, by first appearance."""
    of: Rows
    """For each row given, its place in `vectors`."""
    members: Rows
    """All rows given, grouped by their place in `vectors`, ascending in each group."""
    starts: Rows
    """Where each group starts in `members`."""
    counts: Rows

    @classmethod
    def among(cls, vectors: Vectors) -> _DistinctRows:
        places: dict[bytes, int] = {}
        of = np.empty(len(vectors), dtype=np.int64)
        first: list[int] = []
        for row, vector in enumerate(vectors):
            digest = hashlib.blake2b(vector.tobytes(), digest_size=16).digest()
            place = places.setdefault(digest, len(first))
            if place == len(first):
                first.append(row)
            of[row] = place
        counts = np.bincount(of, minlength=len(first)).astype(np.int64)
        kept = vectors if len(first) == len(vectors) else vectors[first]
        return cls(kept, of, np.argsort(of, kind="stable"), np.cumsum(counts) - counts, counts)


class CandidatePairs(NamedTuple):
    """Candidates: query and row (distinct ones), in any order, each pair once."""

    queries: Rows
    rows: Rows


class Index(ABC):
    """Nearest rows by inner product: what the backends share, everything but the proposing of candidates."""

    def __init__(self, vectors: Vectors) -> None:
        from threadpoolctl import ThreadpoolController

        checked = _checked(vectors, "row")
        self._size: int = checked.shape[0]
        self._dim: int = checked.shape[1]
        self._distinct = _DistinctRows.among(checked)
        self._rows = self._distinct.vectors
        self._longest = float(_lengths(self._rows).max(initial=0.0))
        self._blas = ThreadpoolController().select(user_api="blas")

    def search(self, queries: Vectors, k: int) -> tuple[Rows, Scores]:
        """The k best rows for each query, best first, of equal scores the lower row: (rows, scores), (m, min(k, n)).

        `queries` has shape (m, dim) and need not be of unit length.  Raises ValueError for another shape, for a
        negative k, and for a query with a NaN or an infinity.
        """
        checked = _checked(queries, "query")
        if checked.shape[1] != self._dim:
            raise ValueError(f"queries have {checked.shape[1]} columns, the index has {self._dim}")
        if k < 0:
            raise ValueError(f"k must not be negative: {k}")
        k = min(k, self._size)
        if k == 0 or len(checked) == 0:
            return np.empty((len(checked), k), dtype=np.int64), np.empty((len(checked), k))
        distinct = _DistinctRows.among(checked)
        step = self._batch(k)
        with self._blas.limit(limits=1):  # faster at these sizes, and a machine's cores change no byte
            parts = [
                self._search_distinct(distinct.vectors[start : start + step], k)
                for start in range(0, len(distinct.vectors), step)
            ]
        rows, scores = (np.concatenate(column)[distinct.of] for column in zip(*parts, strict=True))
        return rows, scores

    def _search_distinct(self, queries: Vectors, k: int) -> tuple[Rows, Scores]:
        pairs = self._propose(queries, k)
        scores = self._scores(queries, pairs)
        # Of equal rows no more than k can be in a list, the lowest first.
        counts = np.minimum(self._distinct.counts[pairs.rows], k)
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = self._distinct.members[np.repeat(self._distinct.starts[pairs.rows], counts) + offsets]
        scores = np.repeat(scores, counts)
        query = np.repeat(pairs.queries, counts)
        order = np.lexsort((rows, -scores, query))
        starts = np.searchsorted(query[order], np.arange(len(queries)))
        best = order[starts[:, np.newaxis] + np.arange(k)]
        return rows[best], scores[best]

    def _scores(self, queries: Vectors, pairs: CandidatePairs) -> Scores:
        scores = np.empty(len(pairs.rows), dtype=np.float64)
        step = max(1, _PRODUCTS // max(1, self._dim))
        for start in range(0, len(scores), step):
            part = slice(start, start + step)
            scores[part] = exact_scores(queries[pairs.queries[part]], self._rows[pairs.rows[part]])
        return scores

    def _scan(self, queries: Vectors, k: int) -> Iterator[CandidatePairs]:
        """All pairs that can be among the k best, by comparing all rows."""
        count = len(self._rows)
        step = max(1, CELLS // count)
        for start in range(0, len(queries), step):
            part = queries[start : start + step]
            near = part @ self._rows.T
            if count > k:
                cut = self._cut(np.partition(near, count - k, axis=1)[:, count - k], part)
                query, row = np.nonzero(near >= cut[:, np.newaxis])
            else:
                query, row = np.indices(near.shape).reshape(2, -1)
            yield CandidatePairs(query + start, row)

    def _cut(self, kth: npt.NDArray[np.float32], queries: Vectors) -> npt.NDArray[np.float32]:
        """The float32 score below which no row can be among the k best, given the k-th best float32 score.

        A float32 inner product is off by at most γ·|a|·|b| with γ = d·u / (1 - d·u), u = 2^-24, in whatever order it
        was added up (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., eq. 3.5).  The k-th score and
        that of the row below may both be off, and rounding may bring them together.
        """
        unit = (self._dim + 2) * 2.0**-24
        error = unit / (1 - unit) * _lengths(queries) * self._longest
        cut = kth - 2 * error - _ROUNDING
        return np.nextafter(cut.astype(np.float32), np.float32(-np.inf))

    def _batch(self, k: int) -> int:
        """How many queries to answer at a time, so that memory stays bounded: all rows may be candidates."""
        del k
        return max(1, CELLS // self._size)

    @abstractmethod
    def _propose(self, queries: Vectors, k: int) -> CandidatePairs:
        """At least min(k, all) rows for each query."""


class ExactIndex(Index):
    """Compares every query with every row, in NumPy.  Time O(queries x rows x dim), memory bounded."""

    def _propose(self, queries: Vectors, k: int) -> CandidatePairs:
        return join_pairs(list(self._scan(queries, k)))


def join_pairs(parts: list[CandidatePairs]) -> CandidatePairs:
    """All pairs as one."""
    return CandidatePairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _checked(vectors: Vectors, what: str) -> Vectors:
    """A float32 copy in C order, without negative zeros: they compare equal but differ in bytes."""
    array = np.asarray(vectors)
    if array.ndim != 2:
        raise ValueError(f"expected an array of shape (n, dim), got {array.shape}")
    with np.errstate(over="ignore"):
        copy: Vectors = np.ascontiguousarray(array, dtype=np.float32) + np.float32(0)
    wrong = np.flatnonzero(~np.isfinite(copy).all(axis=1))
    if len(wrong):
        raise ValueError(f"{what} {wrong[0]} holds a NaN or an infinity")
    return copy


def _lengths(vectors: Vectors) -> Scores:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)))
