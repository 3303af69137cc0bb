"""Compare ScaNN's three modes, exact NumPy and HNSW: `python -m benchmarks.index`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.index.contenders import LABELS
from benchmarks.index.plot import Results, draw
from benchmarks.machine import MIB, describe_machine, describe_versions, markdown_table, run_measured

ROOT = Path(__file__).resolve().parents[2]
SIZES = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000]
HEAD = ["posts", "index", "recall@10", "ms a query, in a batch", "ms, one alone", "build, s", "memory, MiB"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.index", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--only", nargs="+", choices=list(LABELS), default=list(LABELS), metavar="INDEX")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks")
    parser.add_argument("--picture", default="index.svg", help="name of the picture; .png for a bitmap")
    parser.add_argument("--redraw", action="store_true", help="measure nothing: read index.json, draw the picture")
    options = parser.parse_args()
    if options.redraw:
        kept = json.loads((options.out / "index.json").read_text(encoding="utf-8"))
        draw({int(count): found for count, found in kept.items()}, options.out / options.picture)
        return 0
    names = ["exact", *(name for name in options.only if name != "exact")]
    results = {count: compare(count, options.dim, names) for count in options.sizes}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "index.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw(results, options.out / options.picture)
    (options.out / "index.md").write_text(report(results, options.dim, options.picture), encoding="utf-8")
    return 0


def compare(count: int, dim: int, names: list[str]) -> dict[str, dict[str, float]]:
    """Every contender on the same vectors, one process after another."""
    worker = [sys.executable, "-m", "benchmarks.index.worker"]
    with tempfile.TemporaryDirectory() as folder:
        run_measured([*worker, folder, "--make", str(count), "--dim", str(dim)])
        found = {}
        for name in names:
            run = run_measured([*worker, folder, "--measure", name])
            if run.status:
                print(f"{count:>7}  {LABELS[name]}: failed, left out", file=sys.stderr)
                continue
            found[name] = json.loads(run.output)
            print(*row(count, name, found[name]), sep="  ", file=sys.stderr, flush=True)
        return found


def row(count: int, name: str, found: dict[str, float]) -> list[str]:
    return [
        f"{count:,}",
        LABELS[name],
        f"{found['recall']:.3f}",
        f"{found['batch_ms']:.3f}",
        f"{found['alone_ms']:.2f}",
        f"{found['build_s']:.2f}",
        f"{found['memory'] / MIB:.0f}",
    ]


def report(results: Results, dim: int, picture: str) -> str:
    rows = [row(count, name, dict(found)) for count in results for name, found in results[count].items()]
    return f"""# Which index, at what size

Made by `python -m benchmarks.index` ([how it is measured](../../benchmarks/README.md#index)) on {describe_machine()};
{describe_versions("numpy", "scann", "hnswlib")}; one thread; blog-like vectors of {dim} dimensions.

![Recall, time per query, time to build and memory over the number of posts]({picture})

{markdown_table(HEAD, rows, words=2)}"""


if __name__ == "__main__":
    sys.exit(main())
