"""`json`: the whole report for other programs, by the schema `templates/schema/check.schema.json`."""

from __future__ import annotations

from typing import Any

from enishi.findings import CheckReport, Finding, LineEdit, docs_address
from enishi.reporters.wording import unique_fingerprints
from enishi.text.printable import is_utf8, json_text

CHECK_VERSION = 1


def render(report: CheckReport) -> str:
    """Leaves out empty fields of a finding; no text is cut."""
    names = unique_fingerprints(report.findings)
    copied = ("prefix", "base", "posts", "checked", "suppressed", "failing", "notes")
    findings = [_fields(finding, name) for finding, name in zip(report.findings, names, strict=True)]
    head = {name: getattr(report, name) for name in copied}
    return json_text({"version": CHECK_VERSION, **head, "findings": findings})


def _fields(finding: Finding, fingerprint: str) -> dict[str, Any]:
    fields = {name: getattr(finding, name) for name in ("path", "line", "column", "code")}
    fields |= {"level": finding.level.value, "message": finding.message, "fingerprint": fingerprint}
    fields["docs"] = docs_address(finding.code)
    optional = {
        name: getattr(finding, name) for name in ("title", "tag", "subject", "confidence", "evidence", "advice")
    }
    if finding.confidence is not None:
        optional["confidence"] = round(finding.confidence, 4) + 0.0  # no minus zero
    optional["tags"] = [
        {"tag": one.tag, "confidence": round(one.confidence, 4) + 0.0, "sure": one.is_sure} for one in finding.tags
    ]
    optional["edit"] = _edit_fields(finding.edit)
    return fields | {name: value for name, value in optional.items() if value or value == 0.0}


def _edit_fields(edit: LineEdit | None) -> dict[str, Any]:
    """Empty for an edit that JSON cannot hold byte for byte: applied, it would do something else."""
    if edit is None or not all(map(is_utf8, (*edit.before, *edit.after, edit.patch))):
        return {}
    return {name: getattr(edit, name) for name in ("line", "end_line", "before", "after", "patch")}
