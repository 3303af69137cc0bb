"""One process of the comparison: `make` the vectors of a size, or `measure` one contender on them.

A process of its own for each, so that one's memory is not counted as another's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.index.contenders import contender
from benchmarks.index.vectors import blog_like_vectors
from benchmarks.machine import memory_now
from enishi.related.index import neighbors_of_all

K = 10
QUERIES = 1000
REPEAT = 5
ALONE = 100


def make(folder: Path, count: int, dim: int) -> None:
    """Write the vectors, and which rows are asked for."""
    np.save(folder / "vectors.npy", blog_like_vectors(count, dim))
    asked = np.random.default_rng(1).choice(count, size=min(count, QUERIES), replace=False)
    np.save(folder / "asked.npy", asked.astype(np.int64))


def measure(folder: Path, name: str) -> dict[str, float]:
    """Build the index, ask it for a batch and for single rows; `exact` also writes what is right."""
    vectors, asked = np.load(folder / "vectors.npy"), np.load(folder / "asked.npy")
    build = contender(name)
    queries = vectors[asked]
    before, _ = memory_now()
    start = time.perf_counter()
    index = build(vectors)
    built = time.perf_counter() - start
    batches = []
    for _ in range(REPEAT):
        start = time.perf_counter()
        rows, _ = neighbors_of_all(index, queries, K, own=asked)
        batches.append(time.perf_counter() - start)
    alone = []
    for query in queries[:ALONE]:
        start = time.perf_counter()
        index.search(query[np.newaxis], K + 1)
        alone.append(time.perf_counter() - start)
    _, peak = memory_now()
    if name == "exact":
        np.save(folder / "right.npy", rows)
    return {
        "recall": recall(rows, np.load(folder / "right.npy")),
        "batch_ms": 1000 * statistics.median(batches) / len(queries),
        "alone_ms": 1000 * statistics.median(alone),
        "build_s": built,
        "memory": max(0, peak - before),
    }


def recall(rows: np.ndarray, right: np.ndarray) -> float:
    """The share of the right rows that were found."""
    hits = sum(len(set(a) & set(b)) for a, b in zip(rows.tolist(), right.tolist(), strict=True))
    return hits / right.size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--make", type=int, metavar="COUNT")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--measure", metavar="CONTENDER")
    options = parser.parse_args()
    if options.make:
        make(options.folder, options.make, options.dim)
    if options.measure:
        print(json.dumps(measure(options.folder, options.measure)))


if __name__ == "__main__":
    main()
