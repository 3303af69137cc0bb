"""How good encoders are by the blog's own tags and links, each hidden from the encoder that they judge.

Tags    The tags of a part of the posts are hidden, as `enishi eval` does it; then the 25 nearest of the other posts
        with tags vote, each with the square of its cosine.  The vectors know no tags at all, so that the encoder is
        judged and not the rest of the evidence.  nDCG@5, the mean over posts.
Links   The vectors are those of a blog whose posts do not link to each other (:mod:`.unlinked`), all links being
        hidden at once.  recall@5: of all links, the share that leads to one of the five posts nearest to the one that
        links.  MRR: the mean over posts that link of 1 / the rank of the first linked post, 0 beyond the tenth.

Nearest posts are those with the highest cosine, without any rule about lists: all that may be listed, but for
translations of the post.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from enishi.commands.compare.encode import EncodedBlog, Views
from enishi.commands.compare.intervals import Figure, figures
from enishi.tags.evaluate import Case, Neighbors, countable_tags, divide, hide, judge, tagged_rows, vote
from enishi.tags.figures import ndcg
from enishi.tags.model import eligible_tags
from enishi.tags.suggest import RankedTags
from enishi.tags.vocabulary import read_vocabulary
from enishi.types import Document, Post

if TYPE_CHECKING:
    from enishi.config import TagSettings
    from enishi.generators.base import Site
    from enishi.related.index import Backend
    from enishi.types import Rows, Scores, Vectors

FIRST = 5
RANKED = 10
MIN_LINKING = 10
"""With fewer posts that link, links say nothing."""
_TRANSLATIONS = 8
"""How many translations of one post are passed over."""

NearestPosts = Mapping[str, tuple[str, ...]]
"""By path, the paths of the nearest posts, nearest first, at most `RANKED`."""


# --- nearest posts ----------------------------------------------------------------------------------------------------


class VectorNeighbors:
    """The posts nearest by their vectors: :class:`enishi.tags.evaluate.Neighbors`."""

    def __init__(self, vectors: Vectors, backend: Backend) -> None:
        self._vectors, self._backend = vectors, backend

    def of(self, rows: Sequence[int], others: Sequence[int], k: int) -> Iterator[tuple[int, Rows, Scores]]:
        """(row, its k nearest of the others, their cosines), nearest first; cosines over 0 only."""
        import numpy as np

        from enishi.related.index import build_index

        known = np.asarray(others, dtype=np.int64)
        index = build_index(self._vectors[known], backend=self._backend)
        places, cosines = index.search(self._vectors[np.asarray(rows, dtype=np.int64)], k + 1)
        for row, near, scores in zip(rows, known[places], cosines, strict=True):
            near_others = (near != row) & (scores > 0)
            yield row, near[near_others][:k], scores[near_others][:k]


def nearest_posts(documents: Sequence[Document], vectors: Vectors, backend: Backend) -> NearestPosts:
    """The posts nearest to each post, of those that may be listed; cosines over 0 only."""
    import numpy as np

    from enishi.related.ranking import Ranking

    posts = [document.post for document in documents]
    listable = [row for row, post in enumerate(posts) if post.is_listable]
    candidates = Ranking(vectors, listable, backend).candidates(np.arange(len(posts)), RANKED + _TRANSLATIONS)
    nearest = {}
    for row, post in enumerate(posts):
        pairs = zip(candidates.rows[row].tolist(), candidates.cosines[row].tolist(), strict=True)
        near = [posts[other] for other, cosine in pairs if other >= 0 and cosine > 0]
        nearest[post.path] = tuple(other.path for other in near if not other.is_translation_of(post))[:RANKED]
    return nearest


def nearest_unlinked(views: Views, encoded: Sequence[EncodedBlog]) -> list[NearestPosts | None]:
    """The posts nearest to each post for each encoder that sees no links; None for one that has learned from them."""
    backend = views.posts.blog.settings.index.backend
    return [
        None
        if one.unlinked is None or one.encoder.knows_links
        else nearest_posts(views.unlinked, one.unlinked, backend)
        for one in encoded
    ]


# --- tags -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TagRound:
    """How well hidden tags were found again."""

    posts: int
    """Posts whose tags were hidden."""
    answered: int
    """How many of them carry a tag that could be suggested."""
    folds: int
    ndcg: tuple[Figure | None, ...]
    """By encoder; None for one that has learned from tags."""


def judge_by_tags(views: Views, encoded: Sequence[EncodedBlog], folds: int) -> TagRound | None:
    """How well the nearest posts of each encoder vote for hidden tags; None where no hidden tag could be suggested."""
    blog, documents = views.posts.blog, views.whole
    neighbors = [VectorNeighbors(one.untagged, blog.settings.index.backend) for one in encoded]
    parts = divide(documents, folds)
    cases = vote_in_turn(documents, views.untagged, neighbors, parts, blog.site, blog.settings.tags)
    answered = sum(1 for case in cases[0] if case.answers)
    if not answered:
        return None
    usable = [None if one.encoder.knows_tags else of_one for of_one, one in zip(cases, encoded, strict=True)]
    return TagRound(len(tagged_rows(documents)), answered, len(parts), ndcg_figures(usable))


def vote_in_turn(
    documents: Sequence[Document],
    untagged: Sequence[Document],
    neighbors: Sequence[Neighbors],
    parts: Sequence[Sequence[int]],
    site: Site,
    settings: TagSettings,
) -> list[list[Case]]:
    """A case for every post of the parts by each kind of neighbours, whose votes are its guesses.

    The tags of a part are taken away before anything is counted, so the vocabulary is that of the other posts.
    """
    cases: list[list[Case]] = [[] for _ in neighbors]
    for part in parts:
        seen = hide(documents, untagged, part)
        vocabulary, _ = read_vocabulary([document.post for document in seen], site, settings)
        ranked = RankedTags(vocabulary, frozenset(eligible_tags(vocabulary.meant_on(seen), vocabulary)), {})
        countable = countable_tags(seen, ranked)
        for of_one, near in zip(cases, neighbors, strict=True):
            votes = vote(seen, ranked, near, part)
            voted = {documents[row].post.path: tuple(votes[row]) for row in part}
            judged = replace(ranked, by_path=voted)
            of_one += [judge(documents[row], judged, countable, ()) for row in part]
    return cases


def ndcg_figures(cases: Sequence[Sequence[Case] | None]) -> tuple[Figure | None, ...]:
    """nDCG@5 of each encoder's cases, which are of the same posts; the mean over those with an answer."""
    gained = [None if of_one is None else [ndcg(c.guesses, c.answers) for c in of_one if c.answers] for of_one in cases]
    return figures(gained, [1.0] * max(len(row or ()) for row in gained))


# --- links ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkRound:
    """How well hidden links were found again."""

    links: int
    """Links that were hidden and lead to a post that may be listed."""
    sources: int
    """Posts that link."""
    recall: tuple[Figure | None, ...]
    """By encoder; None for one that has learned from links."""
    mrr: tuple[Figure | None, ...]


def judge_by_links(
    documents: Sequence[Document], nearest: Sequence[NearestPosts | None], links: Mapping[str, Sequence[str]]
) -> LinkRound | None:
    """How well the nearest posts of each encoder find the posts that authors linked; None where few posts link.

    `nearest` are of posts without links, and None for an encoder that has learned from links.
    """
    answers = _answers({document.post.path: document.post for document in documents}, links)
    if len(answers) < MIN_LINKING:
        return None
    numbers = [float(len(targets)) for targets in answers.values()]

    def measured(figure: Callable[[Sequence[str], frozenset[str]], float]) -> list[list[float] | None]:
        return [
            None if near is None else [figure(near[path], targets) for path, targets in answers.items()]
            for near in nearest
        ]

    return LinkRound(
        links=int(sum(numbers)),
        sources=len(answers),
        recall=figures(measured(lambda near, targets: float(len(targets.intersection(near[:FIRST])))), numbers),
        mrr=figures(measured(_reciprocal_rank), [1.0] * len(numbers)),
    )


def _answers(posts: Mapping[str, Post], links: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """By path of a post that links, the posts to be found again: those that could be in its list at all."""
    answers = {}
    for source, targets in sorted(links.items()):
        listable = [posts[path] for path in targets if posts[path].is_listable]
        kept = frozenset(post.path for post in listable if not post.is_translation_of(posts[source]))
        if kept:
            answers[source] = kept
    return answers


def _reciprocal_rank(near: Sequence[str], targets: frozenset[str]) -> float:
    return next((1 / place for place, path in enumerate(near, 1) if path in targets), 0.0)
