"""The cache is never wrong, only missing: whatever happens to its file, and whoever else uses it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import enishi.cache
from enishi.cache import SCHEMA_VERSION, Cache, digest

KEY, OTHER = digest("key"), digest("other")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".enishi" / "cache.sqlite"


def fill(file: Path, records: int = 1) -> None:
    with Cache(file) as cache:
        cache.add_records({KEY: b"a record"} | {digest(str(n)): str(n).encode() for n in range(records - 1)})
        cache.put_arrays({"vectors": np.arange(6, dtype=np.float32).reshape(2, 3)})
        cache.set_state("out", {"key": "ü"})


def is_filled(file: Path) -> bool:
    with Cache(file) as cache:
        return cache.records([KEY]) == {KEY: b"a record"}


def assert_works(file: Path) -> None:
    """Empty or not, what is written can be read back; by this process and the next."""
    fill(file)
    assert is_filled(file)


# -- what it remembers -------------------------------------------------------------------------------------------------


def test_what_was_remembered_is_there_in_the_next_run(file: Path) -> None:
    fill(file)
    with Cache(file) as cache:
        assert cache.records([KEY, OTHER, KEY]) == {KEY: b"a record"}
        vectors = cache.arrays()["vectors"]
        assert vectors.dtype == np.float32
        assert vectors.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert cache.state("out") == {"key": "ü"}
        assert cache.state("nothing") is None


def test_many_keys_are_found_at_once(file: Path) -> None:
    fill(file, 2000)
    with Cache(file) as cache:
        found = cache.records(digest(str(n)) for n in range(3000))
        assert found == {digest(str(n)): str(n).encode() for n in range(1999)}


def test_arrays_are_replaced_together(file: Path) -> None:
    with Cache(file) as cache:
        cache.put_arrays({"a": np.zeros(2), "b": np.zeros((0, 3), dtype=np.int64)})
        assert cache.arrays()["b"].shape == (0, 3)
        cache.put_arrays({"c": np.array(1.5)})
        assert cache.arrays().keys() == {"c"}
        assert cache.arrays()["c"] == 1.5
        cache.put_arrays({})
        assert cache.arrays() == {}


def test_a_value_is_replaced_by_the_last(file: Path) -> None:
    with Cache(file) as cache:
        cache.add_records({KEY: b"1"})
        cache.add_records({KEY: b"2"})
        cache.set_state("s", 1)
        cache.set_state("s", None)
        assert cache.records([KEY]) == {KEY: b"2"}
        assert cache.state("s") is None


def test_old_records_go_once_they_are_the_larger_part(file: Path) -> None:
    fill(file, 3000)
    with Cache(file) as cache:
        kept = [digest(str(n)) for n in range(1500)]
        cache.keep_only(kept)
        assert is_filled(file), "half of them is not worth the trouble"
        cache.keep_only(kept[:900])
        assert len(cache.records(digest(str(n)) for n in range(3000))) == 900


def test_no_file_means_no_cache() -> None:
    with Cache(None) as cache:
        assert not cache.is_open
        cache.add_records({KEY: b"1"})
        cache.put_arrays({"a": np.zeros(1)})
        cache.set_state("s", 1)
        cache.keep_only([])
        assert (cache.records([KEY]), cache.arrays(), cache.state("s")) == ({}, {}, None)


def test_a_closed_cache_answers_as_an_empty_one(file: Path) -> None:
    fill(file)
    cache = Cache(file)
    cache.close()
    cache.close()
    assert cache.records([KEY]) == {}


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_a_digest_tells_lists_of_parts_apart(first: list[bytes], second: list[bytes]) -> None:
    assert (digest(*first) == digest(*second)) == (first == second)


def test_a_digest_is_the_same_for_all_time() -> None:
    assert digest("縁", b"x").hex().startswith("bca6951c")
    assert digest("a\udc80") != digest("a?")


# -- what can be wrong with its file -----------------------------------------------------------------------------------


def overwritten(start: float, length: int) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        at = int(start * len(content))
        content[at : at + length] = os.urandom(len(content[at : at + length]))
        file.write_bytes(content)

    return damage


def altered(statement: str) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        db = sqlite3.connect(file)
        with db:
            db.execute(statement)
        db.close()

    return damage


DAMAGES = {
    "empty": lambda file: file.write_bytes(b""),
    "text": lambda file: file.write_bytes(b"hello\n" * 1000),
    "zeros": lambda file: file.write_bytes(bytes(20_000)),
    "cut off": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "cut within a page": lambda file: file.write_bytes(file.read_bytes()[:5000]),
    "header overwritten": overwritten(0, 100),
    "middle overwritten": overwritten(0.3, 30_000),
    "end overwritten": overwritten(0.8, 10_000),
    "pages swapped": lambda file: file.write_bytes(file.read_bytes()[:4096] + file.read_bytes()[8192:] * 2),
    "foreign": lambda file: (file.unlink(), altered("CREATE TABLE bookmarks (url TEXT)")(file)),
    "foreign, with our table": lambda file: (file.unlink(), altered("CREATE TABLE records (x)")(file)),
    "newer": altered(f"PRAGMA user_version={SCHEMA_VERSION + 1}"),
    "older": altered("PRAGMA user_version=0"),
    "of another program": altered("PRAGMA application_id=1"),
    "without a table": altered("DROP TABLE records"),
    "schema of other bytes": lambda file: file.write_bytes(
        file.read_bytes().replace(b"CREATE TABLE states", b"CREATE \xff\xfeBLE states")
    ),
    "with another column": altered("ALTER TABLE records RENAME COLUMN value TO content"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_an_empty_cache_and_soon_a_sound_one(file: Path, damage: Callable[[Path], None]) -> None:
    fill(file, 500)
    damage(file)
    for _ in range(2):
        with Cache(file) as cache:
            found = cache.records([KEY, *(digest(str(n)) for n in range(600))])
            assert all(value == b"a record" if key == KEY else digest(value) == key for key, value in found.items())
            cache.arrays()
            cache.state("out")
            cache.add_records({OTHER: b"1"})
            cache.keep_only([KEY])
    assert_works(file)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET value = x'00'",
        "UPDATE records SET value = 'text'",
        "UPDATE records SET value = 7",
        "UPDATE arrays SET dtype = '|O'",
        "UPDATE arrays SET dtype = 'nonsense'",
        "UPDATE arrays SET shape = '[3, 3]'",
        "UPDATE arrays SET shape = '[-1, -1]'",
        "UPDATE arrays SET shape = 'x'",
        "UPDATE arrays SET value = x'00'",
        "UPDATE arrays SET value = 'text'",
        "UPDATE states SET value = '{'",
        "UPDATE states SET value = x'ff'",
        pytest.param(f"UPDATE states SET value = '{'[' * 200_000}'", id="deep"),
    ],
)
def test_an_unreadable_value_is_missing(file: Path, statement: str) -> None:
    fill(file)
    altered(statement)(file)
    with Cache(file) as cache:
        table = statement.split()[1]
        found = {"records": cache.records([KEY]), "arrays": cache.arrays(), "states": cache.state("out") or {}}[table]
        assert found == {}
    assert_works(file)


def test_one_unreadable_record_leaves_the_others(file: Path) -> None:
    fill(file, 3)
    altered("UPDATE records SET value = x'00' WHERE key = (SELECT max(key) FROM records)")(file)
    with Cache(file) as cache:
        assert len(cache.records([KEY, digest("0"), digest("1")])) == 2


def test_a_file_of_objects_is_never_unpickled(file: Path) -> None:
    fill(file)
    altered("UPDATE arrays SET dtype = '|O8', shape = '[1]', value = x'0000000000000000'")(file)
    with Cache(file) as cache:
        assert cache.arrays() == {}


@pytest.mark.parametrize("place", ["folder", "below a file", "no name"])
def test_a_place_that_cannot_be_written_means_no_cache(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    file = {
        "folder": tmp_path / "folder",
        "below a file": tmp_path / "file" / "x.sqlite",
        "no name": tmp_path / ("x" * 300),
    }
    with Cache(file[place]) as cache:
        assert not cache.is_open
        assert cache.records([KEY]) == {}
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "folder" / "inside").is_dir()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_means_no_cache(file: Path) -> None:
    fill(file)
    file.chmod(0o444)
    file.parent.chmod(0o555)
    try:
        with Cache(file) as cache:
            cache.add_records({OTHER: b"1"})
    finally:
        file.parent.chmod(0o755)
        file.chmod(0o644)
    assert is_filled(file), "it is as it was"


def test_a_full_disk_costs_what_is_new_and_nothing_else(file: Path) -> None:
    fill(file)
    with Cache(file) as cache:
        assert cache._db is not None
        (pages,) = cache._db.execute("PRAGMA page_count").fetchone()
        cache._db.execute(f"PRAGMA max_page_count={pages}")
        cache.add_records({digest(str(n)): os.urandom(3000) for n in range(50)})
        assert not cache.is_open
        assert cache.records([KEY]) == {}
    assert is_filled(file)


DESTROYING = [
    *(
        f"UPDATE arrays SET value = CAST(substr(value, 1, {at}) || x'0102030405' || substr(value, {at + 6}) AS BLOB)"
        for at in (0, 9)
    ),
    "UPDATE arrays SET dtype = '<i4'",
    "UPDATE arrays SET shape = '[3, 2]'",
    "UPDATE arrays SET name = 'site/columns'",
    "UPDATE arrays SET value = CAST(value AS TEXT)",
]


@pytest.mark.parametrize("statement", DESTROYING)
def test_an_array_that_is_not_as_it_was_written_is_missing(file: Path, statement: str) -> None:
    """Compiled code trusts the numbers in it."""
    fill(file)
    altered(statement)(file)
    with Cache(file) as cache:
        assert cache.arrays() == {}
    with Cache(file) as cache:
        assert cache.state("out") is None, "the next build has to write them anew"
    assert_works(file)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE states", f"CREATE VIEW states AS {ENDLESS} 'x' AS name, i AS value FROM n WHERE i < 0"],
        ["DROP TABLE records", f"CREATE VIEW records AS {ENDLESS} x'00' AS key, i AS value FROM n"],
        [f"CREATE TRIGGER t BEFORE INSERT ON states BEGIN SELECT count(*) FROM ({ENDLESS} i FROM n); END"],
    ],
    ids=["view", "view of records", "trigger"],
)
def test_a_crafted_file_is_an_empty_cache(file: Path, statements: list[str]) -> None:
    fill(file)
    for statement in statements:
        altered(statement)(file)
    program = (
        "import sys; from pathlib import Path; from enishi.cache import Cache, digest\n"
        "with Cache(Path(sys.argv[1])) as cache:\n"
        "    cache.keep_only([]); assert cache.records([digest('key')]) == {}\n"
        "    assert cache.state('out') is None; cache.set_state('out', 1); assert cache.state('out') == 1"
    )
    subprocess.run([sys.executable, "-c", program, os.fspath(file)], check=True, timeout=30)
    assert_works(file)


# -- several processes -------------------------------------------------------------------------------------------------


def test_a_locked_cache_is_an_empty_one_and_stays_as_it_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enishi.cache, "_BUSY_SECONDS", 0.1)
    fill(file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with Cache(file) as cache:
            cache.add_records({OTHER: b"1"})
            assert cache.records([OTHER]) == {}
    finally:
        other.execute("COMMIT")
        other.close()
    assert is_filled(file)


def test_a_reader_sees_one_build_while_another_writes(file: Path) -> None:
    with Cache(file) as writer, Cache(file) as reader:
        for number in range(5):
            writer.put_arrays({"a": np.full(3, number), "b": np.full(3, number)})
            found = reader.arrays()
            assert found["a"][0] == found["b"][0] == number


WRITER = """
import sys, numpy as np
from pathlib import Path
from enishi.cache import Cache, digest
file, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("started", flush=True)
for number in range(rounds):
    with Cache(file) as cache:
        cache.add_records({digest(name, str(number)): name.encode()})
        cache.put_arrays({"a": np.full(20_000, number), "b": np.full(20_000, number)})
        found = cache.arrays()
        assert not found or (found["a"][0] == found["b"][0] == found["b"][-1]), "arrays of two builds"
        cache.set_state(name, number)
"""


def start(file: Path, name: str, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, os.fspath(file), name, str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("begin", ["from nothing", "from a damaged file"])
def test_several_processes_write_at_once(file: Path, begin: str) -> None:
    if begin == "from a damaged file":
        file.parent.mkdir()
        file.write_bytes(b"damaged" * 5000)
    processes = [start(file, name, 15) for name in ("one", "two", "three")]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert_works(file)
    if begin == "from nothing":
        with Cache(file) as cache:
            keys = [digest(name, str(number)) for name in ("one", "two", "three") for number in range(15)]
            assert len(cache.records(keys)) >= 40, "hardly one may be lost where two open it for the first time"


def test_a_process_killed_while_it_writes_leaves_a_sound_cache(file: Path) -> None:
    fill(file)
    for wait in (0.0, 0.02, 0.05, 0.1):
        process = start(file, "one", 100_000)
        assert process.stdout is not None
        assert process.stdout.readline()
        time.sleep(wait)
        process.kill()
        process.communicate()
        with Cache(file) as cache:
            assert cache.is_open
            arrays = cache.arrays()
            assert arrays["a" if "a" in arrays else "vectors"].size
            if "a" in arrays:
                assert arrays["a"][0] == arrays["b"][0] == arrays["b"][-1]
        assert is_filled(file), "what was there before is there still"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(position=st.integers(0, 40_000), noise=st.binary(min_size=1, max_size=64))
def test_any_overwritten_bytes_leave_a_cache_that_works(file: Path, position: int, noise: bytes) -> None:
    fill(file, 200)
    content = bytearray(file.read_bytes())
    at = position % len(content)
    content[at : at + len(noise)] = noise[: len(content) - at]
    file.write_bytes(content)
    with Cache(file) as cache:
        cache.records([KEY, *(digest(str(n)) for n in range(200))])
        cache.arrays()
        cache.state("out")
        cache.add_records({OTHER: b"1"})
    file.unlink(missing_ok=True)
