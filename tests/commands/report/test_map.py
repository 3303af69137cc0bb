"""Where posts lie on the map: the same each time, in bounds, near what is like them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enishi.commands.report.map import place_posts, principal_positions, regions, trustworthiness
from enishi.pipeline import Posts, Run
from enishi.state import Request
from enishi.vectors import unit_rows
from shared_data import CORPORA, needs_shared


def made_up(posts: int, groups: int = 8, *, seed: int = 0) -> Any:
    """Vectors in groups that overlap."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((groups, 40))
    return unit_rows(centres[np.arange(posts) % groups] + random.standard_normal((posts, 40)))


def paths(posts: int) -> list[str]:
    return [f"posts/{number:05d}.md" for number in range(posts)]


@pytest.fixture(scope="module")
def vectors() -> Any:
    return made_up(300)


@pytest.fixture(scope="module")
def positions(vectors: Any) -> Any:
    return place_posts(vectors, paths(300))


def test_posts_fill_the_unit_square(positions: Any) -> None:
    assert positions.shape == (300, 2)
    assert positions.min() == 0
    assert positions.max() == 1
    assert np.ptp(positions, axis=0).min() > 0.4
    assert (positions == positions.round(4)).all()


def test_neighbours_on_the_map_are_neighbours_in_the_vectors(vectors: Any, positions: Any) -> None:
    assert trustworthiness(vectors, positions) > 0.95
    assert trustworthiness(vectors, positions) > trustworthiness(vectors, principal_positions(vectors)) + 0.05


def test_groups_lie_apart(positions: Any) -> None:
    group = np.arange(300) % 8
    centres = np.array([positions[group == number].mean(axis=0) for number in range(8)])
    nearest = ((positions[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == group).mean() > 0.9


@pytest.mark.parametrize("threads", ["1", "4"])
def test_the_same_bytes_for_any_threads_and_hash_seed(positions: Any, threads: str) -> None:
    program = (
        "import hashlib; from test_map import *;"
        "print(hashlib.sha256(place_posts(made_up(300), paths(300)).tobytes()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=__file__.rpartition("/")[0],
        env={"OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads, "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == hashlib.sha256(positions.tobytes()).hexdigest()


def test_turned_axes_of_the_vectors_turn_nothing(vectors: Any, positions: Any) -> None:
    """An eigenvector's sign is arbitrary, and so are the vectors' axes; only cosines count."""
    turned = np.linalg.qr(np.random.default_rng(1).standard_normal((40, 40)))[0].astype(np.float32)
    again = place_posts(unit_rows(vectors @ turned), paths(300))
    assert np.median(np.linalg.norm(again - positions, axis=1)) < 0.01


@pytest.mark.parametrize("count", range(8))
def test_tiny_blogs(count: int) -> None:
    positions = place_posts(made_up(count, 2), paths(count))
    assert positions.shape == (count, 2)
    assert ((positions >= 0) & (positions <= 1)).all()
    assert len(np.unique(positions, axis=0)) == count
    assert 0 <= trustworthiness(made_up(count, 2), positions) <= 1


def test_a_small_blog_in_two_languages_does_not_lie_in_a_line() -> None:
    vectors = unit_rows(made_up(47, 6) + 2 * made_up(2, seed=1)[np.arange(47) % 2])
    positions = place_posts(vectors, paths(47))
    assert np.ptp(positions, axis=0).min() > 0.2
    assert trustworthiness(vectors, positions, k=5) > 0.95


def test_posts_that_say_the_same_do_not_hide_each_other() -> None:
    twins = np.repeat(made_up(50), 2, axis=0)
    assert len(np.unique(place_posts(twins, paths(100)), axis=0)) == 100
    equal = place_posts(np.repeat(made_up(1), 30, axis=0), paths(30))
    assert len(np.unique(equal, axis=0)) > 25
    assert equal.max() == 1


def test_posts_without_words_lie_below_all_others(vectors: Any) -> None:
    some = vectors[:50].copy()
    some[[7, 20]] = 0
    positions = place_posts(some, paths(50))
    assert (positions[[7, 20], 1] == 0).all()
    assert positions[7, 0] != positions[20, 0]
    assert np.delete(positions, [7, 20], axis=0)[:, 1].min() > 0.05
    assert ((positions >= 0) & (positions <= 1)).all()


@pytest.mark.parametrize("k", [1, 10])
def test_trustworthiness_is_that_of_scikit_learn(vectors: Any, positions: Any, k: int) -> None:
    theirs = pytest.importorskip("sklearn.manifold").trustworthiness
    random = np.random.default_rng(0).random((300, 2))
    for flat in (positions + 1e-7 * random, principal_positions(vectors), random):
        assert trustworthiness(vectors, flat, k) == pytest.approx(theirs(vectors, flat, n_neighbors=k, metric="cosine"))


def test_trustworthiness_of_many_posts_is_that_of_a_sample() -> None:
    vectors = made_up(5000)
    flat = principal_positions(vectors)
    theirs = pytest.importorskip("sklearn.manifold").trustworthiness
    assert trustworthiness(vectors, flat) == pytest.approx(
        theirs(vectors, flat, n_neighbors=10, metric="cosine"), abs=0.01
    )


def test_regions_hold_their_labels(positions: Any) -> None:
    topics: Sequence[int | None] = [None if row % 8 == 7 else row % 8 for row in range(300)]
    found = regions(positions, topics)
    assert [region.topic for region in found] == list(range(7))
    for region in found:
        members = positions[[row for row, topic in enumerate(topics) if topic == region.topic]]
        assert len(region.outline) >= 3
        corners = np.array(region.outline)
        low, high = corners.min(axis=0), corners.max(axis=0)
        assert (low <= [region.x, region.y]).all()
        assert (high >= [region.x, region.y]).all()
        sides = np.roll(corners, -1, axis=0) - corners
        across = members[:, np.newaxis] - corners
        inside = (sides[:, 0] * across[:, :, 1] - sides[:, 1] * across[:, :, 0] >= 0).all(axis=1)  # it is convex
        assert 0.6 < inside.mean() <= 1


def test_labels_do_not_lie_on_one_another() -> None:
    positions = np.random.default_rng(0).random((400, 2))
    labels = [(region.x, region.y) for region in regions(positions, [row % 10 for row in range(400)])]
    for number, (x, y) in enumerate(labels):
        assert all(abs(x - other_x) >= 0.1 or abs(y - other_y) >= 0.03 for other_x, other_y in labels[:number])


def test_regions_of_hardly_any_posts() -> None:
    assert regions(np.zeros((0, 2)), []) == []
    point = regions(np.array([[0.2, 0.3], [0.9, 0.9]]), [4, None])
    assert [(region.topic, region.x, region.y) for region in point] == [(4, 0.2, 0.3)]
    line = regions(np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]), [0, 0, 0])
    assert 0.1 <= line[0].x <= 0.3


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("blog", ["efcl", "nhoizey"])
def test_the_map_of_a_real_blog_keeps_neighbours_and_stays_where_it_is(blog: str, tmp_path: Path) -> None:
    site = shutil.copytree(CORPORA / blog, tmp_path / blog)
    with Run(Request(site)) as run:
        posts = run.read(run.load())
        whole = run.relate(posts, lists=False).vectors
        names = [document.post.path for document in posts.documents]
        positions = place_posts(whole, names)
        assert trustworthiness(whole, positions) >= 0.85
        assert trustworthiness(whole, positions) > trustworthiness(whole, principal_positions(whole)) + 0.08
        assert np.ptp(positions, axis=0).min() > 0.6
        for draw in range(2):
            rest = np.sort(np.random.default_rng(draw).permutation(len(names))[10:])
            fewer = run.relate(Posts.of(posts.blog, [posts.documents[row] for row in rest]), lists=False).vectors
            before = place_posts(fewer, [names[row] for row in rest])
            assert np.median(np.linalg.norm(positions[rest] - before, axis=1)) < 0.02
