"""From probabilities to suggestions: the blog's rules, and what its author declined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from enishi.tags.model import TagModel

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
        self._confidence = np.round(estimate.confidence * self._decline_factors(), DIGITS)
        self._fit = np.round(estimate.probability, DIGITS)

    def confidence(self, row: int, column: int) -> float:
        """The confidence of one tag on one post, lowered where similar posts declined it."""
        return float(self._confidence[row, column])

    def fit(self, row: int, column: int) -> float | None:
        """How well the tag describes the text of a post with tags; None where the confidence says just that."""
        fit = float(self._fit[row, column])
        return fit if self._estimate.is_tagged[row] and fit != self.confidence(row, column) else None

    def ranked(self, row: int) -> list[tuple[float, int]]:
        """(confidence, column) of what is suggested for a post, the surest first."""
        if not self._documents[row].words:
            return []  # without words, the blog's commonest tags would be suggested
        confidences, keys = self._confidence[row], self._estimate.keys
        sure = np.flatnonzero(confidences >= self._settings.min_confidence).tolist()
        ranked = [(float(confidences[column]), column) for column in sure if keys[column] not in self._unfit[row]]
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
        return bool(self._confidence[row, self._column[key]] >= _TOPIC_MIN_CONFIDENCE)

    def _decline_factors(self) -> Matrix:
        """A factor for every (post, tag), at most 1, that lowers what posts nearby declined.

        Of the posts near this one, a carry the tag and d declined it: as a share with one success assumed before,
        (a + 1)/(a + d + 1).  Where nobody near declined it, 1.
        """
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
