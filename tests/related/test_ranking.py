"""Ranking: everybody's best candidates, without itself, and the score that chance pairs do not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from blog import random_vectors, vectors_at
from enishi.related.index import Backend
from enishi.related.ranking import Candidates, Ranking

if TYPE_CHECKING:
    from enishi.types import Rows, Vectors

BACKENDS: tuple[Backend, ...] = ("exact", "auto")


def rows_of(*rows: int) -> Rows:
    return np.array(rows, dtype=np.int64)


def found_rows(found: Candidates) -> list[list[int]]:
    return [[row for row in line if row >= 0] for line in found.rows.tolist()]


@pytest.mark.parametrize("backend", BACKENDS)
def test_candidates_hold_everybody_but_the_post_itself(backend: Backend) -> None:
    ranking = Ranking(random_vectors(30), range(30), backend)
    found = ranking.candidates(np.arange(30), 50)
    for row, line in enumerate(found_rows(found)):
        assert sorted(line) == [other for other in range(30) if other != row]
    assert (np.diff(found.cosines[:, :29], axis=1) <= 0).all()


def test_what_is_not_listable_is_nobodys_candidate_but_has_its_own() -> None:
    vectors = random_vectors(12)
    found = Ranking(vectors, [0, 1, 2, 3, 4], "exact").candidates(rows_of(0, 9), 20)
    assert [sorted(line) for line in found_rows(found)] == [[1, 2, 3, 4], [0, 1, 2, 3, 4]]


def test_candidates_among_some_are_those_that_the_whole_would_give() -> None:
    vectors = random_vectors(60)
    ranking = Ranking(vectors, range(60), "exact")
    among = np.arange(20, 60)
    whole = ranking.candidates(np.arange(60), 59)
    part = ranking.candidates(np.arange(60), 59, among)
    for row in range(60):
        assert found_rows(part)[row] == [other for other in found_rows(whole)[row] if other >= 20]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_twin_is_a_candidate(backend: Backend) -> None:
    vectors = np.repeat(random_vectors(1), 3, axis=0)
    found = Ranking(vectors, range(3), backend).candidates(np.arange(3), 5)
    assert found_rows(found) == [[1, 2], [0, 2], [0, 1]]
    assert found.cosines[:, :2].tolist() == [[1.0, 1.0]] * 3


def test_cosines_are_rounded_and_the_same_in_any_batch() -> None:
    vectors = random_vectors(200, dim=37)
    ranking = Ranking(vectors, range(200), "exact")
    left, right = np.repeat(np.arange(200), 200), np.tile(np.arange(200), 200)
    together = ranking.cosines(left, right).reshape(200, 200)
    assert (together == np.round(together, 4)).all()
    assert together[3, 5] == ranking.cosines(rows_of(3), rows_of(5))[0]
    assert (together == together.T).all()
    np.testing.assert_allclose(together, vectors @ vectors.T, atol=6e-5)


@pytest.mark.parametrize(("count", "dim"), [(0, 4), (1, 4), (2, 4), (3, 0)])
def test_next_to_nothing_is_no_error(count: int, dim: int) -> None:
    vectors: Vectors = np.zeros((count, dim), dtype=np.float32)
    ranking = Ranking(vectors, range(count), "auto")
    found = ranking.candidates(np.arange(count), 3)
    assert [len(line) for line in found_rows(found)] == [max(count - 1, 0)] * count
    assert ranking.chance_score() == 0.0001
    rows, others = ranking.nearest()
    assert len(rows) == len(others) == count * max(count - 1, 0)


def test_nobody_may_be_listed() -> None:
    ranking = Ranking(random_vectors(5), [], "exact")
    assert found_rows(ranking.candidates(np.arange(5), 3)) == [[]] * 5


# -- the least score ---------------------------------------------------------------------------------------------------


def test_unrelated_posts_do_not_reach_the_least_score_and_related_ones_do() -> None:
    vectors = random_vectors(400, dim=64, clusters=40, seed=2)
    ranking = Ranking(vectors, range(400), "exact")
    scores = (vectors @ vectors.T)[np.triu_indices(400, 1)]
    least = ranking.chance_score()
    unrelated = scores[scores < 0.4]  # between clusters; within one they are at .67 on average
    assert (unrelated >= least).mean() < 0.02
    assert (scores[scores > 0.5] >= least).all()
    assert 0.2 < least < 0.5


def test_the_least_score_is_above_zero_and_deaf_to_posts_without_words() -> None:
    vectors = random_vectors(100, seed=1)
    padded: Vectors = np.concatenate([vectors, np.zeros((900, 16), dtype=np.float32)])
    assert Ranking(padded, range(1000), "exact").chance_score() == Ranking(vectors, range(100), "exact").chance_score()
    assert Ranking(vectors_at(0, 120, 240), range(3), "exact").chance_score() == 0.0001


def test_in_a_small_blog_the_least_score_leaves_five_places() -> None:
    """All of 20 posts about one thing: the median pair is no chance pair then."""
    vectors = random_vectors(20, clusters=1, seed=3)
    least = Ranking(vectors, range(20), "exact").chance_score()
    near = (vectors @ vectors.T) >= least
    assert (near.sum() - 20) / 20 == pytest.approx(5, abs=1)


def test_the_least_score_of_a_large_blog_is_of_a_sample_that_is_always_the_same() -> None:
    vectors = random_vectors(1500, seed=4)
    scores = {Ranking(vectors, range(1500), "exact").chance_score() for _ in range(2)}
    assert len(scores) == 1
