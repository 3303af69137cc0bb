"""Any pretrained model of texts as a part of a post's vector.

A post is read by its head: title, description, headings and the first sentences, as one passage.  Or all of it is read,
as passages of bounded length, each with the post's title; then its raw vector is their mean, each weighted by its
tokens.  Passages are read in batches of one fixed shape (so many rows, padded to so many tokens), because the last
bits of a sum depend on the shape of the batch that it is made in.  So vectors may be remembered by content, and the
same posts still make the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from enishi.cache import code_digest, digest
from enishi.encoders.joining import centred
from enishi.encoders.models import Engine, ModelSource
from enishi.encoders.parts import PassagePair
from enishi.encoders.passages import HEAD_TOKENS, Passages, cut_head, cut_passages
from enishi.encoders.pretrained import PretrainedPart
from enishi.types import Document
from enishi.vectors import unit_rows

if TYPE_CHECKING:
    from enishi.config import Reads, Settings
    from enishi.generators.base import Site
    from enishi.memo import Memo
    from enishi.types import Vectors

_CODE = tuple(
    f"encoders/{name}.py" for name in ("transformer", "passages", "pretrained", "models", "onnx_model", "static_model")
)
"""The code that the vectors depend on."""
_BATCH_TOKENS = {"cpu": 1024}
_GPU_BATCH_TOKENS = 16_384
_LENGTH_STEP = 32
"""Passages are padded to a multiple of this."""
_STATIC_BATCH = 256
_SAVED_EVERY = 64
"""Passages: what was read is saved that often, so that a long run can be interrupted and resumed."""
_SHOWN_PASSAGES = 3
_E5 = re.compile(r"(^|[/_.-])e5-(small|base|large)(?!.*instruct)", re.I)
"""Models that want prompts but of which not every copy says so (Wang et al. 2022)."""
_RURI = re.compile(r"(^|[/_.-])ruri-v3-", re.I)
"""Likewise, for Japanese."""
_DOCUMENT_PROMPTS, _QUERY_PROMPTS = ("document", "passage", "corpus"), ("query",)


class TransformerEncoder(PretrainedPart):
    """The part of a post's vector that a pretrained model of texts makes.

    Args:
        model: a folder (absolute, or relative to `site`), or else a name on the hub.
        revision: see :class:`enishi.encoders.models.ModelSource`.
        site: what a relative folder is relative to; the current folder by default.
        prompt: put before each passage; `auto` for what the model asks for.
        device: where the model runs.
        weight: its share of the vector.
        reads: how much of a post it reads.
        engine: what runs the model.
    """

    name = "model"
    label = "the model"

    def __init__(
        self,
        model: str,
        *,
        revision: str = "",
        site: Path | None = None,
        prompt: str = "auto",
        device: str = "auto",
        weight: float = 1.0,
        reads: Reads = "head",
        engine: Engine = "auto",
    ) -> None:
        super().__init__(ModelSource(model, revision, site or Path(), engine=engine), device, weight)
        self._prompt, self._reads = prompt, reads

    @classmethod
    def from_settings(cls, settings: Settings, site: Site) -> Self | None:
        """The model of `encoder.model`."""
        chosen = settings.encoder
        if not chosen.model:
            return None
        part = cls(
            chosen.model,
            revision=chosen.revision,
            site=site.root,
            prompt=chosen.prompt,
            device=chosen.device,
            weight=chosen.fixed_weight,
            reads=chosen.reads,
            engine=chosen.engine,
        )
        part.chooses_weight = chosen.weight == "auto"
        return part

    def _recipe(self) -> str:
        return f"transformer/{code_digest(*_CODE)}/{self._reads}/{self._prompt!r}"

    @property
    def tag_kernel_weight(self) -> float:
        """That of the other kernels, unless the model was trained on the blog's own tags."""
        return 0.0 if self.source.saw("tags") else 1.0

    @property
    def knows_tags(self) -> str:
        return "was trained on tags" if self.source.saw("tags") else ""

    @property
    def knows_links(self) -> str:
        return "was trained on links" if self.source.saw("links") else ""

    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Vectors of shape (n, dim), centred over these documents; zeros for a post without words."""
        del memo
        return self.finish(self.raw(documents))

    def raw(self, documents: Sequence[Document]) -> Vectors:
        """Each post's mean passage vector, of unit length but not centred; zeros for a post without words.

        Raises:
            EncoderError: if the model cannot be had or does not work.
        """
        import numpy as np

        self._begin_round()
        posts = list(map(self._read_of, documents))
        cuts = self._cut([post for post in posts if post], self._reads)
        texts = [cuts[post].texts(*post) if post else [] for post in posts]
        vectors = self._embed([text for of_post in texts for text in of_post])
        dim = len(next(iter(vectors.values()))) if vectors else 1
        rows: Vectors = np.zeros((len(posts), dim), dtype=np.float32)
        for row, (post, of_post) in enumerate(zip(posts, texts, strict=True)):
            if post:
                weights = np.array(cuts[post].weights(), dtype=np.float64)
                rows[row] = (weights @ np.array([vectors[text] for text in of_post], dtype=np.float64)) / weights.sum()
        return unit_rows(rows)

    def reads_no_further(self, documents: Sequence[Document], lengths: Sequence[int]) -> list[bool]:
        posts = list(map(self._read_of, documents))
        cuts = self._cut([post for post in posts if post], self._reads)

        def end(document: Document, post: tuple[str, str] | None) -> int:
            """Where in the prose, which stands last, reading ends."""
            if post is None:
                return 0
            before = len(post[1]) - len(document.fields.prose.strip())
            return max((last for _, last, _ in cuts[post].spans), default=0) - before

        return [end(document, post) <= length for document, post, length in zip(documents, posts, lengths, strict=True)]

    def _read_of(self, document: Document) -> tuple[str, str] | None:
        """What there is to read of a post, before it is cut."""
        return _head(document) if self._reads == "head" else _text(document)

    def passages(self, document: Document) -> tuple[list[str], Vectors]:
        """The passages of a post and their unit vectors, centred as the posts are, shape (passages, dim).

        Raises:
            ValueError: if nothing was encoded or loaded before.
            EncoderError: if the model cannot be had or does not work.
        """
        import numpy as np

        centre = self.centre
        texts = self.texts(document)
        if not texts:
            return [], np.zeros((0, len(centre)), dtype=np.float32)
        vectors = self._embed(texts)
        return texts, centred(np.array([vectors[text] for text in texts], dtype=np.float32), centre)

    def similar_passages(self, first: Document, second: Document) -> list[PassagePair]:
        import numpy as np

        (ours, our_vectors), (theirs, their_vectors) = self.passages(first), self.passages(second)
        scores = np.round(our_vectors.astype(np.float64) @ their_vectors.astype(np.float64).T, 4)
        pairs: list[PassagePair] = []
        for place in np.argsort(-scores, axis=None, kind="stable").tolist():
            one, other = divmod(place, len(theirs))
            if all(ours[one] != pair.first and theirs[other] != pair.second for pair in pairs):
                pairs.append(PassagePair(ours[one], theirs[other], float(scores[one, other])))
            if len(pairs) == _SHOWN_PASSAGES or scores[one, other] <= 0:
                break
        return pairs

    def texts(self, document: Document) -> list[str]:
        """The passages of a post, whatever of it was read for its vector; none where it has no words.

        Raises:
            EncoderError: if the model, whose tokens are counted, cannot be had.
        """
        post = _text(document)
        return self._cut([post], "all")[post].texts(*post) if post else []

    def encode_query(self, text: str) -> Vectors:
        import numpy as np

        centre = self.centre
        if not _says_something(text) or not centre.any():
            return np.zeros((1, len(centre)), dtype=np.float32)
        return centred(self._run([text], "encode_query", prompt=self._prompt_for(_QUERY_PROMPTS)), centre)

    # -- passages

    def _cut(self, posts: Iterable[tuple[str, str]], reads: Reads) -> dict[tuple[str, str], Passages]:
        """Where each post is cut.  The model's tokenizer is asked only about posts that are new."""
        cut = cut_head if reads == "head" else cut_passages
        keys = {post: digest(self.key, "cut", reads, *post) for post in posts}
        known = self._recall(keys.values())
        cuts = {post: _unpack_cut(known[key]) for post, key in keys.items() if key in known}
        new = [post for post in keys if post not in cuts]
        if new:
            model = self._model()
            prompt = self._prompt_for(_DOCUMENT_PROMPTS)
            for post in new:
                cuts[post] = cut(*post, prompt, model.max_seq_length, lambda texts: count_tokens(model, texts))
            self._remember({keys[post]: _pack_cut(cuts[post]) for post in new})
        return cuts

    def _embed(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Unit vectors by text, each of shape (dim,)."""
        import numpy as np

        keys = {text: digest(self.key, "passage", text) for text in texts}
        known = self._recall(keys.values())
        todo = [text for text, key in keys.items() if key not in known]
        unsaved: dict[bytes, bytes] = {}
        done = 0
        try:
            for batch, vectors in self._read(todo):
                unsaved |= {keys[text]: vector.tobytes() for text, vector in zip(batch, vectors, strict=True)}
                known |= unsaved
                done += len(batch)
                if len(unsaved) >= _SAVED_EVERY:
                    self._remember(unsaved)
                    unsaved = {}
                self.progress("reading passages with the model", done, len(todo))
        finally:
            self._remember(unsaved)
        return {text: np.frombuffer(known[key], dtype=np.float32) for text, key in keys.items()}

    # -- the model

    def _read(self, texts: Sequence[str]) -> Iterator[tuple[list[str], Vectors]]:
        """Texts in batches of one shape each, the longest first, so that the time left is not underestimated."""
        if not texts:
            return
        model = self._model()
        prompt = self._prompt_for(_DOCUMENT_PROMPTS)
        is_static = not callable(model.tokenizer)
        longest = model.max_seq_length or HEAD_TOKENS
        lengths: dict[int, list[str]] = {}
        counts = count_tokens(model, [prompt + text for text in texts], special=True)
        for text, tokens in zip(texts, counts, strict=True):
            padded = min(-(-tokens // _LENGTH_STEP) * _LENGTH_STEP, longest)
            lengths.setdefault(0 if is_static else padded, []).append(text)
        budget = _BATCH_TOKENS.get(str(model.device.type), _GPU_BATCH_TOKENS)
        for length, of_length in sorted(lengths.items(), reverse=True):
            rows = max(1, budget // length) if length else _STATIC_BATCH
            padding = {"text": {"padding": "max_length", "max_length": length, "truncation": True}}
            extra = {"processing_kwargs": padding} if length else {}
            for start in range(0, len(of_length), rows):
                batch = of_length[start : start + rows]
                full = batch + batch[:1] * (rows - len(batch) if length else 0)
                yield batch, self._run(full, "encode_document", prompt=prompt, **extra)[: len(batch)]

    def _prompt_for(self, names: Sequence[str]) -> str:
        """What is put before every text: what the settings say, else the model itself, else the habit of its family."""
        if self._prompt != "auto":
            return self._prompt
        stored = self._model().prompts or {}
        asked = next((stored[name] for name in names if stored.get(name)), "")
        is_query = names == _QUERY_PROMPTS
        if asked:
            return asked
        if _E5.search(self.source.name):
            return "query: " if is_query else "passage: "
        if _RURI.search(self.source.name):
            return "検索クエリ: " if is_query else "検索文書: "
        return ""


def count_tokens(model: Any, texts: list[str], *, special: bool = False) -> list[int]:
    """Lengths of texts in tokens of a SentenceTransformer; `special`: with the marks that it puts round a text."""
    tokenizer = model.tokenizer
    if callable(tokenizer):
        ids = tokenizer(texts, add_special_tokens=special, truncation=False, verbose=False)["input_ids"]
        return [len(tokens) for tokens in ids]
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


def _head(document: Document) -> tuple[str, str] | None:
    """(title, what a head is cut from): the title once more, description, headings, body; None without any words."""
    text = _text(document)
    if text is None:
        return None
    title, body = text
    return title, "\n".join(part for part in (title, body) if part)


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))
