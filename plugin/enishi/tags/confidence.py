"""From fit to confidence: would the author add a tag that describes the text, beside the tags that he chose?

    log-odds of the confidence = intercept + slope · log-odds of the fit + weights · features    from a fit of .1 on,

and below with a slope of 1: what nobody would suggest gets no likelier.

The constants are learned from judgements of suggestions on posts that have tags (docs/research.md, "Fit and
confidence").  A post's own tags are part of the question here, but never the tag in question: all features are those of
the post without it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from enishi.tags.calibration import sigmoid
from enishi.tags.mentions import Mentions, parts_of_name, ways_to_write
from enishi.tags.opportunity import Opportunity
from enishi.tags.own_tags import OwnTags

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from enishi.types import Matrix, Rows

FEATURES = ("subject", "passing", "later", "apart", "within")
"""
subject: the title names it, and not just as a part of the name of a tag that the post has; log(1 + mentions)/log 4
passing: the text names it once or twice, and the title does not
later:   the tag came up after the post, between 0 and 1, which a tag's first posts are in between
apart:   log of how much more rarely it stands beside a tag of the post than the texts let expect, from -2 to 0
within:  its name is a part of the name of a tag that the post has
"""
_MOST_MENTIONS = 10
_IN_PASSING = 2
_DAYS = 60.0
_LEAST_RATIO = 0.135
_PAIRS_AT_A_TIME = 1 << 17
UNLIKELY = -2.2
"""Log-odds of a fit of .1."""


@dataclass(frozen=True, slots=True)
class ConfidenceConstants:
    """What is learned from judgements."""

    intercept: float
    slope: float
    weights: tuple[float, ...]
    """In the order of FEATURES."""

    def of_fit(self, fit: Matrix) -> Matrix:
        """Log-odds of the confidence where all features are 0."""
        return np.asarray(self.intercept + self.slope * np.maximum(fit, UNLIKELY) + np.minimum(fit - UNLIKELY, 0))


@cache
def shipped_confidence_constants() -> ConfidenceConstants:
    """The constants that come with Enishi; `python -m benchmarks.learn_confidence` makes them."""
    value: Any = json.loads(Path(__file__).with_name("confidence.json").read_text(encoding="utf-8"))
    return ConfidenceConstants(value["intercept"], value["slope"], tuple(value["features"][name] for name in FEATURES))


class Surroundings:
    """What stands around each (post, tag) of a blog: the post's other tags, its date, and where it names the tag."""

    def __init__(self, names: Sequence[str], mentions: Mentions, own_tags: OwnTags, opportunity: Opportunity) -> None:
        """`names` are those of the tags, one a column."""
        self._mentions, self._own_tags, self._opportunity = mentions, own_tags, opportunity
        self._within = names_within_names(names)

    def features(self, rows: Rows, columns: Rows, fit: Matrix) -> Matrix:
        """Features of (post, tag) pairs, shape (len(rows), len(FEATURES)); `fit` is the probability by the text."""
        mentions, pairs = self._mentions, self._mentions.pairs
        in_title = pairs.find(mentions.bucket, rows, columns) == 4
        count = pairs.find(mentions.counts, rows, columns)
        within = np.zeros(len(rows), dtype=bool)
        for some, own in self._own_tags.of_each(rows):
            within[some] |= self._within[own, columns[some]]
        days = np.nan_to_num(self._opportunity.days_until_first_use(rows, columns), nan=-np.inf)
        return np.column_stack(
            [
                (in_title & ~within) * np.log1p(np.minimum(count, _MOST_MENTIONS)) / np.log(4),
                (count > 0) & (count <= _IN_PASSING) & ~in_title,
                sigmoid(days / _DAYS),
                np.log(np.maximum(self._own_tags.least_ratio(rows, columns, fit), _LEAST_RATIO)),
                within,
            ]
        )


def confident_margins(
    margin: Matrix, rows: Rows, columns: Rows, surroundings: Surroundings, constants: ConfidenceConstants
) -> Matrix:
    """Log-odds of the confidence of (post, tag) pairs, given those of the fit; of posts with tags."""
    weights, result = np.array(constants.weights), np.empty(len(margin))
    for start in range(0, len(margin), _PAIRS_AT_A_TIME):
        part = slice(start, start + _PAIRS_AT_A_TIME)
        around = surroundings.features(rows[part], columns[part], sigmoid(margin[part])) @ weights
        result[part] = constants.of_fit(margin[part]) + around
    return result


def names_within_names(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Where the name of the column is a part of the name of the row (`React` of `React Native`); square."""
    known: dict[tuple[str, ...], list[int]] = {}
    for column, name in enumerate(names):
        for way in ways_to_write(name):
            known.setdefault(way, []).append(column)
    found = np.zeros((len(names), len(names)), dtype=bool)
    for row, name in enumerate(names):
        found[row, [column for part in parts_of_name(name) for column in known.get(part, ())]] = True
    np.fill_diagonal(found, val=False)
    return found
