"""Astro: entries of content collections, and pages in `src/pages`.  Its settings are programs: they are looked at for
what a blog usually says there in plain text, and not run."""

from __future__ import annotations

import html
import os
import posixpath
import re
from dataclasses import replace
from pathlib import Path

from enishi.errors import Diagnostic
from enishi.generators import setup
from enishi.generators.base import MARKDOWN_SUFFIXES, Generator, Site, depends_on, first_file, package_json
from enishi.generators.post import Address, own_path
from enishi.generators.settings import read_start
from enishi.generators.setup import Setup
from enishi.reading.frontmatter import FrontMatter, parse
from enishi.reading.source import TOLERANT_DIALECT

PAGES = "src/pages"
_CONTENT = "src/content"
_COLLECTIONS = tuple(
    f"src/{name}.{ending}" for name in ("content.config", "content/config") for ending in ("ts", "mts", "js", "mjs")
)
_QUOTED = r"\s*:\s*(['\"`])(?P<value>[^'\"`$\n]*)\1"
_SCRIPT = re.compile(r"\A\s*---[ \t]*\n(?P<script>.*?)^---[ \t]*\n", re.DOTALL | re.MULTILINE)
_STATEMENT = re.compile(r"^(?:(?:import|export|const|let|interface|type|await)\b *[\w{*'\"]|//|/\*)", re.MULTILINE)
_NAMED = r"\b{}\s*(?:=|:)\s*\{{?\s*(['\"`])(?P<value>[^\n]{{0,500}}?)\1"
_HEADING = re.compile(r"<h1\b[^>]{0,300}>\s{0,100}(?P<value>[^<{]{1,500}?)\s{0,100}</h1>")
_EXPRESSION = re.compile(r"\{[^{}]*\}")
_GLOB = re.compile(r"\bglob\(")
_RENDERED = re.compile(r"\brender\(\s*(\w+)\s*\)")
_CONTENT_LINE = r"^[ \t]*<Content\b[^\n]*/>[ \t\r]*$"
_PACKAGE = "astro-enishi"
_NEW_SETTINGS = """import { defineConfig } from 'astro/config';
import enishi from 'astro-enishi';

export default defineConfig({
  integrations: [enishi()]
});
"""
_IMPORT = "import Related from 'astro-enishi/Related.astro';"


def _parse(text: str) -> FrontMatter:
    """Markdown with front matter or, where a script stands in its place, an Astro page."""
    page = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = _SCRIPT.match(page)
    if found is None or not _STATEMENT.search(found["script"]):
        return parse(text)
    template = page[found.end() :]
    title = _first(_NAMED.format("title"), page) or _first(_HEADING, template)
    meta = {"title": html.unescape(title), "date": _first(_NAMED.format("(?:pubDate|date)"), page)}
    # Indented as elements are, text would be code to Markdown
    body = re.sub(r"^[ \t]+", "", _EXPRESSION.sub(" ", template), flags=re.MULTILINE)
    line = page.count("\n", 0, found.end()) + 1
    return FrontMatter({key: value for key, value in meta.items() if value}, body, line)


def _first(pattern: str | re.Pattern[str], text: str) -> str:
    found = re.search(pattern, text)
    return found["value"] if found else ""


class Astro(Generator[Site]):
    """https://docs.astro.build/"""

    name = "astro"
    label = "an Astro site"
    settings_files = tuple(f"astro.config.{ending}" for ending in ("mjs", "ts", "js", "mts", "cjs"))
    other_files = ("package.json",)
    dialect = replace(TOLERANT_DIALECT, name="astro", parse=_parse)
    static_folders = ("public",)
    output_folders = ("dist",)
    shown_by = "`npm install astro-enishi`, and four lines in astro.config.mjs and the page of a post"
    mixes_pages = True

    def recognises(self, root: Path) -> bool:
        """By its settings, or as a dependency."""
        return super().recognises(root) or depends_on(root, "astro")

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://docs.astro.build/en/reference/configuration-reference/"""
        name = first_file(root, self.settings_files)
        settings = read_start(root / name) if name else ""
        base = _first(rf"(?m)^\s*base{_QUOTED}", settings).strip("/")
        site = Site(
            root=root,
            generator=self,
            post_folders=(*_collection_folders(root), PAGES),
            url=re.sub(r"/+\Z", "", _first(rf"\bsite{_QUOTED}", settings)),
            root_path=f"/{base}/" if base else "/",
            suffixes=(*MARKDOWN_SUFFIXES, ".astro"),
            language=_first(rf"\bdefaultLocale{_QUOTED}", settings),
            settings_file=name,
        )
        return site, []

    def is_post(self, site: Site, path: str, post_folder: str) -> bool | Diagnostic:
        """Nothing that begins with `_`; no page without one fixed address; `.astro` only in a folder of pages."""
        name = posixpath.basename(path)
        if path.startswith(f"{PAGES}/"):
            if name.startswith("_") or "[" in path or re.match(r"(?:index|404|500)\.", name):
                return False
            return not name.endswith(".astro") or posixpath.dirname(path) != PAGES
        return not name.startswith("_") and not name.endswith(".astro")

    def address(self, site: Site, address: Address) -> str | None:
        """A page's own; an entry's by its folder, below which most sites have it."""
        given = own_path(address)
        if given is not None:
            return given
        path = posixpath.splitext(address.path)[0].removesuffix("/index")
        if path.startswith(f"{PAGES}/"):
            return path.removeprefix(f"{PAGES}/") + "/"
        collection = path.removeprefix(f"{_CONTENT}/")
        return f"{collection.removeprefix('src/')}/"

    def setup(self, site: Site) -> Setup:
        """The package, its integration, and the component in the page that renders a post."""
        root = site.root
        name = site.settings_file or "astro.config.mjs"
        settings = setup.read_text(root, name) or ""
        integration = setup.edit(root, name, _with_integration, "gives Enishi the addresses of all pages")
        pages = {path: setup.read_text(root, path) or "" for path in _astro_files(root)}
        is_shown = any("astro-enishi/Related.astro" in text for text in pages.values())
        found = [setup.edit(root, path, _with_list, "the list below each post") for path in pages if not is_shown]
        shown = setup.edits(*found)
        by_hand = []
        if integration is None and _PACKAGE not in settings:
            by_hand.append(f"In {name}, import enishi from '{_PACKAGE}', and put enishi() among the integrations")
        if not is_shown and len(shown) != 1:
            by_hand.append(f"Where a post is rendered, `{_IMPORT}` and, below <Content />, <Related post={{post}} />")
        scripts = package_json(root).get("scripts")
        builds = isinstance(scripts, dict) and "astro build" in str(scripts.get("build"))
        return Setup(
            page="plugin/astro-enishi/README.md",
            installs=() if depends_on(root, _PACKAGE) else (setup.package_command(root, _PACKAGE),),
            edits=setup.edits(integration, *(shown if len(shown) == 1 else ())),
            by_hand=tuple(by_hand),
            run=("npm run build" if builds else "npx astro build",),
            public=_first(rf"\boutDir{_QUOTED}", settings).removeprefix("./").strip("/") or "dist",
        )


def _collection_folders(root: Path) -> tuple[str, ...]:
    """Where the loaders of collections look for files, as far as their settings say it in plain text."""
    name = first_file(root, _COLLECTIONS)
    text = read_start(root / name) if name else ""
    folders = [_CONTENT]
    for found in _GLOB.finditer(text):
        options = text[found.end() : found.end() + 500].partition("glob(")[0]
        pattern = _first(rf"\bpattern{_QUOTED}", options)
        fixed = pattern[: re.search(r"[*{\[!?(]|\Z", pattern).start()].rpartition("/")[0]  # type: ignore[union-attr]
        folder = posixpath.normpath(posixpath.join(_first(rf"\bbase{_QUOTED}", options), fixed))
        if not folder.startswith(("/", "..")) and not f"{folder}/".startswith(f"{_CONTENT}/") and folder != ".":
            folders.append(folder)
    return tuple(dict.fromkeys(folders))


def _astro_files(root: Path) -> list[str]:
    return sorted(
        posixpath.join(Path(folder).relative_to(root).as_posix(), name)
        for folder, _, names in os.walk(root / "src")
        for name in names
        if name.endswith(".astro")
    )


def _with_integration(text: str) -> str | None:
    """Settings with ours; None where they are not written as expected."""
    if _PACKAGE in text or not text.strip():
        return text or _NEW_SETTINGS
    imported = setup.with_javascript_import(text, f"import enishi from '{_PACKAGE}';")
    return imported and setup.with_javascript_item(imported, "integrations", "enishi()", r"defineConfig\(\{")


def _with_list(text: str) -> str | None:
    """A page that renders an entry on a line of its own, with the list below it."""
    script = _SCRIPT.match(text)
    rendered = _RENDERED.search(script["script"]) if script else None
    if script is None or rendered is None or len(re.findall(_CONTENT_LINE, text, re.MULTILINE)) != 1:
        return None
    head = setup.with_javascript_import(script["script"], _IMPORT)
    listed = setup.with_line_after(text[script.end() :], r"<Content\b", f"<Related post={{{rendered[1]}}} />")
    return None if head is None or listed is None else f"{text[: script.start('script')]}{head}---\n{listed}"
