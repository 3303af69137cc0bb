"""Every format of `enishi check`, read by its own schema or a reader as strict as its real one."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from enishi.commands.check.line_edits import line_edit
from enishi.editing.change import Edit, TagChange
from enishi.editing.patch import unified_diff
from enishi.editing.plan import plan_edit
from enishi.errors import Severity
from enishi.findings import CODES, EXPLANATIONS, CheckReport, Finding, LineEdit, docs_address, explain
from enishi.reporters import FORMATS, as_bytes
from enishi.reporters.rdjson import byte_column
from enishi.reporters.text import print_text
from findings_for_tests import EDIT, EMPTY, HELLO, LINE, MAYBE, MISSING, NO_TAGS, POST, REPORT, TITLE, hostile_reports
from made_up_sites import site_of
from places import DOCS
from report_readers import (
    own_validator,
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
from shared_data import HEXO_MODULES, run_node

DECLINE = f"enishi tags decline {POST} NLP"


def test_the_formats_are_these() -> None:
    assert list(FORMATS) == [
        "text",
        "json",
        "github",
        "checkstyle",
        "rdjson",
        "sarif",
        "gitlab",
        "junit",
        "markdown",
        "diff",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_the_same_every_time_and_ends_its_last_line(name: str) -> None:
    assert FORMATS[name](REPORT) == FORMATS[name](REPORT)
    for report in (REPORT, EMPTY):
        text = FORMATS[name](report)
        assert text.endswith("\n") or (name == "diff" and not text)


def test_a_format_loads_what_it_needs_and_no_more() -> None:
    program = (
        "import sys; from enishi.reporters import FORMATS; from enishi.findings import CheckReport;"
        "[FORMATS[name](CheckReport((), (), 0)) for name in ('json', 'github', 'rdjson', 'text', 'markdown')];"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not set(done.stdout.split()) & {"rich", "xml", "numpy", "mistune", "pydantic", "jinja2"}


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "diff"])
def test_a_reader_learns_what_why_how_sure_and_what_to_do(name: str) -> None:
    text = FORMATS[name](CheckReport((MISSING,), (POST,), 836)).replace("\\", "")
    assert "probably missing (0.93)" in text
    assert "93%" in text or "0.93" in text
    assert "4 of the 5 nearest posts carry it" in text
    assert "to accept, add it to the tags" in text
    assert DECLINE in text


# -- text ------------------------------------------------------------------------------------------------------------


def test_text_is_laid_out_for_reading() -> None:
    assert FORMATS["text"](REPORT) == (
        f"“{TITLE}”\n"
        f"{POST}:4:8: warning: `NLP` is probably missing (0.93) [missing-tag]\n"
        "    93% sure:  · 4 of the 5 nearest posts carry it: “検索の話”\n"
        "               · 11 of 13 other posts of its topic carry it\n"
        f"{POST}:4:12: note: `Elasticsearch` is probably missing (0.61) [missing-tag]\n"
        "    61% sure:  · the text names it 3 times\n"
        f"  to do:       · NLP: to accept, add it to the tags, or run: enishi tags apply {POST} --tag NLP\n"
        f"               · NLP: to decline it for good, run: enishi tags decline {POST} NLP\n"
        f"               · Elasticsearch: to decline it for good, run: enishi tags decline {POST} Elasticsearch\n"
        "\n"
        "“Hello, world”\n"
        f"{HELLO}:1:1: error: the post has no tags [no-tags]\n"
        "    because:   · 830 of the 836 posts of the blog have tags\n"
        "  to do:       · add tags; these fit best: `Hexo`\n"
        "\n"
        "note: The clone is shallow.\n"
        "1 error, 1 warning, 1 note in 2 of 3 posts; evidence: 836 posts; "
        "2 suppressed by the baseline or the posts themselves; failed: no-tags\n"
    )


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (EMPTY, "no post to check; evidence: 0 posts; nothing failed"),
        (CheckReport((), ("a.md",), 1), "nothing to say about 1 post; evidence: 1 post; nothing failed"),
        (CheckReport((MISSING,), (POST,), 20), "1 warning in 1 post; evidence: 20 posts; nothing failed"),
        (
            CheckReport((MISSING, MAYBE), (POST, "b"), 9),
            "1 warning, 1 note in 1 of 2 posts; evidence: 9 posts; nothing failed",
        ),
    ],
)
def test_the_summary_says_how_many_of_what(report: CheckReport, expected: str) -> None:
    assert FORMATS["text"](report).splitlines()[-1] == expected


def test_text_has_colour_on_a_terminal_only() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    print_text(REPORT, Console(file=plain))
    print_text(REPORT, Console(file=coloured, force_terminal=True, width=500, color_system="truecolor"))
    assert plain.getvalue() == FORMATS["text"](REPORT)
    assert "\x1b[" in coloured.getvalue()
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured.getvalue())
    assert [line.rstrip() for line in bare.splitlines()] == FORMATS["text"](REPORT).splitlines()


def test_places_and_commands_are_never_broken() -> None:
    narrow = io.StringIO()
    print_text(REPORT, Console(file=narrow, force_terminal=True, width=40, color_system=None))
    lines = narrow.getvalue().splitlines()
    assert f"{POST}:4:8: warning: `NLP` is probably missing (0.93) [missing-tag]" in lines
    assert any(line.endswith(f"run: {DECLINE}") for line in lines)


# -- json ------------------------------------------------------------------------------------------------------------


def test_the_schema_is_closed_and_says_what_every_field_is() -> None:
    schema = own_validator().schema
    Draft202012Validator.check_schema(schema)
    assert isinstance(schema, dict)
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for part in (schema, definitions["finding"], definitions["edit"]):
        assert part["additionalProperties"] is False
        for name, field in part["properties"].items():
            referred = definitions[field["$ref"].rpartition("/")[2]] if "$ref" in field else {}
            assert field.get("description") or referred.get("description"), name


def test_json_holds_everything() -> None:
    found = read_json(FORMATS["json"](REPORT))
    assert found["findings"][0] == {
        "path": POST,
        "line": 4,
        "column": 8,
        "code": "missing-tag",
        "level": "warning",
        "message": "`NLP` is probably missing (0.93)",
        "fingerprint": MISSING.fingerprint,
        "title": TITLE,
        "tag": "NLP",
        "tags": [{"tag": "NLP", "confidence": 0.93, "sure": True}],
        "docs": docs_address("missing-tag"),
        "confidence": 0.93,
        "evidence": list(MISSING.evidence),
        "advice": list(MISSING.advice),
        "edit": {"line": 4, "end_line": 4, "before": [LINE], "after": ["tags: [検索, Python, NLP]"], "patch": ""},
    }
    assert "tag" not in found["findings"][2]
    assert "edit" not in found["findings"][1]
    del found["findings"]
    assert found == {
        "version": 1,
        "prefix": "blog",
        "base": "0" * 40,
        "posts": 836,
        "checked": list(REPORT.checked),
        "suppressed": 2,
        "failing": ["no-tags"],
        "notes": ["The clone is shallow."],
    }


def test_a_confidence_of_nothing_is_one() -> None:
    found = read_json(FORMATS["json"](CheckReport((replace(MISSING, confidence=0.0),), (POST,), 1)))
    assert found["findings"][0]["confidence"] == 0


# -- github ----------------------------------------------------------------------------------------------------------


def test_github_gets_a_command_a_finding() -> None:
    commands, log = read_github(FORMATS["github"](REPORT))
    assert [(command.name, command.properties) for command in commands] == [
        ("error", {"file": f"blog/{HELLO}", "line": "1", "col": "1", "title": "Enishi: no-tags"}),
        ("warning", {"file": f"blog/{POST}", "line": "4", "col": "8", "title": "Enishi: missing-tag"}),
        ("notice", {"file": f"blog/{POST}", "line": "4", "col": "12", "title": "Enishi: missing-tag"}),
    ]
    assert commands[1].message.splitlines() == [
        "`NLP` is probably missing (0.93)",
        "",
        "Why (93% sure):",
        "- 4 of the 5 nearest posts carry it: “検索の話”",
        "- 11 of 13 other posts of its topic carry it",
        "",
        "What to do:",
        f"- to accept, add it to the tags, or run: `enishi tags apply {POST} --tag NLP`",
        f"- to decline it for good, run: `{DECLINE}`",
    ]
    assert log[0] == "note: The clone is shallow."


def test_github_shows_ten_of_a_level_so_the_surest_come_first() -> None:
    findings = [replace(MISSING, line=number, confidence=0.8 + number / 1000) for number in range(1, 26)]
    findings += [replace(MAYBE, line=number, confidence=0.5) for number in range(1, 4)]
    commands, log = read_github(FORMATS["github"](CheckReport(tuple(findings), (POST,), 836)))
    warnings = [command for command in commands if command.name == "warning"]
    assert [command.properties["line"] for command in warnings] == [str(number) for number in range(25, 15, -1)]
    assert len([command for command in commands if command.name == "notice"]) == 3
    (group,) = [command for command in commands if command.name == "group"]
    assert group.message.startswith("15 more findings")
    assert len([line for line in log if "[missing-tag]" in line]) == 15


# -- checkstyle, junit -----------------------------------------------------------------------------------------------


def test_checkstyle_has_a_file_a_post() -> None:
    found = read_checkstyle(FORMATS["checkstyle"](REPORT))
    assert list(found) == [f"blog/{POST}", f"blog/{HELLO}"]
    first = found[f"blog/{POST}"][0]
    assert (first["line"], first["column"], first["severity"], first["source"]) == (
        "4",
        "8",
        "warning",
        "enishi.missing-tag",
    )
    assert first["message"].startswith("`NLP` is probably missing (0.93)\n\nWhy (93% sure):\n- 4 of the 5")
    assert [error["severity"] for errors in found.values() for error in errors] == ["warning", "info", "error"]
    assert read_checkstyle(FORMATS["checkstyle"](EMPTY)) == {}


def test_junit_fails_only_what_fails_the_check() -> None:
    (suite,) = read_junit(FORMATS["junit"](REPORT))
    assert [(case.name, *(type(result).__name__ for result in case.result)) for case in suite] == [
        ("missing-tag", "Skipped"),  # whatever the tag: the name is the same from commit to commit
        ("missing-tag",),
        ("no-tags", "Failure"),
        ("no findings",),
    ]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 0, 1)
    (quiet,) = [case for case in suite if case.name == "no findings"]
    assert quiet.classname == "blog/source/_posts/quiet.md"
    (maybe,) = [case for case in suite if "Elasticsearch" in str(case.system_out)]
    assert "the text names it 3 times" in maybe.system_out
    (failed,) = [case for case in suite if case.name == "no-tags"]
    assert failed.result[0].message == "the post has no tags"
    assert failed.result[0].text.startswith(f"blog/{HELLO}:1:1: the post has no tags\n")


def test_a_note_never_fails_in_junit() -> None:
    (suite,) = read_junit(FORMATS["junit"](replace(REPORT, failing=("missing-tag",))))
    assert suite.failures == 1
    assert len(read_junit(FORMATS["junit"](EMPTY))) == 1


# -- codes -----------------------------------------------------------------------------------------------------------


def test_every_code_is_explained_and_has_a_place_in_the_docs() -> None:
    page = (DOCS / "check.md").read_text("utf-8")
    assert list(EXPLANATIONS) == list(CODES)
    for code, what in CODES.items():
        assert f"\n### {code}\n\n{what[:1].upper()}{what[1:]}.\n{wrapped(EXPLANATIONS[code])}\n" in page, code
        assert docs_address(code).endswith(f"/docs/check.md#{code}")
        assert docs_address(code) in explain(code)
    assert docs_address("made-up") == docs_address("missing-tag").partition("#")[0]


def wrapped(text: str) -> str:
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False)


def test_formats_with_a_field_for_it_name_the_page_of_the_code() -> None:
    address = docs_address("missing-tag")
    assert read_json(FORMATS["json"](REPORT))["findings"][0]["docs"] == address
    assert read_rdjson(FORMATS["rdjson"](REPORT))["diagnostics"][0]["code"] == {"value": "missing-tag", "url": address}
    driver = read_sarif(FORMATS["sarif"](REPORT))["tool"]["driver"]
    assert {rule["id"]: rule["helpUri"] for rule in driver["rules"]} == {code: docs_address(code) for code in CODES}


# -- rdjson ----------------------------------------------------------------------------------------------------------


def test_rdjson_suggests_whole_lines() -> None:
    found = read_rdjson(FORMATS["rdjson"](REPORT))["diagnostics"]
    assert [(one["location"]["path"], one["severity"], one["code"]["value"]) for one in found] == [
        (f"blog/{POST}", "WARNING", "missing-tag"),
        (f"blog/{POST}", "INFO", "missing-tag"),
        (f"blog/{HELLO}", "ERROR", "no-tags"),
    ]
    (suggestion,) = found[0]["suggestions"]
    assert replaced(["---", "title: x", "date: y", LINE, "---"], suggestion) == [
        "---",
        "title: x",
        "date: y",
        "tags: [検索, Python, NLP]",
        "---",
    ]
    assert "suggestions" not in found[1]


def test_a_suggestion_may_take_lines_away() -> None:
    edit = LineEdit(2, ("  - old",), (), "")
    found = CheckReport((replace(MISSING, edit=edit),), (POST,), 1)
    (one,) = read_rdjson(FORMATS["rdjson"](found))["diagnostics"]
    assert replaced(["tags:", "  - old", "  - new"], one["suggestions"][0]) == ["tags:", "  - new"]
    (result,) = read_sarif(FORMATS["sarif"](found))["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": {"startLine": 2, "endLine": 3, "endColumn": 1}}]


def test_a_suggestion_has_the_line_breaks_of_the_file() -> None:
    for end in ("\n", "\r\n"):
        before, after = f"---{end}tags: []{end}---{end}", f"---{end}tags:{end}  - new{end}---{end}"
        edit = line_edit(POST, before.encode(), after.encode())
        assert edit is not None
        assert (edit.line, edit.before, edit.after) == (2, ("tags: []",), ("tags:", "  - new"))
        report = CheckReport((replace(MISSING, edit=edit),), (POST,), 1)
        (one,) = read_rdjson(FORMATS["rdjson"](report))["diagnostics"]
        assert one["suggestions"][0]["text"] == f"tags:{end}  - new"
        (change,) = read_sarif(FORMATS["sarif"](report))["results"][0]["fixes"][0]["artifactChanges"]
        assert change["replacements"][0]["insertedContent"] == {"text": f"tags:{end}  - new"}


VALIDATOR = HEXO_MODULES / "@umbrelladocs" / "rdformat-validator" / "bin" / "rdformat-validator.js"


@pytest.mark.skipif(
    not (VALIDATOR.is_file() and shutil.which("node")), reason="the validator is not installed (npm ci --prefix tests)"
)
def test_a_validator_of_the_reviewdog_format_takes_it(tmp_path: Path) -> None:
    hostile = [report for report in hostile_reports() if all(path.strip() for path in report.checked)]
    reports = [REPORT, EMPTY, *hostile]
    for number, report in enumerate(reports):
        (tmp_path / f"{number}.json").write_bytes(as_bytes(FORMATS["rdjson"](report)))
    told = run_node(VALIDATOR, "--strict", "--no-extra-fields", *map(str, sorted(tmp_path.iterdir()))).decode()
    assert f"Valid files: {len(reports)}\n" in told


@pytest.mark.parametrize("name", ["json", "rdjson", "sarif"])
def test_an_edit_that_is_no_utf8_is_not_suggested(name: str) -> None:
    edit = LineEdit(1, ("tags: \udce3",), ("tags: \udce3, NLP",), "")
    text = FORMATS[name](CheckReport((replace(MISSING, edit=edit),), (POST,), 1))
    assert '"tags: ' not in text.replace(LINE, "")


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        (LINE, 8, 8),
        (LINE, 9, 11),
        (LINE, 12, 16),
        ("a𐐀b", 3, 6),
        ("", 5, 5),
        ("検", 4, 6),
        ("\udce3x", 2, 2),
    ],
)
def test_rdjson_counts_columns_in_bytes(line: str, column: int, expected: int) -> None:
    assert byte_column(replace(MISSING, line_text=line, column=column)) == expected


# -- sarif -----------------------------------------------------------------------------------------------------------


def test_sarif_names_rules_places_and_fixes() -> None:
    run = read_sarif(FORMATS["sarif"](REPORT))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(CODES)
    assert run["columnKind"] == "unicodeCodePoints"
    first = run["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 4, "startColumn": 8}
    assert unquote(place["artifactLocation"]["uri"]) == f"blog/{POST}"
    assert first["partialFingerprints"] == {"enishi/v1": MISSING.fingerprint}
    assert first["rank"] == 93.0
    (fix,) = first["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["replacements"] == [
        {"deletedRegion": {"startLine": 4, "endLine": 4}, "insertedContent": {"text": EDIT.after[0]}}
    ]
    assert [result["level"] for result in run["results"]] == ["warning", "note", "error"]
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "The clone is shallow."


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b.md", "a%20b.md"),
        ("c#.md", "c%23.md"),
        ("100%.md", "100%25.md"),
        ("what?.md", "what%3F.md"),
        ("a:b.md", "a%3Ab.md"),
        ("日本.md", "%E6%97%A5%E6%9C%AC.md"),
        ("caf\udce9.md", "caf%E9.md"),
        ("a/[b].md", "a/%5Bb%5D.md"),
    ],
)
def test_sarif_writes_paths_as_references(path: str, uri: str) -> None:
    run = read_sarif(FORMATS["sarif"](CheckReport((replace(MISSING, path=path),), (path,), 1)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


# -- gitlab ----------------------------------------------------------------------------------------------------------


def test_gitlab_gets_one_line_a_finding() -> None:
    found = read_gitlab(FORMATS["gitlab"](REPORT))
    assert found[0] == {
        "description": "`NLP` is probably missing (0.93): 4 of the 5 nearest posts carry it: “検索の話”; "
        "11 of 13 other posts of its topic carry it. What to do: to accept, add it to the tags, or run: "
        f"`enishi tags apply {POST} --tag NLP`; to decline it for good, run: `{DECLINE}`",
        "check_name": "enishi/missing-tag",
        "fingerprint": MISSING.fingerprint,
        "severity": "minor",
        "location": {"path": f"blog/{POST}", "lines": {"begin": 4}},
    }
    assert [issue["severity"] for issue in found] == ["minor", "info", "major"]
    assert read_gitlab(FORMATS["gitlab"](EMPTY)) == []


def test_a_finding_that_comes_twice_has_two_fingerprints() -> None:
    report = CheckReport((MISSING, replace(MISSING, line=9)), (POST,), 1)
    assert len(read_gitlab(FORMATS["gitlab"](report))) == 2
    names = [finding["fingerprint"] for finding in read_json(FORMATS["json"](report))["findings"]]
    assert names == [MISSING.fingerprint, f"{MISSING.fingerprint}-2"]


# -- markdown --------------------------------------------------------------------------------------------------------


def test_markdown_is_a_table_a_post_with_the_evidence_folded() -> None:
    for page in read_markdown(FORMATS["markdown"](REPORT)):
        assert page.one("h3").text == "Enishi: 1 error, 1 warning, 1 note in 2 of 3 posts"
        assert [head.text for head in page.all("h4")] == [f"Hello, world blog/{HELLO}", f"{TITLE} blog/{POST}"]
        rows = [[cell.text for cell in row.all("td")] for row in page.all("tr") if row.all("td")]
        assert [row[:2] for row in rows] == [
            ["error: the post has no tagsline 1, no-tags", ""],
            ["warning: NLP is probably missing (0.93)line 4, missing-tag", "93%"],
            ["note: Elasticsearch is probably missing (0.61)line 4, missing-tag", "61%"],
        ]
        assert page.one("summary").text == "4 of the 5 nearest posts carry it: “検索の話”"
        assert [item.text for item in page.one("details").all("li")] == ["11 of 13 other posts of its topic carry it"]
        commands = [code.text for code in page.all("code") if code.text.startswith("enishi ")]
        assert DECLINE in commands
        assert "evidence: 836 posts" in page.text


def test_a_comment_is_never_too_long() -> None:
    findings = tuple(replace(MISSING, path=f"{number:04}.md", advice=()) for number in range(500))
    text = FORMATS["markdown"](CheckReport(findings, tuple(found.path for found in findings), 500))
    assert len(text) < 65_536
    (page, _) = read_markdown(text)
    left = re.search(r"… and (\d+) more posts", page.text)
    assert left
    assert len(page.all("h4")) + int(left[1]) == 500


# -- diff ------------------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-c", "core.autocrlf=false", "-c", "user.name=x", "-c", "user.email=x@x", *arguments]
    return subprocess.run(command, cwd=folder, input=given, capture_output=True, check=True)


def test_git_applies_the_patch_at_the_top_of_the_repository(tmp_path: Path) -> None:
    posts = {
        "source/_posts/a.md": b"---\ntitle: A\ntags: [Go]\n---\nbody\n",
        "source/_posts/日本 語#%.md": "---\r\ntitle: B\r\ntags:\r\n  - Go\r\n---\r\n本文\r\n".encode(),
        "source/_posts/old.md": b"---\ntitle: c\ntags: [Go]\n---\nno line break at the end",
        'source/_posts/qu"ote.md': b"---\ntitle: d\n---\nbody\n",
    }
    patches, expected = {}, {}
    for path, data in posts.items():
        file = tmp_path / "my blog" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        edit = plan_edit(data, TagChange.adding("NLP"), site_of("hexo"))
        assert isinstance(edit, Edit)
        patches[path] = unified_diff(f"my blog/{path}", edit.before, edit.after).decode("utf-8", "surrogateescape")
        expected[path] = edit.after
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "posts")
    report = CheckReport((MISSING,), tuple(sorted(posts)), 4, prefix="my blog", patches=patches)
    patch = as_bytes(FORMATS["diff"](report))
    reversed_report = replace(report, patches=dict(reversed(patches.items())))
    assert FORMATS["diff"](reversed_report).encode() == patch
    git(tmp_path, "apply", "--check", given=patch)
    git(tmp_path, "apply", given=patch)
    assert {path: (tmp_path / "my blog" / path).read_bytes() for path in posts} == expected


def test_a_patch_keeps_bytes_that_are_no_utf8() -> None:
    raw = unified_diff("a.md", b"caf\xe9\n", b"caf\xe9\nNLP\n")
    report = CheckReport((), ("a.md",), 1, patches={"a.md": raw.decode("utf-8", "surrogateescape")})
    assert as_bytes(FORMATS["diff"](report)) == raw
    assert FORMATS["diff"](EMPTY) == ""


# -- all of them -----------------------------------------------------------------------------------------------


def test_a_finding_of_every_code_and_level_is_read_in_every_format() -> None:
    findings = tuple(
        Finding(f"{code}.md", 1, 1, code, level, what, line_text="---")
        for code, what in CODES.items()
        for level in Severity
    )
    report = CheckReport(findings, tuple(sorted({found.path for found in findings})), 9)
    readers = [read_json, read_github, read_checkstyle, read_junit, read_rdjson, read_sarif, read_gitlab, read_markdown]
    names = ["json", "github", "checkstyle", "junit", "rdjson", "sarif", "gitlab", "markdown"]
    for reader, name in zip(readers, names, strict=True):
        reader(FORMATS[name](report))
    assert len(json.loads(FORMATS["json"](report))["findings"]) == len(findings)


@pytest.mark.parametrize(
    ("advice", "typed"),
    [
        ("to decline it for good, run: enishi tags decline a.md C#", ["enishi tags decline a.md C#"]),
        ("put into its front matter: enishi: {ignore: [no-tags]}", ["enishi: {ignore: [no-tags]}"]),
        ("write `Python`", ["Python"]),
        ("run: enishi tags decline a.md 'a`b'", []),
        ("about the word: enishi", []),
    ],
)
def test_what_is_to_be_typed_is_code_where_there_is_code(advice: str, typed: list[str]) -> None:
    report = CheckReport((replace(NO_TAGS, advice=(advice,)),), (HELLO,), 836)
    for page in read_markdown(FORMATS["markdown"](report)):
        assert [code.text for item in page.all("li") for code in item.all("code")] == typed
    assert advice in FORMATS["text"](report)
    commands, _ = read_github(FORMATS["github"](report))
    assert all(f"`{text}`" in commands[0].message for text in typed)


def test_a_fact_says_no_number() -> None:
    assert "sure" not in FORMATS["github"](CheckReport((NO_TAGS,), (HELLO,), 836))
