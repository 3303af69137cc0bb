"""A part's rows for posts that lack it, filled in from the posts that the other parts find nearest.

Where one of two posts lacks a part, a row of zeros takes the part's share from their cosine, and so ranks posts by
whether they have it.  So the row becomes the mean of those of the k nearest posts that have the part, as new items
are given factors from their attributes (Gantner et al. 2010, "Learning attribute-to-feature mappings for cold-start
recommendations", the k nearest neighbours mapping).

The mean is not scaled to unit length: the less its posts agree, the shorter it is and the less it counts.  At unit
length, posts that lack the part would be listed more often than those that have it, and lists would be worse
(``benchmarks/readers.py``, table in docs/encoders.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enishi.vectors import one_thread

if TYPE_CHECKING:
    from enishi.types import Vectors

NEIGHBORS = 10
"""How many posts a missing row is the mean of."""
_ROWS_AT_ONCE = 256
_DIGITS = 6


def fill_missing(part: Vectors, others: Vectors, neighbors: int = NEIGHBORS) -> Vectors:
    """A copy of the part whose rows of zeros are filled in.

    Such a row becomes the mean of the rows of its nearest posts, weighted by their cosine: 1 long where they agree,
    shorter where they do not.  It stays zeros where no post with the part has a positive cosine with it, or the other
    parts know nothing either.  The time is proportional to rows with the part × rows without.

    Args:
        part: unit rows or zeros, (n, dim).
        others: the other parts, joined: unit rows or zeros, (n, any).
        neighbors: how many posts a missing row is the mean of.
    """
    import numpy as np

    known = np.flatnonzero(part.any(axis=1))
    missing = np.flatnonzero(~part.any(axis=1) & others.any(axis=1))
    filled = part.copy()
    if not len(known) or not len(missing):
        return filled
    k = min(neighbors, len(known))
    candidates = np.ascontiguousarray(others[known].T)
    with one_thread():
        for start in range(0, len(missing), _ROWS_AT_ONCE):
            rows = missing[start : start + _ROWS_AT_ONCE]
            cosines = np.round(others[rows] @ candidates, _DIGITS)  # so that posts with the same words are equally near
            nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
            weights = np.maximum(np.take_along_axis(cosines, nearest, axis=1), 0).astype(np.float64)
            total = weights.sum(axis=1, keepdims=True)
            weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
            filled[rows] = np.einsum("rk,rkd->rd", weights, part[known[nearest]].astype(np.float64))
    return filled
