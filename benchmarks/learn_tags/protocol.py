"""Suggestions on tags that were taken away: a fifth of the posts hidden in turn, as an outside observer would.

Works on estimates alone, before any rule of the blog, and never reads a file again: quick enough to compare variants.
Figures to publish come from building a copy of the blog whose files lack the tags.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.learn_tags.blogs import Blog
from enishi.tags.calibration import Constants
from enishi.tags.model import estimate_tags

PARTS = 5
MIN_VISIBLE = 3
_LISTED = 20


@dataclass(frozen=True)
class Case:
    """One hidden post: what was suggested (tag, confidence), surest first, and what it carried."""

    suggested: list[tuple[str, float]]
    hidden: set[str]


def hide_in_turn(blog: Blog, constants: Constants, seed: int = 0) -> list[Case]:
    """Take all tags from a fifth of the tagged posts, five times over."""
    vocabulary = blog.vocabulary()
    tagged = [row for row, document in enumerate(blog.documents) if document.post.tags]
    order = np.random.default_rng(seed).permutation(len(tagged))
    cases = []
    for part in range(PARTS):
        hidden = {tagged[place] for place in order[part::PARTS]}
        seen = blog.with_tags([() if row in hidden else d.post.tags for row, d in enumerate(blog.documents)])
        visible = seen.vocabulary()
        found, _ = estimate_tags(seen.documents, visible, blog.likeness, constants)
        for row in sorted(hidden):
            truth = set(vocabulary.tags_of(blog.documents[row].post))
            truth = {key for key in truth if visible.counts.get(key, 0) >= MIN_VISIBLE}
            if truth:
                confidence = np.round(found.fit_of(row, np.arange(len(found.keys))), 4)
                ranked = np.argsort(-confidence, kind="stable")[:_LISTED]
                listed = [(found.keys[column], float(confidence[column])) for column in ranked]
                cases.append(Case([p for p in listed if visible.counts.get(p[0], 0) >= MIN_VISIBLE], truth))
    return cases


def score(cases: list[Case]) -> dict[str, float]:
    """nDCG@5 and what can be trusted; the names say how they are computed."""
    pairs = sorted(((c, tag in case.hidden) for case in cases for tag, c in case.suggested), key=lambda p: -p[0])
    confidence = np.array([c for c, _ in pairs] or [0.0])
    hit = np.array([h for _, h in pairs] or [False], dtype=float)
    total = sum(len(case.hidden) for case in cases) or 1
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    deep = np.flatnonzero(precision >= 0.8)
    sure = confidence >= 0.8
    return {
        "posts": len(cases),
        "nDCG@5": float(np.mean([_ndcg(case) for case in cases])) if cases else 0.0,
        "recall at precision .8": float(hit[: deep[-1] + 1].sum() / total) if len(deep) else 0.0,
        "precision where >= .8": float(hit[sure].mean()) if sure.any() else float("nan"),
        "recall where >= .8": float(hit[sure].sum() / total),
        "calibration error": _calibration_error(confidence, hit),
    }


def _ndcg(case: Case, k: int = 5) -> float:
    gain = sum(1 / np.log2(place + 2) for place, (tag, _) in enumerate(case.suggested[:k]) if tag in case.hidden)
    return float(gain / sum(1 / np.log2(place + 2) for place in range(min(k, len(case.hidden)))))


def _calibration_error(confidence: np.ndarray, hit: np.ndarray) -> float:
    """Mean distance of confidence and precision over tenths, of what somebody may see (at least .3)."""
    shown = confidence >= 0.3
    error = 0.0
    for tenth in range(3, 10):
        inside = shown & (np.minimum((confidence * 10).astype(int), 9) == tenth)
        if inside.any():
            error += abs(confidence[inside].mean() - hit[inside].mean()) * inside.sum() / shown.sum()
    return float(error)
