"""Hard negatives: posts that are near to a post by the site encoder, but most likely do not belong to it.

A negative that does belong teaches the wrong thing.  So the very nearest posts are passed over, and so are those that
are nearly as near as the nearest (a relative margin, as in Moreira et al. 2024, "NV-Retriever"), posts that link to
each other, translations, and posts of the same series.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from enishi.commands.train.pairs import Pair, Passages
from enishi.types import Document, Post

if TYPE_CHECKING:
    from enishi.types import Vectors

PASSED_OVER = 3
"""How many of the nearest posts are never negatives."""
MARGIN = 0.7
"""Posts whose cosine exceeds this part of the nearest post's are no negatives."""
CANDIDATES = 12
"""How many of the remaining posts, the nearest first, take turns."""


def hard_negatives(
    documents: Sequence[Document], vectors: Vectors, links: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """By path, the paths of the posts to push away, the nearest first; left out where every near post belongs.

    `vectors` are the site encoder's, one row a document.
    """
    import numpy as np

    linked = {
        pair for path, targets in links.items() for target in targets for pair in ((path, target), (target, path))
    }
    cosines = np.round(vectors @ vectors.T, 4)
    negatives: dict[str, tuple[str, ...]] = {}
    for row, document in enumerate(documents):
        path = document.post.path
        nearest = [other for other in np.argsort(-cosines[row], kind="stable").tolist() if other != row]
        chosen = [
            documents[other].post.path
            for other in nearest[PASSED_OVER:]
            if cosines[row, other] <= MARGIN * cosines[row, nearest[0]]
            and (path, documents[other].post.path) not in linked
            and not _belong_together(document.post, documents[other].post)
        ]
        if chosen:
            negatives[path] = tuple(chosen[:CANDIDATES])
    return negatives


def _belong_together(one: Post, other: Post) -> bool:
    return one.is_translation_of(other) or (bool(one.series) and one.series == other.series)


def with_negatives(pairs: Sequence[Pair], passages: Passages, negatives: Mapping[str, tuple[str, ...]]) -> list[Pair]:
    """The pairs, each with a passage of a post to push away; pairs of posts that have no negative are left out."""
    turns: Counter[str] = Counter()
    extended: list[Pair] = []
    for pair in pairs:
        path = pair.posts[0]
        usable = [other for other in negatives.get(path, ()) if passages.texts[other] and other not in pair.posts]
        if usable:
            turn, place = divmod(turns[path], len(usable))
            texts = passages.texts[usable[place]]
            extended.append(replace(pair, posts=(*pair.posts, usable[place]), negative=texts[turn % len(texts)]))
            turns[path] += 1
    return extended
