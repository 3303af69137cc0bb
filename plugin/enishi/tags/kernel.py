"""The similarity of two posts, for tags: a sum of kernels over their text and metadata, never over their tags.

    K = K_text + K_lsa200 + ½ K_lsa50 + ½ K_title + ½ K_lede + .3 K_headings + ½ K_code + ½ K_front + .2 K_hosts

and, where a pretrained model takes part, + K_model of its vectors; .3 of what they name of the tags is added in
`likeness.py`.  The rows of a block have unit length; a post without the field has a row of zeros.  Fields of text are
TF-IDF with sublinear counts over words in 2 … max(.3 n, 3) posts.  The weights come from experiments (docs/research.md,
"Missing tags") and are the same for every blog.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from enishi.cache import code_digest, digest
from enishi.kept import Kept, each_kept
from enishi.memo import Memo
from enishi.reading.series import series_of
from enishi.reading.tokens import count_words, fold
from enishi.tags.fields import MAX_SHARE, choose_fields, field_values, host_of
from enishi.types import Document
from enishi.vectors import columns_for, csr_rows, exact_unit_rows, leading_eigenpairs, tfidf, unit_csr

if TYPE_CHECKING:
    from enishi.types import Matrix, Rows, Vectors


_MAX_SHARE = 0.3
_LSA_DIMENSIONS = 200
_LSA = ((1.0, _LSA_DIMENSIONS), (0.5, 50))
"""Weights of the latent dimensions: of all, and once more of the first ones."""
_LEAST_SINGULAR = 1e-5
"""Smaller singular values are rounding errors (about 1e-8), which no processor shares with another."""
_WEIGHTS = (0.5, 0.5, 0.3, 0.5, 0.5, 0.2)
"""Of title, opening, headings, code, front matter, hosts."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The features of a blog's posts: matrices with a row for each post."""

    text: Any
    """csr matrix (n_posts, n_words), unit rows."""
    others: tuple[tuple[float, Any], ...]
    """(weight, csr matrix or array) of the other fields, then of further vectors: those of a pretrained model."""


def make_blocks(
    documents: Sequence[Document],
    memo: Memo | None = None,
    dense: Sequence[tuple[float, Vectors]] = (),
    front: Sequence[str] | None = None,
    *,
    kept: Kept | None = None,
) -> Blocks:
    """The features of every document, and `dense` ones given with their weights; none depends on a post's own tags.

    `front` are keys of front matter; by default, :func:`enishi.tags.fields.choose_fields` chooses them.
    """
    counts = each_kept(
        kept or Kept(),
        memo,
        "words of fields",
        documents,
        _field_words,
        pack=_packed,
        unpack=_unpacked,
        depends_on=digest(code_digest("tags/kernel.py", "reading/tokens.py")),
    )
    fields = [_text([of_post[place] for of_post in counts]) for place in range(4)]
    front = choose_fields(documents) if front is None else front
    filed = zip(documents, series_of(documents), strict=True)
    fields.append(_values_matrix([_filed_under(document, series, front) for document, series in filed]))
    fields.append(_values_matrix(list(map(_hosts, documents))))
    further = ((weight, rows.astype(np.float64)) for weight, rows in dense)
    return Blocks(_text([document.words for document in documents]), (*zip(_WEIGHTS, fields, strict=True), *further))


def _text(counts: Sequence[Mapping[str, int]]) -> Any:
    """TF-IDF of the words in 2 … max(.3 n, 3) posts."""
    return tfidf(counts, most=max(_MAX_SHARE * len(counts), 3))[0]


def _field_words(document: Document) -> tuple[Mapping[str, int], ...]:
    """Words of title, opening, headings and code."""
    fields = document.fields
    return (
        count_words([(fields.title, 1)]),
        count_words([(document.post.description, 1), (fields.lede, 1)]),
        count_words([("\n".join(fields.headings), 1)]),
        count_words([(fields.code, 1), (" ".join(fields.languages), 1)]),
    )


def _packed(fields: tuple[Mapping[str, int], ...]) -> bytes:
    """A line of words and a line of counts for each field; no word holds a blank."""
    lines = [" ".join(map(str, of_field)) for counts in fields for of_field in (counts, counts.values())]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _unpacked(value: bytes) -> tuple[Mapping[str, int], ...]:
    lines = [line.split(" ") if line else [] for line in value.decode("utf-8", "surrogatepass").split("\n")]
    return tuple(
        dict(zip(*pair, strict=True))
        for pair in zip(lines[::2], ([*map(int, line)] for line in lines[1::2]), strict=True)
    )


def dense_kernel(blocks: Blocks) -> Matrix:
    """K, shape (n, n).  Call it under :func:`enishi.vectors.one_thread`."""
    kernel = _gram(blocks.text, blocks.text)
    left, singular = leading_eigenpairs(kernel, min(_LSA_DIMENSIONS, len(kernel)))
    latent = _latent(left * np.where(singular > _LEAST_SINGULAR, singular, 0))
    for weight, matrix in (*latent, *blocks.others):
        kernel += weight * _gram(matrix, matrix)
    return kernel


def cross_kernel(blocks: Blocks, landmarks: Rows) -> tuple[Callable[[Rows], Matrix], Matrix]:
    """A function from some posts to K between them and the landmarks, by latent dimensions of those; and K's diagonal.

    The function's result has shape (len(rows), len(landmarks)).
    """
    some = blocks.text[landmarks]
    inner = _gram(some, some)
    left, singular = leading_eigenpairs(inner, min(_LSA_DIMENSIONS, len(landmarks)))
    # Every post in the leading dimensions of the landmarks' text: K_nm U Λ^-½ (Nyström's extension)
    left = left * np.divide(1.0, singular, out=np.zeros_like(singular), where=singular > _LEAST_SINGULAR)
    of_landmarks = _latent(inner @ left)
    others = [(weight, matrix, matrix[landmarks]) for weight, matrix in blocks.others]

    def between(rows: Rows) -> Matrix:
        cross = _gram(blocks.text[rows], some)
        for (weight, latent), other in zip(_latent(cross @ left), of_landmarks, strict=True):
            cross += weight * (latent @ other[1].T)
        for weight, matrix, of_others in others:
            cross += weight * _gram(matrix[rows], of_others)
        return cross

    has_lsa = np.asarray((blocks.text @ some.sum(axis=0).T) > 0).ravel()
    own = _lengths(blocks.text) + sum(weight for weight, _ in _LSA) * has_lsa
    for weight, matrix in blocks.others:
        own += weight * _lengths(matrix)
    return between, own


def _latent(lsa: Matrix) -> list[tuple[float, Matrix]]:
    """Unit rows of the latent dimensions, with their weights."""
    return [(weight, exact_unit_rows(lsa[:, :size])) for weight, size in _LSA]


def _gram(matrix: Any, other: Any) -> Matrix:
    product = matrix @ other.T
    return np.asarray(product if isinstance(matrix, np.ndarray) else product.toarray())


def _lengths(matrix: Any) -> Matrix:
    """Squared lengths of the rows of an array or a csr matrix."""
    squares = matrix**2 if isinstance(matrix, np.ndarray) else matrix.multiply(matrix)
    return np.asarray(squares.sum(axis=1)).ravel()


# --- values --------------------------------------------------------------------------------------------------------


def _values_matrix(values: Sequence[set[str]]) -> Any:
    """Indicators weighted log((n+1)/(df+1)) of values in 2 posts to 95 % of them; rows divided by max(1, length)."""
    frequency = columns_for(values, most=MAX_SHARE * len(values))
    weights = [log((len(values) + 1) / (df + 1)) for df in frequency.values()]
    cells = dict(zip(frequency, enumerate(weights), strict=True))
    entries = [[cells[value] for value in of_post if value in cells] for of_post in values]
    return unit_csr(csr_rows(entries, len(cells)), only_shorten=True)


def _filed_under(document: Document, series: str, fields: Sequence[str]) -> set[str]:
    """A post's metadata beside its tags: category, series, language, folder (unless it is a date), and `fields`."""
    post = document.post
    values = {f"category:{fold(name)}" for chain in post.categories for name in chain}
    values |= {f"folder:{part}" for part in post.path.split("/")[:-1] if not re.fullmatch(r"[\d_.-]+", part)}
    if series:
        values.add(f"series:{fold(series)}")
    if post.lang:
        values.add(f"lang:{fold(post.lang)}")
    for key in fields:
        values |= {f"{key}:{value}" for value in field_values(post.front_matter.get(key))}
    return values


def _hosts(document: Document) -> set[str]:
    return {host for link in document.fields.links if (host := host_of(link))}
