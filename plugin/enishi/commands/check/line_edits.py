"""The lines that differ between two versions of a post, as review tools need them."""

from __future__ import annotations

from difflib import SequenceMatcher

from enishi.editing.patch import common_ends, unified_diff
from enishi.findings import LineEdit

_LONGEST_LINE = 10_000
_LONGEST_SHOWN = 1_000
"""Characters of a line's text; a report repeats the text in every finding about the line."""
_MOST_COMPARED = 2_000
"""Where more lines differ, all of them count as added: to compare them one by one could take minutes."""


def line_edit(path: str, before: bytes, after: bytes) -> LineEdit | None:
    """The lines that differ, with the patch; None where none do, or where they are too long or not UTF-8.

    `path` is relative to the folder in which the patch is to be applied.
    """
    try:
        old, new = before.decode("utf-8").split("\n"), after.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
    if old == new or any("\r" in line.removesuffix("\r") for line in (*old, *new)):
        return None  # some readers end a line at a lone carriage return, others do not
    start, end = common_ends(old, new)
    if start == len(old) - end:  # lines are only added: the one before them (or after) is replaced by itself
        start, end = (start - 1, end) if start else (start, end - 1)
    lines = old[start : len(old) - end], new[start : len(new) - end]
    if max(map(len, (*lines[0], *lines[1])), default=0) > _LONGEST_LINE:
        return None
    removed, added = (tuple(line.removesuffix("\r") for line in part) for part in lines)
    line_break = "\r\n" if any(line.endswith("\r") for part in lines for line in part) else "\n"
    return LineEdit(start + 1, removed, added, patch_of(path, before, after), line_break)


def patch_of(path: str, before: bytes, after: bytes) -> str:
    """The change as a patch; bytes that are not UTF-8 become lone surrogates."""
    return unified_diff(path, before, after).decode("utf-8", "surrogateescape")


def added_lines(old: bytes, new: bytes) -> frozenset[int]:
    """Numbers, from 1, of the lines of the new text that a diff would show as added."""
    before, after = (text.removesuffix(b"\n").split(b"\n") if text else [] for text in (old, new))
    start, end = common_ends(before, after)
    changed_before, changed_after = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(changed_before), len(changed_after)) > _MOST_COMPARED:
        return frozenset(range(start + 1, start + len(changed_after) + 1))
    blocks = SequenceMatcher(None, changed_before, changed_after).get_opcodes()
    return frozenset(
        start + line + 1 for kind, _, _, first, last in blocks if kind != "equal" for line in range(first, last)
    )


def line_of(data: bytes, number: int) -> str:
    """The beginning of a line's text, without its break; empty where there is no such line."""
    lines = data.split(b"\n", number)
    if len(lines) < number:
        return ""
    return lines[number - 1].decode("utf-8", "replace").strip("\r\ufeff")[:_LONGEST_SHOWN]
