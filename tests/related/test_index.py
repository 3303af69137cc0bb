"""The index contract, over every backend; the same bytes from each of them; and ScaNN's recall where it may differ."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import enishi.related.exact
from enishi.errors import EnishiError, IndexUnavailableError
from enishi.related.exact import DIGITS, ExactIndex, exact_scores
from enishi.related.index import build_index, neighbors_of_all
from enishi.related.scann_index import ScannIndex, _mode_for
from places import IMPORT_PATH, ROOT

HAS_SCANN = importlib.util.find_spec("scann") is not None
needs_scann = pytest.mark.skipif(not HAS_SCANN, reason="ScaNN has no wheel for this machine")
BACKENDS = ["exact", pytest.param("scann", marks=needs_scann)]


def unit_rows(count: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered_rows(count: int, dim: int, seed: int = 0, clusters: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(clusters, dim))[rng.integers(0, clusters, count)] + 0.7 * rng.normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def near_ties(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """Rows so near one another that most scores fall on few rounded values, in float32 often in the wrong order."""
    rng = np.random.default_rng(seed)
    rows = unit_rows(1, dim, seed) + rng.normal(size=(count, dim)) * 10 ** rng.uniform(-8, -3, size=(count, 1))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def repeated_rows(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """A third one and the same row, a third zeros, a third different, shuffled."""
    rows = unit_rows(count, dim, seed)
    rows[: count // 3] = rows[0]
    rows[count // 3 : 2 * count // 3] = 0
    return np.random.default_rng(seed).permutation(rows)


def expected(rows: np.ndarray, queries: np.ndarray, k: int) -> tuple[list[list[int]], list[list[float]]]:
    """The contract, word by word, with sums that are correctly rounded whatever their order."""
    found, scores = [], []
    for query in queries.astype(float):
        score = [float(np.round(math.fsum(row * query), DIGITS)) for row in rows.astype(float)]
        best = sorted(range(len(rows)), key=lambda row, score=score: (-score[row], row))[:k]
        found.append(best)
        scores.append([score[row] for row in best])
    return found, scores


def digest(answer: tuple[np.ndarray, np.ndarray]) -> str:
    return hashlib.sha256(b"".join(part.tobytes() for part in answer)).hexdigest()


@pytest.mark.parametrize("backend", BACKENDS)
class TestContract:
    @pytest.mark.parametrize("count", [0, 1, 2, 3, 21, 22, 100])
    @pytest.mark.parametrize("k", [0, 1, 2, 5, 1000])
    def test_shapes_and_types(self, backend: str, count: int, k: int) -> None:
        index = build_index(unit_rows(count, 7), backend=backend)
        rows, scores = index.search(unit_rows(4, 7, seed=1), k)
        assert rows.shape == scores.shape == (4, min(k, count))
        assert rows.dtype == np.int64
        assert scores.dtype == np.float64

    def test_no_queries(self, backend: str) -> None:
        rows, scores = build_index(unit_rows(9, 3), backend=backend).search(unit_rows(0, 3), 5)
        assert rows.shape == scores.shape == (0, 5)

    def test_no_columns(self, backend: str) -> None:
        rows, scores = build_index(np.zeros((30, 0), np.float32), backend=backend).search(np.zeros((2, 0)), 3)
        assert rows.tolist() == [[0, 1, 2]] * 2
        assert not scores.any()

    @pytest.mark.parametrize("make", [unit_rows, clustered_rows, near_ties, repeated_rows])
    @pytest.mark.parametrize("k", [1, 10, 45, 119, 120, 500])
    def test_what_the_contract_says(self, backend: str, make: Callable[..., np.ndarray], k: int) -> None:
        vectors = make(120, 16)
        rows, scores = build_index(vectors, backend=backend).search(vectors, k)
        assert (rows.tolist(), scores.tolist()) == expected(vectors, vectors, k)

    def test_rows_and_queries_of_any_length(self, backend: str) -> None:
        lengths = np.random.default_rng(5).lognormal(sigma=2, size=(150, 1)).astype(np.float32)
        vectors, queries = unit_rows(150, 9) * lengths, unit_rows(8, 9, seed=3) * 30
        rows, scores = build_index(vectors, backend=backend).search(queries, 12)
        assert (rows.tolist(), scores.tolist()) == expected(vectors, queries, 12)

    def test_a_query_alone_and_in_a_batch(self, backend: str) -> None:
        vectors = np.vstack([clustered_rows(300, 33), near_ties(300, 33)])
        index = build_index(vectors, backend=backend)
        together = index.search(vectors, 15)
        for row in range(0, 600, 7):
            alone = index.search(vectors[row : row + 1], 15)
            assert digest(alone) == digest((together[0][row], together[1][row]))

    @pytest.mark.parametrize("cells", [1, 1000, 40_000])
    def test_batches_do_not_show(self, backend: str, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
        vectors = near_ties(200, 20)
        whole = build_index(vectors, backend=backend).search(vectors, 30)
        monkeypatch.setattr(enishi.related.exact, "CELLS", cells)
        monkeypatch.setattr(enishi.related.exact, "_PRODUCTS", cells)
        assert digest(build_index(vectors, backend=backend).search(vectors, 30)) == digest(whole)

    def test_thousands_of_identical_rows(self, backend: str) -> None:
        vectors = np.repeat(unit_rows(1, 64), 8000, axis=0)
        rows, scores = build_index(vectors, backend=backend).search(vectors, 60)
        assert (rows == np.arange(60)).all()
        assert (scores == 1).all()

    def test_zero_rows_and_zero_queries(self, backend: str) -> None:
        vectors = np.zeros((3000, 24), np.float32)
        vectors[1500] = 1
        queries = np.vstack([np.zeros(24), -np.ones(24)]).astype(np.float32)
        rows, scores = build_index(vectors, backend=backend).search(queries, 3000)
        assert rows[0].tolist() == list(range(3000))
        assert rows[1].tolist() == [row for row in range(3000) if row != 1500] + [1500]
        assert scores[1, -1] == -24
        assert not np.signbit(scores[0]).any(), "a negative zero would be written as -0.0"

    def test_negative_zero_is_zero(self, backend: str) -> None:
        vectors = np.zeros((50, 4), np.float32)
        vectors[::2] = -0.0
        rows, scores = build_index(vectors, backend=backend).search(-vectors, 50)
        assert rows[0].tolist() == list(range(50))
        assert not np.signbit(scores).any()

    def test_the_index_keeps_its_own_rows(self, backend: str) -> None:
        vectors = clustered_rows(200, 8)
        queries = vectors.copy()
        index = build_index(vectors, backend=backend)
        before = index.search(queries, 10)
        vectors[:] = 0
        assert digest(index.search(queries, 10)) == digest(before)

    def test_layout_and_type_of_what_is_given_do_not_matter(self, backend: str) -> None:
        vectors = clustered_rows(200, 8)
        plain = build_index(vectors, backend=backend).search(vectors, 10)
        other = build_index(np.asfortranarray(vectors.astype(np.float64)), backend=backend)
        assert digest(other.search(np.asfortranarray(vectors), 10)) == digest(plain)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e39])
    def test_what_is_no_number_is_refused_by_its_row(self, backend: str, bad: float) -> None:
        vectors = unit_rows(40, 5).astype(np.float64)
        index = build_index(vectors, backend=backend)
        vectors[17, 3] = bad
        with pytest.raises(ValueError, match="row 17 holds"):
            build_index(vectors, backend=backend)
        with pytest.raises(ValueError, match="query 17 holds"):
            index.search(vectors, 3)

    def test_wrong_calls(self, backend: str) -> None:
        index = build_index(unit_rows(40, 5), backend=backend)
        with pytest.raises(ValueError, match="4 columns, the index has 5"):
            index.search(unit_rows(2, 4), 3)
        with pytest.raises(ValueError, match="shape"):
            index.search(unit_rows(1, 5)[0], 3)
        with pytest.raises(ValueError, match="negative"):
            index.search(unit_rows(1, 5), -1)
        with pytest.raises(ValueError, match="shape"):
            build_index(np.zeros(5, np.float32), backend=backend)

    @settings(deadline=None, max_examples=60)
    @given(
        # Multiples of 1/8: every sum is exact, ties are many, and halves of the last digit occur.
        vectors=st.integers(0, 60).flatmap(
            lambda n: arrays(np.int8, (n, 3), elements=st.integers(-9, 9)).map(lambda a: (a / 8).astype(np.float32))
        ),
        k=st.integers(0, 70),
    )
    def test_small_arrays(self, backend: str, vectors: np.ndarray, k: int) -> None:
        rows, scores = build_index(vectors, backend=backend).search(vectors, k)
        assert (rows.tolist(), scores.tolist()) == expected(vectors, vectors, k)


@pytest.mark.parametrize("backend", BACKENDS)
class TestNeighborsOfAll:
    def test_never_the_row_itself(self, backend: str) -> None:
        vectors = repeated_rows(300, 12)
        rows, scores = neighbors_of_all(build_index(vectors, backend=backend), vectors, 20)
        assert rows.shape == scores.shape == (300, 20)
        assert not (rows == np.arange(300)[:, np.newaxis]).any()

    def test_an_identical_row_stays(self, backend: str) -> None:
        vectors = unit_rows(50, 6)
        vectors[31] = vectors[4]
        rows, scores = neighbors_of_all(build_index(vectors, backend=backend), vectors, 3)
        assert (rows[31, 0], rows[4, 0]) == (4, 31)
        assert scores[31, 0] == scores[4, 0] == 1

    def test_a_row_that_is_not_its_own_best(self, backend: str) -> None:
        vectors = unit_rows(80, 6)
        penalty = np.linspace(0, 9, 80, dtype=np.float32)[:, np.newaxis]  # the last rows are in nobody's list
        index = build_index(np.hstack([vectors, -penalty]), backend=backend)
        queries = np.hstack([vectors, np.ones_like(penalty)])
        rows, _ = neighbors_of_all(index, queries, 5)
        all_rows, _ = index.search(queries, 80)
        for own in range(80):
            assert rows[own].tolist() == [row for row in all_rows[own].tolist() if row != own][:5]

    def test_queries_of_some_rows(self, backend: str) -> None:
        vectors = clustered_rows(90, 6)
        index = build_index(vectors, backend=backend)
        own = np.array([80, 3, 41])
        some = neighbors_of_all(index, vectors[own], 7, own=own)
        rows, scores = neighbors_of_all(index, vectors, 7)
        assert digest(some) == digest((rows[own], scores[own]))

    @pytest.mark.parametrize(
        ("count", "k", "width"), [(0, 5, 0), (1, 5, 0), (2, 5, 1), (4, 0, 0), (4, 3, 3), (4, 9, 3)]
    )
    def test_few_rows(self, backend: str, count: int, k: int, width: int) -> None:
        vectors = unit_rows(count, 3)
        rows, scores = neighbors_of_all(build_index(vectors, backend=backend), vectors, k)
        assert rows.shape == scores.shape == (count, width)

    def test_wrong_calls(self, backend: str) -> None:
        index = build_index(unit_rows(9, 3), backend=backend)
        with pytest.raises(ValueError, match="negative"):
            neighbors_of_all(index, unit_rows(9, 3), -1)
        with pytest.raises(ValueError, match="9 queries, but 2 own rows"):
            neighbors_of_all(index, unit_rows(9, 3), 2, own=np.array([1, 2]))


class TestExactScores:
    def test_a_pair_scores_the_same_in_any_company(self) -> None:
        left, right = unit_rows(500, 77), unit_rows(500, 77, seed=1)
        whole = exact_scores(left, right)
        alone = np.concatenate([exact_scores(left[i : i + 1], right[i : i + 1]) for i in range(500)])
        assert whole.tobytes() == alone.tobytes() == exact_scores(right, left).tobytes()
        assert whole[::-1].tobytes() == exact_scores(left[::-1], right[::-1]).tobytes()

    @pytest.mark.parametrize("dim", [1, 2, 3, 5, 64, 511, 512, 513])
    def test_every_column_counts_once(self, dim: int) -> None:
        left, right = unit_rows(20, dim), unit_rows(20, dim, seed=1)
        exact = [math.fsum(a * b) for a, b in zip(left.astype(float), right.astype(float), strict=True)]
        assert exact_scores(left, right).tolist() == [round(score, DIGITS) for score in exact]


@needs_scann
class TestSameBytes:
    @pytest.mark.parametrize(
        ("make", "count", "dim", "k"),
        [
            (unit_rows, 836, 512, 60),
            (unit_rows, 3000, 65, 20),
            (clustered_rows, 3000, 64, 60),
            (near_ties, 1500, 64, 30),
            (repeated_rows, 3000, 32, 50),
            (unit_rows, 700, 64, 690),
        ],
    )
    def test_exact_and_scann(self, make: Callable[..., np.ndarray], count: int, dim: int, k: int) -> None:
        vectors = make(count, dim)
        assert digest(ExactIndex(vectors).search(vectors, k)) == digest(ScannIndex(vectors).search(vectors, k))

    def test_threads_do_not_show(self) -> None:
        vectors = np.vstack([clustered_rows(900, 40), near_ties(300, 40)])
        answers = {digest(ScannIndex(vectors, threads=threads).search(vectors, 25)) for threads in (1, 2, 3)}
        assert answers == {digest(ExactIndex(vectors).search(vectors, 25))}

    @pytest.mark.parametrize("seed", range(5))
    def test_scores_as_wrong_as_float32_may_be(self, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """ScaNN's own errors are small; the proof must hold for the largest that float32 allows."""
        vectors = near_ties(400, 64) if seed % 2 else clustered_rows(400, 64, clusters=3)
        rng = np.random.default_rng(seed)
        worst = vectors @ vectors.T + rng.choice([-1, 1], size=(400, 400)).astype(np.float32) * 64 * 2.0**-24

        def ask(_: ScannIndex, queries: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
            own = [np.flatnonzero((vectors == query).all(axis=1))[0] for query in queries]
            rows = np.argsort(-worst[own], axis=1)[:, :wanted]
            return rows, np.take_along_axis(worst[own], rows, axis=1)

        index = ScannIndex(vectors)
        monkeypatch.setattr(ScannIndex, "_ask", ask)
        assert digest(index.search(vectors, 12)) == digest(ExactIndex(vectors).search(vectors, 12))

    def test_scanning_is_the_exception(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scanned: list[int] = []
        scan = ScannIndex._scan

        def count(self: ScannIndex, queries: np.ndarray, k: int) -> object:
            scanned.append(len(queries))
            return scan(self, queries, k)

        monkeypatch.setattr(ScannIndex, "_scan", count)
        ordinary = clustered_rows(2000, 64)
        ScannIndex(ordinary).search(ordinary, 10)
        assert sum(scanned) < 20
        ties = near_ties(1000, 64)
        ScannIndex(ties).search(ties, 10)
        assert sum(scanned) > 500

    @pytest.mark.parametrize("mode", ["brute", "ah", "tree"])
    def test_too_short_an_answer_is_completed(self, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
        vectors = clustered_rows(300, 16)
        index = ScannIndex(vectors, mode=mode)
        ask = ScannIndex._ask

        def short(self: ScannIndex, queries: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
            rows, near = ask(self, queries, wanted)
            rows[:, 4:], near[:, 4:] = 0, np.nan
            return rows, near

        monkeypatch.setattr(ScannIndex, "_ask", short)
        assert digest(index.search(vectors, 10)) == digest(ExactIndex(vectors).search(vectors, 10))


PROGRAM = """
import sys
import numpy as np
sys.path[:0] = {path!r}
from test_index import clustered_rows, digest, near_ties, repeated_rows
from enishi.related.index import build_index, neighbors_of_all
vectors = np.vstack([clustered_rows(1200, 96), near_ties(150, 96), repeated_rows(150, 96)])
index = build_index(vectors, backend={backend!r})
print(digest(neighbors_of_all(index, vectors, 30)), digest(index.search(vectors[7:8], 30)))
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_cores_and_hash_seeds_do_not_show(backend: str) -> None:
    program = PROGRAM.format(path=[str(ROOT / "plugin"), *IMPORT_PATH.split(os.pathsep)], backend=backend)
    answers = set()
    for threads, seed in (("1", "0"), ("2", "1")):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, threads), "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        answers.add(done.stdout)
    vectors = np.vstack([clustered_rows(1200, 96), near_ties(150, 96), repeated_rows(150, 96)])
    index = ExactIndex(vectors)
    answers.add(f"{digest(neighbors_of_all(index, vectors, 30))} {digest(index.search(vectors[7:8], 30))}\n")
    assert len(answers) == 1


@needs_scann
class TestManyRows:
    @pytest.mark.parametrize("mode", [None, "tree"])
    def test_recall(self, mode: str | None) -> None:
        vectors = clustered_rows(25_000, 64)
        queries = vectors[::50]
        index = ScannIndex(vectors, mode=mode)
        assert index.mode == (mode or "ah")
        found, scores = index.search(queries, 10)
        right, _ = ExactIndex(vectors).search(queries, 10)
        hits = sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), right.tolist(), strict=True))
        assert hits / right.size >= 0.98
        assert (np.diff(scores, axis=1) <= 0).all()
        assert scores.tobytes() == exact_scores(np.repeat(queries, 10, axis=0), vectors[found.ravel()]).tobytes(), (
            "scores are exact even where the rows are not all"
        )

    def test_modes_by_number_of_different_rows(self) -> None:
        modes = {count: _mode_for(count) for count in (1, 19_999, 20_000, 99_999, 100_000)}
        assert modes == {1: "brute", 19_999: "brute", 20_000: "ah", 99_999: "ah", 100_000: "tree"}
        assert ScannIndex(np.zeros((30_000, 4), np.float32)).mode == "brute"

    @pytest.mark.parametrize("mode", ["ah", "tree"])
    def test_training_says_nothing(self, mode: str, capfd: pytest.CaptureFixture[str]) -> None:
        vectors = clustered_rows(600, 16)
        ScannIndex(vectors, mode=mode).search(vectors, 5)
        os.write(2, b"still there\n")
        assert capfd.readouterr() == ("", "still there\n")


class TestWithoutScann:
    @pytest.fixture(autouse=True)
    def _no_scann(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("scann", "scann.scann_ops", "scann.scann_ops.py", "scann.scann_ops.py.scann_ops_pybind"):
            monkeypatch.setitem(sys.modules, name, None)

    def test_auto_is_exact(self) -> None:
        assert isinstance(build_index(unit_rows(30, 3)), ExactIndex)

    def test_scann_asked_for_by_name(self) -> None:
        with pytest.raises(IndexUnavailableError, match=r"cannot be imported \(\w*Error.*Linux x86_64") as raised:
            build_index(unit_rows(30, 3), backend="scann")
        assert isinstance(raised.value, EnishiError)


@pytest.mark.parametrize("raised", ["ImportError('x')", "OSError('x.so')", "AttributeError('x')", "SystemError('x')"])
def test_a_scann_that_does_not_run_here_is_none(raised: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a wheel does that holds a binary for another Python."""
    (tmp_path / "scann").mkdir()
    (tmp_path / "scann" / "__init__.py").write_text(f"raise {raised}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "scann"]:
        monkeypatch.delitem(sys.modules, name)
    assert isinstance(build_index(unit_rows(30, 3)), ExactIndex)
    with pytest.raises(IndexUnavailableError, match="x"):
        build_index(unit_rows(30, 3), backend="scann")


@needs_scann
def test_auto_is_scann_where_there_is_one() -> None:
    assert isinstance(build_index(unit_rows(30, 3)), ScannIndex)


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(ValueError, match="'annoy'"):
        build_index(unit_rows(3, 3), backend="annoy")  # type: ignore[arg-type]
