"""Front matter exactly as Hexo 8 reads it: its two regular expressions, YAML as js-yaml 4 has it, `;;;` JSON.

Where the author plainly meant more than that, or where Hexo loses the post, a diagnostic says so.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from enishi.errors import Diagnostic, Severity
from enishi.reading.frontmatter import FrontMatter, broken, front_matter, read_by_lines, unclosed_line
from enishi.reading.frontmatter_formats import (
    HANDLERS,
    LATE_FENCE,
    SEMICOLONS,
    YAML,
    Block,
    Handler,
    normalise,
    read_braceless_json,
    read_yaml,
)
from enishi.reading.frontmatter_mistakes import BlockError, has_known_key, odd_colon
from enishi.reading.yaml12 import Document, Timestamp

LOST = "Hexo leaves this post out of the site (its exit code stays 0): "
"""Begins the message where a post does not exist in the site."""

_FENCE = re.compile(r"-{3,}|;{3,}")
_UNOPENED_FENCE = re.compile(r"\n(-{3,}|;{3,})")
_LEADING_TABS = re.compile(r"\n(\t+)")


class _HexoHandler(Handler):
    """A block where hexo-front-matter 4 finds it: the opening fence is optional, and no blank may follow it.

    Its regular expressions are ``^(-{3,}|;{3,})\\n([\\s\\S]+?)\\n\\1\\n?([\\s\\S]*)`` and, if the text does not begin
    with a fence, ``^([\\s\\S]+?)\\n(-{3,}|;{3,})\\n?([\\s\\S]*)``: the closing fence repeats the opening one, which no
    boundary can say, and plain search takes one pass over a hostile file.
    """

    def detect(self, text: str) -> bool:
        """Whether the fence that Hexo finds is one of this form."""
        places = _hexo_split(text)
        return places is not None and places[2][0] == self.fence[0]

    def split(self, text: str) -> tuple[str, str]:
        """The block with the line ends around it, and what follows the closing fence."""
        places = _hexo_split(text)
        if places is None:
            raise ValueError("there is no fence")
        start, end, fence = places
        return text[start:end], text[end + len(fence) :]


def _hexo_split(text: str) -> tuple[int, int, str] | None:
    """hexo-front-matter's `split`: start of the block, start of the closing fence, and that fence."""
    opening = _FENCE.match(text)
    if opening is None:
        closing = _UNOPENED_FENCE.search(text, 1)
        return None if closing is None else (0, closing.start(1), closing[1])
    start = opening.end()
    if not text.startswith("\n", start):
        return None
    end = text.find("\n" + opening.group(), start + 2)
    return None if end < 0 else (start, end + 1, opening.group())


def _read_yaml(block: str) -> Document:
    """Tabs at the start of a line count as two spaces each; the first line excepted, as in Hexo."""
    return read_yaml(_LEADING_TABS.sub(lambda tabs: "\n" + "  " * len(tabs[1]), block), strict=True)


HEXO_HANDLERS: tuple[Handler, ...] = (
    _HexoHandler("yaml", _read_yaml, _FENCE),
    _HexoHandler("json", read_braceless_json, _FENCE, ";;;"),
)


def parse_as_hexo(text: str) -> FrontMatter:
    """Read the front matter of a file as Hexo does.  Never raises."""
    text = normalise(text)
    for handler in HEXO_HANDLERS:
        block = handler.find(text)
        if block is not None:
            return _read_block(handler, block, text)
    return _all_body(text)


def _read_block(handler: Handler, block: Block, text: str) -> FrontMatter:
    try:
        document = handler.read(block.text)
    except BlockError as error:
        return _broken_block(handler, block, error, text)
    value = document.value
    if isinstance(value, list):
        mistake = BlockError("bad-yaml", "the front matter is a list; Hexo wants `key: value` lines", 0)
        return _lost(handler, block, mistake, text)
    if not isinstance(value, dict | Timestamp):  # a lone date is an object without keys
        odd = odd_colon(block.text.split("\n")) if isinstance(value, str) else None
        return (
            _all_body(text, f"Hexo shows it as text: {odd.message}", block.first_line + odd.line)
            if odd
            else _all_body(text)
        )
    return front_matter(handler, block, document, *_remarks(block, value, text))


def _broken_block(handler: Handler, block: Block, error: BlockError, text: str) -> FrontMatter:
    if handler.kind == "json":  # JSON.parse fails silently there: all of it is body
        message = f"Hexo shows it as text, because it is {error.message}"
        return _all_body(text, message, block.first_line + error.line)
    meant = None if _FENCE.match(text) else _meant_block(text)
    if meant is not None and (meant[0].kind != "yaml" or meant[0] is YAML):
        # What Hexo takes for YAML up to the next rule is JSON, TOML or indented: name the mistake of the form it has
        handler, block = meant
        try:
            document = handler.read(block.text)
        except BlockError as its_error:
            error = its_error
        else:
            line = max(block.first_line - 1, 1)
            message = LOST + _why_hexo_ignores(handler, text)
            problem = Diagnostic("", line, "front-matter-not-read", Severity.ERROR, message)
            return replace(front_matter(handler, block, document, problem), is_lost=True)
        return _lost(handler, block, error, "---")
    if error.code == "front-matter-too-large":  # a bound of ours alone
        return broken(handler, block, error)
    return _lost(handler, block, error, text)


def _lost(handler: Handler, block: Block, error: BlockError, text: str) -> FrontMatter:
    """A post that Hexo leaves out, with what can be read of it."""
    if not _FENCE.match(text) and not has_known_key(read_by_lines(block.text).value):
        error.code = "prose-read-as-front-matter"
        error.message += (
            ". Hexo reads everything above the first line that begins with `---` as front matter when the file does not"
            " begin with one; put `---`, a title and `---` at the top, or write the rule as `***`"
        )
    error.message = LOST + error.message
    return replace(broken(handler, block, error), is_lost=True)


_TEXT_ABOVE = "Hexo does not read this front matter, because text stands above it. Move that text below it"


def _remarks(block: Block, value: Any, text: str) -> list[Diagnostic]:
    if _FENCE.match(text) or not value or isinstance(value, Timestamp) or has_known_key(value):
        return []
    late = LATE_FENCE.find(text)
    if late is not None:
        return [Diagnostic("", late.first_line - 1, "front-matter-not-read", Severity.WARNING, _TEXT_ABOVE)]
    lines = block.text.count("\n") + 1
    message = (
        f"Hexo takes the first {'line' if lines == 1 else f'{lines} lines'} for front matter, because a line beginning"
        " with `---` follows, and does not show it. Put a front matter with a title above, or write the rule as `***`"
    )
    return [Diagnostic("", 1, "prose-read-as-front-matter", Severity.WARNING, message)]


def _all_body(text: str, why: str = "", line: int = 0) -> FrontMatter:
    """Hexo reads no front matter here; say so if the author plainly meant some."""
    if meant := _meant_block(text):
        handler, block = meant
        line, why = line or max(block.first_line - 1, 1), why or _why_hexo_ignores(handler, text)
    elif "\r" in text and _meant_block(text.replace("\r", "\n")) is not None:
        line = 1
        why = "Hexo does not see the ends of these lines (a carriage return alone). Save the file with line feeds"
    elif unclosed := unclosed_line(text):
        line = unclosed
        why = "the front matter is never closed, so Hexo shows it as text. Put a line `---` below its last key"
    else:
        return FrontMatter({}, text)
    problem = Diagnostic("", line, "front-matter-not-read", Severity.WARNING, why)
    return FrontMatter({}, text, problems=(problem,))


def _meant_block(text: str) -> tuple[Handler, Block] | None:
    """The first form of any generator in which known keys are found."""
    for handler in HANDLERS:
        block = handler.find(text)
        if block is None:
            continue
        try:
            value = handler.read(block.text).value
        except BlockError:
            value = read_by_lines(block.text).value
        if has_known_key(value) or (isinstance(value, str) and odd_colon(block.text.split("\n"))):
            return handler, block
    return None


_AS_YAML = "Write it as YAML between `---` lines"
_WHY_BY_KIND = {
    "toml": f"Hexo does not read TOML front matter (`+++`): it shows it as text. {_AS_YAML}",
    "json": f"Hexo does not read a JSON object as front matter: it shows it. {_AS_YAML}",
    "meta": "Hexo shows these `Key: value` lines as text. Put a line `---` above and below them",
}


def _why_hexo_ignores(handler: Handler, text: str) -> str:
    if handler.kind in _WHY_BY_KIND and handler is not SEMICOLONS:
        return _WHY_BY_KIND[handler.kind]
    if handler is LATE_FENCE:
        return _TEXT_ABOVE
    first = text.split("\n", 1)[0]
    if not first.strip():
        return "Hexo does not read this front matter, because of the empty lines above it. Delete them"
    if first != first.strip():
        side = "after" if first != first.rstrip() else "before"
        return f"Hexo does not read this front matter, because of the blank {side} the opening `---`. Delete the blank"
    return (
        "Hexo does not read this front matter: the closing line must begin with exactly as many dashes as the opening"
        " one, and nothing but `key: value` lines may stand between them"
    )
