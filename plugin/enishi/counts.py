"""What the posts of a blog count, as numbers into one list of names: a tenth of the memory that dictionaries take.

A store has three rows a post: its words, its terms, and how it writes the terms that are not written as folded.  Names
are numbered in the order of the alphabet, so that no number depends on what was read before.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from enishi.types import Terms

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Numbers = npt.NDArray[np.uint32]

V = TypeVar("V")

_ROWS = 3
_AS_DICTIONARIES = 2_000
"""So many rows that were asked for name by name stay dictionaries, which takes a hundred megabytes at most."""
_HEAD = struct.Struct("<4Q")
_KEY_BYTES = 32


class WordNumbers(dict[str, int]):
    """A number for every word seen so far, in order of first occurrence, or those of a store's list of names."""

    __slots__ = ("names",)

    def __init__(self) -> None:
        self.names: Sequence[str] = ()
        """The list of names whose numbers these are, others behind it."""

    def adopt(self, names: Sequence[str]) -> None:
        """Take these numbers; nothing may have one yet."""
        self.names = names
        self.update(zip(names, range(len(names)), strict=True))

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class CountStore:
    """Rows of numbers of names, each with how often it occurs; `place` says which posts they are of."""

    __slots__ = ("names", "often", "place", "starts", "which")

    def __init__(
        self, keys: Sequence[bytes], names: list[str], starts: Integers, which: Numbers, often: Numbers
    ) -> None:
        self.place = {key: number for number, key in enumerate(keys)}
        """Of each post, by what its counts were made of; its rows are the three from `3 * place` on."""
        self.names = names
        self.starts = starts
        """Row r goes from ``starts[r]`` to ``starts[r + 1]``."""
        self.which = which
        self.often = often

    def row(self, row: int) -> tuple[Numbers, Numbers]:
        """The numbers of one row, and how often each."""
        span = slice(self.starts[row], self.starts[row + 1])
        return self.which[span], self.often[span]

    def counts_of(self, key: bytes, chinese: str | Callable[[], str] = "") -> tuple[Counts, Terms]:
        """The words and the terms of a post, `chinese` as :attr:`Terms.chinese`."""
        row = _ROWS * self.place[key]
        frequency, surfaces = Counts(self, row + 1, key), Surfaces(self, row + 2)
        return Counts(self, row, key), Terms(frequency, surfaces, chinese)


class _Row(Mapping[str, V]):
    """One row of a store, as a mapping of the names in it."""

    __slots__ = ("row", "store")

    def __init__(self, store: CountStore, row: int) -> None:
        self.store, self.row = store, row

    def __contains__(self, name: object) -> bool:
        return name in _dictionary(self.store, self.row)

    def __iter__(self) -> Iterator[str]:
        return iter(_dictionary(self.store, self.row))

    def __len__(self) -> int:
        return int(self.store.starts[self.row + 1] - self.store.starts[self.row])


class Counts(_Row[int]):
    """One row of a store, as the dictionary that it stands for."""

    __slots__ = ("origin",)

    def __init__(self, store: CountStore, row: int, origin: bytes) -> None:
        super().__init__(store, row)
        self.origin = origin
        """Names all that these counts were made of."""

    def __getitem__(self, name: str) -> int:
        return _dictionary(self.store, self.row)[name]

    def keys(self) -> KeysView[str]:
        """A view of a dictionary: sets of it are made at its speed."""
        return _dictionary(self.store, self.row).keys()

    def items(self) -> ItemsView[str, int]:
        return _dictionary(self.store, self.row).items()

    def values(self) -> ValuesView[int]:
        often = self.store.row(self.row)[1].tolist()
        return cast("ValuesView[int]", often)  # a list does what a view does

    def __repr__(self) -> str:
        return repr(_dictionary(self.store, self.row))

    def __reduce__(self) -> tuple[type[_CountsAlone], tuple[dict[str, int], bytes]]:
        return _CountsAlone, (_dictionary(self.store, self.row), self.origin)


class _CountsAlone(dict[str, int]):
    """Counts in another process, without their store."""

    __slots__ = ("origin",)

    def __init__(self, counts: Mapping[str, int], origin: bytes) -> None:
        super().__init__(counts)
        self.origin = origin

    def __reduce__(self) -> tuple[type[_CountsAlone], tuple[dict[str, int], bytes]]:
        return _CountsAlone, (dict(self), self.origin)


class Surfaces(_Row[str]):
    """How a post writes terms, where that is not their folded form."""

    __slots__ = ()

    def __getitem__(self, name: str) -> str:
        return self.store.names[_dictionary(self.store, self.row)[name]]

    def __reduce__(self) -> tuple[type[dict[str, str]], tuple[dict[str, str]]]:
        return dict, (dict(self),)


@lru_cache(maxsize=_AS_DICTIONARIES)
def _dictionary(store: CountStore, row: int) -> dict[str, int]:
    which, often = store.row(row)
    return dict(zip(map(store.names.__getitem__, which.tolist()), often.tolist(), strict=True))


class CountsToStore(NamedTuple):
    """What a post counts, before it is numbered; each with as many counts as names."""

    words: Mapping[str, int]
    terms: Mapping[str, int]
    surfaces: Mapping[str, str]


def store_counts(
    keys: Sequence[bytes], new: Iterable[tuple[bytes, CountsToStore]], old: CountStore | None
) -> CountStore:
    """A store of the posts with these keys, of which `new` holds what `old` does not know."""
    import numpy as np

    if old is not None and list(old.place) == list(keys):
        return old
    number = WordNumbers()
    number.adopt(old.names if old else ())
    which, often, lengths = array("I"), array("I"), array("Q")
    place = dict(old.place) if old else {}
    for key, counts in new:
        place[key] = len(place)
        for row in (counts.words, counts.terms):
            which.extend(map(number.__getitem__, row))
            often.extend(row.values())
            lengths.append(len(row))
        which.extend(map(number.__getitem__, counts.surfaces))
        often.extend(map(number.__getitem__, counts.surfaces.values()))
        lengths.append(len(counts.surfaces))
    starts = np.cumsum([0, *(np.diff(old.starts) if old else ()), *lengths], dtype=np.int64)
    every = [np.frombuffer(one, np.uint32) for one in (which, often)]
    if old is not None:
        every = [np.concatenate([first, more]) for first, more in zip((old.which, old.often), every, strict=True)]
    if list(place) != list(keys):
        wanted = np.array([place[key] for key in keys], np.int64)
        taken, starts = _entries(starts, (_ROWS * wanted[:, None] + np.arange(_ROWS)).ravel())
        every = [one[taken] for one in every]
    names, which_now, often_now = _in_order(list(number), starts, *every)
    return CountStore(keys, names, starts, which_now, often_now)


def _entries(starts: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """The places of the entries of some rows, one row after another, and where each then starts."""
    import numpy as np

    lengths = starts[rows + 1] - starts[rows]
    new_starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return np.arange(new_starts[-1]) + np.repeat(starts[rows] - new_starts[:-1], lengths), new_starts


def _in_order(names: list[str], starts: Integers, which: Numbers, often: Numbers) -> tuple[list[str], Numbers, Numbers]:
    """The names that are in use, in alphabetical order, and the entries by their numbers there."""
    import numpy as np

    is_name = np.repeat(np.arange(len(starts) - 1) % _ROWS == _ROWS - 1, np.diff(starts))
    is_used = np.bincount(which, minlength=len(names)) > 0
    is_used[often[is_name]] = True
    used = np.flatnonzero(is_used).tolist()
    order = sorted(used, key=names.__getitem__)
    number = np.zeros(len(names), np.uint32)
    number[order] = np.arange(len(order), dtype=np.uint32)
    return [names[one] for one in order], number[which], np.where(is_name, number[np.where(is_name, often, 0)], often)


def pack_counts(store: CountStore) -> bytes:
    """A store as the cache holds it."""
    names = "\n".join(store.names).encode("utf-8", "surrogatepass")
    head = _HEAD.pack(len(store.place), len(store.names), len(store.which), len(names))
    arrays = (store.starts.astype("<i8"), store.which.astype("<u4"), store.often.astype("<u4"))
    return b"".join((head, *store.place, *(one.tobytes() for one in arrays), names))


def unpack_counts(packed: bytes) -> CountStore:
    """The store that was packed.

    Raises:
        ValueError: it is none.
    """
    import numpy as np

    if len(packed) < _HEAD.size:
        raise ValueError("no store of counts")
    posts, count, entries, length = _HEAD.unpack_from(packed)
    sizes = (_KEY_BYTES * posts, 8 * (_ROWS * posts + 1), 4 * entries, 4 * entries, length)
    if _HEAD.size + sum(sizes) != len(packed):
        raise ValueError("no store of counts")
    keys_at = _HEAD.size
    starts_at = keys_at + sizes[0]
    which_at = starts_at + sizes[1]
    names_at = len(packed) - length
    names = packed[names_at:].decode("utf-8", "surrogatepass").split("\n") if count else []
    keys = [packed[at : at + _KEY_BYTES] for at in range(keys_at, starts_at, _KEY_BYTES)]
    starts = np.frombuffer(packed, "<i8", _ROWS * posts + 1, starts_at).astype(np.int64)
    which = np.frombuffer(packed, "<u4", entries, which_at)
    often = np.frombuffer(packed, "<u4", entries, which_at + sizes[2])
    is_fit = len(names) == count and starts[0] == 0 and starts[-1] == entries and bool((np.diff(starts) >= 0).all())
    if not is_fit or (entries and int(which.max()) >= count):
        raise ValueError("no store of counts")
    return CountStore(keys, names, starts, which, often)
