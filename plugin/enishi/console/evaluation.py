"""What a person reads on the terminal about an evaluation: figures beside those of a plain vote, bars, one sentence."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.commands.evaluate import (
    Evaluation,
    RelatedFigures,
    advice,
    counted_tags,
    interval_percent,
    percent,
    precision_of,
    remarks,
    setting,
)
from enishi.commands.tags import ADD, MAYBE
from enishi.tags.figures import Interval, TagFigures, Tenth
from enishi.text.plural import counted
from enishi.text.printable import shown

VERSION = 1
_FIRST_TENTH = 1
_BAR = 20
_SHOWN_DOUBTS = 5
_FIGURES = (("nDCG@5", "ndcg"), ("recall@5", "recall"), ("F1@5", "f1"))


def evaluation_values(found: Evaluation) -> dict[str, Any]:
    """An evaluation for machines."""
    return {"version": VERSION, "advice": advice(found), "setting": setting(found), **asdict(found)}


def print_evaluation(found: Evaluation) -> None:
    """All of it; the advice comes last, where it is seen."""
    out = Console(highlight=False)
    parts = f", their tags hidden in {counted(found.folds, 'part')}" if found.tags else ""
    out.print(Text.assemble((counted(found.posts, "post"), "bold"), f", {found.tagged} with tags{parts}"))
    if found.tags is not None:
        out.print(counted_tags(found.tags))
        out.print()
        _print_figures(out, found.tags)
        _print_levels(out, found.tags)
        _print_calibration(out, found.tags)
        _print_doubts(out, found.tags)
    if found.posts:
        _print_related(out, found.related)
    out.print()
    out.print(Text(advice(found), style="bold"))
    if setting(found):
        out.print("For enishi.toml, or as `enishi tags apply --min-confidence`:")
        for line in setting(found).splitlines():
            out.print(Text(f"    {line}", style="cyan"))
    for remark in remarks(found):
        out.print(Text(remark, style="dim"))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    return table


def _print_figures(out: Console, tags: TagFigures) -> None:
    table = _table("Order", "Enishi", "neighbours' vote", "difference")
    for title, name in _FIGURES:
        ours, vote = getattr(tags.ours, name), getattr(tags.vote, name)
        table.add_row(title, _interval(ours), _interval(vote), _difference(tags.gain[name]))
    table.add_row("calibration error", _number(tags.ours.calibration_error), _number(tags.vote.calibration_error), "")
    out.print(table)
    out.print()


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.2f}–{interval.high:.2f})"


def _difference(interval: Interval) -> str:
    return f"{interval.value:+.3f} ({interval.low:+.2f} to {interval.high:+.2f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _print_levels(out: Console, tags: TagFigures) -> None:
    table = _table("From", "right", "of", "tags found", "vote: right", "of", "tags found")
    for ours, vote in zip(tags.ours.levels, tags.vote.levels, strict=True):
        marked = {ADD: " add", MAYBE: " maybe"}.get(ours.confidence, "")
        name = Text.assemble(f"{ours.confidence:.1f}", (marked, "green" if marked == " add" else "yellow"))
        table.add_row(
            name,
            precision_of(ours),
            f"{ours.suggestions:,}",
            percent(ours.recall),
            Text(precision_of(vote), style="dim"),
            Text(f"{vote.suggestions:,}", style="dim"),
            Text(percent(vote.recall), style="dim"),
        )
    out.print(table)
    out.print()


def _print_calibration(out: Console, tags: TagFigures) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Confidence", no_wrap=True)
    table.add_column("right (│: expected)", no_wrap=True)
    for name in ("right", "of", "vote: right", "of"):
        table.add_column(name, justify="right", no_wrap=True)
    pairs = list(zip(tags.ours.tenths, tags.vote.tenths, strict=True))[_FIRST_TENTH:]
    for ours, vote in pairs:
        table.add_row(
            f"{ours.start:.1f}–{ours.end:.1f}",
            _bar(ours),
            interval_percent(ours.precision) if ours.precision else "–",
            f"{ours.suggestions:,}",
            Text(interval_percent(vote.precision) if vote.precision else "–", style="dim"),
            Text(f"{vote.suggestions:,}", style="dim"),
        )
    out.print(table)
    out.print()


def _bar(tenth: Tenth) -> Text:
    """The share that came true as a bar, with a mark at the mean confidence."""
    if tenth.precision is None:
        return Text("·" * _BAR, style="dim")
    filled, said = round(tenth.precision.value * _BAR), min(round(tenth.confidence * _BAR), _BAR - 1)
    bar = Text()
    for place in range(_BAR):
        mark = "│" if place == said else "█" if place < filled else "·"
        bar.append(mark, style="bold" if place == said else "cyan" if place < filled else "dim")
    return bar


def _print_doubts(out: Console, tags: TagFigures) -> None:
    if not tags.doubts:
        return
    out.print("Surest suggestions that the author did not make; some are missing tags:")
    for doubt in tags.doubts[:_SHOWN_DOUBTS]:
        tag = (f"#{shown(doubt.tag)}", "bold")
        out.print(Text.assemble("  ", (f"{doubt.confidence:.2f} ", "cyan"), tag, f"  {shown(doubt.title)}"))
        out.print(Text(f"{'':7}{shown(doubt.path)}", style="dim"), soft_wrap=True)
    out.print()


def _print_related(out: Console, related: RelatedFigures) -> None:
    if not related.ours.at:
        return
    table = _table(f"Related posts, first {related.ours.at}", "Enishi", "nearest alone", "nearest by TF-IDF")
    ways = (related.ours, related.plain, related.text)
    table.add_row("most shown post", *(f"{way.most_shown} times" for way in ways))
    table.add_row("never shown", *(f"{way.never_shown:.1%}" for way in ways))
    out.print(table)
