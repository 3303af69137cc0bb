"""A generator's settings file, asked for values of the right type.

Nothing is run.  A setting of a wrong type is passed over with a diagnostic that names its line, because a blog that its
generator builds must build here too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from enishi import files
from enishi.errors import Diagnostic, Severity
from enishi.reading.frontmatter_formats import read_json, read_toml, read_yaml
from enishi.reading.frontmatter_mistakes import BlockError
from enishi.reading.javascript import to_string
from enishi.reading.yaml12 import Document

MAX_SETTINGS_BYTES = 1024 * 1024
MAX_TEXT = 500
"""Of a single setting: a pattern of addresses is filled in for every post."""

_WORDS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


class SettingsFile:
    """The values of a settings file (YAML, TOML, JSON, or literals of a Python or JavaScript module) and what is wrong
    with them."""

    def __init__(self, root: Path, name: str) -> None:
        """`name` is relative to the site folder `root`; an empty one stands for a file without settings."""
        self.name = name
        self.problems: list[Diagnostic] = []
        self._values: Mapping[str, Any] = {}
        self._lines: Mapping[str, int] = {}
        if name:
            read = _READERS.get(Path(name).suffix, read_yaml)
            try:
                document = read(read_start(root / name))
                if not isinstance(document.value, dict | None):
                    raise BlockError("", "should be a mapping (`key: value`)", 0)
                self._values, self._lines = document.value or {}, document.key_lines
            except BlockError as error:
                message = f"{error.message}; the generator's settings are not used"
                problem = Diagnostic(name, error.line + 1, "bad-site-settings", Severity.WARNING, message)
                self.problems.append(problem)

    def warn(self, key: str, message: str) -> None:
        """Report something about a setting."""
        line = self._lines.get(key, -1) + 1
        self.problems.append(Diagnostic(self.name, line, "bad-site-setting", Severity.WARNING, message))

    def _warn_type(self, key: str, wanted: str) -> None:
        self.warn(key, f"`{key}` should be {wanted}, so it is not used")

    def raw(self, key: str) -> Any:
        """The value as it is."""
        return self._values.get(key)

    def all(self) -> Mapping[str, Any]:
        """The values as they are."""
        return self._values

    def spelled(self, key: str) -> str:
        """The key as the file has it, for generators to which `baseURL` and `baseurl` are one."""
        written = (name for name in self._values if name.lower() == key.lower())
        return key if key in self._values else next(written, key)

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self._values.get(key)
        if isinstance(value, str) and len(value) <= MAX_TEXT:
            return value or default
        if value is not None:
            self._warn_type(key, f"text of at most {MAX_TEXT} characters")
        return default

    def flag(self, key: str, default: bool) -> bool:
        """A boolean, in YAML 1.1's words too."""
        value = self._values.get(key)
        if isinstance(value, str) and value.lower() in _WORDS:
            return _WORDS[value.lower()]
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self._warn_type(key, "true or false")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts."""
        value = self._values.get(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            self.warn(key, f"`{key}` should be text or a list of texts; what is not text is not used")
        return tuple(item for item in items if isinstance(item, str) and item)

    def mapping(self, key: str) -> dict[str, str]:
        """A mapping from text to text."""
        value = self._values.get(key)
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            self._warn_type(key, "a mapping (`old: new`)")
            return {}
        nested = [name for name, item in value.items() if isinstance(item, list | dict)]
        if nested:
            self.warn(key, f"`{key}`: {nested[0]!r} should have a text as its value; it is not used")
        return {name: to_string(item) for name, item in value.items() if item is not None and name not in nested}

    def timezone(self, key: str) -> tzinfo:
        """A time zone by its name in the IANA database; UTC if there is none."""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        name = self.text(key)
        if not name or name.upper() == "UTC":
            return UTC
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.warn(key, f"`{key}`: there is no time zone {name!r} (write it as in `Asia/Tokyo`); UTC is used")
            return UTC

    def root_path(self, key: str, given: str = "") -> str:
        """The path part of the address in `key`, or the path `given`, with a slash at both ends."""
        path = given
        if not given and isinstance(url := self.raw(key), str):
            try:
                path = urlsplit(url).path
            except ValueError:
                self.warn(key, f"`{key}`: {url!r} is not an address; `/` is used as the site's root")
        return f"/{path.strip('/')}/".replace("//", "/")

    def folder(self, key: str, default: str) -> str:
        """A relative POSIX path; one that leads out of the site is not used."""
        value = self.text(key, default).replace("\\", "/")
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or ":" in value:
            self.warn(key, f"`{key}`: {value!r} lies outside the site folder; {default!r} is used")
            return default
        return str(path)


def below(folder: str, *names: str) -> tuple[str, ...]:
    """The names below a folder, which may be ``.``."""
    return tuple(str(PurePosixPath(folder, name)) for name in names)


def read_start(path: Path) -> str:
    """The text of a settings file; empty if it is not there or cannot be read."""
    try:
        return files.read_start(path, MAX_SETTINGS_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _read_python(text: str) -> Document:
    """Plain `NAME = literal` statements; what is anything else is passed over."""
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        for statement in (statement for statement in ast.parse(text).body if isinstance(statement, ast.Assign)):
            for target in (target for target in statement.targets if isinstance(target, ast.Name)):
                with suppress(ValueError, TypeError, RecursionError, MemoryError):
                    values[target.id] = ast.literal_eval(statement.value)
                    lines[target.id] = statement.lineno - 1
    return Document(values, lines)


_LITERAL = re.compile(
    r"(?:^|[{,])[ \t]*(?P<key>\w+)[ \t]*:[ \t]*"
    r"(?:(?P<quote>['\"`])(?P<text>[^'\"`\\\n$]*)(?P=quote)|(?P<flag>true|false)\b)",
    re.MULTILINE,
)


def _read_javascript(text: str) -> Document:
    """Texts and flags of object literals, each key where it stands first; a program says nothing more for sure."""
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for found in _LITERAL.finditer(text):
        if found["key"] not in values:
            values[found["key"]] = found["flag"] == "true" if found["flag"] else found["text"]
            lines[found["key"]] = text.count("\n", 0, found.start("key"))
    return Document(values, lines)


_READERS = {
    ".toml": read_toml,
    ".json": read_json,
    ".py": _read_python,
    **dict.fromkeys((".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"), _read_javascript),
}
