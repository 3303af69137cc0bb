"""What a run leaves for the next by content: the same values, or none; only what changed is made, and written."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from blog import document
from enishi.cache import Cache, digest
from enishi.kept import Kept, each_kept
from enishi.memo import Memo
from enishi.types import Document

KEYS = [digest(name) for name in "abc"]
VALUES = [b"", b"one", b"\x00" * 9]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def filled(file: Path) -> None:
    with Cache(file) as cache:
        Kept(cache).keep("x", KEYS, VALUES, b"this")


def test_values_are_there_in_the_next_run_for_the_same_dependencies_alone(file: Path) -> None:
    filled(file)
    with Cache(file) as cache:
        assert Kept(cache).known("x", [KEYS[2], digest("d"), KEYS[0], KEYS[2]], b"this") == [
            VALUES[2],
            None,
            b"",
            VALUES[2],
        ]
        assert Kept(cache).known("x", KEYS, b"other") == [None] * 3
        assert Kept(cache).known("y", KEYS, b"this") == [None] * 3
        Kept(cache).keep("x", KEYS[:1], VALUES[:1], b"this")
        assert Kept(cache).known("x", KEYS, b"this") == [b"", None, None]
        Kept(cache).keep("x", [], [], b"this")
        assert Kept(cache).known("x", KEYS, b"this") == [None] * 3


def test_what_is_there_is_not_written_again(file: Path) -> None:
    filled(file)
    with Cache(file) as cache:
        kept = Kept(cache)
        kept.known("x", KEYS, b"this")
        cache.set_kept = None  # type: ignore[assignment, method-assign]
        kept.keep("x", [*reversed(KEYS)], [*reversed(VALUES)], b"this")
        kept.keep("x", KEYS[:2], VALUES[:2], b"this")  # nor is it for a few that went
        with pytest.raises(TypeError):
            kept.keep("x", KEYS[:1], VALUES[:1], b"this")


def test_an_edit_among_many_is_not_written(file: Path) -> None:
    keys = [digest(str(number)) for number in range(500)]
    with Cache(file) as cache:
        Kept(cache).keep("x", keys, keys)
        kept = Kept(cache)
        for new, is_known in ((2, False), (3, True)):
            others = [*keys[new:], *map(digest, "abc"[:new])]
            kept.known("x", others)
            kept.keep("x", others, others)
            assert (kept.known("x", others) == others) == is_known


def test_without_a_cache_nothing_is_known() -> None:
    kept = Kept()
    kept.keep("x", KEYS, VALUES)
    assert kept.known("x", KEYS) == [None] * 3


@pytest.mark.parametrize("at", [0, 4, 40, 52, 90, 150, -1])
@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_row_is_none_even_if_its_checksum_fits(file: Path, at: int, whole: bool) -> None:
    filled(file)
    with sqlite3.connect(file) as db:
        (value,) = db.execute("SELECT value FROM kept").fetchone()
        row = bytearray(value)
        row[at] ^= 0xFF
        db.execute("UPDATE kept SET value = ?", (bytes(row) if whole else bytes(row[:at]),))
    db.close()
    with Cache(file) as cache:
        assert Kept(cache).known("x", KEYS, b"this") == [None] * 3
        stored = bytes(row)[4:]
        cache.set_kept("x", stored if whole else stored[:at])
        for known in Kept(cache).known("x", KEYS, b"this"):
            assert known is None or isinstance(known, bytes)  # hostile rows are not read; at worst a value is another


def test_a_fork_asks_for_itself(file: Path) -> None:
    filled(file)
    with Cache(file) as cache:
        kept = Kept(cache)
        child = os.fork() if hasattr(os, "fork") else -1
        if child == 0:
            is_known = kept.known("x", KEYS, b"this") == VALUES
            kept.keep("y", KEYS, VALUES)
            os._exit(0 if is_known else 1)
        if child > 0:
            assert os.waitpid(child, 0)[1] == 0
            assert kept.known("y", KEYS) == VALUES


def lengths(cache: Cache, posts: list[Document], made: list[str], memo: Memo | None = None) -> list[int]:
    def work(post: Document) -> int:
        made.append(post.post.path)
        return len(post.post.path)

    return each_kept(Kept(cache), memo, "lengths", posts, work, pack=lambda n: b"%d" % n, unpack=int, depends_on=b"v1")


def test_only_documents_that_are_new_are_worked_on(file: Path) -> None:
    posts = [document(name, "text") for name in ("a", "bb", "ccc")]
    for memo in (None, Memo()):
        made: list[str] = []
        with Cache(file.with_name(f"{memo is None}.db")) as cache:
            assert lengths(cache, posts, made, memo) == [1, 2, 3]
            posts[1] = replace(posts[1], post=replace(posts[1].post, title="new"))
            assert lengths(cache, posts, made, memo) == [1, 2, 3]
            assert made == ["a", "bb", "ccc", "bb"]
            cache.set_kept("lengths", b"")
            assert lengths(cache, posts, made, Memo()) == [1, 2, 3]
            assert len(made) == 7


def test_a_value_that_cannot_be_read_is_made_anew(file: Path) -> None:
    posts = [document("a", "text")]
    with Cache(file) as cache:
        Kept(cache).keep("lengths", [posts[0].digest], [b"no number"], b"v1")
        assert lengths(cache, posts, []) == [1]


def test_a_digest_names_all_of_a_document() -> None:
    one = document("a", "some text", title="Title", tags=("x",))
    assert one.digest == document("a", "some text", title="Title", tags=("x",)).digest
    others = [
        document("b", "some text", title="Title", tags=("x",)),
        document("a", "some texts", title="Title", tags=("x",)),
        document("a", "some text", title="Title", tags=("y",)),
        replace(one, words={**one.words, "z": 1}),
        replace(one, fields=replace(one.fields, code="x")),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 6
