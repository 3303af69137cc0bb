"""Vectors for a vector database: what Vertex AI Vector Search imports, and Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from blog import post_text, topic_posts, write_blog
from enishi.commands import export as export_module
from enishi.commands.ask import NoBuildError
from enishi.commands.export import export_vectors
from enishi.errors import OutputError
from enishi.pipeline import build
from enishi.state import Request, open_cache


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    posts = topic_posts(2)
    posts["draft.md"] = post_text("A secret kettle", "tea kettle leaves steep cup pot", "published: false\n")
    posts["empty.md"] = post_text("", "")
    posts["umlaut.md"] = post_text("Tee für zwei", "tea kettle leaves steep cup pot", "lang: de\n")
    root = write_blog(tmp_path_factory.mktemp("export") / "blog", posts)
    build(Request(root))
    return root


def vectors_of(blog: Path) -> dict[str, np.ndarray]:
    paths = sorted(json.loads((blog / ".enishi/related.json").read_bytes())["posts"])
    with open_cache(blog) as cache:
        return dict(zip(paths, cache.arrays()["vectors"], strict=True))


def test_a_line_holds_the_same_float32_that_the_build_made(
    blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "POSTS_A_FILE", 5)
    made = export_vectors(Request(blog), tmp_path / "new/folder", "vertex")
    assert sorted(file.name for file in made.folder.iterdir()) == list(made.files) == sorted(made.files)
    assert len(made.files) == -(-made.posts // 5) > 1
    lines = [json.loads(line) for name in made.files for line in (made.folder / name).read_bytes().splitlines()]
    expected = vectors_of(blog)
    assert [line["id"] for line in lines] == [
        path for path in sorted(expected) if Path(path).stem not in ("draft", "empty")
    ]
    for line in lines:
        assert np.array_equal(np.array(line["embedding"], dtype=np.float32), expected[line["id"]])
        assert line["embedding_metadata"]["title"]
    (german,) = (line for line in lines if line["id"].endswith("umlaut.md"))
    assert german["restricts"] == [{"namespace": "lang", "allow": ["de"]}]
    assert german["embedding_metadata"]["title"] == "Tee für zwei"


def test_parquet_holds_the_same(blog: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow, which enishi[ray] brings")
    made = export_vectors(Request(blog), tmp_path, "parquet")
    rows = parquet.read_table(tmp_path / made.files[0]).to_pylist()
    expected = vectors_of(blog)
    assert len(rows) == made.posts
    for row in rows:
        assert np.array_equal(np.array(row["embedding"], dtype=np.float32), expected[row["id"]])


def test_an_earlier_export_is_replaced_and_nothing_else(
    blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "POSTS_A_FILE", 3)
    export_vectors(Request(blog), tmp_path, "vertex")
    monkeypatch.setattr(export_module, "POSTS_A_FILE", 1000)
    made = export_vectors(Request(blog), tmp_path, "vertex")
    assert [file.name for file in tmp_path.iterdir()] == list(made.files) == ["vectors-00000.json"]
    (tmp_path / "notes.json").write_text("{}")
    before = (tmp_path / "vectors-00000.json").read_bytes()
    with pytest.raises(OutputError, match="name an empty folder"):
        export_vectors(Request(blog), tmp_path, "vertex")
    assert (tmp_path / "vectors-00000.json").read_bytes() == before


def test_there_must_be_a_build_with_its_vectors(tmp_path: Path) -> None:
    blog = write_blog(tmp_path / "blog", topic_posts(2))
    with pytest.raises(NoBuildError):
        export_vectors(Request(blog), tmp_path / "out", "vertex")
    build(Request(blog))
    (blog / ".enishi/cache.db").unlink()
    with pytest.raises(NoBuildError, match="vectors are gone"):
        export_vectors(Request(blog), tmp_path / "out", "vertex")
    assert not (tmp_path / "out").exists()
