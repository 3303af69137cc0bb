"""An evaluation as one page that needs nothing else: figures, tables and two plots, light or dark as the reader is.

Plots are SVG, their coordinates worked out here, so that the template only places finished strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from enishi.commands.evaluate import Evaluation
from enishi.commands.tags.last_build import level
from enishi.console.evaluation import (
    advice,
    calibration_errors,
    counted_tags,
    level_cells,
    precision_of,
    remarks,
    setting,
)
from enishi.console.page import render_template
from enishi.tags.figures import Interval, Level, Proposal, TagFigures, Tenth, WayFigures
from enishi.text.percent import interval_percent, percent
from enishi.text.printable import text_line

TEMPLATE = "eval.html.j2"
_SIDE = 300
"""Width and height of a plot's field, in its own units."""
_LEAST_DOT, _LARGEST_DOT = 2.5, 9.0
_FIGURES = (("nDCG@5", "ndcg"), ("Recall@5", "recall"), ("F1@5", "f1"))


def render_page(evaluation: Evaluation) -> bytes:
    """The page, UTF-8.  Everything of the blog's is escaped; no script, nothing from elsewhere."""
    return render_template(TEMPLATE, page_view(evaluation))


def page_view(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that the template shows: finished strings, and numbers for the plots."""
    related = evaluation.related
    reaches = (related.ours, related.plain, related.text)
    return {
        "posts": f"{evaluation.posts:,}",
        "tagged": f"{evaluation.tagged:,}",
        "folds": str(evaluation.folds),
        "advice": advice(evaluation),
        "setting": setting(evaluation),
        "remarks": remarks(evaluation),
        "tags": _tags_view(evaluation.tags) if evaluation.tags else None,
        "at": str(related.ours.at) if related.ours.at else "",
        "reaches": [{"most": f"{way.most_shown:,}", "never": f"{way.never_shown:.1%}"} for way in reaches],
        "side": str(_SIDE),
        "ticks": [{"label": f"{tick} %", "x": _at(tick / 100), "y": _up(tick / 100)} for tick in range(0, 101, 20)],
    }


def _tags_view(tags: TagFigures) -> dict[str, Any]:
    return {
        "counted": counted_tags(tags),
        "figures": [
            {
                "name": title,
                "ours": _interval(getattr(tags.ours, name)),
                "vote": _interval(getattr(tags.vote, name)),
                "gain": _interval(tags.gain[name]),
            }
            for title, name in _FIGURES
        ],
        "errors": calibration_errors(tags),
        "levels": [_level_view(ours, vote) for ours, vote in zip(tags.ours.levels, tags.vote.levels, strict=True)],
        "tenths": [_tenth_view(ours, vote) for ours, vote in zip(tags.ours.tenths, tags.vote.tenths, strict=True)],
        "dots": {"ours": _dots(tags.ours.tenths), "vote": _dots(tags.vote.tenths)},
        "curves": {"ours": _curve(tags.ours), "vote": _curve(tags.vote)},
        "mark": _mark(tags.ours.proposal),
        "wanted": percent(tags.ours.proposal.wanted),
        "wanted_y": _up(tags.ours.proposal.wanted),
        "doubts": [
            {
                "confidence": f"{doubt.confidence:.2f}",
                **{name: text_line(getattr(doubt, name)) for name in ("tag", "title", "path")},
            }
            for doubt in tags.doubts
        ],
    }


# --- tables ----------------------------------------------------------------------------------------------------------


def _level_view(ours: Level, vote: Level) -> dict[str, Any]:
    marked = level(ours.confidence)
    return {
        "from": f"{ours.confidence:.1f}",
        "marked": marked if level(ours.confidence - 0.01) != marked else "",
        "cells": [level_cells(ours), level_cells(vote)],
    }


def _tenth_view(ours: Tenth, vote: Tenth) -> dict[str, str]:
    return {
        "between": f"{ours.start:.1f}–{ours.end:.1f}",
        "said": percent(ours.confidence) if ours.suggestions else "–",
        "right": precision_of(ours),
        "number": f"{ours.suggestions:,}",
        "vote_right": precision_of(vote),
        "vote_number": f"{vote.suggestions:,}",
    }


def _interval(interval: Interval) -> dict[str, str]:
    return {"value": f"{interval.value:.3f}", "range": f"{interval.low:.2f} to {interval.high:.2f}"}


# --- plots -----------------------------------------------------------------------------------------------------------


def _at(share: float) -> str:
    return f"{share * _SIDE:.1f}"


def _up(share: float) -> str:
    """SVG counts downwards."""
    return f"{(1 - share) * _SIDE:.1f}"


def _dots(tenths: Sequence[Tenth]) -> list[dict[str, str]]:
    """Where the mean confidence of a tenth and the share that was right meet; the more suggestions, the larger."""
    most = max((tenth.suggestions for tenth in tenths[1:]), default=1) or 1
    return [
        {
            "x": _at(tenth.confidence),
            "y": _up(tenth.precision.value),
            "low": _up(tenth.precision.low),
            "high": _up(tenth.precision.high),
            "r": f"{max(_LEAST_DOT, _LARGEST_DOT * min(tenth.suggestions / most, 1) ** 0.5):.1f}",
            "told": f"said {percent(tenth.confidence)}, right {interval_percent(tenth.precision)}, "
            f"{tenth.suggestions:,} suggestions",
        }
        for tenth in tenths
        if tenth.precision is not None
    ]


def _curve(way: WayFigures) -> str:
    """Precision over the share of the tags found, as the points of a line."""
    return " ".join(f"{_at(recall)},{_up(precision)}" for _, recall, precision in way.curve)


def _mark(proposal: Proposal) -> dict[str, str] | None:
    """Where the proposed confidence lies on the curve."""
    if proposal.confidence is None or proposal.level is None or proposal.level.precision is None:
        return None
    recall, label = proposal.level.recall, f"{proposal.confidence:.2f}"
    anchor = "start" if recall < 0.8 else "end"  # beside the curve, on the side where there is room
    return {"x": _at(recall), "y": _up(proposal.level.precision.value), "label": label, "anchor": anchor}
