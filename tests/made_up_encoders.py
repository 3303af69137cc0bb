"""Encoders that know what they are told: for tests of what is made of encoders, and not of encoders."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blog import TOPICS
from enishi.commands.compare import encode
from enishi.encoders.parts import PartEncoder
from enishi.types import Document
from enishi.vectors import unit_rows

if TYPE_CHECKING:
    from enishi.config import Settings
    from enishi.types import Vectors

DIMENSIONS = 24


class MadeUp(PartEncoder):
    """A part whose vectors a function of single documents makes; `seen` holds every list of documents that it got."""

    key = ""

    def __init__(self, key: str, vector: Callable[[Document], np.ndarray], name: str = "model") -> None:
        super().__init__()
        self.key, self.name, self._vector = key, name, vector
        self.sees_tags = name == "site"
        self.learned = False
        self.seen: list[tuple[Document, ...]] = []

    @property
    def tag_kernel_weight(self) -> float:
        return float(self.name == "model")

    @property
    def knows_tags(self) -> str:
        return "was trained on tags" if self.learned else ""

    @property
    def knows_links(self) -> str:
        return "was trained on links" if self.learned else ""

    @classmethod
    def from_settings(cls, settings: Settings, site: Any) -> None:
        raise NotImplementedError

    def encode(self, documents: Sequence[Document], memo: Any = None) -> Vectors:
        self.seen.append(tuple(documents))
        return unit_rows(np.array([self._vector(document) for document in documents]).astype(np.float32))

    def encode_query(self, text: str) -> Vectors:
        raise NotImplementedError


def noise(document: Document) -> np.ndarray:
    """Nothing but chance, the same for the same path."""
    seed = int.from_bytes(hashlib.sha256(document.post.path.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).normal(size=DIMENSIONS)


def topic(document: Document) -> np.ndarray:
    """The topic that a post's file is named after, and a little noise."""
    found = noise(document) * 0.05
    name = document.post.path.rpartition("/")[2].partition("-")[0]
    if name in TOPICS:
        found[list(TOPICS).index(name)] += 1
    return found


def use(monkeypatch: pytest.MonkeyPatch, **encoders: Callable[[Document], np.ndarray]) -> dict[str, MadeUp]:
    """From now on these are the models of their names, and `site` is `topic` if nothing else is said."""
    made = {
        name: MadeUp(name, vector, "site" if name == "site" else "model")
        for name, vector in {"site": topic, **encoders}.items()
    }

    def make_parts(settings: Settings, *_: Any) -> list[tuple[PartEncoder, float]]:
        wanted = settings.encoder
        share = wanted.weight if wanted.model else 0.0
        parts: list[tuple[PartEncoder, float]] = [(made["site"], 1 - share)] if share < 1 else []
        return [*parts, (made[wanted.model], share)] if wanted.model else parts

    monkeypatch.setattr(encode, "make_parts", make_parts)
    return made
