"""From neighbours to related posts: what a reader should see, in which order.

From the ranked candidates (:mod:`enishi.related.ranking`) the lists are filled over the whole site at once, best pair
first, so that a cap on how often one post is shown takes it from where it matters least.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enishi.config import RelatedSettings
from enishi.errors import Diagnostic, Severity
from enishi.memo import Memo, Pairs
from enishi.reading.links import PostFinder, without_host
from enishi.related.reasons import Reasons
from enishi.text.labels import same_language
from enishi.types import Document, Kind, Reach, Related

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.related.index import Backend
    from enishi.related.ranking import Candidates, Ranking
    from enishi.types import Rows, Scores, Vectors

FIRST_PLACES = 5
"""How far down a list readers look: the cap on one post and the care for posts that nobody shows count these."""
_TWIN_SIMILARITY = 0.8
"""Weighted Jaccard similarity of the word counts from which two posts are near-duplicates."""
_TWIN_MIN_WORDS = 5
_CONCESSION = 0.8
"""A post that nobody shows may take the last place of a list if it has at least this part of the score there."""
_LARGEST_POOL = 640


@dataclass(frozen=True, slots=True)
class RelatedPosts:
    """The lists of a whole site."""

    lists: Mapping[str, tuple[Related, ...]]
    """By path, for every post (drafts too, which nobody else's list holds)."""
    min_score: float
    reach: Reach
    plain_reach: Reach
    """The same for the plain nearest neighbours, without any policy."""
    diagnostics: tuple[Diagnostic, ...] = ()


def find_related(
    documents: Sequence[Document],
    vectors: Vectors,
    links: Mapping[str, tuple[str, ...]],
    settings: RelatedSettings,
    *,
    backend: Backend = "auto",
    memo: Memo | None = None,
) -> RelatedPosts:
    """The related posts of every document.

    Args:
        documents: sorted by path.
        vectors: shape (len(documents), dim), unit rows or zeros.
        links: by path, the posts that a body links to.
        settings: the policy.
        backend: see :func:`enishi.related.index.build_index`.
        memo: knows what pairs of documents share from last time.
    """
    return _Policy(documents, vectors, links, settings, backend, memo).result()


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
) -> Place:
    """Why `other` is, or is not, in the list of `source` (paths), and the reverse."""
    policy = _Policy(documents, vectors, links, settings, backend)
    row, candidate = policy.row[source], policy.row[other]
    cosine = policy.cosine(row, candidate)
    return Place(cosine, policy.min_score, policy.explain(row, candidate), policy.explain(candidate, row))


@dataclass(slots=True)
class _List:
    """One post's list while it is filled."""

    chosen: list[int] = field(default_factory=list)
    kinds: dict[int, Kind] = field(default_factory=dict)
    twins: Counter[int] = field(default_factory=Counter)
    """How many posts of each group of near-duplicates it holds; the same below for translations and series."""
    translations: Counter[int] = field(default_factory=Counter)
    series: Counter[str] = field(default_factory=Counter)
    reserved: int = 0
    """Places at the end that are kept for translations of the post itself."""


class _Policy:
    """One pass over a site.  Rows are positions in `documents`."""

    def __init__(
        self,
        documents: Sequence[Document],
        vectors: Vectors,
        links: Mapping[str, tuple[str, ...]],
        settings: RelatedSettings,
        backend: Backend,
        memo: Memo | None = None,
    ) -> None:
        from enishi.related.ranking import Ranking

        self.documents = documents
        self.settings = settings
        self.memo = memo
        self.at = min(FIRST_PLACES, settings.limit)
        self.row = {document.post.path: row for row, document in enumerate(documents)}
        self.linked = {self.row[path]: {self.row[to] for to in found} for path, found in links.items()}
        self.listable = _newest_first(
            [row for row, document in enumerate(documents) if _may_be_listed(document)], documents
        )
        self.recency = {row: position for position, row in enumerate(self.listable)}
        self.diagnostics: list[Diagnostic] = []
        finder = PostFinder([document.post for document in documents])
        self.pinned = self._named("pin", finder)
        self.excluded = {row: set(found) for row, found in self._named("exclude", finder).items()}
        self.translation_of = _translation_groups(documents)
        self.members: dict[int, list[int]] = defaultdict(list)
        for row, group in self.translation_of.items():
            self.members[group].append(row)
        self.ranking: Ranking = Ranking(vectors, self.listable, backend)
        self.twin_of = self._twin_groups()
        self.crowds, self.crowd_limits = self._crowds()
        chance = self.ranking.chance_score()
        self.min_score = chance if settings.min_score == "auto" else settings.min_score
        self.cap = int(settings.max_share * self.at + 0.5) or 1 if settings.max_share else len(documents)
        self.shown: Counter[int] = Counter()
        self.lists = [self._start_list(row) for row in range(len(documents))]
        if settings.limit:
            self._fill()
            self._show_the_unshown()
        for row in range(len(documents)):
            self._append_translations(row)

    # -- who may stand in a list -------------------------------------------------------------------------------------

    def _named(self, name: str, finder: PostFinder) -> dict[int, list[int]]:
        """The posts that an author pins or excludes, by row; what names no post is told."""
        found: dict[int, list[int]] = {}
        for row, document in enumerate(self.documents):
            post = document.post
            for text in post.pinned if name == "pin" else post.excluded:
                path = finder.find(text, post.path) or finder.find(without_host(text), post.path)
                if path is None or path == post.path:
                    why = "is the post itself" if path else "is no post of this site"
                    told = f"`enishi: {name}`: {text!r} {why}. Name a post by its path, its slug or its address"
                    self._warn(post.path, told)
                elif name == "pin" and not _may_be_listed(self.documents[self.row[path]]):
                    told = f"`enishi: pin`: {text!r} is not listed, because it is not published or has `related: false`"
                    self._warn(post.path, told)
                elif self.row[path] not in found.setdefault(row, []):
                    found[row].append(self.row[path])
        return found

    def _warn(self, path: str, message: str) -> None:
        self.diagnostics.append(Diagnostic(path, 0, "bad-enishi-block", Severity.WARNING, message))

    def _is_newer(self, other: int, row: int) -> bool:
        date, own = self.documents[other].post.date, self.documents[row].post.date
        return date is not None and own is not None and date > own

    def _is_barred(self, row: int, other: int) -> str:
        """Why `other` can never stand in the list of `row` by its own score; empty if it can."""
        settings = self.settings
        if other in self.excluded.get(row, ()):
            return "the author excludes it (`enishi: exclude`)"
        if settings.linked == "hide" and other in self.linked.get(row, ()):
            return "the post links to it already (`related.linked`)"
        if not settings.newer and self._is_newer(other, row):
            return "it is newer than the post (`related.newer`)"
        if settings.duplicates == "hide" and self._are_twins(row, other):
            return "it is a near-duplicate of the post (`related.duplicates`)"
        if settings.translations != "keep" and self._is_translation(row, other):
            return "it is a translation of the post (`related.translations`)"
        return ""

    def _are_twins(self, row: int, other: int) -> bool:
        return row in self.twin_of and self.twin_of[row] == self.twin_of.get(other)

    def _is_translation(self, row: int, other: int) -> bool:
        return (
            row in self.translation_of
            and self.translation_of[row] == self.translation_of.get(other)
            and not same_language(self._language(row), self._language(other))
        )

    def _language(self, row: int) -> str:
        return self.documents[row].post.lang

    def _has_own_version(self, row: int, other: int) -> bool:
        """Whether `other` is in a language that is not that of `row`, and has a translation that is."""
        language = self._language(row)
        return (
            self.settings.translations != "keep"
            and other in self.translation_of
            and not same_language(self._language(other), language)
            and any(
                same_language(self._language(member), language) and member in self.recency
                for member in self.members[self.translation_of[other]]
            )
        )

    def _is_crowded(self, row: int, other: int, without: int | None = None) -> str:
        """Why `other` does not go with what the list of `row` already holds (but one); empty if it does."""
        found, settings = self.lists[row], self.settings
        series = self.documents[other].post.series
        less = without is not None and self.documents[without].post.series == series
        if series and found.series[series] - less >= settings.same_series:
            return "the list holds enough posts of its series (`related.same_series`)"
        for groups, held, hides, why in (
            (self.twin_of, found.twins, settings.duplicates == "hide", "a near-duplicate of it is listed"),
            (self.translation_of, found.translations, settings.translations != "keep", "a translation of it is listed"),
        ):
            group = groups.get(other)
            less = without is not None and groups.get(without) == group
            if hides and group is not None and held[group] - less > 0:
                return why
        return ""

    # -- filling -----------------------------------------------------------------------------------------------------

    def _start_list(self, row: int) -> _List:
        found = _List()
        if not self.documents[row].post.wants_related:
            return found
        for other in self.pinned.get(row, ())[: self.settings.limit]:
            self._put(row, found, other, "pinned")
        if self.settings.translations == "last":  # half of the list at most: a reader wants other posts, too
            waiting = sum(1 for other in self._own_translations(row) if other not in found.kinds)
            found.reserved = min(waiting, self.settings.limit // 2)
        return found

    def _put(self, row: int, found: _List, other: int, kind: Kind, place: int | None = None) -> None:
        """Put `other` at a place of the list of `row`, by default its end; what stood there moves down one."""
        place = len(found.chosen) if place is None else place
        found.chosen.insert(place, other)
        found.kinds[other] = kind
        self._count(found, other, 1)
        if place < self.at and self.documents[row].post.is_public:
            self.shown[other] += 1
            if len(found.chosen) > self.at:
                self.shown[found.chosen[self.at]] -= 1

    def _drop(self, row: int, found: _List, other: int) -> None:
        """Take `other` out of the list of `row` again."""
        place = found.chosen.index(other)
        del found.chosen[place]
        del found.kinds[other]
        self._count(found, other, -1)
        if place < self.at and self.documents[row].post.is_public:
            self.shown[other] -= 1
            if len(found.chosen) >= self.at:
                self.shown[found.chosen[self.at - 1]] += 1

    def _count(self, found: _List, other: int, step: int) -> None:
        if other in self.twin_of:
            found.twins[self.twin_of[other]] += step
        if other in self.translation_of:
            found.translations[self.translation_of[other]] += step
        series = self.documents[other].post.series
        if series:
            found.series[series] += step

    def _room(self, row: int) -> int:
        found = self.lists[row]
        return self.settings.limit - found.reserved - len(found.chosen)

    def _fill(self) -> None:
        """First the places that readers look at, under the cap; then the rest; last what the body links to."""
        wanting = [row for row, document in enumerate(self.documents) if document.post.wants_related]
        demoted = []
        late = []
        for row, other in self._ranked_pairs(wanting):
            if self._room(row) <= 0:  # most pairs come when their list is full already
                continue
            if self._is_demoted(row, other):
                demoted.append((row, other))
            elif not self._offer(row, other, self.at):
                late.append((row, other))
        for row, other in (*late, *demoted):
            self._offer(row, other, self.settings.limit)

    def _is_demoted(self, row: int, other: int) -> bool:
        return self.settings.linked == "demote" and other in self.linked.get(row, ())

    def _offer(self, row: int, other: int, places: int) -> bool:
        """Take `other` into the first places of the list of `row` if it fits; False if it may fit further down."""
        found = self.lists[row]
        if self._room(row) <= 0 or other in found.kinds or self._is_crowded(row, other):
            return True
        place = len(found.chosen)
        if place >= places or (
            place < self.at and self.shown[other] >= self.cap and self.documents[row].post.is_public
        ):
            return False
        self._put(row, found, other, "similar")
        return True

    def _ranked_pairs(self, wanting: Sequence[int]) -> Iterator[tuple[int, int]]:
        """All pairs that may be listed, best first over the whole site."""
        import numpy as np

        waiting = np.array(wanting, dtype=np.int64)
        least = max(40, 4 * self.settings.limit)
        pool = least
        found = _Pairs(self.min_score)
        narrow: Iterator[tuple[Rows, Rows]] = iter(())
        while len(waiting):
            candidates = self.ranking.candidates(waiting, pool)
            usable = self._usable(waiting, candidates)
            few = self._are_few(candidates, usable)
            is_last = pool >= _LARGEST_POOL
            found.add(waiting, candidates, usable if is_last else usable & ~few[:, None])
            if is_last:
                narrow = self._narrowed(waiting[few], candidates.rows[few])
                break
            waiting = waiting[few]
            pool *= 4
        for rows, among in narrow:
            candidates = self.ranking.candidates(rows, least, among)
            found.add(rows, candidates, self._usable(rows, candidates))
        recency = np.array([self.recency.get(row, -1) for row in range(len(self.documents))], dtype=np.int64)
        yield from found.ranked(recency)

    def _are_few(self, found: Candidates, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Whose candidates may not fill a list although more of them could be had, shape (n,)."""
        import numpy as np

        wanted = 2 * self.settings.limit
        crowds = self.crowds[found.rows]
        free: Rows = (usable & (crowds < 0)).sum(axis=1)
        more = (found.rows[:, -1] >= 0) & (found.cosines[:, -1] >= self.min_score)
        for line in np.flatnonzero(more & (free < wanted)).tolist():
            counts = Counter(crowds[line, usable[line] & (crowds[line] >= 0)].tolist())
            free[line] += sum(min(count, self.crowd_limits[crowd]) for crowd, count in counts.items())
        few: npt.NDArray[np.bool_] = more & (free < wanted)
        return few

    def _crowds(self) -> tuple[Rows, list[int]]:
        """For each row the crowd that it belongs to (-1: none), and of each crowd how many posts a list may hold."""
        import numpy as np

        names: dict[tuple[str, str | int], int] = {}
        limits: list[int] = []
        crowds = np.full(len(self.documents), -1, dtype=np.int64)
        for row, document in enumerate(self.documents):
            series = document.post.series
            name: tuple[str, str | int] = ("series", series) if series else ("twins", self.twin_of.get(row, -1))
            if series or (row in self.twin_of and self.settings.duplicates == "hide"):
                crowds[row] = names.setdefault(name, len(names))
                if len(limits) < len(names):
                    limits.append(self.settings.same_series if series else 1)
        return crowds, limits

    def _narrowed(self, rows: Rows, pools: Rows) -> Iterator[tuple[Rows, Rows]]:
        """Where even the largest pool was filled by posts of one crowd, or by newer ones: whom to ask about instead.

        Yields rows and the listable rows to search among for them: without the crowd, and where newer posts are
        barred only the oldest ones, a power of two of them, of which half may be listed at least.
        """
        import numpy as np

        listable = np.array(self.listable, dtype=np.int64)
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row, crowds in zip(rows.tolist(), self.crowds[pools], strict=True):
            crowd, count = Counter(crowds.tolist()).most_common(1)[0]
            older = len(listable) - self._count_newer(row)
            oldest = min(len(listable), 1 << max(older - 1, 0).bit_length())
            if crowd >= 0 and 2 * count > len(crowds):
                groups[oldest, crowd].append(row)
            elif oldest < len(listable):
                groups[oldest, -1].append(row)
        for (oldest, crowd), members in sorted(groups.items()):
            among = listable[len(listable) - oldest :]
            yield np.array(members, dtype=np.int64), among if crowd < 0 else among[self.crowds[among] != crowd]

    def _count_newer(self, row: int) -> int:
        """How many listable posts are barred because they are newer: they stand first."""
        date = self.documents[row].post.date
        if self.settings.newer or date is None:
            return 0
        return bisect_left(self.listable, -date.timestamp(), key=lambda other: _recency(self.documents[other])[0])

    def _usable(self, rows: Rows, found: Candidates) -> npt.NDArray[np.bool_]:
        """Which candidates are not barred: shape of `found.rows`."""
        usable: npt.NDArray[np.bool_] = found.rows >= 0
        for line, row in enumerate(rows.tolist()):
            if self._bars_anything(row):
                for place, other in enumerate(found.rows[line].tolist()):
                    if other >= 0 and self._is_barred(row, other):
                        usable[line, place] = False
            if self.members:
                self._prefer_own_language(row, found.rows[line].tolist(), usable[line])
        return usable

    def _bars_anything(self, row: int) -> bool:
        return (
            not self.settings.newer
            or row in self.excluded
            or row in self.linked
            or row in self.twin_of
            or row in self.translation_of
        )

    def _prefer_own_language(self, row: int, others: Sequence[int], usable: npt.NDArray[np.bool_]) -> None:
        """Of the translations of one post among the candidates, only that in the reader's language stays."""
        if self.settings.translations == "keep":
            return
        groups = {self.translation_of[other] for other in others if other in self.translation_of}
        for place, other in enumerate(others):
            group = self.translation_of.get(other)
            if group not in groups or same_language(self._language(other), self._language(row)):
                continue
            siblings = (member for member in self.members[group] if member in others)
            if any(same_language(self._language(member), self._language(row)) for member in siblings):
                usable[place] = False

    def _show_the_unshown(self) -> None:
        """A post that nobody shows takes the last of the first places, where it is nearly as near as what is there."""
        import numpy as np

        unshown = [row for row in self.listable if not self.shown[row]]
        if not unshown:
            return
        found = self.ranking.candidates(np.array(unshown, dtype=np.int64), 40)
        for row, hosts, cosines in zip(unshown, found.rows.tolist(), found.cosines.tolist(), strict=True):
            for host, cosine in zip(hosts, cosines, strict=True):
                if host >= 0 and cosine >= self.min_score and self._host(host, row, cosine):
                    break

    def _host(self, host: int, row: int, cosine: float) -> bool:
        """Show `row` in the list of `host`, if it may stand there and takes little from it."""
        document, found = self.documents[host], self.lists[host]
        if not (document.post.is_public and document.post.wants_related) or self._is_barred(host, row):
            return False
        if self._is_demoted(host, row) or self._has_own_version(host, row):
            return False
        places = min(self.at, self.settings.limit - found.reserved)
        if len(found.chosen) >= places:
            last = found.chosen[places - 1] if places > 1 else None  # the best of a list is never given away
            if last is None or found.kinds[last] != "similar" or self.shown[last] < 2:
                return False
            if cosine < _CONCESSION * self.cosine(host, last):
                return False
        if row in found.kinds:  # further down
            self._drop(host, found, row)
        else:
            dropped = found.chosen[-1] if self._room(host) <= 0 else None
            if self._is_crowded(host, row, without=dropped):
                return False
            if dropped is not None:
                self._drop(host, found, dropped)
        before = sum(1 for other in found.chosen if found.kinds[other] == "pinned" or not self._is_demoted(host, other))
        self._put(host, found, row, "similar", min(places - 1, before))
        return True

    def _own_translations(self, row: int) -> list[int]:
        group = self.translation_of.get(row)
        if group is None:
            return []
        excluded = self.excluded.get(row, set())
        return [
            other
            for other in self.members[group]
            if other in self.recency
            and other not in excluded
            and self._is_translation(row, other)
            and (self.settings.newer or not self._is_newer(other, row))
        ]

    def _append_translations(self, row: int) -> None:
        if self.settings.translations != "last" or not self.documents[row].post.wants_related:
            return
        found = self.lists[row]
        for other in self._own_translations(row):
            if other not in found.kinds and len(found.chosen) < self.settings.limit:
                self._put(row, found, other, "translation")

    # -- near-duplicates ---------------------------------------------------------------------------------------------

    def _twin_groups(self) -> dict[int, int]:
        """Rows of near-duplicate posts -> the group that each belongs to."""
        groups = _Groups()
        listable, nearest = self.listable, self.ranking.nearest
        pairs = {
            (min(row, other), max(row, other))
            for row, near in zip(listable, nearest, strict=True)
            for other in near.tolist()
        }
        known: Pairs[bool] = self.memo.lasting("near-duplicates", Pairs) if self.memo else Pairs()
        known.begin(self.documents)
        lengths = [sum(document.words.values()) for document in self.documents]
        for row, other in sorted(pairs):
            if _may_be_near_duplicates(lengths[row], lengths[other]) and self._are_near_duplicates(
                self.documents[row], self.documents[other], known
            ):
                groups.join(row, other)
        return groups.of()

    @staticmethod
    def _are_near_duplicates(one: Document, other: Document, known: Pairs[bool]) -> bool:
        answer = known.get(one, other)
        if answer is None:
            answer = _are_near_duplicates(one.words, other.words)
            known.set(one, other, answer)
        return answer

    # -- results -----------------------------------------------------------------------------------------------------

    def result(self) -> RelatedPosts:
        return RelatedPosts(
            self._entries(),
            self.min_score,
            self._reach([found.chosen for found in self.lists]),
            self._reach(self._plain_lists()),
            tuple(sorted(self.diagnostics)),
        )

    def _entries(self) -> dict[str, tuple[Related, ...]]:
        import numpy as np

        reasons = Reasons(self.documents, self.memo)
        lengths = np.array([len(found.chosen) for found in self.lists], dtype=np.int64)
        rows = np.repeat(np.arange(len(self.lists)), lengths)
        others = np.array([other for found in self.lists for other in found.chosen], dtype=np.int64)
        scores = iter(self.ranking.cosines(rows, others).tolist())
        return {
            document.post.path: tuple(self._entry(row, other, next(scores), reasons) for other in found.chosen)
            for row, (document, found) in enumerate(zip(self.documents, self.lists, strict=True))
        }

    def _entry(self, row: int, other: int, score: float, reasons: Reasons) -> Related:
        source, document = self.documents[row], self.documents[other]
        post = document.post
        return Related(
            path=post.path,
            title=post.title or document.title,
            url=post.url,
            score=score,
            kind=self.lists[row].kinds[other],
            date=post.date.date().isoformat() if post.date else "",
            lang=post.lang,
            shared_tags=reasons.shared_tags(source, document),
            shared_terms=reasons.shared_terms(source, document),
        )

    def cosine(self, row: int, other: int) -> float:
        import numpy as np

        return float(self.ranking.cosines(np.array([row]), np.array([other]))[0])

    def _plain_lists(self) -> list[list[int]]:
        lists: list[list[int]] = [[] for _ in self.documents]
        for row, near in zip(self.listable, self.ranking.nearest, strict=True):
            lists[row] = near.tolist()
        return lists

    def _reach(self, lists: Sequence[Sequence[int]]) -> Reach:
        shown = Counter(
            other
            for row, chosen in enumerate(lists)
            if self.documents[row].post.is_public
            for other in chosen[: self.at]
        )
        never = sum(1 for row in self.listable if not shown[row])
        return Reach(self.at, max(shown.values(), default=0), round(never / max(1, len(self.listable)), 4))

    def explain(self, row: int, candidate: int) -> str:
        found = self.lists[row]
        if candidate in found.kinds:
            place = found.chosen.index(candidate) + 1
            how = {"similar": "", "pinned": ", pinned by the author", "translation": ", as a translation"}
            return f"listed at place {place} of {len(found.chosen)}{how[found.kinds[candidate]]}"
        return f"not listed: {self._why_not(row, candidate, self.cosine(row, candidate))}"

    def _why_not(self, row: int, candidate: int, cosine: float) -> str:
        if row == candidate:
            return "a post is never in its own list"
        if not self.documents[row].post.wants_related:
            return "the post wants no list (`enishi: related: false`)"
        other = self.documents[candidate].post
        if not other.is_public:
            return f"it is not published ({other.status})"
        if not other.wants_related:
            return "it wants to be in no list (`enishi: related: false`)"
        return (
            self._is_barred(row, candidate)
            or self._too_far(cosine)
            or self._has_no_room(row, candidate)
            or self._is_crowded(row, candidate)
            or self._steps_back(row, candidate)
            or "others are nearer"
        )

    def _too_far(self, cosine: float) -> str:
        if cosine >= self.min_score:
            return ""
        if self.settings.min_score == "auto":
            return f"pairs of this blog reach {self.min_score:.4f} by chance, and this one only {cosine:.4f}"
        return f"their similarity of {cosine:.4f} is below {self.min_score:.4f} (`related.min_score`)"

    def _has_no_room(self, row: int, candidate: int) -> str:
        if self.settings.limit == 0:
            return "lists hold no posts (`related.limit`)"
        if candidate in self.pinned.get(row, ()):
            return "the author pins more posts than a list holds (`related.limit`)"
        return ""

    def _steps_back(self, row: int, candidate: int) -> str:
        """Why others come before `candidate` that may be less near."""
        if self._is_demoted(row, candidate):
            return "the post links to it already, so it comes after all others (`related.linked`)"
        if self._has_own_version(row, candidate):
            return "there is a translation of it in the language of the post (`related.translations`)"
        if self.documents[row].post.is_public and self.shown[candidate] >= self.cap:
            return f"it is shown by {self.shown[candidate]} posts already, the most that `related.max_share` allows"
        return ""


# -- groups of posts ---------------------------------------------------------------------------------------------------


class _Groups:
    """Disjoint sets of rows, each named by its lowest row."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self._parent[second] = first

    def of(self) -> dict[int, int]:
        return {row: self._root(row) for row in sorted(self._parent)}

    def _root(self, row: int) -> int:
        parent = self._parent.setdefault(row, row)
        while parent != self._parent[parent]:
            parent = self._parent[parent]
        self._parent[row] = parent
        return parent


def _are_near_duplicates(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Weighted Jaccard similarity of two posts' word counts (Ioffe 2010) of at least 0.8."""
    lengths = sum(one.values()), sum(other.values())
    if not _may_be_near_duplicates(*lengths):
        return False
    shared = sum(min(count, other.get(word, 0)) for word, count in one.items())
    return shared >= _TWIN_SIMILARITY * (sum(lengths) - shared)


def _may_be_near_duplicates(one: int, other: int) -> bool:
    """By their numbers of words alone: the similarity cannot exceed that of the shorter to the longer."""
    small, large = sorted((one, other))
    return small >= _TWIN_MIN_WORDS and small >= _TWIN_SIMILARITY * large


def share_of_words(one: Document, other: Document) -> float:
    """Of near-duplicates, the weighted Jaccard similarity of their words, 0.8 to 1; of any other two posts, 0."""
    if not _are_near_duplicates(one.words, other.words):
        return 0.0
    shared = sum(min(count, other.words.get(word, 0)) for word, count in one.words.items())
    return shared / (sum(one.words.values()) + sum(other.words.values()) - shared)


def _translation_groups(documents: Sequence[Document]) -> dict[int, int]:
    """Rows of posts that are translations of one another -> their group, named by its lowest row."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for row, document in enumerate(documents):
        if document.post.translation_key:
            by_key[document.post.translation_key].append(row)
    groups: dict[int, int] = {}
    for rows in by_key.values():
        languages = [documents[row].post.lang for row in rows]
        if any(not same_language(languages[0], language) for language in languages[1:]):
            groups.update(dict.fromkeys(rows, rows[0]))
    return groups


def _may_be_listed(document: Document) -> bool:
    return document.post.is_public and document.post.wants_related


def _newest_first(rows: Sequence[int], documents: Sequence[Document]) -> list[int]:
    """Newest first, posts without a date last, then by path: the order in which equal scores stand."""
    return sorted(rows, key=lambda row: _recency(documents[row]))


def _recency(document: Document) -> tuple[float, str]:
    post = document.post
    return (-post.date.timestamp() if post.date else float("inf"), post.path)


class _Pairs:
    """Pairs of posts that may be listed."""

    def __init__(self, min_score: float) -> None:
        self._min_score = min_score
        self._parts: list[tuple[Rows, Rows, Scores]] = []

    def add(self, rows: Rows, found: Candidates, usable: npt.NDArray[np.bool_]) -> None:
        source, place = (usable & (found.cosines >= self._min_score)).nonzero()
        self._parts.append((rows[source], found.rows[source, place], found.cosines[source, place]))

    def ranked(self, recency: Rows) -> Iterator[tuple[int, int]]:
        """The best pair first; of equal ones that with the newer candidate."""
        import numpy as np

        if not self._parts:
            return
        source, other, cosines = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        for position in np.lexsort((source, recency[other], -cosines)):
            yield int(source[position]), int(other[position])
