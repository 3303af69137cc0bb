"""The lists of a whole site, filled at once: the best pair first, so that a cap takes a post where it matters least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from enishi.config import RelatedSettings
from enishi.related.candidate_pool import CandidatePool
from enishi.related.groups import connected_groups
from enishi.related.pair_texts import PairTexts
from enishi.related.published import ShownBefore
from enishi.related.ranking import LEAST, Ranking
from enishi.related.rules import ListingRules
from enishi.types import Document, Kind

if TYPE_CHECKING:
    from enishi.related.index import Backend, IndexMaker
    from enishi.related.published import PublishedLists
    from enishi.types import Vectors

FIRST_PLACES = 5
"""How far down a list readers look: the cap on one post and the care for posts that nobody shows count these."""
_CONCESSION = 0.8
"""A post that nobody shows may take the last place of a list if it has at least this part of the score there."""


@dataclass(slots=True)
class RelatedList:
    """One post's list while it is filled."""

    chosen: list[int] = field(default_factory=list)
    kinds: dict[int, Kind] = field(default_factory=dict)
    reserved: int = 0
    """Places at the end that are kept for translations of the post itself."""


class SiteLists:
    """The lists of one site, filled in one pass; see :func:`enishi.related.policy.find_related`."""

    def __init__(
        self,
        documents: Sequence[Document],
        vectors: Vectors,
        links: Mapping[str, tuple[str, ...]],
        settings: RelatedSettings,
        backend: Backend | IndexMaker,
        texts: PairTexts | None = None,
        published: PublishedLists | None = None,
    ) -> None:
        self.documents, self.settings = documents, settings
        self.shown_before = None if published is None else ShownBefore.of(published, documents)
        self.rules = ListingRules(documents, links, settings)
        self.ranking = Ranking(vectors, self.rules.listable, backend)
        self.texts = texts or PairTexts(documents)
        rows, others = self.ranking.nearest()
        are_duplicates = self.texts.near_duplicates(rows, others)
        self.rules.duplicate_of = connected_groups(rows[are_duplicates], others[are_duplicates])
        self.min_score = self.ranking.chance_score() if settings.min_score == "auto" else settings.min_score
        self.at = min(FIRST_PLACES, settings.limit)
        self.cap = int(settings.max_share * self.at + 0.5) or 1 if settings.max_share else len(documents)
        self.shown: Counter[int] = Counter()
        """By row, how many public posts show it in their first places."""
        self.lists = [self._start_list(row) for row in range(len(documents))]
        if settings.limit:
            self._fill()
            self._show_the_unshown()
        for row in range(len(documents)):
            self._append_translations(row)

    def cosine(self, row: int, other: int) -> float:
        """Cosine similarity of two posts, rounded to 4 digits."""
        return float(self.ranking.cosines(np.array([row]), np.array([other]))[0])

    def why_crowded(self, row: int, other: int, without: int | None = None) -> str:
        """Why `other` does not go with what the list of `row` already has, leaving out `without`; empty if it does."""
        rules, settings, series = self.rules, self.settings, self.rules.series[other]
        if not series and other not in rules.duplicate_of and other not in rules.translation_of:
            return ""
        listed = [one for one in self.lists[row].chosen if one != without]
        if series and sum(rules.series[one] == series for one in listed) >= settings.same_series:
            return "the list holds enough posts of its series (`related.same_series`)"
        for groups, hides, kind in (
            (rules.duplicate_of, settings.duplicates == "hide", "near-duplicate"),
            (rules.translation_of, settings.translations != "keep", "translation"),
        ):
            if hides and other in groups and any(groups.get(one) == groups[other] for one in listed):
                return f"a {kind} of it is listed"
        return ""

    # -- filling -----------------------------------------------------------------------------------------------------

    def _start_list(self, row: int) -> RelatedList:
        listed = RelatedList()
        if not self.documents[row].post.wants_related:
            return listed
        for other in self.rules.pinned.get(row, ())[: self.settings.limit]:
            self._put(row, listed, other, "pinned")
        if self.settings.translations == "last":  # half of the list at most: a reader wants other posts, too
            waiting = sum(1 for other in self.rules.own_translations(row) if other not in listed.kinds)
            listed.reserved = min(waiting, self.settings.limit // 2)
        return listed

    def _put(self, row: int, listed: RelatedList, other: int, kind: Kind, place: int | None = None) -> None:
        """Put `other` at a place of the list of `row`, by default its end; what stood there moves down one."""
        place = len(listed.chosen) if place is None else place
        listed.chosen.insert(place, other)
        listed.kinds[other] = kind
        if place < self.at and self.documents[row].post.is_public:
            self.shown[other] += 1
            if len(listed.chosen) > self.at:
                self.shown[listed.chosen[self.at]] -= 1

    def _drop(self, row: int, listed: RelatedList, other: int) -> None:
        """Take `other` out of the list of `row` again."""
        place = listed.chosen.index(other)
        del listed.chosen[place]
        del listed.kinds[other]
        if place < self.at and self.documents[row].post.is_public:
            self.shown[other] -= 1
            if len(listed.chosen) >= self.at:
                self.shown[listed.chosen[self.at - 1]] += 1

    def _room(self, row: int) -> int:
        listed = self.lists[row]
        return self.settings.limit - listed.reserved - len(listed.chosen)

    def _fill(self) -> None:
        """First the places that readers look at, under the cap; then the rest; last what the body links to."""
        wanting = [row for row, document in enumerate(self.documents) if document.post.wants_related]
        demoted, late = [], []
        pool = CandidatePool(self.rules, self.ranking, self.min_score, self.shown_before)
        for rows, others in pool.pairs(wanting):
            has_room = np.array([self._room(row) > 0 for row in range(len(self.documents))])[rows]
            for row, other in zip(rows[has_room].tolist(), others[has_room].tolist(), strict=True):
                if self.rules.is_demoted(row, other):
                    demoted.append((row, other))
                elif not self._offer(row, other, self.at):
                    late.append((row, other))
        for row, other in (*late, *demoted):
            self._offer(row, other, self.settings.limit)

    def _offer(self, row: int, other: int, places: int) -> bool:
        """Take `other` into the first places of the list of `row` if it fits; False if it may fit further down."""
        listed = self.lists[row]
        if self._room(row) <= 0 or other in listed.kinds or self.why_crowded(row, other):
            return True
        place = len(listed.chosen)
        if place >= places or (
            place < self.at and self.shown[other] >= self.cap and self.documents[row].post.is_public
        ):
            return False
        self._put(row, listed, other, "similar")
        return True

    def _show_the_unshown(self) -> None:
        """A post that nobody shows takes the last of the first places, where it is nearly as near as what is there."""
        unshown = np.array([row for row in self.rules.listable if not self.shown[row]], dtype=np.int64)
        if not len(unshown):
            return
        candidates = self.ranking.candidates(unshown, LEAST)
        hosts, cosines = candidates.rows, candidates.cosines
        favour = np.zeros_like(cosines)
        if self.shown_before is not None:
            favour = self.shown_before.favour(hosts, np.broadcast_to(unshown[:, np.newaxis], hosts.shape))
        is_near = (hosts >= 0) & (cosines + favour >= self.min_score)
        order = np.argsort(-(cosines + np.minimum(favour, 0)), axis=1, kind="stable")
        for line, row in enumerate(unshown.tolist()):
            for place in order[line][is_near[line, order[line]]].tolist():
                if self._host(int(hosts[line, place]), row, float(cosines[line, place])):
                    break

    def _host(self, host: int, row: int, cosine: float) -> bool:
        """Show `row` in the list of `host`, if it may stand there and takes little from it."""
        document, listed = self.documents[host], self.lists[host]
        if not document.post.is_listable or self.rules.why_barred(host, row):
            return False
        if self.rules.is_demoted(host, row) or self.rules.has_own_version(host, row):
            return False
        places = min(self.at, self.settings.limit - listed.reserved)
        if len(listed.chosen) >= places:
            last = listed.chosen[places - 1] if places > 1 else None  # the best of a list is never given away
            if last is None or listed.kinds[last] != "similar" or self.shown[last] < 2:
                return False
            if cosine < _CONCESSION * self.cosine(host, last):
                return False
        if row in listed.kinds:  # further down
            self._drop(host, listed, row)
        else:
            dropped = listed.chosen[-1] if self._room(host) <= 0 else None
            if self.why_crowded(host, row, without=dropped):
                return False
            if dropped is not None:
                self._drop(host, listed, dropped)
        kinds, is_demoted = listed.kinds, self.rules.is_demoted
        before = sum(1 for other in listed.chosen if kinds[other] == "pinned" or not is_demoted(host, other))
        self._put(host, listed, row, "similar", min(places - 1, before))
        return True

    def _append_translations(self, row: int) -> None:
        if self.settings.translations != "last" or not self.documents[row].post.wants_related:
            return
        listed = self.lists[row]
        for other in self.rules.own_translations(row):
            if other not in listed.kinds and len(listed.chosen) < self.settings.limit:
                self._put(row, listed, other, "translation")
