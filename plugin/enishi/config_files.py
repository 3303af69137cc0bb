"""Reading the settings: from which file, from ``--set``, and all that is wrong with them in one report.

They come from the first of ``enishi.toml``, ``[tool.enishi]`` in ``pyproject.toml`` and ``enishi:`` in Hexo's
``_config.yml``, or from the file given by ``--config``; ``--set KEY=VALUE`` overrides single ones.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from enishi.config import Settings, describe_settings
from enishi.errors import Diagnostic, SettingsError, Severity
from enishi.text.printable import shown
from enishi.text.toml import TomlError, read_toml
from enishi.text.yaml import bounded_loader

_MOST_VALUES = 100_000
"""Of settings in YAML, where aliases can make billions of values from a few lines."""
_MAX_DEPTH = 100
_MAX_BYTES = 1024 * 1024
"""The largest file of settings that is read; the file may come with an untrusted repository."""
_LONGEST_PROBLEM = 2000


Key = tuple[str, ...]
"""The name of a setting in parts: ``("related", "limit")``."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of settings: its values, and the lines that they stand on."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[Key, int] = field(default_factory=dict)


def load_settings(
    site: Path, *, config_file: Path | None = None, overrides: Sequence[str] = ()
) -> tuple[Settings, list[Diagnostic]]:
    """The settings of a site, and a warning for each file whose settings are ignored.

    `overrides` are ``KEY=VALUE`` with dotted keys; lists, tables and quoted text are read as TOML.

    Raises:
        SettingsError: names every wrong setting, where it stands, and the setting that was probably meant.
    """
    sources = [_read_file(config_file)] if config_file else _find_sources(site)
    source = sources[0] if sources else _Source("settings")
    places = {key: f"{source.name}:{line}" for key, line in source.lines.items()} | {(): source.name}
    values = _without_empty(source.values)
    problems = [problem for override in overrides for problem in _apply_override(values, override, places)]
    settings = Settings()
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += _explain(error, values, places)
    if problems:
        shown_problems = (f"  {shown(problem, _LONGEST_PROBLEM)}" for problem in problems)
        raise SettingsError("\n".join(["These settings are wrong:", *shown_problems]))
    ignored = [
        Diagnostic(
            other.name,
            min(other.lines.values(), default=0),
            "settings-ignored",
            Severity.WARNING,
            f"these settings are not used, because {source.name} has settings, too; keep them in one file",
        )
        for other in sources[1:]
    ]
    return settings, ignored


def settings_sources(site: Path) -> list[str]:
    """Names of the site's files that hold settings of more than the Hexo plugin; only the first one is used.

    Raises:
        SettingsError: one cannot be read.
    """
    return [source.name for source in _find_sources(site) if set(source.values) - {"hexo"}]


# --- the files ------------------------------------------------------------------------------------


def _find_sources(site: Path) -> list[_Source]:
    sources: list[_Source] = []
    for name in ("enishi.toml", "pyproject.toml", "_config.yml", "_config.yaml"):
        if (site / name).is_file():
            source = _read_file(site / name)
            # settings of the Hexo plugin alone, beside a file of our own, are no second file of settings
            is_the_plugins = bool(sources) and source.values.keys() == {"hexo"}
            if name == "enishi.toml" or (source.values and not is_the_plugins):
                sources.append(source)
    return sources


def _read_file(file: Path) -> _Source:
    text, is_yaml = _text(file), file.suffix in {".yml", ".yaml"}
    if "enishi" not in text and (is_yaml or file.name == "pyproject.toml"):
        return _Source(file.name)  # somebody else's, and whether it is valid is no matter of ours
    return _read_yaml(text, file.name) if is_yaml else _read_toml(text, file.name)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise SettingsError(f"{file.name} is larger than {_MAX_BYTES // 1024 // 1024} MB, so it is not read")
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read: {error}") from error


def _read_toml(text: str, name: str) -> _Source:
    table = ("tool", "enishi") if name == "pyproject.toml" else ()
    try:
        values: Any = read_toml(text)
    except TomlError as error:
        raise SettingsError(f"{name} is not valid TOML: {error}") from error
    for key in table:
        values = values.get(key, {}) if isinstance(values, dict) else {}
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: {'.'.join(table)} has to be a table")
    lines = {key[len(table) :]: line for key, line in _toml_lines(text) if key[: len(table)] == table}
    return _Source(name, values, lines)


def _toml_lines(text: str) -> Iterator[tuple[Key, int]]:
    """Line numbers of the keys of a TOML text: good enough for messages, not a parser."""
    section: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            section = _toml_key(header[1])
            yield section, number
        elif "=" in line and re.fullmatch(r"[\w\"'.\s-]+", key := line.partition("=")[0]):
            yield section + _toml_key(key), number


def _toml_key(text: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _read_yaml(text: str, name: str) -> _Source:
    import yaml

    try:
        root = yaml.compose(text, Loader=_yaml_loader())
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise SettingsError(f"{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    for key, node in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "enishi" and isinstance(node, yaml.MappingNode):
            lines: dict[Key, int] = {(): key.start_mark.line + 1}
            return _Source(name, _yaml_value(node, (), lines, iter(range(_MOST_VALUES))), lines)
    return _Source(name)


@functools.cache
def _yaml_loader() -> Any:
    return bounded_loader(_MAX_DEPTH, lambda _: RecursionError(f"nested more than {_MAX_DEPTH} levels deep"))


def _yaml_value(node: Any, path: Key, lines: dict[Key, int], budget: Iterator[int]) -> Any:
    """A YAML node as a plain value.

    Scalars stay text, because the setting says whether it is a number or a boolean: ``language: no`` is Norwegian,
    and a tag may be called 2024.
    """
    import yaml

    if next(budget, None) is None:
        raise SettingsError("the `enishi:` settings in _config.yml hold too many values")
    if len(path) > 8:
        raise SettingsError("the `enishi:` settings in _config.yml are nested too deeply")
    if isinstance(node, yaml.MappingNode):
        result = {}
        for key, value in node.value:
            inner = (*path, str(key.value))
            lines[inner] = key.start_mark.line + 1
            result[str(key.value)] = _yaml_value(value, inner, lines, budget)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_yaml_value(item, (*path, "-"), lines, budget) for item in node.value]
    return None if node.tag == "tag:yaml.org,2002:null" else node.value


# --- merging, and reporting what is wrong ---------------------------------------------------------------------------


def _without_empty(values: Mapping[str, Any], key: Key = ()) -> dict[str, Any]:
    """A copy without the known names that have nothing after them in YAML: those are not set."""
    return {
        name: _without_empty(value, (*key, name)) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None or ".".join((*key, name)) not in _known_names()
    }


def _apply_override(values: dict[str, Any], override: str, places: dict[Key, str]) -> list[str]:
    """Puts one ``KEY=VALUE`` into the values; returns what is wrong with it."""
    name, equals, text = override.partition("=")
    key = tuple(part.strip() for part in name.split("."))
    if not equals or not all(key):
        return [f"--set {override}: write it as KEY=VALUE, for example --set related.limit=3"]
    for depth, part in enumerate(key[:-1], 1):
        if not isinstance(values.get(part), dict):
            values[part] = {}
            places[key[:depth]] = f"--set {name}"
        values = values[part]
    values[key[-1]] = _parse_value(text)
    places[key] = f"--set {name}"
    return []


def _parse_value(text: str) -> Any:
    """Lists, tables and quoted text are read as TOML; anything else stays text, which the setting reads."""
    if not text.startswith(("[", "{", '"', "'")):
        return text
    try:
        return read_toml(f"value = {text}")["value"]
    except TomlError:
        return text


@functools.cache
def _known_names() -> set[str]:
    """The names of all settings and of their sections."""
    names = {setting.name for setting in describe_settings()}
    return names | {name.rpartition(".")[0] for name in names if "." in name}


def _explain(error: ValidationError, values: Mapping[str, Any], places: Mapping[Key, str]) -> list[str]:
    """One line for each setting that is wrong."""
    names = _known_names()
    reasons: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False):
        # pydantic's location goes on into unions and lists; an entry of a table is no setting of its own
        key = _written(values, tuple(map(str, problem["loc"])))
        if problem["type"] == "extra_forbidden":
            section = problem["input"] if isinstance(problem["input"], dict) else {}
            for unknown in [(*key, name) for name in section] or [key]:
                dotted, place = ".".join(unknown), _place(unknown, places)
                reasons[f"{place}: there is no setting {shown(dotted)}; {_nearest(dotted, names)}"] = []
        else:
            message = f"{problem['msg'][:1].lower()}{problem['msg'][1:]}"
            value = shown(repr(problem.get("input")), 100)
            wrong = f"{_place(key, places)}: {shown('.'.join(key))} = {value} does not fit: "
            reasons.setdefault(wrong, []).append(message)
    return [what + " or ".join(dict.fromkeys(messages)) for what, messages in reasons.items()]


def _written(values: Any, location: Key) -> Key:
    """The part of a location that stands in the settings as they were written."""
    for depth, part in enumerate(location):
        if not isinstance(values, Mapping) or part not in values:
            return location[:depth]
        values = values[part]
    return location


def _place(key: Key, places: Mapping[Key, str]) -> str:
    """Where a setting stands, or the innermost section of it whose place is known."""
    return next(places[key[:length]] for length in range(len(key), -1, -1) if key[:length] in places)


def _nearest(wrong: str, names: set[str]) -> str:
    last = wrong.rpartition(".")[2]
    same = [name for name in sorted(names) if name.rpartition(".")[2] == last]
    near = difflib.get_close_matches(wrong, same or sorted(names), n=1, cutoff=0.0 if same else 0.5)
    return f"did you mean {near[0]}?" if near else "see the list of settings in the documentation"
