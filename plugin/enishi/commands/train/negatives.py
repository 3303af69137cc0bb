"""Hard negatives: of the posts that the site encoder thinks near, those that most likely do not belong to the post.

A negative that does belong teaches the wrong thing.  So the very nearest are passed over, whoever is nearly as near as
the nearest is too (a relative margin, as in Moreira et al. 2024, "NV-Retriever"), and so are posts that one of the two
links to, translations and posts of the same series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from enishi.commands.train.pairs import CountTokens, Pair, passages_of
from enishi.types import Document

if TYPE_CHECKING:
    from enishi.types import Vectors

PASSED_OVER = 3
"""So many of the nearest posts are no negatives."""
MARGIN = 0.7
"""Nor is a post whose cosine is above this part of the nearest post's."""
CANDIDATES = 12
"""So many posts of what is left, the nearest first, take turns."""


def hard_negatives(
    documents: Sequence[Document], vectors: Vectors, links: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """By path, the paths of the posts to push away, the nearest first; none where all belong together.

    `vectors` are the site encoder's, a row a document.
    """
    import numpy as np

    linked = {
        pair for path, targets in links.items() for target in targets for pair in ((path, target), (target, path))
    }
    near = np.round(vectors @ vectors.T, 4)
    found: dict[str, tuple[str, ...]] = {}
    for row, document in enumerate(documents):
        order = [other for other in np.argsort(-near[row], kind="stable").tolist() if other != row]
        if not order:
            continue
        most = MARGIN * near[row, order[0]]
        post = document.post
        chosen = [
            documents[other].post.path
            for other in order[PASSED_OVER:]
            if near[row, other] <= most
            and (post.path, documents[other].post.path) not in linked
            and not _belong_together(document, documents[other])
        ]
        if chosen:
            found[post.path] = tuple(chosen[:CANDIDATES])
    return found


def _both_ways(first: str, second: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (first, second), (second, first)


def _belong_together(first: Document, second: Document) -> bool:
    one, other = first.post, second.post
    return bool(
        (one.translation_key and one.translation_key == other.translation_key)
        or (one.series and one.series == other.series)
    )


def with_negatives(
    pairs: Sequence[Pair],
    documents: Sequence[Document],
    negatives: Mapping[str, tuple[str, ...]],
    longest: int,
    count_tokens: CountTokens,
) -> list[Pair]:
    """The pairs, each with a passage of a post to push away; pairs of a post that has none are left out."""
    passages = {document.post.path: passages_of(document, longest, count_tokens) for document in documents}
    turns: dict[str, int] = {}
    found: list[Pair] = []
    for pair in pairs:
        usable = [
            other for other in negatives.get(pair.posts[0], ()) if passages.get(other) and other not in pair.posts
        ]
        if not usable:
            continue
        turn = turns.get(pair.posts[0], 0)
        turns[pair.posts[0]] = turn + 1
        other = usable[turn % len(usable)]
        text = passages[other][turn // len(usable) % len(passages[other])]
        found.append(replace(pair, posts=(*pair.posts, other), negative=text))
    return found
