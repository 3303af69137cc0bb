"""How much a pretrained model counts on this blog: its own links and tags choose among a few weights.

Both are hidden from the vectors that are asked.  A post that links is to have the linked posts among its nearest
(nDCG@10), and the nearest posts of one with tags are to vote for these (nDCG@5, each vote the square of the cosine).
Links favour what shares words, tags what shares a subject, so each kind counts a half.  Another weight than the default
is taken where its mean gain, drawn towards 0 as if `_PRIOR` more questions had seen none, is larger than its standard
error (the one-standard-error rule; Breiman et al. 1984, "Classification and Regression Trees").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

from enishi.config import DEFAULT_WEIGHT
from enishi.vectors import one_thread

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Matrix, Rows, Vectors

WEIGHTS = (0.1, DEFAULT_WEIGHT, 0.3)
_PRIOR = 50
_LEAST_QUESTIONS = 30
"""With fewer posts that link, links choose nothing; likewise tags."""
_MOST_QUESTIONS = 1000
_VOTERS = 25
_MIN_POSTS = 4
"""Tags on fewer posts are not asked for."""
_RANK, _RANK_OF_TAGS = 10, 5
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class ChosenWeight:
    """The model's share of the vectors, and what chose it."""

    weight: float
    linking: int
    """Posts whose links were hidden and asked for."""
    tagged: int
    """Posts whose tags were."""
    gain: float
    """How much better than with the default weight their answers are, in nDCG; 0 for the default."""


def choose_weight(
    own: Vectors,
    model: Vectors,
    links: Sequence[tuple[int, int]],
    tags: Sequence[Collection[str]],
    weights: Sequence[float] = WEIGHTS,
) -> ChosenWeight:
    """The weight of the model beside the blog's own words.

    Args:
        own: vectors that know neither tags nor links, shape (n, any).
        model: those of the model, shape (n, dim).
        links: pairs of rows, of which the vectors do not know either.
        tags: those of each post.
        weights: what to choose from; the default counts whether it is among them or not.
    """
    import numpy as np

    pairs = np.array(sorted(set(links)), dtype=np.int64).reshape(-1, 2)
    linking, tagged = _asked(np.unique(pairs[:, 0])), np.zeros(0, dtype=np.int64)
    carried = _tag_matrix(tags)
    if carried is not None:
        tagged = _asked(np.flatnonzero(np.asarray(carried.sum(axis=1)).ravel()))
    with one_thread():
        scores = {
            weight: (
                _link_scores(_mixed(own, model, linking, weight), linking, pairs),
                _tag_scores(_mixed(own, model, tagged, weight), tagged, carried),
            )
            for weight in sorted({*weights, DEFAULT_WEIGHT})
        }
    best, best_gain = DEFAULT_WEIGHT, 0.0
    for weight in weights:
        gains = [ours - theirs for ours, theirs in zip(scores[weight], scores[DEFAULT_WEIGHT], strict=True)]
        gains = [gain for gain in gains if len(gain)]
        gain = round(sum(float(one.sum()) / (len(one) + _PRIOR) for one in gains) / 2, 4)
        error = sqrt(sum(float(one.var()) / len(one) for one in gains)) / 2
        if gain > max(best_gain, round(error, 4)):
            best, best_gain = weight, gain
    return ChosenWeight(best, len(linking), len(tagged), best_gain)


def _asked(rows: Rows) -> Rows:
    """The rows that are asked: evenly spaced ones where there are many, none where there are few."""
    return rows[:: max(1, ceil(len(rows) / _MOST_QUESTIONS))] if len(rows) >= _LEAST_QUESTIONS else rows[:0]


def _mixed(own: Vectors, model: Vectors, rows: Rows, weight: float) -> npt.NDArray[np.int64]:
    """Cosines of rows with all posts, as whole numbers, which any machine rounds alike; no post is near itself."""
    import numpy as np

    cosines = (1 - weight) * (own[rows] @ own.T) + weight * (model[rows] @ model.T)
    numbers: npt.NDArray[np.int64] = np.rint(cosines.astype(np.float64) * 10**_DIGITS).astype(np.int64)
    numbers[np.arange(len(rows)), rows] = -(10 ** (_DIGITS + 1))
    return numbers


def _first(numbers: npt.NDArray[np.int64], count: int) -> Rows:
    """The columns of the largest numbers of each row, largest first, equals in the order of columns."""
    import numpy as np

    width = numbers.shape[1]
    ranks = np.arange(width) - numbers * width  # all different
    count = min(count, width)
    found = np.argpartition(ranks, count - 1, axis=1)[:, :count] if width else ranks
    order = np.argsort(np.take_along_axis(ranks, found, axis=1), axis=1)
    rows: Rows = np.take_along_axis(found, order, axis=1)
    return rows


def _link_scores(numbers: npt.NDArray[np.int64], rows: Rows, pairs: Rows) -> Matrix:
    import numpy as np

    is_linked = np.zeros(numbers.shape, dtype=bool)
    at = np.searchsorted(rows, pairs[:, 0]) if len(rows) else np.zeros(0, dtype=np.int64)
    chosen = [place for place, row in enumerate(at.tolist()) if row < len(rows) and rows[row] == pairs[place, 0]]
    is_linked[at[chosen], pairs[chosen, 1]] = True
    return _ndcg(np.take_along_axis(is_linked, _first(numbers, _RANK), axis=1), is_linked.sum(axis=1))


def _tag_scores(numbers: npt.NDArray[np.int64], rows: Rows, carried: Any) -> Matrix:
    import numpy as np

    if not len(rows):
        return np.zeros(0)
    near = _first(np.where(np.asarray(carried.sum(axis=1)).ravel() > 0, numbers, numbers.min()), _VOTERS)
    weights = np.maximum(np.take_along_axis(numbers, near, axis=1), 0).astype(np.float64) ** 2
    votes = np.zeros((len(rows), carried.shape[1]))
    for voter in range(near.shape[1]):
        votes += carried[near[:, voter]].multiply(weights[:, voter, None]).toarray()
    own = carried[rows].toarray() > 0
    found = np.take_along_axis(own, _first(np.rint(votes / 10**_DIGITS).astype(np.int64), _RANK_OF_TAGS), axis=1)
    return _ndcg(found, own.sum(axis=1))


def _ndcg(found: npt.NDArray[np.bool_], answers: npt.NDArray[Any]) -> Matrix:
    """Normalised discounted cumulative gain of each row of hits, given how many answers there are."""
    import numpy as np

    discount = 1 / np.log2(np.arange(2, found.shape[1] + 2))
    ideal = np.concatenate([[1.0], np.cumsum(discount)])  # rows without an answer stay 0
    score: Matrix = (found * discount).sum(axis=1) / ideal[np.minimum(answers, found.shape[1])]
    return score


def _tag_matrix(tags: Sequence[Collection[str]]) -> Any:
    """Posts by the tags that are asked for, csr of ones; None where there are none."""
    import numpy as np
    from scipy.sparse import csr_matrix

    folded = [{tag.casefold() for tag in of_post} for of_post in tags]
    counts = Counter(tag for of_post in folded for tag in of_post)
    column = {tag: place for place, tag in enumerate(sorted(tag for tag, n in counts.items() if n >= _MIN_POSTS))}
    if not column:
        return None
    cells = [(row, column[tag]) for row, of_post in enumerate(folded) for tag in sorted(of_post) if tag in column]
    rows, columns = np.array(cells).T
    return csr_matrix((np.ones(len(cells)), (rows, columns)), shape=(len(tags), len(column)))
