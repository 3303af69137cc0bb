"""The tags that a post is missing: evidence for every (post, tag), calibrated probabilities, then the blog's rules.

    vocabulary.py   the blog's tags and its rules about them
    fields.py       fields of front matter that tell posts apart
    kernel.py       the similarity of two posts, in one number that does not depend on tags
    likeness.py     the similarity of all posts, and kernel ridge regression on it
    mentions.py     where a tag's name occurs
    evidence.py     features of every (post, tag), out of fold
    calibration.py  features -> probability
    own_tags.py     how often tags stand together, against what the texts let expect
    opportunity.py  when a tag was in use
    confidence.py   probability by the text (fit) -> probability that the author would add the tag here
    answers.py      what the author's decisions change of it
    model.py        all of these: documents -> fit and confidence of every (post, tag)
    rules.py        probabilities -> suggestions
    circumstances.py  why a tag may be missing, and what speaks against it
    topics.py       posts that belong together, and the tags their topic lacks
    declined.py     suggestions that the author declined
    sketches.py     by which a renamed post is known again
    decisions.py    all that the author decided, with what was shown

A post's own tags never enter what is said of how its text fits a tag.  The same posts give the same bytes, whatever the
number of threads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from enishi.kept import Kept
from enishi.memo import Memo
from enishi.tags.answers import Answers
from enishi.tags.circumstances import Circumstances
from enishi.tags.distinctive_terms import DistinctiveTerms
from enishi.tags.likeness import Likeness, measure_likeness
from enishi.tags.model import TagModel, constants_of, estimate_tags
from enishi.tags.rules import SuggestionRules
from enishi.tags.topics import Grouping, describe_topics, group_posts
from enishi.tags.vocabulary import Vocabulary, read_vocabulary, reader_key
from enishi.types import Document, Evidence, Neighbor, TagAnalysis, TagSuggestion, TopicShare
from enishi.vectors import one_thread

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.config import TagSettings
    from enishi.generators.base import Site
    from enishi.related.index import Backend
    from enishi.types import Vectors

EVIDENCE_NEIGHBORS = 3
EVIDENCE_TERMS = 5


def suggest_tags(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    answers: Answers | None = None,
    *,
    blocks: Sequence[tuple[float, Vectors]] = (),
    backend: Backend = "auto",
    memo: Memo | None = None,
    kept: Kept | None = None,
    progress: Callable[[], None] = lambda: None,
) -> TagAnalysis:
    """Suggestions for every post, drafts too, out of the blog's own tags.  `documents` are sorted by path.

    `answers` are what the author decided about earlier suggestions.
    `blocks` are those of :func:`enishi.tags.likeness.measure_likeness`, `backend` the index of blogs too large for a
    kernel.  `progress` is called between the steps; what it raises ends the work.
    """
    vocabulary, diagnostics = read_vocabulary([document.post for document in documents], site, settings)
    with one_thread():
        likeness = measure_likeness(documents, blocks=blocks, backend=backend, memo=memo, kept=kept)
        progress()
        constants, answers = constants_of(site, settings), answers or Answers()
        estimate, _ = estimate_tags(
            documents, vocabulary, likeness, constants, memo, progress, answers=answers, calibrated=True, kept=kept
        )
        progress()
        grouping = group_posts(documents, likeness)
        progress()
        terms = DistinctiveTerms(documents)
        model = TagModel(documents, vocabulary, likeness, estimate, settings, answers.declined)
        finder, rules = EvidenceFinder(model, grouping, terms), SuggestionRules(model)
        progress()
        names, keys = vocabulary.names, estimate.keys
        ranked = [rules.ranked(row) for row in range(len(documents))]
        found = finder.evidence([(row, column) for row, of_row in enumerate(ranked) for _, column in of_row])
        suggestions = {
            document.post.path: tuple(
                TagSuggestion(names[keys[column]], confidence, found[row, column], rules.fit(row, column))
                for confidence, column in ranked[row]
            )
            for row, document in enumerate(documents)
        }
    progress()
    return TagAnalysis(
        suggestions=suggestions,
        topics=describe_topics(documents, grouping, vocabulary, terms, rules.wants),
        topic_of={documents[row].post.path: topic for row, topic in sorted(grouping.of_row.items())},
        diagnostics=tuple(sorted(diagnostics)),
        calibration=() if estimate.calibration is None else tuple(map(tuple, estimate.calibration.tolist())),
    )


@dataclass(frozen=True, slots=True)
class RankedTags:
    """Suggestions without evidence."""

    vocabulary: Vocabulary
    keys: frozenset[str]
    """Tags that can be suggested at all."""
    by_path: Mapping[str, tuple[tuple[str, float], ...]]
    """(key, confidence) for every post, as :func:`suggest_tags` would choose and order them."""


def rank_tags(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    likeness: Likeness,
    answers: Answers,
) -> RankedTags:
    """The tags and confidences of :func:`suggest_tags`, without evidence and topics.

    Call it under :func:`enishi.vectors.one_thread`.
    """
    vocabulary, _ = read_vocabulary([document.post for document in documents], site, settings)
    estimate = estimate_tags(documents, vocabulary, likeness, constants_of(site, settings), answers=answers)[0]
    rules = SuggestionRules(TagModel(documents, vocabulary, likeness, estimate, settings, answers.declined))
    by_path = {
        document.post.path: tuple((estimate.keys[column], confidence) for confidence, column in rules.ranked(row))
        for row, document in enumerate(documents)
    }
    return RankedTags(vocabulary, frozenset(estimate.keys), by_path)


class EvidenceFinder:
    """Evidence for suggestions: nearest posts with the tag, topic, mentions, terms, other tags of the post, time."""

    def __init__(self, model: TagModel, grouping: Grouping, terms: DistinctiveTerms) -> None:
        self._documents, self._estimate, self._likeness = model.documents, model.estimate, model.likeness
        self._spellings = model.vocabulary.spellings
        self._terms, self._grouping, self._circumstances = terms, grouping, Circumstances(model)

    def evidence(self, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Evidence]:
        """Evidence for suggestions, each by row and column; a post is no evidence for itself."""
        rows_of: dict[int, list[int]] = defaultdict(list)
        for row, column in pairs:
            rows_of[column].append(row)
        return {pair: one for column, rows in rows_of.items() for pair, one in self._for_tag(column, rows)}

    def _for_tag(self, column: int, rows: Sequence[int]) -> Iterator[tuple[tuple[int, int], Evidence]]:
        """Evidence for one tag on some posts."""
        estimate, about = self._estimate, self._circumstances
        carries = estimate.carried[:, column]
        carriers = np.flatnonzero(carries)
        own_names = set(map(reader_key, self._spellings[estimate.keys[column]]))
        terms = self._terms.speaking_for(
            rows, carriers, is_name=lambda term: reader_key(term) in own_names, limit=EVIDENCE_TERMS
        )
        nearest = self._likeness.nearest_among(rows, carriers, EVIDENCE_NEIGHBORS)
        for row, (near, scores), speaking in zip(rows, nearest, terms, strict=True):
            neighbors = tuple(
                Neighbor(self._documents[other].post.path, score)
                for other, score in zip(near.tolist(), scores.tolist(), strict=True)
                if score > 0
            )
            share, mentions = self._topic_share(row, carries), int(estimate.mentions.counts_of(row, column))
            beside, use = about.beside(row, column), about.use(row, column)
            yield (row, column), Evidence(neighbors, share, mentions, speaking, beside, use)

    def _topic_share(self, row: int, carries: npt.NDArray[np.bool_]) -> TopicShare | None:
        topic = self._grouping.of_row.get(row)
        if topic is None:
            return None
        group = self._grouping.groups[topic]
        return TopicShare(topic, int(carries[group].sum()) - int(carries[row]), len(group) - 1)
