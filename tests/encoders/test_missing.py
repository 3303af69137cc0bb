"""Rows that a part lacks, filled from the posts that are near otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

import enishi.encoders.missing
from enishi.encoders.missing import fill_missing

Vectors = npt.NDArray[np.float32]


def unit(rows: npt.NDArray[np.float64]) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def groups(n: int, seed: int = 0) -> tuple[Vectors, Vectors, npt.NDArray[np.int64]]:
    """A part and the others that agree about four groups, and the group of each row."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, n)
    others = unit(rng.standard_normal((4, 24))[group] + 0.3 * rng.standard_normal((n, 24)))
    part = unit(rng.standard_normal((4, 8))[group] + 0.1 * rng.standard_normal((n, 8)))
    return part, others, group


def test_a_missing_row_becomes_what_its_neighbours_say() -> None:
    part, others, group = groups(80)
    lacking = part.copy()
    lacking[::3] = 0
    filled = fill_missing(lacking, others)
    assert filled.dtype == np.float32
    cosines = filled @ part.T
    for row in range(0, 80, 3):
        assert cosines[row][group == group[row]].min() > cosines[row][group != group[row]].max()


def test_rows_that_are_known_stay_as_they_are_and_the_argument_too() -> None:
    part, others, _ = groups(30)
    part[::2] = 0
    before = part.copy()
    filled = fill_missing(part, others)
    np.testing.assert_array_equal(part, before)
    np.testing.assert_array_equal(filled[1::2], part[1::2])
    assert filled[::2].any(axis=1).all()


def test_a_guess_is_as_long_as_its_neighbours_agree() -> None:
    part = np.array([[1, 0], [1, 0], [0, 0], [1, 0], [-1, 0], [0, 0], [1, 0], [0, 1], [0, 0]], dtype=np.float32)
    others = np.repeat(np.eye(3, dtype=np.float32), 3, axis=0)
    filled = fill_missing(part, others, neighbors=2)
    np.testing.assert_allclose(filled[[2, 5, 8]], [[1, 0], [0, 0], [0.5, 0.5]], atol=1e-6)


def test_nearer_posts_count_for_more_and_opposed_ones_not_at_all() -> None:
    part = np.array([[1, 0], [0, 1], [0, -1], [0, 0]], dtype=np.float32)
    others = unit(np.array([[3.0, 1], [1, 3], [-1, 0], [1, 0]]))
    filled = fill_missing(part, others)
    np.testing.assert_allclose(filled[3], [0.75, 0.25], atol=1e-6)


@pytest.mark.parametrize("known", [0, 1, 5])
def test_few_posts_with_the_part_or_none(known: int) -> None:
    part, others, _ = groups(12)
    part[known:] = 0
    others[-1] = 0
    filled = fill_missing(part, others)
    assert np.isfinite(filled).all()
    assert not filled[-1].any()
    if not known:
        assert not filled.any()


def test_no_posts() -> None:
    assert fill_missing(np.zeros((0, 3), np.float32), np.zeros((0, 5), np.float32)).shape == (0, 3)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    part, others, _ = groups(200)
    part[::2] = 0
    whole = fill_missing(part, others)
    monkeypatch.setattr(enishi.encoders.missing, "_ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(fill_missing(part, others), whole, atol=1e-6)


def test_of_equally_near_posts_the_first_speak() -> None:
    part, others = np.eye(6, dtype=np.float32), np.ones((6, 1), dtype=np.float32)
    part[5] = 0
    np.testing.assert_allclose(fill_missing(part, others, neighbors=2)[5], [0.5, 0.5, 0, 0, 0, 0])
