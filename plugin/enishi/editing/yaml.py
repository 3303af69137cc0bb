"""YAML front matter: where its keys and tags lie, and how a tag is written in it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from enishi.editing.change import Refusal
from enishi.editing.new_lines import places_for_lines
from enishi.editing.rules import KeyPath
from enishi.editing.text import LINE_END, Entry, Item, PostText, Value
from enishi.reading.yaml12 import is_plain_text

# -- where things lie ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """A node of the YAML text, with offsets into the raw text."""

    kind: Literal["scalar", "sequence", "mapping", "alias"]
    start: int
    end: int
    style: str = ""
    """The quote, or `|` or `>`, of a scalar; `[` for a flow collection."""
    anchor: str = ""
    tag: str = ""
    text: str = ""
    children: list[_Node] = field(default_factory=list)


_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_TAB_RUNS = re.compile(r"(?<=\n)\t+")


def entries(post: PostText) -> Iterator[Entry]:
    """The top-level keys, in order, and those of Zola's `taxonomies`."""
    root, used = _tree(post)
    if root.kind != "mapping":
        raise post.unsafe("its front matter is no mapping")
    yield from _mapping(post, root, used, ())


def safe_loader() -> Any:
    """PyYAML's safe loader, libyaml's where there is one."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _tree(post: PostText) -> tuple[_Node, frozenset[str]]:
    """The root mapping, and the anchors that are used somewhere.

    Made of the parser's events: an alias has a place there, where a composed tree has the node it stands for.
    """
    import yaml

    text, start = post.block, post.located[2]
    # js-yaml joins these and breaks no lines there; for the places, anything of the same length will do
    text = _SURROGATES.sub("-" * 12, text).translate(dict.fromkeys(map(ord, "\x85\u2028\u2029"), "-"))
    tabs: list[int] = []
    if post.rules.dialect.expands_tabs:  # Hexo reads two blanks for each tab at the start of a line
        for run in _TAB_RUNS.finditer(text):
            tabs += [at + len(tabs) + 1 for at in range(run.start(), run.end())]
        text = _TAB_RUNS.sub(lambda run: "  " * len(run[0]), text)

    def raw(mark: Any) -> int:
        return post.raw_at(start + mark.index - bisect_left(tabs, mark.index))

    root = _Node("sequence", 0, 0)
    open_nodes, used = [root], set()
    try:
        for event in yaml.parse(text, Loader=safe_loader()):
            if isinstance(event, yaml.CollectionEndEvent):
                open_nodes.pop().end = raw(event.end_mark)
            elif isinstance(event, yaml.NodeEvent):
                node = _node(event, raw(event.start_mark), raw(event.end_mark))
                open_nodes[-1].children.append(node)
                if isinstance(event, yaml.AliasEvent):
                    used.add(str(event.anchor))
                elif isinstance(event, yaml.CollectionStartEvent):
                    open_nodes.append(node)
    except (yaml.YAMLError, ValueError):
        raise post.unsafe("it is written in a way that is not understood here") from None
    if len(root.children) > 1:
        raise post.unsafe("its front matter is no mapping")
    return (root.children or [_Node("mapping", post.block_start, post.block_start)])[0], frozenset(used)


def _node(event: Any, start: int, end: int) -> _Node:
    import yaml

    anchor, tag = event.anchor or "", getattr(event, "tag", None) or ""
    if isinstance(event, yaml.AliasEvent):
        return _Node("alias", start, end, anchor=anchor)
    if isinstance(event, yaml.ScalarEvent):
        return _Node("scalar", start, end, event.style or "", anchor, "" if tag == "!" else tag, event.value)
    kind: Literal["sequence", "mapping"] = "sequence" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
    return _Node(kind, start, end, "[" if event.flow_style else "", anchor, tag)


def _mapping(post: PostText, node: _Node, used: frozenset[str], above: KeyPath) -> Iterator[Entry]:
    for key, value in zip(node.children[::2], node.children[1::2], strict=True):
        path = (*above, key.text)
        yield Entry(path, key.start, _value(post, path[-1], key, value, used))
        if path == ("taxonomies",) and value.kind == "mapping" and value.anchor not in used:
            yield from _mapping(post, value, used, path)


def _value(post: PostText, name: str, key: _Node, value: _Node, used: frozenset[str]) -> Value | Refusal:
    if value.kind == "alias":
        message = f"`{name}: *{value.anchor}` stands for a list that another key has too. Write the tags out here"
        return post.refused("shared-tags", message, key.start)
    if value.anchor in used or any(child.anchor in used and child.kind != "alias" for child in value.children):
        message = (
            f"`{name}` holds an anchor (`&`) that is used elsewhere too, which would change with it. Edit it by hand"
        )
        return post.refused("shared-tags", message, key.start)
    is_odd = key.kind != "scalar" or bool(value.tag) or value.kind == "mapping" or value.style in ("|", ">")
    if is_odd or any(child.kind not in ("scalar", "alias") for child in value.children):
        message = f"`{name}` is more than a plain list or a word, so it is left. Write it as a list: `{name}: [a, b]`"
        return post.refused("odd-tags", message, key.start)
    colon = re.compile(r"\s*:").match(post.raw, key.end)
    if colon is None:
        return post.refused("odd-tags", f"there is no colon right after `{name}`. Edit it by hand", key.start)
    if value.kind == "scalar":
        # an anchor that nobody uses would fall out with the value
        if value.anchor or LINE_END.search(post.raw, value.start, value.end):
            message = f"`{name}` goes on over several lines, or bears an anchor. Write it as a list: `{name}: [a, b]`"
            return post.refused("odd-tags", message, key.start)
        if value.start == value.end:
            return Value("empty", colon.end(), colon.end(), colon.end(), quote=key.style)
        quote = value.style if value.style in ("'", '"') else ""
        return Value("scalar", value.start, value.end, colon.end(), quote=quote)
    items = tuple(_item(child) for child in value.children)
    if value.style == "[":
        return Value("flow", post.raw.index("[", value.start), value.end, colon.end(), items, key.style)
    return Value("block", value.start, items[-1].end, colon.end(), items, key.style)


def _item(node: _Node) -> Item:
    is_own = node.kind == "scalar" and not node.anchor and not node.tag and node.style not in ("|", ">")
    return Item(node.start, node.end, node.style if node.style in ("'", '"', "|", ">") else "", is_own)


# -- how a tag is written --------------------------------------------------------------------------------------------


def written(tag: str, quote: str) -> str:
    """The tag as a value of its own, in `quote`, or in some quote if it needs one."""
    if not quote:
        if is_plain(tag):
            return tag
        quote = '"' if "'" in tag and not set('"\\') & set(tag) else "'"
    return quote + escaped(tag, quote) + quote


def escaped(tag: str, quote: str) -> str:
    """The tag as it is written inside of a quote; as it is where there is none."""
    if quote == "'":
        return tag.replace("'", "''")
    return tag.replace("\\", "\\\\").replace('"', '\\"') if quote == '"' else tag


_PLAIN = re.compile(r"""(?:[\w(]|\.(?=[^\W\d])|[^\x00-\x7f])[^,\[\]{}:#"'\\*|>`]*""")
_NUMBER_LIKE = re.compile(r"[-+.\d][-+.\d_eE]*|0[xob]\w*", re.IGNORECASE)
_ALSO_WORDS = frozenset("yn")
"""Booleans of YAML 1.1 that PyYAML does not know."""


@cache
def is_plain(text: str) -> bool:
    """Whether every YAML reader takes `text` without quotes as the string it is, in a list of either kind."""
    import yaml

    if text != text.strip() or not _PLAIN.fullmatch(text) or _NUMBER_LIKE.fullmatch(text):
        return False
    if text.lower() in _ALSO_WORDS or not is_plain_text(text):
        return False
    try:
        return bool(yaml.safe_load(f"[{text}]") == [text]) and bool(yaml.safe_load(f"- {text}\n") == [text])
    except (yaml.YAMLError, ValueError):
        return False


# -- a key that was not there ----------------------------------------------------------------------------------------


def new_keys(post: PostText, name: str, tag: str, keys: Sequence[Entry], anchors: Sequence[Entry]) -> Iterator[str]:
    """Ways of adding a tags key, the best first; see :func:`enishi.editing.new_lines.places_for_lines`."""
    text = written(tag, "")
    if keys and post.raw[post.line_start(keys[0].start) : keys[0].start].strip():
        raise post.unsafe("its front matter is one pair of braces without tags")
    for at, line_break, indent in places_for_lines(post, keys, anchors):
        value = f"{line_break}{indent}  - {text}" if post.rules.style == "block" else f" [{text}]"
        yield post.splice(at, at, f"{indent}{name}:{value}{line_break}")
