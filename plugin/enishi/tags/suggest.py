"""The tags that a post is missing: evidence for every (post, tag), one calibrated probability, then the blog's rules.

    vocabulary.py   the blog's tags and its rules about them
    kernel.py       the similarity of two posts, in one number that does not depend on tags
    likeness.py     the similarity of all posts, and kernel ridge regression on it
    mentions.py     where a tag's name occurs
    evidence.py     features of every (post, tag), out of fold
    calibration.py  features -> probability
    topics.py       posts that belong together, and the tags their topic lacks
    declined.py     suggestions that the author declined

A post's own tags never enter its suggestions.  The same posts give the same bytes, whatever the number of threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.memo import Memo
from enishi.tags.distinctive_terms import DistinctiveTerms
from enishi.tags.topics import Grouping, describe_topics, group_posts
from enishi.tags.vocabulary import Vocabulary, read_vocabulary, reader_key
from enishi.types import Document, Evidence, Neighbor, TagAnalysis, TagSuggestion, TopicShare
from enishi.vectors import one_thread

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.config import TagSettings
    from enishi.generators.base import Site
    from enishi.related.index import Backend
    from enishi.tags.calibration import Constants
    from enishi.tags.evidence import Labels, TagScores
    from enishi.tags.likeness import Likeness
    from enishi.tags.mentions import Mentions
    from enishi.types import Matrix, Vectors


VERSION = 1
MIN_POSTS = 2
"""A tag on fewer posts is not suggested: one post does not show what the author uses it for."""
MAX_PAIRS = 1_000_000
"""The most (post, tag) pairs that the probabilities are fitted on."""
IMPLIED_FROM = 0.5
"""A broader tag is not suggested beside a narrower one of at least this confidence."""
DIGITS = 4
EVIDENCE_NEIGHBORS = 3
EVIDENCE_TERMS = 5
_DECLINE_NEIGHBORS = 25
_POSTS_AT_A_TIME = 256
_TOPIC_MIN_CONFIDENCE = 0.2

Declines = Mapping[str, frozenset[str]]
"""Declined tags, as written, by path of the post."""


def suggest_tags(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    declined: Declines | None = None,
    *,
    blocks: Sequence[tuple[float, Vectors]] = (),
    backend: Backend = "auto",
    memo: Memo | None = None,
    progress: Callable[[], None] = lambda: None,
) -> tuple[TagAnalysis, TagModel]:
    """Suggestions for every post, drafts too, out of the blog's own tags; and what they were made from.

    Args:
        documents: sorted by path.
        site: for its aliases and the place of the ontology.
        settings: the blog's rules, and how many suggestions are wanted.
        declined: see :func:`enishi.tags.declined.match_declines`.
        blocks: see :func:`enishi.tags.likeness.measure_likeness`.
        backend: of the index that finds neighbours on blogs too large for a kernel; see :mod:`enishi.related.index`.
        memo: knows what was read out of single documents last time.
        progress: called between the steps; what it raises ends the work.
    """
    from enishi.tags.likeness import measure_likeness

    vocabulary, diagnostics = read_vocabulary([document.post for document in documents], site, settings)
    with one_thread():
        likeness = measure_likeness(documents, blocks=blocks, backend=backend, memo=memo)
        progress()
        estimate = estimate_tags(documents, vocabulary, likeness, constants_of(site, settings), memo, progress)
        progress()
        grouping = group_posts(documents, likeness)
        progress()
        terms = DistinctiveTerms(documents, memo)
        finder = EvidenceFinder(documents, vocabulary, likeness, estimate, grouping, terms)
        rules = SuggestionRules(documents, vocabulary, settings, declined or {}, likeness, estimate)
        progress()
        suggestions = rules.choose(finder)
    progress()
    analysis = TagAnalysis(
        suggestions=suggestions,
        topics=describe_topics(documents, grouping, vocabulary, terms, rules.wants),
        topic_of={documents[row].post.path: topic for row, topic in sorted(grouping.of_row.items())},
        diagnostics=tuple(sorted(diagnostics)),
    )
    return analysis, TagModel(documents, vocabulary, likeness, estimate, settings, declined or {})


@dataclass(frozen=True, slots=True)
class TagModel:
    """What the suggestions of a blog were made from: enough to suggest tags for one more post."""

    documents: Sequence[Document]
    vocabulary: Vocabulary
    likeness: Likeness
    estimate: Estimate
    settings: TagSettings
    declined: Declines


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
    declined: Declines | None = None,
) -> RankedTags:
    """The tags and confidences of :func:`suggest_tags`, without evidence and topics.

    Call it under :func:`enishi.vectors.one_thread`.
    """
    vocabulary, _ = read_vocabulary([document.post for document in documents], site, settings)
    estimate = estimate_tags(documents, vocabulary, likeness, constants_of(site, settings))
    rules = SuggestionRules(documents, vocabulary, settings, declined or {}, likeness, estimate)
    by_path = {
        document.post.path: tuple((estimate.keys[column], confidence) for confidence, column in rules.ranked(row))
        for row, document in enumerate(documents)
    }
    return RankedTags(vocabulary, frozenset(estimate.keys), by_path)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The probability of every (post, tag), before the rules."""

    keys: tuple[str, ...]
    """Tags that can be suggested, sorted."""
    probability: Matrix
    """Shape (n_posts, n_tags), as shown: at most .95."""
    carried: npt.NDArray[np.bool_]
    """Which posts carry which tags, implied ones too; shape (n_posts, n_tags)."""
    mentions: Mentions
    labels: Labels
    weights: Matrix
    """The blog's own, see :mod:`enishi.tags.calibration`."""


def estimate_tags(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    likeness: Likeness,
    constants: Constants,
    memo: Memo | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Estimate:
    """Probabilities for all posts and all tags on at least `MIN_POSTS` posts."""
    evidence = collect_evidence(documents, vocabulary, likeness, memo, progress)
    progress()
    return estimate_from(evidence, constants, progress)


def estimate_from(
    evidence: tuple[tuple[str, ...], Labels, TagScores, Mentions],
    constants: Constants,
    progress: Callable[[], None] = lambda: None,
) -> Estimate:
    """The probabilities that follow from the result of :func:`collect_evidence`."""
    from enishi.tags.calibration import shown_confidence

    keys, labels, scores, mentions = evidence
    weights = _fit(scores, labels, constants)
    progress()
    probability = shown_confidence(_probability(scores, weights, constants))
    return Estimate(keys, probability, labels.y > 0, mentions, labels, weights)


def _fit(scores: TagScores, labels: Labels, constants: Constants) -> Matrix:
    """The blog's own weights; on a large blog, fitted on every n-th post."""
    import numpy as np

    from enishi.tags.calibration import fit_weights, standardise

    usable = usable_pairs(scores, labels)
    step = max(1, -(-int(usable.sum()) // MAX_PAIRS))
    chosen = np.zeros(len(usable), dtype=bool)
    chosen[labels.labelled[::step]] = True
    usable &= chosen[:, None]
    y = labels.y[usable]
    return fit_weights(standardise(scores.features[usable], constants), y, np.full(len(y), float(step)), constants)


def _probability(scores: TagScores, weights: Matrix, constants: Constants) -> Matrix:
    """The probability of every (post, tag), some posts at a time: their z-scores take more memory than the features."""
    import numpy as np

    from enishi.tags.calibration import sigmoid, standardise

    n, tags, width = scores.features.shape
    probability = np.zeros((n, tags))
    for start in range(0, n, _POSTS_AT_A_TIME):
        part = scores.features[start : start + _POSTS_AT_A_TIME]
        margin = standardise(part.reshape(-1, width), constants) @ weights
        probability[start : start + _POSTS_AT_A_TIME] = sigmoid(margin).reshape(len(part), tags)
    return probability


def collect_evidence(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    likeness: Likeness,
    memo: Memo | None = None,
    progress: Callable[[], None] = lambda: None,
) -> tuple[tuple[str, ...], Labels, TagScores, Mentions]:
    """The evidence for every tag that can be suggested: (keys, labels, features, mentions)."""
    import numpy as np

    from enishi.tags.evidence import score_tags
    from enishi.tags.mentions import count_mentions

    meant = [vocabulary.meant_by(vocabulary.tags_of(document.post)) for document in documents]
    keys = eligible_tags(meant, vocabulary)
    labels = _labels(documents, meant, keys)
    mentions = count_mentions(documents, [vocabulary.spellings[key] for key in keys], memo)
    progress()
    days = np.array([d.post.date.timestamp() / 86400 if d.post.date else np.nan for d in documents], dtype=float)
    return keys, labels, score_tags(likeness, labels, mentions, days), mentions


def usable_pairs(scores: TagScores, labels: Labels) -> npt.NDArray[np.bool_]:
    """Which (post, tag) pairs to fit on: posts with tags, and tags on enough posts of the other folds."""
    usable: npt.NDArray[np.bool_] = (labels.fold >= 0)[:, None] & (scores.seen >= MIN_POSTS)
    return usable


def constants_of(site: Site, settings: TagSettings) -> Constants:
    """The learned constants that the settings ask for.

    Raises:
        SettingsError: their file cannot be used.
    """
    from enishi.tags.calibration import read_constants, shipped_constants

    return read_constants(site.root / Path(settings.constants)) if settings.constants else shipped_constants()


def eligible_tags(meant: Sequence[frozenset[str]], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Keys of the tags that can be suggested, sorted; `meant` holds what each post carries, implied tags too."""
    counts: dict[str, int] = {}
    for keys in meant:
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
    return tuple(
        sorted(
            key
            for key, count in counts.items()
            if count >= MIN_POSTS and key in vocabulary.names and key not in vocabulary.barred
        )
    )


def _labels(documents: Sequence[Document], meant: Sequence[frozenset[str]], keys: Sequence[str]) -> Labels:
    import numpy as np

    from enishi.tags.evidence import Labels

    column = {key: place for place, key in enumerate(keys)}
    y = np.zeros((len(documents), len(keys)))
    for row, tags in enumerate(meant):
        y[row, [column[key] for key in tags if key in column]] = 1
    return Labels.of(documents, y, [row for row, tags in enumerate(meant) if tags])


def without_implied(
    ranked: list[tuple[float, int]], keys: Sequence[str], vocabulary: Vocabulary
) -> list[tuple[float, int]]:
    """The (confidence, column) pairs whose tag is not implied by a narrower one among them."""
    implied = {
        key
        for confidence, column in ranked
        if confidence >= IMPLIED_FROM
        for key in vocabulary.broader.get(keys[column], frozenset())
    }
    return [(confidence, column) for confidence, column in ranked if keys[column] not in implied]


# --- rules -----------------------------------------------------------------------------------------------------------


class SuggestionRules:
    """From probabilities to suggestions, by the blog's rules and the author's declines."""

    def __init__(
        self,
        documents: Sequence[Document],
        vocabulary: Vocabulary,
        settings: TagSettings,
        declined: Declines,
        likeness: Likeness,
        estimate: Estimate,
    ) -> None:
        import numpy as np

        self._documents, self._vocabulary, self._settings = documents, vocabulary, settings
        self._likeness, self._estimate = likeness, estimate
        self._column = {key: place for place, key in enumerate(estimate.keys)}
        self._declined = {path: frozenset(map(vocabulary.key, tags)) for path, tags in declined.items()}
        self._unfit = [
            vocabulary.unfit_for(document.post) | self._declined.get(document.post.path, frozenset())
            for document in documents
        ]
        self._confidence = np.round(estimate.probability * self._decline_factors(), DIGITS)

    def choose(self, finder: EvidenceFinder) -> dict[str, tuple[TagSuggestion, ...]]:
        """The suggestions of every post, by (confidence descending, tag)."""
        names, keys = self._vocabulary.names, self._estimate.keys
        return {
            document.post.path: tuple(
                TagSuggestion(names[keys[column]], confidence, finder.evidence(row, column))
                for confidence, column in self.ranked(row)
            )
            for row, document in enumerate(self._documents)
        }

    def confidence(self, row: int, column: int) -> float:
        """The confidence of one tag on one post, lowered where similar posts declined it."""
        return float(self._confidence[row, column])

    def ranked(self, row: int) -> list[tuple[float, int]]:
        """(confidence, column) of what is suggested for a post, in order."""
        import numpy as np

        keys = self._estimate.keys
        if not self._documents[row].words:
            return []  # without words, the blog's commonest tags would be suggested
        sure = np.flatnonzero(self._confidence[row] >= self._settings.min_confidence).tolist()
        ranked = [
            (float(self._confidence[row, column]), column) for column in sure if keys[column] not in self._unfit[row]
        ]
        ranked.sort(key=lambda pair: (-pair[0], keys[pair[1]]))
        return without_implied(ranked, keys, self._vocabulary)[: self._settings.max_suggestions]

    def wants(self, row: int, key: str) -> bool:
        """Whether a topic may propose a tag for one of its posts: no rule and no strong evidence against it."""
        if key in self._unfit[row] or not self._documents[row].words or key not in self._column:
            return False
        return bool(self._confidence[row, self._column[key]] >= _TOPIC_MIN_CONFIDENCE)

    def _decline_factors(self) -> Matrix:
        """A factor for every (post, tag), at most 1, that lowers what posts nearby declined.

        Of the posts near this one, a carry the tag and d declined it: as a share with one success assumed before,
        (a + 1)/(a + d + 1).  Where nobody near declined it, 1.
        """
        import numpy as np

        carried = self._estimate.carried
        factor = np.ones(carried.shape)
        declined = np.zeros(carried.shape, dtype=bool)
        for row, document in enumerate(self._documents):
            for key in self._declined.get(document.post.path, frozenset()):
                if key in self._column:
                    declined[row, self._column[key]] = True
        tags = np.flatnonzero(declined.any(axis=0))
        if len(tags):
            rows, scores = self._likeness.nearest_of_all(_DECLINE_NEIGHBORS)
            for row, (near, alike) in enumerate(zip(rows, scores, strict=True)):
                carrying = carried[np.ix_(near[alike > 0], tags)].sum(axis=0)
                declining = declined[np.ix_(near[alike > 0], tags)].sum(axis=0)
                factor[row, tags] = (carrying + 1) / (carrying + declining + 1)
        return factor


# --- explanations ----------------------------------------------------------------------------------------------------


class EvidenceFinder:
    """Evidence for suggestions: nearest posts with the tag, topic, mentions, terms."""

    def __init__(
        self,
        documents: Sequence[Document],
        vocabulary: Vocabulary,
        likeness: Likeness,
        estimate: Estimate,
        grouping: Grouping,
        terms: DistinctiveTerms,
    ) -> None:
        import numpy as np

        self._documents, self._estimate, self._likeness = documents, estimate, likeness
        self._carriers = [np.flatnonzero(estimate.carried[:, column]) for column in range(len(estimate.keys))]
        self._terms, self._grouping = terms, grouping
        self._readers = [{reader_key(name) for name in vocabulary.spellings[key]} for key in estimate.keys]
        self._in_carriers: dict[int, Counter[str]] = {}

    def evidence(self, row: int, column: int) -> Evidence:
        """Evidence for one suggestion; the post is no evidence for itself."""
        return Evidence(
            neighbors=self._neighbors(row, column),
            topic=self._topic_share(row, column),
            mentions=int(self._estimate.mentions.counts[row, column]),
            terms=self._speaking_terms(row, column),
        )

    def _neighbors(self, row: int, column: int) -> tuple[Neighbor, ...]:
        import numpy as np

        carriers = self._carriers[column]
        carriers = carriers[carriers != row]
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
        names = self._readers[column]
        return self._terms.speaking_for(
            row,
            self._in_carriers[column],
            len(self._carriers[column]) - int(self._estimate.carried[row, column]),
            is_name=lambda term: reader_key(term) in names,
            limit=EVIDENCE_TERMS,
        )
