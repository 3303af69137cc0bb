"""YAML as js-yaml 4 reads it: the YAML 1.2 core schema, timestamps and merge keys, within bounds.

PyYAML alone would read YAML 1.1 (`no` is false, `012` is ten, `12:30` is 750) and take duplicate keys silently.  Here
only its parser is used; the tree that it composes is turned into values by js-yaml's rules.  Timestamps stay the text
that was written, and are named, so that nothing is lost.

Nothing is constructed but None, bool, int, float, str, list and dict with string keys.  Nesting, the number of values
(aliases counted each time they are used) and their characters are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from enishi.reading.javascript import is_yaml_timestamp, to_string

if TYPE_CHECKING:
    from yaml import Node

MAX_CHARACTERS = 2 * 1024 * 1024
"""A longer text is not parsed: no front matter is that long, and a file without fences may be any size."""
MAX_DEPTH = 100
"""js-yaml's own limit."""
MAX_VALUES = 250_000
MAX_CONSTRUCTED = 2 * MAX_CHARACTERS
"""Characters in all values together, after aliases."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document."""

    value: Any
    timestamps: tuple[str, ...] = ()
    """JSON pointers of the values that YAML calls timestamps; they are strings in `value`."""
    key_lines: dict[str, int] = field(default_factory=dict)
    """Line of each top-level key, counted from 0."""
    duplicates: tuple[tuple[str, int], ...] = ()
    """Keys given more than once, with the line of the later one (only when not strict)."""


class YamlError(Exception):
    """The text cannot be read.  Lines count from 0; `kind` is a stable word, `start` where the open thing began."""

    def __init__(self, kind: str, message: str, line: int, start: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.start = start


def load(text: str, *, strict: bool = True) -> Document:
    """Read one YAML document.

    `strict` is js-yaml: duplicate keys and unknown tags are errors.  Otherwise the last of two keys counts, and unknown
    tags are passed over.  Raises YamlError, and nothing else whatever the text.
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError("too-large", f"more than {MAX_CHARACTERS // 1024} KB of YAML", 0)
    if not text.endswith("\n"):
        text += "\n"  # as js-yaml does: a block scalar at the end keeps its line end
    if _LONE_END.match(text):
        return Document(None)
    if strict and (start := _GLUED_START.match(text)):
        text = start[1] + ("   " if start[2] else "") + text[start.end() :]
    text, restore = _hide_unicode_breaks(text)
    node = _compose_as_js_yaml(text)
    if strict and node is not None:
        _check_root_indent(node, text)
    builder = _Builder(strict, restore)
    try:
        value = builder.build(node, "", 0) if node is not None else None
    except RecursionError:
        raise YamlError("too-deep", "nested too deeply", 0) from None
    lines = builder.key_lines if isinstance(value, dict) else {}
    return Document(value, tuple(builder.timestamps), lines, tuple(builder.duplicates))


_BREAKS = "\x85\u2028\u2029"


def _hide_unicode_breaks(text: str) -> tuple[str, dict[int, str]]:
    """YAML 1.1 breaks lines at NEL, LS and PS; 1.2 does not: put unused private characters in their place."""
    if not any(character in text for character in _BREAKS):
        return text, {}
    spare = [chr(code) for code in range(0xE000, 0xE800) if chr(code) not in text][: len(_BREAKS)]
    hidden = dict(zip(_BREAKS, spare, strict=False))
    return text.translate({ord(k): v for k, v in hidden.items()}), {ord(v): k for k, v in hidden.items()}


_GLUED_START = re.compile(r"((?:[ \t]*(?:#[^\n]*)?\n)*+)---(?=\S)(?=(-\s|[^\n]*:\s)?)")
"""js-yaml begins a document at `---` whatever follows: `----` is a list with one empty item.  A list or a mapping that
begins there begins in the fourth column, a text in the first."""
_LONE_END = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*+\.\.\.[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*+\Z")


def _check_root_indent(node: Any, text: str) -> None:
    """A text alone must not go on further left than it began: libyaml lets it, js-yaml does not."""
    if node.id != "scalar" or node.style or node.start_mark.column == 0:
        return
    begins, ends = node.start_mark.line, node.end_mark.line
    for number, line in enumerate(text.split("\n")[begins + 1 : ends + 1], begins + 1):
        content = line.lstrip(" ")
        if content and not content.startswith("#") and len(line) - len(content) < node.start_mark.column:
            raise YamlError("key", "the end of the stream or a document separator is expected", number, begins)


def _compose_as_js_yaml(text: str) -> Node | None:
    """The tree of the text; what libyaml refuses and js-yaml takes is written differently and tried again."""
    for _ in range(len(_SECOND_TRIES) + 1):
        try:
            return _compose(text, _loader_class())
        except YamlError as error:
            if error.kind == "anchor" and len(text) <= _MAX_PURE:
                return _compose(text, _lenient_loader_class())
            rewrite = _SECOND_TRIES.get(error.kind)
            rewritten = rewrite(text) if rewrite is not None else text
            if rewritten == text:
                raise
            text = rewritten
    raise YamlError("syntax", "unreadable", 0)


_MAX_PURE = 64 * 1024
"""Characters that the slow parser in Python is given."""

_SURROGATES = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def _join_surrogates(text: str) -> str:
    """JSON-like `"\\ud83d\\ude00"`: one character to JavaScript; half of one cannot be kept."""

    def join(match: re.Match[str]) -> str:
        if match[1] is None:
            return "\\uFFFD"
        high, low = (int(part, 16) for part in match.groups())
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"

    return _SURROGATES.sub(join, text)


_TAB_AFTER_DASH = re.compile(r"^( *(?:- +)*- *)\t[ \t]*(?=[\[{\"']|[^\s-](?!.*:(?:\s|$)))", re.MULTILINE)


def _blank_after_dash(text: str) -> str:
    """`-<tab>a` is an item to YAML 1.2, as long as no block begins behind the tab."""
    return _TAB_AFTER_DASH.sub(r"\1 ", text)


_BLANK_LINE = re.compile(r"^[ \t]*\t[ \t]*$", re.MULTILINE)


def _without_tabs(text: str) -> str:
    return _BLANK_LINE.sub("", _blank_after_dash(text))


_SECOND_TRIES: dict[str, Callable[[str], str]] = {
    "escape": _join_surrogates,
    "tab": _without_tabs,
    "character-start": _without_tabs,
    "syntax": _without_tabs,
}


def _compose(text: str, loader: Any) -> Node | None:
    import yaml

    try:
        if _may_be_deep(text):
            _check_depth(text)
        composer = loader(text)
        try:
            return composer.get_single_node()  # type: ignore[no-any-return]
        finally:
            composer.dispose()
    except yaml.MarkedYAMLError as error:
        raise _as_yaml_error(error) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) if isinstance(error.position, int) else 0
        raise YamlError("character", f"a control character (U+{_code(error.character):04X})", line) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError("syntax", str(error).splitlines()[0] if str(error) else "unreadable", 0) from None


def _code(character: object) -> int:
    if isinstance(character, int):
        return character
    return ord(character) if isinstance(character, str) and len(character) == 1 else 0


@cache
def _loader_class() -> Any:
    """PyYAML's composer with libyaml where there is one.

    `resolve` is called for every node only to give it a tag: plain scalars are told from quoted ones later, by style.
    """
    import yaml

    tags = {
        yaml.ScalarNode: "",
        yaml.SequenceNode: "tag:yaml.org,2002:seq",
        yaml.MappingNode: "tag:yaml.org,2002:map",
    }

    def resolve(_self: object, kind: Any, _value: object, _implicit: object) -> str:
        return tags[kind]

    if yaml.__with_libyaml__ and not _FORCE_PURE:
        return type("CLoader", (yaml.CSafeLoader,), {"resolve": resolve})
    return type("PureLoader", (yaml.SafeLoader,), {"resolve": resolve, "scan_to_next_token": _scan_to_next_token})


@cache
def _lenient_loader_class() -> Any:
    """A composer that lets an anchor be given twice, as YAML 1.2 does."""
    import yaml

    def compose_node(self: Any, parent: Any, index: Any) -> Any:
        if not self.check_event(yaml.AliasEvent):
            self.anchors.pop(self.peek_event().anchor, None)
        return yaml.SafeLoader.compose_node(self, parent, index)

    members = {"resolve": _loader_class().resolve, "compose_node": compose_node}
    return type("LenientLoader", (yaml.SafeLoader,), {**members, "scan_to_next_token": _scan_to_next_token})


_FORCE_PURE = False
"""Tests set it (and clear the cache above) to compare the two parsers."""


def _scan_to_next_token(self: Any) -> None:
    """libyaml takes tabs between tokens where no key can start (`tags:<tab>x`); the pure scanner must as well."""
    if self.index == 0 and self.peek() == "\ufeff":
        self.forward()
    while True:
        while self.peek() == " " or (self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)):
            self.forward()
        if self.peek() == "#":
            while self.peek() not in "\0\r\n\x85\u2028\u2029":
                self.forward()
        if not self.scan_line_break():
            return
        if not self.flow_level:
            self.allow_simple_key = True


_INDENTED = re.compile(r"^ {100}", re.MULTILINE)


def _may_be_deep(text: str) -> bool:
    openers = text.count("[") + text.count("{") + text.count("- ") + text.count("? ")
    return openers >= MAX_DEPTH or _INDENTED.search(text) is not None


def _check_depth(text: str) -> None:
    """The composer recurses in C, where depth ends the process; the event parser keeps its own stack."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=_loader_class()):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line if event.start_mark is not None else 0
                raise YamlError("too-deep", f"nested more than {MAX_DEPTH} levels deep", line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


_KINDS = (
    ("while parsing a quoted scalar", "escape", "escape"),
    ("while scanning a double-quoted scalar", "escape", "escape"),
    ("while scanning a double-quoted scalar", "expected", "escape"),
    ("while scanning a quoted scalar", "", "quote"),
    ("found duplicate anchor", "", "anchor"),
    ("", "mapping values are not allowed", "colon"),
    ("", "found undefined alias", "alias"),
    ("while scanning an alias", "", "alias"),
    ("while scanning an anchor", "", "alias"),
    ("", "could not find expected ':'", "key"),
    ("while parsing a flow", "", "flow"),
    ("", "found character '\\t'", "tab"),
    ("", "that cannot start any token", "character-start"),
    ("", "exceeded maximum nesting depth", "too-deep"),
    ("", "a tab character that violates", "tab"),
    ("expected a single document", "", "documents"),
    ("", "expected <document start>", "documents"),
    ("while scanning for the next token", "", "character-start"),
    ("while parsing a block", "", "block"),
)


def _as_yaml_error(error: Any) -> YamlError:
    context, problem = error.context or "", error.problem or ""
    mark = error.problem_mark or error.context_mark
    start = error.context_mark.line if error.context_mark is not None else None
    kind = "syntax"
    for context_part, problem_part, name in _KINDS:
        if context.startswith(context_part) and problem_part in problem:
            kind = name
            break
    if kind == "too-deep":
        problem = "nested too deeply"
    return YamlError(kind, problem or context or "unreadable", mark.line if mark is not None else 0, start)


_INTEGER = re.compile(r"[-+]?(?:0b[01]+|0x[0-9a-fA-F]+|0o[0-7]+|[0-9]+)\Z")
_FLOAT = re.compile(r"(?:[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?)\Z")
_SPECIAL_FLOATS = {
    **{
        sign + word: ("-Infinity" if sign == "-" else "Infinity")
        for sign in ("", "+", "-")
        for word in (".inf", ".Inf", ".INF")
    },
    **dict.fromkeys((".nan", ".NaN", ".NAN"), "NaN"),
}
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BASES = {"0b": 2, "0x": 16, "0o": 8}
_LARGEST_INTEGER_DIGITS = 308
_DIGITS = frozenset("0123456789.+-")


def _integer(text: str) -> int | str:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    if len(digits) > _LARGEST_INTEGER_DIGITS:  # infinite to JavaScript, so not a number
        return text
    base = _BASES.get(digits[:2])
    return sign * (int(digits[2:], base) if base else int(digits))


def plain_scalar(text: str) -> tuple[Any, bool]:
    """The value of an unquoted scalar, and whether it is a timestamp (which stays text)."""
    if text in _WORDS:
        return _WORDS[text], False
    if text[0] not in _DIGITS:
        return text, False
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text], False  # JSON has no infinity: the name that JavaScript prints
    if _INTEGER.match(text):
        return _integer(text), False
    if len(text) < 400 and _FLOAT.match(text):
        return _float(text), False
    return text, is_yaml_timestamp(text)


def _float(text: str) -> int | float | str:
    """A whole number is an integer to JavaScript (`1.0` prints as `1`); an infinite one is text."""
    number = float(text)
    if number - number != 0:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_STR, _SEQ, _MAP = "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"
_SCALAR_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "timestamp")}
_TEXT_TAGS = {"", "!", _STR, "tag:yaml.org,2002:binary"}
_SEQUENCE_TAGS = {"!", _SEQ, "tag:yaml.org,2002:omap", "tag:yaml.org,2002:pairs"}
_MAPPING_TAGS = {"!", _MAP, "tag:yaml.org,2002:set"}


class _Builder:
    """Turns composed nodes into values, counting what it makes."""

    def __init__(self, strict: bool, restore: dict[int, str]) -> None:
        self._strict = strict
        self._restore = restore
        self._values = 0
        self._characters = 0
        self.timestamps: list[str] = []
        """Of what was built last; a mapping holds back those of its keys until all of it is built."""
        self.key_lines: dict[str, int] = {}
        self.duplicates: list[tuple[str, int]] = []

    def build(self, node: Any, pointer: str, depth: int) -> Any:
        self._count(node, depth)
        if node.id == "scalar":
            return self._scalar(node, pointer)
        if node.id == "sequence":
            self._check_tag(node, _SEQUENCE_TAGS)
            return [self.build(item, f"{pointer}/{index}", depth + 1) for index, item in enumerate(node.value)]
        result, timestamps = self._mapping(node, pointer, depth)
        for found in timestamps.values():
            self.timestamps += found
        return result

    def _count(self, node: Node, depth: int) -> None:
        self._values += 1
        line = node.start_mark.line
        if self._values > MAX_VALUES:
            raise YamlError("too-large", f"more than {MAX_VALUES} values (aliases counted each time)", line)
        if depth > MAX_DEPTH:
            raise YamlError("too-deep", f"nested more than {MAX_DEPTH} levels deep", line)

    def _check_tag(self, node: Node, known: set[str]) -> None:
        if self._strict and node.tag not in known:
            raise YamlError("tag", f"unknown tag {node.tag}", node.start_mark.line)

    def _scalar(self, node: Any, pointer: str) -> Any:
        text: str = node.value.translate(self._restore) if self._restore else node.value
        self._characters += len(text)
        if self._characters > MAX_CONSTRUCTED:
            raise YamlError("too-large", "too much text (aliases counted each time)", node.start_mark.line)
        is_plain = node.style is None or node.style == ""
        if node.tag in _SCALAR_TAGS or (is_plain and node.tag == ""):
            value, is_timestamp = plain_scalar(text)
            if self._strict and node.tag and not _fits(node.tag, text, value, is_timestamp):
                raise YamlError("tag", f"{text[:40]!r} is not what its tag says", node.start_mark.line)
            if is_timestamp:
                self.timestamps.append(pointer)
            return value
        self._check_tag(node, _TEXT_TAGS)
        return _without_lone_surrogates(text)

    def _mapping(self, node: Any, pointer: str, depth: int) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The mapping, and the timestamps below each of its keys: a later twin of a key takes those away again."""
        self._check_tag(node, _MAPPING_TAGS)
        result: dict[str, Any] = {}
        timestamps: dict[str, list[str]] = {}
        merged: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.id == "scalar" and key_node.value == "<<" and not key_node.style and key_node.tag == "":
                self._merge(value_node, (result, timestamps), merged, pointer, depth)
                continue
            key = self._key(key_node, depth)
            line = key_node.start_mark.line
            if key in result and key not in merged:
                if self._strict:
                    raise YamlError("duplicate-key", key, line, self.key_lines.get(key) if depth == 0 else None)
                self.duplicates.append((key, line))
            merged.discard(key)
            known = len(self.timestamps)
            value = self.build(value_node, f"{pointer}/{escape_pointer(key)}", depth + 1)
            if key in result and value is None:
                continue  # only when not strict: an empty twin does not wipe out a value
            result[key] = value
            timestamps.pop(key, None)
            if len(self.timestamps) > known:
                timestamps[key] = self.timestamps[known:]
                del self.timestamps[known:]
            if depth == 0:
                self.key_lines[key] = line
        return result, timestamps

    def _key(self, node: Node, depth: int) -> str:
        """js-yaml makes every key a string, as JavaScript objects do."""
        known = len(self.timestamps)
        value = self.build(node, "", depth + 1)
        del self.timestamps[known:]
        return value if isinstance(value, str) else to_string(value)

    def _merge(
        self, node: Any, into: tuple[dict[str, Any], dict[str, list[str]]], merged: set[str], pointer: str, depth: int
    ) -> None:
        result, timestamps = into
        sources = node.value if node.id == "sequence" else [node]
        for source in sources:
            if source.id != "mapping":
                if self._strict:
                    raise YamlError("merge", "`<<` merges mappings only", node.start_mark.line)
                continue
            self._count(source, depth + 1)
            values, dates = self._mapping(source, pointer, depth + 1)
            for key, value in values.items():
                if key not in result:
                    result[key] = value
                    merged.add(key)
                    if key in dates:
                        timestamps[key] = dates[key]


def _fits(tag: str, text: str, value: Any, is_timestamp: bool) -> bool:
    """Whether js-yaml takes the text for the type that `!!int` and the like name."""
    match tag.rpartition(":")[2]:
        case "null":
            return value is None and text != ""
        case "bool":
            return isinstance(value, bool)
        case "timestamp":
            return is_timestamp
        case "int":
            return _INTEGER.match(text) is not None
        case _:
            return _FLOAT.match(text) is not None or text in _SPECIAL_FLOATS


_SURROGATE = re.compile("[\ud800-\udfff]")


def _without_lone_surrogates(text: str) -> str:
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def escape_pointer(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1") if "/" in key or "~" in key else key


__all__ = ["Document", "YamlError", "escape_pointer", "load", "plain_scalar"]
