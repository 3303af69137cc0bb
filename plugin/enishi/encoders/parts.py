"""The seam between a post's vector and what it is made of: each part of the vector is one file.

A part is a subclass of :class:`PartEncoder`, which says when the settings ask for it, how it makes vectors and what
they depend on.  It is made known by :func:`register`; those of Enishi are listed in :mod:`enishi.encoders.blog`, which
joins them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from enishi.encoders.joining import Part
from enishi.types import Progress

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.cache import Cache
    from enishi.config import Settings
    from enishi.errors import Diagnostic
    from enishi.generators.base import Site
    from enishi.memo import Memo
    from enishi.types import Document, Vectors


@dataclass(frozen=True, slots=True)
class PassagePair:
    """A passage of one post and one of another."""

    first: str
    second: str
    score: float
    """Cosine similarity, rounded to 4 digits."""


class PartEncoder(ABC):
    """Makes one part of every post's vector.

    Args:
        weight: its share of the vector, 0 to 1; None for what the other parts leave.
    """

    name: ClassVar[str]
    """The part's name in explanations and diagnostics, and the prefix of its arrays in the cache."""
    label: ClassVar[str] = ""
    """What an explanation calls it, where that is not its name."""
    is_often_missing: ClassVar[bool] = False
    """Whether most posts may lack it: then their rows are filled in from the parts that stand before it."""
    sees_tags: ClassVar[bool] = False
    """Whether its vectors depend on the posts' tags."""

    chooses_weight: bool = False
    """Whether the blog's links and tags may choose another share than `weight`."""

    def __init__(self, weight: float | None = None) -> None:
        self.weight = weight
        self.store: Cache | None = None
        """Where slow work is remembered from build to build, if anywhere."""
        self.progress: Progress = lambda *_: None

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Settings, site: Site) -> Self | None:
        """The part as the settings ask for it; None where they don't.  Reads and loads nothing yet."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Names everything that the vectors depend on beside the posts.

        Raises:
            EncoderError: something that the part needs is not there.
        """

    @abstractmethod
    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Vectors of shape (n, dim): float32, unit rows, zeros where this part knows nothing of a post.

        Raises:
            EncoderError: something that the part needs is not there.
        """

    @abstractmethod
    def encode_query(self, text: str) -> Vectors:
        """The vector of free text, shape (1, dim), in the space of the last :meth:`encode`; zeros if it has none.

        Raises:
            ValueError: nothing was encoded or loaded before.
        """

    def encode_words(self, counts: Mapping[str, int]) -> Vectors | None:  # noqa: ARG002
        """The vector of a text given as word counts, shape (1, dim); None for a part that is not made of words."""
        return None

    def reads_no_further(
        self,
        documents: Sequence[Document],  # noqa: ARG002
        lengths: Sequence[int],
    ) -> list[bool]:
        """Whether of each post no more than so many characters of its prose are read; False where that is not known.

        Raises:
            EncoderError: something that the part needs is not there.
        """
        return [False] * len(lengths)

    def weighted(self, weight: float, vectors: Vectors) -> Part:
        """Vectors of this part, to be joined with those of others."""
        return Part(self.name, weight, vectors, self.is_often_missing)

    def stamps(self) -> Iterable[str]:
        """A cheap fingerprint of the files that the vectors depend on beside the posts, for the key of a build."""
        return ()

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`load` needs, by names of its own; empty before encoding."""
        return {}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:  # noqa: ARG002
        """Take up the arrays of an earlier build; False where queries cannot be encoded with them."""
        return True

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What was wrong with what the last :meth:`encode` read."""
        return ()

    @property
    def embedding_keys(self) -> Iterable[bytes]:
        """The keys under which `store` holds what the last :meth:`encode` needed."""
        return ()

    @property
    def tag_kernel_weight(self) -> float:
        """The weight of this part among the kernels of the tag evidence; 0 where it is no evidence about tags."""
        return 0.0

    @property
    def knows_tags(self) -> str:
        """Why the blog's tags are no test of this part (`was trained on tags`); empty where they are."""
        return ""

    @property
    def knows_links(self) -> str:
        """Why links between posts are no test of this part; empty where they are."""
        return ""

    def similar_passages(self, first: Document, second: Document) -> Sequence[PassagePair]:  # noqa: ARG002
        """The most similar passages of two posts, best first; none for a part that reads no passages."""
        return ()


_registered: list[type[PartEncoder]] = []


def register(part: type[PartEncoder]) -> None:
    """Make a part known: from now on it is asked whether the settings want it."""
    _registered.append(part)


def unregister(part: type[PartEncoder]) -> None:
    """Forget a part that was registered."""
    _registered.remove(part)


def registered_parts() -> tuple[type[PartEncoder], ...]:
    """The parts that were registered, in that order."""
    return tuple(_registered)


def own_arrays(part: str, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of one part among those of a build, by its own names."""
    prefix = f"{part}/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
