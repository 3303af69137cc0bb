"""Hugo's settings: names in any case, in one file or split up in `config/_default/`; folders of content, cascades."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enishi import files
from enishi.generators.base import first_file
from enishi.generators.settings import MAX_TEXT, SettingsFile
from enishi.reading.globs import matches_any
from enishi.reading.source import TOLERANT_DIALECT, read_source

NAMES = ("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json")
OLD_NAMES = ("config.toml", "config.yaml", "config.yml", "config.json")
CONFIG_FOLDER = "config/_default"
_MAX_CASCADES = 1_000
_MAX_SECTION_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """A folder of content."""

    folder: str
    """Relative to the site, POSIX."""
    target: str = ""
    """Where Hugo sees it, below its `content`."""
    language: str = ""
    """As the settings call it; empty where they name none for the folder."""
    locale: str = ""
    """The same as a language tag."""

    def holds(self, path: str) -> bool:
        return path.startswith(f"{self.folder}/")


@dataclass(frozen=True, slots=True)
class Cascade:
    """Front matter that pages below a section inherit."""

    folder: str
    """Of the section, relative to the site; empty for all."""
    values: Mapping[str, Any]
    targets: tuple[str, ...] = ()
    """Globs of logical paths (`/posts/a`) that it is for; none for all."""

    def reaches(self, path: str, content: Content) -> bool:
        """Whether it is for the page of a file in `content`."""
        logical = posixpath.join("/", content.target, posixpath.splitext(path.removeprefix(f"{content.folder}/"))[0])
        is_below = not self.folder or path.startswith(f"{self.folder}/")
        return is_below and (not self.targets or matches_any(self.targets, logical.removesuffix("/index").lower()))


class HugoSettings:
    """What a site's settings say."""

    def __init__(self, root: Path, file: SettingsFile) -> None:
        self.root, self.file = root, file

    def text(self, key: str) -> str:
        return self.file.text(self.file.spelled(key))

    def flag(self, key: str) -> bool:
        return self.file.flag(self.file.spelled(key), False)

    def table(self, key: str) -> dict[str, Any]:
        """A table of the settings, or of a file of its own; its keys as they are written."""
        value = self.file.raw(self.file.spelled(key))
        if value is None:
            name = first_file(
                self.root, [f"{CONFIG_FOLDER}/{key.lower()}.{end}" for end in ("toml", "yaml", "yml", "json")]
            )
            own = SettingsFile(self.root, name)
            self.file.problems += own.problems
            value = own.all()
        return dict(value) if isinstance(value, Mapping) else {}

    def languages(self) -> dict[str, dict[str, Any]]:
        """The options of each language, by lower-case names."""
        given = self.table("languages")
        return {key: _lower(value) for key, value in given.items() if isinstance(value, dict)}

    def permalinks(self) -> dict[str, str]:
        """Section -> pattern."""
        given = self.table("permalinks")
        pages = given.get("page")
        patterns = pages if isinstance(pages, dict) else given
        return {key: value for key, value in patterns.items() if isinstance(value, str) and len(value) <= MAX_TEXT}

    @property
    def content_folder(self) -> str:
        return self.file.folder(self.file.spelled("contentDir"), "content")

    def content(self) -> tuple[Content, ...]:
        """By the mounts of `module`, else by each language's own folder, else the one folder."""
        languages = self.languages()
        locales = {key.lower(): str(o.get("locale") or o.get("languagecode") or key) for key, o in languages.items()}
        mounts = _lower(self.table("module")).get("mounts")
        found = [
            Content(source, target, key, locales.get(key.lower(), ""))
            for mount in (mounts if isinstance(mounts, list) else [])
            for source, target, key in _content_mount(mount)
        ]
        default = (self.text("defaultContentLanguage") or "en").lower()
        if not found:
            own = {key: _inside(options.get("contentdir")) for key, options in languages.items()}
            found = [Content(folder, "", key, locales[key.lower()]) for key, folder in own.items() if folder]
            if not own or not all(own.values()):
                found.append(Content(self.content_folder, "", default if default in locales else "", ""))
        return tuple(dict.fromkeys(found))

    def cascades(self, content: tuple[Content, ...]) -> tuple[Cascade, ...]:
        """Of the settings and of all `_index` files, from the outermost to the innermost."""
        found = [*_cascades("", {"cascade": self.file.raw(self.file.spelled("cascade"))})]
        for folder in dict.fromkeys(one.folder for one in content):
            for current, folders, names in os.walk(self.root / folder):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    if name.startswith("_index.") and len(found) < _MAX_CASCADES:
                        section = Path(current).relative_to(self.root).as_posix()
                        found += _cascades(section, _front_matter(Path(current, name)))
        return tuple(sorted(found, key=lambda one: one.folder.count("/") + bool(one.folder)))


def _front_matter(file: Path) -> Mapping[str, Any]:
    try:
        data = b"" if file.is_symlink() else files.read_start(file, _MAX_SECTION_BYTES)
    except OSError:
        return {}
    return read_source(data, TOLERANT_DIALECT).meta if b"cascade" in data else {}


def _cascades(folder: str, meta: Mapping[str, Any]) -> Iterator[Cascade]:
    """A table of values, or several, each with a `target`; those for lists of posts are passed over."""
    given = meta.get("cascade")
    for values in given if isinstance(given, list) else [given]:
        if not isinstance(values, dict):
            continue
        target = _lower(values.get("target") or values.get("_target") or {})
        paths = target.get("path") or ()
        if target.get("kind") in (None, "page", "{page}"):
            patterns = tuple(str(path) for path in (paths if isinstance(paths, list) else [paths] if paths else []))
            own = {key: value for key, value in values.items() if key not in ("target", "_target", "cascade")}
            yield Cascade(folder, own, patterns)


def _content_mount(mount: Any) -> Iterator[tuple[str, str, str]]:
    """Folder, target below `content` and language of a mount of content inside the site."""
    options = _lower(mount)
    source, target = _inside(options.get("source")), str(options.get("target") or "").strip("/")
    if source and (target == "content" or target.startswith("content/")):
        languages = options.get("lang") or _lower(_lower(options.get("sites")).get("matrix")).get("languages") or ""
        for language in languages if isinstance(languages, list) else [languages]:
            yield source, target.removeprefix("content").strip("/"), str(language)


def _inside(folder: Any) -> str:
    """A relative POSIX path below the site; empty for anything else."""
    text = posixpath.normpath(folder.replace("\\", "/")) if isinstance(folder, str) and folder else ""
    return "" if text.startswith(("/", "..")) or ":" in text or len(text) > MAX_TEXT else text


def _lower(value: Any) -> dict[str, Any]:
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}
