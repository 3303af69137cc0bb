"""One vector a post from several parts, and the pull of links."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from enishi.encoders.joining import Part, Slot, concatenate, contributions, slots_of, smooth_along_links

Array = npt.NDArray[np.float32]


def unit_rows(count: int, dim: int, seed: int) -> Array:
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


# -- concatenation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.8, 0.2), (3.0, 1.0)])
def test_a_cosine_is_the_weighted_mean_of_the_parts_cosines(weights: tuple[float, float]) -> None:
    first, second = unit_rows(6, 5, 1), unit_rows(6, 9, 2)
    together = concatenate([Part("site", weights[0], first), Part("model", weights[1], second)])
    expected = (weights[0] * first @ first.T + weights[1] * second @ second.T) / sum(weights)
    assert together.dtype == np.float32
    assert together.shape == (6, 14)
    np.testing.assert_allclose(together @ together.T, expected, atol=1e-5)


def test_where_a_part_is_missing_the_other_speaks_alone() -> None:
    first, second = unit_rows(4, 5, 1), unit_rows(4, 9, 2)
    first[0] = second[1] = 0
    first[3] = second[3] = 0
    together = concatenate([Part("site", 0.3, first), Part("model", 0.7, second)])
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), [1, 1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(together[0, 5:], second[0], atol=1e-6)
    np.testing.assert_allclose(together[1, :5], first[1], atol=1e-6)


def test_a_part_of_no_weight_says_nothing() -> None:
    first, second = unit_rows(4, 5, 1), unit_rows(4, 9, 2)
    together = concatenate([Part("site", 1.0, first), Part("model", 0.0, second)])
    np.testing.assert_allclose(together @ together.T, first @ first.T, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1])
def test_few_posts(count: int) -> None:
    assert concatenate(
        [Part("site", 0.5, unit_rows(count, 3, 0)), Part("model", 0.5, unit_rows(count, 2, 0))]
    ).shape == (count, 5)


# -- smoothing ---------------------------------------------------------------------------------------------------------


def test_the_formula() -> None:
    rows = unit_rows(5, 4, 0)
    pairs = [(0, 1), (1, 2), (3, 1)]
    a = np.zeros((5, 5))
    for i, j in pairs:
        a[i, j] = a[j, i] = 1
    degree = a.sum(axis=1)
    root = np.diag([1 / np.sqrt(d) if d else 0 for d in degree])
    expected = rows + 0.4 * root @ a @ root @ rows
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    smoothed = smooth_along_links(rows, pairs, 0.4)
    assert smoothed.dtype == np.float32
    np.testing.assert_allclose(smoothed, expected, atol=1e-6)


def test_linked_posts_come_nearer_and_others_stay() -> None:
    rows = unit_rows(6, 20, 3)
    smoothed = smooth_along_links(rows, [(0, 1)], 0.4)
    assert smoothed[0] @ smoothed[1] > rows[0] @ rows[1] + 0.1
    np.testing.assert_allclose(smoothed[2:], rows[2:], atol=1e-6)
    stronger = smooth_along_links(rows, [(0, 1)], 0.8)
    assert stronger[0] @ stronger[1] > smoothed[0] @ smoothed[1]


def test_direction_number_and_order_of_links_do_not_matter() -> None:
    rows = unit_rows(6, 20, 3)
    once = smooth_along_links(rows, [(0, 1), (2, 4), (1, 5)], 0.4)
    often = smooth_along_links(rows, iter([(5, 1), (1, 0), (0, 1), (4, 2), (3, 3), (0, 1)]), 0.4)
    assert once.tobytes() == often.tobytes()


def test_a_hub_does_not_pull_everybody_to_itself() -> None:
    rows = unit_rows(40, 20, 3)
    hub = smooth_along_links(rows, [(0, other) for other in range(1, 40)], 0.4)
    pair = smooth_along_links(rows, [(0, 1)], 0.4)
    assert hub[1] @ rows[0] - rows[1] @ rows[0] < 0.5 * (pair[1] @ rows[0] - rows[1] @ rows[0])


def test_posts_without_words_stay_without_a_vector_and_pull_nobody() -> None:
    rows = unit_rows(4, 6, 1)
    rows[1] = 0
    smoothed = smooth_along_links(rows, [(0, 1), (1, 2)], 0.4)
    assert not smoothed[1].any()
    np.testing.assert_allclose(smoothed[0], rows[0], atol=1e-6)


@pytest.mark.parametrize(("links", "weight"), [([], 0.4), ([(0, 0)], 0.4), ([(0, 1)], 0.0)])
def test_without_links_or_weight_nothing_changes(links: list[tuple[int, int]], weight: float) -> None:
    rows = unit_rows(3, 6, 1)
    assert smooth_along_links(rows, links, weight).tobytes() == rows.tobytes()


def test_what_is_given_is_not_changed() -> None:
    rows = unit_rows(3, 6, 1)
    before = rows.copy()
    smooth_along_links(rows, [(0, 1)], 0.4)
    concatenate([Part("site", 0.3, rows), Part("model", 0.7, rows)])
    assert rows.tobytes() == before.tobytes()


def test_opposite_posts_do_not_blow_up() -> None:
    rows = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    smoothed = smooth_along_links(rows, [(0, 1)], 1.0)
    assert np.isfinite(smoothed).all()


# -- what each part gave -----------------------------------------------------------------------------------------------


def test_contributions_sum_to_the_cosine_and_are_those_of_the_parts() -> None:
    first, second = unit_rows(30, 8, 1), unit_rows(30, 5, 2)
    second[4] = 0
    parts = [Part("site", 0.7, first), Part("model", 0.3, second)]
    together = concatenate(parts)
    links = [(0, 1), (1, 2), (2, 7), (8, 9), (0, 29), (4, 5)]
    smoothed = smooth_along_links(together, links, 0.4)
    for one, other in ((0, 1), (1, 2), (3, 11), (4, 5), (0, 2)):
        found = contributions(smoothed, slots_of(parts), links, 0.4, one, other)
        assert list(found) == ["site", "model", "links"]
        assert sum(found.values()) == pytest.approx(float(smoothed[one] @ smoothed[other]), abs=1e-6)
        scale = _length_of_sum(together, links, one) * _length_of_sum(together, links, other)
        assert found["site"] == pytest.approx(float(together[one, :8] @ together[other, :8]) / scale, abs=1e-5)
        assert found["model"] == pytest.approx(float(together[one, 8:] @ together[other, 8:]) / scale, abs=1e-5)


def _length_of_sum(vectors: Array, links: list[tuple[int, int]], row: int) -> float:
    """|v + .4 pull v| of one row, by the definition."""
    degree = {number: sum(number in pair for pair in links) for number in range(len(vectors))}
    pulled = vectors[row].astype(np.float64)
    for one, other in links:
        if row in (one, other):
            neighbor = other if row == one else one
            pulled = pulled + 0.4 * vectors[neighbor] / (degree[row] * degree[neighbor]) ** 0.5
    return float(np.linalg.norm(pulled))


def test_without_links_parts_give_all() -> None:
    rows = unit_rows(4, 6, 3)
    found = contributions(rows, [Slot("site", 0, 6)], [], 0.4, 0, 1)
    assert found == {"site": pytest.approx(float(rows[0] @ rows[1]), abs=1e-7)}
