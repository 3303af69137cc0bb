"""Learn what makes a confidence of a fit: `python -m benchmarks.learn_confidence JUDGEMENTS BLOG... --out FILE`.

Judgements are lines of JSON as for `benchmarks.decisions`, with a weight: for how many suggestions of its blog a line
stands.  A "maybe" is half a yes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.decisions import Blog, read_blog
from benchmarks.machine import markdown_table
from enishi.config import TagSettings
from enishi.tags.calibration import (
    Constants,
    minimise_logloss,
    read_constants,
    shipped_constants,
    shown_confidence,
    shown_undone,
    sigmoid,
)
from enishi.tags.confidence import FEATURES, UNLIKELY, ConfidenceConstants, confident_margins
from enishi.tags.model import Estimate, TagModel, estimate_tags
from enishi.tags.rules import SuggestionRules

PRIOR = {
    "subject": (0.5, 4.0),
    "passing": (-0.3, 4.0),
    "later": (0.6, 4.0),
    "apart": (0.4, 10.0),
    "within": (-0.3, 10.0),
}
"""Mean and strength by feature: signs and sizes under which tags that authors added later stand higher in the lists.
Of sisters and broader tags there are few judgements, so there the prior counts for more."""
INTERCEPT_PRIOR, SLOPE_PRIOR = (0.0, 0.5), (1.0, 2.0)
ACCEPTED = {"yes": 1.0, "maybe": 0.5, "no": 0.0}
LISTED = TagSettings(min_confidence=0.0, max_suggestions=20)


@dataclass(frozen=True)
class Judged:
    """The judged suggestions of one blog."""

    blog: Blog
    estimate: Estimate
    fit: np.ndarray
    """Log-odds of all pairs by the text alone."""
    said: np.ndarray
    """From 0 to 1, mean over readers."""
    all_yes: np.ndarray
    all_no: np.ndarray
    weight: np.ndarray

    @property
    def z(self) -> np.ndarray:
        """A column of ones, the fit, then features: shape (pairs, 2 + features)."""
        pairs = self.blog.rows, self.blog.columns
        fit = self.estimate.pairs.find(self.fit, *pairs)
        return np.column_stack([np.ones(len(fit)), fit, self.estimate.surroundings.features(*pairs, sigmoid(fit))])


def read_judged(blog: Blog, lines: Sequence[Mapping[str, object]], constants: Constants) -> Judged:
    """A blog's judged suggestions under some constants of the fit."""
    estimate, _ = estimate_tags(blog.documents, blog.vocabulary, blog.likeness, constants)
    votes = [[ACCEPTED[verdict] for verdict in found] for found in blog.verdicts]
    return Judged(
        blog,
        estimate,
        log_odds(estimate.probability),
        np.array([np.mean(found) for found in votes]),
        np.array([min(found) == 1 for found in votes]),
        np.array([max(found) == 0 for found in votes]),
        np.array([float(str(line["weight"])) for line in lines]),
    )


def log_odds(shown: np.ndarray) -> np.ndarray:
    """The log-odds of what `shown_confidence` made of a probability."""
    p = np.clip(shown_undone(shown), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)))


def learn(judged: Iterable[Judged]) -> ConfidenceConstants:
    """The constants under their priors; every judgement of what is not unlikely by its text counts the same."""
    every = list(judged)
    z, said = np.concatenate([one.z for one in every]), np.concatenate([one.said for one in every])
    z, said = z[z[:, 1] >= UNLIKELY], said[z[:, 1] >= UNLIKELY]
    centre, ridge = np.array([INTERCEPT_PRIOR, SLOPE_PRIOR, *(PRIOR[name] for name in FEATURES)]).T
    intercept, slope, *weights = minimise_logloss(z, said, np.ones(len(z)), centre, ridge).tolist()
    return ConfidenceConstants(intercept, slope, tuple(weights))


def shown(judged: Judged, constants: ConfidenceConstants | None) -> np.ndarray:
    """The confidence of each judged pair as a build lists it, 0 where it does not; without constants, the fit."""
    estimate, blog = judged.estimate, judged.blog
    margin = judged.fit.copy()
    if constants is not None:
        pairs = estimate.pairs
        some = estimate.is_tagged[pairs.rows]
        margin[some] = confident_margins(
            margin[some], pairs.rows[some], pairs.columns[some], estimate.surroundings, constants
        )
    estimate = replace(estimate, confidence=shown_confidence(sigmoid(margin)))
    rules = SuggestionRules(TagModel(blog.documents, blog.vocabulary, blog.likeness, estimate, LISTED, {}))
    listed = {row: {column: sure for sure, column in rules.ranked(row)} for row in set(blog.rows.tolist())}
    pairs = zip(blog.rows.tolist(), blog.columns.tolist(), strict=True)
    return np.array([listed[row].get(column, 0.0) for row, column in pairs])


def score(judged: Judged, sure: np.ndarray) -> dict[str, float]:
    """Weighted shares of judged pairs; the names say how they are computed."""
    yes, no, weight = judged.all_yes, judged.all_no, judged.weight

    def share(of: np.ndarray, chosen: np.ndarray) -> float:
        return float((of * weight)[chosen].sum() / weight[chosen].sum()) if chosen.any() else float("nan")

    surest, likely, some = sure >= 0.8, (sure >= 0.5) & (sure < 0.8), sure >= 0.3
    wins = (sure[yes][:, None] > sure[no]) + 0.5 * (sure[yes][:, None] == sure[no])
    of_pairs = weight[yes][:, None] * weight[no]
    fifth = np.minimum((sure * 5).astype(int), 4)
    bands = [some & (fifth == one) for one in range(1, 5)]
    error = sum(abs(share(sure, one) - share(judged.said, one)) * weight[one].sum() for one in bands if one.any())
    return {
        "judged >= .8": float(surest.sum()),
        "yes >= .8": share(yes, surest),
        "no >= .8": share(no, surest),
        "accepted": share(judged.said, surest),
        "mean confidence": share(sure, surest),
        "yes .5 to .8": share(yes, likely),
        "no .5 to .8": share(no, likely),
        "AUC": float((wins * of_pairs).sum() / of_pairs.sum()),
        "yes found at .5": share(sure >= 0.5, yes),
        "calibration error": float(error / weight[some].sum()),
    }


def write(file: Path, constants: ConfidenceConstants) -> None:
    weights = dict(zip(FEATURES, (round(weight, 3) for weight in constants.weights), strict=True))
    value = {"features": weights, "slope": round(constants.slope, 3), "intercept": round(constants.intercept, 3)}
    file.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learn_confidence", description=__doc__)
    parser.add_argument("judgements", type=Path)
    parser.add_argument("blogs", nargs="+", type=Path, metavar="BLOG")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the constants")
    parser.add_argument("--leave-out", action="store_true", help="also measure on each blog what the others say")
    parser.add_argument(
        "--fit",
        type=Path,
        metavar="FILE",
        help="what `learn_tags --leave-out --out FILE` wrote: the fit of a left-out blog is by constants without it",
    )
    options = parser.parse_args()
    by_blog = defaultdict(list)
    for line in options.judgements.read_text("utf-8").splitlines():
        if (judgement := json.loads(line))["kind"] == "suggestion":
            by_blog[judgement["corpus"]].append(judgement)
    with threadpool_limits(1):
        blogs = {folder.name: read_blog(folder, by_blog[folder.name]) for folder in options.blogs}
        judged = {name: read_judged(blog, by_blog[name], shipped_constants()) for name, blog in blogs.items()}
        constants = learn(judged.values())
        write(options.out, constants)
        print(json.dumps({name: round(w, 3) for name, w in zip(FEATURES, constants.weights, strict=True)}))
        if not options.leave_out:
            return 0
        found: dict[str, list[dict[str, float]]] = {"fit": [], "confidence": []}
        for name, blog in blogs.items():
            unseen = judged[name]
            if options.fit:
                fit = read_constants(options.fit.with_stem(f"{options.fit.stem}-without-{name}"))
                unseen = read_judged(blog, by_blog[name], fit)
            learned = learn(one for other, one in judged.items() if other != name)
            found["fit"].append(score(unseen, shown(unseen, None)))
            found["confidence"].append(score(unseen, shown(unseen, learned)))
    names = ["by", "blog", *found["fit"][0]]
    for by, figures in found.items():
        means = {figure: float(np.nanmean([one[figure] for one in figures])) for figure in figures[0]}
        rows = [[by, name, *(f"{v:.3f}" for v in one.values())] for name, one in zip(blogs, figures, strict=True)]
        print(markdown_table(names, [*rows, [by, "mean", *(f"{value:.3f}" for value in means.values())]], 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
