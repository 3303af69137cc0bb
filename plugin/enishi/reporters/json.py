"""`json`: the whole report for other programs, by the schema `templates/schema/check.schema.json`."""

from __future__ import annotations

from typing import Any

from enishi.findings import CheckReport, Finding, LineEdit
from enishi.reporters.wording import unique_fingerprints
from enishi.text.printable import is_utf8, json_text

CHECK_VERSION = 1


def render(report: CheckReport) -> str:
    """Leaves out empty fields of a finding; no text is cut."""
    names = unique_fingerprints(report.findings)
    fields = {
        "version": CHECK_VERSION,
        "prefix": report.prefix,
        "base": report.base,
        "posts": report.posts,
        "checked": list(report.checked),
        "suppressed": report.suppressed,
        "failing": list(report.failing),
        "notes": list(report.notes),
        "findings": [_fields(finding, name) for finding, name in zip(report.findings, names, strict=True)],
    }
    return json_text(fields)


def _fields(finding: Finding, fingerprint: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "code": finding.code,
        "level": finding.level.value,
        "message": finding.message,
        "fingerprint": fingerprint,
    }
    optional = {
        "title": finding.title,
        "tag": finding.tag,
        "subject": finding.subject,
        "confidence": None if finding.confidence is None else round(finding.confidence, 4) + 0.0,  # no minus zero
        "evidence": list(finding.evidence),
        "advice": list(finding.advice),
        "edit": _edit_fields(finding.edit),
    }
    return fields | {name: value for name, value in optional.items() if value or value == 0.0}


def _edit_fields(edit: LineEdit | None) -> dict[str, Any]:
    """Empty for an edit that JSON cannot hold byte for byte: applied, it would do something else."""
    if edit is None or not all(map(is_utf8, (*edit.before, *edit.after, edit.patch))):
        return {}
    return {
        "line": edit.line,
        "end_line": edit.end_line,
        "before": list(edit.before),
        "after": list(edit.after),
        "patch": edit.patch,
    }
