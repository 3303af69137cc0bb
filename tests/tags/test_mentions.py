"""Where a tag's name occurs, in any of its spellings."""

from __future__ import annotations

from contextlib import closing
from dataclasses import astuple
from pathlib import Path
from unittest.mock import patch

import pytest

from blog_of_documents import document
from enishi.cache import Cache
from enishi.kept import Kept
from enishi.tags.mentions import _mentions_in, count_mentions, ways_to_write


def count(tag: str, body: str, title: str = "") -> int:
    return int(count_mentions([document("a.md", title, body)], [[tag]]).counts_of(0, 0))


@pytest.mark.parametrize(
    ("tag", "text", "times"),
    [
        ("GitHub Actions", "github-actions, GitHub Actions and githubactions; GitHub alone; Actions", 3),
        ("GoogleCloud", "Google Cloud and googlecloud", 2),
        ("Node.js", "Node.js, nodejs, node js", 3),
        ("nodejs", "Node.js or node-js", 2),
        ("library", "Libraries of a library", 2),
        ("libraries", "a library", 1),
        ("class", "classes clas", 0),
        ("Go", "Go's gopher goes to go. Gopher", 2),
        ("C", "C++ and C# are not C", 1),
        ("C++", "C++, c++11 and C", 2),
        ("機械学習", "機械学習の話。深層機械学習。機械の学習", 2),
        ("Ｇｏ言語", "Go言語とGo", 1),
        ("コンテナ", "コンテナイメージとコンテナ", 2),
        ("Playwright", "Playwrightでテストする", 1),
        ("ＡＷＳ", "aws AWS", 2),
    ],
)
def test_counts(tag: str, text: str, times: int) -> None:
    assert count(tag, text) == times


def test_names_of_one_tag_count_together() -> None:
    found = count_mentions([document("a.md", "", "GCP is Google Cloud")], [["GCP", "GoogleCloud"]])
    assert found.counts.tolist() == [2]


def test_a_tag_without_letters_is_nowhere() -> None:
    assert ways_to_write("---") == set()
    assert count("---", "--- text ---") == 0


@pytest.mark.parametrize(
    ("title", "body", "bucket"),
    [
        ("All about redis", "text", 4),
        ("A title", f"{'word ' * 200}\n\n# Using Redis\n\ntext", 3),
        ("A title", "redis comes first", 3),
        ("A title", "word " * 200 + "redis", 1),
        ("A title", "word " * 200 + "redis " * 4, 2),
        ("A title", "predisposed", 0),
        ("", "", 0),
    ],
)
def test_the_most_telling_place_counts(title: str, body: str, bucket: int) -> None:
    found = count_mentions([document("a.md", title, body)], [["Redis"]])
    assert found.pairs.find(found.bucket, 0, 0) == bucket


def test_no_posts_and_no_tags() -> None:
    assert count_mentions([], [["a"]]).pairs.shape == (0, 1)
    assert count_mentions([document("a.md", "", "a")], []).pairs.shape == (1, 0)


def test_mentions_of_an_earlier_run_are_those_counted_anew(tmp_path: Path) -> None:
    posts = [document("a.md", "Redis", "redis and Go"), document("b.md", "", "Go go"), document("c.md", "", "")]
    names = [["Go"], ["Redis"]]
    fresh = count_mentions(posts, names)
    for _ in range(2):
        with closing(Cache(tmp_path / "cache.db")) as cache, patch("enishi.tags.mentions._mentions_in") as counting:
            counting.side_effect = lambda one, matcher: _mentions_in(one, matcher)
            found = count_mentions(posts, names, kept=Kept(cache))
        for one, other in zip(astuple(found)[1:], astuple(fresh)[1:], strict=True):
            assert one.tolist() == other.tolist()
    assert not counting.called
    with closing(Cache(tmp_path / "cache.db")) as cache:
        assert count_mentions(posts, [["Go"]], kept=Kept(cache)).counts.tolist() == [1, 2]
