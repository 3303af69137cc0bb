"""doc2vec as the site encoder: posts on a subject are near, the same bytes anywhere, and queries without the posts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from blog_of_documents import SUBJECTS, document, subject_posts
from enishi.encoders.doc2vec import Doc2VecEncoder
from enishi.errors import EncoderError
from places import IMPORT_PATH

pytest.importorskip("gensim")

DIMENSIONS = 50
POSTS = subject_posts(20)
SUBJECT = np.repeat(np.arange(len(SUBJECTS)), 20)


@pytest.fixture(scope="module")
def encoder() -> Doc2VecEncoder:
    fitted = Doc2VecEncoder(dimensions=DIMENSIONS)
    fitted.encode(POSTS)
    return fitted


@pytest.fixture(scope="module")
def vectors() -> npt.NDArray[np.float32]:
    return Doc2VecEncoder(dimensions=DIMENSIONS).encode(POSTS)


def share_of_own(cosines: npt.NDArray[np.float32], own: npt.NDArray[np.int64]) -> float:
    """How many of the five nearest are of the same subject; a third are by chance."""
    return float(np.mean(SUBJECT[np.argsort(-cosines, axis=1)[:, :5]] == own[:, None]))


def test_posts_on_one_subject_are_near(vectors: npt.NDArray[np.float32]) -> None:
    assert vectors.shape == (60, DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert share_of_own(vectors @ vectors.T - 3 * np.eye(60, dtype=np.float32), SUBJECT) > 0.9


def test_queries_lie_near_posts_on_their_subject(encoder: Doc2VecEncoder, vectors: npt.NDArray[np.float32]) -> None:
    queries = np.vstack([encoder.encode_query(text) for text in SUBJECTS.values()])
    assert queries.shape == (3, DIMENSIONS)
    assert share_of_own(queries @ vectors.T, np.arange(3)) > 0.9
    own = np.vstack([encoder.encode_words(post.words) for post in POSTS])
    assert share_of_own(own @ vectors.T, SUBJECT) > 0.9


def test_unknown_words_say_nothing(encoder: Doc2VecEncoder) -> None:
    assert not encoder.encode_query("zymurgy quincunx").any()
    assert not encoder.encode_query("").any()


def test_a_query_does_not_depend_on_those_before(encoder: Doc2VecEncoder) -> None:
    first = encoder.encode_query("goroutine channel")
    encoder.encode_query("flour butter oven")
    np.testing.assert_array_equal(encoder.encode_query("channel, Goroutine!"), first)


def test_arrays_are_plain_and_bring_queries_back(encoder: Doc2VecEncoder, tmp_path: Path) -> None:
    np.savez(tmp_path / "kept.npz", **encoder.arrays())
    again = Doc2VecEncoder(dimensions=DIMENSIONS)
    with np.load(tmp_path / "kept.npz", allow_pickle=False) as arrays:
        assert again.load(dict(arrays))
    for text in (*SUBJECTS.values(), "flour goroutine chain", "oven"):
        np.testing.assert_array_equal(again.encode_query(text), encoder.encode_query(text))


def test_arrays_that_do_not_belong_together_are_refused(encoder: Doc2VecEncoder) -> None:
    arrays = encoder.arrays()
    again = Doc2VecEncoder()
    assert not again.load({})
    assert not again.load({**arrays, "output": arrays["output"][1:]})
    assert not again.load({**arrays, "counts": arrays["counts"][1:]})
    assert not again.load({name: array for name, array in arrays.items() if name != "centre"})
    with pytest.raises(ValueError, match="not been fitted"):
        again.encode_query("anything")


PROGRAM = """
import hashlib
from blog_of_documents import subject_posts
from enishi.encoders.doc2vec import Doc2VecEncoder
encoder = Doc2VecEncoder(dimensions=50)
vectors = encoder.encode(subject_posts(20))
query = encoder.encode_query("goroutine channel oven")
print(hashlib.sha256(vectors.tobytes() + query.tobytes()).hexdigest())
"""


def test_the_same_bytes_in_any_process(encoder: Doc2VecEncoder, vectors: npt.NDArray[np.float32]) -> None:
    query = encoder.encode_query("goroutine channel oven")
    expected = hashlib.sha256(vectors.tobytes() + query.tobytes()).hexdigest()
    for seed, threads in (("1", "1"), ("2", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "PYTHONPATH": IMPORT_PATH}
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
        assert done.stdout.strip() == expected


def test_tags_are_not_known(vectors: npt.NDArray[np.float32]) -> None:
    untagged = Doc2VecEncoder(dimensions=DIMENSIONS).encode(subject_posts(20, tagged=False))
    np.testing.assert_array_equal(untagged, vectors)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_posts(count: int) -> None:
    encoder = Doc2VecEncoder(dimensions=10)
    found = encoder.encode(POSTS[:count])
    assert found.shape == (count, 10)
    assert np.isfinite(found).all()
    assert encoder.encode_query("goroutine").shape == (1, 10)


def test_a_post_without_words_has_no_vector_and_a_long_one_has() -> None:
    long = document(
        "long.md", "", " ".join(f"{word} again{n % 50}" for n in range(400) for word in SUBJECTS["go"].split())
    )
    found = Doc2VecEncoder(dimensions=10).encode([*POSTS, document("empty.md", "", ""), long])
    assert found.any(axis=1).tolist() == [True] * 60 + [False, True]


def test_without_gensim_one_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("enishi.encoders.gensim_library.version", missing)
    with pytest.raises(EncoderError, match=r"enishi\[readers\]"):
        Doc2VecEncoder().encode(POSTS)
