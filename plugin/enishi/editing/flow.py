"""Lists in brackets, in YAML, JSON and TOML: a tag in, out, or in the place of another.

Each function gives texts of the whole file, the best way of making the change first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from enishi.editing.parsed import ParsedPost
from enishi.editing.text import LINE_END, Value


def add(post: ParsedPost, value: Value, tag: str) -> Iterator[str]:
    """Put a tag behind the last one."""
    raw = post.raw
    text = post.dialect.written(tag, post.neighbors_quote(value))
    if not value.items:
        inner = raw[value.start + 1 : value.end - 1]
        if inner.strip():
            raise post.unsafe("something else than tags stands between the brackets")
        blank = " " if inner.startswith(" ") else ""
        yield post.splice(value.start + 1, value.start + 1, blank + text)
        return
    last = value.items[-1]
    has_comment = re.compile(r"[ \t]*,?[ \t]*#").match(raw, last.end, value.end)
    yield post.splice(last.end, last.end, (", " if has_comment else _separator(post, value)) + text)


def _separator(post: ParsedPost, value: Value) -> str:
    """What to put between the last item and a new one: what stands between the last two."""
    raw, last = post.raw, value.items[-1]
    if len(value.items) > 1:
        between = raw[value.items[-2].end : last.start]
        if "#" not in between:
            return between
    else:
        between = raw[value.start + 1 : last.start]
        if LINE_END.search(between) and "#" not in between:
            return "," + between
    line_start = post.line_start(last.start)
    if line_start > value.start and not raw[line_start : last.start].strip():
        return "," + post.line_break(value.start) + raw[line_start : last.start]
    return ", "


def remove(post: ParsedPost, value: Value, index: int) -> Iterator[str]:
    """Take an item out."""
    raw, items, item = post.raw, value.items, value.items[index]
    if len(items) == 1:
        lead = raw[value.start + 1 : item.start]
        start = item.start if "#" in lead else value.start + 1
        comma = re.compile(r"\s*,").match(raw, item.end, value.end)
        yield post.splice(start, comma.end() if comma is not None else item.end, "")
        return
    start, end = (items[index - 1].end, item.end) if index else (item.start, items[1].start)
    if "#" in raw[start : item.start] + raw[item.end : end]:
        raise post.unsafe("a comment stands between the tag and its neighbour")
    yield post.splice(start, end, "")
