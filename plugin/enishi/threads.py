"""One thread for dense algebra: the same sums in the same order on any machine, and at the size of a blog faster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy's and SciPy's linear algebra run on one thread while this lasts.

    They are loaded here, each with a BLAS of its own: a library that is loaded later would not be limited.
    """
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
