"""The forms of front matter that authors write, as python-frontmatter handlers.

Fenced forms are found by python-frontmatter's own `detect` and `split`, which need a boundary alone; forms without
an opening fence bring their own.  `find` adds the lines of the file, which python-frontmatter does not tell.  The
handlers work with python-frontmatter itself, too: ``frontmatter.parse(text, handler=TOML)``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from frontmatter.default_handlers import BaseHandler

from enishi.reading.frontmatter_mistakes import KNOWN_KEYS, BlockError, explain
from enishi.reading.javascript import number_to_string
from enishi.reading.yaml12 import MAX_CHARACTERS, MAX_DEPTH, Document, Timestamp, YamlError, load
from enishi.text import toml


@dataclass(frozen=True, slots=True)
class Block:
    """Front matter as it lies in the file."""

    text: str
    first_line: int
    """Line of the file, from 1, of the block's first line."""
    body: str
    body_line: int


def normalise(text: str) -> str:
    """Text without a BOM, with line ends ``\\n``."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


# --- parsing: each takes a block, and raises BlockError for one that it cannot parse --------------------------------


def read_yaml(block: str, *, strict: bool = False) -> Document:
    """YAML; `strict` reads it as js-yaml does."""
    try:
        return load(block, strict=strict)
    except YamlError as error:
        raise explain(error, block) from None


def read_meta_lines(block: str) -> Document:
    """`Key: value` lines with continuations; lists are written with commas, which the rules for tags split."""
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    key = ""
    for number, line in enumerate(block.split("\n")):
        match = _META_LINE.match(line)
        if match is not None:
            key = match["key"].lower()
            values[key] = match["value"].strip()
            lines[key] = number
        elif key:
            values[key] = f"{values[key]}\n{line.strip()}"
    return Document(values, lines)


_META_LINE = re.compile(r"(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>.*)\Z")

_JSON_KEY = re.compile(r'[\s{,]*"([^"\\]+)"\s*:')
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str, *, strict: bool = False) -> Document:
    """A JSON text; `strict` refuses control characters in strings, as JavaScript does."""
    try:
        value = json.loads(text, strict=strict, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        # a missing comma, or one too many, shows at what comes next: name the line that it belongs to
        line = text.count("\n", 0, len(text[: error.pos].rstrip()))
        raise BlockError("bad-json", f"not valid JSON, here or on the next line: {error.msg}", line) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise BlockError("bad-json", f"not valid JSON: {error}", 0) from None
    return Document(_json_like(value), _key_lines(text, _JSON_KEY, value))


def read_braceless_json(block: str) -> Document:
    """Hexo's JSON without its outer braces."""
    return read_json("{" + block + "}", strict=True)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_TOML_KEY = re.compile(r"\s*\"?([\w-]+)\"?\s*=")


def read_toml(text: str) -> Document:
    """A TOML text; dates become text in ISO form."""
    if len(text) > MAX_CHARACTERS:
        raise BlockError("front-matter-too-large", f"more than {MAX_CHARACTERS // 1024} KB of TOML", 0)
    try:
        values = toml.read_toml(text)
    except toml.TomlError as error:
        raise BlockError("bad-toml", f"not valid TOML: {error}", error.line - 1) from None
    return Document(_json_like(values), _key_lines(text, _TOML_KEY, values))


def _key_lines(text: str, key: re.Pattern[str], values: Any) -> dict[str, int]:
    """Where the text first gives each of the keys of `values`."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n")):
        if isinstance(values, dict) and (match := key.match(line)) and match[1] in values:
            lines.setdefault(match[1], number)
    return lines


def _json_like(value: Any, depth: int = 0) -> Any:
    """The value with dates as text, and nothing that JSON does not have."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        return {key: _json_like(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_like(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if hasattr(value, "isoformat"):
        return Timestamp(value.isoformat())
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return number_to_string(value)
    if isinstance(value, int) and value.bit_length() > 1024:  # no reader of JSON takes thousands of digits
        return hex(value)
    return value


def _too_deep() -> BlockError:
    return BlockError("front-matter-too-deep", f"nested more than {MAX_DEPTH} levels deep", 0)


# --- finding --------------------------------------------------------------------------------------------------------


class Handler(BaseHandler):
    """One form of front matter: `detect` and `split` find it, `read` (which raises BlockError) and `load` parse it.

    `kind` is what :attr:`FrontMatter.format` calls it; `boundary` is python-frontmatter's, which matches the opening
    fence at the head of a text, and the closing one; `fence` is what an opening one looks like.
    """

    def __init__(
        self, kind: str, read: Callable[[str], Document], boundary: re.Pattern[str], fence: str = "---"
    ) -> None:
        super().__init__(boundary, fence, fence)
        self.kind = kind
        self.read = read
        self.boundary = boundary
        self.fence = fence

    def find(self, text: str) -> Block | None:
        """The block at the head of `text` (line ends ``\\n``, no BOM), if it has this form and is closed."""
        if not self.detect(text):
            return None
        try:
            block, body = self.split(text)
        except ValueError:  # python-frontmatter's `split` without a closing fence
            return None
        head = text[: len(text) - len(body)]
        start = head.rindex(block)
        if start and block.startswith("\n"):  # the end of the opening fence
            start, block = start + 1, block[1:]
        has_line_end = body.startswith("\n")
        return Block(
            text=block.removesuffix("\n"),
            first_line=head.count("\n", 0, start) + 1,
            body=body[has_line_end:],
            body_line=head.count("\n") + 1 + has_line_end,
        )

    def load(self, fm: str) -> dict[str, Any]:
        """The values alone, for python-frontmatter."""
        value = self.read(fm).value
        return value if isinstance(value, dict) else {}


class _BareJSONHandler(Handler):
    """Hugo's JSON object without fences at the head of the file."""

    _closing_line = re.compile(r"^\}[ \t]*$", re.MULTILINE)
    _decoder = json.JSONDecoder(strict=False)

    def split(self, text: str) -> tuple[str, str]:
        """Up to the brace that closes the object; where it is broken, to the first line that is a brace alone."""
        start = len(text) - len(text.lstrip())
        try:
            _, end = self._decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            closing = self._closing_line.search(text, start)
            if closing is None:
                raise ValueError("the object is never closed") from None
            end = closing.end()
        line_end = text.find("\n", end)
        return text[start:end], text[line_end:] if line_end >= 0 else ""


class _MetaHandler(Handler):
    """`Key: value` lines up to the first empty line, without fences: Pelican's and MkDocs' (Python-Markdown `meta`)."""

    _longest = 20_000

    def detect(self, text: str) -> bool:
        """Only where every line is a key or a continuation, and title is among the keys."""
        head = text.lstrip("\n")[: self._longest].partition("\n\n")[0]
        lines = head.rstrip("\n").split("\n")
        keys = {m["key"].lower() for line in lines if (m := _META_LINE.match(line))}
        is_meta = all(_META_LINE.match(line) or line.startswith("    ") for line in lines)
        return len(head) < self._longest and is_meta and "title" in keys and len(keys & KNOWN_KEYS) >= 2

    def split(self, text: str) -> tuple[str, str]:
        """All above the first empty line."""
        start = len(text) - len(text.lstrip("\n"))
        end = text.find("\n\n", start)
        return (text[start:end], text[end:]) if end >= 0 else (text[start:], "")


def _fences(opening: str, closing: str = r"(?:-{3,}|\.{3})") -> re.Pattern[str]:
    """An opening line at the head of the text, or a closing one below it; blanks are allowed around both."""
    return re.compile(rf"\A\s*?{opening}[ \t]*(?=\n)|(?<=\n){closing}[ \t]*$", re.MULTILINE)


YAML = Handler("yaml", read_yaml, _fences(r"-{3,}(?:yaml)?"))
TOML = Handler("toml", read_toml, _fences(r"\+{3}(?:toml)?", r"\+{3}"), "+++")
SEMICOLONS = Handler("json", read_braceless_json, _fences(";{3,}", ";{3,}"), ";;;")
BARE_JSON = _BareJSONHandler("json", read_json, re.compile(r"\s*(?=\{\s*(?:\"|\}))"))
HANDLERS: tuple[Handler, ...] = (
    YAML,
    TOML,
    # Eleventy's
    Handler("json", read_json, _fences("-{3,}json")),
    Handler("toml", read_toml, _fences("-{3,}toml")),
    BARE_JSON,
    SEMICOLONS,
    _MetaHandler("meta", read_meta_lines, re.compile(r"\n\n")),
)
"""All forms, in the order in which they are tried."""
