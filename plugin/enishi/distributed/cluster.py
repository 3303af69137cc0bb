"""Chunks of posts on a Ray cluster: mapped, gathered, and paired with posts of other chunks."""

from __future__ import annotations

import functools
import logging
import os
import pickle
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from enishi.errors import EnishiError

T = TypeVar("T")
R = TypeVar("R")


class Cluster:
    """A connection to a Ray cluster, or to one of this machine alone.

    Args:
        address: of the cluster; `auto` finds it from one of its machines, `local` starts one for this build.

    Raises:
        EnishiError: Ray is not installed, or there is no cluster.
    """

    def __init__(self, address: str = "auto") -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told of a build unless its owner says so
        try:
            self._ray, self._data = import_module("ray"), import_module("ray.data")
        except ImportError:
            raise EnishiError('--engine ray needs Ray: pip install "enishi[ray]"') from None
        self._is_ours = not self._ray.is_initialized()
        if self._is_ours:
            try:
                self._ray.init(address, log_to_driver=False, logging_level=logging.WARNING)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise EnishiError(f"no Ray cluster at {address}: {error}") from None
        context = self._data.DataContext.get_current()
        context.enable_progress_bars = False
        # The default starts processes of its own for each shuffle, which takes seconds
        context.shuffle_strategy = import_module("ray.data.context").ShuffleStrategy.SORT_SHUFFLE_PUSH_BASED
        logging.getLogger("ray.data").setLevel(logging.WARNING)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_ours:
            self._ray.shutdown()

    def share(self, value: T) -> Shared[T]:
        """A value that every worker can ask for, sent to each machine once."""
        return Shared(self._ray.put(value))

    def chunks(self, values: Iterable[T]) -> Chunks[T]:
        """A chunk of each of these values, numbered from 0."""
        rows = [{"number": number, "value": _packed(value)} for number, value in enumerate(values)]
        return Chunks(self._data.from_items(rows, override_num_blocks=max(1, len(rows))))


@dataclass(frozen=True, slots=True)
class Shared(Generic[T]):
    """A value in the store of the cluster."""

    reference: Any

    def get(self) -> T:
        """The value; read-only, and the same object each time in one process."""
        value: T = _fetched(self.reference)
        return value


@functools.lru_cache(maxsize=8)
def _fetched(reference: Any) -> Any:
    return import_module("ray").get(reference)


class Chunks(Generic[T]):
    """Numbered values that stay on the cluster, each the work of one task."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def map(self, work: Callable[[int, T], R], *, has_model: bool = False) -> Chunks[R]:
        """`work` of each number and value, once somebody asks for it.

        Work that has a model to load is kept in processes that last, each with a GPU where the cluster has any.
        """
        if not has_model:
            return Chunks(self._dataset.map(_Map(work)))
        have = import_module("ray").cluster_resources()
        gpus = int(have.get("GPU", 0))
        options = {"num_gpus": 1} if gpus else {"num_cpus": 1}
        most = gpus or max(1, int(have.get("CPU", 1)))
        compute = import_module("ray.data").ActorPoolStrategy(min_size=1, max_size=most)
        return Chunks(self._dataset.map(_MapInActor, fn_constructor_args=[work], compute=compute, **options))

    def kept(self) -> Chunks[T]:
        """The same, worked out now and kept by the cluster."""
        return Chunks(self._dataset.materialize())

    def gathered(self) -> dict[int, T]:
        """All values here, by number, in the order of the numbers."""
        return dict(sorted(self.one_by_one()))

    def one_by_one(self) -> Iterator[tuple[int, T]]:
        """Each number and value as it comes, in any order; none is kept here."""
        for row in self._dataset.iter_rows():
            yield row["number"], pickle.loads(row["value"])  # noqa: S301 (ours)

    def paired(
        self,
        cluster: Cluster,
        bounds: Sequence[int],
        part: Callable[[Any], Any],
        needed: Mapping[int, Iterable[int]],
        work: Callable[[int, Mapping[int, Any]], R],
    ) -> Chunks[R]:
        """For each number of `needed`, `work` of it and of the rows that it needs, of whatever chunk.

        Args:
            bounds: the value of chunk i is a sequence, of the rows from ``bounds[i]`` to ``bounds[i + 1]``.
            part: what of a row's value is sent.
            needed: the rows that each number needs.
            work: asked with a number and, by row, what was sent to it.
        """
        wanted: list[dict[int, list[int]]] = [defaultdict(list) for _ in bounds[1:]]
        for number, rows in needed.items():
            for row in sorted(set(rows)):
                chunk = bisect_right(bounds, row) - 1
                wanted[chunk][row - bounds[chunk]].append(number)
        spread = self._dataset.flat_map(_Spread(part, [cluster.share(dict(rows)) for rows in wanted], tuple(bounds)))

        def join(group: Mapping[str, Any]) -> dict[str, Any]:
            pairs = zip(group["row"].tolist(), group["value"], strict=True)
            values = {row: pickle.loads(value) for row, value in pairs}  # noqa: S301 (ours)
            number = int(group["number"][0])
            return {"number": [number], "value": [_packed(work(number, values))]}

        return Chunks(spread.groupby("number").map_groups(join))


def _packed(value: object) -> bytes:
    data: bytes = import_module("ray.cloudpickle").dumps(value)
    return data


@dataclass(frozen=True, slots=True)
class _Map:
    work: Callable[[int, Any], Any]

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        number = int(row["number"])
        return {"number": number, "value": _packed(self.work(number, pickle.loads(row["value"])))}  # noqa: S301 (ours)


class _MapInActor:
    def __init__(self, work: Callable[[int, Any], Any]) -> None:
        self._map = _Map(work)

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return self._map(row)


@dataclass(frozen=True, slots=True)
class _Spread:
    part: Callable[[Any], Any]
    wanted: Sequence[Shared[Mapping[int, Sequence[int]]]]
    bounds: Sequence[int]

    def __call__(self, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        chunk = int(row["number"])
        values = pickle.loads(row["value"])  # noqa: S301 (ours)
        for place, numbers in self.wanted[chunk].get().items():
            packed = _packed(self.part(values[place]))
            for number in numbers:
                yield {"number": number, "row": self.bounds[chunk] + place, "value": packed}
