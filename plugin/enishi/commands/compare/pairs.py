"""Which of two posts fits better: questions for a person, where two encoders disagree, without saying whose is whose.

For a post, each encoder brings the nearest post of its first five that is not among the other's first five.  Which of
the two stands on the left, and in what order the questions come, hangs on hashes of the posts' paths alone: nothing
that a person sees knows of encoders, and the next run finds out from its own lists whose is whose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from enishi.commands.compare.referees import FIRST, Lists
from enishi.types import Document

KEY_LENGTH = 24
"""Characters of a pair's key."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A post, and two that may be shown beneath it."""

    key: str
    post: str
    left: str
    right: str


def make_pair(post: str, one: str, other: str) -> Pair:
    """The question whether `one` or `other` fits `post` better; the same in whatever order the two are given."""
    left, right = sorted((one, other), key=lambda path: (_hash("side", post, path), path))
    return Pair(_hash("pair", post, left, right)[:KEY_LENGTH], post, left, right)


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def disagreements(documents: Sequence[Document], lists: Sequence[Lists]) -> list[Pair]:
    """All questions about the first encoder and any of the others, each once, in the order in which they are asked.

    Only about public posts: a judge need not have written the blog.
    """
    found: dict[str, Pair] = {}
    for document in documents:
        post = document.post
        if not (post.is_public and post.wants_related):
            continue
        first = lists[0][post.path][:FIRST]
        for other in (near[post.path][:FIRST] for near in lists[1:]):
            ours = [path for path in first if path not in other]
            theirs = [path for path in other if path not in first]
            if ours and theirs:
                pair = make_pair(post.path, ours[0], theirs[0])
                found[pair.key] = pair
    return sorted(found.values(), key=lambda pair: pair.key)


def still_open(pairs: Sequence[Pair], judged: Collection[str]) -> list[Pair]:
    """The pairs that nobody has judged yet; `judged` are keys."""
    return [pair for pair in pairs if pair.key not in judged]
