"""From evidence to a probability."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from enishi.errors import SettingsError
from enishi.tags.calibration import (
    MOST_CERTAIN,
    Constants,
    cross_fitted,
    fit_tag_shifts,
    fit_weights,
    minimise_logloss,
    read_constants,
    shipped_constants,
    shown_confidence,
    sigmoid,
    sums_by_tenth,
)
from enishi.tags.evidence import FEATURES


def test_the_shipped_constants_cover_every_feature() -> None:
    shipped = shipped_constants()
    assert len(shipped.mean) == len(shipped.sd) == len(shipped.weight) == len(FEATURES)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["features"].pop("krr"),
        lambda value: value["features"].update(krr=[0, 0, 1]),
        lambda value: value["features"].update(krr=[0, 1]),
        lambda value: value["features"].update(krr=[0, 1, float("nan")]),
        lambda value: value.update(intercept="x"),
    ],
)
def test_bad_constants_are_refused(tmp_path: Path, change: object) -> None:
    shipped = shipped_constants()
    rows = zip(FEATURES, shipped.mean, shipped.sd, shipped.weight, strict=True)
    value = {"features": {name: row for name, *row in rows}, "intercept": shipped.intercept}
    file = tmp_path / "constants.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    assert read_constants(file) == shipped
    change(value)  # type: ignore[operator]
    file.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"tags\.constants"):
        read_constants(file)
    with pytest.raises(SettingsError):
        read_constants(tmp_path / "missing.json")


def test_the_minimum_is_one() -> None:
    rng = np.random.default_rng(0)
    z = np.column_stack([rng.standard_normal((200, 3)), np.ones(200)])
    y = (z @ [2, -1, 0, -1] + rng.logistic(size=200) > 0).astype(float)
    ridge, centre = np.array([1.0, 1, 1, 0.1]), np.array([0.5, 0, 0, 0])
    w = minimise_logloss(z, y, np.ones(200), centre, ridge)
    gradient = z.T @ (sigmoid(z @ w) - y) + 2 * ridge * (w - centre)
    assert np.abs(gradient).max() < 1e-3


def test_separable_pairs_do_not_diverge() -> None:
    z = np.array([[-100.0, 1], [100, 1]])
    w = minimise_logloss(z, np.array([0.0, 1]), np.ones(2), np.zeros(2), np.array([1e-3, 1e-3]))
    assert np.isfinite(w).all()


def test_without_pairs_the_constants_speak() -> None:
    constants = Constants((0.0,), (1.0,), (0.7,), -2.0)
    found = fit_weights(np.zeros((0, 2)), np.zeros(0), np.zeros(0), constants)
    assert found.tolist() == [0.7, -2.0]


def test_few_pairs_move_the_weights_little_and_many_do() -> None:
    constants = Constants((0.0,), (1.0,), (0.0,), 0.0)
    rng = np.random.default_rng(0)
    moved = []
    for size in (20, 20_000):
        z = np.column_stack([rng.standard_normal(size), np.ones(size)])
        y = (rng.random(size) < sigmoid(2 * z[:, 0])).astype(float)
        moved.append(fit_weights(z, y, np.ones(size), constants)[0])
    assert moved[0] < 0.3
    assert moved[1] == pytest.approx(2, abs=0.2)


def test_the_step_to_weights_without_a_fold_is_the_fit_without_it() -> None:
    random = np.random.default_rng(1)
    size = 4000
    z = np.column_stack([random.standard_normal((size, 4)), np.ones(size)])
    fold = random.integers(0, 10, size)
    truth = z @ [1.5, -1, 0.5, 0, -2] + (fold == 3) * 2.0  # a fold unlike the others, so that it matters
    y = (random.random(size) < sigmoid(truth)).astype(float)
    constants, v = Constants((0.0,) * 4, (1.0,) * 4, (1.0, 0.0, 0.0, 0.0), -1.0), np.ones(size)
    weights = fit_weights(z, y, v, constants)
    found = cross_fitted(z, y, v, weights, fold)
    own = fold == 3
    exact = z[own] @ fit_weights(z[~own], y[~own], v[~own], constants)
    seen = np.abs(exact - z[own] @ weights).max()
    assert seen > 0.3
    assert np.abs(exact - found[own]).max() < 0.2 * seen


def test_a_tag_given_less_readily_than_its_evidence_says_is_shifted_without_its_own_fold() -> None:
    random = np.random.default_rng(3)
    margin = random.normal(-1, 2, (600, 2))
    y = (random.random((600, 2)) < sigmoid(margin + np.array([-2.0, 0]))).astype(float)
    fold, v = np.arange(600) % 10, np.ones((600, 2))
    shifts = fit_tag_shifts(margin, y, v, fold)
    assert shifts.shape == (11, 2)
    assert shifts[-1] == pytest.approx([-2, 0], abs=0.4)
    own = fold == 3
    for column, shift in enumerate(shifts[3]):
        gradient = (sigmoid(margin[~own, column] + shift) - y[~own, column]).sum() + shift
        assert gradient == pytest.approx(0, abs=1e-3)
    lying = np.where(own[:, None], 1 - y, y)  # what the fold itself says changes little, and then only by the start
    assert fit_tag_shifts(margin, lying, v, fold)[3] == pytest.approx(shifts[3], abs=1e-3)


def test_a_tag_without_pairs_has_no_shift() -> None:
    assert (
        fit_tag_shifts(np.zeros((3, 2)), np.ones((3, 2)), np.zeros((3, 2)), np.array([0, 1, -1])).tolist()
        == [[0, 0]] * 3
    )


def test_sums_by_tenth() -> None:
    sums = sums_by_tenth(np.array([0.0, 0.0999, 0.09999, 0.3, 0.95, 1.0]), np.array([0.0, 1, 1, 0, 1, 1]))
    assert sums[0].tolist() == [2, 1, 0.0999]
    assert sums[1].tolist() == [1, 1, 0.1]
    assert sums[3].tolist() == [1, 0, 0.3]
    assert sums[9].tolist() == [2, 2, 1.95]


def test_confidence_keeps_its_order_and_ends_at_the_cap() -> None:
    probability = np.linspace(0, 1, 1001)
    shown = shown_confidence(probability)
    assert (np.diff(shown) > 0).all()
    assert shown[-1] == pytest.approx(MOST_CERTAIN)
    assert (shown[probability <= 0.9] == probability[probability <= 0.9]).all()


def test_sigmoid_does_not_overflow() -> None:
    assert sigmoid(np.array([-1e9, 0, 1e9])).tolist() == [0, 0.5, 1]
