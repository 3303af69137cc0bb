"""Reasons are what a reader would say: tags first met, telling terms, nothing twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from enishi.counts import CountsToStore, store_counts
from enishi.reading.stopwords import CJK, LATIN
from enishi.reading.tokens import count_terms
from enishi.related.reasons import MAX_TERMS, Reasons, SharedTerms
from enishi.related.term_uses import term_frequency
from enishi.types import Document, Post, TextFields


def document(name: str, text: str, *, title: str = "", tags: tuple[str, ...] = ()) -> Document:
    return Document(Post(name, title, tags=tags), TextFields(title=title), {}, count_terms([title, text]))


FILLER = [document(f"filler{number}", f"unrelated{number} matter{number}") for number in range(20)]


def shared(first: Document, second: Document, *others: Document) -> tuple[str, ...]:
    return Reasons([first, second, *FILLER, *others]).shared_terms(first, second)


def test_stop_words_are_no_reason() -> None:
    text = "The thing is that we use the parser, because it was made for this and that. このことは構文解析の場合です。"
    found = shared(document("a", text), document("b", text))
    assert set(found) == {"parser", "構文解析"}
    assert not (LATIN | CJK) & {term.lower() for term in found}


def test_the_longest_form_of_a_term_stands_for_its_parts() -> None:
    text = "vector search. vector search. 単体テストと単体テスト"
    found = shared(document("a", text), document("b", text))
    assert "vector search" in found
    assert "単体テスト" in found
    assert not {"vector", "search", "単体", "テスト"} & set(found)


def test_a_plural_is_not_told_beside_its_singular() -> None:
    text = "embedding embeddings batch batches"
    assert len(shared(document("a", text), document("b", text))) == 2


def test_a_part_of_a_word_is_a_term_of_its_own() -> None:
    text = "java javascript go google"
    assert set(shared(document("a", text), document("b", text))) == {"java", "javascript", "go", "google"} - LATIN


def test_terms_of_one_post_alone_are_no_reason() -> None:
    assert shared(document("a", "kafka redis"), document("b", "redis postgres")) == ("redis",)
    assert shared(document("a", "kafka"), document("b", "postgres")) == ()
    assert shared(document("a", ""), document("b", "")) == ()


def test_the_rarer_term_comes_first_and_a_common_one_not_at_all() -> None:
    some = [document(f"s{number}", "kubernetes") for number in range(2)]
    many = [document(f"m{number}", "website") for number in range(10)]
    text = "website kubernetes raft"
    assert shared(document("a", text), document("b", text), *some, *many) == ("raft", "kubernetes")


def test_a_term_in_a_title_comes_first_but_not_a_part_of_its_words() -> None:
    first = document("a", "raft paxos", title="On paxos")
    assert shared(first, document("b", "raft paxos")) == ("paxos", "raft")
    first = document("a", "aft bow", title="The raft")
    assert shared(first, document("b", "aft bow")) == ("aft", "bow"), "aft is no more in the title than bow"
    first = document("a", "bow aft", title="The elbow")
    assert shared(first, document("b", "aft bow")) == ("aft", "bow")


def test_what_both_speak_of_much_counts_more() -> None:
    text = "zebra zebra zebra zebra aardvark"
    assert shared(document("a", text), document("b", text)) == ("zebra", "aardvark")


def test_reasons_are_the_same_both_ways_and_in_any_order_of_posts() -> None:
    text = "raft paxos zookeeper 分散システム etcd consul gossip"
    first, second = document("a", text), document("b", f"{text} {text}")
    reasons = Reasons([first, second, *FILLER])
    assert reasons.shared_terms(first, second) == reasons.shared_terms(second, first)
    assert Reasons([*FILLER, second, first]).shared_terms(first, second) == reasons.shared_terms(first, second)


def test_the_reasons_of_many_pairs_are_those_of_each() -> None:
    words = ["Raft", "raft", "paxos", "zookeeper", "分散システム", "etcd", "Consul", "gossip", "数据库索引"]
    documents = [
        document(
            str(number), " ".join(words[number % 3 :: 1 + number % 2]), title=words[number], tags=("Go", "db")[:number]
        )
        for number in range(len(words))
    ]
    blog = [*documents, *FILLER]
    reasons, terms = Reasons(blog), SharedTerms(len(blog), term_frequency(blog))
    rows, others = (pairs.ravel() for pairs in np.indices((len(words), len(words))))
    for row, other, found in zip(rows, others, terms.of_pairs(documents, rows, others), strict=True):
        assert found == reasons.shared_terms(documents[row], documents[other])
    assert terms.of_pairs(documents, rows, others) == SharedTerms(len(blog)).of_pairs(blog, rows, others)
    assert terms.of_pairs(documents, rows[:0], others[:0]) == []


def test_terms_in_a_store_have_the_reasons_of_those_in_dictionaries() -> None:
    text = "Raft raft Raft GraphQL graphql 分散システム etcd Consul gossip"
    blog = [document("a", text, title="GraphQL and Raft"), document("b", f"{text} graphql graphql"), *FILLER]
    keys = [str(row).encode().rjust(32) for row in range(len(blog))]
    counted = [CountsToStore({}, one.terms.frequency, one.terms.surfaces) for one in blog]
    store = store_counts(keys, zip(keys, counted, strict=True), None)
    stored = [replace(one, terms=store.counts_of(key)[1]) for one, key in zip(blog, keys, strict=True)]
    rows, others = np.array([0, 1, 2]), np.array([1, 0, 3])
    found = SharedTerms(len(blog)).of_pairs(stored, rows, others)
    assert found == SharedTerms(len(blog)).of_pairs(blog, rows, others)
    assert found[0] == Reasons(stored).shared_terms(stored[0], stored[1]) == Reasons(blog).shared_terms(*blog[:2])
    assert {"Raft", "graphql", "分散システム"} <= {*found[0]}


def test_there_are_no_more_than_asked_for() -> None:
    text = " ".join(f"subject{letter}" for letter in "abcdefghij")
    first, second = document("a", text), document("b", text)
    assert len(shared(first, second)) == MAX_TERMS
    assert len(Reasons([first, second]).weighted_terms(first, second, 2)) == 2


def test_the_spelling_is_the_one_that_both_use_most_then_the_one_with_capitals() -> None:
    assert shared(document("a", "graphql"), document("b", "GraphQL")) == ("GraphQL",)
    assert shared(document("a", "graphql graphql"), document("b", "GraphQL")) == ("graphql",)


def test_weights_fall_and_are_positive() -> None:
    text = "raft raft paxos etcd"
    first, second = document("a", text), document("b", text)
    weights = [weight for _, weight in Reasons([first, second, *FILLER]).weighted_terms(first, second)]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_posts_have_reasons_too(count: int) -> None:
    documents = [document(str(number), "raft and paxos") for number in range(count)]
    found = Reasons(documents).shared_terms(documents[0], documents[-1])
    assert set(found) == ({"raft", "paxos"} if count <= 3 else set()), "what all of five posts say tells nothing"


# -- tags --------------------------------------------------------------------------------------------------------------


def test_shared_tags_are_compared_folded_and_written_as_the_first_post_does_rarest_first() -> None:
    first = document("a", "", tags=("web", "ＧＣＰ", "Raft"))
    second = document("b", "", tags=("raft", "gcp", "Web", "other"))
    more = [document(f"w{number}", "", tags=("WEB",)) for number in range(3)]
    reasons = Reasons([first, second, document("c", "", tags=("raft",)), *more])
    assert reasons.shared_tags(first, second) == ("ＧＣＰ", "Raft", "web")
    assert reasons.shared_tags(second, first) == ("gcp", "raft", "Web")


def test_a_tag_written_twice_is_told_once() -> None:
    first = document("a", "", tags=("Go", "go"))
    assert Reasons([first]).shared_tags(first, document("b", "", tags=("GO",))) == ("Go",)
