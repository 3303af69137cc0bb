"""Front matter exactly as Hexo 8 reads it: its two regular expressions, YAML as js-yaml 4 has it, `;;;` JSON.

Where the author plainly meant more than that, or where Hexo loses the post, a diagnostic says so.
"""

from __future__ import annotations

import re
from dataclasses import replace

from enishi.errors import Diagnostic, Severity
from enishi.reading.frontmatter import FrontMatter, broken, front_matter, read_by_lines, unread_line
from enishi.reading.frontmatter_formats import (
    HANDLERS,
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
_ANOTHER_FORM = re.compile(r"[ \t]+-|\s*[{+]")
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
        if handler.kind == "json":  # JSON.parse fails silently there: all of it is body
            return _all_body(
                text, block.first_line + error.line, f"Hexo shows it as text, because it is {error.message}"
            )
        # a bound on size is ours alone
        return broken(handler, block, error) if error.code == "front-matter-too-large" else _lost(block, error, text)
    value = document.value
    if isinstance(value, list):
        return _lost(
            block, BlockError("bad-yaml", "the front matter is a list; Hexo wants `key: value` lines", 0), text
        )
    if not isinstance(value, dict | Timestamp):  # a lone date is an object without keys
        odd = odd_colon(block.text.split("\n")) if isinstance(value, str) else None
        return _all_body(text, block.first_line + odd.line, odd.message) if odd else _all_body(text)
    remarks = []
    if value and not (_FENCE.match(text) or isinstance(value, Timestamp) or has_known_key(value)):
        remarks = [Diagnostic("", 1, "prose-read-as-front-matter", Severity.WARNING, _PROSE)]
    return front_matter(handler, block, document, *remarks)


_PROSE = (
    "Hexo reads everything above the first line that begins with `---` as front matter, and does not show it. Put"
    " `---`, a title and `---` at the top, or write the rule as `***`"
)


def _lost(block: Block, error: BlockError, text: str) -> FrontMatter:
    """A post that Hexo leaves out, with what can be read of it."""
    if _ANOTHER_FORM.match(text):
        error = BlockError("front-matter-not-read", _NOT_READ, 0)
    elif not _FENCE.match(text) and not has_known_key(read_by_lines(block.text).value):
        error.code = "prose-read-as-front-matter"
        error.message += f". {_PROSE}"
    error.message = LOST + error.message
    return replace(broken(HEXO_HANDLERS[0], block, error), is_lost=True)


def _all_body(text: str, line: int = 0, why: str = "") -> FrontMatter:
    """Hexo reads no front matter here; say so if the author plainly meant some."""
    meant = _meant_block(text.replace("\r", "\n"))
    unread = unread_line(text)
    if meant is None and unread is None:
        return FrontMatter({}, text)
    if not why:
        line = max(meant.first_line - 1, 1) if meant is not None else unread or 1
        why = _NOT_READ
    return FrontMatter({}, text, problems=(Diagnostic("", line, "front-matter-not-read", Severity.WARNING, why),))


_NOT_READ = (
    "Hexo does not read this front matter: it has to be YAML that begins on the first line with `---`, no blank"
    " beside it, and ends with a line of as many dashes; lines end with line feeds"
)


def _meant_block(text: str) -> Block | None:
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
            return block
    return None
