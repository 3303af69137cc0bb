"""Questions to the last build: which post is meant, what is near some words, and why two posts are related."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import post_text, topic_posts, write_blog
from enishi import cli
from enishi.commands.ask import NoBuildError, UnknownPostError, explain, find_post, search, written_posts
from enishi.pipeline import build
from enishi.state import Request, open_cache

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def request_for(site: Path, *overrides: str, out: Path | None = None) -> Request:
    return Request(site, out=out, overrides=overrides, now=NOW)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    posts = topic_posts(4)
    posts["notes/index.md"] = post_text("Café notes", "kettle and static", day=3)
    posts["draft.md"] = post_text("A secret kettle", "tea kettle leaves steep cup pot", "published: false\n")
    posts["linked.md"] = post_text("Linked", "tea kettle leaves steep cup, see [tea](/2020/01/01/tea-0/)", day=40)
    root = write_blog(tmp_path_factory.mktemp("last") / "blog", posts)
    build(request_for(root))
    return root


@pytest.fixture(scope="module")
def posts(site: Path) -> Any:
    return written_posts(site / ".enishi")


# -- which post is meant -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "source/_posts/tea-0.md",
        "tea-0.md",
        "tea-0",
        "/2020/01/01/tea-0/",
        "2020/01/01/tea-0/index.html",
        "https://blog.test/2020/01/01/tea-0/",
        "Tea 0",
        "TEA 0",
    ],
)
def test_a_post_is_meant_by_its_path_name_slug_address_or_title(site: Path, posts: Any, text: str) -> None:
    assert find_post(posts, text, site) == "source/_posts/tea-0.md"


def test_a_post_is_meant_by_a_file_from_where_one_stands(
    site: Path, posts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site / "source")
    assert find_post(posts, "_posts/tea-1.md", Path("..")) == "source/_posts/tea-1.md"
    assert find_post(posts, str(site / "source/_posts/tea-1.md"), Path("..")) == "source/_posts/tea-1.md"


def test_a_title_may_be_typed_in_parts(site: Path, posts: Any) -> None:
    assert find_post(posts, unicodedata.normalize("NFD", "Café notes"), site) == "source/_posts/notes/index.md"


def test_an_unknown_post_is_told_with_the_nearest_names(site: Path, posts: Any) -> None:
    with pytest.raises(UnknownPostError, match=r"no post is meant by 'tea-00'; did you mean .*source/_posts/tea-0\.md"):
        find_post(posts, "tea-00", site)
    with pytest.raises(UnknownPostError, match="Give its path"):
        find_post(posts, "entirely elsewhere", site)


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"[]",
        b"{}",
        b'{"version": 1}',
        b'{"version": 1, "posts": []}',
        b'{"version": 1, "posts": {"a": 5}}',
        b'{"version": 1, "posts": {"a": {"title": 1, "url": ""}}}',
        b'{"version": 1, "posts": {"a": {"title": "", "url": ""}}}',
        b'{"version": 1, "posts": {"a": {"title": "", "url": "", "related": 5}}}',
        b'{"version": 1, "posts": {"a": {"title": "", "url": "", "related": [], "date": 5}}}',
        b'{"version": 1, "posts": {"a": {"title": "", "url": "", "related": [5]}}}',
        b'{"version": 1, "posts": {"a": {"title": "", "url": "", "related": [{"path": "b"}]}}}',
        b'{"version": 2, "posts": {}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_build_is_said_to_be_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "related.json").write_bytes(content)
    with pytest.raises(NoBuildError, match="Run `enishi build` first"):
        written_posts(tmp_path)


ENTRY = {"path": "b", "url": "", "title": "B", "score": 0.5, "kind": "similar", "shared_tags": ["x"]}


@pytest.mark.parametrize("field", list(ENTRY))
def test_a_damaged_list_is_no_build(tmp_path: Path, capfd: pytest.CaptureFixture[str], field: str) -> None:
    file = tmp_path / ".enishi" / "related.json"
    file.parent.mkdir()
    for value in (ENTRY[field], None, 10**400, ["x", {}], {}):
        post = {"title": "A", "url": "", "related": [ENTRY | {field: value}]}
        file.write_text(json.dumps({"version": 1, "posts": {"a": post}}), "utf-8")
        code = cli.main(["related", "a", "--site", str(tmp_path)])
        told = capfd.readouterr().err
        assert code == (0 if value == ENTRY[field] else 2)
        assert ("Run `enishi build`" in told) == (code == 2)


# -- search ------------------------------------------------------------------------------------------------------------


def test_search_finds_the_posts_about_some_words(site: Path) -> None:
    hits = search(request_for(site), "a kettle and some tea leaves", 5)
    assert all(hit.path.rpartition("/")[2].startswith(("tea", "linked", "draft", "index")) for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.status for hit in hits if hit.title == "A secret kettle"} <= {"unpublished"}
    birds = search(request_for(site), "heron", 3)
    assert all("birds" in hit.path for hit in birds)
    assert birds[0].url.startswith("/2020/")


def test_search_for_words_that_the_blog_does_not_know(site: Path) -> None:
    assert search(request_for(site), "zzzzxqj", 5) == []
    assert search(request_for(site), "", 5) == []


def test_search_is_of_the_last_build_only(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(2))
    with pytest.raises(NoBuildError):
        search(request_for(site), "tea", 5)
    build(request_for(site))
    assert search(request_for(site), "kettle", 5)
    build(request_for(site, "related.limit=2", out=tmp_path / "out"))
    with pytest.raises(NoBuildError, match="of another one"):
        search(request_for(site), "kettle", 5)
    build(request_for(site))
    assert search(request_for(site), "kettle", 5)
    (site / ".enishi/cache.db").write_bytes(b"")
    with pytest.raises(NoBuildError):
        search(request_for(site), "kettle", 5)


def test_two_folders_of_one_build_can_both_be_searched(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(2))
    build(request_for(site))
    build(request_for(site, out=tmp_path / "out"))
    assert build(request_for(site)).is_unchanged
    assert search(request_for(site), "kettle", 5) == search(request_for(site, out=tmp_path / "out"), "kettle", 5)


# -- why ---------------------------------------------------------------------------------------------------------------


def test_an_explanation_gives_both_places_and_the_reasons(site: Path) -> None:
    related = json.loads((site / ".enishi/related.json").read_bytes())["posts"]["source/_posts/tea-0.md"]["related"]
    first = related[0]
    found = explain(request_for(site), "tea-0", first["path"])
    assert (found.post, found.other) == ("source/_posts/tea-0.md", first["path"])
    assert found.score == first["score"] >= found.min_score > 0
    assert found.places[0] == f"listed at place 1 of {len(related)}"
    assert list(found.shared_tags) == first.get("shared_tags", [])
    assert [term for term, _ in found.shared_terms][:5] == first.get("shared_terms", [])
    assert found.links == (first["path"] == "source/_posts/linked.md")


def test_every_place_in_the_build_is_explained_as_it_is(site: Path, posts: Any) -> None:
    for path in ("source/_posts/tea-0.md", "source/_posts/linked.md", "source/_posts/draft.md"):
        entries = [entry["path"] for entry in posts[path]["related"]]
        for other in ("source/_posts/tea-1.md", "source/_posts/radio-1.md", "source/_posts/draft.md"):
            if other != path:
                told = explain(request_for(site), path, other).places[0]
                assert told.startswith("listed at place") == (other in entries), (path, other, told)


def test_an_explanation_knows_links_and_drafts(site: Path) -> None:
    found = explain(request_for(site), "linked", "tea-0")
    assert found.links
    assert "links to it already" in found.places[0] or "listed at place" in found.places[0]
    assert "it is not published (unpublished)" in explain(request_for(site), "tea-0", "draft").places[0]


def test_an_explanation_does_not_need_the_cache(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(2))
    build(request_for(site))
    first = explain(request_for(site), "tea-0", "tea-1")
    for name in ("cache.db", "cache.db-wal", "cache.db-shm"):
        (site / ".enishi" / name).unlink(missing_ok=True)
    assert explain(request_for(site), "tea-0", "tea-1") == first


def test_a_post_that_went_since_is_said_to_be_gone(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(2))
    build(request_for(site))
    (site / "source/_posts/tea-1.md").unlink()
    with pytest.raises(UnknownPostError, match="no longer there"):
        explain(request_for(site), "tea-0", "tea-1")


def test_related_answers_without_any_library(site: Path) -> None:
    code = (
        "import sys; from enishi.cli import main; status = main(['related', 'tea-0', '--site', sys.argv[1], '--json']);"
        "print(status, *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, site], capture_output=True, text=True, check=True)
    status, *modules = done.stderr.split()
    assert status == "0"
    assert not {"numpy", "scipy", "sklearn", "scann", "jinja2"} & set(modules)
    assert json.loads(done.stdout)["path"] == "source/_posts/tea-0.md"


@pytest.mark.parametrize(("name", "change"), [("columns", 10**9), ("starts", -7), ("starts", 10**9)])
def test_numbers_in_the_cache_that_lead_out_of_an_array_are_not_followed(
    tmp_path: Path, name: str, change: int
) -> None:
    """Compiled code would: the process would end without a word."""
    blog = write_blog(tmp_path / "blog", topic_posts(2))
    build(request_for(blog))
    with open_cache(blog) as cache:
        arrays = cache.arrays()
        arrays[f"site/{name}"] = arrays[f"site/{name}"] + change
        cache.put_arrays(arrays)

    def enishi(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "enishi", *arguments, "--site", str(blog)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    searched, explained = enishi("search", "kettle"), enishi("explain", "tea-0", "tea-1")
    assert (searched.returncode, explained.returncode) == (2, 0), searched.stderr + explained.stderr
    assert "Run `enishi build` again" in searched.stderr
