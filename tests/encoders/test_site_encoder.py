"""The site encoder: for any number of posts, the same bytes anywhere, and queries in the space of the posts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import enishi.encoders.site
from enishi.cache import Cache
from enishi.encoders.site import SiteEncoder, _random_signs
from enishi.reading.tokens import count_words
from enishi.types import Document, Post, TextFields
from places import IMPORT_PATH


def document(number: int, text: str, tags: tuple[str, ...] = ()) -> Document:
    return Document(Post(f"{number:04}.md", "", tags=tags), TextFields(prose=text), count_words([(text, 1)]), {})


def blog(count: int, seed: int = 0, topics: int = 4) -> list[Document]:
    """Posts on a few topics, in English and Japanese, with a tag for each topic."""
    rng = np.random.default_rng(seed)
    own = [
        [f"topic{topic}word{number}" for number in range(30)] + [f"{chr(0x4E00 + 40 * topic + i)}語" for i in range(9)]
        for topic in range(topics)
    ]
    common = [f"common{number}" for number in range(60)]
    documents = []
    for number in range(count):
        topic = number % topics
        words = [*rng.choice(own[topic], 25), *rng.choice(common, 15)]
        documents.append(document(number, " ".join(words), (f"tag{topic}", f"Rare{number // 2}")))
    return documents


def cosines(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return vectors.astype(np.float64) @ vectors.T.astype(np.float64)


def assert_unit_or_zero(vectors: npt.NDArray[np.float32], with_words: Sequence[bool]) -> None:
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.array(with_words, dtype=float), atol=1e-5)


# -- any number of posts -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["exact", "randomised"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of decomposition."""
    if request.param == "randomised":
        monkeypatch.setattr(enishi.encoders.site, "EXACT_POSTS", 0)
    return str(request.param)


@pytest.mark.parametrize("count", [1, 2, 5, 20, 60])
def test_every_number_of_posts_has_vectors(count: int, either: str) -> None:
    encoder = SiteEncoder()
    vectors = encoder.encode(blog(count))
    assert vectors.shape == (count, count)
    assert_unit_or_zero(vectors, [count > 1] * count)  # words of one post only relate it to nothing
    assert encoder.encode_query("topic0word1 common3").shape == (1, count)


def test_no_posts_at_all(either: str) -> None:
    encoder = SiteEncoder()
    assert encoder.encode([]).shape == (0, 1)
    assert not encoder.encode_query("anything").any()


def test_dimensions_are_bounded(either: str) -> None:
    assert SiteEncoder(dimensions=8).encode(blog(30)).shape == (30, 8)


def test_posts_on_one_topic_are_nearer(either: str) -> None:
    near = cosines(SiteEncoder().encode(blog(40)))
    same = np.equal.outer(np.arange(40) % 4, np.arange(40) % 4) & ~np.eye(40, dtype=bool)
    assert near[same].min() > near[~same & ~np.eye(40, dtype=bool)].max()


def test_two_like_posts_do_not_oppose_each_other() -> None:
    documents = [document(0, "raft paxos consensus leader"), document(1, "raft paxos consensus election")]
    assert cosines(SiteEncoder().encode(documents))[0, 1] > 0.5


@pytest.mark.parametrize("count", [3, 20, 80])
def test_posts_without_words_have_no_vector(count: int, either: str) -> None:
    documents = blog(count)
    documents[1] = document(1, "")
    vectors = SiteEncoder(tag_weight=0).encode(documents)
    assert_unit_or_zero(vectors, [number != 1 for number in range(count)])
    assert not SiteEncoder().encode([document(number, "") for number in range(count)]).any()


def test_identical_posts_have_the_same_vector(either: str) -> None:
    documents = blog(20)
    documents[7] = Document(Post("0007.md", "", tags=documents[3].post.tags), TextFields(), documents[3].words, {})
    near = cosines(SiteEncoder().encode(documents))
    assert near[3, 7] == pytest.approx(1, abs=1e-5)
    all_alike = SiteEncoder().encode([document(number, "same words here") for number in range(60)])
    assert np.isfinite(all_alike).all()


def test_a_post_that_only_its_tags_relate_has_a_vector() -> None:
    documents = [*blog(8), document(8, "", ("tag0",))]
    vectors = SiteEncoder(tag_weight=0.05).encode(documents)
    near = cosines(vectors)[8, :8]
    assert near[[0, 4]].min() > near[[1, 2, 3, 5, 6, 7]].max()


# -- tags --------------------------------------------------------------------------------------------------------------


def test_vectors_without_tag_weight_do_not_know_the_tags() -> None:
    documents = blog(20)
    other = [Document(Post(d.post.path, "", tags=("x", "y")), d.fields, d.words, {}) for d in documents]
    assert SiteEncoder(tag_weight=0).encode(documents).tobytes() == SiteEncoder(tag_weight=0).encode(other).tobytes()
    assert SiteEncoder().encode(documents).tobytes() != SiteEncoder().encode(other).tobytes()


def test_a_shared_tag_draws_posts_together_and_a_rare_one_more() -> None:
    plain = blog(24, topics=2)
    bare = [Document(Post(d.post.path, ""), d.fields, d.words, {}) for d in plain]
    tagged = list(bare)
    for number, tag in [(0, "rare"), (1, "ＲＡＲＥ"), *((n, "common") for n in range(2, 20))]:
        tagged[number] = Document(
            Post(bare[number].post.path, "", tags=(tag,)), bare[number].fields, bare[number].words, {}
        )
    gained = cosines(SiteEncoder(tag_weight=0.3).encode(tagged)) - cosines(SiteEncoder(tag_weight=0.3).encode(bare))
    assert gained[0, 1] > 0.1
    assert gained[0, 1] > gained[2, 3]


# -- exact and randomised meet -----------------------------------------------------------------------------------------


def test_where_the_two_ways_meet_they_find_the_same_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = blog(400, topics=12)
    exact = cosines(SiteEncoder(dimensions=64).encode(documents))
    monkeypatch.setattr(enishi.encoders.site, "EXACT_POSTS", 399)
    randomised = cosines(SiteEncoder(dimensions=64).encode(documents))
    assert exact.tobytes() != randomised.tobytes(), "the border is not crossed"
    for near in (exact, randomised):
        np.fill_diagonal(near, -1)
    first, second = (np.argsort(-near, axis=1)[:, :10] for near in (exact, randomised))
    overlap = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(first, second, strict=True)])
    assert overlap > 0.85
    assert np.abs(exact - randomised).mean() < 0.03


def test_where_nothing_is_cut_off_the_two_ways_agree_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = blog(80)
    exact = cosines(SiteEncoder().encode(documents))
    monkeypatch.setattr(enishi.encoders.site, "EXACT_POSTS", 0)
    np.testing.assert_allclose(cosines(SiteEncoder().encode(documents)), exact, atol=2e-5)


def test_a_post_more_leaves_the_random_sums_of_the_others() -> None:
    documents = blog(20)
    signs = _random_signs(documents, 100)
    assert set(np.unique(signs)) == {-1, 1}
    assert len({row.tobytes() for row in signs}) == 20
    np.testing.assert_array_equal(_random_signs([document(99, "new"), *documents], 100)[1:], signs)


# -- queries -----------------------------------------------------------------------------------------------------------


def test_a_query_with_the_text_of_a_post_finds_it(either: str) -> None:
    documents = blog(40)
    encoder = SiteEncoder(tag_weight=0)
    vectors = encoder.encode(documents)
    for number in (0, 13):
        query = encoder.encode_query(documents[number].fields.prose)
        assert query.dtype == np.float32
        assert (query @ vectors.T)[0, number] == pytest.approx(1, abs=1e-4)


def test_a_query_of_unknown_words_is_zeros() -> None:
    encoder = SiteEncoder()
    encoder.encode(blog(20))
    assert not encoder.encode_query("zebra … 未知").any()
    assert not encoder.encode_query("").any()


def test_queries_are_the_same_from_the_cache(tmp_path: Path, either: str) -> None:
    encoder = SiteEncoder()
    encoder.encode(blog(30))
    with Cache(tmp_path / "cache.sqlite") as cache:
        cache.put_arrays(encoder.arrays())
    again = SiteEncoder()
    with Cache(tmp_path / "cache.sqlite") as cache:
        assert again.load(cache.arrays())
    for text in ("topic0word3 common1", "topic2word1 " * 9, "", "未知"):
        assert again.encode_query(text).tobytes() == encoder.encode_query(text).tobytes()
    assert again.arrays().keys() == encoder.arrays().keys()


def test_before_fitting_there_is_nothing_to_ask() -> None:
    encoder = SiteEncoder()
    assert encoder.arrays() == {}
    assert not encoder.load({})
    assert not encoder.load({"words": np.zeros(1, dtype=np.uint8)})
    with pytest.raises(ValueError, match="fitted"):
        encoder.encode_query("x")


# -- the same everywhere -----------------------------------------------------------------------------------------------


def test_the_key_names_what_vectors_depend_on() -> None:
    keys = {
        SiteEncoder().key,
        SiteEncoder(dimensions=64).key,
        SiteEncoder(tag_weight=0).key,
        SiteEncoder(tag_weight=0.1).key,
    }
    assert len(keys) == 4
    assert SiteEncoder(tag_weight=1).key == SiteEncoder(tag_weight=1.0).key


def test_counts_in_another_order_make_the_same_bytes() -> None:
    documents = blog(20)
    turned = [Document(d.post, d.fields, dict(reversed(d.words.items())), {}) for d in documents]
    assert SiteEncoder().encode(documents).tobytes() == SiteEncoder().encode(turned).tobytes()


DIGEST = """
import hashlib
import enishi.encoders.site as site
from test_site_encoder import blog
from enishi.encoders.joining import smooth_along_links
total = hashlib.sha256()
for exact in (3000, 0):
    site.EXACT_POSTS = exact
    encoder = site.SiteEncoder(dimensions=100)
    vectors = encoder.encode(blog(300))
    total.update(vectors.tobytes())
    total.update(encoder.encode_query("topic0word1 common2").tobytes())
    total.update(smooth_along_links(vectors, [(i, (7 * i) % 300) for i in range(300)], 0.4).tobytes())
print(total.hexdigest())
"""


def test_the_same_bytes_for_any_hash_seed_and_number_of_threads() -> None:
    found = set()
    for seed, threads in (("0", "1"), ("1", "2"), ("12345", "4")):
        variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = (
            os.environ | dict.fromkeys(variables, threads) | {"PYTHONHASHSEED": seed, "PYTHONPATH": IMPORT_PATH}
        )
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop().strip()) == hashlib.sha256().digest_size * 2
