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

    def log_ratios(self, row: int) -> Matrix:
        """log((together + 1) / (expected + 1)) of each tag of a post with every tag; shape (its tags, n_tags).

        Counted as in `beside`; 0 for a tag with itself.
        """
        own = np.flatnonzero(self.carried[row])
        together = self.together[own] - self.carried[row]
        expected = np.maximum(self.expected[own] - self.fit[row], 0)
        ratios = np.log((together + 1) / (expected + 1))
        ratios[np.arange(len(own)), own] = 0
        return np.asarray(ratios)

    def beside(self, row: int, column: int) -> tuple[Beside, ...]:
        """The tag of one column beside each other tag of a post, in the order of columns."""
        found = []
        for own in np.flatnonzero(self.carried[row]).tolist():
            if own != column:
                together = int(self.together[own, column]) - int(self.carried[row, column])
                expected = max(float(self.expected[own, column] - self.fit[row, column]), 0.0)
                found.append(Beside(own, together, int(self.together[own, own]) - 1, round(expected, 4)))
        return tuple(found)
