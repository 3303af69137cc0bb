"""Hugo: `content/section/name.md` or page bundles, settings in `hugo.toml`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from enishi.errors import Diagnostic
from enishi.generators.base import Generator, Site, first_file
from enishi.generators.post import Address, fill, is_path
from enishi.generators.settings import MAX_TEXT

_NAMES = ("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json")
_OLD_NAMES = ("config.toml", "config.yaml", "config.yml", "config.json")


@dataclass(frozen=True, slots=True)
class HugoSite(Site):
    """A Hugo site."""

    permalinks: Mapping[str, str] = field(default_factory=dict)
    """Section -> pattern of its addresses."""


class Hugo(Generator[HugoSite]):
    """https://gohugo.io/documentation/"""

    name = "hugo"
    label = "a Hugo site"
    settings_files = (*_NAMES, *_OLD_NAMES, *(f"config/_default/{name}" for name in (*_NAMES, *_OLD_NAMES)))
    data_folders = ("data",)
    static_folders = ("static", "assets")
    output_folders = ("public",)

    def recognises(self, root: Path) -> bool:
        """By its settings; the old names, which other programs use too, only beside a folder `content`."""
        if first_file(root, _NAMES) or (root / "config" / "_default").is_dir():
            return True
        return first_file(root, _OLD_NAMES) != "" and (root / "content").is_dir()

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://gohugo.io/configuration/all/"""
        settings = self.open_settings(root)
        key = "baseURL" if settings.text("baseURL") else "baseurl"
        permalinks = settings.raw("permalinks")
        if isinstance(permalinks, dict) and isinstance(permalinks.get("page"), dict):
            permalinks = permalinks["page"]
        patterns = permalinks.items() if isinstance(permalinks, dict) else ()
        languages = settings.raw("languages")
        content = settings.folder("contentDir", "content")
        site = HugoSite(
            root=root,
            generator=self,
            post_folders=(content,),
            url=settings.text(key).rstrip("/"),
            root_path=settings.root_path(key),
            permalinks={section: pattern for section, pattern in patterns if _is_pattern(pattern)},
            source_dir=content,
            future=settings.flag("buildFuture", False),
            timezone=settings.timezone("timeZone"),
            language=settings.text("languageCode") or settings.text("defaultContentLanguage"),
            languages=tuple(sorted(languages)) if isinstance(languages, dict) else (),
            settings_file=settings.name,
        )
        return site, settings.problems

    def is_post(self, site: HugoSite, path: str, post_folder: str) -> bool | Diagnostic:
        """`_index.md` describes a list of posts."""
        return not posixpath.basename(path).startswith("_index.") and super().is_post(site, path, post_folder)

    def address(self, site: HugoSite, address: Address) -> str | None:
        """https://gohugo.io/content-management/urls/"""
        given, slug = address.meta.get("url"), address.meta.get("slug")
        if is_path(given):
            return str(given)
        parts = [part for part in posixpath.dirname(address.relative).split("/") if part]
        if posixpath.basename(address.relative).startswith("index.") and parts:
            parts.pop()
        file_name = _name(_file_stem(address.relative))
        name = slug if isinstance(slug, str) and slug else file_name
        pattern = site.permalinks.get(parts[0] if parts else "", "")
        if not pattern:
            return "/".join([*map(_name, parts), name, ""]) if name else "/"
        title = _name(address.title.replace("/", "-"))
        sections = [*map(_name, parts)]
        values = {"section": sections[0] if sections else "", "sections": "/".join(sections), "title": title}
        values |= {"slug": name if slug else title, "filename": file_name, "contentbasename": file_name}
        values |= {"slugorcontentbasename": name, "slugorfilename": name}
        return fill(pattern, values, address.date)


def _is_pattern(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _name(name: str) -> str:
    return re.sub(r"[\s]+", "-", re.sub(r"[^\w\s./-]", "", name.lower())).strip("-")


def _file_stem(relative: str) -> str:
    """The file's name without extension; the folder's for index.md."""
    stem = posixpath.basename(relative).split(".", 1)[0]
    if stem in ("index", "_index"):
        return posixpath.basename(posixpath.dirname(relative)) or stem
    return stem
