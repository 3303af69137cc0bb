"""What a person reads on the terminal of `enishi init`: the blog, the encoders, the proposals."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from enishi.commands.init.models import Candidate, is_installed
from enishi.commands.init.profile import Profile, language_name
from enishi.commands.init.proposals import NONE
from enishi.commands.init.run import FILE_NAME, InitReport, choose_encoder, write_settings
from enishi.commands.init.settings_file import toml_value
from enishi.console.tags import ask
from enishi.console.terminal import print_diagnostics, print_json
from enishi.generators import label_of
from enishi.text.plural import counted
from enishi.text.printable import shown

VERSION = 1
_LABEL_WIDTH = 11
_OF_SETTINGS = ("settings-ignored", "bad-site-setting", "bad-site-settings")
_SHOWN_LANGUAGES, _LEAST_SHARE = 4, 0.01
_WORTH_STYLES = {"needed": "dim", "better": "green", "unknown": "dim", "worse": "yellow"}


def ask_and_write(report: InitReport, encoder: str, *, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Show the report, ask what is open where somebody can answer, and write the file where there is none.

    Raises:
        OutputError: the file cannot be written.
    """
    may_ask = not (yes or dry_run or as_json) and sys.stdin.isatty()
    if not as_json:
        print_report(report)
    if may_ask and not encoder and not report.file_exists and (answer := ask_encoder(report)):
        report = choose_encoder(report, answer)
    may_write = not dry_run and not report.file_exists
    if may_write and report.shadowed and not yes:
        may_write = may_ask and ask_to_take_over(report)
    written = write_settings(report).as_posix() if may_write else ""
    if as_json:
        print_json(report_values(report, written))
    else:
        print_end(report, written, dry_run=dry_run)


def report_values(report: InitReport, written: str) -> dict[str, Any]:
    """The report for machines; `written` is the file that was written, or empty."""
    return {
        "version": VERSION,
        "blog": asdict(report.profile),
        "encoders": [asdict(candidate) for candidate in report.candidates],
        "settings_in": list(report.sources),
        "proposals": [asdict(proposal) for proposal in report.proposals],
        "file": report.text,
        "written": written,
    }


def print_report(report: InitReport) -> None:
    """The blog, the encoders, and what is proposed."""
    out = Console(highlight=False)
    for label, text in _facts(report.profile, report):
        table = Table.grid(padding=0)
        table.add_column(width=_LABEL_WIDTH, style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row(label, Text(text))
        out.print(table)
    out.print()
    _print_candidates(out, report.candidates)
    out.print()
    _print_proposals(out, report)


# -- the blog --------------------------------------------------------------------------------------------------------


def _facts(blog: Profile, report: InitReport) -> Iterator[tuple[str, str]]:
    others = ", ".join(f"{count} {status}" for status, count in blog.posts.items() if status != "published")
    kind = label_of(blog.generator)
    folders = " and ".join(shown(folder) for folder in blog.folders)
    yield "Posts", f"{blog.total:,}{f' ({others})' if others else ''}, read as {kind}, from {folders}"
    yield "Language", _languages(blog)
    yield "Size", f"{blog.characters:,} characters; half of the posts have {blog.median_characters:,} or more"
    tags = f"{blog.tags:,} on {blog.tagged:,} posts; {blog.used_once:,} of them on one post only"
    yield "Tags", tags if blog.tags else "none"
    linking = f"{counted(blog.linking, 'post')} link to another one ({counted(blog.links, 'link')})"
    yield "Links", linking if blog.linking else "no post links to another one"
    pictured = f"{counted(blog.pictured, 'post')} show one that is" if blog.pictured else "none that is"
    yield "Pictures", f"{pictured} a file of the site"
    existing = f"{counted(len(report.existing), 'setting')} in {report.sources[0]}" if report.sources else "none yet"
    yield "Settings", existing


def _languages(blog: Profile) -> str:
    codes = [code for code in blog.languages if code and blog.share(code) >= _LEAST_SHARE][:_SHOWN_LANGUAGES]
    parts = [f"{language_name(code)} ({blog.languages[code]:,})" for code in codes]
    if rest := blog.total - sum(blog.languages[code] for code in codes):
        parts.append(f"{counted(rest, 'post')} in another one, or too short to tell")
    stated = blog.site_language.casefold().partition("-")[0]
    differs = stated and blog.main_language and stated != blog.main_language.partition("-")[0]
    settings = f"; the generator's settings say {language_name(blog.site_language)}" if differs else ""
    return ", ".join(parts) + settings


# -- the encoders ----------------------------------------------------------------------------------------------------


def _print_candidates(out: Console, candidates: tuple[Candidate, ...]) -> None:
    rows = [("  Encoder", "reads", "size", "here"), *(_row(number, one) for number, one in enumerate(candidates))]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    head, *lines = (
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    out.print(Text(head.rstrip(), style="bold"), no_wrap=True, overflow="ellipsis", crop=True)
    for line, candidate in zip(lines, candidates, strict=True):
        out.print(Text(line.rstrip()), no_wrap=True, overflow="ellipsis", crop=True)
        remarks = "; ".join(filter(None, (candidate.remark, candidate.verdict)))
        out.print(_indented(Text(shown(remarks), style=_WORTH_STYLES[candidate.worth]), 4))
    out.print(_indented(Text("size: to download, once", style="dim"), 2))
    if any(candidate.worth == "unknown" for candidate in candidates):
        out.print(_indented(Text("What a model is worth on this blog: enishi models compare", style="dim"), 2))


def _indented(text: Text, width: int) -> Padding:
    return Padding(text, (0, 0, 0, width), expand=False)


def _row(number: int, candidate: Candidate) -> tuple[str, str, str, str]:
    name = f"{number} {shown(candidate.name.rpartition('/')[2])}" if candidate.name else "  the site encoder"
    size = "–" if candidate.megabytes == 0 else f"{candidate.megabytes} MB" if candidate.megabytes else "?"
    return name, candidate.languages, size, candidate.place or "no"


# -- the proposals ---------------------------------------------------------------------------------------------------


def _print_proposals(out: Console, report: InitReport) -> None:
    for is_active, title in ((True, "Proposed"), (False, "Worth trying")):
        proposals = [proposal for proposal in report.proposals if proposal.is_active == is_active]
        if proposals:
            out.print(Text(title if is_active else f"\n{title}", style="bold"))
        elif is_active:
            out.print(Text("Nothing has to be set: the defaults fit this blog.", style="bold"))
        for proposal in proposals:
            setting = f"  {proposal.name} = {shown(toml_value(proposal.value))}"
            out.print(Text(setting, style="cyan"), soft_wrap=True)
            out.print(_indented(Text(shown(proposal.reason), style="dim"), 6))
    if any(proposal.name == "encoder.model" for proposal in report.proposals) and not is_installed():
        out.print("A pretrained model needs sentence-transformers:")
        out.print(Text('  pip install "enishi[transformers]"', style="cyan"), soft_wrap=True)


def ask_encoder(report: InitReport) -> str:
    """The encoder that the author wants beside the site's own: a name, ``none``, or empty for what is proposed."""
    sys.stderr.write(
        f"\nEncoder beside the site's own: a number, a name, a folder or none [{shown(_model(report) or NONE)}] "
    )
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if answer.isdecimal() and int(answer) < len(report.candidates):
        return report.candidates[int(answer)].name or NONE
    return answer


def ask_to_take_over(report: InitReport) -> bool:
    """Whether settings may move from another file."""
    out = Console(stderr=True, highlight=False)
    out.print(f"{report.shadowed} has settings; they would no longer count beside an {FILE_NAME}")
    return ask(f"Write {FILE_NAME} with the settings of {report.shadowed} taken over?")


def print_end(report: InitReport, written: str, *, dry_run: bool) -> None:
    """What is wrong with the settings, what was written, or why nothing was, and what comes next."""
    _print_diagnostics(report)
    out = Console(highlight=False)
    out.print()
    if dry_run:
        out.print(Text(report.text), end="", soft_wrap=True)
    elif written:
        _print_written(out, report, written)
    elif report.file_exists:
        out.print(
            f"{FILE_NAME} is there already, and was left as it is. --dry-run shows the file that would be written."
        )
    elif report.shadowed:
        out.print(
            f"Nothing was written: {report.shadowed} has settings, which do not count beside an {FILE_NAME}. "
            f"Add what is proposed there, or let --yes write {FILE_NAME} with all of them."
        )


def _print_diagnostics(report: InitReport) -> None:
    """Those about settings; of those about posts, only how many."""
    about_posts = [diagnostic for diagnostic in report.diagnostics if diagnostic.code not in _OF_SETTINGS]
    print_diagnostics([one for one in report.diagnostics if one.code in _OF_SETTINGS], verbose=True)
    if about_posts:
        text = f"{counted(len(about_posts), 'remark')} about posts; enishi build shows them"
        Console(stderr=True, highlight=False).print(Text(text, style="dim"), soft_wrap=True)


def _print_written(out: Console, report: InitReport, written: str) -> None:
    out.print(Text.assemble("Wrote ", (shown(written), "bold"), ": what is proposed, and all else as comments."))
    if report.shadowed:
        out.print(
            f"It takes over {counted(len(report.existing), 'setting')} of {report.shadowed}, where they no longer "
            "count: remove them there."
        )
    model = _model(report)
    chosen = next((candidate for candidate in report.candidates if model and candidate.name == model), None)
    if chosen is not None and not chosen.place:
        size = f" ({chosen.megabytes} MB)" if chosen.megabytes else ""
        out.print(f"The model is not on this machine: the next build fetches it{size}.")
    site = "" if report.site == Path() else f" {shlex.quote(report.site.as_posix())}"
    out.print(Text.assemble("Next: ", (shown(f"enishi build{site}"), "cyan")), soft_wrap=True)


def _model(report: InitReport) -> str:
    """The model that is set if nobody says anything else, or empty."""
    return next((one.value for one in report.proposals if one.name == "encoder.model" and one.is_active), "")
