"""`junit`: test results, for CI services that show nothing else.

Every finding is a test, and so is every post without one.  Only what makes the check fail is a failed test.  A warning
is a skipped test, which every service shows with its message and none paints red; a note is the output of a test that
passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enishi.errors import Severity
from enishi.findings import CheckReport, Finding
from enishi.reporters.wording import explanation, message_of, summary
from enishi.text.printable import shown, shown_path, xml_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAME = "enishi check"


def render(report: CheckReport) -> str:
    """One suite with a test for each finding, and one for each post without findings."""
    from xml.etree.ElementTree import Element, SubElement

    suite = Element("testsuite", name=_NAME)
    reported = {finding.path for finding in report.findings}
    for finding in report.findings:
        _add_test(suite, finding, report)
    for path in report.checked:
        if path not in reported:
            place = shown_path(report.in_repository(path))
            SubElement(suite, "testcase", classname=place, name="no findings", time="0")
    counts = {"tests": str(len(suite)), "failures": str(len(suite.findall("testcase/failure"))), "errors": "0"}
    for name, value in [*counts.items(), ("skipped", str(len(suite.findall("testcase/skipped")))), ("time", "0")]:
        suite.set(name, value)
    notes = [f"note: {shown(note)}" for note in report.notes]
    SubElement(suite, "system-out").text = "\n".join([*notes, summary(report)])
    root = Element("testsuites", {"name": _NAME, **counts})
    root.append(suite)
    return xml_text(root)


def _add_test(suite: Element, finding: Finding, report: CheckReport) -> None:
    from xml.etree.ElementTree import SubElement

    path, code = shown_path(report.in_repository(finding.path)), shown(finding.code)
    # services identify a test by its name, so the name must not change from commit to commit
    about = shown(finding.about)
    test = SubElement(suite, "testcase", classname=path, name=f"{code} {about}".strip(), time="0")
    place = f"{path}:{finding.line}:{finding.column}"
    text = f"{place}: {explanation(finding)}"
    if finding.code in report.failing and finding.level != Severity.NOTE:
        SubElement(test, "failure", type=code, message=message_of(finding)).text = text
    elif finding.level == Severity.NOTE:
        SubElement(test, "system-out").text = text
    else:
        SubElement(test, "skipped", type=code, message=message_of(finding)).text = text
