"""What is wrong with a block of front matter, in words for an author who has never heard of YAML's grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from enishi.errors import Diagnostic, Severity
from enishi.reading.yaml12 import YamlError

KNOWN_KEYS = frozenset(
    {
        *("title", "date", "tags", "tag", "topics", "categories", "category", "lang", "language", "locale"),
        *("description", "excerpt", "lede", "summary", "slug", "permalink", "published", "draft", "status", "series"),
        *("layout", "author", "authors", "updated", "lastmod", "enishi", "translationkey", "ref", "emoji", "type"),
    }
)
"""Keys by which text is recognised as front matter (lower case)."""


class BlockError(Exception):
    """A block that cannot be parsed; `line` counts from 0 within the block (-1 is the fence above it)."""

    def __init__(self, code: str, message: str, line: int, severity: Severity = Severity.ERROR) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.severity = severity

    def diagnostic(self, first_line: int) -> Diagnostic:
        """The same without a path, by the line of the file, where the block begins at `first_line`."""
        return Diagnostic("", first_line + self.line, self.code, self.severity, self.message)


def has_known_key(mapping: object) -> bool:
    """Whether it is a mapping with a key by which front matter is recognised."""
    return isinstance(mapping, dict) and any(key.lower() in KNOWN_KEYS for key in mapping)


_CONFLICT = re.compile(r"^(?:<{7}(?: .*)?|={7}|>{7}(?: .*)?)$", re.MULTILINE)
_VALUE = r"\s*(?:-\s+)*(?:[\w-]+\s*:\s+)?"
_LOOKS = (
    (
        *("quote-in-quotes", re.compile(_VALUE + r'"(?:[^"\\]|\\.)*+"\s*+[^\s#,\]}].*')),
        'a quote " inside a value in the same quotes. Write it as `\\"`, or use single quotes outside',
    ),
    (
        *("quote-in-quotes", re.compile(_VALUE + r"'(?:[^']|'')*+'\s*+[^\s#,\]}].*")),
        "a quote ' inside a value in single quotes. Write it twice (''), or use double quotes outside",
    ),
    (
        *("special-character", re.compile(_VALUE + r"(?:\[[^\[\]]*\]|\{[^{}]*\})\s*[^\s,#].*")),
        "a value that begins with a bracket means something to YAML. Put the value in quotes",
    ),
)
"""Code, looks and message of lines on which, or behind which, YAML fails."""
_BY_KIND = {
    "duplicate-key": ("duplicate-key", "`{message}` is given twice. Delete one of the two"),
    "too-deep": ("front-matter-too-deep", "{message}"),
    "too-large": ("front-matter-too-large", "{message}"),
    "character": ("control-character", "{message} stands here. Delete it"),
    "escape": ("bad-escape", "a backslash in a double-quoted value. Write it twice (`\\\\`), or use single quotes"),
    "quote": ("unclosed-quote", "the quote that opens on this line is never closed. Close it"),
    "documents": ("bad-yaml", "a second YAML document begins here. Delete the `---` or `...` on this line"),
    "colon": (
        "unquoted-colon",
        "a colon followed by a blank inside a value. Put the whole value in quotes, or align the key with the others",
    ),
    "key": (
        "text-between-keys",
        "this line is no `key: value` and continues none: {line!r}. Indent or quote it, or add a blank after the colon",
    ),
    "flow": (
        "unclosed-bracket",
        "a bracket on this line is never closed, or a comma is missing before the next item",
    ),
    "special": ("special-character", "a value that begins with `{value}` means something to YAML. Quote the value"),
    "block": (
        "bad-indent",
        "this line does not fit the ones above it: {line!r}. Look at its indent, and at quotes above it",
    ),
    "syntax": ("bad-yaml", "not valid YAML: {message}"),
}
"""Code and message by the kind of the error."""


def explain(error: YamlError, block: str) -> BlockError:
    """The mistake behind a YAML error, by the looks of the lines around it."""
    lines = block.split("\n")
    conflict = _CONFLICT.search(block)
    if conflict is not None and ("<<<<<<<" in block or ">>>>>>>" in block):
        message = f"merge-conflict mark `{conflict.group().strip()[:40]}`: choose one side and delete the marks"
        return BlockError("merge-conflict", message, block.count("\n", 0, conflict.start()))
    line = min(max(error.line, 0), len(lines) - 1)
    start = line if error.start is None else min(max(error.start, 0), line)
    if (error.kind in ("tab", "special") and "\t" in lines[line]) or lines[line].startswith("\t"):
        message = "a tab indents this line; YAML wants spaces. Replace the tab by two spaces"
        return BlockError("tab-in-front-matter", message, line)
    if error.kind in ("colon", "key", "block", "flow", "syntax", "documents"):
        near = sorted({start, max(line - 2, 0), max(line - 1, 0), line})
        if odd := odd_colon([lines[number] for number in near]):
            odd.line = near[odd.line]
            return odd
        for number, (code, looks, message) in product(reversed(near), _LOOKS):
            if looks.fullmatch(lines[number]):
                return BlockError(code, message, number)
    code, message = _BY_KIND.get(error.kind, _BY_KIND["syntax"])
    at = start if error.kind in ("quote", "flow", "key") else line
    value = re.sub(_VALUE + r"(?:\[\s*)?", "", lines[line], count=1)[:1]
    text = lines[at].strip()
    text = text if len(text) <= 40 else text[:39] + "…"
    return BlockError(code, message.format(message=error.message, line=text, value=value), at)


_ODD_COLON = re.compile(r"(?P<key>[A-Za-z_][\w-]*)[ \t]*(?:：|:[\u00a0\u3000]|:(?=[^\s:/]))")


def odd_colon(lines: Sequence[str]) -> BlockError | None:
    """The first line with a known key whose colon YAML does not see: no blank behind it, or not a plain one."""
    for number, line in enumerate(lines):
        match = _ODD_COLON.match(line)
        if match is not None and match["key"].lower() in KNOWN_KEYS:
            message = f"`{match['key']}` is no key to YAML without a plain colon and a plain blank: `{match['key']}: …`"
            return BlockError("no-blank-after-colon", message, number)
    return None
