"""The page of `enishi review` in a real browser: by keyboard alone, with other windows, a killed server, and looked at.

`ENISHI_SCREENSHOTS=1 pytest tests/commands/review/test_review_page.py` also writes the pictures of docs/review.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from urllib.request import urlopen

import pytest

from blog import files_below, post_text, topic_posts, topic_text, write_blog
from browser import CHROMIUM, Browser, accessibility_problems, browser
from enishi.console.review_page import _LABELS, render_review_page
from enishi.pipeline import build
from enishi.state import Request
from enishi.tags.declined import DECLINED_NAME, read_declined
from places import DOCS, EXAMPLE
from shared_data import CORPORA, needs_shared

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

HOSTILE = "</script><script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">{{ 7 * 7 }}"
LOADING = "document.querySelector('#question:not([hidden]) .loading')"
SETTLED = f"document.querySelector('main').ariaBusy !== 'true' && !{LOADING}"


@dataclass(frozen=True, slots=True)
class Server:
    """A running `enishi review`."""

    site: Path
    address: str
    process: subprocess.Popen[str]

    def queue(self) -> dict[str, Any]:
        with urlopen(f"{self.address}api/queue") as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def items(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.queue()["items"] if item["kind"] == kind]

    def end(self) -> str:
        """Close it as Ctrl-C does.  Returns what it said."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=30)[0]


@contextmanager
def reviewed(site: Path, *arguments: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "enishi", "review", os.fspath(site), "--no-open", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    try:
        assert process.stdout
        said = ""
        while not (address := re.search(r"http://127\S+/", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        yield Server(site, address[0], process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Reviewer:
    """Somebody with a keyboard in front of the page."""

    def __init__(self, shown: Browser, server: Server) -> None:
        self.shown, self.server = shown, server

    def open(self, where: str = "", *, width: int = 1400, height: int = 900, dark: bool = False) -> None:
        self.shown.open("about:blank")
        assert self.shown.open(f"{self.server.address}#{where}", width=width, height=height, dark=dark) == []
        self.shown.wait_until(f"!document.querySelector('#bar').hidden && {SETTLED}")

    def press(self, keys: str) -> None:
        for key in keys:
            self.shown.press(key)
            self.shown.wait_until(SETTLED)

    def item(self) -> str:
        """The id of the item that is shown."""
        fragment = self.shown.evaluate("location.hash").lstrip("#")
        return parse_qs(fragment).get("item", [""])[0]

    def says(self, selector: str) -> str:
        text: str = self.shown.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''")
        return " ".join(text.split())

    def has_focus(self) -> str:
        found: str = self.shown.evaluate("document.activeElement.dataset.action ?? document.activeElement.id")
        return found


def texts(site: Path) -> dict[str, bytes]:
    """What is the author's: every file but those of a build."""
    return {name: data for name, data in files_below(site).items() if not name.startswith(".enishi/")}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blog in which posts lack the tag of their topic; one is hostile, one tag is written in two ways."""
    topics = ("tea", "trains", "storage", "bread")
    posts = topic_posts(9, topics)
    for topic in topics:
        for number in (3, 6):
            posts[f"{topic}-{number}.md"] = posts[f"{topic}-{number}.md"].replace(f"[{topic}]", "[Notes]")
    posts["trains-1.md"] = posts["trains-1.md"].replace("[trains]", "[trains, notes]")
    posts["bread-5.md"] = posts["bread-5.md"].replace("tags: [bread]\n", "")
    hostile = f"{topic_text('tea', 40)}\n\n{HOSTILE.replace('<', '&lt;')} tea\n\n{topic_text('tea', 41)}"
    posts["hostile.md"] = post_text(
        json.dumps(HOSTILE), hostile, f"lang: <no language>\ntags: [{json.dumps(HOSTILE)}]\n"
    )
    site = write_blog(tmp_path_factory.mktemp("review") / "blog", posts, hexo=False)
    build(Request(site))
    return site


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "blog"))


@pytest.fixture
def server(site: Path) -> Iterator[Server]:
    with reviewed(site) as running:
        yield running


# -- its frame -------------------------------------------------------------------------------------------------------


def test_the_frame_holds_no_script_and_no_style_of_its_own() -> None:
    page = render_review_page("en", HOSTILE).decode()
    scripts = re.findall(r"<script([^>]*)>", page)
    assert scripts == [' type="application/json" id="labels"', ' type="module" src="review.js"']
    assert not re.search(r"<style|\sstyle=|\son\w+=(?!.*&#34;)", page)
    assert "onerror=&#34;" in page
    assert "://" not in page


def test_both_languages_have_the_same_places_in_their_labels() -> None:
    english, japanese = _LABELS["en"], _LABELS["ja"]
    assert english.keys() == japanese.keys()
    for name, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", japanese[name])), name
    assert '<html lang="ja">' in render_review_page("ja-JP", "").decode()
    assert '<html lang="en">' in render_review_page("fr", "").decode()


def test_nothing_becomes_html() -> None:
    """There is no way in the page's scripts by which text could be read as a document or a program."""
    for file in (EXAMPLE.parent / "templates" / "review").glob("*.js"):
        source = file.read_text("utf-8")
        assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function|srcdoc)\b", source)


# -- deciding --------------------------------------------------------------------------------------------------------


def decide_by_keyboard(reviewer: Reviewer, count: int) -> None:
    """So many decisions: added, declined and put off; files say just that, and are as before once all is undone."""
    site, before = reviewer.server.site, texts(reviewer.server.site)
    verdicts: dict[str, str] = {}
    for number in range(count):
        key, state = [("a", "added"), ("d", "declined"), ("a", "added"), ("s", "later")][number % 4]
        verdicts[reviewer.item()] = state
        reviewer.press(key)
    assert len(verdicts) == count
    items = {item["id"]: item for item in reviewer.server.queue()["items"]}
    assert {name: items[name]["state"] for name in verdicts} == verdicts
    added: dict[str, list[str]] = {}
    for name, state in verdicts.items():
        if state == "added":
            added.setdefault(items[name]["path"], []).append(items[name]["tag"])
    after = texts(site)
    ours = {DECLINED_NAME, *(name for name in after if name not in before)}
    assert {name for name in before if before[name] != after[name]} - ours == set(added)
    for path, tags in added.items():
        old, new = before[path].decode().splitlines(), after[path].decode().splitlines()
        differing = [line for line in new if line not in old]
        assert all(any(tag in line for line in differing) for tag in tags)
        assert len(differing) <= len(tags) + 1
        assert old[-1] == new[-1]
    declined = {(one.post, one.tag) for one in read_declined(site)[0]}
    wanted = {(items[name]["path"], items[name]["tag"]) for name, state in verdicts.items() if state == "declined"}
    assert declined == wanted
    last = list(verdicts)[-1]
    reviewer.press("u")
    assert reviewer.item() == last
    reviewer.press("u" * (count - 1))
    assert reviewer.item() == next(iter(verdicts))
    assert reviewer.server.queue()["undo"] == 0
    assert {item["state"] for item in reviewer.server.queue()["items"]} == {"open"}
    left = texts(site)
    assert {name: left[name] for name in before} == before
    assert read_declined(site)[0] == ()


@needs_chromium
def test_decisions_by_keyboard(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    reviewer.open()
    total = len(server.items("suggestion"))
    assert total >= 8
    assert reviewer.says("#progress-text") == f"0 of {total}"
    decide_by_keyboard(reviewer, 8)
    assert reviewer.has_focus() == "ask"
    assert chromium.complaints() == []


@needs_chromium
@needs_shared
def test_thirty_decisions_on_a_real_blog(chromium: Browser, tmp_path: Path) -> None:
    site = Path(shutil.copytree(CORPORA / "efcl", tmp_path / "efcl"))
    with reviewed(site, "--set", "language=ja") as server:
        reviewer = Reviewer(chromium, server)
        reviewer.open("order=tag")
        assert re.fullmatch(r"#.+：記事\d+件", reviewer.says("#list-title"))
        decide_by_keyboard(reviewer, 30)
        assert re.fullmatch(r"\d+件中0件、あと約\d+分", reviewer.says("#progress-text"))
        assert chromium.complaints() == []
        assert accessibility_problems(chromium) == []


@needs_chromium
def test_a_group_ends_and_the_next_begins(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    reviewer.open()
    reviewer.press("g")
    assert reviewer.says("select[name=order] option:checked") == "By tag"
    heading = reviewer.says("#list-title")
    found = re.fullmatch(r"#(\w+): (\d+) posts?", heading)
    assert found
    assert reviewer.says("#place").startswith(f"{heading} · 1 of {found[2]}")
    reviewer.press("a" * int(found[2]))
    assert reviewer.says("#list-title") not in ("", heading)
    states = {item["tag"]: item["state"] for item in server.items("suggestion")}
    assert states[found[1]] == "added"
    reviewer.press("k")
    assert reviewer.says("#diff p") == "Added"
    assert found[1] in reviewer.says("#diff ins")


@needs_chromium
def test_the_space_bar_reads_on_and_the_focus_is_never_lost(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    hostile = next(item["id"] for item in server.items("suggestion") if item["path"].endswith("hostile.md"))
    reviewer.open(f"order=tag&item={hostile}", height=300)
    assert reviewer.has_focus() == "ask"
    top = "Math.round(document.querySelector('#text').scrollTop)"
    reviewer.press("   ")
    read = chromium.evaluate(top)
    assert read > 0
    reviewer.press("j")
    assert chromium.evaluate(top) < read
    chromium.evaluate("document.querySelector('#views a:nth-child(2)').focus()")
    chromium.press("Enter")
    chromium.wait_until(f"location.hash.includes('kind=untagged') && {SETTLED}")
    assert "order=tag" in chromium.evaluate("location.hash")
    assert reviewer.has_focus() == "ask"
    chromium.evaluate("document.querySelector('#list button').focus()")
    chromium.press("Enter")
    chromium.wait_until(SETTLED)
    assert reviewer.has_focus() == "ask"


@needs_chromium
def test_the_end_is_calm_and_what_was_put_off_comes_back(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    tag = server.items("suggestion")[0]["tag"]
    items = [item["id"] for item in server.items("suggestion") if item["tag"] == tag]
    reviewer.open(f"tag={tag}")
    reviewer.press("s" + "d" * (len(items) - 1))
    assert reviewer.says("#end-title") == "That was all"
    assert reviewer.says("#end-text") == f"0 added, {len(items) - 1} declined, 1 put off."
    assert reviewer.has_focus() == "end-title"
    assert accessibility_problems(chromium) == []
    chromium.press("Tab")
    assert reviewer.says(":focus") == "Go through what was put off"
    chromium.press("Enter")
    chromium.wait_until(SETTLED)
    assert reviewer.item() == items[0]
    reviewer.press("a")
    assert reviewer.says("#end-text") == f"1 added, {len(items) - 1} declined, 0 put off."
    reviewer.press("u")
    assert reviewer.item() == items[0]


@needs_chromium
def test_spellings_and_posts_without_tags(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    before = texts(server.site)
    (merge,) = server.items("merge")
    reviewer.open("kind=merge")
    assert reviewer.says("#ask") == "Are Notes, notes one tag?"
    assert "+ tags: [trains, Notes]" in chromium.evaluate("document.querySelector('#diff ins').textContent")
    reviewer.press("2")
    assert reviewer.says("#choices [aria-pressed=true] bdi") == "notes"
    assert "tags: [notes]" in reviewer.says("#diff ins")
    reviewer.press("a")
    assert server.items("merge")[0]["state"] == "added"
    assert sum(b"tags: [notes" in data for data in texts(server.site).values()) == merge["tags"][0][1]
    reviewer.press("u")
    assert texts(server.site).items() >= before.items()
    reviewer.open("kind=untagged")
    reviewer.press("a")
    assert reviewer.says("#problem") == "Choose a tag first."
    assert reviewer.has_focus() == "other-tag"
    chromium.write("nothing")
    chromium.press("Enter")
    assert reviewer.says("#problem") == "No post of this blog carries nothing."
    chromium.evaluate("document.querySelector('#other-tag').value = ''")
    chromium.write("STORAGE")
    chromium.press("Enter")
    chromium.wait_until(SETTLED)
    assert reviewer.says("#chosen") == "Chosen: storage"
    assert reviewer.has_focus() == "add"
    reviewer.press("1")
    offered = reviewer.says("#choices [data-tag] bdi")
    assert reviewer.says("#chosen") == f"Chosen: storage, {offered}"
    others = "[...document.querySelectorAll('#choices [aria-pressed=true]')].map((one) => one.dataset.tag).join()"
    assert chromium.evaluate(others) == f"{offered},storage"
    chromium.evaluate("document.querySelector('#choices [data-tag=storage]').click()")
    chromium.wait_until(SETTLED)
    assert reviewer.says("#chosen") == f"Chosen: {offered}"
    chromium.evaluate("document.querySelector('#choices [data-tag=storage]').click()")
    chromium.wait_until(SETTLED)
    reviewer.press("a")
    front_matter = (server.site / "content/bread-5.md").read_text("utf-8").partition("\n---")[0]
    assert f"tags: [{offered}, storage]" in front_matter
    assert reviewer.says("#done").startswith(f"Added: {offered} · storage · ")
    reviewer.press("u")
    assert texts(server.site).items() >= before.items()


# -- what may go wrong -----------------------------------------------------------------------------------------------


@needs_chromium
def test_a_file_that_was_edited_meanwhile(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    first, second = server.items("suggestion")[:2]
    reviewer.open()
    file = server.site / first["path"]
    edited = file.read_text("utf-8") + "A sentence that was written meanwhile.\n"
    file.write_text(edited, "utf-8")
    reviewer.press("a")
    after = file.read_text("utf-8")
    assert after.endswith("A sentence that was written meanwhile.\n")
    assert first["tag"] in after.partition("\n---")[0]
    # The author adds the second tag by hand: the page hears of it, and writes nothing
    assert reviewer.item() == second["id"]
    file = server.site / second["path"]
    by_hand = re.sub(r"tags: \[(.*)\]", rf"tags: [\1, {second['tag']}]", file.read_text("utf-8"))
    file.write_text(by_hand, "utf-8")
    reviewer.press("a")
    assert reviewer.says("#problem")
    assert reviewer.says("#diff").startswith("Added")
    assert file.read_text("utf-8") == by_hand
    reviewer.press("a")
    assert reviewer.says("#problem") == "This is decided already."
    reviewer.press("j")
    assert reviewer.item() not in ("", second["id"])
    assert reviewer.says("#problem") == ""


@needs_chromium
def test_a_post_that_cannot_be_edited(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    first = server.items("suggestion")[0]
    reviewer.open()
    file = server.site / first["path"]
    broken = file.read_text("utf-8").replace("title:", "title: [ :\n")
    file.write_text(broken, "utf-8")
    reviewer.press("a")  # known as whole: the server refuses
    assert reviewer.item() == first["id"]
    assert len(reviewer.says("#problem")) > 20
    assert reviewer.says("#diff .refused") == reviewer.says("#problem")
    assert chromium.evaluate("document.querySelector('[data-action=add]').ariaDisabled") == "true"
    assert file.read_text("utf-8") == broken
    assert server.queue()["undo"] == 0
    reviewer.press("s")
    assert reviewer.item() not in ("", first["id"])
    assert reviewer.says("#problem") == ""


@needs_chromium
def test_two_windows(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    first, second = (item["id"] for item in server.items("suggestion")[:2])
    reviewer.open()
    one = chromium._session
    other = chromium.new_tab()
    reviewer.open()
    reviewer.press("a")
    assert reviewer.item() == second
    chromium.show_tab(one)
    assert reviewer.item() == first
    chromium.wait_until("document.querySelector('#diff').textContent.startsWith('Added')")
    assert reviewer.says("#progress-text").startswith("1 of")
    reviewer.press("jd")
    chromium.show_tab(other)
    chromium.wait_until("document.querySelector('#diff').textContent.startsWith('Declined')")
    # Both may undo: it is one review
    reviewer.press("u")
    assert server.queue()["undo"] == 1


@needs_chromium
def test_a_killed_server(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    reviewer.open()
    reviewer.press("a")
    item, before = reviewer.item(), texts(server.site)
    server.process.kill()
    server.process.wait()
    reviewer.press("a")
    assert reviewer.says("#problem").startswith("The server does not answer: nothing is saved now.")
    assert reviewer.item() == item
    reviewer.press("d")
    assert reviewer.item() == item
    assert reviewer.says("#progress-text").startswith("1 of")
    assert texts(server.site) == before
    with reviewed(server.site) as again:
        states = {one["id"]: one["state"] for one in again.queue()["items"]}
        assert states[item] == "open"


@needs_chromium
def test_hostile_text_is_text(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    (hostile,) = [item for item in server.items("suggestion") if item["path"].endswith("hostile.md")]
    for order in ("", "tag", "post"):
        reviewer.open(f"order={order}&item={hostile['id']}")
        assert reviewer.item() == hostile["id"]
        assert reviewer.says("#title") == hostile["title"]
        assert reviewer.says("#tags") == HOSTILE
        assert HOSTILE in reviewer.says("#diff").replace('\\"', '"')
        assert HOSTILE.partition("{{")[0] in reviewer.says("#text")  # what is left of a template
    assert chromium.evaluate("document.querySelectorAll('img, script:not(head script)').length") == 0
    assert chromium.evaluate("document.title") != "ran"
    reviewer.press("a")
    assert reviewer.says("#done") == f"Added: tea · {hostile['title']}"
    assert chromium.complaints() == []


@needs_chromium
def test_keys_leave_text_fields_and_other_programs_alone(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    reviewer.open()
    first = reviewer.item()
    reviewer.press("/")
    assert reviewer.has_focus() == ""
    chromium.write("bread")
    reviewer.press("ad")
    assert {item["state"] for item in server.queue()["items"]} == {"open"}
    assert "search=breadad" in chromium.evaluate("location.hash")
    assert reviewer.says("#end-title") == "Nothing matches"
    chromium.evaluate("document.querySelector('[data-action=clear]').click()")
    chromium.press("Escape")
    chromium.wait_until(SETTLED)
    reviewer.press("?")
    assert chromium.evaluate("document.querySelector('#help').open")
    assert accessibility_problems(chromium) == []
    reviewer.press("a")
    chromium.evaluate("document.querySelector('#keys').click()")
    chromium.press("Escape")
    reviewer.open(chromium.evaluate("location.hash").lstrip("#"))
    reviewer.press("adsj")
    assert reviewer.item() == first
    assert {item["state"] for item in server.queue()["items"]} == {"open"}
    chromium.evaluate("document.querySelector('[data-action=add]').focus()")
    chromium.press("Enter")
    chromium.wait_until(SETTLED)
    assert server.queue()["undo"] == 1
    assert reviewer.has_focus() == "add"


@needs_chromium
def test_a_reload_keeps_where_one_is(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    reviewer.open()
    chromium.evaluate(
        "(e => { e.value = 'tea'; e.dispatchEvent(new Event('input', { bubbles: true })); })"
        "(document.querySelector('select[name=tag]'))"
    )
    reviewer.press("gj")
    where = chromium.evaluate("location.hash")
    assert {"tag=tea", "order=tag"} < set(where.lstrip("#").split("&"))
    reviewer.open(where.lstrip("#"))
    assert chromium.evaluate("location.hash") == where
    assert chromium.evaluate("document.querySelector('select[name=tag]').value") == "tea"
    assert reviewer.says("#place").startswith("#tea:")


@needs_chromium
def test_finishing_says_what_was_done(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    reviewer.open()
    reviewer.press("ad")
    chromium.evaluate("document.querySelector('[data-action=finish]').click()")
    assert reviewer.says("#finish-text") == "1 added, 1 declined, 0 put off."
    chromium.evaluate("document.querySelector('#finish [value=finish]').click()")
    chromium.wait_until("document.querySelector('#end-title').textContent.startsWith('Finished')")
    assert server.process.wait(timeout=20) == 0


# -- looked at -------------------------------------------------------------------------------------------------------

OVERFLOW = "document.documentElement.scrollWidth <= innerWidth"


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_on_any_screen(chromium: Browser, server: Server, dark: bool) -> None:
    reviewer = Reviewer(chromium, server)
    hostile = next(item["id"] for item in server.items("suggestion") if item["path"].endswith("hostile.md"))
    for width in (390, 1400):
        for where in (f"item={hostile}", "kind=merge", "kind=untagged", "kind=missing", "order=tag"):
            reviewer.open(where, width=width, height=844, dark=dark)
            assert chromium.evaluate(OVERFLOW), f"{where} at {width}: something sticks out"
            assert accessibility_problems(chromium) == [], f"{where} at {width}"
        seen = chromium.evaluate(
            "document.querySelector('[data-action=add]').getBoundingClientRect().bottom <= innerHeight"
        )
        assert seen, "the decisions cannot be reached"


@needs_chromium
def test_nothing_moves_from_one_item_to_the_next(chromium: Browser, server: Server) -> None:
    reviewer = Reviewer(chromium, server)
    reviewer.open()
    parts = "['#ask', '#title', '#quote', '#write', '[data-action=add]']"
    places = set()
    for _ in range(5):
        reviewer.press("j")
        tops = f"{parts}.map(e => document.querySelector(e).getBoundingClientRect().top)"
        places.add(tuple(chromium.evaluate(tops)))
    assert len(places) == 1


@needs_chromium
@pytest.mark.parametrize(
    ("picture", "width", "height", "dark"), [("review", 1280, 800, False), ("review-narrow", 390, 844, True)]
)
def test_picture(chromium: Browser, tmp_path: Path, picture: str, width: int, height: int, dark: bool) -> None:
    folder = DOCS / "images" if os.environ.get("ENISHI_SCREENSHOTS") else tmp_path
    ours = shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi")
    site = Path(shutil.copytree(EXAMPLE, tmp_path / "example", ignore=ours))
    with reviewed(site) as server:
        reviewer = Reviewer(chromium, server)
        reviewer.open(width=width, height=height, dark=dark)
        reviewer.press("ad")
        chromium.screenshot(folder / f"{picture}.png")
    assert 20_000 < (folder / f"{picture}.png").stat().st_size < 300_000
