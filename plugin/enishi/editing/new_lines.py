"""Where a line with a new key may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from enishi.editing.text import Entry, PostText


def places_for_lines(
    post: PostText, keys: Sequence[Entry], anchors: Sequence[Entry], stop: re.Pattern[str] | None = None
) -> Iterator[tuple[int, str, str]]:
    """Starts of lines where a new key may stand, each with its line break and indent, the best first.

    Args:
        keys: the top-level keys, in order.
        anchors: those of them below which the new key should go.
        stop: a line that no new key may stand below.
    """
    if not keys:
        at = post.block_start if post.block_start == post.block_end else post.next_line(post.block_end)
        yield at, post.line_break(0), ""
        return
    indent = post.raw[post.line_start(keys[0].start) : keys[0].start]
    for anchor in (*anchors, keys[-1]):
        place = keys.index(anchor) + 1
        limit = post.line_start(keys[place].start) if place < len(keys) else post.next_line(post.block_end)
        if stop is not None and (match := stop.search(post.raw, anchor.start, limit)):
            limit = match.start()
        yield _below_last_text(post, anchor.start, limit), post.line_break(anchor.start), indent


def _below_last_text(post: PostText, start: int, limit: int) -> int:
    """The start of the line below the last one before `limit` that is neither empty nor only a comment."""
    at, best = start, start
    while at < limit:
        following = post.next_line(at)
        line = post.raw[at:following].strip()
        if line and not line.startswith("#"):
            best = following
        at = following
    return best
