"""Limits on what a stranger may write: each is met by the input beside it, and says so with its place.

How long a text takes is not measured here but held down: what is handed to code that may be slow is short.  The inputs
that would hang a reader without limits are in test_hostile_input.py.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from blog import topic_posts, write_blog
from enishi.editing.change import Edit, Refusal, TagChange
from enishi.editing.plan import plan_edit
from enishi.errors import Diagnostic, Severity
from enishi.generators.post import MAX_TAGS, MAX_TITLE
from enishi.pipeline import build
from enishi.reading import find, tokens
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.source import HEXO_DIALECT, MAX_BODY, TOLERANT_DIALECT, read_source
from enishi.reading.yaml12 import load
from enishi.state import Request
from enishi.types import Post
from made_up_sites import site_of

NOW = datetime(2024, 1, 1, tzinfo=UTC)
BOTH = pytest.mark.parametrize("hexo", [True, False], ids=["hexo", "others"])


def post_of(text: str, *, hexo: bool) -> tuple[Post, FrontMatter, dict[str, Diagnostic]]:
    site = site_of("hexo" if hexo else "generic", post_folders=("posts",))
    source = read_source(text.encode(), HEXO_DIALECT if hexo else TOLERANT_DIALECT)
    post, told = site.make_post("posts/a.md", source, NOW)
    return post, source, {diagnostic.code: diagnostic for diagnostic in told}


# -- a post's text -----------------------------------------------------------------------------------------------------


@BOTH
def test_an_overlong_text_is_read_up_to_a_line(hexo: bool) -> None:
    lines = "a line of prose, again and again\n" * (3 * MAX_BODY // 33)
    _, source, told = post_of(f"---\ntitle: Long\n---\n{lines}", hexo=hexo)
    assert MAX_BODY / 2 < len(source.body) <= MAX_BODY
    assert lines.startswith(source.body)
    assert source.body.endswith("again\n")
    diagnostic = told["post-too-long"]
    assert diagnostic.severity is Severity.WARNING
    assert diagnostic.line == 4 + source.body.count("\n")
    codec = TypeAdapter(FrontMatter)
    assert codec.validate_python(json.loads(json.dumps(codec.dump_python(source)))) == source


@BOTH
def test_an_overlong_line_is_cut(hexo: bool) -> None:
    _, source, told = post_of("---\ntitle: Long\n---\n" + "a" * 10_000_000, hexo=hexo)
    assert len(source.body) == MAX_BODY
    assert told["post-too-long"].line == 4


@BOTH
def test_a_text_of_the_greatest_length_is_whole(hexo: bool) -> None:
    _, source, told = post_of("---\ntitle: Long\n---\n" + "a" * MAX_BODY, hexo=hexo)
    assert len(source.body) == MAX_BODY
    assert "post-too-long" not in told


def test_a_huge_file_is_named_and_the_others_are_built(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(2))
    with (site / "source/_posts/huge.md").open("wb") as file:
        file.write(b"---\ntitle: Huge\n---\n")
        file.truncate(100 * 1024 * 1024)
    report = build(Request(site, now=NOW))
    assert [(d.path, d.code) for d in report.diagnostics] == [("source/_posts/huge.md", "file-too-large")]
    assert report.summary.listed == 12


def test_many_large_files_are_read_up_to_a_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository of a megabyte may unpack to thousands of files that are each just small enough."""
    monkeypatch.setattr(find, "_LARGE", 1_000)
    monkeypatch.setattr(find, "_MAX_IN_LARGE", 5_000)
    for number in range(6):
        (tmp_path / f"large-{number}.md").write_text("word " * 400)  # 2,000 bytes
        (tmp_path / f"small-{number}.md").write_text("word " * 100)
    site = site_of(root=tmp_path, post_folders=(".",))
    files, told = find.find_files(site)
    assert [file.path for file in files if file.path.startswith("large")] == ["large-0.md", "large-1.md"]
    assert len([file for file in files if file.path.startswith("small")]) == 6
    assert [(d.path, d.code) for d in told] == [(f"large-{number}.md", "file-too-large") for number in range(2, 6)]


# -- titles and tags ---------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("style", ["[{}]", "\n- {}"], ids=["flow", "block"])
def test_a_hundred_thousand_tags(style: str, hexo: bool) -> None:
    names = [f"t{number}" for number in range(100_000)]
    tags = style.format((", " if style[0] == "[" else "\n- ").join(names))
    post, _, told = post_of(f"---\ntitle: Tags\ntags: {tags}\n---\nbody\n", hexo=hexo)
    assert post.tags == tuple(names[:MAX_TAGS])
    assert told["too-many-tags"].line == 3


@BOTH
def test_a_tag_as_long_as_a_book_is_none(hexo: bool) -> None:
    post, _, told = post_of(f"---\ntags: [a, '{'x, ' * 100_000}', b]\n---\n", hexo=hexo)
    assert {"a", "b"} <= set(post.tags)
    assert max(map(len, post.tags)) <= 500
    assert hexo == ("too-many-tags" in told)


@BOTH
def test_a_title_as_long_as_a_book(hexo: bool) -> None:
    post, _, told = post_of(f"---\ntitle: {'word ' * 100_000}\n---\n", hexo=hexo)
    assert len(post.title) == MAX_TITLE
    assert told["title-too-long"].line == 2


# -- Unicode -----------------------------------------------------------------------------------------------------------

_TRICKY = st.sampled_from("aé漢かがカガﾞﾊ゙ﬁ①ﷺ각 \n─ー。\u0301\u0316\u3099\u0344\u0f73\u1100\u1161\u11a8𝒜")


@given(st.lists(_TRICKY, max_size=60), st.integers(1, 400))
def test_normalising_in_parts_changes_nothing(letters: list[str], times: int) -> None:
    text = "".join(letters) * times
    # where there is nothing to cut at, the parts end inside a run of marks: that is for hostile text alone
    if re.search(r"[^\x00-\x7f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]{2000}", text):
        text = text[:2_000]
    assert tokens.normalise(text) == unicodedata.normalize("NFKC", text)


def test_no_long_run_of_marks_is_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorting marks by class takes quadratic time: half a minute for a megabyte of these."""
    lengths = []

    class Recorded:
        @staticmethod
        def normalize(form: str, text: str) -> str:
            lengths.append(len(text))
            return unicodedata.normalize(form, text)

    monkeypatch.setattr(tokens, "unicodedata", Recorded)
    hostile = "a" + "\u0301\u0316" * 20_000
    assert len(tokens.fold(hostile)) >= len(hostile) - 20
    assert max(lengths) <= 4_000
    assert sum(lengths) == len(hostile)


# -- front matter ------------------------------------------------------------------------------------------------------


def test_a_later_twin_takes_the_dates_of_a_key_away() -> None:
    text = "a: {b: 2024-01-02, c: [2024-01-03]}\nd: 2024-01-04\n" + "a: [2024-01-05]\n" * 3 + "d: x\n"
    document = load(text, strict=False)
    assert document.value == {"a": ["2024-01-05"], "d": "x"}
    assert document.timestamps == ("/a/0",)


def test_an_empty_twin_takes_nothing_away() -> None:
    document = load("a: {b: 2024-01-02}\na:\n", strict=False)
    assert document.value == {"a": {"b": "2024-01-02"}}
    assert document.timestamps == ("/a/b",)


def test_merged_dates_keep_their_place() -> None:
    text = "x: &x {a: 2024-01-02, b: [2024-01-03], c: 1}\ny: &y {a: 1, d: 2024-01-04}\n<<: [*y, *x]\nb: z\n"
    document = load(text)
    assert document.value == {
        "x": {"a": "2024-01-02", "b": ["2024-01-03"], "c": 1},
        "y": {"a": 1, "d": "2024-01-04"},
        "a": 1,
        "b": "z",
        "c": 1,
        "d": "2024-01-04",
    }
    assert sorted(document.timestamps) == ["/d", "/x/a", "/x/b/0", "/y/d"]


@pytest.mark.parametrize("part", ["a.", '"a".', "'a'.", 'a."a".', '"\\"".', "a . 'b\"'."])
@pytest.mark.parametrize("line", ["{key}a = 1", "[{key}a]", "x = {{ y = 1, {key}a = 1 }}"])
def test_no_dotted_key_of_thousands_of_parts_is_parsed(part: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """tomllib takes quadratic time for it."""
    monkeypatch.setattr("tomllib.loads", lambda text: pytest.fail("it was"))
    source = read_source(f"+++\ntitle = 'x'\n{line.format(key=part * 5_000)}\n+++\nbody\n".encode(), TOLERANT_DIALECT)
    assert [(problem.code, problem.line) for problem in source.problems] == [("bad-toml", 3)]
    assert source.meta["title"] == "x"


# -- the editor --------------------------------------------------------------------------------------------------------


@BOTH
def test_huge_front_matter_is_not_edited(hexo: bool) -> None:
    keys = "\n".join(f"k{number}: v" for number in range(40_000))
    found = plan_edit(
        f"---\ntags: [a]\n{keys}\n---\nbody\n".encode(), TagChange.adding("b"), site_of("hexo" if hexo else "generic")
    )
    assert isinstance(found, Refusal)
    assert (found.line, found.code) == (2, "front-matter-too-large")


@BOTH
def test_a_list_of_thousands_of_tags_is_not_edited(hexo: bool) -> None:
    tags = ", ".join(["a"] * 5_000)
    found = plan_edit(
        f"---\ntitle: x\ntags: [{tags}]\n---\nbody\n".encode(),
        TagChange.removing("a"),
        site_of("hexo" if hexo else "generic"),
    )
    assert isinstance(found, Refusal)
    assert (found.line, found.code) == (3, "odd-tags")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_the_line_of_a_place(line_break: str) -> None:
    """Line ends are looked for once a file, not once a key."""
    shuffled = random.Random(1)
    lines = [f"k{number}: {'v' * shuffled.randrange(30)}" for number in range(2_000)]
    lines.insert(1_000, "tags: *gone")
    lines.insert(10, "gone: &gone [a, b]")
    data = line_break.join(["---", *lines, "---", "body", ""]).encode()
    found = plan_edit(data, TagChange.adding("c"), site_of("hexo" if line_break == "\n" else "generic"))
    assert isinstance(found, Refusal)
    assert (found.line, found.code) == (lines.index("tags: *gone") + 2, "shared-tags")


@BOTH
def test_a_post_with_a_long_text_can_be_edited(hexo: bool) -> None:
    data = b"---\ntags: [a]\n---\n" + b"word " * 500_000
    found = plan_edit(data, TagChange.adding("b"), site_of("hexo" if hexo else "generic"))
    assert isinstance(found, Edit)
    assert found.after == data.replace(b"[a]", b"[a, b]")
