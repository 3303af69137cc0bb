"""The model of a blog's tags: from documents to the probability of every (post, tag), before any rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from enishi.memo import Memo
from enishi.tags.answers import Answers, Corrections, Declines, fit_corrections
from enishi.tags.calibration import (
    Constants,
    cross_fitted,
    fit_tag_shifts,
    fit_weights,
    read_constants,
    shipped_constants,
    shown_confidence,
    sigmoid,
    standardise,
    sums_by_tenth,
)
from enishi.tags.confidence import Surroundings, confident_margins, shipped_confidence_constants
from enishi.tags.evidence import Labels, TagScores, score_tags
from enishi.tags.likeness import Likeness
from enishi.tags.mentions import Mentions, count_mentions
from enishi.tags.opportunity import Opportunity
from enishi.tags.own_tags import OwnTags
from enishi.tags.vocabulary import Vocabulary
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.config import TagSettings
    from enishi.generators.base import Site
    from enishi.types import Matrix, Rows

MIN_POSTS = 2
"""A tag on fewer posts is not suggested: one post does not show what the author uses it for."""
MAX_PAIRS = 1_000_000
"""The most (post, tag) pairs that the probabilities are fitted on."""
_POSTS_AT_A_TIME = 256


@dataclass(frozen=True, slots=True)
class TagModel:
    """What the suggestions of a blog are made from."""

    documents: Sequence[Document]
    vocabulary: Vocabulary
    likeness: Likeness
    estimate: Estimate
    settings: TagSettings
    declined: Declines


@dataclass(frozen=True, slots=True)
class Estimate:
    """Two probabilities of every (post, tag), before the rules."""

    keys: tuple[str, ...]
    """Tags that can be suggested, sorted."""
    probability: Matrix
    """The fit: whether the tag describes the text.  Shape (n_posts, n_tags), as shown: at most .95."""
    confidence: Matrix
    """Whether the author would add it beside the tags that are there; the fit, where there are none.  As shown, too."""
    own_tags: OwnTags
    """How often tags stand together."""
    opportunity: Opportunity
    """When tags were in use."""
    surroundings: Surroundings
    """What the confidence goes by beside the fit."""
    fold: Rows
    """Of a post with tags of its own, -1 for others; shape (n_posts,)."""
    carried: npt.NDArray[np.bool_]
    """Which posts carry which tags, implied ones too; shape (n_posts, n_tags)."""
    mentions: Mentions
    weights: Matrix
    """The blog's own, see :mod:`enishi.tags.calibration`."""
    shifts: Matrix
    """By fold and tag, see :func:`enishi.tags.calibration.fit_tag_shifts`."""
    corrections: Corrections
    """By what the author decided."""
    calibration: Matrix | None = None
    """How often out-of-fold confidences were right, see :func:`enishi.tags.calibration.sums_by_tenth`."""

    @property
    def is_tagged(self) -> npt.NDArray[np.bool_]:
        """Which posts have tags of their own, shape (n_posts,)."""
        return self.fold >= 0


def estimate_tags(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    likeness: Likeness,
    constants: Constants,
    memo: Memo | None = None,
    progress: Callable[[], None] = lambda: None,
    *,
    answers: Answers | None = None,
    calibrated: bool = False,
) -> tuple[Estimate, TagScores]:
    """Probabilities for all posts and all tags on `MIN_POSTS` posts or more, and the features that they follow from."""
    keys, labels, scores, mentions = collect_evidence(documents, vocabulary, likeness, memo, progress)
    progress()
    weights, shifts, calibration = _fit(scores, labels, constants, calibrated)
    progress()
    carried, fit = labels.y > 0, _margins(scores, weights, constants) + shifts[labels.fold]
    probability = sigmoid(fit)
    own_tags, opportunity = OwnTags.count(carried, probability), Opportunity(carried, dates_in_days(documents))
    is_tagged = labels.fold >= 0
    surroundings = Surroundings([vocabulary.names[key] for key in keys], mentions, own_tags, opportunity)
    margin = confident_margins(fit, is_tagged, surroundings, shipped_confidence_constants())
    corrections = fit_corrections(answers or Answers(), documents, vocabulary, keys, carried, fit, margin)
    confidence = shown_confidence(sigmoid(corrections.corrected(margin, slice(None), np.arange(len(keys)))))
    estimate = Estimate(
        keys=keys,
        probability=np.where(is_tagged[:, None], shown_confidence(probability), confidence),
        confidence=confidence,
        own_tags=own_tags,
        opportunity=opportunity,
        surroundings=surroundings,
        fold=labels.fold,
        carried=carried,
        mentions=mentions,
        weights=weights,
        shifts=shifts,
        corrections=corrections,
        calibration=calibration,
    )
    return estimate, scores


def _fit(
    scores: TagScores, labels: Labels, constants: Constants, calibrated: bool
) -> tuple[Matrix, Matrix, Matrix | None]:
    """The blog's weights and shifts, and how often they are right if wanted; on a large blog, of every n-th post."""
    usable = usable_pairs(scores, labels)
    step = max(1, -(-int(usable.sum()) // MAX_PAIRS))
    rows = labels.labelled[::step]
    usable, features, y_of_rows, fold = usable[rows], scores.features[rows], labels.y[rows], labels.fold[rows]
    y = y_of_rows[usable]
    z, pair_weights = standardise(features[usable], constants), np.full(len(y), float(step))
    weights = fit_weights(z, y, pair_weights, constants)
    margin = np.zeros(usable.shape)
    margin[usable] = z @ weights
    # Of a tag on two posts, neither post is usable: only where it is missing would teach
    teaches = usable & (labels.y.sum(axis=0) > MIN_POSTS)
    shifts = fit_tag_shifts(margin, y_of_rows, float(step) * teaches, fold)
    if not calibrated:
        return weights, shifts, None
    crossed = cross_fitted(z, y, pair_weights, weights, np.repeat(fold, usable.sum(axis=1))) + shifts[fold][usable]
    return weights, shifts, sums_by_tenth(shown_confidence(sigmoid(crossed)), y)


def _margins(scores: TagScores, weights: Matrix, constants: Constants) -> Matrix:
    """The log-odds of every (post, tag), some posts at a time: their z-scores take more memory than the features."""
    n, tags, width = scores.features.shape
    margin = np.zeros((n, tags))
    for start in range(0, n, _POSTS_AT_A_TIME):
        part = scores.features[start : start + _POSTS_AT_A_TIME]
        margin[start : start + _POSTS_AT_A_TIME] = (standardise(part.reshape(-1, width), constants) @ weights).reshape(
            len(part), tags
        )
    return margin


def collect_evidence(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    likeness: Likeness,
    memo: Memo | None = None,
    progress: Callable[[], None] = lambda: None,
) -> tuple[tuple[str, ...], Labels, TagScores, Mentions]:
    """The evidence for every tag that can be suggested: (keys, labels, features, mentions)."""
    meant = vocabulary.meant_on(documents)
    keys = eligible_tags(meant, vocabulary)
    column = {key: place for place, key in enumerate(keys)}
    y = np.zeros((len(documents), len(keys)))
    for row, tags in enumerate(meant):
        y[row, [column[key] for key in tags if key in column]] = 1
    labels = Labels.of(documents, y, [row for row, tags in enumerate(meant) if tags])
    mentions = count_mentions(documents, [vocabulary.spellings[key] for key in keys], memo)
    progress()
    return keys, labels, score_tags(likeness, labels, mentions, dates_in_days(documents)), mentions


def dates_in_days(documents: Sequence[Document]) -> Matrix:
    """The date of every post in days, NaN where it has none, shape (n,)."""
    return np.array([d.post.date.timestamp() / 86400 if d.post.date else np.nan for d in documents], dtype=float)


def usable_pairs(scores: TagScores, labels: Labels) -> npt.NDArray[np.bool_]:
    """Which (post, tag) pairs to fit on: posts with tags, and tags on enough posts of the other folds."""
    return np.asarray((labels.fold >= 0)[:, None] & (scores.seen >= MIN_POSTS))


def constants_of(site: Site, settings: TagSettings) -> Constants:
    """The learned constants that the settings ask for.

    Raises:
        SettingsError: their file cannot be used.
    """
    return read_constants(site.root / Path(settings.constants)) if settings.constants else shipped_constants()


def eligible_tags(meant: Sequence[frozenset[str]], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Keys of the tags that can be suggested, sorted; `meant` holds what each post carries, implied tags too."""
    counts = Counter(key for keys in meant for key in keys)
    allowed = vocabulary.names.keys() - vocabulary.barred
    return tuple(sorted(key for key, count in counts.items() if count >= MIN_POSTS and key in allowed))
