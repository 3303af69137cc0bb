"""A post's file as text that can be edited: its lines, its front matter, and offsets between the two."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from enishi.editing.change import Refusal
from enishi.editing.rules import KeyPath, Rules
from enishi.reading.frontmatter_formats import Block, Handler, normalise
from enishi.reading.frontmatter_mistakes import BlockError
from enishi.reading.source import read_source

LINE_END = re.compile(r"\r\n|\n|\r")
REST_OF_LINE = re.compile(r"[ \t]*(?:[ \t]#[^\n\r]*)?(?=[\n\r]|\Z)")
"""Nothing but blanks and a comment."""
_MAX_BLOCK = 256 * 1024
"""Characters of front matter: it is parsed again for every way that is tried."""


@dataclass(frozen=True, slots=True)
class Item:
    """A tag as it lies in the file; offsets into the raw text."""

    start: int
    end: int
    quote: str = ""
    is_own: bool = True
    """False for an alias, or what bears an anchor or a YAML tag: such a thing is not written over."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a tags key as it lies in the file; offsets into the raw text."""

    kind: Literal["flow", "block", "scalar", "empty"]
    start: int
    """Where it begins; for an empty value, behind the colon."""
    end: int
    after_key: int
    items: tuple[Item, ...] = ()
    quote: str = ""
    """Of a scalar; of the key, for other kinds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value; offsets into the raw text."""

    path: KeyPath
    start: int
    value: Value | Refusal
    """The error says why the value cannot be edited."""


class PostText:
    """A file's text, what its front matter means, and where that lies."""

    def __init__(self, raw: str, rules: Rules) -> None:
        self.raw, self.rules = raw, rules
        self.front = read_source(encode(raw), rules.dialect)
        self.tags = rules.tags(self.front)

    def splice(self, start: int, end: int, text: str) -> str:
        """The raw text with `text` in the place of what stands between two offsets."""
        return self.raw[:start] + text + self.raw[end:]

    def names(self, path: KeyPath) -> tuple[str, ...]:
        """The tags that one key alone would give."""
        return self.rules.names(self.front, path)

    # -- refusing

    def refused(self, code: str, message: str, offset: int) -> Refusal:
        """The error for something at an offset that must be left."""
        return Refusal(code, message, self.line_at(offset))

    def unsafe(self, why: str) -> Refusal:
        """The error for tags that cannot be edited safely."""
        return Refusal("unsafe-edit", f"left as it is, because {why}. Edit this post by hand", self.tags_line)

    @property
    def tags_line(self) -> int:
        """The line of the first tags key, 1 where there is none."""
        lines = self.front.key_lines
        return next((lines[path[0]] for path in self.rules.paths(self.front.meta) if path[0] in lines), 1)

    # -- offsets: raw text (BOM, CRLF) -> what front matter handlers see

    @cached_property
    def _normal(self) -> str:
        text = normalise(self.raw)
        return text if self.rules.dialect.is_exact else text.replace("\r", "\n")

    @cached_property
    def _pairs(self) -> list[int]:
        """Where a line end of two characters lies, in `_normal`."""
        return [m.start() - self._bom - n for n, m in enumerate(re.finditer("\r\n", self.raw))]

    @property
    def _bom(self) -> int:
        return int(self.raw.startswith("\ufeff"))

    def raw_at(self, offset: int) -> int:
        """An offset into what the handlers see, as one into the raw text."""
        return offset + self._bom + bisect_left(self._pairs, offset)

    @cached_property
    def located(self) -> tuple[Handler, Block, int]:
        """The handler that parsed the front matter, its block, and where that begins in what the handlers see."""
        for handler in self.rules.dialect.handlers:
            block = handler.find(self._normal)
            if block is None or handler.kind != self.front.format or block.body_line != self.front.body_line:
                continue
            if len(block.text) > _MAX_BLOCK:
                message = f"front matter of more than {_MAX_BLOCK // 1024} KB is not edited. Edit it by hand"
                raise Refusal("front-matter-too-large", message, block.first_line)
            with suppress(BlockError):
                if (handler.read(block.text).value or {}) == self.front.meta:
                    line_start = 0
                    for _ in range(block.first_line - 1):
                        line_start = self._normal.index("\n", line_start) + 1
                    return handler, block, self._normal.index(block.text, line_start)
        raise Refusal("bad-front-matter", "its front matter is not closed, or broken. Mend it first", 1)

    @property
    def block(self) -> str:
        """The front matter's text, without its fences, as handlers see it."""
        return self.located[1].text

    @property
    def block_start(self) -> int:
        """Where the front matter begins, in the raw text."""
        return self.raw_at(self.located[2])

    @property
    def block_end(self) -> int:
        """Where the front matter ends, in the raw text."""
        return self.raw_at(self.located[2] + len(self.block))

    # -- lines of the raw text

    @cached_property
    def _line_ends(self) -> list[int]:
        return [match.end() for match in LINE_END.finditer(self.raw)]

    def line_at(self, offset: int) -> int:
        """The number of the line at an offset, from 1."""
        return bisect_right(self._line_ends, offset) + 1

    def line_start(self, offset: int) -> int:
        """Where the line at an offset begins."""
        return max(self.raw.rfind("\n", 0, offset), self.raw.rfind("\r", 0, offset)) + 1 or self._bom

    def line_end(self, offset: int) -> int:
        """Where the line's characters end, before its line break."""
        match = LINE_END.search(self.raw, offset)
        return match.start() if match is not None else len(self.raw)

    def next_line(self, offset: int) -> int:
        """Where the next line begins."""
        match = LINE_END.search(self.raw, offset)
        return match.end() if match is not None else len(self.raw)

    def line_break(self, offset: int) -> str:
        """The break of the line at an offset, or what the file uses."""
        match = LINE_END.search(self.raw, offset) or LINE_END.search(self.raw)
        return match.group() if match is not None else "\n"


def decode(data: bytes) -> str:
    """Bytes as text that gives the same bytes again: what is not UTF-8 is carried along as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes of a text from :func:`decode`."""
    return text.encode("utf-8", "surrogateescape")
