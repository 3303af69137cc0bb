"""A section of related posts in and out of a post's file, and not a byte beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.editing.change import Refusal
from enishi.editing.section import plan_section
from enishi.reading.section import without_section
from enishi.reading.source import HEXO_DIALECT, TOLERANT_DIALECT, read_source
from shared_data import CORPORA, needs_shared

CONTENT = "## Related posts\n\n- [One](/one/)\n- [Two](/two/)"
OTHER = "## 関連記事\n\n- [Three](/three/)"


def planned(data: bytes, content: str = CONTENT, **more: bool) -> bytes:
    result = plan_section(data, content, TOLERANT_DIALECT, **more)
    assert isinstance(result, bytes), result.message
    return result


def refused(data: bytes, content: str = CONTENT) -> Refusal:
    result = plan_section(data, content, TOLERANT_DIALECT)
    assert isinstance(result, Refusal)
    return result


def test_what_it_looks_like() -> None:
    assert planned(b"---\ntitle: T\n---\nText.\n").decode() == (
        "---\ntitle: T\n---\nText.\n\n<!-- enishi:related -->\n\n## Related posts\n\n- [One](/one/)\n- [Two](/two/)\n"
        "\n<!-- /enishi:related 869c2728 -->\n"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"Text.\n",
        b"Text.",
        b"",
        b"Text.\n\n\n",
        b"Text.\r\n",
        b"Text.\r\n\r\nMore.",
        b"Text.\rMore.\r",
        b"\xef\xbb\xbf---\r\ntitle: T\r\n---\r\nText.\r\n",
        b"---\ntitle: T\n---",
        b"---\ntitle: T\n---\n",
        b"Not UTF-8: \xff\xfe\x80\n",
        b"```\ncode\n```\n",
        b"~~~~\n```\n~~~\n~~~~",
        b"> quoted",
        b"- item\n\n  more of it",
        b"| a | b |\n|---|---|\n| 1 | 2 |",
        b"Text[^1]\n\n[^1]: note",
        b"[one]: /one/ 'title'",
        b"<div>\n\ntext\n\n</div>",
        b"<pre>\ncode\n</pre>",
        b"a <!-- comment",
        b"    code",
        b"Text\n  ",
        b"+++\ntitle = 'T'\n+++\nText\n",
    ],
)
def test_in_again_and_out(data: bytes) -> None:
    written = planned(data)
    assert written.startswith(data)
    assert planned(written) == written
    assert planned(planned(written, OTHER)) == written
    assert planned(written, "") == data
    assert planned(data, "") == data


def test_line_ends_are_those_of_the_file() -> None:
    written = planned(b"One.\r\nTwo.\r\n")
    assert written.count(b"\n") == written.count(b"\r\n")
    assert planned(b"One.\rTwo.").count(b"\n") == 0


def test_a_section_stays_where_its_author_moved_it() -> None:
    moved = b"Above.\r\n<!-- enishi:related -->\r\n<!-- /enishi:related -->\r\nBelow."
    written = planned(moved)
    assert written.startswith(b"Above.\r\n<!-- enishi:related -->\r\n\r\n## Related")
    assert written.endswith(b"-->\r\nBelow.")
    assert planned(written, "") == b"Above.\r\nBelow."
    assert planned(b"Above.\n<!-- enishi:related -->\n<!-- /enishi:related -->", "") == b"Above.\n"


def test_what_was_added_around_it_stays() -> None:
    written = planned(b"Text.\n").replace(b"Text.", b"Changed.") + b"\nMore below.\n"
    assert planned(written, OTHER).endswith(b"\n\nMore below.\n")
    assert planned(written, "") == b"Changed.\n\nMore below.\n"


def test_mdx_has_comments_of_its_own() -> None:
    written = planned(b"Text.\n", is_mdx=True)
    assert b"{/* enishi:related */}" in written
    assert b"<!--" not in written
    assert planned(written, "", is_mdx=True) == b"Text.\n"


def test_markers_in_code_and_comments_are_text() -> None:
    for fence in (b"```", b"~~~~"):
        shown = fence + b"html\n<!-- enishi:related -->\nx\n<!-- /enishi:related -->\n" + fence + b"\n"
        written = planned(shown)
        assert written.startswith(shown)
        assert planned(written, "") == shown
        assert without_section(shown.decode()) == shown.decode()
    inline = b"Write `<!-- enishi:related -->` and more\n    <!-- enishi:related -->\n"
    assert planned(inline).startswith(inline)


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"Text.\n\n```\ncode", "odd-section", 3),
        (b"Text.\n\n````\n```\n", "odd-section", 3),
        (b"Text.\n<!--\nlater\n", "odd-section", 2),
        (b"<script>\nlet a\n", "odd-section", 1),
        (b"<!-- enishi:related -->\n", "odd-section", 1),
        (b"a\n<!-- /enishi:related -->\n<!-- enishi:related -->\n", "odd-section", 2),
        (b"<!-- enishi:related -->\n<!-- /enishi:related -->\n" * 2, "odd-section", 1),
        (b"<!-- enishi:related -->\nmy own\n<!-- /enishi:related -->\n", "edited-section", 1),
        (b"\xff\xfeT\x00", "not-utf8", 1),
        (b"---\ntitle: [\n---\nText\n", "bad-front-matter", 2),
    ],
)
def test_what_is_left_alone(data: bytes, code: str, line: int) -> None:
    refusal = refused(data)
    assert (refusal.code, refusal.line) == (code, line)


def test_what_an_author_wrote_into_it_is_not_lost() -> None:
    edited = planned(b"Text.\n").replace(b"[Two](/two/)", b"[Mine](/mine/)")
    for content in (OTHER, ""):
        assert refused(edited, content).code == "edited-section"
    saved = planned(b"Text.\n").replace(b"\n", b" \r\n")  # an editor's doing, not an author's
    assert b"Three" in planned(saved, OTHER)


def test_a_build_does_not_read_it() -> None:
    body = "Text.\n\nMore.\n"
    written = planned(body.encode()).decode() + "\nBelow.\n"
    read = without_section(written)
    assert read.split() == ["Text.", "More.", "Below."]
    assert read.count("\n") == written.count("\n")


CODE = ["```", "~~~", "````js", "    code", "<!--", "-->", "<pre>", "</pre>"]
MARKERS = ["<!-- enishi:related -->", "<!-- /enishi:related -->", "{/* enishi:related */}"]
LINES = st.sampled_from(["", "text", *CODE, *MARKERS, "- item", "---", "> q", "| a |", "title: x", "é\udcff", "\ufeff"])


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans())
def test_any_text_comes_back_or_is_left(lines: list[str], line_break: str, ended: bool, hexo: bool) -> None:
    dialect = HEXO_DIALECT if hexo else TOLERANT_DIALECT
    data = (line_break.join(lines) + line_break * ended).encode("utf-8", "surrogateescape")
    written = plan_section(data, CONTENT, dialect)
    if isinstance(written, Refusal):
        return
    assert plan_section(written, CONTENT, dialect) == written
    back = plan_section(written, "", dialect)
    assert isinstance(back, bytes)
    assert back == plan_section(data, "", dialect)
    assert (
        without_section(read_source(written, dialect).body).strip()
        == without_section(read_source(back, dialect).body).strip()
    )


@needs_shared
@pytest.mark.parametrize("blog", ["18f", "efcl", "nhoizey", "yeshan333"])
def test_every_post_of_real_blogs(blog: str) -> None:
    files = sorted((CORPORA / blog / "source" / "_posts").rglob("*.md"))[::9]
    dialect = HEXO_DIALECT if blog == "yeshan333" else TOLERANT_DIALECT
    left = []
    for file in files:
        data = file.read_bytes()
        written = plan_section(data, CONTENT, dialect)
        if isinstance(written, Refusal):
            left.append(written.code)
            continue
        assert written.startswith(data)
        assert plan_section(written, CONTENT, dialect) == written
        assert plan_section(written, "", dialect) == data
    assert left in ([], ["odd-section"])  # a post that ends in a `<pre>` which nothing closes
