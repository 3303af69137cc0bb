"""Both ways to measure likeness: the landmarks' answers are the exact ones where every post is a landmark."""

from __future__ import annotations

import numpy as np
import pytest

from blog_of_documents import document, subject_posts
from enishi.tags.kernel import dense_kernel, make_blocks
from enishi.tags.likeness import ExactLikeness, LandmarkLikeness, choose_landmarks

POSTS = [*subject_posts(8), document("zz/empty.md", "", "")]
BLOCKS = make_blocks(POSTS)
KERNEL = dense_kernel(BLOCKS)
EXACT = ExactLikeness(KERNEL)
LABELLED = np.arange(0, 24, dtype=np.int64)
Y = np.repeat(np.eye(3), 8, axis=0)
Y = np.concatenate([Y, np.zeros((1, 3))])


def by_hand(rows: list[int], learned: list[int], prior: float) -> np.ndarray:
    inner = KERNEL[np.ix_(learned, learned)] + 0.6 * np.eye(len(learned))
    return prior + KERNEL[np.ix_(rows, learned)] @ np.linalg.solve(inner, Y[learned] - prior)


@pytest.mark.parametrize("rows", [[0, 9, 17], [24]])
def test_ridge_is_what_the_other_posts_say(rows: list[int]) -> None:
    learned = [row for row in LABELLED.tolist() if row not in rows]
    prior = np.full(3, 0.3)
    found = EXACT.learner(Y, LABELLED).predict(np.array(rows), np.array(learned), prior)[0]
    assert found == pytest.approx(by_hand(rows, learned, 0.3), abs=1e-9)


def test_ridge_knows_nothing_of_the_tags_it_speaks_about() -> None:
    rows, learned = np.array([0, 9, 17]), np.array([row for row in LABELLED if row not in (0, 9, 17)])
    other = Y.copy()
    other[rows] = 1 - other[rows]
    for likeness in (EXACT, LandmarkLikeness(BLOCKS, LABELLED, backend="exact")):
        found = [likeness.learner(y, LABELLED) for y in (Y, other)]
        prior = np.full(3, 0.3)
        for one, other_one in zip(*(learner.predict(rows, learned, prior) for learner in found), strict=True):
            assert one == pytest.approx(other_one, abs=1e-9)


@pytest.mark.parametrize("rows", [[0, 9, 17], [24]])
def test_with_every_post_a_landmark_nothing_is_lost(rows: list[int]) -> None:
    landmarks = LandmarkLikeness(BLOCKS, choose_landmarks(POSTS, 100), backend="exact").learner(Y, LABELLED)
    exact = EXACT.learner(Y, LABELLED)
    spoken, learned = np.array(rows), np.array([row for row in LABELLED.tolist() if row not in rows])
    prior = np.full(3, 0.3)
    found = zip(*(learner.predict(spoken, learned, prior) for learner in (landmarks, exact)), strict=True)
    for (one, other), most in zip(found, (1e-4, 1e-4, 1e-3, 0), strict=True):
        assert one == pytest.approx(other, abs=most)


def test_a_name_is_heard_from_posts_like_this() -> None:
    named = np.zeros_like(Y)
    named[1:7, 0] = 2.0  # of the first subject, whose first post never says it
    rows, learned = np.array([0, 9]), np.array([row for row in LABELLED.tolist() if row not in (0, 9)])
    for likeness in (EXACT, LandmarkLikeness(BLOCKS, LABELLED, backend="exact")):
        spoken = likeness.learner(Y, LABELLED, named).predict(rows, learned, np.full(3, 0.3))[3]
        assert spoken[0, 0] > 2 * spoken[1, 0]
        assert np.abs(spoken[:, 1:]).max() < 1e-9


def test_posts_that_name_the_same_tags_are_more_alike() -> None:
    named = np.zeros_like(Y)
    named[[0, 9, 10], 1] = 1.0
    rows, learned, prior = np.array([0]), LABELLED[1:], np.full(3, 0.3)
    without, beside = (EXACT.learner(Y, LABELLED, given).predict(rows, learned, prior) for given in (None, named))
    assert all(beside[score][0, 1] > without[score][0, 1] for score in range(2))


def test_nearest_posts_are_of_the_same_subject() -> None:
    for likeness in (EXACT, LandmarkLikeness(BLOCKS, choose_landmarks(POSTS, 12), backend="exact")):
        rows, scores = likeness.nearest_of_all(3)
        assert rows.shape == scores.shape == (25, 3)
        for row in range(24):
            assert all(near // 8 == row // 8 for near in rows[row])
            assert row not in rows[row]
            assert list(scores[row]) == sorted(scores[row], reverse=True)
        assert not (scores[24] > 0).any()


def test_nearest_of_some_are_those_of_all_their_cosines() -> None:
    others = np.array([1, 3, 5, 8, 9, 16, 17, 18, 24])
    for likeness in (EXACT, LandmarkLikeness(BLOCKS, LABELLED, backend="exact")):
        for k in (1, 3, 9):
            for row, (near, scores) in zip(range(25), likeness.nearest_among(range(25), others, k), strict=True):
                ranked = sorted(
                    (-score, other) for score, other in zip(likeness.between(row, others), others, strict=True)
                )
                assert list(zip(-scores, near, strict=True)) == [pair for pair in ranked if pair[1] != row][:k]


def test_likeness_is_a_cosine() -> None:
    scores = EXACT.between(0, np.arange(25))
    assert scores[0] == 1
    assert scores[24] == 0
    assert np.abs(scores).max() <= 1


def test_the_kernel_knows_nothing_of_tags() -> None:
    assert (dense_kernel(make_blocks([*subject_posts(8, tagged=False), POSTS[-1]])) == KERNEL).all()


@pytest.mark.parametrize("posts", [0, 1, 2])
def test_hardly_any_posts(posts: int) -> None:
    rows, _ = ExactLikeness(dense_kernel(make_blocks(POSTS[:posts]))).nearest_of_all(20)
    assert rows.shape == (posts, max(posts - 1, 0))
