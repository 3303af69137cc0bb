"""Front matter as generators other than Hexo read it: tolerantly, in every form that authors write.

Whatever the text, there is an answer and no exception.  Of a block that cannot be parsed, the lines that make sense by
themselves are read, so that the post keeps its title and a draft stays a draft; a diagnostic says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from enishi.errors import Diagnostic, Severity
from enishi.reading.frontmatter_formats import HANDLERS, Block, Handler, normalise
from enishi.reading.frontmatter_mistakes import KNOWN_KEYS, BlockError, odd_colon
from enishi.reading.yaml12 import Document, YamlError, load


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands at the head of a file."""

    meta: dict[str, Any]
    """JSON-like: None, bool, int, float, str, list, dict with str keys; dates and timestamps as written."""
    body: str
    """The text after the front matter, with ``\\n`` line ends."""
    body_line: int = 1
    """Line of the file where the body begins, from 1."""
    format: str = ""
    """``yaml``, ``json``, ``toml``, ``meta`` (Key: value lines) or empty where there is none."""
    problems: tuple[Diagnostic, ...] = ()
    """What is wrong, by line of the file, without its path."""
    key_lines: dict[str, int] = field(default_factory=dict)
    """Line of the file, from 1, of each top-level key."""
    timestamps: tuple[str, ...] = ()
    """JSON pointers (``/date``, ``/tags/0``) of values that YAML or TOML calls a date: Hexo makes a JavaScript Date of
    them, where the same text in quotes stays text."""
    is_lost: bool = False
    """Hexo cannot read the file and leaves the post out, with exit code 0; `meta` is what could be read."""


def parse(text: str, handlers: Iterable[Handler] = HANDLERS) -> FrontMatter:
    """Read the front matter of a file in whichever of the forms it has.  Never raises."""
    text = normalise(text).replace("\r", "\n")
    for handler in handlers:
        block = handler.find(text)
        if block is None:
            continue
        try:
            document = handler.read(block.text)
        except BlockError as error:
            front = broken(handler, block, error)
            if front.meta or handler.kind == "json":  # two rules with prose between them are no front matter
                return front
            continue
        if isinstance(document.value, str) and (odd := odd_colon(block.text.split("\n"))):
            return broken(handler, block, odd)
        if document.value is None or isinstance(document.value, dict):
            return front_matter(handler, block, document, *_remarks(block, document))
    line = unread_line(text)
    message = "this front matter is not read: text stands above it, or no line `---` below its last key closes it"
    problem = Diagnostic("", line or 1, "front-matter-not-read", Severity.WARNING, message)
    return FrontMatter({}, text, problems=(problem,) if line is not None else ())


def front_matter(handler: Handler, block: Block, document: Document, *problems: Diagnostic) -> FrontMatter:
    """What the document of a block says, by line of the file."""
    return FrontMatter(
        meta=document.value if isinstance(document.value, dict) else {},
        body=block.body,
        body_line=block.body_line,
        format=handler.kind,
        problems=problems,
        key_lines={key: block.first_line + line for key, line in document.key_lines.items()},
        timestamps=document.timestamps,
    )


def broken(handler: Handler, block: Block, error: BlockError) -> FrontMatter:
    """What can be read of a block that cannot be parsed, and what is wrong with it."""
    return front_matter(handler, block, read_by_lines(block.text), error.diagnostic(block.first_line))


def _remarks(block: Block, document: Document) -> Iterator[Diagnostic]:
    for key, line in document.duplicates:
        message = f"`{key}` is given twice; the last one counts here, but some generators refuse the post. Delete one"
        yield Diagnostic("", block.first_line + line, "duplicate-key", Severity.WARNING, message)


_UNREAD = re.compile(r"(?:[^\n]*\n){0,3}?\s*?(-{3,}|\+{3}|;{3,})[ \t]*\n(?P<key>[A-Za-z_][\w-]*)[ \t]*[:=]")


def unread_line(text: str) -> int | None:
    """Line of an opening fence with a known key below it that nothing closes, or that stands below other text."""
    match = _UNREAD.match(text)
    if match is None or match["key"].lower() not in KNOWN_KEYS or re.match(r"[ \t]*(?:```|~~~)", text):
        return None
    return text.count("\n", 0, match.start(1)) + 1


_MAX_LINES = 400
_KEY_AND_VALUE = re.compile(r"[\s{]*[\"']?(?P<key>[A-Za-z_][\w-]*)[\"']?[ \t]*[:=：](?P<value>.*)")


def read_by_lines(block: str) -> Document:
    """The first of each known key with what stands on its line; in YAML, JSON, TOML and JavaScript."""
    values: dict[str, Any] = {}
    key_lines: dict[str, int] = {}
    lines = block.split("\n")[:_MAX_LINES]
    for number, (line, below) in enumerate(zip_longest(lines, lines[1:], fillvalue="")):
        match = _KEY_AND_VALUE.match(line)
        key = match["key"].lower() if match is not None else ""
        if match is not None and key in KNOWN_KEYS and key not in values:
            value = match["value"].strip().removesuffix(",")
            values[key] = _value(below.strip() if value in (">", ">-", "|", "|-") else value)
            key_lines[key] = number
    return Document(values, key_lines)


def _value(text: str) -> Any:
    """A value by its looks: where YAML does not read it, it is text without the quotes around it."""
    try:
        value = load(text, strict=False).value
    except YamlError:
        return None if text.startswith("[") and "]" not in text else text.strip("\"'")
    return text if isinstance(value, dict) else value
