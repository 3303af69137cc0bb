"""Whatever a title, a tag, a path or a term holds, every format stays one, says the text, and obeys none of it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from rich.console import Console

from dom import Element, dom
from enishi.findings import CheckReport, Finding
from enishi.reporters import FORMATS
from enishi.reporters.text import print_text
from enishi.reporters.wording import explanation, gravity, sentence
from enishi.text.printable import disarmed, is_utf8, shown, shown_path
from findings_for_tests import REPORTS, deceiving, hostile_reports
from report_readers import (
    github_page,
    read_checkstyle,
    read_github,
    read_gitlab,
    read_json,
    read_junit,
    read_markdown,
    read_rdjson,
    read_sarif,
    replaced,
)

Check = Callable[[CheckReport], None]


def property_of(check: Check) -> Check:
    """Over arbitrary reports, and those in which each hostile text stands in every place."""
    for report in hostile_reports():
        check = example(report)(check)
    limits = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    return limits(given(REPORTS)(check))


def without_surrogates(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def is_plain(path: str) -> bool:
    """Whether a path is shown as it is."""
    return shown_path(path) == path


# -- for every format ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "diff"])
@pytest.mark.parametrize("number", range(len(hostile_reports())))
def test_nothing_that_deceives_comes_through(name: str, number: int) -> None:
    text = FORMATS[name](hostile_reports()[number])
    text.encode("utf-8")
    assert not [character for character in deceiving(text) if character != "\n"]
    assert not re.search(r"##\w*\[", text)
    if name != "github":
        assert not re.search(r"(?m)^\s*::", text), "a workflow command"


# -- format by format ------------------------------------------------------------------------------------------------

PLACE = re.compile(r".*:\d+:\d+: (note|warning|error): .+ \[[a-z-]+\]", re.DOTALL)


@property_of
def test_text(report: CheckReport) -> None:
    lines = FORMATS["text"](report).split("\n")
    assert lines[-1] == ""
    assert len([line for line in lines if line[:1] not in " “" and PLACE.fullmatch(line)]) <= len(report.findings)
    for line in lines[:-1]:
        assert len(line.splitlines()) <= 1
        assert not line.lstrip().startswith("::")
        assert not deceiving(line)
    for finding in report.findings:
        head = f"{shown_path(finding.path)}:{finding.line}:{finding.column}: {finding.level.value}: "
        assert any(line.startswith(head) and line.endswith(f"[{finding.code}]") for line in lines)
    terminal = io.StringIO()
    print_text(report, Console(file=terminal, force_terminal=True, width=80, color_system="standard"))
    assert not deceiving(re.sub(r"\x1b\[[0-9;]*m|\n", "", terminal.getvalue()))


@property_of
def test_json(report: CheckReport) -> None:
    found = read_json(FORMATS["json"](report))
    assert len(found["findings"]) == len(report.findings)
    for fields, finding in zip(found["findings"], report.findings, strict=True):
        assert fields["path"] == without_surrogates(finding.path)
        assert fields["message"] == without_surrogates(finding.message)
        assert fields.get("title", "") == without_surrogates(finding.title)
        assert fields.get("tag", "") == without_surrogates(finding.tag)
        assert fields.get("evidence", []) == list(map(without_surrogates, finding.evidence))
        if "edit" in fields:
            assert finding.edit
            assert (tuple(fields["edit"]["before"]), tuple(fields["edit"]["after"])) == (
                finding.edit.before,
                finding.edit.after,
            )


@property_of
def test_github(report: CheckReport) -> None:
    commands, log = read_github(FORMATS["github"](report))
    told = [command for command in commands if command.name in ("error", "warning", "notice")]
    assert {command.name for command in commands} <= {"error", "warning", "notice"}
    assert sorted(command.message for command in told) == sorted(map(explanation, report.findings))
    for command in told:
        assert set(command.properties) == {"file", "line", "col", "title"}
    files = {command.properties["file"] for command in told}
    for finding in report.findings:
        path = report.in_repository(finding.path)
        if is_plain(re.sub(r"[\r\n:]", "", path)):
            assert path in files
    assert len(log) == len(report.notes) + 2


@property_of
def test_checkstyle(report: CheckReport) -> None:
    found = read_checkstyle(FORMATS["checkstyle"](report))
    assert list(found) == list(dict.fromkeys(shown_path(report.in_repository(f.path)) for f in report.findings))
    messages = [error["message"] for errors in found.values() for error in errors]
    assert messages == [explanation(finding, disarmed) for finding in report.findings]


@property_of
def test_junit(report: CheckReport) -> None:
    (suite,) = read_junit(FORMATS["junit"](report))
    quiet = set(report.checked) - {finding.path for finding in report.findings}
    cases = list(suite)
    assert len(cases) == len(report.findings) + len(quiet)
    for case, finding in zip(cases, report.findings, strict=False):
        assert case.classname == shown_path(report.in_repository(finding.path))
        told = case.result[0].text if case.result else case.system_out
        assert told.endswith(explanation(finding))


@property_of
def test_rdjson(report: CheckReport) -> None:
    found = read_rdjson(FORMATS["rdjson"](report))["diagnostics"]
    assert len(found) == len(report.findings)
    for one, finding in zip(found, report.findings, strict=True):
        assert one["location"]["path"] == without_surrogates(report.in_repository(finding.path))
        assert one["message"].replace("\u200b", "") == explanation(finding)
        assert_harmless_in_a_comment(one["message"])
        if "suggestions" in one and finding.edit and not any("\n" in line for line in finding.edit.after):
            lines = [""] * (finding.edit.line - 1) + list(finding.edit.before) + ["after"]
            expected = [*lines[: finding.edit.line - 1], *finding.edit.after, "after"]
            if finding.edit.after != ("",):  # no format tells an empty line from none
                assert replaced(lines, one["suggestions"][0]) == expected


def assert_harmless_in_a_comment(message: str) -> None:
    """Reviewdog posts it as Markdown."""
    head = ":warning: **[enishi]** <sub>reported by reviewdog</sub><br>"
    suggestion = "```suggestion\ntags: x\n```\n"
    page = dom(github_page(f"{head}{message}\n{suggestion}"))
    assert page.all("pre")[-1].text == "tags: x\n", "the suggestion is one no more"

    def check(element: Element) -> None:
        for child in element.children:
            if isinstance(child, Element):
                allowed = {"p", "ul", "ol", "li", "code", "em", "strong", "del", "br", "hr", "blockquote", "pre", "sub"}
                assert child.tag in allowed, child.tag
                if child.tag != "code":
                    check(child)
            else:
                assert not re.search(r"@[^\W_]|#\d|://|\bwww\.", child), child

    check(page)


@property_of
def test_sarif(report: CheckReport) -> None:
    run = read_sarif(FORMATS["sarif"](report))
    assert len(run["results"]) == len(report.findings)
    for result, finding in zip(run["results"], report.findings, strict=True):
        path = report.in_repository(finding.path)
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote_to_bytes(uri).decode("utf-8", "surrogatepass" if not is_utf8(path) else "strict") == path or (
            unquote_to_bytes(uri).decode("utf-8", "surrogateescape") == path
        )
        assert result["message"]["text"].replace("\u200b", "") == explanation(finding)


@property_of
def test_gitlab(report: CheckReport) -> None:
    found = read_gitlab(FORMATS["gitlab"](report))
    assert [issue["description"].replace("\u200b", "") for issue in found] == list(map(sentence, report.findings))
    for issue, finding in zip(found, report.findings, strict=True):
        assert issue["location"]["path"] == without_surrogates(report.in_repository(finding.path))


def reads(text: str) -> str:
    """As a person reads it: no code, no breaks, runs of blanks as one."""
    return " ".join(text.replace("\u200b", "").replace("`", "").split())


@property_of
def test_markdown(report: CheckReport) -> None:
    for page in read_markdown(FORMATS["markdown"](report)):
        rows = [row.all("td") for row in page.all("tr") if row.all("td")]
        assert [len(row) for row in rows] == [3] * len(report.findings)
        assert len(page.all("h3")) == 1
        posts = sorted(
            dict.fromkeys(finding.path for finding in report.findings),
            key=lambda path: min(gravity(finding) for finding in report.findings if finding.path == path),
        )
        findings = [finding for path in posts for finding in report.findings if finding.path == path]
        heads = page.all("h4")
        assert len(heads) == len(page.all("table")) == len(posts)
        for head, path in zip(heads, posts, strict=True):
            titles = [f.title for f in report.findings if f.path == path and f.title.strip()]
            title = shown(titles[0]) if titles else ""
            assert reads(head.text) == reads(f"{title} {shown_path(report.in_repository(path))}")
        for row, finding in zip(rows, findings, strict=True):
            assert reads(row[0].text).startswith(reads(f"{finding.level.value}: {said(finding)}"))
            assert reads(row[2].text.replace(" ", "")) == reads("".join(map(shown, finding.evidence)).replace(" ", ""))


def said(finding: Finding) -> str:
    return shown(finding.message) or finding.code
