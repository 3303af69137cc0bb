"""VitePress: pages below the folder that holds `.vitepress/`; of its settings, a program, only literals are read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from enishi.errors import Diagnostic
from enishi.generators import setup
from enishi.generators.base import Generator, Site, depends_on
from enishi.generators.post import Address, PostRules
from enishi.generators.settings import SettingsFile, below
from enishi.generators.setup import Setup
from enishi.types import Status

_PACKAGE = "vitepress-plugin-enishi"
_POST_FOLDERS = ("posts", "blog", "articles")
_BY_HAND = "In .vitepress/config, import enishi from 'vitepress-plugin-enishi' and set vite: { plugins: [enishi()] }"
_OPENING = r"(?:defineConfig(?:WithTheme)?(?:<[^>\n]*>)?\(|export default )\{"


class _Rules(PostRules[Site]):
    def status(self, date: datetime | None) -> Status:
        """The default theme's other layouts show no text of a post."""
        is_page = self.meta.get("layout") in ("home", "page", False)
        return "unpublished" if is_page else super().status(date)


class VitePress(Generator[Site]):
    """https://vitepress.dev/reference/site-config"""

    name = "vitepress"
    label = "a VitePress site"
    settings_files = tuple(
        f"{folder}.vitepress/config{index}.{ending}"
        for folder in ("", "docs/")
        for index in ("", "/index")
        for ending in ("mts", "ts", "mjs", "js")
    )
    other_files = ("package.json",)
    rules = _Rules
    mixes_pages = True
    shown_by = "npm install vitepress-plugin-enishi, and vite: { plugins: [enishi()] } in .vitepress/config"

    def recognises(self, root: Path) -> bool:
        """By its folder `.vitepress`."""
        return bool(_folder_of_site(root))

    def open_settings(self, root: Path) -> SettingsFile:
        """In `.vitepress`, beside the pages or in a folder of the project."""
        folder = _folder_of_site(root) or "."
        candidates = below(folder, *(name for name in self.settings_files if not name.startswith("docs/")))
        return SettingsFile(root, next((name for name in candidates if (root / name).is_file()), ""))

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """The permalink is how addresses end."""
        settings = self.open_settings(root)
        source = posixpath.normpath(posixpath.join(_folder_of_site(root) or ".", settings.folder("srcDir", ".")))
        site = Site(
            root=root,
            generator=self,
            post_folders=tuple(_post_folders(root, source)) or (source,),
            root_path=settings.root_path("base"),
            permalink="" if settings.flag("cleanUrls", False) else ".html",
            source_dir=source,
            language=settings.text("lang"),
            settings_file=settings.name,
        )
        return site, settings.problems

    def address(self, site: Site, address: Address) -> str | None:
        """By the file, unless the settings rewrite it."""
        path = address.path if site.source_dir == "." else address.path.removeprefix(f"{site.source_dir}/")
        stem = posixpath.splitext(path)[0]
        return stem.removesuffix("index") if posixpath.basename(stem) == "index" else stem + site.permalink

    def setup(self, site: Site) -> Setup:
        """The package, and its plugin among those of Vite."""
        folder = _folder_of_site(site.root) or "."
        done = setup.edit(site.root, site.settings_file, _with_plugin, "the list below each post")
        text = setup.read_text(site.root, site.settings_file) if site.settings_file else ""
        out = self.open_settings(site.root).folder("outDir", ".vitepress/dist")
        return Setup(
            page="plugin/vitepress-plugin-enishi/README.md",
            installs=() if depends_on(site.root, _PACKAGE) else (setup.package_command(site.root, _PACKAGE),),
            edits=setup.edits(done),
            by_hand=() if done or _PACKAGE in (text or "") else (_BY_HAND,),
            run=(f"npx vitepress build{'' if folder == '.' else f' {folder}'}",),
            public=below(folder, out)[0],
        )


def _folder_of_site(root: Path) -> str:
    """The folder of the project that holds `.vitepress`; empty if none does."""
    near = [".", "docs"]
    if depends_on(root, "vitepress"):
        near += sorted(child.parent.name for child in root.glob("*/.vitepress"))
    return next((folder for folder in near if (root / folder / ".vitepress").is_dir()), "")


def _post_folders(root: Path, source: str) -> Iterator[str]:
    """Folders whose name says that they hold posts, at the top or one folder below (as in a second language)."""
    for pattern in ("*", "*/*"):
        for found in sorted((root / source).glob(pattern)):
            folder = found.relative_to(root).as_posix()
            if found.name in _POST_FOLDERS and found.is_dir() and not re.search(r"(?:^|/)(?:\.|node_modules/)", folder):
                yield folder


def _with_plugin(text: str) -> str | None:
    imported = setup.with_javascript_import(text, "import enishi from 'vitepress-plugin-enishi'")
    if imported is None or "enishi(" in imported:
        return imported
    if re.search(r"\bvite\s*:", imported):
        return setup.with_javascript_item(imported, "plugins", "enishi()", r"\bvite\s*:\s*\{")
    found = list(re.finditer(_OPENING, imported))
    if len(found) != 1:
        return None
    return f"{imported[: found[0].end()]}\n  vite: {{ plugins: [enishi()] }},{imported[found[0].end() :]}"
