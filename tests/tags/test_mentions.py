"""Where a tag's name occurs, in any of its spellings."""

from __future__ import annotations

import pytest

from blog_of_documents import document
from enishi.tags.mentions import count_mentions, ways_to_write


def count(tag: str, body: str, title: str = "") -> int:
    return int(count_mentions([document("a.md", title, body)], [[tag]]).counts[0, 0])


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
    assert found.counts.tolist() == [[2]]


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
    assert count_mentions([document("a.md", title, body)], [["Redis"]]).bucket.tolist() == [[bucket]]


def test_no_posts_and_no_tags() -> None:
    assert count_mentions([], [["a"]]).counts.shape == (0, 1)
    assert count_mentions([document("a.md", "", "a")], []).counts.shape == (1, 0)
