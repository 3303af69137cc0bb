"""The site's post files, each real file once."""

from __future__ import annotations

import os
import posixpath
import re
import stat
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.errors import Diagnostic, Severity
from enishi.reading.globs import Globs

if TYPE_CHECKING:
    from enishi.generators.base import Site

MAX_FILE_BYTES = 16 * 1024 * 1024
_LARGE = 1024 * 1024
_MAX_IN_LARGE = 64 * 1024 * 1024
"""Bytes of all files above `_LARGE` together: a repository of a megabyte may unpack to thousands of them."""

NEVER_POSTS = frozenset(
    {"node_modules", "vendor", "bower_components", "__pycache__", "themes", "_site", "public", "site-packages", "venv"}
)
"""Folders that no generator takes posts from, passed over where the whole site folder is searched."""

_PROJECT_FILE = re.compile(
    r"(?i)(readme|license|licence|changelog|contributing|code_of_conduct|security|agents|claude)\b.*\.\w+\Z"
)
_SAME_NAME = (
    "two files have this name: they differ only in how its accents are encoded (NFC, or NFD as macOS may write them). "
    "One is read, the composed one (NFC) if there is one; delete or rename the other"
)


def is_project_file(name: str) -> bool:
    """README and its like: about the repository, not a post of the blog, where they lie in the site folder itself."""
    return _PROJECT_FILE.match(name) is not None


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """A file that holds a post."""

    path: str
    """The post's identity: relative to the site, POSIX, NFC."""
    file: Path
    """Where to read it."""


def find_files(
    site: Site, exclude: Iterable[str] = (), max_bytes: int = MAX_FILE_BYTES
) -> tuple[list[SourceFile], list[Diagnostic]]:
    """The site's post files, sorted by path.

    `exclude` holds patterns relative to the site (`drafts/**`; a name without a slash is left out wherever it is).
    Links that lead out of the site, files that are too large, and names that the generator unexpectedly passes over
    are reported; what vanishes or cannot be opened meanwhile is not there.
    """
    return _Search(site, exclude, max_bytes).run()


_Key = tuple[int, int | str]


def _look(path: str) -> tuple[os.stat_result, _Key] | None:
    """What a path leads to, with a key that all ways to it share; None where nothing is."""
    try:
        status = Path(path).stat()  # not the entry's own, which has no inode on Windows
    except OSError:
        return None
    return status, (status.st_dev, status.st_ino or os.path.normcase(os.path.realpath(path)))


def _is_link(entry: os.DirEntry[str]) -> bool:
    """Also a junction of Windows, which Python 3.12 tells."""
    return entry.is_symlink() or bool(getattr(entry, "is_junction", bool)())


class _Search:
    def __init__(self, site: Site, exclude: Iterable[str], max_bytes: int) -> None:
        self._site = site
        self._generator = site.generator
        self._max_bytes = max_bytes
        self._in_large = 0
        self._root = os.path.realpath(site.root)
        self._excluded = Globs((*site.exclude, *exclude), by_name=True)
        self._files: dict[str, SourceFile] = {}
        self._seen: set[_Key] = set()
        self._links: list[tuple[str, str]] = []
        self._file_links: list[tuple[str, Path, int, _Key]] = []
        self._problems: set[Diagnostic] = set()

    def run(self) -> tuple[list[SourceFile], list[Diagnostic]]:
        for folder in self._site.post_folders:
            self._walk(str(Path(self._root) / folder), "" if folder == "." else folder, folder)
        # Linked folders come last, so that a real folder keeps its name and its link adds nothing
        while self._links:
            links, self._links = sorted(self._links), []
            for relative, folder in links:
                self._walk(os.path.realpath(Path(self._root) / relative), relative, folder)
        for child, file, size, key in sorted(self._file_links):
            if key not in self._seen:
                self._seen.add(key)
                self._keep(child, file, size)
        return sorted(self._files.values()), sorted(self._problems)

    def _warn(self, path: str, code: str, message: str) -> None:
        self._problems.add(Diagnostic(path, 0, code, Severity.WARNING, message))

    def _walk(self, folder: str, relative: str, post_folder: str) -> None:
        waiting = [(folder, relative)]
        while waiting:
            current, path = waiting.pop()
            if not self._is_new(current):
                continue
            for entry in _entries(current):
                child = posixpath.join(path, unicodedata.normalize("NFC", entry.name))
                if _is_link(entry) and not self._stays_inside(entry, child):
                    continue
                if _is_folder(entry):
                    if self._is_excluded(child) or not self._generator.enters(self._site, child, post_folder):
                        continue
                    if _is_link(entry):
                        self._links.append((child, post_folder))
                    else:
                        waiting.append((entry.path, child))
                elif self._has_suffix(entry.name) and not self._is_excluded(child):
                    self._take(entry, child, post_folder)

    def _is_new(self, folder: str) -> bool:
        looked = _look(folder)
        if looked is None or looked[1] in self._seen:
            return False
        self._seen.add(looked[1])
        return True

    def _stays_inside(self, entry: os.DirEntry[str], child: str) -> bool:
        target = os.path.realpath(entry.path)
        if Path(target).is_relative_to(self._root):
            return True
        if self._has_suffix(entry.name) or _is_folder(entry):
            message = "this link leads out of the site, so it is not read. Copy the file into the site if it is a post"
            self._warn(child, "link-outside-site", message)
        return False

    def _is_excluded(self, child: str) -> bool:
        return self._excluded.match(child) or self._generator.is_left_out(self._site, child)

    def _has_suffix(self, name: str) -> bool:
        return posixpath.splitext(name)[1].lower() in self._site.suffixes

    def _take(self, entry: os.DirEntry[str], child: str, post_folder: str) -> None:
        answer = self._generator.is_post(self._site, child, post_folder)
        if answer is not True:
            if isinstance(answer, Diagnostic):
                self._problems.add(answer)
            return
        shown = os.fsencode(child).decode("utf-8", "replace")
        if shown != child:
            self._warn(shown, "name-not-utf8", "the file's name is not UTF-8, so it is not read. Rename it")
            return
        looked = _look(entry.path)
        if looked is None or not stat.S_ISREG(looked[0].st_mode):
            return
        status, key = looked
        if _is_link(entry):
            self._file_links.append((child, Path(entry.path), status.st_size, key))
            return
        self._seen.add(key)
        self._keep(child, Path(entry.path), status.st_size)

    def _keep(self, child: str, file: Path, size: int) -> None:
        problem = ""
        if size > self._max_bytes:
            problem = f"larger than {self._max_bytes / 1024 / 1024:.3g} MB, so it is not read"
        elif size > _LARGE:
            self._in_large += size
            if self._in_large > _MAX_IN_LARGE:
                problem = f"not read: all posts of more than 1 MB together have over {_MAX_IN_LARGE // 1024 // 1024} MB"
        if problem:
            self._warn(child, "file-too-large", problem)
            return
        other = self._files.get(child)
        if other is not None:
            self._warn(child, "same-name", _SAME_NAME)
            if self._is_composed(other.file) or not self._is_composed(file):
                return
        self._files[child] = SourceFile(child, file)

    def _is_composed(self, file: Path) -> bool:
        return unicodedata.is_normalized("NFC", os.fspath(file).removeprefix(self._root))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
