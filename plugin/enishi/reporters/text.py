"""`text`: for people, at a terminal or in the log of a CI run.

A finding starts with `path:line:column`, which terminals and editors turn into a link.  The reasons stand below it, and
the advice once per post.  No line starts with untrusted text, so none can be a command to the CI service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from enishi.errors import Severity
from enishi.findings import CheckReport, Finding
from enishi.reporters.wording import by_post, evidence_of, message_of, percent, summary
from enishi.text.printable import shown, shown_path

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_LABELS = len("    100% sure: ")
"""Width of the column with the labels."""

Piece = tuple[str, str]
"""Text and its style."""
Line = Sequence[Piece]


def render(report: CheckReport) -> str:
    """Without colour."""
    return "".join("".join(text for text, _ in line) + "\n" for line in _lines(report))


def print_text(report: CheckReport, console: Console | None = None) -> None:
    """The same on `console`, by default standard output, with colours where it is a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    for line in _lines(report):
        console.print(Text.assemble(*line), soft_wrap=True, highlight=False)


def _lines(report: CheckReport) -> Iterator[Line]:
    for post in by_post(report.findings):
        if post.title:
            yield [("“", "dim"), (post.title, "bold"), ("”", "dim")]
        for finding in post.findings:
            yield _headline(finding)
            how_sure = "because:" if finding.confidence is None else f"{percent(finding.confidence)} sure:"
            yield from _labelled(f"    {how_sure}", evidence_of(finding))
        yield from _labelled("  to do:", map(shown, post.advice))
        yield []
    yield from ([("note: ", "cyan"), (shown(note), "")] for note in report.notes)
    yield [(summary(report), "bold red" if report.failing else "bold")]


def _headline(finding: Finding) -> Line:
    place = (f"{shown_path(finding.path)}:{finding.line}:{finding.column}", "bold")
    level, message = (finding.level.value, _STYLES[finding.level]), (f": {message_of(finding)} ", "")
    return [place, (": ", ""), level, message, (f"[{shown(finding.code)}]", "dim")]


def _labelled(label: str, texts: Iterable[str]) -> Iterator[Line]:
    """The first line bears the label, each a mark: no line begins with untrusted text."""
    for number, text in enumerate(texts):
        yield [(("" if number else label).ljust(_LABELS) + "· ", "dim"), (text, "")]
