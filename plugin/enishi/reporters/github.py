"""`github`: workflow commands, of which GitHub Actions makes annotations of the changed files.

A step has ten annotations of each level and the rest is dropped without a word, so the surest come first, and what is
beyond stands in the log, folded, with its number.
"""

from __future__ import annotations

from collections.abc import Sequence

from enishi.errors import Severity
from enishi.findings import CheckReport, Finding
from enishi.reporters.wording import GRAVEST_FIRST, explanation, message_of, summary, surest_first
from enishi.text.plural import counted
from enishi.text.printable import shown, shown_path

LIMIT = 10
"""Annotations that GitHub takes of one level in one step."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def report_github(report: CheckReport) -> str:
    """A line a command, then the summary, which is no command."""
    ordered = surest_first(report.findings)
    by_level = [[finding for finding in ordered if finding.level == level] for level in GRAVEST_FIRST]
    lines = [_command(finding, report) for found in by_level for finding in found[:LIMIT]]
    lines += _more([finding for found in by_level for finding in found[LIMIT:]], report)
    lines += [f"note: {shown(note)}" for note in report.notes]
    return "\n".join([*lines, summary(report), ""])


def _command(finding: Finding, report: CheckReport) -> str:
    place = {
        "file": report.in_repository(finding.path),
        "line": str(finding.line),
        "col": str(finding.column),
        "title": f"Enishi: {shown(finding.code)}",
    }
    properties = ",".join(f"{name}={_in_property(value)}" for name, value in place.items())
    return f"::{_COMMANDS[finding.level]} {properties}::{_in_message(explanation(finding))}"


def _more(findings: Sequence[Finding], report: CheckReport) -> list[str]:
    if not findings:
        return []
    head = f"::group::{counted(len(findings), 'more finding')}, beyond the {LIMIT} of a level that GitHub shows"
    lines = [
        f"{shown_path(report.in_repository(finding.path))}:{finding.line}:{finding.column}: "
        f"{finding.level.value}: {message_of(finding)} [{shown(finding.code)}]"
        for finding in findings
    ]
    return [head, *lines, "::endgroup::"]


def _in_message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _in_property(text: str) -> str:
    """Exact but for what a log may not hold: the name of a file has to be its name."""
    percent = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return shown_path(percent.replace(":", "%3A").replace(",", "%2C"))
