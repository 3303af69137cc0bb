"""The tags that a post is missing: evidence for every (post, tag), one calibrated probability, then the blog's rules.

    vocabulary.py    the blog's tags and its rules about them
    tag_kernel.py    how alike two posts are, whatever their tags
    mentions.py      where a tag's name occurs
    tag_evidence.py  features of every (post, tag), out of fold
    calibration.py   features -> probability
    topics.py        posts that belong together, and the tags their topic lacks
    declined.py      what the author said no to

Nothing said about a post has seen its own tags.  The same posts give the same bytes, whatever the number of threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.types import Document, Evidence, Neighbor, TagAnalysis, TagSuggestion
from enishi.vocabulary import Vocabulary, read_vocabulary, reader_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.calibration import Constants
    from enishi.config import TagSettings
    from enishi.index import Backend
    from enishi.mentions import Mentions
    from enishi.site import Site
    from enishi.tag_evidence import Labels, TagScores

    Matrix = npt.NDArray[np.float64]

VERSION = 1
MIN_POSTS = 2
"""A tag on fewer posts is not suggested: one post does not show what its author means by it."""
IMPLIED_FROM = 0.5
"""A broader tag is not suggested beside a narrower one that is at least this sure."""
DIGITS = 4
EVIDENCE_NEIGHBORS = 3
EVIDENCE_TERMS = 5
_CANDIDATE_TERMS = 60
_MIN_LIFT = 2.0
_DECLINE_NEIGHBORS = 25

Declines = Mapping[str, frozenset[str]]
"""Tags declined, as written, by path of the post."""


def suggest_tags(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    declined: Declines | None = None,
    *,
    backend: Backend = "auto",
) -> TagAnalysis:
    """Suggestions for every post, drafts too, out of the blog's own tags.

    Args:
        documents: sorted by path.
        site: for its aliases and the place of the ontology.
        settings: the blog's rules, and how many suggestions are wanted.
        declined: see :func:`enishi.declined.match_declines`.
        backend: of the index that finds neighbours on blogs too large for a kernel; see :mod:`enishi.index`.
    """
    from threadpoolctl import threadpool_limits

    del backend
    vocabulary, diagnostics = read_vocabulary([document.post for document in documents], site, settings)
    with threadpool_limits(1):  # the same sums in the same order on any machine, and at these sizes faster
        kernel = _kernel(documents)
        estimate = estimate_tags(documents, vocabulary, kernel, _constants(site, settings))
        explain = _Explanations(documents, vocabulary, kernel, estimate)
        suggestions = _Rules(documents, vocabulary, settings, declined or {}, kernel).choose(estimate, explain)
    return TagAnalysis(suggestions=suggestions, diagnostics=tuple(sorted(diagnostics)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """The probability of every (post, tag) before any rule."""

    keys: tuple[str, ...]
    """Tags that can be suggested, sorted."""
    probability: Matrix
    """Shape (n_posts, n_tags), as shown: at most .95."""
    carried: npt.NDArray[np.bool_]
    """Which posts carry which tags, implied ones too; shape (n_posts, n_tags)."""
    mentions: Mentions


def estimate_tags(
    documents: Sequence[Document], vocabulary: Vocabulary, kernel: Matrix, constants: Constants
) -> Estimate:
    """Probabilities for all posts and all tags on at least `MIN_POSTS` posts."""
    import numpy as np

    from enishi.calibration import fit_weights, shown_confidence, sigmoid, standardise
    from enishi.mentions import count_mentions

    meant = [vocabulary.meant_by(vocabulary.tags_of(document.post)) for document in documents]
    keys = _eligible(meant, vocabulary)
    labels = _labels(documents, meant, keys)
    mentions = count_mentions(documents, [vocabulary.spellings[key] for key in keys])
    scores = _scores(documents, kernel, labels, mentions)
    z, y = training_pairs(scores, labels, constants)
    weights = fit_weights(z, y, np.ones(len(y)), constants)
    flat = scores.features.reshape(-1, scores.features.shape[2])
    probability = shown_confidence(sigmoid(standardise(flat, constants) @ weights)).reshape(labels.y.shape)
    return Estimate(keys, probability, labels.y > 0, mentions)


def training_pairs(scores: TagScores, labels: Labels, constants: Constants) -> tuple[Matrix, Matrix]:
    """(z, y) of the labelled posts with every tag that the posts they learn from carry often enough."""
    from enishi.calibration import standardise

    usable = (labels.fold >= 0)[:, None] & (scores.seen >= MIN_POSTS)
    return standardise(scores.features[usable], constants), labels.y[usable]


def _kernel(documents: Sequence[Document]) -> Matrix:
    from enishi.tag_kernel import dense_kernel, make_blocks

    return dense_kernel(make_blocks(documents))


def _constants(site: Site, settings: TagSettings) -> Constants:
    from enishi.calibration import read_constants, shipped_constants

    return read_constants(site.root / Path(settings.constants)) if settings.constants else shipped_constants()


def _eligible(meant: Sequence[frozenset[str]], vocabulary: Vocabulary) -> tuple[str, ...]:
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

    from enishi.tag_evidence import Labels

    column = {key: place for place, key in enumerate(keys)}
    y = np.zeros((len(documents), len(keys)))
    for row, tags in enumerate(meant):
        y[row, [column[key] for key in tags if key in column]] = 1
    return Labels.of(documents, y, [row for row, tags in enumerate(meant) if tags])


def _scores(documents: Sequence[Document], kernel: Matrix, labels: Labels, mentions: Mentions) -> TagScores:
    import numpy as np

    from enishi.tag_evidence import score_tags

    days = np.array([d.post.date.timestamp() / 86400 if d.post.date else np.nan for d in documents], dtype=float)
    return score_tags(kernel, labels, mentions, days)


# --- rules -----------------------------------------------------------------------------------------------------------


class _Rules:
    """From probabilities to what is suggested."""

    def __init__(
        self,
        documents: Sequence[Document],
        vocabulary: Vocabulary,
        settings: TagSettings,
        declined: Declines,
        kernel: Matrix,
    ) -> None:
        self._documents, self._vocabulary, self._settings, self._kernel = documents, vocabulary, settings, kernel
        self._declined = {
            path: frozenset(vocabulary.key(tag) for tag in tags) for path, tags in declined.items() if tags
        }

    def choose(self, estimate: Estimate, explain: _Explanations) -> dict[str, tuple[TagSuggestion, ...]]:
        """The suggestions of every post, by (confidence descending, tag)."""
        import numpy as np

        confidence = np.round(estimate.probability * self._lessons(estimate), DIGITS)
        chosen: dict[str, tuple[TagSuggestion, ...]] = {}
        for row, document in enumerate(self._documents):
            if not document.words:  # nothing is known of it: the blog's commonest tags would be all there is to say
                chosen[document.post.path] = ()
                continue
            unfit = self._vocabulary.unfit_for(document.post) | self._declined.get(document.post.path, frozenset())
            ranked = [
                (float(confidence[row, column]), column)
                for column in np.flatnonzero(confidence[row] >= self._settings.min_confidence).tolist()
                if estimate.keys[column] not in unfit
            ]
            ranked.sort(key=lambda pair: (-pair[0], estimate.keys[pair[1]]))
            kept = self._without_implied(ranked, estimate.keys)[: self._settings.max_suggestions]
            chosen[document.post.path] = tuple(
                TagSuggestion(self._vocabulary.names[estimate.keys[column]], sure, explain.evidence(row, column))
                for sure, column in kept
            )
        return chosen

    def _without_implied(self, ranked: list[tuple[float, int]], keys: Sequence[str]) -> list[tuple[float, int]]:
        sure = self._vocabulary.broader and {
            key
            for confidence, column in ranked
            if confidence >= IMPLIED_FROM
            for key in self._vocabulary.broader.get(keys[column], ())
        }
        return [(confidence, column) for confidence, column in ranked if keys[column] not in sure] if sure else ranked

    def _lessons(self, estimate: Estimate) -> Matrix:
        """What declines teach, a factor for every (post, tag), at most 1.

        Of the posts near this one, a carry the tag and d declined it: as a share with one success assumed before,
        (a + 1)/(a + d + 1).  Where nobody near declined it, 1.
        """
        import numpy as np

        factor = np.ones(estimate.probability.shape)
        column = {key: place for place, key in enumerate(estimate.keys)}
        pairs = [
            (row, column[key])
            for row, document in enumerate(self._documents)
            for key in self._declined.get(document.post.path, ())
            if key in column
        ]
        if not pairs:
            return factor
        refused = np.zeros(estimate.probability.shape)
        rows, columns = np.array(pairs).T
        refused[rows, columns] = 1
        tags = np.unique(columns)
        for row in range(len(self._documents)):
            near = _nearest_rows(self._kernel, row, _DECLINE_NEIGHBORS)
            carrying = estimate.carried[np.ix_(near, tags)].sum(axis=0)
            declining = refused[np.ix_(near, tags)].sum(axis=0)
            factor[row, tags] = (carrying + 1) / (carrying + declining + 1)
        return factor


def _nearest_rows(kernel: Matrix, row: int, k: int) -> npt.NDArray[np.int64]:
    import numpy as np

    own = np.sqrt(np.maximum(np.diag(kernel), 1e-12))
    scores = np.round(kernel[row] / own / own[row], DIGITS)
    scores[row] = -np.inf
    nearest = np.argsort(-scores, kind="stable")[:k]
    alike: npt.NDArray[np.int64] = nearest[scores[nearest] > 0]
    return alike


# --- explanations ----------------------------------------------------------------------------------------------------


class _Explanations:
    """Why: the posts that carry a tag, its topic, its mentions, the terms that speak for it."""

    def __init__(
        self, documents: Sequence[Document], vocabulary: Vocabulary, kernel: Matrix, estimate: Estimate
    ) -> None:
        import numpy as np

        self._documents, self._estimate, self._kernel = documents, estimate, kernel
        self._own = np.sqrt(np.maximum(np.diag(kernel), 1e-12))
        self._carriers = [np.flatnonzero(estimate.carried[:, column]) for column in range(len(estimate.keys))]
        self._terms = TellingTerms(documents)
        self._readers = [{reader_key(name) for name in vocabulary.spellings[key]} for key in estimate.keys]
        self._in_carriers: dict[int, Counter[str]] = {}

    def evidence(self, row: int, column: int) -> Evidence:
        """Evidence for one suggestion; the post is no evidence for itself."""
        return Evidence(
            neighbors=self._neighbors(row, column),
            mentions=int(self._estimate.mentions.counts[row, column]),
            terms=self._speaking_terms(row, column),
        )

    def _neighbors(self, row: int, column: int) -> tuple[Neighbor, ...]:
        import numpy as np

        carriers = self._carriers[column]
        carriers = carriers[carriers != row]
        scores = np.round(self._kernel[row, carriers] / self._own[carriers] / self._own[row], DIGITS)
        best = np.argsort(-scores, kind="stable")[:EVIDENCE_NEIGHBORS]
        return tuple(
            Neighbor(self._documents[int(carriers[place])].post.path, float(scores[place]))
            for place in best
            if scores[place] > 0
        )

    def _speaking_terms(self, row: int, column: int) -> tuple[str, ...]:
        if column not in self._in_carriers:
            self._in_carriers[column] = self._terms.frequency_in(self._carriers[column].tolist())
        found = self._in_carriers[column]
        count = len(self._carriers[column]) - int(self._estimate.carried[row, column])
        return self._terms.speaking(row, found, count, not_named=self._readers[column])


class TellingTerms:
    """The terms by which posts are told apart."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._frequency: Counter[str] = Counter()
        for document in documents:
            self._frequency.update(document.terms.keys())
        self._of_post: dict[int, list[str]] = {}

    def of_post(self, row: int) -> list[str]:
        """The post's most telling terms (folded) that other posts use, too."""
        if row not in self._of_post:
            n, terms = len(self._documents), self._documents[row].terms
            weight = {
                key: (1 + log(term.frequency)) * log((n + 1) / self._frequency[key])
                for key, term in terms.items()
                if self._frequency[key] >= 2
            }
            ranked = sorted(weight, key=lambda key: (-round(weight[key], 6), key))
            self._of_post[row] = ranked[:_CANDIDATE_TERMS]
        return self._of_post[row]

    def frequency_in(self, rows: Sequence[int]) -> Counter[str]:
        """Of these posts, how many use each term."""
        found: Counter[str] = Counter()
        for row in rows:
            found.update(self._documents[row].terms.keys())
        return found

    def speaking(
        self, row: int, found: Mapping[str, int], count: int, *, not_named: Collection[str], limit: int = EVIDENCE_TERMS
    ) -> tuple[str, ...]:
        """Terms of the post that a group of `count` other posts uses and the blog as a whole rarely does."""
        if count == 0:
            return ()
        n, terms = len(self._documents), self._documents[row].terms
        weight = {}
        for key in self.of_post(row):
            inside = found.get(key, 0)
            lift = (inside / count) / (self._frequency[key] / n)
            if inside >= min(2, count) and lift >= _MIN_LIFT and reader_key(key) not in not_named:
                weight[key] = inside / count * log(lift) * (1 + log(terms[key].frequency))
        chosen: list[str] = []
        for key in sorted(weight, key=lambda key: (-round(weight[key], 6), key)):
            if len(chosen) == limit:
                break
            if not any(key in other or other in key for other in chosen):
                chosen.append(key)
        return tuple(terms[key].surface for key in chosen)
