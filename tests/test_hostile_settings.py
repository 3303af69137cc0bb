"""Settings that are written to hang a check, to fill its memory, or to make it fail without a word about them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from enishi.config import TagSettings
from enishi.config_files import load_settings
from enishi.errors import SettingsError
from enishi.generators import detect_site
from enishi.generators.hexo_permalinks import parse_file_name
from enishi.generators.post import MAX_ADDRESS
from enishi.reading.find import find_files
from enishi.reading.globs import Globs, matches_any
from enishi.reading.manifest import read_manifest
from enishi.tags.declined import DECLINED_NAME, read_declined
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


def test_a_megabyte_of_settings_in_yaml(tmp_path: Path) -> None:
    lines = [f"k{number}: [a, b, c]" for number in range(50_000)]
    (tmp_path / "_config.yml").write_text("\n".join(["enishi: {related: {limit: 3}}", *lines]))
    assert load_settings(tmp_path)[0].related.limit == 3


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 500))]
)
def test_yaml_that_is_nested_without_end_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "_config.yml").write_text(
        f"enishi: {{limit: 3}}\nx: {text}" if text[0] != "a" else f"enishi: 1\n{text}"
    )
    with pytest.raises(SettingsError, match=r"_config\.yml.* not valid YAML"):
        load_settings(tmp_path)


# -- what Python cannot hold ------------------------------------------------------------------------------------------

UNHOLDABLE = {
    "a number of digits": f"x = {'1' * 5_000}",
    "a hexadecimal number": f"x = 0x{'f' * 5_000}",
    "one in a list": f"x = [0x{'f' * 5_000}]",
    "dotted keys": f"{'a.' * 5_000}a = 1",
    "tables": f"x = {'{a = ' * 150}1{'}' * 150}",
    "lists": f"x = {'[' * 150}{']' * 150}",
    "lists beyond measure": f"x = {'[' * 100_000}",
}


@pytest.mark.parametrize("name", ["enishi.toml", "pyproject.toml"])
@pytest.mark.parametrize("text", UNHOLDABLE.values(), ids=UNHOLDABLE)
def test_settings_that_python_cannot_hold_have_a_place(tmp_path: Path, name: str, text: str) -> None:
    table = "[tool.enishi]" if name == "pyproject.toml" else "# "
    (tmp_path / name).write_text(f"{table}\n\n{text}\n")
    with pytest.raises(SettingsError, match=rf"{name} is not valid TOML: .*line 3") as error:
        load_settings(tmp_path)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("text", UNHOLDABLE.values(), ids=UNHOLDABLE)
def test_a_generators_settings_that_python_cannot_hold_have_a_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "a.md").write_text("")
    (tmp_path / "hugo.toml").write_text(f'title = "x"\n{text}\n')
    _, problems = detect_site(tmp_path)
    assert [(problem.path, problem.line, problem.code) for problem in problems] == [
        ("hugo.toml", 2, "bad-site-settings")
    ]


@pytest.mark.parametrize("text", [f'{{"url": {"1" * 5_000}}}', "[" * 200_000, '{"a":' * 200_000])
def test_json_that_python_cannot_hold_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "source" / "_posts").mkdir(parents=True)
    (tmp_path / "source" / "_posts" / "a.md").write_text("")
    (tmp_path / "_config.json").write_text(text)
    (tmp_path / "package.json").write_text(text)
    _, problems = detect_site(tmp_path)
    assert [(problem.path, problem.line) for problem in problems] == [("_config.json", 1)]
    with pytest.raises(SettingsError, match="manifest"):
        read_manifest(text)


@pytest.mark.parametrize("text", UNHOLDABLE.values(), ids=UNHOLDABLE)
def test_declines_that_python_cannot_hold_cost_no_others(tmp_path: Path, text: str) -> None:
    line = '  { post = "a.md", tag = "NLP" },'
    bad = f"  {{ post = {text.partition(' = ')[2]}, tag = 'x' }},"
    (tmp_path / DECLINED_NAME).write_text(f"declined = [\n{line}\n{bad}\n]\n{text}\n")
    declines, problems = read_declined(tmp_path)
    assert [(decline.post, decline.tag) for decline in declines] == [("a.md", "NLP")]
    assert problems[0].line in (3, 5)
    assert all(len(problem.message) < 200 for problem in problems)
