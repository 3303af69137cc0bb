"""Tags for one more post, from the suggestions that stand: see :mod:`enishi.commands.watch.preview`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from enishi.tags.calibration import Constants, shipped_constants, shown_confidence, sigmoid, standardise
from enishi.tags.evidence import FEATURES, MentionRates, centroid_feature, date_feature, fill_mentions, ridge_features
from enishi.tags.likeness import ExactLearner, ExactLikeness
from enishi.tags.mentions import count_mentions
from enishi.tags.model import TagModel
from enishi.tags.rules import DIGITS, rank
from enishi.tags.suggest import EVIDENCE_NEIGHBORS
from enishi.types import Document, Evidence, Neighbor, TagSuggestion
from enishi.vectors import one_thread

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.tags.mentions import Mentions
    from enishi.types import Matrix, Rows


MOST_POSTS = 2_000
"""On larger blogs there is no preview of tags: the kernel is not worth its memory between two saves."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part of the posts hears of the others."""

    rows: Rows
    learned: Rows
    prior: Matrix
    lengths: Matrix
    table: Matrix


class TagPreviewer:
    """The tags of a blog as the last round left them."""

    def __init__(self, model: TagModel, likeness: ExactLikeness, constants: Constants) -> None:
        self._model, self._likeness, self._constants = model, likeness, constants
        estimate = model.estimate
        labels = estimate.labels
        self._row = {document.post.path: row for row, document in enumerate(model.documents)}
        with one_thread():
            self._learner: ExactLearner = likeness.learner(labels.y, labels.labelled)
        self._named = MentionRates(labels, estimate.mentions)
        self._posts_with = (estimate.mentions.counts > 0).sum(axis=0)
        dates = [document.post.date for document in model.documents]
        self._days = np.array([date.timestamp() / 86400 if date else np.nan for date in dates], dtype=float)
        self._parts: dict[int, _Part] = {}

    @classmethod
    def of(cls, model: TagModel | None) -> TagPreviewer | None:
        """From what the last round suggested tags from; None where there is nothing to go by."""
        if model is None or not isinstance(model.likeness, ExactLikeness):
            return None
        if len(model.documents) > MOST_POSTS or not model.estimate.keys or model.settings.constants:
            return None
        return cls(model, model.likeness, shipped_constants())

    def suggestions(self, document: Document) -> tuple[TagSuggestion, ...] | None:
        """About the tags that will be suggested for the post, with the posts that speak for them."""
        model = self._model
        keys, vocabulary, settings = model.estimate.keys, model.vocabulary, model.settings
        if not document.words:
            return ()
        with one_thread():
            row = self._row.get(document.post.path)
            kernel, cosines = self._likeness.compare_new(document, row)
            if row is not None:
                kernel[row] = cosines[row] = 0  # its own former self is no evidence
            mentions = count_mentions([document], [vocabulary.spellings[key] for key in keys])
            features = self._features(document, row, kernel, cosines, mentions)
            margin = standardise(features.reshape(-1, len(FEATURES)), self._constants) @ model.estimate.weights
        confidence = np.round(shown_confidence(sigmoid(margin)), DIGITS)
        declined = model.declined.get(document.post.path, frozenset())
        unfit = vocabulary.unfit_for(document.post) | frozenset(map(vocabulary.key, declined))
        return tuple(
            TagSuggestion(
                vocabulary.names[keys[column]],
                sure,
                Evidence(self._neighbors(column, cosines), mentions=int(mentions.counts[0, column])),
            )
            for sure, column in rank(confidence, keys, unfit, vocabulary, settings)
        )

    def _features(
        self, document: Document, row: int | None, kernel: Matrix, cosines: Matrix, mentions: Mentions
    ) -> npt.NDArray[np.float32]:
        """Shape (1, n_tags, len(FEATURES))."""
        labels = self._model.estimate.labels
        part = self._part(-1 if row is None else int(labels.fold[row]))
        y, date = labels.y[part.learned], document.post.date
        day = np.array([date.timestamp() / 86400 if date else np.nan])
        ridge, centroid, nearest = self._learner.predict_new(
            kernel, cosines, part.rows, part.learned, part.prior, part.lengths
        )
        features = np.zeros((1, y.shape[1], len(FEATURES)), dtype=np.float32)
        fill_mentions(features, mentions, self._posts_with, len(self._model.documents))
        values = {
            **ridge_features(ridge, part.prior),
            "cen_z": centroid_feature(centroid, y.sum(axis=0)),
            "near": nearest,
            "m_learn": np.take_along_axis(part.table, mentions.bucket.astype(np.int64), axis=0),
            "date": date_feature(day, self._days[part.learned], y, part.prior),
            "prior": np.log(part.prior)[None, :],
        }
        for name, value in values.items():
            features[:, :, FEATURES.index(name)] = value
        return features

    def _part(self, number: int) -> _Part:
        if number not in self._parts:
            rows, learned, prior = self._model.estimate.labels.part(number)
            lengths = self._learner.centroid_lengths(learned)
            self._parts[number] = _Part(rows, learned, prior, lengths, self._named.table(rows, learned, prior))
        return self._parts[number]

    def _neighbors(self, column: int, cosines: Matrix) -> tuple[Neighbor, ...]:
        estimate = self._model.estimate
        carriers = np.flatnonzero(estimate.carried[:, column])
        best = carriers[np.argsort(-cosines[carriers], kind="stable")[:EVIDENCE_NEIGHBORS]]
        return tuple(
            Neighbor(self._model.documents[other].post.path, round(float(cosines[other]), DIGITS))
            for other in best.tolist()
            if cosines[other] > 0
        )
