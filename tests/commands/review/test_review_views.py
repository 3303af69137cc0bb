"""What the page of a review shows of a post: its text with a tag marked, and what would be written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog import document
from enishi.commands.review.views import MOST_TEXT, diff_view, marked, text_view, title_of
from enishi.commands.tags.edits import PlannedEdit
from enishi.tags.mentions import naming_pattern
from enishi.types import TextFields


def in_brackets(text: str, *names: str) -> str:
    return "".join(f"<{part}>" if is_named else part for part, is_named in marked(text, naming_pattern(names)))


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        ("React, react and reacting", "React", "<React>, <react> and reacting"),
        ("ＲＥＡＣＴをＲｅａｃｔで", "react", "<ＲＥＡＣＴ>を<Ｒｅａｃｔ>で"),
        ("GitHub Actions, github-actions", "GitHubActions", "<GitHub Actions>, <github-actions>"),
        ("ｶﾞｲﾄﾞとガイド", "ガイド", "<ｶﾞｲﾄﾞ>と<ガイド>"),
        ("1㌘のタグ", "グラム", "1<㌘>のタグ"),
        ("ﬁne ﬁle", "file", "ﬁne <ﬁle>"),
        ("İstanbul react İ", "react", "İstanbul <react> İ"),
        ("nothing", "React", "nothing"),
        ("", "React", ""),
    ],
)
def test_what_names_the_tag_is_marked_as_it_is_written(text: str, tag: str, expected: str) -> None:
    assert in_brackets(text, tag) == expected


@given(st.text(max_size=60), st.text(min_size=1, max_size=6))
def test_marking_loses_no_character(text: str, tag: str) -> None:
    parts = marked(text, naming_pattern([tag]))
    assert "".join(part for part, _ in parts) == text
    assert all(part for part, _ in parts)


def test_the_passage_is_the_paragraph_that_says_most() -> None:
    post = document("a.md", "React is here.\n\nReact\n\nReact has hooks and state.\n\nNothing.\n\nhooks, state")
    blocks, passage = text_view(post, ["React"], ["hooks", "state"])
    assert passage == 2
    assert text_view(post, [], ["hooks", "state"])[1] == 2
    assert text_view(post, [], [])[1] is None
    assert [block["kind"] for block in blocks] == ["paragraph"] * 5


def test_a_post_without_a_title_is_called_by_its_beginning() -> None:
    post = document("a.md", "x")
    post = replace(post, post=replace(post.post, title=""))
    for fields, expected in (
        (TextFields(headings=("B",), lede="C"), "B"),
        (TextFields(lede="日本語" * 40), "日本語" * 19 + "日本…"),
        (TextFields(), "a.md"),
    ):
        assert title_of(replace(post, fields=fields)) == expected
    assert title_of(document("a.md", "x", title="R&D <b>")) == "R&D <b>"


def test_a_long_post_is_cut() -> None:
    blocks, _ = text_view(document("a.md", "word " * MOST_TEXT), [], [])
    assert sum(len(part) for block in blocks for part, _ in block["parts"]) <= MOST_TEXT


def test_a_diff_shows_lines_without_their_ends_and_is_cut() -> None:
    before, after = b"---\r\ntags: [a]\r\n---\r\n\xff", b"---\r\ntags: [a, b]\r\n---\r\n\xff"
    edit = PlannedEdit("a.md", Path("a.md"), before, after)
    assert diff_view([edit]) == [
        ("@", "a.md:2"),
        *((" ", "---"), ("-", "tags: [a]"), ("+", "tags: [a, b]"), (" ", "---"), (" ", "\ufffd")),
    ]
    assert len(diff_view([edit] * 100)) == 201
    assert diff_view([PlannedEdit("a.md", Path("a.md"), before, before)]) == []
