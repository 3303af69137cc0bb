"""TOML front matter: where its keys and tags lie, and how a tag is written in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from enishi.editing.change import Refusal
from enishi.editing.new_lines import places_for_lines
from enishi.editing.text import Entry, Item, PostText, Value

_KEY = re.compile(r"""(?m)^[ \t]*(?:\[\s*(?P<table>[\w.-]+)\s*\]|(?P<key>[\w.-]+|"[\w-]+"|'[\w-]+')[ \t]*=[ \t]*)""")
_TABLE = re.compile(r"(?m)^[ \t]*\[")
_TAXONOMIES = re.compile(r"(?m)^[ \t]*\[\s*taxonomies\s*\][ \t]*(?:#[^\n\r]*)?$")
_STRING = re.compile(r'"(?!"")(?:[^"\\\n\r]|\\.)*"|' + r"'(?!'')[^'\n\r]*'")
_GAP = re.compile(r"(?:\s|#[^\n\r]*)*")


def entries(post: PostText) -> Iterator[Entry]:
    """Keys by their lines: where one lies inside of a longer string or a list, parsing the result shows it."""
    table: tuple[str, ...] = ()
    for match in _KEY.finditer(post.raw, post.block_start, post.block_end):
        if match["table"]:
            table = tuple(match["table"].split("."))
            continue
        path = (*table, *match["key"].strip("\"'").split("."))
        if len(path) == 1 or path[0] == "taxonomies":
            key_start = match.start("key")
            yield Entry(path, key_start, _value(post, path[-1], key_start, match.end()))


def _value(post: PostText, name: str, key_start: int, start: int) -> Value | Refusal:
    raw = post.raw
    odd = post.refused("odd-tags", f"`{name}` is more than a list of words. Edit it by hand", key_start)
    text = _STRING.match(raw, start)
    if text is not None:
        return Value("scalar", start, text.end(), start, quote=raw[start])
    if not raw.startswith("[", start):
        return odd
    items: list[Item] = []
    at = _gap_end(raw, start + 1)
    while not raw.startswith("]", at):
        text = _STRING.match(raw, at)
        if text is None:
            return odd
        items.append(Item(at, text.end(), raw[at]))
        at = _gap_end(raw, text.end())
        if raw.startswith(",", at):
            at = _gap_end(raw, at + 1)
    return Value("flow", start, at + 1, start, tuple(items), '"')


def _gap_end(raw: str, start: int) -> int:
    return _GAP.match(raw, start).end()  # type: ignore[union-attr]


def written(tag: str, quote: str) -> str:
    """The tag as a string, in single quotes if `quote` is one and it can be."""
    return f"'{tag}'" if quote == "'" and "'" not in tag else json.dumps(tag, ensure_ascii=False)


def new_keys(post: PostText, name: str, tag: str, keys: Sequence[Entry], anchors: Sequence[Entry]) -> Iterator[str]:
    """Ways of adding a tags key, the best first; see :func:`enishi.editing.new_lines.places_for_lines`."""
    if _TAXONOMIES.search(post.raw.replace("\r", "\n"), post.block_start, post.block_end):
        raise post.unsafe("its tags belong below `[taxonomies]`, where there are none yet")
    if not keys:
        raise post.unsafe("its front matter has no keys of its own")
    for at, line_break, indent in places_for_lines(post, keys, anchors, stop=_TABLE):
        yield post.splice(at, at, f"{indent}{name} = [{written(tag, '')}]{line_break}")
