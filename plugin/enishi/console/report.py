"""Writes the page of a report, and says on the terminal where it lies and what to do next."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console
from rich.text import Text

from enishi.commands.report.run import Report
from enishi.console.page import write_page
from enishi.console.report_page import render_report_page
from enishi.errors import OutputError
from enishi.files import replace_file
from enishi.state import STATE_FOLDER
from enishi.text.plural import counted
from enishi.text.printable import shown
from enishi.writing.output import ignore_in_git

PAGE, PUBLIC_PAGE = "report.html", "report-public.html"
"""Two names, so that nobody publishes the one for the other."""
SHOWN_STEPS = 3


def write_report(report: Report, site: Path, output: Path | None) -> Path:
    """Write the page, by default in the site's own folder, and return its place.

    Raises:
        OutputError: the file system refuses, or a link stands in the default place.
    """
    page = render_report_page(report.values)
    if output is not None:
        write_page(output, page, "--output")
        return output
    folder = site / STATE_FOLDER
    try:
        folder.mkdir(exist_ok=True)
        ignore_in_git(folder)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}. Name another place with --output") from None
    file = folder / (PUBLIC_PAGE if report.values["public"] else PAGE)
    replace_file(file, page)
    return file


def print_report(report: Report, site: Path, page: Path) -> None:
    """Where the page lies, and the steps that help most readers."""
    out, summary = Console(highlight=False, soft_wrap=True), report.values["summary"]
    about = ", ".join(counted(summary[f"{noun}s"], noun) for noun in ("post", "tag", "topic"))
    out.print(Text.assemble(f"{about}: ", (shown(str(page)), "bold")))
    steps = report.values.get("next", ())[:SHOWN_STEPS]
    for step in steps:
        out.print(Text.assemble(f"{step['what']}  ", (shown(step["command"]), "cyan")))
    if steps and os.path.realpath(site) != os.path.realpath(Path()):
        out.print(Text("The commands are for the blog's folder.", style="dim"))
    if report.problem:
        out.print(Text(f"the build could not be kept: {shown(report.problem)}", style="yellow"))
