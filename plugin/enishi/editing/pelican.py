"""`Key: value` lines without a fence, as Pelican and MkDocs read them: where keys lie, and how a tag is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from enishi.editing.change import Refusal
from enishi.editing.new_lines import places_for_lines
from enishi.editing.text import Entry, PostText, Value

_KEY = re.compile(r"(?m)^(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>[^\n\r]*?)[ \t]*$")
_MORE_LINES = re.compile(r"[ \t]*\n+[ \t]")


def entries(post: PostText) -> Iterator[Entry]:
    """The keys, in small letters."""
    start = post.block_start
    block = post.raw[start : post.block_end].replace("\r", "\n")
    for match in _KEY.finditer(block):
        first, last = start + match.start("value"), start + match.end("value")
        value: Value | Refusal
        if _MORE_LINES.match(block, match.end("value")) or match["value"].startswith(("[", '"', "'")):
            message = f"`{match['key']}` is more than words with commas between them. Edit it by hand"
            value = post.refused("odd-tags", message, first)
        else:
            value = Value("scalar" if match["value"] else "empty", first, last, start + match.end("key") + 1)
        yield Entry((match["key"].lower(),), start + match.start(), value)


def written(tag: str, quote: str) -> str:
    """The tag as it is: there are no quotes."""
    del quote
    return tag


def new_keys(post: PostText, name: str, tag: str, keys: Sequence[Entry], anchors: Sequence[Entry]) -> Iterator[str]:
    """Ways of adding a tags key, the best first; see :func:`enishi.editing.new_lines.places_for_lines`."""
    name = name.title() if keys and post.raw[keys[0].start].isupper() else name
    for at, line_break, indent in places_for_lines(post, keys, anchors):
        yield post.splice(at, at, f"{indent}{name}: {tag}{line_break}")
