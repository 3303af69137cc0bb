"""`checkstyle`: Checkstyle's XML, which reviewdog, Jenkins and many editors read."""

from __future__ import annotations

from enishi.errors import Severity
from enishi.findings import CheckReport
from enishi.reporters.wording import by_post, explanation
from enishi.text.printable import disarmed, shown, shown_path, xml_text

_FORMAT_VERSION = "4.3"
_SEVERITIES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "info"}


def render(report: CheckReport) -> str:
    """One element per post with one element per finding; columns count characters."""
    from xml.etree.ElementTree import Element, SubElement

    root = Element("checkstyle", version=_FORMAT_VERSION)
    for post in by_post(report.findings):
        file = SubElement(root, "file", name=shown_path(report.in_repository(post.path)))
        for finding in post.findings:
            attributes = {
                "line": str(finding.line),
                "column": str(finding.column),
                "severity": _SEVERITIES[finding.level],
                "message": explanation(finding, disarmed),
                "source": f"enishi.{shown(finding.code)}",
            }
            SubElement(file, "error", attributes)
    return xml_text(root)
