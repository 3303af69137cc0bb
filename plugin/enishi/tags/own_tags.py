"""Tags beside tags: how often they stand together, against what the texts of those posts let expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Matrix


@dataclass(frozen=True, slots=True)
class Beside:
    """How often a tag stands beside one tag of a post; the post itself is not counted."""

    own: int
    """Column of the post's tag."""
    together: int
    """Other posts that carry both."""
    posts: int
    """Other posts that carry the post's tag."""
    expected: float
    """On how many of those the tag would stand if it depended on their texts alone."""


@dataclass(frozen=True, slots=True)
class OwnTags:
    """Counts of all pairs of tags; shape (n_tags, n_tags), rows are the tags that a post has."""

    carried: npt.NDArray[np.bool_]
    """Which posts carry which tags, shape (n_posts, n_tags)."""
    fit: Matrix
    """The probability of every tag by the text alone, out of fold; shape (n_posts, n_tags)."""
    together: Matrix
    expected: Matrix

    @classmethod
    def count(cls, carried: npt.NDArray[np.bool_], fit: Matrix) -> OwnTags:
        """Count all pairs."""
        from scipy.sparse import csr_array

        y = csr_array(carried.T.astype(float))  # a post has few of the tags
        return cls(carried, fit, y @ carried.astype(float), y @ fit)

    def least_ratio(self, row: int) -> Matrix:
        """The least (together + 1) / (expected + 1) of a post's tags with every tag, at most 1; shape (n_tags,).

        Counted as in `beside`.
        """
        least, carried, fit = np.ones(self.carried.shape[1]), self.carried[row], self.fit[row]
        for own in np.flatnonzero(carried).tolist():
            ratio = (self.together[own] - carried + 1) / (np.maximum(self.expected[own] - fit, 0) + 1)
            ratio[own] = 1
            np.minimum(least, ratio, out=least)
        return least

    def beside(self, row: int, column: int) -> tuple[Beside, ...]:
        """The tag of one column beside each other tag of a post, in the order of columns."""
        found = []
        for own in np.flatnonzero(self.carried[row]).tolist():
            if own != column:
                together = int(self.together[own, column]) - int(self.carried[row, column])
                expected = max(float(self.expected[own, column] - self.fit[row, column]), 0.0)
                found.append(Beside(own, together, int(self.together[own, own]) - 1, round(expected, 4)))
        return tuple(found)
