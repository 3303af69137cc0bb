"""Paragraph vectors by gensim, learned from the blog itself, instead of the kernel PCA of its words.

It is for comparison: the distributed bag of words of Le & Mikolov (2014, "Distributed representations of sentences
and documents"), with the dimensions and negative samples that Lau & Baldwin (2016, "An empirical evaluation of doc2vec
with practical insights into document embedding generation") found best.  A blog is a thousandth of their corpora, so
rarer words count, frequent ones are less often passed over, and there are more epochs.  Words have no vectors of their
own: learning them beside (`dbow_words`) took twelve times as long on a blog of 800 posts, and its neighbours agreed
less with links and tags.

Vectors are centred over the blog, as those of every other encoder.  They know neither tags nor links.  Queries are
inferred with the words' output weights as they were learned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Self

from enishi.cache import code_digest
from enishi.encoders.gensim_library import library_version, stable_hash
from enishi.encoders.joining import FULLY_CENTRED_POSTS
from enishi.encoders.parts import PartEncoder
from enishi.memo import Memo, each
from enishi.reading.tokens import fold, words
from enishi.types import Document
from enishi.vectors import one_thread, unit_rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.config import Settings
    from enishi.generators.base import Site
    from enishi.types import Vectors

_CODE = ("encoders/doc2vec.py", "encoders/gensim_library.py", "reading/tokens.py", "reading/stopwords.py", "vectors.py")
"""The code that the vectors depend on."""
MAX_DIMENSIONS = 300
_NEGATIVE = 5
_MIN_COUNT = 2
_SUBSAMPLING = 1e-4
"""At least; of a blog with few words each is as frequent as that, so there words up to the mean frequency stay."""
_EPOCHS = 40
"""With ten times as many, a small blog's posts are learned by heart and no longer lie near each other."""
_QUERY_EPOCHS = 100
_ALPHA, _MIN_ALPHA = 0.025, 0.0001
_MAX_WORDS = 10_000
"""gensim reads no more of a text."""
_MAX_QUERY_WORDS = 2_000
_ARRAYS = ("words", "counts", "output", "start", "centre")


class Doc2VecEncoder(PartEncoder):
    """The part of a post's vector that gensim's doc2vec learns from the blog's own words.

    Args:
        dimensions: the most dimensions a vector has; over `MAX_DIMENSIONS` they only cost time.
    """

    name = "site"
    label = "the blog's own words"

    def __init__(self, *, dimensions: int = MAX_DIMENSIONS) -> None:
        super().__init__()
        self._dimensions = min(dimensions, MAX_DIMENSIONS)
        self._model: _Model | None = None

    @classmethod
    def from_settings(cls, settings: Settings, site: Site) -> Self | None:  # noqa: ARG003
        """In the place of the site encoder, where `encoder.site` says so."""
        return cls(dimensions=settings.encoder.dimensions) if settings.encoder.site == "doc2vec" else None

    @property
    def key(self) -> str:
        gensim = library_version("gensim", 'encoder.site = "doc2vec"')
        return f"doc2vec/{code_digest(*_CODE)}/{gensim}/{self._dimensions}"

    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Learn from these documents; vectors of shape (n, dimensions), zeros for a post without a word another has.

        Raises:
            EncoderError: gensim is not installed.
        """
        _ = self.key  # raises that
        texts = each(memo, "bags of words", documents, lambda document: _bag_of(document.words))
        with one_thread():
            vectors, self._model = _fit(texts, self._dimensions)
        return vectors

    def encode_query(self, text: str) -> Vectors:
        return self.encode_words(Counter(words(fold(text))))

    def encode_words(self, counts: Mapping[str, int]) -> Vectors:
        """The vector of a text given as word counts, shape (1, dim); zeros where the blog knows none of its words.

        Raises:
            ValueError: if nothing was encoded or loaded before.
        """
        if self._model is None:
            raise ValueError("the doc2vec encoder has not been fitted")
        with one_thread():
            return self._model.infer(_bag_of(counts))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._model.arrays() if self._model else {}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        self._model = _Model.from_arrays(arrays)
        return self._model is not None


def _bag_of(counts: Mapping[str, int]) -> list[str]:
    """The words of a text, each as often as it counts, in an order that is drawn once for all texts of that length."""
    import numpy as np

    text = [word for word in sorted(counts) for _ in range(counts[word])]
    return [text[position] for position in np.random.default_rng(0).permutation(len(text)).tolist()]


@dataclass(slots=True)
class _Model:
    """What was learned, as far as a query needs it."""

    frequency: Mapping[str, int]
    """How often the blog has each word, the most frequent first."""
    output: npt.NDArray[np.float32]
    """The words' output weights, (words, dimensions)."""
    start: npt.NDArray[np.float32]
    """Where inference starts, (dimensions,): the mean of all posts."""
    centre: npt.NDArray[np.float32]
    """What all posts have in common, (dimensions,)."""
    gensim: Any = None
    """The same as a model of gensim's, once it is needed."""

    def infer(self, text: Sequence[str]) -> Vectors:
        import numpy as np
        from gensim.models.doc2vec import train_document_dbow

        known = [word for word in text if word in self.frequency][:_MAX_QUERY_WORDS]
        vector = self.start[None, :].copy()
        if not known:
            return np.zeros_like(vector)
        self.gensim = self.gensim or self._to_gensim()
        # gensim's own infer_vector starts from Python's hash of the text, and draws on where it last stopped
        self.gensim.random = np.random.RandomState(stable_hash(" ".join(known)))
        work = np.zeros(vector.shape[1], dtype=np.float32)
        options = {"learn_words": False, "learn_hidden": False, "doctag_vectors": vector}
        for alpha in np.linspace(_ALPHA, _MIN_ALPHA, _QUERY_EPOCHS).tolist():
            train_document_dbow(
                self.gensim, known, [0], alpha, work, doctags_lockf=np.ones(1, dtype=np.float32), **options
            )
        return unit_rows(vector - self.centre)

    def _to_gensim(self) -> Any:
        model = _untrained(self.output.shape[1], self.frequency)
        model.build_vocab_from_freq(dict(self.frequency))
        row = {word: number for number, word in enumerate(self.frequency)}
        model.syn1neg = self.output[[row[word] for word in model.wv.index_to_key]]  # equally frequent words swap places
        return model

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        import numpy as np

        text = np.frombuffer("\n".join(self.frequency).encode("utf-8", "surrogatepass"), dtype=np.uint8)
        counts = np.fromiter(self.frequency.values(), dtype=np.int64, count=len(self.frequency))
        return dict(zip(_ARRAYS, (text, counts, self.output, self.start, self.centre), strict=True))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> _Model | None:
        """The model of these arrays; None if some are missing or do not belong together."""
        import numpy as np

        try:
            text, counts, output, start, centre = (arrays[name] for name in _ARRAYS)
            known = text.tobytes().decode("utf-8", "surrogatepass")
            frequency = dict(zip(known.split("\n") if known else (), counts.tolist(), strict=True))
        except (KeyError, ValueError):
            return None
        if output.shape != (len(frequency), len(start)) or start.shape != centre.shape or start.ndim != 1:
            return None
        return cls(frequency, np.ascontiguousarray(output, dtype=np.float32), start, centre)


def _untrained(dimensions: int, frequency: Mapping[str, int]) -> Any:
    """A model that has learned nothing yet.  Which words are passed over depends on how many there are."""
    from gensim.models.doc2vec import Doc2Vec

    return Doc2Vec(
        vector_size=dimensions,
        dm=0,
        dbow_words=0,
        negative=_NEGATIVE,
        hs=0,
        min_count=1,  # those of too few are taken out before
        sample=max(_SUBSAMPLING, 1 / max(1, len(frequency))),
        epochs=_EPOCHS,
        alpha=_ALPHA,
        min_alpha=_MIN_ALPHA,
        seed=1,
        workers=1,
        hashfxn=stable_hash,
    )


def _fit(texts: Sequence[Sequence[str]], dimensions: int) -> tuple[Vectors, _Model]:
    import numpy as np
    from gensim.models.doc2vec import TaggedDocument

    counts = Counter(word for text in texts for word in text)
    posts = Counter(word for text in texts for word in set(text))
    kept = {word for word, count in counts.items() if count >= _MIN_COUNT and posts[word] >= 2}
    # A text over gensim's limit goes on under the same name
    tagged = [
        TaggedDocument(part, [row])
        for row, text in enumerate(texts)
        for part in _parts([word for word in text if word in kept])
    ]
    vectors = np.zeros((len(texts), dimensions), dtype=np.float32)
    present = sorted({document.tags[0] for document in tagged})
    if not present:
        nothing = np.zeros(dimensions, dtype=np.float32)
        return vectors, _Model({}, np.zeros((0, dimensions), dtype=np.float32), nothing, nothing)
    model = _untrained(dimensions, {word: counts[word] for word in kept})
    model.build_vocab(tagged)
    model.train(tagged, total_examples=model.corpus_count, epochs=model.epochs)
    learned = model.dv.vectors[present].astype(np.float64)
    mean = learned.mean(axis=0)
    centre = min(1.0, len(present) / FULLY_CENTRED_POSTS) * mean
    vectors[present] = unit_rows(learned - centre)
    frequency = {word: counts[word] for word in model.wv.index_to_key}
    return vectors, _Model(frequency, model.syn1neg, mean.astype(np.float32), centre.astype(np.float32))


def _parts(text: Sequence[str]) -> list[Sequence[str]]:
    """Texts of about the same length, none over what gensim reads."""
    size = ceil(len(text) / max(1, ceil(len(text) / _MAX_WORDS))) if text else 1
    return [text[start : start + size] for start in range(0, len(text), size)]
