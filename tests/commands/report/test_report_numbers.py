"""Trends, links and next steps of blogs made up post by post, so that each number can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from blog import document, vectors_at
from blog_of_documents import site
from enishi.commands.report.analysis import AnalysedBlog
from enishi.commands.report.links import link_values, near_duplicates
from enishi.commands.report.next_steps import next_steps
from enishi.commands.report.tags import missing_values
from enishi.commands.report.trends import trend_values
from enishi.config import Settings
from enishi.pipeline import Blog
from enishi.tags.audit import Audit, audit_tags
from enishi.tags.vocabulary import read_vocabulary
from enishi.types import Document, TagSuggestion, Topic

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def dated(number: int, year: int, *tags: str, **post: Any) -> Document:
    """A post of a day in that year."""
    day = (datetime(year, 1, 2, tzinfo=UTC) - datetime(2020, 1, 1, tzinfo=UTC)).days + number % 300
    return document(f"{number:04}.md", day=day, tags=tags, **post)


def blog_of(documents: Sequence[Document], **more: Any) -> AnalysedBlog:
    """A blog of these posts, without links and lists unless given."""
    settings, nothing = Settings(), [()] * len(documents)
    values: dict[str, Any] = {
        "blog": Blog(site(), settings, files=(), manifest=None, declines=(), decisions=(), now=NOW, key=""),
        "documents": tuple(documents),
        "vectors": vectors_at(*range(len(documents))) if documents else np.zeros((0, 2), dtype=np.float32),
        "links": nothing,
        "lists": nothing,
        "suggestions": nothing,
        "topics": (),
        "calibration": (),
        "vocabulary": read_vocabulary([one.post for one in documents], site(), settings.tags)[0],
        "row": {one.post.path: row for row, one in enumerate(documents)},
    }
    return AnalysedBlog(**{**values, **more})


# -- trends ------------------------------------------------------------------------------------------------------------


def test_years_are_counted_and_those_without_posts_are_zeros() -> None:
    posts = [
        dated(0, 2015, "Go"),
        dated(1, 2015, "go", "web"),
        dated(2, 2017, "Go"),
        document("0003.md", tags=("Go",)),  # no date
        dated(4, 2016, "Go", status="draft"),
        dated(5, 2030, "Go", status="future"),
        dated(6, 2031, "Go"),  # Hexo publishes it
        dated(7, 1201, "Go"),  # a slip
    ]
    topic = Topic(3, ("go",), ("0000.md", "0002.md", "0004.md"))
    trends = trend_values(blog_of(posts, topics=(topic,)))
    assert trends["years"] == [2015, 2016, 2017]
    assert trends["posts"] == [2, 0, 1]
    assert trends["undated"] == 3
    assert trends["topics"] == [{"id": 3, "counts": [1, 0, 1]}]
    assert trends["tags"] == [{"tag": "Go", "counts": [2, 0, 1]}, {"tag": "web", "counts": [1, 0, 0]}]
    assert (trends["since"], trends["recent_posts"], trends["earlier_posts"]) == ("2015-01-05", 1, 2)


def test_what_rises_and_falls_does_so_by_more_than_chance() -> None:
    old = [dated(number, 2015, "always", *["old"] * (number < 30), *["rare"] * (number == 30)) for number in range(60)]
    new = [
        dated(99 + number, 2020, "always", *["new"] * (number < 8), *["one"] * (number == 8)) for number in range(20)
    ]
    topic = Topic(0, ("new",), tuple(one.post.path for one in new))
    trends = trend_values(blog_of([*old, *new], topics=(topic,)))
    assert trends["rising"] == [
        {"topic": 0, "recent": 20, "earlier": 0},
        {"tag": "new", "recent": 8, "earlier": 0},
    ]
    assert trends["falling"] == [{"tag": "old", "recent": 0, "earlier": 30}]


@pytest.mark.parametrize("posts", [[], [document("0.md")], [document("0.md", day=3)]])
def test_trends_of_nearly_nothing(posts: list[Document]) -> None:
    trends = trend_values(blog_of(posts))
    assert trends["rising"] == trends["falling"] == []
    assert sum(trends["posts"]) + trends["undated"] == len(posts)


# -- links -------------------------------------------------------------------------------------------------------------


def test_what_nothing_leads_to_and_what_many_lists_show() -> None:
    posts = [document(f"{number}.md") for number in range(6)]
    posts[4] = document("4.md", status="draft")
    posts[5] = document("5.md", wants_related=False)
    links = [(1,), (), (), (3,), (2,), ()]  # 3 links to itself, a draft to 2
    lists = [(1, 2), (2, 0), (1, 0), (1,), (3,), ()]  # the list of a draft is for nobody
    found = link_values(blog_of(posts, links=links, lists=lists))
    assert found["never_shown"] == [3]
    assert found["unlinked"] == [3]
    assert found["most_shown"] == [{"post": 1, "times": 3}, {"post": 2, "times": 2}, {"post": 0, "times": 2}]


def test_without_lists_no_post_is_said_to_be_never_shown() -> None:
    posts = [document("0.md"), document("1.md")]
    found = link_values(blog_of(posts, links=[(1,), ()]))
    assert found["never_shown"] == []
    assert found["unlinked"] == [0]


def test_near_duplicates_share_words_and_are_no_translations() -> None:
    text = " ".join(f"word{number}" for number in range(40))
    posts = [
        document("0.md", text),
        document("1.md", text),
        document("2.md", text, lang="ja", translation_key="k"),
        document("3.md", text, lang="en", translation_key="k"),
        document("4.md", text, front_matter={"enishi": {"ignore": ["near-duplicate"]}}),
        document("5.md"),
    ]
    pairs = [tuple(one["posts"]) for one in near_duplicates(blog_of(posts))]
    assert sorted(pairs) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]


# -- missing tags and next steps ---------------------------------------------------------------------------------------


def test_suggestions_are_counted_by_tenth_and_the_surest_come_first() -> None:
    posts = [document("0.md"), document("1.md")]
    suggestions = [(TagSuggestion("a", 0.9), TagSuggestion("b", 0.6999)), (TagSuggestion("a", 0.95),)]
    calibration = [*[(0.0, 0.0, 0.0)] * 8, (20.0, 15.0, 17.0), (0.0, 0.0, 0.0)]
    found = missing_values(blog_of(posts, suggestions=suggestions, calibration=calibration))
    assert found["suggestions"] == 3
    counts = [(level["confidence"], level["suggestions"]) for level in found["levels"]]
    assert counts == [(0.6, 1), (0.7, 0), (0.8, 0), (0.9, 2)]
    assert [(one["post"], one["tag"]) for one in found["surest"]] == [(1, "a"), (0, "a"), (0, "b")]
    (tenth,) = found["calibration"]
    assert tenth == {"confidence": 0.8, "pairs": 20, "mean": 0.85, "right": 0.75, "low": 0.5313, "high": 0.8881}


def test_steps_are_ordered_by_the_published_posts_they_help_and_said_in_the_language() -> None:
    posts = [document(f"{number}.md", tags=("Go",)) for number in range(4)]
    posts[0] = document("0.md", tags=("go",))
    posts[3] = document("3.md", status="draft")
    suggestions = [(TagSuggestion("web", 0.7),), (TagSuggestion("web", 0.5),), (TagSuggestion("web", 0.4),), ()]
    blog = blog_of(posts, suggestions=suggestions)
    audit = audit_tags(blog.documents, blog.vocabulary, blog.blog.settings.tags)
    steps = next_steps(blog, audit, {"unlinked": [0, 1, 2], "duplicates": []}, "ja")
    assert [(step["kind"], step["count"]) for step in steps] == [("unlinked", 3), ("missing", 2), ("variants", 1)]
    assert steps[0]["command"] == "enishi related 0.md"
    assert "3件" in steps[0]["what"]
    assert next_steps(blog, audit, {"unlinked": [0, 1, 2], "duplicates": []}, "ja-JP") == steps
    bare = blog_of([document("0.md"), document("1.md")])
    steps = next_steps(bare, Audit(2, 0, 0), {"unlinked": [], "duplicates": []}, "en", {"1.md"})
    assert [(step["kind"], step["count"]) for step in steps] == [("untagged", 1)]
    assert next_steps(blog_of([]), Audit(0, 0, 0), {"unlinked": [], "duplicates": []}, "en") == []


def test_ten_thousand_posts_make_bounded_lists() -> None:
    posts = [
        document(f"{number:05}.md", f"w{number} x{number} y{number}", day=number // 10, tags=(f"t{number // 2}",))
        for number in range(10_000)
    ]
    trends = trend_values(blog_of(posts))
    assert sum(trends["posts"]) == 10_000
    assert len(trends["tags"]) == 30
    assert len(trends["rising"]) <= 10
