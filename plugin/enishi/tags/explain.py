"""Why a tag is, or is not, suggested for a post: how each kind of evidence changes its odds.

A confidence is a logistic regression, so its odds are a product: a base rate times a factor for each group of features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp
from typing import TYPE_CHECKING

import numpy as np

from enishi.tags.answers import Answers
from enishi.tags.calibration import sigmoid, standardise
from enishi.tags.confidence import FEATURES as AROUND
from enishi.tags.confidence import shipped_confidence_constants
from enishi.tags.distinctive_terms import DistinctiveTerms
from enishi.tags.evidence import FEATURES
from enishi.tags.likeness import measure_likeness
from enishi.tags.model import TagModel, constants_of, estimate_tags
from enishi.tags.rules import SuggestionRules
from enishi.tags.suggest import EvidenceFinder
from enishi.tags.topics import group_posts
from enishi.tags.vocabulary import read_vocabulary
from enishi.types import Document, Evidence
from enishi.vectors import one_thread

if TYPE_CHECKING:
    from enishi.config import TagSettings
    from enishi.generators.base import Site
    from enishi.related.index import Backend
    from enishi.types import Vectors


_GROUPS = {
    "posts like it": ("krr", "krr_lrat", "krr_lrank", "krr_max", "cen_z", "near"),
    "its name in the text": ("m_title", "m_lede", "m_dens", "m_idf", "m_df", "m_learn", "m_none"),
    "its name in posts like it": ("m_like", "m_like_z"),
    "posts of its time": ("date",),
    "how common the tag is": ("prior",),
}
"""Names of the groups of features; each feature is in one."""
_AROUND = {
    "where its name stands": ("subject", "passing"),
    "when the tag was in use": ("later",),
    "the post's other tags": ("apart", "within"),
}
"""The same for what makes a confidence of a fit."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class TagExplanation:
    """The explanation of one tag on one post."""

    post: str
    tag: str
    verdict: str
    """Whether it is suggested, and if not, why: completes a sentence that begins with the tag."""
    confidence: float | None
    """None where the tag is on too few posts to be suggested at all."""
    posts_with_tag: int
    start: float = 0.0
    """The base rate: the probability of a tag on a post before any evidence."""
    factors: tuple[tuple[str, float], ...] = ()
    """The factor by which each group of evidence multiplies the odds."""
    neighbors_say: float | None = None
    """The prediction from similar posts, about 0 to 1: their share with the tag, weighted by similarity."""
    evidence: Evidence = field(default_factory=Evidence)


def explain_tag(
    documents: Sequence[Document],
    site: Site,
    settings: TagSettings,
    answers: Answers,
    row: int,
    tag: str,
    *,
    blocks: Sequence[tuple[float, Vectors]] = (),
    backend: Backend = "auto",
) -> TagExplanation:
    """Why the tag, as some post writes it, is suggested for the post of that row, or not; see `suggest_tags`."""
    vocabulary, _ = read_vocabulary([document.post for document in documents], site, settings)
    path, key = documents[row].post.path, vocabulary.key(tag)
    name = vocabulary.names[key]
    carrying = sum(key in meant for meant in vocabulary.meant_on(documents))
    with one_thread():
        likeness = measure_likeness(documents, blocks=blocks, backend=backend)
        constants = constants_of(site, settings)
        estimate, scorer = estimate_tags(documents, vocabulary, likeness, constants, answers=answers)
        if key not in estimate.keys:
            reason = "ruled out by the settings" if key in vocabulary.barred else "on too few posts to be suggested"
            return TagExplanation(path, name, reason, None, carrying)
        column = estimate.keys.index(key)
        model = TagModel(documents, vocabulary, likeness, estimate, settings, answers.declined)
        rules = SuggestionRules(model)
        features = next(part for _, part in scorer.parts(np.array([row])))[0, column]
        z = standardise(features[None, :], constants)[0]
        points = z * estimate.weights
        factors = tuple(
            (group, round(exp(sum(points[FEATURES.index(feature)] for feature in features)), _DIGITS))
            for group, features in _GROUPS.items()
        )
        shift = float(estimate.shifts[estimate.fold[row], column])
        factors += (("how readily the tag is given", round(exp(shift), _DIGITS)),)
        margin, pair = np.array([points.sum() + shift]), (np.array([row]), np.array([column]))
        if estimate.is_tagged[row]:
            learned = shipped_confidence_constants()
            around = estimate.surroundings.features(*pair, sigmoid(margin))[0] * learned.weights
            doubt = learned.of_fit(margin)[0] - margin[0]
            factors += (("that the post has tags", round(exp(doubt), _DIGITS)),)
            factors += tuple(
                (group, round(exp(sum(around[AROUND.index(feature)] for feature in features)), _DIGITS))
                for group, features in _AROUND.items()
            )
            margin += doubt + around.sum()
        corrected = estimate.corrections.corrected(margin, *pair)
        if corrected[0] != margin[0]:
            factors += (("what you decided", round(exp(corrected[0] - margin[0]), _DIGITS)),)
        finder = EvidenceFinder(model, group_posts(documents, likeness), DistinctiveTerms(documents))
        return TagExplanation(
            path,
            name,
            _verdict(model, rules, row, column),
            rules.confidence(row, column),
            carrying,
            round(float(sigmoid(estimate.weights[-1:])[0]), _DIGITS),
            factors,
            round(float(features[FEATURES.index("krr")]), _DIGITS),
            finder.evidence([(row, column)])[row, column],
        )


def _verdict(model: TagModel, rules: SuggestionRules, row: int, column: int) -> str:
    document, vocabulary, settings = model.documents[row], model.vocabulary, model.settings
    key = model.estimate.keys[column]
    confidence = rules.confidence(row, column)
    if key in vocabulary.meant_by(vocabulary.tags_of(document.post)):
        return "a tag of the post already"
    if key in map(vocabulary.key, model.declined.get(document.post.path, ())):
        return "not suggested: it was declined for this post"
    if key in vocabulary.unfit_for(document.post):
        return "not suggested: the post's tags, category or series say the same, or the settings rule it out"
    if any(suggested == column for _, suggested in rules.ranked(row)):
        return "suggested"
    if not document.words:
        return "not suggested: the post has no words"
    if confidence < settings.min_confidence:
        return f"not suggested: it is less sure than {settings.min_confidence:g} (setting tags.min_confidence)"
    return "not suggested: a narrower tag implies it, or surer ones fill the list (setting tags.max_suggestions)"
