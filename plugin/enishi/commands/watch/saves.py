"""What happens on the disk while a blog is watched: events of watchdog, waited for until they are over.

An event only says that it is time to look, and which file was named; what changed, the look finds out.  So no editor's
way of saving (by rename, by way of `4913`, `.#x` or `x~`), and no event that was lost, is a case of its own.
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.generators import settings_file_names
from enishi.pipeline import Blog
from enishi.reading.find import NEVER_POSTS
from enishi.state import STATE_FOLDER, Request
from enishi.tags.declined import DECLINED_NAME

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

LONGEST_SECONDS = 2.0
"""Where saves do not end, a build begins after so long all the same."""
_LONGEST_IN_QUIETS = 10
_POLL_SECONDS = 1.0
_OWN_SETTINGS = ("enishi.toml", "pyproject.toml", DECLINED_NAME)

Places = Mapping[str, bool]
"""Real paths of folders, and whether what is below them counts, too."""


class Saves:
    """Collects events, in watchdog's thread; another one waits for them.

    Args:
        own: folders and files that we write ourselves (real paths).
        single: files that matter where only their folder's entries are watched.
        stopping: ends all waiting.
    """

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._condition = threading.Condition()
        self._named: set[str] = set()
        self._first = self._last = 0.0
        self.own: tuple[str, ...] = ()
        self.deep: tuple[str, ...] = ()
        self.single: frozenset[str] = frozenset()

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by watchdog for each event."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        self.add(path for path in paths if self._matters(path, event.is_directory))

    def add(self, paths: Iterable[str]) -> None:
        """Note that these files were written."""
        paths = list(paths)
        if paths:
            with self._condition:
                self._last = time.monotonic()
                if not self._named:
                    self._first = self._last
                self._named.update(paths)
                self._condition.notify_all()

    def stop(self) -> None:
        """End all waiting."""
        self._stopping.set()
        with self._condition:
            self._condition.notify_all()

    @property
    def are_waiting(self) -> bool:
        """Whether something happened that nobody has taken."""
        return bool(self._named)

    def wait(self, quiet: float, at_most: float | None) -> frozenset[str]:
        """The files that were written, once there was nothing more for `quiet` seconds.

        Empty after `at_most` seconds without anything, and when the watch ends.
        """
        end = None if at_most is None else time.monotonic() + at_most
        with self._condition:
            while not self._named and not self._stopping.is_set():
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return frozenset()
                self._condition.wait(left)
            longest = max(LONGEST_SECONDS, _LONGEST_IN_QUIETS * quiet)
            while not self._stopping.is_set():
                now = time.monotonic()
                left = min(self._last + quiet, self._first + longest) - now
                if left <= 0:
                    break
                self._condition.wait(left)
            named, self._named = frozenset(self._named), set()
            return frozenset() if self._stopping.is_set() else named

    def _matters(self, path: str, is_folder: bool) -> bool:
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


def places_of(blog: Blog, request: Request) -> Places:
    """Where something can happen that changes a build of this blog."""
    root = os.path.realpath(request.site)
    places: dict[str, bool] = {root: False}
    for folder in blog.site.post_folders:
        if folder == ".":
            places |= dict.fromkeys(_folders_in(root), True)
        else:
            places[os.path.realpath(Path(root, folder))] = True
            for parent in Path(root, folder).parents:  # where it is seen to come back
                if not _is_in(os.fspath(parent), root):
                    break
                places.setdefault(os.path.realpath(parent), False)
    if blog.settings.templates:
        places[_existing(Path(root, blog.settings.templates), root)] = True
    for file in _single_files(blog, request):
        places.setdefault(_existing(file.parent, root), False)
    for name in {os.path.dirname(file.file) for file in blog.files}:  # noqa: PTH120 - thousands of them
        places.setdefault(os.path.realpath(name), False)  # links lead here
    if places.get(root) and len(places) > 1:
        places[root] = False  # a templates folder that is not there yet: its first folder is enough
    deep = [path for path, is_deep in places.items() if is_deep]
    return {
        path: is_deep
        for path, is_deep in places.items()
        if not any(path != other and _is_in(path, other) for other in deep)
    }


def set_up(saves: Saves, blog: Blog, request: Request) -> Places:
    """Tell `saves` what matters in this blog; where to watch for it."""
    root = os.path.realpath(request.site)
    own = [Path(root, STATE_FOLDER), Path(os.path.realpath(request.folder))]
    if blog.settings.data_file:
        own.append(Path(root, blog.settings.data_file))
    saves.own = tuple(os.path.realpath(path) for path in own)
    single = {os.path.realpath(path) for path in _single_files(blog, request)}
    saves.single = frozenset(single | {os.path.join(root, name) for name in (*settings_file_names(), *_OWN_SETTINGS)})  # noqa: PTH118
    places = places_of(blog, request)
    folders = [path for path, deep in places.items() if deep]
    if blog.settings.templates:
        folders.append(os.path.realpath(Path(root, blog.settings.templates)))
    folders += [path for path in places if path != root and not places[path] and path not in _parents(single)]
    saves.deep = tuple(folders) if "." not in blog.site.post_folders else (root,)
    return places


def _single_files(blog: Blog, request: Request) -> Collection[Path]:
    root, settings = Path(os.path.realpath(request.site)), blog.settings
    names = [settings.tags.constants, settings.tags.broader if isinstance(settings.tags.broader, str) else ""]
    found = [root / name for name in names if name]
    if blog.site.settings_file:
        found.append(root / blog.site.settings_file)
    if request.config_file is not None:
        found.append(Path(os.path.abspath(request.config_file)))  # noqa: PTH100 - a link is to be seen replaced
    return found


def _parents(files: Collection[str]) -> set[str]:
    return {os.path.dirname(file) for file in files}  # noqa: PTH120


def _existing(folder: Path, root: str) -> str:
    """The folder, or the nearest above it that is there."""
    while not folder.is_dir() and os.fspath(folder) != root and folder.parent != folder:
        folder = folder.parent
    return os.path.realpath(folder)


def _folders_in(root: str) -> list[str]:
    with os.scandir(root) as entries:
        return [
            os.path.realpath(entry.path)
            for entry in entries
            if entry.is_dir() and not entry.name.startswith(".") and entry.name not in NEVER_POSTS
        ]


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
