"""The one partial, through Jinja2 and through the Nunjucks that Hexo has inside: the same page from both."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from test_render import HOSTILE, entry, post

from dom import Element, dom
from enishi.config import PartialSettings
from enishi.writing.render import PartialView, partial_view, templates_folder
from places import TESTS

TEMPLATE = "related.html.j2"


@cache
def why_not() -> str:
    """Why Nunjucks cannot be had, or nothing."""
    if not shutil.which("node"):
        return "node is not installed"
    found = subprocess.run(["node", "-e", "require('nunjucks')"], cwd=TESTS, capture_output=True)
    return "" if found.returncode == 0 else "nunjucks is not installed (npm ci --prefix tests, or NODE_PATH)"


def by_nunjucks(contexts: list[Any]) -> list[str]:
    if why_not():
        pytest.skip(why_not())
    job = json.dumps({"folder": os.fspath(templates_folder()), "template": TEMPLATE, "contexts": contexts})
    command = ["node", os.fspath(TESTS / "nunjucks_render.cjs")]
    done = subprocess.run(command, input=job.encode(), capture_output=True, cwd=TESTS)
    assert done.returncode == 0, done.stderr.decode()
    rendered: list[str] = json.loads(done.stdout)
    return rendered


def by_jinja(contexts: list[Any]) -> list[str]:
    environment = Environment(loader=FileSystemLoader(templates_folder()), autoescape=True)
    template = environment.get_template(TEMPLATE)
    return [template.render(context) for context in contexts]


def normal(element: Element) -> Any:
    """The tree without differences that no reader and no style sheet sees: runs of blanks."""
    children: list[Any] = []
    for child in element.children:
        if isinstance(child, Element):
            children.append(normal(child))
        elif children and isinstance(children[-1], str):
            children[-1] = " ".join((children[-1] + child).split())
        else:
            children.append(" ".join(child.split()))
    return element.tag, element.attributes, children


def views() -> list[PartialView]:
    plain = entry("b.md")
    full = entry("c.md", date="2024-05-06", lang="en-GB", shared_tags=("NLP", "R&D"), shared_terms=("索引", "近傍"))
    ordered = PartialSettings(heading_level=3, ordered=True, labels={"heading": "\"<次>\" & 'そ'", "comma": " / "})
    japanese, finnish = post("a.md", lang="ja"), post("a.md", lang="fi")
    return [
        partial_view(japanese, []),
        partial_view(japanese, [plain]),
        partial_view(japanese, [plain, full, entry("d.md", kind="pinned", url="")], ordered),
        partial_view(finnish, [full, entry("d.md", kind="translation", lang="zh-TW")]),
        partial_view(finnish, [entry("d.md", kind="translation", shared_tags=("only",))], PartialSettings(dates=False)),
        partial_view(post("a.md", lang="ar"), [entry("d.md", shared_terms=("only",), date="2024-05-06")]),
        *(
            partial_view(
                post("a.md", title=odd),
                [entry("b.md", title=odd, url=f"/{odd}/", lang=odd, shared_tags=(odd,), shared_terms=(odd, odd))],
            )
            for odd in HOSTILE
        ),
    ]


RAW: list[Any] = [
    {},
    {"related": []},
    {"related": [{"title": "only a title"}]},
    {"related": [{"path": "b.md", "title": "<b>", "url": "/b/", "score": 1.0, "kind": "similar"}], "labels": {}},
    {"related": [{"title": "x", "url": "", "date": "", "lang": "", "shared_tags": [], "shared_terms": ["`\\"]}]},
    {"related": [{"title": "x", "kind": "translation", "date": "2024-05-06"}], "id": 'i"', "list": "ol"},
]
"""What a theme may hand over: entries as they stand in related.json, and less."""


@pytest.mark.parametrize("contexts", [views(), RAW], ids=["finished", "raw"])
def test_both_make_the_same_page(contexts: list[Any]) -> None:
    for context, ours, theirs in zip(contexts, by_jinja(contexts), by_nunjucks(contexts), strict=True):
        assert normal(dom(ours)) == normal(dom(theirs)), context


def test_nunjucks_shows_hostile_titles_as_text() -> None:
    views_of_hostile = [partial_view(post("a.md"), [entry("b.md", title=title)]) for title in HOSTILE]
    for view, html in zip(views_of_hostile, by_nunjucks(views_of_hostile), strict=True):
        assert dom(html).one("li").one("a").text == view["related"][0]["title"]


def test_both_print_nothing_for_an_empty_list() -> None:
    assert by_jinja([{"related": []}]) == [""]
    assert by_nunjucks([{"related": []}]) == [""]
