"""A file's bytes -> its front matter and body: a pure function, so that it can be remembered by content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from enishi.errors import Diagnostic, Severity
from enishi.reading.frontmatter import VERSION as FRONT_MATTER_VERSION
from enishi.reading.frontmatter import FrontMatter, parse
from enishi.reading.hexo_frontmatter import parse_as_hexo

MAX_BODY = 1_000_000
"""Characters of a post's text that are read.  The longest posts of real blogs have a tenth; a megabyte that is written
to be hard to parse takes ten seconds."""
VERSION = f"source-2/{FRONT_MATTER_VERSION}"
"""Part of the key under which what a file says is remembered."""


def read_source(data: bytes, *, hexo: bool) -> FrontMatter:
    """Read a file's bytes: exactly as Hexo does, or tolerantly.  Pure; never raises."""
    text, problem = _decode(data, hexo=hexo)
    front = parse_as_hexo(text) if hexo else parse(text)
    if problem is not None:
        front = replace(front, problems=(problem, *front.problems))
    if len(front.body) > MAX_BODY:
        front = _cut(front)
    return front


def to_json(front: FrontMatter) -> dict[str, Any]:
    """A JSON-like value that `from_json` turns back into an equal FrontMatter."""
    return {
        "meta": front.meta,
        "body": front.body,
        "body_line": front.body_line,
        "format": front.format,
        "problems": [[p.line, p.code, p.severity.value, p.message] for p in front.problems],
        "key_lines": front.key_lines,
        "timestamps": list(front.timestamps),
        "is_lost": front.is_lost,
    }


def from_json(value: Mapping[str, Any]) -> FrontMatter:
    """Undo `to_json`.  Raises KeyError, TypeError or ValueError for anything else."""
    return FrontMatter(
        meta=dict(value["meta"]),
        body=str(value["body"]),
        body_line=int(value["body_line"]),
        format=str(value["format"]),
        problems=tuple(
            Diagnostic("", line, code, Severity(level), text) for line, code, level, text in value["problems"]
        ),
        key_lines={str(key): int(line) for key, line in value["key_lines"].items()},
        timestamps=tuple(value["timestamps"]),
        is_lost=bool(value["is_lost"]),
    )


def _cut(front: FrontMatter) -> FrontMatter:
    """The beginning of an overlong body, up to the end of a line where there is one."""
    end = front.body.rfind("\n", MAX_BODY // 2, MAX_BODY) + 1 or MAX_BODY
    line = front.body_line + front.body.count("\n", 0, end)
    message = f"the post goes on after its first {MAX_BODY:,} characters; from here on it is not read"
    problem = Diagnostic("", line, "post-too-long", Severity.WARNING, message)
    return replace(front, body=front.body[:end], problems=(*front.problems, problem))


_LINE_ENDS = re.compile(rb"\r\n|\n|\r")


def _decode(data: bytes, *, hexo: bool) -> tuple[str, Diagnostic | None]:
    """UTF-8, bad bytes replaced as Hexo does; elsewhere UTF-16 with its mark is read too."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "the file is UTF-16, which generators do not read. Save it as UTF-8"
        problem = Diagnostic("", 1, "not-utf8", Severity.WARNING, message)
        return data.decode("utf-8" if hexo else "utf-16", "replace"), problem
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = (before.count(b"\n") if hexo else len(_LINE_ENDS.findall(before))) + 1
        message = f"byte {data[error.start]:#04x} is not UTF-8: it is shown as `\ufffd`. Save the file as UTF-8"
        return data.decode("utf-8", "replace"), Diagnostic("", line, "not-utf8", Severity.WARNING, message)
