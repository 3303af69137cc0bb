"""Hugo: `content/section/name.md` or page bundles, in one folder or one a language, settings in `hugo.toml`."""

from __future__ import annotations

import csv
import io
import json
import os
import posixpath
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from enishi.errors import Diagnostic
from enishi.generators import hugo_setup
from enishi.generators.base import MARKDOWN_SUFFIXES, Generator, Site, first_file
from enishi.generators.hugo_settings import CONFIG_FOLDER, NAMES, OLD_NAMES, Cascade, Content, HugoSettings
from enishi.generators.post import Address, PostRules, fill, is_path
from enishi.generators.setup import Setup
from enishi.reading import dates
from enishi.reading.frontmatter import FrontMatter
from enishi.types import Post, Status

_EXPIRY_KEYS = ("expirydate", "unpublishdate")
_PUBLISH_KEYS = ("publishdate", "pubdate", "published")


@dataclass(frozen=True, slots=True)
class HugoSite(Site):
    """A Hugo site."""

    permalinks: Mapping[str, str] = field(default_factory=dict)
    """Section -> pattern of its addresses."""
    content: tuple[Content, ...] = ()
    """The folders of `post_folders`, as what they are mounted."""
    cascades: tuple[Cascade, ...] = ()
    default_language: str = "en"
    default_in_subfolder: bool = False
    expired: bool = False
    """Whether posts are published after their expiry date."""

    def content_of(self, path: str) -> Content:
        """The innermost folder of content that a path lies in."""
        holding = [one for one in self.content if one.holds(path)]
        return max(holding, key=lambda one: len(one.folder), default=Content(self.source_dir))

    def language_key(self, path: str) -> str:
        """The language of a file by its name or its folder, as the settings call it; empty for a site of one."""
        named = posixpath.basename(path).split(".")[-2:-1]
        by_name = next((key for key in self.languages if [key.lower()] == [name.lower() for name in named]), "")
        return by_name or self.content_of(path).language


class HugoRules(PostRules[HugoSite]):
    """Front matter with what sections above hand down (`cascade`), and Hugo's three dates."""

    def __init__(self, path: str, front: FrontMatter, site: HugoSite, now: datetime) -> None:
        given: dict[str, Any] = {}
        for cascade in site.cascades:
            if cascade.reaches(path, site.content_of(path)):
                given |= cascade.values
        super().__init__(path, replace(front, meta={**given, **front.meta}) if given else front, site, now)

    def status(self, date: datetime | None) -> Status:
        """By `draft`, by the dates of publication and expiry, and by `build`."""
        status = super().status(None)
        is_plain_html = not self.front.meta and not self.path.lower().endswith(MARKDOWN_SUFFIXES)
        if status == "published" and (is_plain_html or not _is_built(self.values)):
            return "unpublished"
        expiry = moment(self.values, _EXPIRY_KEYS, self.site)
        if status == "published" and expiry is not None and expiry <= self.now and not self.site.expired:
            return "unpublished"
        published = moment(self.values, _PUBLISH_KEYS, self.site)
        return self.published_or_future(published or date) if status == "published" else status

    def language(self) -> tuple[str, str]:
        """Also by the folder of content."""
        lang, key = super().language()
        of_folder = self.site.content_of(self.path).locale
        return (of_folder if of_folder and lang == self.site.language else lang), key


class Hugo(Generator[HugoSite]):
    """https://gohugo.io/documentation/"""

    name = "hugo"
    label = "a Hugo site"
    settings_files = (*NAMES, *OLD_NAMES, *(f"{CONFIG_FOLDER}/{name}" for name in (*NAMES, *OLD_NAMES)))
    rules = HugoRules
    static_folders = ("static", "assets")
    output_folders = ("public",)
    shown_by = '{{ partial "enishi.html" . }} below {{ .Content }} in the theme\'s single.html'
    mixes_pages = True

    def recognises(self, root: Path) -> bool:
        """By its settings; the old names, which other programs use too, only beside a folder `content`."""
        if first_file(root, NAMES) or (root / CONFIG_FOLDER).is_dir():
            return True
        return first_file(root, OLD_NAMES) != "" and (root / "content").is_dir()

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://gohugo.io/configuration/all/"""
        settings = HugoSettings(root, self.open_settings(root))
        content = settings.content()
        languages = settings.languages()
        site = HugoSite(
            root=root,
            generator=self,
            post_folders=tuple(dict.fromkeys(one.folder for one in content)),
            url=settings.text("baseURL").rstrip("/"),
            root_path=settings.file.root_path(settings.file.spelled("baseURL")),
            permalinks=settings.permalinks(),
            source_dir=settings.content_folder,
            suffixes=(*MARKDOWN_SUFFIXES, ".html", ".htm"),
            future=settings.flag("buildFuture"),
            timezone=settings.file.timezone(settings.file.spelled("timeZone")),
            language=settings.text("locale")
            or settings.text("languageCode")
            or settings.text("defaultContentLanguage"),
            languages=tuple(sorted(languages)),
            settings_file=settings.file.name,
            content=content,
            cascades=settings.cascades(content),
            default_language=settings.text("defaultContentLanguage") or "en",
            default_in_subfolder=settings.flag("defaultContentLanguageInSubdir"),
            expired=settings.flag("buildExpired"),
        )
        return site, settings.file.problems

    def is_post(self, site: HugoSite, path: str, post_folder: str) -> bool | Diagnostic:
        """`_index.md` describes a list of posts, and what lies beside an `index.md` belongs to that post."""
        folder, name = posixpath.split(path)
        if _is_list_of_posts(path) or (not name.startswith("index.") and _is_in_bundle(site, folder, post_folder)):
            return False
        return super().is_post(site, path, post_folder)

    def as_manifest(self, site: HugoSite, text: str, now: datetime) -> str:
        """What `hugo list all` prints, as a manifest."""
        if not text.startswith("path,slug,title,"):
            return text
        rows = csv.DictReader(io.StringIO(text))
        return json.dumps([_listed(site, row, now) for row in rows if not _is_list_of_posts(row["path"])])

    def turning_points(self, site: HugoSite, post: Post) -> Iterator[datetime | None]:
        """The dates of publication and of expiry."""
        values = {key.lower(): value for key, value in post.front_matter.items()}
        if not site.future:
            yield moment(values, _PUBLISH_KEYS, site) or post.date
        if not site.expired:
            yield moment(values, _EXPIRY_KEYS, site)

    def address(self, site: HugoSite, address: Address) -> str | None:
        """https://gohugo.io/content-management/urls/"""
        key = site.language_key(address.path) if site.languages else ""
        is_default = key.lower() == site.default_language.lower() and not site.default_in_subfolder
        prefix = "" if not key or is_default else f"{key.lower()}/"
        given, slug = address.meta.get("url"), address.meta.get("slug")
        if is_path(given):
            path = str(given) if str(given).startswith("/") else prefix + str(given)
            return path if posixpath.splitext(path)[1] or path.endswith("/") else f"{path}/"
        mounted = posixpath.join(site.content_of(address.path).target, address.relative)
        parts = [part for part in posixpath.dirname(mounted).split("/") if part]
        stem = posixpath.splitext(posixpath.basename(mounted))[0]
        stem = stem.removesuffix(f".{key}") if key else stem
        if stem == "index" and parts:
            stem = parts.pop()
        file_name = _name(re.sub(r"\s", "-", stem))
        name = _name(slug).strip("-") if isinstance(slug, str) and slug else file_name
        sections = [_name(re.sub(r"\s", "-", part)) for part in parts]
        pattern = site.permalinks.get(parts[0] if parts else "", "")
        if not pattern:
            return prefix + "/".join([*sections, name, ""]) if name else "/"
        title = _name(address.title.replace("/", "-").replace("+", " "))
        values = {"section": sections[0] if sections else "", "sections": "/".join(sections), "title": title}
        values |= {"slug": name if slug else title, "filename": file_name, "contentbasename": file_name}
        values |= {"slugorcontentbasename": name, "slugorfilename": name}
        filled = fill(pattern, values, address.date)
        return None if filled is None else prefix + filled.lstrip("/")

    def setup(self, site: HugoSite) -> Setup:
        """The module in `themes/`, its import, the data file, and the line in the template of a post."""
        return hugo_setup.setup(site.root, site.settings_file, HugoSettings(site.root, self.open_settings(site.root)))


def moment(values: Mapping[str, Any], keys: tuple[str, ...], site: Site) -> datetime | None:
    """The first date that can be read among some keys in lower case; to Hugo, one of the year 1 is none."""
    read = (dates.parse(values.get(key), site.timezone) for key in keys)
    return next((date for date in read if date is not None and date.year > 1), None)


def _listed(site: HugoSite, row: Mapping[str, str | None], now: datetime) -> dict[str, object]:
    """One line of `hugo list all`."""
    values = {key.lower(): value or "" for key, value in row.items() if key}
    published, expiry = moment(values, ("publishdate",), site), moment(values, ("expirydate",), site)
    is_current = (site.future or published is None or published <= now) and (
        site.expired or expiry is None or expiry > now
    )
    address = values.get("permalink", "").removeprefix(site.url.removesuffix(site.root_path.rstrip("/")))
    is_published = values.get("draft") != "true" and is_current and bool(address)
    return {"source": values["path"], "url": address, "published": is_published}


def _is_list_of_posts(path: str) -> bool:
    return posixpath.basename(path.replace("\\", "/")).startswith("_index.")


def _is_built(values: Mapping[str, Any]) -> bool:
    """Whether `build` (once `_build`) lets the post have a page and stand in lists; `headless` ones have neither."""
    build = values.get("build", values.get("_build"))
    options = build if isinstance(build, dict) else {}
    never = {options.get("render", "always"), options.get("list", "always")} & {"never", "link", "local", False}
    return not never and values.get("headless") is not True


def _is_in_bundle(site: HugoSite, folder: str, post_folder: str) -> bool:
    """Whether the folder, or one above it in the folder of posts, holds an `index.md`."""
    while folder.startswith(f"{post_folder}/"):
        names = (f"{site.root}/{folder}/index{suffix}" for suffix in (".md", ".html", ".markdown"))
        if any(map(os.path.isfile, names)):  # a Path for each of thousands costs more than to look
            return True
        folder = posixpath.dirname(folder)
    return False


def _name(text: str) -> str:
    """Lower case, letters and digits of any script, few signs, one dash for blanks."""
    kept = (
        c for c in text.lower() if c in "./_-#+~@" or c.isspace() or unicodedata.category(c)[0] in "LM" or c.isdigit()
    )
    return re.sub(r"\s+", "-", "".join(kept).strip())
