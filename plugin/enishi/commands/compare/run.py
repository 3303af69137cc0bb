"""`enishi models compare`: several encoders on one blog, judged by its tags, its links, and by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.commands.compare.cut_links import UnlinkedPosts, without_links
from enishi.commands.compare.encode import EncodedBlog, PartStore, SeenAnswers, Views
from enishi.commands.compare.encoder_names import name_encoders
from enishi.commands.compare.intervals import Figure
from enishi.commands.compare.judging import Question, Score, Verdicts, count_verdicts, disagreements, read_verdicts
from enishi.commands.compare.metrics import (
    MIN_LINKING,
    LinkRound,
    TagRound,
    agreement,
    judge_by_links,
    judge_by_tags,
    ndcg_figures,
    nearest_posts,
    reach_of,
)
from enishi.errors import SettingsError
from enishi.pipeline import Blog, Posts, Run
from enishi.reading.links import own_hosts
from enishi.state import Request
from enishi.tags.declined import match_declines
from enishi.tags.evaluate import FOLDS, MIN_TAGGED, Case, hide_in_turn, tagged_rows, without_tags
from enishi.text.plural import counted
from enishi.types import Document, Progress, Reach

MIN_POSTS = 3


@dataclass(frozen=True, slots=True)
class ComparedEncoder:
    """What an encoder costs, and how evenly it shows posts."""

    name: str
    dimensions: int
    seconds_per_100: float
    """Seconds to encode a hundred posts, nothing being remembered and the model being loaded."""
    loading: float
    """Seconds until it could encode its first post."""
    reach: Reach
    seen: SeenAnswers


@dataclass(frozen=True, slots=True)
class Comparison:
    """Encoders side by side; every sequence is in their order."""

    posts: int
    tagged: int
    encoders: tuple[ComparedEncoder, ...]
    tags: TagRound | None
    why_no_tags: str
    """Why tags say nothing; empty if they do."""
    links: LinkRound | None
    why_no_links: str
    agreement: tuple[tuple[float, ...], ...]
    """Share of the first five nearest posts that two encoders have in common, for each pair; 1 on the diagonal."""
    suggester: tuple[Figure | None, ...] = ()
    """nDCG@5 of the whole suggester with each encoder in it; empty where that was not asked for."""
    pairs: int = 0
    """Number of questions for people, where encoders disagree: see :mod:`enishi.commands.compare.judging`."""
    open_pairs: int = 0
    """How many of them nobody has answered."""
    judged: tuple[Score | None, ...] = ()
    """What people said of each encoder but the first, for which it is None; empty without verdicts."""
    unknown_posts: tuple[str, ...] = ()
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
    documents = posts.documents
    if len(documents) < MIN_POSTS:
        raise SettingsError(f"there are {counted(len(documents), 'post')}; to compare encoders takes {MIN_POSTS}")
    verdicts = read_verdicts(options.verdicts, blog_address(blog), {document.post.path for document in documents})
    progress("taking the links between posts out", 0, 0)
    views, unlinked = hide_answers(posts)
    store = PartStore(blog.site, progress)
    encoded = [store.encode(encoder, views) for encoder in encoders]
    return _compare(blog, views, unlinked, encoded, verdicts, options, progress)


def hide_answers(posts: Posts) -> tuple[Views, UnlinkedPosts]:
    """The blog as encoders are given it: with everything, without tags, and without its links between posts."""
    documents = posts.documents
    unlinked = without_links(posts.blog, documents)
    views = Views(
        whole=documents,
        untagged=tuple(map(without_tags, documents)),
        unlinked=unlinked.documents if unlinked.links else (),
        links=posts.links,
    )
    return views, unlinked


def blog_address(blog: Blog) -> str:
    """The site's address where it is known: verdicts name it, so that those of another blog are noticed."""
    return blog.site.url.rstrip("/") if own_hosts(blog.site.url) else ""


def _compare(
    blog: Blog,
    views: Views,
    unlinked: UnlinkedPosts,
    encoded: Sequence[EncodedBlog],
    verdicts: Verdicts,
    options: CompareOptions,
    progress: Progress,
) -> ComparedBlog:
    documents, backend = views.whole, blog.settings.index.backend
    nearest = []
    for place, one in enumerate(encoded):
        progress("finding the nearest posts", place, len(encoded))
        nearest.append(nearest_posts(documents, one.whole, backend))
    tags, why_no_tags = _tags(blog, views, encoded, options.folds, progress)
    without = [
        None if one.unlinked is None or one.seen.knows_links else nearest_posts(views.unlinked, one.unlinked, backend)
        for one in encoded
    ]
    links = judge_by_links(documents, without, unlinked.links, unlinked.left)
    questions = disagreements(documents, nearest)
    unanswered = tuple(question for question in questions if question.key not in verdicts.answered)
    figures = Comparison(
        posts=len(documents),
        tagged=len(tagged_rows(documents)),
        encoders=tuple(
            ComparedEncoder(
                one.name, one.dimensions, one.seconds_per_100, one.loading, reach_of(documents, near), one.seen
            )
            for one, near in zip(encoded, nearest, strict=True)
        ),
        tags=tags,
        why_no_tags=why_no_tags,
        links=links,
        why_no_links="" if links else _why_no_links(len(unlinked.links)),
        agreement=tuple(tuple(agreement(documents, one, other) for other in nearest) for one in nearest),
        suggester=_suggester(blog, documents, encoded, options.folds, progress)
        if options.with_suggester and tags
        else (),
        pairs=len(questions),
        open_pairs=len(unanswered),
        judged=(None, *(count_verdicts(verdicts.known, nearest[0], near) for near in nearest[1:]))
        if options.verdicts
        else (),
        unknown_posts=verdicts.unknown,
    )
    return ComparedBlog(blog, documents, unanswered, figures)


def _suggester(
    blog: Blog, documents: Sequence[Document], encoded: Sequence[EncodedBlog], folds: int, progress: Progress
) -> tuple[Figure | None, ...]:
    """nDCG@5 of the whole suggester, with the evidence that a build takes from each encoder."""
    known: dict[tuple[int, ...], list[Case]] = {}
    for one in encoded:
        if (blocks := _block_ids(one)) not in known:
            known[blocks] = hide_in_turn(
                documents,
                blog.site,
                blog.settings.tags,
                match_declines(blog.declines, documents, blog.settings.tags.declined),
                blocks=one.tag_blocks,
                folds=folds,
                backend=blog.settings.index.backend,
                progress=progress,
            )
    return ndcg_figures([known[_block_ids(one)] for one in encoded])


def _block_ids(encoded: EncodedBlog) -> tuple[int, ...]:
    """The same for encoders that share a model, and so what they say about tags."""
    return tuple(id(vectors) for _, vectors in encoded.tag_blocks)


def _tags(
    blog: Blog, views: Views, encoded: Sequence[EncodedBlog], folds: int, progress: Progress
) -> tuple[TagRound | None, str]:
    """The figures by tags, or why there are none."""
    tagged = len(tagged_rows(views.whole))
    if tagged < MIN_TAGGED:
        has = f"{counted(tagged, 'post')} {'has' if tagged == 1 else 'have'} tags" if tagged else "no post has tags"
        return None, f"{has}, and at least {MIN_TAGGED} must"
    progress("hiding tags", 0, 0)
    backend = blog.settings.index.backend
    figures = judge_by_tags(views.whole, views.untagged, encoded, blog.site, blog.settings.tags, folds, backend)
    return figures, "" if figures else "no tag is on enough posts to be suggested for another one"


def _why_no_links(linking: int) -> str:
    if linking >= MIN_LINKING:
        return "too few links lead to posts that may be listed"
    has = f"{counted(linking, 'post')} {'links' if linking == 1 else 'link'}" if linking else "no post links"
    return f"{has} to another one, and at least {MIN_LINKING} must"
