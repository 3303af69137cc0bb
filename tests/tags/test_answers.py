"""Decisions move confidences towards what the author says, keep their order, and say nothing of what nobody judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from blog_of_documents import document, site, subject_posts
from enishi.config import TagSettings
from enishi.tags.answers import Answers
from enishi.tags.calibration import Correction, fit_correction, shipped_constants, sigmoid
from enishi.tags.decisions import Decision, match_taken
from enishi.tags.likeness import measure_likeness
from enishi.tags.model import estimate_tags
from enishi.tags.sketches import fingerprint
from enishi.tags.suggest import suggest_tags
from enishi.tags.vocabulary import read_vocabulary
from enishi.types import Document, TagAnalysis

EVERYWHERE = np.linspace(-12, 12, 2001)


def odds(*probabilities: float) -> np.ndarray:
    p = np.array(probabilities)
    return np.log(p / (1 - p))


def fitted(margin: np.ndarray, taken: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """What a correction makes of a tag nobody decided about, where each decision was about another tag."""
    correction = fit_correction(margin, np.arange(len(margin)), taken)
    return lambda others: correction(others, np.full(len(others), -1))


# --- the correction --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_one_tag_is_kept_whatever_was_decided(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 300))
    margin, columns = random.normal(1, 3, size), random.integers(0, 9, size)
    taken = (margin < 1).astype(float) if seed % 2 else random.integers(0, 2, size).astype(float)
    correction = fit_correction(margin, columns, taken)
    for column in range(10):
        corrected = correction(EVERYWHERE, np.full(len(EVERYWHERE), column))
        assert (np.diff(corrected) > 0).all()
        assert np.abs(corrected - EVERYWHERE).max() <= 2


def test_ten_decisions_move_it_and_a_single_one_hardly_does() -> None:
    margin = np.linspace(odds(0.5)[0], odds(0.95)[0], 10)
    before = sigmoid(margin)
    stricter = sigmoid(fitted(margin, np.zeros(10))(margin))
    assert (stricter < before - 0.1).all()
    one = sigmoid(fitted(margin[5:6], np.zeros(1))(margin))
    assert (np.abs(one - before) < 0.15).all()


def test_a_tag_that_is_declined_again_and_again_falls_further_than_others() -> None:
    columns = np.arange(40) // 10
    taken = (columns != 2).astype(float)
    before = odds(*np.full(40, 0.8))
    found = sigmoid(fit_correction(before, columns, taken)(odds(0.8).repeat(5), np.arange(5)))
    assert found[2] < 0.55 < 0.8 < found[0] == pytest.approx(found[1])
    assert found[2] < found[4] < found[0]  # of the fifth nothing is known


def test_answers_as_expected_change_little() -> None:
    p = np.repeat([0.55, 0.7, 0.85, 0.95], 200)
    taken = np.concatenate([np.arange(200) < 200 * share for share in (0.55, 0.7, 0.85, 0.95)]).astype(float)
    correction = fitted(odds(*p), taken)
    assert sigmoid(correction(odds(0.5, 0.8, 0.95))) == pytest.approx([0.5, 0.8, 0.95], abs=0.01)


def test_many_answers_are_believed() -> None:
    p = np.repeat([0.55, 0.7, 0.85], 400)
    taken = np.concatenate([np.arange(400) < 400 * share for share in (0.35, 0.5, 0.7)]).astype(float)
    correction = fitted(odds(*p), taken)
    assert sigmoid(correction(odds(0.55, 0.7, 0.85))) == pytest.approx([0.35, 0.5, 0.7], abs=0.03)


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_far_below_what_was_judged_nothing_changes(answer: float) -> None:
    correction = fitted(odds(*np.linspace(0.5, 0.95, 100)), np.full(100, answer))
    low = odds(0.0001, 0.001, 0.01)
    assert correction(low) == pytest.approx(low)
    assert abs(sigmoid(correction(odds(0.1)))[0] - 0.1) < 0.1


def test_what_is_fitted_does_not_depend_on_the_order() -> None:
    random = np.random.default_rng(0)
    margin, taken = random.normal(1, 1, 50), random.integers(0, 2, 50).astype(float)
    columns, order = random.integers(0, 5, 50), random.permutation(50)
    first = fit_correction(margin, columns, taken)
    second = fit_correction(margin[order], columns[order], taken[order])
    assert first.judged_from == second.judged_from
    assert (first.shift, first.slope) == pytest.approx((second.shift, second.slope))
    assert first.of_tag == pytest.approx(second.of_tag)


def test_no_correction_is_none() -> None:
    assert Correction(0.0, 1.0, 0.0)(EVERYWHERE, np.arange(2001)).tolist() == EVERYWHERE.tolist()


# --- whose decisions count -------------------------------------------------------------------------------------------

POSTS = sorted(
    [
        replace(post, post=replace(post.post, tags=(*post.post.tags, *extra)))
        for number, post in enumerate(subject_posts(10))
        for extra in [("code", "notes")[: number % 3]]
    ],
    key=lambda post: post.post.path,
)
SETTINGS = TagSettings(min_confidence=0, max_suggestions=100)


def suggest(posts: list[Document], **answers: dict[str, frozenset[str]]) -> TagAnalysis:
    return suggest_tags(posts, site(), SETTINGS, Answers(**answers))


def confidences(found: TagAnalysis, paths: set[str] | None = None) -> dict[tuple[str, str], float]:
    return {
        (path, one.tag): one.confidence
        for path, suggestions in found.suggestions.items()
        for one in suggestions
        if paths is None or path in paths
    }


def test_without_answers_nothing_changes() -> None:
    assert suggest(POSTS) == suggest(POSTS, taken={}, declined={})
    nobody = {"gone.md": frozenset({"GO"})}
    assert suggest(POSTS) == suggest(POSTS, taken=nobody, declined=nobody)


def test_a_decision_that_the_post_contradicts_says_nothing() -> None:
    """The author took the tag away again, or added it after all."""
    path = POSTS[0].post.path
    lacking = next(post.post.path for post in POSTS if "CYCLING" not in post.post.tags)
    assert suggest(POSTS) == suggest(POSTS, taken={lacking: frozenset({"CYCLING"})})

    def estimate(declined: frozenset[str]) -> list[list[float]]:
        vocabulary, _ = read_vocabulary([post.post for post in POSTS], site(), SETTINGS)
        likeness, answers = measure_likeness(POSTS), Answers({path: declined})
        found, _ = estimate_tags(POSTS, vocabulary, likeness, shipped_constants(), answers=answers)
        return found.confidence.tolist()

    assert estimate(frozenset(POSTS[0].post.tags)) == estimate(frozenset())
    assert estimate(frozenset({"notes"})) != estimate(frozenset())


def test_tags_that_were_taken_raise_the_others_and_keep_the_order_of_a_tag() -> None:
    taken = {post.post.path: frozenset(post.post.tags[1:]) for post in POSTS if len(post.post.tags) > 1}
    before, after = confidences(suggest(POSTS)), confidences(suggest(POSTS, taken=taken))
    assert before.keys() == after.keys()
    assert before != after
    for tag in {tag for _, tag in before}:
        ranked = sorted((pair for pair in before if pair[1] == tag), key=lambda pair: before[pair])
        assert all(after[one] <= after[two] + 1e-3 for one, two in pairwise(ranked))  # equals were rounded
    sure = [pair for pair in before if before[pair] >= 0.3]
    assert sure
    assert all(after[pair] >= before[pair] for pair in sure)


def test_posts_without_tags_are_corrected_by_decisions_about_such_posts_alone() -> None:
    bare = {post.post.path for post in POSTS[::6]}
    posts = [replace(p, post=replace(p.post, tags=())) if p.post.path in bare else p for p in POSTS]
    about_tagged = {p.post.path: frozenset(p.post.tags[1:]) for p in posts if len(p.post.tags) > 1}
    before, after = suggest(posts), suggest(posts, taken=about_tagged)
    assert confidences(before, bare) == confidences(after, bare)
    assert confidences(before) != confidences(after)
    every = {p.post.path: frozenset(p.post.tags) for p in posts if p.post.tags}  # they were without, too
    assert confidences(suggest(posts, taken=every), bare) != confidences(before, bare)


def test_answers_about_hidden_posts_are_hidden() -> None:
    answers = Answers({"a.md": frozenset({"x"})}, {"a.md": frozenset({"y"}), "b.md": frozenset({"z"})})
    assert answers.without({"a.md"}) == Answers({}, {"b.md": frozenset({"z"})})


# --- which post is meant ---------------------------------------------------------------------------------------------


def test_added_tags_follow_a_rename_to_a_post_that_carries_them() -> None:
    text = " ".join(f"word{number}" for number in range(16))
    decisions = [
        Decision("old.md", "Go", "added", 0.9, content=fingerprint(document("old.md", "Old", text))),
        Decision("gone.md", "Go", "added", 0.9),
        Decision("here.md", "tea", "added", 0.9),
        Decision("here.md", "Go", "declined", 0.9),
    ]
    here, copy, moved = (
        document("here.md", "", "x"),
        document("a.md", "", text),
        document("new.md", "New", text, ["go"]),
    )
    assert match_taken(decisions, [copy, here, moved]) == {"here.md": {"tea"}, "new.md": {"Go"}}
    assert match_taken(decisions[::-1], [moved, here, copy]) == {"here.md": {"tea"}, "new.md": {"Go"}}
