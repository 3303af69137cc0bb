"""The flow of a build, stage by stage; every command takes all of it or a part.

    load ─> Blog ─> read ─> Posts ─> relate ─> Relations ─> tag ─> TagAnalysis
         ─> render ─> Rendered ─> write ─> remember

A stage takes what an earlier one returned.  `build` goes through all of them, a watch goes through them again at each
save, and a check, an evaluation or a search stops early.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from enishi import state
from enishi.cache import Cache
from enishi.config import Settings
from enishi.config_files import load_settings
from enishi.errors import Diagnostic, Severity
from enishi.generators import detect_site
from enishi.kept import Kept
from enishi.memo import Memo
from enishi.processes import Beside
from enishi.reading.documents import PostFile, read_documents, read_files
from enishi.reading.find import find_files
from enishi.reading.links import own_hosts, resolve_links
from enishi.reading.manifest import ManifestEntry, read_manifest
from enishi.reading.standing_pages import without_pages
from enishi.reading.told_addresses import ToldAddress, read_told, told_bytes
from enishi.state import Request, Summary
from enishi.tags.decisions import Decision, match_taken, read_decisions
from enishi.tags.declined import Decline, match_declines, read_declined
from enishi.tags.sketches import Sketches, sketches_by
from enishi.types import Document, Progress, TagAnalysis
from enishi.writing.known_fragments import KnownFragments
from enishi.writing.output import WriteReport, write_outputs
from enishi.writing.render import (
    render_data_file,
    render_partials,
    render_related,
)
from enishi.writing.render_tags import TAGS_NAME, render_tags_json

if TYPE_CHECKING:
    from pathlib import Path

    from enishi.encoders.blog import BlogEncoder
    from enishi.generators.base import Site
    from enishi.reading.find import SourceFile
    from enishi.related.policy import RelatedPosts
    from enishi.related.published import PublishedLists
    from enishi.tags.answers import Answers
    from enishi.types import Vectors

    Reader = Callable[[Sequence[SourceFile], Site], list[PostFile]]
    TagBlocks = tuple[tuple[float, Vectors], ...]

_WORTH_SHARING = 200
"""Posts from which a second process pays: it takes a twentieth of a second."""


def build(
    request: Request,
    progress: Progress = lambda *_: None,
    *,
    reader: Reader | None = None,
    manifest: Callable[[], str] | None = None,
) -> BuildReport:
    """Bring a blog's output up to date, with the bytes that `reader` reads, if it is given.

    Posts are read while a generator is still making the list that `manifest` waits for.

    Raises:
        EnishiError: settings, the site, the encoder or the output folder do not allow it; nothing is half-written.
    """
    with Run(request, progress) as run:
        if manifest is not None:
            run.memo = Memo()
            early = run.load(reader)
            run.read(early)
            run.request = replace(request, manifest=manifest())
            reader = partial(_read_again, early.files, reader)
        blog = run.load(reader)
        last = run.recall(blog)
        if last is not None:
            return last
        posts, run.memo = run.read(blog), None
        vectors = run.vectors(posts) if run.encoder(blog).informs_tags else None
        with run.tag_beside(posts) as tagging:
            relations = run.relate(posts, vectors)
            rendered = run.render(relations)
            run.progress("suggesting tags", 0, 0)
            tagged = tagging.result()
        rendered = rendered.with_tags(tagged.file)
        return run.remember(relations, tagged, rendered, run.write(rendered))


def read_blog(request: Request, progress: Progress = lambda *_: None, *, cache: Cache | None = None) -> Posts:
    """Load and read a blog, where no more is needed."""
    with Run(request, progress, cache=cache) as run:
        return run.read(run.load())


class Run:
    """One pass over a blog, or one after another in a watch.  Leaving the context closes the cache.

    Args:
        request: what is asked for.
        progress: called as a stage goes on; may be replaced between stages.
        memo: spares work that an earlier pass did, and changes no result.
        cache: another cache than the one that the request names.
    """

    def __init__(
        self,
        request: Request,
        progress: Progress = lambda *_: None,
        *,
        memo: Memo | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.request, self.progress, self.memo = request, progress, memo
        self._cache = cache
        self._kept: Kept | None = None
        self._encoder: BlogEncoder | None = None
        self._encoder_of: object = None

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_cache()

    def _close_cache(self) -> None:
        if self._cache is not None:
            self._cache.close()
            self._cache = self._kept = None
        if self._encoder is not None:
            self._encoder.use(None)

    @property
    def cache(self) -> Cache:
        """The cache, opened when it is first needed: before a blog is loaded nobody knows that there is one."""
        if self._cache is None:
            self._cache = state.open_cache(self.request.site, self.request.cache)
            if self._encoder is not None:
                self._encoder.use(self._cache)
        return self._cache

    @property
    def kept(self) -> Kept:
        """What an earlier run left in the cache, by content."""
        if self._kept is None:
            self._kept = Kept(self.cache)
        return self._kept

    # -- the stages --------------------------------------------------------------------------------------------------

    def load(self, reader: Reader | None = None) -> Blog:
        """Read the settings, recognise the generator, and read the bytes of every post (with `reader`, if given).

        Raises:
            SettingsError, SiteNotFoundError: with everything that is wrong.
        """
        self.progress("looking for posts", 0, 0)
        request = self.request
        settings, ignored = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
        site, problems = detect_site(request.site, generator=settings.generator, posts=settings.posts)
        state.refuse_places_outside(request.site, settings)
        declines, unreadable = read_declined(request.site)
        decisions, undecided = read_decisions(request.site)
        sources, skipped = find_files(site, settings.exclude, request.max_file_bytes)
        files = tuple(read_files(sources) if reader is None else reader(sources, site))
        now = request.now or datetime.now(UTC)
        own_list = request.manifest
        manifest = None if own_list is None else tuple(read_manifest(site.generator.as_manifest(site, own_list, now)))
        told, told_at = state.told_addresses(request) if manifest is None else (b"", None)
        previous, unread = state.read_previous(request)
        key = state.input_key(request, site, settings, files, told, previous)
        diagnostics = (*ignored, *problems, *unreadable, *undecided, *skipped, *unread)
        blog = Blog(site, settings, files, manifest, declines, decisions, now, key, diagnostics, previous=previous)
        addresses = read_told(told) if told else {}
        return replace(blog, told=addresses, told_at=told_at) if addresses else blog

    def recall(self, blog: Blog) -> BuildReport | None:
        """The report of the last build, if this one would write the same."""
        last = state.recall(self.cache, self.request, blog.key, blog.now, blog.settings.data_file)
        if last is None:
            return None
        diagnostics = tuple(sorted({*blog.diagnostics, *last.diagnostics}))
        return BuildReport(
            self.request.folder, last.summary, diagnostics, WriteReport(), is_unchanged=True, told_at=blog.told_at
        )

    def read(self, blog: Blog) -> Posts:
        """Parse every post."""
        documents, diagnostics = read_documents(
            blog.files,
            blog.site,
            blog.now,
            self.cache,
            manifest=blog.manifest,
            told=blog.told,
            processes=self.request.processes,
            progress=self.progress,
            memo=self.memo,
        )
        if blog.site.generator.mixes_pages and not blog.settings.standing_pages:
            documents, notes = without_pages(documents, blog.site)
            diagnostics += notes
        return Posts.of(blog, documents, diagnostics)

    def relate(self, posts: Posts, vectors: Vectors | None = None, *, lists: bool = True) -> Relations:
        """Encode the posts, if that was not done yet, and list for each the posts that are related, if that is wanted.

        Raises:
            SettingsError: the parts of a vector take more than there is.
            EncoderError: a pretrained model cannot be had, or what reads logs is not installed.
        """
        from enishi.related.policy import find_related, without_lists

        documents, settings = posts.documents, posts.blog.settings
        encoder = self.encoder(posts.blog)
        if vectors is None:
            vectors = self.vectors(posts)
        self.progress("finding related posts", 0, 0)
        published, unusable = self.published(posts.blog)
        if lists:
            backend, rules = settings.index.backend, settings.related
            related = find_related(documents, vectors, posts.links, rules, backend=backend, published=published)
        else:
            related = without_lists(documents, posts.links, settings.related)
        diagnostics = (*encoder.diagnostics, *related.diagnostics, *unusable)
        return Relations(posts, vectors, related, encoder.tag_blocks, diagnostics, published)

    def published(self, blog: Blog) -> tuple[PublishedLists | None, tuple[Diagnostic, ...]]:
        """The lists that were published last, if they were handed in, and what is wrong with them."""
        from enishi.related.published import parse_published

        if blog.previous is None:
            return None, ()
        try:
            return parse_published(blog.previous), ()
        except ValueError as error:
            return None, (state.unusable_previous(self.request, str(error)),)

    def vectors(self, posts: Posts) -> Vectors:
        """A vector of each post, shape (posts, dim), by the encoder that the settings ask for.

        Raises:
            SettingsError, EncoderError: see :meth:`relate`.
        """
        from enishi.reading.unlinked import read_unlinked

        self.progress("encoding posts", 0, 0)
        blog, documents, links = posts.blog, posts.documents, posts.links
        unlinked = partial(read_unlinked, documents, links, blog.files, blog.site, self.cache)
        return self.encoder(blog).encode(documents, links, self.memo, unlinked)

    def tag(self, posts: Posts, blocks: TagBlocks) -> TagAnalysis:
        """Suggest tags and find topics; nothing where the settings want none.  What `progress` raises ends the work."""
        from enishi.tags.suggest import suggest_tags

        blog, settings = posts.blog, posts.blog.settings.tags
        if not settings.enabled:
            return TagAnalysis()
        self.progress("suggesting tags", 0, 0)
        return suggest_tags(
            posts.documents,
            blog.site,
            settings,
            posts.answers(sketches_by(self.kept, self.memo)),
            blocks=blocks,
            backend=blog.settings.index.backend,
            memo=self.memo,
            kept=self.kept,
            progress=lambda: self.progress("suggesting tags", 0, 0),
        )

    def tag_beside(self, posts: Posts) -> Beside[Tagged]:
        """The same as it is written, by a second process while this one goes on with the lists, if that pays."""
        blocks = self.encoder(posts.blog).tag_blocks
        pays = posts.blog.settings.tags.enabled and len(posts.documents) >= _WORTH_SHARING
        self._close_cache()  # no two processes may share a connection
        return Beside(partial(_tagged, self.request, posts, blocks), processes=self.request.processes if pays else 1)

    def render_tags(self, posts: Posts, tags: TagAnalysis) -> Tagged:
        """What a build writes and remembers of tags; nothing is written where the settings want none."""
        of_posts = [document.post for document in posts.documents]
        file = render_tags_json(of_posts, tags) if posts.blog.settings.tags.enabled else None
        suggestions = sum(map(len, tags.suggestions.values()))
        return Tagged(file, suggestions, len(tags.topics), tags.calibration, tags.diagnostics)

    def render(self, relations: Relations) -> Rendered:
        """Everything that a build writes but suggestions, as bytes."""
        self.progress("writing", 0, 0)
        blog, lists = relations.posts.blog, relations.related.lists
        settings, site = blog.settings, blog.site
        posts = [document.post for document in relations.posts.documents]
        partials, diagnostics = render_partials(
            posts,
            lists,
            options=settings.partials,
            language=settings.language or site.language,
            site=site.root,
            templates=site.root / settings.templates,
            memo=self.memo,
            earlier=KnownFragments(self.kept, self.request.folder, state.code_fingerprint().encode()),
        )
        files = {**render_related(posts, lists), **partials}
        data = {}
        if settings.data_file:
            data[settings.data_file] = render_data_file(posts, lists, full=settings.full_data_file)
        return Rendered(files, data, diagnostics)

    def write(self, rendered: Rendered) -> WriteReport:
        """Bring the output folder, and the data file, up to date.

        Raises:
            OutputError: the disk does not allow it.
        """
        request, data_state = self.request, state.data_state(self.request.site)
        written = write_outputs(request.folder, rendered.files, ignores_itself=request.out is None)
        if not rendered.data and not data_state.exists():
            return written
        return written + write_outputs(request.site, rendered.data, state=data_state, shown_as="")

    def remember(self, relations: Relations, tags: Tagged, rendered: Rendered, written: WriteReport) -> BuildReport:
        """Store what was built, for the next build and for questions to this one."""
        import numpy as np

        posts, blog = relations.posts, relations.posts.blog
        encoder = self.encoder(blog)
        diagnostics = (*posts.diagnostics, *relations.diagnostics, *tags.diagnostics, *rendered.diagnostics)
        told = None if blog.manifest is None else told_bytes(document.post for document in posts.documents)
        last = state.LastBuild(
            key=blog.key,
            written=written.digest,
            valid=state.valid_between(blog.site, posts.documents, blog.now),
            summary=state.summarise(
                blog.site,
                posts.documents,
                posts.links,
                relations.related,
                rendered.data,
                suggestions=tags.suggestions,
                topics=tags.topics,
            ),
            diagnostics=diagnostics,
            addresses="" if told is None else state.keep_addresses(self.request, told),
        )
        arrays = {**encoder.arrays(), "vectors": relations.vectors}
        if tags.calibration:
            arrays["calibration"] = np.array(tags.calibration)
        state.remember(self.cache, self.request.folder, last, arrays)
        self.cache.keep_only_embeddings(encoder.embedding_keys)
        every = tuple(sorted({*blog.diagnostics, *diagnostics, *written.diagnostics}))
        return BuildReport(self.request.folder, last.summary, every, written, is_unchanged=False, told_at=blog.told_at)

    def encoder(self, blog: Blog) -> BlogEncoder:
        """The encoder that the settings ask for.  A run keeps it, as a pretrained model is slow to load.

        Raises:
            SettingsError, EncoderError: see :meth:`relate`.
        """
        from enishi.encoders.blog import BlogEncoder

        cache, made_of = self.cache, (blog.settings, blog.site)  # a part may depend on any setting
        if self._encoder is None or self._encoder_of != made_of:
            report: Progress = lambda *done: self.progress(*done)  # noqa: E731
            self._encoder = BlogEncoder(blog.settings, blog.site, store=cache, progress=report)
            self._encoder_of = made_of
        return self._encoder


def _read_again(
    before: Sequence[PostFile], reader: Reader | None, sources: Sequence[SourceFile], site: Site
) -> list[PostFile]:
    """The files as they are now; one that is still the same is the same object, so that a memo knows it."""
    known = {file.path: file for file in before}
    files = read_files(sources) if reader is None else reader(sources, site)
    return [known[file.path] if known.get(file.path) == file else file for file in files]


def _tagged(request: Request, posts: Posts, blocks: TagBlocks) -> Tagged:
    """Tags as a build writes them, by a run of their own."""
    with Run(request) as run:
        return run.render_tags(posts, run.tag(posts, blocks))


# -- what the stages return ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blog:
    """A blog as it lies on the disk, hashed but not parsed."""

    site: Site
    settings: Settings
    files: tuple[PostFile, ...]
    manifest: tuple[ManifestEntry, ...] | None
    declines: tuple[Decline, ...]
    decisions: tuple[Decision, ...]
    now: datetime
    key: str
    """Hash of everything that the output depends on but the time."""
    diagnostics: tuple[Diagnostic, ...] = ()
    told: Mapping[str, ToldAddress] | None = None
    """By path, addresses of an earlier manifest; they count where there is none now."""
    told_at: datetime | None = None
    """When the generator last told them."""
    previous: bytes | None = None
    """The related.json that was published last, as it is."""

    def with_tag_settings(self, **changes: object) -> Blog:
        """The same blog with other settings of `tags`."""
        tags = self.settings.tags.model_copy(update=changes)
        return replace(self, settings=self.settings.model_copy(update={"tags": tags}))


@dataclass(frozen=True, slots=True)
class Posts:
    """A blog's posts with what each says, sorted by path."""

    blog: Blog
    documents: tuple[Document, ...]
    links: Mapping[str, tuple[str, ...]]
    """By path of a post, the paths of the posts that its body links to."""
    diagnostics: tuple[Diagnostic, ...]

    @property
    def broken(self) -> tuple[Diagnostic, ...]:
        """Why some posts cannot be read as their author means them."""
        return tuple(one for one in self.diagnostics if one.severity is Severity.ERROR)

    def answers(self, sketches: Sketches | None = None) -> Answers:
        """What the author decided about suggestions for these posts."""
        from enishi.tags.answers import Answers

        declined = match_declines(self.blog.declines, self.documents, self.blog.settings.tags.declined, sketches)
        return Answers(declined, match_taken(self.blog.decisions, self.documents, sketches))

    @classmethod
    def of(cls, blog: Blog, documents: Sequence[Document], diagnostics: Sequence[Diagnostic] = ()) -> Posts:
        """These documents, with the links between them."""
        return cls(blog, tuple(documents), resolve_links(documents, own_hosts(blog.site.url)), tuple(diagnostics))


@dataclass(frozen=True, slots=True)
class Relations:
    """The half of an analysis that knows nothing of tag suggestions."""

    posts: Posts
    vectors: Vectors
    """Shape (n_posts, dim)."""
    related: RelatedPosts
    tag_blocks: TagBlocks
    """Vectors that count as evidence for tags, see :attr:`enishi.encoders.blog.BlogEncoder.tag_blocks`."""
    diagnostics: tuple[Diagnostic, ...]
    published: PublishedLists | None = None
    """The lists that were published last."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a build writes and remembers of an analysis of tags."""

    file: bytes | None
    """tags.json; None where the settings want none."""
    suggestions: int
    """Number of suggestions in it."""
    topics: int
    """Number of topics in it."""
    calibration: tuple[tuple[float, ...], ...]
    """As `TagAnalysis.calibration`."""
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Everything that a build writes, as bytes by name."""

    files: Mapping[str, bytes]
    """In the output folder."""
    data: Mapping[str, bytes]
    """The copy for a generator that reads data files, in the site folder."""
    diagnostics: tuple[Diagnostic, ...]
    """What is wrong with the site's own template."""

    def with_tags(self, file: bytes | None) -> Rendered:
        """The same with a tags.json, if there is one."""
        return self if file is None else replace(self, files={**self.files, TAGS_NAME: file})


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    folder: Path
    summary: Summary
    diagnostics: tuple[Diagnostic, ...]
    written: WriteReport
    is_unchanged: bool
    """Whether nothing had changed since the last build, so that nothing was worked out."""
    told_at: datetime | None = None
    """When the generator told the addresses that were used; None where it told them now, or never."""
