"""`gitlab`: a Code Quality report, of which GitLab makes the widget and the marks of a merge request."""

from __future__ import annotations

from enishi.errors import Severity
from enishi.findings import CheckReport
from enishi.reporters.wording import sentence, unique_fingerprints
from enishi.text.printable import disarmed, json_text, shown

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def report_gitlab(report: CheckReport) -> str:
    """A list, also where it is empty; GitLab drops all but one finding of a fingerprint, so each has its own."""
    names = unique_fingerprints(report.findings)
    return json_text(
        [
            {
                "description": sentence(finding, disarmed),
                "check_name": f"enishi/{shown(finding.code)}",
                "fingerprint": name,
                "severity": _SEVERITIES[finding.level],
                "location": {
                    "path": report.in_repository(finding.path),
                    "lines": {"begin": finding.line},
                },
            }
            for finding, name in zip(report.findings, names, strict=True)
        ]
    )
