"""What reading logs are worth, and what to do with posts that have no readers: `python -m benchmarks.readers BLOG...`.

Readers are drawn over a real blog's posts from a structure that its text vectors do not know: its tags, or the links
between its posts.  A third of the posts nobody reads.  How well do the lists of related posts agree with the structure,
of posts with and without readers, and how often are the latter shown to others?
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.learn_tags.blogs import read_blog
from benchmarks.machine import markdown_table
from enishi.encoders.missing import fill_missing
from enishi.encoders.readers import vectors_of_visits
from enishi.encoders.site import SiteEncoder
from enishi.reading.links import resolve_links
from enishi.reading.visits import Visits
from enishi.types import Document

AT = 5
UNREAD = 1 / 3
NOISE = 0.3
RIDGE = 10.0
HEAD = ["readers follow", "visits", "weight", "missing rows", "with readers", "without", "all", "shown without"]

Vectors = NDArray[np.float32]
Cosines = NDArray[np.float64]
Policy = Callable[[Vectors, Vectors, float], Cosines]
"""(text, readers, the readers' weight) -> cosines of all pairs."""


@dataclass(frozen=True)
class Structure:
    """What readers of a blog follow."""

    name: str
    follow: NDArray[np.float64]
    """How likely a reader goes from one post to another, (n, n); rows add up to 1, or are zeros."""
    gain: NDArray[np.float64]
    """What it is worth to list a post with another, (n, n)."""


def by_tags(documents: Sequence[Document]) -> Structure:
    """Readers stay with one of the post's tags, the rarer the likelier; a post is worth the rarest tag it shares."""
    n = len(documents)
    names = sorted({tag for document in documents for tag in document.post.tags})
    has = np.array([[tag in document.post.tags for tag in names] for document in documents], dtype=float)
    posts = has.sum(axis=0)
    useful = (posts >= 2) & (posts <= 0.1 * n)
    has = has[:, useful]
    shared = (has / posts[useful]) @ has.T
    np.fill_diagonal(shared, 0)
    rarest = np.zeros((n, n))
    for column, rarity in zip(has.T, np.log(n / posts[useful]), strict=True):
        rarest = np.maximum(rarest, rarity * np.outer(column, column))
    np.fill_diagonal(rarest, 0)
    return Structure("tags", _rows(shared), rarest)


def by_links(documents: Sequence[Document]) -> Structure:
    """Readers walk along the blog's own links, one or two steps; a listed post is worth 1 if the two are linked."""
    n = len(documents)
    row = {document.post.path: number for number, document in enumerate(documents)}
    linked = np.zeros((n, n))
    for source, targets in resolve_links(documents).items():
        for target in targets:
            linked[row[source], row[target]] = linked[row[target], row[source]] = 1
    step = _rows(linked)
    return Structure("links", _rows(step + 0.5 * (step @ step) * (1 - np.eye(n))), linked)


def _rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    total = values.sum(axis=1, keepdims=True)
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


def draw_visits(structure: Structure, unread: NDArray[np.bool_], count: int, rng: np.random.Generator) -> Visits:
    """Visits of 2 to 6 posts; where they begin is skewed as the popularity of posts is."""
    n = len(unread)
    share = rng.permutation(1 / np.arange(1, n + 1) ** 0.8) * ~unread
    share /= share.sum()
    follow = np.cumsum(_rows(structure.follow * share), axis=1)
    anywhere = np.cumsum(share)
    visits = []
    for _ in range(count):
        visit = [_draw(anywhere, rng)]
        for _ in range(int(rng.integers(1, 6))):
            here = follow[visit[-1]]
            is_lost = here[-1] == 0 or rng.random() < NOISE
            visit.append(_draw(anywhere if is_lost else here, rng))
        visits.append(list(dict.fromkeys(visit)))
    visits = sorted(visit for visit in visits if len(visit) > 1)
    posts = np.array([post for visit in visits for post in visit], dtype=np.int32)
    starts = np.cumsum([0, *map(len, visits)], dtype=np.int64)
    return Visits(posts, starts, np.bincount(posts, minlength=n).astype(np.int64))


def _draw(cumulative: NDArray[np.float64], rng: np.random.Generator) -> int:
    return int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))


# -- policies ----------------------------------------------------------------------------------------------------------


def text_alone(text: Vectors, readers: Vectors, weight: float) -> Cosines:  # noqa: ARG001
    return text.astype(np.float64) @ text.T


def zeros(text: Vectors, readers: Vectors, weight: float) -> Cosines:
    """Nothing is done: the two beside each other, brought to unit length together."""
    whole = np.hstack([np.sqrt(1 - weight) * text, np.sqrt(weight) * readers]).astype(np.float64)
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    return whole @ whole.T


def private(text: Vectors, readers: Vectors, weight: float) -> Cosines:
    """A direction of its own for every missing row, at right angles to all others: (1 - w) of the text's cosine."""
    return (1 - weight) * text.astype(np.float64) @ text.T + weight * readers.astype(np.float64) @ readers.T


def mean_of(neighbors: int) -> Policy:
    """The shipped way: the mean of the nearest posts, as long as they agree."""

    def policy(text: Vectors, readers: Vectors, weight: float) -> Cosines:
        return zeros(text, fill_missing(readers, text, neighbors), weight)

    return policy


def unit_mean_of(neighbors: int) -> Policy:
    """The same, brought to unit length, so that it counts for as much as what readers read."""

    def policy(text: Vectors, readers: Vectors, weight: float) -> Cosines:
        guessed = fill_missing(readers, text, neighbors)
        guessed /= np.maximum(np.linalg.norm(guessed, axis=1, keepdims=True), 1e-9)
        return zeros(text, guessed, weight)

    return policy


def ridge(text: Vectors, readers: Vectors, weight: float) -> Cosines:
    """A linear map from text to readers, learned where both are known."""
    known = readers.any(axis=1)
    x, y = text[known].astype(np.float64), readers[known].astype(np.float64)
    mapped = text @ np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    mapped /= np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-9)
    return private(text, np.where(known[:, None], readers, mapped).astype(np.float32), weight)


POLICIES: dict[str, Policy] = {
    "text alone": text_alone,
    "zeros": zeros,
    "private direction": private,
    "mean of 3": mean_of(3),
    "mean of 10": mean_of(10),
    "mean of 30": mean_of(30),
    "unit mean of 10": unit_mean_of(10),
    "unit linear map": ridge,
}


# -- measures ----------------------------------------------------------------------------------------------------------


def ndcg(cosines: Cosines, gain: NDArray[np.float64]) -> NDArray[np.float64]:
    """nDCG@5 of every post's list; nan where there is nothing to find."""
    discount = 1 / np.log2(np.arange(2, AT + 2))
    lists = _lists(cosines)
    found = (np.take_along_axis(gain, lists, axis=1) * discount).sum(axis=1)
    best = (-np.sort(-gain, axis=1)[:, :AT] * discount).sum(axis=1)
    return np.divide(found, best, out=np.full(len(found), np.nan), where=best > 0)


def _lists(cosines: Cosines) -> NDArray[np.int64]:
    others = cosines - 9 * np.eye(len(cosines))
    return np.argsort(-others.round(6), axis=1, kind="stable")[:, :AT]


def measure(
    documents: Sequence[Document], structure: Structure, visits: int, weights: Sequence[float], seeds: int
) -> list[list[str]]:
    """Rows of the table: nDCG@5 of the lists of posts with and without readers, and how often the latter are shown, in
    multiples of their share of the posts."""
    bare = [
        replace(document, post=replace(document.post, tags=()), fields=replace(document.fields, links=()))
        for document in documents
    ]
    text = SiteEncoder(tag_weight=0).encode(bare)
    found: dict[tuple[float, str], list[tuple[float, ...]]] = {}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        unread = rng.random(len(documents)) < UNREAD
        drawn = draw_visits(structure, unread, visits, rng)
        readers, _ = vectors_of_visits(drawn, 10)
        lacks = ~readers.any(axis=1)
        for weight in weights:
            for name, policy in POLICIES.items():
                cosines = policy(text, readers, weight)
                quality = ndcg(cosines, structure.gain)
                shown = lacks[_lists(cosines)].mean() / lacks.mean()
                values = (np.nanmean(quality[~lacks]), np.nanmean(quality[lacks]), np.nanmean(quality), shown)
                found.setdefault((weight, name), []).append(tuple(map(float, values)))
    return [
        [structure.name, f"{visits:,}", f"{weight:g}", name, *(f"{value:.3f}" for value in np.mean(values, axis=0))]
        for (weight, name), values in found.items()
    ]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("blogs", nargs="+", type=Path)
    parser.add_argument("--visits", nargs="+", type=int, default=[3000, 30000])
    parser.add_argument("--weights", nargs="+", type=float, default=[0.1, 0.2, 0.3, 0.5])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    for blog in options.blogs:
        documents = read_blog(blog).documents
        print(f"## {blog.resolve().name}\n")
        rows = []
        for structure in (by_tags(documents), by_links(documents)):
            for visits in options.visits:
                rows += measure(documents, structure, visits, options.weights, options.seeds)
        print(markdown_table(HEAD, rows, words=4))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
