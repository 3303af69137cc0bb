"""Nearest rows by inner product: ScaNN proposes, :mod:`enishi.related.exact` scores."""

from __future__ import annotations

import math
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from enishi.errors import IndexUnavailableError
from enishi.related.exact import CELLS, CandidatePairs, Index, join_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from enishi.types import Rows, Vectors

ScannMode: TypeAlias = Literal["brute", "ah", "tree"]

EXACT_BELOW = 20_000
"""Up to here ScaNN compares all rows; more rows are quantised (asymmetric hashing) and reordered."""
TREE_ABOVE = 100_000
"""From here on ScaNN also looks into only a part of the rows."""
_SPARE = 20
"""How many rows more than k ScaNN proposes."""


class ScannIndex(Index):
    """ScaNN proposes k + 20 rows.

    `mode` is `brute` (all rows compared; output identical to :class:`ExactIndex`), `ah` (asymmetric hashing, then
    reordering; recall@10 of at least .98, and the last bits of recall may differ between builds) or `tree` (the same
    within some of √n leaves); by default it follows from the number of different rows: :data:`EXACT_BELOW`,
    :data:`TREE_ABOVE`.  `threads` is for training and searching, by default all cores.

    Raises :class:`IndexUnavailableError` where ScaNN cannot be imported.
    """

    def __init__(self, vectors: Vectors, *, mode: ScannMode | None = None, threads: int | None = None) -> None:
        scann = import_scann()
        super().__init__(vectors)
        count = len(self._rows)
        self.mode: ScannMode = mode or _mode_for(count)
        self._threads = threads or os.cpu_count() or 1
        self._searcher: Any = None
        if count > _SPARE:  # fewer are scanned at once, and ScaNN cannot train on a handful
            self._searcher = _build_searcher(scann, self._rows, self.mode, self._threads)

    def _propose(self, queries: Vectors, k: int) -> CandidatePairs:
        wanted = k + _SPARE
        if self._searcher is None or wanted >= len(self._rows):
            return join_pairs(list(self._scan(queries, k)))
        rows, near = self._ask(queries, wanted)
        answered = np.isfinite(near)  # a tree's leaves may hold fewer rows than wanted: the rest is NaN
        complete: npt.NDArray[np.bool_] = np.all(answered[:, :k], axis=1)
        if self.mode == "brute":
            cut = self._cut(near[:, k - 1], queries)
            # A list that ends above the cut may have left out a row that belongs above it too.
            complete = answered[:, -1] & (near[:, -1] < cut)
            answered &= near >= cut[:, np.newaxis]
        query, column = np.nonzero(answered & complete[:, np.newaxis])
        parts = [CandidatePairs(query, rows[query, column])]
        rest = np.flatnonzero(~complete)
        if len(rest):
            parts += [CandidatePairs(rest[pairs.queries], pairs.rows) for pairs in self._scan(queries[rest], k)]
        return join_pairs(parts)

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
        return max(1, CELLS // min(self._size, (k + _SPARE) * k))  # each candidate may stand for k equal rows


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


def import_scann() -> Any:
    """The part of ScaNN that is used.

    Raises:
        IndexUnavailableError: it is not there, or does not run here.
    """
    try:
        from scann.scann_ops.py import scann_ops_pybind
    except Exception as error:  # whatever a wheel for another machine, C library or Python makes of it
        raise IndexUnavailableError(
            f"ScaNN cannot be imported ({type(error).__name__}: {error}). It runs on Linux x86_64 with Python before "
            "3.14; index.backend = 'auto' takes NumPy elsewhere, which finds the same"
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
