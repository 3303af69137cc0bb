"""Build synthetic blogs of growing size: `python -m benchmarks.scale BLOG...`."""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.building import Builds, build_thrice, enishi_command, make_synthetic_blog, post_files
from benchmarks.machine import MIB, describe_machine, markdown_table, run_measured

HEAD = [
    "posts",
    "tags",
    "cold, s",
    "peak, MiB",
    "nothing changed, s",
    "one edited, s",
    "peak, MiB",
    "mistune alone, s",
    "ratio",
    "TF-IDF, s",
    "ratio",
]


@dataclass(frozen=True)
class Result:
    """One size."""

    posts: int
    tags: int
    builds: Builds
    yardsticks: dict[str, float]
    """Seconds by name; see :mod:`benchmarks.yardstick`."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("blogs", type=Path, nargs="+", metavar="BLOG", help="folders with markdown posts")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--enishi", default=enishi_command(), metavar="COMMAND")
    parser.add_argument(
        "--tfidf-limit", type=int, default=10_000, metavar="N", help="largest size for the TF-IDF yardstick (quadratic)"
    )
    options = parser.parse_args()
    results = []
    for posts in sorted(options.sizes):
        results.append(measure(options, posts))
        print(*row(results[-1]), sep="  ", file=sys.stderr, flush=True)
    print(report(results))
    return 0


def measure(options: argparse.Namespace, posts: int) -> Result:
    """Make a blog in a temporary folder, build it three times, run the yardsticks."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        make_synthetic_blog(options.blogs, posts, options.seed, site)
        builds = build_thrice(options.enishi, site, Path(folder, "out"))
        yardstick = [sys.executable, "-m", "benchmarks.yardstick", site]
        measured = run_measured(yardstick + ["--tfidf"] * (posts <= options.tfidf_limit))
        tags = count_tags(site)
    return Result(posts, tags, builds, json.loads(measured.output))


def count_tags(site: Path) -> int:
    """How many different tags the posts have; `synthetic.py` writes each on a line of its own."""
    found = set()
    for post in post_files(site):
        matter = post.read_text("utf-8").split("\n---\n", 1)[0]
        found.update(line for line in matter.splitlines() if line.startswith("  - "))
    return len(found)


def row(result: Result) -> list[str]:
    builds, cold = result.builds, result.builds.cold.seconds
    cells = [f"{result.posts:,}", f"{result.tags:,}", f"{cold:.1f}", f"{builds.cold.peak / MIB:.0f}"]
    cells += [f"{builds.unchanged.seconds:.2f}", f"{builds.edited.seconds:.1f}", f"{builds.edited.peak / MIB:.0f}"]
    for name in ("parse", "tfidf"):
        seconds = result.yardsticks.get(name)
        cells += [f"{seconds:.1f}", f"{cold / seconds:.2f}"] if seconds else ["–", "–"]
    return cells


def peak(builds: Builds) -> int:
    return max(builds.cold.peak, builds.unchanged.peak, builds.edited.peak)


def report(results: list[Result]) -> str:
    """The table, and below it how each figure grew between sizes and over all of them: x in posts^x."""
    lines = [describe_machine(), "", markdown_table(HEAD, [row(result) for result in results])]
    steps = list(pairwise(results))
    if len(steps) > 1:
        steps.append((results[0], results[-1]))
    rows = []
    for small, large in steps:
        growth = math.log(large.posts / small.posts)
        exponents = [
            math.log(after / before) / growth for before, after in zip(costs(small), costs(large), strict=True)
        ]
        rows.append([f"{small.posts:,} to {large.posts:,} posts", *(f"n^{exponent:.2f}" for exponent in exponents)])
    if rows:
        lines.append(markdown_table(["grows as", "cold", "memory", "one edited", "mistune alone"], rows))
    return "\n".join(lines)


def costs(result: Result) -> tuple[float, ...]:
    """Seconds cold, the larger peak, seconds after an edit, seconds of the proportional yardstick."""
    builds = result.builds
    return builds.cold.seconds, peak(builds), builds.edited.seconds, result.yardsticks["parse"]


if __name__ == "__main__":
    sys.exit(main())
