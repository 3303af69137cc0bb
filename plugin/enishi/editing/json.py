"""JSON front matter, Hexo's `;;;` form too: where its keys and tags lie, and how a tag is written in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from enishi.editing.change import RefusedError
from enishi.editing.text import Entry, Item, PostText, Value

_JSON = json.JSONDecoder(strict=False)
_BLANKS = re.compile(r"\s*")


def entries(post: PostText) -> Iterator[Entry]:
    """Keys of the object; the block was parsed before, so that it is known to be well-formed."""
    handler, block, start = post.located
    is_bare = handler.START_DELIMITER == ";;;"
    text = block.text if is_bare else block.text[: block.text.rindex("}")]

    def skip(offset: int) -> int:
        return _BLANKS.match(text, offset).end()  # type: ignore[union-attr]

    at = skip(0) if is_bare else skip(text.index("{") + 1)
    while at < len(text):
        key, key_end = _JSON.raw_decode(text, at)
        after_key = skip(key_end) + 1
        value_start = skip(after_key)
        _, value_end = _JSON.raw_decode(text, value_start)
        items = tuple(
            Item(post.raw_at(start + a), post.raw_at(start + b), '"', text[a] == '"')
            for a, b in _items(text, value_start, skip)
        )
        kind: Literal["flow", "scalar"] = "flow" if text[value_start] == "[" else "scalar"
        places = [post.raw_at(start + offset) for offset in (at, value_start, value_end, after_key)]
        value: Value | RefusedError = Value(kind, places[1], places[2], places[3], items, '"')
        if text[value_start] == "{" or any(post.raw[item.start] in "[{" for item in items):
            value = post.refused("odd-tags", f"`{key}` is more than a list of words. Edit it by hand", places[0])
        yield Entry((str(key),), places[0], value, places[2])
        at = skip(value_end)
        at = skip(at + 1) if text.startswith(",", at) else at


def _items(text: str, start: int, skip: Callable[[int], int]) -> Iterator[tuple[int, int]]:
    if text[start] != "[":
        return
    at = skip(start + 1)
    while text[at] != "]":
        _, end = _JSON.raw_decode(text, at)
        yield at, end
        at = skip(end)
        at = skip(at + 1) if text[at] == "," else at


def written(tag: str, quote: str) -> str:
    """The tag as a string; JSON knows one quote."""
    del quote
    return json.dumps(tag, ensure_ascii=False)


def new_keys(post: PostText, name: str, tag: str, keys: Sequence[Entry], anchors: Sequence[Entry]) -> Iterator[str]:
    """Ways of adding a tags key behind one of `anchors`, set off as its neighbours are."""
    anchors = anchors or keys[-1:]
    if not anchors:
        raise post.unsafe("its front matter has no keys")
    text = f"{json.dumps(name)}: [{written(tag, '')}]"
    for anchor in anchors:
        if len(keys) > 1:
            index = min(keys.index(anchor), len(keys) - 2)
            separator = post.raw[keys[index].end : keys[index + 1].start]
        else:
            line = post.raw[post.line_start(anchor.start) : anchor.start]
            separator = "," + (" " if line.strip() else post.line_break(anchor.start) + line)
        yield post.splice(anchor.end, anchor.end, separator + text)
