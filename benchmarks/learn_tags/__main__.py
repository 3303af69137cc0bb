"""Learn the constants of tag suggestions: `python -m benchmarks.learn_tags BLOG... --out FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.learn_tags.blogs import read_blog
from benchmarks.learn_tags.learning import Sample, draw_samples, learn, write_constants
from benchmarks.learn_tags.protocol import hide_in_turn, score
from benchmarks.machine import markdown_table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learn_tags", description=__doc__)
    parser.add_argument("blogs", nargs="+", type=Path, metavar="BLOG")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the constants")
    parser.add_argument("--samples", type=int, default=8, metavar="N", help="random parts of each blog (default 8)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--leave-out",
        action="store_true",
        help="also learn without each blog in turn (FILE gets its name), and measure on that blog",
    )
    options = parser.parse_args()
    with threadpool_limits(1):
        blogs = [read_blog(path) for path in options.blogs]
        samples: list[Sample] = []
        for blog in blogs:
            samples += draw_samples(blog, options.samples, options.seed)
            print(f"{blog.name}: {len(blog.documents)} posts", file=sys.stderr)
        write_constants(options.out, learn(samples))
        if not options.leave_out:
            return 0
        rows = []
        for blog in blogs:
            constants = learn([sample for sample in samples if sample.blog != blog.name])
            write_constants(options.out.with_stem(f"{options.out.stem}-without-{blog.name}"), constants)
            rows.append([blog.name, *score(hide_in_turn(blog, constants, options.seed)).values()])
    names = ["blog", *score([]).keys()]
    means = ["mean", "", *(float(np.mean([row[column] for row in rows])) for column in range(2, len(names)))]
    table = [[cell if isinstance(cell, str | int) else f"{cell:.3f}" for cell in row] for row in [*rows, means]]
    print(markdown_table(names, [[str(cell) for cell in row] for row in table]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
