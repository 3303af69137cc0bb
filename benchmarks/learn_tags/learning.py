"""The constants: one logistic regression over several blogs of any size.

    w₀ = argmin Σ over samples (2000 / positives)·logloss + 2.5 ‖w‖²     (the intercept is free)

A sample is a whole blog or 30 to 250 random posts of one: the small ones make the constants good for small blogs.  Each
sample weighs the same, however many posts it has.  Means and sds of the features are those over the samples.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.learn_tags.blogs import Blog
from enishi.tags.calibration import Constants, minimise_logloss, standardise
from enishi.tags.evidence import FEATURES
from enishi.tags.model import collect_evidence, usable_pairs

SAMPLE_WEIGHT = 2000.0
RIDGE = 2.5
SMALLEST, LARGEST = 30, 250


@dataclass(frozen=True)
class Sample:
    """Out-of-fold pairs of one blog."""

    blog: str
    features: npt.NDArray[np.float32]
    y: npt.NDArray[np.float64]


def draw_samples(blog: Blog, count: int, seed: int) -> list[Sample]:
    """The whole blog, and `count` random parts of it, sizes evenly spread over the logarithm."""
    rng = np.random.default_rng(seed)
    samples = [_sample(blog, blog.name)]
    largest = min(LARGEST, len(blog.documents) * 2 // 3)
    if largest > SMALLEST:
        sizes = np.exp(np.linspace(np.log(SMALLEST), np.log(largest), count)).round().astype(int)
        samples += [_sample(blog.sample(rng, int(size)), blog.name) for size in sizes]
    return [sample for sample in samples if sample.y.sum() > 0]


def _sample(blog: Blog, name: str) -> Sample:
    _, scorer, _ = collect_evidence(blog.documents, blog.vocabulary(), blog.likeness)
    rows = scorer.labels.labelled
    features = np.zeros((len(rows), *scorer.labels.carried.shape[1:], len(FEATURES)), dtype=np.float32)
    for some, part in scorer.parts(rows):
        features[np.searchsorted(rows, some)] = part
    usable = usable_pairs(scorer.labels, rows)
    return Sample(name, features[usable], scorer.labels.carried[rows][usable].astype(float))


def learn(samples: Sequence[Sample]) -> Constants:
    """Constants over the samples."""
    weight = [np.full(len(sample.y), 1 / len(sample.y)) for sample in samples]
    features = np.concatenate([sample.features for sample in samples]).astype(np.float64)
    share = np.concatenate(weight) / len(samples)
    mean = share @ features
    sd = np.sqrt(np.maximum(share @ (features - mean) ** 2, 1e-6))
    blank = Constants(tuple(mean), tuple(sd), (0.0,) * len(FEATURES), 0.0)
    z = standardise(features.astype(np.float32), blank)
    y = np.concatenate([sample.y for sample in samples])
    pairs = np.concatenate([np.full(len(s.y), SAMPLE_WEIGHT / s.y.sum()) for s in samples])
    ridge = np.full(z.shape[1], RIDGE)
    ridge[-1] = 0
    found = minimise_logloss(z, y, pairs, np.zeros(z.shape[1]), ridge)
    return Constants(tuple(mean), tuple(sd), tuple(found[:-1]), float(found[-1]))


def write_constants(file: Path, constants: Constants) -> None:
    """As `enishi.tags.calibration.read_constants` reads it: five digits, one line a feature."""
    rows = zip(constants.mean, constants.sd, constants.weight, strict=True)
    lines = [
        f"    {json.dumps(name)}: [{', '.join(f'{value:.5f}' for value in row)}]"
        for name, row in zip(FEATURES, rows, strict=True)
    ]
    text = '{\n  "features": {\n' + ",\n".join(lines) + f'\n  }},\n  "intercept": {constants.intercept:.5f}\n}}\n'
    file.write_text(text, encoding="utf-8")
