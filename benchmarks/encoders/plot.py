"""The comparison as a picture: a point an encoder with its interval, a row of charts a blog."""

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

    most = max(len(found["encoders"]) for found in results.values())
    size = (10, 0.9 + len(results) * (0.28 * most + 0.9))
    figure, axes = plt.subplots(
        len(results), len(PANELS), figsize=size, layout="constrained", facecolor="white", squeeze=False
    )
    for row, (blog, found) in zip(axes, results.items(), strict=True):
        for axis, (key, title) in zip(row, PANELS, strict=True):
            names = list(found["encoders"])
            for place, name in enumerate(names):
                value = found["encoders"][name][key]
                if value is None:
                    continue
                colour, marker = SITE if name == "site" else TOGETHER if " + " in name else ALONE
                of = value["of"]
                axis.plot([of["low"], of["high"]], [place, place], color=colour, linewidth=1.6, alpha=0.55)
                axis.plot(of["value"], place, marker, color=colour, markersize=6)
                if name == "site":
                    axis.axvline(of["value"], color="#888888", linewidth=0.8, linestyle="--")
            axis.set_yticks(range(len(names)), names if key == PANELS[0][0] else [""] * len(names))
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.set_title(f"{blog}: {title}", loc="left", fontweight="bold", fontsize=11)
            axis.grid(visible=True, axis="x", color="#e4e4e4", linewidth=0.7)
            axis.spines[["top", "right", "left"]].set_visible(False)
            axis.tick_params(axis="y", length=0)
    figure.savefig(target, dpi=110, metadata={"Date": None} if target.suffix == ".svg" else None)
    plt.close(figure)
