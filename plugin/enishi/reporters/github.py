"""`github`: workflow commands, which GitHub Actions turns into annotations of the changed files.

GitHub shows ten annotations of each level for a step and silently drops the others, so the surest come first, and the
rest is counted and listed in a folded part of the log.
"""

from __future__ import annotations

from collections.abc import Sequence

from enishi.errors import Severity
from enishi.findings import CheckReport, Finding
from enishi.reporters.wording import GRAVEST_FIRST, explanation, gravity, message_of, summary
from enishi.text.plural import counted
from enishi.text.printable import shown, shown_path

LIMIT = 10
"""How many annotations of one level GitHub shows for one step."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: CheckReport) -> str:
    """One command per line, then the summary, which is no command."""
    ordered = sorted(report.findings, key=gravity)
    by_level = [[finding for finding in ordered if finding.level == level] for level in GRAVEST_FIRST]
    lines = [_command(finding, report) for findings in by_level for finding in findings[:LIMIT]]
    lines += _more([finding for findings in by_level for finding in findings[LIMIT:]], report)
    lines += [f"note: {shown(note)}" for note in report.notes]
    return "\n".join([*lines, summary(report), ""])


def _command(finding: Finding, report: CheckReport) -> str:
    path, column = _in_property(report.in_repository(finding.path)), finding.column
    place = f"file={path},line={finding.line},col={column},title={_in_property(f'Enishi: {shown(finding.code)}')}"
    return f"::{_COMMANDS[finding.level]} {place}::{_in_message(explanation(finding))}"


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
    """Escapes only what a log may not hold, because GitHub has to recognise the name of the file."""
    return shown_path(_in_message(text).replace(":", "%3A").replace(",", "%2C"))
