"""Zenn: `articles/`, with `topics` for tags and no settings."""

from __future__ import annotations

from pathlib import Path

from enishi.generators.base import Generator, Site, depends_on
from enishi.generators.post import Address


class Zenn(Generator[Site]):
    """https://zenn.dev/zenn/articles/zenn-cli-guide"""

    name = "zenn"
    label = "a Zenn repository"
    other_files = ("package.json",)
    post_folders = ("articles",)
    tag_key = "topics"
    static_folders = (".",)
    knows_addresses = True
    home = "https://zenn.dev/YOUR-NAME"

    def recognises(self, root: Path) -> bool:
        """By its command-line tool, beside the folder of articles."""
        return (root / "articles").is_dir() and depends_on(root, "zenn-cli")

    def address(self, site: Site, address: Address) -> str | None:
        """By the file's name, below the author's page."""
        return f"articles/{address.slug}"
