"""The page of `enishi report`: what is on it, that nothing of a blog runs on it, and how it looks and works."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
from html.parser import HTMLParser
from typing import Any

import pytest

from enishi.console.report_page import page_view, render_report_page
from made_up_report import made_public, made_up_report
from places import ROOT

TEMPLATES = ROOT / "templates"
ECHARTS = TEMPLATES / "vendor" / "echarts"
SECTIONS = ["next", "map", "trends", "topics", "tags", "links", "missing"]


class Page(HTMLParser):
    """What the page holds: headings, links, what loads something, attributes that run something, and texts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.events: list[str] = []
        self.scripts: list[str] = []
        self.tables = 0
        self.text = ""
        self._in = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        values = dict(attrs)
        self.events += [name for name, _ in attrs if name.startswith("on")]
        self.loads += [f"{tag} {name}" for name in ("src", "srcset", "data", "poster", "action") if name in values]
        self.tables += tag == "table"
        if tag in ("link", "img", "iframe", "object", "embed", "base"):
            self.loads.append(tag)
        if tag == "a":
            self.links.append(values.get("href") or "")
        if tag == "h2":
            self.headings.append(values.get("id") or "")
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in != "style":
            self.text += data


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return made_up_report()


@pytest.fixture(scope="module")
def page(values: dict[str, Any]) -> bytes:
    return render_report_page(values)


def test_sections_are_those_of_the_values(values: dict[str, Any], page: bytes) -> None:
    assert Page(page).headings == SECTIONS
    public = Page(render_report_page(made_public(values)))
    assert public.headings == ["map", "trends", "topics"]
    assert not re.search(r"\.md|enishi (review|tags)|howto", public.text)


def test_what_the_plots_show_can_be_read_without_them(values: dict[str, Any], page: bytes) -> None:
    read = Page(page)
    assert read.tables >= 12
    for post in values["posts"]:
        assert post["title"] in read.text
    for level in values["missing"]["calibration"]:
        assert f"{round(100 * level['right'])}\xa0%" in read.text
    assert "enishi tags rename javascript JavaScript" in read.text


def test_the_same_values_give_the_same_bytes(page: bytes) -> None:
    assert render_report_page(made_up_report()) == page


def test_it_is_one_file_that_loads_nothing(page: bytes) -> None:
    read = Page(page)
    assert read.loads == []
    assert read.events == []
    policy = re.search(rb'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    library, own = (script for script in read.scripts if not script.startswith("{"))
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in (library, own)]
    assert policy[1].decode() == (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )
    assert library == (ECHARTS / "echarts.common.min.js").read_text("utf-8")
    assert (ECHARTS / "NOTICE").read_bytes().strip() in page
    assert (ECHARTS / "licenses" / "LICENSE-d3").read_bytes().strip() in page


def test_a_large_blog_is_below_three_megabytes() -> None:
    values = made_up_report(1_500, "ja")
    for post in values["posts"]:
        post["title"] = "関連記事を探すための埋め込みと近傍探索の入門" + post["title"]
    assert len(render_report_page(values)) < 3_000_000


def test_echarts_is_what_was_published() -> None:
    said = re.search(r"([0-9a-f]{64})  (\S+)", (ECHARTS / "README.md").read_text("utf-8"))
    assert said
    assert hashlib.sha256((ECHARTS / said[2]).read_bytes()).hexdigest() == said[1]
    assert not re.search(rb"\beval\(|new Function|</script|<!--", (ECHARTS / said[2]).read_bytes())


def test_both_languages_say_the_same_things() -> None:
    tables = tomllib.loads((TEMPLATES / "report" / "labels.toml").read_text("utf-8"))
    used = "".join((TEMPLATES / "report" / name).read_text("utf-8") for name in ("report.html.j2", "report.js"))
    used += (ROOT / "plugin" / "enishi" / "console" / "report_page.py").read_text("utf-8")
    for table in tables.values():
        for name, said in table.items():
            assert set(said) == {"en", "ja"}, name
            places = [sorted(re.findall(r"\{\w+\}", text)) for text in said.values()]
            assert places[0] == places[1], name
            dynamic = name in ("drafts", "links", "untagged", "suggestions", "topics", "tags")
            assert dynamic or re.search(rf"labels(\.{name}\b|\[\"{name}\"\])", used), f"nobody says {name}"


def test_words_are_in_the_language_of_the_blog(values: dict[str, Any]) -> None:
    japanese = Page(render_report_page({**values, "language": "ja"}))
    assert "次にやること" in japanese.text
    assert "What to do next" not in japanese.text
    french = render_report_page({**values, "language": "fr"})
    assert b'<html lang="en">' in french
    assert b'lang="fr"' in french, "its posts are in French all the same"


@pytest.mark.parametrize(
    ("home", "url", "link"),
    [
        ("https://blog.test/", "/2024/a/", "https://blog.test/2024/a/"),
        ("https://blog.test/blog", "/blog/a/", "https://blog.test/blog/a/"),
        ("", "/2024/a/", ""),
        ("", "https://other.test/a/", "https://other.test/a/"),
        ("https://blog.test/", "javascript:alert(1)", ""),
        ("https://blog.test/", "//evil.test/", ""),
        ("https://blog.test/", "java\tscript:alert(1)", ""),
        ("javascript:alert(1)//", "/2024/a/", ""),
        ("https://blog.test/", "", ""),
    ],
)
def test_only_addresses_that_lead_to_posts_become_links(values: dict[str, Any], home: str, url: str, link: str) -> None:
    view = page_view({**values, "url": home, "posts": [{**values["posts"][0], "url": url}, *values["posts"][1:]]})
    assert view["posts"][0]["link"] == link


HOSTILE = "</script></title><script>alert(1)</script>{{ 7 * 7 }}\x1b[31m\ud800<img src=x onerror=alert(1)>&\"'<!--"


def hostile(value: Any, name: str = "") -> Any:
    """The values with hostile text wherever a blog's own words stand."""
    if isinstance(value, dict):
        return {key: hostile(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, name) for inner in value]
    words = ("title", "tags", "tag", "label", "author", "kept", "command", "path", "what")
    return f"{HOSTILE} {value}" if isinstance(value, str) and name in words else value


def test_whatever_a_blog_says_is_text(values: dict[str, Any], page: bytes) -> None:
    plain, read = Page(page), Page(render_report_page(hostile(values)))
    assert len(read.scripts) == len(plain.scripts) == 3
    assert read.events == read.loads == []
    assert "49" not in re.findall(r"alert\(1\)</script>(\S+)", read.text)
    posts = json.loads(read.scripts[0])["posts"]
    assert posts[0]["title"].startswith("</script></title><script>alert(1)</script>{{ 7 * 7 }}\ufffd[31m\ufffd<img")


def test_blogs_with_little_to_say_have_a_page_too(values: dict[str, Any]) -> None:
    post = {**values["posts"][0], "year": None, "date": "", "topic": None, "tags": [], "neighbors": [], "title": ""}
    trends = {"years": [], "posts": [], "undated": 1, "since": "", "recent_posts": 0, "earlier_posts": 0}
    small = {
        **values,
        "title": "",
        "summary": dict.fromkeys(values["summary"], 0),
        "posts": [post],
        "map": {"regions": [], "trustworthiness": 1.0},
        "topics": [],
        "trends": {**trends, "topics": [], "tags": [], "rising": [], "falling": []},
        "tags": {"variants": [], "once": [], "everywhere": [], "together": []},
        "links": {"unlinked": [], "never_shown": [], "most_shown": [], "duplicates": []},
        "missing": {"suggestions": 0, "levels": [], "calibration": [], "surest": []},
        "next": [],
    }
    assert Page(render_report_page(small)).headings == [name for name in SECTIONS if name != "trends"]
    assert Page(render_report_page({**small, "posts": []})).headings
