"""Which posts may stand in whose lists, by the author's wishes and the settings alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from enishi.config import RelatedSettings
from enishi.errors import Diagnostic, Severity
from enishi.reading.links import PostFinder, without_host
from enishi.reading.series import series_of
from enishi.related.groups import translation_groups
from enishi.text.labels import same_language
from enishi.types import Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Rows


class ListingRules:
    """The rules of one site.  A row is a position in `documents`, which are sorted by path."""

    def __init__(
        self, documents: Sequence[Document], links: Mapping[str, tuple[str, ...]], settings: RelatedSettings
    ) -> None:
        self.documents = documents
        self.settings = settings
        self.row = {document.post.path: row for row, document in enumerate(documents)}
        self.linked = {self.row[path]: {self.row[to] for to in targets} for path, targets in links.items()}
        self.listable = sorted(
            (row for row, document in enumerate(documents) if document.post.is_listable), key=self.recency_key
        )
        """Newest first, posts without a date last, then by path: the order in which equal scores stand."""
        self.recency = {row: position for position, row in enumerate(self.listable)}
        self.diagnostics: list[Diagnostic] = []
        wishes = any(document.post.pinned or document.post.excluded for document in documents)
        finder = PostFinder([document.post for document in documents] if wishes else ())
        self.pinned = self._named("pin", finder)
        self.excluded = {row: set(others) for row, others in self._named("exclude", finder).items()}
        self.series = series_of(documents)
        self.translation_of = translation_groups(documents)
        self.members: dict[int, list[int]] = defaultdict(list)
        for row, group in self.translation_of.items():
            self.members[group].append(row)
        self.duplicate_of: Mapping[int, int] = {}
        """Group of near-duplicates by row; set by who has compared the posts."""

    def recency_key(self, row: int) -> tuple[float, str]:
        """Sorts rows newest first."""
        post = self.documents[row].post
        return (-post.date.timestamp() if post.date else float("inf"), post.path)

    def _named(self, name: str, finder: PostFinder) -> dict[int, list[int]]:
        """The posts that an author pins or excludes, by row; warns of names that are no post's."""
        named: dict[int, list[int]] = {}
        for row, document in enumerate(self.documents):
            post = document.post
            for text in post.pinned if name == "pin" else post.excluded:
                path = finder.find(text, post.path) or finder.find(without_host(text), post.path)
                if path is None or path == post.path:
                    why = "is the post itself" if path else "is no post of this site"
                    advice = "Name a post by its path, its slug or its address"
                    self._warn(post.path, f"`enishi: {name}`: {text!r} {why}. {advice}")
                elif name == "pin" and not self.documents[self.row[path]].post.is_listable:
                    why = "it is not published or has `related: false`"
                    self._warn(post.path, f"`enishi: pin`: {text!r} is not listed, because {why}")
                elif self.row[path] not in named.setdefault(row, []):
                    named[row].append(self.row[path])
        return named

    def _warn(self, path: str, message: str) -> None:
        self.diagnostics.append(Diagnostic(path, 0, "bad-enishi-block", Severity.WARNING, message))

    def is_newer(self, other: int, row: int) -> bool:
        """Whether `other` is newer than `row`; a post without a date is neither newer nor older."""
        date, own = self.documents[other].post.date, self.documents[row].post.date
        return date is not None and own is not None and date > own

    def why_barred(self, row: int, other: int) -> str:
        """Why `other` can never stand in the list of `row` by its own score; empty if it can."""
        settings = self.settings
        if other in self.excluded.get(row, ()):
            return "the author excludes it (`enishi: exclude`)"
        if settings.linked == "hide" and other in self.linked.get(row, ()):
            return "the post links to it already (`related.linked`)"
        if not settings.newer and self.is_newer(other, row):
            return "it is newer than the post (`related.newer`)"
        if settings.duplicates == "hide" and self.are_duplicates(row, other):
            return "it is a near-duplicate of the post (`related.duplicates`)"
        if settings.translations != "keep" and self.is_translation(row, other):
            return "it is a translation of the post (`related.translations`)"
        return ""

    def bars(self, rows: Rows, others: Rows) -> npt.NDArray[np.bool_]:
        """Whether :meth:`why_barred` says anything about each pair (rows[i, j], others[i, j])."""
        import numpy as np

        settings, count = self.settings, len(self.documents)
        pairs = [(row, other) for row, named in self.excluded.items() for other in named]
        if settings.linked == "hide":
            pairs += [(row, other) for row, linked in self.linked.items() for other in linked]
        barred: npt.NDArray[np.bool_] = np.isin(rows * count + others, [row * count + other for row, other in pairs])
        if not settings.newer:
            posts = [document.post for document in self.documents]
            date = np.array([post.date.timestamp() if post.date else np.nan for post in posts])
            barred |= date[others] > date[rows]
        if settings.duplicates == "hide" and self.duplicate_of:
            group = np.array([self.duplicate_of.get(row, -1) for row in range(count)])
            barred |= (group[rows] == group[others]) & (group[rows] >= 0)
        if settings.translations != "keep" and self.translation_of:
            group = np.array([self.translation_of.get(row, -1) for row in range(count)])
            for place in zip(*((group[rows] == group[others]) & (group[rows] >= 0)).nonzero(), strict=True):
                barred[place] |= self.is_translation(int(rows[place]), int(others[place]))
        return barred

    def are_duplicates(self, row: int, other: int) -> bool:
        """Whether two posts are near-duplicates of one another."""
        return row in self.duplicate_of and self.duplicate_of[row] == self.duplicate_of.get(other)

    def is_translation(self, row: int, other: int) -> bool:
        """Whether two posts are one in two languages."""
        return (
            row in self.translation_of
            and self.translation_of[row] == self.translation_of.get(other)
            and not same_language(self.language(row), self.language(other))
        )

    def is_demoted(self, row: int, other: int) -> bool:
        """Whether the body of `row` links to `other`, and such posts come last."""
        return self.settings.linked == "demote" and other in self.linked.get(row, ())

    def language(self, row: int) -> str:
        """The language of a post, empty if it has none."""
        return self.documents[row].post.lang

    def has_own_version(self, row: int, other: int) -> bool:
        """Whether `other` is in a language that is not that of `row`, and has a translation that is."""
        language = self.language(row)
        return (
            self.settings.translations != "keep"
            and other in self.translation_of
            and not same_language(self.language(other), language)
            and any(
                same_language(self.language(member), language) and member in self.recency
                for member in self.members[self.translation_of[other]]
            )
        )

    def own_translations(self, row: int) -> list[int]:
        """The translations of `row` that may be listed."""
        group = self.translation_of.get(row)
        if group is None:
            return []
        excluded = self.excluded.get(row, set())
        return [
            other
            for other in self.members[group]
            if other in self.recency
            and other not in excluded
            and self.is_translation(row, other)
            and (self.settings.newer or not self.is_newer(other, row))
        ]
