"""Why a post may lack a tag, and what speaks against it: the tags that the post has, and when the tag was in use."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from enishi.tags.calibration import shown_undone
from enishi.tags.own_tags import Beside
from enishi.types import BesideTag, TagUse

if TYPE_CHECKING:
    from enishi.tags.model import TagModel

MOST_BESIDE = 2
"""Own tags that are told of, of those that go with a tag and of those that keep apart from it."""
_LEAST_TOGETHER = 3
_MORE_OFTEN = 2.0
"""Two tags go together if one is so many times as frequent beside the other as on all posts with tags."""
_TELLING = 1.64
"""Standard deviations, as of a Poisson distribution, by which posts lack a tag that their texts let expect."""
_DIGITS = 9


class Circumstances:
    """What a post's own tags and its date say about a tag that it lacks."""

    def __init__(self, model: TagModel) -> None:
        self._documents, self._names, self._estimate = model.documents, model.vocabulary.names, model.estimate
        tagged = self._estimate.is_tagged
        self._share = self._estimate.carried[tagged].sum(axis=0) / max(1, int(tagged.sum()))
        self._asked = np.array(
            [
                document.post.date.timestamp() if tagged[row] and document.post.date else -np.inf
                for row, document in enumerate(model.documents)
            ]
        )
        """When the author chose tags for a post; long ago where that is unknown."""

    def beside(self, row: int, column: int) -> tuple[BesideTag, ...]:
        """Own tags of the post that go with a tag, then those that keep apart from it, the most telling first."""
        fit = float(shown_undone(self._estimate.fit_of(row, column)))
        found = self._estimate.own_tags.beside(row, column, fit)
        share = float(self._share[column])
        together = [
            one for one in found if one.together >= max(_LEAST_TOGETHER, one.posts / 2, _MORE_OFTEN * share * one.posts)
        ]
        apart = [one for one in found if 2 * one.together < one.posts and _lack(one) > 0]
        together.sort(key=lambda one: (-round((one.together + 1) / (one.posts + 2), _DIGITS), one.own))
        apart.sort(key=lambda one: (-_lack(one), one.own))
        return tuple(
            BesideTag(self._names[self._estimate.keys[one.own]], one.together, one.posts, round(one.expected, 1))
            for one in (*together[:MOST_BESIDE], *apart[:MOST_BESIDE])
        )

    def use(self, row: int, column: int) -> TagUse | None:
        """When the tag was in use, where the post is older, or where the tag was given up before it."""
        opportunity = self._estimate.opportunity
        first, last = opportunity.first_use(row, column), opportunity.last_use(row, column)
        post, begin, end = (self._date(one) for one in (row, first, last))
        if last is None or not post or begin <= post <= end:
            return None
        return TagUse(begin, end, post) if post < begin or self._is_given_up(row, column, last) else None

    def _date(self, row: int | None) -> str:
        date = None if row is None else self._documents[row].post.date
        return date.date().isoformat() if date else ""

    def _is_given_up(self, row: int, column: int, last: int) -> bool:
        """Whether posts after the last one with a tag would carry it by their texts, and do not."""
        since = self._asked > self._asked[last]
        since[row] = False
        expected = float(self._estimate.fit_of(np.flatnonzero(since), column).sum())
        return round(expected - _TELLING * sqrt(expected), _DIGITS) > 0


def _lack(one: Beside) -> float:
    """By how much a tag stands beside another more rarely than chance allows; negative where it does not."""
    return round(one.expected - one.together - _TELLING * sqrt(one.expected), _DIGITS)
