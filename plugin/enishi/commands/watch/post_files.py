"""The posts' bytes in a watch: an unchanged file is the same object, and a broken one is held back for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from enishi.errors import Diagnostic, Severity
from enishi.generators.base import Site
from enishi.reading.documents import PostFile, read_files
from enishi.reading.find import SourceFile

HOLD_SECONDS = 30.0
"""For so long after its last save, a post that broke while it was typed keeps its last good state."""
_HALF_TYPED = frozenset({"front-matter-not-read", "prose-read-as-front-matter"})
"""No errors to a generator, which shows the front matter as text, but errors in the making to an author."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A post's file that broke, and what became of it."""

    diagnostic: Diagnostic
    kind: Literal["held", "taken", "mended"]
    """``held``: its last good state stays; ``taken``: it no longer does; ``mended``: the file can be read again."""


@dataclass(slots=True)
class _Broken:
    """A file that broke."""

    file: PostFile
    problem: Diagnostic
    until: float
    is_taken: bool


class PostFiles:
    """Reads the files of a watched blog's posts.

    Args:
        diagnose: what is wrong with one file.
        clock: seconds, for :data:`HOLD_SECONDS`.
    """

    def __init__(self, diagnose: Callable[[PostFile, Site], Sequence[Diagnostic]], clock: Callable[[], float]) -> None:
        self._diagnose, self._clock = diagnose, clock
        self._read: dict[str, PostFile] = {}
        """The files as they were read last, by path."""
        self._good: dict[str, PostFile] = {}
        """The files that count."""
        self._errors: dict[str, set[str]] = {}
        """Codes of their errors."""
        self._broken: dict[str, _Broken] = {}
        self._problems: list[FileProblem] = []

    def read(self, sources: Sequence[SourceFile], site: Site) -> list[PostFile]:
        """The files that count; one that did not change is the same object as last time."""
        before = {file: file for file in self._read.values()}
        self._read = {file.path: before.get(file, file) for file in read_files(sources)}
        self._broken = {path: broken for path, broken in self._broken.items() if path in self._read}
        self._good = {path: self._accepted(file, site) for path, file in self._read.items()}
        return list(self._good.values())

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

    def _accepted(self, file: PostFile, site: Site) -> PostFile:
        """The file itself, or its last good state while it is broken."""
        good, broken = self._good.get(file.path), self._broken.get(file.path)
        if good is None or (broken is None and good is file):
            return file
        if broken is None or broken.file is not file:
            is_taken = broken is not None and broken.is_taken
            problem = self._new_error(file, None if is_taken else good, site)
            if problem is None:
                if self._broken.pop(file.path, None):
                    mended = Diagnostic(file.path, 0, "mended", Severity.NOTE, "can be read again")
                    self._problems.append(FileProblem(mended, "mended"))
                return file
            if broken is None:
                self._problems.append(FileProblem(problem, "held"))
            broken = self._broken[file.path] = _Broken(file, problem, self._clock() + HOLD_SECONDS, is_taken)
        elif not broken.is_taken and self._clock() >= broken.until:
            broken.is_taken = True
            self._problems.append(FileProblem(broken.problem, "taken"))
        return file if broken.is_taken else good

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
