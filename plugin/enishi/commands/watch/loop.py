"""Watch mode: a build, and after it what changed, save by save.

One thread (this one) works; watchdog's threads say when.  A round whose tags are not done yet gives way to the next
save.  A failed round ends nothing: it is reported, and the next save tries again.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from enishi.commands.watch.live_blog import Changes, LiveBlog
from enishi.commands.watch.post_files import FileProblem
from enishi.commands.watch.saves import Observed, Saves, set_up
from enishi.errors import Diagnostic, EnishiError, OutputError, is_closed_pipe
from enishi.files import replace_file
from enishi.pipeline import Relations
from enishi.state import SIGN_NAME, STATE_FOLDER, Request, Summary
from enishi.types import Document, Progress, Related, TagAnalysis, TagSuggestion
from enishi.writing.output import WriteReport

MOST_SHOWN = 3
"""Up to so many posts of one round are shown; of more (a checkout), only their number."""
_SIGN_SECONDS = 5
_PATIENCE = 20.0
"""Seconds after which unfinished tags give way to no further save."""
_BESIDE_SECONDS = 2.0
"""How often to see whether a build beside this watch wrote something else, while nothing is saved."""
_MOST_ANSWERS = 3
_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""Seconds until what failed is tried again, where nothing is saved meanwhile."""


@dataclass(frozen=True, slots=True)
class PostLists:
    """What one post shows."""

    related: tuple[Related, ...] = ()
    suggestions: tuple[TagSuggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """A post that was saved, with its lists as they are now and as they were before the save."""

    document: Document
    stage: Literal["provisional", "final"]
    now: PostLists
    before: PostLists | None
    """None for a new post."""


@dataclass(frozen=True, slots=True)
class Built:
    """One half of a round, written."""

    half: Literal["related", "tags"]
    posts: int
    edited: int
    gone: int
    written: WriteReport
    seconds: float
    """Since the save was seen."""
    is_first: bool
    summary: Summary | None = None
    """After the second half."""


class Listener(Protocol):
    """Hears of everything that a watch does."""

    def built(self, built: Built) -> None: ...
    def saved(self, saved: Saved) -> None: ...
    def file_problem(self, problem: FileProblem) -> None: ...
    def diagnosed(self, new: Sequence[Diagnostic], gone: Sequence[Diagnostic], is_first: bool) -> None: ...
    def failed(self, message: str) -> None: ...
    def said(self, message: str) -> None: ...


class _GivesWayError(Exception):
    """The tags are not finished: something was saved, or the watch ends."""


class Watch:
    """A watch on one blog.  :meth:`run` returns when :meth:`stop` was called, from any thread.

    Args:
        debounce: seconds of quiet that a save ends with.
        poll: look every second instead of waiting for events.
    """

    def __init__(self, request: Request, listener: Listener, *, debounce: float = 0.1, poll: bool = False) -> None:
        self._request, self._listener, self._debounce = request, listener, debounce
        self._saves = Saves()
        self._blog = LiveBlog(request)
        self._observed = Observed(self._saves, poll=poll, say=listener.said)
        self._lists: dict[str, PostLists] = {}
        """As they were reported last, by path."""
        self._diagnostics: frozenset[Diagnostic] = frozenset()
        self._pending: dict[str, PostLists | None] = {}
        """Posts to be shown, with what they showed before they were saved."""
        self._seen_at = 0.0
        self._behind_since: float | None = None
        self._failure = ""
        self._pause = _PAUSE
        self._answers = 0
        """How often a build beside this watch was overwritten since the last save."""
        self._changes = Changes()
        """What changed since the tags were written last."""
        self._has_new_places = False

    def stop(self) -> None:
        """End the watch: what is being written is finished, what is being computed is not."""
        self._saves.stop()

    def run(self, first: Changes | None = None) -> None:
        """Watch until stopped.  `first` is what :meth:`read_first` returned."""
        try:
            self._guarded(self._observe)
            if first is not None:
                self._seen_at = time.monotonic()
                self._guarded(lambda: self._round(first))
            while not self._saves.are_over:
                self._guarded(self._look_and_build)
        finally:
            self._observed.stop()

    def read_first(self, progress: Progress) -> Changes | None:
        """Read the blog before the watch begins.

        Raises:
            EnishiError: it cannot be watched.
        """
        return self._blog.read_changes(progress)

    # -- rounds ------------------------------------------------------------------------------------------------------

    def _look_and_build(self) -> None:
        """One turn of the loop: wait for a save (or none, where something is left to do), look, build."""
        self._observe()
        is_behind = self._behind_since is not None
        waited = 0.0 if is_behind else self._blog.seconds_left()
        if self._has_new_places:  # something may have happened there unseen, and may still go on
            waited, self._has_new_places = self._debounce, False
        if self._failure:
            waited, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        is_saved = self._wait(waited)
        if self._saves.are_over:
            return
        seen_at = time.monotonic()
        changes = None
        if is_saved or waited > 0:
            changes = self._blog.read_changes()
            for problem in self._blog.file_problems():
                self._listener.file_problem(problem)
        if changes is not None:
            self._seen_at = seen_at
            self._round(changes)
        elif is_behind:
            self._finish()
        elif self._failure:
            self._listener.said("that is over, and nothing has changed")
        self._failure, self._pause = "", _PAUSE

    def _wait(self, at_most: float) -> bool:
        """Whether something was saved; not so after so long, or once a build beside this one wrote something else.

        Such a build may have begun before the last save, and nothing would come after it to put that right.  One that
        writes something else for good, as a second watch with other settings, is not answered for ever.
        """
        end = time.monotonic() + at_most
        while True:
            left = max(0.0, end - time.monotonic())
            if self._saves.wait(self._debounce, min(left, _BESIDE_SECONDS)):
                self._answers = 0
                return True
            if left <= _BESIDE_SECONDS or self._saves.are_over:
                return False
            if self._answers < _MOST_ANSWERS and self._blog.is_overwritten:
                self._answers += 1
                return False

    def _round(self, changes: Changes) -> None:
        self._changes = self._changes.and_then(changes)
        edited = [path for path in changes.edited if path not in self._pending]
        self._pending |= {path: self._lists.get(path) for path in edited}
        if 0 < len(edited) <= MOST_SHOWN:
            self._report_previews(edited)
        relations, written = self._blog.relate()
        self._observe()
        self._report_built("related", relations, written)
        if self._behind_since is None:
            self._behind_since = time.monotonic()
        self._finish()

    def _finish(self) -> None:
        try:
            relations, tags, report = self._blog.tag(lambda *_: self._give_way())
        except _GivesWayError:
            return
        self._behind_since = None
        self._report_posts(relations, tags)
        self._report_built("tags", relations, report.written, report.summary)
        now, before = frozenset(report.diagnostics), self._diagnostics
        self._diagnostics = now
        if now != before:
            self._listener.diagnosed(sorted(now - before), sorted(before - now), self._changes.is_first)
        self._changes = Changes()
        self._blog.prepare_preview()

    def _give_way(self) -> None:
        is_patient = self._behind_since is None or time.monotonic() - self._behind_since < _PATIENCE
        if self._saves.are_over or (self._saves.are_waiting and is_patient):
            raise _GivesWayError

    def _observe(self) -> None:
        blog = self._blog.blog
        if blog is not None:
            self._has_new_places |= self._observed.start(set_up(self._saves, blog, self._request))

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except EnishiError as error:
            self._fail(str(error))
        except Exception as error:
            if is_closed_pipe(error):  # nobody listens any more
                self.stop()
                return
            self._blog.forget()
            self._fail(f"this is a bug, please report it: {error!r}\n{traceback.format_exc()}")

    def _fail(self, message: str) -> None:
        if message != self._failure:
            self._listener.failed(message)
        self._failure = message

    # -- what the listener hears -------------------------------------------------------------------------------------

    def _report_built(
        self,
        half: Literal["related", "tags"],
        relations: Relations,
        written: WriteReport,
        summary: Summary | None = None,
    ) -> None:
        posts, changes = len(relations.posts.documents), self._changes
        edited, gone = len(changes.edited), len(changes.gone)
        seconds = time.monotonic() - self._seen_at
        self._listener.built(Built(half, posts, edited, gone, written, seconds, changes.is_first, summary))

    def _report_posts(self, relations: Relations, tags: TagAnalysis) -> None:
        related, suggestions = relations.related.lists, tags.suggestions
        documents, pending = relations.posts.documents, self._pending
        paths = [document.post.path for document in documents]
        self._lists = {path: PostLists(related.get(path, ()), suggestions.get(path, ())) for path in paths}
        self._pending = {}
        for document in documents if len(pending) <= MOST_SHOWN else ():
            path = document.post.path
            if path in pending:
                self._listener.saved(Saved(document, "final", self._lists[path], pending[path]))

    def _report_previews(self, paths: Sequence[str]) -> None:
        for path, related in self._blog.preview(paths).items():
            before = self._pending[path]
            lists = PostLists(related, before.suggestions if before else ())
            self._listener.saved(Saved(self._blog.document(path), "provisional", lists, before))


def watch(watched: Watch, first: Changes | None, site: Path, patience: float = 0.7) -> None:
    """Run a watch in a thread of its own until this one is interrupted, so that nothing it does holds up the end.

    Meanwhile a file in the site's own folder says "watched": its time is never older than some seconds, and the
    generator's plugin (hexo-enishi) leaves the building to the watch.  A time, and no process number, as it goes out by
    itself when the watch is killed, and can be seen from another container.

    A step of algebra cannot be interrupted; what does not end in time is left to the end of the process.  Files are
    whole at any moment.
    """
    thread = threading.Thread(target=watched.run, args=(first,), daemon=True)
    thread.start()
    sign = site / STATE_FOLDER / SIGN_NAME
    try:
        while thread.is_alive():
            with suppress(OutputError):
                replace_file(sign, b'{"enishi_watch": 1}\n', durable=False)
            for _ in range(_SIGN_SECONDS * 5):
                thread.join(0.2)  # without a limit, Windows would not see Ctrl-C
    finally:
        watched.stop()
        with suppress(OSError):
            sign.unlink()
        thread.join(patience)
        if thread.is_alive():
            sys.stdout.flush()
            os._exit(0)
