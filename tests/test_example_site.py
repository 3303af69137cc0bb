"""The example blog: built by the real Hexo with the real Enishi, its links followed, its pages looked at.

`ENISHI_SCREENSHOTS=1 pytest tests/test_example_site.py` also writes the pictures of README to docs/images/.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from browser import CHROMIUM, Browser, accessibility_problems, browser, served
from hexo_site import HexoSite, link_packages, needs_site
from places import EXAMPLE, ROOT

pytestmark = needs_site
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

NOT_PUBLIC = ["the-sound-of-a-shelf", "feeds-for-readers", "twelve-years-of-files"]
NOT_PUBLIC_TITLES = ["棚の音", "A feed that people can read", "Twelve years of files"]
ODD_FORMS = {
    "inverted-index-100-lines.md": rb"\Atitle: ",  # no opening fence
    "read-a-profile.md": rb"\A-------\n",  # a longer fence
    "lending-a-spoke-key.md": rb"\A;;;\n\"",  # JSON
    "wal-two-terminals.md": rb"\A---\r\n",  # CRLF
    "水出し煎茶.md": rb"\A\xef\xbb\xbf---\n",  # a byte order mark
    "チェーンの伸びを測る.md": rb"\ntag:\n",  # `tag` for `tags`
    "hojicha-in-a-frying-pan.md": rb"\ntags: tea, kitchen\n",  # to Hexo, one tag
    "staticcheck-three-months.md": rb"\ndate: 2022/04/18 12:00:00\n",
    "timestamps-in-columns.md": rb"\ndate: 2020-10-19T08:00:00\+09:00\n",
}
PAGES = {
    "home": "/",
    "english": "/2021/wal-two-terminals/",
    "japanese": "/2021/character-bigrams/",
    "series": "/2023/go-cli/2-tests-that-run-the-binary/",
    "translation": "/2022/redirects-that-last/",
    "code": "/2023/hexo-tag-plugins/",
    "hostile": "/2024/titles-are-text/",
    "charts": "/2024/alt-text-for-charts/",
    "archive": "/archives/",
    "tags": "/tags/",
    "tag": "/tags/SQLite/",
    "about": "/about/",
}
POSTS = ("english", "japanese", "series", "translation", "code", "hostile", "charts")
WIDTHS = (360, 1280)


def build(folder: Path, **settings: Any) -> HexoSite:
    """A copy of the example, built by the command that a reader has."""
    ours = shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi")
    shutil.copytree(EXAMPLE, folder, ignore=ours)
    package = json.loads((folder / "package.json").read_text("utf-8"))
    link_packages(folder, list(package["dependencies"]))
    site = HexoSite(folder)
    path = os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]])
    site.environment = {"PATH": path, "TZ": "UTC"}
    site.write("_config.more.yml", json.dumps(settings))
    done = site.hexo("generate", "--config", "_config.yml,_config.more.yml", timeout=120)
    assert done.code == 0, done.output
    assert done.warnings == []
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> HexoSite:
    return build(tmp_path_factory.mktemp("example") / "site")


def check_links(public: Path, root: str = "/") -> subprocess.CompletedProcess[str]:
    command = ["node", os.fspath(EXAMPLE / "check-links.js"), os.fspath(public), root]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


# -- what was built --------------------------------------------------------------------------------------------------


def test_every_link_leads_to_a_page(site: HexoSite) -> None:
    done = check_links(site.root / "public")
    assert done.returncode == 0, done.stderr
    assert "0 dead links" in done.stdout


def test_a_dead_related_link_is_found(site: HexoSite, tmp_path: Path) -> None:
    public = tmp_path / "public"
    shutil.copytree(site.root / "public", public)
    html = (public / "2021/wal-two-terminals/index.html").read_text("utf-8")
    link = re.search(r'class="enishi-link" href="([^"]+)"', html)
    assert link
    (public / link[1].strip("/") / "index.html").unlink()
    done = check_links(public)
    assert done.returncode == 1
    assert f"/2021/wal-two-terminals/index.html: {link[1]}" in done.stderr


def test_every_post_shows_related_posts(site: HexoSite) -> None:
    pages = [file.read_text("utf-8") for file in site.root.glob("public/2*/**/index.html")]
    assert len(pages) >= 36
    without = [re.search("<title>(.*)</title>", page) for page in pages if 'class="enishi-related"' not in page]
    assert [title and title[1] for title in without] == []


def test_what_is_not_public_is_nowhere(site: HexoSite) -> None:
    for file in (site.root / "public").rglob("*.html"):
        text = file.read_text("utf-8")
        assert not [one for one in NOT_PUBLIC if f"/{one}/" in text], file
        assert not [one for one in NOT_PUBLIC_TITLES if f">{one}<" in text], file
    related = json.loads((site.root / ".enishi/related.json").read_text("utf-8"))["posts"]
    seen = {path: entry["related"] for path, entry in related.items() if Path(path).stem in NOT_PUBLIC}
    assert len(seen) == len(NOT_PUBLIC), "their author sees lists for them"


def test_below_a_root(tmp_path: Path) -> None:
    made = build(tmp_path / "site", root="/blog/", url="https://example.com/blog")
    # Links that authors wrote into their posts do not know of a root; all that are made do.
    dead = check_links(made.root / "public", "/blog/").stderr.splitlines()
    written = set(re.findall(r"\]\((/20\d\d/[^)]+)\)", "".join(post.read_text("utf-8") for post in posts(made.root))))
    assert {line.rpartition(": ")[2] for line in dead} <= written
    assert 'class="enishi-link" href="/blog/20' in made.page("2021/wal-two-terminals")


def posts(root: Path) -> list[Path]:
    return sorted((root / "source/_posts").rglob("*.md"))


@pytest.mark.parametrize(("name", "form"), ODD_FORMS.items(), ids=list(ODD_FORMS))
def test_odd_front_matter_is_as_odd_as_it_should_be(name: str, form: bytes) -> None:
    """Editors put such things right when nobody looks."""
    assert re.search(form, (EXAMPLE / "source/_posts" / name).read_bytes())


def test_the_lock_file_names_no_host() -> None:
    locked = json.loads((EXAMPLE / "package-lock.json").read_text("utf-8"))["packages"]
    assert {package["resolved"] for package in locked.values() if "resolved" in package} == {"../plugin/hexo-enishi"}


def test_its_readme_points_at_files_that_exist() -> None:
    links = re.findall(r"\]\(([^):]+)\)", (EXAMPLE / "README.md").read_text("utf-8"))
    assert len(links) > 30
    assert [link for link in links if not (EXAMPLE / link).exists()] == []


# -- looked at -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(site: HexoSite) -> Iterator[str]:
    with served(site.root / "public") as base:
        yield base


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page(chromium: Browser, address: str, name: str, dark: bool) -> None:
    for width in WIDTHS:
        complaints = chromium.open(address + quote(PAGES[name]), width=width, dark=dark)
        assert complaints == []
        assert chromium.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{width}: something sticks out"
        hosts = (
            "performance.getEntriesByType('resource').map(r => new URL(r.name).host).filter(h => h !== location.host)"
        )
        assert chromium.evaluate(hosts) == [], "something comes from elsewhere"
        if name in POSTS:
            assert chromium.evaluate("document.querySelectorAll('.enishi-related .enishi-link').length") > 0
            assert chromium.evaluate("document.querySelectorAll('.enishi-related .enishi-reason').length") > 0
    assert accessibility_problems(chromium) == []


@needs_chromium
def test_a_title_is_text(chromium: Browser, address: str) -> None:
    chromium.open(address + PAGES["hostile"])
    title = '"Quotes", <script>alert("hi")</script> & a 🚲: a title is text'
    assert chromium.evaluate("document.querySelector('h1').textContent") == title
    assert chromium.evaluate("document.querySelectorAll('script').length") == 0


@needs_chromium
def test_all_of_an_entry_leads_to_its_post(chromium: Browser, address: str) -> None:
    chromium.open(address + PAGES["english"], width=1280, height=4000)
    hit = """
        [...document.querySelectorAll('.enishi-entry')].map(entry => {
          const box = entry.getBoundingClientRect();
          const at = document.elementFromPoint(box.right - 20, box.bottom - 8);
          return entry.querySelector('a') === at.closest('a');
        })
    """
    found = chromium.evaluate(hit)
    assert found
    assert all(found)


# -- the pictures in README ------------------------------------------------------------------------------------------


@needs_chromium
@pytest.mark.parametrize(
    ("picture", "page", "width", "dark"),
    [
        ("example-light", "english", 880, False),
        ("example-dark", "english", 880, True),
        ("example-narrow", "japanese", 400, False),
    ],
)
def test_picture(
    chromium: Browser, address: str, tmp_path: Path, picture: str, page: str, width: int, dark: bool
) -> None:
    """The end of the post, and its list."""
    folder = ROOT / "docs/images" if os.environ.get("ENISHI_SCREENSHOTS") else tmp_path
    chromium.open(address + quote(PAGES[page]), width=width, dark=dark)
    chromium.screenshot(folder / f"{picture}.png", selector=".enishi-related", margin=36, above=300)
    size = (folder / f"{picture}.png").stat().st_size
    assert 5_000 < size < 150_000
