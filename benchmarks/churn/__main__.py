"""Count whose lists change when a blog's newest posts come, one after the other: `python -m benchmarks.churn BLOG...`.

A list has changed if its first five posts are others or stand in another order; pages that show the new post are not
counted.  Each step is done afresh, and with what the step before it showed (`--previous`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, median, quantiles

from benchmarks.machine import describe_machine, markdown_table
from enishi.commands.compare.unlinked import without_links
from enishi.pipeline import Posts, Run
from enishi.related.lists import FIRST_PLACES, SiteLists
from enishi.related.published import changed_lists
from enishi.state import Request

HEAD = ["blog, posts", "lists", "show the new post", "median", "mean", "9 of 10 within", "most", "recall@5 of links"]
Lists = dict[str, list[str]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.churn", description=__doc__)
    parser.add_argument("blogs", type=Path, nargs="+", metavar="BLOG", help="folders with markdown posts")
    parser.add_argument("--additions", type=int, default=50, metavar="N")
    options = parser.parse_args()
    print(describe_machine(), "\n", sep="")
    rows = [row for blog in options.blogs for row in measure(blog, options.additions)]
    print(markdown_table(HEAD, rows))
    return 0


def measure(blog: Path, additions: int) -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory() as folder, Run(Request(site=blog, cache=Path(folder))) as run:
        posts = run.read(run.load())
        unlinked = without_links(posts)
        for name, steady in (("afresh", False), ("with --previous", True)):
            shown, changed = [], []
            for new, before, after in steps(run, posts, additions, steady=steady):
                shown.append(sum(new in others for others in after.values()))
                changed.append(len(changed_lists(before, after).elsewhere))
            *_, (_, _, last) = steps(run, unlinked, additions, steady=steady)
            figures = [median(shown), median(changed), mean(changed), quantiles(changed, n=10)[-1], max(changed)]
            recall = f"{recall_of_links(posts.links, last):.4f}"
            title = f"{blog.name}, {len(posts.documents):,}"
            yield [title, name, *(f"{figure:.3g}" for figure in figures), recall]


def steps(run: Run, posts: Posts, additions: int, *, steady: bool) -> Iterator[tuple[str, Lists, Lists]]:
    """The path of each new post, oldest first, with all lists before and after it was added."""
    listable = (document.post for document in posts.documents if document.post.is_listable)
    dated = sorted((post.date.timestamp(), post.path) for post in listable if post.date)
    newest = [path for _, path in dated[-additions:]]
    lists: Lists = {}
    for number in range(len(newest) + 1):
        missing = set(newest[number:])
        there = Posts.of(posts.blog, [one for one in posts.documents if one.post.path not in missing])
        before, lists = lists, lists_of(run, there, lists if steady and lists else None)
        if number:
            yield newest[number - 1], before, lists


def lists_of(run: Run, posts: Posts, published: Lists | None) -> Lists:
    """The first five of every list."""
    settings, paths = posts.blog.settings, [document.post.path for document in posts.documents]
    backend = settings.index.backend
    filled = SiteLists(posts.documents, run.vectors(posts), posts.links, settings.related, backend, published=published)
    return {
        path: [paths[row] for row in one.chosen[:FIRST_PLACES]] for path, one in zip(paths, filled.lists, strict=True)
    }


def recall_of_links(links: Mapping[str, Sequence[str]], lists: Lists) -> float:
    """How many of the links between posts, of which the lists were not told, are among the first five."""
    pairs = [(source, target) for source, targets in links.items() for target in targets if source != target]
    return sum(target in lists[source] for source, target in pairs) / max(1, len(pairs))


if __name__ == "__main__":
    sys.exit(main())
