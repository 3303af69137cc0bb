"""A blog's vectors by each of the encoders compared, and how long each took.

An encoder is a list of weighted parts (:mod:`enishi.encoders.parts`).  A part that two encoders share is worked out
once; its time counts for both.  Nothing is remembered from earlier runs, so the time is that of a blog never seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from enishi.commands.compare.named import NamedEncoder
from enishi.config import Settings
from enishi.encoders.blog import BlogEncoder
from enishi.encoders.joining import Part, concatenate, fill_often_missing, link_rows, smooth_along_links
from enishi.encoders.parts import PartEncoder
from enishi.types import Document, Post, Progress, Terms, TextFields

if TYPE_CHECKING:
    from enishi.generators.base import Site
    from enishi.types import Vectors

Links = Mapping[str, tuple[str, ...]]
View = Literal["whole", "untagged", "unlinked"]


@dataclass(frozen=True, slots=True)
class Views:
    """The blog's posts as encoders get to see them, each in the same order."""

    whole: tuple[Document, ...]
    untagged: tuple[Document, ...]
    """Without any tag."""
    unlinked: tuple[Document, ...]
    """Without links, addresses and texts, to other posts; empty where there were none."""
    links: Links
    """By path of a post, the posts that it links to."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What an encoder can be judged by: nothing that it has learned from."""

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
    """By an encoder that knows of no tags."""
    unlinked: Vectors | None
    """By one that knows of no links; None where the blog has none."""
    dimensions: int
    seconds_per_100: float
    """To encode a hundred posts, nothing being remembered."""
    loading: float
    """Seconds until it could encode its first post."""
    witness: Witness
    tag_blocks: tuple[tuple[float, Vectors], ...] = ()
    """What a build with this encoder lets bear witness about tags, see :class:`enishi.encoders.blog.BlogEncoder`."""


class PartStore:
    """Every part of every encoder, worked out once for each view of the blog.

    Args:
        site: whose folder names in the settings may be relative to.
        progress: told while a slow part works.
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
        built = encoder.settings
        pull = built.encoder.link_weight
        blind = built.model_copy(update={"encoder": built.encoder.model_copy(update={"tag_weight": 0.0})})
        parts, parts_without_tags = self._of(encoder.name, built), self._of(encoder.name, blind)
        found = [self._part(part, weight, views, "whole") for part, weight in parts]
        witness = _witness([part for part, _ in parts])
        started = perf_counter()
        whole = _joined(found, views, pull)
        seconds = perf_counter() - started + sum(self._seconds[part.key] for part, _ in parts)
        unlinked = None
        if views.unlinked:
            unlinked = _joined([self._part(part, weight, views, "unlinked") for part, weight in parts], views, 0.0)
        return EncodedBlog(
            name=encoder.name,
            whole=whole,
            untagged=_joined([self._part(*part, views, "untagged") for part in parts_without_tags], views, pull),
            unlinked=unlinked,
            dimensions=whole.shape[1],
            seconds_per_100=round(100 * seconds / max(len(views.whole), 1), 4),
            loading=round(sum(self._loading[part.key] for part, _ in parts), 2),
            witness=witness,
            tag_blocks=tuple(
                (part.tag_kernel_weight, self._part(part, weight, views, "untagged").vectors)
                for part, weight in parts
                if part.tag_kernel_weight and not witness.knows_tags
            ),
        )

    def _of(self, name: str, settings: Settings) -> list[tuple[PartEncoder, float]]:
        """The parts of an encoder, the known ones as they are; a new one is made ready to encode."""
        found = []
        for made, weight in make_parts(settings, self._site, self._progress):
            if made.key not in self._parts:
                self._progress(f"loading {name}", 0, 0)
                self._parts[made.key] = made
                started = perf_counter()
                made.encode([_FIRST])
                self._loading[made.key] = perf_counter() - started
            found.append((self._parts[made.key], weight))
        return found

    def _part(self, part: PartEncoder, weight: float, views: Views, view: View) -> Part:
        """A part's vectors.

        Only the part that is fitted on the blog may see tags, where the settings let it: any other gets the untagged
        posts even where the others see them whole, so that what it says of a post is the same in both.
        """
        shown: View = "untagged" if view == "whole" and not part.sees_tags else view
        place = (part.key, shown)
        if place not in self._vectors:
            started = perf_counter()
            self._vectors[place] = part.encode(getattr(views, shown))
            self._seconds.setdefault(part.key, perf_counter() - started)
        return part.weighted(weight, self._vectors[place])


def make_parts(settings: Settings, site: Site, progress: Progress) -> list[tuple[PartEncoder, float]]:
    """The parts that the settings ask for, with their weights, but for those without any; nothing is remembered.

    Raises:
        SettingsError: they take more than there is.
    """
    encoder = BlogEncoder(settings, site, progress=progress)
    return [(part, weight) for part, weight in encoder.parts if weight > 0]


def _witness(parts: Sequence[PartEncoder]) -> Witness:
    """What an encoder may be asked about.

    A model that was trained on a blog may have learned from its tags or links, which is noted beside it.  Readers
    follow links and browse by tag, so what they read together knows of both.
    """
    return Witness(
        knows_tags=next((part.knows_tags for part in parts if part.knows_tags), ""),
        knows_links=next((part.knows_links for part in parts if part.knows_links), ""),
    )


def _joined(parts: Sequence[Part], views: Views, pull: float) -> Vectors:
    return smooth_along_links(concatenate(fill_often_missing(parts)), link_rows(views.whole, views.links), pull)


_FIRST = Document(Post("first.md", "First"), TextFields("First", prose="First."), {"first": 1}, Terms({"first": 1}, {}))
"""No post of any blog: what is loaded to encode it is not loaded for the blog's own."""
