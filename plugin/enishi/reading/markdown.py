"""mistune's parser, bounded and fast: blocks and inline tokens of any markdown, in time linear in its length.

Its block and inline parsers are called directly instead of rendering, which spares a second list of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mistune import Markdown as Mistune

Token = dict[str, Any]

# mistune is quadratic in the length of a paragraph for some texts, and in that of a block for others.
_MAX_PIECE = 100_000
_MAX_PARAGRAPH = 6_000
MAX_MARKERS = 600
"""A paragraph with more markers than this is parsed in parts, which no text of fewer characters needs."""
_MAX_NESTING = 20
_MARKER = re.compile(r"[`*_\[\]<!$]")
_MATH = (
    r"\$\$(?:[^$\\]|\\.)*?\$\$"
    r"|\$(?![\s$])(?:[^$\\\n]|\\.)*?(?<![\s\\])\$(?![\d$A-Za-z])"
)
_MATH_BLOCK = r"^ {0,3}\$\$(?:[^$\n]|\$(?!\$))*+(?:\n(?:[^$\n]|\$(?!\$))*+){0,200}+\$\$[ \t]*(?:\n|$)"
_TEX = re.compile(r"[\\^_={}+<>|()*/\[\]-]|\A.{1,3}\Z", re.S)


class Markdown:
    """A parser for one body, which knows the links and footnotes that the body defines."""

    def __init__(self, body: str) -> None:
        self._mistune = _mistune("[^" in body, "$" in body)
        self._env: dict[str, Any] = {"ref_links": {}}

    @property
    def footnotes(self) -> dict[str, str]:
        """Texts of the footnotes whose definitions were parsed, by name, in their order."""
        return self._env.get("ref_footnotes") or {}

    def blocks(self, text: str) -> list[list[Token]]:
        """Blocks of the text, piece by piece."""
        return [self._piece(piece) for piece in _pieces(text)]

    def _piece(self, text: str) -> list[Token]:
        block = self._mistune.block
        state = block.state_cls()
        state.env = self._env
        state.process(text if text.endswith("\n") else text + "\n")
        try:
            block.parse(state)
        except Exception:  # a foreign parser on any text whatever: its faults must not cost the author a post
            return [{"type": "paragraph", "text": part} for part in re.split(r"\n\s*\n", text)]
        return state.tokens

    def paragraph(self, text: str) -> Iterator[list[Token]]:
        """Inline tokens of a paragraph, in parts where it is too long or too dense to be parsed at once."""
        if len(text) <= _MAX_PARAGRAPH and (len(text) < MAX_MARKERS or not _is_dense(text)):
            yield self.inline(text)
        else:
            yield from map(self.inline, _short_parts(text))

    def inline(self, text: str) -> list[Token]:
        """Inline tokens of a text."""
        try:
            return self._mistune.inline(text, self._env)
        except Exception:  # as above
            return [{"type": "text", "raw": text}]


@lru_cache(maxsize=4)
def _mistune(with_footnotes: bool, with_math: bool) -> Mistune:
    """The parser, with only the rules that a body needs: each costs a tenth of the time on every line.

    mistune's tables and strikethrough are left out: :mod:`enishi.reading.prose` reads them.
    """
    from mistune import BlockParser, BlockState, InlineParser
    from mistune import Markdown as Mistune
    from mistune.plugins.footnotes import footnotes

    class Blocks(BlockParser):
        def _parse_indent_code_fast(self, state: BlockState) -> int | None:
            # mistune copies every line to learn that it is not indented: a tenth of the time of a blog
            if state.src[state.cursor] not in " \t":
                return None
            return super()._parse_indent_code_fast(state)

        def compile_sc(self, rules: list[str] | None = None) -> Any:
            return _line_scanner(super().compile_sc(rules))

    markdown = Mistune(renderer=None, block=Blocks(max_nested_level=_MAX_NESTING), inline=InlineParser())
    if with_footnotes:
        footnotes(markdown)
    if not with_math:
        return markdown

    def parse_math(_inline: Any, match: re.Match[str], state: Any) -> int | None:
        inner = match.group().strip("$")
        if not match.group().startswith("$$") and not _TEX.search(inner):
            return None
        state.append_token({"type": "inline_math", "raw": inner})
        return match.end()

    def parse_block_math(_block: Any, match: re.Match[str], state: Any) -> int:
        state.append_token({"type": "block_math", "raw": match.group()})
        return match.end()

    markdown.inline.register("inline_math", _MATH, parse_math, before="codespan")
    markdown.block.register("block_math", _MATH_BLOCK, parse_block_math, before="list")
    return markdown


class _LineScanner:
    """mistune's rules of blocks, all of which begin at the start of a line: they are tried there alone.

    mistune asks for the next block with `search`, which tries at each character: a seventh of the time of a blog.
    """

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.match = pattern.match

    def search(self, text: str, position: int) -> re.Match[str] | None:
        """The first block behind `position`, for a position that `match` refuses."""
        while position := text.find("\n", position) + 1:
            if block := self.match(text, position):
                return block
        return None


_line_scanner = lru_cache(maxsize=64)(_LineScanner)


def _is_dense(text: str) -> bool:
    """Whether a paragraph has so many markers that it is no prose, and matching them may take long."""
    return len(_MARKER.findall(text)) > MAX_MARKERS


def _short_parts(text: str) -> Iterator[str]:
    """An overlong paragraph in parts, cut at line ends or spaces where there are any."""
    pos = 0
    while pos < len(text):
        size = MAX_MARKERS if _is_dense(text[pos : pos + _MAX_PARAGRAPH]) else _MAX_PARAGRAPH
        end = _cut(text, pos, size, lambda start, end: max(text.rfind("\n", start, end), text.rfind(" ", start, end)))
        yield text[pos:end]
        pos = end


def _pieces(text: str) -> Iterator[str]:
    """A long body in pieces, cut at blank lines outside fenced code where possible: each is parsed by itself."""
    pos = 0
    while pos < len(text) or not pos:
        end = _cut(
            text, pos, _MAX_PIECE, lambda start, end: text.rfind("\n\n", start, end) + 1 or text.rfind("\n", start, end)
        )
        yield text[pos:end]
        pos = end or 1


def _cut(text: str, pos: int, size: int, find: Callable[[int, int], int]) -> int:
    """The end of a part of at most `size` characters, behind the place found in its second half."""
    end = pos + size
    return len(text) if end >= len(text) else (find(pos + size // 2, end) + 1 or end)
