"""Fragments of an earlier run: which are rendered again, and that it shows in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from enishi.cache import Cache
from enishi.config import PartialSettings
from enishi.kept import Kept
from enishi.types import Post, Related
from enishi.writing import fragments
from enishi.writing.known_fragments import KnownFragments
from enishi.writing.render import partial_name, render_partials

POSTS = [Post(f"{name}.md", title=f"Post {name}", url=f"/{name}/") for name in "abc"]
LISTS = {
    "a.md": [Related("b.md", "Post b", "/b/", 0.5, shared_tags=("tea",)), Related("c.md", "Post c", "/c/", 0.4)],
    "b.md": [Related("a.md", "Post a", "/a/", 0.5)],
}


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the posts whose fragments were rendered, as it happens."""
    paths: list[str] = []
    real = fragments.render_builtin

    def count(views: fragments.Views, template: Path) -> list[str]:
        paths.extend(str(view["path"]) for view in views)
        return real(views, template)

    monkeypatch.setattr(fragments, "render_builtin", count)
    return paths


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    opened = Cache(tmp_path / "cache.db")
    yield opened
    opened.close()


def build(
    folder: Path,
    cache: Cache,
    lists: dict[str, Sequence[Related]] | None = None,
    *,
    options: PartialSettings | None = None,
    code: bytes = b"code",
) -> dict[str, bytes]:
    """Render as a run does that knows what an earlier one left, and write."""
    wanted = LISTS if lists is None else lists
    earlier = KnownFragments(Kept(cache), folder, code)
    files, _ = render_partials(POSTS, wanted, options=options, earlier=earlier)
    (folder / "partials").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text)
    return files


def test_only_a_changed_list_is_rendered_again(tmp_path: Path, cache: Cache, rendered: list[str]) -> None:
    build(tmp_path / "out", cache)
    assert rendered == ["a.md", "b.md", "c.md"]
    rendered.clear()
    changed = LISTS | {"b.md": [Related("c.md", "Post c", "/c/", 0.5)]}
    files = build(tmp_path / "out", cache, changed)
    assert rendered == ["b.md"]
    assert files == render_partials(POSTS, changed)[0]


def test_another_score_shows_nowhere(tmp_path: Path, cache: Cache, rendered: list[str]) -> None:
    build(tmp_path / "out", cache)
    rendered.clear()
    build(tmp_path / "out", cache, LISTS | {"b.md": [Related("a.md", "Post a", "/a/", 0.9)]})
    assert rendered == []


def test_a_fragment_that_is_not_as_it_was_left_is_rendered_again(
    tmp_path: Path, cache: Cache, rendered: list[str]
) -> None:
    files = build(tmp_path / "out", cache)
    edited, removed = (tmp_path / "out" / "partials" / partial_name(path) for path in ("a.md", "b.md"))
    edited.write_bytes(edited.read_bytes().replace(b"Post b", b"Mine"))
    removed.unlink()
    rendered.clear()
    assert build(tmp_path / "out", cache) == files
    assert rendered == ["a.md", "b.md"]


def test_settings_code_and_folder_count(tmp_path: Path, cache: Cache, rendered: list[str]) -> None:
    build(tmp_path / "out", cache)
    rendered.clear()
    options = PartialSettings(heading_level=3)
    assert build(tmp_path / "out", cache, options=options) == render_partials(POSTS, LISTS, options=options)[0]
    assert "a.md" in rendered
    rendered.clear()
    build(tmp_path / "out", cache, options=options, code=b"newer")
    assert rendered == ["a.md", "b.md", "c.md"]
    rendered.clear()
    build(tmp_path / "other", cache, options=options, code=b"newer")
    assert rendered == ["a.md", "b.md", "c.md"]
