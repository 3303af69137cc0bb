"""The real Pelican, set up by the words of docs/pelican.md."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dom import Element, dom
from enishi.generators.pelican import Pelican
from enishi.reading.pelican_frontmatter import parse_as_pelican
from finished_sites import check_lists, lists_on, target
from places import DOCS, PACKAGE
from recipes import recipe
from shared_data import needs_shared
from site_posts import Entry, our_posts, real_posts

pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("pelican.writers", "markdown"))),  # `pelican` alone is our namespace, too
    reason="Pelican is not installed (pip install 'pelican[markdown]')",
)

SETTINGS = """
AUTHOR, SITENAME, SITEURL = "Nobody", "A journal", "{url}"
PATH, TIMEZONE, DEFAULT_LANG = "content", "Asia/Tokyo", "{lang}"
ARTICLE_URL, ARTICLE_SAVE_AS = "{{date:%Y}}/{{slug}}/", "{{date:%Y}}/{{slug}}/index.html"
ARTICLE_LANG_URL, ARTICLE_LANG_SAVE_AS = "{{lang}}/{{slug}}/", "{{lang}}/{{slug}}/index.html"
"""
ENVIRONMENT = {"CI": "", "PYTHONPATH": os.fspath(PACKAGE.parent)}
"""As a namespace package is installed beside Pelican."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
"""Pelican's feeds refuse what XML has no room for."""


def write(site: Path, entry: Entry, name: str = "", **more: str) -> None:
    keys = {
        "Title": entry.title,
        "Date": f"{entry.date:%Y-%m-%d %H:%M}",
        "Tags": ", ".join(entry.tags),
        "Slug": entry.slug,
        **({"Lang": entry.lang} if entry.lang else {}),
        **more,
    }
    file = site / "content" / f"{name or entry.slug}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{key}: {' '.join(value.split())}\n" for key, value in keys.items() if value)
    file.write_text(f"{text}\n{_CONTROL.sub('', entry.body)}\n", encoding="utf-8")


def empty_site(folder: Path, url: str = "", lang: str = "en", more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pelicanconf.py").write_text(SETTINGS.format(url=url, lang=lang) + more, "utf-8")
    return folder


def pelican(site: Path, *arguments: str, code: int = 0, environment: Mapping[str, str] = ENVIRONMENT) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pelican", "--log-handler", "plain", *arguments],
        cwd=site,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == code, said
    return said


def addresses(site: Path) -> list[str]:
    """Of all article pages."""
    return [f"/{file.parent.relative_to(site / 'output').as_posix()}/" for file in site.glob("output/*/*/index.html")]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site below a path, by the words of the page; with a draft, a hidden article, a translation and a page."""
    site = empty_site(tmp_path_factory.mktemp("pelican") / "site", url="https://blog.test/blog")
    posts = our_posts()
    for entry in posts:
        write(site, entry)
    write(site, replace(posts[4], title="Das Logbuch"), "wal-de", Lang="de")
    text = "Who keeps a journal of files, and how long a disk keeps them\n"
    write(site, replace(posts[6], slug="secret", title="A secret draft", body=text), Status="draft")
    write(site, replace(posts[1], slug="hidden", title="A hidden one", body="How a pan smells of tea"), Status="hidden")
    write(site, Entry("about", "About", datetime(2024, 1, 1), (), text), "pages/about")
    words = recipe(DOCS / "pelican.md", "Two steps")
    assert [line for text in words.files.values() for line in text.splitlines()] == ['ENISHI = {"inject": True}']
    words.write(site)
    said = words.run(site, {"pip install": "", "pelican": f"{sys.executable} -m pelican --fatal warnings"}, ENVIRONMENT)
    assert "9 articles" in said
    return site


def test_every_article_has_its_list_and_no_link_is_dead(ours: Path) -> None:
    pages = [f"/blog{page}" for page in addresses(ours)]
    assert len(pages) == 8 + 2
    assert check_lists(ours / "output", pages, base="/blog/") > 20
    assert len(lists_on(ours / "output" / "drafts" / "secret.html")) == 1


def test_verify_agrees(ours: Path) -> None:
    command = [sys.executable, "-m", "enishi", "verify", "output"]
    done = subprocess.run(command, cwd=ours, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_titles_are_text_and_labels_are_in_the_pages_language(ours: Path) -> None:
    text = "".join(one.text for page in (ours / "output").glob("*/*/index.html") for one in lists_on(page))
    for title in ("<script>alert(1)</script>", "\"Roasting\" & 'smelling' tea", "{{ 7 * 7 }}", "شاي أخضر"):
        assert title in text
    assert "関連記事" in (ours / "output/ja/matcha/index.html").read_text("utf-8")
    (shown,) = lists_on(ours / "output/de/wal/index.html")
    assert "Übersetzung" in shown.text


def test_what_is_not_published_is_in_nobody_elses_list(ours: Path) -> None:
    listed = [link for page in (ours / "output").rglob("*.html") for one in lists_on(page) for link in one.links]
    assert not [link for link in listed if any(name in link for name in ("secret", "hidden", "about"))]
    assert [len(lists_on(ours / "output" / name)) for name in ("pages/about.html", "index.html")] == [0, 0]


def test_lists_are_on_an_articles_own_page_alone(ours: Path) -> None:
    files = [file for file in (ours / "output").rglob("*.*") if file.suffix in (".xml", ".html")]
    holders = {file for file in files if "enishi-related" in file.read_text("utf-8")}
    assert holders == {*(ours / "output").glob("*/*/index.html"), ours / "output/drafts/secret.html"}
    page = (ours / "output/2024/wal/index.html").read_text("utf-8")
    assert page.count('href="https://blog.test/blog/enishi.css"') == 1
    assert (ours / "output/enishi.css").is_file()


def test_every_address_of_a_plain_build_is_remembered_or_known(ours: Path) -> None:
    posts = json.loads((ours / ".enishi/related.json").read_bytes())["posts"]
    assert posts["content/wal.md"]["url"] == "/blog/2024/wal/"
    assert "content/pages/about.md" not in posts


def test_a_theme_of_ones_own_needs_no_paths(tmp_path: Path) -> None:
    site = empty_site(tmp_path, more='THEME, THEME_TEMPLATES_OVERRIDES = "simple", ["templates"]\n')
    for entry in our_posts():
        write(site, replace(entry, lang="en"))
    recipe(DOCS / "pelican.md", "In your own theme").write(site)
    with (site / "templates/article.html").open("a", encoding="utf-8") as file:
        file.write(
            "{% block title %}{% for a in article.related_posts %}{{ SITEURL }}/{{ a.url }} {% endfor %}{% endblock %}"
        )
    pelican(site, "-e", "RELATIVE_URLS=true")
    pages = list(site.glob("output/2024/*/index.html"))
    texts = [file.read_text("utf-8") for file in pages]
    page = next(text for text in texts if 'href="../../2024/cold-tea/"><bdi' in text)
    found = re.findall(r'<(?:nav|section) class="enishi-related.*?</(?:nav|section)>', page, re.DOTALL)
    partial, cards = (next(child for child in dom(html).children if isinstance(child, Element)) for html in found)
    for related in (partial, cards):
        link = next(link for link in related.all("a") if "script" in link.text)
        assert link.text == "Cold tea <script>alert(1)</script>"  # Pelican does not escape by itself
        assert link.attributes["href"] == "../../2024/cold-tea/"
        assert related.all("time")[0].attributes["datetime"].startswith("2024-05-")
        assert "kitchen" in related.text
    assert "../../2024/cold-tea/ " in page.partition("</title>")[0]
    assert "shows article.related_posts in article.html" in pelican(site, "-e", 'ENISHI={"inject": true}')
    links = [link for page in pages for shown in lists_on(page) for link in shown.links]
    assert links
    assert all(target(site / "output", "/2024/wal/", link) for link in links)


@needs_shared
@pytest.mark.parametrize(("blog", "lang"), [("18f", "en"), ("efcl", "ja")])
def test_real_posts(blog: str, lang: str, tmp_path: Path) -> None:
    site = empty_site(tmp_path, lang=lang, more='ENISHI = {"inject": True}\n')
    for entry in real_posts(blog, 60):
        write(site, entry, Lang=lang)
    pelican(site)
    pages = addresses(site)
    assert len(pages) == 60
    assert check_lists(site / "output", pages) > 200


@pytest.fixture
def small(tmp_path: Path) -> Path:
    site = empty_site(tmp_path / "small", more='ENISHI = {"inject": True}\n')
    for entry in our_posts()[:4]:
        write(site, replace(entry, lang="en"))
    return site


def test_it_says_what_is_wrong_and_fails_in_ci(small: Path) -> None:
    (small / "enishi.toml").write_text("[related]\nlimit = -1\n", "utf-8")
    said = pelican(small)
    assert "related.limit" in said
    assert "There are no lists" in said
    page = (small / "output/2024/roasting/index.html").read_text("utf-8")
    assert "enishi" not in page
    said = pelican(small, code=1, environment={**ENVIRONMENT, "CI": "true"})
    assert "related.limit" in said


def test_restructuredtext_and_content_in_the_sites_own_folder(tmp_path: Path) -> None:
    site = empty_site(tmp_path, more='PATH = "."\nENISHI = {"inject": True}\nPLUGINS = ["enishi"]\n')
    for entry in our_posts():
        title = f"{entry.title}\n{'#' * 80}\n\n"
        fields = f":date: {entry.date:%Y-%m-%d}\n:tags: {', '.join(entry.tags)}\n:slug: {entry.slug}\n\n"
        text = entry.body.replace("## More", "More\n----")
        (site / f"{entry.slug}.rst").write_text(title + fields + text, "utf-8")
    for _ in range(2):  # in the second build our own folder is there
        assert "8 articles" in pelican(site)
        assert check_lists(site / "output", addresses(site)) > 16
    command = [sys.executable, "-m", "enishi", "build", "--json"]
    told = json.loads(subprocess.run(command, cwd=site, capture_output=True, check=True, timeout=60).stdout)
    assert told["posts"] == {"published": 8}


def test_autoreload_does_not_loop_and_shows_what_changed(small: Path) -> None:
    log = small / "log.txt"
    with log.open("w", encoding="utf-8") as file:
        command = [sys.executable, "-u", "-m", "pelican", "--autoreload", "--log-handler", "plain"]
        environment = {**os.environ, **ENVIRONMENT}
        serving = subprocess.Popen(command, cwd=small, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        built(log, 1)
        time.sleep(1)
        article = small / "content/roasting.md"
        article.write_text(article.read_text("utf-8").replace("Title: ", "Title: Newly "), "utf-8")
        built(log, 2)
        time.sleep(1.5)
        assert log.read_text("utf-8").count("Done: Processed") == 2
    finally:
        serving.kill()
        serving.wait()
    others = [page for page in small.glob("output/2024/*/index.html") if page.parent.name != "roasting"]
    assert [page for page in others for shown in lists_on(page) if "Newly" in shown.text]


def built(log: Path, times: int) -> None:
    until = time.monotonic() + 20
    while log.read_text("utf-8").count("Done: Processed") < times:
        assert time.monotonic() < until, log.read_text("utf-8")
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A = 1", 'A = 1\nENISHI = {"inject": True}\n'),
        ("PLUGINS = ['ü']\n", 'PLUGINS = [\'ü\', "enishi"]\nENISHI = {"inject": True}\n'),
        ("PLUGINS = [\n  f(x),  # y\n]\n", 'PLUGINS = [\n  f(x), "enishi",  # y\n]\nENISHI = {"inject": True}\n'),
        ("PLUGINS = []\nENISHI = {}\n", 'PLUGINS = ["enishi"]\nENISHI = {}\n'),
        ("PLUGINS = ALL + ['a']\n", None),
        ("PLUGINS = (\n", None),
    ],
)
def test_setup_writes_one_line_and_what_names_plugins(before: str, after: str | None, tmp_path: Path) -> None:
    (tmp_path / "pelicanconf.py").write_text(before, "utf-8")
    site, _ = Pelican().read_site(tmp_path)
    setup = Pelican().setup(site)
    assert [edit.text for edit in setup.edits] == ([] if after is None else [after])
    assert bool(setup.by_hand) == (after is None)


def test_front_matter_is_read_as_pelican_reads_it() -> None:
    cases = {
        "Title: a: b\n\nHeading\n-----\nTitle: c\n\n---\n": ({"title": "a: b"}, "\nHeading\n-----\nTitle: c\n\n---\n"),
        "Title: a\nSummary: b\n    c\nHeading\n-------\n": ({"title": "a", "summary": "b\nc"}, "Heading\n-------\n"),
        "Title: a\nDate: b\n---\nbody": ({"title": "a", "date": "b"}, "body"),
        "---\nTitle: a: b\n---\nbody": ({"title": "a: b"}, "body"),
        "---\ntags: [a, b]\n---\nbody": ({"tags": ["a", "b"]}, "body"),
        "A: b\n####\n\n:date: c\n:summary: d\n    e\n\nbody": (
            {"title": "A: b", "date": "c", "summary": "d\ne"},
            "\nbody",
        ),
        "====\n Ab \n====\n:tags: c, d\n\nbody": ({"title": "Ab", "tags": "c, d"}, "\nbody"),
        "Heading\n=======\n\nNo field: here\n": ({}, "Heading\n=======\n\nNo field: here\n"),
        "Note: this\n\nis prose": ({}, "Note: this\n\nis prose"),
    }
    for text, expected in cases.items():
        front = parse_as_pelican(text)
        assert (front.meta, front.body) == expected
        assert front.problems == ()
