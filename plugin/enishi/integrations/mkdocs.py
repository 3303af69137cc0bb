"""The plugin for MkDocs: the list below each post of Material's blog, or below every page; see docs/mkdocs.md."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from enishi.errors import EnishiError
from enishi.generators.mkdocs import MkDocs
from enishi.integrations.lists import STYLESHEET, SiteLists, root_of, stylesheet, with_links

log = get_plugin_logger("enishi")
_FOR_MATERIAL = """
/* Material indents all lists, and asks for more than one class to be told otherwise */
.md-typeset .enishi-related .enishi-list { display: grid; margin: 0 }
.md-typeset .enishi-related .enishi-entry { margin: 0 }
"""


class Options(Config):  # type: ignore[no-untyped-call]
    """What stands below `enishi:` among the plugins."""

    all_pages = config_options.Type(bool, default=False)
    inject = config_options.Type(bool, default=True)
    stylesheet = config_options.Type(bool, default=True)
    strict = config_options.Optional(config_options.Type(bool))


class EnishiPlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """Hands MkDocs' own list of pages over, and adds to each what came back."""

    def __init__(self) -> None:
        super().__init__()
        self._lists: SiteLists | None = None
        self._paths: dict[str, str] = {}

    def on_startup(self, **_: Any) -> None:
        """MkDocs keeps a plugin that has this for as long as it serves: what was told once is not told again."""

    def on_config(self, config: MkDocsConfig) -> None:
        """Name the stylesheet."""
        if self.config.stylesheet and STYLESHEET not in config.extra_css:
            config.extra_css.append(STYLESHEET)

    def on_files(self, files: Files, *, config: MkDocsConfig) -> None:
        """Add the stylesheet, unless the site has one of this name."""
        if self.config.stylesheet and files.get_file_from_path(STYLESHEET) is None:
            files.append(File.generated(config, STYLESHEET, content=stylesheet() + _FOR_MATERIAL))

    @event_priority(-100)
    def on_env(self, env: Any, *, config: MkDocsConfig, files: Files) -> None:
        """All pages are read, and none is written yet: bring the lists up to date."""
        del env
        root = Path(config.config_file_path or config.docs_dir).resolve().parent
        self._lists = self._lists or SiteLists(root, log.warning, strict=self.config.strict)
        docs = self._lists.path(config.docs_dir)
        pages = list(self._posts(files))
        if not pages:
            log.warning(
                "enishi: there are no posts of Material's blog plugin. For lists on all pages: `all_pages: true`"
            )
        self._paths = {page.file.src_uri: unicodedata.normalize("NFC", f"{docs}/{page.file.src_uri}") for page in pages}
        entries = [_entry(page, self._paths[page.file.src_uri], config) for page in pages]
        given = [page.file for page in pages if not _is_file_of(page.file, config)]
        texts = {self._paths[file.src_uri]: file.content_string for file in given}
        settings = {"generator": MkDocs.name, **({"posts": [docs]} if self.config.all_pages else {})}
        try:
            self._lists.update(entries, settings=settings, texts=texts)
        except EnishiError as error:
            raise PluginError(f"enishi: {error}") from error

    @event_priority(-100)
    def on_page_context(self, context: Any, *, page: Page, config: MkDocsConfig, **_: Any) -> Any:
        """Let the page end in its list.  The search index and the table of contents are made by now."""
        path = self._paths.get(page.file.src_uri)
        if path is None or self._lists is None:
            return context
        html = with_links(
            self._lists.html(path), root_of(config.site_url or ""), lambda rest: get_relative_url(rest, page.url)
        )
        context["enishi_partial"], context["enishi_related"] = html, self._lists.related(path)
        if self.config.inject and html:
            page.content = f"{page.content or ''}\n{html}"
        return context

    def _posts(self, files: Files) -> Iterator[Page]:
        """The pages that have a list: posts, or all but the blog's own lists of posts."""
        blog = sys.modules.get("material.plugins.blog.structure")  # there if the plugin is used
        post, view = (blog.Post, blog.View) if blog is not None else ((), ())
        for file in files.documentation_pages(inclusion=lambda _: True):
            page = file.page
            if page is None or page.content is None or isinstance(page, view):
                continue
            if self.config.all_pages or isinstance(page, post):
                yield page


def _entry(page: Page, path: str, config: MkDocsConfig) -> dict[str, Any]:
    """What a manifest says of the page."""
    entry: dict[str, Any] = {
        "source": path,
        "url": root_of(config.site_url or "") + page.url.removeprefix("./"),
        "title": str(page.title or ""),
        "published": page.file.inclusion in (InclusionLevel.INCLUDED, InclusionLevel.NOT_IN_NAV),
    }
    if (post := getattr(page, "config", None)) is not None:  # of Material's blog
        entry["date"] = post.date.created.isoformat()
        entry["published"] &= not post.draft
        entry["categories"] = list(post.categories)
    return entry


def _is_file_of(file: File, config: MkDocsConfig) -> bool:
    """Whether the page's text is that of its file among the site's documents, as no plugin made it."""
    return file.abs_src_path is not None and Path(file.abs_src_path) == Path(config.docs_dir, file.src_uri)
