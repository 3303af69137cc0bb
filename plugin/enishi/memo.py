"""Results that one pass over a blog leaves for the next, so that a watch need not work them out again.

A memo is handed in explicitly and never changes a result: values are those of pure functions, looked up by the identity
of the objects that they were made from (which it keeps alive, so that no other object can take their id).  It holds
what the last pass used and nothing older, so it does not grow with the number of passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo:
    """Tables by name.  Not for several threads at once."""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[object, dict[int, tuple[object, Any]]]] = {}
        self._kept: dict[str, Any] = {}

    def known(self, name: str, items: Sequence[object], depends_on: object = None) -> list[Any]:
        """The value kept for each object; None where there is none, or where it was kept for another `depends_on`."""
        before, table = self._tables.get(name, (None, {}))
        if before != depends_on:
            return [None] * len(items)
        return [table[id(item)][1] if id(item) in table else None for item in items]

    def keep(self, name: str, items: Sequence[object], values: Sequence[object], depends_on: object = None) -> None:
        """Keep a value for each of these objects, and forget all others of this name."""
        self._tables[name] = (
            depends_on,
            {id(item): (item, value) for item, value in zip(items, values, strict=True)},
        )

    def lasting(self, name: str, make: Callable[[], V]) -> V:
        """An object that stays from pass to pass, made when it is first asked for."""
        if name not in self._kept:
            self._kept[name] = make()
        value: V = self._kept[name]
        return value


def each(
    memo: Memo | None, name: str, items: Sequence[K], work: Callable[[K], V], depends_on: object = None
) -> list[V]:
    """`work` of each item, done only for objects that the memo does not know; a value must not be None."""
    if memo is None:
        return [work(item) for item in items]
    values = [
        work(item) if value is None else value
        for item, value in zip(items, memo.known(name, items, depends_on), strict=True)
    ]
    memo.keep(name, items, values, depends_on)
    return values
