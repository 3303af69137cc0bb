"""A blog's vectors by each of the encoders compared, and how long each took.

An encoder is a list of weighted parts (:mod:`enishi.encoders.parts`).  A part that two encoders share is worked out
once; its time counts for both.  Nothing is remembered from earlier runs, so the time is that of a blog never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from enishi.commands.compare.encoder_names import NamedEncoder
from enishi.commands.compare.unlinked import without_links
from enishi.config import Settings
from enishi.encoders.blog import BlogEncoder
from enishi.encoders.joining import Part, concatenate, fill_often_missing, link_rows, smooth_along_links
from enishi.encoders.parts import PartEncoder
from enishi.pipeline import Posts
from enishi.tags.evaluate import without_tags
from enishi.types import Document, Post, Progress, Terms, TextFields

if TYPE_CHECKING:
    from enishi.generators.base import Site
    from enishi.types import Vectors

View = Literal["whole", "untagged", "unlinked"]
_FIRST = Document(Post("first.md", "First"), TextFields("First", prose="First."), {"first": 1}, Terms({"first": 1}, {}))
"""A post of no blog, encoded first so that the time to load a model is not counted for the blog's own posts."""


@dataclass(frozen=True, slots=True)
class Views:
    """The blog as encoders are given it: the same posts with nothing, their tags, or their links hidden."""

    posts: Posts
    untagged: tuple[Document, ...]
    """Without any tag."""
    unlinked: tuple[Document, ...]
    """Without their links to each other; empty where there are none."""

    @classmethod
    def of(cls, posts: Posts) -> Views:
        """All views of these posts."""
        unlinked = without_links(posts).documents if posts.links else ()
        return cls(posts, tuple(map(without_tags, posts.documents)), unlinked)

    @property
    def whole(self) -> tuple[Document, ...]:
        """With nothing hidden."""
        return self.posts.documents


@dataclass(frozen=True, slots=True)
class ComparedEncoder:
    """An encoder: what it costs, and what it must not be asked."""

    name: str
    dimensions: int
    seconds_per_100: float
    """Seconds to encode a hundred posts, nothing being remembered and the model being loaded."""
    knows_tags: str
    """Why the tags are no test of it (`was trained on tags`); empty where they are."""
    knows_links: str


@dataclass(frozen=True, slots=True)
class EncodedBlog:
    """The posts' vectors by one encoder, each of shape (n, dim)."""

    encoder: ComparedEncoder
    whole: Vectors
    """As a build would have them."""
    untagged: Vectors
    """By an encoder that sees no tags."""
    unlinked: Vectors | None
    """By an encoder that sees no links; None where the blog has none."""


class PartStore:
    """Every part of every encoder, worked out once for each view of the blog."""

    def __init__(self, views: Views, progress: Progress = lambda *_: None) -> None:
        self._views, self._progress = views, progress
        self._parts: dict[str, PartEncoder] = {}
        self._seconds: dict[str, float] = {}
        self._vectors: dict[tuple[str, str], Vectors] = {}

    def encode(self, encoder: NamedEncoder) -> EncodedBlog:
        """All vectors of one encoder.

        Raises:
            EncoderError: it cannot be had.
        """
        settings, views = encoder.settings, self._views
        blind = settings.model_copy(update={"encoder": settings.encoder.model_copy(update={"tag_weight": 0.0})})
        parts, blind_parts = self._parts_of(encoder.name, settings), self._parts_of(encoder.name, blind)
        pull, rows = settings.encoder.link_weight, link_rows(views.whole, views.posts.links)

        def joined(parts: Sequence[tuple[PartEncoder, float]], view: View, pull: float) -> Vectors:
            vectors = [self._part(part, weight, view) for part, weight in parts]
            return smooth_along_links(concatenate(fill_often_missing(vectors)), rows, pull)

        for part, weight in parts:
            self._part(part, weight, "whole")  # timed by itself
        started = perf_counter()
        whole = joined(parts, "whole", pull)
        seconds = perf_counter() - started + sum(self._seconds[part.key] for part, _ in parts)
        about = ComparedEncoder(
            name=encoder.name,
            dimensions=whole.shape[1],
            seconds_per_100=round(100 * seconds / max(len(views.whole), 1), 4),
            knows_tags=next((part.knows_tags for part, _ in parts if part.knows_tags), ""),
            knows_links=next((part.knows_links for part, _ in parts if part.knows_links), ""),
        )
        unlinked = joined(parts, "unlinked", 0.0) if views.unlinked else None
        return EncodedBlog(about, whole, joined(blind_parts, "untagged", pull), unlinked)

    def _parts_of(self, name: str, settings: Settings) -> list[tuple[PartEncoder, float]]:
        """The parts of an encoder with their weights, ready to encode."""
        parts = []
        for part, weight in make_parts(settings, self._views.posts.blog.site, self._progress):
            if part.key not in self._parts:
                self._progress(f"loading {name}", 0, 0)
                self._parts[part.key] = part
                part.encode([_FIRST])
            parts.append((self._parts[part.key], weight))
        return parts

    def _part(self, part: PartEncoder, weight: float, view: View) -> Part:
        """A part's vectors.  A part that uses no tags is encoded once for posts with and without them."""
        shown: View = "untagged" if view == "whole" and not part.sees_tags else view
        if (part.key, shown) not in self._vectors:
            started = perf_counter()
            self._vectors[part.key, shown] = part.encode(getattr(self._views, shown))
            self._seconds.setdefault(part.key, perf_counter() - started)
        return part.weighted(weight, self._vectors[part.key, shown])


def make_parts(settings: Settings, site: Site, progress: Progress) -> list[tuple[PartEncoder, float]]:
    """The parts that the settings ask for, with their weights over 0; nothing is remembered.

    Raises:
        SettingsError: the weights add up to more than 1.
    """
    return [(part, weight) for part, weight in BlogEncoder(settings, site, progress=progress).parts if weight > 0]
