"""A file's bytes -> its front matter and body: a pure function, so that it can be remembered by content."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from enishi.errors import Diagnostic, Severity
from enishi.reading.frontmatter import FrontMatter, parse
from enishi.reading.frontmatter_formats import HANDLERS, Handler
from enishi.reading.hexo_frontmatter import HEXO_HANDLERS, parse_as_hexo
from enishi.reading.pelican_frontmatter import PELICAN_HANDLERS, parse_as_pelican

MAX_BODY = 1_000_000
"""Characters of a post's text that are read.  The longest posts of real blogs have a tenth; a megabyte that is written
to be hard to parse takes ten seconds."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of reading files."""

    name: str
    parse: Callable[[str], FrontMatter]
    """Splits a file's text; never raises."""
    handlers: tuple[Handler, ...]
    """The forms of front matter that `parse` reads, in the order in which they are tried."""
    is_exact: bool = False
    """Whether bytes are taken as they are: a lone CR ends no line."""
    expands_tabs: bool = False
    """Whether a tab at the start of a line of front matter is read as two blanks."""


TOLERANT_DIALECT = Dialect("tolerant", parse, HANDLERS)
PELICAN_DIALECT = Dialect("pelican", parse_as_pelican, PELICAN_HANDLERS)
HEXO_DIALECT = Dialect("hexo", parse_as_hexo, HEXO_HANDLERS, is_exact=True, expands_tabs=True)


def read_source(data: bytes, dialect: Dialect) -> FrontMatter:
    """Read a file's bytes.  Pure; never raises."""
    text, problem = _decode(data, is_exact=dialect.is_exact)
    front = dialect.parse(text)
    if problem is not None:
        front = replace(front, problems=(problem, *front.problems))
    if len(front.body) > MAX_BODY:
        front = _cut(front)
    return front


def _cut(front: FrontMatter) -> FrontMatter:
    """The beginning of an overlong body, up to the end of a line where there is one."""
    end = front.body.rfind("\n", MAX_BODY // 2, MAX_BODY) + 1 or MAX_BODY
    line = front.body_line + front.body.count("\n", 0, end)
    message = f"the post goes on after its first {MAX_BODY:,} characters; from here on it is not read"
    problem = Diagnostic("", line, "post-too-long", Severity.WARNING, message)
    return replace(front, body=front.body[:end], problems=(*front.problems, problem))


_LINE_ENDS = re.compile(rb"\r\n|\n|\r")


def _decode(data: bytes, *, is_exact: bool) -> tuple[str, Diagnostic | None]:
    """UTF-8 with bad bytes replaced."""
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = (before.count(b"\n") if is_exact else len(_LINE_ENDS.findall(before))) + 1
        message = f"byte {data[error.start]:#04x} is not UTF-8: it is shown as `\ufffd`. Save the file as UTF-8"
        return data.decode("utf-8", "replace"), Diagnostic("", line, "not-utf8", Severity.WARNING, message)
