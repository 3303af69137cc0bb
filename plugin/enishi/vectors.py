"""The algebra that encoders, tags and related posts share: unit rows, TF-IDF, eigenpairs, one thread.

NumPy and SciPy are loaded inside the functions: a build with nothing to do needs neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import log
from typing import TYPE_CHECKING, Any

from enishi.counts import Counts, Surfaces, WordNumbers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Matrix, Rows, Vectors

_SHORTEST, _SHORTEST_EXACT = 1e-6, 1e-9
"""Shorter rows have no direction, only rounding errors: of float32, and of float64."""
_POWER_ITERATIONS = 5
_OVERSAMPLES = 20


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit the linear algebra of NumPy and SciPy to one thread: the same bytes on any machine, and faster for a blog.

    Both are loaded here, each with a BLAS of its own: a library that is loaded later would not be limited.
    """
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


# --- dense rows ------------------------------------------------------------------------------------------------------


def unit_rows(rows: npt.NDArray[np.floating[Any]]) -> Vectors:
    """Rows of unit length as float32; rows shorter than 1e-6 become zeros."""
    import numpy as np

    return exact_unit_rows(rows, _SHORTEST).astype(np.float32)


def exact_unit_rows(rows: npt.NDArray[np.floating[Any]], shortest: float = _SHORTEST_EXACT) -> Matrix:
    """Rows of unit length as float64; rows that are not longer than `shortest` become zeros."""
    import numpy as np

    exact = np.asarray(rows, dtype=np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    unit: Matrix = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > shortest)
    return unit


def leading_eigenpairs(kernel: Any, rank: int) -> tuple[Matrix, Matrix]:
    """Left singular vectors and values of the features whose Gram matrix this is, by subspace iteration.

    (Halko, Martinsson & Tropp 2011.)  `kernel` is an array or a linear operator.  Signs are arbitrary: use only inner
    products of the result's rows.
    """
    import numpy as np

    n = kernel.shape[0]
    if n == 0:
        return np.zeros((0, 0)), np.zeros(0)
    width = min(rank + _OVERSAMPLES, n)
    basis = np.random.default_rng(0).standard_normal((n, width))
    for _ in range(_POWER_ITERATIONS):
        basis, _ = np.linalg.qr(kernel @ basis)
    spectrum, rotation = np.linalg.eigh(basis.T @ kernel @ basis)
    best = np.argsort(-spectrum, kind="stable")[:rank]
    return basis @ rotation[:, best], np.sqrt(np.maximum(spectrum[best], 0))


# --- sparse rows -----------------------------------------------------------------------------------------------------


def idf(posts: int, frequency: int) -> float:
    """Smoothed inverse document frequency of what `frequency` of the posts contain: ln((1 + n)/(1 + df)) + 1."""
    return log((1 + posts) / (1 + frequency)) + 1


def columns_for(posts: Sequence[Iterable[str]], most: float) -> dict[str, int]:
    """Number, in alphabetical order, the names that at least 2 and at most `most` posts contain.

    Returns the number of posts by name; a name's place in it is its column.
    """
    frequency: Counter[str] = Counter()
    for names in posts:
        frequency.update(names)
    return {name: count for name, count in sorted(frequency.items()) if 2 <= count <= most}


def number_words(counts: Mapping[str, int], numbers: WordNumbers) -> tuple[Rows, Rows]:
    """A post's words by number, and how often it contains each."""
    import numpy as np

    if isinstance(counts, Counts):
        if not numbers:
            numbers.adopt(counts.store.names)
        if numbers.names is counts.store.names:
            stored, often = counts.store.row(counts.row)
            return stored.astype(np.int64), often.astype(np.int64)
    which = np.fromiter(map(numbers.__getitem__, counts), dtype=np.int64, count=len(counts))
    return which, np.fromiter(counts.values(), dtype=np.int64, count=len(counts))


def number_spellings(surfaces: Mapping[str, str], numbers: WordNumbers) -> tuple[Rows, Rows]:
    """The words by number that a post writes in another way than they are folded, and how it writes each, by number."""
    import numpy as np

    if isinstance(surfaces, Surfaces) and numbers.names is surfaces.store.names:
        stored, spelling = surfaces.store.row(surfaces.row)
        return stored.astype(np.int64), spelling.astype(np.int64)
    which = np.fromiter(map(numbers.__getitem__, surfaces), dtype=np.int64, count=len(surfaces))
    return which, np.fromiter(map(numbers.__getitem__, surfaces.values()), dtype=np.int64, count=len(surfaces))


def tfidf(
    counts: Sequence[Mapping[str, int]], most: float, damp: Callable[[int], float] = lambda count: 1 + log(count)
) -> tuple[Any, dict[str, int], Matrix]:
    """TF-IDF of the words in 2 … `most` posts, rows of unit length.

    Returns the csr matrix (n, words), the column of each word (alphabetical) and the idf of each column.  An entry is
    damp(c) · idf, with c the number of times that the post contains the word.
    """
    numbers = WordNumbers()
    return numbered_tfidf([number_words(of_post, numbers) for of_post in counts], numbers, most, damp)


def numbered_tfidf(
    posts: Sequence[tuple[Rows, Rows]], numbers: WordNumbers, most: float, damp: Callable[[int], float]
) -> tuple[Any, dict[str, int], Matrix]:
    """:func:`tfidf` of what :func:`number_words` returned for each post."""
    import numpy as np
    from scipy.sparse import csr_matrix

    n, nothing = len(posts), np.zeros(0, dtype=np.int64)
    which = np.concatenate([nothing, *(post[0] for post in posts)])
    counts = np.concatenate([nothing, *(post[1] for post in posts)])
    row_of = np.repeat(np.arange(n), [len(post[0]) for post in posts])
    frequency = np.bincount(which, minlength=len(numbers))
    is_kept = (frequency >= 2) & (frequency <= most)
    names = list(numbers)
    kept = sorted((names[number], number) for number in np.flatnonzero(is_kept).tolist())
    order = np.array([number for _, number in kept], dtype=np.int64)
    weights = np.array([idf(n, df) for df in frequency[order].tolist()])
    column_of = np.zeros(len(numbers), dtype=np.int32)
    column_of[order] = np.arange(len(kept), dtype=np.int32)
    stays = is_kept[which]
    held, often = column_of[which[stays]], counts[stays]
    # One by one: NumPy's logarithm may differ in the last bit from processor to processor
    distinct, place = np.unique(often, return_inverse=True)
    damped = np.array([damp(count) for count in distinct.tolist()])[place]
    starts = np.cumsum([0, *np.bincount(row_of[stays], minlength=n).tolist()])
    matrix = csr_matrix((damped * weights[held], held, starts), shape=(n, len(kept)))
    return unit_csr(matrix), {word: column for column, (word, _) in enumerate(kept)}, weights


def csr_rows(rows: Sequence[Sequence[tuple[int, float]]], width: int) -> Any:
    """A csr matrix (len(rows), width) from the (column, value) entries of each row, float64."""
    import numpy as np
    from scipy.sparse import csr_matrix

    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.fromiter((column for row in rows for column, _ in row), dtype=np.int32, count=starts[-1])
    values = np.fromiter((value for row in rows for _, value in row), dtype=np.float64, count=starts[-1])
    return csr_matrix((values, columns, starts), shape=(len(rows), width))


def unit_csr(matrix: Any, *, only_shorten: bool = False) -> Any:
    """Rows of unit length; with `only_shorten`, rows that are shorter than that stay as they are.  Sorts `matrix`."""
    import numpy as np
    from scipy.sparse import csr_matrix, diags

    matrix.sort_indices()  # before any sum: the order of additions must not depend on the order of a dict
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    if only_shorten:
        lengths = np.maximum(lengths, 1.0)
    inverse = np.divide(1.0, lengths, out=np.zeros(len(lengths)), where=lengths > 0)
    return csr_matrix(diags(inverse) @ matrix)
