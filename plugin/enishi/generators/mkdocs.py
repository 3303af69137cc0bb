"""MkDocs, with or without the blog plugin of Material: `docs/`, settings in `mkdocs.yml`."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.errors import Diagnostic
from enishi.generators import setup
from enishi.generators.base import Generator, Site
from enishi.generators.post import Address, PostRules
from enishi.generators.settings import below
from enishi.generators.setup import Setup

if TYPE_CHECKING:
    from enishi.reading.frontmatter import FrontMatter


class MkDocsRules(PostRules[Site]):
    """Material's blog takes several dates."""

    def __init__(self, path: str, front: FrontMatter, site: Site, now: datetime) -> None:
        super().__init__(path, front, site, now)
        dates = self.values.get("date")
        if isinstance(dates, dict):  # https://squidfunk.github.io/mkdocs-material/plugins/blog/#meta.date
            self.values = {**self.values, "date": dates.get("created")}


class MkDocs(Generator[Site]):
    """https://www.mkdocs.org/, https://squidfunk.github.io/mkdocs-material/plugins/blog/"""

    name = "mkdocs"
    label = "an MkDocs site"
    settings_files = ("mkdocs.yml", "mkdocs.yaml")
    title_key = "site_name"
    rules = MkDocsRules
    output_folders = ("site",)
    shown_by = "`- enishi` below `plugins:` in mkdocs.yml"
    static_folders = ()

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://www.mkdocs.org/user-guide/configuration/; the permalink is how addresses end."""
        settings = self.open_settings(root)
        docs = settings.folder("docs_dir", "docs")
        theme = settings.raw("theme")
        language = theme.get("language") if isinstance(theme, dict) else ""
        blogs = _material_blogs(settings.raw("plugins"))
        site = Site(
            root=root,
            generator=self,
            post_folders=below(docs, *blogs) if blogs else (docs,),
            url=settings.text("site_url").rstrip("/"),
            root_path=settings.root_path("site_url"),
            permalink="/" if settings.flag("use_directory_urls", True) else ".html",
            source_dir=docs,
            language=language if isinstance(language, str) else "",
            settings_file=settings.name,
        )
        return site, settings.problems

    def setup(self, site: Site) -> Setup:
        """One word among the plugins."""
        settings = self.open_settings(site.root)
        has_blog = bool(_material_blogs(settings.raw("plugins")))
        change = setup.edit(
            site.root, site.settings_file, lambda text: _with_plugin(text, has_blog), "the list below each post"
        )
        is_done = _with_plugin(setup.read_text(site.root, site.settings_file) or "", has_blog) is not None
        return Setup(
            page="docs/mkdocs.md",
            installs=setup.pip_command("mkdocs"),
            edits=setup.edits(change),
            by_hand=() if is_done else (f"Write `- enishi` below `plugins:` in {site.settings_file}",),
            run=("mkdocs build",),
            public=settings.folder("site_dir", "site"),
        )

    def address(self, site: Site, address: Address) -> str | None:
        """Of a page by its path, of a post of the blog plugin by day and title."""
        folder = site.source_dir if site.source_dir != "." else ""
        ending = site.permalink or "/"
        if folder and site.post_folders != (folder,) and address.date is not None:
            slug = address.meta.get("slug")
            name = slug if isinstance(slug, str) and slug else _slug(address.title or address.slug)
            posts = max((f for f in site.post_folders if address.path.startswith(f"{f}/")), key=len, default="")
            blog = posixpath.dirname(posts).removeprefix(folder).strip("/")
            return posixpath.join(blog, f"{address.date:%Y/%m/%d}", name) + ending
        stem = posixpath.splitext(address.path.removeprefix(f"{folder}/" if folder else ""))[0]
        if posixpath.basename(stem) in ("index", "README"):
            return posixpath.dirname(stem) + "/"
        return stem + ending


def _with_plugin(text: str, has_blog: bool) -> str | None:
    """Settings with the plugin, for all pages where there is no blog; without a list, MkDocs has search alone."""
    changed = setup.with_yaml_item(text, "plugins", "search" if not re.search(r"(?m)^plugins:", text) else "enishi")
    if changed is not None and changed != text and not re.search(r"(?m)^plugins:", text):
        changed = setup.with_yaml_item(changed, "plugins", "enishi")
    if changed is None or changed == text or has_blog:
        return changed
    start = next(place for place, (one, other) in enumerate(zip(text + " ", changed, strict=False)) if one != other)
    return changed[:start] + changed[start:].replace("enishi", "enishi: {all_pages: true}", 1)


def _slug(title: str) -> str:
    """https://facelessuser.github.io/pymdown-extensions/extras/slugs/, in small letters, as Material's blog has it."""
    text = re.sub(r"<[^>]*>", "", unicodedata.normalize("NFC", title)).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _material_blogs(plugins: Any) -> list[str]:
    """Folders of posts of Material's blog plugin below `docs_dir`; none if it is not used."""
    found = []
    for plugin in plugins if isinstance(plugins, list) else [plugins]:
        options = plugin if isinstance(plugin, dict) else {plugin: None} if isinstance(plugin, str) else {}
        for name in ("blog", "material/blog"):
            if name in options:
                given = options[name]
                values = given if isinstance(given, dict) else {}
                folder, posts = (values.get("blog_dir", "blog"), values.get("post_dir", "{blog}/posts"))
                if isinstance(folder, str) and isinstance(posts, str) and ".." not in f"{folder}/{posts}":
                    found.append(posixpath.normpath(posts.replace("{blog}", folder)))
    return found
