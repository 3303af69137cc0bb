"""Settings that are written to hang a check, to fill its memory, or to make it fail without a word about them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from enishi.config import TagSettings
from enishi.errors import SettingsError
from enishi.generators import detect_site
from enishi.generators.hexo_permalinks import parse_file_name
from enishi.generators.post import MAX_ADDRESS
from enishi.reading.find import find_files
from enishi.reading.globs import Globs, matches_any
from enishi.tags.vocabulary import read_vocabulary
from enishi.types import Post
from made_up_sites import site_of


@pytest.fixture(autouse=True)
def _in_no_time() -> Iterator[None]:
    """All of it takes well under a second; before, it took minutes, or as long as the universe."""
    start = time.process_time()
    yield
    assert time.process_time() - start < 10


@pytest.mark.parametrize("pattern", ["*a" * 60 + "b", "**/a/" * 60 + "b", "*a*/" * 30 + "b", "a*{*a,*a*a}" * 6 + "b"])
def test_a_pattern_of_many_wildcards(pattern: str) -> None:
    path = "/".join(["a" * 250] * 16)
    assert not Globs([pattern]).match(path)
    assert not Globs([pattern], by_name=True).match(path)
    assert not matches_any((pattern,), path)


def test_no_site_has_thousands_of_patterns(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("")
    site, _ = detect_site(tmp_path)
    for patterns in (["*a"] * 501, ["a" * 50_001]):
        with pytest.raises(SettingsError, match="more than 500 patterns"):
            find_files(site, patterns)


def test_a_name_of_new_posts_with_many_parts() -> None:
    assert parse_file_name(":a-:b-:c-:d-:e-:f-:g-:h-:title-x.md", "-" * 4_000 + ".md") == {"title": ""}
    assert parse_file_name(":a-:b-:title.md", "x-y-z-1.md") == {"a": "x", "b": "y", "title": "z-1"}
    assert parse_file_name(":lang/:year-:title.md", "en/2024-a-b.md") == {"lang": "en", "year": "2024", "title": "a-b"}


@pytest.mark.parametrize("setting", ["permalink", "new_post_name"])
def test_a_pattern_of_addresses_as_long_as_a_book(tmp_path: Path, setting: str) -> None:
    (tmp_path / "source" / "_posts").mkdir(parents=True)
    (tmp_path / "source" / "_posts" / "a.md").write_text("")
    (tmp_path / "_config.yml").write_text(f"{setting}: '{':title' * 100_000}'\n")
    site, problems = detect_site(tmp_path, generator="hexo")
    assert getattr(site, setting) in (":year/:month/:day/:title/", ":title.md")
    assert [(problem.path, problem.line) for problem in problems] == [("_config.yml", 1)]


def test_an_address_as_long_as_a_book_is_none() -> None:
    from datetime import UTC, datetime

    from enishi.reading.frontmatter import FrontMatter

    now = datetime(2024, 1, 1, tzinfo=UTC)
    for generator in ("hexo", "jekyll"):
        site = site_of(generator, permalink=":title/" * 70)
        front = FrontMatter({"slug": "s" * 100_000, "title": "t" * 100_000}, "")
        post, _ = site.make_post(f"{site.post_folders[0]}/{'n' * 200}.md", front, now)
        assert len(post.url) <= 3 * MAX_ADDRESS
        assert post.url == ""


def test_a_tag_as_long_as_a_book_with_no_version_in_it() -> None:
    vocabulary, _ = read_vocabulary(
        [Post("a.md", "A", tags=("a",))], site_of(), TagSettings(aliases={"a1_" * 50_000: "a"})
    )
    assert vocabulary.broader == {}
