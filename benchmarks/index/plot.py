"""The comparison as a picture: four small charts over the number of posts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.index.contenders import LABELS

# Okabe and Ito's colours, told apart by people with any colour vision; markers and dashes tell them apart in grey.
STYLES = {
    "exact": ("#000000", "o", "-"),
    "scann-brute": ("#0072B2", "s", "-"),
    "scann-ah": ("#D55E00", "^", "--"),
    "scann-tree": ("#009E73", "D", "-."),
    "hnsw": ("#CC79A7", "v", ":"),
}
PANELS = [
    ("recall", "recall@10", "Right answers among 10", False),
    ("batch_ms", "milliseconds per query", "Time per query, in a batch", True),
    ("build_s", "seconds", "Time to build", True),
    ("memory", "MiB", "Memory beyond the vectors", True),
]

Results = Mapping[int, Mapping[str, Mapping[str, float]]]
"""By number of vectors, then by contender."""


def draw(results: Results, target: Path) -> None:
    """Write the picture; its format follows from the name's ending."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "enishi", "font.family": "DejaVu Sans", "font.size": 10})
    from matplotlib import pyplot as plt
    from matplotlib.ticker import StrMethodFormatter

    figure, axes = plt.subplots(2, 2, figsize=(9.5, 7.2), layout="constrained", facecolor="white")
    for axis, (key, unit, title, logarithmic) in zip(axes.flat, PANELS, strict=True):
        for name, (colour, marker, line) in STYLES.items():
            counts = [count for count in results if name in results[count]]
            values = [results[count][name][key] / (1 << 20 if key == "memory" else 1) for count in counts]
            axis.plot(counts, values, line, color=colour, marker=marker, markersize=5, label=LABELS[name])
        axis.set_xscale("log")
        if logarithmic:
            axis.set_yscale("log")
        else:
            axis.set_ylim(top=1.01)
            axis.axhline(0.98, color="#888888", linewidth=0.8)
            axis.annotate(
                "0.98",
                (1, 0.98),
                xycoords=("axes fraction", "data"),
                xytext=(3, -3),
                textcoords="offset points",
                color="#555555",
                fontsize=9,
            )
        ticks = list(results)
        axis.set_xticks(ticks, [f"{count // 1000}k" if count >= 1000 else str(count) for count in ticks])
        axis.minorticks_off()
        if logarithmic:
            axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_xlabel("posts")
        axis.set_ylabel(unit)
        axis.set_title(title, loc="left", fontweight="bold", fontsize=11)
        axis.grid(visible=True, color="#e4e4e4", linewidth=0.7)
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(target, dpi=110, metadata={"Date": None} if target.suffix == ".svg" else None)
