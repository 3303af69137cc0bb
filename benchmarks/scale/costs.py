"""What a million posts cost on a cluster, stage by stage: `python -m benchmarks.scale.costs BLOG...`.

Core seconds of each stage at two sizes, and what they come to for a million posts if they go on growing as they grew.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.building import make_synthetic_blog
from benchmarks.machine import describe_machine, markdown_table, run_measured

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Rows, Scores, Vectors

MILLION = 1_000_000
STAGES = {
    "read": "workers",
    "encode": "leader",
    "neighbours": "workers",
    "near-duplicates, shared terms": "workers",
    "lists": "leader",
    "tags": "one worker",
    "fragments": "workers",
    "JSON": "leader",
}
"""Every stage of a build on a cluster, and where it runs there."""
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.costs", description=__doc__)
    parser.add_argument("blogs", type=Path, nargs="+", metavar="BLOG", help="folders with markdown posts")
    parser.add_argument("--sizes", type=int, nargs=2, default=[5_000, 20_000], metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measure(*options.blogs)))
        return 0
    small, large = sorted(options.sizes)
    print(report(small, measured_apart(options, small), large, measured_apart(options, large)))
    return 0


def measured_apart(options: argparse.Namespace, posts: int) -> dict[str, float]:
    """The core seconds of each stage on a new blog of so many posts, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        make_synthetic_blog(options.blogs, posts, options.seed, site)
        done = run_measured([sys.executable, "-m", "benchmarks.scale.costs", site, "--here"], ONE_THREAD)
    if done.status:
        raise SystemExit(f"the stages of {posts} posts could not be measured")
    found: dict[str, float] = json.loads(done.output)
    print(f"{posts:,} posts: {found}, {done.peak / 2**20:.0f} MiB", file=sys.stderr, flush=True)
    return found


def measure(site: Path) -> dict[str, float]:
    """The core seconds of each stage, one after the other, as a cluster does them."""
    from enishi.cache import Cache
    from enishi.pipeline import Run
    from enishi.related.exact import ExactIndex
    from enishi.related.pair_texts import PairTexts
    from enishi.related.policy import find_related
    from enishi.state import Request
    from enishi.writing.render import render_fragments, render_related, shown_lists

    spent: Counter[str] = Counter()

    @contextmanager
    def counted(stage: str) -> Iterator[None]:
        start = time.process_time()
        try:
            yield
        finally:
            spent[stage] += time.process_time() - start

    class Index(ExactIndex):
        def search(self, queries: Vectors, k: int) -> tuple[Rows, Scores]:
            with counted("neighbours"):
                return super().search(queries, k)

    class Texts(PairTexts):
        def near_duplicates(self, rows: Rows, others: Rows) -> npt.NDArray[np.bool_]:
            with counted("near-duplicates, shared terms"):
                return super().near_duplicates(rows, others)

        def shared_terms(self, rows: Rows, others: Rows) -> list[tuple[str, ...]]:
            with counted("near-duplicates, shared terms"):
                return super().shared_terms(rows, others)

    with Run(Request(site, processes=1), cache=Cache(None)) as run:
        with counted("read"):
            posts = run.read(run.load())
        with counted("encode"):
            vectors = run.vectors(posts)
        blog, documents = posts.blog, posts.documents
        with counted("lists"):
            related = find_related(
                documents, vectors, posts.links, blog.settings.related, backend=Index, texts=Texts(documents)
            )
        spent["lists"] -= spent["neighbours"] + spent["near-duplicates, shared terms"]
        with counted("tags"):
            run.render_tags(posts, run.tag(posts, run.encoder(blog).tag_blocks))
        every = [document.post for document in documents]
        with counted("fragments"):
            shown = zip(every, shown_lists(every, related.lists), strict=True)
            render_fragments(list(shown), blog.settings.partials, blog.site.language)
        with counted("JSON"):
            render_related(every, related.lists)
    return {stage: round(spent[stage], 2) for stage in STAGES}


def report(small: int, before: dict[str, float], large: int, after: dict[str, float]) -> str:
    """The table: what grows less than the posts do is taken to grow as they do, and all pairs as their square."""
    rows = []
    for stage, where in STAGES.items():
        measured = math.log(max(after[stage], 0.01) / max(before[stage], 0.01)) / math.log(large / small)
        growth = 2.0 if stage == "neighbours" else max(1.0, measured)
        hours = after[stage] * (MILLION / large) ** growth / 3600
        rows.append([stage, where, f"{before[stage]:.1f}", f"{after[stage]:.1f}", f"n^{growth:.2f}", f"{hours:.1f}"])
    head = ["stage", "where", f"{small:,} posts, s", f"{large:,} posts, s", "grows as", "a million posts, core hours"]
    return f"{describe_machine()}\n\n{markdown_table(head, rows, words=2)}"


if __name__ == "__main__":
    sys.exit(main())
