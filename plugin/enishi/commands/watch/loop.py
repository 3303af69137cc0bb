"""Watch mode: a build, and from then on what changed, save by save.

One thread (this one) works; watchdog's tell it when.  A round whose tags are not done yet gives way to the next save.
A failed round ends nothing: it is told, and the next save tries again.
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

from enishi.commands.watch.live_blog import HOLD_SECONDS, Done, Look, Standing, Turn
from enishi.commands.watch.saves import Observed, Saves, set_up
from enishi.errors import Diagnostic, EnishiError, OutputError
from enishi.files import replace_file
from enishi.pipeline import STATE_FOLDER, Request, Summary
from enishi.types import Document, Related, TagSuggestion
from enishi.writing.output import WriteReport

MOST_SHOWN = 3
"""So many posts of one round are shown; of more (a checkout), only their number."""
SIGN_NAME = "watch.json"
"""In the site's own folder, while it is watched."""
_SIGN_SECONDS = 5
_PATIENCE = 20.0
"""Tags that are behind for so many seconds give way to no further save."""
_BESIDE_SECONDS = 2.0
"""Where nothing is saved, so often it is seen whether a build beside this watch wrote something else."""
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
    """One half of a round is written."""

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
    """Who is told."""

    def built(self, built: Built) -> None: ...
    def saved(self, saved: Saved) -> None: ...
    def turned(self, turn: Turn) -> None: ...
    def diagnosed(self, come: Sequence[Diagnostic], gone: Sequence[Diagnostic], is_first: bool) -> None: ...
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
        self._standing = Standing(request, hold=self._options.hold)
        self._observed = Observed(self._saves, poll=self._options.poll, tell=listener.said)
        self._lists: dict[str, PostLists] = {}
        """As they were told last, by path."""
        self._diagnostics: frozenset[Diagnostic] = frozenset()
        self._pending: dict[str, PostLists | None] = {}
        """Posts to be shown, with what they showed before they were saved."""
        self._seen_at = 0.0
        self._behind_since: float | None = None
        self._failure = ""
        self._pause = _PAUSE
        self._answers = 0
        """How often a build beside this watch was overwritten since the last save."""
        self._look: Look | None = None
        """What changed since the tags were written last."""
        self._has_new_places = False

    def stop(self) -> None:
        """End the watch: what is being written is finished, what is being computed is not."""
        self._saves.stop()

    def run(self, first: Look | None = None) -> None:
        """Watch until stopped.  `first` is what :meth:`look_first` gave."""
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

    def look_first(self, progress: Callable[[str, int, int], None]) -> Look | None:
        """Read the blog before the watch begins.

        Raises:
            EnishiError: it cannot be watched.
        """
        return self._standing.look(progress=progress)

    # -- rounds ------------------------------------------------------------------------------------------------------

    def _look_and_build(self) -> None:
        """One turn of the loop: wait for a save (or none, where something is left to do), look, build."""
        self._observe()
        is_behind = self._behind_since is not None
        waited = 0.0 if is_behind else self._standing.seconds_left()
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
        look = self._standing.look(named)
        self._tell_turns()
        if look is not None:
            self._seen_at = seen_at
            self._round(look)
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
            if self._answers < _MOST_ANSWERS and self._standing.is_overwritten:
                self._answers += 1
                return named

    def _round(self, look: Look) -> None:
        since = self._look  # what the tags have not seen yet
        self._look = Look(
            look.documents,
            tuple(dict.fromkeys((*since.edited, *look.edited))) if since else look.edited,
            tuple(dict.fromkeys((*since.gone, *look.gone))) if since else look.gone,
            look.is_first or (since is not None and since.is_first),
        )
        edited = [path for path in look.edited if path not in self._pending]
        self._pending |= {path: self._lists.get(path) for path in edited}
        if 0 < len(edited) <= MOST_SHOWN:
            self._tell_foreseen(edited)
        done = self._standing.relate()
        self._observe()
        self._tell_built("related", done)
        if self._behind_since is None:
            self._behind_since = time.monotonic()
        self._finish()

    def _finish(self) -> None:
        try:
            done = self._standing.tag(lambda *_: self._give_way())
        except _GivesWayError:
            return
        self._behind_since = None
        self._tell_posts(done)
        self._tell_built("tags", done)
        self._tell_diagnostics(done.diagnostics, is_first=self._look is not None and self._look.is_first)
        self._look = None
        self._standing.get_ready()

    def _give_way(self) -> None:
        patience = self._behind_since is None or time.monotonic() - self._behind_since < _PATIENCE
        if self._stopping.is_set() or (self._saves.are_waiting and patience):
            raise _GivesWayError

    def _observe(self) -> None:
        blog = self._standing.blog
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
            self._standing.forget()
            self._fail(f"this is a bug, please report it: {error!r}\n{traceback.format_exc()}")

    def _fail(self, message: str) -> None:
        if message != self._failure:
            self._listener.failed(message)
        self._failure = message

    # -- what is told ------------------------------------------------------------------------------------------------

    def _tell_built(self, half: Literal["related", "tags"], done: Done) -> None:
        look = self._look
        self._listener.built(
            Built(
                half,
                len(done.analysis.documents),
                len(look.edited) if look else 0,
                len(look.gone) if look else 0,
                done.written,
                time.monotonic() - self._seen_at,
                done.summary,
                is_first=look is not None and look.is_first,
            )
        )

    def _tell_posts(self, done: Done) -> None:
        analysis, pending = done.analysis, self._pending
        lists = {
            document.post.path: PostLists(
                analysis.related.get(document.post.path, ()), analysis.tags.suggestions.get(document.post.path, ())
            )
            for document in analysis.documents
        }
        self._lists, self._pending = lists, {}
        if len(pending) > MOST_SHOWN:
            return
        for document in analysis.documents:
            path = document.post.path
            if path in pending:
                self._listener.saved(Saved(document, "final", lists[path], pending[path]))

    def _tell_foreseen(self, paths: Sequence[str]) -> None:
        for path, seen in self._standing.foresee(paths).items():
            before = self._pending[path]
            suggestions = seen.suggestions
            if suggestions is None:  # those of before, until the tags are done
                suggestions = before.suggestions if before else ()
            document = self._standing.document(path)
            self._listener.saved(Saved(document, "provisional", PostLists(seen.related, suggestions), before))

    def _tell_turns(self) -> None:
        for turn in self._standing.turns():
            self._listener.turned(turn)

    def _tell_diagnostics(self, diagnostics: Sequence[Diagnostic], *, is_first: bool) -> None:
        now = frozenset(diagnostics)
        come, gone = sorted(now - self._diagnostics), sorted(self._diagnostics - now)
        self._diagnostics = now
        if come or gone:
            self._listener.diagnosed(come, gone, is_first)


def watch(watched: Watch, first: Look | None, site: Path, patience: float = 0.7) -> None:
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
