"""Real posts, and 73 front matters that real authors had to mend: none is lost without a word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache

import pytest

from enishi.errors import Diagnostic, Severity
from enishi.generators import detect_site
from enishi.generators.base import Site
from enishi.reading.find import find_files
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.prose import text_fields
from enishi.reading.source import HEXO_DIALECT, TOLERANT_DIALECT, read_source
from enishi.types import Post
from made_up_sites import site_of
from shared_data import CORPORA, needs_shared

pytestmark = needs_shared

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HEXO = site_of("hexo", post_folders=("source/_posts",))
ELSEWHERE = site_of(post_folders=("source/_posts",))


@cache
def heads() -> list[tuple[str, str]]:
    """Kind of the mistake, and the text."""
    lines = (CORPORA / "broken_front_matter.jsonl").read_text("utf-8").split("\n")
    return [(value["kind"], value["head"]) for line in lines if line for value in [json.loads(line)]]


def read(number: int, site: Site) -> tuple[Post, list[Diagnostic], FrontMatter]:
    source = read_source(heads()[number][1].encode(), site.generator.dialect)
    post, diagnostics = site.make_post(f"source/_posts/{number}.md", source, NOW)
    return post, diagnostics, source


TOLD_BY_HEXO = {
    1: (16, "text-between-keys"),
    2: (2, "front-matter-not-read"),
    3: (2, "front-matter-not-read"),
    4: (1, "prose-read-as-front-matter"),
    5: (2, "unquoted-colon"),
    6: (13, "unquoted-colon"),
    7: (15, "text-between-keys"),
    8: (15, "text-between-keys"),
    9: (2, "unquoted-colon"),
    10: (10, "text-between-keys"),
    13: (14, "merge-conflict"),
    14: (9, "comma-in-tag"),
    15: (11, "duplicate-key"),
    16: (7, "duplicate-key"),
    17: (5, "duplicate-key"),
    18: (3, "bad-escape"),
    19: (3, "bad-escape"),
    20: (3, "bad-escape"),
    28: (4, "unquoted-colon"),
    29: (3, "unquoted-colon"),
    30: (3, "quote-in-quotes"),
    31: (3, "quote-in-quotes"),
    32: (9, "duplicate-key"),
    33: (3, "unquoted-colon"),
    34: (3, "unquoted-colon"),
    45: (5, "comma-in-tag"),
    46: (5, "comma-in-tag"),
    47: (5, "comma-in-tag"),
    49: (2, "merge-conflict"),
    52: (1, "front-matter-not-read"),
    53: (1, "front-matter-not-read"),
    54: (1, "front-matter-not-read"),
    57: (1, "front-matter-not-read"),
    59: (17, "duplicate-key"),
    60: (20, "duplicate-key"),
    61: (3, "unquoted-colon"),
    62: (3, "unquoted-colon"),
    63: (15, "quote-in-quotes"),
    64: (14, "quote-in-quotes"),
    65: (15, "quote-in-quotes"),
    66: (11, "duplicate-key"),
}
"""Number of the front matter -> line and code; where a number is missing, Hexo reads it as the author meant."""
WITHOUT_FRONT_MATTER = {2, 3, 4, 10, 25, 26, 27, 40, 41, 48, 50, 51, 55, 56, 58, 67, 68, 69, 70, 71, 72}
NOTES_WITHOUT_TITLE = {11, 12, 24, 29, 35, 36}
"""Notes and hot tips, which have none, twice `statitle:`, and one whose title stands behind another key."""


def test_there_are_73() -> None:
    assert len(heads()) == 73


@pytest.mark.parametrize("number", range(73))
def test_a_broken_front_matter_in_hexo(number: int) -> None:
    _, diagnostics, source = read(number, HEXO)
    expected = [TOLD_BY_HEXO[number]] if number in TOLD_BY_HEXO else []
    assert [(d.line, d.code) for d in diagnostics] == expected
    # what is not read as front matter is still there to be read as text
    assert source.meta or source.body.strip()


@pytest.mark.parametrize("number", range(73))
def test_a_broken_front_matter_elsewhere(number: int) -> None:
    post, diagnostics, source = read(number, ELSEWHERE)
    if number in WITHOUT_FRONT_MATTER:
        assert (post.title, post.tags, post.date) == ("", (), None)
        assert {d.code for d in diagnostics} <= {"front-matter-not-read"}
        assert source.body == heads()[number][1].replace("\r\n", "\n").replace("\r", "\n")
        return
    assert bool(post.title) is (number not in NOTES_WITHOUT_TITLE)
    assert "\n" not in post.title
    written = source.meta
    is_broken = any(d.severity is Severity.ERROR for d in diagnostics)
    assert post.tags or is_broken or not written.get("tags")  # of a broken block, only what stands on a key's line
    told = {d.code for d in diagnostics}
    # a day that does not exist is said to be none; the posts in French have a date in their path only
    assert post.date is not None or "bad-date" in told or "date" not in written


@pytest.mark.parametrize("number", sorted(set(TOLD_BY_HEXO) - {2, 3, 4, 14, 23, 45, 46, 47, 52, 53, 54}))
def test_a_post_that_hexo_loses_still_takes_part(number: int) -> None:
    post, diagnostics, _ = read(number, HEXO)
    assert post.title or number in NOTES_WITHOUT_TITLE
    assert post.date is not None
    assert post.status == "unpublished"  # its page is not there
    assert diagnostics[0].message.startswith("Hexo leaves this post out")


@pytest.mark.parametrize("blog", ["18f", "efcl", "nhoizey", "yeshan333"])
def test_every_post_of_a_real_blog_elsewhere(blog: str) -> None:
    """Read tolerantly, every post has front matter, a day unless it gives none, and no mistake is found."""
    site, _ = detect_site(CORPORA / blog, generator="generic", posts=("source/_posts",))
    files, problems = find_files(site)
    assert len(files) > 100
    assert problems == []
    wrong: dict[str, object] = {}
    for file in files:
        source = read_source(file.file.read_bytes(), TOLERANT_DIALECT)
        post, diagnostics = site.make_post(file.path, source, NOW)
        diagnostics = [d for d in diagnostics if d.code != "fence-with-blanks"]
        if diagnostics or (not post.date and "date" not in source.meta and blog != "efcl"):
            wrong[file.path] = diagnostics or post.date
        if not source.format:
            wrong[file.path] = "no front matter"
    assert wrong == {}


SYNTAX = ["{%", "%}", "{{<", ">}}", "<!--", "-->", "](", "<div", "</", "\x00", "base64,", "&nbsp;", "{:."]


@pytest.mark.parametrize("blog", ["18f", "efcl", "nhoizey", "yeshan333"])
def test_no_syntax_is_left_among_the_words(blog: str) -> None:
    """A few posts write *about* such syntax; in the rest none of it is a word."""
    files = sorted((CORPORA / blog / "source" / "_posts").rglob("*.md"))[::4]
    posts_with = dict.fromkeys(SYNTAX, 0)
    for file in files:
        source = read_source(file.read_bytes(), HEXO_DIALECT)
        fields = text_fields("", source.body)
        assert fields.prose or len(source.body.split()) < 60, file.name
        for mark in SYNTAX:
            posts_with[mark] += mark in fields.prose
    assert {mark: n for mark, n in posts_with.items() if n > max(len(files) / 100, 1)} == {}
