"""Completes draft findings: the place in the file, and one edit a post that settles what is wrong with its tags."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from enishi.commands.check.line_edits import line_edit, line_of, patch_of
from enishi.editing.change import Edit, Style, TagChange
from enishi.editing.plan import find_tags, plan_edit
from enishi.errors import Severity
from enishi.findings import Finding
from enishi.generators.base import Site
from enishi.reading.documents import PostFile

MOST_EDITS = 20
"""Changes of one post: no author has more to mend there, but a post may be written to make the check take hours."""
MOST_TAGS = 100
"""Posts with more tags are not edited: the time that an edit takes grows with their number."""


@dataclass(frozen=True, slots=True)
class Placing:
    """Completes the findings of one check.

    A review tool may show a finding only on an added line: that of the tags if it was added, else the first one.
    """

    site: Site
    files: Mapping[str, PostFile]
    """By path."""
    titles: Mapping[str, str]
    added: Mapping[str, frozenset[int]]
    """The lines that a change adds, by path; a post that is not here may be annotated anywhere."""
    style: Style
    """How the blog writes lists of tags."""
    prefix: str = ""
    """See :class:`enishi.findings.CheckReport`."""
    overfull: frozenset[str] = frozenset()
    """Posts with more than `MOST_TAGS` tags."""

    def findings(self, drafts: Iterable[Finding]) -> tuple[list[Finding], dict[str, str]]:
        """The complete findings in order, and for each post the patch with all that settles more than notes."""
        findings, patches = [], {}
        for path, group in groupby(sorted(drafts, key=lambda draft: draft.path), lambda draft: draft.path):
            file = self.files.get(path)
            data = file.data if file is not None else b""
            place = find_tags(data, self.site) if file is not None else (1, 1)
            placed = sorted(
                (self._placed(draft, data, place) for draft in group),
                key=lambda one: (one.line, one.column, one.code, one.tag, one.subject),
            )
            wanted = [(number, change) for number, one in enumerate(placed) for change in _changes_for(one)]
            after = self._edited(data, [change for _, change in wanted]) if path not in self.overfull else data
            if after != data:
                name, first = posixpath.join(self.prefix, path), wanted[0][0]
                placed[first] = replace(placed[first], edit=line_edit(name, data, after))
                patches[path] = patch_of(name, data, after)
            findings += placed
        return findings, patches

    def _placed(self, draft: Finding, data: bytes, place: tuple[int, int]) -> Finding:
        line, column = (draft.line, 1) if draft.line else place
        added = self.added.get(draft.path)
        if added and line not in added and not draft.line:
            line, column = min(added), 1
        title = self.titles.get(draft.path, "")
        return replace(draft, line=line, column=column, title=title, line_text=line_of(data, line))

    def _edited(self, data: bytes, changes: Iterable[TagChange]) -> bytes:
        for change in list(changes)[:MOST_EDITS]:
            planned = plan_edit(data, change, self.site, style=self.style)
            data = planned.after if isinstance(planned, Edit) else data
        return data


def _changes_for(finding: Finding) -> Iterator[TagChange]:
    """The changes of tags that settle a finding."""
    if finding.level is Severity.NOTE:
        return
    yield from (TagChange.adding(one.tag) for one in finding.tags if one.is_sure)
    if finding.tag and not finding.tags:
        new = finding.new_tag
        yield TagChange.renaming(finding.tag, new) if new else TagChange.removing(finding.tag)
