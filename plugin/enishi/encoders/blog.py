"""Posts -> one vector each, by the encoders that the settings ask for.

The site encoder always takes part; a pretrained model may be combined with it by weighted concatenation.  Then each
vector is drawn towards those of the posts that it links with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.config import EncoderSettings
from enishi.encoders.combine import concatenate, smooth_along_links
from enishi.encoders.site import SiteEncoder
from enishi.memo import Memo
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.encoders.transformer import TransformerEncoder
    from enishi.types import Vectors


class BlogEncoder:
    """The encoder of one blog: an :class:`enishi.types.Encoder` that also knows the blog's links.

    Args:
        settings: which encoders, and how much each counts.
        site: the site's folder, which a model's folder may be relative to.
        progress: called with (done, total) while a pretrained model reads posts.
    """

    def __init__(
        self, settings: EncoderSettings, site: Path, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._settings = settings
        self._site = SiteEncoder(dimensions=settings.dimensions, tag_weight=settings.tag_weight)
        self._model: TransformerEncoder | None = None
        self._width = 0
        if settings.model:
            from enishi.encoders.transformer import TransformerEncoder

            self._model = TransformerEncoder(settings.model, revision=settings.revision, site=site, progress=progress)

    @property
    def key(self) -> str:
        """Names everything the vectors depend on beside the posts and their links.

        Raises:
            EncoderError: the pretrained model cannot be had.
        """
        parts = [self._site.key, f"links/{self._settings.link_weight!r}"]
        if self._model is not None:
            parts.append(f"{self._settings.weight!r}*{self._model.key}")
        return " ".join(parts)

    def encode(
        self,
        documents: Sequence[Document],
        links: Mapping[str, tuple[str, ...]] | None = None,
        memo: Memo | None = None,
    ) -> Vectors:
        """Vectors of shape (len(documents), dim): float32, unit rows, zeros for a post without words.

        `links` holds, by path, the paths of the posts that a body links to; `memo` knows the documents of last time.

        Raises:
            EncoderError: the pretrained model cannot be had.
        """
        vectors = self._site.encode(documents, memo)
        if self._model is not None:
            weight = self._settings.weight
            vectors = concatenate([(vectors, 1 - weight), (self._model.encode(documents), weight)])
        self._width = vectors.shape[1]
        row = {document.post.path: number for number, document in enumerate(documents)}
        pairs = ((row[source], row[target]) for source, targets in (links or {}).items() for target in targets)
        return smooth_along_links(vectors, pairs, self._settings.link_weight)

    def encode_query(self, text: str) -> Vectors:
        """The vector of free text, shape (1, dim), in the space of the last :meth:`encode`."""
        vector = self._site.encode_query(text)
        if self._model is None:
            return vector
        weight = self._settings.weight
        return concatenate([(vector, 1 - weight), (self._model.encode_query(text), weight)])

    def encode_edited(self, vector: Vectors | None, before: Document | None, after: Document) -> Vectors:
        """About where a post lies after an edit, shape (dim,), in the space of the last :meth:`encode`.

        What the site encoder makes of its words moves the post from where it lay (`vector`); tags, links and a
        pretrained model, which an edit of some words changes little, are left as they were.  A new post lies where
        its words alone would lie.
        """
        import numpy as np

        def query(document: Document) -> Vectors:
            words = self._site.encode_words(document.words)
            if self._model is None:
                alone: Vectors = words[0]
                return alone
            weight = self._settings.weight
            other = np.zeros((1, self._width - words.shape[1]), dtype=words.dtype)
            part: Vectors = concatenate([(words, 1 - weight), (other, weight)])[0] * np.float32((1 - weight) ** 0.5)
            return part

        moved: Vectors = query(after) if vector is None or before is None else vector + query(after) - query(before)
        length = float(np.linalg.norm(moved))
        return moved / np.float32(length) if length > 1e-9 else moved

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`load` needs, to encode queries and to spare a pretrained model posts that it has read."""
        return self._site.arrays() | (self._model.arrays() if self._model is not None else {})

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the arrays of an earlier run; False where queries cannot be encoded with them."""
        known = self._site.load(arrays)
        return (self._model is None or self._model.load(arrays)) and known
