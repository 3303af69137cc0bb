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
    decisions.py    all that the author decided, with what was shown

A post's own tags never enter what is said of how its text fits a tag.  The same posts give the same bytes, whatever the
number of threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    progress: Callable[[], None] = lambda: None,
) -> TagAnalysis:
    """Suggestions for every post, drafts too, out of the blog's own tags.  `documents` are sorted by path.

    `answers` are what the author decided about earlier suggestions.
    `blocks` are those of :func:`enishi.tags.likeness.measure_likeness`, `backend` the index of blogs too large for a
    kernel.  `progress` is called between the steps; what it raises ends the work.
    """
    vocabulary, diagnostics = read_vocabulary([document.post for document in documents], site, settings)
    with one_thread():
        likeness = measure_likeness(documents, blocks=blocks, backend=backend, memo=memo)
        progress()
        constants, answers = constants_of(site, settings), answers or Answers()
        estimate, _ = estimate_tags(
            documents, vocabulary, likeness, constants, memo, progress, answers=answers, calibrated=True
        )
        progress()
        grouping = group_posts(documents, likeness)
        progress()
        terms = DistinctiveTerms(documents)
        model = TagModel(documents, vocabulary, likeness, estimate, settings, answers.declined)
        finder, rules = EvidenceFinder(model, grouping, terms), SuggestionRules(model)
        progress()
        names, keys = vocabulary.names, estimate.keys
        suggestions = {
            document.post.path: tuple(
                TagSuggestion(names[keys[column]], confidence, finder.evidence(row, column), rules.fit(row, column))
                for confidence, column in rules.ranked(row)
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
        estimate, spellings = model.estimate, model.vocabulary.spellings
        self._documents, self._estimate, self._likeness = model.documents, estimate, model.likeness
        self._carriers = [np.flatnonzero(carried) for carried in estimate.carried.T]
        self._terms, self._grouping = terms, grouping
        self._readers = [set(map(reader_key, spellings[key])) for key in estimate.keys]
        self._in_carriers: dict[int, Counter[str]] = {}
        self._circumstances = Circumstances(model)

    def evidence(self, row: int, column: int) -> Evidence:
        """Evidence for one suggestion; the post is no evidence for itself."""
        mentions = int(self._estimate.mentions.counts[row, column])
        terms = self._speaking_terms(row, column)
        beside, use = self._circumstances.beside(row, column), self._circumstances.use(row, column)
        return Evidence(self._neighbors(row, column), self._topic_share(row, column), mentions, terms, beside, use)

    def _neighbors(self, row: int, column: int) -> tuple[Neighbor, ...]:
        carriers = self._carriers[column][self._carriers[column] != row]
        scores = self._likeness.between(row, carriers)
        best = np.argsort(-scores, kind="stable")[:EVIDENCE_NEIGHBORS]
        return tuple(
            Neighbor(self._documents[int(carriers[place])].post.path, float(scores[place]))
            for place in best
            if scores[place] > 0
        )

    def _topic_share(self, row: int, column: int) -> TopicShare | None:
        topic = self._grouping.of_row.get(row)
        if topic is None:
            return None
        others = [other for other in self._grouping.groups[topic] if other != row]
        return TopicShare(topic, int(self._estimate.carried[others, column].sum()), len(others))

    def _speaking_terms(self, row: int, column: int) -> tuple[str, ...]:
        if column not in self._in_carriers:
            self._in_carriers[column] = self._terms.frequency_in(self._carriers[column].tolist())
        return self._terms.speaking_for(
            row,
            self._in_carriers[column],
            len(self._carriers[column]) - int(self._estimate.carried[row, column]),
            is_name=lambda term: reader_key(term) in self._readers[column],
            limit=EVIDENCE_TERMS,
        )
