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
from enishi.commands.compare.run import Comparison
from enishi.text.percent import interval_percent, percent
from enishi.text.plural import counted
from enishi.text.printable import shown, shown_path

if TYPE_CHECKING:
    from enishi.commands.compare.intervals import Figure
    from enishi.tags.figures import Interval

VERSION = 1
_STYLES = {1: "green", -1: "red", 0: "dim"}
_SHOWN_POSTS = 3
_SURE = 0.05
"""From this p on, a count of verdicts may be chance."""


def comparison_values(comparison: Comparison) -> dict[str, Any]:
    """A comparison for machines."""
    values = asdict(comparison)
    for encoder, reach in zip(values["encoders"], values.pop("reach"), strict=True):
        encoder["reach"] = reach
        encoder["witness"] = {name: encoder.pop(name) for name in ("knows_tags", "knows_links")}
    sentences = [*conclusions(comparison), *judgements(comparison)]
    return {"version": VERSION, "verdicts": sentences, "remarks": remarks(comparison), **values}


def print_comparison(comparison: Comparison) -> None:
    """All of it; the conclusions come last, where they are seen."""
    out = Console(highlight=False)
    out.print(Text.assemble((counted(comparison.posts, "post"), "bold"), f", {comparison.tagged} with tags"))
    if hidden := _hidden(comparison):
        out.print(f"hidden and asked for: {hidden}")
    out.print()
    _print_legend(out, comparison)
    _print_figures(out, comparison)
    _print_agreement(out, comparison)
    _print_judged(out, comparison)
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


def _hidden(comparison: Comparison) -> str:
    parts = []
    if comparison.tags is not None:
        parts.append(f"tags, in {counted(comparison.tags.folds, 'part')}")
    if comparison.links is not None:
        parts.append(
            f"{counted(comparison.links.links, 'link')} from {counted(comparison.links.sources, 'post')}, all at once"
        )
    return "; ".join(parts)


def _print_legend(out: Console, comparison: Comparison) -> None:
    table = _table()
    table.add_column("", style="bold")
    table.add_column("Encoder", overflow="fold")
    for name in ("dim.", "s/100 posts", "loading", "most shown", "never"):
        table.add_column(name, justify="right", no_wrap=True)
    for letter, one, reach in zip(ascii_uppercase, comparison.encoders, comparison.reach, strict=False):
        table.add_row(
            letter,
            Text(shown(one.name)),
            str(one.dimensions),
            _seconds(one.seconds_per_100),
            f"{one.loading:.1f} s",
            f"{reach.most_shown}×",
            f"{reach.never_shown:.1%}",
        )
    out.print(table)
    out.print()


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 100 else f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}"


def _print_figures(out: Console, comparison: Comparison) -> None:
    columns: list[tuple[str, Sequence[Figure | None]]] = []
    if comparison.tags is not None:
        columns.append(("tags: nDCG@5", comparison.tags.ndcg))
    if comparison.links is not None:
        columns += [("links: recall@5", comparison.links.recall), ("links: MRR", comparison.links.mrr)]
    _print_table(out, columns)
    if comparison.suggester:
        _print_table(out, [("tags, by the whole suggester: nDCG@5", comparison.suggester)])


def _print_table(out: Console, columns: Sequence[tuple[str, Sequence[Figure | None]]]) -> None:
    """The value of every encoder, and below it how far it is from the first."""
    if not columns:
        return
    table = _table()
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
    return Text(f"{_short(figure.of.value)} ({_short(figure.of.low)}–{_short(figure.of.high)})")


def _difference(figure: Figure | None) -> Text:
    if figure is None or figure.difference is None:
        return Text("–", style="dim")
    difference = figure.difference
    text = f"{_signed(difference.value)} ({_signed(difference.low)} to {_signed(difference.high)})"
    return Text(text, style=_STYLES[figure.verdict])


def _print_agreement(out: Console, comparison: Comparison) -> None:
    letters = ascii_uppercase[: len(comparison.encoders)]
    if len(letters) == 2:
        out.print(f"A and B have {percent(comparison.agreement[0][1])} of the five nearest posts in common")
    else:
        table = _table()
        table.add_column("Of the five nearest in common", no_wrap=True)
        for letter in letters[1:]:
            table.add_column(letter, justify="right", no_wrap=True)
        for row, letter in enumerate(letters[:-1]):
            shares = comparison.agreement[row]
            table.add_row(letter, *(percent(shares[place]) if place > row else "" for place in range(1, len(letters))))
        out.print(table)
    out.print()


def _print_judged(out: Console, comparison: Comparison) -> None:
    if not comparison.judged:
        return
    table = _table()
    table.add_column("Judged blind against A", no_wrap=True)
    for name in ("pairs", "won", "lost", "both fit", "neither", "divided"):
        table.add_column(name, justify="right", no_wrap=True)
    for letter, judged in zip(ascii_uppercase, comparison.judged, strict=False):
        if judged is not None:
            count = (judged.pairs, judged.wins, judged.losses, judged.both, judged.neither, judged.divided)
            table.add_row(letter, *map(str, count))
    out.print(table)
    pairs, remaining = comparison.pairs, comparison.open_pairs
    out.print(f"{pairs - remaining} of {counted(pairs, 'pair')} judged; {remaining} remain")
    out.print()


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)


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
    ties = score.pairs - score.wins - score.losses
    tied = f"; {ties} {'was a tie' if ties == 1 else 'were ties'}" if ties else ""
    chance = "p < .001" if score.p < 0.001 else f"p = {_short(score.p)}"
    sure = "" if score.p < _SURE else ", which may be chance"
    return f"{counts}{tied} ({interval_percent(score.share)} of those decided; {chance}{sure})."


def remarks(comparison: Comparison) -> list[str]:
    """What to know about the figures, a sentence each."""
    sentences = []
    if comparison.tags is None:
        sentences.append(f"Nothing can be said about tags: {comparison.why_no_tags}.")
    if comparison.links is None:
        sentences.append(f"Nothing can be said about links: {comparison.why_no_links}.")
    for one in comparison.encoders:
        if comparison.tags is not None and one.knows_tags:
            sentences.append(f"The tags are no test of {one.name}, which {one.knows_tags}.")
        if comparison.links is not None and one.knows_links:
            sentences.append(f"The links are no test of {one.name}, which {one.knows_links}.")
    if unknown := comparison.unknown_posts:
        more = f" and {len(unknown) - _SHOWN_POSTS} more" if len(unknown) > _SHOWN_POSTS else ""
        some = ", ".join(map(shown_path, unknown[:_SHOWN_POSTS]))
        sentences.append(f"Verdicts about posts that the blog does not have (any more) do not count: {some}{more}.")
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
