"""The comparison as a picture: by how much each encoder differs from the site encoder, a row of charts a blog."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Okabe and Ito's colours; markers tell the same apart in grey.
ALONE, TOGETHER, SITE = ("#0072B2", "o"), ("#D55E00", "D"), ("#000000", "s")
PANELS = (("tags", "nDCG@5 of hidden tags"), ("mrr", "MRR of hidden links"))


def draw(results: Mapping[str, Mapping[str, Any]], target: Path) -> None:
    """Write the picture; its format follows from the name's ending."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "enishi", "font.family": "DejaVu Sans", "font.size": 10})
    from matplotlib import pyplot as plt

    heights = [len(found["encoders"]) + 2.5 for found in results.values()]
    figure, axes = plt.subplots(
        len(results),
        len(PANELS),
        figsize=(10, 0.27 * sum(heights) + 0.6),
        layout="constrained",
        facecolor="white",
        squeeze=False,
        sharex="col",
        height_ratios=heights,
    )
    for row, (blog, found) in zip(axes, results.items(), strict=True):
        for axis, (key, title) in zip(row, PANELS, strict=True):
            names = list(found["encoders"])
            for place, name in enumerate(names):
                _point(axis, place, name, found["encoders"][name][key])
            site = found["encoders"]["site"][key]
            told = f" (site: {site['of']['value']:.3f})" if site else " (too few)"
            axis.set_yticks(range(len(names)), names if key == PANELS[0][0] else [""] * len(names))
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.axvline(0, color="#888888", linewidth=0.9, linestyle="--", zorder=0)
            axis.set_title(f"{blog}: {title}{told}", loc="left", fontweight="bold", fontsize=10)
            axis.grid(visible=True, axis="x", color="#e4e4e4", linewidth=0.7)
            axis.spines[["top", "right", "left"]].set_visible(False)
            axis.tick_params(axis="y", length=0)
            axis.tick_params(axis="x", labelbottom=True)
    for axis in axes[-1]:
        axis.set_xlabel("difference to the site encoder, 95 % interval")
    figure.savefig(target, dpi=110, metadata={"Date": None} if target.suffix == ".svg" else None)
    plt.close(figure)


def _point(axis: Any, place: int, name: str, figure: Mapping[str, Any] | None) -> None:
    """One encoder's difference to the site encoder."""
    if figure is None:
        return
    colour, marker = SITE if name == "site" else TOGETHER if " + " in name else ALONE
    other = figure["difference"] or {"value": 0.0, "low": 0.0, "high": 0.0}
    axis.plot([other["low"], other["high"]], [place, place], color=colour, linewidth=1.8, alpha=0.55)
    axis.plot(other["value"], place, marker, color=colour, markersize=6)
