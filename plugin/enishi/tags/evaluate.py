"""Cross-validation of tag suggestions: hide tags, suggest, compare.

The posts with tags are divided into folds.  For each fold in turn, its tags are taken out of the documents before
anything is computed, and the rest is what a build does: vocabulary, counts, evidence, fit and rules come from the other
posts.  The similarity of posts never depends on tags; it is measured once, on documents without *any* tags.

Where one tag of a post is hidden and its others are left, the rest is the same, but only posts with several tags serve.

The baseline is what anybody would try first: the votes of the nearest posts by TF-IDF.  Both are evaluated on the same
posts, the same tags and the same answers:

- An *answer* is a tag that the hidden post carries and that could be suggested: on at least `MIN_POSTS` of the other
  posts, and not barred by the author.  (How many tags fall out that way is counted.)
- A suggestion counts in any spelling and under any alias.  One that a tag of the post implies (`S3` implies `AWS`) is
  neither right nor wrong and left out: the author means it, and by the blog's own rule does not write it.
- Every other suggestion that the post does not carry is wrong, though its author might well agree.
- Translations of one post are in the same fold, and lose the same tag: they would give each other away.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from enishi.reading.tokens import count_words
from enishi.tags.answers import Answers
from enishi.tags.fields import TAG_KEYS, choose_fields
from enishi.tags.likeness import Likeness, measure_likeness
from enishi.tags.model import MIN_POSTS
from enishi.tags.suggest import RankedTags, rank_tags
from enishi.tags.vocabulary import Vocabulary, read_vocabulary
from enishi.types import Document, Post, Progress
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


def likeness_without_tags(
    documents: Sequence[Document], blocks: Sequence[tuple[float, Vectors]] = (), backend: Backend = "auto"
) -> Likeness:
    """How alike posts are, beside any tag; for `blocks`, see :func:`enishi.tags.likeness.measure_likeness`."""
    with one_thread():
        bare = [without_tags(document) for document in documents]
        return measure_likeness(bare, blocks=blocks, backend=backend, front=choose_fields(documents))


def hide_in_turn(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    answers: Answers | None = None,
    *,
    likeness: Likeness | None = None,
    folds: int = FOLDS,
    progress: Progress = lambda *_: None,
) -> list[Case]:
    """A case for every post with tags, by path; `documents` are sorted by path.

    `min_confidence` and `max_suggestions` are ignored, and what was decided about a hidden post is hidden as well.
    `likeness` is that of :func:`likeness_without_tags`.
    """
    cases: list[Case] = []
    with one_thread():
        untagged = [without_tags(document) for document in documents]
        likeness = likeness or likeness_without_tags(documents)
        neighbors = TextNeighbors(untagged)
        parts = divide(documents, folds)
        for fold, part in enumerate(parts):
            progress("suggesting hidden tags", fold, len(parts))
            seen = hide(documents, untagged, part)
            ranked = _rank_hidden(seen, part, site, settings, likeness, answers)
            votes = vote(seen, ranked, neighbors, part)
            countable = countable_tags(seen, ranked)
            cases += [judge(documents[row], ranked, countable, votes[row]) for row in part]
        progress("suggesting hidden tags", len(parts), len(parts))
    return sorted(cases, key=lambda case: case.path)


def hide_one_in_turn(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    answers: Answers | None = None,
    *,
    likeness: Likeness | None = None,
    folds: int = FOLDS,
    progress: Progress = lambda *_: None,
) -> list[Case]:
    """A case for every post with several tags, one of which is hidden and the others left; see :func:`hide_in_turn`."""
    vocabulary, _ = read_vocabulary([document.post for document in documents], site, settings)
    chosen = choose_hidden(documents, vocabulary)
    cases: list[Case] = []
    with one_thread():
        likeness = likeness or likeness_without_tags(documents)
        parts = [[row for row in part if row in chosen] for part in divide(documents, folds)]
        for fold, part in enumerate(parts):
            progress("suggesting a hidden tag beside others", fold, len(parts))
            seen = list(documents)
            for row in part:
                seen[row] = _without_tag(documents[row], chosen[row], vocabulary)
            ranked = _rank_hidden(seen, part, site, settings, likeness, answers)
            countable = countable_tags(seen, ranked)
            for row in part:
                found = judge(documents[row], ranked, countable, ())
                hidden = ranked.vocabulary.key(vocabulary.names[chosen[row]])
                cases.append(replace(found, hidden=1, answers=int(hidden in countable)))
        progress("suggesting a hidden tag beside others", len(parts), len(parts))
    return sorted(cases, key=lambda case: case.path)


def _rank_hidden(
    seen: Sequence[Document],
    part: Sequence[int],
    site: Site,
    settings: TagSettings,
    likeness: Likeness,
    answers: Answers | None,
) -> RankedTags:
    """What a build suggests that sees these documents, and knows no decision about those of the part."""
    known = (answers or Answers()).without({seen[row].post.path for row in part})
    return rank_tags(seen, site, all_listed(settings), likeness, known)


def all_listed(settings: TagSettings) -> TagSettings:
    """The settings, but with `LISTED` suggestions a post, however unsure."""
    return settings.model_copy(update={"min_confidence": 0.0, "max_suggestions": LISTED})


def choose_hidden(documents: Sequence[Document], vocabulary: Vocabulary) -> dict[int, str]:
    """The key of one tag of each post with several, by row, chosen by a hash: one that could be suggested again."""
    counts = Counter(key for meant in vocabulary.meant_on(documents) for key in meant)
    chosen = {}
    for row in tagged_rows(documents):
        post = documents[row].post
        own = vocabulary.tags_of(post)
        missed = {key for key in own if counts[key] > MIN_POSTS and key not in vocabulary.meant_by(own - {key})}
        if len(own) > 1 and (missed := missed - vocabulary.barred):
            chosen[row] = min(missed, key=lambda key: (_hash(f"{_group(post)} {key}"), key))
    return chosen


def _without_tag(document: Document, key: str, vocabulary: Vocabulary) -> Document:
    """The document as if its author had not given it one tag, however spelled."""
    bare = without_tags(document)
    tags = tuple(tag for tag in document.post.tags if vocabulary.key(tag) != key)
    return replace(bare, post=replace(bare.post, tags=tags))


def divide(documents: Sequence[Document], folds: int) -> list[list[int]]:
    """Rows of the posts with tags in parts of even size, by a hash of their paths; each part sorted."""
    groups: dict[str, list[int]] = {}
    for row in tagged_rows(documents):
        groups.setdefault(_group(documents[row].post), []).append(row)
    ranked = sorted(groups, key=lambda name: (_hash(name), name))
    count = min(folds, len(ranked))
    return [sorted(row for name in ranked[part::count] for row in groups[name]) for part in range(count)]


def _group(post: Post) -> str:
    """What posts have in common that are translations of one another."""
    return f"translations {post.translation_key}" if post.translation_key else post.path


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace")).digest()


def without_tags(document: Document) -> Document:
    """The document as if its author had never tagged it."""
    front = {key: value for key, value in document.post.front_matter.items() if key.casefold() not in TAG_KEYS}
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
