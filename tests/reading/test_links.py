"""Which post a link means, and which it does not."""

from __future__ import annotations

import unicodedata

import pytest

from enishi.reading.links import PostFinder, resolve_links
from enishi.types import Document, Post, TextFields

A = Post("source/_posts/2024/first-steps.md", "First", url="/blog/2024/05/first-steps/", slug="first-steps")
B = Post("source/_posts/2024/second-look.md", "Second", url="/blog/2024/06/second-look/", slug="second-look")
GO = Post("source/_posts/go.md", "Go", url="/blog/2024/07/go/", slug="go")
JA = Post("source/_posts/ガイド.md", "ガイド", url="/blog/2024/08/ガイド/", slug="ガイド")
ONE = Post("source/_posts/x/same-name.md", "x", url="/x/same-name/", slug="same-name")
TWO = Post("source/_posts/y/same-name.md", "y", url="/y/same-name/", slug="same-name")
POSTS = [A, B, GO, JA, ONE, TWO]


@pytest.fixture
def finder() -> PostFinder:
    return PostFinder(POSTS, ["www.example.com"])


@pytest.mark.parametrize(
    ("link", "meant"),
    [
        pytest.param("second-look.md", B, id="a file beside it"),
        pytest.param("./second-look.md#heading", B, id="with an anchor"),
        pytest.param("../go.md", GO, id="a file above it"),
        pytest.param("../x/../go.md", GO, id="roundabout"),
        pytest.param("../../06/second-look/", B, id="relative to the page"),
        pytest.param("../../07/go/", GO, id="relative to the page, a short slug"),
        pytest.param("/blog/2024/06/second-look/", B, id="the address"),
        pytest.param("/blog/2024/06/second-look", B, id="without its slash"),
        pytest.param("/blog/2024/06/second-look/index.html", B, id="with its index.html"),
        pytest.param("/blog/2024/06/second-look.html", B, id="with a suffix"),
        pytest.param("/Blog/2024/06/Second-Look/?utm=x#y", B, id="case, query and anchor"),
        pytest.param("/2024/07/go/", GO, id="without the root's folder"),
        pytest.param("/docs/blog/2024/07/go/", GO, id="below one more folder"),
        pytest.param("https://example.com/blog/2024/07/go/", GO, id="our host"),
        pytest.param("http://WWW.Example.com:8080/blog/2024/07/go/", GO, id="our host in another way"),
        pytest.param("//example.com/blog/2024/07/go/", GO, id="without a scheme"),
        pytest.param("/source/_posts/go.md", GO, id="the path"),
        pytest.param("source/_posts/go.md", GO, id="the path, as a pin names it"),
        pytest.param("/old/place/second-look/", B, id="the slug of an old address"),
        pytest.param("2024-06-01-second-look", B, id="a file name with its date"),
        pytest.param("second-look", B, id="a slug"),
        pytest.param("go", GO, id="a short slug"),
        pytest.param("/blog/2024/08/%E3%82%AC%E3%82%A4%E3%83%89/", JA, id="encoded"),
        pytest.param("ガイド", JA, id="not encoded"),
        pytest.param(unicodedata.normalize("NFD", "/blog/2024/08/ガイド/"), JA, id="decomposed, as macOS writes it"),
        pytest.param("/x/same-name/", ONE, id="an ambiguous slug at its address"),
        pytest.param(" /blog/2024/07/go/ ", GO, id="blanks around it"),
    ],
)
def test_a_link_means_a_post(finder: PostFinder, link: str, meant: Post) -> None:
    assert finder.find(link, A.path) == meant.path


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://elsewhere.org/blog/2024/07/go/", id="a foreign host"),
        pytest.param("https://example.com.evil.org/second-look/", id="a host that begins like ours"),
        pytest.param("https://elsewhere.org/second-look/", id="our slug at a foreign host"),
        pytest.param("same-name", id="an ambiguous slug"),
        pytest.param("/z/same-name/", id="an ambiguous slug elsewhere"),
        pytest.param("/anywhere/go/", id="a short slug elsewhere"),
        pytest.param("/tags/second-look/", id="a tag of the same name"),
        pytest.param("/categories/second-look/index.html", id="a category of the same name"),
        pytest.param("/", id="the home page"),
        pytest.param("https://example.com", id="our host alone"),
        pytest.param("", id="nothing"),
        pytest.param("#second-look", id="an anchor"),
        pytest.param("?p=1", id="a query"),
        pytest.param("mailto:second-look@example.com", id="mail"),
        pytest.param("javascript:go", id="a script"),
        pytest.param("C:\\posts\\go.md", id="a drive"),
        pytest.param("http://[::1/second-look/", id="no address at all"),
        pytest.param("/images/second-look.png", id="a picture"),
        pytest.param("../../../../../../etc/passwd", id="outside"),
        pytest.param("unknown-post.md", id="unknown"),
    ],
)
def test_a_link_means_no_post(finder: PostFinder, link: str) -> None:
    assert finder.find(link, A.path) is None


def test_without_a_source_there_is_nothing_to_be_relative_to(finder: PostFinder) -> None:
    assert finder.find("../go.md") is None
    assert finder.find("go") == GO.path


def test_a_post_without_an_address_is_found_by_its_path_and_slug() -> None:
    finder = PostFinder([Post("posts/a/index.md", "A"), Post("posts/long-name/index.md", "B")])
    assert finder.find("/posts/long-name/") == "posts/long-name/index.md"
    assert finder.find("a/index.md", "posts/x.md") == "posts/a/index.md"


def document(post: Post, *links: str) -> Document:
    return Document(post, TextFields(links=links), {}, {})


def test_resolved_links_name_each_other_post_once_in_order() -> None:
    documents = [document(A, "go", "second-look.md", "/blog/2024/07/go/", "first-steps.md", "#x", "nowhere")]
    documents += [document(post) for post in (B, GO)]
    assert resolve_links(documents) == {A.path: (GO.path, B.path)}


def test_the_own_host_is_the_one_whose_links_lead_to_posts() -> None:
    ours = [f"https://blog.example.net/old/{slug}/" for slug in ("first-steps", "second-look", "guide-three")]
    third = Post("source/_posts/guide-three.md", "3", url="/blog/guide-three/", slug="guide-three")
    foreign = ["https://mirror.org/second-look/", *(f"https://mirror.org/{number}/" for number in range(20))]
    documents = [document(A, *ours, *foreign), document(B), document(third)]
    assert resolve_links(documents) == {A.path: (B.path, third.path)}
    assert resolve_links(documents, ["example.org"]) == {}, "a host that the settings name is believed"
    few = [document(A, *ours[:2]), document(B), document(third)]
    assert resolve_links(few) == {}, "two links may be chance"


def test_order_of_posts_does_not_matter() -> None:
    documents = [document(A, "go", "same-name", "/y/same-name/"), *(document(post) for post in POSTS[1:])]
    assert resolve_links(documents) == resolve_links(documents[::-1]) == {A.path: (GO.path, TWO.path)}
