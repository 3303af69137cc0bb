"""`enishi models compare`: several encoders on one blog, judged by its tags, its links, and by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.commands.compare.encode import ComparedEncoder, EncodedBlog, PartStore, Views
from enishi.commands.compare.encoder_names import name_encoders
from enishi.commands.compare.judging import Question, Score, Verdict, count_verdicts, disagreements, read_verdicts
from enishi.commands.compare.metrics import (
    LinkRound,
    TagRound,
    judge_by_links,
    judge_by_tags,
    nearest_posts,
    nearest_unlinked,
)
from enishi.errors import SettingsError
from enishi.pipeline import Blog, Run
from enishi.reading.links import own_hosts
from enishi.state import Request
from enishi.tags.evaluate import FOLDS, MIN_TAGGED, tagged_rows
from enishi.text.plural import counted
from enishi.types import Document, Progress

MIN_POSTS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """Encoders side by side; every sequence is in their order."""

    posts: int
    tagged: int
    encoders: tuple[ComparedEncoder, ...]
    tags: TagRound | None
    """None where too few posts have tags that could be suggested."""
    links: LinkRound | None
    """None where too few posts link to others that may be listed."""
    pairs: int
    """Number of questions for people, where encoders disagree: see :mod:`enishi.commands.compare.judging`."""
    open_pairs: int
    """How many of them nobody has answered."""
    judged: tuple[Score | None, ...]
    """What people said of each encoder but the first, for which it is None; empty without verdicts."""


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
    verdicts = read_verdicts(options.verdicts, blog_address(blog), paths)
    progress("taking the links between posts out", 0, 0)
    views = Views.of(posts)
    store = PartStore(views, progress)
    encoded = [store.encode(encoder) for encoder in encoders]
    return _compare(views, encoded, verdicts, options, progress)


def blog_address(blog: Blog) -> str:
    """The site's address where it is known: verdicts name it, so that those of another blog are noticed."""
    return blog.site.url.rstrip("/") if own_hosts(blog.site.url) else ""


def _compare(
    views: Views,
    encoded: Sequence[EncodedBlog],
    verdicts: Sequence[Verdict],
    options: CompareOptions,
    progress: Progress,
) -> ComparedBlog:
    blog, documents = views.posts.blog, views.whole
    nearest = []
    for place, one in enumerate(encoded):
        progress("finding the nearest posts", place, len(encoded))
        nearest.append(nearest_posts(documents, one.whole, blog.settings.index.backend))
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
        tags=tags,
        links=links,
        pairs=len(questions),
        open_pairs=len(unanswered),
        judged=scores if options.verdicts else (),
    )
    return ComparedBlog(blog, documents, unanswered, figures)
