"""What happens on the disk while a blog is watched: events of watchdog, waited for until they are over.

An event only says that it is time to look, and which file was named; what changed, the look finds out.  So no editor's
way of saving (by rename, by way of `4913`, `.#x` or `x~`), and no event that was lost, is a case of its own.
"""

from __future__ import annotations

import os
import threading
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.generators import settings_file_names
from enishi.pipeline import Blog
from enishi.reading.find import NEVER_POSTS
from enishi.state import STATE_FOLDER, Request
from enishi.tags.decisions import DECISIONS_NAME
from enishi.tags.declined import DECLINED_NAME

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

LONGEST_SECONDS = 2.0
"""Where saves do not end, a build begins after so long all the same."""
_LONGEST_IN_QUIETS = 10
_POLL_SECONDS = 1.0
_OWN_SETTINGS = ("enishi.toml", "pyproject.toml", DECLINED_NAME, DECISIONS_NAME)

Places = Mapping[str, bool]
"""Real paths of folders, and whether what is below them counts, too."""


class Saves:
    """Collects events, in watchdog's thread; another one waits for them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._first = self._last = 0.0
        self.are_waiting = False
        """Whether something happened that nobody has taken."""
        self.are_over = False
        """Whether the watch ends."""
        self.own: tuple[str, ...] = ()
        """Folders and files that we write ourselves (real paths)."""
        self.deep: tuple[str, ...] = ()
        """Folders of which everything matters."""
        self.single: frozenset[str] = frozenset()
        """Files and links that matter by their own names."""

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by watchdog for each event."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        if any(self._matters(path, event.is_directory) for path in paths):
            with self._condition:
                self._last = time.monotonic()
                if not self.are_waiting:
                    self._first, self.are_waiting = self._last, True
                self._condition.notify_all()

    def stop(self) -> None:
        """End all waiting."""
        with self._condition:
            self.are_over = True
            self._condition.notify_all()

    def wait(self, quiet: float, at_most: float) -> bool:
        """Wait for events until there were no more for `quiet` seconds.

        False after `at_most` seconds without anything, and when the watch ends.
        """
        with self._condition:
            self._condition.wait_for(lambda: self.are_waiting or self.are_over, at_most)
            longest = max(LONGEST_SECONDS, _LONGEST_IN_QUIETS * quiet)
            while self.are_waiting and not self.are_over:
                left = min(self._last + quiet, self._first + longest) - time.monotonic()
                if left <= 0:
                    self.are_waiting = False
                    return True
                self._condition.wait(left)
            return False

    def _matters(self, path: str, is_folder: bool) -> bool:
        path = _alike(path)
        if any(_is_in(path, own) for own in self.own):
            return False
        return is_folder or path in self.single or any(_is_in(path, folder) for folder in self.deep)


class Observed:
    """The folders that are watched, by watchdog's observer of this system or by looking again and again."""

    def __init__(self, saves: Saves, *, poll: bool, say: Callable[[str], None]) -> None:
        self._saves, self._say = saves, say
        self._watches: dict[tuple[str, bool, int], Any] = {}
        """By path, depth and number on the disk: a folder that was made anew is another one."""
        self._polls = poll
        self._observer: Any = None

    def start(self, places: Places) -> bool:
        """Watch these folders, and no others; whether any is new, so that something may have happened there unseen."""
        wanted = {(path, deep, _number_of(path)) for path, deep in places.items()}
        before = set(self._watches)
        if self._observer is None:
            self._observer = self._create()
        for key in self._watches.keys() - wanted:
            with suppress(KeyError, OSError):
                self._observer.unschedule(self._watches.pop(key))
        for path, deep, number in sorted(wanted - self._watches.keys()):
            try:
                self._watches[(path, deep, number)] = self._schedule(path, deep)
            except FileNotFoundError:
                continue  # gone again; its folder's event brings us back
            except OSError as error:
                if self._polls:
                    raise
                # The system watches only so many folders (Linux: fs.inotify.max_user_watches), some none at all
                self._say(f"this system cannot watch {path} ({error.strerror or error}): looking every second instead")
                self.stop()
                self._polls = True
                return self.start(places)
        return bool(wanted - before)

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer, self._watches = None, {}

    def _create(self) -> Any:
        # It warns of a folder that moved, which is no news to whoever moved it
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
        if self._polls:
            from watchdog.observers.polling import PollingObserver

            observer: Any = PollingObserver(timeout=_POLL_SECONDS)
        else:
            from watchdog.observers import Observer

            observer = Observer()
        observer.daemon = True
        observer.start()
        return observer

    def _schedule(self, path: str, deep: bool) -> Any:
        from watchdog import events

        # Merely reading a file makes events of other kinds: whoever heeds all of them wakes himself
        kinds = [events.FileModifiedEvent, events.FileCreatedEvent, events.FileDeletedEvent, events.FileMovedEvent]
        kinds += [events.DirCreatedEvent, events.DirDeletedEvent, events.DirMovedEvent]
        return self._observer.schedule(self._saves, path, recursive=deep, event_filter=kinds)


def _number_of(path: str) -> int:
    try:
        return Path(path).stat().st_ino
    except OSError:
        return 0


def set_up(saves: Saves, blog: Blog, request: Request) -> Places:
    """Tell `saves` what matters in this blog; where to watch for it."""
    root, settings = os.path.realpath(request.site), blog.settings
    own = (STATE_FOLDER, request.folder.absolute(), settings.data_file)
    saves.own = tuple(_alike(os.path.realpath(Path(root, path))) for path in own if path)
    folders = [Path(root, folder) for folder in (*blog.site.post_folders, settings.templates) if folder]
    broader = settings.tags.broader if isinstance(settings.tags.broader, str) else ""
    names = (settings.tags.constants, broader, blog.site.settings_file, *settings_file_names(), *_OWN_SETTINGS)
    files = [Path(root, name) for name in names if name]
    if request.config_file is not None:
        files.append(request.config_file.absolute())
    watched = [os.fspath(path) for file in (*files, *folders) for path in (os.path.realpath(file), file)]
    saves.single = frozenset(map(_alike, watched))
    linked = {os.path.realpath(name) for name in {os.path.dirname(file.file) for file in blog.files}}  # noqa: PTH120
    places = dict.fromkeys((root, *(place for file in (*files, *folders) for place in _ways_to(file, root))), False)
    places |= dict.fromkeys(linked - places.keys(), False)
    for folder in folders:
        wide = _folders_in(root) if os.path.realpath(folder) == root else [os.path.realpath(folder)]
        places |= dict.fromkeys(wide, True)
    deep = [path for path, is_deep in places.items() if is_deep]
    places = {
        path: is_deep
        for path, is_deep in places.items()
        if os.path.isdir(path) and not any(path != other and _is_in(path, other) for other in deep)  # noqa: PTH112
    }
    saves.deep = tuple(map(_alike, (*map(os.path.realpath, folders), *(linked & places.keys()))))
    return places


def _ways_to(file: Path, root: str) -> Iterator[str]:
    """The folder of a file, and those above it in the site: it may come back with any of them."""
    yield os.path.realpath(file.parent)
    for folder in file.parents:
        if not _is_in(os.fspath(folder), root):
            break
        yield os.path.realpath(folder)


def _folders_in(root: str) -> list[str]:
    with os.scandir(root) as entries:
        return [
            os.path.realpath(entry.path)
            for entry in entries
            if entry.is_dir() and not entry.name.startswith(".") and entry.name not in NEVER_POSTS
        ]


def _alike(path: str) -> str:
    """A path as it is compared: macOS may tell of names in another form, Windows in other case."""
    return os.path.normcase(unicodedata.normalize("NFC", path))


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
