"""The algebra that encoders, tags and related posts share: unit rows, TF-IDF, eigenpairs, one thread.

NumPy and SciPy are loaded inside the functions: a build with nothing to do needs neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import log
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Matrix, Vectors

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


def tfidf(
    counts: Sequence[Mapping[str, int]], most: float, damp: Callable[[int], float] = lambda count: 1 + log(count)
) -> tuple[Any, dict[str, int], list[float]]:
    """TF-IDF of the words in 2 … `most` posts, rows of unit length.

    Returns the csr matrix (n, words), the column of each word and the idf of each column.  An entry is damp(c) · idf,
    with c the number of times that the post contains the word.
    """
    frequency = columns_for([of_post.keys() for of_post in counts], most)
    columns = {word: column for column, word in enumerate(frequency)}
    weights = [idf(len(counts), df) for df in frequency.values()]
    rows = [
        [(columns[word], damp(count) * weights[columns[word]]) for word, count in of_post.items() if word in columns]
        for of_post in counts
    ]
    return unit_csr(csr_rows(rows, len(columns))), columns, weights


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
