"""Eleventy: Markdown in a folder that only its settings, a program, could tell; they are not run."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from enishi.generators.base import Generator, Site, depends_on
from enishi.generators.post import Address, own_path


class Eleventy(Generator[Site]):
    """https://www.11ty.dev/docs/"""

    name = "eleventy"
    label = "an Eleventy site"
    settings_files = (
        *(".eleventy.js", "eleventy.config.js", "eleventy.config.cjs", "eleventy.config.mjs", "eleventy.config.ts"),
    )
    other_files = ("package.json",)
    post_folders = (
        *("src/posts", "src/blog", "src/content", "content/blog", "content/posts", "content", "posts", "blog", "src"),
    )
    takes_first_folder = True
    data_folders = ("_data", "src/_data", "content/_data")

    def recognises(self, root: Path) -> bool:
        """By its settings, or as a dependency."""
        return super().recognises(root) or depends_on(root, "@11ty/eleventy")

    def address(self, site: Site, address: Address) -> str | None:
        """https://www.11ty.dev/docs/permalinks/"""
        given = own_path(address)
        if given is not None:
            return given.removesuffix("index.html")
        folder, file = posixpath.split(address.relative)
        if file.startswith("index."):
            return folder + "/"
        name = re.sub(r"^\d{4}-\d{2}-\d{2}-", "", posixpath.splitext(file)[0])
        return posixpath.join(folder, name) + "/"
