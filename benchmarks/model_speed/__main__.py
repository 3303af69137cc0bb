"""Passages per second through a pretrained model, against `SentenceTransformer.encode` alone.

`python -m benchmarks.model_speed BLOG MODEL`: the model reads the passages of BLOG's first 500 posts, by turns bare and
as a build has it (cut into passages, in batches of fixed shape, remembered).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.machine import describe_machine, describe_versions, markdown_table
from enishi.cache import Cache
from enishi.encoders.transformer import TransformerEncoder
from enishi.pipeline import read_blog
from enishi.state import Request
from enishi.types import Document


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model_speed", description=__doc__)
    parser.add_argument("blog", type=Path, metavar="BLOG")
    parser.add_argument("model", metavar="MODEL", help="a folder, or a name in the hub's cache")
    parser.add_argument("--posts", type=int, default=500, metavar="N")
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    options = parser.parse_args()
    documents = _documents(options.blog)[: options.posts]
    loaded = TransformerEncoder(options.model, reads="all")
    loaded.encode(documents[:1])  # loads the model, once for all
    model = loaded._loaded
    passages = [text for document in documents for text in loaded.texts(document)]

    def encode_bare() -> None:
        model.encode(passages, normalize_embeddings=True, show_progress_bar=False)

    def encode_as_built() -> None:
        with tempfile.TemporaryDirectory() as folder, Cache(Path(folder, "cache.db")) as cache:
            fresh = TransformerEncoder(options.model, reads="all")
            fresh.store = cache
            fresh._loaded = model
            fresh.encode(documents)

    rates: dict[str, list[float]] = {"SentenceTransformer.encode alone": [], "as a build has it": []}
    for _ in range(options.repeat):
        for name, work in zip(rates, (encode_bare, encode_as_built), strict=True):
            rates[name].append(len(passages) / _seconds(work))
    bare, built = rates.values()
    rows = [[name, *(f"{f(found):.1f}" for f in (median, min, max))] for name, found in rates.items()]
    print(f"{len(documents)} posts, {len(passages)} passages; {describe_machine()}; ", end="")
    print(f"{describe_versions('torch', 'sentence-transformers')}\n")
    print(markdown_table(["passages per second", "median", "least", "most"], rows))
    ratios = [one / other for one, other in zip(built, bare, strict=True)]
    print(f"ratio, paired by round: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return 0


def _documents(blog: Path) -> list[Document]:
    return [document for document in read_blog(Request(blog), cache=Cache(None)).documents if document.words]


def _seconds(work: Callable[[], None]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
