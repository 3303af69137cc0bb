"""Front matter in all the forms that authors write, as python-frontmatter handlers.

Two ways of reading.  In a Hexo site (`hexo=True`) exactly what Hexo 8 reads: its two regular expressions, YAML as
js-yaml 4 has it, `;;;` JSON; where the author plainly meant more than that, or where Hexo loses the post, a Problem
says so.  Elsewhere tolerant reading: a blank after the fence, blank lines before it, TOML, bare JSON, no opening fence.

Whatever the text, there is an answer and no exception.  What cannot be parsed is salvaged key by key, so that the post
still takes part.  Timestamps stay the text that the author wrote.

The handlers (`HANDLERS`, `HEXO_HANDLERS`) work with python-frontmatter itself too, for instance
``frontmatter.parse(text, handler=HexoYAMLHandler())``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from frontmatter.default_handlers import BaseHandler

from enishi.errors import Severity
from enishi.reading.javascript import number_to_string
from enishi.reading.yaml12 import MAX_CHARACTERS, MAX_DEPTH, Document, YamlError, escape_pointer, load

VERSION = "2"
"""Part of the key of everything cached: change it whenever the same bytes are read differently."""

KNOWN_KEYS = frozenset(
    {
        *("title", "date", "tags", "tag", "topics", "categories", "category", "lang", "language", "locale"),
        *("description", "excerpt", "lede", "summary", "slug", "permalink", "published", "draft", "status", "series"),
        *("layout", "author", "authors", "updated", "lastmod", "enishi", "translationkey", "ref", "emoji", "type"),
    }
)
"""Keys by which text is recognised as front matter, and which a broken block is searched for (lower case)."""

_TELLING_KEYS = KNOWN_KEYS - {"type", "ref", "status", "summary", "author", "language", "series", "description"}
"""Keys that ordinary prose rarely begins a line with."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the front matter; `line` is the line of the file, from 1."""

    line: int
    code: str
    severity: Severity
    message: str


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
    """``yaml``, ``json``, ``toml``, ``js``, ``meta`` (Key: value lines) or empty where there is none."""
    problems: tuple[Problem, ...] = ()
    key_lines: dict[str, int] = field(default_factory=dict)
    """Line of the file, from 1, of each top-level key."""
    timestamps: tuple[str, ...] = ()
    """JSON pointers (``/date``, ``/tags/0``) of values that YAML or TOML calls a date: Hexo makes a JavaScript Date of
    them, where the same text in quotes stays text."""
    is_lost: bool = False
    """Hexo cannot read the file and leaves the post out, with exit code 0; `meta` is what could be salvaged."""


@dataclass(frozen=True, slots=True)
class Block:
    """Front matter as it lies in the file."""

    text: str
    first_line: int
    """Line of the file, from 1, of the block's first line."""
    body: str
    body_line: int
    is_fenced: bool = True
    """Whether it has an opening fence."""
    remark: tuple[str, str] | None = None
    """Code and message: how it departs from the usual form."""


class BlockError(Exception):
    """A block that cannot be parsed; `line` counts from 0 within the block (-1 is the fence above it)."""

    def __init__(self, code: str, message: str, line: int, severity: Severity = Severity.ERROR) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.severity = severity


# --- handlers: each finds one form of block, and parses it -----------------------------------------------------------


class Handler(BaseHandler):
    """One form of front matter.  Subclasses say how a block is found (`find`) and parsed (`read`)."""

    FM_BOUNDARY = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)
    START_DELIMITER = END_DELIMITER = "---"
    kind = "yaml"
    strict = False

    def find(self, text: str) -> Block | None:
        """The block at the head of `text` (line ends ``\\n``, no BOM), if it has this form."""
        raise NotImplementedError

    def read(self, block: str) -> Document:
        """Parse a block; raises BlockError."""
        try:
            return load(block, strict=self.strict)
        except YamlError as error:
            code, message, line = explain(error, block)
            raise BlockError(code, message, line) from None

    def rough(self, block: str) -> str:
        """The block as `key: value` lines, as well as can be, for where `read` fails."""
        return block

    def detect(self, text: str) -> bool:
        """python-frontmatter's question: is this form used?"""
        return self.find(normalise(text)) is not None

    def split(self, text: str) -> tuple[str, str]:
        """python-frontmatter's form of `find`: the block and the body."""
        block = self.find(normalise(text))
        return (block.text, block.body) if block is not None else ("", text)

    def load(self, fm: str) -> dict[str, Any]:
        """python-frontmatter's form of `read`: the mapping, or nothing."""
        value = self.read(fm).value
        return value if isinstance(value, dict) else {}


class HexoYAMLHandler(Handler):
    """YAML exactly where hexo-front-matter 4 finds it: opening fence optional, no blank after it."""

    strict = True
    _mark = "-"

    def find(self, text: str) -> Block | None:
        """The two regular expressions of hexo-front-matter, by plain search: a hostile file costs one pass."""
        block = hexo_split(text)
        return block[0] if block is not None and block[1].startswith(self._mark) else None

    def read(self, block: str) -> Document:
        """Tabs at the start of a line count as two spaces each; the first line excepted, as in Hexo."""
        return super().read(_LEADING_TABS.sub(lambda tabs: "\n" + "  " * len(tabs[1]), block))


class HexoJSONHandler(HexoYAMLHandler):
    """Hexo's `;;;`: JSON without its outer braces."""

    FM_BOUNDARY = re.compile(r"^;{3,}[ \t]*$", re.MULTILINE)
    START_DELIMITER = END_DELIMITER = ";;;"
    kind = "json"
    _mark = ";"

    def read(self, block: str) -> Document:
        """JSON.parse of the block in braces."""
        return _read_json("{" + block + "}", strict=True)


class FencedHandler(Handler):
    """`---` YAML with everything that other generators allow: blanks after a fence, blank lines before, `...`."""

    _opening = re.compile(r"(?P<before>\s*?)(?P<fence>-{3,})(?P<kind>json|toml|yaml|js)?[ \t]*\n")
    _closing = re.compile(r"^(?:-{3,}|\.{3})[ \t]*$", re.MULTILINE)
    _kinds: tuple[str, ...] = ("", "yaml")

    def find(self, text: str) -> Block | None:
        """From the first fence to the next line of dashes or dots alone."""
        opening = self._opening.match(text)
        if opening is None or (opening["kind"] or "") not in self._kinds:
            return None
        closing = self._closing.search(text, opening.end())
        if closing is None:
            return None
        remark = None
        if opening["before"].strip(" ") or opening.group().rstrip("\n") != opening.group().rstrip():
            remark = ("fence-with-blanks", "blanks before or after the opening fence: some generators do not see it")
        return _block(text, opening.end(), closing.start(), closing.end(), remark=remark)


class FencedJSONHandler(FencedHandler):
    """Eleventy's `---json`."""

    kind = "json"
    _kinds = ("json",)

    def read(self, block: str) -> Document:
        """A JSON object."""
        return _read_json(block, strict=False)


class FencedScriptHandler(FencedHandler):
    """Eleventy's `---js`: a program, which is not run."""

    kind = "js"
    _kinds = ("js",)

    def read(self, block: str) -> Document:
        """Never: what stands there is found by its looks."""
        del block
        told = "this front matter is a program, which is not run; title, tags and date are taken from its lines"
        raise BlockError("script-front-matter", told, -1, Severity.NOTE)

    def rough(self, block: str) -> str:
        """Lines as an object literal has them."""
        return "\n".join(line.strip().removesuffix(",") for line in block.split("\n"))


class TOMLHandler(FencedHandler):
    """Hugo's and Zola's `+++`."""

    START_DELIMITER = END_DELIMITER = "+++"
    kind = "toml"
    _opening = re.compile(r"(?P<before>\s*?)(?P<fence>\+{3})(?P<kind>toml)?[ \t]*\n")
    _closing = re.compile(r"^\+{3}[ \t]*$", re.MULTILINE)
    _kinds: tuple[str, ...] = ("", "toml")

    def read(self, block: str) -> Document:
        """TOML; dates become the text that was written, in ISO form."""
        return _read_toml(block)

    def rough(self, block: str) -> str:
        """`key = value` with a colon."""
        return _TOML_KEY.sub(r"\1: ", block)


class FencedTOMLHandler(TOMLHandler):
    """TOML between `---toml` and `---`."""

    START_DELIMITER = END_DELIMITER = "---"
    _opening = FencedHandler._opening
    _closing = FencedHandler._closing
    _kinds = ("toml",)


class JSONHandler(Handler):
    """Hugo's bare JSON object at the head of the file."""

    kind = "json"
    _opening = re.compile(r"\s*(?=\{\s*(?:\"|\}))")

    def find(self, text: str) -> Block | None:
        """Up to the brace that closes the object; where it is broken, to the first line that is a brace alone."""
        opening = self._opening.match(text)
        if opening is None:
            return None
        try:
            _, end = _JSON.raw_decode(text, opening.end())
        except (ValueError, RecursionError):
            closing = re.compile(r"^\}[ \t]*$", re.MULTILINE).search(text, opening.end())
            if closing is None:
                return None
            end = closing.end()
        return _block(text, opening.end(), end, end)

    def read(self, block: str) -> Document:
        """A JSON object."""
        return _read_json(block, strict=False)


class UnopenedHandler(Handler):
    """Key lines at the head of the file, then a fence: the opening fence was forgotten, or never used."""

    _closing = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)
    _key_line = re.compile(r"\s*(?P<key>[A-Za-z_][\w-]*)[ \t]*:(?:\s|\Z)")

    def find(self, text: str) -> Block | None:
        """Only where the first line is a known key, or several are that prose does not begin with."""
        first = self._key_line.match(text)
        if first is None:
            return None
        closing = self._closing.search(text)
        if closing is None:
            return None
        keys = {m["key"].lower() for line in text[: closing.start()].split("\n") if (m := self._key_line.match(line))}
        if len(keys & _TELLING_KEYS) < (1 if first["key"].lower() in KNOWN_KEYS else 2):
            return None
        remark = ("no-opening-fence", "there is no opening `---`: most generators do not see this front matter")
        block = _block(text, 0, closing.start(), closing.end(), remark=remark)
        return replace(block, is_fenced=False)


class LateFenceHandler(FencedHandler):
    """A fenced block with known keys after a line or two of other text, which hides it from every generator."""

    _late = re.compile(r"(?:[^\n]*\n){1,3}?(?=-{3,}[ \t]*\n[A-Za-z_][\w-]*[ \t]*:)")

    def find(self, text: str) -> Block | None:
        """Within the first lines only; what stands above stays out of the body."""
        late = self._late.match(text)
        if late is None or text.startswith(("---", "+++", "{", ";;;")) or re.search(r"```|~~~", late.group()):
            return None
        opening = self._opening.match(text, late.end())
        closing = self._closing.search(text, opening.end()) if opening is not None else None
        if opening is None or closing is None:
            return None
        first_key = text[opening.end() :].partition(":")[0].strip().lower()
        if first_key not in KNOWN_KEYS:
            return None
        remark = ("text-before-fence", "text above the opening fence hides the front matter; move it below")
        return _block(text, opening.end(), closing.start(), closing.end(), remark=remark)


class MetaHandler(Handler):
    """`Key: value` lines up to the first empty line, without fences: Pelican's and MkDocs' (Python-Markdown `meta`)."""

    kind = "meta"
    _key_line = re.compile(r"(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>.*)\Z")

    def find(self, text: str) -> Block | None:
        """Only where every line is a key or a continuation, and title is among the keys."""
        start = len(text) - len(text.lstrip("\n"))
        head, _, _ = text[start : start + 20_000].partition("\n\n")
        lines = head.rstrip("\n").split("\n")
        keys = [m["key"].lower() for line in lines if (m := self._key_line.match(line))]
        is_meta = all(self._key_line.match(line) or line.startswith("    ") for line in lines)
        if not is_meta or "title" not in keys or len(set(keys) & KNOWN_KEYS) < 2:
            return None
        end = start + len(head)
        return _block(text, start, end, end)

    def read(self, block: str) -> Document:
        """Values are text; lists are written with commas, which the rules for tags split."""
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        key = ""
        for number, line in enumerate(block.split("\n")):
            match = self._key_line.match(line)
            if match is not None:
                key = match["key"].lower()
                values[key] = match["value"].strip()
                lines[key] = number
            elif key:
                values[key] = f"{values[key]}\n{line.strip()}"
        return Document(values, (), lines)


_LATE = LateFenceHandler()
HEXO_HANDLERS: tuple[Handler, ...] = (HexoYAMLHandler(), HexoJSONHandler())
HANDLERS: tuple[Handler, ...] = (
    *(FencedHandler(), TOMLHandler(), FencedJSONHandler(), FencedTOMLHandler(), FencedScriptHandler(), JSONHandler()),
    *(HexoJSONHandler(), UnopenedHandler(), _LATE, MetaHandler()),
)
"""Tolerant reading, in the order in which the forms are tried."""


def _block(text: str, start: int, end: int, after: int, *, remark: tuple[str, str] | None = None) -> Block:
    """The block text[start:end]; the body begins behind the line in which `after` lies."""
    newline = text.find("\n", after)
    body_start = len(text) if newline < 0 else newline + 1
    return Block(
        text=text[start:end].removesuffix("\n"),
        first_line=text.count("\n", 0, start) + 1,
        body=text[body_start:],
        body_line=text.count("\n", 0, body_start) + 1,
        remark=remark,
    )


_LEADING_TABS = re.compile(r"\n(\t+)")
_FENCE = re.compile(r"-{3,}|;{3,}")
_UNOPENED_FENCE = re.compile(r"\n(-{3,}|;{3,})")


def hexo_split(text: str) -> tuple[Block, str] | None:
    """hexo-front-matter's `split`: the block and its fence, or None where all of the text is body.

    Its regular expressions are ``^(-{3,}|;{3,})\\n([\\s\\S]+?)\\n\\1\\n?([\\s\\S]*)`` and, if the text does not begin
    with a fence, ``^([\\s\\S]+?)\\n(-{3,}|;{3,})\\n?([\\s\\S]*)``.
    """
    opening = _FENCE.match(text)
    if opening is not None:
        fence, start = opening.group(), opening.end() + 1
        if not text.startswith("\n", opening.end()):
            return None
        end = text.find("\n" + fence, start + 1)
        if end < 0:
            return None
        return _hexo_block(text, start, end, end + 1 + len(fence), is_fenced=True), fence
    closing = _UNOPENED_FENCE.search(text, 1)
    if closing is None:
        return None
    return _hexo_block(text, 0, closing.start(), closing.end(), is_fenced=False), closing[1]


def _hexo_block(text: str, start: int, end: int, after: int, *, is_fenced: bool) -> Block:
    body_start = after + text.startswith("\n", after)
    return Block(
        text=text[start:end],
        first_line=text.count("\n", 0, start) + 1,
        body=text[body_start:],
        body_line=text.count("\n", 0, body_start) + 1,
        is_fenced=is_fenced,
    )


_JSON = json.JSONDecoder(strict=False)


def _read_json(text: str, *, strict: bool) -> Document:
    try:
        value = json.loads(text, strict=strict, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        line = _json_error_line(text, error)
        raise BlockError("bad-json", f"not valid JSON: {error.msg}. {_JSON_ADVICE}", line) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise BlockError("bad-json", f"not valid JSON: {error}", 0) from None
    like_json = _like_json(value, "", [])
    lines = {}
    for number, written in enumerate(text.split("\n")):
        if (key := _JSON_KEY.match(written)) and key[1] not in lines:
            lines[key[1]] = number
    known = value if isinstance(value, dict) else {}
    return Document(like_json, (), {key: number for key, number in lines.items() if key in known})


_JSON_ADVICE = "Look for a missing comma, quote or brace on this line or the one above"
_TOML_KEY = re.compile(r"^[ \t]*\"?([A-Za-z_][\w-]*)\"?[ \t]*=[ \t]*", re.MULTILINE)
_JSON_KEY = re.compile(r'[\s{,]*"([^"\\]+)"\s*:')


def _json_error_line(text: str, error: json.JSONDecodeError) -> int:
    """A missing comma, or one too many, is found at the next thing: name the line that it belongs to."""
    line = error.lineno - 1
    if "delimiter" in error.msg or "property name" in error.msg:
        line = text.count("\n", 0, len(text[: error.pos].rstrip()))
    return line


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


_LONG_TOML_KEY = re.compile(
    # begins where a key may, so that no character is looked at again from many places
    r"""(?:^[ \t]*+\[{0,2}|[{,])[ \t]*+(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""",
    re.MULTILINE,
)


def _read_toml(text: str) -> Document:
    import tomllib

    if len(text) > MAX_CHARACTERS:
        raise BlockError("front-matter-too-large", f"more than {MAX_CHARACTERS // 1024} KB of TOML", 0)
    if _LONG_TOML_KEY.search(text):  # tomllib is quadratic in it
        raise _too_deep()
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) - 1 if found else text.count("\n")
        raise BlockError("bad-toml", f"not valid TOML: {error}", line) from None
    except (RecursionError, ValueError) as error:
        raise BlockError("bad-toml", f"not valid TOML: {error}", 0) from None
    timestamps: list[str] = []
    value = _like_json(values, "", timestamps)
    lines = {m[1]: n for n, line in enumerate(text.split("\n")) if (m := re.match(r"\s*\"?([\w-]+)\"?\s*=", line))}
    return Document(value, tuple(timestamps), {key: line for key, line in lines.items() if key in values})


def _like_json(value: Any, pointer: str, timestamps: list[str], depth: int = 0) -> Any:
    """The value with dates as text, which `timestamps` names, and nothing that JSON does not have."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        return {
            key: _like_json(item, f"{pointer}/{escape_pointer(key)}", timestamps, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_like_json(item, f"{pointer}/{index}", timestamps, depth + 1) for index, item in enumerate(value)]
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if hasattr(value, "isoformat"):
        timestamps.append(pointer)
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return number_to_string(value)
    if isinstance(value, int) and value.bit_length() > 1024:  # TOML has them; no JSON reader takes thousands of digits
        return hex(value)
    return value


def _too_deep() -> BlockError:
    return BlockError("front-matter-too-deep", f"the front matter is nested more than {MAX_DEPTH} levels deep", 0)


# --- reading --------------------------------------------------------------------------------------------------------


def normalise(text: str) -> str:
    """Hexo's first step: no BOM, line ends ``\\n``."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def parse(text: str, *, hexo: bool) -> FrontMatter:
    """Read the front matter of a file: exactly as Hexo does, or tolerantly.  Never raises."""
    text = normalise(text)
    if not hexo and "\r" in text:
        text = text.replace("\r", "\n")
    return _parse_hexo(text) if hexo else _parse_tolerant(text)


def _parse_hexo(text: str) -> FrontMatter:
    for handler in HEXO_HANDLERS:
        block = handler.find(text)
        if block is not None:
            return _read_hexo_block(handler, block, text)
    return _all_body(text, "")


def _read_hexo_block(handler: Handler, block: Block, text: str) -> FrontMatter:
    try:
        document = handler.read(block.text)
    except BlockError as error:
        problem = _problem(error, block)
        if handler.kind == "json":  # JSON.parse fails silently there: all of it is body
            return _all_body(text, f"Hexo shows it as text, because it is {error.message}", problem.line)
        meant = None if block.is_fenced else _first_block(text)
        if meant is not None and (meant[0].kind != "yaml" or type(meant[0]) is FencedHandler):
            return _lost_other_form(*meant, text)
        return _salvaged(handler, block, problem, is_lost=problem.code != "front-matter-too-large")  # our bound only
    value = {} if "" in document.timestamps else document.value  # a lone date is an object without keys
    if isinstance(value, list):
        told = "the front matter is a list; Hexo wants `key: value` lines"
        problem = Problem(block.first_line, "bad-yaml", Severity.ERROR, told)
        return _salvaged(handler, block, problem, is_lost=True)
    if not isinstance(value, dict):
        odd = _odd_colon(block.text.split("\n")) if isinstance(value, str) else None
        return _all_body(text, *((f"Hexo shows it as text: {odd[1]}", block.first_line + odd[2]) if odd else ("", 0)))
    return replace(_front_matter(handler, block, document, value), problems=_hexo_remarks(block, value, text))


def _lost_other_form(handler: Handler, block: Block, text: str) -> FrontMatter:
    """What Hexo takes for YAML up to the next rule is JSON, TOML or indented: name the mistake of the form it has."""
    try:
        document = handler.read(block.text)
    except BlockError as error:
        return _salvaged(handler, block, _problem(error, block), is_lost=True)
    told = _why_hexo_passes_over(handler, text)
    problem = Problem(max(block.first_line - 1, 1), "front-matter-not-read", Severity.ERROR, LOST + told)
    value = document.value if isinstance(document.value, dict) else {}
    return replace(_front_matter(handler, block, document, value), problems=(problem,), is_lost=True)


LOST = "Hexo leaves this post out of the site (its exit code stays 0): "
"""Begins the message where a post does not exist in the site."""


def _hexo_remarks(block: Block, value: dict[str, Any], text: str) -> tuple[Problem, ...]:
    if block.is_fenced or not value or any(key.lower() in KNOWN_KEYS for key in value):
        return ()
    late = _LATE.find(text)
    if late is not None:
        return (Problem(late.first_line - 1, "front-matter-not-read", Severity.WARNING, _TEXT_ABOVE),)
    lines = block.text.count("\n") + 1
    told = (
        f"Hexo takes the first {'line' if lines == 1 else f'{lines} lines'} for front matter, because a line beginning"
        " with `---` follows, and does not show it. Put a front matter with a title above, or write the rule as `***`"
    )
    return (Problem(1, "prose-read-as-front-matter", Severity.WARNING, told),)


_TEXT_ABOVE = "Hexo does not read this front matter, because text stands above it. Move that text below it"


def _all_body(text: str, why: str, line: int = 0) -> FrontMatter:
    """Hexo reads no front matter here; say so if the author plainly meant some."""
    problem = _unread_front_matter(text, why, line)
    return FrontMatter({}, text, 1, "", (problem,) if problem is not None else ())


def _unread_front_matter(text: str, why: str, line: int) -> Problem | None:
    meant = _first_block(text)
    code = "front-matter-not-read"
    if meant is None and "\r" in text and _first_block(text.replace("\r", "\n")) is not None:
        told = "Hexo does not see the ends of these lines (a carriage return alone). Save the file with line feeds"
        return Problem(1, code, Severity.WARNING, told)
    if meant is None:
        unclosed = _unclosed(text)
        if unclosed is None:
            return None
        told = "the front matter is never closed, so Hexo shows it as text. Put a line `---` below its last key"
        return Problem(unclosed, code, Severity.WARNING, told)
    handler, block = meant
    if not why:
        why = _why_hexo_passes_over(handler, text)
    return Problem(line or max(block.first_line - 1, 1), code, Severity.WARNING, why)


def _why_hexo_passes_over(handler: Handler, text: str) -> str:
    if handler.kind == "js":
        return "Hexo does not read a program as front matter: it shows it. Write it as YAML between `---` lines"
    if handler.kind == "toml":
        return "Hexo does not read TOML front matter (`+++`): it shows it as text. Write it as YAML between `---` lines"
    if isinstance(handler, JSONHandler | FencedJSONHandler):
        return "Hexo does not read a JSON object as front matter: it shows it. Write it as YAML between `---` lines"
    if isinstance(handler, MetaHandler):
        return "Hexo shows these `Key: value` lines as text. Put a line `---` above and below them"
    if isinstance(handler, LateFenceHandler):
        return _TEXT_ABOVE
    first = text.split("\n", 1)[0]
    if not first.strip():
        return "Hexo does not read this front matter, because of the empty lines above it. Delete them"
    if first != first.rstrip():
        return "Hexo does not read this front matter, because of the blank after the opening `---`. Delete the blank"
    if first != first.lstrip():
        return "Hexo does not read this front matter, because of the blank before the opening `---`. Delete the blank"
    return (
        "Hexo does not read this front matter: the closing line must begin with exactly as many dashes as the opening"
        " one, and nothing but `key: value` lines may stand between them"
    )


_UNCLOSED = re.compile(r"\s*?(-{3,}|\+{3}|;{3,})[ \t]*\n(?P<key>[A-Za-z_][\w-]*)[ \t]*[:=]")


def _unclosed(text: str) -> int | None:
    """Line of an opening fence with a known key below it that nothing closes."""
    match = _UNCLOSED.match(text)
    if match is None or match["key"].lower() not in KNOWN_KEYS:
        return None
    return text.count("\n", 0, match.start(1)) + 1


def _first_block(text: str) -> tuple[Handler, Block] | None:
    """The first tolerant form in which known keys are found."""
    for handler in HANDLERS:
        block = handler.find(text)
        if block is None:
            continue
        try:
            value = handler.read(block.text).value
        except BlockError:
            if _salvage(handler.rough(block.text)).value:
                return handler, block
            continue
        if isinstance(value, dict) and any(key.lower() in KNOWN_KEYS for key in value):
            return handler, block
        if isinstance(value, str) and _odd_colon(block.text.split("\n")):
            return handler, block
    return None


def _parse_tolerant(text: str) -> FrontMatter:
    for handler in HANDLERS:
        block = handler.find(text)
        if block is None:
            continue
        try:
            document = handler.read(block.text)
        except BlockError as error:
            problem = _problem(error, block)
            salvaged = _salvaged(handler, block, problem, is_lost=False)
            # two rules with prose between them are no front matter
            if salvaged.meta or handler.kind == "js" or _looks_like_keys(block.text):
                return salvaged
            continue
        if document.value is None:
            return _front_matter(handler, block, document, {})
        if isinstance(document.value, str) and (odd := _odd_colon(block.text.split("\n"))):
            problem = Problem(block.first_line + odd[2], odd[0], Severity.ERROR, odd[1])
            return _salvaged(handler, block, problem, is_lost=False)
        if isinstance(document.value, dict):
            return replace(
                _front_matter(handler, block, document, document.value),
                problems=tuple(_tolerant_remarks(block, document)),
            )
    line = _unclosed(text)
    if line is None:
        return FrontMatter({}, text)
    return _unclosed_front_matter(text, line)


def _unclosed_front_matter(text: str, line: int) -> FrontMatter:
    """Take key lines up to the first empty one: what follows is the body."""
    start = text.index("\n", len(text) - len(text.lstrip())) + 1
    empty = re.compile(r"^[ \t]*$", re.MULTILINE).search(text, start)
    end = empty.start() if empty is not None else len(text)
    block = _block(text, start, end, max(end - 1, start))
    told = "the front matter is never closed. Put a line `---` below its last key"
    problem = Problem(line, "unclosed-front-matter", Severity.WARNING, told)
    handler = {"+": TOMLHandler(), ";": HexoJSONHandler()}.get(text.lstrip()[0], HANDLERS[0])
    try:
        document = handler.read(block.text)
    except BlockError:
        document = _salvage(handler.rough(block.text))
    value = document.value if isinstance(document.value, dict) else {}
    return replace(_front_matter(handler, block, document, value), problems=(problem,))


def _looks_like_keys(block: str) -> bool:
    block = block.lstrip()
    first = _KEY.match(block.split("\n", 1)[0])
    return block.startswith('{"') or (first is not None and (first[1] or first[3]).lower() in KNOWN_KEYS)


def _tolerant_remarks(block: Block, document: Document) -> Iterator[Problem]:
    if block.remark is not None and any(key.lower() in KNOWN_KEYS for key in document.value):
        code, message = block.remark
        yield Problem(max(block.first_line - 1, 1), code, Severity.NOTE, message)
    for key, line in document.duplicates:
        told = f"`{key}` is given twice; the last one counts here, but some generators refuse the post. Delete one"
        yield Problem(block.first_line + line, "duplicate-key", Severity.WARNING, told)


def _front_matter(handler: Handler, block: Block, document: Document, value: dict[str, Any]) -> FrontMatter:
    return FrontMatter(
        meta=value,
        body=block.body,
        body_line=block.body_line,
        format=handler.kind,
        key_lines={key: block.first_line + line for key, line in document.key_lines.items()},
        timestamps=document.timestamps,
    )


def _problem(error: BlockError, block: Block) -> Problem:
    return Problem(block.first_line + error.line, error.code, error.severity, error.message)


def _salvaged(handler: Handler, block: Block, problem: Problem, *, is_lost: bool) -> FrontMatter:
    document = _salvage(handler.rough(block.text))
    if is_lost and not block.is_fenced and not any(key.lower() in KNOWN_KEYS for key in document.value):
        told = (
            f"{problem.message}. Hexo reads everything above the first line that begins with `---` as front matter when"
            " the file does not begin with one; put `---`, a title and `---` at the top, or write the rule as `***`"
        )
        problem = replace(problem, code="prose-read-as-front-matter", message=told)
    if is_lost:
        problem = replace(problem, message=LOST + problem.message)
    result = _front_matter(handler, block, document, document.value)
    return replace(result, problems=(problem,), is_lost=is_lost)


# --- what is wrong, in words ----------------------------------------------------------------------------------------

_CONFLICT = re.compile(r"^(?:<{7}(?: .*)?|={7}|>{7}(?: .*)?)$", re.MULTILINE)
_NO_BLANK = re.compile(r"([A-Za-z_][\w-]*):(?:[^\s:/]|/(?!/)).*")
_ODD_COLON = re.compile(r"(?P<key>[A-Za-z_][\w-]*)[ \t]*(?:(?P<wide>：)|:(?P<blank>[\u00a0\u3000])|:(?=[^\s:/]))")
_QUOTED_VALUE = re.compile(r"""\s*(?:-\s+)?[\w-]+\s*:\s*(["'])""")


def explain(error: YamlError, block: str) -> tuple[str, str, int]:
    """Code, message and line (from 0, within the block) for an author who has never heard of YAML's grammar."""
    lines = block.split("\n")
    conflict = _CONFLICT.search(block)
    if conflict is not None and ("<<<<<<<" in block or ">>>>>>>" in block):
        line = block.count("\n", 0, conflict.start())
        told = f"merge-conflict mark `{conflict.group().strip()[:40]}`: choose one side and delete the marks"
        return "merge-conflict", told, line
    line = min(max(error.line, 0), len(lines) - 1)
    start = line if error.start is None else min(max(error.start, 0), line)
    for rule in _EXPLANATIONS:
        found = rule(error, lines, line, start)
        if found is not None:
            return found
    return "bad-yaml", f"the front matter is not valid YAML: {error.message}", line


Explained = tuple[str, str, int] | None


def _explain_duplicate(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    if error.kind != "duplicate-key":
        return None
    del lines, start
    return "duplicate-key", f"`{error.message}` is given twice. Delete one of the two", line


def _explain_bounds(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    del lines, start
    if error.kind == "too-deep":
        return "front-matter-too-deep", f"the front matter is {error.message}", line
    if error.kind == "too-large":
        return "front-matter-too-large", f"the front matter is too large: {error.message}", line
    return None


def _explain_tab(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    del start
    at_tab = error.kind in ("tab", "character-start") and "\t" in lines[line]
    if at_tab or lines[line].startswith("\t"):
        return "tab-in-front-matter", "a tab indents this line; YAML wants spaces. Replace the tab by two spaces", line
    return None


def _explain_quote(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    if error.kind == "escape":
        told = "a backslash in a double-quoted value. Write it twice (`\\\\`), or use single quotes"
        return "bad-escape", told, line
    if error.kind == "quote":
        return "unclosed-quote", "the quote that opens on this line is never closed. Close it", start
    for number in range(line, max(line - 3, -1), -1):
        match = _QUOTED_VALUE.match(lines[number])
        if match is None:
            continue
        rest = lines[number][match.end() :].rstrip()
        inner = rest[:-1] if rest.endswith(match[1]) else rest
        if match[1] == '"' and re.search(r'\\"\Z', rest):
            told = 'the value ends in `\\"`, which does not close the quote. Write the backslash twice, or leave it out'
            return "unclosed-quote", told, number
        if error.kind in ("block", "key", "colon", "flow", "syntax") and match[1] in inner.replace("\\" + match[1], ""):
            told = 'a quote " inside a value in the same quotes. Write it as `\\"`, or use single quotes outside'
            if match[1] == "'":
                told = "a quote ' inside a value in single quotes. Write it twice (''), or use double quotes outside"
            return "quote-in-quotes", told, number
    return None


def _explain_colon(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    if error.kind not in ("colon", "key", "block", "flow", "syntax"):
        return None
    numbers = sorted({start, line, max(line - 1, 0)})
    if odd := _odd_colon([lines[number] for number in numbers]):
        return odd[0], odd[1], numbers[odd[2]]
    for number in (start, line):
        if _NO_BLANK.fullmatch(lines[number]):
            return _no_blank(lines[number].split(":", 1)[0], number)
    indented = _KEY.match(lines[line].strip()) if lines[line].startswith(" ") else None
    if error.kind == "colon" and indented is not None and indented[1] and indented[1].lower() in KNOWN_KEYS:
        told = f"`{indented[1]}` is indented, so that it goes on with the value above. Align it with the other keys"
        return "bad-indent", told, line
    if error.kind == "colon":
        told = "a colon followed by a blank inside a value. Put the whole value in quotes"
        return "unquoted-colon", told, line
    if error.kind == "key":
        told = (
            f"this line has no `key:` and continues no value: {_shorten(lines[start])!r}. Indent it, or quote the value"
        )
        return "text-between-keys", told, start
    return None


def _no_blank(key: str, number: int) -> tuple[str, str, int]:
    return "no-blank-after-colon", f"there is no blank after `{key}:`. Write `{key}: …`", number


def _odd_colon(lines: Sequence[str]) -> Explained:
    """The first line with a known key whose colon YAML does not see: no blank behind it, or not a plain one."""
    for number, line in enumerate(lines):
        match = _ODD_COLON.match(line)
        if match is None or match["key"].lower() not in KNOWN_KEYS:
            continue
        key = match["key"]
        if match["wide"]:
            return "full-width-colon", f"the colon after `{key}` is a full-width one (`：`). Write `{key}: …`", number
        if match["blank"]:
            told = f"the blank after `{key}:` is not a plain one, so that YAML does not see it. Type it again"
            return "no-blank-after-colon", told, number
        return _no_blank(key, number)
    return None


def _explain_flow(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    del line
    if error.kind != "flow":
        return None
    bracket = "[" if "[" in lines[start] else "{"
    told = f"the `{bracket}` on this line is never closed, or a comma is missing before the next item"
    return "unclosed-bracket", told, start


_STARTS = {
    "@": "an `@`",
    "`": "a backtick",
    "%": "a `%`",
    "*": "an asterisk",
    "&": "an `&`",
    "!": "an `!`",
    "|": "a `|`",
    ">": "a `>`",
}


def _explain_start(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    del start
    if error.kind not in ("character-start", "alias", "tag", "anchor"):
        return None
    value = re.sub(r"^\s*(?:-\s+)*(?:[\w-]+\s*:\s*)?(?:\[\s*)?", "", lines[line])
    name = _STARTS.get(value[:1], f"`{value[:1]}`" if value else "this character")
    return (
        "special-character",
        f"a value that begins with {name} means something to YAML. Put the value in quotes",
        line,
    )


def _explain_documents(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    del start, lines
    if error.kind != "documents":
        return None
    return "bad-yaml", "a second YAML document begins in the front matter. Delete the `---` or `...` on this line", line


def _explain_block(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    del start
    if error.kind != "block":
        return None
    text = lines[line].strip()
    if text.startswith("- "):
        return "bad-indent", "this list item is indented differently from the ones above it. Align the dashes", line
    told = f"this line does not fit the ones above it: {_shorten(text)!r}. Look at its indent, and at quotes above it"
    return "bad-indent", told, line


def _explain_character(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    del start, lines
    if error.kind != "character":
        return None
    return "control-character", f"{error.message} stands in the front matter. Delete it", line


_CLOSED_BRACKET = re.compile(r"\s*(?:- +)*(?:[\w-]+\s*: +)?(\[[^\[\]]*\]|\{[^{}]*\})\s*[^\s,#].*")


def _explain_bracket(error: YamlError, lines: Sequence[str], line: int, start: int) -> Explained:
    if error.kind not in ("block", "flow", "key", "documents"):
        return None
    for number in dict.fromkeys((line, start)):
        match = _CLOSED_BRACKET.fullmatch(lines[number])
        if match is not None:
            told = f"a value that begins with `{match[1][0]}` means something to YAML. Put the value in quotes"
            return "special-character", told, number
    return None


_EXPLANATIONS: tuple[Callable[[YamlError, Sequence[str], int, int], Explained], ...] = (
    *(_explain_duplicate, _explain_bounds, _explain_character, _explain_tab, _explain_quote, _explain_colon),
    *(_explain_bracket, _explain_flow, _explain_start, _explain_documents, _explain_block),
)


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


# --- salvage: a reader by lines, for blocks that no parser takes ----------------------------------------------------

_KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*)|[ \t]*)\Z|([A-Za-z_][\w-]*):(\S.*)\Z")
_ITEM = re.compile(r"\s*-(?:\s+(.*))?\Z")
_INLINE_KEY = re.compile(r"\s(title|date):\s+(\S.*)\Z")
_JSON_PAIR = re.compile(r'\s*"([\w-]+)"\s*:\s*(.*?),?\s*\Z')
_MAX_SALVAGED_LINES = 400


def _salvage(block: str) -> Document:
    """Best-effort known keys, chunk by chunk: one bad line must not cost the title, the tags and the date."""
    lines = [(number, _plain_colon(line)) for number, line in _our_side(block.split("\n")[:_MAX_SALVAGED_LINES])]
    chunks = list(_chunks(lines))
    values: dict[str, Any] = {}
    key_lines: dict[str, int] = {}
    timestamps: set[str] = set()
    for key, number, chunk in chunks:
        name = key if key.lower() not in KNOWN_KEYS else key.lower()
        if name not in KNOWN_KEYS:
            continue
        value, is_timestamp = _read_chunk(key, chunk)
        if value is None and name in values:
            continue
        values[name] = value
        key_lines[name] = number
        if is_timestamp:
            timestamps.add(f"/{name}")
        else:
            timestamps.discard(f"/{name}")
    for number, line in lines:
        match = _INLINE_KEY.search(line)
        if match is not None and match[1] not in values:
            values[match[1]], _ = _scalar(match[2])
            key_lines[match[1]] = number
    return Document(values, tuple(sorted(timestamps)), key_lines)


def _plain_colon(line: str) -> str:
    """The line with a blank behind its colon, if it begins with a known key."""
    match = _ODD_COLON.match(line)
    if match is None or match["key"].lower() not in KNOWN_KEYS:
        return line
    return f"{match['key']}: {line[match.end() :].strip()}"


def _our_side(lines: list[str]) -> list[tuple[int, str]]:
    """Numbered lines without merge-conflict marks and the other side's text."""
    kept: list[tuple[int, str]] = []
    theirs = False
    has_marks = any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in lines)
    for number, line in enumerate(lines):
        mark = has_marks and _CONFLICT.fullmatch(line)
        if mark:
            theirs = line.startswith("=")
        elif not theirs:
            kept.append((number, line))
    return kept


def _chunks(lines: list[tuple[int, str]]) -> Iterator[tuple[str, int, list[str]]]:
    """Key, line number and lines of each top-level entry."""
    key, start = "", 0
    chunk: list[str] = []
    for number, line in lines:
        pair = _JSON_PAIR.match(line)
        if pair is not None:
            line = f"{pair[1]}: {pair[2]}"
        match = _KEY.match(line)
        if match is None and key and _has_value(chunk[0]):  # an entry that is indented by mistake
            indented = _KEY.match(line.strip())
            if indented is not None and indented[1] and indented[1].lower() in KNOWN_KEYS:
                match, line = indented, line.strip()
        if match is not None and (match[1] or match[3].lower() in KNOWN_KEYS):
            if key:
                yield key, start, chunk
            key, start, chunk = match[1] or match[3], number, [line]
        elif key:
            chunk.append(line)
    if key:
        yield key, start, chunk


def _has_value(line: str) -> bool:
    """Whether a value stands on the line of its key, which nothing below can go on."""
    value = line.partition(":")[2].strip()
    return value != "" and value[0] not in "\"'[{|>&#"


def _read_chunk(key: str, chunk: list[str]) -> tuple[Any, bool]:
    try:
        document = load("\n".join(chunk), strict=False)
        if isinstance(document.value, dict) and key in document.value:
            return document.value[key], f"/{key}" in document.timestamps
    except YamlError:
        pass
    first = chunk[0].split(":", 1)[1].strip()
    if first in ("", "[", "|", ">", ">-", "|-"):
        return _read_lines_below(chunk[1:], is_list=first == "["), False
    if first.startswith("[") and "]" not in first[:-1].rstrip(","):
        return [_scalar(part)[0] for part in first.strip("[],").split(",") if part.strip()], False
    return _scalar(first)


def _read_lines_below(lines: list[str], *, is_list: bool) -> Any:
    """A list if there are items, else the lines as one text."""
    items = [item[1].strip() for line in lines if (item := _ITEM.match(line)) and item[1]]
    if items:
        return [_scalar(item)[0] for item in items]
    parts = [line.strip().strip('",') for line in lines if line.strip() not in ("", "]", "],")]
    return parts if is_list else " ".join(parts) or None


def _scalar(text: str) -> tuple[Any, bool]:
    """A value by its looks: quotes at the ends go, the rest is as the author sees it."""
    text = text.strip()
    if text[:1] in ("'", '"'):
        closing = text[1:].rstrip(",").rstrip()
        return closing.removesuffix(text[0]), False
    try:
        document = load(text, strict=False)
    except YamlError:
        return text, False
    if isinstance(document.value, dict | list):
        return text, False
    return document.value, bool(document.timestamps)
