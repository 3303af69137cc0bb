"""Where a site's generator looks for tags, and what it reads there: all that editing knows of generators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from enishi.editing.change import Style
from enishi.generators.base import Site
from enishi.reading.frontmatter import FrontMatter

KeyPath = tuple[str, ...]
"""A key of the front matter; two for one inside of another, as ``("taxonomies", "tags")``."""

_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_ABOVE_TAGS = (
    *("categories", "category", "date", "published_at", "publisheddate", "pubdate", "updated", "lastmod"),
    *("author", "authors", "lede", "title"),
)
_ABOVE_TOPICS = ("type", "emoji", "title")


class Rules:
    """How a site's generator reads tags; `style` is how a list is written where the post has none."""

    def __init__(self, site: Site, style: Style) -> None:
        self._site, self.style = site, style
        self.dialect = site.generator.dialect
        self.splits_at_commas = site.generator.splits_at_commas
        """Whether ``tags: a, b`` holds two tags."""
        self.paths = site.generator.tag_places
        """The keys where the generator looks for tags, the one that counts first; they need not be there."""

    def splits_at_blanks(self, path: KeyPath) -> bool:
        """Whether ``tags: a b`` holds two tags."""
        return self._site.generator.splits_at_blanks and path[-1].lower() == "tags"

    def keys_above(self, name: str) -> tuple[str, ...]:
        """A new key called `name` goes below the first of these that there is."""
        return _ABOVE_TOPICS if name == "topics" else _ABOVE_TAGS

    def tags(self, front: FrontMatter) -> tuple[str, ...]:
        """The tags of a post with this front matter."""
        return self._site.make_post("post.md", front, _SOME_DAY)[0].tags

    def names(self, front: FrontMatter, path: KeyPath) -> tuple[str, ...]:
        """The tags that one key alone would give."""
        place = "/" + "/".join(path)
        key = path[-1].lower()
        dates = tuple(f"/{key}{p.removeprefix(place)}" for p in front.timestamps if f"{p}/".startswith(place + "/"))
        return self.tags(FrontMatter({key: value_at(front.meta, path)}, "", timestamps=dates))


def value_at(meta: Any, path: KeyPath) -> Any:
    """What stands at a path; None where nothing does."""
    for key in path:
        meta = meta.get(key) if isinstance(meta, dict) else None
    return meta
