"""A change of a file as a patch that git applies, byte for byte."""

from __future__ import annotations

import re
from codecs import escape_decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import AnyStr

_CONTEXT = 3
_MOST_DRIFT = 50
"""Lines by which a change is looked for above and below its place."""
_ENDS_NAMES = re.compile(rb'["\\\x00-\x1f\x7f]')
_ESCAPES = {b'"': b'\\"', b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}


def common_ends(old: Sequence[AnyStr], new: Sequence[AnyStr]) -> tuple[int, int]:
    """How many lines are equal at the start, and how many of the others at the end."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    return start, end


def unified_diff(path: str, before: bytes, after: bytes) -> bytes:
    """A patch of one hunk that `git apply` takes, byte for byte whatever the line ends; empty if nothing differs.

    `path` is relative to where git is to apply it, POSIX.  Swap the two texts for the patch that undoes it.
    """
    if before == after:
        return b""
    old, new = _lines(before), _lines(after)
    start, end = common_ends(old, new)
    first = max(start - _CONTEXT, 0)
    tail = min(end, _CONTEXT)
    old_count, new_count = len(old) - end + tail - first, len(new) - end + tail - first
    names = [_git_name(f"{side}/{path}") for side in "ab"]
    lines = [b"diff --git %s %s\n" % (names[0], names[1])]
    lines += [b"--- %s\n" % _ended(names[0], path), b"+++ %s\n" % _ended(names[1], path)]
    lines.append(f"@@ -{_range(first, old_count)} +{_range(first, new_count)} @@\n".encode())
    lines += [_marked(b" ", line) for line in old[first:start]]
    lines += [_marked(b"-", line) for line in old[start : len(old) - end]]
    lines += [_marked(b"+", line) for line in new[start : len(new) - end]]
    lines += [_marked(b" ", line) for line in old[len(old) - end : len(old) - end + tail]]
    return b"".join(lines)


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True) if b"\r" not in data else re.findall(rb"[^\n]*\n|[^\n]+", data)


def _marked(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"


def _range(first: int, count: int) -> str:
    return f"{first + 1 if count else first},{count}"


def _git_name(name: str) -> bytes:
    """In git's quotes if it holds what would end the name early."""
    data = name.encode("utf-8", "surrogateescape")
    if not _ENDS_NAMES.search(data):
        return data
    return b'"' + _ENDS_NAMES.sub(lambda match: _ESCAPES.get(match[0], b"\\%03o" % match[0][0]), data) + b'"'


def _ended(name: bytes, path: str) -> bytes:
    """git marks the end of a name with blanks in it by a tab."""
    return name + b"\t" if " " in path else name


# -- and read again --------------------------------------------------------------------------------------------------

_FILE = re.compile(
    rb"(?m)^diff --git [^\n]*\n--- [^\n]*\n\+\+\+ ([^\n]*)\n@@ -(\d+),(\d+) [^\n]* @@\n((?:[ +\\-][^\n]*\n)*)"
)


@dataclass(frozen=True, slots=True)
class FilePatch:
    """The change of one file."""

    path: str
    start: int
    """How many lines stand above the old ones."""
    old: list[bytes]
    new: list[bytes]

    def applied_to(self, data: bytes) -> bytes | None:
        """The file afterwards, the same if it is so already; None where it says something else."""
        lines = _lines(data)
        reaches_end = common_ends(self.old, self.new)[1] < _CONTEXT
        if self._is_in(lines, self.new, reaches_end):
            return data
        if not self._is_in(lines, self.old, reaches_end):
            return None
        return b"".join([*lines[: self.start], *self.new, *lines[self.start + len(self.old) :]])

    @property
    def unlike(self) -> tuple[int, int]:
        """How many lines at the start and at the end are only there to find the place."""
        return common_ends(self.old, self.new)

    def applied_near_to(self, data: bytes) -> bytes | None:
        """The file afterwards, where other lines around it have changed; None unless the lines themselves are there.

        Where they stand is a guess, so the result has to be looked at.
        """
        start, end = self.unlike
        old, new = (side[start : len(side) - end] for side in (self.old, self.new))
        if not old:  # a place between two lines is known by them alone
            start, end = max(start - 1, 0), max(end - 1, 0)
            old, new = (side[start : len(side) - end] for side in (self.old, self.new))
        lines, first = _lines(data), self.start + start
        for place in sorted(range(max(first - _MOST_DRIFT, 0), first + _MOST_DRIFT), key=lambda at: abs(at - first)):
            if old and lines[place : place + len(old)] == old:
                return b"".join([*lines[:place], *new, *lines[place + len(old) :]])
        return None

    def _is_in(self, lines: list[bytes], side: list[bytes], reaches_end: bool) -> bool:
        end = self.start + len(side)
        return lines[self.start : end] == side and (end == len(lines) or not reaches_end)


def read_patch(patch: bytes) -> Iterator[FilePatch]:
    """The changes in a patch of :func:`unified_diff`, file by file."""
    for match in _FILE.finditer(patch):
        name, line, count = match[1].removesuffix(b"\t"), int(match[2]), int(match[3])
        name = escape_decode(name[1:-1])[0] if name.startswith(b'"') else name
        sides: dict[bytes, list[bytes]] = {b"-": [], b"+": []}
        touched = [*sides.values()]
        for text in match[4].split(b"\n")[:-1]:
            if text.startswith(b"\\"):  # no line break at the end of the file
                for side in touched:
                    side[-1] = side[-1].removesuffix(b"\n")
            else:
                touched = [side for mark, side in sides.items() if text[:1] in (b" ", mark)]
                for side in touched:
                    side.append(text[1:] + b"\n")
        path = name.removeprefix(b"b/").decode("utf-8", "surrogateescape")
        yield FilePatch(path, line - 1 if count else line, sides[b"-"], sides[b"+"])
