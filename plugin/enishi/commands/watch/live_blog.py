"""A blog that stays in memory: what changed on the disk is read, what did not is known from last time.

One round is

    look()     which files changed; read them, hash them, and nothing else
    relate()   vectors and related posts of the whole blog, written
    tag()      suggestions and topics, written; and the cache is told

and writes byte for byte what a build of the same files writes: both run the same functions, here with a memo.  What a
file's bytes may be known by is its size, times and number on the disk; a file that was written just before it was
read is read again next time, as a second write within the same tick of the clock would not show.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from enishi.commands.watch.preview import Foreseen, Foresight
from enishi.encoders.blog import BlogEncoder
from enishi.errors import Diagnostic, EnishiError, Severity
from enishi.generators.base import Site
from enishi.memo import Memo
from enishi.pipeline import (
    Blog,
    Progress,
    Relations,
    Rendered,
    Request,
    Summary,
    join,
    load,
    open_cache,
    overwritten,
    read,
    relate,
    remember,
    render,
    summarise,
    tag,
    valid_between,
    write,
)
from enishi.reading.documents import PostFile, read_files
from enishi.reading.find import SourceFile
from enishi.reading.source import read_source
from enishi.tags.model import TagModel
from enishi.types import Analysis, Document, TagAnalysis
from enishi.writing.output import WriteReport
from enishi.writing.render_tags import TAGS_NAME, render_tags_json

HOLD_SECONDS = 30.0
"""So long after its last save, a post that broke while it was typed keeps its last good state."""
_HALF_TYPED = frozenset({"front-matter-not-read", "prose-read-as-front-matter", "unclosed-front-matter"})
"""What is no error to a generator (it shows the front matter as text), but is one in the making to an author."""
_RACY_NS = 2_000_000_000
"""Coarsest tick of a file system's clock (FAT)."""


@dataclass(frozen=True, slots=True)
class Look:
    """What changed since the last round."""

    documents: Sequence[Document]
    edited: tuple[str, ...] = ()
    """Paths of the posts that say something else now, or are new."""
    gone: tuple[str, ...] = ()
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A post's file that broke, and what became of it."""

    diagnostic: Diagnostic
    kind: str
    """``held``: its last good state stays; ``taken``: no longer; ``mended``."""


@dataclass(frozen=True, slots=True)
class Done:
    """One half of a round."""

    analysis: Analysis
    written: WriteReport
    diagnostics: tuple[Diagnostic, ...]
    summary: Summary | None = None
    """After the second half."""


class Standing:
    """One blog, round after round.

    Args:
        request: as for a build.  Without a `now` in it, each round is of its own moment.
        hold: see :data:`HOLD_SECONDS`.
        clock: seconds, for `hold`.
    """

    def __init__(
        self, request: Request, *, hold: float = HOLD_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._request = request
        self._files = _Files(hold, clock)
        self._clock = clock
        self._memo = Memo()
        self._encoder: BlogEncoder | None = None
        self._encoder_of: object = None
        self._blog: Blog | None = None
        self._key = ""
        """Of the last round that was finished, or is on its way."""
        self._documents: list[Document] = []
        self._told: list[Diagnostic] = []
        self._seen: dict[str, Document] = {}
        self._valid = ("", "")
        self._relations: Relations | None = None
        self._rendered: Rendered | None = None
        self._shown: tuple[Diagnostic, ...] = ()
        self._tags: TagAnalysis | None = None
        self._foresight: Foresight | None = None
        self._tag_model: TagModel | None = None
        self._tags_file: bytes | None = None
        self._digest = ""
        """Of what was written last."""

    # -- the three steps ---------------------------------------------------------------------------------------------

    def look(self, named: Collection[str] = (), progress: Progress = lambda *_: None) -> Look | None:
        """What changed, or None.  `named` are files (real paths) that were written, whatever their stamps say.

        Raises:
            EnishiError: as for a build; what was known stays.
        """
        now = self._request.now or datetime.now(UTC)
        reader = functools.partial(self._files.read, frozenset(named), now)
        blog = load(replace(self._request, now=now), reader)
        if blog.key == self._key and self._is_valid(now) and not self.is_overwritten:
            return None
        with open_cache(self._request.site) as cache:
            documents, told = read(blog, cache, self._request.processes, progress, self._memo)
        before, is_first = self._seen, not self._key
        self._seen = {document.post.path: document for document in documents}
        edited = tuple(path for path, document in self._seen.items() if before.get(path) is not document)
        gone = tuple(path for path in before if path not in self._seen)
        self._blog, self._documents, self._told, self._key = blog, documents, told, blog.key
        self._valid = valid_between(blog, documents)
        self._relations = self._tags = None
        return Look(documents, () if is_first else edited, gone, is_first)

    def foresee(self, paths: Collection[str]) -> dict[str, Foreseen]:
        """About what these posts will show, from the blog as the last finished round left it; nothing before one."""
        foresight = self._foresight
        if foresight is None:
            return {}
        return {path: foresight.of(self._seen[path]) for path in paths if path in self._seen}

    def get_ready(self) -> None:
        """Prepare to foresee the next save; for when nothing else is to be done."""
        blog, relations = self._current(), self._relations
        if relations is not None and self._tags is not None and self._encoder is not None:
            self._foresight = Foresight(
                self._documents, relations, self._encoder, blog.settings, self._memo, self._tag_model
            )
            self._tag_model = None  # the foresight keeps it if it has a use for it

    def relate(self, progress: Progress = lambda *_: None) -> Done:
        """Write what is related.  The suggestions written last stay beside it until :meth:`tag`.

        Raises:
            EnishiError: the encoder or the disk does not allow it; the next look finds everything changed.
        """
        blog, documents = self._current(), self._documents
        with self._failing():
            encoder = self._encoder_for(blog)
            with open_cache(self._request.site) as cache:
                encoder.use(cache)
                self._relations = relate(
                    documents, blog.site, blog.settings, encoder, memo=self._memo, progress=progress
                )
                encoder.use(None)
            analysis = join(documents, self._relations, TagAnalysis())
            self._rendered, self._shown = render(documents, analysis, _without_tags(blog), self._memo)
            files = dict(self._rendered.files)
            if blog.settings.tags.enabled and self._tags_file is not None:
                files[TAGS_NAME] = self._tags_file
            written = write(self._request, blog, replace(self._rendered, files=files))
            self._digest = written.digest
        return Done(analysis, written, self._diagnostics(analysis, written))

    def tag(self, progress: Progress = lambda *_: None) -> Done:
        """Suggest tags and write them; then the round is complete.

        Raises:
            EnishiError: as :meth:`relate` does.  Whatever `progress` raises leaves things as they were.
        """
        blog, documents, relations, rendered = self._current(), self._documents, self._relations, self._rendered
        if relations is None or rendered is None:
            raise RuntimeError("nothing was related before")
        blocks = relations.tag_blocks
        tags, model = tag(
            documents, blog.site, blog.settings, blog.declines, blocks, memo=self._memo, progress=progress
        )
        with self._failing():
            analysis = join(documents, relations, tags)
            files = dict(rendered.files)
            self._tags_file = None
            if blog.settings.tags.enabled:
                posts = [document.post for document in documents]
                files[TAGS_NAME] = self._tags_file = render_tags_json(posts, tags)
            written = write(self._request, blog, replace(rendered, files=files))
            self._digest = written.digest
            summary = summarise(blog, documents, analysis)
            told = (*self._told, *analysis.diagnostics, *self._shown)
            with open_cache(self._request.site) as cache:
                remember(
                    cache,
                    self._request,
                    blog,
                    documents,
                    relations.vectors,
                    self._encoder_for(blog),
                    summary,
                    told,
                    written,
                )
        self._tags, self._tag_model = tags, model
        return Done(analysis, written, self._diagnostics(analysis, written), summary)

    # -- what is to be known of it -----------------------------------------------------------------------------------

    @property
    def blog(self) -> Blog | None:
        """The blog as it was looked at last."""
        return self._blog

    def document(self, path: str) -> Document:
        """A post as it was looked at last."""
        return self._seen[path]

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the last look is left to be done."""
        return bool(self._key) and self._tags is not None

    @property
    def is_overwritten(self) -> bool:
        """Whether a build beside this one wrote something else since, or took all of it away."""
        return bool(self._digest) and overwritten(self._request, self._digest)

    def turns(self) -> list[Turn]:
        """Files that broke, or were mended, since this was asked last."""
        return self._files.take_turns()

    def seconds_left(self) -> float | None:
        """When to look again although nothing happens: a post comes out of the future, or is held no longer."""
        waits = [*self._files.ends()]
        until = self._valid[1]
        if self._request.now is None and until and not until.startswith("9999"):
            waits.append((datetime.fromisoformat(until) - datetime.now(UTC)).total_seconds())
        return max(0.0, min(waits)) if waits else None

    def forget(self) -> None:
        """Do everything anew next time: after an error, nobody knows what is left half-done."""
        self._memo, self._key, self._encoder, self._relations, self._tags = Memo(), "", None, None, None
        self._foresight = self._tag_model = None

    def _current(self) -> Blog:
        if self._blog is None:
            raise RuntimeError("nothing was looked at before")
        return self._blog

    def _is_valid(self, now: datetime) -> bool:
        since, until = (datetime.fromisoformat(moment) for moment in self._valid)
        return since <= now < until

    def _encoder_for(self, blog: Blog) -> BlogEncoder:
        """One encoder for all rounds: a pretrained model is slow to load, and knows what it has read."""
        settings = (blog.settings.encoder, blog.settings.readers, blog.site)
        if self._encoder is None or self._encoder_of != settings:
            self._encoder = BlogEncoder(blog.settings, blog.site)
            self._encoder_of = settings
        return self._encoder

    def _diagnostics(self, analysis: Analysis, written: WriteReport) -> tuple[Diagnostic, ...]:
        every = {*self._current().diagnostics, *self._told, *analysis.diagnostics, *self._shown, *written.diagnostics}
        return tuple(sorted(every))

    def _failing(self) -> _Failing:
        return _Failing(self)


class _Failing:
    """What goes wrong inside is to be tried again: the key of the round is not that of a finished one."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, EnishiError):
            self._standing._key = "failed"


def _without_tags(blog: Blog) -> Blog:
    tags = blog.settings.tags.model_copy(update={"enabled": False})
    return replace(blog, settings=blog.settings.model_copy(update={"tags": tags}))


# -- files -------------------------------------------------------------------------------------------------------------

_Stamp = tuple[int, int, int, int]


@dataclass(slots=True)
class _Known:
    """A post's file as it was read last."""

    file: PostFile
    stamp: _Stamp
    is_racy: bool


@dataclass(slots=True)
class _Held:
    """A file that broke."""

    broken: PostFile
    until: float
    is_taken: bool = False


class _Files:
    """The posts' bytes.  A file whose stamp is the one it had is not read again, and is the same object."""

    def __init__(self, hold: float, clock: Callable[[], float]) -> None:
        self._hold, self._clock = hold, clock
        self._known: dict[str, _Known] = {}
        self._good: dict[str, PostFile] = {}
        """What stands for each post."""
        self._held: dict[str, _Held] = {}
        self._turns: list[Turn] = []

    def read(self, named: frozenset[str], now: datetime, found: Sequence[SourceFile], site: Site) -> list[PostFile]:
        known: dict[str, _Known] = {}
        for source in found:
            one = self._read_one(source, named)
            if one is not None:
                known[source.path] = one
        self._known = known
        self._held = {path: held for path, held in self._held.items() if path in known}
        files = [self._standing(one.file, site, now) for one in known.values()]
        self._good = {file.path: file for file in files}
        return files

    def _read_one(self, source: SourceFile, named: frozenset[str]) -> _Known | None:
        path = os.fspath(source.file)
        try:
            status = source.file.stat()
        except OSError:
            return None
        stamp = (status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
        before = self._known.get(source.path)
        if before and before.stamp == stamp and not before.is_racy and path not in named:
            return before
        is_racy = max(status.st_mtime_ns, status.st_ctime_ns) > time.time_ns() - _RACY_NS
        read = read_files([source])
        if not read:
            return None
        (file,) = read
        if before and before.file.data == file.data and before.file.file == file.file:
            file = before.file
        return _Known(file, stamp, is_racy)

    # -- posts that break while they are typed

    def _standing(self, file: PostFile, site: Site, now: datetime) -> PostFile:
        """The file itself, or its last good state while it is broken."""
        good, held = self._good.get(file.path), self._held.get(file.path)
        if held is None:
            if good is None or good is file:
                return file
            problem = _new_error(file, good, site, now) if self._hold > 0 else None
            if problem is None:
                return file
            self._held[file.path] = _Held(file, self._clock() + self._hold)
            self._turns.append(Turn(problem, "held"))
            return good
        if held.broken is file:
            if not held.is_taken and self._clock() >= held.until:
                held.is_taken = True
                self._turns.append(Turn(_error(file, site, now), "taken"))
            return file if held.is_taken or good is None else good
        problem = _new_error(file, good, site, now) if good and not held.is_taken else _only_error(file, site, now)
        if problem is None:
            del self._held[file.path]
            self._turns.append(Turn(Diagnostic(file.path, 0, "mended", Severity.NOTE, "can be read again"), "mended"))
            return file
        held.broken = file
        if held.is_taken or good is None:
            return file
        held.until = self._clock() + self._hold
        return good

    def take_turns(self) -> list[Turn]:
        turns, self._turns = self._turns, []
        return turns

    def ends(self) -> list[float]:
        """In how many seconds each file is held no longer."""
        now = self._clock()
        return [held.until - now for held in self._held.values() if not held.is_taken]


def _errors(file: PostFile, site: Site, now: datetime) -> list[Diagnostic]:
    if not file.data.strip(b"\0 \t\r\n"):
        # What an editor leaves between emptying a file and writing it; an empty post is none
        return [Diagnostic(file.path, 0, "empty-file", Severity.ERROR, "the file is empty")]
    _, told = site.make_post(file.path, read_source(file.data, hexo=site.generator.reads_like_hexo), now)
    return [found for found in told if found.severity is Severity.ERROR or found.code in _HALF_TYPED]


def _only_error(file: PostFile, site: Site, now: datetime) -> Diagnostic | None:
    return next(iter(_errors(file, site, now)), None)


def _error(file: PostFile, site: Site, now: datetime) -> Diagnostic:
    return _only_error(file, site, now) or Diagnostic(file.path, 0, "broken", Severity.ERROR, "cannot be read")


def _new_error(file: PostFile, good: PostFile, site: Site, now: datetime) -> Diagnostic | None:
    """An error of a kind that the file did not have."""
    had = {found.code for found in _errors(good, site, now)}
    return next((found for found in _errors(file, site, now) if found.code not in had), None)
