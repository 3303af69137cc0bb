"""What Pelican's and MkDocs' plugins share, without either of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from enishi.errors import EnishiError
from enishi.integrations.lists import SiteLists, stylesheet, with_links
from site_posts import our_posts, write_yaml

POSTS = [
    {"source": f"posts/{entry.slug}.md", "url": f"/blog/{entry.slug}/", "title": entry.title} for entry in our_posts()
]
POST = "posts/wal.md"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for entry in our_posts():
        write_yaml(tmp_path / "posts" / f"{entry.slug}.md", entry)
    return tmp_path


def lists_of(site: Path, told: list[str], strict: bool = False) -> SiteLists:
    return SiteLists(site, told.append, strict=strict)


def test_a_failure_keeps_the_last_lists_and_is_told_once(site: Path) -> None:
    told: list[str] = []
    lists = lists_of(site, told)
    lists.update(POSTS)
    before = lists.html(POST)
    assert 'href="/blog/' in before
    (site / "enishi.toml").write_text("[related]\nlimit = -1\n", "utf-8")
    for _ in range(2):
        lists.update(POSTS)
    (only,) = told
    assert "related.limit" in only
    assert "of the last time" in only
    assert lists.html(POST) == before
    with pytest.raises(EnishiError):
        lists_of(site, told, strict=True).update(POSTS)


def test_a_mistake_of_ours_costs_nobody_the_site(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by mistake")

    monkeypatch.setattr("enishi.integrations.lists.build", fail)
    told: list[str] = []
    lists = lists_of(site, told)
    lists.update(POSTS)
    assert "by mistake" in told[0]
    assert (lists.html(POST), lists.related(POST)) == ("", ())


@pytest.mark.parametrize(
    ("value", "strict"), [("", False), ("0", False), ("false", False), ("true", True), ("1", True)]
)
def test_a_failure_ends_a_build_in_ci(
    value: str, strict: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", value)
    assert SiteLists(tmp_path, print).strict is strict


def test_a_watch_that_is_at_work_makes_the_lists(site: Path) -> None:
    lists = lists_of(site, [])
    lists.update(POSTS)
    (site / ".enishi/watch.json").write_text("{}", "utf-8")
    (site / "enishi.toml").write_text("[related]\nlimit = 0\n", "utf-8")
    lists.update(POSTS)
    assert lists.related(POST)
    (site / ".enishi/watch.json").unlink()
    lists.update(POSTS)
    assert not lists.related(POST)


def test_posts_without_a_file_have_lists_and_others_that_are_not_listed_have_none(site: Path) -> None:
    lists = lists_of(site, [])
    made = {"source": "posts/made.html", "url": "/blog/made/", "title": "Made"}
    rest = [post for post in POSTS if post["source"] != POST]
    lists.update([*rest, made], texts={"posts/made.html": "<p>Green tea leaves and <b>sweet</b> cold water</p>"})
    assert lists.related("posts/made.html")
    assert "posts/made.html" in {entry["path"] for post in rest for entry in lists.related(post["source"])}
    assert not lists.related(POST)


def test_only_addresses_of_the_site_are_written_anew() -> None:
    html = '<a href="/blog/a/?x=1&amp;y">a</a> <a href="/other/">b</a> <a href="https://x.test/blog/">c</a>'
    assert with_links(html, "/blog/", lambda rest: f"../{rest}") == html.replace("/blog/a/", "../a/", 1)
    assert ".enishi-related" in stylesheet()
