"""Tags that are no list: one word, several with commas or blanks between them, or nothing yet.

Each function gives texts of the whole file, the best way of making the change first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from enishi.editing.parsed import ParsedPost
from enishi.editing.rules import KeyPath
from enishi.editing.text import REST_OF_LINE, Value
from enishi.editing.yaml import escaped

_COMMA = re.compile(r"[ \t]*[,，][ \t]*")


def add(post: ParsedPost, path: KeyPath, value: Value, tag: str) -> Iterator[str]:
    """Put a tag behind the others, as text where the generator splits text, else by making a list of both."""
    is_list_like = post.front.format != "meta"
    names = post.names(path)
    written = post.raw[value.start : value.end]
    if not names:  # `~` or `""`
        if is_list_like:
            quote = "" if post.front.format == "yaml" else value.quote
            yield post.splice(value.start, value.end, f"[{post.dialect.written(tag, quote)}]")
        else:
            yield post.splice(value.end, value.end, tag)
        return
    if "/" + "/".join(path) in post.front.timestamps:  # Hexo shifts a date at the top, and none in a list
        message = f"`{path[-1]}: {written}` is a date to YAML. Put it in quotes first"
        raise post.refused("odd-tags", message, value.start)
    if post.rules.splits_at_commas and isinstance(post.value_at(path), str):
        yield from _append_to_text(post, path, value, tag)
    if is_list_like:
        text = post.dialect.written(tag, value.quote)
        if len(names) == 1:
            yield post.splice(value.start, value.end, f"[{written}, {text}]")
        listed = [post.dialect.written(name, value.quote) for name in names]
        yield post.splice(value.start, value.end, f"[{', '.join([*listed, text])}]")


def _append_to_text(post: ParsedPost, path: KeyPath, value: Value, tag: str) -> Iterator[str]:
    inner, start = _inner(post, value)
    if inner is None:
        return
    commas = _COMMA.findall(inner)
    if commas:
        separator = " " if inner.rstrip().endswith((",", "，")) else commas[-1]
    elif post.rules.splits_at_blanks(path) and len(tag.split()) == 1:
        separator = " "
    elif post.front.format == "meta":
        separator = ", "
    else:
        return
    end = start + len(inner)
    yield post.splice(end, end, separator + escaped(tag, value.quote))


def _inner(post: ParsedPost, value: Value) -> tuple[str | None, int]:
    """The text between a scalar's quotes and its offset; None where it is written with escapes."""
    width = 1 if value.quote else 0
    inner = post.raw[value.start + width : value.end - width]
    if value.quote and ("\\" in inner or value.quote in inner):
        return None, 0
    return inner, value.start + width


def fill(post: ParsedPost, value: Value, tag: str) -> Iterator[str]:
    """Put the first tag behind a key without a value."""
    if post.front.format == "meta":
        yield post.splice(value.end, value.end, tag if value.end > value.after_key else f" {tag}")
        return
    text, at = post.dialect.written(tag, value.quote), value.after_key
    if post.rules.style == "block" and REST_OF_LINE.match(post.raw, at):
        line_start = post.line_start(at)
        indent = re.compile(r"[ \t]*").match(post.raw, line_start).group()  # type: ignore[union-attr]
        end = post.line_end(at)
        yield post.splice(end, end, f"{post.line_break(at)}{indent}  - {text}")
    yield post.splice(at, at, f" [{text}]")


def replace(post: ParsedPost, path: KeyPath, value: Value, old: str, new: str) -> Iterator[str]:
    """Write `new` over `old`; take `old` out where `new` is empty."""
    names, is_list_like = post.names(path), post.front.format != "meta"
    if names == (old,):
        if new:
            text = post.dialect.written(new, value.quote)
            yield post.splice(value.start, value.end, text)
            yield post.splice(value.start, value.end, f"[{text}]")
            return
        if post.front.format in ("yaml", "meta"):
            yield post.splice(value.after_key, value.end, "")
        yield post.splice(value.start, value.end, "[]")
        return
    inner, at = _inner(post, value)
    if inner is None:
        return
    pattern = r"[^,，]+" if re.search("[,，]", inner) else r"\S+"
    parts = [
        (at + m.start() + len(m[0]) - len(m[0].lstrip()), at + m.start() + len(m[0].rstrip()))
        for m in re.finditer(pattern, inner)
        if m[0].strip()
    ]
    index = next((i for i, (a, b) in enumerate(parts) if " ".join(post.raw[a:b].split()) == old), None)
    if index is None:
        return
    start, end = parts[index]
    if new:
        yield post.splice(start, end, escaped(new, value.quote))
        if is_list_like:
            listed = [post.dialect.written(new if name == old else name, value.quote) for name in names]
            yield post.splice(value.start, value.end, f"[{', '.join(listed)}]")
        return
    start, end = (parts[index - 1][1], end) if index else (start, parts[1][0])
    yield post.splice(start, end, "")
