"""Posts -> one vector each, by the parts that the settings ask for.

What is learned from the blog itself always takes part; a pretrained model, what readers read together and the posts'
images each have a share where they are asked for.  Then each vector is drawn towards those of the posts that it links
with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, Any

from enishi.config import Settings
from enishi.encoders.missing import VERSION as FILL_VERSION
from enishi.encoders.missing import fill_missing
from enishi.encoders.models import EmbeddingStore, Running
from enishi.encoders.parts import Part, PartEncoder, Slot, concatenate, slots_of, smooth_along_links
from enishi.encoders.site import SiteEncoder
from enishi.errors import Diagnostic, SettingsError
from enishi.memo import Memo
from enishi.reading.links import own_hosts
from enishi.reading.site import Site
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.encoders.doc2vec import Doc2VecEncoder
    from enishi.encoders.transformer import TransformerEncoder
    from enishi.types import Vectors

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""

TAG_BLOCK_WEIGHT = 1.0
"""Of the pretrained model among the kernels of the tag evidence (RESEARCH.md)."""
_SLOTS = "slots"
_OFTEN_MISSING = ("readers", "images")
"""Parts that most posts of a blog may lack; they come after those that speak of every post."""


class BlogEncoder:
    """The encoder of one blog: an :class:`enishi.types.Encoder` that also knows the blog's links.

    Args:
        settings: which parts, and how much each counts.
        site: names of files in the settings may be relative to its folder.
        store: what remembers single passages and images by content, if anything does.
        progress: called while a pretrained model works.

    Raises:
        SettingsError: the parts take more than there is.
    """

    def __init__(
        self,
        settings: Settings,
        site: Site,
        *,
        store: EmbeddingStore | None = None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._link_weight = settings.encoder.link_weight
        self._model = _model_encoder(settings, site, store, progress)
        self._site = _site_encoder(settings)
        self._parts = _part_encoders(settings, site, self._site, self._model, store, progress)
        self._slots: tuple[Slot, ...] = ()
        self._tag_blocks: tuple[tuple[float, Vectors], ...] = ()

    @property
    def key(self) -> str:
        """Names everything the vectors depend on beside the posts and their links.

        Raises:
            EncoderError: a pretrained model cannot be had.
        """
        parts = [f"{weight!r}*{encoder.key}" for encoder, weight in self._parts]
        return " ".join([*parts, f"links/{self._link_weight!r}", f"filled/{FILL_VERSION}"])

    def encode(
        self,
        documents: Sequence[Document],
        links: Mapping[str, tuple[str, ...]] | None = None,
        memo: Memo | None = None,
    ) -> Vectors:
        """Vectors of shape (len(documents), dim): float32, unit rows, zeros for a post without words.

        `links` holds, by path, the paths of the posts that a body links to; `memo` knows the documents of last time.

        Raises:
            EncoderError: a pretrained model cannot be had.
        """
        parts = self.encode_parts(documents, memo)
        return smooth_along_links(concatenate(parts), link_rows(documents, links or {}), self._link_weight)

    def encode_parts(self, documents: Sequence[Document], memo: Memo | None = None) -> list[Part]:
        """The parts before they are joined.

        Raises:
            EncoderError: a pretrained model cannot be had.
        """
        parts = filled([Part(encoder.name, weight, encoder.encode(documents, memo)) for encoder, weight in self._parts])
        self._slots = slots_of(parts)
        knows_no_tags = self._model is not None and not self._model.source.saw_tags()
        self._tag_blocks = tuple(
            (TAG_BLOCK_WEIGHT, part.vectors) for part in parts if part.name == "model" and knows_no_tags
        )
        return parts

    @property
    def parts(self) -> tuple[tuple[PartEncoder, float], ...]:
        """What makes the parts, with their shares of the vector; the site encoder first, whose share may be 0."""
        return tuple(self._parts)

    @property
    def tag_blocks(self) -> tuple[tuple[float, Vectors], ...]:
        """(weight, vectors) of what may bear witness about tags, having never seen any; of the last encoding."""
        return self._tag_blocks

    def passages(self, document: Document) -> tuple[list[str], Vectors]:
        """The passages that the pretrained model reads of a post, and their vectors; none without a model.

        Raises:
            ValueError: if nothing was encoded or loaded before.
            EncoderError: the model cannot be had.
        """
        import numpy as np

        return self._model.passages(document) if self._model else ([], np.zeros((0, 1), dtype=np.float32))

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Which columns of the vectors of the last encoding belong to which part."""
        return self._slots

    @property
    def embedding_keys(self) -> tuple[bytes, ...]:
        """Under which keys the store has what the last encoding needed."""
        return tuple(key for encoder, _ in self._parts for key in encoder.embedding_keys)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was wrong with what the last encoding read."""
        return tuple(told for encoder, _ in self._parts for told in encoder.diagnostics)

    def use(self, store: EmbeddingStore | None) -> None:
        """From now on, what models read is remembered there."""
        for encoder, _ in self._parts:
            encoder.use_store(store)

    def encode_query(self, text: str) -> Vectors:
        """The vector of free text, shape (1, dim), in the space of the last :meth:`encode`."""
        return concatenate([Part(encoder.name, weight, encoder.encode_query(text)) for encoder, weight in self._parts])

    def encode_edited(self, vector: Vectors | None, before: Document | None, after: Document) -> Vectors:
        """About where a post lies after an edit, shape (dim,), in the space of the last :meth:`encode`.

        What the site encoder makes of its words moves the post from where it lay (`vector`); tags, links and the other
        parts, which an edit of some words changes little, are left as they were.  A new post lies where its words alone
        would lie.
        """
        import numpy as np

        share = np.float32(sqrt(self._parts[0][1]) if len(self._parts) > 1 else 1)  # as in :func:`concatenate`
        width = self._slots[-1].end if self._slots else 0

        def query(document: Document) -> Vectors:
            words = self._site.encode_words(document.words)[0]
            place: Vectors = np.zeros(max(width, len(words)), dtype=np.float32)
            place[: len(words)] = words * share
            return place

        moved: Vectors = query(after) if vector is None or before is None else vector + query(after) - query(before)
        length = float(np.linalg.norm(moved))
        return moved / np.float32(length) if length > 1e-9 else moved

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`load` needs, to encode queries and to tell the parts of a vector."""
        import numpy as np

        slots = json.dumps([[slot.name, slot.start, slot.end] for slot in self._slots]).encode()
        found: dict[str, npt.NDArray[Any]] = {_SLOTS: np.frombuffer(slots, dtype=np.uint8)}
        for encoder, _ in self._parts:
            found |= encoder.arrays()
        return found

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the arrays of an earlier run; False where queries cannot be encoded with them."""
        self._slots = read_slots(arrays)
        loaded = [encoder.load(arrays) for encoder, _ in self._parts]  # each of them, whatever the others say
        return all(loaded)


def read_slots(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[Slot, ...]:
    """Which columns of a build's vectors belong to which part; empty if unknown."""
    try:
        return tuple(Slot(str(name), int(start), int(end)) for name, start, end in json.loads(arrays[_SLOTS].tobytes()))
    except (KeyError, ValueError, TypeError):
        return ()


def filled(parts: Sequence[Part]) -> list[Part]:
    """The parts in their order; what posts often lack is filled in from the parts before it."""
    found: list[Part] = []
    for part in parts:
        is_filled = part.name in _OFTEN_MISSING and found
        found.append(replace(part, vectors=fill_missing(part.vectors, concatenate(found))) if is_filled else part)
    return found


def link_rows(documents: Sequence[Document], links: Mapping[str, tuple[str, ...]]) -> list[tuple[int, int]]:
    """Links between posts as pairs of rows."""
    row = {document.post.path: number for number, document in enumerate(documents)}
    return [(row[source], row[target]) for source, targets in links.items() for target in targets]


# --- which parts ---------------------------------------------------------------------------------------------------


def _part_encoders(
    settings: Settings,
    site: Site,
    fitted: PartEncoder,
    model: TransformerEncoder | None,
    store: EmbeddingStore | None,
    progress: Progress,
) -> list[tuple[PartEncoder, float]]:
    """The parts with their shares, the site encoder's first: it has what the others leave."""
    others: list[tuple[PartEncoder, float]] = []
    if model is not None:
        others.append((model, settings.encoder.weight))
    if settings.readers.patterns:
        from enishi.encoders.readers import ReadersEncoder

        readers = ReadersEncoder(
            settings.readers,
            site.root,
            own_hosts(site.url),
            progress,
        )
        others.append((readers, settings.readers.weight))
    if settings.encoder.images:
        from enishi.encoders.images import ImageEncoder

        images = ImageEncoder(
            settings.encoder.images,
            site=site,
            revision=settings.encoder.images_revision,
            running=_running(settings),
            store=store,
            progress=progress,
        )
        others.append((images, settings.encoder.images_weight))
    taken = sum(weight for _, weight in others)
    if taken > 1:
        raise SettingsError(
            f"encoder.weight, readers.weight and encoder.images_weight are shares of one vector: together {taken:g}, "
            "they are more than 1"
        )
    return [(fitted, 1 - taken), *others]


def _site_encoder(settings: Settings) -> SiteEncoder | Doc2VecEncoder:
    if settings.encoder.site == "doc2vec":
        from enishi.encoders.doc2vec import Doc2VecEncoder

        return Doc2VecEncoder(dimensions=settings.encoder.dimensions)
    return SiteEncoder(dimensions=settings.encoder.dimensions, tag_weight=settings.encoder.tag_weight)


def _model_encoder(
    settings: Settings, site: Site, store: EmbeddingStore | None, progress: Progress
) -> TransformerEncoder | None:
    chosen = settings.encoder
    if not chosen.model:
        return None
    from enishi.encoders.transformer import TransformerEncoder

    return TransformerEncoder(
        chosen.model,
        revision=chosen.revision,
        site=site.root,
        prompt=chosen.prompt,
        running=_running(settings),
        store=store,
        progress=progress,
    )


def _running(settings: Settings) -> Running:
    return Running(settings.encoder.backend, settings.encoder.precision, settings.encoder.device)
