"""What parts that a pretrained model makes have in common: the model, what is remembered of it, and the centring.

The model's vector of a text or picture depends on that alone, so it is remembered by content.  Vectors of posts are
centred over the blog: what all its posts have in common tells none of them apart.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from enishi.encoders.joining import centre_of, centred
from enishi.encoders.models import ModelSource, first_line, load_model
from enishi.encoders.parts import PartEncoder
from enishi.errors import Diagnostic, EncoderError

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Vectors


class PretrainedPart(PartEncoder):
    """A part that a pretrained model makes.  The model is loaded when a text or picture needs it.

    Args:
        source: where the model is.
        device: where it runs, as torch names it; `auto`: a GPU where there is one.
        weight: its share of the vector.
    """

    def __init__(self, source: ModelSource, device: str, weight: float) -> None:
        super().__init__(weight)
        self.source, self._device = source, device
        self._loaded: Any = None
        self._key = ""
        self._known: dict[bytes, bytes] = {}
        self._known_before: dict[bytes, bytes] = {}
        self._centre: Vectors | None = None

    @property
    def key(self) -> str:
        """Names everything the vectors depend on beside the posts: for a folder its content, never its place.

        Raises:
            EncoderError: if there is no such model on this machine and it cannot be fetched.
        """
        if not self._key:
            self._key = f"{self._recipe()}/{self.source.versions()}/{self._device}/{self.source.identity()}"
        return self._key

    @abstractmethod
    def _recipe(self) -> str:
        """The part of the key that does not depend on which model it is, nor how it is run, nor by what."""

    def stamps(self) -> Iterator[str]:
        """The model's files by size and time: enough to see that they changed, without hashing gigabytes."""
        return self.source.stamps()

    @property
    def embedding_keys(self) -> Iterable[bytes]:
        return tuple(self._known)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Advice on the choice of the model, after :meth:`encode`."""
        advice = self.source.advice()
        return (advice,) if advice else ()

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        import numpy as np

        if self._centre is None:
            return {}
        return {"key": np.frombuffer(self.key.encode(), dtype=np.uint8), "centre": self._centre}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the arrays of an earlier run; False where some are missing, or come from another model."""
        if not {"key", "centre"} <= set(arrays) or arrays["key"].tobytes() != self.key.encode():
            return False
        self._centre = arrays["centre"]
        return True

    @property
    def centre(self) -> Vectors:
        """What the posts of the last :meth:`encode` have in common, shape (dim,).

        Raises:
            ValueError: nothing was encoded or loaded before.
        """
        if self._centre is None:
            raise ValueError(f"the part {self.name} has encoded nothing yet")
        return self._centre

    def finish(self, raw: Vectors) -> Vectors:
        """Raw vectors, centred over the posts that have one, as unit rows; queries are centred alike from then on."""
        self._centre = centre_of(raw)
        return centred(raw, self._centre)

    # -- what is remembered

    def _begin_round(self) -> None:
        """From now on, what is known counts as needed only once it is recalled."""
        self._known_before, self._known = self._known, {}

    def _recall(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """What is remembered under these keys, in memory or in the store."""
        wanted = list(dict.fromkeys(keys))
        in_memory = self._known_before | self._known
        values = {key: in_memory[key] for key in wanted if key in in_memory}
        missing = [key for key in wanted if key not in values]
        if missing and self.store is not None:
            values |= self.store.embeddings(missing)
        self._known |= values
        return values

    def _remember(self, values: Mapping[bytes, bytes]) -> None:
        self._known |= values
        if values and self.store is not None:
            self.store.add_embeddings(values)

    # -- the model

    def _run(self, items: list[Any], method: str = "encode", **options: Any) -> Vectors:
        """Unit vectors of some texts or pictures, in one batch: shape (len(items), dim).

        Raises:
            EncoderError: the model cannot be had, or fails.
        """
        import numpy as np

        model, name = self._model(), self.source.name
        always = {"show_progress_bar": False, "convert_to_numpy": True, "normalize_embeddings": True}
        try:
            encoded = getattr(model, method)(items, batch_size=len(items), **always, **options)
        except Exception as error:
            raise EncoderError(f"the model {name} fails: {first_line(error)}") from error
        vectors: Vectors = np.asarray(encoded, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise EncoderError(f"the model {name} gives vectors that are not numbers; is it damaged?")
        return vectors

    def _model(self) -> Any:
        if self._loaded is None:
            self.progress("loading the model", 0, 0)
            self._loaded = load_model(self.source, self._device)
        return self._loaded
