"""Pages among posts: which of them are none, and that their author is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blog import document, topic_posts
from enishi.errors import Severity
from enishi.generators import register, unregister
from enishi.generators.base import Generator, Site
from enishi.pipeline import BuildReport, build
from enishi.reading.standing_pages import without_pages
from enishi.state import Request
from enishi.types import Document
from made_up_sites import site_of

SITE = replace(site_of(), post_folders=("content",))
DATED = [document(f"content/posts/{number}.md", day=number) for number in range(9)]


def left_out(*others: Document, site: Site = SITE) -> set[str]:
    documents = [*DATED, *others]
    kept, _ = without_pages(documents, site)
    return {one.post.path for one in documents} - {one.post.path for one in kept}


def test_undated_pages_at_the_top_of_dated_posts_are_none() -> None:
    pages = ["content/about.md", "content/donate/index.md", "content/index.mdx", "content/links/_index.md"]
    posts = ["content/posts/undated.md", "content/posts/more/index.md", "elsewhere/undated.md"]
    assert left_out(*map(document, [*pages, *posts])) == set(pages)


def test_a_dated_page_at_the_top_is_a_post() -> None:
    assert left_out(document("content/hello.md", day=1)) == set()


def test_where_few_have_a_date_nobody_needs_one() -> None:
    assert left_out(*(document(f"content/{number}.md") for number in range(8))) != set()
    assert left_out(*(document(f"content/{number}.md") for number in range(9))) == set()


def test_each_folder_of_posts_goes_by_its_own() -> None:
    site = replace(SITE, post_folders=("content", "content/wiki"))
    wiki = [document(f"content/wiki/{name}.md") for name in "abc"]
    assert left_out(*wiki, document("content/about.md"), site=site) == {"content/about.md"}


def test_a_site_folder_may_be_the_folder_of_posts() -> None:
    site = replace(SITE, post_folders=(".",))
    assert left_out(document("about.md"), document("posts/x/index.md"), site=site) == {"about.md"}


def test_drafts_in_a_folder_of_drafts_are_none_unless_the_generator_shows_them() -> None:
    paths = ["content/drafts/a.md", "content/posts/_drafts/b/index.md"]
    drafts = [document(path, status="draft", day=1) for path in paths]
    assert left_out(*drafts, document("content/posts/c.md", status="draft", day=1)) == set(paths)
    assert left_out(document("content/drafts/told.md", day=1)) == set()


def test_one_note_names_them() -> None:
    pages = [document(f"content/{name}.md") for name in "gfedcba"]
    (note,) = without_pages([*DATED, *pages, document("content/drafts/x.md", status="draft")], SITE)[1]
    assert (note.path, note.code, note.severity) == ("content", "standing-page", Severity.NOTE)
    assert "content/a.md, content/b.md, content/c.md, content/d.md, content/e.md and 2 more; drafts" in note.message
    assert "content/drafts/x.md. `standing_pages = true`" in note.message
    assert without_pages(DATED, SITE) == (DATED, [])


class Mixed(Generator[Site]):
    name = "mixed"
    label = "a mixed site"
    settings_files = ("mixed.json",)
    post_folders = ("content",)
    mixes_pages = True


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    register(Mixed())
    (tmp_path / "mixed.json").write_text("{}")
    (tmp_path / "content").mkdir()
    for name, text in {**topic_posts(2), "about.md": "---\ntitle: About\n---\nI drink tea.\n"}.items():
        (tmp_path / "content" / name).write_text(text, "utf-8")
    yield tmp_path
    unregister("mixed")


def run(site: Path, manifest: str | None = None, *overrides: str) -> BuildReport:
    return build(Request(site, now=datetime(2024, 1, 1, tzinfo=UTC), manifest=manifest, overrides=overrides))


def test_a_build_leaves_them_out_and_a_setting_brings_them_in(site: Path) -> None:
    report = run(site)
    assert report.summary.posts == {"published": 12}
    assert [one.path for one in report.diagnostics if one.code == "standing-page"] == ["content"]
    assert b"about.md" not in (site / ".enishi/related.json").read_bytes()
    report = run(site, None, "standing_pages=true")
    assert (report.summary.posts, report.diagnostics) == ({"published": 13}, ())


def test_what_the_generator_says_of_dates_counts(site: Path) -> None:
    """Also of a page that it lists: it lists whatever it makes a page of."""
    about = {"source": "about.md", "url": "/about/"}
    assert run(site, json.dumps([about, {"source": "tea-0.md"}])).summary.posts == {"published": 1, "unpublished": 11}
    dated = run(site, json.dumps([{**about, "date": "2020-01-01"}]))
    assert dated.summary.posts == {"published": 1, "unpublished": 12}
    assert "content/about.md" in json.loads((site / ".enishi/related.json").read_bytes())["posts"]


def test_a_check_of_a_page_that_is_none_finds_nothing(site: Path) -> None:
    from enishi.commands.check.run import CheckRequest, check

    (site / "content/about.md").write_text("---\ntitle: About\ntags: [unheard-of]\n---\ntea kettle leaves\n", "utf-8")
    asked = CheckRequest(Request(site, overrides=("standing_pages=false",)), files=(str(site / "content/about.md"),))
    assert check(asked).findings == ()
