"""Why a tag may be missing, and what speaks against it: counted without the post itself, and said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from blog_of_documents import document, site, subject_posts
from enishi.config import TagSettings
from enishi.tags.circumstances import Circumstances
from enishi.tags.model import dates_in_days
from enishi.tags.opportunity import Opportunity
from enishi.tags.own_tags import OwnTags
from enishi.tags.pairs import Pairs
from enishi.tags.suggest import suggest_tags
from enishi.tags.wording import said_against, said_for
from enishi.types import BesideTag, Document, Evidence, TagUse


def circumstances(posts: Sequence[Sequence[str]], fit: float, years: Sequence[int] = ()) -> Circumstances:
    """Of posts with these tags, each of which says by its text alone that every tag fits as well."""
    keys = tuple(sorted({tag for tags in posts for tag in tags}))
    dates = [datetime(year, 5, 6, tzinfo=UTC) for year in years] or [None] * len(posts)
    documents = [document(f"{row}.md", "", "", tags, date=dates[row]) for row, tags in enumerate(posts)]
    carried = np.array([[key in tags for key in keys] for tags in posts])
    fits = np.full(carried.shape, fit)
    own_tags = OwnTags(Pairs.where(carried))
    own_tags.add(np.arange(len(posts)), fits)
    estimate = SimpleNamespace(
        keys=keys,
        carried=carried,
        fit_of=lambda rows, columns: fits[rows, columns],
        is_tagged=carried.any(axis=1),
        own_tags=own_tags,
        opportunity=Opportunity(Pairs.where(carried), dates_in_days(documents)),
    )
    vocabulary = SimpleNamespace(names={key: key.upper() for key in keys})
    return Circumstances(SimpleNamespace(documents=documents, vocabulary=vocabulary, estimate=estimate))  # type: ignore[arg-type]


def test_tags_that_go_together_speak_for_one_another() -> None:
    found = circumstances([["a"], *[["a", "b"]] * 9, *[["a"]] * 2, *[["c"]] * 20], 0.5)
    assert found.beside(0, 1) == (BesideTag("A", 9, 11, 5.5),)


def test_tags_that_keep_apart_though_the_texts_fit_speak_against_one_another() -> None:
    found = circumstances([["a"], *[["a"]] * 14, *[["b"]] * 20], 0.4)
    assert found.beside(0, 1) == (BesideTag("A", 0, 14, 5.6),)


@pytest.mark.parametrize(
    ("posts", "fit"),
    [
        ([["a"], *[["a"]] * 14, *[["b"]] * 2], 0.05),  # no text says that b belongs there
        ([["a"], *[["a"]] * 2, *[["b"]] * 9], 0.3),  # too few to tell
        ([["a"], *[["a"]] * 2, *[["b"]] * 9], 0.0),  # nor does nothing expected and nothing found
        ([["a"], *[["a", "b"]] * 9, *[["b"]] * 20], 0.5),  # everything is b
        ([["a"], *[["a", "b"]] * 2, *[["c"]] * 20], 0.5),  # two posts are no habit
        ([["a"], *[["a", "b"]] * 5, *[["a"]] * 9, *[["c"]] * 9], 0.4),  # about what the texts let expect
    ],
)
def test_what_tells_nothing_is_not_told(posts: list[list[str]], fit: float) -> None:
    assert circumstances(posts, fit).beside(0, 1) == ()


def test_the_post_itself_is_in_no_count() -> None:
    posts = [*[["a", "b"]] * 10, *[["a"]] * 2, *[["c"]] * 20]
    without = circumstances([["a"], *posts[1:]], 0.5, [2016, *[2019] * 31])
    carrying = circumstances(posts, 0.5, [2016, *[2019] * 31])
    assert carrying.beside(0, 1) == without.beside(0, 1) == (BesideTag("A", 9, 11, 5.5),)
    assert carrying.use(0, 1) == without.use(0, 1) == TagUse("2019-05-06", "2019-05-06", "2016-05-06")


def test_a_tag_is_given_up_if_posts_whose_texts_fit_go_on_without_it() -> None:
    posts = [["a"], *[["b"]] * 3, *[["a"]] * 8]
    years = [2020, 2012, 2013, 2014, *range(2015, 2023)]
    assert circumstances(posts, 0.5, years).use(0, 1) == TagUse("2012-05-06", "2014-05-06", "2020-05-06")
    assert circumstances(posts, 0.1, years).use(0, 1) is None
    assert circumstances(posts, 0.5, [2013, *years[1:]]).use(0, 1) is None  # while it was in use


def test_no_tag_is_given_up_by_the_newest_post_alone() -> None:
    assert circumstances([*[["b"]] * 4, ["a"]], 0.5, [2018, 2018, 2019, 2019, 2020]).use(4, 1) is None


def test_dates_that_are_not_there_say_nothing() -> None:
    posts = [["a"], *[["b"]] * 3]
    assert circumstances(posts, 0.5).use(0, 1) is None


def test_words() -> None:
    beside = (BesideTag("Lambda", 9, 11, 5.2), BesideTag("ReactNative", 0, 14, 5.6), BesideTag("x", 1, 9, 4.4))
    came_up = Evidence(beside=beside, use=TagUse("2019-02-01", "2024-05-06", "2016-03-01"))
    assert said_for(came_up, "#{}".format) == [
        "9 of the 11 other posts with #Lambda carry it",
        "it came up in 2019; this post is of 2016",
    ]
    assert said_against(came_up, "#{}".format) == [
        "none of the 14 other posts with #ReactNative carries it, where by their texts about 6 would",
        "1 of the 9 other posts with #x carries it, where by their texts about 4 would",
    ]
    given_up = Evidence(use=TagUse("2012-01-01", "2014-02-01", "2014-06-01"))
    assert said_for(given_up, str) == []
    assert said_against(given_up, str) == ["it was last used in 2014-02; this post is of 2014-06"]
    same_month = Evidence(use=TagUse("2014-02-07", "2014-03-01", "2014-02-01"))
    assert said_for(same_month, str) == ["it came up in 2014-02-07; this post is of 2014-02-01"]


def test_a_suggestion_comes_with_them() -> None:
    """Every second post on go has a second tag; it began late, and an early post lacks it."""

    def dated(post: Document, number: int) -> Document:
        tags = (*post.post.tags, "late") if post.post.tags == ("GO",) and number else post.post.tags
        return replace(post, post=replace(post.post, tags=tags, date=datetime(2010 + number, 1, 2, tzinfo=UTC)))

    posts = [dated(post, place % 8) for place, post in enumerate(subject_posts(8))]
    found = suggest_tags(posts, site(), TagSettings(min_confidence=0))
    late = next(one for one in found.suggestions["go/00.md"] if one.tag == "late")
    assert [(one.tag, one.with_tag, one.posts) for one in late.evidence.beside] == [("GO", 7, 7)]
    assert late.evidence.use == TagUse("2011-01-02", "2017-01-02", "2010-01-02")
