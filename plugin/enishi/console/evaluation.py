"""Prints an evaluation, or gives it as JSON: figures beside those of a plain vote, and advice in one sentence."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.commands.evaluate import Evaluation, RelatedFigures
from enishi.commands.tags.last_build import ADD, MAYBE
from enishi.tags.calibration import MOST_CERTAIN
from enishi.tags.figures import EDGE, Interval, Level, TagFigures, Tenth
from enishi.text.percent import interval_percent, percent
from enishi.text.plural import counted
from enishi.text.printable import shown

VERSION = 1
_FIRST_TENTH = 1
_BAR = 20
_SHOWN_DOUBTS = 5
_FIGURES = (("nDCG@5", "ndcg"), ("recall@5", "recall"), ("F1@5", "f1"))


def evaluation_values(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation for machines."""
    return {"version": VERSION, "advice": advice(evaluation), "setting": setting(evaluation), **asdict(evaluation)}


def print_evaluation(evaluation: Evaluation) -> None:
    """All of it; the advice comes last, where it is seen."""
    out = Console(highlight=False)
    parts = f", their tags hidden in {counted(evaluation.folds, 'part')}" if evaluation.tags else ""
    out.print(Text.assemble((counted(evaluation.posts, "post"), "bold"), f", {evaluation.tagged} with tags{parts}"))
    if evaluation.tags is not None:
        out.print(counted_tags(evaluation.tags))
        out.print()
        _print_figures(out, evaluation.tags)
        _print_levels(out, evaluation.tags)
        _print_calibration(out, evaluation.tags)
        _print_doubts(out, evaluation.tags)
    if evaluation.posts:
        _print_related(out, evaluation.related)
    out.print()
    out.print(Text(advice(evaluation), style="bold"))
    if setting(evaluation):
        out.print("For enishi.toml, or as `enishi tags apply --min-confidence`:")
        for line in setting(evaluation).splitlines():
            out.print(Text(f"    {line}", style="cyan"))
    for remark in remarks(evaluation):
        out.print(Text(remark, style="dim"))


# --- sentences -------------------------------------------------------------------------------------------------------


def advice(evaluation: Evaluation) -> str:
    """What confidence to trust on this blog, in one sentence."""
    if evaluation.tags is None:
        return f"Nothing can be said about tags: {evaluation.why_no_tags}."
    proposal = evaluation.tags.ours.proposal
    wanted, level = percent(proposal.wanted), proposal.level
    if level is None or level.precision is None:
        return "There are too few suggestions to say which confidence to trust on this blog; keep to the defaults."
    share = f"{level.right:,} of {level.suggestions:,}"
    reached = f"from {level.confidence:.2f} on, {share} suggestions are right"
    if proposal.confidence is not None:
        return (
            f"Trust suggestions from {proposal.confidence:.2f} on: on this blog {share} such suggestions are right "
            f"({interval_percent(level.precision)}), and they find {percent(level.recall)} of the tags."
        )
    if level.precision.high >= proposal.wanted:  # it may be so, it may not
        return f"There are too few suggestions to be sure of {wanted} on this blog: {reached}; keep to the defaults."
    return f"No confidence can be trusted to {wanted} on this blog: even {reached}; look at every suggestion yourself."


def setting(evaluation: Evaluation) -> str:
    """The lines to write into enishi.toml, or nothing."""
    confidence = evaluation.tags.ours.proposal.confidence if evaluation.tags else None
    return "" if confidence is None else f"[tags]\nmin_confidence = {confidence:.2f}"


def remarks(evaluation: Evaluation) -> list[str]:
    """What to know about the advice, a sentence each."""
    if evaluation.tags is None:
        return []
    sentences = []
    proposal = evaluation.tags.ours.proposal
    if proposal.confidence is not None and proposal.edge is not None and proposal.edge.precision is not None:
        edge = proposal.edge
        end = min(edge.confidence + EDGE - 0.01, MOST_CERTAIN)
        sentences.append(
            f"Of the least sure of them, {edge.confidence:.2f} to {end:.2f}, "
            f"{edge.right:,} of {edge.suggestions:,} are right."
        )
    if proposal.checked is not None:
        sentences.append(
            f"Chosen on some parts of the posts and looked at on another, in turn: {percent(proposal.checked)} right."
        )
    sentences.append(_worth_of_marks(evaluation.tags))
    other = evaluation.tags.vote.proposal
    sentences.append(
        f"The neighbours' vote reaches {percent(other.wanted)} from {other.confidence:.2f} on, "
        f"where it finds {percent(other.level.recall)} of the tags."
        if other.confidence is not None and other.level is not None
        else f"Of the neighbours' vote, no confidence is sure to reach {percent(other.wanted)}."
    )
    sentences.append(
        "This is about posts that have no tag yet. A suggestion counts as right if the author gave the tag; some of "
        "the others are tags that the post lacks."
    )
    return sentences


def _worth_of_marks(tags: TagFigures) -> str:
    """How often suggestions with each of the two marks of `enishi tags suggest` are right."""
    levels = {level.confidence: level for level in tags.ours.levels}
    sure, all_marked = levels[ADD], levels[MAYBE]
    unsure, right = all_marked.suggestions - sure.suggestions, all_marked.right - sure.right
    return (
        f"Marked add ({ADD:g} and above): {sure.right:,} of {sure.suggestions:,} are right; "
        f"marked maybe ({MAYBE:g} to {ADD:g}): {right:,} of {unsure:,}."
    )


def counted_tags(tags: TagFigures) -> str:
    """How many tags were hidden, and how many of them could be suggested."""
    return (
        f"{tags.hidden:,} tags hidden, {tags.answers:,} of which could be suggested: the others are on too few other "
        "posts, or ruled out by the settings"
    )


def precision_of(level: Level | Tenth) -> str:
    """A precision with its interval, or a dash."""
    return interval_percent(level.precision) if level.precision else "–"


def level_cells(level: Level) -> tuple[str, str, str]:
    """Precision, number of suggestions and recall."""
    return precision_of(level), f"{level.suggestions:,}", percent(level.recall)


# --- tables ----------------------------------------------------------------------------------------------------------


def _table(*columns: str, left: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < left else "right", no_wrap=True)
    return table


def _print_figures(out: Console, tags: TagFigures) -> None:
    table = _table("Order", "Enishi", "neighbours' vote", "difference")
    for title, name in _FIGURES:
        ours, vote = getattr(tags.ours, name), getattr(tags.vote, name)
        gain = tags.gain[name]
        difference = f"{gain.value:+.3f} ({gain.low:+.2f} to {gain.high:+.2f})"
        table.add_row(title, _interval(ours), _interval(vote), difference)
    table.add_row("calibration error", *calibration_errors(tags), "")
    out.print(table)
    out.print()


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.2f}–{interval.high:.2f})"


def calibration_errors(tags: TagFigures) -> list[str]:
    """Ours, and that of the vote; a dash where there is none."""
    errors = (tags.ours.calibration_error, tags.vote.calibration_error)
    return ["–" if error is None else f"{error:.3f}" for error in errors]


def _print_levels(out: Console, tags: TagFigures) -> None:
    table = _table("From", "right", "of", "tags found", "vote: right", "of", "tags found")
    for ours, vote in zip(tags.ours.levels, tags.vote.levels, strict=True):
        marked = {ADD: " add", MAYBE: " maybe"}.get(ours.confidence, "")
        name = Text.assemble(f"{ours.confidence:.1f}", (marked, "green" if marked == " add" else "yellow"))
        table.add_row(name, *level_cells(ours), *(Text(cell, style="dim") for cell in level_cells(vote)))
    out.print(table)
    out.print()


def _print_calibration(out: Console, tags: TagFigures) -> None:
    table = _table("Confidence", "right (│: expected)", "right", "of", "vote: right", "of", left=2)
    for ours, vote in list(zip(tags.ours.tenths, tags.vote.tenths, strict=True))[_FIRST_TENTH:]:
        name, others = f"{ours.start:.1f}–{ours.end:.1f}", (precision_of(vote), f"{vote.suggestions:,}")
        quiet = (Text(cell, style="dim") for cell in others)
        table.add_row(name, _bar(ours), precision_of(ours), f"{ours.suggestions:,}", *quiet)
    out.print(table)
    out.print()


def _bar(tenth: Tenth) -> Text:
    """The share that came true as a bar, with a mark at the mean confidence."""
    if tenth.precision is None:
        return Text("·" * _BAR, style="dim")
    filled, expected = round(tenth.precision.value * _BAR), min(round(tenth.confidence * _BAR), _BAR - 1)
    bar = Text()
    for place in range(_BAR):
        mark = "│" if place == expected else "█" if place < filled else "·"
        bar.append(mark, style="bold" if place == expected else "cyan" if place < filled else "dim")
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
