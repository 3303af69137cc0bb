"""`gitlab`: a Code Quality report, which GitLab shows in the widget and the diff of a merge request."""

from __future__ import annotations

from enishi.errors import Severity
from enishi.findings import CheckReport
from enishi.reporters.wording import sentence, unique_fingerprints
from enishi.text.printable import disarmed, json_text, shown

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(report: CheckReport) -> str:
    """A list, perhaps empty.  GitLab keeps only one finding of each fingerprint, so they are made unique."""
    names = unique_fingerprints(report.findings)
    return json_text(
        [
            {
                "description": sentence(finding, disarmed),
                "check_name": f"enishi/{shown(finding.code)}",
                "fingerprint": name,
                "severity": _SEVERITIES[finding.level],
                "location": {"path": report.in_repository(finding.path), "lines": {"begin": finding.line}},
            }
            for finding, name in zip(report.findings, names, strict=True)
        ]
    )
