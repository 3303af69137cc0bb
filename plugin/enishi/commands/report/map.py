"""Where the posts of a blog stand on a map: for now, by their two principal components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from enishi.types import Matrix, Vectors


@dataclass(frozen=True, slots=True)
class Region:
    """A topic on the map."""

    topic: int
    x: float
    y: float
    outline: list[list[float]]


def place_posts(vectors: Vectors, paths: Sequence[str]) -> Matrix:
    """Places in the unit square, shape (n, 2)."""
    del paths
    if not len(vectors):
        return np.zeros((0, 2))
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred[:, :].astype(np.float64), full_matrices=False)
    flat = centred @ axes[:2].T
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    low, high = flat.min(axis=0), flat.max(axis=0)
    placed: Matrix = (flat - low) / np.maximum(high - low, 1e-9)
    return placed


def trustworthiness(vectors: Vectors, positions: Matrix, k: int = 10) -> float:
    """How well the map keeps neighbours: not measured yet."""
    del vectors, positions, k
    return 0.0


def regions(positions: Matrix, topic_of_row: Sequence[int | None]) -> list[Region]:
    """The topics, each round its middle."""
    found = []
    for topic in sorted({one for one in topic_of_row if one is not None}):
        x, y = positions[[row for row, one in enumerate(topic_of_row) if one == topic]].mean(axis=0).round(4).tolist()
        outline = [[x + 0.05 * dx, y + 0.05 * dy] for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1))]
        found.append(Region(topic, x, y, outline))
    return found
