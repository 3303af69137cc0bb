"""`enishi eval`: how far this blog's author can trust what is suggested, told in figures and in one sentence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.commands.tags import ADD, MAYBE
from enishi.errors import SettingsError
from enishi.files import replace_file
from enishi.pipeline import Blog, Progress, Request, create_encoder, links_of, load, open_cache, read
from enishi.tags.calibration import MOST_CERTAIN
from enishi.tags.declined import match_declines
from enishi.tags.evaluate import FOLDS, MIN_TAGGED, divide, hide_in_turn, tagged_rows, text_reach
from enishi.tags.figures import EDGE, PRECISION, Interval, Level, TagFigures, measure_cases
from enishi.types import Document, Reach

if TYPE_CHECKING:
    from enishi.encoders.blog import BlogEncoder
    from enishi.types import Vectors


@dataclass(frozen=True, slots=True)
class RelatedFigures:
    """How evenly posts are shown as related: all three over the same public posts and as many places."""

    ours: Reach
    plain: Reach
    """By Enishi's vectors, without its policy."""
    text: Reach
    """By plain TF-IDF."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `enishi eval` found out."""

    posts: int
    tagged: int
    folds: int
    tags: TagFigures | None
    why_no_tags: str
    """Why nothing is said about tags; empty if something is."""
    related: RelatedFigures


def evaluate_blog(
    request: Request, folds: int = FOLDS, precision: float = PRECISION, progress: Progress = lambda *_: None
) -> Evaluation:
    """Hide the tags of each part of a blog's posts in turn and see what is suggested; count who is shown as related.

    Args:
        folds: number of parts.
        precision: the share of right suggestions to propose a confidence for.

    Raises:
        EnishiError: settings, the site or the encoder do not allow it.  Nothing is written but the cache.
    """
    progress("looking for posts", 0, 0)
    blog = load(request)
    with open_cache(request.site) as cache:
        documents, _ = read(blog, cache, request.processes, progress)
        encoder = create_encoder(blog, cache, progress)
        related = _related(blog, documents, encoder, progress)
    tags, why = _tags(blog, documents, encoder.tag_blocks, folds, precision, progress)
    parts = len(divide(documents, folds))  # fewer than wanted where few posts have tags
    return Evaluation(len(documents), len(tagged_rows(documents)), parts, tags, why, related)


def _related(blog: Blog, documents: list[Document], encoder: BlogEncoder, progress: Progress) -> RelatedFigures:
    from enishi.related.policy import find_related

    links = links_of(documents, blog.site)
    progress("encoding posts", 0, 0)
    vectors = encoder.encode(documents, links)
    progress("finding related posts", 0, 0)
    found = find_related(documents, vectors, links, blog.settings.related, backend=blog.settings.index.backend)
    return RelatedFigures(found.reach, found.plain_reach, text_reach(documents, found.reach.at))


def _tags(
    blog: Blog,
    documents: list[Document],
    blocks: Sequence[tuple[float, Vectors]],
    folds: int,
    precision: float,
    progress: Progress,
) -> tuple[TagFigures | None, str]:
    """The figures, or why there are none."""
    settings = blog.settings.tags
    tagged = len(tagged_rows(documents))
    if not settings.enabled:
        return None, "tag suggestions are switched off (setting `tags.enabled`)"
    if tagged < MIN_TAGGED:
        told = f"{tagged} of the blog's posts {'has' if tagged == 1 else 'have'} tags" if tagged else "no post has tags"
        return None, f"{told}; to say how good suggestions are, at least {MIN_TAGGED} must"
    cases = hide_in_turn(
        documents,
        blog.site,
        settings,
        match_declines(blog.declines, documents, settings.declined),
        blocks=blocks,
        folds=folds,
        backend=blog.settings.index.backend,
        progress=progress,
    )
    if not any(case.answers for case in cases):
        return None, "no tag is on enough posts to be suggested for another one"
    progress("drawing other blogs like this one", 0, 0)
    return measure_cases(cases, precision), ""


# --- in words --------------------------------------------------------------------------------------------------------


def advice(found: Evaluation) -> str:
    """What confidence to trust on this blog, in one sentence."""
    if found.tags is None:
        return f"Nothing can be said about tags: {found.why_no_tags}."
    proposal = found.tags.ours.proposal
    wanted, level = percent(proposal.wanted), proposal.level
    if level is None or level.precision is None:
        return "There are too few suggestions to say which confidence to trust on this blog; keep to the defaults."
    share = f"{level.right:,} of {level.suggestions:,}"
    told = f"from {level.confidence:.2f} on, {share} suggestions are right"
    if proposal.confidence is not None:
        return (
            f"Trust suggestions from {proposal.confidence:.2f} on: on this blog {share} such suggestions are right "
            f"({interval_percent(level.precision)}), and they find {percent(level.recall)} of the tags."
        )
    if level.precision.high >= proposal.wanted:  # it may be so, it may not
        return f"There are too few suggestions to be sure of {wanted} on this blog: {told}; keep to the defaults."
    return f"No confidence can be trusted to {wanted} on this blog: even {told}; look at every suggestion yourself."


def setting(found: Evaluation) -> str:
    """The lines to write into enishi.toml, or nothing."""
    confidence = found.tags.ours.proposal.confidence if found.tags else None
    return "" if confidence is None else f"[tags]\nmin_confidence = {confidence:.2f}"


def remarks(found: Evaluation) -> list[str]:
    """What to know about the advice, a sentence each."""
    if found.tags is None:
        return []
    told = []
    proposal = found.tags.ours.proposal
    if proposal.confidence is not None and proposal.edge is not None and proposal.edge.precision is not None:
        edge = proposal.edge
        end = min(edge.confidence + EDGE - 0.01, MOST_CERTAIN)
        told.append(
            f"Of the least sure of them, {edge.confidence:.2f} to {end:.2f}, "
            f"{edge.right:,} of {edge.suggestions:,} are right."
        )
    if proposal.checked is not None:
        told.append(
            f"Chosen on some parts of the posts and looked at on another, in turn: {percent(proposal.checked)} right."
        )
    told.append(_levels_told(found.tags))
    other = found.tags.vote.proposal
    told.append(
        f"The neighbours' vote reaches {percent(other.wanted)} from {other.confidence:.2f} on, "
        f"where it finds {percent(other.level.recall)} of the tags."
        if other.confidence is not None and other.level is not None
        else f"Of the neighbours' vote, no confidence is sure to reach {percent(other.wanted)}."
    )
    told.append(
        "This is about posts that have no tag yet. A suggestion counts as right if the author gave the tag; some of "
        "the others are tags that the post lacks."
    )
    return told


def _levels_told(tags: TagFigures) -> str:
    """What the two marks of `enishi tags suggest` are worth."""
    levels = {level.confidence: level for level in tags.ours.levels}
    sure, all_marked = levels[ADD], levels[MAYBE]
    unsure, right = all_marked.suggestions - sure.suggestions, all_marked.right - sure.right
    return (
        f"Marked add ({ADD:g} and above): {sure.right:,} of {sure.suggestions:,} are right; "
        f"marked maybe ({MAYBE:g} to {ADD:g}): {right:,} of {unsure:,}."
    )


def counted_tags(found: TagFigures) -> str:
    """How many tags were hidden, and how many of them could be found."""
    return (
        f"{found.hidden:,} tags hidden, {found.answers:,} of which could be suggested: the others are on too few other "
        "posts, or ruled out by the settings"
    )


def percent(share: float) -> str:
    """A share as a whole number of per cent, but never 100 where something is missing, nor 0 where something is."""
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return "over 99 %"
    if rounded == 0 and share > 0:
        return "under 1 %"
    return f"{rounded} %"


def interval_percent(interval: Interval) -> str:
    """`85 %, 78–91`."""
    return f"{percent(interval.value)}, {round(100 * interval.low)}–{round(100 * interval.high)}"


def precision_of(level: Level) -> str:
    """A precision with its interval, or a dash."""
    return interval_percent(level.precision) if level.precision else "–"


# --- writing ---------------------------------------------------------------------------------------------------------


def refuse_page(file: Path, option: str = "--html") -> None:
    """Complain of a place where no page can be written before any work is done.

    Raises:
        SettingsError: it does not end in .html, so that no post is ever hit by a slip; or it is a folder.
    """
    if file.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"{option} {file}: the name has to end in .html")
    if file.is_dir():
        raise SettingsError(f"{option} {file} is a folder; name a file")
    if not file.parent.is_dir():
        raise SettingsError(f"{option} {file}: there is no folder {file.parent}")


def write_page(file: Path, page: bytes, option: str = "--html") -> None:
    """Write the page in one step; what was there is replaced.

    Raises:
        OutputError: the file system refuses.
    """
    replace_file(Path(os.path.realpath(file)), page, name=f"{option} {file}")
