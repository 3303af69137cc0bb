"""A map of a blog: every post as a point, near the posts that say the same.

Each post is drawn to its nearest posts in the vectors and pushed away by all others, as by t-SNE and UMAP (Böhm,
Berens & Kobak 2022), and held a little where it would lie on a plain map s:

    F_i = 1/p_i · (Σ_j p_ij w_ij (y_j − y_i) + 1/(ρ Z) Σ_j w_ij² (y_i − y_j)) + 0.025 · (s_i − y_i)
    w_ij = 1/(1 + |y_i − y_j|²),  Z = Σ_{k≠l} w_kl,  p_i = Σ_j p_ij

ρ falls from 2, where there is hardly more than one way for the posts to lie, to 1, so that a few new posts do not turn
the map over.  Nor may they turn the plain map: eigenvectors change signs and places, therefore s is what the vectors
say of the order of paths, K [r, r²] with r in −1…1 and K the centred cosines, its columns made orthonormal.

The sums over all posts are convolutions on a grid (Linderman et al. 2019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enishi.vectors import one_thread

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Matrix, Rows, Scores, Vectors

    Complex = npt.NDArray[np.complex128]

DIGITS = 4
_NEIGHBORS, _LEAST_NEIGHBORS = 40, 10
"""Of a small blog two fifths, and at least so many: drawn to all others, its posts would lie in a line."""
_EXACT_POSTS = 20_000
"""Up to this many posts neighbours are exact; above, the index may be approximate."""
_RHO = (2.0, 1.0)
_STEPS, _MOMENTUM, _HOLD = 100, 0.8, 0.025
_HELD_POSTS = 2000
"""More posts are held less: a few new ones hardly move them, and they need the room."""
_SPACING = 0.5
"""Of the grid's nodes, in units of w's width."""
_SAMPLE = 4000
"""Of more posts, only so many are asked how trustworthy their neighbours are."""
_CELLS = 1 << 20
_LABEL_SIZE = (0.1, 0.03)
_MOST_LABEL_PLACES = 400


@dataclass(frozen=True, slots=True)
class Region:
    """Where most posts of a topic lie."""

    topic: int
    x: float
    y: float
    """Place of the label, on one of the topic's posts."""
    outline: tuple[tuple[float, float], ...]
    """Corners of a convex polygon round most of the posts; empty where they lie in a line."""


def place_posts(vectors: Vectors, paths: Sequence[str]) -> Matrix:
    """Positions in 0…1, shape (n, 2), rounded to 4 digits.

    Args:
        vectors: rows of unit length, or zeros for posts without words, which lie in a line below all others.
        paths: of the posts, in order: where paths tell the date, the map's first axis is time.
    """
    import numpy as np

    has_words = vectors.any(axis=1) if vectors.size else np.zeros(len(paths), dtype=bool)
    known = np.flatnonzero(has_words)
    places = np.zeros((len(paths), 2))
    hashes = _hashes(paths)
    with one_thread():
        laid = _lay_out(vectors[known], hashes[known])
    if len(known) == len(paths):
        places = laid
    else:
        places[known] = laid * 0.94 + [0.03, 0.06]
        places[~has_words, 0] = hashes[~has_words]
    rounded: Matrix = np.round(places, DIGITS) + 0.0
    return rounded


def principal_positions(vectors: Vectors) -> Matrix:
    """The plane of the first two principal components, shape (n, 2): what the map is compared with."""
    import numpy as np
    from scipy.linalg import eigh

    n, dimensions = vectors.shape
    if n < 2 or dimensions < 2:
        return np.zeros((n, 2))
    with one_thread():
        mean = vectors.mean(axis=0, dtype=np.float64)
        covariance = np.zeros((dimensions, dimensions))
        for start in range(0, n, 4096):
            part = vectors[start : start + 4096] - mean
            covariance += part.T @ part
        _, axes = eigh(covariance, subset_by_index=(dimensions - 2, dimensions - 1))
        positions: Matrix = (vectors - mean.astype(np.float32)).astype(np.float64) @ axes[:, ::-1]
    return positions


def trustworthiness(vectors: Vectors, positions: Matrix, k: int = 10) -> float:
    """How far the k nearest posts on the map are near in the vectors, too: 1 for all of them, about .5 by chance.

    1 − 2/(nk(2n − 3k − 1)) Σ_i Σ_j max(0, r(i, j) − k), j among the k nearest on the map, r(i, j) the rank of j among
    the others by cosine (Venna & Kaski 2001).  Of many posts a sample is asked, spread evenly over the rows.
    """
    import numpy as np

    n = len(vectors)
    k = min(k, (n - 1) // 2)
    if k < 1:
        return 1.0
    asked = np.unique(np.linspace(0, n - 1, min(n, _SAMPLE)).astype(np.int64))
    too_far, step = 0, max(1, _CELLS // n)
    with one_thread():
        for rows in np.split(asked, range(step, len(asked), step)):
            every = np.arange(len(rows))
            cosines = vectors[rows] @ vectors.T
            cosines[every, rows] = np.inf
            for near in _nearest(positions, rows, k).T:
                ranks = (cosines > cosines[every, near][:, np.newaxis]).sum(axis=1)
                too_far += int(np.maximum(ranks - k, 0).sum())
    return 1 - 2 * too_far / (len(asked) * k * (2 * n - 3 * k - 1))


def _nearest(positions: Matrix, rows: Rows, k: int) -> Rows:
    """The k other posts nearest to each of these on the map, of equally near ones those with the lower rows."""
    import numpy as np

    x, y = positions.T
    squared = (x[rows, np.newaxis] - x) ** 2 + (y[rows, np.newaxis] - y) ** 2
    squared[np.arange(len(rows)), rows] = np.inf
    one, other = np.nonzero(squared <= np.partition(squared, k - 1, axis=1)[:, k - 1 : k])
    order = np.lexsort((other, squared[one, other], one))
    best: Rows = other[order][np.searchsorted(one, np.arange(len(rows)))[:, np.newaxis] + np.arange(k)]
    return best


def regions(positions: Matrix, topic_of_row: Sequence[int | None]) -> list[Region]:
    """A label and an outline for each topic, by topic; None or -1 is no topic.

    The label stands where the topic is densest, or next to there if the label of a larger topic is in the way.  The
    outline is a hull of the four fifths of its posts that are nearest to its densest point.
    """
    import numpy as np

    rows: dict[int, list[int]] = defaultdict(list)
    for row, topic in enumerate(topic_of_row):
        if topic is not None and topic >= 0:
            rows[topic].append(row)
    labels, found = np.zeros((0, 2)), []
    for topic, members in sorted(rows.items(), key=lambda item: (-len(item[1]), item[0])):
        points = positions[members]
        places = _densest_first(points)
        is_free = ((np.abs(places[:, np.newaxis] - labels) / _LABEL_SIZE).max(axis=2) >= 1).all(axis=1)
        label = places[int(np.argmax(is_free))]  # none free: the densest
        labels = np.vstack([labels, label])
        order = np.argsort(((points - places[0]) ** 2).sum(axis=1), kind="stable")
        outline = _outline(points[order[: max(3, round(0.8 * len(points)))]])
        found.append(Region(topic, float(label[0]), float(label[1]), outline))
    return sorted(found, key=lambda region: region.topic)


# -- from vectors to places -------------------------------------------------------------------------------------------


def _lay_out(vectors: Vectors, hashes: Scores) -> Matrix:
    """Positions in 0…1 of posts with words."""
    import numpy as np

    n = len(vectors)
    if n < 2:
        return np.full((n, 2), 0.5)
    width = max(min(0.2 * n**0.5, 3.0), 0.08 * n**0.5)  # about as far as the posts push one another
    start = _plain_map(vectors) * width
    aside = np.stack([hashes, hashes * 2**20 % 1], axis=1) - 0.5  # posts that say the same must not hide one another
    laid = _settle(_attraction(vectors), start + 0.01 * aside)
    laid += 0.004 * np.ptp(laid) * aside
    low, high = laid.min(axis=0), laid.max(axis=0)
    fitted: Matrix = (laid - (low + high) / 2) / max((high - low).max(), 1e-9) + 0.5
    return fitted


def _plain_map(vectors: Vectors) -> Matrix:
    """s, shape (n, 2): columns of standard deviation 1, or of zeros where all posts lie in a line or a point."""
    import numpy as np

    n = len(vectors)
    order = np.linspace(-1, 1, n)
    mean = vectors.mean(axis=0, dtype=np.float64)
    along = vectors.T.astype(np.float64) @ np.stack([order, order**2 - (order**2).mean()], axis=1)
    plain: Matrix = vectors @ along - mean @ along
    for axis, before in ((plain[:, 0], plain[:, :0]), (plain[:, 1], plain[:, :1])):
        axis -= before @ (before.T @ axis) / n
        spread = axis.std()
        axis *= 1 / spread if spread > 1e-6 else 0
    return plain


def _attraction(vectors: Vectors) -> Any:
    """p, a csr matrix (n, n): each post is drawn to its nearest ones, the less the further down its list they stand.

    The last of a list counts for next to nothing, so that one who enters or leaves it moves nobody.
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    from enishi.related.index import build_index, neighbors_of_all

    n = len(vectors)
    index = build_index(vectors, backend="exact" if n <= _EXACT_POSTS else "auto")
    near, scores = neighbors_of_all(index, vectors, min(_NEIGHBORS, n - 1, max(_LEAST_NEIGHBORS, 2 * n // 5)))
    weights = np.maximum(scores - scores[:, -1:], 0) + 1e-3
    weights /= weights.sum(axis=1, keepdims=True)
    starts = np.arange(0, near.size + 1, near.shape[1])
    one_way = csr_matrix((weights.ravel(), near.ravel(), starts), shape=(n, n))
    both = csr_matrix(one_way + one_way.T)
    both.sort_indices()
    return both / both.sum()


def _settle(attraction: Any, start: Matrix) -> Matrix:
    """Let the forces move the posts."""
    import numpy as np
    from scipy.sparse import csr_matrix

    n = len(start)
    counts, columns, p = np.diff(attraction.indptr), attraction.indices, attraction.data
    degree = attraction @ np.ones(n)
    held = start[:, 0] + 1j * start[:, 1]
    places, speed = held, np.zeros(n, dtype=complex)
    grid, hold = _Grid(64), _HOLD * min(1, _HELD_POSTS / n)
    for rho in np.geomspace(*_RHO, _STEPS):
        apart = places[columns] - np.repeat(places, counts)
        near = p / (1 + apart.real**2 + apart.imag**2)
        drawn = csr_matrix((near * apart, columns, attraction.indptr), shape=(n, n)) @ np.ones(n)
        while not grid.holds(places):
            grid = _Grid(2 * grid.nodes)
        pushed, total = grid.push(places)
        speed = _MOMENTUM * speed + (drawn + pushed / (rho * total)) / degree + hold * (held - places)
        places = places + speed
        places -= places.mean()
    return np.stack([places.real, places.imag], axis=1)


class _Grid:
    """Sums over all pairs of posts as convolutions: posts are spread over the nodes near them, and ask them again.

    Weights are quadratic B-splines over 3 × 3 nodes.
    """

    def __init__(self, nodes: int) -> None:
        import numpy as np
        from numpy.fft import fft2, rfft2

        self.nodes = nodes
        along = np.fft.fftfreq(2 * nodes, 1 / (2 * nodes)) * _SPACING
        apart = along[:, np.newaxis] + 1j * along
        near = 1 / (1 + np.abs(apart) ** 2)
        own = np.outer([1, 6, 1], [1, 6, 1]).ravel() / 64
        corners = np.array([x + 1j * y for x in range(3) for y in range(3)]) * _SPACING
        self._own = float(own @ (1 / (1 + np.abs(corners[:, np.newaxis] - corners) ** 2)) @ own)
        away = near**2 * apart
        away[nodes], away[:, nodes] = 0, 0
        self._near, self._away = rfft2(near), fft2(away)

    def holds(self, places: Complex) -> bool:
        """Whether all places lie on the grid."""
        import numpy as np

        furthest = max(np.abs(places.real).max(), np.abs(places.imag).max())
        return bool(furthest / _SPACING < self.nodes // 2 - 2)

    def push(self, places: Complex) -> tuple[Complex, float]:
        """Σ_j w_ij² (y_i − y_j) for each post, and Z."""
        import numpy as np
        from numpy.fft import fft2, ifft2, irfft2

        nodes, size = self.nodes, (2 * self.nodes, 2 * self.nodes)
        at, weights = self._spread(places)
        density = np.bincount(at.ravel(), weights.ravel(), nodes * nodes).reshape(nodes, nodes)
        spectrum = fft2(density, size)
        near = irfft2(spectrum[:, : nodes + 1] * self._near, size)[:nodes, :nodes]
        away = ifft2(spectrum * self._away)[:nodes, :nodes].ravel()
        total = float((density * near).sum()) - self._own * len(places)
        return (weights * away[at]).sum(axis=0), max(total, 1e-9)

    def _spread(self, places: Complex) -> tuple[Rows, Matrix]:
        """Nodes and weights of each post, both (9, n)."""
        import numpy as np

        nodes, weights = [], []
        for axis in (places.real, places.imag):
            on_grid = axis / _SPACING + self.nodes // 2
            nearest = np.rint(on_grid).astype(np.int64)
            off = on_grid - nearest
            nodes.append(np.stack([nearest - 1, nearest, nearest + 1]))
            weights.append(np.stack([0.5 * (0.5 - off) ** 2, 0.75 - off**2, 0.5 * (0.5 + off) ** 2]))
        at: Rows = (nodes[0][:, np.newaxis] * self.nodes + nodes[1]).reshape(9, -1)
        return at, (weights[0][:, np.newaxis] * weights[1]).reshape(9, -1)


def _hashes(paths: Sequence[str]) -> Scores:
    """A number in 0…1 for each path that hangs on nothing else."""
    import numpy as np

    from enishi.tags.communities import path_hash

    return np.array([int.from_bytes(path_hash(path)[:6], "big") / 2**48 for path in paths])


# -- regions ----------------------------------------------------------------------------------------------------------


def _densest_first(points: Matrix) -> Matrix:
    """The points, or some hundreds of them, with the most others near them first."""
    import numpy as np

    some = points[:: 1 + len(points) // _MOST_LABEL_PLACES]
    squared = ((some[:, np.newaxis] - some) ** 2).sum(axis=2)
    density = np.exp(-4 * squared / max(float(np.median(squared)), 1e-9)).sum(axis=1)
    ordered: Matrix = some[np.argsort(-density.round(9), kind="stable")]
    return ordered


def _outline(points: Matrix) -> tuple[tuple[float, float], ...]:
    """The convex hull with its corners cut twice (Chaikin 1974); nothing where the points lie in a line."""
    import numpy as np

    corners = _hull(points)
    if len(corners) < 3:
        return ()
    middle = corners.mean(axis=0)
    corners = middle + 1.1 * (corners - middle)  # what is cut off held posts
    for _ in range(2):
        following = np.roll(corners, -1, axis=0)
        corners = np.stack([0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following], axis=1).reshape(
            -1, 2
        )
    return tuple((round(x, DIGITS), round(y, DIGITS)) for x, y in corners.clip(0, 1).tolist())


def _hull(points: Matrix) -> Matrix:
    """Corners of the convex hull of points of `DIGITS` digits, counter-clockwise (Andrew 1979).

    In whole numbers, so that points in a line have no corners between them; SciPy's hull takes longer to load.
    """
    import numpy as np

    ordered = sorted({(x, y) for x, y in np.rint(points * 10**DIGITS).astype(np.int64).tolist()})
    corners: list[tuple[int, int]] = []
    for way in (ordered, ordered[::-1]):
        half: list[tuple[int, int]] = []
        for x, y in way:
            while len(half) > 1 and _turn(*half[-2], *half[-1], x, y) <= 0:
                half.pop()
            half.append((x, y))
        corners += half[:-1]
    hull: Matrix = np.array(corners).reshape(-1, 2) / 10**DIGITS
    return hull


def _turn(x0: int, y0: int, x1: int, y1: int, x2: int, y2: int) -> int:
    """Above 0 where the way from the first point over the second to the third turns left."""
    return (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)
