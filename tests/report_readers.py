"""Readers of the formats of `enishi check`, as strict as what reads them: whatever they cannot read, they refuse."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cmarkgfm
import mistune
from cmarkgfm.cmark import Options
from jsonschema import Draft4Validator, Draft202012Validator
from junitparser import JUnitXml
from lxml import etree

from dom import Element, dom
from enishi.writing.render import templates_folder

SCHEMAS = Path(__file__).parent / "schemas"


def utf8(text: str) -> str:
    """As a file in UTF-8 holds it; only a patch may need more."""
    return text.encode("utf-8").decode("utf-8")


# -- GitHub's runner -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    message: str


OBEYED = {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "stop-commands", "set-output", "echo"}


def read_github(text: str) -> tuple[list[Command], list[str]]:
    """Commands and the rest of the log, by the rules of the runner: two colons after blanks, or `##[` anywhere."""
    commands, log = [], []
    for line in re.split(r"\r\n|\r|\n", utf8(text)):
        trimmed = line.lstrip()
        assert "##[" not in line, f"a command of the old kind: {line}"
        end = trimmed.find("::", 2)
        if not trimmed.startswith("::") or end < 0:
            log.append(line)
            continue
        name, _, properties = trimmed[2:end].partition(" ")
        pairs = [pair.split("=", 1) for pair in properties.split(",") if pair]
        values = {key.strip(): unescaped(value, {"%3A": ":", "%2C": ","}) for key, value in pairs}
        assert len(values) == len(pairs), "a property twice"
        commands.append(Command(name, values, unescaped(trimmed[end + 2 :], {})))
    return commands, log


def unescaped(text: str, more: dict[str, str]) -> str:
    escapes = {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}
    for escape, character in escapes.items():
        text = text.replace(escape, character)
    return text


# -- XML -------------------------------------------------------------------------------------------------------------


def read_xml(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False, huge_tree=False)
    return etree.fromstring(text.encode("utf-8"), parser)


CHECKSTYLE = {
    "checkstyle": {"version"},
    "file": {"name"},
    "error": {"line", "column", "severity", "message", "source"},
}


def read_checkstyle(text: str) -> dict[str, list[dict[str, str]]]:
    """Errors by file."""
    root = read_xml(text)
    assert root.tag == "checkstyle"
    for element in root.iter():
        assert set(element.keys()) == CHECKSTYLE[str(element.tag)], element.tag
        assert not (element.text or "").strip()
    found: dict[str, list[dict[str, str]]] = {}
    for file in root:
        assert file.tag == "file"
        errors = [dict(error.attrib) for error in file]
        for error in errors:
            assert error["severity"] in ("ignore", "info", "warning", "error")
            assert int(error["line"]) >= 1
            assert int(error["column"]) >= 1
        assert file.attrib["name"] not in found, "a file twice"
        found[file.attrib["name"]] = errors
    return found


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))


def read_junit(text: str) -> JUnitXml:
    junit_schema().assertValid(read_xml(text))
    suites = JUnitXml.fromstring(text.encode("utf-8"))
    stated = (suites.tests, suites.failures, suites.errors)
    suites.update_statistics()
    assert stated == (suites.tests, suites.failures, suites.errors), "numbers that are not those of the tests"
    return suites


# -- JSON ------------------------------------------------------------------------------------------------------------


def read_json(text: str) -> Any:
    value = json.loads(utf8(text))
    own_validator().validate(value)
    return value


@cache
def own_validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((templates_folder() / "schema" / "check.schema.json").read_text("utf-8")))


def closed(schema: Any) -> Any:
    """The schema without room for more: a misspelt name has to be found."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return inner | {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else inner


@cache
def rdjson_validator() -> Draft4Validator:
    return Draft4Validator(closed(json.loads((SCHEMAS / "rdjson.schema.json").read_text("utf-8"))))


def read_rdjson(text: str) -> Any:
    value = json.loads(utf8(text))
    rdjson_validator().validate(value)
    for found in value["diagnostics"]:
        assert found["message"]
        start = found["location"]["range"]["start"]
        assert start["line"] >= 1
        assert start["column"] >= 1
    return value


def replaced(lines: list[str], suggestion: Any) -> list[str]:
    """What a reviewer's click makes of a file's lines: without columns the whole lines of the range are replaced."""
    start, end = suggestion["range"]["start"], suggestion["range"]["end"]
    assert set(start) == set(end) == {"line"}
    new = suggestion["text"].split("\n") if suggestion["text"] else []
    return [*lines[: start["line"] - 1], *new, *lines[end["line"] :]]


@cache
def sarif_validator() -> Draft4Validator:
    return Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text("utf-8")))


URI = re.compile(r"(?!/)(?![^/]*:)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})+")


def read_sarif(text: str) -> Any:
    """The one run."""
    value = json.loads(utf8(text))
    sarif_validator().validate(value)
    (run,) = value["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert not re.search(r"\]\(|\{\d", result["message"]["text"]), "an embedded link or a placeholder"
        for location in result["locations"]:
            artifact = location["physicalLocation"]["artifactLocation"]
            assert URI.fullmatch(artifact["uri"]), artifact
            assert artifact["uriBaseId"] in run["originalUriBaseIds"]
    return run


def read_gitlab(text: str) -> Any:
    found = json.loads(utf8(text))
    assert isinstance(found, list)
    for issue in found:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["description"].strip()
        assert "\n" not in issue["description"]
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert set(issue["location"]) == {"path", "lines"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert issue["location"]["path"]
    assert len({issue["fingerprint"] for issue in found}) == len(found)
    return found


# -- Markdown --------------------------------------------------------------------------------------------------------

PLUGINS = ["table", "url", "strikethrough", "footnotes", "task_lists", "math", "mark", "spoiler"]
OURS = {"h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "p", "ul", "li", "strong", "code", "blockquote", "br"}
OURS |= {"details", "summary", "sub"}


def read_markdown(text: str) -> list[Element]:
    """The page as two renderers make it, HTML let through; only what we write ourselves may be in it."""
    pages = [str(mistune.create_markdown(escape=False, plugins=PLUGINS)(utf8(text))), github_page(text)]
    trees = [dom(page) for page in pages]
    for tree in trees:
        check_page(tree)
    return trees


def github_page(text: str) -> str:
    """By GitHub's own renderer, with its tables, addresses and task lists."""
    return str(cmarkgfm.github_flavored_markdown_to_html(utf8(text), options=Options.CMARK_OPT_UNSAFE))


def check_page(element: Element, in_code: bool = False) -> None:
    for child in element.children:
        if isinstance(child, Element):
            assert child.tag in OURS, f"<{child.tag}> in the page"
            assert list(child.attributes.items()) in ([], [("align", "right")], [("style", "text-align:right")])
            check_page(child, in_code or child.tag == "code")
        elif not in_code:
            assert_nothing_happens(child)


def assert_nothing_happens(text: str) -> None:
    """What GitHub and GitLab make of text once it is a page."""
    found = re.search(r"@[^\W_]|(?<!&)#\d|!\d|\bGH-\d|://|\bwww\.|:\w+:", text)
    assert not found, f"{found} would be acted on in {text!r}"
