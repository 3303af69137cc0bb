"""What a person reads on the terminal: progress, summaries and tables.

Everything of the author's that is printed goes through :func:`enishi.text.printable.shown`: control characters in a
title could otherwise write over the terminal, and changes of the writing direction could turn a name round.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.config import DEFAULT_WEIGHT
from enishi.errors import Diagnostic, Severity
from enishi.generators import label_of
from enishi.text.plural import ago, counted
from enishi.text.printable import json_text, shown

if TYPE_CHECKING:
    from enishi.commands.ask import Explanation, Hit
    from enishi.encoders.weight import ChosenWeight
    from enishi.pipeline import BuildReport

_SHOWN_DIAGNOSTICS = 20
_SHOWN_RELATED = 3
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


_REFRESH_SECONDS = 0.1


@contextmanager
def progress(silent: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error while something takes long; nothing where nobody watches."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # No thread of its own: reading forks, and a fork has to find one thread only.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bars:
        task = bars.add_task("", total=None)
        shown_at = 0.0

        def tell(what: str, done: int, total: int) -> None:
            nonlocal task, shown_at
            if what != bars.tasks[0].description or not total:  # its own clock: other steps do not tell the time left
                bars.remove_task(task)
                task = bars.add_task(what, total=total or None)
                shown_at = 0.0
            bars.update(task, completed=done, total=total or None)
            now = monotonic()
            if not total or done == total or now - shown_at >= _REFRESH_SECONDS:
                shown_at = now
                bars.refresh()

        yield tell


def print_json(value: Any) -> None:
    """For machines: one JSON value, UTF-8, two blanks an indent."""
    sys.stdout.write(json_text(value))


# -- build -----------------------------------------------------------------------------------------------------------


def build_values(report: BuildReport) -> dict[str, Any]:
    """The summary of a build for machines."""
    from dataclasses import asdict

    counts = {name: len(getattr(report.written, name)) for name in ("written", "unchanged", "removed", "kept")}
    return {
        "version": 1,
        "folder": report.folder.as_posix(),
        "is_unchanged": report.is_unchanged,
        **asdict(report.summary),
        "addresses_told_at": report.told_at.isoformat(timespec="seconds") if report.told_at else None,
        "files": counts,
        "diagnostics": [
            {"path": d.path, "line": d.line, "code": d.code, "severity": d.severity.value, "message": d.message}
            for d in report.diagnostics
        ],
    }


def print_build(report: BuildReport, show: int, verbose: bool) -> None:
    """What was found, what was written, and what is wrong with which post."""
    out, summary = Console(highlight=False, soft_wrap=True), report.summary
    if show and summary.posts:
        _print_newest(report, show)
    total = sum(summary.posts.values())
    if not total:
        _print_no_posts(out, report)
        print_diagnostics(report.diagnostics, verbose)
        return
    others = ", ".join(f"{count} {status}" for status, count in summary.posts.items() if status != "published")
    kind = label_of(summary.generator)
    out.print(
        Text.assemble((f"{counted(total, 'post')}", "bold"), f"{f' ({others})' if others else ''}, read as {kind}")
    )
    if summary.listed:
        mean = summary.entries / summary.listed
        out.print(
            f"{summary.listed} have related posts, {mean:.1f} each, of at least {summary.min_score:.2f} similarity"
        )
    else:
        out.print("none has related posts: there is no other, or none is nearer than chance pairs of this blog are")
    if summary.tags:
        found = counted(summary.suggestions, "missing tag") if summary.suggestions else "no missing tags"
        kinds = f"{counted(summary.tags, 'tag')}; {counted(summary.topics, 'topic')}"
        out.print(f"{found} suggested from {kinds}: see `enishi tags suggest`, `enishi topics`")
    _print_addresses(out, report)
    if summary.data_file:
        out.print(f"{shown(summary.data_file)} has {_size(summary.data_file_bytes)}, for the generator's templates")
    _print_files(out, report)
    print_diagnostics(report.diagnostics, verbose)


def _print_addresses(out: Console, report: BuildReport) -> None:
    """Whose the addresses are, unless the generator has just told all of them."""
    guessed = report.summary.guessed_addresses
    guesses = "1 address is a guess" if guessed == 1 else f"{guessed} addresses are guesses"
    if report.told_at is not None:
        rest = f"; {guesses}" if guessed else ""
        age = ago((datetime.now(UTC) - report.told_at).total_seconds())
        out.print(f"addresses are those that the generator told {age}{rest}")
    elif guessed == report.summary.posts.get("published"):
        templates = "templates find the page of each path themselves"  # where they read the data file
        out.print(
            f"addresses are guesses: {templates if report.summary.data_file else 'only the generator knows them'}"
        )
    elif guessed:
        out.print(f"{guesses}, as the generator did not tell more")


def _size(count: int) -> str:
    """A number of bytes: "812 kB", "4.1 MB"."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def print_how_to_show(what: str) -> None:
    """What is still to be done with what was built; nothing where the finished site is known to show it."""
    if what:
        Console(highlight=False, soft_wrap=True, markup=False).print(what)


def _print_no_posts(out: Console, report: BuildReport) -> None:
    """Files were found, or the build would have ended; statistics of none of them would be silly."""
    kind = f"this {label_of(report.summary.generator).split(maxsplit=1)[1]}"
    out.print(f"no posts: what {kind} holds is left out (setting `exclude`), passed over, or cannot be read")
    _print_files(out, report)


def _print_files(out: Console, report: BuildReport) -> None:
    written = report.written
    folder = shown(report.folder.as_posix())
    if report.is_unchanged:
        out.print(f"nothing has changed since the last build of {folder}")
        return
    parts = [f"{counted(len(written.written), 'file')} written to {folder}"]
    parts += [f"{len(written.unchanged)} unchanged"] if written.unchanged else []
    parts += [f"{len(written.removed)} removed"] if written.removed else []
    out.print(", ".join(parts))


def _print_newest(report: BuildReport, show: int) -> None:
    from enishi.commands.ask import NoBuildError, written_posts

    try:
        posts = written_posts(report.folder)
    except NoBuildError:  # somebody else's file stands where related.json should be: a diagnostic says so
        return
    newest = sorted(posts.items(), key=lambda item: (item[1].get("date", ""), item[0]), reverse=True)[:show]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Post", ratio=2, overflow="fold")
    table.add_column("Related posts", ratio=3, overflow="fold")
    table.add_column("Why", ratio=2, overflow="fold", style="dim")
    for path, post in newest:
        title = shown(str(post["title"]) or path)
        status = post.get("status", "")
        name = Text.assemble((title, "bold"), f" ({status})" if status else "")
        entries = post["related"][:_SHOWN_RELATED]
        if not entries:
            table.add_row(name, Text("none", style="dim"), "")
        for place, entry in enumerate(entries):
            table.add_row(
                name if place == 0 else "",
                Text.assemble((f"{entry['score']:.2f} ", "cyan"), shown(entry["title"])),
                _reasons(entry),
                end_section=place == len(entries) - 1,
            )
    out = Console(highlight=False)
    out.print(table)
    if len(posts) > len(newest):
        out.print(Text(f"… and {len(posts) - len(newest)} older posts (--show {len(posts)} for all)", style="dim"))
    out.print()


def _reasons(entry: Mapping[str, Any]) -> Text:
    kind = "" if entry["kind"] == "similar" else f"{entry['kind']} "
    tags = " ".join(f"#{shown(tag)}" for tag in entry.get("shared_tags", ()))
    terms = ", ".join(map(shown, entry.get("shared_terms", ())))
    return Text(" ".join(filter(None, [kind + tags, terms])).strip())


def print_diagnostics(diagnostics: Sequence[Diagnostic], verbose: bool) -> None:
    """One line each, the gravest first, on standard error: `path:line: severity: message [code]`."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    gravest = sorted(diagnostics, key=lambda d: (list(_STYLES).index(d.severity), d))
    told = gravest if verbose else gravest[:_SHOWN_DIAGNOSTICS]
    for diagnostic in told:
        place = f"{diagnostic.path}:{diagnostic.line}" if diagnostic.line else diagnostic.path
        out.print(
            Text.assemble(
                (shown(place), "bold"),
                ": ",
                (diagnostic.severity.value, _STYLES[diagnostic.severity]),
                f": {shown(diagnostic.message)} ",
                (f"[{diagnostic.code}]", "dim"),
            )
        )
    if len(told) < len(gravest):
        counts = Counter(diagnostic.code for diagnostic in gravest[len(told) :])
        rest = ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
        out.print(f"… and {len(gravest) - len(told)} more ({rest}); --verbose shows all")


# -- questions -------------------------------------------------------------------------------------------------------


def print_related(path: str, post: Mapping[str, Any]) -> None:
    """A post's list, with its reasons."""
    out = Console(highlight=False)
    out.print(Text.assemble((shown(str(post["title"]) or path), "bold"), f"  {shown(path)}"))
    if not post["related"]:
        out.print("no related posts: none is nearer than chance pairs of this blog are. `enishi explain` says more")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, style in (("", "cyan"), ("Related post", ""), ("Why", "dim")):
        table.add_column(name, style=style, overflow="fold")
    for entry in post["related"]:
        named = Text.assemble(shown(entry["title"]), "\n", (shown(entry["path"]), "dim"))
        table.add_row(f"{entry['score']:.2f}", named, _reasons(entry))
    out.print(table)


def print_hits(text: str, hits: Sequence[Hit]) -> None:
    """The posts near some words."""
    out = Console(highlight=False)
    if not hits:
        out.print(f"the blog knows none of these words: {shown(text)}")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="cyan")
    table.add_column(overflow="fold")
    for hit in hits:
        status = f" ({hit.status})" if hit.status else ""
        table.add_row(f"{hit.score:.2f}", Text.assemble(shown(hit.title) + status, "\n", (shown(hit.path), "dim")))
    out.print(table)


def print_explanation(found: Explanation) -> None:
    """Why two posts are, or are not, related."""
    out = Console(highlight=False, soft_wrap=True, markup=False)
    out.print(Text.assemble((shown(found.post), "bold"), " and ", (shown(found.other), "bold")))
    by_chance = f"pairs of this blog reach {found.min_score:.2f} by chance"
    out.print(f"similarity   {found.score:.4f} ({by_chance})")
    if len(found.parts) > 1:
        shares = ", ".join(f"{label} {share:+.2f}" for label, share in found.parts)
        out.print(f"of which     {shares}")
    if found.chosen is not None:
        out.print(f"model        {told_weight(found.chosen)}")
    out.print(f"the second   is {found.places[0]} (in the list of the first)")
    out.print(f"the first    is {found.places[1]} (in the list of the second)")
    out.print(f"shared tags  {', '.join(map(shown, found.shared_tags)) or 'none'}")
    terms = ", ".join(f"{shown(term)} ({weight:.1f})" for term, weight in found.shared_terms)
    out.print(f"shared terms {terms or 'none that few other posts have'}")
    if found.links:
        out.print("links        one links to the other")
    for number, pair in enumerate(found.passages):
        out.print(f"{'passages' if not number else '':12} {pair.score:.2f}  {_excerpt(pair.first)}")
        out.print(f"{'':18}~ {_excerpt(pair.second)}")


def told_weight(chosen: ChosenWeight) -> str:
    """How much the model counts, and who chose that."""
    asked = ((chosen.linking, "posts that link"), (chosen.tagged, "posts with tags"))
    told = " and ".join(f"{count:,} {posts}" for count, posts in asked if count)
    if not told:
        return f"weight {chosen.weight:g}, the default: the blog has too few links and tags to choose another one"
    if not chosen.gain:
        return f"weight {chosen.weight:g}, the default: {told} speak for no other one"
    return f"weight {chosen.weight:g}, chosen by {told} (nDCG {chosen.gain:+.3f} against {DEFAULT_WEIGHT:g})"


_EXCERPT = 90


def _excerpt(passage: str) -> str:
    """The beginning of a passage without its title, in one line."""
    text = " ".join((passage.partition("\n")[2] or passage).split())
    return shown(text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…")
