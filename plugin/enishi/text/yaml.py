"""PyYAML's loader, with a bound on depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def bounded_loader(most: int, too_deep: Callable[[int], Exception]) -> Any:
    """A loader class that raises `too_deep(line)` for nodes nested deeper than `most`; lines count from 0.

    It is libyaml's where there is one, which takes a tenth of the time.  Its composer recurses, so that unbounded
    depth would end the process.
    """
    import yaml

    base: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

    class Loader(base):  # type: ignore[misc]
        depth = 0

        def descend_resolver(self, parent: Any, _index: object) -> None:
            self.depth += 1
            if self.depth > most:
                raise too_deep(parent.start_mark.line if parent is not None else 0)

        def ascend_resolver(self) -> None:
            self.depth -= 1

    return Loader
