"""`sarif`: SARIF 2.1.0, for GitHub code scanning, editors and other tools that collect findings."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_from_bytes

from enishi import __version__
from enishi.errors import Severity
from enishi.findings import CODES, DOCS, CheckReport, Finding, docs_address, explain
from enishi.reporters.wording import explanation, replacement, unique_fingerprints
from enishi.text.printable import json_text, shown

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_FINGERPRINT = "enishi/v1"


def render(report: CheckReport) -> str:
    """One run that lists every rule, with or without findings, so that a rule always has the same index."""
    codes = [*CODES, *sorted({finding.code for finding in report.findings} - CODES.keys())]
    names = unique_fingerprints(report.findings)
    notes = [{"level": "note", "message": {"text": _plain(note)}} for note in report.notes]
    run = {
        "tool": {
            "driver": {
                "name": "Enishi",
                "semanticVersion": __version__,
                "informationUri": DOCS,
                "rules": [_rule(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of the repository"}}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [
            _result(finding, name, codes.index(finding.code), report)
            for finding, name in zip(report.findings, names, strict=True)
        ],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> dict[str, Any]:
    what = shown(CODES.get(code, code))
    return {
        "id": shown(code),
        "shortDescription": {"text": what[:1].upper() + what[1:]},
        "helpUri": docs_address(code),
        "help": {"text": explain(code) if code in CODES else what},
        "defaultConfiguration": {"level": "warning"},
    }


def _result(finding: Finding, fingerprint: str, rule: int, report: CheckReport) -> dict[str, Any]:
    artifact = {"uri": _uri(report.in_repository(finding.path)), "uriBaseId": _ROOT}
    region = {"startLine": finding.line, "startColumn": finding.column}
    fields: dict[str, Any] = {
        "ruleId": shown(finding.code),
        "ruleIndex": rule,
        "level": _LEVELS[finding.level],
        "message": {"text": explanation(finding, _plain)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
    }
    if finding.confidence is not None:
        fields["rank"] = round(finding.confidence * 100, 2)
    if fix := _replacement(finding):
        change = {"artifactLocation": artifact, "replacements": [fix]}
        fields["fixes"] = [{"description": {"text": "Change the front matter"}, "artifactChanges": [change]}]
    return fields


def _replacement(finding: Finding) -> dict[str, Any]:
    if (suggestion := replacement(finding)) is None:
        return {}
    first, last, text = suggestion
    if text is None:  # the last line break is deleted, too
        return {"deletedRegion": {"startLine": first, "endLine": last + 1, "endColumn": 1}}
    return {"deletedRegion": {"startLine": first, "endLine": last}, "insertedContent": {"text": text}}


_ACTS = re.compile(r"\](?=\()|\{(?=\d)")


def _plain(text: str) -> str:
    """SARIF reads ``[text](place)`` as a link and ``{0}`` as a placeholder; a zero-width space splits them."""
    return _ACTS.sub("\\g<0>\u200b", shown(text))


def _uri(path: str) -> str:
    """A relative reference; all but plain ASCII is percent-encoded byte by byte, also where it is not UTF-8."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "surrogatepass")
    return quote_from_bytes(raw, safe="/")
