"""What was already worked out, in SQLite: content-addressed, so it is never wrong, only missing.

Five tables: `records` (what a file's bytes say, by a hash of them), `embeddings` (what a pretrained model made of a
passage or an image, likewise), `arrays` (the last build's vectors, for search and explanations), `states` (what the
last build of an output folder was made from) and `kept` (see :mod:`enishi.kept`).  A damaged, foreign, newer or locked
cache is an empty cache; nothing here raises because of its content.  Never a pickle: JSON and raw arrays.  A file that
has anything but our own tables (a view or a trigger may run for ever) is foreign.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SCHEMA_VERSION = 4
_APPLICATION_ID = 0x656E6973  # "enis": tells our file from any other SQLite file
_TABLES = """
CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS arrays
  (name TEXT PRIMARY KEY, dtype TEXT NOT NULL, shape TEXT NOT NULL, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS states (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
_BUSY_SECONDS = 5.0
_CHUNK = 500
_SUM_BYTES = 4
_NOT_THE_FILE = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_WRITE")
"""Errors of a cache that there may be nothing wrong with: another process holds it, or the disk is full."""

T = TypeVar("T")


def digest(*parts: bytes | str) -> bytes:
    """SHA-256 of the parts, each with its length, so that no two lists of parts collide."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "little"))
        total.update(raw)
    return total.digest()


@functools.cache
def code_digest(*places: str) -> str:
    """Hash of the source of modules and rooms of this package, such as ``reading`` or ``encoders/site.py``.

    As a part of a key, it makes what older code worked out unknown, without a version number to be raised by hand.
    """
    root = Path(__file__).parent
    files: list[Path] = []
    for place in places:
        files += [root / place] if place.endswith(".py") else sorted((root / place).rglob("*.py"))
    parts = (part for file in files for part in (file.relative_to(root).as_posix(), file.read_bytes()))
    return digest(*parts).hex()


class Cache:
    """A cache file, or nothing at all: every method then answers as an empty cache does."""

    def __init__(self, file: Path | None) -> None:
        """Open `file`, making its folder; `None`, or a place that cannot be written, means no cache."""
        self._file = file
        self._db = _open(file) if file else None
        self._process = os.getpid()
        self._of_parent: object = None

    @property
    def is_open(self) -> bool:
        """Whether anything is remembered at all."""
        return self._db is not None

    def close(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- records: one a file content

    def records(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The values known for these keys."""
        return self._known("records", keys)

    def add_records(self, values: Mapping[bytes, bytes]) -> None:
        """Remember values under their keys."""
        self._add("records", values)

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Forget records that this site no longer has, once they are the larger part of the cache."""
        self._prune("records", set(keys))

    # -- embeddings: one a passage or an image, in whatever form its encoder gives them

    def embeddings(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The values known for these keys."""
        return self._known("embeddings", keys)

    def add_embeddings(self, values: Mapping[bytes, bytes]) -> None:
        """Remember values under their keys."""
        self._add("embeddings", values)

    def keep_only_embeddings(self, keys: Iterable[bytes]) -> None:
        """Forget embeddings that this site no longer needs, once they are the larger part."""
        self._prune("embeddings", set(keys))

    def _known(self, table: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        wanted = list(dict.fromkeys(keys))
        return self._ask(lambda db: dict(_intact(_select(table, db, wanted))), {})

    def _add(self, table: str, values: Mapping[bytes, bytes]) -> None:
        self._insert(table, {key: _sum_of(value) + value for key, value in values.items()})

    def _insert(self, table: str, values: Mapping[Any, bytes]) -> None:
        rows = list(values.items())

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)  # noqa: S608 (ours)

        if rows:
            self._ask(write, None)

    def _prune(self, table: str, wanted: set[bytes]) -> None:
        def prune(db: sqlite3.Connection) -> None:
            (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 (ours)
            if count <= 2 * len(wanted) + 1000:
                return
            known = {bytes(row[0]) for row in db.execute(f"SELECT key FROM {table}")}  # noqa: S608
            with db:
                db.executemany(f"DELETE FROM {table} WHERE key = ?", [(key,) for key in sorted(known - wanted)])  # noqa: S608

        self._ask(prune, None)

    # -- arrays: the last build's vectors

    def put_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Replace all arrays, in one transaction: a reader sees those of one build."""
        rows = []
        for name, array in sorted(arrays.items()):
            kind, shape, value = array.dtype.str, json.dumps(array.shape), array.tobytes()
            rows.append((name, kind, shape, _sum_of(value, name, kind, shape) + value))

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.execute("DELETE FROM arrays")
                db.executemany("INSERT INTO arrays VALUES (?, ?, ?, ?)", rows)

        self._ask(write, None)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of the last build; empty where there are none."""
        import numpy as np

        def read(db: sqlite3.Connection) -> dict[str, npt.NDArray[Any]]:
            found: dict[str, npt.NDArray[Any]] = {}
            for name, dtype, shape, stored in db.execute("SELECT * FROM arrays"):
                value = stored[_SUM_BYTES:]
                kind: np.dtype[Any] = np.dtype(dtype)
                if kind.hasobject or stored[:_SUM_BYTES] != _sum_of(value, name, dtype, shape):
                    raise ValueError(f"the array {name} is damaged")  # compiled code would trust its numbers
                found[name] = np.frombuffer(value, dtype=kind).reshape(json.loads(shape))
            return found

        return self._ask(read, {})

    # -- states: what a build was made from

    def state(self, name: str) -> Any:
        """The JSON value last set under this name, or None."""

        def read(db: sqlite3.Connection) -> Any:
            row = db.execute("SELECT value FROM states WHERE name = ?", (name,)).fetchone()
            return json.loads(row[0]) if row else None

        return self._ask(read, None)

    def set_state(self, name: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (name, text))

        self._ask(write, None)

    # -- kept: one row a name

    def kept(self, name: str) -> bytes | None:
        """The value last set under this name, or None."""

        def read(db: sqlite3.Connection) -> bytes | None:
            row = db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
            return row[0][_SUM_BYTES:] if row and row[0][:_SUM_BYTES] == _sum_of(row[0][_SUM_BYTES:], name) else None

        return self._ask(read, None)

    def set_kept(self, name: str, value: bytes) -> None:
        self._insert("kept", {name: _sum_of(value, name) + value})

    def _ask(self, question: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """The answer; a cache that fails knows nothing, and is not asked again."""
        if self._db is None:
            return otherwise
        if self._process != os.getpid():  # a fork must not use, nor close, a connection of its parent
            self._of_parent, self._process = self._db, os.getpid()
            self._db = _open(self._file) if self._file else None
            return self._ask(question, otherwise)
        try:
            return question(self._db)
        except (sqlite3.Error, zlib.error, ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
            self.close()
            if self._file and _is_damage(error):  # else every build to come would find it so
                with contextlib.suppress(OSError):
                    _remove(self._file)
            return otherwise


def _intact(rows: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Values whose checksum is right, without it: a vector that was damaged looks like any other."""
    for key, value in rows:
        if isinstance(value, bytes) and value[:_SUM_BYTES] == _sum_of(value[_SUM_BYTES:]):
            yield key, value[_SUM_BYTES:]


def _sum_of(value: bytes, *about: str) -> bytes:
    """A checksum of a value, and of what says how to read it."""
    return zlib.crc32("\0".join(about).encode(), zlib.crc32(value)).to_bytes(_SUM_BYTES, "little")


def _select(table: str, db: sqlite3.Connection, keys: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        rows = db.execute(f"SELECT key, value FROM {table} WHERE key IN ({marks})", chunk)  # noqa: S608 (ours)
        for key, value in rows:
            yield bytes(key), value


def _open(file: Path) -> sqlite3.Connection | None:
    """An open cache, made anew where the file is damaged or of another version; None where that is impossible."""
    for fresh in (False, True):
        try:
            if fresh:
                _remove(file)
            file.parent.mkdir(parents=True, exist_ok=True)
            return _connect(file)
        except (sqlite3.OperationalError, OSError) as error:
            if getattr(error, "sqlite_errorname", "").startswith(_NOT_THE_FILE):
                return None
        except (sqlite3.DatabaseError, _ForeignCacheError, ValueError):  # ValueError: a message that is no UTF-8
            continue
    return None


def _is_damage(error: Exception) -> bool:
    """Whether the file itself is at fault, and not the disk, another process, or what was asked."""
    if isinstance(error, sqlite3.OperationalError):
        return str(error).startswith(("no such", "Could not decode"))  # a table or a column; a text
    return type(error) is sqlite3.DatabaseError or not isinstance(error, sqlite3.Error | MemoryError)


class _ForeignCacheError(Exception):
    """The file is a database, but not one of ours of this version."""


def _schema(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Every table, index, view and trigger, with the statement that made it."""
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 100")
    return sorted(tuple(map(str, row)) for row in rows)


@functools.cache
def _own_schema() -> list[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.executescript(_TABLES)
        return _schema(db)


def _connect(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, timeout=_BUSY_SECONDS)
    try:
        db.execute("PRAGMA trusted_schema=OFF")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        tables = _schema(db)
        if tables and (version, application, tables) != (SCHEMA_VERSION, _APPLICATION_ID, _own_schema()):
            raise _ForeignCacheError
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        if not tables:
            db.executescript(
                f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={SCHEMA_VERSION};"
                f" PRAGMA application_id={_APPLICATION_ID}; COMMIT;"
            )
    except BaseException:
        db.close()
        raise
    return db


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
