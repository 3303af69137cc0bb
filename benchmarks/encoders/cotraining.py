"""Do tags that posts share teach about other posts' tags?  `python -m benchmarks.encoders.cotraining BLOG...`

Posts are divided into five parts.  For each part in turn, a static embedding learns from the others: from titles and
passages, from pairs of posts with a rare tag as well, or from those alone.  Then the 25 nearest of the other posts vote
for the tags of the posts held out, which no model has seen.  Beside them stands the site encoder.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.encoders.contenders import make_model
from benchmarks.machine import markdown_table
from enishi.commands.compare.intervals import Figure
from enishi.commands.compare.metrics import VectorNeighbors, ndcg_figures, vote_in_turn
from enishi.commands.train.held_out import SHARE, hold_out
from enishi.commands.train.recipe import Recipe
from enishi.encoders.site import SiteEncoder
from enishi.encoders.transformer import TransformerEncoder
from enishi.pipeline import read_blog
from enishi.state import Request
from enishi.tags.evaluate import Case, without_tags

if TYPE_CHECKING:
    from enishi.types import Vectors

PARTS = round(1 / SHARE)
SITE = "site encoder"
RECIPES = {
    "titles, passages": Recipe(pairs=("titles", "passages")),
    "titles, passages, tags": Recipe(pairs=("titles", "passages", "tags")),
    "tags alone": Recipe(pairs=("tags",)),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoders.cotraining", description=__doc__)
    parser.add_argument("blogs", nargs="+", type=Path, metavar="BLOG")
    parser.add_argument(
        "--parts", type=int, default=PARTS, metavar="N", help="how many of the five parts (default all)"
    )
    options = parser.parse_args()
    for source in options.blogs:
        figures = compare(source, options.parts)
        print(f"\n{source.resolve().name}\n")
        print(
            markdown_table(
                ["learned from", "tags, nDCG@5"], [[name, _cell(figure)] for name, figure in figures.items()]
            )
        )
    return 0


def compare(source: Path, parts: int) -> dict[str, Figure]:
    """nDCG@5 of hidden tags by what was learned from; differences are to titles and passages."""
    names = [*RECIPES, SITE]
    cases: dict[str, list[Case]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        shutil.copytree(source, site, ignore=shutil.ignore_patterns(".enishi", ".git"))
        posts = read_blog(Request(site))
        blog = posts.blog
        documents = [document for document in posts.documents if document.post.is_public and document.words]
        untagged = [without_tags(document) for document in documents]
        fitted = SiteEncoder(tag_weight=0.0).encode(untagged)

        def hidden_tags(vectors: Vectors, held: Sequence[int]) -> list[Case]:
            """What the nearest posts vote for posts whose tags are hidden."""
            part = [row for row in held if documents[row].post.tags]
            neighbors = [VectorNeighbors(vectors, "exact")]
            return vote_in_turn(documents, untagged, neighbors, [part], blog.site, blog.settings.tags)[0]

        for part in range(parts):
            held = hold_out(documents, SHARE, part)
            hidden = {documents[row].post.path for row in held}
            for number, (name, recipe) in enumerate(RECIPES.items()):
                model = Path(folder, f"model{part}-{number}")
                make_model(site, recipe, model, without=hidden)
                vectors = TransformerEncoder(str(model)).encode(untagged)
                cases[name] += hidden_tags(vectors, held)
            cases[SITE] += hidden_tags(fitted, held)
            print(f"{source.name}: part {part + 1} of {parts}", file=sys.stderr, flush=True)
    found = ndcg_figures([cases[name] for name in names])
    return {name: figure for name, figure in zip(names, found, strict=True) if figure is not None}


def _cell(figure: Figure) -> str:
    if figure.difference is None:
        return f"{figure.of.value:.3f}"
    other = figure.difference
    return f"{figure.of.value:.3f} ({other.value:+.3f} [{other.low:+.3f}, {other.high:+.3f}])"


if __name__ == "__main__":
    sys.exit(main())
