"""Features of a tag on a post (docs/research.md, "Missing tags").

Everything learned from tags is computed out of fold: the labelled posts are divided into folds, and the features of a
post come from the posts of the other folds only, counts included.  Those of a post without tags come from all labelled
posts.  What depends on text alone (kernel, document frequencies) uses all posts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from enishi.tags.communities import path_hash
from enishi.tags.mentions import BUCKETS, Mentions
from enishi.tags.pairs import Pairs
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
_POSTS_AT_A_TIME = 512
_NEAREST_IN_TIME = 25
_TIME_PRIOR = 5.0
_LEARN_PRIOR = 4.0
_MOST_NAMED = 3.0
_DIGITS = 9
"""Decimals kept before anything is ranked: further ones depend on the BLAS."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Which posts carry which tags, and the folds of the posts."""

    carried: npt.NDArray[np.bool_]
    """Shape (n_posts, n_tags)."""
    pairs: Pairs
    """The same."""
    labelled: Rows
    """Rows of the posts with tags."""
    fold: Rows
    """Shape (n_posts,): fold of a labelled post, -1 for the others."""
    counts: Rows
    """Posts of each fold that carry each tag, then of all folds, so that -1 is all: shape (folds + 1, n_tags)."""

    @classmethod
    def of(cls, documents: Sequence[Document], carried: npt.NDArray[np.bool_], labelled: Sequence[int]) -> Labels:
        """Divide the labelled posts by a hash of their paths, so that a new post moves few others to another fold."""
        fold = np.full(len(documents), -1, dtype=np.int64)
        ranked = sorted(labelled, key=lambda row: (path_hash(documents[row].post.path), row))
        parts = min(FOLDS, len(ranked))
        for place, row in enumerate(ranked):
            fold[row] = place * parts // len(ranked)
        pairs = Pairs.where(carried)
        counts = sum_by(fold[pairs.rows], pairs.columns, (parts, carried.shape[1]))
        return cls(carried, pairs, np.array(sorted(labelled), dtype=np.int64), fold, with_total(counts))

    @property
    def folds(self) -> int:
        """How many there are."""
        return len(self.counts) - 1

    def seen(self, fold: int) -> Rows:
        """How many of the posts that a fold learns from carry each tag, shape (n_tags,)."""
        return without(self.counts, fold)

    def part(self, fold: int) -> tuple[Rows, Rows, Matrix]:
        """Rows to predict, rows to learn from, and the share of those with each tag; -1: the posts without tags."""
        own = self.fold[self.labelled] == fold
        rows, learned = (self.labelled[own], self.labelled[~own])
        if fold < 0:
            rows = np.flatnonzero(self.fold < 0)
        return rows, learned, (self.seen(fold) + 0.5) / (len(learned) + 1)


def sum_by(folds: Rows, columns: Rows, shape: tuple[int, int], values: Matrix | None = None) -> npt.NDArray[Any]:
    """Sums of values, or numbers of ones, by fold and column; of the shape given.  Those of no fold are left out."""
    chosen = folds >= 0
    places = folds[chosen] * shape[1] + columns[chosen]
    weights = None if values is None else values[chosen]
    return np.bincount(places, weights, minlength=shape[0] * shape[1]).reshape(shape)


def with_total(by_fold: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The parts, and behind them their sum."""
    return np.concatenate([by_fold, by_fold.sum(axis=0, keepdims=True)])


def without(by_fold: npt.NDArray[Any], fold: int) -> npt.NDArray[Any]:
    """The sum, see :func:`with_total`, without a fold; -1: all of it."""
    return np.asarray(by_fold[-1] - by_fold[fold]) if fold >= 0 else by_fold[-1]


class TagScorer:
    """Features of (post, tag) pairs, made for some posts at a time: those of all take 17 numbers a pair."""

    def __init__(self, likeness: Likeness, labels: Labels, mentions: Mentions, days: Matrix) -> None:
        """`days` is the date of every post in days, NaN where it has none, shape (n,)."""
        self.labels, self._mentions, self._days = labels, mentions, days
        self._learner = likeness.learner(labels, mentions.pairs, naming(mentions)) if labels.carried.size else None
        self._rates, self._named = MentionRates(labels, mentions), NamingRates(labels, mentions)

    def parts(self, rows: Rows) -> Iterator[tuple[Rows, npt.NDArray[np.float32]]]:
        """Some of the rows given, and their features in the order of FEATURES: (rows, n_tags, features).

        Use it under :func:`enishi.vectors.one_thread`.
        """
        fold = self.labels.fold[rows]
        for part in np.unique(fold).tolist():
            own = rows[fold == part]
            for start in range(0, len(own), _POSTS_AT_A_TIME):
                some = own[start : start + _POSTS_AT_A_TIME]
                yield some, self._features(some, part)

    def _features(self, rows: Rows, fold: int) -> npt.NDArray[np.float32]:
        tags = self.labels.carried.shape[1]
        features = np.zeros((len(rows), tags, len(FEATURES)), dtype=np.float32)
        if self._learner is None:
            return features
        _, learned, prior = self.labels.part(fold)
        ridge, centroid, nearest, spoken = self._learner.predict(rows, fold)
        bucket = self._mentions.pairs.dense(self._mentions.bucket, rows)
        values = {
            **mention_features(self._mentions, rows, bucket),
            **ridge_features(ridge, prior),
            **naming_features(spoken, *self._named.mean_and_spread(fold)),
            "cen_z": centroid_feature(centroid, self.labels.seen(fold)),
            "near": nearest,
            "m_learn": self._rates.rate(fold, bucket, prior),
            "date": date_feature(self._days[rows], self._days[learned], self.labels.pairs.matrix()[learned], prior),
            "prior": np.broadcast_to(np.log(prior), (len(rows), tags)),
        }
        for name, value in values.items():
            features[:, :, FEATURES.index(name)] = value
        return features


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


def centroid_feature(cosine: Matrix, count: Rows) -> Matrix:
    """Similarity to the sum of the tag's posts, shrunk where they are few, as z-scores within the post."""
    return _within_post(cosine * np.sqrt(count / (count + 1)))


def _within_post(values: Matrix) -> Matrix:
    spread = values.std(axis=1, keepdims=True)
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9))


# --- mentions --------------------------------------------------------------------------------------------------------


def mention_features(mentions: Mentions, rows: Rows, bucket: Rows) -> dict[str, Matrix]:
    """Where, how often and how densely posts mention each tag, and how many do; `bucket` is theirs with each tag."""
    n, counts = mentions.pairs.shape[0], mentions.pairs.dense(mentions.counts, rows)
    posts_with = np.bincount(mentions.pairs.columns[mentions.counts > 0], minlength=counts.shape[1])
    return {
        "m_title": bucket == 4,
        "m_lede": np.log1p(mentions.pairs.dense(mentions.lede, rows)),
        "m_dens": np.log1p(1000 * counts / (mentions.tokens[rows, None] + 20)),
        "m_idf": (counts > 0) * np.log((n + 1) / (posts_with + 1)),
        "m_df": np.broadcast_to(np.log((posts_with + 1) / (n + 1)), counts.shape),
        "m_none": bucket == 0,
    }


def naming(mentions: Mentions) -> Matrix:
    """How strongly each pair's post names the tag, 0 to 3: by how densely, and whether in a title, heading or lede."""
    dense = np.log1p(300 * mentions.counts / (mentions.tokens[mentions.pairs.rows] + 50))
    return np.asarray(np.minimum(dense + (mentions.bucket >= 3), _MOST_NAMED))


class NamingRates:
    """How strongly the posts that a fold learns from name each tag."""

    def __init__(self, labels: Labels, mentions: Mentions) -> None:
        named, shape = naming(mentions), (labels.folds, labels.carried.shape[1])
        of_pair = labels.fold[mentions.pairs.rows], mentions.pairs.columns, shape
        self._sums, self._squares = (with_total(sum_by(*of_pair, values)) for values in (named, named**2))
        self._posts = with_total(np.bincount(labels.fold[labels.labelled], minlength=labels.folds))

    def mean_and_spread(self, fold: int) -> tuple[Matrix, Matrix]:
        """Mean and standard deviation over those posts, of each tag."""
        sums, squares, posts = (without(every, fold) for every in (self._sums, self._squares, self._posts))
        mean = sums / posts
        return mean, np.sqrt(np.maximum(squares / posts - mean**2, 0))


def naming_features(spoken: Matrix, mean: Matrix, spread: Matrix) -> dict[str, Matrix]:
    """How strongly posts like this name a tag, beside how all do: what the name means, where the text never says it."""
    beyond = (spoken - mean) / (spread + 0.05)
    return {"m_like": beyond, "m_like_z": _within_post(beyond)}


class MentionRates:
    """How often a post that mentions a tag (in its title, in its text, …) carries it: over all tags, and for each."""

    def __init__(self, labels: Labels, mentions: Mentions) -> None:
        shape, pairs, folds = (labels.folds, labels.carried.shape[1]), mentions.pairs, labels.fold[mentions.pairs.rows]
        self._carrying, self._total = np.zeros((2, labels.folds + 1, BUCKETS, shape[1]), dtype=np.int64)
        for bucket in range(1, BUCKETS):
            alike = mentions.bucket == bucket
            of_fold, columns = folds[alike], pairs.columns[alike]
            carried = labels.carried[pairs.rows[alike], columns]
            self._total[:, bucket] = with_total(sum_by(of_fold, columns, shape))
            self._carrying[:, bucket] = with_total(sum_by(of_fold[carried], columns[carried], shape))
        posts = with_total(np.bincount(labels.fold[labels.labelled], minlength=labels.folds))
        self._total[:, 0] = posts[:, None] - self._total.sum(axis=1)
        self._carrying[:, 0] = labels.counts - self._carrying.sum(axis=1)

    def rate(self, fold: int, bucket: Rows, prior: Matrix) -> Matrix:
        """log(s / max(1 − s, .02)), s the share of learned posts of the same bucket that carry the tag."""
        carrying, total = (without(every, fold) for every in (self._carrying, self._total))
        mean = prior.mean()
        general = (carrying.sum(axis=1) + 1) / (total.sum(axis=1) + 1 / mean)
        expected = np.repeat(general[:, None], len(prior), axis=1)
        expected[0] = prior * general[0] / mean
        share = np.minimum((carrying + _LEARN_PRIOR * expected) / (total + _LEARN_PRIOR), 1.0)
        table = np.log(share / np.maximum(1 - share, 0.02))
        return np.take_along_axis(table, bucket.astype(np.int64), axis=0)


# --- dates -----------------------------------------------------------------------------------------------------------


def date_feature(days: Matrix, learned_days: Matrix, carried: Any, prior: Matrix) -> Matrix:
    """log of how much more often than usual the posts nearest in time carry the tag; 0 where there is no date.

    `carried` is a csr array of ones, shape (len(learned_days), n_tags).
    """
    from scipy.sparse import csr_array

    result = np.zeros((len(days), len(prior)))
    dated, asked = np.flatnonzero(~np.isnan(learned_days)), np.flatnonzero(~np.isnan(days))
    if len(dated) == 0:
        return result
    order = dated[np.argsort(learned_days[dated], kind="stable")]
    size = min(_NEAREST_IN_TIME, len(order))
    near = order[_window_starts(learned_days[order], days[asked], size)[:, None] + np.arange(size)]
    ones = np.ones(near.size)
    window = csr_array((ones, near.ravel(), np.arange(len(asked) + 1) * size), shape=(len(asked), len(learned_days)))
    share = ((window @ carried).toarray() + _TIME_PRIOR * prior) / (_NEAREST_IN_TIME + _TIME_PRIOR)
    result[asked] = np.log(share) - np.log(prior)
    return result


def _window_starts(when: Matrix, days: Matrix, size: int) -> Rows:
    """For each day, where the `size` nearest ones of the sorted dates start."""
    middle = np.searchsorted(when, days)
    low, high = np.maximum(middle - size, 0), np.minimum(middle, len(when) - size)
    while (open_ := low < high).any():  # the first start from which moving on would bring no nearer post
        start = (low + high) // 2
        last = np.minimum(start + size, len(when) - 1)
        moves_on = open_ & (days - when[start] > when[last] - days)
        low, high = np.where(moves_on, start + 1, low), np.where(open_ & ~moves_on, start, high)
    return np.asarray(low)
