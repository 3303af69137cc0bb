"""Build one blog, copied to a temporary folder: `python -m benchmarks.one_site BLOG`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.building import Builds, build_thrice, copy_site, enishi_command, post_files
from benchmarks.machine import MIB, describe_machine, markdown_table, run_measured

HEAD = ["build", "seconds (median)", "fastest", "slowest", "peak, MiB", "of mistune alone", "of TF-IDF"]
OTHER_TOOL = "of prelims"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.one_site", description=__doc__)
    parser.add_argument("blog", type=Path, metavar="BLOG")
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    parser.add_argument("--enishi", default=enishi_command(), metavar="COMMAND")
    parser.add_argument("--prelims", action="store_true", help="measure that tool, too; it has to be installed")
    options = parser.parse_args()
    rounds, yardsticks = [], []
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory() as folder:
            site = copy_site(options.blog, Path(folder, "site"))
            rounds.append(build_thrice(options.enishi, site, Path(folder, "out")))
            # In every round, so that a machine that is busy for a while slows both.
            measured = run_measured([sys.executable, "-m", "benchmarks.yardstick", site, "--tfidf"])
            yardsticks.append(json.loads(measured.output))
            if options.prelims:
                other = run_measured([sys.executable, "-m", "benchmarks.one_site.other_tool", site])
                if other.status:
                    raise SystemExit("prelims failed")
                yardsticks[-1]["prelims"] = other.seconds
    print(f"{len(post_files(options.blog)):,} files; {describe_machine()}\n")
    print(report(rounds, {name: median(found[name] for found in yardsticks) for name in yardsticks[0]}))
    return 0


def report(rounds: list[Builds], yardsticks: dict[str, float]) -> str:
    rows = []
    for label, name in (("cold", "cold"), ("nothing changed", "unchanged"), ("one post edited", "edited")):
        runs = [getattr(builds, name) for builds in rounds]
        seconds = [run.seconds for run in runs]
        middle = median(seconds)
        cells = [label, *(f"{value:.2f}" for value in (middle, min(seconds), max(seconds)))]
        cells.append(f"{max(run.peak for run in runs) / MIB:.0f}")
        rows.append([*cells, *(f"{middle / seconds:.2f}" for seconds in yardsticks.values())])
    lines = [markdown_table([*HEAD, *[OTHER_TOOL] * ("prelims" in yardsticks)], rows)]
    lines.append(f"mistune alone: {yardsticks['parse']:.2f} s; TF-IDF and all cosines: {yardsticks['tfidf']:.2f} s")
    if "prelims" in yardsticks:
        lines[-1] += f"; prelims: {yardsticks['prelims']:.2f} s"
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
