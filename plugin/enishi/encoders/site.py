"""The site encoder: fitted on the blog itself, for any language, with no model to fetch.

A kernel PCA of √tf TF-IDF with a little of the tags (docs/research.md, "one vector a post"): for word counts c

    x_iw = √c_iw · (ln((1+n)/(1+df_w)) + 1),  unit length          words in 2 … max(0.3 n, 3) posts
    y_it = ln(n/df_t) for tags on 2 posts or more, unit length
    v_iu = ln(n/df_u) for the pages and hosts that posts link to elsewhere, in 2 … max(0.3 n, 3) posts, unit length
    F    = [x, √w · y, √0.1 · v],  K = (F − γ1μᵀ)(F − γ1μᵀ)ᵀ rescaled to unit diagonal
    e_i  = unit(U_i · √λ),  the largest eigenpairs of K

γ is 1, plain centring, but smaller for fewer than 50 posts: of two centred posts each is the other's opposite, whatever
they say.  Up to `EXACT_POSTS` posts K is decomposed exactly; above, its factor A (K = A·Aᵀ) is, by a randomised SVD.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING, Any, Self

from enishi.cache import code_digest
from enishi.counts import WordNumbers
from enishi.encoders.joining import FULLY_CENTRED_POSTS
from enishi.encoders.parts import PartEncoder
from enishi.memo import Memo, each
from enishi.reading.links import web_address
from enishi.reading.tokens import fold, words
from enishi.types import Document
from enishi.vectors import (
    columns_for,
    csr_rows,
    number_words,
    numbered_tfidf,
    one_thread,
    unit_csr,
    unit_rows,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.config import Settings
    from enishi.generators.base import Site
    from enishi.types import Matrix, Vectors

_CODE = ("encoders/site.py", "reading/tokens.py", "reading/stopwords.py", "vectors.py")
"""The code that the vectors depend on."""
EXACT_POSTS = 3000
"""Up to this many posts the eigen-decomposition is exact; it is cubic in posts (3 s for 2,500 on one core)."""
_ALL_PAIRS_POSTS = 1500
"""Up to this many posts, all eigenpairs take less time (0.1 s for 836) than the largest ones alone (0.2 s)."""
_MAX_DOCUMENT_SHARE = 0.3
_CITATION_WEIGHT = 0.1
"""Measured on the links of four blogs: recall@5 +.009, MRR +.003; half the weight gains half as much."""
_OVERSAMPLES = 256
"""Measured on two blogs of more posts than dimensions, as if they were large: of the links between posts, the nearest
five are .002 fewer than with exact eigenpairs, and .011 with half as many."""
_COLUMNS_AT_ONCE = 64
"""So few that the processor's cache holds them for all posts."""
_SHORTEST_AXIS = 1e-6


class SiteEncoder(PartEncoder):
    """The part of a post's vector that is fitted on the blog's own words and tags.

    Args:
        dimensions: the most dimensions a vector has; fewer posts make fewer.
        tag_weight: weight of the tags' kernel beside the words'; 0 for vectors that must not know the tags.
    """

    name = "site"
    label = "the blog's own words"
    sees_tags = True

    def __init__(self, *, dimensions: int = 512, tag_weight: float = 0.05) -> None:
        super().__init__()
        self._dimensions = dimensions
        self._tag_weight = tag_weight
        self._model: _Model | None = None

    @classmethod
    def from_settings(cls, settings: Settings, site: Site) -> Self | None:  # noqa: ARG003
        """Always there, unless doc2vec takes its place."""
        chosen = settings.encoder
        return cls(dimensions=chosen.dimensions, tag_weight=chosen.tag_weight) if chosen.site == "words" else None

    @property
    def key(self) -> str:
        return f"site/{code_digest(*_CODE)}/{self._dimensions}/{float(self._tag_weight)!r}"

    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Fit on these documents; vectors of shape (n, min(dimensions, n)).

        Zeros for a post of which nothing is known: no word (and no tag, where tags count) that another post has, too.
        """
        with one_thread():
            vectors, self._model = _fit(documents, self._dimensions, self._tag_weight, memo)
        return vectors

    def encode_query(self, text: str) -> Vectors:
        return self.encode_words(Counter(words(fold(text))))

    def encode_words(self, counts: Mapping[str, int]) -> Vectors:
        """The vector of a text given as word counts, shape (1, dim); zeros where the blog knows none of its words.

        Raises:
            ValueError: if nothing was encoded or loaded before.
        """
        if self._model is None:
            raise ValueError("the site encoder has not been fitted")
        with one_thread():
            return self._model.encode(counts)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._model.arrays() if self._model else {}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        try:
            self._model = _Model.from_arrays(arrays)
        except (KeyError, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Model:
    """A fitted encoder, as far as a query needs it: the posts' features and where they lie in the embedding."""

    columns: Mapping[str, int]  # word -> column of `features`
    idf: npt.NDArray[np.float64]  # (n_words,)
    features: Any  # csr matrix (n_posts, n_words), unit rows
    projection: npt.NDArray[np.float32]  # U λ^-½, (n_posts, dim)
    mean_kernel: npt.NDArray[np.float64]  # F μ, (n_posts,)
    norms: npt.NDArray[np.float64]  # length of each centred row, (n_posts,); 0 for a post without words
    centre: tuple[float, float]  # γ and μᵀμ

    def encode(self, counts: Mapping[str, int]) -> Vectors:
        import numpy as np

        query = np.zeros(len(self.idf))
        for word, count in counts.items():
            column = self.columns.get(word)
            if column is not None:
                query[column] = sqrt(count) * self.idf[column]
        length = np.linalg.norm(query)
        if length == 0:
            return np.zeros((1, self.projection.shape[1]), dtype=np.float32)
        kernel = self.features @ (query / length)
        gamma, mean_mean = self.centre
        present = self.norms > 0
        mean = gamma * kernel[present].mean()
        own = sqrt(max(1.0 - 2 * mean + gamma**2 * mean_mean, 1e-12))
        centred = np.zeros_like(kernel)
        centred[present] = (kernel - mean - gamma * self.mean_kernel + gamma**2 * mean_mean)[present]
        centred[present] /= self.norms[present] * own
        return unit_rows((centred @ self.projection)[None, :])

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        import numpy as np

        text = "\n".join(self.columns).encode("utf-8", "surrogatepass")
        return {
            "words": np.frombuffer(text, dtype=np.uint8),
            "idf": self.idf,
            "data": self.features.data.astype(np.float32),
            "columns": self.features.indices.astype(np.int32),
            "starts": self.features.indptr.astype(np.int64),
            "projection": self.projection,
            "mean_kernel": self.mean_kernel,
            "norms": self.norms,
            "centre": np.array(self.centre),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> _Model:
        import numpy as np
        from scipy.sparse import csr_matrix

        text = arrays["words"].tobytes().decode("utf-8", "surrogatepass")
        vocabulary = text.split("\n") if text else []
        starts = arrays["starts"]
        features = csr_matrix(
            (arrays["data"].astype(np.float64), arrays["columns"], starts), shape=(len(starts) - 1, len(vocabulary))
        )
        features.check_format(full_check=True)  # products trust the columns
        gamma, mean_mean = (float(value) for value in arrays["centre"])
        return cls(
            {word: column for column, word in enumerate(vocabulary)},
            arrays["idf"],
            features,
            arrays["projection"],
            arrays["mean_kernel"],
            arrays["norms"],
            (gamma, mean_mean),
        )


def _fit(
    documents: Sequence[Document], dimensions: int, tag_weight: float, memo: Memo | None = None
) -> tuple[Vectors, _Model]:
    import numpy as np
    from scipy.sparse import csr_matrix, hstack

    n = len(documents)
    columns, weights, x = _word_features(documents, memo)
    cited = each(memo, "cited", documents, _cited)
    blocks = [x, sqrt(_CITATION_WEIGHT) * _indicator_features(cited, most=max(_MAX_DOCUMENT_SHARE * n, 3))]
    if tag_weight:
        tags = [{fold(tag) for tag in document.post.tags} for document in documents]
        blocks.append(sqrt(tag_weight) * _indicator_features(tags, most=n - 1))
    f: Any = csr_matrix(hstack(blocks))
    present = np.diff(f.indptr) > 0
    gamma = min(1.0, n / FULLY_CENTRED_POSTS)
    mu = np.asarray(f.sum(axis=0)).ravel() / max(1, present.sum())
    mean_kernel = f @ mu
    mean_mean = float(mu @ mu)
    own = np.asarray(f.multiply(f).sum(axis=1)).ravel()
    squared = np.where(present, own - 2 * gamma * mean_kernel + gamma**2 * mean_mean, 0.0)
    norms = np.sqrt(np.where(squared > 1e-9, squared, 0.0))  # a post that says just what all say has no direction
    inverse = np.divide(1.0, norms, out=np.zeros(n), where=norms > 0)
    rank = min(dimensions, max(1, n))
    if n > EXACT_POSTS:
        start = _random_signs(documents, rank + _OVERSAMPLES)
        vectors, projection = _randomised(_Centred(f, gamma * mu, inverse), start, rank)
    else:
        u, spectrum = _exact_eigenpairs(f, gamma, mean_kernel, mean_mean, inverse, rank)
        u = np.where(norms[:, None] > 0, u, 0.0)  # rounding must not give a direction to a post that has none
        significant = spectrum > 1e-9 * max(1.0, float(spectrum[0]) if len(spectrum) else 0.0)
        root = np.sqrt(np.where(significant, spectrum, 0.0))
        inverse_root = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
        vectors, projection = unit_rows(u * root), (u * inverse_root).astype(np.float32)
    # As arrays() keeps it, so that a query finds the same after load()
    stored = x.astype(np.float32).astype(np.float64)
    return vectors, _Model(columns, weights, stored, projection, mean_kernel, norms, (gamma, mean_mean))


def _exact_eigenpairs(
    f: Any,
    gamma: float,
    mean_kernel: npt.NDArray[np.float64],
    mean_mean: float,
    inverse: npt.NDArray[np.float64],
    rank: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    import numpy as np

    n = f.shape[0]
    if n == 0:
        return np.zeros((0, 1)), np.zeros(1)
    kernel = (f @ f.T).toarray()
    kernel -= gamma * mean_kernel[:, None]
    kernel -= gamma * mean_kernel[None, :]
    kernel += gamma**2 * mean_mean
    kernel *= inverse[:, None]
    kernel *= inverse[None, :]
    if n <= _ALL_PAIRS_POSTS:
        spectrum, u = np.linalg.eigh(kernel)
        return u[:, : -rank - 1 : -1], spectrum[: -rank - 1 : -1]
    from scipy.linalg import eigh

    spectrum, u = eigh(kernel, subset_by_index=(n - rank, n - 1), overwrite_a=True, check_finite=False)
    return u[:, ::-1], spectrum[::-1]


class _Centred:
    """A = D⁻¹(F − 1·cᵀ), shape (n, m), of which only F is ever held.

    Args: `centre` is c, `inverse` the diagonal of D⁻¹.
    """

    def __init__(self, f: Any, centre: npt.NDArray[np.float64], inverse: npt.NDArray[np.float64]) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        self._f, self._centre, self._inverse = (part.astype(np.float32) for part in (f, centre, inverse))
        self._turned = csr_matrix(self._f.T)  # in this form, a product takes half as long

    def times(self, axes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """A·axes."""
        product: npt.NDArray[np.float32] = self._f @ axes
        product -= self._centre @ axes
        product *= self._inverse[:, None]
        return product

    def turned_times(self, sums: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Aᵀ·sums."""
        import numpy as np

        scaled = sums * self._inverse[:, None]
        product = np.empty((len(self._centre), sums.shape[1]), dtype=np.float32)
        for first in range(0, sums.shape[1], _COLUMNS_AT_ONCE):
            columns = slice(first, first + _COLUMNS_AT_ONCE)
            part = np.ascontiguousarray(scaled[:, columns])
            product[:, columns] = self._turned @ part
            product[:, columns] -= np.outer(self._centre, part.sum(axis=0))
        return product


def _random_signs(documents: Sequence[Document], width: int) -> npt.NDArray[np.float32]:
    """±1 for each post and sum of posts.  They hang on its path alone: a new post leaves those of the others."""
    import numpy as np

    paths = (document.post.path.encode("utf-8", "surrogatepass") for document in documents)
    drawn = np.frombuffer(b"".join(hashlib.shake_256(path).digest(width // 8 + 1) for path in paths), dtype=np.uint8)
    return np.unpackbits(drawn.reshape(len(documents), -1), axis=1)[:, :width] * np.float32(2) - 1


def _randomised(a: _Centred, start: npt.NDArray[np.float32], rank: int) -> tuple[Vectors, npt.NDArray[np.float32]]:
    """Unit rows of U√λ, and U λ^-½, for the largest eigenpairs of A·Aᵀ.

    Two steps of subspace iteration on AᵀA from random sums of rows of A, then Rayleigh and Ritz (Halko, Martinsson,
    Tropp 2011, algorithm 4.4).  The axes are Aᵀ·S for sums S of posts, and what turns A·AᵀS into the first result turns
    S into the second: a query lands exactly where a post of its text does.
    """
    import numpy as np

    sums, _ = np.linalg.qr(a.times(a.turned_times(start)))
    axes = a.turned_times(sums)
    lengths, turn = np.linalg.eigh((axes.T @ axes).astype(np.float64))
    is_sure = lengths > _SHORTEST_AXIS * max(lengths[-1], 0)  # the others are rounding errors
    upright = turn[:, is_sure] / np.sqrt(lengths[is_sure])
    products = a.times(axes)
    _, best = np.linalg.eigh(upright.T @ (products.T @ products).astype(np.float64) @ upright)
    rotation = np.zeros((len(upright), rank), dtype=np.float32)
    rotation[:, : best.shape[1]] = upright @ best[:, : -rank - 1 : -1]
    return unit_rows(products @ rotation), sums @ rotation


def _word_features(documents: Sequence[Document], memo: Memo | None) -> tuple[dict[str, int], Matrix, Any]:
    """Columns by word (sorted), their idf, and √tf · idf rows of unit length."""
    import numpy as np

    numbers = memo.lasting("word numbers", WordNumbers) if memo else WordNumbers()
    counts = each(memo, "word counts", documents, lambda document: number_words(document.words, numbers))
    most = max(_MAX_DOCUMENT_SHARE * len(documents), 3)
    matrix, columns, weights = numbered_tfidf(counts, numbers, most, sqrt)
    is_used = np.zeros(len(numbers), dtype=bool)
    for which, _ in counts:
        is_used[which] = True
    if memo and len(numbers) > 2 * int(is_used.sum()) + 1000:
        numbers.clear()  # most of them have gone from the blog again
        memo.keep("word counts", [], [])
    return columns, weights, matrix


def _cited(document: Document) -> set[str]:
    """The hosts and pages elsewhere that a post links to: two posts that cite the same page share a subject.

    Links without a host are the blog's own; :func:`enishi.encoders.joining.smooth_along_links` is for those.
    """
    cited: set[str] = set()
    for link in document.fields.links:
        host, path = web_address(link) or ("", "")
        if host:
            cited |= {host, (host + path).rstrip("/").lower()}
    return cited


def _indicator_features(sets: Sequence[set[str]], most: float) -> Any:
    """0/1 rows weighted by rarity, ln(n/df), of unit length; only what 2 … `most` of them contain."""
    frequency = columns_for(sets, most)
    entries = {name: (column, log(len(sets) / df)) for column, (name, df) in enumerate(frequency.items())}
    return unit_csr(csr_rows([[entries[name] for name in names if name in entries] for names in sets], len(entries)))
