"""The model of a blog's tags: from documents to the probability of every (post, tag), before any rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.memo import Memo
from enishi.tags.vocabulary import Vocabulary
from enishi.types import Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.config import TagSettings
    from enishi.generators.base import Site
    from enishi.tags.calibration import Constants
    from enishi.tags.evidence import Labels, TagScores
    from enishi.tags.likeness import Likeness
    from enishi.tags.mentions import Mentions
    from enishi.types import Matrix

MIN_POSTS = 2
"""A tag on fewer posts is not suggested: one post does not show what the author uses it for."""
MAX_PAIRS = 1_000_000
"""The most (post, tag) pairs that the probabilities are fitted on."""
_POSTS_AT_A_TIME = 256

Declines = Mapping[str, frozenset[str]]
"""Declined tags, as written, by path of the post."""


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
