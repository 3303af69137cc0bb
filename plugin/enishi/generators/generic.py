"""A folder of Markdown files, whatever makes pages of them."""

from __future__ import annotations

import posixpath
from pathlib import Path

from enishi.generators.base import Generator, Site


class PlainFolder(Generator[Site]):
    """What is left where no generator is recognised: the common ground of all of them."""

    name = "generic"
    label = "a folder of posts"
    post_folders = (
        *("source/_posts", "_posts", "content/posts", "content/post", "content/blog", "src/content/blog"),
        *("src/content/posts", "src/posts", "src/pages/blog", "src/blog", "posts", "blog", "articles", "content"),
        *("docs", "src/content", "source", "src", "."),
    )
    takes_first_folder = True

    def recognises(self, root: Path) -> bool:
        """Any folder."""
        return True

    def enters(self, site: Site, path: str, post_folder: str) -> bool:
        """Also folders like `_notes`, which some generators take posts from."""
        is_hidden = posixpath.basename(path).startswith("_") and post_folder != "."
        return is_hidden or super().enters(site, path, post_folder)
