"""The posts' bytes in a watch: files that did not change are not read again, and broken ones are held back for a while.

A file's bytes are known again by its size, times and number on the disk.  A file that was written just before it was
read is read again next time, as a second write within the same tick of the clock would not show.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from enishi.errors import Diagnostic, Severity
from enishi.generators.base import Site
from enishi.reading.documents import PostFile, read_files
from enishi.reading.find import SourceFile

HOLD_SECONDS = 30.0
"""For so long after its last save, a post that broke while it was typed keeps its last good state."""
_HALF_TYPED = frozenset({"front-matter-not-read", "prose-read-as-front-matter", "unclosed-front-matter"})
"""No errors to a generator, which shows the front matter as text, but errors in the making to an author."""
_RACY_NS = 2_000_000_000
"""Coarsest tick of a file system's clock (FAT)."""

_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A post's file that broke, and what became of it."""

    diagnostic: Diagnostic
    kind: Literal["held", "taken", "mended"]
    """``held``: its last good state stays; ``taken``: it no longer does; ``mended``: the file can be read again."""


@dataclass(slots=True)
class _Known:
    """A post's file as it was read last."""

    file: PostFile
    stamp: _Stamp
    is_racy: bool


@dataclass(slots=True)
class _Broken:
    """A file that broke."""

    file: PostFile
    problem: Diagnostic
    until: float
    is_taken: bool = False


class PostFiles:
    """Reads the files of a watched blog's posts.

    Args:
        diagnose: what is wrong with one file.
        hold: see :data:`HOLD_SECONDS`.
        clock: seconds, for `hold`.
    """

    def __init__(
        self, diagnose: Callable[[PostFile, Site], Sequence[Diagnostic]], hold: float, clock: Callable[[], float]
    ) -> None:
        self._diagnose, self._hold, self._clock = diagnose, hold, clock
        self._known: dict[str, _Known] = {}
        self._good: dict[str, PostFile] = {}
        """The file that counts for each post."""
        self._errors: dict[str, set[str]] = {}
        """Codes of the errors of these files."""
        self._broken: dict[str, _Broken] = {}
        self._problems: list[FileProblem] = []

    def read(self, named: frozenset[str], sources: Sequence[SourceFile], site: Site) -> list[PostFile]:
        """The files that count; one that did not change is the same object as last time.

        `named` are files (real paths) that were written, whatever their stamps say.
        """
        read = {source.path: self._read_one(source, named) for source in sources}
        self._known = {path: known for path, known in read.items() if known is not None}
        self._broken = {path: broken for path, broken in self._broken.items() if path in self._known}
        files = [self._accepted(known.file, site) for known in self._known.values()]
        self._good = {file.path: file for file in files}
        return files

    def note(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take in what is wrong with the files that count: an error that a post had before holds nothing back."""
        self._errors = {}
        for problem in filter(_is_error, diagnostics):
            self._errors.setdefault(problem.path, set()).add(problem.code)

    def take_problems(self) -> list[FileProblem]:
        """Files that broke, or were mended, since this was asked last."""
        problems, self._problems = self._problems, []
        return problems

    def waits(self) -> list[float]:
        """In how many seconds each broken file is held back no longer."""
        now = self._clock()
        return [broken.until - now for broken in self._broken.values() if not broken.is_taken]

    def _read_one(self, source: SourceFile, named: frozenset[str]) -> _Known | None:
        try:
            status = source.file.stat()
        except OSError:
            return None
        stamp = (status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
        before = self._known.get(source.path)
        if before and before.stamp == stamp and not before.is_racy and os.fspath(source.file) not in named:
            return before
        is_racy = max(status.st_mtime_ns, status.st_ctime_ns) > time.time_ns() - _RACY_NS
        read = read_files([source])
        if not read:
            return None
        (file,) = read
        if before and before.file.digest == file.digest and before.file.file == file.file:
            file = before.file
        return _Known(file, stamp, is_racy)

    def _accepted(self, file: PostFile, site: Site) -> PostFile:
        """The file itself, or its last good state while it is broken."""
        good, broken = self._good.get(file.path), self._broken.get(file.path)
        if broken is None and (good is None or good is file or self._hold <= 0):
            return file
        if broken is not None and broken.file is file:
            if not broken.is_taken and self._clock() >= broken.until:
                broken.is_taken = True
                self._problems.append(FileProblem(broken.problem, "taken"))
            return file if broken.is_taken or good is None else good
        problem = self._new_error(file, None if broken is not None and broken.is_taken else good, site)
        if problem is None:
            if broken is not None:
                del self._broken[file.path]
                mended = Diagnostic(file.path, 0, "mended", Severity.NOTE, "can be read again")
                self._problems.append(FileProblem(mended, "mended"))
            return file
        if broken is None:
            self._problems.append(FileProblem(problem, "held"))
        is_taken = broken is not None and (broken.is_taken or good is None)
        self._broken[file.path] = _Broken(file, problem, self._clock() + self._hold, is_taken)
        return file if is_taken or good is None else good

    def _new_error(self, file: PostFile, good: PostFile | None, site: Site) -> Diagnostic | None:
        """An error of a kind that the good state does not have."""
        if _is_empty(file):  # what an editor leaves between emptying a file and writing it
            is_new = good is None or not _is_empty(good)
            return Diagnostic(file.path, 0, "empty-file", Severity.ERROR, "the file is empty") if is_new else None
        had = self._errors.get(file.path, set()) if good is not None else set()
        return next((one for one in self._diagnose(file, site) if _is_error(one) and one.code not in had), None)


def _is_error(problem: Diagnostic) -> bool:
    return problem.severity is Severity.ERROR or problem.code in _HALF_TYPED


def _is_empty(file: PostFile) -> bool:
    return not file.data.strip(b"\0 \t\r\n")
