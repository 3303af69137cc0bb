"""Tags beside tags: how often they stand together, against what the texts of those posts let expect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from enishi.tags.pairs import Pairs
    from enishi.types import Matrix, Rows


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


class OwnTags:
    """Counts of all pairs of tags; shape (n_tags, n_tags), rows are the tags that a post has."""

    def __init__(self, carried: Pairs) -> None:
        self.carried = carried
        self._carries = carried.matrix()
        self.together: Matrix = (self._carries.T @ self._carries).toarray()
        self.expected: Matrix = np.zeros(self.together.shape)

    def add(self, rows: Rows, fit: Matrix) -> None:
        """Count what the texts of some posts let expect: the probability of every tag by the text alone, out of fold.

        `fit` has shape (len(rows), n_tags).
        """
        self.expected += self._carries[rows].T @ fit

    def least_ratio(self, rows: Rows, columns: Rows, fit: Matrix) -> Matrix:
        """For each (post, tag), the least (together + 1) / (expected + 1) of the post's other tags with it, at most 1.

        `fit` is that of the pair; counted as in `beside`.
        """
        least = np.ones(len(rows))
        carries = self.carried.find(np.ones(len(self.carried.columns)), rows, columns)
        for some, own in self.of_each(rows):
            tag = columns[some]
            ratio = (self.together[own, tag] - carries[some] + 1) / (
                np.maximum(self.expected[own, tag] - fit[some], 0) + 1
            )
            least[some] = np.minimum(least[some], np.where(own == tag, 1.0, ratio))
        return least

    def of_each(self, rows: Rows) -> Iterator[tuple[Rows, Rows]]:
        """The first tag of each post, then the second, and so on: places in `rows`, and the tag of each."""
        starts, ends = self.carried.starts[rows], self.carried.starts[rows + 1]
        for number in range(int((ends - starts).max(initial=0))):
            some = np.flatnonzero(starts + number < ends)
            yield some, self.carried.columns[starts[some] + number]

    def beside(self, row: int, column: int, fit: float) -> tuple[Beside, ...]:
        """The tag of one column beside each other tag of a post, in the order of columns; `fit` is that of the pair."""
        found = []
        owned = self.carried.columns[self.carried.starts[row] : self.carried.starts[row + 1]].tolist()
        for own in owned:
            if own != column:
                together = int(self.together[own, column]) - (column in owned)
                expected = max(float(self.expected[own, column]) - fit, 0.0)
                found.append(Beside(own, together, int(self.together[own, own]) - 1, round(expected, 4)))
        return tuple(found)
