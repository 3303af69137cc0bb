"""From what is to be said about a post to a finding: where in its file, how loudly, and the edit that settles it."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from enishi.commands.check.line_edits import line_edit, line_of, patch_of
from enishi.commands.check.remarks import Remark
from enishi.config import CheckSettings
from enishi.editing.change import Edit, Style, TagChange
from enishi.editing.plan import TagsPlace, find_tags, plan_edit
from enishi.errors import Severity
from enishi.findings import Finding
from enishi.reading.documents import PostFile
from enishi.reading.site import Site

MOST_EDITS = 20
"""Of one post: no author has more to mend there, but a stranger may want the check to take hours."""
MOST_TAGS = 100
"""Posts with more tags are not edited: the time that an edit takes grows with them."""
_LOUDNESS = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True, slots=True)
class Placing:
    """Makes findings of remarks.

    A review tool may show a finding only on an added line: that of the tags if it is one, else the first.
    """

    site: Site
    files: Mapping[str, PostFile]
    """By path."""
    titles: Mapping[str, str]
    added: Mapping[str, frozenset[int]]
    """Lines added, by path; a post that is not here may be annotated anywhere."""
    settings: CheckSettings
    style: Style
    """How the blog writes a list of tags."""
    prefix: str = ""
    """See :class:`enishi.findings.CheckReport`."""
    overfull: frozenset[str] = frozenset()
    """Posts with more than `MOST_TAGS` tags."""

    def findings(self, remarks: Iterable[Remark]) -> list[Finding]:
        """Findings in order, without those that are off."""
        places: dict[str, TagsPlace] = {}
        edits: Counter[str] = Counter()
        found = []
        for remark in remarks:
            level = self.level(remark)
            if level is not None:
                if remark.path not in places:
                    places[remark.path] = self._tags_place(remark.path)
                edits[remark.path] += remark.change is not None
                is_edited = edits[remark.path] <= MOST_EDITS and remark.path not in self.overfull
                found.append(self._finding(remark, level, places[remark.path], is_edited))
        return sorted(found, key=lambda one: (one.path, one.line, one.column, one.code, one.tag, one.subject))

    def level(self, remark: Remark) -> Severity | None:
        """How loudly to say it; None: not at all."""
        stated = {str(code): level for code, level in self.settings.levels.items()}.get(remark.code)
        if stated is None:
            return remark.level
        if stated == "off":
            return None
        wanted = Severity(stated)
        if remark.code == "missing-tag" and remark.level is Severity.NOTE:
            return Severity.NOTE  # a tag that is not sure is never more than that
        return wanted

    def patches(self, remarks: Sequence[Remark]) -> dict[str, str]:
        """For each post, all edits of what is more than a note in one patch."""
        changes: dict[str, list[TagChange]] = {}
        for remark in remarks:
            level = self.level(remark)
            if remark.change is not None and level is not None and _LOUDNESS[level] > 0:
                changes.setdefault(remark.path, []).append(remark.change)
        found = {}
        for path, wanted in sorted(changes.items()):
            data = before = self.files[path].data
            for change in wanted[:MOST_EDITS] if path not in self.overfull else ():
                edit = self._edit(data, change)
                data = edit.after if edit is not None else data
            if data != before:
                found[path] = patch_of(self._in_repository(path), before, data)
        return found

    def _finding(self, remark: Remark, level: Severity, place: TagsPlace, is_edited: bool) -> Finding:
        file = self.files.get(remark.path)
        data = file.data if file is not None else b""
        line, column = (remark.line, 1) if remark.line else (place.line, place.column)
        added = self.added.get(remark.path)
        if added and line not in added and not remark.line:
            line, column = min(added), 1
        edit = None
        if remark.change is not None and is_edited:
            planned = self._edit(data, remark.change)
            edit = line_edit(self._in_repository(remark.path), planned.before, planned.after) if planned else None
        return Finding(
            path=remark.path,
            line=line,
            column=column,
            code=remark.code,
            level=level,
            message=remark.message,
            title=self.titles.get(remark.path, ""),
            tag=remark.tag,
            confidence=remark.confidence,
            evidence=remark.evidence,
            advice=remark.advice,
            edit=edit,
            line_text=line_of(data, line),
            subject=remark.subject,
        )

    def _tags_place(self, path: str) -> TagsPlace:
        file = self.files.get(path)
        if file is None:
            return TagsPlace(1, 1)
        return find_tags(file.data, hexo=self.site.reads_like_hexo, generator=self.site.generator)

    def _edit(self, data: bytes, change: TagChange) -> Edit | None:
        site = self.site
        planned = plan_edit(data, change, hexo=site.reads_like_hexo, generator=site.generator, style=self.style)
        return planned if isinstance(planned, Edit) and planned.is_needed else None

    def _in_repository(self, path: str) -> str:
        return posixpath.join(self.prefix, path)
