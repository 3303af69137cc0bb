"""The page on which people judge pairs blind: what it says and does not say, how it looks, and what it saves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from blog import document, files_below, topic_posts, write_blog
from browser import CHROMIUM, Browser, browser
from enishi import cli
from enishi.commands.compare.judging import Question, make_question, read_verdicts
from enishi.commands.compare.run import ComparedBlog, CompareOptions, compare_encoders
from enishi.console.judging_page import MORE_TEXT, page_view, render_judging_page
from enishi.console.page import write_page
from enishi.pipeline import Run
from enishi.state import Request
from enishi.types import Document
from made_up_encoders import noise, use

HOSTILE = "</script></title><script>alert(1)</script>{{ 7 * 7 }}\x1b[31m\u202e&\"'<b onclick=alert(1)>"
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blog(tmp_path_factory.mktemp("judging") / "blog", topic_posts(6))


@pytest.fixture
def found(blog: Path, monkeypatch: pytest.MonkeyPatch) -> ComparedBlog:
    use(monkeypatch, secretmodel=noise)
    return compare_encoders(Request(blog), CompareOptions(("site", "secretmodel")))


def with_posts(found: ComparedBlog, *documents: Document, language: str = "") -> ComparedBlog:
    """The same blog with these posts: the first, and pairs of the others."""
    first, *others = (one.post.path for one in documents)
    pairs = [make_question(first, one, others[place - 1]) for place, one in enumerate(others[1:], 1)]
    blog = replace(found.blog, site=replace(found.blog.site, language=language))
    return replace(found, blog=blog, documents=documents, open_questions=tuple(pairs))


class Elements(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.names[-1:] == ["script"] and self.scripts[-1] == "":
            self.scripts[-1] = data
        else:
            self.text += data


# -- what it says ----------------------------------------------------------------------------------------------------


def test_the_page_does_not_say_whose_a_post_is(found: ComparedBlog) -> None:
    page = render_judging_page(found, 100).decode("utf-8")
    assert page.count('class="pair"') == len(found.open_questions) > 10
    assert not re.search(
        r"secretmodel|\bsite\b|\d\.\d\d|nDCG|cosine|score", re.sub(r"(?s)<style>.*?</style>", "", page)
    )
    swapped = replace(found, figures=replace(found.figures, encoders=found.figures.encoders[::-1]))
    assert render_judging_page(swapped, 100).decode("utf-8") == page


def test_the_other_order_of_encoders_makes_the_same_page(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, secretmodel=noise)
    pages = {
        render_judging_page(compare_encoders(Request(blog), CompareOptions(names)), 30)
        for names in (("site", "secretmodel"), ("secretmodel", "site"))
    }
    assert len(pages) == 1


def test_only_so_many_pairs_are_asked(found: ComparedBlog) -> None:
    assert render_judging_page(found, 7).count(b'class="pair"') == 7
    assert b"Pair 7 of 7" in render_judging_page(found, 7)
    nothing = render_judging_page(replace(found, open_questions=()), 7)
    assert b"There is nothing to judge" in nothing
    assert b"<button" not in nothing


def test_the_page_stands_alone(found: ComparedBlog) -> None:
    page = render_judging_page(found, 10)
    parsed = Elements(page)
    policy = next(value for name, value in parsed.attributes if name == "content" and value and "default-src" in value)
    assert policy.startswith("default-src 'none'; ")
    (script,) = parsed.scripts
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert not [value for name, value in parsed.attributes if name in ("src", "href", "action") or name[:2] == "on"]
    text = page.decode("utf-8")
    assert "@import" not in text
    assert "url(" not in text
    assert "://" not in text.replace(json.dumps("https://blog.test").replace('"', "&#34;"), "")


def test_strangers_words_are_only_words(found: ComparedBlog) -> None:
    posts = [
        document(f"{name}{HOSTILE}.md", f"{HOSTILE} {number} {'word ' * 200}", title=HOSTILE, tags=(HOSTILE,))
        for number, name in enumerate("abc")
    ]
    posts = [replace(one, fields=replace(one.fields, lede=HOSTILE)) for one in posts]
    page = render_judging_page(with_posts(found, *posts), 10)
    parsed = Elements(page)
    assert len(parsed.scripts) == 1
    assert parsed.names.count("title") == 1
    assert "b" not in parsed.names
    assert "alert" not in parsed.scripts[0]
    assert parsed.text.count("<script>alert(1)</script>{{ 7 * 7 }}") >= 9
    assert b"\x1b" not in page
    paths = [json.loads(value) for name, value in parsed.attributes if name in ("data-post", "data-left") and value]
    assert paths[0] == posts[0].post.path
    assert paths[1] in {one.post.path for one in posts[1:]}


def test_what_a_judge_can_read_of_a_post(found: ComparedBlog) -> None:
    lede = "An opening that is cut in the mid"
    prose = f"{lede}dle of a word.\n\nAnother paragraph.\n\n{'much more ' * 400}"
    post = document("a.md", "x", title="A title", tags=tuple(f"tag{n}" for n in range(20)), lang="fr_CA")
    long = replace(post, fields=replace(post.fields, lede=lede, prose=prose))
    short = replace(document("b.md", "x"), fields=replace(post.fields, lede="All of it.", prose="All of it."))
    view = page_view(with_posts(found, long, short, document("c.md")), 10)["pairs"][0]
    assert view["post"]["lede"] == f"{lede}\N{NO-BREAK SPACE}…"
    assert view["post"]["more"][:2] == ["dle of a word.", "Another paragraph."]
    assert sum(map(len, view["post"]["more"])) <= MORE_TEXT
    assert len(view["post"]["tags"]) == 12
    assert view["post"]["lang"] == "fr-CA"
    short_view = next(view[side] for side in ("left", "right") if json.loads(view[side]["path"]) == "b.md")
    assert (short_view["lede"], short_view["more"]) == ("All of it.", [])


@pytest.mark.parametrize(("language", "page_language"), [("ja", "ja"), ("ja-JP", "ja"), ("", "en"), ("fr", "en")])
def test_the_page_speaks_the_language_of_the_blog(found: ComparedBlog, language: str, page_language: str) -> None:
    posts = [document(f"{name}.md") for name in "abc"]
    page = render_judging_page(with_posts(found, *posts, language=language), 10).decode("utf-8")
    assert f'<html lang="{page_language}">' in page
    assert ("Which post fits better?" in page) == (page_language == "en")
    assert ("どちらの記事が合いますか" in page) == (page_language == "ja")


def test_both_languages_have_the_same_labels() -> None:
    from enishi.console.judging_page import _LABELS

    english, japanese = _LABELS["en"], _LABELS["ja"]
    assert english.keys() == japanese.keys()
    for name, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", japanese[name]))


def test_the_page_is_written_by_the_command(
    blog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, secretmodel=noise)
    page = tmp_path / "judge.html"
    command = ["models", "compare", str(blog), "site", "secretmodel", "--judge", str(page), "--pairs", "5"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert re.search(r"5 pairs to judge \(of \d+ not judged yet; the next page asks more\)", out)
    assert str(page) in out.replace("\n", "")
    assert page.read_bytes().count(b'class="pair"') == 5
    page.write_text("mine", "utf-8")
    assert cli.main([*command[:-4], "--judge", str(tmp_path / "post.md")]) == 2
    assert page.read_text("utf-8") == "mine"


# -- in a browser ----------------------------------------------------------------------------------------------------


def saved(folder: Path) -> Path:
    """The file that was saved last, once it is whole."""
    for _ in range(200):
        files = [file for file in folder.iterdir() if file.suffix == ".json"]
        if files:
            return max(files, key=lambda file: file.stat().st_mtime_ns)
        time.sleep(0.05)
    raise AssertionError(f"nothing was saved: {list(folder.iterdir())}")


def shown_pair(page: Browser) -> str:
    key: str = page.evaluate("document.querySelector('.pair:not([hidden])')?.dataset.pair ?? ''")
    return key


@needs_chromium
def test_judge_three_pairs_save_and_feed_back(
    blog: Path, found: ComparedBlog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, page = tmp_path / "saved", tmp_path / "judge.html"
    folder.mkdir()
    page.write_bytes(render_judging_page(found, 5))
    asked: list[Question] = list(found.open_questions[:5])
    with browser(tmp_path) as shown:
        assert shown.open(page.as_uri()) == []
        shown.save_downloads(folder)
        assert shown.evaluate("document.querySelector('#save').disabled")
        assert shown_pair(shown) == asked[0].key
        shown.evaluate("document.querySelector('[data-choice=left]').click()")
        assert shown_pair(shown) == asked[1].key
        assert shown.evaluate("document.activeElement.closest('.pair').dataset.pair") == asked[1].key
        shown.press("2")
        assert shown_pair(shown) == asked[2].key
        shown.press("0")  # later
        assert shown_pair(shown) == asked[3].key
        shown.press("4")
        assert shown.evaluate("document.querySelector('#progress').textContent") == "3 of 5 judged"
        assert shown.evaluate("document.querySelector('progress').value") == 3
        shown.evaluate("document.querySelector('#save').click()")
        file = saved(folder)
        # Verdicts are there again when the page is opened again, and the first open pair is shown
        assert shown.open(page.as_uri()) == []
        assert shown_pair(shown) == asked[2].key
        shown.press("3")
        shown.press("ArrowRight")
        assert shown.evaluate("document.querySelector('#end').hidden") is False
        assert shown_pair(shown) == ""
        shown.press("Backspace")
        assert shown_pair(shown) == asked[4].key
        assert shown.evaluate("document.querySelector('[data-choice=right]').getAttribute('aria-pressed')") == "true"
        shown.press("ArrowLeft")
        file_of_first_three = file.read_bytes()
        file.unlink()
        shown.evaluate("document.querySelector('#save').click()")
        all_five = saved(folder)
    three = json.loads(file_of_first_three)
    assert (three["kind"], three["version"], three["blog"]) == ("enishi verdicts", 1, "https://blog.test")
    assert [(one["pair"], one["choice"]) for one in three["verdicts"]] == [
        (asked[0].key, "left"),
        (asked[1].key, "right"),
        (asked[3].key, "neither"),
    ]
    known = {one.post.path for one in found.documents}
    read = read_verdicts([all_five], "https://blog.test", known)
    assert [one.choice for one in read] == ["left", "right", "both", "neither", "left"]
    assert [(one.post, one.left, one.right) for one in read] == [(one.post, one.left, one.right) for one in asked]
    assert cli.main(["models", "compare", str(blog), "site", "secretmodel", "--verdicts", str(all_five)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"5 of {len(found.open_questions)} pairs judged; {len(found.open_questions) - 5} remain" in out
    assert "Of 5 pairs judged blind, secretmodel won" in out
    again = compare_encoders(Request(blog), CompareOptions(("site", "secretmodel"), verdicts=(all_five,)))
    assert again.open_questions == found.open_questions[5:]


@needs_chromium
def test_keys_can_be_switched_off_and_others_are_left_alone(found: ComparedBlog, tmp_path: Path) -> None:
    page = tmp_path / "judge.html"
    page.write_bytes(render_judging_page(found, 5))
    first = found.open_questions[0].key
    with browser(tmp_path) as shown:
        shown.open(page.as_uri())
        shown.press("7")
        assert shown_pair(shown) == first
        shown.evaluate("document.querySelector('#keys').click()")
        shown.press("1")
        assert shown_pair(shown) == first
        shown.evaluate("document.querySelector('#keys').click()")
        shown.press("1")
        assert shown_pair(shown) == found.open_questions[1].key
        # With the Tab key alone: from the heading to the first button of the pair
        for _ in range(12):
            shown.press("Tab")
            if shown.evaluate("document.activeElement.dataset.choice ?? ''"):
                break
        assert shown.evaluate("document.activeElement.dataset.choice") == "left"
        shown.press("Enter")
        assert shown_pair(shown) == found.open_questions[2].key


@needs_chromium
def test_odd_names_come_back_as_they_were(found: ComparedBlog, tmp_path: Path) -> None:
    names = ("a\tb  c\r.md", "名前 – \u2028.md", "q\"'<&>.md", "\udcff.md")
    posts = [document(name) for name in names]
    page, folder = tmp_path / "judge.html", tmp_path / "saved"
    folder.mkdir()
    odd = with_posts(found, *posts)
    page.write_bytes(render_judging_page(odd, 5))
    with browser(tmp_path) as shown:
        assert shown.open(page.as_uri()) == []
        shown.save_downloads(folder)
        for _ in odd.open_questions:
            shown.press("1")
        shown.evaluate("document.querySelector('#save').click()")
        read = read_verdicts([saved(folder)], "https://blog.test", set(names))
    assert [(one.pair, one.post, one.left, one.right) for one in read] == [
        (one.key, one.post, one.left, one.right) for one in odd.open_questions
    ]


def open_again(shown: Browser, page: Path, when: str) -> None:
    """Chromium hands on what a page has stored a moment later: on a busy machine the next one may come too soon."""
    for _ in range(50):
        assert shown.open(page.as_uri()) == []
        if shown.evaluate(when):
            return
        time.sleep(0.1)
    pytest.fail(f"never stored: {when}")


@needs_chromium
@pytest.mark.parametrize("kept", ["{", "null", "7", '{"x": 7}', '"text"', "[7]"])
def test_a_damaged_memory_is_an_empty_one(found: ComparedBlog, tmp_path: Path, kept: str) -> None:
    page = tmp_path / "judge.html"
    page.write_bytes(render_judging_page(found, 3))
    with browser(tmp_path) as shown:
        shown.open(page.as_uri())
        stored = "localStorage.getItem(`enishi verdicts ${document.querySelector('main').dataset.blog}`)"
        shown.evaluate(f"{stored.replace('getItem', 'setItem')[:-1]}, {json.dumps(kept)})")
        open_again(shown, page, f"{stored} === {json.dumps(kept)}")
        assert shown_pair(shown) == found.open_questions[0].key
        shown.press("1")
        assert shown.evaluate("document.querySelector('#progress').textContent") == "1 of 3 judged"
        assert shown.evaluate("document.querySelector('#unkept').hidden")
        now = shown.evaluate(stored)
        assert now != kept
        open_again(shown, page, f"{stored} === {json.dumps(now)}")
        assert shown_pair(shown) == found.open_questions[1].key


LOOK = """(() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (color !== "rgba(0, 0, 0, 0)") return color;
    }
  };
  const contrast = (e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const seen = (e) => e.getClientRects().length > 0;
  const texts = [...document.querySelectorAll("h1, h2, h3, p, li, summary, kbd, span, button:enabled")].filter(seen);
  const buttons = [...document.querySelectorAll("button")].filter(seen);
  return {
    width: document.documentElement.scrollWidth,
    dark: light(getComputedStyle(document.body).backgroundColor) < 0.1,
    contrast: Math.min(...texts.map(contrast)),
    target: Math.min(...buttons.map((e) => e.getBoundingClientRect().height)),
    unnamed: buttons.filter((e) => !e.textContent.trim()).length,
    columns: new Set([...document.querySelectorAll(".pair:not([hidden]) .candidate")]
      .map((e) => Math.round(e.getBoundingClientRect().left))).size,
    bar: document.querySelector(".bar").getBoundingClientRect().bottom <= innerHeight,
  };
})()"""


@needs_chromium
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_can_be_read_on_any_screen(found: ComparedBlog, tmp_path: Path, language: str) -> None:
    text = "長い日本語の本文です。" * 60 if language == "ja" else "A long text in English. " * 40
    posts = [
        document("a.md", text, title="an_identifier_without_any_place_to_break_it_" * 4, tags=("x" * 90, "NLP")),
        document("b.md", text, title="関連記事を探す：埋め込みと近傍探索の入門" * 3, tags=("タグ",), lang="ja"),
        document("c.md", text, title=HOSTILE),
    ]
    posts = [replace(one, fields=replace(one.fields, lede=text[:400])) for one in posts]
    page = tmp_path / "page.html"
    page.write_bytes(render_judging_page(with_posts(found, *posts, language=language), 5))
    with browser(tmp_path) as shown:
        for dark in (False, True):
            for width in (360, 1200):
                assert shown.open(page.as_uri(), width=width, dark=dark) == []
                shown.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
                look = shown.evaluate(LOOK)
                assert look["width"] <= width, "something sticks out"
                assert look["dark"] == dark
                assert look["contrast"] >= 4.5
                assert look["target"] >= 40
                assert look["unnamed"] == 0
                assert look["columns"] == (1 if width == 360 else 2)
                assert look["bar"], "the choices cannot be seen"


def test_the_page_of_a_blog_without_an_address(blog: Path, found: ComparedBlog) -> None:
    nameless = replace(found, blog=replace(found.blog, site=replace(Run(Request(blog)).load().site, url="")))
    parsed = Elements(render_judging_page(nameless, 3))
    values: dict[str, Any] = dict(parsed.attributes)
    assert values["data-blog"] == '""'
    example = replace(found, blog=replace(found.blog, site=replace(found.blog.site, url="http://example.com")))
    assert dict(Elements(render_judging_page(example, 3)).attributes)["data-blog"] == '""'


def test_a_page_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("old", "utf-8")
    page.chmod(0o600)
    write_page(page, b"new", "--judge")
    assert files_below(tmp_path) == {"page.html": b"new"}
    assert page.stat().st_mode & 0o777 == 0o600
    link = tmp_path / "link.html"
    link.symlink_to(page)
    write_page(link, b"newer", "--judge")
    assert link.is_symlink()
    assert page.read_bytes() == b"newer"
