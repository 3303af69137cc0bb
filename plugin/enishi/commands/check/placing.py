"""Completes draft findings: the place in the file, the level, and the edit that would settle them."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from enishi.commands.check.line_edits import line_edit, line_of, patch_of
from enishi.config import CheckSettings
from enishi.editing.change import Edit, Style, TagChange
from enishi.editing.plan import find_tags, plan_edit
from enishi.errors import Severity
from enishi.findings import Finding
from enishi.generators.base import Site
from enishi.reading.documents import PostFile

MOST_EDITS = 20
"""Edits of one post: no author has more to mend there, but a post may be written to make the check take hours."""
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
    settings: CheckSettings
    style: Style
    """How the blog writes lists of tags."""
    prefix: str = ""
    """See :class:`enishi.findings.CheckReport`."""
    overfull: frozenset[str] = frozenset()
    """Posts with more than `MOST_TAGS` tags."""

    def findings(self, drafts: Iterable[Finding]) -> list[Finding]:
        """The complete findings in order, without those whose level is off."""
        places: dict[str, tuple[int, int]] = {}
        edits: Counter[str] = Counter()
        findings = []
        for draft in drafts:
            level = self.level(draft)
            if level is not None:
                if draft.path not in places:
                    file = self.files.get(draft.path)
                    places[draft.path] = find_tags(file.data, self.site) if file else (1, 1)
                change = _change_for(draft)
                edits[draft.path] += change is not None
                if edits[draft.path] > MOST_EDITS or draft.path in self.overfull:
                    change = None
                findings.append(self._finding(draft, level, places[draft.path], change))
        return sorted(findings, key=lambda one: (one.path, one.line, one.column, one.code, one.tag, one.subject))

    def level(self, draft: Finding) -> Severity | None:
        """The level that the settings give a finding, else its own; None for `off`."""
        stated = {str(code): level for code, level in self.settings.levels.items()}.get(draft.code)
        if stated == "off":
            return None
        if stated is None or (draft.code == "missing-tag" and draft.level is Severity.NOTE):
            return draft.level  # an unsure tag is never more than a note
        return Severity(stated)

    def patches(self, drafts: Sequence[Finding]) -> dict[str, str]:
        """For each post, one patch with all edits that settle more than notes."""
        changes: dict[str, list[TagChange]] = {}
        for draft in drafts:
            change = _change_for(draft)
            if change is not None and self.level(draft) not in (None, Severity.NOTE):
                changes.setdefault(draft.path, []).append(change)
        patches = {}
        for path, wanted in sorted(changes.items()):
            data = before = self.files[path].data
            for change in wanted[:MOST_EDITS] if path not in self.overfull else ():
                edit = self._edit(data, change)
                data = edit.after if edit is not None else data
            if data != before:
                patches[path] = patch_of(self._in_repository(path), before, data)
        return patches

    def _finding(self, draft: Finding, level: Severity, place: tuple[int, int], change: TagChange | None) -> Finding:
        file = self.files.get(draft.path)
        data = file.data if file is not None else b""
        line, column = (draft.line, 1) if draft.line else place
        added = self.added.get(draft.path)
        if added and line not in added and not draft.line:
            line, column = min(added), 1
        edit = self._edit(data, change) if change is not None else None
        return replace(
            draft,
            line=line,
            column=column,
            level=level,
            title=self.titles.get(draft.path, ""),
            edit=line_edit(self._in_repository(draft.path), edit.before, edit.after) if edit is not None else None,
            line_text=line_of(data, line),
        )

    def _edit(self, data: bytes, change: TagChange) -> Edit | None:
        planned = plan_edit(data, change, self.site, style=self.style)
        return planned if isinstance(planned, Edit) and planned.is_needed else None

    def _in_repository(self, path: str) -> str:
        return posixpath.join(self.prefix, path)


def _change_for(finding: Finding) -> TagChange | None:
    """The change of tags that settles a finding."""
    if not finding.tag:
        return None
    if finding.code == "missing-tag":
        return TagChange.adding(finding.tag)
    return TagChange.renaming(finding.tag, finding.new_tag) if finding.new_tag else TagChange.removing(finding.tag)
