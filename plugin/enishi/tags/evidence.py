"""Features of a tag on a post (docs/research.md, "Missing tags").

Everything learned from tags is computed out of fold: the labelled posts are divided into folds, and the features of a
post come from the posts of the other folds only, counts included.  Those of a post without tags come from all labelled
posts.  What depends on text alone (kernel, document frequencies) uses all posts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from enishi.tags.communities import path_hash
from enishi.tags.mentions import BUCKETS, Mentions
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.tags.likeness import Likeness
    from enishi.types import Matrix, Rows


FOLDS = 10
FEATURES = (
    "krr",
    "krr_lrat",
    "krr_lrank",
    "krr_max",
    "cen_z",
    "near",
    "m_title",
    "m_lede",
    "m_dens",
    "m_idf",
    "m_df",
    "m_learn",
    "m_none",
    "m_like",
    "m_like_z",
    "date",
    "prior",
)
_NEAREST_IN_TIME = 25
_TIME_PRIOR = 5.0
_LEARN_PRIOR = 4.0
_MOST_NAMED = 3.0
_DIGITS = 9
"""Decimals kept before anything is ranked: further ones depend on the BLAS."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Which posts carry which tags, and the folds of the posts."""

    y: Matrix
    """Shape (n_posts, n_tags), 0 or 1."""
    labelled: Rows
    """Rows of the posts with tags."""
    fold: Rows
    """Shape (n_posts,): fold of a labelled post, -1 for the others."""

    @classmethod
    def of(cls, documents: Sequence[Document], y: Matrix, labelled: Sequence[int]) -> Labels:
        """Divide the labelled posts by a hash of their paths, so that a new post moves few others to another fold."""
        fold = np.full(len(documents), -1, dtype=np.int64)
        ranked = sorted(labelled, key=lambda row: (path_hash(documents[row].post.path), row))
        parts = min(FOLDS, len(ranked))
        for place, row in enumerate(ranked):
            fold[row] = place * parts // len(ranked)
        return cls(y, np.array(sorted(labelled), dtype=np.int64), fold)

    def part(self, fold: int) -> tuple[Rows, Rows, Matrix]:
        """Rows to predict, rows to learn from, and the share of those with each tag; -1: the posts without tags."""
        own = self.fold[self.labelled] == fold
        rows, learned = (self.labelled[own], self.labelled[~own])
        if fold < 0:
            rows = np.flatnonzero(self.fold < 0)
        return rows, learned, (self.y[learned].sum(axis=0) + 0.5) / (len(learned) + 1)


@dataclass(frozen=True, slots=True)
class TagScores:
    """Features of every (post, tag)."""

    features: npt.NDArray[np.float32]
    """Shape (n_posts, n_tags, len(FEATURES)), in the order of FEATURES."""
    seen: Rows
    """Shape (n_posts, n_tags): how many of the posts that a post learns from carry the tag."""


def score_tags(likeness: Likeness, labels: Labels, mentions: Mentions, days: Matrix) -> TagScores:
    """All features.  Call it under :func:`enishi.vectors.one_thread`.

    `days` is the date of every post in days, NaN where it has none, shape (n,).
    """
    n, tags = labels.y.shape
    features = np.zeros((n, tags, len(FEATURES)), dtype=np.float32)
    seen = np.zeros((n, tags), dtype=np.int64)
    if n == 0 or tags == 0:
        return TagScores(features, seen)
    named = naming(mentions)
    learner = likeness.learner(labels.y, labels.labelled, named)
    rates = MentionRates(labels, mentions)
    fill_mentions(features, mentions, n)
    for fold in np.unique(labels.fold).tolist():
        rows, learned, prior = labels.part(fold)
        y = labels.y[learned]
        count = y.sum(axis=0)
        seen[rows] = count.astype(np.int64)
        ridge, centroid, nearest, spoken = learner.predict(rows, learned, prior)
        values = {
            **ridge_features(ridge, prior),
            **naming_features(spoken, named[learned]),
            "cen_z": centroid_feature(centroid, count),
            "near": nearest,
            "m_learn": rates.rate(rows, learned, prior),
            "date": date_feature(days[rows], days[learned], y, prior),
            "prior": np.broadcast_to(np.log(prior), (len(rows), tags)),
        }
        for name, value in values.items():
            features[rows, :, FEATURES.index(name)] = value
    return TagScores(features, seen)


# --- from similarity -------------------------------------------------------------------------------------------------


def ridge_features(krr: Matrix, prior: Matrix) -> dict[str, Matrix]:
    """The prediction itself, beside how common the tag is, its rank within the post, and beside the post's best tag."""
    krr = np.round(krr, _DIGITS)
    rank = np.argsort(np.argsort(-krr, axis=1, kind="stable"), axis=1, kind="stable")
    return {
        "krr": krr,
        "krr_lrat": np.log(np.clip(krr, 0.005, 1.2)) - np.maximum(np.log(prior), np.log(0.005)),
        "krr_lrank": -np.log1p(rank),
        "krr_max": krr - krr.max(axis=1, keepdims=True),
    }


def centroid_feature(cosine: Matrix, count: Matrix) -> Matrix:
    """Similarity to the sum of the tag's posts, shrunk where they are few, as z-scores within the post."""
    return _within_post(cosine * np.sqrt(count / (count + 1)))


def _within_post(values: Matrix) -> Matrix:
    spread = values.std(axis=1, keepdims=True)
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9))


# --- mentions --------------------------------------------------------------------------------------------------------


def fill_mentions(features: npt.NDArray[np.float32], mentions: Mentions, n: int) -> None:
    """Fill in the features of mentions in a blog of n posts."""
    posts_with = (mentions.counts > 0).sum(axis=0)
    values = {
        "m_title": mentions.bucket == 4,
        "m_lede": np.log1p(mentions.lede),
        "m_dens": np.log1p(1000 * mentions.counts / (mentions.tokens[:, None] + 20)),
        "m_idf": (mentions.counts > 0) * np.log((n + 1) / (posts_with + 1)),
        "m_df": np.broadcast_to(np.log((posts_with + 1) / (n + 1)), mentions.counts.shape),
        "m_none": mentions.bucket == 0,
    }
    for name, value in values.items():
        features[:, :, FEATURES.index(name)] = value


def naming(mentions: Mentions) -> Matrix:
    """How strongly each post names each tag, 0 to 3: by how densely, and whether in a title, a heading or the lede."""
    dense = np.log1p(300 * mentions.counts / (mentions.tokens[:, None] + 50))
    return np.asarray(np.minimum(dense + (mentions.bucket >= 3), _MOST_NAMED))


def naming_features(spoken: Matrix, named: Matrix) -> dict[str, Matrix]:
    """How strongly posts like this name a tag, beside how all do: what the name means, where the text never says it."""
    beyond = (spoken - named.mean(axis=0)) / (named.std(axis=0) + 0.05)
    return {"m_like": beyond, "m_like_z": _within_post(beyond)}


class MentionRates:
    """How often a post that mentions a tag (in its title, in its text, …) carries it: over all tags, and for each."""

    def __init__(self, labels: Labels, mentions: Mentions) -> None:
        self._labels, self._bucket = labels, mentions.bucket
        self._all = self._counts(labels.labelled)

    def _counts(self, rows: Rows) -> tuple[Rows, Rows]:
        """(with the tag, all) by bucket and tag, shape (BUCKETS, n_tags): whole numbers, so differences are exact."""
        alike = self._bucket[rows] == np.arange(BUCKETS)[:, None, None]
        return (alike & (self._labels.y[rows] > 0)).sum(axis=1), alike.sum(axis=1)

    def rate(self, rows: Rows, learned: Rows, prior: Matrix) -> Matrix:
        """log(s / max(1 − s, .02)), s the share of posts of the same bucket that carry the tag."""
        carrying, total = self._all
        if len(learned) < len(self._labels.labelled):
            own_carrying, own_total = self._counts(rows)
            carrying, total = carrying - own_carrying, total - own_total
        mean = prior.mean()
        general = (carrying.sum(axis=1) + 1) / (total.sum(axis=1) + 1 / mean)
        expected = np.repeat(general[:, None], len(prior), axis=1)
        expected[0] = prior * general[0] / mean
        share = np.minimum((carrying + _LEARN_PRIOR * expected) / (total + _LEARN_PRIOR), 1.0)
        table = np.log(share / np.maximum(1 - share, 0.02))
        return np.take_along_axis(table, self._bucket[rows].astype(np.int64), axis=0)


# --- dates -----------------------------------------------------------------------------------------------------------


def date_feature(days: Matrix, learned_days: Matrix, y: Matrix, prior: Matrix) -> Matrix:
    """log of how much more often than usual the posts nearest in time carry the tag; 0 where there is no date."""
    result = np.zeros((len(days), y.shape[1]))
    dated = np.flatnonzero(~np.isnan(learned_days))
    if len(dated) == 0:
        return result
    order = dated[np.argsort(learned_days[dated], kind="stable")]
    when = learned_days[order]
    sums = np.concatenate([np.zeros((1, y.shape[1])), np.cumsum(y[order], axis=0)])
    for row, day in enumerate(days):
        if np.isnan(day):
            continue
        first, last = _window(when, float(day))
        near = sums[last] - sums[first]
        result[row] = np.log((near + _TIME_PRIOR * prior) / (_NEAREST_IN_TIME + _TIME_PRIOR)) - np.log(prior)
    return result


def _window(when: Matrix, day: float) -> tuple[int, int]:
    """The slice of the sorted dates that holds the nearest ones."""
    size = min(_NEAREST_IN_TIME, len(when))
    middle = int(np.searchsorted(when, day))
    low, high = max(middle - size, 0), min(middle, len(when) - size)
    while low < high:  # the first start from which moving on would bring no nearer post
        start = (low + high) // 2
        if day - when[start] > when[start + size] - day:
            low = start + 1
        else:
            high = start
    return low, low + size
