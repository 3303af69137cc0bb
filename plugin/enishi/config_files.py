"""Reading the settings: from which file, from ``--set``, and all that is wrong with them in one report.

They come from the first of ``enishi.toml``, ``[tool.enishi]`` in ``pyproject.toml`` and ``enishi:`` in Hexo's
``_config.yml``, or from the file given by ``--config``; ``--set KEY=VALUE`` overrides single ones.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from enishi.config import Settings, describe_settings
from enishi.errors import Diagnostic, SettingsError, Severity

_MAX_BYTES = 1024 * 1024
"""The largest file of settings that is read; the file may come with an untrusted repository."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of settings: its values, and the lines that they stand on."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int]

    def place(self, key: tuple[str, ...]) -> str:
        """Where a setting stands, or the section that it is in: ``enishi.toml:3``."""
        for length in range(len(key), 0, -1):
            line = self.lines.get(key[:length])
            if line:
                return f"{self.name}:{line}"
        return self.name


def load_settings(
    site: Path, *, config_file: Path | None = None, overrides: Sequence[str] = ()
) -> tuple[Settings, list[Diagnostic]]:
    """The settings of a site, and a warning for each file whose settings are ignored.

    `overrides` are ``KEY=VALUE`` with dotted keys; lists, tables and quoted text are read as TOML.

    Raises:
        SettingsError: names every wrong setting, where it stands, and the setting that was probably meant.
    """
    sources = [_read_file(config_file, config_file.name)] if config_file else _find_sources(site)
    problems: list[str] = []
    places: dict[tuple[str, ...], str] = {}
    merged: dict[str, Any] = {}
    for source in sources[:1]:
        _merge(merged, source.values, (), source, places)
    for override in overrides:
        _apply_override(merged, override, places, problems)
    settings = Settings()
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        problems += _explain(error, places)
    if problems:
        raise SettingsError("\n".join(["These settings are wrong:", *(f"  {line}" for line in problems)]))
    ignored = [
        Diagnostic(
            source.name,
            min(source.lines.values(), default=0),
            "settings-ignored",
            Severity.WARNING,
            f"these settings are not used, because {sources[0].name} has settings, too; keep them in one file",
        )
        for source in sources[1:]
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
    sources = []
    if (site / "enishi.toml").is_file():
        sources.append(_read_file(site / "enishi.toml", "enishi.toml"))
    if (site / "pyproject.toml").is_file() and "enishi" in _text(site / "pyproject.toml"):
        source = _read_toml(site / "pyproject.toml", "pyproject.toml", ("tool", "enishi"))
        if source.values:
            sources.append(source)
    for name in ("_config.yml", "_config.yaml"):
        if (site / name).is_file() and "enishi" in _text(site / name):
            source = _read_yaml(site / name, name)
            # settings of the Hexo plugin alone, beside a file of our own, are no second file of settings
            if set(source.values) - {"hexo"} or (source.values and not sources):
                sources.append(source)
    return sources


def _read_file(file: Path, name: str) -> _Source:
    if file.suffix in {".yml", ".yaml"}:
        return _read_yaml(file, name)
    table = ("tool", "enishi") if file.name == "pyproject.toml" else ()
    return _read_toml(file, name, table)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise SettingsError(f"{file.name} is larger than {_MAX_BYTES // 1024 // 1024} MB, so it is not read")
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read: {error}") from error


def _read_toml(file: Path, name: str, table: tuple[str, ...]) -> _Source:
    text = _text(file)
    try:
        values: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{name} is not valid TOML: {error}") from error
    for key in table:
        values = values.get(key, {}) if isinstance(values, dict) else {}
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: {'.'.join(table)} has to be a table")
    lines = {key[len(table) :]: line for key, line in _toml_lines(text) if key[: len(table)] == table}
    return _Source(name, values, lines)


def _toml_lines(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Line numbers of the keys of a TOML text: good enough for messages, not a parser."""
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            section = _toml_key(header[1])
            yield section, number
        elif "=" in line and re.fullmatch(r"[\w\"'.\s-]+", key := line.partition("=")[0]):
            yield section + _toml_key(key), number


def _toml_key(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _read_yaml(file: Path, name: str) -> _Source:
    import yaml

    try:
        root = yaml.compose(_text(file), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise SettingsError(f"{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(root, yaml.MappingNode):
        return _Source(name, {}, {})
    for key, node in root.value:
        if key.value == "enishi" and isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, ...], int] = {(): key.start_mark.line + 1}
            return _Source(name, _yaml_value(node, (), lines, _Budget()), lines)
    return _Source(name, {}, {})


class _Budget:
    """How many values may still be read: YAML aliases can make billions of them from a few lines."""

    left = 100_000

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise SettingsError("the `enishi:` settings in _config.yml hold too many values")


def _yaml_value(node: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int], budget: _Budget) -> Any:
    """A YAML node as a plain value.

    Scalars stay text, because the setting says whether it is a number or a boolean: ``language: no`` is Norwegian,
    and a tag may be called 2024.
    """
    import yaml

    budget.spend()
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


def _merge(
    into: dict[str, Any],
    values: Mapping[str, Any],
    path: tuple[str, ...],
    source: _Source,
    places: dict[tuple[str, ...], str],
) -> None:
    for key, value in values.items():
        inner = (*path, str(key))
        places[inner] = source.place(inner)
        if value is None and ".".join(inner) in _known_names():
            continue  # a name with nothing after it in YAML is not set
        if isinstance(value, Mapping):
            section = into.setdefault(str(key), {})
            if isinstance(section, dict):
                _merge(section, value, inner, source, places)
                continue
        into[str(key)] = value


def _apply_override(
    into: dict[str, Any], override: str, places: dict[tuple[str, ...], str], problems: list[str]
) -> None:
    name, equals, text = override.partition("=")
    key = tuple(part.strip() for part in name.split("."))
    if not equals or not all(key):
        problems.append(f"--set {override}: write it as KEY=VALUE, for example --set related.limit=3")
        return
    for depth, part in enumerate(key[:-1], 1):
        section = into.setdefault(part, {})
        if not isinstance(section, dict):
            section = into[part] = {}
            places[key[:depth]] = f"--set {name}"
        into = section
    into[key[-1]] = _parse_value(text)
    places[key] = f"--set {name}"


def _parse_value(text: str) -> Any:
    """Lists, tables and quoted text are read as TOML; anything else stays text, which the setting reads."""
    if not text.startswith(("[", "{", '"', "'")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _known_names() -> set[str]:
    """The names of all settings and of their sections."""
    names = {setting.name for setting in describe_settings()}
    return names | {name.rpartition(".")[0] for name in names if "." in name}


def _explain(error: ValidationError, places: Mapping[tuple[str, ...], str]) -> list[str]:
    """One line for each setting that is wrong."""
    names = _known_names()
    reasons: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False):
        location = tuple(str(part) for part in problem["loc"])
        written = next((location[:n] for n in range(len(location), 0, -1) if location[:n] in places), ())
        place = places.get(written, "settings")
        key = max(_setting_in(location, names), written, key=len)  # an entry of a table is no setting of its own
        if problem["type"] == "extra_forbidden":
            section = problem["input"]
            inner = [(*key, str(name)) for name in section] if isinstance(section, Mapping) else []
            for unknown in inner or [key]:
                dotted = ".".join(unknown)
                message = f"there is no setting {dotted}; {_nearest(dotted, names)}"
                reasons[f"{places.get(unknown, place)}: {message}"] = []
        else:
            dotted = ".".join(key)
            message = f"{problem['msg'][:1].lower()}{problem['msg'][1:]}"
            reasons.setdefault(f"{place}: {dotted} = {problem.get('input')!r} does not fit: ", []).append(message)
    return [what + " or ".join(dict.fromkeys(messages)) for what, messages in reasons.items()]


def _nearest(wrong: str, names: set[str]) -> str:
    last = wrong.rpartition(".")[2]
    same = [name for name in sorted(names) if name.rpartition(".")[2] == last]
    near = difflib.get_close_matches(wrong, same or sorted(names), n=1, cutoff=0.0 if same else 0.5)
    return f"did you mean {near[0]}?" if near else "see the list of settings in the documentation"


def _setting_in(location: tuple[str, ...], names: set[str]) -> tuple[str, ...]:
    """The part of pydantic's location that is a setting: the rest leads into a union or a list."""
    settings = names - {name.rpartition(".")[0] for name in names}
    for length in range(len(location), 0, -1):
        if ".".join(location[:length]) in settings:
            return location[:length]
    return location
