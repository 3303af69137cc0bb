"""`enishi eval`: how far an author can trust the suggestions made for this blog."""

from __future__ import annotations

from dataclasses import dataclass

from enishi.pipeline import Relations, Run
from enishi.state import Request
from enishi.tags.decisions import match_taken
from enishi.tags.declined import match_declines
from enishi.tags.evaluate import FOLDS, MIN_TAGGED, divide, hide_in_turn, tagged_rows
from enishi.tags.figures import PRECISION, Accepted, TagFigures, measure_cases, measure_decisions
from enishi.types import Progress


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of `enishi eval`."""

    posts: int
    tagged: int
    folds: int
    tags: TagFigures | None
    why_no_tags: str
    """Why tags could not be evaluated; empty if they were."""
    accepted_from: tuple[Accepted, ...] = ()
    """How often suggestions of at least some confidence were added, of those that the author decided about."""
    accepted_tenths: tuple[Accepted, ...] = ()
    """The same by tenth of confidence."""


def evaluate_blog(
    request: Request, folds: int = FOLDS, precision: float = PRECISION, progress: Progress = lambda *_: None
) -> Evaluation:
    """Hide the tags of each part of the posts in turn and see what is suggested.

    Args:
        folds: number of parts.
        precision: the share of right suggestions to propose a confidence for.

    Raises:
        EnishiError: settings, the site or the encoder do not allow it.  Nothing is written but the cache.
    """
    with Run(request, progress) as run:
        relations = run.relate(run.read(run.load()))
    documents = relations.posts.documents
    tags, why = _tags(relations, folds, precision, progress)
    parts = len(divide(documents, folds))  # fewer than wanted where few posts have tags
    accepted = measure_decisions(relations.posts.blog.decisions)
    return Evaluation(len(documents), len(tagged_rows(documents)), parts, tags, why, *accepted)


def _tags(relations: Relations, folds: int, precision: float, progress: Progress) -> tuple[TagFigures | None, str]:
    """The figures, or why there are none."""
    blog, documents = relations.posts.blog, relations.posts.documents
    settings = blog.settings.tags
    tagged = len(tagged_rows(documents))
    if not settings.enabled:
        return None, "tag suggestions are switched off (setting `tags.enabled`)"
    if tagged < MIN_TAGGED:
        have = f"{tagged} of the blog's posts {'has' if tagged == 1 else 'have'} tags" if tagged else "no post has tags"
        return None, f"{have}; to say how good suggestions are, at least {MIN_TAGGED} must"
    cases = hide_in_turn(
        documents,
        blog.site,
        settings,
        match_declines(blog.declines, documents, settings.declined),
        taken=match_taken(blog.decisions, documents),
        blocks=relations.tag_blocks,
        folds=folds,
        backend=blog.settings.index.backend,
        progress=progress,
    )
    if not any(case.answers for case in cases):
        return None, "no tag is on enough posts to be suggested for another one"
    progress("computing intervals", 0, 0)
    return measure_cases(cases, precision), ""
