"""A part from outside the package: one class and `register` are enough for builds, explanations and the cache."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pytest

from blog import topic_posts, write_blog
from enishi.cache import Cache
from enishi.commands.ask import explain, search
from enishi.config import Settings
from enishi.encoders.blog import BlogEncoder
from enishi.encoders.parts import PartEncoder, register, registered_parts, unregister
from enishi.errors import Diagnostic, SettingsError, Severity
from enishi.pipeline import build, read_blog
from enishi.state import Request, open_cache
from enishi.types import Document


class EraEncoder(PartEncoder):
    """Posts before a day, and posts from then on: the day stands in a file of the site."""

    name = "era"
    label = "before or after the move"
    is_often_missing = True
    share = 0.5

    def __init__(self, file: Path, weight: float) -> None:
        super().__init__(weight)
        self._file = file
        self._undated = 0

    @classmethod
    def from_settings(cls, settings: Settings, site: Any) -> Self | None:
        file = site.root / "moved.txt"
        return cls(file, cls.share) if file.exists() else None

    @property
    def key(self) -> str:
        return f"era/{self._file.read_text('utf-8')}"

    def stamps(self) -> Iterator[str]:
        yield self._file.read_text("utf-8")

    def encode(self, documents: Sequence[Document], memo: Any = None) -> npt.NDArray[np.float32]:
        moved = self._file.read_text("utf-8")
        dates = [document.post.date for document in documents]
        self._undated = dates.count(None)
        days = [date.date().isoformat() if date else "" for date in dates]
        return np.array([[bool(day) and day < moved, day >= moved] for day in days], dtype=np.float32)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        return np.zeros((1, 2), dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"undated": np.array([self._undated])}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        return "undated" in arrays

    @property
    def diagnostics(self) -> list[Diagnostic]:
        text = f"{self._undated} posts have no date"
        return [Diagnostic("moved.txt", 0, "undated", Severity.NOTE, text)] if self._undated else []


@pytest.fixture(autouse=True)
def era() -> Iterator[None]:
    register(EraEncoder)
    yield
    unregister(EraEncoder)
    assert EraEncoder not in registered_parts()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Four posts on each of six topics, a day apart from each other; the last one of each topic has no date."""
    posts = topic_posts(4)
    for name in [name for name in posts if name.endswith("-3.md")]:
        posts[name] = re.sub("^date:.*\n", "", posts[name], flags=re.M)
    write_blog(tmp_path, posts)
    (tmp_path / "moved.txt").write_text("2020-01-10", "utf-8")
    return tmp_path


def related(site: Path) -> dict[str, Any]:
    posts: dict[str, Any] = json.loads((site / ".enishi/related.json").read_bytes())["posts"]
    return posts


def test_it_takes_part_in_a_build_and_says_what_it_says(site: Path) -> None:
    report = build(Request(site))
    assert [d.message for d in report.diagnostics if d.code == "undated"] == ["6 posts have no date"]
    assert build(Request(site)).is_unchanged
    with_part = related(site)
    (site / "moved.txt").unlink()
    assert not build(Request(site)).is_unchanged
    assert related(site) != with_part


def test_an_explanation_names_its_share(site: Path) -> None:
    build(Request(site))
    same, apart = (explain(Request(site), "tea-0", other) for other in ("tea-1", "tea-2"))
    assert list(dict(same.parts)) == ["the blog's own words", "before or after the move"]
    assert dict(same.parts)["before or after the move"] == pytest.approx(0.5, abs=1e-3)
    assert dict(apart.parts)["before or after the move"] == 0
    for explanation in (same, apart):
        assert sum(share for _, share in explanation.parts) == pytest.approx(explanation.score, abs=2e-4)


def test_a_changed_stamp_is_a_new_build(site: Path) -> None:
    build(Request(site))
    before = related(site)
    (site / "moved.txt").write_text("2020-01-04", "utf-8")
    assert not build(Request(site)).is_unchanged
    assert related(site) != before
    assert build(Request(site)).is_unchanged


def test_missing_rows_are_filled_in_from_the_words(site: Path) -> None:
    posts = read_blog(Request(site), cache=Cache(None))
    blog, documents = posts.blog, posts.documents
    words, part = BlogEncoder(blog.settings, blog.site).encode_parts(documents)
    assert (words.name, part.name) == ("site", "era")
    assert part.vectors.any(axis=1).all()


def test_its_arrays_come_back_under_its_name(site: Path) -> None:
    build(Request(site))
    with open_cache(site) as cache:
        assert cache.arrays()["era/undated"].tolist() == [6]
    assert search(Request(site), "kettle", 1)


def test_its_weight_is_checked_with_the_others(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EraEncoder, "share", 1.25)
    with pytest.raises(SettingsError, match=r"shares of one vector.*era 1\.25"):
        build(Request(site))
