"""The generator's own list of posts, which overrides what was read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.errors import SettingsError
from enishi.reading.addresses import absolute_link, encode_link, safe_link
from enishi.reading.manifest import apply_manifest, read_manifest
from enishi.types import Post
from made_up_sites import site_of

SITE = site_of("hexo")
POSTS = [
    Post("source/_posts/a.md", "A", "/a/", tags=("x",)),
    Post("source/_posts/日本.md", "B", "/b/", status="future"),
    Post("source/_drafts/c.md", "C", "/c/", status="draft"),
]


def applied(*entries: dict[str, Any]) -> tuple[dict[str, Post], list[tuple[str, str]]]:
    posts, problems = apply_manifest(POSTS, read_manifest(json.dumps(list(entries))), SITE)
    return {post.path: post for post in posts}, [(p.path, p.code) for p in problems]


def test_fields_override() -> None:
    posts, problems = applied(
        {
            "source": "_posts/a.md",
            "url": "https://example.org/日本/",
            "title": "T",
            "date": "2024-05-06T10:00:00Z",
            "tags": ["p", {"name": "q"}, "p"],
            "categories": [["c", "d"], "e"],
            "lang": "ja",
        }
    )
    post = posts["source/_posts/a.md"]
    assert problems == []
    assert (post.url, post.title, post.lang) == ("https://example.org/%E6%97%A5%E6%9C%AC/", "T", "ja")
    assert post.date == datetime(2024, 5, 6, 10, tzinfo=UTC)
    assert (post.tags, post.categories, post.status) == (("p", "q"), (("c", "d"), ("e",)), "published")


def test_what_the_generator_does_not_say_stays() -> None:
    posts, _ = applied({"source": "source/_posts/a.md", "url": None})
    assert posts["source/_posts/a.md"] == POSTS[0]


def test_the_generator_says_what_is_published() -> None:
    posts, _ = applied({"source": "_posts/日本.md"}, {"source": "_drafts/c.md", "published": False})
    assert {path: post.status for path, post in posts.items()} == {
        "source/_posts/a.md": "unpublished",  # not in the list
        "source/_posts/日本.md": "published",
        "source/_drafts/c.md": "draft",
    }


@pytest.mark.parametrize(
    "source",
    ["source/_posts/a.md", "_posts/a.md", "a.md", "./_posts/a.md", "/source/_posts/a.md", "source\\_posts\\a.md"],
)
def test_sources_are_found(source: str) -> None:
    assert applied({"source": source, "title": "T"})[0]["source/_posts/a.md"].title == "T"


def test_names_are_composed() -> None:
    posts = [Post("source/_posts/が.md", "A")]
    result, problems = apply_manifest(posts, read_manifest('[{"source": "_posts/か\u3099.md", "title": "T"}]'), SITE)
    assert (result[0].title, problems) == ("T", [])


@pytest.mark.parametrize("source", ["../source/_posts/a.md", "x/../../a.md", "C:\\a.md", "nowhere.md"])
def test_other_sources_are_named_and_not_used(source: str) -> None:
    posts, problems = applied({"source": source, "title": "T"})
    assert problems == [(source, "unknown-in-manifest")]
    assert all(post.title != "T" for post in posts.values())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("url", "javascript:alert(1)"),
            ("url", "//evil.example/"),
            ("url", "data:text/html,x"),
            ("url", "\\\\evil\\x"),
        ),
        *(
            ("url", 1),
            ("title", ["a"]),
            ("date", "never"),
            ("date", True),
            ("tags", "a"),
            ("published", "yes"),
            ("lang", 1),
        ),
    ],
)
def test_a_wrong_field_is_named_and_passed_over(field: str, value: Any) -> None:
    posts, problems = applied({"source": "_posts/a.md", field: value})
    assert problems == [("source/_posts/a.md", "bad-manifest-field")]
    assert posts["source/_posts/a.md"] == POSTS[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *(
            ("", "not valid JSON"),
            ("{", "not valid JSON"),
            ("1", "should be a list"),
            ('{"version": 2, "posts": []}', "version 2"),
        ),
        *(('{"posts": 1}', "should be a list"), ("[1]", "post 1 has no `source`"), ('[{"source": ""}]', "post 1")),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_manifest(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_manifest(text)


def test_forms_of_a_manifest() -> None:
    assert read_manifest('\ufeff{"version": 1, "posts": [{"source": "a"}]}') == read_manifest('[{"source": "a"}]')
    assert read_manifest("[]") == read_manifest('{"posts": []}') == []


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        *(
            ("/a b/", "/a%20b/"),
            ("a/b", "a/b"),
            ("https://example.org", "https://example.org"),
            (" /a ", "/a"),
            ("?a", "?a"),
        ),
        *(
            ("HTTPS://example.org/日", "HTTPS://example.org/%E6%97%A5"),
            ("mailto:a@b", ""),
            ("javascript:x", ""),
            ("//x", ""),
        ),
        *(
            ("/\\x", ""),
            ("http:x", ""),
            ("java\nscript:x", ""),
            ("a:b", ""),
            ("vbscript:x", ""),
            ("http:///x", ""),
        ),
    ],
)
def test_safe_addresses(url: str, safe: str) -> None:
    assert encode_link(safe_link(url)) == safe


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_no_address_runs_a_program(url: str) -> None:
    safe = encode_link(safe_link(url))
    if safe:
        assert not set(safe) & set('<>"\\ \n\t\x00')
        assert not safe.startswith("//")
        scheme, colon, _ = safe.partition(":")
        assert not colon or set(scheme) & set("/?#") or scheme.lower() in ("http", "https")


ENTRY = st.fixed_dictionaries(
    {"source": st.sampled_from(["_posts/a.md", "a.md", "x"])},
    optional={
        name: st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.lists(st.text(max_size=3), max_size=2)
        for name in ("url", "title", "date", "tags", "categories", "published", "lang")
    },
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(ENTRY, max_size=3))
def test_any_values(entries: list[dict[str, Any]]) -> None:
    posts, problems = apply_manifest(POSTS, read_manifest(json.dumps(entries)), SITE)
    assert [post.path for post in posts] == sorted(post.path for post in POSTS)
    assert problems == sorted(problems)


@pytest.mark.parametrize(
    ("url", "home", "link"),
    [
        ("/b/a post/", "https://blog.test/b", "https://blog.test/b/a%20post/"),
        ("b/a/", "https://blog.test/b", "https://blog.test/b/b/a/"),
        ("http://other.test/a/", "https://blog.test", "http://other.test/a/"),
        ("http://other.test/a/", "", "http://other.test/a/"),
        ("/a/", "", ""),
        ("/a/", "javascript:alert(1)", ""),
        ("javascript:alert(1)", "https://blog.test", ""),
        ("", "https://blog.test", ""),
    ],
)
def test_a_page_elsewhere_links_only_to_addresses_that_are_whole(url: str, home: str, link: str) -> None:
    assert absolute_link(url, home) == link
