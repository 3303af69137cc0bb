"""What a person reads on the terminal about encoders: a legend, figures side by side, one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.commands.compare.run import Comparison, judgements, remarks, short, signed, verdicts
from enishi.text.percent import percent
from enishi.text.plural import counted
from enishi.text.printable import shown

if TYPE_CHECKING:
    from enishi.commands.compare.intervals import Figure

VERSION = 1
_STYLES = {1: "green", -1: "red", 0: ""}


def comparison_values(found: Comparison) -> dict[str, Any]:
    """A comparison for machines."""
    told = {"verdicts": [*verdicts(found), *judgements(found)], "remarks": remarks(found)}
    return {"version": VERSION, **told, **asdict(found)}


def print_comparison(found: Comparison) -> None:
    """All of it; what it comes to stands last, where it is seen."""
    out = Console(highlight=False)
    out.print(Text.assemble((counted(found.posts, "post"), "bold"), f", {found.tagged} with tags"))
    if hidden := _hidden(found):
        out.print(f"hidden and asked for: {hidden}")
    out.print()
    _print_legend(out, found)
    _print_figures(out, found)
    _print_agreement(out, found)
    _print_judged(out, found)
    for sentence in (*verdicts(found), *judgements(found)):
        out.print(Text(shown(sentence), style="bold"))
    for remark in remarks(found):
        out.print(Text(shown(remark), style="dim"))


def print_page_written(file: str, asked: int, left: int) -> None:
    """Where the judging page is, and what to do with it."""
    out = Console(highlight=False)
    out.print()
    if not asked:
        out.print("every pair on which they disagree has been judged; the page has nothing to ask")
        return
    more = f" (of {left} not judged yet; the next page asks more)" if left > asked else ""
    out.print(Text(f"{counted(asked, 'pair')} to judge{more}: {shown(file)}"), soft_wrap=True)
    out.print("open it in a browser, save the verdicts, and name them with --verdicts next time")


def _hidden(found: Comparison) -> str:
    told = []
    if found.tags is not None:
        told.append(f"tags, in {counted(found.tags.folds, 'part')}")
    if found.links is not None:
        told.append(f"{counted(found.links.links, 'link')} from {counted(found.links.sources, 'post')}, all at once")
    return "; ".join(told)


def _print_legend(out: Console, found: Comparison) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("", style="bold")
    table.add_column("Encoder", overflow="fold")
    for name in ("dim.", "s/100 posts", "loading", "most shown", "never"):
        table.add_column(name, justify="right", no_wrap=True)
    for letter, one in zip(ascii_uppercase, found.encoders, strict=False):
        table.add_row(
            letter,
            Text(shown(one.name)),
            str(one.dimensions),
            _seconds(one.seconds_per_100),
            f"{one.loading:.1f} s",
            f"{one.reach.most_shown}×",
            f"{one.reach.never_shown:.1%}",
        )
    out.print(table)
    out.print()


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 100 else f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}"


def _print_figures(out: Console, found: Comparison) -> None:
    columns: list[tuple[str, Sequence[Figure | None]]] = []
    if found.tags is not None:
        columns.append(("tags: nDCG@5", found.tags.ndcg))
    if found.links is not None:
        columns += [("links: recall@5", found.links.recall), ("links: MRR", found.links.mrr)]
    _print_table(out, columns)
    if found.suggester:
        _print_table(out, [("tags, by the whole suggester: nDCG@5", found.suggester)])


def _print_table(out: Console, columns: Sequence[tuple[str, Sequence[Figure | None]]]) -> None:
    """The value of every encoder, and below it how far it is from the first."""
    if not columns:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("", style="bold", no_wrap=True)
    for name, _ in columns:
        table.add_column(name, no_wrap=True)
    for place in range(len(columns[0][1])):
        letter = ascii_uppercase[place]
        table.add_row(letter, *(_value(figures[place]) for _, figures in columns))
        if place:
            table.add_row(Text(f"{letter} − A", style="dim"), *(_difference(figures[place]) for _, figures in columns))
    out.print(table)
    out.print()


def _value(figure: Figure | None) -> Text:
    if figure is None:
        return Text("–", style="dim")
    return Text(f"{short(figure.of.value)} ({short(figure.of.low)}–{short(figure.of.high)})")


def _difference(figure: Figure | None) -> Text:
    if figure is None or figure.difference is None:
        return Text("–", style="dim")
    between = figure.difference
    told = f"{signed(between.value)} ({signed(between.low)} to {signed(between.high)})"
    return Text(told, style=_STYLES[figure.verdict] or "dim")


def _print_agreement(out: Console, found: Comparison) -> None:
    letters = ascii_uppercase[: len(found.encoders)]
    if len(letters) == 2:
        out.print(f"A and B have {percent(found.agreement[0][1])} of the five nearest posts in common")
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        table.add_column("Of the five nearest in common", no_wrap=True)
        for letter in letters[1:]:
            table.add_column(letter, justify="right", no_wrap=True)
        for row, letter in enumerate(letters[:-1]):
            shares = found.agreement[row]
            table.add_row(letter, *(percent(shares[place]) if place > row else "" for place in range(1, len(letters))))
        out.print(table)
    out.print()


def _print_judged(out: Console, found: Comparison) -> None:
    if not found.judged:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Judged blind against A", no_wrap=True)
    for name in ("pairs", "won", "lost", "both fit", "neither", "divided"):
        table.add_column(name, justify="right", no_wrap=True)
    for letter, judged in zip(ascii_uppercase, found.judged, strict=False):
        if judged is not None:
            count = (judged.pairs, judged.wins, judged.losses, judged.both, judged.neither, judged.divided)
            table.add_row(letter, *map(str, count))
    out.print(table)
    out.print(f"{found.pairs - found.open_pairs} of {counted(found.pairs, 'pair')} judged; {found.open_pairs} remain")
    out.print()
