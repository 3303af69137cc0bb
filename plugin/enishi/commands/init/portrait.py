"""What a blog is like, in the numbers that its settings depend on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from enishi.commands.init.languages import post_language, states_language
from enishi.reading.site import Site
from enishi.types import Document


@dataclass(frozen=True, slots=True)
class Portrait:
    """A blog in numbers."""

    generator: str
    folders: tuple[str, ...] = ()
    """Of posts, relative to the site."""
    site_language: str = ""
    """As the generator's settings name it."""
    posts: Mapping[str, int] = field(default_factory=dict)
    """How many of each status."""
    languages: Mapping[str, int] = field(default_factory=dict)
    """How many posts are in each language, the commonest first; the empty code where it cannot be told."""
    with_language: int = 0
    """Posts that say themselves (in the front matter, or by their path) which language they are in."""
    characters: int = 0
    """Of prose, all posts together."""
    median_characters: int = 0
    tags: int = 0
    """Different tags."""
    tagged: int = 0
    """Posts with tags."""
    used_once: int = 0
    """Tags of one post only."""
    linking: int = 0
    """Posts that link to another one."""
    links: int = 0
    pictured: int = 0
    """Posts with a picture that is a file of the site."""

    @property
    def total(self) -> int:
        """All posts, drafts among them."""
        return sum(self.posts.values())

    def share(self, *codes: str) -> float:
        """Of the posts whose language can be told, those in one of these."""
        told = sum(count for code, count in self.languages.items() if code)
        return sum(self.languages.get(code, 0) for code in codes) / told if told else 0.0

    @property
    def main_language(self) -> str:
        """The language of four posts in five, or empty."""
        first = next((code for code in self.languages if code), "")
        return first if self.share(first) >= MOST else ""


MOST = 0.8
"""The share of posts from which a blog is said to be in one language."""


def portray(
    documents: Sequence[Document], site: Site, links: Mapping[str, Sequence[str]], pictured: int = 0
) -> Portrait:
    """A portrait of a blog.  `links` holds, by path, the other posts that a post links to."""
    posts = Counter(document.post.status for document in documents)
    languages = Counter(post_language(document, site.language) for document in documents)
    tags = Counter(tag for document in documents for tag in document.post.tags)
    lengths = [len(document.fields.prose) for document in documents]
    return Portrait(
        generator=site.generator,
        folders=site.post_folders,
        site_language=site.language,
        posts=dict(sorted(posts.items())),
        languages=dict(sorted(languages.items(), key=lambda item: (-item[1], item[0]))),
        with_language=sum(1 for document in documents if states_language(document, site.language)),
        characters=sum(lengths),
        median_characters=int(median(lengths)) if lengths else 0,
        tags=len(tags),
        tagged=sum(1 for document in documents if document.post.tags),
        used_once=sum(1 for count in tags.values() if count == 1),
        linking=sum(1 for targets in links.values() if targets),
        links=sum(map(len, links.values())),
        pictured=pictured,
    )
