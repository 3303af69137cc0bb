"""Prints an evaluation, or gives it as JSON: figures beside those of a plain vote, and advice in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.commands.evaluate import Evaluation
from enishi.commands.tags.last_build import ADD, MAYBE
from enishi.tags.figures import Interval, Level, PartialFigures, TagFigures
from enishi.tags.judgements import JudgedFigures
from enishi.text.percent import interval_percent, percent
from enishi.text.plural import counted
from enishi.text.printable import shown

VERSION = 1
_BAR = 20
_SHOWN_DOUBTS = 5
_FIGURES = (("nDCG@5", "ndcg"), ("recall@5", "recall"))


def evaluation_values(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation for machines."""
    return {"version": VERSION, "advice": advice(evaluation), "setting": setting(evaluation), **asdict(evaluation)}


def print_evaluation(evaluation: Evaluation) -> None:
    """All of it; the advice comes last, where it is seen."""
    out = Console(highlight=False)
    parts = f", their tags hidden in {counted(evaluation.folds, 'part')}" if evaluation.tags else ""
    out.print(Text.assemble((counted(evaluation.posts, "post"), "bold"), f", {evaluation.tagged} with tags{parts}"))
    if evaluation.tags is not None:
        tags = evaluation.tags
        out.print(
            f"{tags.hidden:,} tags hidden, {tags.answers:,} of which could be suggested: the others are on too few "
            "other posts, or ruled out by the settings"
        )
        out.print()
        out.print(Text("Posts without tags: all tags of a post hidden", style="bold"))
        _print_figures(out, evaluation.tags)
        _print_levels(out, evaluation.tags)
        _print_calibration(out, evaluation.tags.ours.tenths)
        _print_doubts(out, evaluation.tags)
    if evaluation.partial is not None:
        _print_partial(out, evaluation.partial)
    _print_accepted(out, evaluation)
    if evaluation.judged is not None:
        _print_judged(out, evaluation.judged)
    out.print(Text(advice(evaluation), style="bold"))
    if setting(evaluation):
        out.print("For enishi.toml, or as `enishi tags apply --min-confidence`:")
        for line in setting(evaluation).splitlines():
            out.print(Text(f"    {line}", style="cyan"))
    for remark in remarks(evaluation):
        out.print(Text(remark, style="dim"))


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
    tags = evaluation.tags
    levels = {level.confidence: level for level in tags.ours.levels}
    sure, marked, other = levels[ADD], levels[MAYBE], tags.vote.proposal
    unsure, right = marked.suggestions - sure.suggestions, marked.right - sure.right
    vote = f"Of the neighbours' vote, no confidence is sure to reach {percent(other.wanted)}."
    if other.confidence is not None and other.level is not None:
        vote = (
            f"The neighbours' vote reaches {percent(other.wanted)} from {other.confidence:.2f} on, "
            f"where it finds {percent(other.level.recall)} of the tags."
        )
    marks = (
        f"Marked add ({ADD:g} and above): {sure.right:,} of {sure.suggestions:,} are right; "
        f"marked maybe ({MAYBE:g} to {ADD:g}): {right:,} of {unsure:,}."
    )
    about = (
        "This is about posts that have no tag yet. A suggestion counts as right if the author gave the tag; some of "
        "the others are tags that the post lacks."
    )
    return [marks, vote, about]


def _table(*columns: str, left: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < left else "right", no_wrap=True)
    return table


def _print_figures(out: Console, tags: TagFigures) -> None:
    table = _table("Order", "Enishi", "neighbours' vote", "difference")
    for title, name in _FIGURES:
        gain = tags.gain[name]
        difference = f"{gain.value:+.3f} ({gain.low:+.2f} to {gain.high:+.2f})"
        table.add_row(title, _interval(getattr(tags.ours, name)), _interval(getattr(tags.vote, name)), difference)
    errors = (tags.ours.calibration_error, tags.vote.calibration_error)
    table.add_row("calibration error", *("–" if error is None else f"{error:.3f}" for error in errors), "")
    out.print(table)
    out.print()


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.2f}–{interval.high:.2f})"


def _precision(level: Level) -> str:
    return interval_percent(level.precision) if level.precision else "–"


def _print_levels(out: Console, tags: TagFigures) -> None:
    table = _table("From", "right", "of", "tags found", "vote: right", "of", "tags found")
    for pair in zip(tags.ours.levels, tags.vote.levels, strict=True):
        marked = {ADD: " add", MAYBE: " maybe"}.get(pair[0].confidence, "")
        name = Text.assemble(f"{pair[0].confidence:.1f}", (marked, "green" if marked == " add" else "yellow"))
        cells = [(_precision(one), f"{one.suggestions:,}", percent(one.recall)) for one in pair]
        table.add_row(name, *cells[0], *(Text(cell, style="dim") for cell in cells[1]))
    out.print(table)
    out.print()


def _print_calibration(out: Console, tenths: Sequence[Level], bars: str = "right (│: expected)") -> None:
    table = _table("Confidence", bars, "right", "of", left=2)
    for tenth in tenths[1:]:
        name = f"{tenth.confidence:.1f}–{tenth.confidence + 0.1:.1f}"
        table.add_row(name, _bar(tenth.precision, tenth.mean), _precision(tenth), f"{tenth.suggestions:,}")
    out.print(table)
    out.print()


def _print_partial(out: Console, partial: PartialFigures) -> None:
    head = f"Posts that have tags: one tag hidden, the others left ({counted(partial.posts, 'post')})"
    out.print(Text(head, style="bold"))
    table = _table("Order", "Enishi")
    table.add_row("MRR", _interval(partial.mrr))
    table.add_row("recall@5", _interval(partial.recall))
    table.add_row("calibration error", "–" if partial.calibration_error is None else f"{partial.calibration_error:.3f}")
    out.print(table)
    out.print()
    _print_calibration(out, partial.tenths, "hidden tag (│: shown)")
    add, maybe = (f"{band.right:,} of {band.suggestions:,}" for band in partial.bands)
    out.print(f"Of the suggestions at {_band(ADD)}, {add} are the hidden tag; of those at {_band(MAYBE)}, {maybe}.")
    least = "At least so many are right: others may be tags that the post lacks, too. What you take of them says more."
    out.print(Text(least, style="dim"))
    out.print()


def _print_accepted(out: Console, evaluation: Evaluation) -> None:
    """Nothing where nothing was decided."""
    if not evaluation.accepted_tenths:
        return
    out.print(Text("What you decided", style="bold"))
    for band in evaluation.accepted_bands:
        took = f"you took {band.added:,} of {band.decided:,} ({interval_percent(band.share)})"
        out.print(f"Of the suggestions that you were shown at {_band(band.confidence)} {took}.")
    table = _table("Shown at", "taken (│: shown)", "taken", "of", left=2)
    for tenth in evaluation.accepted_tenths:
        name = f"{tenth.confidence:.1f}–{tenth.confidence + 0.1:.1f}"
        table.add_row(name, _bar(tenth.share, tenth.mean), interval_percent(tenth.share), f"{tenth.decided:,}")
    out.print(table)
    out.print()


def _band(least: float) -> str:
    """The confidences of what is called "add" or "maybe"."""
    return f"{ADD:.1f} and more" if least == ADD else f"{MAYBE:.1f} to {ADD:.1f}"


def _print_judged(out: Console, judged: JudgedFigures) -> None:
    out.print(Text(f"What readers said ({counted(judged.judged, 'judgement')})", style="bold"))
    table = _table("Confidence", "yes", "maybe", "no", "accepted", "confidence", "judged")
    for band in judged.bands:
        shares = (band.yes, max(1 - band.yes - band.no, 0), band.no, band.accepted, band.mean)
        table.add_row(_band(band.confidence), *map(percent, shares), f"{band.judged:,}")
    out.print(table)
    told = (("calibration error", judged.calibration_error), ("AUC of yes against no", judged.auc))
    out.print(Text(", ".join(f"{name} {figure:.3f}" for name, figure in told if figure is not None), style="dim"))
    out.print()


def _bar(share: Interval | None, mean: float) -> Text:
    """A share as a bar, with a mark at the mean confidence."""
    if share is None:
        return Text("·" * _BAR, style="dim")
    filled, expected = round(share.value * _BAR), min(round(mean * _BAR), _BAR - 1)
    bar = Text("█" * filled, style="cyan")
    bar.append("·" * (_BAR - filled), style="dim")
    return Text.assemble(bar[:expected], ("│", "bold"), bar[expected + 1 :])


def _print_doubts(out: Console, tags: TagFigures) -> None:
    if not tags.doubts:
        return
    out.print("Surest suggestions that the author did not make; some are missing tags:")
    for doubt in tags.doubts[:_SHOWN_DOUBTS]:
        tag = (f"#{shown(doubt.tag)}", "bold")
        out.print(Text.assemble("  ", (f"{doubt.confidence:.2f} ", "cyan"), tag, f"  {shown(doubt.title)}"))
        out.print(Text(f"{'':7}{shown(doubt.path)}", style="dim"), soft_wrap=True)
    out.print()
