"""What to train, and how: the choices of `enishi train`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enishi.commands.train.fit import Schedule
from enishi.commands.train.pairs import KINDS
from enishi.errors import SettingsError

STATIC, TRANSFORMER = "static", "transformer"
_DEFAULTS: Mapping[str, Schedule] = {
    STATIC: Schedule(epochs=3, batch=64, rate=0.01),
    TRANSFORMER: Schedule(epochs=1, batch=32, rate=2e-5),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to train, and how.

    Raises:
        SettingsError: there is no such kind of model, or it lacks a base.
    """

    kind: str = STATIC
    base: str = ""
    """A pretrained model: what a transformer begins as, or what a static embedding is distilled from."""
    revision: str = ""
    pairs: tuple[str, ...] = KINDS
    """See :func:`enishi.commands.train.pairs.check_kinds`."""
    epochs: int | None = None
    """How often each pair is seen; 0: never, so that a distilled model stays as it is."""
    minutes: float = 0.0
    batch: int | None = None
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in _DEFAULTS:
            raise SettingsError(f"--kind {self.kind}: there are {', '.join(_DEFAULTS)}")
        if self.kind == TRANSFORMER and not self.base:
            raise SettingsError(
                "--kind transformer: name the model to begin with, as --base MODEL (a folder or a hub name)"
            )

    @property
    def is_static(self) -> bool:
        """Whether the model is a table of one vector a word."""
        return self.kind == STATIC

    def schedule(self, device: str) -> Schedule:
        """Length and learning rate, with the defaults of the kind; a static embedding is trained on the CPU."""
        usual = _DEFAULTS[self.kind]
        return Schedule(
            epochs=usual.epochs if self.epochs is None else self.epochs,
            batch=self.batch or usual.batch,
            rate=self.rate or usual.rate,
            minutes=self.minutes,
            device="cpu" if self.is_static else device,
        )
