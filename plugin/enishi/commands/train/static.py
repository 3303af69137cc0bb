"""Static embeddings over the blog's own vocabulary: one vector a word, a text is their mean.

Two ways to begin, both a `StaticEmbedding` of sentence-transformers that may then be trained:

- *from the blog*: latent semantic analysis.  With X the posts' √tf·idf of words as unit rows and X ≈ U Σ Vᵀ, a word w
  gets idf_w · V_w; the mean over a text's words is then, up to its length, the text folded into the space of the posts
  (Deerwester et al. 1990);
- *from a pretrained model*: what it makes of each word alone, reduced to its principal components and weighted by idf_w
  (distillation as in model2vec, Tulkens & van Dongen 2024, with the blog's own words and frequencies in place of the
  model's pieces of words and their ranks).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from enishi.types import Document, Progress
from enishi.vectors import leading_eigenpairs, one_thread, tfidf

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DIMENSIONS = 256
MAX_WORDS = 20_000
"""The most frequent ones, by the number of posts they are in."""
_MIN_POSTS = 2
_MAX_SHARE = 0.3
_SMALLEST = 1e-9
_WORDS_AT_A_TIME = 256
_UNKNOWN = "[UNK]"
_INSIDE = "##"
# What enishi.reading.tokens takes for a word, in the dialect of the tokenizers library.
_LETTER = r"(?:(?![\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}])[\p{L}\p{N}\p{M}])"
_RUN = rf"[\p{{Han}}々]+|\p{{Hangul}}+|[ァ-ヺ][ァ-ヺー]*|{_LETTER}(?:{_LETTER}|[+#]|[._'’-](?={_LETTER}))*"
_MAX_RUN = 1000


def vocabulary_of(documents: Sequence[Document]) -> dict[str, int]:
    """The most widespread words of two posts or more, each with the number of posts it is in.

    Raises:
        ValueError: if no two posts have a word in common.
    """
    posts = Counter(word for document in documents for word in document.words)
    known = sorted((-count, word) for word, count in posts.items() if count >= _MIN_POSTS)[:MAX_WORDS]
    if not known:
        raise ValueError("no two posts have a word in common")
    return {word: -count for count, word in known}


def embedding_from_blog(documents: Sequence[Document], dimensions: int = DIMENSIONS) -> Any:
    """A `StaticEmbedding` that begins with latent semantic analysis of these posts.

    Raises:
        ValueError: if no two posts have a word in common.
    """
    import numpy as np
    from scipy.sparse.linalg import aslinearoperator

    words, matrix, weights = _features(documents)
    rank = max(1, min(dimensions, len(documents) - 1, len(words) - 1))
    with one_thread():
        left, singular = leading_eigenpairs(aslinearoperator(matrix) @ aslinearoperator(matrix.T), rank)
        right = matrix.T @ (left / np.maximum(singular, _SMALLEST))
    return _embedding(words, right * weights[:, None])


def embedding_from_model(
    model: Any, documents: Sequence[Document], dimensions: int = DIMENSIONS, progress: Progress = lambda *_: None
) -> Any:
    """A `StaticEmbedding` distilled from a pretrained SentenceTransformer over the words of these posts.

    Raises:
        ValueError: if no two posts have a word in common.
    """
    import numpy as np

    words, _, weights = _features(documents)
    parts = []
    for start in range(0, len(words), _WORDS_AT_A_TIME):
        progress("distilling words", start, len(words))
        some = words[start : start + _WORDS_AT_A_TIME]
        parts.append(model.encode(some, batch_size=len(some), show_progress_bar=False, convert_to_numpy=True))
    vectors = np.concatenate(parts).astype(np.float64)
    rank = max(1, min(dimensions, *vectors.shape))
    with one_thread():  # principal components
        left, singular, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    return _embedding(words, (left * singular)[:, :rank] * weights[:, None])


def _features(documents: Sequence[Document]) -> tuple[list[str], Any, npt.NDArray[np.float64]]:
    """The words, the posts' √tf·idf as unit rows (csr), and each word's weight: its idf, 0 for one in most posts."""
    import numpy as np

    known = vocabulary_of(documents)
    counts = [{word: count for word, count in one.words.items() if word in known} for one in documents]
    matrix, columns, weights = tfidf(counts, len(documents), sqrt)
    most = max(_MAX_SHARE * len(documents), 3)
    shown = [0.0 if known[word] > most else weight for word, weight in zip(columns, weights, strict=True)]
    return list(columns), matrix, np.array(shown)


def _embedding(known: Sequence[str], vectors: npt.NDArray[np.float64]) -> Any:
    """Words and their vectors as a `StaticEmbedding`; scaled so that a coordinate's mean square is 1."""
    import numpy as np
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    scaled = (vectors / max(sqrt(float(np.mean(vectors**2))), 1e-12)).astype(np.float32)
    rows = dict(zip(known, scaled, strict=True))
    pieces = {_UNKNOWN: np.zeros(scaled.shape[1], dtype=np.float32)} | rows
    unspaced = [word for word in known if _is_unspaced(word)]
    parts: dict[str, list[npt.NDArray[np.float32]]] = {}
    for word in unspaced:
        for character in word:
            parts.setdefault(character, []).append(rows[word])
    pieces |= {part: np.mean(of_words, axis=0) for part, of_words in sorted(parts.items()) if part not in pieces}
    # Of a run of Han, the tokenizer takes the longest known piece each time; all but the first are marked
    pieces |= {_INSIDE + piece: pieces[piece] for piece in dict.fromkeys([*unspaced, *sorted(parts)])}
    weights = np.array(list(pieces.values()), dtype=np.float32)
    return StaticEmbedding(_tokenizer(list(pieces)), embedding_weights=weights)


def _tokenizer(pieces: Sequence[str]) -> Any:
    """Cuts a text into words as the site encoder does, as far as the library can: Han in pieces side by side."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    ids = {piece: number for number, piece in enumerate(pieces)}
    model = models.WordPiece(
        ids, unk_token=_UNKNOWN, continuing_subword_prefix=_INSIDE, max_input_chars_per_word=_MAX_RUN
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_RUN), behavior="removed", invert=True)
    return tokenizer


def _is_unspaced(word: str) -> bool:
    """Whether a word is cut out of a run without blanks: what is not one letter says so by being two at most."""
    return len(word) <= 2 and word[0] >= "\u0e00" and not "\u30a0" <= word[0] <= "\u30ff"
