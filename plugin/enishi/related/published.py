"""The lists that a blog showed last: near-ties go to what they show, so that a page changes only for a reason.

A new post shifts the rarity of words and the centre of the vectors, and with them every score by some thousandths:
without this, that alone reorders a list in six.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Document, Rows, Scores

MARGIN = 0.02
"""By how much a pair has to be nearer than one that is shown to take its place; a new post shifts scores by .005."""
_LONGEST_LIST = 100
_UNPLACED = _LONGEST_LIST

PublishedLists = Mapping[str, Sequence[str]]
"""By path of every post that there was, the paths in its list."""


def parse_published(data: bytes) -> PublishedLists:
    """What a related.json, or a data file, says of lists.

    Raises:
        ValueError: it is neither, with what is wrong.
    """
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    posts = value.get("posts") if isinstance(value, dict) else None
    if not isinstance(posts, dict):
        raise ValueError("no object with `posts`")
    return {path: _paths(post) for path, post in posts.items()}


def _paths(post: Any) -> list[str]:
    entries = post.get("related") if isinstance(post, dict) else None
    if not isinstance(entries, list):
        raise ValueError("a post without `related`")
    paths = [entry.get("path") if isinstance(entry, dict) else None for entry in entries[:_LONGEST_LIST]]
    named = [path for path in paths if isinstance(path, str)]
    if len(named) < len(paths):
        raise ValueError("a related post without `path`")
    return named


@dataclass(frozen=True, slots=True)
class ShownBefore:
    """The published lists of a site by rows of its documents."""

    known: npt.NDArray[np.bool_]
    """Which rows there were, shape (n,)."""
    listed: Rows
    """By row and place the row that stood there, or -1; shape (n, longest list)."""

    @classmethod
    def of(cls, published: PublishedLists, documents: Sequence[Document]) -> ShownBefore:
        row = {document.post.path: number for number, document in enumerate(documents)}
        listed: Rows = np.full((len(documents), max(map(len, published.values()), default=0)), -1, dtype=np.int64)
        for path in published.keys() & row.keys():
            for place, other in enumerate(published[path]):
                listed[row[path], place] = row.get(other, -1)
        return cls(np.array([path in published for path in row], dtype=bool), listed)

    def places(self, rows: Rows, others: Rows) -> Rows:
        """Where `others` stood in the lists of `rows`; 100 where they did not.  All of one shape."""
        places = np.full(rows.shape, _UNPLACED, dtype=np.int64)
        for place in range(self.listed.shape[1]):
            places[self.listed[rows, place] == others] = place
        return places

    def favour(self, rows: Rows, others: Rows) -> Scores:
        """`MARGIN` for pairs that were shown, less than nothing for those that could have been; 0 for a new post's."""
        could_be = self.known[rows] & self.known[others]
        shown = self.places(rows, others) < _UNPLACED
        return np.where(shown, MARGIN, np.where(could_be, -MARGIN, 0.0))

    def steady(self, rows: Rows, others: Rows, cosines: Scores) -> tuple[Scores, Rows]:
        """Scores that rank pairs as the lists did where they are nearly equal, and the places that pairs had, (n,).

        What could have been shown and was not counts `MARGIN` less.  Of two that were shown, the first counts as much
        as the second while that is not nearer by more than `MARGIN`.
        """
        scores = np.round(cosines + np.minimum(self.favour(rows, others), 0), 4)
        places = self.places(rows, others)
        by_place = np.full((len(self.known), self.listed.shape[1] + 1), -np.inf)
        for place in range(self.listed.shape[1] - 1, -1, -1):
            here = np.flatnonzero(places == place)
            own, later = scores[here], by_place[rows[here], place + 1 :]
            near = np.where(later <= own[:, np.newaxis] + MARGIN, later, -np.inf)
            scores[here] = by_place[rows[here], place] = np.maximum(own, near.max(axis=1))
        return scores, places


def changed_lists(before: PublishedLists, now: PublishedLists, about: Set[str] = frozenset()) -> Changed:
    """Which lists are others than before, or in another order; only of posts that there were and that there are.

    What `about` names, what is new and what is gone may well change lists: those that show it count by themselves.
    """
    about = about | (before.keys() ^ now.keys())
    changed = [path for path in sorted(before.keys() & now.keys()) if list(before[path]) != list(now[path])]
    near = [path for path in changed if path in about or not about.isdisjoint((*before[path], *now[path]))]
    return Changed(tuple(near), tuple(path for path in changed if path not in set(near)))


class Changed(NamedTuple):
    """Lists that changed, by path."""

    near: tuple[str, ...]
    """Those of posts that the change is about, and those that show, or showed, such a post."""
    elsewhere: tuple[str, ...]
