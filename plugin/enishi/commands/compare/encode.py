"""A blog's vectors by each of the encoders compared, and how long each took.

An encoder is a list of weighted parts (:mod:`enishi.encoders.parts`).  A part that two encoders share is worked out
once; its time counts for both.  Nothing is remembered from earlier runs, so the time is that of a blog never seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from enishi.commands.compare.encoder_names import NamedEncoder
from enishi.config import Settings
from enishi.encoders.blog import BlogEncoder
from enishi.encoders.joining import Part, concatenate, fill_often_missing, link_rows, smooth_along_links
from enishi.encoders.parts import PartEncoder
from enishi.types import Document, Post, Progress, Terms, TextFields

if TYPE_CHECKING:
    from enishi.generators.base import Site
    from enishi.types import Vectors

View = Literal["whole", "untagged", "unlinked"]
_FIRST = Document(Post("first.md", "First"), TextFields("First", prose="First."), {"first": 1}, Terms({"first": 1}, {}))
"""A post of no blog, encoded first so that the time to load a model is not counted for the blog's own posts."""


@dataclass(frozen=True, slots=True)
class Views:
    """The blog's posts with nothing, their tags, or their links hidden, each in the same order."""

    whole: tuple[Document, ...]
    untagged: tuple[Document, ...]
    """Without any tag."""
    unlinked: tuple[Document, ...]
    """Without their links to other posts; empty where there are none."""
    links: Mapping[str, tuple[str, ...]]
    """By path of a post, the posts that it links to."""


@dataclass(frozen=True, slots=True)
class SeenAnswers:
    """Which of the hidden answers an encoder has learned from, and so cannot be judged by."""

    knows_tags: str = ""
    """Why the tags are no test of it (`was trained on tags`); empty where they are."""
    knows_links: str = ""


@dataclass(frozen=True, slots=True)
class EncodedBlog:
    """The posts' vectors by one encoder, each of shape (n, dim)."""

    name: str
    whole: Vectors
    """As a build would have them."""
    untagged: Vectors
    """By an encoder that sees no tags."""
    unlinked: Vectors | None
    """By an encoder that sees no links; None where the blog has none."""
    dimensions: int
    seconds_per_100: float
    """Seconds to encode a hundred posts, nothing being remembered."""
    loading: float
    """Seconds until it could encode its first post."""
    seen: SeenAnswers
    tag_blocks: tuple[tuple[float, Vectors], ...] = ()
    """Evidence about tags in a build with this encoder, see :class:`enishi.encoders.blog.BlogEncoder`."""


class PartStore:
    """Every part of every encoder, worked out once for each view of the blog.

    Args:
        site: folder names in the settings may be relative to its folder.
        progress: called while a slow part works.
    """

    def __init__(self, site: Site, progress: Progress = lambda *_: None) -> None:
        self._site, self._progress = site, progress
        self._parts: dict[str, PartEncoder] = {}
        self._loading: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._vectors: dict[tuple[str, str], Vectors] = {}

    def encode(self, encoder: NamedEncoder, views: Views) -> EncodedBlog:
        """All vectors of one encoder.

        Raises:
            EncoderError: it cannot be had.
        """
        settings = encoder.settings
        blind = settings.model_copy(update={"encoder": settings.encoder.model_copy(update={"tag_weight": 0.0})})
        parts, blind_parts = self._parts_of(encoder.name, settings), self._parts_of(encoder.name, blind)
        pull, rows = settings.encoder.link_weight, link_rows(views.whole, views.links)

        def joined(parts: Sequence[tuple[PartEncoder, float]], view: View, pull: float) -> Vectors:
            vectors = [self._part(part, weight, views, view) for part, weight in parts]
            return smooth_along_links(concatenate(fill_often_missing(vectors)), rows, pull)

        for part, weight in parts:
            self._part(part, weight, views, "whole")  # timed by itself
        started = perf_counter()
        whole = joined(parts, "whole", pull)
        seconds = perf_counter() - started + sum(self._seconds[part.key] for part, _ in parts)
        seen = seen_answers([part for part, _ in parts])
        return EncodedBlog(
            name=encoder.name,
            whole=whole,
            untagged=joined(blind_parts, "untagged", pull),
            unlinked=joined(parts, "unlinked", 0.0) if views.unlinked else None,
            dimensions=whole.shape[1],
            seconds_per_100=round(100 * seconds / max(len(views.whole), 1), 4),
            loading=round(sum(self._loading[part.key] for part, _ in parts), 2),
            seen=seen,
            tag_blocks=tuple(
                (part.tag_kernel_weight, self._part(part, weight, views, "untagged").vectors)
                for part, weight in parts
                if part.tag_kernel_weight and not seen.knows_tags
            ),
        )

    def _parts_of(self, name: str, settings: Settings) -> list[tuple[PartEncoder, float]]:
        """The parts of an encoder with their weights, ready to encode."""
        parts = []
        for part, weight in make_parts(settings, self._site, self._progress):
            if part.key not in self._parts:
                self._progress(f"loading {name}", 0, 0)
                self._parts[part.key] = part
                started = perf_counter()
                part.encode([_FIRST])
                self._loading[part.key] = perf_counter() - started
            parts.append((self._parts[part.key], weight))
        return parts

    def _part(self, part: PartEncoder, weight: float, views: Views, view: View) -> Part:
        """A part's vectors.  A part that uses no tags is encoded once for posts with and without them."""
        shown: View = "untagged" if view == "whole" and not part.sees_tags else view
        if (part.key, shown) not in self._vectors:
            started = perf_counter()
            self._vectors[part.key, shown] = part.encode(getattr(views, shown))
            self._seconds.setdefault(part.key, perf_counter() - started)
        return part.weighted(weight, self._vectors[part.key, shown])


def make_parts(settings: Settings, site: Site, progress: Progress) -> list[tuple[PartEncoder, float]]:
    """The parts that the settings ask for, with their weights over 0; nothing is remembered.

    Raises:
        SettingsError: the weights add up to more than 1.
    """
    return [(part, weight) for part, weight in BlogEncoder(settings, site, progress=progress).parts if weight > 0]


def seen_answers(parts: Sequence[PartEncoder]) -> SeenAnswers:
    """What an encoder of these parts has learned from."""
    return SeenAnswers(
        knows_tags=next((part.knows_tags for part in parts if part.knows_tags), ""),
        knows_links=next((part.knows_links for part in parts if part.knows_links), ""),
    )
