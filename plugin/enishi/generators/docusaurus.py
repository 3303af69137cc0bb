"""Docusaurus: the blog plugin's posts in `blog/`; of its settings, a program, only literals are read."""

from __future__ import annotations

import posixpath
import re
from datetime import datetime
from pathlib import Path

from enishi.errors import Diagnostic
from enishi.generators import setup
from enishi.generators.base import Generator, Site, depends_on
from enishi.generators.post import Address, PostRules
from enishi.generators.setup import Setup
from enishi.types import Status

_PACKAGE = "docusaurus-plugin-enishi"
_DATED = re.compile(r"(?P<folder>.*)(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2})[-/]?(?P<name>.*?)(?:/index)?\Z")
_OPENING = r"(?:\bconfig\b[^=\n]*=\s*|export default |module\.exports\s*=\s*)\{"


class _Rules(PostRules[Site]):
    def status(self, date: datetime | None) -> Status:
        """A post that is `unlisted` has a page, and is in no list."""
        return "unpublished" if self.meta.get("unlisted") is True else super().status(date)


class Docusaurus(Generator[Site]):
    """https://docusaurus.io/docs/blog"""

    name = "docusaurus"
    label = "a Docusaurus site"
    settings_files = tuple(f"docusaurus.config.{ending}" for ending in ("ts", "js", "mjs", "cjs", "mts", "cts"))
    other_files = ("package.json",)
    post_folders = ("blog",)
    rules = _Rules
    static_folders = ("static",)
    output_folders = ("build", ".docusaurus")
    shown_by = "npm install docusaurus-plugin-enishi, and its name among the plugins in docusaurus.config"

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://docusaurus.io/docs/api/docusaurus-config"""
        settings = self.open_settings(root)
        language = settings.text("defaultLocale")
        translated = sorted(
            folder.relative_to(root).as_posix() for folder in root.glob("i18n/*/docusaurus-plugin-content-blog")
        )
        site = Site(
            root=root,
            generator=self,
            post_folders=(*self.post_folders, *translated),
            url=settings.text("url").rstrip("/"),
            root_path=settings.root_path("", settings.text("baseUrl", "/")),
            suffixes=(".md", ".mdx"),
            language="" if language == "en" else language,  # what every new site has, in whatever it is written
            settings_file=settings.name,
        )
        return site, settings.problems

    def is_post(self, site: Site, path: str, post_folder: str) -> bool | Diagnostic:
        """What begins with `_` is a part of other pages."""
        return not posixpath.basename(path).startswith("_")

    def address(self, site: Site, address: Address) -> str | None:
        """By `slug`, else by the file, whose date becomes folders."""
        slug = address.meta.get("slug")
        if isinstance(slug, str) and slug:
            return posixpath.join("blog", slug.lstrip("/"))
        stem = posixpath.splitext(address.relative)[0]
        found = _DATED.match(stem)
        if found is None:
            return posixpath.join("blog", stem.removesuffix("/index"))
        return posixpath.join("blog", found["date"].replace("-", "/"), found["folder"] + found["name"])

    def setup(self, site: Site) -> Setup:
        """The package, and its name among the plugins."""

        def with_plugin(text: str) -> str | None:
            return setup.with_javascript_item(text, "plugins", f"'{_PACKAGE}'", _OPENING)

        done = setup.edit(site.root, site.settings_file, with_plugin, "the list below each post")
        text = setup.read_text(site.root, site.settings_file) if site.settings_file else ""
        by_hand = f"In docusaurus.config, add '{_PACKAGE}' to the plugins"
        return Setup(
            page="plugin/docusaurus-plugin-enishi/README.md",
            installs=() if depends_on(site.root, _PACKAGE) else (setup.package_command(site.root, _PACKAGE),),
            edits=setup.edits(done),
            by_hand=() if done or _PACKAGE in (text or "") else (by_hand,),
            run=("npx docusaurus build",),
            public="build",
        )
