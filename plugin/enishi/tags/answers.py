"""What an author's decisions say about the confidence of other suggestions.

A decision counts while the post agrees with it: a tag that was added and is there, one that was declined and is not.
Its log-odds are those of the present model, which never saw the post's own tags, and not what was shown at that time:
that had corrections in it already, and a fit to them would chase itself.

Posts with tags and posts without are corrected apart: of a post with tags, the
surest ones are gone, and its author is stricter about what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from enishi.tags.calibration import Correction, fit_correction
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.tags.pairs import Pairs
    from enishi.tags.vocabulary import Vocabulary
    from enishi.types import Matrix, Rows

Declines = Mapping[str, frozenset[str]]
"""Declined tags, as written, by path of the post."""
_LEAST_ODDS = -2.2
"""Log-odds of .1.  Below, nothing is ever shown, and a single decision would outweigh all others."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the author said to suggestions."""

    declined: Declines = field(default_factory=dict)
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tags that the author added because they were suggested, by path."""

    def without(self, paths: Collection[str]) -> Answers:
        """As if nothing had been decided about some posts."""
        declined, taken = (
            {path: tags for path, tags in found.items() if path not in paths} for found in (self.declined, self.taken)
        )
        return Answers(declined, taken)


@dataclass(frozen=True, slots=True)
class Corrections:
    """A correction for posts with tags of their own, and one for the others; None where nothing was decided."""

    is_tagged: npt.NDArray[np.bool_]
    """Shape (n_posts,)."""
    of_tagged: Correction | None = None
    of_untagged: Correction | None = None

    def corrected(self, margin: Matrix, rows: Rows, columns: Rows) -> Matrix:
        """Log-odds of (post, tag) pairs as the author decides."""
        result = margin.copy()
        is_tagged = self.is_tagged[rows]
        for correction, chosen in ((self.of_tagged, is_tagged), (self.of_untagged, ~is_tagged)):
            if correction is not None:
                result[chosen] = correction(margin[chosen], columns[chosen])
        return result


def fit_corrections(
    answers: Answers,
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    keys: Sequence[str],
    carried: npt.NDArray[np.bool_],
    candidates: Pairs,
    fit: Matrix,
    margin: Matrix,
) -> Corrections:
    """Corrections by all decisions that still hold.

    A post whose tags are all suggestions that were taken had none when these were made.

    Args:
        answers: what was decided.
        documents: the posts.
        vocabulary: their tags.
        keys: the tags that can be suggested, one a column.
        carried: which posts carry which of them.
        candidates: the (post, tag) pairs that can be suggested.
        fit: their log-odds by the text alone.
        margin: the model's log-odds that the author would add the tag beside his others.
    """
    column = {key: place for place, key in enumerate(keys)}
    is_tagged, had_tags = np.zeros((2, len(documents)), dtype=bool)
    pairs: list[tuple[int, int]] = []
    for row, document in enumerate(documents):
        path = document.post.path
        taken = {vocabulary.key(tag) for tag in answers.taken.get(path, ())}
        declined = {vocabulary.key(tag) for tag in answers.declined.get(path, ())}
        own = vocabulary.tags_of(document.post)
        is_tagged[row], had_tags[row] = bool(own), bool(own - taken)
        found = sorted(column[key] for key in (taken | declined) & column.keys())
        pairs += [(row, place) for place in found if keys[place] in (taken if carried[row, place] else declined)]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    margins = np.where(
        had_tags[rows],
        candidates.find(margin, rows, columns, -np.inf),
        candidates.find(fit, rows, columns, -np.inf),
    )

    def fitted(chosen: npt.NDArray[np.bool_]) -> Correction | None:
        counted = chosen & (margins >= _LEAST_ODDS)
        y = carried[rows[counted], columns[counted]].astype(float)
        return fit_correction(margins[counted], columns[counted], y) if len(y) else None

    return Corrections(is_tagged, fitted(had_tags[rows]), fitted(~had_tags[rows]))
