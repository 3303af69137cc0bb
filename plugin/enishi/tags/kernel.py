"""The similarity of two posts, for tags: a sum of kernels over their text and metadata, never over their tags.

    K = K_text + K_lsa200 + ½ K_lsa50 + ½ K_title + ½ K_lede + .3 K_headings + ½ K_code + ½ K_front + .2 K_hosts

and, where a pretrained model takes part, + K_model of its vectors.  The rows of a block have unit length; a post
without the field has a row of zeros.  Fields of text are TF-IDF with sublinear counts over words in 2 … max(.3 n, 3)
posts.  The weights come from experiments (docs/research.md, "Missing tags") and are the same for every blog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from enishi.memo import Memo, each
from enishi.reading.tokens import count_words, fold
from enishi.types import Document
from enishi.vectors import columns_for, csr_rows, exact_unit_rows, leading_eigenpairs, tfidf, unit_csr

if TYPE_CHECKING:
    from enishi.types import Matrix, Rows, Vectors


_MAX_SHARE = 0.3
_LSA_DIMENSIONS = 200
_LSA_COARSE = 50
_LSA_WEIGHT, _LSA_COARSE_WEIGHT = 1.0, 0.5
_WEIGHTS = (0.5, 0.5, 0.3, 0.5, 0.5, 0.2)
BLOCK_NAMES = ("title", "opening", "headings", "code", "how it is filed", "where it links")
"""Weights of :attr:`Blocks.others`, and their names, to be shown."""
_MAX_FILED_SHARE = 0.95
_FILED_UNDER = ("author", "authors", "layout", "type", "lang", "language", "locale", "category", "categories", "series")
_MAX_VALUE = 80
_HOST = re.compile(r"(?:https?:)?//(?:[^/?#@]*@)?([^/?#:@\s]+)", re.I)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The features of a blog's posts: sparse blocks with their weights."""

    text: Any
    """csr matrix (n_posts, n_words), unit rows."""
    others: tuple[tuple[float, Any], ...]
    """(weight, csr matrix) of the other fields."""
    dense: tuple[tuple[float, Matrix], ...] = ()
    """(weight, unit rows) of further vectors: those of a pretrained model."""

    @property
    def size(self) -> int:
        """Number of posts."""
        return int(self.text.shape[0])


def make_blocks(
    documents: Sequence[Document], memo: Memo | None = None, dense: Sequence[tuple[float, Vectors]] = ()
) -> Blocks:
    """The features of every document, and `dense` ones given with their weights; none depends on tags."""
    counts = each(memo, "words of fields", documents, _field_words)
    fields = [_text([of_post[place] for of_post in counts]) for place in range(4)]
    fields += [_values_matrix(list(map(_filed_under, documents))), _values_matrix(list(map(_hosts, documents)))]
    others = tuple(zip(_WEIGHTS, fields, strict=True))
    text = _text([document.words for document in documents])
    return Blocks(text, others, tuple((weight, rows.astype(np.float64)) for weight, rows in dense))


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


class Latent(NamedTuple):
    """The leading dimensions of the text's Gram matrix: left singular vectors and singular values."""

    left: Matrix
    singular: Matrix


def dense_kernel(blocks: Blocks) -> tuple[Matrix, Latent]:
    """K, shape (n, n), and its latent dimensions.  Call it under :func:`enishi.vectors.one_thread`."""
    kernel = _gram(blocks.text)
    latent = Latent(*leading_eigenpairs(kernel, min(_LSA_DIMENSIONS, blocks.size)))
    return _add_parts(kernel, latent.left * latent.singular, blocks), latent


def _add_parts(kernel: Matrix, lsa: Matrix, blocks: Blocks, some: Rows | None = None) -> Matrix:
    """Add to the text's part of a kernel, between all posts and `some`, all others."""
    kernel += _LSA_WEIGHT * _outer(exact_unit_rows(lsa), some)
    kernel += _LSA_COARSE_WEIGHT * _outer(exact_unit_rows(lsa[:, :_LSA_COARSE]), some)
    for weight, matrix in blocks.others:
        kernel += weight * _gram(matrix, None if some is None else matrix[some])
    for weight, rows in blocks.dense:
        kernel += weight * _outer(rows, some)
    return kernel


def kernel_by_block(blocks: Blocks, latent: Latent, row: int, others: Rows) -> dict[str, Matrix]:
    """The weighted terms of K between one post and others by name, each of shape (len(others),)."""
    text = _gram(blocks.text[[row]], blocks.text[others])[0]
    lsa = latent.left * latent.singular
    for weight, size in ((_LSA_WEIGHT, lsa.shape[1]), (_LSA_COARSE_WEIGHT, _LSA_COARSE)):
        unit = exact_unit_rows(lsa[:, :size])
        text = text + weight * (unit[others] @ unit[row])
    by_block = {"text": text}
    for name, (weight, matrix) in zip(BLOCK_NAMES, blocks.others, strict=True):
        by_block[name] = weight * _gram(matrix[[row]], matrix[others])[0]
    if blocks.dense:
        by_block["model"] = np.sum([weight * (rows[others] @ rows[row]) for weight, rows in blocks.dense], axis=0)
    return by_block


def cross_kernel(blocks: Blocks, landmarks: Rows) -> Matrix:
    """K between all posts and some of them, shape (n, len(landmarks)); latent dimensions are fitted on those."""
    cross = _gram(blocks.text, blocks.text[landmarks])
    left, singular = leading_eigenpairs(cross[landmarks], min(_LSA_DIMENSIONS, len(landmarks)))
    # Every post in the leading dimensions of the landmarks' text: K_nm U Λ^-½ (Nyström's extension)
    return _add_parts(cross, (cross @ left) * _inverse(singular), blocks, landmarks)


def self_kernel(blocks: Blocks, landmarks: Rows) -> Matrix:
    """The diagonal of K as :func:`cross_kernel` has it, shape (n,)."""

    def lengths(matrix: Any) -> Matrix:
        return np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()

    text = lengths(blocks.text)
    has_latent = np.asarray((blocks.text @ blocks.text[landmarks].sum(axis=0).T) > 0).ravel()
    own: Matrix = text + (_LSA_WEIGHT + _LSA_COARSE_WEIGHT) * has_latent
    for weight, matrix in blocks.others:
        own += weight * lengths(matrix)
    for weight, rows in blocks.dense:
        own += weight * (rows**2).sum(axis=1)
    return own


def _inverse(singular: Matrix) -> Matrix:
    return np.divide(1.0, singular, out=np.zeros_like(singular), where=singular > 1e-6)


# --- values --------------------------------------------------------------------------------------------------------


def _values_matrix(values: Sequence[set[str]]) -> Any:
    """Indicators weighted log((n+1)/(df+1)) of values in 2 posts to 95 % of them; rows divided by max(1, length)."""
    frequency = columns_for(values, most=_MAX_FILED_SHARE * len(values))
    weights = [log((len(values) + 1) / (df + 1)) for df in frequency.values()]
    cells = dict(zip(frequency, enumerate(weights), strict=True))
    entries = [[cells[value] for value in of_post if value in cells] for of_post in values]
    return unit_csr(csr_rows(entries, len(cells)), only_shorten=True)


def _filed_under(document: Document) -> set[str]:
    """A post's metadata beside its tags: category, author, series, layout, language, folder (unless it is a date)."""
    post = document.post
    values = {f"category:{fold(name)}" for chain in post.categories for name in chain}
    values |= {f"folder:{part}" for part in post.path.split("/")[:-1] if not re.fullmatch(r"[\d_.-]+", part)}
    if post.series:
        values.add(f"series:{fold(post.series)}")
    if post.lang:
        values.add(f"lang:{fold(post.lang)}")
    for key in _FILED_UNDER:
        values |= {f"{key}:{value}" for value in _texts(post.front_matter.get(key))}
    return values


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str | int | float):
        text = fold(str(value)).strip()
        if text and len(text) <= _MAX_VALUE:
            yield text
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _hosts(document: Document) -> set[str]:
    matches = (_HOST.match(link) for link in document.fields.links)
    return {match[1].lower().removeprefix("www.") for match in matches if match}


# --- algebra -------------------------------------------------------------------------------------------------------


def _gram(matrix: Any, some: Any = None) -> Matrix:
    return np.asarray((matrix @ (matrix if some is None else some).T).toarray())


def _outer(rows: Matrix, some: Rows | None = None) -> Matrix:
    return rows @ (rows if some is None else rows[some]).T
