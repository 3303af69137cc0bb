"""YAML as js-yaml 4 reads it: the YAML 1.2 core schema, timestamps and merge keys, within bounds.

PyYAML parses and composes the tree of nodes; its own schema is YAML 1.1 (`no` is false, `012` is ten, `12:30` is 750)
and takes duplicate keys silently, so values are made of the nodes here, by js-yaml's rules.

Values are None, bool, int, float, str, list and dict with string keys; a timestamp stays the text that was written.
Nesting, the number of values (aliases counted each time they are used) and their characters are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from enishi.reading.javascript import YAML_DATE, YAML_TIMESTAMP, to_string
from enishi.text.yaml import bounded_loader

if TYPE_CHECKING:
    from yaml import Node

MAX_CHARACTERS = 2 * 1024 * 1024
"""A longer text is not parsed: no front matter is that long, and a file without fences may be any size."""
MAX_DEPTH = 100
"""js-yaml's own limit."""
MAX_VALUES = 250_000
MAX_CONSTRUCTED = 2 * MAX_CHARACTERS
"""Characters in all values together, after aliases."""


class Timestamp(str):
    """Text that YAML or TOML calls a date or time."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document."""

    value: Any
    key_lines: dict[str, int] = field(default_factory=dict)
    """Line of each top-level key, counted from 0."""
    duplicates: tuple[tuple[str, int], ...] = ()
    """Keys given more than once, with the line of the later one (only when not strict)."""

    @property
    def timestamps(self) -> tuple[str, ...]:
        """JSON pointers of the timestamps in `value`."""
        return tuple(_timestamps(self.value, ""))


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
    tags are ignored.  Raises YamlError, and nothing else whatever the text.
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError("too-large", f"more than {MAX_CHARACTERS // 1024} KB of YAML", 0)
    if not text.endswith("\n"):
        text += "\n"  # as js-yaml does: a block scalar at the end keeps its line end
    text = _SURROGATE_PAIR.sub(lambda pair: str(json.loads(f'"{pair[0]}"')), _UNICODE_BREAKS.sub(" ", text))
    node = _compose(text)
    builder = _Builder(strict)
    value = builder.build(node, 0) if node is not None else None
    lines = builder.key_lines if isinstance(value, dict) else {}
    return Document(value, lines, tuple(builder.duplicates))


_UNICODE_BREAKS = re.compile("[\x85\u2028\u2029]")
"""YAML 1.1 breaks lines at these, YAML 1.2 does not."""
_SURROGATE_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
"""How JSON may write one character; PyYAML refuses it."""


def _timestamps(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, Timestamp):
        yield pointer
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _timestamps(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _timestamps(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")


# --- text -> nodes ---------------------------------------------------------------------------------------------------


def _compose(text: str) -> Node | None:
    import yaml

    try:
        composer = _loader_class()(text)
        try:
            return composer.get_single_node()  # type: ignore[no-any-return]
        finally:
            composer.dispose()
    except yaml.MarkedYAMLError as error:
        raise _as_yaml_error(error) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) if isinstance(error.position, int) else 0
        code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
        raise YamlError("character", f"a control character (U+{code:04X})", line) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError("syntax", str(error).splitlines()[0] if str(error) else "unreadable", 0) from None


@cache
def _loader_class() -> Any:
    """PyYAML's loader with a bound on depth, and without its YAML 1.1 types."""
    import yaml

    tags = {yaml.ScalarNode: "", yaml.SequenceNode: _SEQ, yaml.MappingNode: _MAP}
    base: Any = bounded_loader(MAX_DEPTH + 1, _too_deep)

    class Loader(base):  # type: ignore[misc]
        def resolve(self, kind: Any, _value: object, _implicit: object) -> str:
            return tags[kind]

    return Loader


def _too_deep(line: int) -> YamlError:
    return YamlError("too-deep", f"nested more than {MAX_DEPTH} levels deep", line)


_KINDS = {
    "escape": r"^while (?:parsing a quoted scalar.*escape|scanning a double-quoted scalar.*(?:escape|expected))",
    "quote": r"^while scanning a quoted scalar",
    "colon": r"mapping values are not allowed",
    "tab": r"found character '\\t'|a tab character that violates",
    "special": r"duplicate anchor|undefined alias|^while scanning (?:an a|for the next)|that cannot start any token",
    "key": r"could not find expected ':'",
    "flow": r"^while parsing a flow",
    "documents": r"^expected a single document|expected <document start>",
    "block": r"^while parsing a block",
}
"""Our words for what PyYAML says: its context and its problem."""


def _as_yaml_error(error: Any) -> YamlError:
    said = f"{error.context or ''}; {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    start = error.context_mark.line if error.context_mark is not None else None
    line = mark.line if mark is not None else 0
    if "exceeded maximum nesting depth" in said:
        return _too_deep(line)
    kind = next((kind for kind, words in _KINDS.items() if re.search(words, said)), "syntax")
    return YamlError(kind, error.problem or error.context or "unreadable", line, start)


# --- nodes -> values -------------------------------------------------------------------------------------------------

_INTEGER = re.compile(r"[-+]?(?:0b[01]+|0x[0-9a-fA-F]+|0o[0-7]+|[0-9]+)\Z")
_FLOAT = re.compile(r"(?:[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?)\Z")
_SPECIAL_FLOAT = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BASES = {"0b": 2, "0x": 16, "0o": 8}
_LARGEST_INTEGER_DIGITS = 308
_DIGITS = frozenset("0123456789.+-")


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar; a `Timestamp` for a date."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _DIGITS:
        return text
    if special := _SPECIAL_FLOAT.fullmatch(text):  # JSON has none of them: the names that JavaScript prints
        return "NaN" if special[1] is None else "-Infinity" if special[1] == "-" else "Infinity"
    if _INTEGER.match(text):
        return _integer(text)
    if len(text) < 400 and _FLOAT.match(text):
        return _float(text)
    return Timestamp(text) if YAML_DATE.match(text) or YAML_TIMESTAMP.match(text) else text


def is_plain_text(text: str) -> bool:
    """Whether YAML reads an unquoted scalar as just this text."""
    return type(value := plain_scalar(text)) is str and value == text


def _integer(text: str) -> int | str:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    if len(digits) > _LARGEST_INTEGER_DIGITS:  # infinite to JavaScript, so not a number
        return text
    base = _BASES.get(digits[:2])
    return sign * (int(digits[2:], base) if base else int(digits))


def _float(text: str) -> int | float | str:
    """A whole number is an integer to JavaScript (`1.0` prints as `1`); an infinite one is text."""
    number = float(text)
    if number - number != 0:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_STR, _SEQ, _MAP = "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "timestamp")}
_TEXT_TAGS = {"", "!", _STR, "tag:yaml.org,2002:binary"}
_SEQUENCE_TAGS = {"!", _SEQ, "tag:yaml.org,2002:omap", "tag:yaml.org,2002:pairs"}
_MAPPING_TAGS = {"!", _MAP, "tag:yaml.org,2002:set"}
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Builder:
    """Makes values of nodes and counts them."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._values = 0
        self._characters = 0
        self.key_lines: dict[str, int] = {}
        self.duplicates: list[tuple[str, int]] = []

    def build(self, node: Any, depth: int) -> Any:
        self._count(node, depth)
        if node.id == "scalar":
            return self._scalar(node)
        if node.id == "sequence":
            self._check_tag(node, _SEQUENCE_TAGS)
            return [self.build(item, depth + 1) for item in node.value]
        return self._mapping(node, depth)

    def _count(self, node: Any, depth: int) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            message = f"more than {MAX_VALUES} values (aliases counted each time)"
            raise YamlError("too-large", message, node.start_mark.line)
        if depth >= MAX_DEPTH and node.id != "scalar":
            raise _too_deep(node.start_mark.line)

    def _check_tag(self, node: Node, known: set[str]) -> None:
        if self._strict and node.tag not in known:
            raise YamlError("special", f"unknown tag {node.tag}", node.start_mark.line)

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        self._characters += len(text)
        if self._characters > MAX_CONSTRUCTED:
            raise YamlError("too-large", "too much text (aliases counted each time)", node.start_mark.line)
        if node.tag in _PLAIN_TAGS or (node.tag == "" and not node.style):
            return plain_scalar(text)
        self._check_tag(node, _TEXT_TAGS)
        return text if text.isascii() else _SURROGATE.sub("\ufffd", text)

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        self._check_tag(node, _MAPPING_TAGS)
        result: dict[str, Any] = {}
        merged: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.id == "scalar" and key_node.value == "<<" and not key_node.style and key_node.tag == "":
                for key, value in self._merge(value_node, depth):
                    if key not in result:
                        result[key] = value
                        merged.add(key)
                continue
            key = self._key(key_node, depth)
            line = key_node.start_mark.line
            if key in result and key not in merged:
                if self._strict:
                    raise YamlError("duplicate-key", key, line, self.key_lines.get(key) if depth == 0 else None)
                self.duplicates.append((key, line))
            merged.discard(key)
            value = self.build(value_node, depth + 1)
            if key in result and value is None:
                continue  # an empty second key does not wipe out the first
            result[key] = value
            if depth == 0:
                self.key_lines[key] = line
        return result

    def _key(self, node: Node, depth: int) -> str:
        """js-yaml makes every key a string, as JavaScript objects do."""
        value = self.build(node, depth + 1)
        return value if isinstance(value, str) else to_string(value)

    def _merge(self, node: Any, depth: int) -> Iterator[tuple[str, Any]]:
        for source in node.value if node.id == "sequence" else [node]:
            if source.id == "mapping":
                self._count(source, depth + 1)
                yield from self._mapping(source, depth + 1).items()
            elif self._strict:
                raise YamlError("merge", "`<<` merges mappings only", node.start_mark.line)
