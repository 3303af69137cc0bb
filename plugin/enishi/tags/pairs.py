"""Values of (post, tag) pairs, of which a large blog has far more than are worth keeping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Matrix, Rows


@dataclass(frozen=True, slots=True)
class Pairs:
    """Some (post, tag) pairs, sorted by post, then by tag; their values are arrays of the same length beside it."""

    rows: Rows
    columns: Rows
    shape: tuple[int, int]
    """(n_posts, n_tags)."""
    starts: Rows
    """Where the pairs of each post start, shape (n_posts + 1,)."""
    _keys: Rows

    @classmethod
    def of(cls, rows: Rows, columns: Rows, shape: tuple[int, int]) -> Pairs:
        """Pairs that are sorted already."""
        rows, columns = rows.astype(np.int64), columns.astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
        return cls(rows, columns, shape, starts, rows * shape[1] + columns)

    @classmethod
    def where(cls, chosen: npt.NDArray[np.bool_]) -> Pairs:
        """Those chosen by an array of shape (n_posts, n_tags)."""
        rows, columns = np.nonzero(chosen)
        return cls.of(rows, columns, (chosen.shape[0], chosen.shape[1]))

    def find(self, values: Any, rows: Any, columns: Any, missing: float = 0) -> Any:
        """The values of these pairs, `missing` for those that are not here; rows and columns are broadcast."""
        wanted = np.asarray(rows) * self.shape[1] + np.asarray(columns)
        if not len(values):
            return np.full(wanted.shape, missing)
        place = np.minimum(np.searchsorted(self._keys, wanted), len(values) - 1)
        return np.where(self._keys[place] == wanted, values[place], missing)

    def of_posts(self, rows: Rows) -> tuple[Rows, Rows]:
        """All pairs of some posts: the place of the post among these, and the place of the pair."""
        often = self.starts[rows + 1] - self.starts[rows]
        which = np.repeat(np.arange(len(rows)), often)
        return which, np.arange(len(which)) + (self.starts[rows] - np.cumsum(often) + often)[which]

    def dense(self, values: Any, rows: Rows) -> Any:
        """The values of some posts with every tag, 0 where a pair is not here; shape (len(rows), n_tags)."""
        which, pair = self.of_posts(rows)
        result = np.zeros((len(rows), self.shape[1]), dtype=values.dtype)
        result[which, self.columns[pair]] = values[pair]
        return result

    def matrix(self, values: Matrix | None = None) -> Any:
        """As a csr array, of ones where no values are given."""
        from scipy.sparse import csr_array

        data = np.ones(len(self.columns)) if values is None else values
        return csr_array((data, self.columns, self.starts), shape=self.shape)
