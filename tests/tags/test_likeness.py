"""Both ways to measure likeness: the landmarks' answers are the exact ones where every post is a landmark."""

from __future__ import annotations

import numpy as np
import pytest

from blog_of_documents import document, subject_posts
from enishi.tags.evidence import Labels
from enishi.tags.kernel import dense_kernel, make_blocks
from enishi.tags.likeness import ExactLikeness, LandmarkLikeness, Likeness, choose_landmarks
from enishi.tags.pairs import Pairs

POSTS = [*subject_posts(8), document("zz/empty.md", "", "")]
BLOCKS = make_blocks(POSTS)
KERNEL = dense_kernel(BLOCKS)
EXACT = ExactLikeness(KERNEL)
LABELLED = np.arange(0, 24, dtype=np.int64)
Y = np.repeat(np.eye(3), 8, axis=0)
Y = np.concatenate([Y, np.zeros((1, 3))])
NO_NAMES = np.zeros(Y.shape)


def labels(y: np.ndarray = Y) -> Labels:
    return Labels.of(POSTS, y > 0, LABELLED.tolist())


def predict(likeness: Likeness, fold: int, y: np.ndarray = Y, named: np.ndarray = NO_NAMES) -> tuple[np.ndarray, ...]:
    rows = labels().part(fold)[0]
    return likeness.learner(labels(y), Pairs.where(named > 0), named[named > 0]).predict(rows, fold)


@pytest.mark.parametrize("fold", [0, 9, -1])
def test_ridge_is_what_the_other_posts_say(fold: int) -> None:
    rows, learned, prior = labels().part(fold)
    inner = KERNEL[np.ix_(learned, learned)] + 0.6 * np.eye(len(learned))
    by_hand = prior + KERNEL[np.ix_(rows, learned)] @ np.linalg.solve(inner, Y[learned] - prior)
    assert predict(EXACT, fold)[0] == pytest.approx(by_hand, abs=1e-9)


def test_ridge_knows_nothing_of_the_tags_it_speaks_about() -> None:
    rows = labels().part(3)[0]
    other = Y.copy()
    other[rows] = 1 - other[rows]
    for likeness in (EXACT, LandmarkLikeness(BLOCKS, LABELLED, backend="exact")):
        for one, other_one in zip(*(predict(likeness, 3, y) for y in (Y, other)), strict=True):
            assert one == pytest.approx(other_one, abs=1e-9)


@pytest.mark.parametrize("fold", [0, 9, -1])
def test_with_every_post_a_landmark_nothing_is_lost(fold: int) -> None:
    landmarks = LandmarkLikeness(BLOCKS, choose_landmarks(POSTS, 100), backend="exact")
    found = zip(*(predict(likeness, fold) for likeness in (landmarks, EXACT)), strict=True)
    for (one, other), most in zip(found, (1e-4, 1e-4, 1e-3, 0), strict=True):
        assert one == pytest.approx(other, abs=most)


def test_a_landmark_is_a_sample_of_the_posts_and_the_nearest_ones_are_found_beside_it() -> None:
    """The nearest carrier of a tag is exact where it is among the nearest posts, which all are here."""
    sampled = LandmarkLikeness(BLOCKS, choose_landmarks(POSTS, 18), backend="exact")
    rows, learned, _ = labels().part(3)
    cosines = np.array([sampled.between(row, learned) for row in rows])
    best = [np.maximum(cosines[:, Y[learned, tag] > 0].max(axis=1), 0) for tag in range(3)]
    assert predict(sampled, 3)[2] == pytest.approx(np.array(best).T, abs=1e-4)


def test_a_name_is_heard_from_posts_like_this() -> None:
    named = np.zeros_like(Y)
    rows = labels().part(4)[0]
    subject = rows[0] // 8
    named[[row for row in LABELLED if row // 8 == subject and row not in rows], 0] = 2.0
    other = next(place for place, row in enumerate(rows) if row // 8 != subject)
    for likeness in (EXACT, LandmarkLikeness(BLOCKS, LABELLED, backend="exact")):
        spoken = predict(likeness, 4, named=named)[3]
        assert spoken[0, 0] > 2 * spoken[other, 0]
        assert np.abs(spoken[:, 1:]).max() < 1e-9


def test_posts_that_name_the_same_tags_are_more_alike() -> None:
    rows = labels().part(3)[0]
    stranger = next(row for row in LABELLED if row // 8 != rows[0] // 8 and row not in rows)
    named = np.zeros_like(Y)
    named[[rows[0], stranger], 1] = 1.0
    tag = stranger // 8
    without, beside = (predict(EXACT, 3, named=given) for given in (NO_NAMES, named))
    assert all(beside[score][0, tag] > without[score][0, tag] for score in range(2))


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
