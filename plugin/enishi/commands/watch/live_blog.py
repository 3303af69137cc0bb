"""A blog that stays in memory: at each save the stages of a build are taken again, with a memo of the last time.

One round is

    read_changes()   parse the files that changed
    relate()         write what is related
    tag()            write suggestions and topics, and remember the build

and writes byte for byte what a build of the same files writes.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from enishi.commands.watch.post_files import HOLD_SECONDS, FileProblem, PostFiles
from enishi.commands.watch.preview import Preview, Previewer
from enishi.errors import Diagnostic, EnishiError
from enishi.generators.base import Site
from enishi.memo import Memo
from enishi.pipeline import Blog, BuildReport, Posts, Relations, Rendered, Run, Tags
from enishi.reading.documents import PostFile, diagnose
from enishi.state import Request, outputs_digest, valid_between
from enishi.types import Document, Progress, TagAnalysis
from enishi.writing.output import WriteReport
from enishi.writing.render_tags import TAGS_NAME

_END_OF_TIME = 9999
"""The year in which what never ends is said to end."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last round."""

    edited: tuple[str, ...] = ()
    """Paths of the posts that are new or say something else; none in the first round."""
    gone: tuple[str, ...] = ()
    is_first: bool = False

    def and_then(self, later: Changes) -> Changes:
        """Both changes as one."""
        return Changes(
            tuple(dict.fromkeys((*self.edited, *later.edited))),
            tuple(dict.fromkeys((*self.gone, *later.gone))),
            self.is_first or later.is_first,
        )


@dataclass(frozen=True, slots=True)
class HalfRound:
    """One half of a round, written."""

    relations: Relations
    tags: Tags
    """Empty in the first half."""
    written: WriteReport
    report: BuildReport | None = None
    """As a build's; after the second half."""


class LiveBlog:
    """One blog, round after round.

    Args:
        request: as for a build.  Without a `now` in it, each round is of its own moment.
        hold: see :data:`.post_files.HOLD_SECONDS`.
        clock: seconds, for `hold`.
    """

    def __init__(
        self, request: Request, *, hold: float = HOLD_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._request = request
        self._files = PostFiles(self._diagnose, hold, clock)
        self._digest = ""
        """Of what was written last."""
        self._tags_file: bytes | None = None
        self._documents: dict[str, Document] = {}
        """By path, as they were read last."""
        self._posts: Posts | None = None
        self._valid: tuple[datetime, datetime] | None = None
        """The span of time in which the same posts lie in the future."""
        self.forget()

    def forget(self) -> None:
        """Do everything anew next time: after an unexpected error nobody knows what is half-done."""
        self._run = Run(self._request, memo=Memo())
        self._key = ""
        """Of the round that is finished or under way."""
        self._relations: Relations | None = None
        self._rendered: Rendered | None = None
        self._tags: Tags | None = None
        self._previewer: Previewer | None = None

    # -- the three steps ---------------------------------------------------------------------------------------------

    def read_changes(self, named: Collection[str] = (), progress: Progress = lambda *_: None) -> Changes | None:
        """What changed, or None.  `named` are files (real paths) that were written, whatever their stamps say.

        Raises:
            EnishiError: as for a build; what was known stays.
        """
        with self._run as run:
            run.progress = progress
            blog = run.load(functools.partial(self._files.read, frozenset(named)))
            is_valid = self._valid is not None and self._valid[0] <= blog.now < self._valid[1]
            if blog.key == self._key and is_valid and not self.is_overwritten:
                return None
            self._posts = posts = run.read(blog)
        self._files.note(posts.diagnostics)
        self._valid = valid_between(blog.site, posts.documents, blog.now)
        before, is_first = self._documents, not self._key
        self._documents = {document.post.path: document for document in posts.documents}
        edited = tuple(path for path, document in self._documents.items() if before.get(path) is not document)
        gone = tuple(path for path in before if path not in self._documents)
        self._key, self._relations, self._tags = blog.key, None, None
        return Changes(() if is_first else edited, gone, is_first)

    def relate(self) -> HalfRound:
        """Write what is related.  The suggestions written last stay beside it until :meth:`tag`.

        Raises:
            EnishiError: the encoder or the disk does not allow it; the next round takes everything for changed.
        """
        if self._posts is None:
            raise RuntimeError("nothing was read before")
        with self._run as run, self._tried_again():
            run.progress = lambda *_: None
            self._relations = relations = run.relate(self._posts)
            self._rendered = run.render(relations)
            written = self._write(relations, self._rendered)
        return HalfRound(relations, Tags(TagAnalysis()), written)

    def tag(self, progress: Progress = lambda *_: None) -> HalfRound:
        """Suggest tags and write them; then the round is complete.

        Raises:
            EnishiError: as :meth:`relate` does.  Whatever `progress` raises leaves things as they were.
        """
        relations, rendered = self._relations, self._rendered
        if relations is None or rendered is None:
            raise RuntimeError("nothing was related before")
        with self._run as run:
            run.progress = progress
            tags = run.tag(relations)
            with self._tried_again():
                run.progress = lambda *_: None
                self._tags_file = run.render_tags(relations, tags)
                written = self._write(relations, rendered)
                report = run.remember(relations, tags, rendered, written)
        self._tags = tags
        return HalfRound(relations, tags, written, report)

    def _write(self, relations: Relations, rendered: Rendered) -> WriteReport:
        """Write what is rendered, and the newest tags.json beside it."""
        if self._tags_file is not None and relations.posts.blog.settings.tags.enabled:
            rendered = replace(rendered, files={**rendered.files, TAGS_NAME: self._tags_file})
        written = self._run.write(rendered)
        self._digest = written.digest
        return written

    @contextmanager
    def _tried_again(self) -> Iterator[None]:
        """What fails inside is tried again: the key is not that of a finished round."""
        try:
            yield
        except EnishiError:
            self._key = "failed"
            raise

    # -- previews ----------------------------------------------------------------------------------------------------

    def preview(self, paths: Collection[str]) -> dict[str, Preview]:
        """About what these posts will show, from the blog as the last finished round left it; nothing before one."""
        previewer = self._previewer
        if previewer is None:
            return {}
        return {path: previewer.preview(self._documents[path]) for path in paths if path in self._documents}

    def prepare_preview(self) -> None:
        """Prepare previews of the next save; for when nothing else is to be done."""
        if self._relations is not None and self._tags is not None:
            with self._run as run:
                encoder = run.encoder(self._relations.posts.blog)
                self._previewer = Previewer(self._relations, self._tags.model, encoder, run.memo)

    # -- what is to be known of it -----------------------------------------------------------------------------------

    @property
    def blog(self) -> Blog | None:
        """The blog as it was read last."""
        return self._posts.blog if self._posts else None

    def document(self, path: str) -> Document:
        """A post as it was read last."""
        return self._documents[path]

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the last changes is left to be done."""
        return bool(self._key) and self._tags is not None

    @property
    def is_overwritten(self) -> bool:
        """Whether a build beside this watch wrote something else since, or took all of it away."""
        return bool(self._digest) and outputs_digest(self._request) != self._digest

    def file_problems(self) -> list[FileProblem]:
        """Files that broke, or were mended, since this was asked last."""
        return self._files.take_problems()

    def seconds_left(self) -> float | None:
        """When to look again although nothing happens: a post comes out of the future, or is held no longer."""
        waits = self._files.waits()
        if self._valid is not None and self._request.now is None and self._valid[1].year < _END_OF_TIME:
            waits.append((self._valid[1] - datetime.now(UTC)).total_seconds())
        return max(0.0, min(waits)) if waits else None

    def _diagnose(self, file: PostFile, site: Site) -> Sequence[Diagnostic]:
        return diagnose(file, site, self._request.now or datetime.now(UTC), self._run.cache)
