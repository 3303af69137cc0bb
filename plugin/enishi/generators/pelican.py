"""Pelican: `content/`, settings in `pelicanconf.py`, of which plain `NAME = literal` lines are read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from enishi.errors import Diagnostic
from enishi.generators import setup
from enishi.generators.base import MARKDOWN_SUFFIXES, Generator, Site
from enishi.generators.post import Address, PostRules, simple_slug
from enishi.generators.settings import below
from enishi.generators.setup import Setup
from enishi.reading.javascript import to_string
from enishi.reading.source import PELICAN_DIALECT


class PelicanRules(PostRules[Site]):
    """Articles of one slug are translations of each other."""

    def language(self) -> tuple[str, str]:
        """https://docs.getpelican.com/en/latest/content.html#translations"""
        lang, key = super().language()
        slug = self.values.get("slug")
        return lang, f"slug:{slug}" if isinstance(slug, str) and slug and key.startswith("file:") else key


class Pelican(Generator[Site]):
    """https://docs.getpelican.com/"""

    name = "pelican"
    label = "a Pelican site"
    settings_files = ("pelicanconf.py", "publishconf.py")
    title_key = "SITENAME"
    dialect = PELICAN_DIALECT
    rules = PelicanRules
    static_folders = ()
    output_folders = ("output",)
    shown_by = 'ENISHI = {"inject": True} in pelicanconf.py'

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://docs.getpelican.com/en/latest/settings.html"""
        settings = self.open_settings(root)
        content = settings.folder("PATH", "content")
        articles = [folder for folder in settings.texts("ARTICLE_PATHS") if ".." not in folder]
        pages = [] if settings.raw("PAGE_PATHS") == [] else settings.texts("PAGE_PATHS") or ("pages",)
        site = Site(
            root=root,
            generator=self,
            post_folders=below(content, *articles) or (content,),
            url=settings.text("SITEURL").rstrip("/"),
            root_path=settings.root_path("SITEURL"),
            permalink=settings.text("ARTICLE_URL"),
            source_dir=content,
            suffixes=(*MARKDOWN_SUFFIXES, ".rst"),
            future=settings.flag("WITH_FUTURE_DATES", True),
            timezone=settings.timezone("TIMEZONE"),
            exclude=tuple(f"/{folder}/" for folder in below(content, *(page for page in pages if page))),
            language=settings.text("DEFAULT_LANG"),
            settings_file=settings.name,
        )
        return site, settings.problems

    def setup(self, site: Site) -> Setup:
        """One line of settings; two where they name plugins."""
        settings = self.open_settings(site.root)
        change = setup.edit(site.root, site.settings_file, _with_list, "the list below each article")
        by_hand = (
            f'Write ENISHI = {{"inject": True}} into {site.settings_file}, and "enishi" into its PLUGINS if it has any'
        )
        is_done = _with_list(setup.read_text(site.root, site.settings_file) or "") is not None
        return Setup(
            page="docs/pelican.md",
            installs=setup.pip_command("pelican.writers"),
            edits=setup.edits(change),
            by_hand=() if is_done else (by_hand,),
            run=("pelican",),
            public=settings.folder("OUTPUT_PATH", "output"),
        )

    def address(self, site: Site, address: Address) -> str | None:
        """https://docs.getpelican.com/en/latest/settings.html#url-settings"""
        slug, date = address.meta.get("slug"), address.date
        values = {
            "slug": slug if isinstance(slug, str) and slug else simple_slug(address.title or address.slug),
            "category": simple_slug(address.categories[0][0]) if address.categories else "misc",
            "lang": to_string(address.meta.get("lang") or site.language or "en"),
        }

        def value(match: re.Match[str]) -> str:
            if match[1] == "date" and date is not None:
                try:
                    return date.strftime(match[2] or "%Y-%m-%d")
                except ValueError:
                    return match[0]
            return values.get(match[1], match[0])

        return re.sub(r"\{(\w+)(?::([^}]*))?\}", value, site.permalink or "{slug}.html")


def _values(of: ast.List) -> list[object]:
    return [one.value for one in of.elts if isinstance(one, ast.Constant)]


def _with_list(text: str) -> str | None:
    """Settings that show the lists; None where they name plugins in another way than a list of texts."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    given = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    plugins = given.get("PLUGINS")
    if plugins is not None and not isinstance(plugins, ast.List):
        return None
    if plugins is not None and {"enishi", "pelican.plugins.enishi"}.isdisjoint(_values(plugins)):
        last = plugins.elts[-1] if plugins.elts else plugins
        lines = text.splitlines(keepends=True)
        line = lines[(last.end_lineno or 1) - 1].encode("utf-8")  # where Python counts columns
        end = (last.end_col_offset or 0) - (last is plugins)
        added = b'"enishi"' if last is plugins else b', "enishi"'
        lines[(last.end_lineno or 1) - 1] = (line[:end] + added + line[end:]).decode("utf-8")
        text = "".join(lines)
    return text if "ENISHI" in given else setup.with_lines_at_end(text, 'ENISHI = {"inject": True}')
