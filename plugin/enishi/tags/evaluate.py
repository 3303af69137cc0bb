"""Cross-validation of tag suggestions: hide tags, suggest, compare.

The posts with tags are divided into folds.  For each fold in turn, its tags are taken out of the documents before
anything is computed, and the rest is what a build does: vocabulary, counts, evidence, fit and rules come from the other
posts.  The similarity of posts never depends on tags; it is measured once, on documents without *any* tags.

The baseline is what anybody would try first: the votes of the nearest posts by TF-IDF.  Both are evaluated on the same
posts, the same tags and the same answers:

- An *answer* is a tag that the hidden post carries and that could be suggested: on at least `MIN_POSTS` of the other
  posts, and not barred by the author.  (How many tags fall out that way is counted.)
- A suggestion counts in any spelling and under any alias.  One that a tag of the post implies (`S3` implies `AWS`) is
  neither right nor wrong and left out: the author means it, and by the blog's own rule does not write it.
- Every other suggestion that the post does not carry is wrong, though its author might well agree.
- Translations of one post are in the same fold: they would give each other away.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from enishi.reading.tokens import count_words
from enishi.tags.answers import Answers, Declines
from enishi.tags.likeness import measure_likeness
from enishi.tags.model import MIN_POSTS
from enishi.tags.suggest import RankedTags, rank_tags
from enishi.types import Document, Progress
from enishi.vectors import one_thread, tfidf

if TYPE_CHECKING:
    from enishi.config import TagSettings
    from enishi.generators.base import Site
    from enishi.related.index import Backend
    from enishi.types import Rows, Scores, Vectors

FOLDS = 5
MIN_TAGGED = 10
"""With fewer tagged posts, suggestions are not evaluated."""
LISTED = 20
"""How many suggestions of a post are evaluated, however low their confidence."""
VOTERS = 25
_MAX_SHARE = 0.4
_SIMILARITY_DIGITS = 9
"""Decimals kept before neighbours are ranked: further ones depend on the BLAS."""
_ROWS_AT_A_TIME = 256
_TAG_KEYS = frozenset({"tag", "tags", "topic", "topics", "keyword", "keywords", "taxonomies"})


class Guess(NamedTuple):
    """One suggestion for a post whose tags were hidden."""

    tag: str
    """As the blog writes it."""
    confidence: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One post whose tags were hidden."""

    path: str
    title: str
    hidden: int
    """How many different tags the post carries."""
    answers: int
    """How many of them could be suggested."""
    guesses: tuple[Guess, ...]
    """The surest first, at most `LISTED`."""
    votes: tuple[Guess, ...]
    """The same by the neighbours' vote; its confidence is the share of the votes."""


def tagged_rows(documents: Sequence[Document]) -> list[int]:
    """Rows of the posts with tags: those whose tags can be hidden."""
    return [row for row, document in enumerate(documents) if any(tag.strip() for tag in document.post.tags)]


def hide_in_turn(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    declined: Declines | None = None,
    *,
    taken: Mapping[str, frozenset[str]] | None = None,
    blocks: Sequence[tuple[float, Vectors]] = (),
    folds: int = FOLDS,
    backend: Backend = "auto",
    progress: Progress = lambda *_: None,
) -> list[Case]:
    """A case for every post with tags, by path; `documents` are sorted by path.

    `min_confidence` and `max_suggestions` are ignored, and what was decided about a hidden post is hidden as well.
    `blocks` (see :func:`enishi.tags.likeness.measure_likeness`) must not depend on tags.
    """
    all_listed = settings.model_copy(update={"min_confidence": 0.0, "max_suggestions": LISTED})
    answers = Answers(declined or {}, taken or {})
    cases: list[Case] = []
    with one_thread():
        progress("comparing posts", 0, 0)
        untagged = [without_tags(document) for document in documents]
        likeness = measure_likeness(untagged, blocks=blocks, backend=backend)
        neighbors = TextNeighbors(untagged)
        parts = divide(documents, folds)
        for fold, part in enumerate(parts):
            progress("suggesting hidden tags", fold, len(parts))
            seen = hide(documents, untagged, part)
            hidden = {documents[row].post.path for row in part}
            ranked = rank_tags(seen, site, all_listed, likeness, answers.without(hidden))
            votes = vote(seen, ranked, neighbors, part)
            countable = countable_tags(seen, ranked)
            cases += [judge(documents[row], ranked, countable, votes[row]) for row in part]
        progress("suggesting hidden tags", len(parts), len(parts))
    return sorted(cases, key=lambda case: case.path)


def divide(documents: Sequence[Document], folds: int) -> list[list[int]]:
    """Rows of the posts with tags in parts of even size, by a hash of their paths; each part sorted."""
    groups: dict[str, list[int]] = {}
    for row in tagged_rows(documents):
        post = documents[row].post
        groups.setdefault(f"translations {post.translation_key}" if post.translation_key else post.path, []).append(row)
    ranked = sorted(groups, key=lambda name: (hashlib.blake2b(name.encode("utf-8", "replace")).digest(), name))
    count = min(folds, len(ranked))
    return [sorted(row for name in ranked[part::count] for row in groups[name]) for part in range(count)]


def without_tags(document: Document) -> Document:
    """The document as if its author had never tagged it."""
    front = {key: value for key, value in document.post.front_matter.items() if key.casefold() not in _TAG_KEYS}
    return replace(document, post=replace(document.post, tags=(), front_matter=front))


def hide(documents: Sequence[Document], untagged: Sequence[Document], part: Sequence[int]) -> list[Document]:
    """The blog with the tags of one part taken away."""
    hidden = frozenset(part)
    return [untagged[row] if row in hidden else document for row, document in enumerate(documents)]


def countable_tags(seen: Sequence[Document], ranked: RankedTags) -> frozenset[str]:
    """The tags that can be suggested and count as answers."""
    counts = Counter(key for meant in ranked.vocabulary.meant_on(seen) for key in meant)
    return frozenset(key for key in ranked.keys if counts[key] >= MIN_POSTS)


def judge(
    document: Document, ranked: RankedTags, countable: frozenset[str], votes: Sequence[tuple[str, float]]
) -> Case:
    """The suggestions and the votes for a hidden post, given with its tags; only tags in `countable` are considered."""
    vocabulary, post = ranked.vocabulary, document.post
    own = vocabulary.tags_of(post)
    counting = countable - (vocabulary.meant_by(own) - own)

    def guesses(suggested: Sequence[tuple[str, float]]) -> tuple[Guess, ...]:
        counted = [(key, sure) for key, sure in suggested if key in counting]
        return tuple(Guess(vocabulary.names[key], sure, key in own) for key, sure in counted[:LISTED])

    suggested = ranked.by_path[post.path]
    return Case(post.path, document.title, len(own), len(own & countable), guesses(suggested), guesses(votes))


# --- the neighbours' vote ---------------------------------------------------------------------------------------------


class TextNeighbors:
    """The posts nearest by the cosine of their words' TF-IDF, without anything else that Enishi knows about posts."""

    def __init__(self, documents: Sequence[Document]) -> None:
        fields = [document.fields for document in documents]
        others = [count_words([(of_post.code, 1), ("\n".join(of_post.links), 1)]) for of_post in fields]
        texts = [Counter(d.words) + Counter(other) for d, other in zip(documents, others, strict=True)]
        self._matrix: Any = tfidf(texts, most=_MAX_SHARE * len(documents))[0]

    def of(self, rows: Sequence[int], others: Sequence[int], k: int) -> Iterator[tuple[int, Rows, Scores]]:
        """(row, its k nearest of the others, their cosines), nearest first, equals in the order of rows.

        A post is never its own neighbour.
        """
        columns = np.asarray(others, dtype=np.int64)
        transposed = self._matrix[columns].T.tocsr()
        for start in range(0, len(rows), _ROWS_AT_A_TIME):
            some = rows[start : start + _ROWS_AT_A_TIME]
            cosines = np.round((self._matrix[some] @ transposed).toarray(), _SIMILARITY_DIGITS)
            cosines[np.asarray(some)[:, None] == columns[None, :]] = -1
            for row, of_row in zip(some, cosines, strict=True):
                best = np.argsort(-of_row, kind="stable")[: min(k, len(columns) - int((of_row < 0).sum()))]
                yield row, columns[best], of_row[best]


class Neighbors(Protocol):
    """Nearest posts, by any measure."""

    def of(self, rows: Sequence[int], others: Sequence[int], k: int) -> Iterator[tuple[int, Rows, Scores]]:
        """See :meth:`TextNeighbors.of`."""
        ...


def vote(
    seen: Sequence[Document], ranked: RankedTags, neighbors: Neighbors, part: Sequence[int]
) -> dict[int, list[tuple[str, float]]]:
    """(key, share of the votes) by row: the nearest posts with tags vote, each with the square of its cosine."""
    carried = {row: sorted(ranked.vocabulary.tags_of(seen[row].post) & ranked.keys) for row in tagged_rows(seen)}
    by_row: dict[int, list[tuple[str, float]]] = {row: [] for row in part}
    if not carried:
        return by_row
    for row, near, cosines in neighbors.of(part, sorted(carried), VOTERS):
        weights = cosines**2
        total = float(weights.sum())
        votes: dict[str, float] = defaultdict(float)
        for neighbor, weight in zip(near.tolist(), weights.tolist(), strict=True):
            for key in carried[neighbor]:
                votes[key] += weight / total if total else 0.0
        shares = [(key, round(share, 4)) for key, share in votes.items()]
        by_row[row] = sorted(((key, share) for key, share in shares if share > 0), key=lambda pair: (-pair[1], pair[0]))
    return by_row
