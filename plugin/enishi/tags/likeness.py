"""The similarity of all posts, whatever their tags, and predictions of tags from it.

:class:`ExactLikeness` keeps the whole kernel (memory grows with the square of the posts, time with the cube).
:class:`LandmarkLikeness`, for large blogs, compares every post with a sample of them (Nyström's method, Williams &
Seeger 2001): K ≈ Z Zᵀ + diag(δ), where δ is what the landmarks do not explain of a post; it counts as noise of this
post (FITC, Snelson & Ghahramani 2006).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from enishi.memo import Memo
from enishi.tags.kernel import Blocks, cross_kernel, dense_kernel, make_blocks
from enishi.types import Document
from enishi.vectors import exact_unit_rows, leading_eigenpairs, unit_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.related.index import Backend
    from enishi.types import Matrix, Rows, Scores, Vectors


EXACT_POSTS = 4000
"""Larger blogs are compared with landmarks only."""
LANDMARKS = 2000
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
) -> Likeness:
    """The similarity of a blog's posts.  Call it and its methods under :func:`enishi.vectors.one_thread`.

    `blocks` are further features, (weight, unit vectors of the documents), that do not depend on tags.
    `front` are keys of front matter to compare posts by, else chosen by the blog.
    """
    made = make_blocks(documents, memo, blocks, front)
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

    def learner(self, y: Matrix, labelled: Rows, named: Matrix | None = None) -> ExactLearner:
        """For tags y, shape (n, n_tags), on the labelled rows.

        `named`, of the same shape, says how strongly each post names each tag.  Posts that name the same tags are then
        more alike, and predictions are made of the names, too.
        """
        if named is None:
            return ExactLearner(self._kernel, self._inverse_length, y, y[:, :0], labelled)
        posts_with = (named > 0).sum(axis=0)
        rows = exact_unit_rows(named * np.log((len(named) + 1) / (posts_with + 1)) * (posts_with > 1))
        kernel = self._kernel + _NAMED * (rows @ rows.T)
        return ExactLearner(kernel, _inverse_lengths(np.diag(kernel)), y, named, labelled)


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

    def __init__(self, kernel: Matrix, inverse_length: Matrix, y: Matrix, named: Matrix, labelled: Rows) -> None:
        self._kernel, self._inverse_length, self._y = kernel, inverse_length, y
        self._targets = np.concatenate([y, named], axis=1)
        self._place = np.full(len(kernel), -1, dtype=np.int64)
        self._place[labelled] = np.arange(len(labelled))
        inner = kernel[np.ix_(labelled, labelled)]
        inner[np.diag_indices_from(inner)] += RIDGE
        self._inverse = _inverse(inner)

    def predict(self, rows: Rows, learned: Rows, prior: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Predictions for `rows` from the tags of the posts `learned`, each of shape (len(rows), n_tags):

        kernel ridge regression p + k (K + .6 I)⁻¹ (y − p), with p the `prior`; the cosine with the sum of the tag's
        posts in feature space; that with the nearest post that carries the tag, at least 0; and by the same regression,
        how strongly a post like this names the tag (shape (len(rows), 0) where the learner was not told).
        """
        y, part = self._y[learned], self._kernel[np.ix_(rows, learned)]
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
        nearest = _best_carrier(part * own * self._inverse_length[learned], y)
        return ridge[:, : len(prior)], part @ y / lengths * own, nearest, ridge[:, len(prior) :]


def _inverse(positive: Matrix) -> Matrix:
    from scipy.linalg import lapack

    if len(positive) == 0:
        return positive
    factor, _ = lapack.dpotrf(positive, lower=1)
    inverse, _ = lapack.dpotri(factor, lower=1)
    return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)


def _best_carrier(cosines: npt.NDArray[np.floating], y: Matrix) -> Matrix:
    """For each row, the best of the columns that carry a tag: (rows, learned) and (learned, tags) -> (rows, tags)."""
    best = np.zeros((len(cosines), y.shape[1]))
    columns = np.ascontiguousarray(cosines.T)
    for tag in range(y.shape[1]):
        carriers = np.flatnonzero(y[:, tag])
        if len(carriers):
            best[:, tag] = columns[carriers].max(axis=0)
    return np.maximum(best, 0)


# --- by landmarks ------------------------------------------------------------------------------------------------


class LandmarkLikeness:
    """K ≈ Z Zᵀ + diag(δ), Z of shape (n, n_landmarks); single posts are compared in its leading dimensions."""

    def __init__(self, blocks: Blocks, landmarks: Rows, *, backend: Backend = "auto") -> None:
        from scipy.linalg import solve_triangular

        self._backend = backend
        cross, own = cross_kernel(blocks, landmarks)
        inner = cross[landmarks]
        inner = (inner + inner.T) / 2
        inner[np.diag_indices_from(inner)] += _JITTER * max(float(np.trace(inner)), 1.0)
        factor = np.linalg.cholesky(inner)
        self._z: Matrix = np.ascontiguousarray(solve_triangular(factor, cross.T, lower=True, check_finite=False).T)
        self._noise = np.maximum(own - (self._z**2).sum(axis=1), 0) + RIDGE
        self._inverse_length = _inverse_lengths(own)
        axes, _ = leading_eigenpairs(self._z.T @ self._z, min(_EMBEDDED, len(landmarks)))
        self._embedded = (self._z @ axes).astype(np.float32)
        self._unit = self._embedded * self._inverse_length[:, None].astype(np.float32)

    def between(self, row: int, others: Rows) -> Scores:
        """See :class:`ExactLikeness`."""
        from enishi.related.exact import exact_scores

        repeated = np.repeat(self._unit[row][None, :], len(others), axis=0)
        return exact_scores(repeated, self._unit[others])

    def nearest_among(self, rows: Sequence[int], others: Rows, k: int) -> list[tuple[Rows, Scores]]:
        """See :class:`ExactLikeness`."""
        found, unit = [], self._unit[others]
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            for row, scores in zip(some, self._unit[some] @ unit.T, strict=True):
                # Near enough to be among the best when scored exactly; one more, as the post itself may be there
                least = np.partition(scores, -k - 1)[-k - 1] - _ROUGH if len(others) > k else -np.inf
                near = others[scores >= least]
                found.append(_best_of(self.between(row, near), near, row, k))
        return found

    def nearest_of_all(self, k: int) -> tuple[Rows, Scores]:
        """See :class:`ExactLikeness`; through the index, because there are too many pairs to compare them all."""
        from enishi.related.index import build_index, neighbors_of_all

        unit = unit_rows(self._embedded - self._embedded.mean(axis=0))
        unit[self._inverse_length == 0] = 0
        return neighbors_of_all(build_index(unit, backend=self._backend), unit, k)

    def learner(self, y: Matrix, labelled: Rows, named: Matrix | None = None) -> _LandmarkLearner:
        """See :class:`ExactLikeness`; names make no posts alike here: thousands would be as many features."""
        names = y[:, :0] if named is None else named
        return _LandmarkLearner(self._z, self._noise, self._unit, self._inverse_length, y, names, labelled)


class _LandmarkLearner:
    """As :class:`ExactLearner`, by ridge on the features Z, every post weighted by 1/(.6 + δ).

    Sums over all labelled posts are made once; for a fold, those of its own posts are subtracted.
    """

    def __init__(
        self,
        z: Matrix,
        noise: Matrix,
        unit: Vectors,
        inverse_length: Matrix,
        y: Matrix,
        named: Matrix,
        labelled: Rows,
    ) -> None:
        self._z, self._noise, self._unit, self._inverse_length, self._y = z, noise, unit, inverse_length, y
        self._targets = np.concatenate([y, named], axis=1)
        self._is_labelled = np.isin(np.arange(len(z)), labelled)
        self._all = self._sums(labelled)

    def _sums(self, rows: Rows) -> tuple[Matrix, ...]:
        """Over some posts, with v = 1/(.6 + δ) and t tags and names: Σ v z zᵀ, Σ v z tᵀ, Σ v z, Σ z yᵀ."""
        z = self._z[rows]
        weighted = z / self._noise[rows][:, None]
        return weighted.T @ z, weighted.T @ self._targets[rows], weighted.sum(axis=0), z.T @ self._y[rows]

    def predict(self, rows: Rows, learned: Rows, prior: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """See :class:`ExactLearner`."""
        from scipy.linalg import cho_factor, cho_solve

        sums, y = self._all, self._y[learned]
        if self._is_labelled[rows[0]]:
            sums = tuple(whole - own for whole, own in zip(sums, self._sums(rows), strict=True))
        gram, moments, weight, centre = sums
        factor = cho_factor(gram + np.eye(len(gram)), lower=True, overwrite_a=True, check_finite=False)
        mean = np.concatenate([prior, self._targets[learned, len(prior) :].mean(axis=0)])
        ridge = mean + self._z[rows] @ cho_solve(factor, moments - weight[:, None] * mean)
        beyond = np.maximum(self._noise[learned] - RIDGE, 0) @ y
        length = np.sqrt(np.maximum((centre**2).sum(axis=0) + beyond, _TINY))
        centroid = (self._z[rows] @ centre) / length * self._inverse_length[rows, None]
        starts = range(0, len(rows), _CHUNK)
        cosines = (self._unit[rows[start : start + _CHUNK]] @ self._unit[learned].T for start in starts)
        nearest = np.concatenate([_best_carrier(part, y) for part in cosines])
        return ridge[:, : len(prior)], centroid, nearest, ridge[:, len(prior) :]


Likeness: TypeAlias = ExactLikeness | LandmarkLikeness
"""The similarity of the posts of one blog."""
