"""What a person reads on the terminal about encoders: a legend, figures side by side, one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.commands.compare.judging import Score
from enishi.commands.compare.metrics import MIN_LINKING
from enishi.commands.compare.run import Comparison
from enishi.tags.evaluate import MIN_TAGGED
from enishi.text.percent import interval_percent
from enishi.text.plural import counted
from enishi.text.printable import shown

if TYPE_CHECKING:
    from enishi.commands.compare.intervals import Figure
    from enishi.tags.figures import Interval

VERSION = 1
_STYLES = {1: "green", -1: "red", 0: "dim"}
_SURE = 0.05
"""From this p on, a count of verdicts may be chance."""


def comparison_values(comparison: Comparison) -> dict[str, Any]:
    """A comparison for machines."""
    values = asdict(comparison)
    for encoder in values["encoders"]:
        encoder["witness"] = {name: encoder.pop(name) for name in ("knows_tags", "knows_links")}
    sentences = [*conclusions(comparison), *judgements(comparison)]
    return {"version": VERSION, "verdicts": sentences, "remarks": remarks(comparison), **values}


def print_comparison(comparison: Comparison) -> None:
    """All of it; the conclusions come last, where they are seen."""
    out = Console(highlight=False)
    tags, links = comparison.tags, comparison.links
    out.print(Text(counted(comparison.posts, "post"), style="bold") + f", {comparison.tagged} with tags")
    hidden = [f"tags, in {counted(tags.folds, 'part')}"] if tags else []
    if links:
        hidden.append(f"{counted(links.links, 'link')} from {counted(links.sources, 'post')}, all at once")
    if hidden:
        out.print(f"hidden and asked for: {'; '.join(hidden)}")
    out.print()
    legend = [
        (letter, Text(shown(one.name)), str(one.dimensions), _seconds(one.seconds_per_100))
        for letter, one in zip(ascii_uppercase, comparison.encoders, strict=False)
    ]
    _print_table(out, ("", "Encoder", "dim.", "s/100 posts"), legend, wide="Encoder")
    columns: list[tuple[str, Sequence[Figure | None]]] = [("tags: nDCG@5", tags.ndcg)] if tags else []
    if links:
        columns += [("links: recall@5", links.recall), ("links: MRR", links.mrr)]
    if columns:
        _print_table(out, ("", *(name for name, _ in columns)), _figure_rows([figures for _, figures in columns]))
    if comparison.judged:
        judged = [
            (letter, *map(str, (score.pairs, score.wins, score.losses, score.pairs - score.wins - score.losses)))
            for letter, score in zip(ascii_uppercase, comparison.judged, strict=False)
            if score is not None
        ]
        pairs, remaining = comparison.pairs, comparison.open_pairs
        _print_table(out, ("Judged blind against A", "pairs", "won", "lost", "ties"), judged)
        out.print(f"{pairs - remaining} of {counted(pairs, 'pair')} judged; {remaining} remain\n")
    for sentence in (*conclusions(comparison), *judgements(comparison)):
        out.print(Text(shown(sentence), style="bold"))
    for remark in remarks(comparison):
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


def _print_table(out: Console, head: Sequence[str], rows: Sequence[Sequence[Text | str]], wide: str = "") -> None:
    """A table whose column `wide` may be folded; none of the others is."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for name in head:
        table.add_column(name, no_wrap=name != wide, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    out.print()


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 100 else f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}"


def _figure_rows(columns: Sequence[Sequence[Figure | None]]) -> list[list[Text | str]]:
    """The value of every encoder, and below it how far it is from the first."""
    rows: list[list[Text | str]] = []
    for letter, *figures in zip(ascii_uppercase, *columns, strict=False):
        rows.append([letter, *map(_value, figures)])
        if letter != "A":
            rows.append([Text(f"{letter} − A", style="dim"), *map(_difference, figures)])
    return rows


def _value(figure: Figure | None) -> str:
    return f"{_short(figure.of.value)} ({_short(figure.of.low)}–{_short(figure.of.high)})" if figure else "–"


def _difference(figure: Figure | None) -> Text:
    if figure is None or figure.difference is None:
        return Text("–", style="dim")
    difference = figure.difference
    text = f"{_signed(difference.value)} ({_signed(difference.low)} to {_signed(difference.high)})"
    return Text(text, style=_STYLES[figure.verdict])


# --- in words ---------------------------------------------------------------------------------------------------------


def conclusions(comparison: Comparison) -> list[str]:
    """What tags and links say, a sentence for each encoder but the first."""
    return [_conclusion(comparison, place) for place in range(1, len(comparison.encoders))]


def _conclusion(comparison: Comparison, place: int) -> str:
    first, other = comparison.encoders[0].name, comparison.encoders[place].name
    clauses: list[str] = []
    for what, measure, figure in (
        ("tags", "nDCG@5", comparison.tags.ndcg[place] if comparison.tags else None),
        ("links", "recall@5", comparison.links.recall[place] if comparison.links else None),
    ):
        if figure is None or figure.difference is None:
            continue
        by = f"{measure} {_interval(figure.difference)}"
        better = {1: "better", 0: "", -1: "worse"}[figure.verdict]
        if clauses:
            outcome = f"{other} is {better}" if better else "the difference is within noise"
            clauses.append(f"for {what} {outcome} ({by})")
        elif better:
            clauses.append(f"{other} is {better} than {first} for {what} ({by})")
        else:
            clauses.append(f"For {what} the difference between {other} and {first} is within noise ({by})")
    return f"{'; '.join(clauses)}." if clauses else f"This blog cannot say whether {other} is better than {first}."


def judgements(comparison: Comparison) -> list[str]:
    """What people said, a sentence for each encoder but the first; none without verdicts."""
    first = comparison.encoders[0].name
    pairs = zip(comparison.encoders, comparison.judged, strict=False)
    return [_judgement(first, encoder.name, score) for encoder, score in pairs if score is not None]


def _judgement(first: str, other: str, score: Score) -> str:
    if not score.pairs:
        return f"No verdict tells {other} from {first}."
    counts = f"Of {counted(score.pairs, 'pair')} judged blind, {other} won {score.wins} and {first} {score.losses}"
    if score.share is None:
        return f"{counts}: all were ties."
    chance = "p < .001" if score.p < 0.001 else f"p = {_short(score.p)}"
    sure = "" if score.p < _SURE else ", which may be chance"
    return f"{counts} ({interval_percent(score.share)} of those decided; {chance}{sure})."


def remarks(comparison: Comparison) -> list[str]:
    """What to know about the figures, a sentence each."""
    sentences = []
    if comparison.tags is None:
        sentences.append(f"Nothing can be said about tags: {MIN_TAGGED} posts must have some that could be suggested.")
    if comparison.links is None:
        sentences.append(f"Nothing can be said about links: {MIN_LINKING} posts must link to others.")
    for one in comparison.encoders:
        if comparison.tags is not None and one.knows_tags:
            sentences.append(f"The tags are no test of {one.name}, which {one.knows_tags}.")
        if comparison.links is not None and one.knows_links:
            sentences.append(f"The links are no test of {one.name}, which {one.knows_links}.")
    return sentences


def _interval(interval: Interval) -> str:
    """`+.031, .012 to .049`."""
    return f"{_signed(interval.value)}, {_short(interval.low)} to {_short(interval.high)}"


def _signed(value: float) -> str:
    """As :func:`_short`, with a plus sign as well."""
    return ("+" if value >= 0 else "") + _short(value)


def _short(value: float) -> str:
    """Three decimals without the zero before them: `.031`, `−.004`."""
    written = f"{abs(value):.3f}"
    return ("−" if value < 0 and float(written) else "") + written.removeprefix("0")
