"""A blog that stays in memory: at each save the stages of a build are taken again, with a memo of the last time.

One round is

    read_changes()   parse the files that changed
    relate()         write what is related
    tag()            write suggestions and topics, and remember the build

and writes byte for byte what a build of the same files writes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from enishi.commands.watch.post_files import FileProblem, PostFiles
from enishi.commands.watch.preview import Previewer
from enishi.encoders.blog import BlogEncoder
from enishi.errors import Diagnostic
from enishi.generators.base import Site
from enishi.memo import Memo
from enishi.pipeline import Blog, BuildReport, Posts, Relations, Rendered, Run
from enishi.reading.documents import PostFile, diagnose
from enishi.state import Request, outputs_digest, valid_between
from enishi.types import Document, Progress, Related, TagAnalysis
from enishi.writing.output import WriteReport


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


class LiveBlog:
    """One blog, round after round.

    Args:
        request: as for a build.  Without a `now` in it, each round is of its own moment.
        clock: seconds, for :data:`.post_files.HOLD_SECONDS`.
    """

    def __init__(self, request: Request, clock: Callable[[], float] = time.monotonic) -> None:
        self._request = request
        self._files = PostFiles(self._diagnose, clock)
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
        self._is_written = False
        """Whether all that this round has worked out so far is on the disk."""
        self._relations: Relations | None = None
        self._rendered: Rendered | None = None
        self._encoded: tuple[Relations, BlogEncoder] | None = None
        """What was related last, with the encoder in the state that it was encoded with."""
        self._previewer: Previewer | None = None

    # -- the three steps ---------------------------------------------------------------------------------------------

    def read_changes(self, progress: Progress = lambda *_: None) -> Changes | None:
        """What changed, or None.

        Raises:
            EnishiError: as for a build; what was known stays.
        """
        with self._run as run:
            run.progress = progress
            blog = run.load(self._files.read)
            is_valid = self._valid is not None and self._valid[0] <= blog.now < self._valid[1]
            if blog.key == self._key and is_valid and self._is_written and not self.is_overwritten:
                return None
            self._posts = posts = run.read(blog)
        self._files.note(posts.diagnostics)
        self._valid = valid_between(blog.site, posts.documents, blog.now)
        before, is_first = self._documents, not self._key
        self._documents = {document.post.path: document for document in posts.documents}
        edited = tuple(path for path, document in self._documents.items() if before.get(path) is not document)
        gone = tuple(path for path in before if path not in self._documents)
        self._key, self._relations = blog.key, None
        return Changes(() if is_first else edited, gone, is_first)

    def relate(self) -> tuple[Relations, WriteReport]:
        """Write what is related.  The suggestions written last stay beside it until :meth:`tag`.

        Raises:
            EnishiError: the encoder or the disk does not allow it; the next round takes everything for changed.
        """
        if self._posts is None:
            raise RuntimeError("nothing was read before")
        self._is_written, self._encoded, self._previewer = False, None, None
        with self._run as run:
            run.progress = lambda *_: None
            self._relations = relations = run.relate(self._posts)
            self._encoded = relations, run.encoder(relations.posts.blog)
            self._rendered = run.render(relations)
            return relations, self._write(relations, self._rendered)

    def tag(self, progress: Progress = lambda *_: None) -> tuple[Relations, TagAnalysis, BuildReport]:
        """Suggest tags and write them; then the round is complete.

        Raises:
            EnishiError: as :meth:`relate` does.  Whatever `progress` raises leaves things as they were.
        """
        relations, rendered = self._relations, self._rendered
        if relations is None or rendered is None:
            raise RuntimeError("nothing was related before")
        with self._run as run:
            run.progress = progress
            tags = run.tag(relations.posts, relations.tag_blocks)
            run.progress = lambda *_: None
            self._is_written = False
            tagged = run.render_tags(relations.posts, tags)
            self._tags_file = tagged.file
            report = run.remember(relations, tagged, rendered, self._write(relations, rendered))
        return relations, tags, report

    def _write(self, relations: Relations, rendered: Rendered) -> WriteReport:
        """Write what is rendered, and the newest tags.json beside it."""
        if self._tags_file is not None and relations.posts.blog.settings.tags.enabled:
            rendered = rendered.with_tags(self._tags_file)
        written = self._run.write(rendered)
        self._digest, self._is_written = written.digest, True
        return written

    # -- previews ----------------------------------------------------------------------------------------------------

    def preview(self, paths: Collection[str]) -> dict[str, tuple[Related, ...]]:
        """About what these posts will be related to, by what was related last; nothing before that."""
        self.prepare_preview()
        previewer = self._previewer
        if previewer is None:
            return {}
        return {path: previewer.related(self._documents[path]) for path in paths if path in self._documents}

    def prepare_preview(self) -> None:
        """Prepare previews of the next save; for when nothing else is to be done."""
        if self._previewer is None and self._encoded is not None:
            self._previewer = Previewer(*self._encoded)

    # -- what is to be known of it -----------------------------------------------------------------------------------

    @property
    def blog(self) -> Blog | None:
        """The blog as it was read last."""
        return self._posts.blog if self._posts else None

    def document(self, path: str) -> Document:
        """A post as it was read last."""
        return self._documents[path]

    @property
    def is_overwritten(self) -> bool:
        """Whether a build beside this watch wrote something else since, or took all of it away."""
        return bool(self._digest) and outputs_digest(self._request) != self._digest

    def file_problems(self) -> list[FileProblem]:
        """Files that broke, or were mended, since this was asked last."""
        return self._files.take_problems()

    def seconds_left(self) -> float:
        """When to look again although nothing happens: a post comes out of the future, or is held no longer."""
        waits = self._files.waits()
        if self._valid is not None and self._request.now is None:
            waits.append((self._valid[1] - datetime.now(UTC)).total_seconds())
        return max(0.0, min(waits, default=math.inf))

    def _diagnose(self, file: PostFile, site: Site) -> Sequence[Diagnostic]:
        return diagnose(file, site, self._request.now or datetime.now(UTC), self._run.cache)
