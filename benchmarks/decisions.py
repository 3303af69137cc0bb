"""What decisions teach: `python -m benchmarks.decisions JUDGEMENTS BLOG...`.

Judgements are lines of JSON: corpus (the name of a blog's folder), path, tag, kind ("suggestion"), verdicts ("yes",
"maybe", "no").  Some of a blog's judgements are taken for its author's decisions; the others are what is predicted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.machine import markdown_table
from enishi.pipeline import Run
from enishi.state import Request
from enishi.tags.answers import Answers
from enishi.tags.calibration import (
    CORRECTION_SHRINKAGE,
    fit_correction,
    shipped_constants,
    shown_confidence,
    sigmoid,
)
from enishi.tags.likeness import Likeness, measure_likeness
from enishi.tags.model import Estimate, estimate_tags
from enishi.tags.vocabulary import Vocabulary, read_vocabulary
from enishi.types import Document

AUTHORS = {"strict": 0.0, "half": 0.5, "lenient": 1.0}
"""What is made of a "maybe"."""
SIZES = (10, 20, 40)
SHOWN_FROM = 0.5
GRID = (0.5, 1.0, 2.0, 4.0, 8.0)
NOTHING = (1e9, 1e9, 1e9)
Prior = tuple[float, float, float]


@dataclass
class Blog:
    """A blog with its judged suggestions."""

    name: str
    documents: list[Document]
    vocabulary: Vocabulary
    likeness: Likeness
    estimate: Estimate
    rows: np.ndarray
    columns: np.ndarray
    verdicts: list[list[str]]

    def truth(self, author: str) -> np.ndarray:
        value = {"yes": 1.0, "maybe": AUTHORS[author], "no": 0.0}
        return np.array([np.mean([value[verdict] for verdict in found]) for found in self.verdicts])

    def odds(self, estimate: Estimate | None = None) -> np.ndarray:
        """Log-odds of the judged pairs before any correction."""
        shown = (estimate or self.estimate).confidence_of(self.rows, self.columns)
        p = np.clip(np.where(shown > 0.9, 0.9 + 2 * (shown - 0.9), shown), 1e-9, 1 - 1e-9)  # shown_confidence, undone
        return np.asarray(np.log(p / (1 - p)))


def read_blog(folder: Path, judged: Iterable[Mapping[str, object]]) -> Blog:
    with tempfile.TemporaryDirectory() as cache, Run(Request(folder, cache=Path(cache))) as run:
        blog = run.load()
        relations = run.relate(run.read(blog), lists=False)
        documents = list(relations.posts.documents)
        vocabulary, _ = read_vocabulary([document.post for document in documents], blog.site, blog.settings.tags)
        likeness = measure_likeness(documents, blocks=relations.tag_blocks)
        estimate, _ = estimate_tags(documents, vocabulary, likeness, shipped_constants())
    row = {document.post.path: number for number, document in enumerate(documents)}
    column = {key: number for number, key in enumerate(estimate.keys)}
    found = [(row[str(one["path"])], column[vocabulary.key(str(one["tag"]))], one["verdicts"]) for one in judged]
    rows, columns, verdicts = zip(*found, strict=True)
    return Blog(folder.name, documents, vocabulary, likeness, estimate, np.array(rows), np.array(columns), verdicts)


def log_loss(confidence: np.ndarray, truth: np.ndarray) -> float:
    p = np.clip(confidence, 1e-6, 1 - 1e-6)
    return float(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean())


def error(confidence: np.ndarray, truth: np.ndarray) -> float:
    """Calibration error over bands of confidence (to .65, to .8, above), weighted by size."""
    band = np.digitize(confidence, [0.65, 0.8])
    return float(sum(abs((confidence - truth)[band == one].sum()) for one in range(3)) / len(truth))


def draws(blog: Blog, size: int, count: int) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """(decided, left), each time another random part of the suggestions that are shown; too few left: none."""
    shown = np.flatnonzero(shown_confidence(sigmoid(blog.odds())) >= SHOWN_FROM)
    for seed in range(count if size <= 0.75 * len(shown) else 0):
        order = np.random.default_rng(seed).permutation(shown)
        yield np.sort(order[:size]), np.sort(order[size:])


def losses(blog: Blog, priors: Sequence[Prior], count: int) -> dict[tuple[Prior, str, int], np.ndarray]:
    """Means over draws, by prior, author and size: log loss and calibration error of what is left, log loss below."""
    margin = blog.odds()
    low = shown_confidence(sigmoid(margin)) < SHOWN_FROM
    found = defaultdict(list)
    for author, size in product(AUTHORS, SIZES):
        truth = blog.truth(author)
        for decided, left in draws(blog, size, count):
            for prior in priors:
                correct = fit_correction(margin[decided], blog.columns[decided], truth[decided], prior)
                confidence = shown_confidence(sigmoid(correct(margin, blog.columns)))
                figures = log_loss(confidence[left], truth[left]), error(confidence[left], truth[left])
                found[prior, author, size].append((*figures, log_loss(confidence[low], truth[low])))
    return {key: np.mean(values, axis=0) for key, values in found.items()}


def best_prior(found: Iterable[Mapping[tuple[Prior, str, int], np.ndarray]]) -> Prior:
    """The prior of the least log loss over some blogs, authors and sizes."""
    every = list(found)
    priors = {prior for one in every for prior, *_ in one} - {NOTHING}

    def loss(prior: Prior) -> float:
        return float(np.mean([np.mean([v[0] for (p, *_), v in one.items() if p == prior]) for one in every]))

    return min(sorted(priors), key=loss)


def lived(blog: Blog, count: int) -> dict[tuple[str, int], np.ndarray]:
    """Log loss of what is left once the decisions are in the posts, and the blog is estimated anew.

    Without a correction, with one fitted to the odds of the new model, with one fitted to those of the decision's time.
    """
    found = defaultdict(list)
    for author, size in product(("strict", "lenient"), SIZES):
        truth = blog.truth(author).round()
        for decided, left in draws(blog, size, count):
            answers = ({}, {})
            documents = list(blog.documents)
            for pair in decided.tolist():
                row, name = blog.rows[pair], blog.vocabulary.names[blog.estimate.keys[blog.columns[pair]]]
                post = documents[row].post
                by_path = answers[int(truth[pair])]
                by_path[post.path] = by_path.get(post.path, frozenset()) | {name}
                if truth[pair]:
                    documents[row] = replace(documents[row], post=replace(post, tags=(*post.tags, name)))
            given = documents, blog.vocabulary, blog.likeness, shipped_constants()
            plain, _ = estimate_tags(*given)
            taught, _ = estimate_tags(*given, answers=Answers(*answers))
            then = fit_correction(blog.odds()[decided], blog.columns[decided], truth[decided])
            pairs = blog.rows[left], blog.columns[left]
            shown = shown_confidence(sigmoid(then(blog.odds(plain)[left], blog.columns[left])))
            confidences = (plain.confidence_of(*pairs), taught.confidence_of(*pairs), shown)
            found[author, size].append([log_loss(one, truth[left]) for one in confidences])
    return {key: np.mean(values, axis=0) for key, values in found.items()}


def main() -> int:
    from benchmarks.learn_confidence import learn, read_judged  # which reads blogs as we do

    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("judgements", type=Path)
    parser.add_argument("blogs", nargs="+", type=Path, metavar="BLOG")
    parser.add_argument("--draws", type=int, default=20, metavar="N", help="random parts to decide (default 20)")
    parser.add_argument("--lived", type=int, default=2, metavar="N", help="of them with a new estimate (default 2)")
    options = parser.parse_args()
    lines = [json.loads(line) for line in options.judgements.read_text("utf-8").splitlines()]
    by_blog = defaultdict(list)
    for line in lines:
        if line["kind"] == "suggestion":
            by_blog[line["corpus"]].append(line)
    with threadpool_limits(1):
        blogs = [read_blog(folder, by_blog[folder.name]) for folder in options.blogs]
        judged = [read_judged(blog, by_blog[blog.name], shipped_constants()) for blog in blogs]
        priors = [*product(GRID, GRID, (*GRID, NOTHING[2])), NOTHING]
        found, anew = {}, {}
        for place, blog in enumerate(blogs):
            # The constants of confidence come from such judgements as well: here, from those of the other blogs
            others = learn([*judged[:place], *judged[place + 1 :]])
            with patch("enishi.tags.model.shipped_confidence_constants", return_value=others):
                blog.estimate, _ = estimate_tags(blog.documents, blog.vocabulary, blog.likeness, shipped_constants())
                found[blog.name] = losses(blog, priors, options.draws)
                anew[blog.name] = lived(blog, options.lived)
        print(f"best prior of all blogs: {best_prior(found.values())}; shipped: {CORRECTION_SHRINKAGE}\n")
        head = ["blog", "decided", "its prior", "log loss", "corrected", "shipped", "calibration", "corrected", "below"]
        rows = []
        for blog in blogs:
            own = best_prior(of_blog for name, of_blog in found.items() if name != blog.name)
            for size in SIZES:
                means = {
                    prior: np.mean([v for (p, _, s), v in found[blog.name].items() if (p, s) == (prior, size)], axis=0)
                    for prior in (NOTHING, own, CORRECTION_SHRINKAGE)
                    if any(s == size for _, _, s in found[blog.name])
                }
                if means:
                    before, after, shipped = means[NOTHING], means[own], means[CORRECTION_SHRINKAGE]
                    figures = before[0], after[0], shipped[0], before[1], after[1], after[2] - before[2]
                    rows.append(
                        [blog.name, str(size), ", ".join(f"{one:g}" for one in own), *(f"{one:.3f}" for one in figures)]
                    )
        print(markdown_table(head, rows, 3))
        head = ["blog", "author", "decided", "log loss of the new model", "corrected", "by the odds of that time"]
        rows = []
        for blog in blogs:
            for (author, size), figures in anew[blog.name].items():
                rows.append([blog.name, author, str(size), *(f"{one:.3f}" for one in figures)])
        print(markdown_table(head, rows, 3))
    return 0


if __name__ == "__main__":
    sys.exit(main())
