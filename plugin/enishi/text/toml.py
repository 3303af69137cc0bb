"""Text as TOML writes it, and the values of a TOML text."""

from __future__ import annotations

import json
import re
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_string(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL and halves of surrogate pairs, which become `?`."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """A key, in quotes if it needs them."""
    return name if _BARE_KEY.fullmatch(name) else toml_string(name)


# -- reading -----------------------------------------------------------------------------------------------------------

MAX_TOML_DEPTH = 100
_MAX_BITS = 1024
_LONG_NUMBER = re.compile(r"0[xob][0-9A-Fa-f_]{250}|[0-9_]{250}")
_LONG_KEY = re.compile(
    # begins where a key may, so that no character is looked at again from many places
    r"""(?:^[ \t]*+\[{0,2}|[{,])[ \t]*+(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""",
    re.MULTILINE,
)


class TomlError(ValueError):
    """A text that cannot be read.  `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"{message} (line {line})" if "line " not in message else message)
        self.line = line


def read_toml(text: str) -> dict[str, Any]:
    """The values of a TOML text.  Raises TomlError, and nothing else whatever the text.

    Refused, too, is what neither JSON nor Python's own `repr` could hold: numbers of hundreds of digits, and nesting of
    more than a hundred levels, of which dotted keys take tomllib the square of their length.
    """
    import tomllib

    deep = f"nested more than {MAX_TOML_DEPTH} levels deep"
    if match := _LONG_KEY.search(text):
        raise TomlError(deep, _line(text, match))
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        raise TomlError(str(error), int(place[1]) if place else text.count("\n") + 1) from None
    except RecursionError:
        raise TomlError(deep, _deepest_line(text)) from None
    except ValueError:
        raise TomlError("a number of hundreds of digits", _line(text, _LONG_NUMBER.search(text))) from None
    level: list[Any] = [values]
    for _ in range(MAX_TOML_DEPTH + 1):
        if any(isinstance(value, int) and value.bit_length() > _MAX_BITS for value in level):
            raise TomlError("a number of hundreds of digits", _line(text, _LONG_NUMBER.search(text)))
        inner = (
            value.values() if isinstance(value, dict) else value for value in level if isinstance(value, dict | list)
        )
        level = [value for values_of_one in inner for value in values_of_one]
    if level:
        raise TomlError(deep, _deepest_line(text))
    return values


def _line(text: str, match: re.Match[str] | None) -> int:
    return text.count("\n", 0, match.start()) + 1 if match else 1


def _deepest_line(text: str) -> int:
    lines = text.split("\n")
    return max(range(len(lines)), key=lambda number: lines[number].count("[") + lines[number].count("{")) + 1
