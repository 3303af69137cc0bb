"""What generators make of front matter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from enishi.errors import Diagnostic, Severity
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.source import HEXO_DIALECT, TOLERANT_DIALECT, read_source
from enishi.types import Post
from made_up_sites import site_of

NOW = datetime(2024, 6, 1, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def read(
    *lines: str, path: str = "", generator: str = "generic", body: str = "body", **settings: Any
) -> tuple[Post, list[Diagnostic]]:
    text = "\n".join(["---", *lines, "---", body, ""])
    site = site_of(generator, **settings)
    path = path or ("source/_posts/a.md" if generator == "hexo" else "posts/a.md")
    return site.make_post(path, read_source(text.encode(), site.generator.dialect), NOW)


def post(*lines: str, **options: Any) -> Post:
    return read(*lines, **options)[0]


def codes(*lines: str, **options: Any) -> list[str]:
    return [d.code for d in read(*lines, **options)[1]]


# --- tags and categories, outside Hexo ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "tags"),
    [
        (["tags: [a, b, a]"], ("a", "b")),
        (["tags: a, b"], ("a", "b")),
        (["tags: a，b"], ("a", "b")),
        (["tags: one tag"], ("one tag",)),
        (["tags:", "- a", "- [b, [c]]", "-", "- ''"], ("a", "b", "c")),
        (["tags: [2024, 3.10, true, 2024-01-02, ~]"], ("2024", "3.1", "true", "2024-01-02")),
        (["tags: 7"], ("7",)),
        (["tags:"], ()),
        (["tags: []"], ()),
        (["tag: a"], ("a",)),
        (["tag: a", "tags: [b]"], ("b", "a")),
        (["tag: a", "tags: []"], ("a",)),
        (["Tags: a"], ("a",)),
        (["tags: [{name: a}, {b: c}]"], ("a", "b: c")),
        (["topics: [a]"], ("a",)),
        (["topics: [a]", "tags: [b]"], ("b",)),
        (["taxonomies: {tags: [a]}"], ("a",)),
        (["tags: ['  a   b ']"], ("a b",)),
        (["tags: {a: 1}"], ("a: 1",)),
    ],
)
def test_tags(lines: list[str], tags: tuple[str, ...]) -> None:
    assert post(*lines).tags == tags


def test_tags_by_generator() -> None:
    assert post("tags: ml python", generator="jekyll").tags == ("ml", "python")
    assert post("tags: machine learning, python", generator="jekyll").tags == ("machine learning", "python")
    assert post("topics: [a]", "tags: [b]", generator="zenn").tags == ("b", "a")
    # Hexo to the letter
    assert post("tags: a, b", generator="hexo").tags == ("a, b",)
    assert codes("tags: a, b", generator="hexo") == ["comma-in-tag"]
    assert post("tag: a", "tags: []", generator="hexo").tags == ()
    assert codes("tag: a", "tags: []", generator="hexo") == ["hidden-tags"]
    assert post("tags: 2024-01-02", generator="hexo").tags[0].startswith("Tue Jan 02 2024 00:00:00")


@pytest.mark.parametrize(
    ("lines", "chains", "in_hexo"),
    [
        (["categories: a"], (("a",),), (("a",),)),
        (["categories: [a, b]"], (("a",), ("b",)), (("a", "b"),)),
        (["categories: [[a, b], [c]]"], (("a", "b"), ("c",)), (("a", "b"), ("c",))),
        (["categories: [[a, b], c]"], (("a", "b"), ("c",)), (("a", "b"), ("c",))),
        (["categories: a, b"], (("a",), ("b",)), (("a, b",),)),
        (["category: a"], (("a",),), (("a",),)),
        (["category: a", "categories: b"], (("b",), ("a",)), (("b",),)),
        (["categories:"], (), ()),
        (["categories: [~, '', a]"], (("a",),), (("a",),)),
        (["categories: 2024"], (("2024",),), (("2024",),)),
    ],
)
def test_categories(lines: list[str], chains: Any, in_hexo: Any) -> None:
    assert post(*lines).categories == chains
    assert post(*lines, generator="hexo").categories == in_hexo


# --- title, date, description ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "title", "in_hexo"),
    [
        ("title: a", "a", "a"),
        ("title: 1.50", "1.5", "1.5"),
        ("title: 2024-01-02", "2024-01-02", "Tue Jan 02 2024 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        ("title: [a, b]", "a, b", "a,b"),
        ("title: ' a  b '", "a b", " a  b "),
        ("title:", "", ""),
        ("x: y", "", ""),
        ("Title: a", "a", ""),
    ],
)
def test_title(line: str, title: str, in_hexo: str) -> None:
    assert post(line).title == title
    assert post(line, generator="hexo").title == in_hexo


def test_dates_and_their_place() -> None:
    day = datetime(2022, 6, 13, tzinfo=TOKYO)
    assert post("date: 2022/06/13 00:00:00", timezone=TOKYO).date == day
    assert post("date: 2022/06/13 00:00:00", generator="hexo", timezone=TOKYO).date == day
    assert post("pubDate: 2022-06-13", timezone=TOKYO).date == day
    assert post("published_at: 2022-06-13", timezone=TOKYO).date == day
    assert post("x: y", path="posts/2022-06-13-a.md", timezone=TOKYO).date == day
    assert post("x: y", path="posts/2022/06/13/a/index.md", timezone=TOKYO).date == day
    assert post("date: 2022-06-13", path="posts/2001-01-01-a.md", timezone=TOKYO).date == day
    assert post("x: y").date is None
    # Hexo takes the file's name only by its own pattern
    assert post("x: y", path="source/_posts/2022-06-13-a.md", generator="hexo").date is None
    named = post(
        "x: y", path="source/_posts/2022-06-13-a.md", generator="hexo", new_post_name=":year-:month-:day-:title.md"
    )
    assert (named.date, named.slug) == (datetime(2022, 6, 13, tzinfo=UTC), "a")


@pytest.mark.parametrize(
    ("line", "generator", "words"),
    [
        ("date: never", "generic", "is no date"),
        ("date: 2024-02-31", "generic", "is no date"),
        ("date: 2024-05-06T24:48:00Z", "generic", "impossible time"),
        ("date: never", "hexo", "the file's own time"),
    ],
)
def test_bad_dates_are_named(line: str, generator: str, words: str) -> None:
    _, diagnostics = read("title: a", line, generator=generator)
    assert [(d.line, d.code, d.severity) for d in diagnostics] == [(3, "bad-date", Severity.WARNING)]
    assert words in diagnostics[0].message


def test_description_series_and_language() -> None:
    full = post("lede: ' a '", "description: b", "excerpt: c", "series: [s, t]", "lang: ja")
    assert (full.description, full.series, full.lang) == ("a", "s", "ja")
    assert post("lede:", "description: b").description == "b"
    assert post("excerpt: c", "summary: d").description == "c"
    assert post("description: [x]").description == ""
    assert post("series: {name: s}").series == "s"
    assert post("x: y", language="fr").lang == "fr"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("posts/a.ja.md", "posts/a.en.md"),
            ("posts/en/a.md", "posts/ja/a.md"),
            ("posts/a/index.fr.md", "posts/a/index.md"),
        ),
        *(("posts/a_en.md", "posts/a.md"), ("posts/zh-TW/x/a.md", "posts/x/a.md")),
    ],
)
def test_translations_share_a_key(one: str, other: str) -> None:
    first, second = post("x: y", path=one), post("x: y", path=other)
    assert first.translation_key == second.translation_key != ""
    assert first.lang != second.lang


def test_translations_by_their_own_key() -> None:
    assert (
        post("ref: x", path="posts/a.md").translation_key
        == post("translationKey: x", path="posts/b.md").translation_key
    )
    assert post("x: y", path="posts/a.md").translation_key != post("x: y", path="posts/b.md").translation_key
    # a folder may be called it, cs or id without being a language
    assert post("x: y", path="posts/it/a.md").lang == ""


# --- status ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "path", "status"),
    [
        ([], "", "published"),
        (["draft: true"], "", "draft"),
        (["draft: yes"], "", "draft"),
        (["draft: false"], "", "published"),
        (["published: false"], "", "unpublished"),
        (["published: no"], "", "unpublished"),
        (["published: 2024-01-02"], "", "published"),
        (["status: draft"], "", "draft"),
        (["status: hidden"], "", "unpublished"),
        ([], "posts/_drafts/a.md", "draft"),
        (["date: 2999-01-01"], "", "future"),
        (["date: 2024-05-31"], "", "published"),
    ],
)
def test_status(lines: list[str], path: str, status: str) -> None:
    assert post("title: a", *lines, path=path, future=False).status == status


def test_status_in_hexo() -> None:
    def status(*lines: str, **options: Any) -> str:
        return post("title: a", *lines, generator="hexo", **options).status

    assert status("published: false") == "unpublished"
    assert status("published: no") == "published"  # a text to YAML 1.2
    assert status("published:") == "published"
    assert status(path="source/_drafts/a.md") == "draft"
    assert status("published: true", path="source/_drafts/a.md") == "draft"
    assert status("date: 2999-01-01") == "published"
    assert status("date: 2999-01-01", future=False) == "future"
    assert status("draft: true") == "published"
    assert codes("draft: true", generator="hexo") == ["draft-is-published"]


@pytest.mark.parametrize(
    ("line", "code"),
    [("permalink: 100%", "percent-in-path")],
)
def test_hexo_loses_a_post_over_a_value(line: str, code: str) -> None:
    lost, diagnostics = read("title: a", "tags: [x]", line, generator="hexo", permalink=":title/")
    assert (lost.status, lost.title, lost.tags) == ("unpublished", "a", ("x",))
    assert [(d.line, d.code, d.severity) for d in diagnostics] == [(4, code, Severity.ERROR)]


def test_the_block_of_our_own() -> None:
    full = post("enishi:", "  pin: [a.md, ' /b/ ', a.md]", "  exclude: c", "  related: false")
    assert (full.pinned, full.excluded, full.wants_related) == (("a.md", "/b/"), ("c",), False)
    assert post("enishi: false").wants_related is False
    assert post("enishi:").wants_related is True
    for wrong in ("enishi: x", "enishi: {pins: [a]}", "enishi: {pin: [1]}", "enishi: {related: maybe}"):
        assert codes(wrong) == ["bad-enishi-block"], wrong


def test_slugs() -> None:
    assert post("x: y", path="posts/2024-05-06-a-b.md").slug == "a-b"
    assert post("x: y", path="posts/a-b/index.md").slug == "a-b"
    assert post("slug: own").slug == "own"
    assert post("x: y", path="source/_posts/x/a b.md", generator="hexo").slug == "x/a b"


# --- bytes ----------------------------------------------------------------------------------------------------------


def test_bytes_that_are_not_utf8() -> None:
    text = "---\ntitle: 日本\n---\n本文\n"
    for dialect in (TOLERANT_DIALECT, HEXO_DIALECT):
        wide = read_source(text.encode("utf-16"), dialect)
        assert (wide.meta, [p.code for p in wide.problems]) == ({}, ["not-utf8"])
    latin = read_source(b"---\ntitle: a\nx: caf\xe9\n---\n", TOLERANT_DIALECT)
    assert latin.meta["title"] == "a"
    assert [(p.line, p.code) for p in latin.problems] == [(3, "not-utf8")]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), st.booleans())
def test_any_bytes_make_a_post(data: bytes, hexo: bool) -> None:
    source = read_source(data, HEXO_DIALECT if hexo else TOLERANT_DIALECT)
    site = site_of("hexo" if hexo else "generic", permalink=":year/:title/")
    made, diagnostics = site.make_post(f"{site.post_folders[0]}/a.md", source, NOW)
    assert made.path.endswith("a.md")
    assert diagnostics == sorted(diagnostics)
    codec = TypeAdapter(FrontMatter)  # as in a record of the cache
    assert codec.validate_python(json.loads(json.dumps(codec.dump_python(source)))) == source


META = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "title",
        "date",
        "tags",
        "tag",
        "categories",
        "category",
        "lang",
        "series",
        "slug",
        "permalink",
        "published",
        "draft",
        "status",
        "enishi",
        "description",
        "topics",
        "taxonomies",
        "url",
        "ref",
        "_id",
        "layout",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(KEYS, META, max_size=6), st.sampled_from(["hexo", "jekyll", "hugo", "pelican", "zenn", "generic"])
)
def test_any_values_make_a_post(meta: dict[str, Any], generator: str) -> None:
    text = f"---\n{json.dumps(meta)}\n---\n"
    site = site_of(generator, permalink=":title/:slug/:lang")
    made, _ = site.make_post(f"{site.post_folders[0]}/a.md", read_source(text.encode(), site.generator.dialect), NOW)
    assert all(isinstance(tag, str) and tag for tag in made.tags)
    assert all(chain and all(isinstance(name, str) for name in chain) for chain in made.categories)
    assert isinstance(made.title, str)
