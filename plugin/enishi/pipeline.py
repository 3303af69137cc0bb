"""The main job: read a blog, work out what belongs together, write it.

`analyze` is pure: documents and settings in, an :class:`enishi.types.Analysis` out.  `load` reads a blog, `build` is
load + analyze + write.  A build whose input is byte for byte that of the last one does neither: it compares hashes and
says what it said before.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.cache import Cache, digest
from enishi.config import Settings
from enishi.config_files import load_settings
from enishi.errors import Diagnostic, SettingsError, Severity
from enishi.generators import detect_site
from enishi.reading.documents import PostFile, read_documents, read_files
from enishi.reading.find import MAX_FILE_BYTES, find_files
from enishi.reading.links import own_hosts, resolve_links
from enishi.reading.manifest import ManifestEntry, read_manifest
from enishi.tags.declined import DECLINED_NAME, Decline, match_declines, read_declined
from enishi.types import Analysis, Document, Reach, TagAnalysis, TopicGap
from enishi.writing.output import (
    JOURNAL_NAME,
    SCRATCH_NAME,
    WriteReport,
    outputs_intact,
    write_outputs,
    written_digest,
    written_files,
)
from enishi.writing.render import (
    RELATED_NAME,
    PartialOptions,
    public_related_json,
    render_partials,
    render_related_json,
    templates_folder,
)
from enishi.writing.render_tags import TAGS_NAME, render_tags_json

if TYPE_CHECKING:
    from enishi.encoders.blog import BlogEncoder
    from enishi.generators.base import Site
    from enishi.memo import Memo
    from enishi.reading.find import SourceFile
    from enishi.related.policy import RelatedPosts
    from enishi.tags.model import TagModel
    from enishi.types import Vectors

STATE_FOLDER = ".enishi"
"""Where a site's cache lies, and by default its output."""
_CACHE_NAME = "cache.db"
_LAST = "last build"
"""Of which build the vectors in the cache are."""
_LIBRARIES = ("numpy", "scipy", "scann", "jinja2")
"""Whose versions may change what is written."""
_REMEMBERED_GAPS = 3
_ALWAYS = ("0001-01-01T00:00:00+00:00", "9999-12-31T00:00:00+00:00")

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total); total 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a command asks for."""

    site: Path
    out: Path | None = None
    """Where the output goes; ``SITE/.enishi`` if not given."""
    config_file: Path | None = None
    overrides: tuple[str, ...] = ()
    """``KEY=VALUE``, as `--set` has them."""
    manifest: str | None = None
    """The generator's own list of posts, as JSON."""
    now: datetime | None = None
    """Which posts lie in the future; the present moment if not given."""
    processes: int = 1
    cache: Path | None = None
    """The folder of the cache; ``SITE/.enishi`` if not given."""
    max_file_bytes: int = MAX_FILE_BYTES
    """Larger posts are not read."""

    @property
    def folder(self) -> Path:
        """The output folder."""
        return self.out or self.site / STATE_FOLDER


@dataclass(frozen=True, slots=True)
class Blog:
    """A blog as it lies on the disk, hashed but not yet read."""

    site: Site
    settings: Settings
    files: tuple[PostFile, ...]
    manifest: tuple[ManifestEntry, ...] | None
    declines: tuple[Decline, ...]
    now: datetime
    key: str
    """Names everything that the output depends on but the time."""
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a build found, in numbers: remembered, so that a build with nothing to do can say it again."""

    generator: str
    posts: Mapping[str, int]
    """How many posts of each status."""
    listed: int = 0
    """Posts that got related posts."""
    entries: int = 0
    """Related posts in all lists together."""
    tags: int = 0
    """Different tags."""
    suggestions: int = 0
    topics: int = 0
    gaps: tuple[TopicGap, ...] = ()
    """Topics that lack a usual tag: the strongest few."""
    topics_with_gaps: int = 0
    links: int = 0
    min_score: float = 0.0
    reach: Reach = field(default_factory=Reach)
    plain_reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    folder: Path
    summary: Summary
    diagnostics: tuple[Diagnostic, ...]
    written: WriteReport
    is_unchanged: bool
    """Nothing had changed since the last build, so nothing was worked out."""


def build(request: Request, progress: Progress = lambda *_: None) -> BuildReport:
    """Bring a blog's output up to date.

    Raises:
        EnishiError: settings, the site, the encoder or the output folder do not allow it; nothing is half-written.
    """
    progress("looking for posts", 0, 0)
    blog = load(request)
    with open_cache(request.site) as cache:
        remembered = _remembered(cache, request, blog)
        if remembered is not None:
            return remembered
        documents, told = read(blog, cache, request.processes, progress)
        encoder = create_encoder(blog, cache, progress)
        vectors, analysis = analyze(
            documents, blog.site, blog.settings, encoder, declines=blog.declines, progress=progress
        )
        progress("writing", 0, 0)
        rendered, shown = render(documents, analysis, blog)
        written = write(request, blog, rendered)
        diagnostics = (*told, *analysis.diagnostics, *shown)
        summary = summarise(blog, documents, analysis)
        remember(cache, request, blog, documents, vectors, encoder, summary, diagnostics, written)
    every = sorted({*blog.diagnostics, *diagnostics, *written.diagnostics})
    return BuildReport(request.folder, summary, tuple(every), written, is_unchanged=False)


def load(request: Request, reader: Callable[[Sequence[SourceFile], Site], list[PostFile]] | None = None) -> Blog:
    """Settings, the kind of site, and the bytes of every post, which `reader` reads, if given.

    Raises:
        SettingsError, SiteNotFoundError: with all that is wrong.
    """
    settings, ignored = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    site, problems = detect_site(request.site, generator=settings.generator, posts=settings.posts)
    _refuse_ways_out(request.site, settings)
    declines, unreadable = read_declined(request.site)
    found, skipped = find_files(site, settings.exclude, request.max_file_bytes)
    files = tuple(read_files(found) if reader is None else reader(found, site))
    manifest = None if request.manifest is None else tuple(read_manifest(request.manifest))
    now = request.now or datetime.now(UTC)
    key = _input_key(request, site, settings, files)
    told = (*ignored, *problems, *unreadable, *skipped)
    return Blog(site, settings, files, manifest, declines, now, key, told)


def read(
    blog: Blog, cache: Cache, processes: int = 1, progress: Progress = lambda *_: None, memo: Memo | None = None
) -> tuple[list[Document], list[Diagnostic]]:
    """Every post of the blog with what it says, sorted by path."""
    return read_documents(
        blog.files,
        blog.site,
        blog.now,
        cache,
        manifest=blog.manifest,
        processes=processes,
        progress=functools.partial(progress, "reading posts"),
        memo=memo,
    )


def create_encoder(blog: Blog, cache: Cache, progress: Progress = lambda *_: None) -> BlogEncoder:
    """The encoder that the settings ask for; what a pretrained model reads is remembered in the cache.

    Raises:
        SettingsError: the parts of a vector take more than there is.
        EncoderError: a pretrained model cannot be had, or what reads logs is not installed.
    """
    from enishi.encoders.blog import BlogEncoder

    return BlogEncoder(blog.settings, blog.site, store=cache, progress=progress)


def analyze(
    documents: Sequence[Document],
    site: Site,
    settings: Settings,
    encoder: BlogEncoder,
    *,
    declines: Sequence[Decline] = (),
    progress: Progress = lambda *_: None,
) -> tuple[Vectors, Analysis]:
    """What belongs together: the posts' vectors, shape (len(documents), dim), and what follows from them.

    Pure: depends on nothing but its arguments (and on the ontology of tags, where a setting names its file).
    """
    relations = relate(documents, site, settings, encoder, progress=progress)
    tags, _ = tag(documents, site, settings, declines, relations.tag_blocks, progress=progress)
    return relations.vectors, join(documents, relations, tags)


@dataclass(frozen=True, slots=True)
class Relations:
    """The half of an analysis that knows nothing of tag suggestions."""

    links: Mapping[str, tuple[str, ...]]
    vectors: Vectors
    related: RelatedPosts
    tag_blocks: tuple[tuple[float, Vectors], ...] = ()
    """The parts that are evidence about tags, see :attr:`enishi.encoders.blog.BlogEncoder.tag_blocks`."""
    diagnostics: tuple[Diagnostic, ...] = ()


def relate(
    documents: Sequence[Document],
    site: Site,
    settings: Settings,
    encoder: BlogEncoder,
    *,
    memo: Memo | None = None,
    progress: Progress = lambda *_: None,
) -> Relations:
    """The posts' vectors and their related posts.  A memo spares work, and changes no result."""
    from enishi.related.policy import find_related

    links = links_of(documents, site)
    progress("encoding posts", 0, 0)
    vectors = encoder.encode(documents, links, memo)
    progress("finding related posts", 0, 0)
    related = find_related(documents, vectors, links, settings.related, backend=settings.index.backend, memo=memo)
    return Relations(links, vectors, related, encoder.tag_blocks, encoder.diagnostics)


def tag(
    documents: Sequence[Document],
    site: Site,
    settings: Settings,
    declines: Sequence[Decline] = (),
    blocks: Sequence[tuple[float, Vectors]] = (),
    *,
    memo: Memo | None = None,
    progress: Progress = lambda *_: None,
) -> tuple[TagAnalysis, TagModel | None]:
    """Suggestions and topics, and what they were made from; nothing where the settings want none.

    `blocks`: :attr:`Relations.tag_blocks`.
    """
    from enishi.tags.suggest import suggest_tags

    if not settings.tags.enabled:
        return TagAnalysis(), None
    progress("suggesting tags", 0, 0)
    declined = match_declines(declines, documents, settings.tags.declined)
    return suggest_tags(
        documents,
        site,
        settings.tags,
        declined,
        blocks=blocks,
        backend=settings.index.backend,
        memo=memo,
        progress=lambda: progress("suggesting tags", 0, 0),
    )


def join(documents: Sequence[Document], relations: Relations, tags: TagAnalysis) -> Analysis:
    """Both halves as one."""
    related = relations.related
    return Analysis(
        documents=tuple(documents),
        related=related.lists,
        tags=tags,
        diagnostics=(*relations.diagnostics, *related.diagnostics, *tags.diagnostics),
        links=relations.links,
        min_score=related.min_score,
        reach=related.reach,
        plain_reach=related.plain_reach,
    )


def links_of(documents: Sequence[Document], site: Site) -> dict[str, tuple[str, ...]]:
    """By path of a post, the paths of the posts that its body links to."""
    return resolve_links(documents, own_hosts(site.url))


def open_cache(site: Path, folder: Path | None = None) -> Cache:
    """The site's cache, in a folder that git ignores; none where it cannot be written.  Or that of another folder."""
    if folder is not None:
        return Cache(folder / _CACHE_NAME)
    folder = site / STATE_FOLDER
    if _leads_out(site, STATE_FOLDER) or _leads_out(site, f"{STATE_FOLDER}/{_CACHE_NAME}"):
        return Cache(None)
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_bytes(b"*\n")
    except OSError:
        return Cache(None)
    return Cache(folder / _CACHE_NAME)


# -- what is written -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rendered:
    """Everything that a build writes, as bytes."""

    files: Mapping[str, bytes]
    data: bytes | None
    """The copy for a generator that reads data files."""


def render(
    documents: Sequence[Document], analysis: Analysis, blog: Blog, memo: Memo | None = None
) -> tuple[Rendered, tuple[Diagnostic, ...]]:
    """An analysis as files, and what is wrong with the site's own template."""
    settings, site = blog.settings, blog.site
    posts = [document.post for document in documents]
    options = PartialOptions(
        heading_level=settings.partials.heading_level,
        ordered=settings.partials.ordered,
        dates=settings.partials.dates,
        reasons=settings.partials.reasons,
        labels=settings.partials.labels,
        language=settings.language or site.language,
    )
    partials = render_partials(
        posts, analysis.related, options=options, site=site.root, templates=site.root / settings.templates, memo=memo
    )
    files = {RELATED_NAME: render_related_json(posts, analysis.related), **partials.files}
    if settings.tags.enabled:
        files[TAGS_NAME] = render_tags_json(posts, analysis.tags)
    data = public_related_json(posts, analysis.related) if settings.data_file else None
    return Rendered(files, data), partials.diagnostics


def write(request: Request, blog: Blog, rendered: Rendered) -> WriteReport:
    """Bring the output folder, and the data file, up to date.

    Raises:
        OutputError: the disk does not allow it.
    """
    written = write_outputs(request.folder, rendered.files, ignores_itself=request.out is None)
    if rendered.data is None and not _data_state(request.site).exists():
        return written
    files = {} if rendered.data is None else {blog.settings.data_file: rendered.data}
    copied = write_outputs(request.site, files, state=_data_state(request.site), shown_as="")
    return WriteReport(
        tuple(sorted((*written.written, *copied.written))),
        tuple(sorted((*written.unchanged, *copied.unchanged))),
        tuple(sorted((*written.removed, *copied.removed))),
        tuple(sorted((*written.kept, *copied.kept))),
        (*written.diagnostics, *copied.diagnostics),
        written.digest + copied.digest,
    )


def overwritten(request: Request, digest: str) -> bool:
    """Whether another build has written since the one whose report has this digest."""
    now = written_digest(request.folder) + written_digest(request.site, state=_data_state(request.site))
    return now != digest


def _is_data_file_intact(site: Path, data_file: str) -> bool:
    """Whether the data file is there as we left it, or gone with its setting."""
    state = _data_state(site)
    if data_file:
        return outputs_intact(site, state=state)
    broken_off = any(os.path.lexists(state / name) for name in (JOURNAL_NAME, SCRATCH_NAME))
    return not broken_off and not written_files(site, state=state)


def _data_state(site: Path) -> Path:
    """Where the manifest of the data file lies: what was written there once is removed when the setting is."""
    return site / STATE_FOLDER / "data"


def _refuse_ways_out(root: Path, settings: Settings) -> None:
    """Settings come with a repository, perhaps a stranger's: what they name has to lie inside the site."""
    if _leads_out(root, STATE_FOLDER):
        raise SettingsError(f"{STATE_FOLDER} is a link that leads out of the site: nothing was written; remove it")
    places = {"templates": settings.templates, "data_file": settings.data_file}
    if isinstance(settings.tags.broader, str):
        places["tags.broader"] = settings.tags.broader
    for name, value in places.items():
        if value and _leads_out(root, value):
            raise SettingsError(f"{name} = {value!r} leads out of the site; name a place inside it, relative to it")
    if settings.data_file and not settings.data_file.endswith(".json"):
        raise SettingsError(f"data_file = {settings.data_file!r} has to end in .json")


def _leads_out(root: Path, name: str) -> bool:
    """Whether a name, or a link that stands there, means a place outside of the site (or none that can be)."""
    inside = os.path.realpath(root)
    try:
        return not os.path.realpath(Path(inside, name)).startswith(inside.rstrip(os.sep) + os.sep)
    except ValueError:  # a null character
        return True


# -- what is remembered ----------------------------------------------------------------------------------------------


def _input_key(request: Request, site: Site, settings: Settings, files: Sequence[PostFile]) -> str:
    parts: list[bytes | str] = [
        code_fingerprint(),
        settings.model_dump_json(),
        site_key(site),
        request.manifest or "",
        *_tree(site.root / settings.templates if settings.templates else None),
        *_bytes_of(site.root / DECLINED_NAME, site.root / settings.tags.constants),
        *_bytes_of(site.root / settings.tags.broader if isinstance(settings.tags.broader, str) else None),
        *_encoder_stamps(site, settings),
    ]
    for file in files:
        parts += [file.path, file.digest]
    return digest(*parts).hex()


def site_key(site: Site) -> str:
    """All of a site but where it lies: a cache may move with its checkout."""
    return repr(replace(site, root=Path()))


@functools.cache
def code_fingerprint() -> str:
    """Hash of our own code and templates, and the versions of the libraries that compute."""
    total = hashlib.sha256()
    here = Path(__file__).parent
    for file in sorted((*here.rglob("*.py"), *here.rglob("*.json"), *templates_folder().rglob("*.*"))):
        total.update(file.read_bytes())
    for library in _LIBRARIES:
        try:
            total.update(importlib.metadata.version(library).encode())
        except importlib.metadata.PackageNotFoundError:
            total.update(b"-")
    return total.hexdigest()


def _tree(folder: Path | None) -> Iterator[bytes | str]:
    """Names and contents of the files of the site's own templates folder."""
    if folder is not None and folder.is_dir():
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                yield os.fspath(file.relative_to(folder))
                yield from _bytes_of(file)


def _bytes_of(*files: Path | None) -> Iterator[bytes]:
    """Contents of files that take part; nothing for one that is not there, or that vanishes or cannot be read."""
    for file in files:
        content = b""
        if file is not None and file.is_file():
            with suppress(OSError):  # whoever needs it says what is wrong with it
                content = file.read_bytes()
        yield content


def _encoder_stamps(site: Site, settings: Settings) -> Iterator[str]:
    """What vectors are made from beside the posts: models, pictures, logs."""
    from enishi.encoders.blog import make_parts

    for part in make_parts(settings, site):
        yield from (f"{part.name} {stamp}" for stamp in part.stamps())


def built_key(cache: Cache, folder: Path) -> str:
    """The key of the last build of an output folder; empty if none is remembered."""
    state = cache.state(_state_name(folder))
    return str(state.get("key", "")) if isinstance(state, dict) else ""


def _state_name(folder: Path) -> str:
    return f"build {os.path.realpath(folder)}"


def _remembered(cache: Cache, request: Request, blog: Blog) -> BuildReport | None:
    """The report of the last build, if this one would do the same."""
    state = cache.state(_state_name(request.folder))
    if not isinstance(state, dict) or state.get("key") != blog.key:
        return None
    if cache.state(_LAST) != blog.key:  # another folder was built since: its vectors are in the way of searching here
        return None
    try:
        since, until = (datetime.fromisoformat(moment) for moment in state["valid"])
        summary = _summary_from(state["summary"])
        told = [Diagnostic(path, line, code, Severity(level), text) for path, line, code, level, text in state["told"]]
    except (KeyError, TypeError, ValueError):
        return None
    if not since <= blog.now < until or not outputs_intact(request.folder):
        return None
    if overwritten(request, state.get("written", "")):  # two builds at once may write in one order, and end in another
        return None
    if not _is_data_file_intact(request.site, blog.settings.data_file):
        return None
    every = tuple(sorted({*blog.diagnostics, *told}))
    return BuildReport(request.folder, summary, every, WriteReport(), is_unchanged=True)


def remember(
    cache: Cache,
    request: Request,
    blog: Blog,
    documents: Sequence[Document],
    vectors: Vectors,
    encoder: BlogEncoder,
    summary: Summary,
    diagnostics: Sequence[Diagnostic],
    written: WriteReport,
) -> None:
    """Note what was built, for the next build and for the questions to this one."""
    import numpy as np

    key = np.frombuffer(blog.key.encode(), dtype=np.uint8)
    cache.put_arrays({**encoder.arrays(), "vectors": vectors, "key": key})
    cache.keep_only_embeddings(encoder.embedding_keys)
    cache.set_state(_LAST, blog.key)
    state = {
        "key": blog.key,
        "written": written.digest,
        "valid": valid_between(blog, documents),
        "summary": asdict(summary),
        "told": [[d.path, d.line, d.code, d.severity.value, d.message] for d in diagnostics],
    }
    cache.set_state(_state_name(request.folder), state)


def valid_between(blog: Blog, documents: Sequence[Document]) -> tuple[str, str]:
    """The span of time in which just these posts lie in the future."""
    since, until = _ALWAYS
    if not blog.site.future:
        dates = [document.post.date.astimezone(UTC) for document in documents if document.post.date]
        past = [date for date in dates if date <= blog.now]
        future = [date for date in dates if date > blog.now]
        since = max(past).isoformat() if past else since
        until = min(future).isoformat() if future else until
    return since, until


def summarise(blog: Blog, documents: Sequence[Document], analysis: Analysis) -> Summary:
    """An analysis in numbers."""
    from enishi.tags.topics import topic_gaps

    gaps = topic_gaps(analysis.tags.topics, documents)
    posts: dict[str, int] = {}
    for document in documents:
        posts[document.post.status] = posts.get(document.post.status, 0) + 1
    return Summary(
        generator=blog.site.generator.name,
        posts=dict(sorted(posts.items())),
        listed=sum(1 for entries in analysis.related.values() if entries),
        entries=sum(map(len, analysis.related.values())),
        tags=len({tag for document in documents for tag in document.post.tags}),
        suggestions=sum(map(len, analysis.tags.suggestions.values())),
        topics=len(analysis.tags.topics),
        gaps=tuple(gaps[:_REMEMBERED_GAPS]),
        topics_with_gaps=len(gaps),
        links=sum(map(len, analysis.links.values())),
        min_score=analysis.min_score,
        reach=analysis.reach,
        plain_reach=analysis.plain_reach,
    )


def _summary_from(values: Mapping[str, Any]) -> Summary:
    reaches = {name: Reach(**values[name]) for name in ("reach", "plain_reach")}
    gaps = (TopicGap(**{**gap, "label": tuple(gap["label"]), "titles": tuple(gap["titles"])}) for gap in values["gaps"])
    return Summary(**{**values, **reaches, "gaps": tuple(gaps)})
