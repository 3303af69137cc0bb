"""Confidence intervals of figures that are quotients of two sums over posts, and of their differences between encoders.

Intervals hold 95 % and are those of :mod:`enishi.tags.figures`: percentiles over 1,000 blogs of as many posts, drawn
from these with replacement (Efron 1979).  The drawn blogs are the same for all encoders, so differences are paired:
what makes a post hard for both does not count as doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enishi.tags.figures import Interval, bootstrap_interval, resamples
from enishi.vectors import one_thread


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one encoder, with its 95 % interval."""

    of: Interval
    difference: Interval | None
    """Difference to the first encoder on the same posts; None for that one itself, and where it has no figure."""

    @property
    def verdict(self) -> int:
        """1 if it is better than the first encoder beyond chance, -1 if worse, 0 if neither can be said."""
        if self.difference is None:
            return 0
        return int(self.difference.low > 0) - int(self.difference.high < 0)


def figures(above: Sequence[Sequence[float] | None], below: Sequence[float]) -> tuple[Figure | None, ...]:
    """A figure for each row of `above`: its sum over the posts divided by that of `below`.

    Args:
        above: shape (encoders, posts); None for an encoder without this figure.
        below: shape (posts,); over 0 for some post.
    """
    import numpy as np

    asked = [place for place, row in enumerate(above) if row is not None]
    if not asked:
        return (None,) * len(above)
    table = np.array([*(row for row in above if row is not None), below], dtype=np.float64)
    with one_thread():
        drawn = np.concatenate([weights @ table.T for weights in resamples(table.shape[1])])
    whole = table.sum(axis=1)
    drawn = drawn[drawn[:, -1] > 0]
    values, samples = whole[:-1] / whole[-1], drawn[:, :-1] / drawn[:, -1:]
    made: list[Figure | None] = [None] * len(above)
    for row, place in enumerate(asked):
        difference = None
        if place > 0 and asked[0] == 0:
            difference = bootstrap_interval(values[row] - values[0], samples[:, row] - samples[:, 0])
        made[place] = Figure(bootstrap_interval(values[row], samples[:, row]), difference)
    return tuple(made)
