"""A real Pelican site: the partial serves a host that runs Jinja2 itself, as it serves Hexo.

The plugin here is as small as one can be: it hands Pelican's own list of articles to `enishi build`, and gives each
article what came back.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dom import Element, dom
from enishi.writing.render import templates_folder

pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("pelican", "markdown"))),
    reason="Pelican is not installed (pip install 'pelican[markdown]')",
)

SETTINGS = """
AUTHOR, SITENAME, SITEURL = "Nobody", "A journal", ""
TIMEZONE, DEFAULT_LANG = "Asia/Tokyo", "en"
PATH, THEME = "content", "simple"
PLUGIN_PATHS, PLUGINS = ["plugins"], ["related"]
THEME_TEMPLATES_OVERRIDES = ["templates"]
ARTICLE_URL, ARTICLE_SAVE_AS = "notes/{slug}/", "notes/{slug}/index.html"
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
"""

PLUGIN = """
import json, subprocess, sys
from pathlib import Path
from pelican import signals

SITE = Path(__file__).parent.parent

def add_related(generators):
    articles = {}
    for generator in generators:
        for article in getattr(generator, "articles", ()):
            articles[Path(article.source_path).relative_to(SITE).as_posix()] = article
    manifest = [
        {"source": path, "url": f"/{one.url}", "title": one.title, "date": one.date.isoformat(),
         "tags": [tag.name for tag in getattr(one, "tags", ())], "lang": one.lang}
        for path, one in sorted(articles.items())
    ]
    command = [sys.executable, "-m", "enishi", "build", SITE, "--manifest", "-", "--quiet"]
    subprocess.run(command, input=json.dumps(manifest).encode(), check=True)
    posts = json.loads((SITE / ".enishi" / "related.json").read_bytes())["posts"]
    for path, article in articles.items():
        article.related_posts = posts[path]["related"]

def register():
    signals.all_generators_finalized.connect(add_related)
"""

ARTICLE = """{% extends "!simple/article.html" %}
{% from "enishi/macros.html.j2" import related_cards %}
{% block content %}
{{ super() }}
{% set related = article.related_posts %}
{% include 'enishi/related.html' %}
{{ related_cards(article.related_posts, id="cards") }}
{% endblock %}
"""

TEXTS = {
    "wal.md": (
        'SQLite & "its" log',
        "sqlite, files",
        "The write-ahead log of SQLite lets readers go on while one writes.",
    ),
    "checkpoint.md": (
        "A checkpoint",
        "sqlite",
        "At a checkpoint SQLite copies the write-ahead log back; readers wait.",
    ),
    "sencha.md": ("Cold tea", "tea", "Cold water draws sweetness from green tea leaves, if the leaves have a night."),
    "hojicha.md": ("Roasting tea", "tea", "Green tea leaves turn brown in the frying pan, and smell of caramel."),
}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished site."""
    site = tmp_path_factory.mktemp("pelican")
    files = {
        "pelicanconf.py": SETTINGS,
        "plugins/related.py": PLUGIN,
        "templates/article.html": ARTICLE,
        **{
            f"content/{name}": f"Title: {title}\nDate: 2024-05-06 08:00\nTags: {tags}\nSlug: {name[:-3]}\n\n{text}\n"
            for name, (title, tags, text) in TEXTS.items()
        },
    }
    for name, text in files.items():
        file = site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    shutil.copytree(templates_folder(), site / "templates" / "enishi")
    shutil.copy(templates_folder() / "related.html.j2", site / "templates" / "enishi" / "related.html")
    command = [sys.executable, "-m", "pelican", "--fatal", "warnings", "-s", "pelicanconf.py", "-o", "output"]
    done = subprocess.run(command, cwd=site, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return site / "output"


def lists_on(page: Path) -> list[Element]:
    found = re.findall(
        r'<(?:nav|section) class="enishi-related.*?</(?:nav|section)>', page.read_text("utf-8"), re.DOTALL
    )
    return [next(child for child in dom(html).children if isinstance(child, Element)) for html in found]


def test_every_article_lists_its_neighbours_by_pelicans_own_addresses(output: Path) -> None:
    for slug, expected in {"wal": "checkpoint", "checkpoint": "wal", "sencha": "hojicha", "hojicha": "sencha"}.items():
        for related in lists_on(output / "notes" / slug / "index.html"):
            assert related.all("a")[0].attributes["href"] == f"/notes/{expected}/"
        assert (output / "notes" / expected / "index.html").is_file()


def test_partial_and_macro_give_titles_as_text_and_reasons(output: Path) -> None:
    """Pelican does not escape by itself."""
    partial, cards = lists_on(output / "notes/checkpoint/index.html")
    for related in (partial, cards):
        assert related.all("a")[0].text == 'SQLite & "its" log'
        assert related.all("time")[0].attributes["datetime"] == "2024-05-06"
        assert "sqlite" in related.text
    assert "Shared tags: sqlite" in partial.text
