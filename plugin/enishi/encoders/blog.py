"""Posts -> one vector each: the parts that the settings ask for, joined, filled in and smoothed along links."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from math import sqrt
from typing import TYPE_CHECKING, Any

from enishi.encoders.joining import (
    Part,
    Slot,
    concatenate,
    fill_often_missing,
    link_rows,
    slots_of,
    smooth_along_links,
)
from enishi.encoders.parts import PartEncoder, PassagePair, own_arrays, registered_parts
from enishi.errors import Diagnostic, SettingsError

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.cache import Cache
    from enishi.config import Settings
    from enishi.encoders.weight import ChosenWeight
    from enishi.generators.base import Site
    from enishi.memo import Memo
    from enishi.reading.unlinked import UnlinkedPosts
    from enishi.types import Document, Progress, Vectors

_SLOTS, _CHOSEN = "slots", "chosen"


def make_parts(settings: Settings, site: Site) -> list[PartEncoder]:
    """The parts that the settings ask for, in their order."""
    asked = (part.from_settings(settings, site) for part in (*_built_in(settings), *registered_parts()))
    return [part for part in asked if part is not None]


def _built_in(settings: Settings) -> Iterator[type[PartEncoder]]:
    """The parts of this package, in their order: those that many posts lack come after those they are filled from.

    A part whose setting is off is not even imported: a build with nothing to do asks for the parts, too.
    """
    if settings.encoder.site == "doc2vec":
        from enishi.encoders.doc2vec import Doc2VecEncoder

        yield Doc2VecEncoder
    else:
        from enishi.encoders.site import SiteEncoder

        yield SiteEncoder
    if settings.encoder.model:
        from enishi.encoders.transformer import TransformerEncoder

        yield TransformerEncoder
    if settings.readers.patterns:
        from enishi.encoders.readers import ReadersEncoder

        yield ReadersEncoder
    if settings.encoder.images:
        from enishi.encoders.images import ImageEncoder

        yield ImageEncoder


class BlogEncoder:
    """The encoder of one blog, which joins its parts.

    Args:
        settings: which parts, and how much each counts.
        site: names of files in the settings may be relative to its folder.
        store: remembers single passages and images by content, if given.
        progress: called while a slow part works.

    Raises:
        SettingsError: the parts' weights are more than 1 together.
    """

    def __init__(
        self, settings: Settings, site: Site, *, store: Cache | None = None, progress: Progress = lambda *_: None
    ) -> None:
        self._link_weight, self._dimensions = settings.encoder.link_weight, settings.encoder.dimensions
        self.parts = _with_weights(make_parts(settings, site))
        """The parts with their shares of the vector; that of the site's own words, which stands first, may be 0."""
        for part, _ in self.parts:
            part.store, part.progress = store, progress
        self.chosen: ChosenWeight | None = None
        """The model's weight, where the blog chose it at the last encoding."""
        self._unlinked_keys: tuple[bytes, ...] = ()
        self.slots: tuple[Slot, ...] = ()
        """The columns of the last encoding's vectors that belong to each part."""
        self.tag_blocks: tuple[tuple[float, Vectors], ...] = ()
        """(weight, vectors) of the parts that are evidence about tags, having never seen any; of the last encoding."""

    def encode(
        self,
        documents: Sequence[Document],
        links: Mapping[str, tuple[str, ...]] | None = None,
        memo: Memo | None = None,
        unlinked: Callable[[], UnlinkedPosts] | None = None,
        encode_part: Callable[[PartEncoder], Vectors] | None = None,
    ) -> Vectors:
        """Vectors of shape (len(documents), dim): float32, unit rows, zeros for a post without words.

        `links` holds, by path, the paths of the posts that a body links to; `memo` knows the documents of last time;
        `unlinked` is asked where the blog is to choose the model's weight, which else is the default one;
        `encode_part` makes a part's vectors where they are not made of `documents` here.

        Raises:
            EncoderError: something that a part needs is not there.
        """
        parts = self.encode_parts(documents, memo, encode_part)
        if unlinked is not None:
            parts = self._choose_weight(parts, documents, links or {}, unlinked)
        return smooth_along_links(concatenate(parts), link_rows(documents, links or {}), self._link_weight)

    def encode_parts(
        self,
        documents: Sequence[Document],
        memo: Memo | None = None,
        encode_part: Callable[[PartEncoder], Vectors] | None = None,
    ) -> list[Part]:
        """The parts before they are joined, missing rows filled in.

        Raises:
            EncoderError: something that a part needs is not there.
        """
        encode = encode_part or (lambda part: part.encode(documents, memo))
        encoded = [part.weighted(weight, encode(part)) for part, weight in self.parts]
        parts = fill_often_missing(encoded)
        self.slots = slots_of(parts)
        kernels = [part.tag_kernel_weight for part, _ in self.parts]
        self.tag_blocks = tuple((kernel, part.vectors) for kernel, part in zip(kernels, parts, strict=True) if kernel)
        return parts

    def _choose_weight(
        self,
        parts: Sequence[Part],
        documents: Sequence[Document],
        links: Mapping[str, tuple[str, ...]],
        unlinked: Callable[[], UnlinkedPosts],
    ) -> list[Part]:
        """The parts, the model's and the site encoder's with the weights that the blog chooses, where it may."""
        from enishi.encoders.site import SiteEncoder
        from enishi.encoders.weight import WEIGHTS, choose_weight

        self.chosen = None
        place = next((place for place, (part, _) in enumerate(self.parts) if part.chooses_weight), 0)
        model, before = self.parts[place]
        rest = self.parts[0][1] + before
        if not model.chooses_weight or not isinstance(self.parts[0][0], SiteEncoder):
            return list(parts)
        hidden = unlinked()
        others = [hidden.by_path.get(document.post.path) for document in documents]
        blind = SiteEncoder(dimensions=self._dimensions, tag_weight=0).encode(
            [replace(one, words=other.words) if other else one for one, other in zip(documents, others, strict=True)]
        )
        linking = [document for document in documents if document.post.path in hidden.by_path]
        same = [hidden.by_path[document.post.path].same for document in linking]
        unread = model.reads_no_further(linking, same)
        sees_links = {one.post.path for one, is_unread in zip(linking, unread, strict=True) if not is_unread}
        asked = {
            path: tuple(to for to in targets if not (to in sees_links and path in links[to]))
            for path, targets in links.items()
            if path not in sees_links and not model.knows_links
        }
        self.chosen = choose_weight(
            blind,
            parts[place].vectors,
            link_rows(documents, asked),
            [() if model.knows_tags else document.post.tags for document in documents],
            [weight for weight in WEIGHTS if weight <= rest],
        )
        self._unlinked_keys = hidden.keys
        self._take_up(self.chosen)
        return [replace(part, weight=weight) for part, (_, weight) in zip(parts, self.parts, strict=True)]

    def _take_up(self, chosen: ChosenWeight) -> None:
        """Give the model the weight that was chosen, and the site encoder what that leaves."""
        (site, left), *others = self.parts
        before = sum(weight for part, weight in others if part.chooses_weight)
        weights = [(part, chosen.weight if part.chooses_weight else weight) for part, weight in others]
        self.parts = ((site, left + before - chosen.weight), *weights)

    @property
    def informs_tags(self) -> bool:
        """Whether encoding leaves :attr:`tag_blocks`."""
        return any(part.tag_kernel_weight for part, _ in self.parts)

    @property
    def embedding_keys(self) -> tuple[bytes, ...]:
        """The keys under which the store holds what the last encoding needed."""
        return (*(key for part, _ in self.parts for key in part.embedding_keys), *self._unlinked_keys)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was wrong with what the last encoding read."""
        return tuple(diagnostic for part, _ in self.parts for diagnostic in part.diagnostics)

    def use(self, store: Cache | None) -> None:
        """From now on, slow work is remembered there."""
        for part, _ in self.parts:
            part.store = store

    def similar_passages(self, first: Document, second: Document) -> list[PassagePair]:
        """The most similar passages of two posts, best first, of the parts that read passages.

        Raises:
            ValueError: nothing was encoded or loaded before.
            EncoderError: something that a part needs is not there.
        """
        return [pair for part, _ in self.parts for pair in part.similar_passages(first, second)]

    def encode_query(self, text: str) -> Vectors:
        """The vector of free text, shape (1, dim), in the space of the last :meth:`encode`."""
        return concatenate([part.weighted(weight, part.encode_query(text)) for part, weight in self.parts])

    def encode_edited(self, vector: Vectors | None, before: Document | None, after: Document) -> Vectors:
        """About where a post lies after an edit, shape (dim,), in the space of the last :meth:`encode`.

        The edited words move the post from where it lay (`vector`).  Tags, links and the parts that are not made of
        words, which an edit changes little, are left as they were.  A new post lies where its words alone would lie.
        """
        import numpy as np

        def of_words(document: Document) -> Vectors:
            pieces = []
            for (part, weight), slot in zip(self.parts, self.slots, strict=True):
                row = part.encode_words(document.words)
                width = slot.end - slot.start
                pieces.append(np.zeros(width, np.float32) if row is None else row[0] * np.float32(sqrt(weight)))
            return np.concatenate(pieces)

        moved: Vectors = of_words(after)
        if vector is not None and before is not None:
            moved = vector + moved - of_words(before)
        length = float(np.linalg.norm(moved))
        return moved / np.float32(length) if length > 1e-9 else moved

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`load` needs, to encode queries and to tell the parts of a vector apart."""
        import numpy as np

        slots = json.dumps([[slot.name, slot.start, slot.end] for slot in self.slots]).encode()
        own = {f"{part.name}/{name}": array for part, _ in self.parts for name, array in part.arrays().items()}
        if self.chosen is not None:
            own[_CHOSEN] = np.frombuffer(json.dumps(asdict(self.chosen)).encode(), dtype=np.uint8)
        return {_SLOTS: np.frombuffer(slots, dtype=np.uint8), **own}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the arrays of an earlier run; False where queries cannot be encoded with them."""
        try:
            slots = json.loads(arrays[_SLOTS].tobytes())
            self.slots = tuple(Slot(str(name), int(start), int(end)) for name, start, end in slots)
        except (KeyError, ValueError, TypeError):
            self.slots = ()
        self.chosen = chosen_weight(arrays)
        if self.chosen is not None:
            self._take_up(self.chosen)
        loaded = [part.load(own_arrays(part.name, arrays)) for part, _ in self.parts]  # each, whatever the others say
        return all(loaded)


def chosen_weight(arrays: Mapping[str, npt.NDArray[Any]]) -> ChosenWeight | None:
    """What a build's arrays say of the model's weight; None where the blog did not choose it."""
    from enishi.encoders.weight import ChosenWeight

    try:
        return ChosenWeight(**json.loads(arrays[_CHOSEN].tobytes())) if _CHOSEN in arrays else None
    except (ValueError, TypeError):
        return None


def _with_weights(parts: Sequence[PartEncoder]) -> tuple[tuple[PartEncoder, float], ...]:
    """The parts with their shares of the vector, 1 together."""
    weights = {part.name: part.weight for part in parts if part.weight is not None}
    taken = sum(weights.values())
    if taken > 1:
        shares = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
        raise SettingsError(f"the weights of parts are shares of one vector, 1 together: {shares} make {taken:g}")
    return tuple((part, 1 - taken if part.weight is None else part.weight) for part in parts)
