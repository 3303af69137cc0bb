"""The similarity of all posts, whatever their tags, and predictions of tags from it.

:class:`ExactLikeness` keeps the whole kernel (memory grows with the square of the posts, time with the cube).
:class:`LandmarkLikeness`, for large blogs, compares every post with a sample of them (Nyström's method, Williams &
Seeger 2001): K ≈ Z Zᵀ + diag(δ), where δ is what the landmarks do not explain of a post; it counts as noise of this
post (FITC, Snelson & Ghahramani 2006).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from enishi.kept import Kept
from enishi.memo import Memo
from enishi.tags.kernel import Blocks, cross_kernel, dense_kernel, make_blocks
from enishi.types import Document
from enishi.vectors import exact_unit_rows, leading_eigenpairs, unit_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.related.index import Backend
    from enishi.tags.evidence import Labels
    from enishi.tags.pairs import Pairs
    from enishi.types import Matrix, Rows, Scores, Vectors


EXACT_POSTS = 4000
"""Larger blogs are compared with landmarks only."""
LANDMARKS = 2000
_NEIGHBORS = 64
"""Among so many nearest posts, that are not landmarks, the nearest one with a tag is looked for."""
RIDGE = 0.6
_NAMED = 0.3
"""Weight of the tags that two posts name, beside the blocks of the kernel."""
DIGITS = 4
_EMBEDDED = 256
"""Dimensions in which single posts of a large blog are compared."""
_JITTER = 1e-8
_TINY = 1e-12
_CHUNK = 1024
_ROUGH = 1e-3
"""Two cosines of float32 further apart than this do not swap places by rounding."""


def measure_likeness(
    documents: Sequence[Document],
    *,
    blocks: Sequence[tuple[float, Vectors]] = (),
    front: Sequence[str] | None = None,
    backend: Backend = "auto",
    memo: Memo | None = None,
    kept: Kept | None = None,
) -> Likeness:
    """The similarity of a blog's posts.  Call it and its methods under :func:`enishi.vectors.one_thread`.

    `blocks` are further features, (weight, unit vectors of the documents), that do not depend on tags.
    `front` are keys of front matter to compare posts by, else chosen by the blog.
    """
    made = make_blocks(documents, memo, blocks, front, kept=kept)
    if len(documents) <= EXACT_POSTS:
        return ExactLikeness(dense_kernel(made))
    return LandmarkLikeness(made, choose_landmarks(documents, LANDMARKS), backend=backend)


def _inverse_lengths(squares: Matrix) -> Matrix:
    lengths = np.sqrt(np.maximum(squares, 0))
    return np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 1e-6)


def choose_landmarks(documents: Sequence[Document], count: int) -> Rows:
    """Posts with words, by a hash of their paths: the same ones from build to build."""
    ranked = sorted(
        (row for row, document in enumerate(documents) if document.words),
        key=lambda row: (hashlib.blake2b(documents[row].post.path.encode("utf-8", "replace")).digest(), row),
    )
    return np.array(sorted(ranked[:count]), dtype=np.int64)


# --- exact -------------------------------------------------------------------------------------------------------


class ExactLikeness:
    """The whole kernel, shape (n, n)."""

    def __init__(self, kernel: Matrix) -> None:
        self._kernel = kernel
        self._inverse_length = _inverse_lengths(np.diag(kernel))

    def between(self, row: int, others: Rows) -> Scores:
        """Cosines of one post with others, rounded, shape (len(others),)."""
        return np.asarray(
            np.round(self._kernel[row, others] * self._inverse_length[others] * self._inverse_length[row], DIGITS)
        )

    def nearest_among(self, rows: Sequence[int], others: Rows, k: int) -> list[tuple[Rows, Scores]]:
        """For each of `rows`, the nearest of some other posts by the cosine of `between`, best first, with scores."""
        return [_best_of(self.between(row, others), others, row, k) for row in rows]

    def nearest_of_all(self, k: int) -> tuple[Rows, Scores]:
        """The nearest posts of each by centred cosine, best first: (rows, scores), shape (n, min(k, n − 1)).

        Centring removes what all posts have in common, which otherwise makes a few posts everybody's neighbours (hubs).
        """
        n = len(self._kernel)
        k = max(min(k, n - 1), 0)
        if k == 0:
            return np.zeros((n, 0), dtype=np.int64), np.zeros((n, 0))
        mean = self._kernel.mean(axis=0)
        centred = self._kernel - mean[:, None] - mean[None, :] + mean.mean()
        inverse = _inverse_lengths(np.diag(centred))
        inverse[self._inverse_length == 0] = 0  # a post without a word is like no other, not even like its equals
        centred *= inverse[:, None]
        centred *= inverse[None, :]
        np.fill_diagonal(centred, -2)
        cosines = np.round(centred, DIGITS)
        rows = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        return rows, np.take_along_axis(cosines, rows, axis=1)

    def learner(self, labels: Labels, pairs: Pairs, named: Matrix) -> ExactLearner:
        """For the tags of some labels.  `named` says how strongly posts name tags, a value for each of `pairs`.

        Posts that name the same tags are then more alike, and predictions are made of the names, too.
        """
        names = pairs.dense(named, np.arange(len(self._kernel)))
        posts_with = (names > 0).sum(axis=0)
        rows = exact_unit_rows(names * np.log((len(names) + 1) / (posts_with + 1)) * (posts_with > 1))
        kernel = self._kernel + _NAMED * (rows @ rows.T)
        return ExactLearner(kernel, _inverse_lengths(np.diag(kernel)), labels, names)


def _best_of(scores: Scores, rows: Rows, row: int, k: int) -> tuple[Rows, Scores]:
    """The best k, ties by row, without the row itself."""
    best = np.argsort(-scores, kind="stable")
    best = best[rows[best] != row][:k]
    return rows[best], scores[best]


class ExactLearner:
    """Predicts tags by one inverse G = (K + .6 I)⁻¹ over the labelled posts, which serves every fold.

    By the block inverse, the prediction for the posts B from the posts R alone is p − G_BB⁻¹ G_BR (y_R − p), and
    the tags of B do not enter it.
    """

    def __init__(self, kernel: Matrix, inverse_length: Matrix, labels: Labels, named: Matrix) -> None:
        self._kernel, self._inverse_length, self._labels = kernel, inverse_length, labels
        self._targets = np.concatenate([labels.carried, named], axis=1)
        labelled = labels.labelled
        self._place = np.full(len(kernel), -1, dtype=np.int64)
        self._place[labelled] = np.arange(len(labelled))
        inner = kernel[np.ix_(labelled, labelled)]
        inner[np.diag_indices_from(inner)] += RIDGE
        self._inverse = _inverse(inner)
        self._of_fold: dict[int, tuple[Matrix, Matrix, Matrix, Matrix]] = {}

    def predict(self, rows: Rows, fold: int) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Predictions for some posts of a fold from the tags of all others, each of shape (len(rows), n_tags):

        kernel ridge regression p + k (K + .6 I)⁻¹ (y − p), with p the share of the tag; the cosine with the sum of the
        tag's posts in feature space; that with the nearest post that carries the tag, at least 0; and by the same
        regression, how strongly a post like this names the tag.
        """
        if fold not in self._of_fold:
            self._of_fold[fold] = self._predict(*self._labels.part(fold))
        place = np.searchsorted(self._labels.part(fold)[0], rows)
        ridge, centroid, nearest, named = (whole[place] for whole in self._of_fold[fold])
        return ridge, centroid, nearest, named

    def _predict(self, rows: Rows, learned: Rows, prior: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        y, part = self._labels.carried[learned].astype(float), self._kernel[np.ix_(rows, learned)]
        mean = np.concatenate([prior, self._targets[learned, len(prior) :].mean(axis=0)])
        beyond = self._targets[learned] - mean
        if self._place[rows[0]] >= 0:
            inside, outside = self._place[rows], self._place[learned]
            right = self._inverse[np.ix_(inside, outside)] @ beyond
            ridge = mean - np.linalg.solve(self._inverse[np.ix_(inside, inside)], right)
        else:
            ridge = mean + part @ (self._inverse @ beyond)
        inner = self._kernel[np.ix_(learned, learned)] @ y
        lengths, own = np.sqrt(np.maximum((y * inner).sum(axis=0), _TINY)), self._inverse_length[rows, None]
        cosines = part * own * self._inverse_length[learned]
        nearest = _best_carrier(np.ascontiguousarray(cosines.T), self._labels.pairs.matrix()[learned])
        return ridge[:, : len(prior)], part @ y / lengths * own, nearest, ridge[:, len(prior) :]


def _inverse(positive: Matrix) -> Matrix:
    from scipy.linalg import lapack

    if len(positive) == 0:
        return positive
    factor, _ = lapack.dpotrf(positive, lower=1)
    inverse, _ = lapack.dpotri(factor, lower=1)
    return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)


def _best_carrier(cosines: npt.NDArray[np.floating], carried: Any) -> Matrix:
    """For each post, the best of the cosines with those that carry a tag, at least 0.

    (learned, posts) and a csr array (learned, tags) -> (posts, tags).
    """
    by_tag = carried.tocsc()
    best = np.zeros((by_tag.shape[1], cosines.shape[1]), dtype=cosines.dtype)
    for tag in np.flatnonzero(np.diff(by_tag.indptr)).tolist():
        cosines[by_tag.indices[by_tag.indptr[tag] : by_tag.indptr[tag + 1]]].max(axis=0, out=best[tag])
    return np.maximum(best, 0).T


# --- by landmarks ------------------------------------------------------------------------------------------------


class LandmarkLikeness:
    """K ≈ Z Zᵀ + diag(δ), Z of shape (n, n_landmarks); single posts are compared in its leading dimensions.

    Kernels are made some posts at a time, and of them only Z is kept, as float32.
    """

    def __init__(self, blocks: Blocks, landmarks: Rows, *, backend: Backend = "auto") -> None:
        from scipy.linalg import solve_triangular

        self.landmarks, self._backend = landmarks, backend
        cross, own = cross_kernel(blocks, landmarks)
        inner = cross(landmarks)
        inner = (inner + inner.T) / 2
        inner[np.diag_indices_from(inner)] += _JITTER * max(float(np.trace(inner)), 1.0)
        factor = np.linalg.cholesky(inner)
        axes, _ = leading_eigenpairs(factor.T @ factor, min(_EMBEDDED, len(landmarks)))
        self.z = np.empty((len(own), len(landmarks)), dtype=np.float32)
        self._embedded = np.empty((len(own), axes.shape[1]), dtype=np.float32)
        self.noise = own + RIDGE
        for start in range(0, len(own), _CHUNK):
            part = slice(start, start + _CHUNK)
            some = cross(np.arange(len(own))[part])
            z = solve_triangular(factor, some.T, lower=True, check_finite=False).T
            self.z[part], self._embedded[part] = z, z @ axes
            self.noise[part] = np.maximum(own[part] - (z**2).sum(axis=1), 0) + RIDGE
        self.inverse_length = _inverse_lengths(own)
        self.unit = self._embedded * self.inverse_length[:, None].astype(np.float32)
        self._nearest: tuple[Rows, Scores] | None = None

    def between(self, row: int, others: Rows) -> Scores:
        """See :class:`ExactLikeness`."""
        from enishi.related.exact import exact_scores

        repeated = np.repeat(self.unit[row][None, :], len(others), axis=0)
        return exact_scores(repeated, self.unit[others])

    def nearest_among(self, rows: Sequence[int], others: Rows, k: int) -> list[tuple[Rows, Scores]]:
        """See :class:`ExactLikeness`."""
        found, unit = [], self.unit[others]
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            for row, scores in zip(some, self.unit[some] @ unit.T, strict=True):
                # Near enough to be among the best when scored exactly; one more, as the post itself may be there
                least = np.partition(scores, -k - 1)[-k - 1] - _ROUGH if len(others) > k else -np.inf
                near = others[scores >= least]
                found.append(_best_of(self.between(row, near), near, row, k))
        return found

    def nearest_of_all(self, k: int) -> tuple[Rows, Scores]:
        """See :class:`ExactLikeness`; through the index, because there are too many pairs to compare them all."""
        from enishi.related.index import build_index, neighbors_of_all

        if self._nearest is None or k > _NEIGHBORS:
            unit = unit_rows(self._embedded - self._embedded.mean(axis=0))
            unit[self.inverse_length == 0] = 0
            index = build_index(unit, backend=self._backend)
            self._nearest = neighbors_of_all(index, unit, max(k, _NEIGHBORS))
        rows, scores = self._nearest
        return rows[:, :k], scores[:, :k]

    def learner(self, labels: Labels, pairs: Pairs, named: Matrix) -> _LandmarkLearner:
        """See :class:`ExactLikeness`; names make no posts alike here: thousands would be as many features."""
        return _LandmarkLearner(self, labels, pairs.matrix(named))


class _LandmarkLearner:
    """As :class:`ExactLearner`, by ridge on the features Z, every post weighted by 1/(.6 + δ).

    Sums over the posts of each fold are made once; for a fold, its own are subtracted from those of all.
    """

    def __init__(self, likeness: LandmarkLikeness, labels: Labels, named: Any) -> None:
        self._likeness, self._labels, self._carried = likeness, labels, labels.pairs.matrix()
        of_fold: list[Any] = [self._sums(np.flatnonzero(labels.fold == fold), named) for fold in range(labels.folds)]
        of_all = [sum(parts) for parts in zip(*of_fold, strict=True)]
        # A fold's sums give way to its solution: each takes tens of megabytes
        for fold, own in enumerate(of_fold):
            of_fold[fold] = _solve(*(whole - part for whole, part in zip(of_all, own, strict=True)))
        self._solved = [*of_fold, _solve(*of_all)]

    def _sums(self, rows: Rows, named: Any) -> list[Any]:
        """Over some posts, with v = 1/(.6 + δ) and t tags and names: how many they are, Σ t, Σ v z zᵀ, Σ v z tᵀ, Σ v z,
        Σ z yᵀ, Σ δ y.
        """
        from scipy.sparse import hstack

        like, width = self._likeness, self._likeness.z.shape[1]
        y = self._carried[rows]
        targets = hstack([y, named[rows]], format="csr")
        gram, weight = np.zeros((width, width)), np.zeros(width)
        moments, centre = np.zeros((targets.shape[1], width)), np.zeros((y.shape[1], width))
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            z, noise = like.z[rows[part]].astype(np.float64), like.noise[rows[part], None]
            centre += y[part].T @ z
            scaled = z / np.sqrt(noise)
            gram += scaled.T @ scaled
            z /= noise
            weight += z.sum(axis=0)
            moments += targets[part].T @ z
        return [len(rows), targets.sum(axis=0), gram, moments.T, weight, centre.T, y.T @ (like.noise[rows] - RIDGE)]

    def predict(self, rows: Rows, fold: int) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """See :class:`ExactLearner`."""
        mean, weights = self._solved[fold]
        tags, like = self._carried.shape[1], self._likeness
        found = like.z[rows].astype(np.float64) @ weights
        ridge, centroid = mean + found[:, : 2 * tags], found[:, 2 * tags :] * like.inverse_length[rows, None]
        return ridge[:, :tags], centroid, self._nearest(rows, fold), ridge[:, tags:]

    def _nearest(self, rows: Rows, fold: int) -> Matrix:
        """The best cosine with a post that carries each tag, of the nearest posts and the landmarks."""
        like, folds, pairs = self._likeness, self._labels.fold, self._labels.pairs
        others = like.landmarks[(folds[like.landmarks] >= 0) & (folds[like.landmarks] != fold)]
        best = _best_carrier(like.unit[others] @ like.unit[rows].T, self._carried[others])
        near = like.nearest_of_all(_NEIGHBORS)[0][rows]
        cosines = np.einsum("rd,rkd->rk", like.unit[rows], like.unit[near])
        row, place = np.nonzero((folds[near] >= 0) & (folds[near] != fold))
        which, pair = pairs.of_posts(near[row, place])
        np.maximum.at(best, (row[which], pairs.columns[pair]), cosines[row[which], place[which]])
        return best


def _solve(
    posts: int, targets: Matrix, gram: Matrix, moments: Matrix, weight: Matrix, centre: Matrix, beyond: Matrix
) -> tuple[Matrix, Matrix]:
    """From the sums over the posts to learn from, the mean of the targets, and what z is to be multiplied by:

    the weights of the ridge for tags and names, then the tags' centroids of unit length.
    """
    from scipy.linalg import cho_factor, cho_solve

    tags = centre.shape[1]
    prior = (targets[:tags] + 0.5) / (posts + 1)
    mean = np.concatenate([prior, targets[tags:] / posts])
    factor = cho_factor(gram + np.eye(len(gram)), lower=True, overwrite_a=True, check_finite=False)
    ridge = cho_solve(factor, moments - weight[:, None] * mean, check_finite=False)
    length = np.sqrt(np.maximum((centre**2).sum(axis=0) + np.maximum(beyond, 0), _TINY))
    return mean, np.hstack([ridge, centre / length])


Likeness: TypeAlias = ExactLikeness | LandmarkLikeness
"""The similarity of the posts of one blog."""
