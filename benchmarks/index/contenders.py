"""What is compared: five ways to find the nearest rows, each behind the same `search(queries, k)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LABELS = {
    "exact": "exact (NumPy)",
    "scann-brute": "ScaNN, brute force",
    "scann-ah": "ScaNN, AH + reorder",
    "scann-tree": "ScaNN, tree + AH + reorder",
    "hnsw": "HNSW (hnswlib)",
}
"""In the order of tables and plots."""


class HnswIndex:
    """hnswlib with common settings: M = 16, ef_construction = 200, ef = 128; inner product; one thread."""

    def __init__(self, vectors: np.ndarray) -> None:
        import hnswlib

        self._index = hnswlib.Index(space="ip", dim=vectors.shape[1])
        self._index.init_index(max_elements=len(vectors), M=16, ef_construction=200, random_seed=0)
        self._index.set_num_threads(1)
        self._index.add_items(vectors, num_threads=1)
        self._index.set_ef(128)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        rows, distances = self._index.knn_query(queries, k=k, num_threads=1)
        return rows.astype(np.int64), 1.0 - distances


def contender(name: str) -> Callable[[np.ndarray], Any]:
    """What builds the index `name` over vectors, with its library already imported and one thread to run on."""
    if name == "hnsw":
        import hnswlib  # noqa: F401

        return HnswIndex
    from enishi.related.exact import ExactIndex
    from enishi.related.scann_index import ScannIndex

    if name == "exact":
        return ExactIndex
    import scann  # noqa: F401

    return lambda vectors: ScannIndex(vectors, mode=name.removeprefix("scann-"), threads=1)  # type: ignore[arg-type]
