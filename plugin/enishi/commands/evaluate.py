"""`enishi eval`: how far an author can trust the suggestions made for this blog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.pipeline import Relations, Run
from enishi.state import Request
from enishi.tags.evaluate import (
    FOLDS,
    MIN_TAGGED,
    all_listed,
    divide,
    hide_in_turn,
    hide_one_in_turn,
    likeness_without_tags,
    tagged_rows,
)
from enishi.tags.figures import (
    PRECISION,
    Accepted,
    PartialFigures,
    TagFigures,
    measure_cases,
    measure_decisions,
    measure_partial,
)
from enishi.tags.judgements import JudgedFigures, Judgement, measure_judgements, read_judgements
from enishi.tags.likeness import measure_likeness
from enishi.tags.suggest import rank_tags
from enishi.types import Progress
from enishi.vectors import one_thread


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of `enishi eval`."""

    posts: int
    tagged: int
    folds: int
    tags: TagFigures | None
    """Of posts without tags: all tags of a post hidden."""
    why_no_tags: str
    """Why tags could not be evaluated; empty if they were."""
    partial: PartialFigures | None = None
    """Of posts that have tags: one tag of a post hidden; None where fewer than `MIN_TAGGED` have several."""
    accepted_from: tuple[Accepted, ...] = ()
    """How often suggestions of at least some confidence were added, of those that the author decided about."""
    accepted_tenths: tuple[Accepted, ...] = ()
    """The same by tenth of confidence."""
    accepted_bands: tuple[Accepted, ...] = ()
    """The same by what is called "add" and "maybe"."""
    judged: JudgedFigures | None = None
    """What readers said of the suggestions for the blog as it is; None where no judgements are given."""


def evaluate_blog(
    request: Request,
    folds: int = FOLDS,
    precision: float = PRECISION,
    progress: Progress = lambda *_: None,
    judgements: Path | None = None,
) -> Evaluation:
    """Hide the tags of each part of the posts in turn, all of a post and one of it, and see what is suggested.

    Args:
        folds: number of parts.
        precision: the share of right suggestions to propose a confidence for.
        judgements: a file of them, see :mod:`enishi.tags.judgements`.

    Raises:
        EnishiError: settings, the site, the encoder or the judgements do not allow it.  Only the cache is written.
    """
    found = read_judgements(judgements, request.site.resolve().name) if judgements else ()
    with Run(request, progress) as run:
        relations = run.relate(run.read(run.load()))
    documents = relations.posts.documents
    tags, partial, why = _tags(relations, folds, precision, progress)
    parts = len(divide(documents, folds))  # fewer than wanted where few posts have tags
    accepted = measure_decisions(relations.posts.blog.decisions)
    return Evaluation(
        len(documents), len(tagged_rows(documents)), parts, tags, why, partial, *accepted, _judged(relations, found)
    )


def _judged(relations: Relations, judgements: Sequence[Judgement]) -> JudgedFigures | None:
    """The judgements beside the confidences of the blog as it is."""
    blog, documents = relations.posts.blog, relations.posts.documents
    paths = {document.post.path for document in documents}
    known = [one for one in judgements if one.path in paths]
    if not (known and blog.settings.tags.enabled):
        return None
    with one_thread():
        likeness = measure_likeness(documents, blocks=relations.tag_blocks, backend=blog.settings.index.backend)
        ranked = rank_tags(documents, blog.site, all_listed(blog.settings.tags), likeness, relations.posts.answers())
    sure = {path: dict(of_post) for path, of_post in ranked.by_path.items()}
    return measure_judgements(known, [sure[one.path].get(ranked.vocabulary.key(one.tag), 0.0) for one in known])


def _tags(
    relations: Relations, folds: int, precision: float, progress: Progress
) -> tuple[TagFigures | None, PartialFigures | None, str]:
    """The figures, or why there are none."""
    blog, documents = relations.posts.blog, relations.posts.documents
    settings = blog.settings.tags
    tagged = len(tagged_rows(documents))
    if not settings.enabled:
        return None, None, "tag suggestions are switched off (setting `tags.enabled`)"
    if tagged < MIN_TAGGED:
        have = f"{tagged} of the blog's posts {'has' if tagged == 1 else 'have'} tags" if tagged else "no post has tags"
        return None, None, f"{have}; to say how good suggestions are, at least {MIN_TAGGED} must"
    progress("comparing posts", 0, 0)
    likeness = likeness_without_tags(documents, relations.tag_blocks, blog.settings.index.backend)
    given = documents, blog.site, settings, relations.posts.answers()
    cases = hide_in_turn(*given, likeness=likeness, folds=folds, progress=progress)
    if not any(case.answers for case in cases):
        return None, None, "no tag is on enough posts to be suggested for another one"
    beside = hide_one_in_turn(*given, likeness=likeness, folds=folds, progress=progress)
    progress("computing intervals", 0, 0)
    partial = measure_partial(beside) if sum(case.answers for case in beside) >= MIN_TAGGED else None
    return measure_cases(cases, precision), partial, ""
