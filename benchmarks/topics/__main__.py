"""How good and how stable topics are: `python -m benchmarks.topics BLOG...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from threadpoolctl import threadpool_limits

from benchmarks.learn_tags.blogs import Blog, make_blog, read_blog
from benchmarks.machine import markdown_table
from enishi.encoders.site import SiteEncoder
from enishi.tags.distinctive_terms import DistinctiveTerms
from enishi.tags.topics import group_posts

HEAD = ["blog", "method", "topics", "posts in one", "median size", "agreement with tags", "stability", "same name"]
GONE = 10
MIN_POSTS_PER_TAG = 3

Method = Callable[[Blog], list[int]]
"""Topic of every post, -1 for none."""


def ours(blog: Blog) -> list[int]:
    of_row = group_posts(blog.documents, blog.likeness).of_row
    return [of_row.get(row, -1) for row in range(len(blog.documents))]


def k_means(blog: Blog) -> list[int]:
    found = KMeans(_clusters(blog), n_init=3, random_state=0).fit_predict(_vectors(blog))
    return [int(topic) for topic in found]


def ward(blog: Blog) -> list[int]:
    return [int(topic) for topic in AgglomerativeClustering(_clusters(blog)).fit_predict(_vectors(blog))]


def _clusters(blog: Blog) -> int:
    """As many as ours: agreement and stability hang on the number."""
    return len(set(ours(blog)) - {-1}) or 1


def _vectors(blog: Blog) -> np.ndarray:
    return SiteEncoder(dimensions=100, tag_weight=0).encode(blog.documents)


METHODS: dict[str, Method] = {"ours": ours, "k-means": k_means, "Ward": ward}


def measure(blog: Blog, name: str, method: Method, repeats: int) -> list[str]:
    """One row: agreement as adjusted mutual information of topic and tag over all (post, tag); stability as adjusted
    Rand index, and as the share of posts whose topic keeps its first term, when ten random posts are not there."""
    topics = method(blog)
    sizes = np.bincount([topic for topic in topics if topic >= 0])
    stability, same_name = [], []
    for seed in range(repeats):
        gone = set(np.random.default_rng(seed).permutation(len(topics))[:GONE].tolist())
        rest = [row for row in range(len(topics)) if row not in gone]
        without = make_blog(blog.name, blog.site, [blog.documents[row] for row in rest])
        again = method(without)
        stability.append(adjusted_rand_score([topics[row] for row in rest], again))
        names, names_again = _names(blog, topics), _names(without, again)
        same_name.append(np.mean([names[row] == other for row, other in zip(rest, names_again, strict=True)]))
    return [
        blog.name,
        name,
        str(len(sizes)),
        f"{np.mean([topic >= 0 for topic in topics]):.2f}",
        f"{np.median(sizes):.0f}",
        f"{_agreement(blog, topics):.3f}",
        f"{np.mean(stability):.2f}",
        f"{np.mean(same_name):.2f}",
    ]


def _agreement(blog: Blog, topics: Sequence[int]) -> float:
    vocabulary = blog.vocabulary()
    pairs = [
        (topics[row], key)
        for row, document in enumerate(blog.documents)
        for key in sorted(vocabulary.tags_of(document.post))
        if vocabulary.counts[key] >= MIN_POSTS_PER_TAG and topics[row] >= 0
    ]
    return float(adjusted_mutual_info_score([topic for topic, _ in pairs], [key for _, key in pairs]))


def _names(blog: Blog, topics: Sequence[int]) -> list[str]:
    """The first term of every post's topic."""
    terms, rows = DistinctiveTerms(blog.documents), dict[int, list[int]]()
    for row, topic in enumerate(topics):
        rows.setdefault(topic, []).append(row)
    labels = {topic: terms.label(members, 1) for topic, members in rows.items() if topic >= 0}
    return [labels[topic][0].key if labels.get(topic) else "" for topic in topics]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.topics", description=__doc__)
    parser.add_argument("blogs", nargs="+", type=Path, metavar="BLOG")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    options = parser.parse_args()
    with threadpool_limits(1):
        blogs = [read_blog(path) for path in options.blogs]
        rows = [measure(blog, name, method, options.repeats) for blog in blogs for name, method in METHODS.items()]
    print(markdown_table(HEAD, rows, words=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
