"""Series by the author's word, and by numbers in titles."""

from __future__ import annotations

import pytest

from blog import document
from enishi.reading.series import series_of
from enishi.types import Document

OTHERS = [document(f"other-{letter}.md", title=f"Something else, {letter}") for letter in "abcdefghijkl"]


def titled(*titles: str, **post: str) -> list[Document]:
    return [document(f"{number}.md", title=title, **post) for number, title in enumerate(titles)]


def series(*titles: str) -> list[str]:
    return series_of([*titled(*titles), *OTHERS])[: len(titles)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("読書会 第1回", "読書会　第２回"),
        ("第三回読書会", "第十二回読書会"),
        ("周刊第8辑：春天", "周刊第9辑：夏天"),
        ("Understanding macros, Part 1: the tree", "Understanding Macros, part two - the hygiene"),
        ("Making tea (1)", "Making tea（2）"),
        ("Making tea [1]", "Making tea【2】"),
        ("C++入坑记(一)", "C++入坑记(二)"),
        ("Meetup #9", "Meetup #10: logs"),
        ("勉強会メモ その1", "勉強会メモ その2"),
        ("Navigation, step 1", "Navigation, step 2"),
        ("Frontrend Vol.4 メモ", "Frontrend Vol. 10 メモ"),
        ("La cuisine, partie IV", "La cuisine, partie V"),
        ("泛型算法-1", "泛型算法-2"),
        ("마크다운 제1회", "마크다운 제2회"),
        ("Requests", "Requests (2)"),
    ],
)
def test_titles_that_differ_in_their_number_are_a_series(first: str, second: str) -> None:
    one, other = series(first, second)
    assert one == other != ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Letter of 2020", "Letter of 2021"),
        ("The year (2020)", "The year (2021)"),
        ("Firefox 3", "Firefox 4"),
        ("News 2024-05-06", "News 2024-05-07"),
        ("C#7", "C#8"),
        ("(1)", "(2)"),
        ("Part 1: tea", "Part 2: logs"),
        ("Departure 1", "Departure 2"),
        ("Making tea (1)", "Making tea (1)"),
        ("Making tea", "Making tea"),
        ("Making tea (1)", "Brewing coffee (2)"),
        ("", ""),
        ("Colours #112233", "Colours #445566"),
    ],
)
def test_other_titles_are_none(first: str, second: str) -> None:
    assert series(first, second) == ["", ""]


def test_the_authors_word_counts() -> None:
    own = titled("Making tea (1)", "Making tea (2)", series="Kitchen")
    assert series_of([*own, *OTHERS])[:2] == ["Kitchen", "Kitchen"]
    assert series_of([own[0], *titled("Making tea (3)"), *OTHERS])[:2] == ["Kitchen", ""]


def test_a_blog_that_is_one_series_has_none() -> None:
    """All of its lists would hold two posts."""
    weekly = [f"Weekly #{number}" for number in range(13)]
    assert set(series(*weekly[:12])) == {"weekly"}
    assert set(series(*weekly)) == {""}


def test_a_file_name_is_no_title() -> None:
    untitled = [document(f"photo-{number}.md", title="", text="a photo of tea") for number in (1, 2)]
    untitled = [Document(one.post, type(one.fields)(), one.words, one.terms) for one in untitled]
    assert series_of([*untitled, *OTHERS])[:2] == ["", ""]
