"""What a person reads on the terminal of `enishi init`: the blog, the encoders, the proposals."""

from __future__ import annotations

import posixpath
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from enishi.commands.init.changes import write_changes
from enishi.commands.init.models import Candidate, is_installed
from enishi.commands.init.profile import Profile, language_name
from enishi.commands.init.run import FILE_NAME, InitReport, write_settings
from enishi.commands.init.settings_file import toml_value
from enishi.console.terminal import print_diagnostics, print_json, told_weight
from enishi.findings import REPOSITORY
from enishi.generators import label_of
from enishi.text.plural import counted
from enishi.text.printable import shell_word, shown

VERSION = 1
_OF_SETTINGS = ("settings-ignored", "bad-site-setting", "bad-site-settings")
_SHOWN_NAMES = 6
_SHOWN_LANGUAGES, _LEAST_SHARE = 4, 0.01
_WORTH_STYLES = {"needed": "dim", "better": "green", "unknown": "dim", "worse": "yellow"}


def print_and_write(report: InitReport, *, dry_run: bool, as_json: bool, yes: bool) -> None:
    """Show the report, write the file where there are no settings yet, and the site's own files if that is wanted.

    Raises:
        OutputError: a file cannot be written.
    """
    may_write = not dry_run and not report.in_the_way
    if not as_json:
        print_report(report)
    is_wanted = bool(report.changes) and not dry_run and (yes or (not as_json and _asks()))
    written = write_settings(report).as_posix() if may_write else ""
    if is_wanted:
        write_changes(report.site, report.changes)
    if as_json:
        print_json(report_values(report, written, is_changed=is_wanted))
    else:
        _print_end(report, written, dry_run=dry_run, is_changed=is_wanted)


def _asks() -> bool:
    """Whether the author agrees; nobody does where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return Confirm.ask("Write these changes?", default=False)


def report_values(report: InitReport, written: str, *, is_changed: bool) -> dict[str, Any]:
    """The report for machines; `written` is the file that was written, or empty."""
    setup = report.setup
    return {
        "version": VERSION,
        "blog": asdict(report.profile),
        "encoders": [asdict(candidate) for candidate in report.candidates],
        "settings_in": report.source,
        "weight": asdict(report.chosen) if report.chosen is not None else None,
        "proposals": [asdict(proposal) for proposal in report.proposals],
        "file": report.text,
        "written": written,
        "setup": {
            "page": setup.page,
            "installs": list(setup.installs),
            "changes": [{"path": one.path, "why": one.why, "diff": one.diff} for one in report.changes],
            "is_changed": is_changed,
            "by_hand": list(setup.by_hand),
            "run": _commands(report),
        },
    }


def print_report(report: InitReport) -> None:
    """The blog, the encoders, and what is proposed."""
    out = Console(highlight=False)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in _facts(report.profile, report):
        table.add_row(label, Text(text))
    out.print(table)
    out.print(Text("\nEncoders", style="bold"))
    for candidate in report.candidates:
        out.print(_indented(Text(_described(candidate)), 2))
        remarks = "; ".join(filter(None, (candidate.remark, candidate.verdict)))
        out.print(_indented(Text(shown(remarks), style=_WORTH_STYLES[candidate.worth]), 6))
    out.print(_indented(Text("What a model is worth on this blog: enishi models compare", style="dim"), 2))
    out.print()
    _print_proposals(out, report)
    _print_changes(out, report)


# -- the blog --------------------------------------------------------------------------------------------------------


def _facts(blog: Profile, report: InitReport) -> Iterator[tuple[str, str]]:
    others = ", ".join(f"{count} {status}" for status, count in blog.posts.items() if status != "published")
    kind = label_of(blog.generator)
    folders = " and ".join(shown(folder) for folder in blog.folders)
    yield "Posts", f"{blog.total:,}{f' ({others})' if others else ''}, read as {kind}, from {folders}"
    yield "Language", _languages(blog)
    tags = f"{blog.tags:,} on {blog.tagged:,} posts; {blog.used_once:,} of them on one post only"
    yield "Tags", tags if blog.tags else "none"
    existing = f"{counted(len(report.existing), 'setting')} in {report.source}" if report.source else "none yet"
    yield "Settings", existing
    if report.chosen is not None:
        yield "Model", told_weight(report.chosen)


def _languages(blog: Profile) -> str:
    codes = [code for code in blog.languages if code and blog.share(code) >= _LEAST_SHARE][:_SHOWN_LANGUAGES]
    parts = [f"{language_name(code)} ({blog.languages[code]:,})" for code in codes]
    if rest := blog.total - sum(blog.languages[code] for code in codes):
        parts.append(f"{counted(rest, 'post')} in another one, or too short to tell")
    stated = blog.site_language.casefold().partition("-")[0]
    differs = stated and blog.main_language and stated != blog.main_language.partition("-")[0]
    settings = f"; the generator's settings say {language_name(blog.site_language)}" if differs else ""
    return ", ".join(parts) + settings


def _indented(text: Text, width: int) -> Padding:
    return Padding(text, (0, 0, 0, width), expand=False)


def _described(candidate: Candidate) -> str:
    """`intfloat/multilingual-e5-small: reads 94 languages; 493 MB to download, once`."""
    name = shown(candidate.name) if candidate.name else "the site encoder"
    size = f"{candidate.megabytes} MB to download, once" if candidate.megabytes else "not on this machine"
    return f"{name}: reads {candidate.languages}; {'on this machine' if candidate.place else size}"


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
        out.print("A pretrained model needs a library that runs it:")
        out.print(Text('  pip install "enishi[onnx]"', style="cyan"), soft_wrap=True)


_DIFF_STYLES = {"+": "green", "-": "red"}


def _print_changes(out: Console, report: InitReport) -> None:
    """What showing the lists changes in the site's own files."""
    if report.changes:
        out.print(Text("\nTo show the lists", style="bold"))
    ours = Counter(change.why for change in report.changes if change.is_ours)
    for why, count in ours.items():
        folder = posixpath.commonpath(
            [change.path for change in report.changes if change.is_ours and change.why == why]
        )
        out.print(_indented(Text(f"{shown(folder)}/: {shown(why)}, {counted(count, 'file')} that come with Enishi"), 2))
    for change in (change for change in report.changes if not change.is_ours):
        out.print(_indented(Text(f"{shown(change.path)}: {shown(change.why)}"), 2))
        for line in change.diff.splitlines()[2:]:
            if line.startswith("@@"):
                continue
            line = line.expandtabs(4)
            indent = line[1:].removesuffix(line[1:].lstrip(" "))
            text = f"    {line[:1]}{indent}{shown(line[1:])}"
            out.print(Text(text, style=_DIFF_STYLES.get(line[:1], "")), soft_wrap=True)


def _commands(report: InitReport) -> list[str]:
    """What to run, in order, from the site's folder."""
    public = shell_word(report.setup.public)
    return [*report.setup.run, *([f"enishi verify {public}"] if report.setup.public else [])]


def _print_steps(out: Console, report: InitReport, *, is_changed: bool) -> None:
    """What is still to be done, as a list of steps."""
    if report.changes and not is_changed:
        count = counted(len(report.changes), "file")
        out.print(f"The changes of {count} were not written; `enishi init --yes` writes them.")
    out.print(Text(f"Next, in {shown(report.site.as_posix())}:" if report.site != Path() else "Next:"), soft_wrap=True)
    for command in report.setup.installs:
        out.print(Text(f"  {shown(command)}", style="cyan"), soft_wrap=True)
    for step in report.setup.by_hand:
        out.print(_indented(Text(shown(step)), 2))
    for command in _commands(report):
        out.print(Text(f"  {shown(command)}", style="cyan"), soft_wrap=True)
    if report.setup.installs or report.setup.by_hand or report.changes:
        out.print(Text(f"More: {REPOSITORY}/{report.setup.page}", style="dim"), soft_wrap=True)


def _print_end(report: InitReport, written: str, *, dry_run: bool, is_changed: bool) -> None:
    """What is wrong with the settings, what was written, or why nothing was, and what comes next."""
    about_settings = [diagnostic for diagnostic in report.diagnostics if diagnostic.code in _OF_SETTINGS]
    print_diagnostics(about_settings, verbose=True)
    if others := len(report.diagnostics) - len(about_settings):
        text = f"{counted(others, 'remark')} about posts; enishi build shows them"
        Console(stderr=True, highlight=False).print(Text(text, style="dim"), soft_wrap=True)
    out = Console(highlight=False)
    out.print()
    if dry_run:
        _print_steps(out, report, is_changed=False)
        out.print()
        out.print(Text(report.text), end="", soft_wrap=True)
        return
    if written:
        out.print(Text.assemble("Wrote ", (shown(written), "bold"), ": what is proposed, and all else as comments."))
        models = (one.value for one in report.proposals if one.name == "encoder.model" and one.is_active)
        chosen = next((one for model in models for one in report.candidates if one.name == model), None)
        if chosen is not None and not chosen.place:
            size = f" ({chosen.megabytes} MB)" if chosen.megabytes else ""
            out.print(f"The model is not on this machine: the next build fetches it{size}.")
    elif any(proposal.is_active for proposal in report.proposals):
        out.print(
            f"Nothing was written: {report.in_the_way} was left as it is. Add what is proposed there; --dry-run shows "
            f"an {FILE_NAME} with everything."
        )
    elif not is_changed:
        out.print(f"{report.in_the_way} was left as it is; --dry-run shows an {FILE_NAME} with everything.")
    if is_changed:
        names = [shown(change.path) for change in report.changes]
        rest = f" and {counted(len(names) - _SHOWN_NAMES, 'other file')}" if len(names) > _SHOWN_NAMES else ""
        out.print(Text(f"Changed {', '.join(names[:_SHOWN_NAMES])}{rest}."), soft_wrap=True)
    _print_steps(out, report, is_changed=is_changed)
