"""Why a post stands in another's list, or why it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from enishi.config import RelatedSettings
from enishi.related.lists import SiteLists
from enishi.types import Document

if TYPE_CHECKING:
    from enishi.related.index import Backend
    from enishi.related.published import PublishedLists
    from enishi.types import Vectors


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands in another's list, or why it does not, in both directions."""

    score: float
    """Cosine similarity of the two, rounded to 4 digits."""
    min_score: float
    there: str
    back: str


def explain_place(
    documents: Sequence[Document],
    vectors: Vectors,
    links: Mapping[str, tuple[str, ...]],
    settings: RelatedSettings,
    source: str,
    other: str,
    *,
    backend: Backend = "auto",
    published: PublishedLists | None = None,
) -> Place:
    """Why `other` is, or is not, in the list of `source` (paths), and the reverse; see `find_related`."""
    lists = SiteLists(documents, vectors, links, settings, backend, published=published)
    row, candidate = lists.rules.row[source], lists.rules.row[other]
    cosine = lists.cosine(row, candidate)
    return Place(cosine, lists.min_score, _explain(lists, row, candidate), _explain(lists, candidate, row))


def _explain(lists: SiteLists, row: int, candidate: int) -> str:
    listed = lists.lists[row]
    if candidate in listed.kinds:
        place = listed.chosen.index(candidate) + 1
        how = {"similar": "", "pinned": ", pinned by the author", "translation": ", as a translation"}
        return f"listed at place {place} of {len(listed.chosen)}{how[listed.kinds[candidate]]}"
    return f"not listed: {_why_not(lists, row, candidate, lists.cosine(row, candidate))}"


def _why_not(lists: SiteLists, row: int, candidate: int, cosine: float) -> str:
    rules, settings = lists.rules, lists.settings
    own, other = lists.documents[row].post, lists.documents[candidate].post
    if row == candidate:
        return "a post is never in its own list"
    if not own.wants_related:
        return "the post wants no list (`enishi: related: false`)"
    if not other.is_public:
        return f"it is not published ({other.status})"
    if not other.wants_related:
        return "it wants to be in no list (`enishi: related: false`)"
    if barred := rules.why_barred(row, candidate):
        return barred
    if cosine < lists.min_score and settings.min_score == "auto":
        return f"pairs of this blog reach {lists.min_score:.4f} by chance, and this one only {cosine:.4f}"
    if cosine < lists.min_score:
        return f"their similarity of {cosine:.4f} is below {lists.min_score:.4f} (`related.min_score`)"
    before = lists.shown_before
    if before is not None and cosine + before.favour(np.array([row]), np.array([candidate]))[0] < lists.min_score:
        return f"it was not listed before, and is above the least score ({lists.min_score:.4f}) by too little"
    if settings.limit == 0:
        return "lists hold no posts (`related.limit`)"
    if candidate in rules.pinned.get(row, ()):
        return "the author pins more posts than a list holds (`related.limit`)"
    if crowded := lists.why_crowded(row, candidate):
        return crowded
    if rules.is_demoted(row, candidate):
        return "the post links to it already, so it comes after all others (`related.linked`)"
    if rules.has_own_version(row, candidate):
        return "there is a translation of it in the language of the post (`related.translations`)"
    if own.is_public and lists.shown[candidate] >= lists.cap:
        return f"it is shown by {lists.shown[candidate]} posts already, the most that `related.max_share` allows"
    return "others are nearer" if before is None else "others are nearer, or nearly as near and were listed before"
