"""`text`: for people, at a terminal or in the log of a CI run.

A finding starts with `path:line:column`, which terminals and editors turn into a link.  The reasons stand below it, and
the advice once per post.  No line starts with untrusted text, so none can be a command to the CI service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enishi.errors import Severity
from enishi.findings import CheckReport, Finding
from enishi.reporters.wording import PostFindings, by_post, evidence_of, message_of, percent, summary
from enishi.text.printable import shown, shown_path

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_LABELS = len("    100% sure: ")
"""Width of the column with the labels."""

Piece = tuple[str, str]
"""Text and its style."""


@dataclass(frozen=True, slots=True)
class _Line:
    pieces: Sequence[Piece]
    hang: int = 0
    """Indentation, in cells, of what does not fit on the line."""
    is_whole: bool = False
    """Whether the line is never wrapped: a place to click on, a command to copy."""


def render(report: CheckReport) -> str:
    """Without colour or wrapping."""
    return "".join("".join(text for text, _ in line.pieces) + "\n" for line in _lines(report))


def print_text(report: CheckReport, console: Console | None = None) -> None:
    """The same on `console`, by default standard output; a terminal gets colours and wrapped evidence."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console()
    if not console.is_terminal:
        console.file.write(render(report))
        return
    for line in _lines(report):
        if not line.hang:
            console.print(Text.assemble(*line.pieces), soft_wrap=line.is_whole, highlight=False)
            continue
        label, *rest = line.pieces
        grid = Table.grid(padding=0)
        grid.add_column(width=line.hang, no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(label[0], style=label[1]), Text.assemble(*rest))
        console.print(grid, highlight=False)


def _lines(report: CheckReport) -> Iterator[_Line]:
    for post in by_post(report.findings):
        yield from _lines_of_post(post)
        yield _Line([("", "")])
    for note in report.notes:
        yield _Line([("note: ", "cyan"), (shown(note), "")])
    style = "bold red" if report.failing else "bold"
    yield _Line([(summary(report), style)])


def _lines_of_post(post: PostFindings) -> Iterator[_Line]:
    if post.title:
        yield _Line([("“", "dim"), (post.title, "bold"), ("”", "dim")])
    for finding in post.findings:
        yield _headline(finding)
        yield from _reasons(finding)
    for number, advice in enumerate(post.advice):
        yield _Line([(_label("" if number else "  to do:"), "dim"), (shown(advice), "")], is_whole=True)


def _headline(finding: Finding) -> _Line:
    place = (f"{shown_path(finding.path)}:{finding.line}:{finding.column}", "bold")
    level, message = (finding.level.value, _STYLES[finding.level]), (f": {message_of(finding)} ", "")
    return _Line([place, (": ", ""), level, message, (f"[{shown(finding.code)}]", "dim")], is_whole=True)


def _reasons(finding: Finding) -> Iterator[_Line]:
    """The evidence in a column of its own; the first line is labelled with the confidence."""
    how_sure = "because:" if finding.confidence is None else f"{percent(finding.confidence)} sure:"
    for number, line in enumerate(evidence_of(finding)):
        label = _label("" if number else f"    {how_sure}")
        yield _Line([(label, "dim"), (line, "")], hang=len(label))


def _label(text: str) -> str:
    """A label of fixed width and a mark, so that no line begins with untrusted text."""
    return text.ljust(_LABELS) + "· "
