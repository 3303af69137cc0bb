"""Values that an earlier run left in the cache, by content, so that an edit does not make them all anew.

What :mod:`enishi.memo` is to the passes of one process: values are pure functions of a key and of `depends_on`, so
that a value is right or missing.  All values of a name are one row, which is read and written whole; it holds those of
the last run and no older ones.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence, Set
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from enishi.cache import Cache, digest

if TYPE_CHECKING:
    from enishi.memo import Memo
    from enishi.types import Document

_DEPENDS_BYTES = 32
_COUNT_BYTES = 8
_MOST_BYTES = 900_000_000
"""SQLite holds no larger values than a gigabyte."""
_WORTH_WRITING = 200
"""A row is written again once more than one value in so many is missing: for an edit or two it is not."""

V = TypeVar("V")


class Kept:
    """Tables by name in a cache, or nothing at all.  Not for several threads at once."""

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache or Cache(None)
        self._stored: dict[str, tuple[bytes, set[bytes]]] = {}

    @property
    def is_open(self) -> bool:
        """Whether anything is kept at all."""
        return self._cache.is_open

    def known(self, name: str, keys: Sequence[bytes], depends_on: bytes = b"") -> list[bytes | None]:
        """The value kept under each key; None where there is none, or where it was kept for another `depends_on`."""
        self._stored.pop(name, None)
        row = self._cache.kept(name)
        on = digest(depends_on)
        if row is None or row[:_DEPENDS_BYTES] != on:
            return [None] * len(keys)
        table = _read(row)
        if table is None:
            return [None] * len(keys)
        stored, starts, values = table
        self._stored[name] = on, set(stored)
        place = {key: number for number, key in enumerate(stored)}
        found = (place.get(key) for key in keys)
        return [None if one is None else bytes(values[starts[one] : starts[one + 1]]) for one in found]

    def keep(self, name: str, keys: Sequence[bytes], values: Iterable[bytes], depends_on: bytes = b"") -> None:
        """Keep a value under each of these keys, all of one length, and forget all others of this name.

        Values are asked for only if they are written.
        """
        on = digest(depends_on)
        known_for, stored = self._stored.get(name, (b"", set[bytes]()))
        if not self.is_open or (known_for == on and is_enough(stored, set(keys))):
            return
        of_key = dict(zip(keys, values, strict=True))
        wanted = sorted(of_key)
        row = _row(on, wanted, [of_key[key] for key in wanted])
        if len(row) <= _MOST_BYTES:
            self._stored[name] = on, set(wanted)
            self._cache.set_kept(name, row)


def is_enough(stored: Set[bytes], wanted: Set[bytes]) -> bool:
    """Whether so few are missing, and so few stored ones unwanted, that all are not worth writing again."""
    return len(wanted - stored) <= len(wanted) / _WORTH_WRITING and len(stored) <= 2 * len(wanted)


def _row(on: bytes, keys: Sequence[bytes], values: Sequence[bytes]) -> bytes:
    """What the values depend on, how many there are, the bytes of a key, keys, lengths and values."""
    width = len(keys[0]) if keys else 0
    if any(len(key) != width for key in keys):
        raise ValueError("keys of one name are of one length")
    sizes = array("Q", map(len, values))
    counts = len(keys).to_bytes(_COUNT_BYTES, "little") + width.to_bytes(_COUNT_BYTES, "little")
    return b"".join((on, counts, *keys, sizes.tobytes(), *values))


def _read(row: bytes) -> tuple[list[bytes], list[int], memoryview] | None:
    """Keys, where each value starts (and the last one ends), and the values; None for what is no row of ours."""
    start = _DEPENDS_BYTES + 2 * _COUNT_BYTES
    count = int.from_bytes(row[_DEPENDS_BYTES : start - _COUNT_BYTES], "little")
    width = int.from_bytes(row[start - _COUNT_BYTES : start], "little")
    sizes_at = start + count * width
    values_at = sizes_at + count * array("Q").itemsize
    if values_at > len(row):
        return None
    sizes = array("Q", row[sizes_at:values_at])
    starts = [0, *accumulate(sizes)]
    if starts[-1] != len(row) - values_at:
        return None
    return [row[at : at + width] for at in range(start, sizes_at, width or 1)], starts, memoryview(row)[values_at:]


def each_kept(
    kept: Kept,
    memo: Memo | None,
    name: str,
    documents: Sequence[Document],
    work: Callable[[Document], V],
    *,
    pack: Callable[[V], bytes],
    unpack: Callable[[bytes], V],
    depends_on: bytes = b"",
) -> list[V]:
    """`work` of each document, done only for those that neither the last pass nor the last run knows.

    `unpack` may raise ValueError: the value is then made anew.  `depends_on` has to hold all else that a value is made
    from, the code among it (:func:`enishi.cache.code_digest`).
    """
    values: list[V | None] = [None] * len(documents) if memo is None else memo.known(name, documents, depends_on)
    unknown = [row for row, value in enumerate(values) if value is None]
    is_first = len(unknown) == len(documents)  # passes that follow leave the cache alone: it has nearly all
    if is_first:
        keys = [document.digest for document in documents]
        for row, packed in enumerate(kept.known(name, keys, depends_on)):
            values[row] = None if packed is None else _unpacked(packed, unpack)
    made = [work(document) if value is None else value for document, value in zip(documents, values, strict=True)]
    if is_first and kept.is_open:
        kept.keep(name, keys, map(pack, made), depends_on)
    if memo is not None:
        memo.keep(name, documents, made, depends_on)
    return made


def _unpacked(packed: bytes, unpack: Callable[[bytes], V]) -> V | None:
    try:
        return unpack(packed)
    except ValueError:
        return None
