"""What is wrong with a block of front matter, in words for an author who has never heard of YAML's grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
_SYNTAX_KINDS = ("colon", "key", "block", "flow", "syntax")
_BY_KIND = {
    "duplicate-key": ("duplicate-key", "`{}` is given twice. Delete one of the two"),
    "too-deep": ("front-matter-too-deep", "the front matter is {}"),
    "too-large": ("front-matter-too-large", "the front matter is too large: {}"),
    "character": ("control-character", "{} stands in the front matter. Delete it"),
    "escape": ("bad-escape", "a backslash in a double-quoted value. Write it twice (`\\\\`), or use single quotes"),
    "quote": ("unclosed-quote", "the quote that opens on this line is never closed. Close it"),
    "documents": ("bad-yaml", "a second YAML document begins here. Delete the `---` or `...` on this line"),
}
"""Code and message of mistakes that the kind of the error names."""


def explain(error: YamlError, block: str) -> BlockError:
    """The mistake behind a YAML error, by the looks of the lines around it."""
    lines = block.split("\n")
    conflict = _CONFLICT.search(block)
    if conflict is not None and ("<<<<<<<" in block or ">>>>>>>" in block):
        message = f"merge-conflict mark `{conflict.group().strip()[:40]}`: choose one side and delete the marks"
        return BlockError("merge-conflict", message, block.count("\n", 0, conflict.start()))
    line = min(max(error.line, 0), len(lines) - 1)
    start = line if error.start is None else min(max(error.start, 0), line)
    if (error.kind in ("tab", "character-start") and "\t" in lines[line]) or lines[line].startswith("\t"):
        message = "a tab indents this line; YAML wants spaces. Replace the tab by two spaces"
        return BlockError("tab-in-front-matter", message, line)
    odd = None
    if error.kind in _SYNTAX_KINDS:
        odd = _quote_in_quotes(lines, line) or _colon(error.kind, lines, line, start)
    if odd is None and error.kind in ("block", "flow", "documents"):
        odd = _text_after_bracket(lines, line, start)
    return odd or _by_line(error, lines, line, start)


_QUOTED_VALUE = re.compile(r"""\s*(?:-\s+)?[\w-]+\s*:\s*(["'])""")


def _quote_in_quotes(lines: Sequence[str], line: int) -> BlockError | None:
    for number in range(line, max(line - 3, -1), -1):
        match = _QUOTED_VALUE.match(lines[number])
        if match is None:
            continue
        rest = lines[number][match.end() :].rstrip()
        inner = rest[:-1] if rest.endswith(match[1]) else rest
        if match[1] == '"' and rest.endswith('\\"'):
            message = (
                'the value ends in `\\"`, which does not close the quote. Write the backslash twice, or leave it out'
            )
            return BlockError("unclosed-quote", message, number)
        if match[1] in inner.replace("\\" + match[1], ""):
            message = 'a quote " inside a value in the same quotes. Write it as `\\"`, or use single quotes outside'
            if match[1] == "'":
                message = "a quote ' inside a value in single quotes. Write it twice (''), or use double quotes outside"
            return BlockError("quote-in-quotes", message, number)
    return None


_NO_BLANK = "there is no blank after `{0}:`. Write `{0}: …`"
_ODD_COLON = re.compile(r"(?P<key>[A-Za-z_][\w-]*)[ \t]*(?:(?P<wide>：)|:(?P<blank>[\u00a0\u3000])|:(?=[^\s:/]))")
_INDENTED_KEY = re.compile(r" +([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]|\Z)")


def _colon(kind: str, lines: Sequence[str], line: int, start: int) -> BlockError | None:
    numbers = sorted({start, line, max(line - 1, 0)})
    if odd := odd_colon([lines[number] for number in numbers]):
        odd.line = numbers[odd.line]
        return odd
    if kind == "colon":
        indented = _INDENTED_KEY.match(lines[line])
        if indented is not None and indented[1].lower() in KNOWN_KEYS:
            message = f"`{indented[1]}` is indented, so it continues the value above. Align it with the other keys"
            return BlockError("bad-indent", message, line)
        message = "a colon followed by a blank inside a value. Put the whole value in quotes"
        return BlockError("unquoted-colon", message, line)
    if kind == "key" and (match := re.match(r"([A-Za-z_][\w-]*):(?:[^\s:/]|/(?!/))", lines[start])):
        return BlockError("no-blank-after-colon", _NO_BLANK.format(match[1]), start)
    if kind == "key":
        message = (
            f"this line has no `key:` and continues no value: {_shorten(lines[start])!r}. Indent it, or quote the value"
        )
        return BlockError("text-between-keys", message, start)
    return None


def odd_colon(lines: Sequence[str]) -> BlockError | None:
    """The first line with a known key whose colon YAML does not see: no blank behind it, or not a plain one."""
    for number, line in enumerate(lines):
        match = _ODD_COLON.match(line)
        if match is None or match["key"].lower() not in KNOWN_KEYS:
            continue
        key = match["key"]
        if match["wide"]:
            message = f"the colon after `{key}` is a full-width one (`：`). Write `{key}: …`"
            return BlockError("full-width-colon", message, number)
        message = _NO_BLANK.format(key)
        if match["blank"]:
            message = f"the blank after `{key}:` is not a plain one, so YAML does not see it. Type it again"
        return BlockError("no-blank-after-colon", message, number)
    return None


_CLOSED_BRACKET = re.compile(r"\s*(?:- +)*(?:[\w-]+\s*: +)?(\[[^\[\]]*\]|\{[^{}]*\})\s*[^\s,#].*")


def _text_after_bracket(lines: Sequence[str], line: int, start: int) -> BlockError | None:
    for number in dict.fromkeys((line, start)):
        if match := _CLOSED_BRACKET.fullmatch(lines[number]):
            message = f"a value that begins with `{match[1][0]}` means something to YAML. Put the value in quotes"
            return BlockError("special-character", message, number)
    return None


_NAMES = {"@": "an `@`", "`": "a backtick", "*": "an asterisk", "&": "an `&`", "!": "an `!`"}


def _by_line(error: YamlError, lines: Sequence[str], line: int, start: int) -> BlockError:
    if error.kind in _BY_KIND:
        code, message = _BY_KIND[error.kind]
        return BlockError(code, message.format(error.message), start if error.kind == "quote" else line)
    if error.kind == "flow":
        bracket = "[" if "[" in lines[start] else "{"
        message = f"the `{bracket}` on this line is never closed, or a comma is missing before the next item"
        return BlockError("unclosed-bracket", message, start)
    if error.kind in ("character-start", "alias", "tag"):
        value = re.sub(r"^\s*(?:-\s+)*(?:[\w-]+\s*:\s*)?(?:\[\s*)?", "", lines[line])
        name = _NAMES.get(value[:1], f"a `{value[:1]}`" if value else "this character")
        message = f"a value that begins with {name} means something to YAML. Put the value in quotes"
        return BlockError("special-character", message, line)
    if error.kind == "block":
        text = _shorten(lines[line].strip())
        message = f"this line does not fit the ones above it: {text!r}. Look at its indent, and at quotes above it"
        if text.startswith("- "):
            message = "this list item is indented differently from the ones above it. Align the dashes"
        return BlockError("bad-indent", message, line)
    return BlockError("bad-yaml", f"the front matter is not valid YAML: {error.message}", line)


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
