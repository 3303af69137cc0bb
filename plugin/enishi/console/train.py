"""What a person reads on the terminal about a training: how each encoder did on held-out pairs, and the trial."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.commands.train.run import Report
from enishi.commands.train.trial import WITH_TRAINED
from enishi.tags.figures import Interval
from enishi.text.plural import counted
from enishi.text.printable import shown

VERSION = 1
_KINDS = {
    "titles": "a title finds its post",
    "halves": "half a post finds the other",
    "links": "a post finds those it links with",
}


def report_values(report: Report, site: Path) -> dict[str, Any]:
    """A report for machines."""
    trial = asdict(report.trial)
    trial["figures"] = {
        name: {kind: {"mrr": mrr} for kind, mrr in by_kind.items()} for name, by_kind in trial["figures"].items()
    }
    return {
        "version": VERSION,
        "kind": report.recipe.kind,
        "base": report.recipe.base,
        "posts": report.posts,
        "held_out": report.held_out,
        "pairs": dict(report.pairs),
        "training": asdict(report.fitted),
        **trial,
        "is_better": report.trial.is_better,
        "kept": report.kept,
        "model": setting_of(report.out, site) if report.kept else "",
        "advice": advice(report),
    }


def print_report(report: Report, site: Path) -> None:
    """The table, then the conclusion, where it is seen."""
    out = Console(highlight=False)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.pairs.items())
    posts = Text(counted(report.posts, "post"), style="bold")
    out.print(posts + f", {report.held_out} held out; pairs of the others: {kinds}")
    out.print(_training(report))
    out.print()
    out.print(_table(report))
    out.print(Text("MRR on held-out pairs, 95 % intervals; searched among all posts of the blog", style="dim"))
    out.print()
    out.print(Text(advice(report), style="bold"))
    if report.kept:
        out.print("For enishi.toml:")
        for line in ("[encoder]", f'model = "{shown(setting_of(report.out, site))}"'):
            out.print(Text(f"    {line}", style="cyan"))


def advice(report: Report) -> str:
    """The conclusion in words."""
    trial, place = report.trial, shown(os.fspath(report.out))
    result = f"The trained model is {'' if trial.is_better else 'not '}better"
    gain = f"{WITH_TRAINED!r} against {trial.to_beat!r}: MRR {_signed(trial.gain)}"
    if not report.kept:
        return f"{result} ({gain}). Nothing was kept; --keep would keep it all the same."
    return f"{result} ({gain}). It is kept in {place}{'' if trial.is_better else ' all the same, as you asked'}."


def setting_of(out: Path, site: Path) -> str:
    """What to write as `encoder.model`: relative to the site where it lies inside."""
    folder, root = Path(os.path.realpath(out)), Path(os.path.realpath(site))
    return (folder.relative_to(root) if folder.is_relative_to(root) else folder).as_posix()


def _training(report: Report) -> str:
    fitted = report.fitted
    resumed = f", continued from step {fitted.resumed_at}" if fitted.resumed_at else ""
    ended = f" of {fitted.all_steps:,} (the time was up)" if fitted.steps < fitted.all_steps else ""
    losses = f"; loss {fitted.losses[0][1]:.2f} → {fitted.losses[-1][1]:.2f}" if len(fitted.losses) > 1 else ""
    return f"{counted(fitted.steps, 'step')}{ended}{resumed}{losses}"


def _table(report: Report) -> Table:
    trial = report.trial
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Encoder", no_wrap=True)
    for kind, count in trial.questions.items():
        table.add_column(f"{_KINDS[kind]}\n({count} questions)", justify="right", overflow="fold")
    for name, by_kind in trial.figures.items():
        style = "bold" if name in (WITH_TRAINED, trial.to_beat) else ""
        table.add_row(Text(name, style=style), *(_interval(by_kind[kind]) for kind in trial.questions))
    table.add_row(Text("difference", style="dim"), *(_signed(trial.gains[kind]) for kind in trial.questions))
    return table


def _interval(figure: Interval) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _signed(figure: Interval) -> str:
    return f"{figure.value:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]"
