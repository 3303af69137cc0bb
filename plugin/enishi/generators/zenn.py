"""Zenn: `articles/`, with `topics` for tags and no settings."""

from __future__ import annotations

from pathlib import Path

from enishi.generators.base import Generator, Site, depends_on
from enishi.generators.post import Address
from enishi.generators.setup import Setup


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
    shown_by = f"`enishi related --write --home {home}`"

    def recognises(self, root: Path) -> bool:
        """By its command-line tool, beside the folder of articles."""
        return (root / "articles").is_dir() and depends_on(root, "zenn-cli")

    def address(self, site: Site, address: Address) -> str | None:
        """By the file's name, below the author's page."""
        return f"articles/{address.slug}"

    def setup(self, site: Site) -> Setup:
        """Nothing but a command: Zenn shows what stands in the articles."""
        return Setup(page="docs/zenn.md", run=(f"enishi related --write --home {self.home}",))
