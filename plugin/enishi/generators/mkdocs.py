"""MkDocs, with or without the blog plugin of Material: `docs/`, settings in `mkdocs.yml`."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from enishi.errors import Diagnostic
from enishi.generators.base import Generator, Site
from enishi.generators.post import Address, simple_slug
from enishi.generators.settings import below


class MkDocs(Generator[Site]):
    """https://www.mkdocs.org/, https://squidfunk.github.io/mkdocs-material/plugins/blog/"""

    name = "mkdocs"
    label = "an MkDocs site"
    settings_files = ("mkdocs.yml", "mkdocs.yaml")
    title_key = "site_name"
    static_folders = ()

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://www.mkdocs.org/user-guide/configuration/; the permalink is how addresses end."""
        settings = self.open_settings(root)
        docs = settings.folder("docs_dir", "docs")
        theme = settings.raw("theme")
        language = theme.get("language") if isinstance(theme, dict) else ""
        blog = _material_blog(settings.raw("plugins"))
        site = Site(
            root=root,
            generator=self,
            post_folders=below(docs, f"{blog}/posts") if blog else (docs,),
            url=settings.text("site_url").rstrip("/"),
            root_path=settings.root_path("site_url"),
            permalink="/" if settings.flag("use_directory_urls", True) else ".html",
            source_dir=docs,
            language=language if isinstance(language, str) else "",
            settings_file=settings.name,
        )
        return site, settings.problems

    def address(self, site: Site, address: Address) -> str | None:
        """Of a page by its path, of a post of the blog plugin by day and title."""
        folder = site.source_dir if site.source_dir != "." else ""
        ending = site.permalink or "/"
        if folder and site.post_folders != (folder,) and address.date is not None:
            slug = address.meta.get("slug")
            name = slug if isinstance(slug, str) and slug else simple_slug(address.title or address.slug)
            blog = posixpath.dirname(site.post_folders[0]).removeprefix(folder).strip("/")
            return posixpath.join(blog, f"{address.date:%Y/%m/%d}", name) + ending
        stem = posixpath.splitext(address.path.removeprefix(f"{folder}/" if folder else ""))[0]
        if posixpath.basename(stem) in ("index", "README"):
            return posixpath.dirname(stem) + "/"
        return stem + ending


def _material_blog(plugins: Any) -> str:
    """Folder of Material's blog plugin below `docs_dir`; empty if it is not used."""
    for plugin in plugins if isinstance(plugins, list) else [plugins]:
        options = plugin if isinstance(plugin, dict) else {plugin: None} if isinstance(plugin, str) else {}
        for name in ("blog", "material/blog"):
            if name in options:
                values = options[name]
                folder = values.get("blog_dir", "blog") if isinstance(values, dict) else "blog"
                return folder if isinstance(folder, str) and ".." not in folder else "blog"
    return ""
