"""The page of `enishi report`: what is on it, that nothing of a blog runs on it, and how it looks and works."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import combinations
from math import cbrt, dist
from operator import mul
from pathlib import Path
from typing import Any

import pytest

from browser import CHROMIUM, Browser, accessibility_problems, browser
from enishi.commands.report.run import report
from enishi.console.report_page import page_view, render_report_page
from enishi.state import Request
from made_up_report import made_public, made_up_report
from places import DOCS, EXAMPLE, ROOT

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


def test_the_surest_say_why_they_are_missing_and_what_speaks_against_them(values: dict[str, Any]) -> None:
    english, japanese = (Page(render_report_page({**values, "language": language})).text for language in ("en", "ja"))
    for clause in (
        "9 of the 11 other posts with #guide carry it.",
        "Against it: of the 14 other posts with #essay, 0 carry it; by their texts, about 6 would.",
        "It came up in 2019; this post is of 2016.",
        "Against it: it was last used in 2019-02; this post is of 2019-05.",
    ):
        assert clause in english
    assert "使われ始めたのは2019年で、この記事は2016年のものです。" in japanese
    assert "付いているのは0件です（本文からは6件ほどと見込まれます）" in japanese


def test_blogs_with_little_to_say_have_a_page_too(values: dict[str, Any]) -> None:
    post = {**values["posts"][0], "year": None, "date": "", "topic": None, "tags": [], "neighbors": [], "title": ""}
    trends = {"years": [], "posts": [], "undated": 1, "since": "", "recent_posts": 0, "earlier_posts": 0}
    small = {
        **values,
        "title": "",
        "summary": dict.fromkeys(values["summary"], 0),
        "posts": [post],
        "map": {"regions": [], "trustworthiness": 1.0, "pca": 1.0},
        "topics": [],
        "trends": {**trends, "topics": [], "tags": [], "rising": [], "falling": []},
        "tags": {"variants": [], "once": [], "everywhere": [], "together": []},
        "links": {"unlinked": [], "never_shown": [], "most_shown": [], "duplicates": []},
        "missing": {"suggestions": 0, "levels": [], "calibration": [], "surest": []},
        "next": [],
    }
    assert Page(render_report_page(small)).headings == [name for name in SECTIONS if name != "trends"]
    assert Page(render_report_page({**small, "posts": []})).headings


SIGHT = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
"""What eyes make of linear RGB (Machado, Oliveira & Fernandes 2009)."""


def seen(color: str, sight: str) -> tuple[float, float, float]:
    """The colour as CIELAB, by D65."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    red, green, blue = (sum(map(mul, row, linear)) for row in SIGHT[sight])
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (cbrt(value) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_of_one_shape_can_be_told_apart(sight: str, dark: bool) -> None:
    styles = (TEMPLATES / "report" / "report.css").read_text("utf-8").split("@media")[dark]
    colors = [re.findall(rf"--c{rank}: (#\w+);", styles)[0] for rank in range(1, 9)]
    colors = [color if len(color) == 7 else "#" + "".join(2 * digit for digit in color[1:]) for color in colors]
    rest = re.findall(r"--rest: (#\w+);", styles)[0]
    script = (TEMPLATES / "report" / "report.js").read_text("utf-8")
    shapes = re.findall(r'"(\w+)"', re.findall(r"const SYMBOLS = \[(.+?)\]", script)[0])
    assert len(shapes) == len(colors) == 8
    marks = [*zip(shapes, colors, strict=True), ("circle", rest)]
    for (shape, one), (other_shape, other) in combinations(marks, 2):
        if shape == other_shape:
            assert dist(seen(one, sight), seen(other, sight)) > 25, f"{shape}: {one} and {other}"
    ground = 7 if dark else 100
    assert all(abs(seen(color, "all")[0] - ground) > 35 for color in colors)


# -- in a browser ----------------------------------------------------------------------------------------------------

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
PLOT = "echarts.getInstanceByDom(document.querySelector('{}'))"
MAP = PLOT.format("#sheet")
DOTS = f"{MAP}.getOption().series.find((one) => one.id === 'posts').data"
VIEW = f"{MAP}.getOption().dataZoom.map((one) => [one.start, one.end])"
CARD = "document.querySelector('#card h4')?.textContent ?? ''"
FOUND = "[...document.querySelectorAll('#found button')].map((one) => one.firstChild.textContent)"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def file(page: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report") / "report.html"
    place.write_bytes(page)
    return place


def choose(shown: Browser, selector: str, value: str) -> None:
    """Choose from a list, as people do."""
    shown.evaluate(
        f"(list => {{ list.value = {json.dumps(value)}; list.dispatchEvent(new Event('change')); }})"
        f"(document.querySelector('{selector}'))"
    )


def wait(shown: Browser, milliseconds: int) -> None:
    """For what a page does a moment later."""
    shown.evaluate(f"new Promise((done) => setTimeout(done, {milliseconds}))")


def search(shown: Browser, text: str) -> list[str]:
    """Write into the search and wait until it has answered; the titles that it lists."""
    shown.evaluate("document.querySelector('#search').focus(); document.querySelector('#search').select()")
    shown.write(text)
    wait(shown, 300)
    titles: list[str] = shown.evaluate(FOUND)
    return titles


def tab_to(shown: Browser, selector: str) -> None:
    """Go there with the Tab key."""
    for _ in range(80):
        if shown.evaluate(f"document.activeElement.matches({json.dumps(selector)})"):
            return
        shown.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def place_of(shown: Browser, ref: int) -> tuple[float, float]:
    """Where a post is in the window."""
    shown.evaluate("document.querySelector('#sheet').scrollIntoView({block: 'center'})")
    x, y = shown.evaluate(
        "(() => { const box = document.querySelector('#sheet').getBoundingClientRect();"
        f"const post = JSON.parse(document.querySelector('#report-data').textContent).posts[{ref}];"
        f"const [x, y] = {MAP}.convertToPixel({{ gridIndex: 0 }}, [post.x, post.y]);"
        "return [box.left + x, box.top + y]; })()"
    )
    return x, y


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_can_be_read_by_anybody_on_any_screen(
    chromium: Browser, values: dict[str, Any], tmp_path: Path, language: str, dark: bool
) -> None:
    long = {**values["posts"][0], "title": "an_identifier_without_any_place_to_break_it_" * 4, "tags": ["x" * 90]}
    place = tmp_path / "report.html"
    place.write_bytes(render_report_page({**values, "language": language, "posts": [long, *values["posts"][1:]]}))
    for width in (390, 1400):
        assert chromium.open(place.as_uri(), width=width, dark=dark) == []
        assert chromium.requests() == [place.as_uri()]
        assert chromium.evaluate("document.documentElement.scrollWidth") <= width, "something sticks out"
        chromium.evaluate("document.querySelector('#found button').click()")
        assert accessibility_problems(chromium) == []
        chromium.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert chromium.evaluate("document.documentElement.scrollWidth") <= width, "something sticks out"
        small = "[...document.querySelectorAll('button, select, input')].filter((one) => one.getClientRects().length)"
        small += ".filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.outerHTML)"
        assert chromium.evaluate(small) == [], "too small to be hit"
    assert accessibility_problems(chromium) == []
    assert chromium.complaints() == []


@needs_chromium
def test_the_keyboard_alone_leads_from_the_search_to_a_post_and_its_card(chromium: Browser, file: Path) -> None:
    chromium.open(file.as_uri())
    tab_to(chromium, "#search")
    chromium.write("databases")
    wait(chromium, 300)
    tab_to(chromium, "#found button")
    title = chromium.evaluate("document.activeElement.firstChild.textContent")
    assert "Databases" in title
    drawn = f"{MAP}.getZr().storage.getDisplayList(true).filter((one) => one.zlevel === 1)"
    lit = f"{drawn}.filter((one) => one.type === 'circle').length"
    assert chromium.evaluate(lit) == 6, "the dot and its neighbours"
    chromium.press("Enter")
    assert chromium.evaluate("document.activeElement.matches('#card h4')")
    assert chromium.evaluate(CARD) == title
    tab_to(chromium, "#card a")
    assert chromium.evaluate("document.activeElement.href").startswith("https://blog.test/20")
    tab_to(chromium, "#card .posts button")
    chromium.press("Enter")
    assert chromium.evaluate(CARD) != title
    chromium.press("Escape")
    assert chromium.evaluate("document.querySelectorAll('#card .close').length") == 0, "it is kept no longer"
    assert chromium.evaluate("document.activeElement.matches('#found button, #search')")


@needs_chromium
def test_search_finds_highlights_and_centres(chromium: Browser, values: dict[str, Any], file: Path) -> None:
    chromium.open(file.as_uri())
    wanted = [post["title"] for post in values["posts"] if "Hexo" in post["tags"] and "t7" in post["tags"]]
    assert wanted
    assert sorted(search(chromium, "ＨＥＸＯ　t7")) == sorted(wanted)
    assert chromium.evaluate("document.querySelector('#found-count').textContent") == f"Posts found: {len(wanted)}"
    lit = f"{DOTS}.filter((one) => one.itemStyle.opacity > 0.5).length"
    assert chromium.evaluate(lit) == len(wanted)
    assert chromium.evaluate(VIEW) != [[0, 100], [0, 100]]
    assert search(chromium, "nothing at all") == []
    assert "No post" in chromium.evaluate("document.querySelector('#found-count').textContent")
    search(chromium, " ")
    assert chromium.evaluate(lit) == len(values["posts"])
    assert chromium.evaluate(VIEW) == [[0, 100], [0, 100]]


@needs_chromium
def test_zoom_by_buttons_keys_and_wheel(chromium: Browser, file: Path) -> None:
    chromium.open(file.as_uri())
    whole = chromium.evaluate(VIEW)
    x, y = place_of(chromium, 0)
    chromium.mouse("mouseWheel", x, y, deltaX=0, deltaY=-120)
    wait(chromium, 200)
    assert chromium.evaluate(VIEW) == whole, "until it is chosen, the wheel scrolls the page"
    chromium.evaluate("document.querySelector('[data-zoom=\"+\"]').click()")
    near = chromium.evaluate(VIEW)
    assert [round(end - start) for start, end in near] == [70, 70]
    chromium.evaluate("document.querySelector('#sheet').focus()")
    chromium.press("+")
    nearer = chromium.evaluate(VIEW)
    assert nearer[0][1] - nearer[0][0] < near[0][1] - near[0][0]
    chromium.press("ArrowRight")
    assert chromium.evaluate(VIEW)[0][0] > nearer[0][0]
    chromium.press("0")
    assert chromium.evaluate(VIEW) == whole
    x, y = place_of(chromium, 0)
    chromium.mouse("mouseWheel", x, y, deltaX=0, deltaY=-120)
    wait(chromium, 200)
    assert chromium.evaluate(VIEW) != whole
    assert chromium.complaints() == []


@needs_chromium
def test_a_dot_shows_its_post_keeps_its_card_and_opens_it(
    chromium: Browser, values: dict[str, Any], file: Path
) -> None:
    chromium.open(file.as_uri())
    chromium.evaluate("window.opened = []; window.open = (...given) => { opened.push(given); }; 0")
    x, y = place_of(chromium, 3)
    chromium.mouse("mouseMoved", x, y)
    assert chromium.evaluate("document.querySelector('#tip').textContent") == values["posts"][3]["title"]
    assert chromium.evaluate(CARD) == values["posts"][3]["title"]
    chromium.mouse("mouseMoved", 2, 2)
    assert chromium.evaluate(CARD) == ""
    chromium.click(x, y)
    chromium.mouse("mouseMoved", 2, 2)
    assert chromium.evaluate(CARD) == values["posts"][3]["title"]
    assert chromium.evaluate("opened") == []
    chromium.click(x, y)
    assert chromium.evaluate("opened")[0][0] == "https://blog.test" + values["posts"][3]["url"]


@needs_chromium
def test_colours_follow_the_choice_and_the_scheme(chromium: Browser, values: dict[str, Any], file: Path) -> None:
    chromium.open(file.as_uri())
    colors = f"[...new Set({DOTS}.map((one) => one.itemStyle.color))]"
    by_topic = chromium.evaluate(colors)
    assert len(by_topic) == 9, "eight topics, and grey"
    choose(chromium, "#color-by", "year")
    years = chromium.evaluate(colors)
    assert len(years) == len({post["year"] for post in values["posts"]})
    choose(chromium, "#color-by", "author")
    assert len(chromium.evaluate(colors)) == 3
    choose(chromium, "#color-by", "tag")
    choose(chromium, "#which-tag", "t7")
    assert len(chromium.evaluate(colors)) == 2
    assert "t7 4" in chromium.evaluate("document.querySelector('#legend').textContent")
    chromium.evaluate("document.querySelector('#legend button').click()")
    assert len(chromium.evaluate(FOUND)) == 4
    bars = f"{PLOT.format('#per-year')}.getOption().series[0].color"
    light = chromium.evaluate(bars), chromium.evaluate(colors)
    chromium.set_dark(True)
    wait(chromium, 200)
    assert chromium.evaluate(bars) != light[0]
    assert chromium.evaluate(colors) != light[1]
    assert chromium.complaints() == []


@needs_chromium
def test_trends_show_what_is_chosen(chromium: Browser, file: Path) -> None:
    chromium.open(file.as_uri())
    lines = f"{PLOT.format('[data-trend=tags] .plot')}.getOption().series.map((one) => one.name)"
    assert len(chromium.evaluate(lines)) == 5
    chromium.evaluate("document.querySelectorAll('[data-trend=tags] button')[9].click()")
    assert len(chromium.evaluate(lines)) == 6
    chromium.evaluate("document.querySelectorAll('[data-trend=tags] button')[0].click()")
    assert len(chromium.evaluate(lines)) == 5
    choose(chromium, "[data-trend=tags] select", "share")
    data = chromium.evaluate(f"{PLOT.format('[data-trend=tags] .plot')}.getOption().series[0].data")
    assert all(0 <= share <= 1 for share in data)


@needs_chromium
def test_without_scripts_there_are_tables(chromium: Browser, file: Path) -> None:
    chromium.set_scripts(False)
    try:
        assert chromium.open(file.as_uri()) == []
        chromium.screenshot(file.parent / "without.png")
    finally:
        chromium.set_scripts(True)
    hidden = "[...document.querySelectorAll('#map-plot, [data-trend], [data-copy]')].every((one) => one.hidden)"
    chromium.set_scripts(True)
    assert chromium.evaluate(hidden), "what needs the script is not shown"
    assert chromium.evaluate("document.querySelectorAll('table').length") >= 12
    assert chromium.evaluate("document.querySelectorAll('canvas').length") == 0


@needs_chromium
def test_nothing_of_a_blog_runs(chromium: Browser, values: dict[str, Any], tmp_path: Path) -> None:
    place = tmp_path / "report.html"
    place.write_bytes(render_report_page(hostile(values)))
    assert chromium.open(place.as_uri()) == []
    chromium.evaluate("window.alert = () => { throw new Error('ran'); }; 0")
    for choice in ("tag", "author", "year", "topic"):
        choose(chromium, "#color-by", choice)
    chromium.evaluate("document.querySelector('#found button').click()")
    for plot in ("#per-year", "[data-trend=topics] .plot", "#levels", "#calibration"):
        series = 2 if plot == "#calibration" else 0
        show = f"{{ type: 'showTip', seriesIndex: {series}, dataIndex: 0 }}"
        chromium.evaluate(f"{PLOT.format(plot)}.dispatchAction({show})")
    assert chromium.evaluate("document.querySelectorAll('img, [onerror]').length") == 0
    assert "alert(1)" in chromium.evaluate(CARD)
    assert chromium.complaints() == []
    assert chromium.requests() == [place.as_uri()]


@needs_chromium
@pytest.mark.parametrize(("picture", "width", "dark"), [("report", 1400, False), ("report-narrow", 390, True)])
def test_picture(chromium: Browser, tmp_path: Path, picture: str, width: int, dark: bool) -> None:
    """Those of docs/report.md: the map of the example, with one of its posts chosen."""
    ours = shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi")
    shutil.copytree(EXAMPLE, tmp_path / "site", ignore=ours)
    made = report(Request(tmp_path / "site", now=datetime(2026, 6, 1, tzinfo=UTC)))
    place = tmp_path / "report.html"
    place.write_bytes(render_report_page(made.values))
    assert chromium.open(place.as_uri(), width=width, dark=dark) == []
    choose(chromium, "#color-by", "topic")
    listed = search(chromium, "wal")
    assert listed
    chromium.evaluate("document.querySelector('#found button').click()")
    assert chromium.evaluate(CARD) == listed[0]
    search(chromium, " ")
    chromium.evaluate("document.activeElement.blur()")
    folder = DOCS / "images" if os.environ.get("ENISHI_SCREENSHOTS") else tmp_path
    chromium.screenshot(folder / f"{picture}.png", selector="#map-plot", margin=8)
    assert 20_000 < (folder / f"{picture}.png").stat().st_size < 200_000
