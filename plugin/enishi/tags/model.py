"""The model of a blog's tags: from documents to the probability of every (post, tag), before any rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from enishi.kept import Kept
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
from enishi.tags.evidence import FEATURES, Labels, TagScorer
from enishi.tags.likeness import EXACT_POSTS, Likeness
from enishi.tags.mentions import Mentions, count_mentions
from enishi.tags.opportunity import Opportunity
from enishi.tags.own_tags import OwnTags
from enishi.tags.pairs import Pairs
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
LEAST_FIT = -6.0
"""Log-odds of .0025: on a blog of more than `EXACT_POSTS`, pairs that fit less are nobody's suggestion."""
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
    """Two probabilities of (post, tag) pairs, before the rules."""

    keys: tuple[str, ...]
    """Tags that can be suggested, sorted."""
    pairs: Pairs
    """All pairs, or on a blog too large for that those with a fit of `LEAST_FIT`; the figures stand beside them."""
    probability: Matrix
    """The fit: whether the tag describes the text.  As shown: at most .95."""
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

    def fit_of(self, rows: Any, columns: Any) -> Any:
        """The fit of some pairs, 0 where it is too small to be kept; rows and columns are broadcast."""
        return self.pairs.find(self.probability, rows, columns)

    def confidence_of(self, rows: Any, columns: Any) -> Any:
        """The confidence, see `fit_of`."""
        return self.pairs.find(self.confidence, rows, columns)


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
    kept: Kept | None = None,
) -> tuple[Estimate, TagScorer]:
    """Probabilities for all posts and all tags on `MIN_POSTS` posts or more, and the features that they follow from."""
    keys, scorer, mentions = collect_evidence(documents, vocabulary, likeness, memo, progress, kept)
    labels = scorer.labels
    sample, features = _sample(scorer)
    progress()
    weights, shifts, calibration = _fit(labels, sample, features, constants, calibrated)
    progress()
    own_tags, opportunity = OwnTags(labels.pairs), Opportunity(labels.pairs, dates_in_days(documents))
    left = np.delete(np.arange(len(documents)), sample)
    least = -np.inf if len(documents) <= EXACT_POSTS else LEAST_FIT
    found = []
    for rows, part in chain([(sample, features)], scorer.parts(left)):
        progress()
        margin = _margins(part, weights, constants) + shifts[labels.fold[rows]]
        own_tags.add(rows, sigmoid(margin))
        row, column = np.nonzero(margin >= least)
        found.append((rows[row], column, margin[row, column]))
    del features
    rows, columns, fit = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(rows, kind="stable")
    rows, columns, fit = rows[order], columns[order], fit[order]
    pairs = Pairs.of(rows, columns, labels.carried.shape)
    is_tagged = labels.fold >= 0
    surroundings = Surroundings([vocabulary.names[key] for key in keys], mentions, own_tags, opportunity)
    margin, around = fit.copy(), is_tagged[rows]
    margin[around] = confident_margins(
        fit[around], rows[around], columns[around], surroundings, shipped_confidence_constants()
    )
    corrections = fit_corrections(answers or Answers(), documents, vocabulary, keys, labels.carried, pairs, fit, margin)
    confidence = shown_confidence(sigmoid(corrections.corrected(margin, rows, columns)))
    estimate = Estimate(
        keys=keys,
        pairs=pairs,
        probability=np.where(around, shown_confidence(sigmoid(fit)), confidence),
        confidence=confidence,
        own_tags=own_tags,
        opportunity=opportunity,
        surroundings=surroundings,
        fold=labels.fold,
        carried=labels.carried,
        mentions=mentions,
        weights=weights,
        shifts=shifts,
        corrections=corrections,
        calibration=calibration,
    )
    return estimate, scorer


def _sample(scorer: TagScorer) -> tuple[Rows, npt.NDArray[np.float32]]:
    """The posts to fit on and their features: all with tags, on a large blog every n-th of them."""
    labels = scorer.labels
    posts = np.bincount(labels.fold[labels.labelled], minlength=labels.folds)
    pairs = sum(int(count) * int((labels.seen(fold) >= MIN_POSTS).sum()) for fold, count in enumerate(posts))
    rows = labels.labelled[:: max(1, -(-pairs // MAX_PAIRS))]
    features = np.zeros((len(rows), labels.carried.shape[1], len(FEATURES)), dtype=np.float32)
    for some, part in scorer.parts(rows):
        features[np.searchsorted(rows, some)] = part
    return rows, features


def _fit(
    labels: Labels, rows: Rows, features: npt.NDArray[np.float32], constants: Constants, calibrated: bool
) -> tuple[Matrix, Matrix, Matrix | None]:
    """The blog's weights and shifts, from the features of some posts, and how often they are right if wanted."""
    usable = usable_pairs(labels, rows)
    each_stands_for = float(max(1, -(-len(labels.labelled) // max(1, len(rows)))))
    carried, fold = labels.carried[rows].astype(float), labels.fold[rows]
    y = carried[usable]
    z, pair_weights = standardise(features[usable], constants), np.full(len(y), each_stands_for)
    weights = fit_weights(z, y, pair_weights, constants)
    margin = np.zeros(usable.shape)
    margin[usable] = z @ weights
    # Of a tag on two posts, neither post is usable: only where it is missing would teach
    teaches = usable & (labels.counts[-1] > MIN_POSTS)
    shifts = fit_tag_shifts(margin, carried, each_stands_for * teaches, fold)
    if not calibrated:
        return weights, shifts, None
    crossed = cross_fitted(z, y, pair_weights, weights, np.repeat(fold, usable.sum(axis=1))) + shifts[fold][usable]
    return weights, shifts, sums_by_tenth(shown_confidence(sigmoid(crossed)), y)


def _margins(features: npt.NDArray[np.float32], weights: Matrix, constants: Constants) -> Matrix:
    """The log-odds of (post, tag), some posts at a time: their z-scores take more memory than the features."""
    n, tags, width = features.shape
    margin = np.zeros((n, tags))
    for start in range(0, n, _POSTS_AT_A_TIME):
        part = features[start : start + _POSTS_AT_A_TIME]
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
    kept: Kept | None = None,
) -> tuple[tuple[str, ...], TagScorer, Mentions]:
    """The evidence for every tag that can be suggested: (keys, what makes features, mentions)."""
    meant = vocabulary.meant_on(documents)
    keys = eligible_tags(meant, vocabulary)
    column = {key: place for place, key in enumerate(keys)}
    carried = np.zeros((len(documents), len(keys)), dtype=bool)
    for row, tags in enumerate(meant):
        carried[row, [column[key] for key in tags if key in column]] = True
    labels = Labels.of(documents, carried, [row for row, tags in enumerate(meant) if tags])
    mentions = count_mentions(documents, [vocabulary.spellings[key] for key in keys], memo, kept)
    progress()
    return keys, TagScorer(likeness, labels, mentions, dates_in_days(documents)), mentions


def dates_in_days(documents: Sequence[Document]) -> Matrix:
    """The date of every post in days, NaN where it has none, shape (n,)."""
    return np.array([d.post.date.timestamp() / 86400 if d.post.date else np.nan for d in documents], dtype=float)


def usable_pairs(labels: Labels, rows: Rows) -> npt.NDArray[np.bool_]:
    """Which pairs of these posts with tags to fit on: those with tags on enough posts of the other folds."""
    seen = labels.counts[-1] - labels.counts
    return np.asarray(seen[labels.fold[rows]] >= MIN_POSTS)


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
