"""How parts become one vector a post: weighted, filled in, concatenated, and smoothed along the blog's own links.

    v_i = unit([√w_1 · p_1i, √w_2 · p_2i, …]),   z_i = unit(v_i + a · (D^-½ A D^-½ v)_i)

So the cosine of two posts is the weighted mean of the parts' cosines, and what each part (and the links) contributed to
it is known exactly: :func:`contributions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import sqrt
from typing import TYPE_CHECKING, Any

from enishi.encoders.missing import fill_missing
from enishi.vectors import unit_rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Document, Vectors

FULLY_CENTRED_POSTS = 50
"""Of two centred posts each is the other's opposite, whatever they say: a smaller blog is centred in part."""
_ROUNDS_BACK = 200
_CLOSE_ENOUGH = 1e-7


@dataclass(frozen=True, slots=True)
class Part:
    """One part of all posts' vectors."""

    name: str
    weight: float
    vectors: Vectors
    """Shape (n, dim), unit rows; zeros where the part is missing."""
    is_often_missing: bool = False
    """Whether missing rows are filled in from the parts before it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The columns of the vectors that belong to a part."""

    name: str
    start: int
    end: int


def concatenate(parts: Sequence[Part]) -> Vectors:
    """One vector a post, shape (n, sum of dims), unit rows.

    The cosine of two posts is the weighted mean of the parts' cosines (weights as given, on any positive scale).  Where
    a part is missing (a row of zeros) the others speak alone.
    """
    import numpy as np

    if len(parts) == 1:
        return parts[0].vectors
    scaled = [part.vectors * np.float32(sqrt(part.weight)) for part in parts]
    return unit_rows(np.concatenate(scaled, axis=1))


def slots_of(parts: Sequence[Part]) -> tuple[Slot, ...]:
    """The columns of each part in what :func:`concatenate` makes of them."""
    ends = list(accumulate(part.vectors.shape[1] for part in parts))
    return tuple(Slot(part.name, start, end) for part, start, end in zip(parts, [0, *ends], ends, strict=False))


def fill_often_missing(parts: Sequence[Part]) -> list[Part]:
    """The parts in their order; those that most posts may lack are filled in from the parts before them."""
    filled: list[Part] = []
    for part in parts:
        is_filled = part.is_often_missing and filled
        filled.append(replace(part, vectors=fill_missing(part.vectors, concatenate(filled))) if is_filled else part)
    return filled


def link_rows(documents: Sequence[Document], links: Mapping[str, tuple[str, ...]]) -> list[tuple[int, int]]:
    """Links between posts as pairs of rows."""
    row = {document.post.path: number for number, document in enumerate(documents)}
    return [(row[source], row[target]) for source, targets in links.items() for target in targets]


def smooth_along_links(vectors: Vectors, links: Iterable[tuple[int, int]], weight: float) -> Vectors:
    """Draw each row towards the rows it is linked with: z = unit(v + weight · D^-½ A D^-½ v).

    `links` are pairs of rows in any direction and number; A is symmetric, D its degrees.  Rows of zeros (posts
    without words) stay zeros.  The formula is one step of a graph convolution (Kipf & Welling, 2017).
    """
    import numpy as np

    pull = _pull(links, len(vectors))
    if pull is None or weight == 0:
        return vectors
    smoothed: Vectors = unit_rows((vectors + weight * (pull @ vectors.astype(np.float64))).astype(np.float32))
    smoothed[~vectors.any(axis=1)] = 0
    return smoothed


def contributions(
    vectors: Vectors, slots: Sequence[Slot], links: Iterable[tuple[int, int]], weight: float, first: int, second: int
) -> dict[str, float]:
    """What each part contributes to the cosine of two rows of smoothed vectors, and `links`, the rest of it.

    A part's own contribution is that of the vectors before they were smoothed, which are recovered from the smoothed
    ones: z N = (I + a D^-½ A D^-½) v is solved for v by its Neumann series, and N follows from v having unit rows.
    """
    import numpy as np

    z = vectors.astype(np.float64)
    total = {slot.name: float(z[first, slot.start : slot.end] @ z[second, slot.start : slot.end]) for slot in slots}
    pull = _pull(links, len(vectors))
    if pull is None or weight == 0 or weight >= 1:
        return total
    before, lengths = _before_smoothing(z, pull, weight)
    scale = lengths[first] * lengths[second]
    own = {
        slot.name: float(before[first, slot.start : slot.end] @ before[second, slot.start : slot.end]) / scale
        for slot in slots
    }
    return {**own, "links": sum(total.values()) - sum(own.values())}


def _before_smoothing(z: npt.NDArray[np.float64], pull: Any, weight: float) -> tuple[Any, npt.NDArray[np.float64]]:
    """(v, N) with z N = v + weight · pull v and unit rows of v: v and N are iterated in turn, N from 1."""
    import numpy as np

    present = z.any(axis=1)
    lengths = np.ones(len(z))
    v = z.copy()
    for _ in range(_ROUNDS_BACK):
        v = z * lengths[:, None] - weight * (pull @ v)
        v[~present] = 0
        norms = np.linalg.norm(v, axis=1)
        lengths = np.divide(lengths, norms, out=np.ones(len(z)), where=norms > 1e-9)
        if not present.any() or abs(norms[present] - 1).max() < _CLOSE_ENOUGH:
            break
    return v, lengths


def _pull(links: Iterable[tuple[int, int]], n: int) -> Any:
    """D^-½ A D^-½, csr (n, n); None without links."""
    import numpy as np
    from scipy.sparse import csr_matrix, diags

    pairs = sorted({(min(pair), max(pair)) for pair in links if pair[0] != pair[1]})
    if not pairs:
        return None
    first, second = np.array(pairs).T
    ones = np.ones(2 * len(pairs), dtype=np.float64)
    adjacency = csr_matrix((ones, (np.concatenate([first, second]), np.concatenate([second, first]))), shape=(n, n))
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    root = diags(np.divide(1.0, np.sqrt(degree), out=np.zeros(n), where=degree > 0))
    return csr_matrix(root @ adjacency @ root)


def centre_of(raw: Vectors) -> Vectors:
    """The mean of the rows that are not zeros, shape (dim,); of few rows only a part of it."""
    import numpy as np

    present = raw.any(axis=1)
    mean = raw[present].mean(axis=0, dtype=np.float64) if present.any() else np.zeros(raw.shape[1])
    centre: Vectors = (min(1.0, present.sum() / FULLY_CENTRED_POSTS) * mean).astype(np.float32)
    return centre


def centred(raw: Vectors, centre: Vectors) -> Vectors:
    """Rows without what all have in common, of unit length; zeros stay zeros."""
    rows = unit_rows(raw - centre)
    rows[~raw.any(axis=1)] = 0
    return rows
