"""The section of related posts that `enishi related --write` keeps in a post's source, between two comments.

It is nothing that the author says, so a build does not read it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = "enishi:related"
_MARKER = re.compile(rf"(?:<!-- |\{{/\* )(/?){_NAME}(?: ([0-9a-f]{{8}}))?(?: -->| \*/\}})[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_HTML_STARTS = re.compile(r" {0,3}<(?:(!--)|(pre|script|style|textarea)(?=[\s>]|$))", re.IGNORECASE)


class SectionError(Exception):
    """It is not clear where a section is, or whether one may stand at the end; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


@dataclass(frozen=True, slots=True)
class Section:
    """Where a section lies; offsets into the text."""

    start: int
    """Of the line with the first comment."""
    content_start: int
    content_end: int
    end: int
    """Behind the line with the last comment, its line break included."""
    line: int
    """Of the first comment, from 1."""
    digest: str
    """What the last comment says of the content; empty where an author wrote it."""


def markers(content: str, *, is_mdx: bool) -> tuple[str, str]:
    """The comments round a content."""
    opening, closing = ("{/*", "*/}") if is_mdx else ("<!--", "-->")
    return f"{opening} {_NAME} {closing}", f"{opening} /{_NAME} {content_digest(content)} {closing}"


def content_digest(content: str) -> str:
    """Names a section's content, whatever its line ends and blanks at the ends of lines."""
    lines = "\n".join(line.rstrip() for line in re.split(r"\r\n|\n|\r", content.strip()))
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def find_section(text: str, body_line: int = 1, *, at_end: bool = False) -> Section | None:
    """The section of a post's text, whose body begins at a line; one in a block of code or a comment is none.

    Raises:
        SectionError: there are two, or a half of one; with `at_end`, also where what stands at the end of the text
            would be inside of code or a comment.
    """
    found: list[tuple[str, str, int, int, int]] = []
    open_line = 0
    for number, start, end, line, is_free, is_open in _lines(text, body_line) if _NAME in text or at_end else ():
        open_line = (open_line or number) if is_open else 0
        if is_free and (match := _MARKER.fullmatch(line)):
            found.append((match[1], match[2] or "", start, end, number))
    if not found:
        if at_end and open_line:
            raise SectionError(open_line, "a block of code or a comment that begins here is never closed")
        return None
    if [mark for mark, *_ in found] != ["", "/"]:
        message = f"the comments `{_NAME}` and `/{_NAME}` should stand there once each, in this order"
        raise SectionError(found[0][4], message)
    (_, _, start, content_start, line_number), (_, digest, content_end, end, _) = found
    return Section(start, content_start, content_end, end, line_number, digest)


def without_section(body: str) -> str:
    """A body as its author wrote it; lines keep their numbers."""
    try:
        section = find_section(body)
    except SectionError:
        return body
    if section is None:
        return body
    return body[: section.start] + "\n" * body.count("\n", section.start, section.end) + body[section.end :]


def _lines(text: str, body_line: int) -> Iterator[tuple[int, int, int, str, bool, bool]]:
    """Number, start, end and text of each line of the body; whether it is no code or comment; whether one goes on."""
    closing: re.Pattern[str] | None = None
    for number, match in enumerate(re.finditer(r"([^\r\n]*)(?:\r\n|\n|\r|\Z)", text), 1):
        if number < body_line or match.start() == match.end():
            continue
        line, was_open = match[1], closing is not None
        if closing is not None:
            closing = None if closing.search(line) else closing
        elif fence := _FENCE.match(line):
            closing = re.compile(rf" {{0,3}}{fence[1][0]}{{{len(fence[1])},}}[ \t]*\Z")
        elif html := _HTML_STARTS.match(line):
            ending = re.compile("-->" if html[1] else r"</(?:pre|script|style|textarea)>", re.IGNORECASE)
            closing = None if ending.search(line, html.end()) else ending
        yield number, match.start(), match.end(), line, not was_open and closing is None, closing is not None
