"""Nearest rows by inner product, by ScaNN or, where it has no wheel, by NumPy.

Up to 20,000 rows both backends return the same bytes: see :mod:`enishi.related.exact`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from enishi.errors import IndexUnavailableError
from enishi.related.exact import ExactIndex

if TYPE_CHECKING:
    from enishi.related.scann_index import ScannMode
    from enishi.types import Rows, Scores, Vectors

Backend: TypeAlias = Literal["auto", "scann", "exact"]
IndexMaker: TypeAlias = "Callable[[Vectors], Searchable]"


class Searchable(Protocol):
    """What finds the nearest rows, as :class:`enishi.related.exact.Index` does."""

    def search(self, queries: Vectors, k: int) -> tuple[Rows, Scores]:
        """The k best rows for each query, best first, of equal scores the lower row."""


def build_index(
    vectors: Vectors,
    *,
    backend: Backend | IndexMaker = "auto",
    mode: ScannMode | None = None,
    threads: int | None = None,
) -> Searchable:
    """An index over `vectors`, shape (n, dim); n may be 0.  The rows are copied.

    `auto` is ScaNN where it can be imported, else the exact index.  `mode` and `threads` concern ScaNN only:
    see :class:`enishi.related.scann_index.ScannIndex`.  What is no name makes the index itself.

    Raises ValueError for a row with a NaN or an infinity (named by its number) and
    :class:`IndexUnavailableError` for ``backend="scann"`` where ScaNN cannot be imported.
    """
    from enishi.related.scann_index import ScannIndex

    if callable(backend):
        return backend(vectors)
    if backend == "exact":
        return ExactIndex(vectors)
    if backend not in ("auto", "scann"):
        raise ValueError(f"unknown index backend {backend!r}: auto, scann or exact")
    try:
        return ScannIndex(vectors, mode=mode, threads=threads)
    except IndexUnavailableError:
        if backend == "scann":
            raise
        return ExactIndex(vectors)


def neighbors_of_all(index: Searchable, queries: Vectors, k: int, *, own: Rows | None = None) -> tuple[Rows, Scores]:
    """The k best rows for each query except the query's own row.

    Query i belongs to row ``own[i]``, by default to row i; all rows of `own` must be rows of the index.  The own row
    is left out by its number, wherever it stands: dropping the first hit might drop another, identical row.

    Returns rows and scores of shape (len(queries), min(k, n - 1)), in the order of :meth:`Index.search`.
    """
    import numpy as np

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
