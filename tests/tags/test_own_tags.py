"""How often tags stand together, the post itself left out."""

from __future__ import annotations

import numpy as np

from enishi.tags.opportunity import Opportunity
from enishi.tags.own_tags import Beside, OwnTags
from enishi.tags.pairs import Pairs

CARRIED = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 1, 1]], dtype=bool)
FIT = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.2], [0.9, 0.5, 0.3], [0.1, 0.5, 0.9]])


def test_a_post_is_not_counted_for_itself() -> None:
    own_tags = OwnTags(Pairs.where(CARRIED))
    for rows in (np.array([2, 0]), np.array([1, 3])):
        own_tags.add(rows, FIT[rows])
    assert own_tags.beside(2, 1, 0.5) == (Beside(0, 2, 2, 1.0),)
    assert own_tags.beside(0, 1, 0.5) == (Beside(0, 1, 2, 1.0),)
    assert own_tags.beside(3, 0, 0.1) == (Beside(1, 2, 2, 1.8), Beside(2, 0, 0, 0.0))


def test_the_first_use_is_that_of_another_post() -> None:
    opportunity = Opportunity(Pairs.where(CARRIED), np.array([30.0, 20.0, 10.0, np.nan]))
    assert opportunity.first_use(2, 1) == 1
    assert opportunity.last_use(2, 1) == 0
    assert opportunity.first_use(1, 1) == 0
    assert opportunity.first_use(0, 2) is None
