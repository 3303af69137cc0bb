"""`rdjson`: the Reviewdog Diagnostic Format, with suggestions that a reviewer accepts with a click.

Reviewdog posts messages as Markdown, counts columns in bytes of UTF-8, and shows a suggestion only if it replaces whole
lines.
"""

from __future__ import annotations

from typing import Any

from enishi.errors import Severity
from enishi.findings import DOCS, CheckReport, Finding, docs_address
from enishi.reporters.wording import explanation, replacement
from enishi.text.printable import disarmed, json_text, shown

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}


def render(report: CheckReport) -> str:
    """One DiagnosticResult."""
    diagnostics = [_diagnostic(finding, report) for finding in report.findings]
    return json_text({"source": {"name": "enishi", "url": DOCS}, "diagnostics": diagnostics})


def _diagnostic(finding: Finding, report: CheckReport) -> dict[str, Any]:
    start = {"line": finding.line, "column": byte_column(finding)}
    fields: dict[str, Any] = {
        "message": explanation(finding, disarmed),
        "location": {"path": report.in_repository(finding.path), "range": {"start": start}},
        "severity": _SEVERITIES[finding.level],
        "code": {"value": shown(finding.code), "url": docs_address(finding.code)},
    }
    suggestion = replacement(finding)
    if suggestion is not None:
        first, last, text = suggestion
        lines_replaced = {"start": {"line": first}, "end": {"line": last}}
        fields["suggestions"] = [{"range": lines_replaced, "text": text or ""}]
    return fields


def byte_column(finding: Finding) -> int:
    """The column from 1, in bytes of UTF-8; beyond the known text of the line a character counts as one byte."""
    before = finding.line_text[: finding.column - 1]
    return finding.column - len(before) + sum(map(_size, before))


def _size(character: str) -> int:
    """Bytes of a character in the file; a lone surrogate stands for one byte that is not UTF-8."""
    return 1 if "\udc80" <= character <= "\udcff" else len(character.encode("utf-8", "surrogatepass"))
