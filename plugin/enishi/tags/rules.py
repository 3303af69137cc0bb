"""From probabilities to suggestions: the blog's rules, and what its author declined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from enishi.tags.model import TagModel
from enishi.tags.pairs import Pairs

if TYPE_CHECKING:
    from enishi.types import Matrix

IMPLIED_FROM = 0.5
"""A broader tag is not suggested beside a narrower one of at least this confidence."""
DIGITS = 4
_DECLINE_NEIGHBORS = 25
_TOPIC_MIN_CONFIDENCE = 0.3


class SuggestionRules:
    """From probabilities to suggestions, by the blog's rules and the author's declines."""

    def __init__(self, model: TagModel) -> None:
        self._documents, self._likeness, self._settings = model.documents, model.likeness, model.settings
        estimate, vocabulary = model.estimate, model.vocabulary
        self._estimate, self._vocabulary = estimate, vocabulary
        self._column = {key: place for place, key in enumerate(estimate.keys)}
        self._declined = {path: frozenset(map(vocabulary.key, tags)) for path, tags in model.declined.items()}
        self._unfit = [
            vocabulary.unfit_for(document.post) | self._declined.get(document.post.path, frozenset())
            for document in model.documents
        ]
        self._confidence = np.round(self._lowered_by_declines(), DIGITS)
        sure = np.flatnonzero(self._confidence >= self._settings.min_confidence)
        self._sure = np.split(sure, np.searchsorted(sure, estimate.pairs.starts[1:-1]))

    def confidence(self, row: int, column: int) -> float:
        """The confidence of one tag on one post, lowered where similar posts declined it."""
        return float(self._estimate.pairs.find(self._confidence, row, column))

    def fit(self, row: int, column: int) -> float | None:
        """How well the tag describes the text of a post with tags; None where the confidence says just that."""
        fit = float(np.round(self._estimate.fit_of(row, column), DIGITS))
        return fit if self._estimate.is_tagged[row] and fit != self.confidence(row, column) else None

    def ranked(self, row: int) -> list[tuple[float, int]]:
        """(confidence, column) of what is suggested for a post, the surest first."""
        if not self._documents[row].words:
            return []  # without words, the blog's commonest tags would be suggested
        sure, keys = self._sure[row], self._estimate.keys
        found = zip(self._confidence[sure].tolist(), self._estimate.pairs.columns[sure].tolist(), strict=True)
        ranked = [(confidence, column) for confidence, column in found if keys[column] not in self._unfit[row]]
        ranked.sort(key=lambda pair: (-pair[0], keys[pair[1]]))
        implied = {
            key
            for confidence, column in ranked
            if confidence >= IMPLIED_FROM
            for key in self._vocabulary.broader.get(keys[column], frozenset())
        }
        return [pair for pair in ranked if keys[pair[1]] not in implied][: self._settings.max_suggestions]

    def wants(self, row: int, key: str) -> bool:
        """Whether a topic may propose a tag for one of its posts: no rule and no strong evidence against it."""
        if key in self._unfit[row] or not self._documents[row].words or key not in self._column:
            return False
        return self.confidence(row, self._column[key]) >= _TOPIC_MIN_CONFIDENCE

    def _lowered_by_declines(self) -> Matrix:
        """The confidence of each pair, lowered by what posts nearby declined.

        Of the posts near this one, a carry the tag and d declined it: as a share with one success assumed before,
        it is multiplied by (a + 1)/(a + d + 1).
        """
        from scipy.sparse import csr_array

        estimate, n = self._estimate, len(self._documents)
        declined = sorted(
            (row, self._column[key])
            for row, document in enumerate(self._documents)
            for key in self._declined.get(document.post.path, ())
            if key in self._column
        )
        if not declined:
            return estimate.confidence
        near, scores = self._likeness.nearest_of_all(_DECLINE_NEIGHBORS)
        alike = scores > 0
        is_near = csr_array((np.ones(alike.sum()), (np.nonzero(alike)[0], near[alike])), shape=(n, n))
        rows, columns = np.array(declined).T
        declining = (is_near @ Pairs.of(rows, columns, estimate.pairs.shape).matrix()).tocsr()
        declining.sort_indices()
        found = Pairs.of(np.repeat(np.arange(n), np.diff(declining.indptr)), declining.indices, estimate.pairs.shape)
        carries = estimate.carried[near[found.rows], found.columns[:, None]] & alike[found.rows]
        carrying = carries.sum(axis=1)
        factor = (carrying + 1) / (carrying + declining.data + 1)
        return np.asarray(estimate.confidence * found.find(factor, estimate.pairs.rows, estimate.pairs.columns, 1))
