"""From features to a probability: logistic regression, shrunk towards weights that were learned on other blogs.

    confidence = sigmoid(w · z),  z = (feature − mean) / sd
    w = argmin Σ logloss + 50 ‖w − w₀‖² (the intercept: 5) over the blog's own out-of-fold pairs

With few posts w₀ decides, with many the blog's own pairs do (docs/research.md, "Missing tags").  Means and standard
deviations are constants, never the blog's own, so that a feature means the same everywhere.

Some tags are given more readily, or less, than their evidence says: each has a shift of its log-odds,

    shift = argmin Σ logloss + ½ shift² over the tag's pairs, of the other folds for a post with tags

What the author decided about suggestions corrects that (docs/research.md, "What decisions teach"):

    log-odds' = shift + slope · log-odds + the tag's own shift
    argmin Σ logloss + 1 shift² + 4 (slope − 1)² + 2 Σ (shifts of tags)² over the decided suggestions
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from enishi.errors import SettingsError

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Matrix, Rows


SHRINKAGE = 50.0
INTERCEPT_SHRINKAGE = 5.0
MOST_CERTAIN = 0.95
_BEND = 0.9
"""Above, distances are halved: of suggestions at .97, .94 were right on blogs that the model had not seen."""
_MAX_STEPS = 60
_SHIFT_STEPS = (8, 3)
"""Newton's steps to the shifts of all posts, and from there to those without a fold."""
CORRECTION_SHRINKAGE = (1.0, 4.0, 2.0)
"""Of shift, slope, and the shifts of tags: `python -m benchmarks.decisions` chose them."""
_MOST_TAGS = 100
"""Of so many tags, those most often decided about, shifts of their own are fitted."""
_MIN_SLOPE = 0.25
"""A correction keeps the order of the suggestions of one tag, whatever was decided."""
_MOST_CORRECTED = 2.0
"""A correction multiplies odds by e² at most, and divides them by as much."""


@dataclass(frozen=True, slots=True)
class Constants:
    """Mean, standard deviation and weight of each feature, learned on other blogs."""

    mean: tuple[float, ...]
    sd: tuple[float, ...]
    weight: tuple[float, ...]
    intercept: float


@cache
def shipped_constants() -> Constants:
    """The constants that come with Enishi; `python -m benchmarks.learn_tags` makes them."""
    return read_constants(Path(__file__).with_name("constants.json"))


def read_constants(file: Path) -> Constants:
    """Constants from a JSON file of ``{"features": {name: [mean, sd, weight]}, "intercept": number}``.

    Raises:
        SettingsError: it cannot be read, or does not hold a number for every feature.
    """
    from enishi.tags.evidence import FEATURES

    try:
        value: Any = json.loads(file.read_text(encoding="utf-8"))
        rows = [tuple(float(number) for number in value["features"][name]) for name in FEATURES]
        intercept = float(value["intercept"])
        mean, sd, weight = zip(*rows, strict=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"tags.constants: {file.name} does not hold constants for tags: {error!r}") from error
    if not all(map(math.isfinite, (*mean, *sd, *weight, intercept))) or min(sd) <= 0:
        raise SettingsError(f"tags.constants: {file.name} holds numbers that cannot be used")
    return Constants(mean, sd, weight, intercept)


def standardise(features: npt.NDArray[np.float32], constants: Constants) -> Matrix:
    """z-scores with a column of ones behind them: (pairs, features) -> (pairs, features + 1)."""
    z = np.empty((len(features), len(constants.mean) + 1))
    z[:, :-1] = (features - np.array(constants.mean)) / np.array(constants.sd)
    z[:, -1] = 1.0
    return z


def fit_weights(z: Matrix, y: Matrix, pair_weights: Matrix, constants: Constants) -> Matrix:
    """Weights and intercept for one blog, shape (features + 1,), from its out-of-fold pairs."""
    start = np.array([*constants.weight, constants.intercept])
    return minimise_logloss(z, y, pair_weights, start, _ridge(len(start)))


def fit_tag_shifts(margin: Matrix, y: Matrix, pair_weights: Matrix, fold: Rows) -> Matrix:
    """Shift of each tag's log-odds without each fold, then without none, so that -1 is all: (folds + 1, tags).

    `margin`, `y` and `pair_weights` (0 for what is not to be learned from) are of shape (posts, tags).
    """

    def descend(shift: Matrix, rows: npt.NDArray[np.bool_], steps: int) -> Matrix:
        odds, right, weight = margin[rows], y[rows], pair_weights[rows]
        for _ in range(steps):
            p = sigmoid(odds + shift)
            gradient = (weight * (p - right)).sum(axis=0) + shift
            shift = shift - np.clip(gradient / ((weight * p * (1 - p)).sum(axis=0) + 1), -1, 1)
        return shift

    of_all = descend(np.zeros(margin.shape[1]), fold >= 0, _SHIFT_STEPS[0])
    without = [
        descend(of_all, (fold >= 0) & (fold != part), _SHIFT_STEPS[1]) for part in range(fold.max(initial=-1) + 1)
    ]
    return np.stack([*without, of_all])


def _ridge(size: int) -> Matrix:
    ridge = np.full(size, SHRINKAGE)
    ridge[-1] = INTERCEPT_SHRINKAGE
    return ridge


def cross_fitted(z: Matrix, y: Matrix, pair_weights: Matrix, weights: Matrix, fold: Rows) -> Matrix:
    """Log-odds of all pairs, each by weights fitted without the pairs of its fold; shape (pairs,).

    From the weights fitted on all pairs it is one step of Newton's to those without a fold, whose error is of second
    order: on four blogs at most two pairs of a tenth of confidence fell into another one than by ten whole fits.
    """
    p = sigmoid(z @ weights)
    residual, curvature = pair_weights * (p - y), pair_weights * p * (1 - p)
    parts = []
    total = np.diag(2 * _ridge(len(weights)))
    for part in np.unique(fold).tolist():
        own = np.flatnonzero(fold == part)
        rows = z[own]
        of_part = (rows.T * curvature[own]) @ rows
        total += of_part
        parts.append((own, rows, of_part, rows.T @ residual[own]))
    margin = np.empty(len(z))
    for own, rows, of_part, gradient in parts:
        margin[own] = rows @ (weights + np.linalg.solve(total - of_part, gradient))
    return margin


def sums_by_tenth(confidence: Matrix, y: Matrix) -> Matrix:
    """Pairs, right ones, and the sum of confidences in each tenth of confidence; shape (10, 3)."""
    confidence = np.round(confidence, 4)
    tenth = np.minimum((np.round(confidence * 10_000) // 1_000).astype(int), 9)
    sums = [np.bincount(tenth, values, minlength=10) for values in (np.ones(len(y)), y, confidence)]
    return np.asarray(np.round(np.stack(sums, axis=1), 4))


def minimise_logloss(z: Matrix, y: Matrix, pair_weights: Matrix, centre: Matrix, ridge: Matrix) -> Matrix:
    """argmin_w Σ v·logloss(sigmoid(z w), y) + Σ ridge·(w − centre)², by Newton's method with backtracking."""

    def value(w: Matrix) -> float:
        margin = z @ w
        return float(pair_weights @ (np.logaddexp(0, margin) - y * margin) + ridge @ (w - centre) ** 2)

    weights = centre.copy()
    if len(z) == 0:
        return weights
    current = value(weights)
    for _ in range(_MAX_STEPS):
        p = sigmoid(z @ weights)
        gradient = z.T @ (pair_weights * (p - y)) + 2 * ridge * (weights - centre)
        curvature = (z.T * (pair_weights * p * (1 - p))) @ z + np.diag(2 * ridge + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-6 and value(weights - size * step) > current:
            size /= 2
        if size <= 1e-6:
            break
        weights = weights - size * step
        before, current = current, value(weights)
        if before - current < 1e-9 * max(1.0, abs(current)):
            break
    return weights


@dataclass(frozen=True, slots=True)
class Correction:
    """From the model's log-odds to those by which the author decides; of one tag, the order stays."""

    shift: float
    slope: float
    judged_from: float
    """Log-odds above which nine of ten decided suggestions lie.  Of others nothing is known: below, it fades away."""
    of_tag: Mapping[int, float] = field(default_factory=dict)
    """Shifts of single tags, by column."""

    def __call__(self, margin: Matrix, columns: Rows) -> Matrix:
        """Corrected log-odds of pairs with the tags of these columns."""
        own = np.zeros(len(margin))
        for column, shift in self.of_tag.items():
            own[columns == column] = shift
        lowest = abs(self._change(np.array(self.judged_from), own))
        faded = np.clip(1 - (self.judged_from - margin) / (1 + lowest), 0, 1)
        return np.asarray(margin + faded * self._change(np.maximum(margin, self.judged_from), own))

    def _change(self, margin: Matrix, own: Matrix) -> Matrix:
        return np.clip(self.shift + (self.slope - 1) * margin + own, -_MOST_CORRECTED, _MOST_CORRECTED)


def fit_correction(
    margin: Matrix, columns: Rows, taken: Matrix, shrinkage: tuple[float, float, float] = CORRECTION_SHRINKAGE
) -> Correction:
    """The correction by decided suggestions: the model's log-odds, their tags, and 1 for each that was taken."""
    decided = Counter(columns.tolist())
    tags = sorted(sorted(decided, key=lambda tag: (-decided[tag], tag))[:_MOST_TAGS])
    z = np.column_stack([np.ones(len(margin)), margin, columns[:, None] == np.array(tags)[None, :]]).astype(float)
    centre, ridge = (
        np.array([0.0, 1.0, *(0.0 for _ in tags)]),
        np.array([*shrinkage[:2], *(shrinkage[2] for _ in tags)]),
    )
    weights = minimise_logloss(z, taken, np.ones(len(margin)), centre, ridge)
    if weights[1] < _MIN_SLOPE:
        centre[1], ridge[1] = _MIN_SLOPE, 1e9
        weights = minimise_logloss(z, taken, np.ones(len(margin)), centre, ridge)
    shift, slope, *own = weights.tolist()
    return Correction(shift, max(slope, _MIN_SLOPE), float(np.quantile(margin, 0.1)), dict(zip(tags, own, strict=True)))


def sigmoid(margin: Matrix) -> Matrix:
    """1 / (1 + e⁻ˣ), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * margin)))


def shown_confidence(probability: Matrix) -> Matrix:
    """The probability itself, but compressed above .9 so that nothing exceeds .95; the order stays."""
    limit = (MOST_CERTAIN - _BEND) / (1 - _BEND)
    return np.where(probability > _BEND, _BEND + (probability - _BEND) * limit, probability)


def shown_undone(shown: Matrix) -> Matrix:
    """The probability behind a shown confidence."""
    limit = (MOST_CERTAIN - _BEND) / (1 - _BEND)
    return np.where(shown > _BEND, _BEND + (shown - _BEND) / limit, shown)
