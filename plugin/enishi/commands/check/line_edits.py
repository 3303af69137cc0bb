"""A change of a post's bytes, as review tools take it: whole lines in the place of others."""

from __future__ import annotations

from enishi.editing.patch import common_ends, unified_diff
from enishi.findings import LineEdit

_LONGEST_LINE = 10_000
_LONGEST_SHOWN = 1_000
"""Characters; a report holds a line as often as there is something to say about it."""


def line_edit(path: str, before: bytes, after: bytes) -> LineEdit | None:
    """The lines that differ, with the patch; None where there are none, or where they are overlong or no UTF-8 text.

    `path` is relative to where the patch is to be applied.
    """
    try:
        old, new = before.decode("utf-8").split("\n"), after.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
    if old == new or any("\r" in line.removesuffix("\r") for line in (*old, *new)):
        return None  # lone carriage returns end a line for some readers, and none for others
    start, end = common_ends(old, new)
    if start == len(old) - end:  # lines are added only: the one before them (or after) is taken in
        start, end = (start - 1, end) if start else (start, end - 1)
    lines = old[start : len(old) - end], new[start : len(new) - end]
    if max(map(len, (*lines[0], *lines[1])), default=0) > _LONGEST_LINE:
        return None
    removed, added = (tuple(line.removesuffix("\r") for line in part) for part in lines)
    line_break = "\r\n" if any(line.endswith("\r") for part in lines for line in part) else "\n"
    return LineEdit(start + 1, removed, added, patch_of(path, before, after), line_break)


def patch_of(path: str, before: bytes, after: bytes) -> str:
    """The change as a patch; bytes that are no UTF-8 are carried along as lone surrogates."""
    return unified_diff(path, before, after).decode("utf-8", "surrogateescape")


def line_of(data: bytes, number: int) -> str:
    """The beginning of a line's text, without its break; empty where there is no such line."""
    lines = data.split(b"\n", number)
    if len(lines) < number:
        return ""
    return lines[number - 1].decode("utf-8", "replace").strip("\r\ufeff")[:_LONGEST_SHOWN]
