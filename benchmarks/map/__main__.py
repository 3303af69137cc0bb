"""How true and how stable the report's map is, and what it costs: `python -m benchmarks.map BLOG...`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.index.vectors import blog_like_vectors
from benchmarks.machine import markdown_table
from enishi.commands.report.map import place_posts, principal_positions, trustworthiness
from enishi.pipeline import Posts, Run
from enishi.state import Request

if TYPE_CHECKING:
    from enishi.types import Matrix, Rows, Vectors

HEAD = ["blog", "method", "posts", "trustworthiness", "moved", "moved at most", "CPU seconds"]
GONE = 10


def fitted(positions: Matrix) -> Matrix:
    """The same in 0…1, as the map is."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    return (positions - (low + high) / 2) / (high - low).max() + 0.5


def components(vectors: Vectors, paths: Sequence[str]) -> Matrix:
    """Two principal components, each with the sign that makes its third moment positive."""
    del paths
    positions = principal_positions(vectors)
    return fitted(positions * np.where((positions**3).sum(axis=0) < 0, -1, 1))


METHODS: dict[str, Callable[[Vectors, Sequence[str]], Matrix]] = {"ours": place_posts, "PCA": components}


def read(site: Path, draws: int) -> tuple[list[str], Vectors, list[tuple[Rows, Vectors]]]:
    """Paths and vectors of a blog, and for each draw the rows that are left without ten posts, with their vectors."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(site, Path(folder) / site.name, ignore=shutil.ignore_patterns(".enishi", ".git"))
        with Run(Request(copy)) as run:
            posts = run.read(run.load())
            whole = run.relate(posts, lists=False).vectors
            fewer = []
            for seed in range(draws):
                rest = np.sort(np.random.default_rng(seed).permutation(len(posts.documents))[GONE:])
                left = Posts.of(posts.blog, [posts.documents[row] for row in rest])
                fewer.append((rest, run.relate(left, lists=False).vectors))
            return [document.post.path for document in posts.documents], whole, fewer


def measure(
    name: str,
    method: str,
    paths: Sequence[str],
    vectors: Vectors,
    fewer: Sequence[tuple[Rows, Vectors]] = (),
) -> list[str]:
    """One row; a draw's figure is the median way that posts go when ten others come, in parts of the map's width."""
    place = METHODS[method]
    start = time.process_time()
    positions = place(vectors, paths)
    seconds = time.process_time() - start
    moved = []
    for rest, left in fewer:
        before = place(left, [paths[row] for row in rest])
        moved.append(float(np.median(np.linalg.norm(positions[rest] - before, axis=1))))
    shown = [f"{100 * np.median(moved):.1f} %", f"{100 * max(moved):.1f} %"] if moved else ["", ""]
    true = trustworthiness(vectors, positions)
    return [name, method, f"{len(vectors):,}", f"{true:.3f}", *shown, f"{seconds:.2f}"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.map", description=__doc__)
    parser.add_argument("blogs", nargs="*", type=Path, metavar="BLOG")
    parser.add_argument("--draws", type=int, default=6, metavar="N", help="times that ten random posts are added")
    parser.add_argument("--sizes", nargs="*", type=int, default=[], metavar="N", help="made-up vectors, so many")
    options = parser.parse_args()
    rows = []
    for blog in options.blogs:
        paths, vectors, fewer = read(blog, options.draws)
        rows += [measure(blog.name, method, paths, vectors, fewer) for method in METHODS]
    for size in options.sizes:
        paths = [f"{number:06d}.md" for number in range(size)]
        vectors = blog_like_vectors(size)
        rows += [measure("made up", method, paths, vectors) for method in METHODS]
    print(markdown_table(HEAD, rows, words=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
