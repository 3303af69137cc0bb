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

from enishi.commands.watch.live_blog import Changes, HalfRound, LiveBlog
from enishi.commands.watch.post_files import HOLD_SECONDS, FileProblem
from enishi.commands.watch.saves import Observed, Saves, set_up
from enishi.errors import Diagnostic, EnishiError, OutputError
from enishi.files import replace_file
from enishi.state import STATE_FOLDER, Request, Summary
from enishi.types import Document, Related, TagSuggestion
from enishi.writing.output import WriteReport

MOST_SHOWN = 3
"""Up to so many posts of one round are shown; of more (a checkout), only their number."""
SIGN_NAME = "watch.json"
"""In the site's own folder, while it is watched."""
_SIGN_SECONDS = 5
_PATIENCE = 20.0
"""Seconds after which unfinished tags give way to no further save."""
_BESIDE_SECONDS = 2.0
"""How often to see whether a build beside this watch wrote something else, while nothing is saved."""
_MOST_ANSWERS = 3
_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""Seconds until what failed is tried again, where nothing is saved meanwhile."""

Stage = Literal["provisional", "final"]


@dataclass(frozen=True, slots=True)
class PostLists:
    """What one post shows."""

    related: tuple[Related, ...] = ()
    suggestions: tuple[TagSuggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """A post that was saved, with its lists as they are now and as they were before the save."""

    document: Document
    stage: Stage
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
    summary: Summary | None = None
    is_first: bool = False


class Listener(Protocol):
    """Hears of everything that a watch does."""

    def built(self, built: Built) -> None: ...
    def saved(self, saved: Saved) -> None: ...
    def file_problem(self, problem: FileProblem) -> None: ...
    def diagnosed(self, new: Sequence[Diagnostic], gone: Sequence[Diagnostic], is_first: bool) -> None: ...
    def failed(self, message: str) -> None: ...
    def said(self, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How to watch."""

    debounce: float = 0.1
    """Seconds of quiet that a save ends with."""
    poll: bool = False
    hold: float = HOLD_SECONDS


class _GivesWayError(Exception):
    """The tags are not finished: something was saved, or the watch ends."""


class Watch:
    """A watch on one blog.  :meth:`run` returns when :meth:`stop` was called, from any thread."""

    def __init__(self, request: Request, listener: Listener, options: WatchOptions | None = None) -> None:
        self._options = options or WatchOptions()
        self._listener = listener
        self._request = request
        self._stopping = threading.Event()
        self._saves = Saves(self._stopping)
        self._blog = LiveBlog(request, hold=self._options.hold)
        self._observed = Observed(self._saves, poll=self._options.poll, say=listener.said)
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
        self._changes: Changes | None = None
        """What changed since the tags were written last."""
        self._has_new_places = False

    def stop(self) -> None:
        """End the watch: what is being written is finished, what is being computed is not."""
        self._saves.stop()

    def run(self, first: Changes | None = None) -> None:
        """Watch until stopped.  `first` is what :meth:`read_first` returned."""
        try:
            with suppress(BrokenPipeError):  # nobody listens any more
                self._guarded(self._observe)
                if first is not None:
                    self._seen_at = time.monotonic()
                    self._guarded(lambda: self._round(first))
                while not self._stopping.is_set():
                    self._guarded(self._look_and_build)
        finally:
            self._observed.stop()

    def read_first(self, progress: Callable[[str, int, int], None]) -> Changes | None:
        """Read the blog before the watch begins.

        Raises:
            EnishiError: it cannot be watched.
        """
        return self._blog.read_changes(progress=progress)

    # -- rounds ------------------------------------------------------------------------------------------------------

    def _look_and_build(self) -> None:
        """One turn of the loop: wait for a save (or none, where something is left to do), look, build."""
        self._observe()
        is_behind = self._behind_since is not None
        waited = 0.0 if is_behind else self._blog.seconds_left()
        if self._has_new_places:  # something may have happened there unseen, and may still go on
            waited, self._has_new_places = self._options.debounce, False
        if self._failure:
            waited, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        named = self._wait(waited)
        if self._stopping.is_set():
            return
        seen_at = time.monotonic()
        if is_behind and waited == 0 and not named:
            self._finish()
            return
        changes = self._blog.read_changes(named)
        self._report_file_problems()
        if changes is not None:
            self._seen_at = seen_at
            self._round(changes)
        elif is_behind:
            self._finish()
        elif self._failure:
            self._listener.said("that is over, and nothing has changed")
        self._failure, self._pause = "", _PAUSE

    def _wait(self, at_most: float | None) -> frozenset[str]:
        """The next save; or nothing after so long, or once a build beside this watch has written something else.

        Such a build may have begun before the last save, and nothing would come after it to put that right.  One that
        writes something else for good, as a second watch with other settings, is not answered for ever.
        """
        end = None if at_most is None else time.monotonic() + at_most
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            is_last = left is not None and left <= _BESIDE_SECONDS
            named = self._saves.wait(self._options.debounce, left if is_last else _BESIDE_SECONDS)
            if named:
                self._answers = 0
            if named or is_last or self._stopping.is_set():
                return named
            if self._answers < _MOST_ANSWERS and self._blog.is_overwritten:
                self._answers += 1
                return named

    def _round(self, changes: Changes) -> None:
        self._changes = changes if self._changes is None else self._changes.and_then(changes)
        edited = [path for path in changes.edited if path not in self._pending]
        self._pending |= {path: self._lists.get(path) for path in edited}
        if 0 < len(edited) <= MOST_SHOWN:
            self._report_previews(edited)
        half = self._blog.relate()
        self._observe()
        self._report_built("related", half)
        if self._behind_since is None:
            self._behind_since = time.monotonic()
        self._finish()

    def _finish(self) -> None:
        try:
            half = self._blog.tag(lambda *_: self._give_way())
        except _GivesWayError:
            return
        self._behind_since = None
        self._report_posts(half)
        self._report_built("tags", half)
        if half.report is not None:
            is_first = self._changes is not None and self._changes.is_first
            self._report_diagnostics(half.report.diagnostics, is_first=is_first)
        self._changes = None
        self._blog.prepare_preview()

    def _give_way(self) -> None:
        patience = self._behind_since is None or time.monotonic() - self._behind_since < _PATIENCE
        if self._stopping.is_set() or (self._saves.are_waiting and patience):
            raise _GivesWayError

    def _observe(self) -> None:
        blog = self._blog.blog
        if blog is not None:
            places = set_up(self._saves, blog, self._request)
            self._has_new_places |= self._observed.start(places)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except EnishiError as error:
            self._fail(str(error))
        except BrokenPipeError:
            raise
        except Exception as error:
            self._blog.forget()
            self._fail(f"this is a bug, please report it: {error!r}\n{traceback.format_exc()}")

    def _fail(self, message: str) -> None:
        if message != self._failure:
            self._listener.failed(message)
        self._failure = message

    # -- what the listener hears -------------------------------------------------------------------------------------

    def _report_built(self, half: Literal["related", "tags"], done: HalfRound) -> None:
        changes = self._changes or Changes()
        self._listener.built(
            Built(
                half,
                len(done.relations.posts.documents),
                len(changes.edited),
                len(changes.gone),
                done.written,
                time.monotonic() - self._seen_at,
                done.report.summary if done.report else None,
                changes.is_first,
            )
        )

    def _report_posts(self, done: HalfRound) -> None:
        related, suggestions = done.relations.related.lists, done.tags.analysis.suggestions
        documents, pending = done.relations.posts.documents, self._pending
        paths = [document.post.path for document in documents]
        self._lists = {path: PostLists(related.get(path, ()), suggestions.get(path, ())) for path in paths}
        self._pending = {}
        if len(pending) > MOST_SHOWN:
            return
        for document in documents:
            path = document.post.path
            if path in pending:
                self._listener.saved(Saved(document, "final", self._lists[path], pending[path]))

    def _report_previews(self, paths: Sequence[str]) -> None:
        for path, preview in self._blog.preview(paths).items():
            before = self._pending[path]
            suggestions = preview.suggestions
            if suggestions is None:  # those of before, until the tags are done
                suggestions = before.suggestions if before else ()
            document = self._blog.document(path)
            self._listener.saved(Saved(document, "provisional", PostLists(preview.related, suggestions), before))

    def _report_file_problems(self) -> None:
        for problem in self._blog.file_problems():
            self._listener.file_problem(problem)

    def _report_diagnostics(self, diagnostics: Sequence[Diagnostic], *, is_first: bool) -> None:
        now = frozenset(diagnostics)
        new, gone = sorted(now - self._diagnostics), sorted(self._diagnostics - now)
        self._diagnostics = now
        if new or gone:
            self._listener.diagnosed(new, gone, is_first)


def watch(watched: Watch, first: Changes | None, site: Path, patience: float = 0.7) -> None:
    """Run a watch in a thread of its own until this one is interrupted, so that nothing it does holds up the end.

    A step of algebra cannot be interrupted; what does not end in time is left to the end of the process.  Files are
    whole at any moment.
    """
    thread = threading.Thread(target=watched.run, args=(first,), daemon=True)
    thread.start()
    sign = _Sign(site)
    try:
        while thread.is_alive():
            sign.renew()
            for _ in range(_SIGN_SECONDS * 5):
                thread.join(0.2)  # without a limit, Windows would not see Ctrl-C
    finally:
        watched.stop()
        sign.remove()
        thread.join(patience)
        if thread.is_alive():
            sys.stdout.flush()
            os._exit(0)


class _Sign:
    """A file in the site's own folder that says "watched": its time is never older than some seconds.

    The generator's plugin then leaves the building to the watch (hexo-enishi looks for it).  A time, and no process
    number, as it goes out by itself when the watch is killed, and can be seen from another container.
    """

    def __init__(self, site: Path) -> None:
        self._file = site / STATE_FOLDER / SIGN_NAME

    def renew(self) -> None:
        with suppress(OutputError):
            replace_file(self._file, b'{"enishi_watch": 1}\n', durable=False)

    def remove(self) -> None:
        with suppress(OSError):
            self._file.unlink()
