"""From parts to a post's one vector: weighted concatenation, and smoothing along the blog's own links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enishi.types import Vectors


def concatenate(parts: Sequence[tuple[Vectors, float]]) -> Vectors:
    """One vector a post from several encoders' unit vectors.

    The cosine of two posts is the weighted mean of the parts' cosines (weights as given, any positive scale).  Where
    a part is missing (a row of zeros) the others speak alone.  Shape (n, sum of dims), unit rows.
    """
    import numpy as np

    scaled = [vectors * np.float32(sqrt(weight)) for vectors, weight in parts]
    return _unit(np.concatenate(scaled, axis=1))


def smooth_along_links(vectors: Vectors, links: Iterable[tuple[int, int]], weight: float) -> Vectors:
    """Draw each row towards the rows it is linked with: z = unit(e + weight · D^-½ A D^-½ e).

    `links` are pairs of rows in any direction and number; A is symmetric, D its degrees.  Rows of zeros (posts
    without words) stay zeros.  The formula is one step of a graph convolution (Kipf & Welling, 2017).
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    pairs = sorted({(min(pair), max(pair)) for pair in links if pair[0] != pair[1]})
    if not pairs or weight == 0:
        return vectors
    n = len(vectors)
    first, second = np.array(pairs).T
    ones = np.ones(2 * len(pairs), dtype=np.float64)
    adjacency = csr_matrix((ones, (np.concatenate([first, second]), np.concatenate([second, first]))), shape=(n, n))
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    root = np.divide(1.0, np.sqrt(degree), out=np.zeros(n), where=degree > 0)
    pulled = root[:, None] * (adjacency @ (root[:, None] * vectors.astype(np.float64)))
    smoothed = _unit((vectors + weight * pulled).astype(np.float32))
    smoothed[~vectors.any(axis=1)] = 0
    return smoothed


def _unit(vectors: Vectors) -> Vectors:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)
    return unit
