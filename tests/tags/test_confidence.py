"""The confidence is the fit, moved by the post's other tags, its date, and where it names the tag."""

from __future__ import annotations

import numpy as np
import pytest

from enishi.tags.confidence import (
    FEATURES,
    Surroundings,
    confident_margins,
    names_within_names,
    shipped_confidence_constants,
)
from enishi.tags.mentions import Mentions
from enishi.tags.opportunity import Opportunity
from enishi.tags.own_tags import OwnTags
from enishi.tags.pairs import Pairs

NAMES = ["React Native", "React", "Go"]
CARRIED = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=bool)
DAYS = np.array([0.0, 100.0, 2000.0, 1000.0, 1100.0, 3000.0, 0.0])
COUNTS = np.array([[9, 9, 0], [9, 9, 1], [9, 9, 2], [0, 9, 0], [0, 9, 9], [0, 0, 9], [0, 9, 9]], dtype=np.int32)


def surroundings(carried: np.ndarray = CARRIED) -> Surroundings:
    fit = np.full(CARRIED.shape, 0.8)
    bucket = np.where(COUNTS >= 9, 4, np.minimum(COUNTS, 1)).astype(np.int8)
    pairs, counts = Pairs.where(COUNTS > 0), COUNTS[COUNTS > 0]
    mentions = Mentions(pairs, counts, counts, bucket[COUNTS > 0], np.full(len(COUNTS), 100))
    own_tags = OwnTags(Pairs.where(carried))
    own_tags.add(np.arange(len(fit)), fit)
    return Surroundings(NAMES, mentions, own_tags, Opportunity(Pairs.where(carried), DAYS))


def features(around: Surroundings, row: int, column: int) -> np.ndarray:
    return around.features(np.array([row]), np.array([column]), np.array([0.8]))[0]


def of(row: int, column: int) -> dict[str, float]:
    return dict(zip(FEATURES, features(surroundings(), row, column).tolist(), strict=True))


def test_a_broader_tag_of_one_that_is_there_is_known_by_its_name() -> None:
    assert of(0, 1) | {"later": 0} == {
        "subject": 0,  # the title names React Native
        "passing": 0,
        "later": 0,
        "apart": pytest.approx(np.log(1 / (1 + 2 * 0.8))),
        "within": 1,
    }
    assert of(3, 1)["subject"] == pytest.approx(np.log(10) / np.log(4))
    assert of(3, 0)["within"] == 0


def test_a_thing_named_in_passing() -> None:
    assert [of(row, 2)["passing"] for row in range(6)] == [0, 1, 1, 0, 0, 0]


def test_a_tag_that_came_up_later() -> None:
    assert of(0, 2)["later"] > 0.99  # first used on day 1100
    assert of(5, 1)["later"] < 0.01
    assert of(3, 1)["later"] == pytest.approx(1 / (1 + np.exp(-100 / 60)))  # its own use does not count


def test_the_tag_in_question_never_says_anything_of_itself() -> None:
    """A tag that the post carries is judged as if it did not; so are decisions, of which the taken ones are there."""
    for row, column in zip(*np.nonzero(CARRIED), strict=True):
        hidden = CARRIED.copy()
        hidden[row, column] = False
        assert features(surroundings(), row, column) == pytest.approx(features(surroundings(hidden), row, column))


def test_what_moves_a_confidence_and_what_does_not() -> None:
    rows, columns = np.indices(CARRIED[:6].shape).reshape(2, -1)
    fit, constants = np.zeros(len(rows)), shipped_confidence_constants()
    margin = confident_margins(fit, rows, columns, surroundings(), constants)
    assert (margin != 0).all()
    better = confident_margins(fit + 1, rows, columns, surroundings(), constants)
    assert (better > margin).all()
    signs = dict(zip(FEATURES, np.sign(constants.weights), strict=True))
    assert signs == {"subject": 1, "passing": -1, "later": 1, "apart": 1, "within": -1}


@pytest.mark.parametrize(
    ("part", "whole", "is_part"),
    [
        ("React", "react-native", True),
        ("GitHub", "github actions", True),
        ("学習", "機械学習", True),
        ("Java", "JavaScript", False),
        ("Go", "Google", False),
        ("test", "tests", False),
        ("Go", "Go", False),
    ],
)
def test_names_within_names(part: str, whole: str, is_part: bool) -> None:
    assert names_within_names([part, whole]).tolist() == [[False, False], [is_part, False]]
