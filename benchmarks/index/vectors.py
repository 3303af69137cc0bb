"""Vectors like those of a blog, of any number: for an index, random ones are a different and harder problem."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def blog_like_vectors(count: int, dim: int = 512, seed: int = 0) -> npt.NDArray[np.float32]:
    """Unit rows of shape (count, dim), centred, the same for the same arguments.

    What makes them blog-like: a spectrum that falls as that of TF-IDF does; topics whose sizes follow Zipf's law,
    their number growing as √count; posts about one to three topics; one post in fifty about everything (a hub); one
    in a hundred a near copy of another (a series, a template).
    """
    rng = np.random.default_rng([seed, count, dim])
    spectrum = (1.0 + np.arange(dim)) ** -0.5
    topics = max(8, 3 * int(count**0.5))
    centres = rng.normal(size=(topics, dim)) * spectrum
    share = 1.0 / np.arange(1, topics + 1)
    chosen = rng.choice(topics, size=(count, 3), p=share / share.sum())
    weights = rng.dirichlet((1.0, 0.3, 0.1), size=count)
    vectors = np.empty((count, dim), dtype=np.float32)
    for start in range(0, count, 10_000):
        part = slice(start, start + 10_000)
        mixed = np.einsum("ij,ijd->id", weights[part], centres[chosen[part]])
        vectors[part] = mixed + 0.9 * rng.normal(size=mixed.shape) * spectrum
    hubs = rng.random(count) < 0.02
    vectors[hubs] = 0.4 * vectors[hubs] + (share / share.sum()) @ centres
    copies = np.flatnonzero(rng.random(count) < 0.01)
    noise = 0.1 * rng.normal(size=(len(copies), dim)) * spectrum
    vectors[copies] = vectors[rng.integers(0, count, len(copies))] + noise
    vectors -= vectors.mean(axis=0)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
