"""What a check found, in the formats that people, review tools and CI services read.

Every format is a pure function of the report: the same findings give the same text, and each stands in a module of its
own that is loaded when the format is asked for.

All text in a report may be a stranger's, so each format writes it with its own escapes, and what could deceive a
reader (control characters, changes of the writing direction) shows as an escape (see :mod:`enishi.text.printable`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from enishi.findings import CheckReport

Reporter = Callable[[CheckReport], str]


def _text(report: CheckReport) -> str:
    from enishi.reporters.text import report_text

    return report_text(report)


def _json(report: CheckReport) -> str:
    from enishi.reporters.json import report_json

    return report_json(report)


def _github(report: CheckReport) -> str:
    from enishi.reporters.github import report_github

    return report_github(report)


def _checkstyle(report: CheckReport) -> str:
    from enishi.reporters.checkstyle import report_checkstyle

    return report_checkstyle(report)


def _rdjson(report: CheckReport) -> str:
    from enishi.reporters.rdjson import report_rdjson

    return report_rdjson(report)


def _sarif(report: CheckReport) -> str:
    from enishi.reporters.sarif import report_sarif

    return report_sarif(report)


def _gitlab(report: CheckReport) -> str:
    from enishi.reporters.gitlab import report_gitlab

    return report_gitlab(report)


def _junit(report: CheckReport) -> str:
    from enishi.reporters.junit import report_junit

    return report_junit(report)


def _markdown(report: CheckReport) -> str:
    from enishi.reporters.markdown import report_markdown

    return report_markdown(report)


def _diff(report: CheckReport) -> str:
    from enishi.reporters.diff import report_diff

    return report_diff(report)


FORMATS: Mapping[str, Reporter] = MappingProxyType(
    {
        "text": _text,
        "json": _json,
        "github": _github,
        "checkstyle": _checkstyle,
        "rdjson": _rdjson,
        "sarif": _sarif,
        "gitlab": _gitlab,
        "junit": _junit,
        "markdown": _markdown,
        "diff": _diff,
    }
)
"""Every format by its name, in the order in which help lists them."""


def as_bytes(text: str) -> bytes:
    """A report as it is written to a file or a pipe.

    UTF-8.  Only a patch may hold bytes that are none, from a post that is written in another encoding: they are carried
    along as lone surrogates and come out as they were.
    """
    return text.encode("utf-8", "surrogateescape")
