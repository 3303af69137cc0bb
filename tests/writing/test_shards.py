"""The lists of a large blog, in shards: the same to every reader as in one file."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from blog import topic_posts, write_blog
from enishi.commands.ask import NoBuildError, written_posts
from enishi.integrations.lists import SiteLists
from enishi.pipeline import build
from enishi.related.published import parse_published
from enishi.state import Request, read_previous
from enishi.types import Post, Related
from enishi.writing.reading_back import read_related
from enishi.writing.render import render_related, templates_folder
from places import ROOT

NOW = datetime(2024, 1, 1, tzinfo=UTC)
POSTS = [Post(f"{number}.md", title=f"Post {number}", url=f"/{number}/") for number in range(600)]
RELATED = {post.path: [Related("7.md", "Post 7", "/7/", 0.5)] for post in POSTS}


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> int:
    """Blogs of more than 3 posts are large."""
    monkeypatch.setattr("enishi.writing.render.SHARDED_ABOVE", 3)
    return 3


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(2))


def read(files: Mapping[str, bytes]) -> Mapping[str, object]:
    return read_related(files.__getitem__)


def test_shards_say_what_one_file_says(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = render_related(POSTS, RELATED)
    monkeypatch.undo()
    whole = render_related(POSTS, RELATED)
    assert list(whole) == ["related.json"]
    assert len(shards) > 200
    assert read(shards) == read(whole) == json.loads(whole["related.json"])["posts"]
    assert list(read(shards)) == list(read(whole)), "a reader finds posts in another order"


def test_the_files_are_as_their_schemas_say(limit: int) -> None:
    schemas = templates_folder() / "schema"
    index, shard = (
        Draft202012Validator(json.loads((schemas / f"{name}.schema.json").read_bytes()))
        for name in ("shards", "related")
    )
    for name, content in render_related(POSTS, RELATED).items():
        (index if name == "related.json" else shard).validate(json.loads(content))


def test_a_new_post_changes_one_shard(limit: int) -> None:
    before, after = render_related(POSTS, RELATED), render_related([*POSTS, Post("new.md", "New")], RELATED)
    assert len({name for name in after if after[name] != before.get(name)} - {"related.json"}) == 1


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"[]",
        b'{"version": 2}',
        b'{"version": 2, "shards": {"related/00.json": 1}}',
        b'{"version": 2, "shards": ["related/00.json", 3]}',
        b'{"version": 2, "shards": ["../secret.json"]}',
        b'{"version": 2, "shards": ["related/00.json\\n"]}',
        b'{"version": 2, "shards": ["related/01.json"]}',
        b'{"version": 3, "shards": []}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_index_of_ours_is_refused(index: bytes) -> None:
    good = b'{"version": 1, "posts": {}}'
    files = {"related.json": index, "related/00.json": good, "related/01.json": index, "../secret.json": good}
    with pytest.raises(ValueError, match=r"."):
        read(files)


def test_a_build_grows_into_shards_and_back(site: Path, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    out = site / ".enishi"
    build(Request(site, now=NOW))
    listed = written_posts(out)
    assert json.loads((out / "related.json").read_bytes())["version"] == 2
    assert build(Request(site, now=NOW)).is_unchanged
    post = next(site.rglob("tea-0.md"))
    post.write_text(post.read_text() + "\n\nOne more thing about tea.\n")
    written = build(Request(site, now=NOW)).written
    assert any(name.startswith("related/") for name in (*written.written, *written.unchanged))
    monkeypatch.undo()
    post.write_text(post.read_text() + "\nAnd more.\n")
    assert {name for name in build(Request(site, now=NOW)).written.removed if name.startswith("related/")}
    assert not (out / "related").exists()
    assert written_posts(out).keys() == listed.keys()


def test_what_was_published_in_shards_is_what_one_file_says(limit: int, tmp_path: Path) -> None:
    for name, content in render_related(POSTS, RELATED).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    request = Request(tmp_path, previous=tmp_path / "related.json")
    data, problems = read_previous(request)
    assert problems == ()
    assert data is not None
    assert parse_published(data) == {post.path: ["7.md"] for post in POSTS}
    next((tmp_path / "related").iterdir()).write_bytes(b"{")
    data, (problem,) = read_previous(request)
    assert (data, problem.code) == (None, "bad-previous")


def test_a_lost_shard_is_no_build(site: Path, limit: int) -> None:
    build(Request(site, now=NOW))
    next((site / ".enishi/related").iterdir()).unlink()
    with pytest.raises(NoBuildError):
        written_posts(site / ".enishi")


def test_generators_in_python_read_shards(site: Path, limit: int) -> None:
    posts = [{"source": path.relative_to(site).as_posix(), "url": f"/{path.stem}/"} for path in site.rglob("*.md")]
    lists = SiteLists(site, print, strict=True)
    lists.update(posts)
    assert any(lists.related(str(post["source"])) for post in posts)


NODE = """
const { Results } = require(process.argv[1]);
const results = new Results(process.argv[2]);
results.load();
process.stdout.write(JSON.stringify(Object.fromEntries([...results.posts].sort(([a], [b]) => (a < b ? -1 : 1)))));
"""
RUBY = """
module Jekyll; module Enishi; class Command; class Failed < StandardError; end; end; end; end
require ARGV[0]
lists = Jekyll::Enishi::Lists.new(ARGV[1])
lists.load
print JSON.generate(lists.instance_variable_get(:@posts))
"""


@pytest.mark.parametrize(
    ("program", "text", "file"),
    [("node", NODE, "npm-shared/results.js"), ("ruby", RUBY, "jekyll-enishi/lib/jekyll/enishi/lists.rb")],
)
def test_generators_in_other_languages_read_shards(
    site: Path, limit: int, monkeypatch: pytest.MonkeyPatch, program: str, text: str, file: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    for _ in range(2):
        build(Request(site, now=NOW))
        command = [program, "-e", text, ROOT / "plugin" / file, site]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == written_posts(site / ".enishi")
        monkeypatch.undo()  # and the one file of a small blog
        shutil.rmtree(site / ".enishi")
