"""YAML lists with an item a line: a tag in or out.

Each function gives texts of the whole file, the best way of making the change first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from enishi.editing.parsed import ParsedPost
from enishi.editing.text import REST_OF_LINE, Item, Value

_PREFIX = re.compile(r"[ \t]*-[ \t]*")


def add(post: ParsedPost, value: Value, tag: str) -> Iterator[str]:
    """Put a tag below the last one."""
    raw, last = post.raw, value.items[-1]
    text = post.dialect.written(tag, post.neighbors_quote(value))
    prefix = _item_prefix(post, last)
    line_end = post.line_end(last.end)
    if last.start == last.end:  # a scaffold's `- ` that waits for its tag
        blanks = raw[last.end : line_end]
        at = line_end if not blanks.strip() else last.end
        yield post.splice(at, at, text if blanks and at == line_end else f" {text}")
        return
    gap = ""
    if len(value.items) > 1:
        between = raw[post.next_line(value.items[-2].end) : post.line_start(last.start)]
        gap = between if not between.strip() else ""
    yield post.splice(line_end, line_end, post.line_break(line_end) + gap + prefix + text)
    yield post.splice(line_end, line_end, post.line_break(line_end) + prefix + text)


def remove(post: ParsedPost, value: Value, index: int) -> Iterator[str]:
    """Take an item's lines out, and the empty lines that set it off."""
    raw, items, item = post.raw, value.items, value.items[index]
    _item_prefix(post, item)
    start, end = post.line_start(item.start), post.next_line(item.end)
    if start <= value.after_key:
        raise post.unsafe("its first tag stands on the line of its key")
    if index:
        gap = post.next_line(items[index - 1].end)
        start = gap if not raw[gap:start].strip() else start
    elif len(items) > 1:
        gap = post.line_start(items[1].start)
        end = gap if not raw[end:gap].strip() else end
    yield post.splice(start, end, "")
    if len(items) == 1:  # where no value would mean something else than an empty list
        yield raw[: value.after_key] + " []" + raw[value.after_key : start] + raw[end:]


def _item_prefix(post: ParsedPost, item: Item) -> str:
    """What stands on an item's line before it; raises Refusal where that is more than blanks and a dash."""
    prefix = post.raw[post.line_start(item.start) : item.start]
    if not _PREFIX.fullmatch(prefix) or item.quote in ("|", ">") or not REST_OF_LINE.match(post.raw, item.end):
        message = "this item of the list is written in an unusual way. Edit it by hand"
        raise post.refused("odd-tags", message, item.start)
    return prefix
