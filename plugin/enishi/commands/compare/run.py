"""`enishi models compare`: several encoders on one blog, judged by its tags, its links, and by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.commands.compare.encode import ComparedEncoder, EncodedBlog, PartStore, Views
from enishi.commands.compare.encoder_names import name_encoders
from enishi.commands.compare.intervals import Figure
from enishi.commands.compare.judging import Question, Score, Verdict, count_verdicts, disagreements, read_verdicts
from enishi.commands.compare.metrics import (
    MIN_LINKING,
    LinkRound,
    TagRound,
    agreement,
    judge_by_links,
    judge_by_tags,
    ndcg_figures,
    nearest_posts,
    nearest_unlinked,
    reach_of,
)
from enishi.errors import SettingsError
from enishi.pipeline import Blog, Run
from enishi.reading.links import own_hosts
from enishi.state import Request
from enishi.tags.declined import match_declines
from enishi.tags.evaluate import FOLDS, MIN_TAGGED, Case, hide_in_turn, tagged_rows
from enishi.text.plural import counted
from enishi.types import Document, Progress, Reach

MIN_POSTS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """Encoders side by side; every sequence is in their order."""

    posts: int
    tagged: int
    encoders: tuple[ComparedEncoder, ...]
    reach: tuple[Reach, ...]
    """How evenly each shows posts in the lists of the five nearest."""
    tags: TagRound | None
    why_no_tags: str
    """Why tags say nothing; empty if they do."""
    links: LinkRound | None
    why_no_links: str
    agreement: tuple[tuple[float, ...], ...]
    """Share of the first five nearest posts that two encoders have in common, for each pair; 1 on the diagonal."""
    suggester: tuple[Figure | None, ...]
    """nDCG@5 of the whole suggester with each encoder in it; empty where that was not asked for."""
    pairs: int
    """Number of questions for people, where encoders disagree: see :mod:`enishi.commands.compare.judging`."""
    open_pairs: int
    """How many of them nobody has answered."""
    judged: tuple[Score | None, ...]
    """What people said of each encoder but the first, for which it is None; empty without verdicts."""
    unknown_posts: tuple[str, ...]
    """Posts that verdicts name and the blog does not have."""


@dataclass(frozen=True, slots=True)
class ComparedBlog:
    """A comparison, and what it was made from."""

    blog: Blog
    documents: tuple[Document, ...]
    open_questions: tuple[Question, ...]
    """Questions that nobody has answered, in the order in which they are asked."""
    figures: Comparison


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What is to be compared, and how."""

    names: tuple[str, ...] = ()
    """See :mod:`enishi.commands.compare.encoder_names`; the others are compared with the first one."""
    folds: int = FOLDS
    """In how many parts the tags are hidden."""
    with_suggester: bool = False
    """Whether the whole suggester is tried with each encoder, too."""
    verdicts: tuple[Path, ...] = ()
    """Files that the judging page saved."""


def compare_encoders(request: Request, options: CompareOptions, progress: Progress = lambda *_: None) -> ComparedBlog:
    """Encode a blog by each of the encoders, and judge them by its own tags and links, and by people.

    Nothing is written but the cache of what posts say.

    Raises:
        EnishiError: settings, the site, an encoder or a file of verdicts do not allow it.
    """
    if not request.site.is_dir():
        names = " ".join((str(request.site), *options.names))
        raise SettingsError(f"{request.site} is no folder. The blog's comes first: enishi models compare . {names}")
    with Run(request, progress) as run:
        blog = run.load()
        encoders = name_encoders(options.names, blog.settings)
        posts = run.read(blog)
    if len(posts.documents) < MIN_POSTS:
        has = counted(len(posts.documents), "post")
        raise SettingsError(f"there are {has}; to compare encoders takes {MIN_POSTS}")
    paths = {document.post.path for document in posts.documents}
    verdicts, unknown_posts = read_verdicts(options.verdicts, blog_address(blog), paths)
    progress("taking the links between posts out", 0, 0)
    views = Views.of(posts)
    store = PartStore(views, progress)
    encoded = [store.encode(encoder) for encoder in encoders]
    return _compare(views, encoded, verdicts, unknown_posts, options, progress)


def blog_address(blog: Blog) -> str:
    """The site's address where it is known: verdicts name it, so that those of another blog are noticed."""
    return blog.site.url.rstrip("/") if own_hosts(blog.site.url) else ""


def _compare(
    views: Views,
    encoded: Sequence[EncodedBlog],
    verdicts: Sequence[Verdict],
    unknown_posts: tuple[str, ...],
    options: CompareOptions,
    progress: Progress,
) -> ComparedBlog:
    blog, documents = views.posts.blog, views.whole
    backend = blog.settings.index.backend
    nearest = []
    for place, one in enumerate(encoded):
        progress("finding the nearest posts", place, len(encoded))
        nearest.append(nearest_posts(documents, one.whole, backend))
    tagged = len(tagged_rows(documents))
    progress("hiding tags", 0, 0)
    tags = judge_by_tags(views, encoded, options.folds) if tagged >= MIN_TAGGED else None
    links = judge_by_links(documents, nearest_unlinked(views, encoded), views.posts.links)
    questions = disagreements(documents, nearest)
    answered = {verdict.pair for verdict in verdicts}
    unanswered = tuple(question for question in questions if question.key not in answered)
    scores = (None, *(count_verdicts(verdicts, nearest[0], near) for near in nearest[1:]))
    figures = Comparison(
        posts=len(documents),
        tagged=tagged,
        encoders=tuple(one.encoder for one in encoded),
        reach=tuple(reach_of(documents, near) for near in nearest),
        tags=tags,
        why_no_tags="" if tags else _why_no_tags(tagged),
        links=links,
        why_no_links="" if links else _why_no_links(len(views.posts.links)),
        agreement=tuple(tuple(agreement(documents, one, other) for other in nearest) for one in nearest),
        suggester=_suggester(views, encoded, options.folds, progress) if options.with_suggester and tags else (),
        pairs=len(questions),
        open_pairs=len(unanswered),
        judged=scores if options.verdicts else (),
        unknown_posts=unknown_posts,
    )
    return ComparedBlog(blog, documents, unanswered, figures)


def _suggester(
    views: Views, encoded: Sequence[EncodedBlog], folds: int, progress: Progress
) -> tuple[Figure | None, ...]:
    """nDCG@5 of the whole suggester, with the evidence that a build takes from each encoder."""
    blog, documents = views.posts.blog, views.whole
    settings = blog.settings
    declined = match_declines(blog.declines, documents, settings.tags.declined)
    cases: dict[tuple[int, ...], list[Case]] = {}
    """By the vectors of the evidence: encoders that share a model share what it says about tags."""
    keys = [tuple(id(vectors) for _, vectors in one.tag_blocks) for one in encoded]
    for key, one in zip(keys, encoded, strict=True):
        if key not in cases:
            cases[key] = hide_in_turn(
                documents,
                blog.site,
                settings.tags,
                declined,
                blocks=one.tag_blocks,
                folds=folds,
                backend=settings.index.backend,
                progress=progress,
            )
    return ndcg_figures([cases[key] for key in keys])


def _why_no_tags(tagged: int) -> str:
    if tagged >= MIN_TAGGED:
        return "no tag is on enough posts to be suggested for another one"
    has = f"{counted(tagged, 'post')} {'has' if tagged == 1 else 'have'} tags" if tagged else "no post has tags"
    return f"{has}, and at least {MIN_TAGGED} must"


def _why_no_links(linking: int) -> str:
    if linking >= MIN_LINKING:
        return "too few links lead to posts that may be listed"
    has = f"{counted(linking, 'post')} {'links' if linking == 1 else 'link'}" if linking else "no post links"
    return f"{has} to another one, and at least {MIN_LINKING} must"
