"""Patterns of paths.  The comparison with micromatch, which Hexo asks, is in test_hexo_referee.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.reading.globs import Globs, matches_any


@pytest.mark.parametrize(
    ("pattern", "matched", "passed"),
    [
        ("*.md", ["a.md"], ["a/b.md", "a.mdx"]),
        ("**/*.md", ["a.md", "a/b.md", "a/b/c.md"], ["a.txt"]),
        ("a/**", ["a/b.md", "a/b/c.md"], ["b/a/c.md", "ab"]),
        ("a/**/c.md", ["a/c.md", "a/b/c.md", "a/b/b/c.md"], ["a/bc.md"]),
        ("a**.md", ["a.md", "ab.md"], ["a/b.md"]),
        ("?.md", ["a.md", "日.md"], ["ab.md", "/.md"]),
        ("[ab].md", ["a.md"], ["c.md"]),
        ("[a-c].md", ["b.md"], ["-.md"]),
        ("[!a].md", ["b.md"], ["a.md"]),
        ("{a,b/*}.md", ["a.md", "b/c.md"], ["b.md"]),
        ("a.{md,{mdx,html}}", ["a.md", "a.mdx", "a.html"], ["a.txt"]),
        ("/a.md", ["a.md"], ["b/a.md"]),
        ("./a.md", ["a.md"], []),
        ("a.b", ["a.b"], ["axb"]),
        ("[", ["["], ["a"]),
        ("{a", ["{a"], ["a"]),
    ],
)
def test_patterns(pattern: str, matched: list[str], passed: list[str]) -> None:
    globs = Globs([pattern])
    assert [path for path in matched if not globs.match(path)] == []
    assert [path for path in passed if globs.match(path)] == []


def test_a_later_pattern_takes_back() -> None:
    globs = Globs(["*.md", "!keep.md", "", " "])
    assert [globs.match(path) for path in ("a.md", "keep.md", "a.txt")] == [True, False, False]
    again = Globs(["*.md", "!keep.md", "keep.md"])
    assert again.match("keep.md")


def test_names_match_anywhere() -> None:
    globs = Globs(["drafts", "*.tmp.md", "/top", "a/b"], by_name=True)
    matched = ["drafts", "drafts/a.md", "x/drafts/y/a.md", "x/y.tmp.md", "top/a.md", "a/b/c.md"]
    passed = ["mydrafts/a.md", "x/top/a.md", "x/a/b/c.md", "a.md"]
    assert [path for path in matched if not globs.match(path)] == []
    assert [path for path in passed if globs.match(path)] == []


def test_hexos_lists_are_alternatives() -> None:
    assert matches_any(("*.md", "!a.md"), "a.md")
    assert matches_any(("!a.md",), "b/c.html")
    assert not matches_any(("!a.md",), "a.md")
    assert not matches_any((), "a.md")
    assert matches_any(("[!a].md",), "!.md")


@settings(max_examples=300, deadline=None)
@given(st.text("ab/*?[]{},!-^\\.日 ", max_size=12), st.text("ab/.日 ", max_size=12))
def test_any_pattern(pattern: str, path: str) -> None:
    for globs in (Globs([pattern]), Globs([pattern], by_name=True)):
        globs.match(path)
    matches_any((pattern,), path)


@settings(max_examples=100, deadline=None)
@given(
    st.text("ab/.日 -", min_size=1, max_size=12).filter(
        lambda text: text.strip("/ ") and not text.startswith((".", "/"))
    )
)
def test_a_path_matches_itself(path: str) -> None:
    assert Globs([path]).match(path)
    assert matches_any((path,), path)


def test_hostile_patterns_are_bounded() -> None:
    assert not Globs(["{a,b}" * 50]).match("c" * 50)
    assert not Globs(["**/" * 500 + "x"]).match("a/" * 500 + "y")
    assert not matches_any(("{" * 5_000 + "," * 5_000 + "}" * 5_000,), "a")
