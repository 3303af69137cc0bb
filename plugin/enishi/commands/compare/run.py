"""`enishi models compare`: several encoders on one blog, in figures and in one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.commands.compare.encoded import EncodedBlog, PartStore, Views, Witness
from enishi.commands.compare.named import name_encoders
from enishi.commands.compare.pairs import Pair, disagreements, still_open
from enishi.commands.compare.referees import (
    MIN_LINKING,
    LinkRound,
    Lists,
    TagRound,
    agreement,
    judge_by_links,
    judge_by_tags,
    ndcg_figures,
    nearest_posts,
    reach_of,
)
from enishi.commands.compare.unlinked import Unlinked, without_links
from enishi.commands.compare.verdicts import Judged, Verdicts, count_verdicts, read_verdicts
from enishi.errors import SettingsError
from enishi.pipeline import Blog, Posts, Run
from enishi.reading.links import own_hosts
from enishi.state import Request
from enishi.tags.declined import match_declines
from enishi.tags.evaluate import FOLDS, MIN_TAGGED, tagged_rows, without_tags
from enishi.text.percent import interval_percent
from enishi.text.plural import counted
from enishi.text.printable import shown_path
from enishi.types import Document, Progress, Reach

if TYPE_CHECKING:
    from enishi.commands.compare.intervals import Figure
    from enishi.commands.compare.unlinked import Unlinked
    from enishi.tags.figures import Interval

FEWEST_POSTS = 3
SHOWN_POSTS = 3
SURE = 0.05
"""The p below which a count of verdicts is taken for more than chance."""


@dataclass(frozen=True, slots=True)
class ComparedEncoder:
    """What an encoder costs, and how evenly it shows posts."""

    name: str
    dimensions: int
    seconds_per_100: float
    """To encode a hundred posts of which nothing is remembered, the model being loaded."""
    loading: float
    """Seconds until it could encode its first post."""
    reach: Reach
    witness: Witness


@dataclass(frozen=True, slots=True)
class Comparison:
    """Encoders side by side; every sequence is in their order."""

    posts: int
    tagged: int
    encoders: tuple[ComparedEncoder, ...]
    tags: TagRound | None
    why_no_tags: str
    """Why nothing is said about tags; empty if something is."""
    links: LinkRound | None
    why_no_links: str
    agreement: tuple[tuple[float, ...], ...]
    """Share of the first five nearest posts that two encoders have in common, for each pair; 1 on the diagonal."""
    suggester: tuple[Figure | None, ...] = ()
    """nDCG@5 of the whole suggester with each encoder in it; empty where that was not asked for."""
    pairs: int = 0
    """Questions for people, where encoders disagree: see :mod:`enishi.commands.compare.pairs`."""
    open_pairs: int = 0
    """How many of them nobody has judged."""
    judged: tuple[Judged | None, ...] = ()
    """What people said of each encoder but the first, for which it is None; empty without verdicts."""
    unknown_posts: tuple[str, ...] = ()
    """Posts that verdicts name and the blog does not have."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and what it was made from."""

    blog: Blog
    documents: tuple[Document, ...]
    open_pairs: tuple[Pair, ...]
    """Questions that nobody has answered, in the order in which they are asked."""
    figures: Comparison


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be compared, and how."""

    names: tuple[str, ...] = ()
    """See :mod:`enishi.commands.compare.named`; the first one is what the others are compared with."""
    folds: int = FOLDS
    """In how many parts the tags are hidden."""
    with_suggester: bool = False
    """Whether the whole suggester is tried with each encoder, too."""
    verdicts: tuple[Path, ...] = ()
    """Files that the judging page saved."""


def compare_encoders(request: Request, wanted: Wanted, progress: Progress = lambda *_: None) -> Compared:
    """Encode a blog by each of the encoders and let its own tags and links, and people, judge.

    Raises:
        EnishiError: settings, the site, an encoder or a file of verdicts do not allow it.  Nothing is written but the
            cache of what posts say.
    """
    if not request.site.is_dir():
        names = " ".join((str(request.site), *wanted.names))
        raise SettingsError(f"{request.site} is no folder. The blog's comes first: enishi models compare . {names}")
    with Run(request, progress) as run:
        blog = run.load()
        encoders = name_encoders(wanted.names, blog.settings)
        posts = run.read(blog)
    documents = posts.documents
    if len(documents) < FEWEST_POSTS:
        raise SettingsError(f"there are {counted(len(documents), 'post')}; to compare encoders takes {FEWEST_POSTS}")
    said = read_verdicts(wanted.verdicts, blog_address(blog), {document.post.path for document in documents})
    progress("taking the links between posts out", 0, 0)
    views, unlinked = hide_answers(posts)
    store = PartStore(blog.site, progress)
    encoded = [store.encode(encoder, views) for encoder in encoders]
    return _judged(blog, views, unlinked, encoded, said, wanted, progress)


def hide_answers(posts: Posts) -> tuple[Views, Unlinked]:
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
    """The site's address where it is known: what tells the verdicts of one blog from those of another."""
    return blog.site.url.rstrip("/") if own_hosts(blog.site.url) else ""


def _judged(
    blog: Blog,
    views: Views,
    unlinked: Unlinked,
    encoded: Sequence[EncodedBlog],
    said: Verdicts,
    wanted: Wanted,
    progress: Progress,
) -> Compared:
    documents = views.whole
    lists = []
    for place, one in enumerate(encoded):
        progress("finding the nearest posts", place, len(encoded))
        lists.append(nearest_posts(documents, one.whole, blog.settings.index.backend))
    tags, why_no_tags = _tags(blog, views, encoded, wanted.folds, progress)
    links, why_no_links = _links(blog, views, unlinked, encoded)
    pairs = disagreements(documents, lists)
    left = still_open(pairs, said.judged)
    figures = Comparison(
        posts=len(documents),
        tagged=len(tagged_rows(documents)),
        encoders=tuple(_compared(documents, one, near) for one, near in zip(encoded, lists, strict=True)),
        tags=tags,
        why_no_tags=why_no_tags,
        links=links,
        why_no_links=why_no_links,
        agreement=tuple(tuple(agreement(documents, one, other) for other in lists) for one in lists),
        suggester=_suggester(blog, documents, encoded, wanted.folds, progress)
        if wanted.with_suggester and tags
        else (),
        pairs=len(pairs),
        open_pairs=len(left),
        judged=(None, *(count_verdicts(said.found, lists[0], near) for near in lists[1:])) if wanted.verdicts else (),
        unknown_posts=said.unknown,
    )
    return Compared(blog, documents, tuple(left), figures)


def _suggester(
    blog: Blog, documents: Sequence[Document], encoded: Sequence[EncodedBlog], folds: int, progress: Progress
) -> tuple[Figure | None, ...]:
    """nDCG@5 of all evidence together, with what a build lets each encoder say about tags."""
    from enishi.tags.evaluate import Case, hide_in_turn

    known: dict[tuple[int, ...], list[Case]] = {}
    cases = []
    for one in encoded:
        same = tuple(id(vectors) for _, vectors in one.tag_blocks)  # two encoders with one model between them
        if same not in known:
            known[same] = hide_in_turn(
                documents,
                blog.site,
                blog.settings.tags,
                match_declines(blog.declines, documents, blog.settings.tags.declined),
                blocks=one.tag_blocks,
                folds=folds,
                backend=blog.settings.index.backend,
                progress=progress,
            )
        cases.append(known[same])
    return ndcg_figures(cases)


def _compared(documents: Sequence[Document], one: EncodedBlog, near: Lists) -> ComparedEncoder:
    reach = reach_of(documents, near)
    return ComparedEncoder(one.name, one.dimensions, one.seconds_per_100, one.loading, reach, one.witness)


def _tags(
    blog: Blog, views: Views, encoded: Sequence[EncodedBlog], folds: int, progress: Progress
) -> tuple[TagRound | None, str]:
    tagged = len(tagged_rows(views.whole))
    if tagged < MIN_TAGGED:
        has = f"{counted(tagged, 'post')} {'has' if tagged == 1 else 'have'} tags"
        return None, f"{has if tagged else 'no post has tags'}, and at least {MIN_TAGGED} must"
    progress("hiding tags", 0, 0)
    backend = blog.settings.index.backend
    found = judge_by_tags(views.whole, views.untagged, encoded, blog.site, blog.settings.tags, folds, backend)
    return found, "" if found else "no tag is on enough posts to be suggested for another one"


def _links(
    blog: Blog, views: Views, unlinked: Unlinked, encoded: Sequence[EncodedBlog]
) -> tuple[LinkRound | None, str]:
    backend = blog.settings.index.backend
    lists = [
        None
        if one.unlinked is None or one.witness.knows_links
        else nearest_posts(views.unlinked, one.unlinked, backend)
        for one in encoded
    ]
    found = judge_by_links(views.whole, lists, unlinked.links, unlinked.left)
    return found, "" if found else _why_no_links(len(unlinked.links))


def _why_no_links(linking: int) -> str:
    if linking >= MIN_LINKING:
        return "too few links lead to posts that may be listed"
    has = f"{counted(linking, 'post')} {'links' if linking == 1 else 'link'}" if linking else "no post links"
    return f"{has} to another one, and at least {MIN_LINKING} must"


# --- in words ---------------------------------------------------------------------------------------------------------


def verdicts(found: Comparison) -> list[str]:
    """What it comes to, a sentence for each encoder but the first."""
    return [_verdict(found, place) for place in range(1, len(found.encoders))]


def _verdict(found: Comparison, place: int) -> str:
    first, other = found.encoders[0].name, found.encoders[place].name
    clauses: list[str] = []
    for what, measure, figure in (
        ("tags", "nDCG@5", found.tags.ndcg[place] if found.tags else None),
        ("links", "recall@5", found.links.recall[place] if found.links else None),
    ):
        if figure is None or figure.difference is None:
            continue
        by = f"{measure} {difference(figure.difference)}"
        better = {1: "better", 0: "", -1: "worse"}[figure.verdict]
        if clauses:
            told = f"{other} is {better}" if better else "the difference is within noise"
            clauses.append(f"for {what} {told} ({by})")
        elif better:
            clauses.append(f"{other} is {better} than {first} for {what} ({by})")
        else:
            clauses.append(f"For {what} the difference between {other} and {first} is within noise ({by})")
    return f"{'; '.join(clauses)}." if clauses else f"This blog cannot say whether {other} is better than {first}."


def judgements(found: Comparison) -> list[str]:
    """What people said, a sentence for each encoder but the first; none without verdicts."""
    return [_judgement(found, place, judged) for place, judged in enumerate(found.judged) if judged is not None]


def _judgement(found: Comparison, place: int, judged: Judged) -> str:
    first, other = found.encoders[0].name, found.encoders[place].name
    if not judged.pairs:
        return f"No verdict tells {other} from {first}."
    told = f"Of {counted(judged.pairs, 'pair')} judged blind, {other} won {judged.wins} and {first} {judged.losses}"
    if judged.share is None:
        return f"{told}: all were ties."
    ties = judged.pairs - judged.wins - judged.losses
    tied = f"; {ties} {'was a tie' if ties == 1 else 'were ties'}" if ties else ""
    chance = "p < .001" if judged.p < 0.001 else f"p = {short(judged.p)}"
    sure = "" if judged.p < SURE else ", which may be chance"
    return f"{told}{tied} ({interval_percent(judged.share)} of those decided; {chance}{sure})."


def remarks(found: Comparison) -> list[str]:
    """What to know about the figures, a sentence each."""
    told = []
    if found.tags is None:
        told.append(f"Nothing can be said about tags: {found.why_no_tags}.")
    if found.links is None:
        told.append(f"Nothing can be said about links: {found.why_no_links}.")
    elif found.links.left:
        were = "was" if found.links.left == 1 else "were"
        told.append(f"{counted(found.links.left, 'link')} could not be taken out of the text and {were} not asked for.")
    for one in found.encoders:
        if found.tags is not None and one.witness.knows_tags:
            told.append(f"The tags are no test of {one.name}, which {one.witness.knows_tags}.")
        if found.links is not None and one.witness.knows_links:
            told.append(f"The links are no test of {one.name}, which {one.witness.knows_links}.")
    if found.unknown_posts:
        some = ", ".join(map(shown_path, found.unknown_posts[:SHOWN_POSTS]))
        more = f" and {len(found.unknown_posts) - SHOWN_POSTS} more" if len(found.unknown_posts) > SHOWN_POSTS else ""
        told.append(f"Verdicts about posts that the blog does not have (any more) do not count: {some}{more}.")
    return told


def difference(interval: Interval) -> str:
    """`+.031, .012 to .049`."""
    return f"{signed(interval.value)}, {short(interval.low)} to {short(interval.high)}"


def signed(value: float) -> str:
    """As :func:`short`, with a sign for what is more, too."""
    return ("+" if value >= 0 else "") + short(value)


def short(value: float) -> str:
    """Three decimals without the zero before them: `.031`, `−.004`."""
    written = f"{abs(value):.3f}"
    return ("−" if value < 0 and float(written) else "") + written.removeprefix("0")
