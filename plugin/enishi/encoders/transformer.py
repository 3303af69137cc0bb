"""Any sentence-transformers model as a part of a post's vector.

A post is read as passages of bounded length, each with the post's title; its raw vector is their mean, each weighted by
its tokens.  A passage's vector depends on the passage alone: passages are read in batches of one fixed shape (so many
rows, padded to so many tokens), because the last bits of a sum hang on the shape of the batch that it is made in.  So
vectors may be remembered by content, and the same posts still make the same bytes.  Only then are they centred over the
blog: what all its posts have in common tells none of them apart (RESEARCH.md: worth .07 nDCG@5 of tags).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.cache import digest
from enishi.encoders.models import (
    LIBRARIES,
    EmbeddingStore,
    ModelSource,
    Running,
    first_line,
    library_versions,
    load_model,
)
from enishi.encoders.parts import PartEncoder, centre_of, centred, unit_rows
from enishi.encoders.passages import MAX_PASSAGES, PASSAGE_TOKENS, Passages, cut_passages
from enishi.errors import Diagnostic, EncoderError
from enishi.memo import Memo
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Vectors

VERSION = 2
"""Part of the key: raise it when the vectors of some post change."""

_BATCH_TOKENS = {"cpu": 1024}
_GPU_BATCH_TOKENS = 16_384
_LENGTH_STEP = 32
"""Passages are padded to a multiple of this."""
_STATIC_BATCH = 256
_SAVED_EVERY = 64
"""Passages: what was read is kept that often, so that a long run can be broken off and goes on from there."""
_ARRAYS = ("model_key", "model_centre")
_E5 = re.compile(r"(^|[/_.-])e5-(small|base|large)(?!.*instruct)", re.I)
"""Models that want prompts but of which not every copy says so (Wang et al. 2022)."""
_DOCUMENT_PROMPTS, _QUERY_PROMPTS = ("document", "passage", "corpus"), ("query",)

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total); total 0 where it is not known."""


class TransformerEncoder(PartEncoder):
    """The part of a post's vector that a pretrained model makes.

    Nothing is loaded before a passage needs it: a blog whose passages are all remembered needs no model in memory.

    Args:
        model: a folder (absolute, or relative to `site`), or else a name on the hub.
        revision: see :class:`enishi.encoders.models.ModelSource`.
        site: what a relative folder is relative to; the current folder by default.
        prompt: put before each passage; `auto` for what the model asks for.
        running: how the model is run.
        store: what remembers passages by content, if anything does.
        progress: told while the model reads.
    """

    name = "model"

    def __init__(
        self,
        model: str,
        *,
        revision: str = "",
        site: Path | None = None,
        prompt: str = "auto",
        running: Running | None = None,
        store: EmbeddingStore | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._running = running or Running()
        self._source = ModelSource(model, revision, site or Path(), backend=self._running.backend)
        self._prompt, self._store, self._progress = prompt, store, progress
        self._loaded: Any = None
        self._key = ""
        self._known: dict[bytes, bytes] = {}
        self._centre: Vectors | None = None

    @property
    def key(self) -> str:
        """Names everything the vectors depend on beside the posts: for a folder its content, never its place.

        Raises:
            EncoderError: if there is no such model on this machine and it cannot be fetched.
        """
        if not self._key:
            self._key = "/".join(
                (
                    f"transformer/{VERSION}/{MAX_PASSAGES}x{PASSAGE_TOKENS}/{self._prompt!r}/{self._running.key}",
                    library_versions(*LIBRARIES, *_backend_libraries(self._running)),
                    self._source.identity(),
                )
            )
        return self._key

    @property
    def source(self) -> ModelSource:
        """The model."""
        return self._source

    @property
    def embedding_keys(self) -> tuple[bytes, ...]:
        """Under which keys the store has what the last :meth:`encode` needed."""
        return tuple(self._known)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What there is to say about the choice of the model, after :meth:`encode`."""
        advice = self._source.advice()
        return (advice,) if advice else ()

    def use_store(self, store: EmbeddingStore | None) -> None:
        """From now on, what is read is kept there, too."""
        self._store = store

    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Vectors of shape (n, dim), centred over these documents; zeros for a post without words.

        Raises:
            EncoderError: if the model cannot be had or does not work.
        """
        del memo
        return self.finish(self.raw(documents))

    def raw(self, documents: Sequence[Document]) -> Vectors:
        """Each post's mean passage vector, of unit length but not centred; zeros for a post without words.

        Raises:
            EncoderError: if the model cannot be had or does not work.
        """
        import numpy as np

        posts = [_text(document) for document in documents]
        known, self._known = self._known, {}
        cuts = self._cut([post for post in posts if post], known)
        texts = [cuts[post].texts(*post) if post else [] for post in posts]
        vectors = self._embed([text for of_post in texts for text in of_post], known)
        dim = len(next(iter(vectors.values()))) if vectors else 1
        rows: Vectors = np.zeros((len(posts), dim), dtype=np.float32)
        for row, (post, of_post) in enumerate(zip(posts, texts, strict=True)):
            if post:
                weights = np.array(cuts[post].weights(), dtype=np.float64)
                rows[row] = (weights @ np.array([vectors[text] for text in of_post], dtype=np.float64)) / weights.sum()
        return unit_rows(rows)

    def passages(self, document: Document) -> tuple[list[str], Vectors]:
        """The passages of a post and their unit vectors, centred as the posts are, shape (passages, dim).

        Raises:
            ValueError: if nothing was encoded or loaded before.
            EncoderError: if the model cannot be had or does not work.
        """
        import numpy as np

        if self._centre is None:
            raise ValueError("the transformer encoder has encoded nothing yet")
        texts = self.texts(document)
        if not texts:
            return [], np.zeros((0, len(self._centre)), dtype=np.float32)
        vectors = self._embed(texts, {})
        return texts, centred(np.array([vectors[text] for text in texts], dtype=np.float32), self._centre)

    def texts(self, document: Document) -> list[str]:
        """The passages of a post; none where it has no words.

        Raises:
            EncoderError: if the model, whose tokens are counted, cannot be had.
        """
        post = _text(document)
        return self._cut([post], {})[post].texts(*post) if post else []

    def finish(self, raw: Vectors) -> Vectors:
        """Raw vectors, centred over the posts with words, as unit rows; queries are centred alike from then on."""
        self._centre = centre_of(raw)
        return centred(raw, self._centre)

    def encode_query(self, text: str) -> Vectors:
        """The vector of free text, shape (1, dim), in the space of the last :meth:`encode`; zeros for no words.

        Raises:
            ValueError: if nothing was encoded or loaded before.
            EncoderError: if the model cannot be had or does not work.
        """
        import numpy as np

        if self._centre is None:
            raise ValueError("the transformer encoder has encoded nothing yet")
        if not _says_something(text) or not self._centre.any():
            return np.zeros((1, len(self._centre)), dtype=np.float32)
        return centred(self._run("encode_query", [text], _QUERY_PROMPTS, {}), self._centre)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`load` needs to encode queries.  Empty before encoding."""
        import numpy as np

        if self._centre is None:
            return {}
        return {"model_key": np.frombuffer(self.key.encode(), dtype=np.uint8), "model_centre": self._centre}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the arrays of an earlier run; False where some are missing, or come from another model.

        Raises:
            EncoderError: if the model is not there, so that its key is unknown.
        """
        if not set(_ARRAYS) <= set(arrays) or arrays["model_key"].tobytes() != self.key.encode():
            return False
        self._centre = arrays["model_centre"]
        return True

    # -- passages

    def _cut(self, posts: Iterable[tuple[str, str]], known: Mapping[bytes, bytes]) -> dict[tuple[str, str], Passages]:
        """Where each post is cut.  The model's tokenizer is asked only about posts that are new."""
        keys = {post: digest(self.key, "cut", *post) for post in posts}
        found = self._look_up(keys.values(), known)
        cuts = {post: _unpack_cut(found[key]) for post, key in keys.items() if key in found}
        new = [post for post in keys if post not in cuts]
        if new:
            model = self._model()
            prompt = self._prompt_for(_DOCUMENT_PROMPTS)
            for post in new:
                cuts[post] = cut_passages(*post, prompt, model.max_seq_length, lambda texts: count_tokens(model, texts))
            self._keep({keys[post]: _pack_cut(cuts[post]) for post in new})
        return cuts

    def _embed(self, texts: Sequence[str], known: Mapping[bytes, bytes]) -> dict[str, Vectors]:
        """Unit vectors by text, each of shape (dim,)."""
        import numpy as np

        keys = {text: digest(self.key, "passage", text) for text in texts}
        found = self._look_up(keys.values(), known)
        todo = [text for text, key in keys.items() if key not in found]
        waiting: dict[bytes, bytes] = {}
        done = 0
        try:
            for batch, vectors in self._read(todo):
                new = {keys[text]: vector.tobytes() for text, vector in zip(batch, vectors, strict=True)}
                found |= new
                waiting |= new
                done += len(batch)
                if len(waiting) >= _SAVED_EVERY:
                    self._keep(waiting)
                    waiting = {}
                if self._progress:
                    self._progress("reading passages with the model", done, len(todo))
        finally:
            self._keep(waiting)
        return {text: np.frombuffer(found[key], dtype=np.float32) for text, key in keys.items()}

    def _look_up(self, keys: Iterable[bytes], known: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """What is remembered, in memory or in the store; it stays in memory for the next round."""
        wanted = list(dict.fromkeys(keys))
        found = {key: value for key in wanted if (value := known.get(key) or self._known.get(key)) is not None}
        missing = [key for key in wanted if key not in found]
        if missing and self._store is not None:
            found |= self._store.embeddings(missing)
        self._known |= found
        return found

    def _keep(self, values: Mapping[bytes, bytes]) -> None:
        self._known |= values
        if values and self._store is not None:
            self._store.add_embeddings(values)

    # -- the model

    def _read(self, texts: Sequence[str]) -> Iterator[tuple[list[str], Vectors]]:
        """Texts in batches of one shape each, the longest first (so that the time left is not guessed too low)."""
        if not texts:
            return
        model = self._model()
        prompt = self._prompt_for(_DOCUMENT_PROMPTS)
        is_static = not callable(model.tokenizer)
        longest = model.max_seq_length or PASSAGE_TOKENS
        lengths: dict[int, list[str]] = {}
        for text, tokens in zip(
            texts, count_tokens(model, [prompt + text for text in texts], special=True), strict=True
        ):
            padded = min(-(-tokens // _LENGTH_STEP) * _LENGTH_STEP, longest)
            lengths.setdefault(0 if is_static else padded, []).append(text)
        budget = _BATCH_TOKENS.get(str(model.device.type), _GPU_BATCH_TOKENS)
        for length, of_length in sorted(lengths.items(), reverse=True):
            rows = max(1, budget // length) if length else _STATIC_BATCH
            padding = {"text": {"padding": "max_length", "max_length": length, "truncation": True}} if length else None
            for start in range(0, len(of_length), rows):
                batch = of_length[start : start + rows]
                full = batch + batch[:1] * (rows - len(batch) if length else 0)
                extra = {"processing_kwargs": padding} if padding else {}
                yield batch, self._run("encode_document", full, _DOCUMENT_PROMPTS, extra)[: len(batch)]

    def _run(self, method: str, texts: list[str], prompts: Sequence[str], extra: Mapping[str, Any]) -> Vectors:
        """Unit vectors of some texts, in one batch."""
        import numpy as np

        name = self._source.name
        try:
            found = getattr(self._model(), method)(
                texts,
                prompt=self._prompt_for(prompts),
                batch_size=len(texts),
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
                **extra,
            )
        except EncoderError:
            raise
        except Exception as error:
            raise EncoderError(f"the model {name} fails on a text: {first_line(error)}") from error
        vectors: Vectors = np.asarray(found, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise EncoderError(f"the model {name} gives vectors that are no numbers; is it damaged?")
        return vectors

    def _prompt_for(self, names: Sequence[str]) -> str:
        """What the settings say is put before every text, the model itself, or what is known of its family."""
        if self._prompt != "auto":
            return self._prompt
        stored = self._model().prompts or {}
        asked = next((stored[name] for name in names if stored.get(name)), "")
        if asked or not _E5.search(self._source.name):
            return asked
        return "query: " if names == _QUERY_PROMPTS else "passage: "

    def _model(self) -> Any:
        if self._loaded is None:
            if self._progress:
                self._progress("loading the model", 0, 0)
            self._loaded = load_model(self._source, self._running)
        return self._loaded


def _backend_libraries(running: Running) -> Sequence[str]:
    return {"torch": (), "onnx": ("optimum-onnx", "onnxruntime"), "openvino": ("optimum-intel", "openvino")}[
        running.backend
    ]


def count_tokens(model: Any, texts: list[str], *, special: bool = False) -> list[int]:
    """Lengths of texts in tokens of a SentenceTransformer; `special`: with the marks that it puts round a text."""
    tokenizer = model.tokenizer
    if callable(tokenizer):
        found = tokenizer(texts, add_special_tokens=special, truncation=False, verbose=False)["input_ids"]
        return [len(tokens) for tokens in found]
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts, add_special_tokens=special)]


def _pack_cut(cut: Passages) -> bytes:
    import numpy as np

    return np.array([cut.title_length, *(number for span in cut.spans for number in span)], dtype="<i4").tobytes()


def _unpack_cut(packed: bytes) -> Passages:
    import numpy as np

    title_length, *numbers = np.frombuffer(packed, dtype="<i4").tolist()
    return Passages(title_length, tuple(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)))


def _text(document: Document) -> tuple[str, str] | None:
    """(title, body) of a post, or None where it has no words at all."""
    title = " ".join(document.fields.title.split())
    body = "\n\n".join(part for part in (document.post.description.strip(), document.fields.prose.strip()) if part)
    return (title, body) if _says_something(title) or _says_something(body) else None


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))
