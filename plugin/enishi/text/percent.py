"""Shares as whole per cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enishi.tags.figures import Interval


def percent(share: float) -> str:
    """A share as a whole number of per cent, but never 100 where something is missing, nor 0 where something is."""
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return "over 99 %"
    if rounded == 0 and share > 0:
        return "under 1 %"
    return f"{rounded} %"


def interval_percent(interval: Interval) -> str:
    """`85 %, 78–91`."""
    return f"{percent(interval.value)}, {round(100 * interval.low)}–{round(100 * interval.high)}"
