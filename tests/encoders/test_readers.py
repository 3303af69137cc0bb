"""The readers' part: it finds what readers follow, the same bytes anywhere, and nothing of a reader in them."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from enishi.config import ReadersSettings
from enishi.encoders.readers import DIMENSIONS, ReadersEncoder
from enishi.errors import EncoderError, Severity
from places import IMPORT_PATH
from synthetic_readers import BROWSERS, group_of, popularity, posts, readings, requests_of, write_log

pytest.importorskip("gensim")

COUNT, GROUPS = 120, 8
DOCUMENTS = posts(COUNT)
GROUP = group_of(COUNT, GROUPS)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two months of logs."""
    folder = tmp_path_factory.mktemp("site")
    requests = requests_of(list(readings(GROUP, 3000)), DOCUMENTS)
    write_log(folder / "access-1.log.gz", requests[: len(requests) // 2])
    write_log(folder / "access-2.log", requests[len(requests) // 2 :])
    return folder


def encoder_of(site: Path, **settings: Any) -> ReadersEncoder:
    return ReadersEncoder(ReadersSettings(**{"logs": "access-*", **settings}), site)


@pytest.fixture(scope="module")
def vectors(site: Path) -> npt.NDArray[np.float32]:
    return encoder_of(site).encode(DOCUMENTS)


def nearest(vectors: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :count]


# -- what it finds -----------------------------------------------------------------------------------------------------


def test_it_finds_the_hidden_groups(vectors: npt.NDArray[np.float32]) -> None:
    """A third of all steps lead anywhere and posts differ a hundredfold in readers; chance is 1 of 8."""
    found = np.mean(GROUP[nearest(vectors, 5)] == GROUP[:, None])
    most_read = np.argsort(-popularity(COUNT))[:5]
    by_popularity = np.mean(GROUP[most_read] == GROUP[:, None])
    assert found > 0.95
    assert by_popularity < 0.2


def test_it_finds_them_in_a_small_blog_too(tmp_path: Path) -> None:
    """Twenty posts in four groups, and half of all steps lead anywhere."""
    documents, group = posts(20), group_of(20, 4)
    write_log(tmp_path / "access-1.log", requests_of(list(readings(group, 1500, noise=0.5)), documents))
    vectors = encoder_of(tmp_path).encode(documents)
    assert np.mean(group[nearest(vectors, 3)] == group[:, None]) > 0.85


def test_popular_posts_are_not_near_everything(vectors: npt.NDArray[np.float32]) -> None:
    listed = np.bincount(nearest(vectors, 5).ravel(), minlength=COUNT)
    assert listed.max() < 5 * 5
    most_read = np.argsort(-popularity(COUNT))[:12]
    assert listed[most_read].mean() < 2 * listed.mean()


def test_vectors_are_unit_rows(vectors: npt.NDArray[np.float32]) -> None:
    assert vectors.shape == (COUNT, DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_posts_with_few_readers_have_none(site: Path) -> None:
    encoder = encoder_of(site, min_readers=100)
    has = encoder.encode(DOCUMENTS).any(axis=1)
    assert 10 < has.sum() < COUNT
    assert popularity(COUNT)[has].min() > 0.5 * popularity(COUNT)[~has].max()
    assert not encoder.diagnostics


def test_too_few_readers_in_all(tmp_path: Path) -> None:
    write_log(tmp_path / "access-1.log", requests_of(list(readings(GROUP, 30)), DOCUMENTS))
    encoder = encoder_of(tmp_path)
    assert not encoder.encode(DOCUMENTS).any()
    (told,) = encoder.diagnostics
    assert (told.code, told.severity) == ("few-readers", Severity.WARNING)
    assert "readers.min_readers" in told.message


def test_no_logs_no_posts_and_no_query(tmp_path: Path, site: Path) -> None:
    encoder = encoder_of(tmp_path)
    assert not encoder.encode(DOCUMENTS).any()
    assert [told.code for told in encoder.diagnostics] == ["no-logs", "few-readers"]
    assert encoder_of(site).encode([]).shape == (0, DIMENSIONS)
    assert not encoder_of(site).encode_query("anything").any()


def test_without_gensim_one_message_says_what_to_do(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("enishi.encoders.gensim_library.version", missing)
    with pytest.raises(EncoderError, match=r"enishi\[readers\]"):
        encoder_of(site).encode(DOCUMENTS)


# -- the same bytes ----------------------------------------------------------------------------------------------------

PROGRAM = """
import hashlib, sys
from pathlib import Path
from synthetic_readers import posts
from enishi.config import ReadersSettings
from enishi.encoders.readers import ReadersEncoder
encoder = ReadersEncoder(ReadersSettings(logs=sys.argv[2:]), Path(sys.argv[1]))
print(hashlib.sha256(encoder.encode(posts(120)).tobytes()).hexdigest(), encoder.key)
"""


@pytest.mark.parametrize(
    ("hash_seed", "threads", "patterns"),
    [("1", "1", ["access-*"]), ("2", "2", ["access-2.log", "access-1.*", "access-*"])],
)
def test_the_same_bytes_in_any_process(
    site: Path, vectors: npt.NDArray[np.float32], hash_seed: str, threads: str, patterns: list[str]
) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": threads, "PYTHONPATH": IMPORT_PATH}
    command = [sys.executable, "-c", PROGRAM, str(site), *patterns]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split(maxsplit=1) == [hashlib.sha256(vectors.tobytes()).hexdigest(), encoder_of(site).key + "\n"]


def test_other_cuts_of_the_logs_make_the_same_vectors(
    tmp_path: Path, site: Path, vectors: npt.NDArray[np.float32]
) -> None:
    write_log(tmp_path / "access-all.log", requests_of(list(readings(GROUP, 3000)), DOCUMENTS))
    np.testing.assert_array_equal(encoder_of(tmp_path).encode(DOCUMENTS), vectors)


# -- what is remembered ------------------------------------------------------------------------------------------------


def test_the_key_follows_the_bytes_of_the_logs(tmp_path: Path) -> None:
    write_log(tmp_path / "access-1.log", requests_of(list(readings(GROUP, 50)), DOCUMENTS))
    encoder = encoder_of(tmp_path)
    before = encoder.key
    os.utime(tmp_path / "access-1.log", (1, 1))
    (tmp_path / "access-1.log").rename(tmp_path / "access-other.log")
    assert encoder.key == encoder_of(tmp_path).key == before
    assert encoder_of(tmp_path, min_readers=3).key != before
    with (tmp_path / "access-other.log").open("a") as file:
        file.write("\n")
    assert encoder.key == encoder_of(tmp_path).key != before


def no_reading(*_: object) -> None:
    pytest.fail("the logs were read again")


def test_a_later_run_does_not_read_the_logs(
    tmp_path: Path, site: Path, vectors: npt.NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = encoder_of(site, min_readers=2900)
    few.encode(DOCUMENTS)
    kept, kept_few = stored(encoder_of(site), tmp_path / "1.npz"), stored(few, tmp_path / "2.npz")
    monkeypatch.setattr("enishi.reading.visits.read_visits", no_reading)
    again, again_few = encoder_of(site), encoder_of(site, min_readers=2900)
    assert again.load(kept)
    assert again_few.load(kept_few)
    np.testing.assert_array_equal(again.encode(DOCUMENTS), vectors)
    np.testing.assert_array_equal(again_few.encode(DOCUMENTS), few.encode(DOCUMENTS))
    assert again_few.diagnostics == few.diagnostics != ()


def stored(encoder: ReadersEncoder, file: Path) -> Mapping[str, Any]:
    encoder.encode(DOCUMENTS)
    np.savez(file, **encoder.arrays())
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def test_other_posts_are_no_longer_the_same(site: Path, vectors: npt.NDArray[np.float32]) -> None:
    encoder = encoder_of(site)
    encoder.encode(DOCUMENTS)
    np.testing.assert_array_equal(encoder.encode(DOCUMENTS[::-1]).any(axis=1), vectors.any(axis=1))
    moved = [replace(d, post=replace(d.post, url="/elsewhere/", slug="", path="x.md")) for d in DOCUMENTS[:1]]
    assert not encoder.encode([*moved, *DOCUMENTS[1:]])[0].any()


@pytest.mark.parametrize("damaged", [{}, {"state": np.frombuffer(b"[1", dtype=np.uint8)}])
def test_arrays_of_something_else_are_passed_over(
    site: Path, vectors: npt.NDArray[np.float32], damaged: dict[str, Any]
) -> None:
    encoder = encoder_of(site)
    encoder.load({"vectors": np.zeros((3, 2), dtype=np.float32), **damaged})
    np.testing.assert_array_equal(encoder.encode(DOCUMENTS), vectors)


# -- nothing of a reader -----------------------------------------------------------------------------------------------


def test_nothing_of_a_reader_is_kept(site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No address in any spelling, no agent, no hash of either, no time and no visit, in what is stored or said."""
    requests = requests_of(list(readings(GROUP, 3000)), DOCUMENTS)
    encoder = encoder_of(site, min_readers=100)
    encoder.encode(DOCUMENTS)
    arrays = encoder.arrays()
    assert {name: (a.dtype, a.ndim) for name, a in arrays.items()} == {
        "state": (np.dtype(np.uint8), 1),
        "vectors": (np.dtype(np.float32), 2),
    }
    assert arrays["vectors"].shape == (COUNT, DIMENSIONS)  # a row a post: nowhere else a visit could be
    said = "".join(capfd.readouterr()) + "".join(map(str, encoder.diagnostics)) + encoder.key
    kept = b"".join(array.tobytes() for array in arrays.values()) + said.encode()
    for address in sorted({request.address for request in requests}):
        packed = ipaddress.ip_address(address).packed
        for secret in (address.encode(), packed, packed[::-1]):
            for form in (secret, hashlib.sha256(secret).digest(), hashlib.blake2b(secret, digest_size=8).digest()):
                is_by_chance = len(form) < 5  # four bytes occur among so many
                assert is_by_chance or form not in kept
    state = arrays["state"].tobytes()
    assert not any(agent.encode() in kept or agent[:20].encode() in kept for agent in BROWSERS)
    assert b"2026" not in state
    assert b"203.0" not in kept
