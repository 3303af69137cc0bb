"""Nearest rows by inner product: ScaNN, and exact NumPy where ScaNN has no wheel.

Both backends only *propose* candidates from float32 arithmetic, whose last bits depend on batch shape, thread count
and library.  What is returned is decided by one shared path: each candidate is scored again by :func:`exact_scores`
(float64, one fixed order of additions), rounded to 4 digits, and only then sorted by (score descending, row
ascending) and cut to k.  So that the cut itself is right, a backend must propose every row whose rounded score could
reach it; where ScaNN's list may end too early, that query is scanned row by row.  Hence, below
:data:`EXACT_BELOW` rows, the same bytes from either backend, for one query or for a batch.

Rows and queries need not be of unit length.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from enishi.errors import IndexUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from enishi.types import Index, Rows, Scores, Vectors

Backend: TypeAlias = Literal["auto", "scann", "exact"]
ScannMode: TypeAlias = Literal["brute", "ah", "tree"]

EXACT_BELOW = 20_000
"""Up to here ScaNN compares all rows; more rows are quantised (asymmetric hashing) and reordered."""
TREE_ABOVE = 100_000
"""From here on ScaNN also looks into a part of the rows only."""
DIGITS = 4
"""Decimals of a score: coarser than any difference between two ways of adding up float32."""

_SPARE = 20
"""How many rows more than k ScaNN proposes."""
_LONGEST = 1e15
"""Longest row or query: the product of two still fits a float32."""
_CELLS = 1 << 22
"""Scores held at a time while scanning (4 bytes each, twice)."""
_PRODUCTS = 1 << 16
"""Products held at a time while scoring (8 bytes each, twice): what fits a core's own cache."""
_ROUNDING = 1.01 * 10.0**-DIGITS
"""Two scores further apart than this cannot swap places, or meet, by rounding."""


def build_index(
    vectors: Vectors, *, backend: Backend = "auto", mode: ScannMode | None = None, threads: int | None = None
) -> Index:
    """An index over `vectors`, shape (n, dim); n may be 0.  The rows are copied.

    `auto` is ScaNN where it can be imported, else the exact index.  `mode` and `threads` concern ScaNN only:
    see :class:`ScannIndex`.

    Raises ValueError for a row with a NaN or an infinity (named by its number) and
    :class:`IndexUnavailableError` for ``backend="scann"`` where ScaNN cannot be imported.
    """
    if backend == "exact":
        return ExactIndex(vectors)
    if backend == "scann":
        return ScannIndex(vectors, mode=mode, threads=threads)
    if backend != "auto":
        raise ValueError(f"unknown index backend {backend!r}: auto, scann or exact")
    try:
        return ScannIndex(vectors, mode=mode, threads=threads)
    except IndexUnavailableError:
        return ExactIndex(vectors)


def neighbors_of_all(index: Index, queries: Vectors, k: int, *, own: Rows | None = None) -> tuple[Rows, Scores]:
    """The k best rows for each query except the query's own row.

    Query i belongs to row ``own[i]``, by default to row i; all rows of `own` must be rows of the index.  The own row
    is left out by its number, wherever it stands: dropping the first hit would drop a twin, or, where the ranking
    is not plain similarity, any row.

    Returns rows and scores of shape (len(queries), min(k, n - 1)), in the order of :meth:`Index.search`.
    """
    if k < 0:
        raise ValueError(f"k must not be negative: {k}")
    if own is None:
        own = np.arange(len(queries), dtype=np.int64)
    elif len(own) != len(queries):
        raise ValueError(f"{len(queries)} queries, but {len(own)} own rows")
    rows, scores = index.search(queries, k + 1)
    if rows.size == 0:
        return rows, scores
    others = rows != own[:, np.newaxis]
    others[others.all(axis=1), -1] = False  # its own row is not among the best k + 1: the last one is too many
    shape = (len(rows), rows.shape[1] - 1)
    return rows[others].reshape(shape), scores[others].reshape(shape)


def exact_scores(left: Vectors, right: Vectors) -> Scores:
    """Inner products of ``left[i]`` and ``right[i]``, shape (m,), rounded to :data:`DIGITS` digits.

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
    return np.round(products[:, 0], DIGITS) + 0.0  # + 0.0: no negative zero


@dataclass(frozen=True, slots=True)
class _Distinct:
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
    def among(cls, vectors: Vectors) -> _Distinct:
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


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Candidates: query and row (distinct ones), in any order, each pair once."""

    queries: Rows
    rows: Rows


class _Reranked(ABC):
    """What the backends share: everything but the proposing of candidates."""

    def __init__(self, vectors: Vectors) -> None:
        from threadpoolctl import ThreadpoolController

        checked = _checked(vectors, "row")
        self._size: int = checked.shape[0]
        self._dim: int = checked.shape[1]
        self._distinct = _Distinct.among(checked)
        self._rows = self._distinct.vectors
        self._longest = float(_lengths(self._rows).max(initial=0.0))
        self._blas = ThreadpoolController().select(user_api="blas")

    def __len__(self) -> int:
        """Number of rows."""
        return self._size

    def search(self, queries: Vectors, k: int) -> tuple[Rows, Scores]:
        """The k best rows for each query, best first; see :meth:`enishi.types.Index.search`.

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
            shape = (len(checked), k)
            return np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.float64)
        distinct = _Distinct.among(checked)
        step = self._batch(k)
        with self._blas.limit(limits=1):  # faster at these sizes, and a machine's cores change no byte
            found = [
                self._search_distinct(distinct.vectors[start : start + step], k)
                for start in range(0, len(distinct.vectors), step)
            ]
        rows = np.concatenate([rows for rows, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        return rows[distinct.of], scores[distinct.of]

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

    def _scores(self, queries: Vectors, pairs: _Pairs) -> Scores:
        scores = np.empty(len(pairs.rows), dtype=np.float64)
        step = max(1, _PRODUCTS // max(1, self._dim))
        for start in range(0, len(scores), step):
            part = slice(start, start + step)
            scores[part] = exact_scores(queries[pairs.queries[part]], self._rows[pairs.rows[part]])
        return scores

    def _scan(self, queries: Vectors, k: int) -> Iterator[_Pairs]:
        """All pairs that can be among the k best, by comparing all rows."""
        count = len(self._rows)
        step = max(1, _CELLS // count)
        for start in range(0, len(queries), step):
            part = queries[start : start + step]
            near = part @ self._rows.T
            if count > k:
                cut = self._cut(np.partition(near, count - k, axis=1)[:, count - k], part)
                query, row = np.nonzero(near >= cut[:, np.newaxis])
            else:
                query, row = np.indices(near.shape).reshape(2, -1)
            yield _Pairs(query + start, row)

    def _cut(self, kth: npt.NDArray[np.float32], queries: Vectors) -> npt.NDArray[np.float32]:
        """The float32 score below which no row can be among the k best, given the k-th best float32 score.

        A float32 inner product is off by at most γ·|a|·|b| with γ = d·u / (1 - d·u), u = 2^-24, in whatever order it
        was added up (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., eq. 3.5).  The k-th score and
        that of the row below may both be off, and rounding may bring them together.
        """
        unit = (self._dim + 2) * 2.0**-24
        error = unit / (1 - unit) * _lengths(queries) * self._longest
        cut = kth - 2 * error - _ROUNDING
        below: npt.NDArray[np.float32] = np.nextafter(cut.astype(np.float32), np.float32(-np.inf))
        return below

    def _batch(self, k: int) -> int:
        """How many queries to answer at a time, so that memory stays bounded: all rows may be candidates."""
        del k
        return max(1, _CELLS // self._size)

    @abstractmethod
    def _propose(self, queries: Vectors, k: int) -> _Pairs:
        """At least min(k, all) rows for each query."""


class ExactIndex(_Reranked):
    """Compares every query with every row, in NumPy.  Time O(queries x rows x dim), memory bounded."""

    def _propose(self, queries: Vectors, k: int) -> _Pairs:
        return _together(list(self._scan(queries, k)))


class ScannIndex(_Reranked):
    """ScaNN proposes k + 20 rows.

    `mode` is `brute` (all rows compared; output identical to :class:`ExactIndex`), `ah` (asymmetric hashing, then
    reordering; recall@10 of at least .98, and the last bits of recall may differ between builds) or `tree` (the same
    within some of √n leaves); by default it follows from the number of different rows: :data:`EXACT_BELOW`,
    :data:`TREE_ABOVE`.  `threads` is for training and searching, by default all cores.

    Raises :class:`IndexUnavailableError` where ScaNN cannot be imported.
    """

    def __init__(self, vectors: Vectors, *, mode: ScannMode | None = None, threads: int | None = None) -> None:
        scann = _import_scann()
        super().__init__(vectors)
        count = len(self._rows)
        self.mode: ScannMode = mode or _mode_for(count)
        self._threads = threads or os.cpu_count() or 1
        self._searcher: Any = None
        if count > _SPARE:  # fewer are scanned at once, and ScaNN cannot train on a handful
            self._searcher = _build_searcher(scann, self._rows, self.mode, self._threads)

    def _propose(self, queries: Vectors, k: int) -> _Pairs:
        wanted = k + _SPARE
        if self._searcher is None or wanted >= len(self._rows):
            return _together(list(self._scan(queries, k)))
        rows, near = self._ask(queries, wanted)
        answered = np.isfinite(near)  # a tree's leaves may hold fewer rows than wanted: the rest is NaN
        if self.mode == "brute":
            cut = self._cut(near[:, k - 1], queries)
            proposed = answered & (near >= cut[:, np.newaxis])
            # A list that ends above the cut may have left out a row that belongs above it too.
            complete: npt.NDArray[np.bool_] = answered[:, -1] & (near[:, -1] < cut)
        else:
            proposed = answered
            complete = np.all(answered[:, :k], axis=1)
        query, column = np.nonzero(proposed & complete[:, np.newaxis])
        parts = [_Pairs(query, rows[query, column])]
        rest = np.flatnonzero(~complete)
        if len(rest):
            parts += [_Pairs(rest[pairs.queries], pairs.rows) for pairs in self._scan(queries[rest], k)]
        return _together(parts)

    def _ask(self, queries: Vectors, wanted: int) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Rows and float32 scores of shape (len(queries), wanted), best first."""
        settings: dict[str, int] = {"final_num_neighbors": wanted}
        if self.mode != "brute":
            settings["pre_reorder_num_neighbors"] = _reordered(wanted, len(self._rows))
        if self.mode == "tree":
            settings["leaves_to_search"] = _leaves_searched(len(self._rows))
        if self._threads > 1 and len(queries) > 1:
            share = -(-len(queries) // self._threads)
            rows, near = self._searcher.search_batched_parallel(queries, batch_size=min(share, 256), **settings)
        else:
            rows, near = self._searcher.search_batched(queries, **settings)
        return rows.astype(np.int64), near

    def _batch(self, k: int) -> int:
        if self.mode == "brute":
            return super()._batch(k)
        return max(1, _CELLS // min(self._size, (k + _SPARE) * k))  # each candidate may stand for k equal rows


def _mode_for(count: int) -> ScannMode:
    if count < EXACT_BELOW:
        return "brute"
    return "ah" if count < TREE_ABOVE else "tree"


def _leaves(count: int) -> int:
    return max(1, math.isqrt(count))


def _leaves_searched(count: int) -> int:
    """Three in eight: a quarter stays a little below a recall@10 of .99 on 100,000 blog-like vectors."""
    return max(1, 3 * _leaves(count) // 8)


def _reordered(wanted: int, count: int) -> int:
    """How many rows ScaNN compares in float32 after hashing: cheap beside hashing, and recall depends on it."""
    return max(400, count // 100, 10 * wanted)


def _import_scann() -> Any:
    try:
        from scann.scann_ops.py import scann_ops_pybind
    except (ImportError, OSError) as error:  # OSError: a wheel for another C library
        raise IndexUnavailableError(
            "the index backend 'scann' cannot be had on this machine: ScaNN has wheels for Linux (x86_64, aarch64) "
            f"only; use 'auto' or 'exact' ({error})"
        ) from error
    return scann_ops_pybind


def _build_searcher(scann: Any, rows: Vectors, mode: ScannMode, threads: int) -> Any:
    count = len(rows)
    builder = scann.builder(rows, _SPARE, "dot_product").set_n_training_threads(threads)
    if mode == "brute":
        searcher = builder.score_brute_force().build()
    else:
        if mode == "tree":
            builder = builder.tree(_leaves(count), _leaves_searched(count), training_sample_size=count)
        builder = builder.score_ah(2, anisotropic_quantization_threshold=0.2, training_sample_size=min(count, 100_000))
        with _silent_stderr():
            searcher = builder.reorder(_reordered(_SPARE, count)).build()
    if threads > 1:
        searcher.set_num_threads(threads)
    return searcher


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Nothing is written to the process's standard error meanwhile.

    ScaNN reports on its training from C++, below Python's `sys.stderr`, and no setting stops it.  What goes wrong
    there still comes as an exception.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # closed: nothing to silence
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _checked(vectors: Vectors, what: str) -> Vectors:
    """A float32 copy in C order, without negative zeros: they compare equal but differ in bytes."""
    array = np.asarray(vectors)
    if array.ndim != 2:
        raise ValueError(f"expected an array of shape (n, dim), got {array.shape}")
    with np.errstate(over="ignore"):
        copy: Vectors = np.ascontiguousarray(array, dtype=np.float32) + np.float32(0)
    _reject(np.any(~np.isfinite(copy), axis=1), what, "holds a NaN or an infinity")
    _reject(_lengths(copy) > _LONGEST, what, f"is longer than {_LONGEST:g}")
    return copy


def _reject(wrong: npt.NDArray[np.bool_], what: str, why: str) -> None:
    if wrong.any():
        raise ValueError(f"{what} {int(np.argmax(wrong))} {why}")


def _lengths(vectors: Vectors) -> Scores:
    squares: Scores = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    return np.sqrt(squares)


def _together(parts: list[_Pairs]) -> _Pairs:
    if len(parts) == 1:
        return parts[0]
    return _Pairs(np.concatenate([part.queries for part in parts]), np.concatenate([part.rows for part in parts]))
