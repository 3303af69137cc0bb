"""Addresses of posts, generator by generator.  Hexo's are compared with Hexo's own in test_hexo_referee.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.generators.base import Site
from enishi.generators.hexo_permalinks import is_decodable, slugize
from enishi.generators.post import Address
from enishi.reading.addresses import encode_address, encode_path, join_root
from made_up_sites import site_of

DATE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def site(generator: str, **settings: Any) -> Site:
    return site_of(generator, **{"post_folders": ("posts",), **settings})


def make_url(of: Site, post: Address) -> str:
    place = of.generator.address(of, post)
    return "" if place is None else join_root(of.root_path, place)


def address(
    relative: str = "a-post.md",
    *,
    slug: str = "a-post",
    title: str = "A Post",
    date: datetime | None = DATE,
    **meta: Any,
) -> Address:
    return Address(slug, title, date, (("Web Dev", "CSS"),), meta, relative, f"posts/{relative}")


def docs(**settings: Any) -> Site:
    return site("mkdocs", **{"post_folders": ("docs",), "source_dir": "docs", **settings})


def page(path: str, date: datetime | None = None) -> Address:
    return Address("a", "A Post", date, (), {}, path, f"docs/{path}")


BLOG = {"root_path": "/blog/"}
MADE: list[tuple[str, Site, Address, str]] = [
    ("hexo", site("hexo", permalink=":year/:month/:day/:title/"), address(), "/2024/05/06/a-post/"),
    ("hexo root", site("hexo", permalink=":title/", **BLOG), address(), "/blog/a-post/"),
    ("hexo, own", site("hexo", permalink=":title/"), address(permalink="/x/y z"), "/x/y%20z"),
    ("hexo, no date", site("hexo", permalink=":year/:title/"), address(date=None), ""),
    ("hexo, no date needed", site("hexo", permalink=":title/"), address(date=None), "/a-post/"),
    ("hexo, database id", site("hexo", permalink=":id/"), address(), ""),
    ("hexo, own id", site("hexo", permalink=":id/"), address(id=7), "/7/"),
    ("hexo, index", site("hexo", permalink=":title/index.html", pretty_index=False), address(), "/a-post/"),
    ("hexo, html", site("hexo", permalink=":title.html", pretty_html=False), address(), "/a-post"),
    ("jekyll", site("jekyll"), address(), "/web%20dev/css/2024/05/06/a-post.html"),
    ("jekyll pretty", site("jekyll", permalink="pretty"), address(), "/web%20dev/css/2024/05/06/a-post/"),
    ("jekyll pattern", site("jekyll", permalink="/p/:i_month/:y_day/:slug"), address(), "/p/5/127/a-post"),
    ("jekyll own", site("jekyll", **BLOG), address(permalink="/x/"), "/blog/x/"),
    ("jekyll, no date", site("jekyll"), address(date=None), ""),
    ("hugo", site("hugo", source_dir="content"), address("posts/A Post.md"), "/posts/a-post/"),
    ("hugo bundle", site("hugo"), address("posts/a-post/index.md"), "/posts/a-post/"),
    ("hugo slug", site("hugo"), address("posts/x.md", slug="own"), "/posts/x/"),
    ("hugo own slug", site("hugo"), Address("own", "", DATE, (), {"slug": "own"}, "p/x.md", "p/x.md"), "/p/own/"),
    ("hugo url", site("hugo"), address("posts/x.md", url="/own/"), "/own/"),
    ("hugo pattern", site("hugo", permalinks={"p": "/:year/:slug/"}), address("p/x.md"), "/2024/a-post/"),
    ("eleventy", site("eleventy"), address("2024-05-06-a-post.md"), "/a-post/"),
    ("eleventy folder", site("eleventy"), address("x/index.md"), "/x/"),
    ("eleventy own", site("eleventy"), address(permalink="/x/index.html"), "/x/"),
    ("eleventy program", site("eleventy"), address(permalink="/{{ page.fileSlug }}/"), "/a-post/"),
    ("pelican", site("pelican"), address(), "/a-post.html"),
    ("pelican pattern", site("pelican", permalink="{date:%Y}/{category}/{slug}/"), address(), "/2024/web-dev/a-post/"),
    ("mkdocs", docs(), page("x/a.md"), "/x/a/"),
    ("mkdocs index", docs(), page("x/index.md"), "/x/"),
    ("mkdocs html", docs(permalink=".html"), page("a.md"), "/a.html"),
    ("material", docs(post_folders=("docs/blog/posts",)), page("blog/posts/a.md", DATE), "/blog/2024/05/06/a-post/"),
    ("zenn", site("zenn"), address(), "/articles/a-post"),
    ("generic", site("generic", **BLOG), address("x/a.md", slug="a"), "/blog/x/a/"),
    ("generic own", site("generic"), address(permalink="/own"), "/own"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "of", "post", "url"), MADE, ids=[case[0] for case in MADE])
def test_addresses(name: str, of: Site, post: Address, url: str) -> None:
    assert make_url(of, post) == url


def test_encoding() -> None:
    assert encode_path("/日本 a/") == "/%E6%97%A5%E6%9C%AC%20a/"
    assert encode_path("/%E6%97%A5/") == "/%E6%97%A5/"
    assert encode_path("/a\"<>'/") == "/a%22%3C%3E'/"
    assert encode_address("https://example.org/日?a=[1]%20") == "https://example.org/%E6%97%A5?a=[1]%20"


@pytest.mark.parametrize(
    ("path", "is_one"),
    [("a", True), ("a%20b", True), ("a%E3%81%82", True), ("100%", False), ("a%E3%81", False), ("%zz", False)],
)
def test_what_hexo_can_decode(path: str, is_one: bool) -> None:
    assert is_decodable(path) is is_one


def test_slugs() -> None:
    assert slugize("Ünï Cøde & 日本: a!", case=1) == "uni-code-日本-a"
    assert slugize("「括弧」と、句読点。") == "「括弧」と、句読点。"
    assert slugize("C++", case=2) == "C"


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["hexo", "jekyll", "hugo", "eleventy", "pelican", "mkdocs", "zenn", "generic"]),
    st.text(max_size=20),
    st.text(max_size=30),
    st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    st.dictionaries(
        st.sampled_from(["permalink", "url", "slug", "id", "lang"]), st.text(max_size=20) | st.integers() | st.none()
    ),
)
def test_any_post_has_an_address_without_markup(
    generator: str, relative: str, pattern: str, date: datetime | None, meta: dict[str, Any]
) -> None:
    where = Address(relative, relative, date, ((relative,),), meta, relative, f"posts/{relative}")
    url = make_url(site(generator, permalink=pattern), where)
    assert url == "" or url.startswith("/")
    assert not url.startswith("//")
    assert not set(url) & set('<>"\\ \n\t\x00')
