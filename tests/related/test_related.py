"""The policy of related posts: who stands in a list, who does not, and that every question has an answer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blog import document, random_vectors, vectors_at
from enishi.config import RelatedSettings
from enishi.related.explain import _explain, explain_place
from enishi.related.index import Backend
from enishi.related.lists import FIRST_PLACES, SiteLists
from enishi.related.policy import RelatedPosts, find_related
from enishi.related.published import MARGIN
from enishi.types import Document

if TYPE_CHECKING:
    from enishi.related.published import PublishedLists
    from enishi.types import Vectors

Links = Mapping[str, tuple[str, ...]]


def settings(**values: Any) -> RelatedSettings:
    """Every pair is near enough and no post is shown too often, unless a test is about that."""
    return RelatedSettings(**{"min_score": -1, "max_share": 0, **values})


def run(
    documents: Sequence[Document],
    vectors: Vectors,
    links: Links | None = None,
    *,
    backend: Backend = "exact",
    **values: Any,
) -> RelatedPosts:
    return find_related(documents, vectors, links or {}, settings(**values), backend=backend)


def names(found: RelatedPosts, path: str) -> list[str]:
    return [entry.path.removesuffix(".md") for entry in found.lists[path]]


def why(
    documents: Sequence[Document], vectors: Vectors, source: str, other: str, links: Links | None = None, **values: Any
) -> str:
    return explain_place(documents, vectors, links or {}, settings(**values), source, other, backend="exact").there


def fan(count: int, step: float = 5) -> tuple[list[Document], Vectors]:
    """a.md and its neighbours b.md, c.md, …, each a little further away than the one before."""
    documents = [document(f"{chr(ord('a') + number)}.md", day=number) for number in range(count)]
    return documents, vectors_at(*(number * step for number in range(count)))


def changed(documents: Sequence[Document], name: str, **post: Any) -> list[Document]:
    """The documents, with other fields of one post."""
    return [replace(one, post=replace(one.post, **post)) if one.post.path == f"{name}.md" else one for one in documents]


# -- who may stand there -----------------------------------------------------------------------------------------------


def test_the_nearest_come_first_and_the_post_itself_not_at_all() -> None:
    documents, vectors = fan(9)
    found = run(documents, vectors)
    assert names(found, "a.md") == ["b", "c", "d", "e", "f"]
    assert all(path not in [entry.path for entry in entries] for path, entries in found.lists.items())
    scores = [entry.score for entry in found.lists["a.md"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(np.cos(np.radians(5)), abs=1e-4)


@pytest.mark.parametrize("status", ["draft", "future", "unpublished"])
def test_what_is_not_published_is_in_nobodys_list_but_has_one(status: str) -> None:
    documents, vectors = fan(4)
    documents = changed(documents, "b", status=status)
    found = run(documents, vectors)
    assert names(found, "a.md") == ["c", "d"]
    assert set(names(found, "b.md")) == {"a", "c", "d"}
    assert why(documents, vectors, "a.md", "b.md") == f"not listed: it is not published ({status})"


def test_a_post_that_wants_no_list_has_none_and_is_in_none() -> None:
    documents, vectors = fan(4)
    documents = changed(documents, "b", wants_related=False)
    found = run(documents, vectors)
    assert names(found, "b.md") == []
    assert names(found, "a.md") == ["c", "d"]
    assert "it wants to be in no list" in why(documents, vectors, "a.md", "b.md")
    assert "the post wants no list" in why(documents, vectors, "b.md", "a.md")


def test_of_equal_scores_the_newer_comes_first_then_the_path() -> None:
    documents = [
        document("a.md"),
        *(document(f"{name}.md", day=day) for name, day in (("b", 1), ("c", 9), ("d", 9), ("e", None))),
    ]
    found = run(documents, vectors_at(0, 20, 20, 20, 20))
    assert names(found, "a.md") == ["c", "d", "b", "e"]


def test_newer_posts_are_listed_unless_a_setting_forbids_it() -> None:
    documents, vectors = fan(5)
    assert sorted(names(run(documents, vectors), "b.md")) == ["a", "c", "d", "e"]
    older = run(documents, vectors, newer=False)
    assert names(older, "a.md") == []
    assert names(older, "c.md") == ["b", "a"]
    assert "it is newer than the post" in why(documents, vectors, "b.md", "c.md", newer=False)


def test_posts_without_a_date_are_neither_newer_nor_older() -> None:
    documents = [document("a.md"), document("b.md", day=3), document("c.md")]
    found = run(documents, vectors_at(0, 5, 10), newer=False)
    assert set(names(found, "a.md")) == {"b", "c"}
    assert set(names(found, "b.md")) == {"a", "c"}


def test_the_oldest_posts_of_a_large_blog_have_lists_without_newer_ones_too() -> None:
    """The 640 nearest of an old post are all newer."""
    count = 1500
    documents = [document(f"p{number:04}.md", day=number) for number in range(count)]
    vectors = random_vectors(count, dim=8, clusters=1)
    found = run(documents, vectors, newer=False)
    for number in (0, 1, 2, 4, 5, 6, 10, 40, 200):
        entries = found.lists[f"p{number:04}.md"]
        assert len(entries) == min(number, 5)
        assert all(entry.path < f"p{number:04}.md" for entry in entries)
    nearest = np.argsort(-(vectors[:10] @ vectors[10]))
    assert {f"p{row:04}" for row in nearest[:3]} <= set(names(found, "p0010.md"))


# -- what the author says ----------------------------------------------------------------------------------------------


def test_a_pinned_post_comes_first_however_far_it_is() -> None:
    documents, vectors = fan(8)
    documents = changed(documents, "a", pinned=("h",))
    found = run(documents, vectors, limit=3)
    assert names(found, "a.md") == ["h", "b", "c"]
    assert [entry.kind for entry in found.lists["a.md"]] == ["pinned", "similar", "similar"]
    assert "pinned by the author" in why(documents, vectors, "a.md", "h.md", limit=3)


@pytest.mark.parametrize("name", ["h.md", "h", "/h/", "https://blog.test/h/", "http://www.blog.test/h/index.html"])
def test_a_pin_is_a_path_a_slug_or_an_address(name: str) -> None:
    documents, vectors = fan(8)
    documents = changed(documents, "a", pinned=(name,))
    found = run(documents, vectors)
    assert names(found, "a.md")[0] == "h"
    assert not found.diagnostics


def test_pins_beyond_the_limit_are_not_shown_and_a_pin_given_twice_counts_once() -> None:
    documents, vectors = fan(8)
    documents = changed(documents, "a", pinned=("h", "h.md", "g", "f"))
    found = run(documents, vectors, limit=2)
    assert names(found, "a.md") == ["h", "g"]
    assert "the author pins more posts than a list holds" in why(documents, vectors, "a.md", "f.md", limit=2)


def test_an_excluded_post_is_not_listed() -> None:
    documents, vectors = fan(5)
    documents = changed(documents, "a", excluded=("b",))
    assert names(run(documents, vectors), "a.md") == ["c", "d", "e"]
    assert "the author excludes it" in why(documents, vectors, "a.md", "b.md")


@pytest.mark.parametrize(
    ("field", "name", "told"),
    [
        ("pinned", "nowhere", "is no post of this site"),
        ("excluded", "nowhere", "is no post of this site"),
        ("pinned", "a", "is the post itself"),
        ("pinned", "d", "is not listed, because it is not published"),
    ],
)
def test_a_pin_or_an_exclusion_that_means_nothing_is_told(field: str, name: str, told: str) -> None:
    documents, vectors = fan(4)
    documents = changed(changed(documents, "d", status="draft"), "a", **{field: (name,)})
    found = run(documents, vectors)
    assert names(found, "a.md") == ["b", "c"]
    assert [(one.path, one.code) for one in found.diagnostics] == [("a.md", "bad-enishi-block")]
    assert told in found.diagnostics[0].message


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_linked_post_steps_back_behind_all_others() -> None:
    documents, vectors = fan(5)
    links = {"a.md": ("b.md",)}
    assert names(run(documents, vectors, links), "a.md") == ["c", "d", "e", "b"]
    assert names(run(documents, vectors, links, limit=3), "a.md") == ["c", "d", "e"]
    assert names(run(documents, vectors, links), "b.md")[0] in "ac"
    told = why(documents, vectors, "a.md", "b.md", links, limit=3)
    assert "the post links to it already, so it comes after all others" in told


def test_a_linked_post_may_be_hidden_or_kept() -> None:
    documents, vectors = fan(4)
    links = {"a.md": ("b.md",)}
    assert names(run(documents, vectors, links, linked="hide"), "a.md") == ["c", "d"]
    assert names(run(documents, vectors, links, linked="keep"), "a.md") == ["b", "c", "d"]
    assert "the post links to it already" in why(documents, vectors, "a.md", "b.md", links, linked="hide")


# -- series, near-duplicates, translations -----------------------------------------------------------------------------


def test_two_posts_of_a_series_are_enough() -> None:
    documents, vectors = fan(8)
    for name in "bcde":
        documents = changed(documents, name, series="Making tea")
    assert names(run(documents, vectors), "a.md") == ["b", "c", "f", "g", "h"]
    assert names(run(documents, vectors, same_series=1), "a.md") == ["b", "f", "g", "h"]
    assert names(run(documents, vectors, same_series=0), "a.md") == ["f", "g", "h"]
    assert "enough posts of its series" in why(documents, vectors, "a.md", "d.md")
    documents = changed(documents, "a", pinned=("d", "e"))
    assert names(run(documents, vectors), "a.md") == ["d", "e", "f", "g", "h"]


def test_numbered_titles_are_a_series_too() -> None:
    documents, vectors = fan(8)
    numbered = {"b.md": "Tea, part 1", "c.md": "Tea, part 2: the pot", "d.md": "Tea, part 3", "e.md": "Tea"}
    documents = [
        replace(one, fields=replace(one.fields, title=numbered.get(one.post.path, one.title))) for one in documents
    ]
    assert names(run(documents, vectors), "a.md") == ["b", "c", "f", "g", "h"]
    assert "enough posts of its series" in why(documents, vectors, "a.md", "d.md")


def test_a_long_series_leaves_places_to_others() -> None:
    """The 40 nearest, and the 640 nearest, of each of its posts are of the series."""
    for count in (60, 900):
        documents = [document(f"s{number:04}.md", series="Daily") for number in range(count)]
        documents += [document(f"t{number}.md") for number in range(8)]
        chance = np.random.default_rng(0)
        raw = chance.normal(size=(count + 8, 3))
        raw[:count] = 0.05 * raw[:count] + (1, 0, 0)
        raw[count:] += (0.5, 1, 0)
        vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
        found = run(documents, vectors)
        for number in (0, 30, count - 1):
            listed = names(found, f"s{number:04}.md")
            assert len(listed) == 5
            assert sum(name.startswith("s") for name in listed) == 2


def test_near_duplicates_do_not_fill_a_list() -> None:
    """b, c and d say the same: a lists one of them, and they do not list one another."""
    text = " ".join(f"word{number}" for number in range(50))
    documents = [document("a.md"), *(document(f"{name}.md", f"{text} {name}") for name in "bcd"), document("e.md")]
    vectors = vectors_at(0, 10, 11, 12, 40)
    found = run(documents, vectors)
    assert names(found, "a.md") == ["b", "e"]
    assert names(found, "c.md") == ["a", "e"]
    assert "a near-duplicate of it is listed" in why(documents, vectors, "a.md", "c.md")
    assert "it is a near-duplicate of the post" in why(documents, vectors, "b.md", "c.md")
    assert names(run(documents, vectors, duplicates="keep"), "a.md") == ["b", "c", "d", "e"]


def test_a_long_post_that_quotes_a_short_one_is_no_duplicate_of_it() -> None:
    text = " ".join(f"word{number}" for number in range(50))
    documents = [document("a.md", text), document("b.md", f"{text} {text.replace('word', 'other')}")]
    assert names(run(documents, vectors_at(0, 5)), "a.md") == ["b"]


def test_three_thousand_equal_posts_are_one_crowd() -> None:
    count = 3000
    text = "the same words in every one of these posts"
    documents = [document(f"p{number:04}.md", text, day=number % 7) for number in range(count)]
    documents += [document(f"q{number:02}.md", day=number) for number in range(20)]
    crowd = vectors_at(0)
    vectors = np.concatenate([np.repeat(crowd, count, axis=0), vectors_at(*range(10, 30))])
    found = run(documents, vectors)
    for path in ("p0000.md", "p1234.md", "p2999.md"):
        listed = names(found, path)
        assert len(listed) == 5
        assert all(name.startswith("q") for name in listed)
    assert all(sum(name.startswith("p") for name in names(found, f"q{number:02}.md")) <= 1 for number in range(20))
    assert len(names(found, "q00.md")) == 5


def bilingual(*languages: str) -> list[Document]:
    """Two posts, one.* and two.*, in every language."""
    return [
        document(f"{name}.{language}.md", lang=language, translation_key=name)
        for name in ("one", "two")
        for language in languages
    ]


def test_a_translation_is_named_as_such_and_comes_last() -> None:
    documents = [*bilingual("en", "ja"), document("x.md", lang="en"), document("y.md", lang="en")]
    vectors = vectors_at(0, 1, 20, 21, 40, 60)
    found = run(documents, vectors)
    assert names(found, "one.en.md") == ["two.en", "x", "y", "one.ja"]
    assert [entry.kind for entry in found.lists["one.en.md"]] == ["similar"] * 3 + ["translation"]
    assert found.lists["one.en.md"][-1].lang == "ja"
    assert sorted(names(found, "x.md")) == ["one.en", "two.en", "y"]
    assert why(documents, vectors, "one.en.md", "one.ja.md").endswith("listed at place 4 of 4, as a translation")
    assert "a translation of it" in why(documents, vectors, "x.md", "one.ja.md")


def test_translations_may_be_hidden_or_kept() -> None:
    documents = [*bilingual("en", "ja"), document("x.md", lang="en")]
    vectors = vectors_at(0, 1, 20, 21, 40)
    assert names(run(documents, vectors, translations="hide"), "one.en.md") == ["two.en", "x"]
    kept = run(documents, vectors, translations="keep")
    assert names(kept, "one.en.md") == ["one.ja", "two.en", "two.ja", "x"]
    assert {entry.kind for entry in kept.lists["one.en.md"]} == {"similar"}
    assert "it is a translation of the post" in why(documents, vectors, "one.en.md", "one.ja.md", translations="hide")


def test_a_post_is_listed_in_the_readers_language_where_there_is_one() -> None:
    """For the Japanese post `two.ja` it is, although `two.en` is nearer."""
    documents = bilingual("en", "ja")
    vectors = vectors_at(0, 1, 10, 30)
    found = run(documents, vectors)
    assert names(found, "one.ja.md") == ["two.ja", "one.en"]
    assert names(found, "one.en.md") == ["two.en", "one.ja"]


def test_a_translation_that_nobody_shows_is_not_put_before_readers_of_the_other_language() -> None:
    documents = [document(f"x{number}.md", lang="en") for number in range(8)]
    documents += [document(f"two.{lang}.md", lang=lang, translation_key="two") for lang in ("en", "ja")]
    vectors = vectors_at(*range(0, 16, 2), 40, 17)
    found = run(documents, vectors)
    assert not any("two.ja" in names(found, f"x{number}.md") for number in range(8))
    assert why(documents, vectors, "x7.md", "two.ja.md") == "not listed: a translation of it is listed"
    assert "two.en" not in names(found, "x6.md")
    assert "in the language of the post" in why(documents, vectors, "x6.md", "two.ja.md")


def test_seven_languages_do_not_fill_a_list() -> None:
    documents = [
        *bilingual("en", "ja", "de", "fr", "es", "it", "ko"),
        *(document(f"x{n}.md", lang="en") for n in "123456"),
    ]
    vectors = vectors_at(*range(7), *range(20, 27), *range(40, 46))
    kinds = Counter(entry.kind for entry in run(documents, vectors).lists["one.en.md"])
    assert kinds == {"similar": 3, "translation": 2}
    alone = run(documents[:7], vectors[:7])
    assert Counter(entry.kind for entry in alone.lists["one.en.md"]) == {"translation": 5}
    assert [entry.kind for entry in run(documents, vectors, limit=1).lists["one.en.md"]] == ["similar"]


def test_a_pinned_translation_takes_no_second_place() -> None:
    documents = [*bilingual("en", "ja"), *(document(f"x{number}.md", lang="en") for number in range(6))]
    documents = [
        *(changed(documents[:1], "one.en", pinned=("one.ja.md",))),
        *documents[1:],
    ]
    found = run(documents, vectors_at(0, 1, 20, 21, *range(30, 36)))
    assert len(names(found, "one.en.md")) == 5
    assert names(found, "one.en.md")[0] == "one.ja"


def test_a_newer_translation_is_barred_like_any_newer_post() -> None:
    documents = [
        document("one.en.md", lang="en", translation_key="one", day=1),
        document("one.ja.md", lang="ja", translation_key="one", day=2),
    ]
    assert names(run(documents, vectors_at(0, 1), newer=False), "one.en.md") == []
    assert names(run(documents, vectors_at(0, 1), newer=False), "one.ja.md") == ["one.en"]


# -- how many, how near, how often -------------------------------------------------------------------------------------


def test_no_list_is_longer_than_the_limit() -> None:
    documents, vectors = fan(12)
    for limit in (0, 1, 3, 7, 100):
        found = run(documents, vectors, limit=limit)
        assert {len(entries) for entries in found.lists.values()} == {min(limit, 11)}
    assert "lists hold no posts" in why(documents, vectors, "a.md", "b.md", limit=0)


def test_if_too_few_are_near_enough_fewer_are_shown() -> None:
    documents, vectors = fan(7, step=15)
    found = run(documents, vectors, min_score=0.8)
    assert names(found, "a.md") == ["b", "c"]
    assert found.min_score == 0.8
    told = why(documents, vectors, "a.md", "d.md", min_score=0.8)
    assert told == "not listed: their similarity of 0.7071 is below 0.8000 (`related.min_score`)"


def test_the_least_score_is_the_blogs_own() -> None:
    documents = [document(f"p{number:03}.md") for number in range(300)]
    vectors = random_vectors(300, dim=48, clusters=30)
    found = run(documents, vectors, min_score="auto")
    assert 0.15 < found.min_score < 0.6
    assert all(entry.score >= found.min_score for entries in found.lists.values() for entry in entries)
    far = next(row for row in range(1, 300) if vectors[0] @ vectors[row] < 0)
    assert "by chance" in why(documents, vectors, "p000.md", f"p{far:03}.md", min_score="auto")


def star(leaves: int, dim: int = 64) -> tuple[list[Document], Vectors]:
    """A hub that is near to every post, and leaves that are a little near to one another."""
    chance = np.random.default_rng(5)
    hub = np.ones(dim) / np.sqrt(dim)
    raw = np.concatenate([[hub], hub + 0.15 * chance.normal(size=(leaves, dim))])
    vectors: Vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    return [document(f"p{number:03}.md", day=number) for number in range(leaves + 1)], vectors


def shown_in(found: RelatedPosts) -> Counter[str]:
    """How often each post stands in the first places of a list."""
    return Counter(entry.path for entries in found.lists.values() for entry in entries[:FIRST_PLACES])


def test_no_post_is_shown_more_often_than_its_share_allows() -> None:
    documents, vectors = star(80)
    free = run(documents, vectors)
    capped = run(documents, vectors, max_share=2.5)
    assert max(shown_in(free).values()) > 13
    assert max(shown_in(capped).values()) <= 13  # 2.5 times the mean of 5
    assert len(shown_in(capped)) >= len(shown_in(free))
    assert all(len(entries) == 5 for entries in capped.lists.values())
    hub_lists = [path for path, entries in capped.lists.items() if "p000.md" in {entry.path for entry in entries}]
    without = next(one.post.path for one in documents[1:] if one.post.path not in hub_lists)
    assert "the most that `related.max_share` allows" in why(documents, vectors, without, "p000.md", max_share=2.5)


def test_the_cap_counts_the_places_that_readers_look_at() -> None:
    documents, vectors = star(80)
    found = run(documents, vectors, max_share=1, limit=8)
    assert max(shown_in(found).values()) <= 5
    assert Counter(entry.path for entries in found.lists.values() for entry in entries)["p000.md"] > 5


def test_few_posts_are_shown_by_nobody() -> None:
    documents = [document(f"p{number:03}.md") for number in range(400)]
    found = run(documents, random_vectors(400, dim=12, clusters=8, seed=6), max_share=2.5)
    assert len(shown_in(found)) >= 396


# -- small and strange blogs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_small_blogs(count: int) -> None:
    documents = [document(f"p{number:02}.md") for number in range(count)]
    vectors = random_vectors(max(count, 1), clusters=1)[:count]
    full = run(documents, vectors)
    assert [len(entries) for entries in full.lists.values()] == [min(5, count - 1)] * count
    found = run(documents, vectors, min_score="auto", max_share=2.5)
    assert len(found.lists) == count
    assert all(len(entries) <= 5 for entries in found.lists.values())


def test_posts_without_words_are_related_to_nothing() -> None:
    documents, vectors = fan(6)
    vectors[2] = vectors[4] = 0
    found = run(documents, vectors, min_score="auto")
    assert names(found, "c.md") == names(found, "e.md") == []
    assert not {"c", "e"} & {name for path in found.lists for name in names(found, path)}


@pytest.mark.parametrize("count", [2, 30, 700])
def test_a_blog_without_any_words(count: int) -> None:
    documents = [document(f"p{number:03}.md", "x") for number in range(count)]
    found = run(documents, np.zeros((count, 1), dtype=np.float32), min_score="auto", max_share=2.5)
    assert all(entries == () for entries in found.lists.values())


def test_all_posts_are_equal() -> None:
    documents = [document(f"p{number:02}.md", "five words that are equal") for number in range(30)]
    vectors = np.repeat(vectors_at(0), 30, axis=0)
    assert all(entries == () for entries in run(documents, vectors, min_score="auto").lists.values())
    assert all(len(entries) == 5 for entries in run(documents, vectors, duplicates="keep").lists.values())


# -- reasons -----------------------------------------------------------------------------------------------------------


def test_every_entry_has_its_reasons() -> None:
    documents = [
        document("a.md", "steeping sencha in a kettle", title="Sencha", tags=("tea", "water")),
        document("b.md", "a kettle for sencha and hojicha", title="Kettles", tags=("Tea",), lang="en", day=3),
        document("c.md", "rails and signals", title="Trains", tags=("trains",)),
    ]
    entry = run(documents, vectors_at(0, 10, 60)).lists["a.md"][0]
    assert (entry.path, entry.title, entry.url) == ("b.md", "Kettles", "/b/")
    assert (entry.date, entry.lang) == ("2020-01-04", "en")
    assert entry.shared_tags == ("tea",)
    assert {term.casefold() for term in entry.shared_terms} == {"sencha", "kettle"}


def test_a_place_is_explained_in_both_directions() -> None:
    documents, vectors = fan(9)
    place = explain_place(documents, vectors, {}, settings(), "a.md", "b.md", backend="exact")
    assert place.score == pytest.approx(0.9962, abs=1e-4)
    assert place.there == "listed at place 1 of 5"
    assert place.back.startswith("listed at place")
    assert why(documents, vectors, "a.md", "i.md") == "not listed: others are nearer"
    assert why(documents, vectors, "a.md", "a.md") == "not listed: a post is never in its own list"


# -- all of it at once -------------------------------------------------------------------------------------------------


def random_blog(seed: int) -> tuple[list[Document], Vectors, dict[str, tuple[str, ...]], RelatedSettings]:
    """Anything may happen: twins, series, translations, pins, links, drafts, no dates, posts without words."""
    chance = random.Random(seed)
    count = chance.choice([3, 8, 20, 45, 90])
    text = " ".join(f"same{number}" for number in range(30))
    paths = [f"p{number:02}.md" for number in range(count)]
    documents = [
        document(
            path,
            f"{text} {chance.choice('ab')}" if chance.random() < 0.15 else "",
            day=chance.choice([None, *range(20)]),
            status=chance.choice(["published"] * 9 + ["draft", "future", "unpublished"]),
            series=chance.choice([""] * 6 + ["one", "two"]),
            lang=chance.choice(["en", "en", "ja", "de"]),
            translation_key=chance.choice(["", "", "k1", "k2", "k3", f"own{path}"]),
            wants_related=chance.random() < 0.95,
            pinned=tuple(chance.sample(paths, chance.choice([0] * 8 + [1, min(3, count)]))),
            excluded=tuple(chance.sample(paths, chance.choice([0] * 8 + [1, 2]))),
        )
        for path in paths
    ]
    vectors = random_vectors(count, dim=6, seed=seed, clusters=3)
    vectors[[row for row in range(count) if chance.random() < 0.03]] = 0
    links = {path: tuple(chance.sample(paths, 2)) for path in paths if chance.random() < 0.3}
    links = {path: tuple(other for other in found if other != path) for path, found in links.items()}
    wanted = RelatedSettings(
        limit=chance.choice([1, 2, 5, 5, 8, 12]),
        min_score=chance.choice(["auto", -1, 0.3]),
        newer=chance.random() < 0.7,
        linked=chance.choice(["demote", "hide", "keep"]),
        same_series=chance.choice([0, 1, 2, 2]),
        duplicates=chance.choice(["hide", "hide", "keep"]),
        translations=chance.choice(["last", "last", "hide", "keep"]),
        max_share=chance.choice([0, 0.5, 1, 2.5]),
    )
    return documents, vectors, links, wanted


def random_published(documents: Sequence[Document], seed: int) -> PublishedLists | None:
    """Lists of some of the posts, and of one that is gone; nothing for every second seed."""
    chance = random.Random(seed)
    paths = [*(one.post.path for one in documents), "gone.md"]
    return {path: chance.choices(paths, k=6) for path in paths if chance.random() < 0.8} if seed % 2 else None


@pytest.mark.parametrize("seed", range(60))
def test_no_rule_is_ever_broken(seed: int) -> None:
    documents, vectors, links, wanted = random_blog(seed)
    published = random_published(documents, seed)
    lists = SiteLists(documents, vectors, links, wanted, "exact", published=published)
    found = find_related(documents, vectors, links, wanted, backend="exact", published=published)
    by_path = {one.post.path: one.post for one in documents}
    shown: Counter[str] = Counter()
    capped: Counter[str] = Counter()
    for path, entries in found.lists.items():
        post = by_path[path]
        others = [by_path[entry.path] for entry in entries]
        free = [by_path[entry.path] for entry in entries if entry.kind == "similar"]
        assert len(entries) <= wanted.limit
        assert len({other.path for other in others}) == len(others)
        assert path not in {other.path for other in others}
        assert all(other.is_public and other.wants_related for other in others)
        if not post.wants_related:
            assert entries == ()
        kinds = [entry.kind for entry in entries]
        assert kinds == sorted(kinds, key=["pinned", "similar", "translation"].index)
        assert [entry.path for entry in entries if entry.kind == "pinned"] == [
            pin for pin in post.pinned if pin != path and by_path[pin].is_public and by_path[pin].wants_related
        ][: wanted.limit if post.wants_related else 0]
        assert not {entry.path for entry in entries if entry.kind != "pinned"} & set(post.excluded)
        series = Counter(other.series for other in others if other.series)
        pinned_series = Counter(by_path[entry.path].series for entry in entries if entry.kind == "pinned")
        for name, count in series.items():
            translated = sum(by_path[entry.path].series == name for entry in entries if entry.kind == "translation")
            assert count - translated <= max(wanted.same_series, pinned_series[name])
        if not wanted.newer:
            assert not any(other.date and post.date and other.date > post.date for other in free)
        linked = [entry.path in links.get(path, ()) for entry in entries if entry.kind == "similar"]
        if wanted.linked == "hide":
            assert not any(linked)
        if wanted.linked == "demote":
            assert linked == sorted(linked)
        least = found.min_score - (MARGIN if published else 0)
        assert all(entry.score >= least for entry in entries if entry.kind == "similar")
        rows = [lists.rules.row[other.path] for other in others]
        if wanted.duplicates == "hide":
            groups = [lists.rules.duplicate_of[row] for row in rows if row in lists.rules.duplicate_of]
            fixed = [
                lists.rules.duplicate_of.get(row) for row, kind in zip(rows, kinds, strict=True) if kind != "similar"
            ]
            assert all(count == 1 or group in fixed for group, count in Counter(groups).items())
        if wanted.translations != "keep":
            same_post = [other for other in free if other.translation_key == post.translation_key != ""]
            assert all(other.lang == post.lang for other in same_post)
        if post.is_public:
            shown.update(entry.path for entry in entries[: min(FIRST_PLACES, wanted.limit)])
            capped.update(entry.path for entry in entries[: min(FIRST_PLACES, wanted.limit)] if entry.kind == "similar")
    assert +lists.shown == Counter({lists.rules.row[path]: count for path, count in shown.items()})
    assert all(count <= max(lists.cap, shown[path] - count) for path, count in capped.items())


@pytest.mark.parametrize("seed", range(0, 60, 5))
def test_every_pair_of_posts_can_be_explained_and_truly(seed: int) -> None:
    documents, vectors, links, wanted = random_blog(seed)
    lists = SiteLists(documents, vectors, links, wanted, "exact", published=random_published(documents, seed))
    for row in range(min(len(documents), 20)):
        for other in range(len(documents)):
            told = _explain(lists, row, other)
            assert told.startswith("listed at place") == (other in lists.lists[row].chosen), told


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_what_is_barred_has_a_reason(seed: int) -> None:
    documents, vectors, links, wanted = random_blog(seed)
    rules = SiteLists(documents, vectors, links, wanted, "exact").rules
    rows, others = np.indices((len(documents), len(documents)))
    reasons = [[rules.why_barred(row, other) for other in range(len(documents))] for row in range(len(documents))]
    assert rules.bars(rows, others).tolist() == [[bool(reason) for reason in line] for line in reasons]


@pytest.mark.parametrize("seed", range(0, 60, 10))
def test_both_backends_give_the_same_lists(seed: int) -> None:
    documents, vectors, links, wanted = random_blog(seed)
    exact = find_related(documents, vectors, links, wanted, backend="exact")
    assert find_related(documents, vectors, links, wanted, backend="auto") == exact
