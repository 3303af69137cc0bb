"""Static-site generators, one file each: which one a folder belongs to, and where its posts are.

To add one, write a subclass of `Generator` (base.py) and `register` it; nothing outside this room asks which generator
a site has.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from enishi.errors import Diagnostic, SettingsError, SiteNotFoundError
from enishi.generators.astro import Astro
from enishi.generators.base import Generator, Site
from enishi.generators.docusaurus import Docusaurus
from enishi.generators.eleventy import Eleventy
from enishi.generators.generic import PlainFolder
from enishi.generators.hexo import Hexo
from enishi.generators.hugo import Hugo
from enishi.generators.jekyll import Jekyll
from enishi.generators.mkdocs import MkDocs
from enishi.generators.pelican import Pelican
from enishi.generators.vitepress import VitePress
from enishi.generators.zenn import Zenn
from enishi.reading.find import NEVER_POSTS, is_project_file
from enishi.text.printable import shown

_BUILT_IN = (
    Hexo(),
    Pelican(),
    MkDocs(),
    Hugo(),
    Astro(),
    Eleventy(),
    Jekyll(),
    Docusaurus(),
    VitePress(),
    Zenn(),
    PlainFolder(),
)
"""In the order in which they are asked: the most telling files first."""
_generators: dict[str, Generator[Any]] = {generator.name: generator for generator in _BUILT_IN}


def register(generator: Generator[Any]) -> None:
    """Make a generator known, in place of one of the same name; it is asked before those that were known."""
    others = {name: other for name, other in _generators.items() if name != generator.name}
    _generators.clear()
    _generators.update({generator.name: generator, **others})


def unregister(name: str) -> None:
    """Forget a generator."""
    _generators.pop(name, None)


def generator_named(name: str) -> Generator[Any]:
    """The generator of that name.  Raises SettingsError if there is none."""
    if name not in _generators:
        raise SettingsError(f"generator: {name!r} is not one of {', '.join(('auto', *_generators))}")
    return _generators[name]


def label_of(name: str) -> str:
    """How people call a site of the generator: ``a Hexo site``, ``a folder of posts``."""
    return _generators[name].label if name in _generators else f"a {name} site"


def settings_file_names() -> frozenset[str]:
    """Files in the site folder by which a generator is recognised and read."""
    names = {name for g in _generators.values() for name in (*g.settings_files, *g.other_files) if "/" not in name}
    return frozenset(names)


def detect_site(root: Path, *, generator: str = "auto", posts: Sequence[str] = ()) -> tuple[Site, list[Diagnostic]]:
    """Find out what kind of blog `root` is and where its posts are.

    `generator` names it, or is ``auto``; `posts` names the folders of posts instead of searching for them.  Raises
    SiteNotFoundError if there are none, naming every place that was looked at, and SettingsError for an unknown
    generator or a folder of posts outside the site.
    """
    named = None if generator == "auto" else generator_named(generator)
    if not root.is_dir():
        raise SiteNotFoundError(f"{root} is not a folder. Give the folder of your blog")
    chosen = named or next(candidate for candidate in _generators.values() if candidate.recognises(root))
    site, problems = chosen.read_site(root)
    candidates = tuple(map(_checked_folder, posts)) or site.post_folders
    folders = tuple(folder for folder in dict.fromkeys(candidates) if _holds_posts(site, folder))
    if chosen.takes_first_folder and not posts:
        folders = _with_drafts(site, folders[:1])
    if not folders:
        raise SiteNotFoundError(_nothing_found(site, candidates))
    return replace(site, post_folders=folders), problems


def _checked_folder(folder: str) -> str:
    path = PurePosixPath(folder.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", folder):
        raise SettingsError(
            f"posts: {folder!r} must be a folder inside the site, relative to it (such as `source/_posts`)"
        )
    return str(path)


def _holds_posts(site: Site, folder: str) -> bool:
    if "\0" in folder:  # a name that no system has, which Python does not even ask for
        return False
    top = site.root / folder
    for current, folders, files in os.walk(top):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in NEVER_POSTS)
        is_root = folder == "." and Path(current) == top
        if any(name.lower().endswith(site.suffixes) and not (is_root and is_project_file(name)) for name in files):
            return True
    return False


def _with_drafts(site: Site, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Drafts lie beside posts where the folder is called `_posts`."""
    drafts = [f"{folder.removesuffix('_posts')}_drafts" for folder in folders if folder.endswith("_posts")]
    return (*folders, *(folder for folder in drafts if (site.root / folder).is_dir()))


def _nothing_found(site: Site, looked_for: Sequence[str]) -> str:
    because = f", because of {site.settings_file}" if site.settings_file else ""
    named = (f"{shown(folder)}/" if folder != "." else ". (the folder itself)" for folder in looked_for)
    places = "\n".join(f"  {name}" for name in named)
    return (
        f"no posts found in {site.root}\nIt was read as {site.generator.label}{because}.\n"
        f"Looked in these folders, and below them, for {', '.join(sorted(site.suffixes))}:\n{places}\n"
        "Run enishi in the folder of your blog (enishi build FOLDER), or name the folder of the posts: "
        '--set posts=FOLDER, or `posts = ["FOLDER"]` in enishi.toml.'
    )
