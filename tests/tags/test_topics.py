"""Topics: what belongs together, what it is called, what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blog_of_documents import SUBJECTS, document, site, subject_posts
from enishi.config import TagSettings
from enishi.tags.answers import Answers
from enishi.tags.communities import find_communities
from enishi.tags.distinctive_terms import DistinctiveTerms
from enishi.tags.suggest import suggest_tags
from enishi.types import Document, MissingTag, TagAnalysis, Terms, Topic


def analyse(documents: Sequence[Document], declined: Any = None, **settings: Any) -> TagAnalysis:
    return suggest_tags(
        sorted(documents, key=lambda d: d.post.path), site(), TagSettings(**settings), Answers(declined or {})
    )


def topic_of(found: TagAnalysis, path: str) -> Topic:
    return found.topics[found.topic_of[path]]


def without_tags(documents: Sequence[Document], *paths: str) -> list[Document]:
    return [replace(d, post=replace(d.post, tags=())) if d.post.path in paths else d for d in documents]


def test_posts_of_a_subject_are_a_topic_named_by_its_words() -> None:
    found = analyse(subject_posts(12))
    for subject, words in SUBJECTS.items():
        paths = {f"{subject}/{number:02}.md" for number in range(12)}
        topics = {found.topic_of[path] for path in paths}
        for topic in topics:
            assert set(found.topics[topic].posts) <= paths
            assert found.topics[topic].label
            named = {word for label in found.topics[topic].label for word in label.lower().split()}
            assert named <= {*words.split(), "notes"}


def test_every_post_of_a_topic_knows_it_and_no_topic_is_tiny() -> None:
    found = analyse(subject_posts(12))
    for number, topic in enumerate(found.topics):
        assert topic.id == number
        assert len(topic.posts) >= 3
        assert list(topic.posts) == sorted(topic.posts)
        assert all(found.topic_of[path] == number for path in topic.posts)
    assert sum(len(topic.posts) for topic in found.topics) == len(found.topic_of) == 36
    assert [len(t.posts) for t in found.topics] == sorted((len(t.posts) for t in found.topics), reverse=True)


def test_tags_know_nothing_of_topics_and_topics_nothing_of_tags() -> None:
    tagged, bare = analyse(subject_posts(12)), analyse(subject_posts(12, tagged=False))
    assert [t.posts for t in tagged.topics] == [t.posts for t in bare.topics]
    assert [t.label for t in tagged.topics] == [t.label for t in bare.topics]


def test_a_tag_that_most_carry_is_missing_where_it_lacks() -> None:
    posts = without_tags(subject_posts(12), "go/03.md")
    topic = topic_of(analyse(posts), "go/03.md")
    assert topic.tags[0].tag == "GO"
    assert (topic.tags[0].with_tag, topic.tags[0].posts) == (len(topic.posts) - 1, len(topic.posts))
    assert topic.missing == (MissingTag("GO", ("go/03.md",)),)


def test_what_is_declined_or_barred_is_not_missing() -> None:
    posts = without_tags(subject_posts(12), "go/03.md")
    assert topic_of(analyse(posts, {"go/03.md": frozenset({"go"})}), "go/03.md").missing == ()
    assert topic_of(analyse(posts, never=("GO",)), "go/03.md").missing == ()


def test_nothing_is_missing_where_everybody_carries_the_tag_or_few_do() -> None:
    assert all(topic.missing == () for topic in analyse(subject_posts(12)).topics)
    few = without_tags(subject_posts(12), *(f"go/{n:02}.md" for n in range(8)))
    assert "GO" not in {m.tag for topic in analyse(few).topics for m in topic.missing}


def named_posts(tag: str | None) -> list[Document]:
    """Posts about Kubernetes, which no tag of the blog names, beside the others."""
    body = "The cluster runs pods on nodes; kubernetes schedules containers. Kubernetes again. Number {n}."
    tags = (tag,) if tag else ()
    posts = [document(f"k8s/{n}.md", f"Kubernetes day {n}", body.format(n=n * 7), tags) for n in range(8)]
    return [*subject_posts(12), *posts]


def test_a_topic_without_a_tag_proposes_its_name() -> None:
    found = analyse(named_posts(None))
    proposed = [m for topic in found.topics for m in topic.missing if m.new]
    assert [(m.tag, len(m.posts)) for m in proposed] == [("Kubernetes", 8)]


@pytest.mark.parametrize("settings", [{"only": ("GO",)}, {"never": ("kubernetes",)}])
def test_no_new_tag_against_the_rules(settings: dict[str, Any]) -> None:
    found = analyse(named_posts(None), **settings)
    assert not [m for topic in found.topics for m in topic.missing if m.new]


def test_a_topic_with_a_tag_of_its_own_needs_no_new_one() -> None:
    found = analyse(named_posts("containers and their orchestration"))
    assert not [m for topic in found.topics for m in topic.missing if m.new]


def test_few_new_posts_do_not_rename_the_rest() -> None:
    posts = subject_posts(12)
    before = analyse(posts)
    words = "violin sonata chord melody tempo rehearsal orchestra"
    new = [document(f"new/{n}.md", f"Music {n}", f"{words} again, {words} number {n}") for n in range(10)]
    after = analyse([*posts, *new])
    for topic in before.topics:
        renamed = topic_of(after, topic.posts[0])
        assert renamed.posts == topic.posts
        assert len(set(renamed.label) & set(topic.label)) >= 2


@pytest.mark.parametrize("posts", [0, 1, 2, 3, 4])
def test_hardly_any_posts(posts: int) -> None:
    found = analyse(subject_posts(2)[:posts])
    assert len(found.topic_of) <= posts


def test_posts_without_words_belong_nowhere() -> None:
    found = analyse([*subject_posts(12), document("zz/1.md", "", ""), document("zz/2.md", "", "")])
    assert "zz/1.md" not in found.topic_of


# --- communities -----------------------------------------------------------------------------------------------------


def communities(edges: Sequence[tuple[int, int]], size: int) -> list[list[int]]:
    near = [[b for a, b in edges if a == row] + [a for a, b in edges if b == row] for row in range(size)]
    width = max(map(len, near), default=0)
    rows = np.array([[*found, *([row] * (width - len(found)))] for row, found in enumerate(near)], dtype=np.int64)
    rows = rows.reshape(size, width)
    scores = np.where(rows == np.arange(size)[:, None], 0.0, 1.0)
    return find_communities([f"{row:02}" for row in range(size)], rows, scores)


def test_two_cliques_with_a_bridge_are_two_communities() -> None:
    clique = [(a, b) for a in range(5) for b in range(a)]
    other = [(a + 5, b + 5) for a, b in clique]
    assert communities([*clique, *other, (0, 5)], 10) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_a_lone_node_joins_the_community_it_hangs_on_and_an_island_none() -> None:
    clique = [(a, b) for a in range(5) for b in range(a)]
    assert communities([*clique, (5, 0)], 7) == [[0, 1, 2, 3, 4, 5]]


def test_no_nodes_and_no_edges() -> None:
    assert communities([], 0) == []
    assert communities([], 4) == []


# --- terms -----------------------------------------------------------------------------------------------------------


def test_a_label_is_what_the_posts_share_and_others_do_not() -> None:
    posts = subject_posts(6)
    everywhere = document("x", "", "website").terms.frequency
    posts = [replace(d, terms=Terms({**d.terms.frequency, **everywhere}, d.terms.surfaces)) for d in posts]
    label = DistinctiveTerms(posts).label(range(6), 3)
    assert 1 <= len(label) <= 3
    assert all(term.key in SUBJECTS["go"] for term in label)
    assert DistinctiveTerms(posts).label([], 3) == []


def test_of_many_terms_that_weigh_the_same_the_first_ones_speak() -> None:
    words = [f"term{number:03}" for number in range(90)]
    same = Terms(dict.fromkeys(reversed(words), 1), {})
    posts = [replace(d, terms=same if number < 3 else d.terms) for number, d in enumerate(subject_posts(12))]
    found = DistinctiveTerms(posts).speaking_for([0, 5], np.array([0, 1, 2]), is_name=lambda _: False, limit=90)
    assert found == [tuple(words[:60]), ()]


def test_a_post_does_not_speak_for_itself() -> None:
    posts = [replace(d, terms=Terms({"kettle": 1}, {}) if n < 2 else d.terms) for n, d in enumerate(subject_posts(12))]
    terms = DistinctiveTerms(posts)
    alone, both = (
        terms.speaking_for([0], np.array(group), is_name=lambda _: False, limit=5) for group in ([0], [0, 1])
    )
    assert (alone, both) == ([()], [("kettle",)])
