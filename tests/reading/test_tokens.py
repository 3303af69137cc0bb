"""Words for vectors and terms for people, over the scripts of the blogs we know."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.reading.stopwords import CJK, LATIN
from enishi.reading.tokens import count_terms, count_words, fold, merge_terms, words
from enishi.types import Term, Terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The C++ and C# of Node.js", ["the", "c++", "and", "c#", "of", "node.js"]),
        ("Go1.27's `snake_case`, e-mail; don’t", ["go1.27", "snake_case", "e-mail", "don't"]),
        ("end. 'quoted' -x a- foo.bar.", ["end", "quoted", "x", "a", "foo.bar"]),
        ("naïve Café ＷＥＢ", ["naïve", "café", "web"]),
        ("全文検索のエンジン", ["全文", "文検", "検索", "エンジン"]),
        ("ﾃｽﾄとテスト", ["テスト", "テスト"]),
        ("らーめんを食べた", ["食"]),
        ("人々", ["人々"]),
        ("我们使用搜索", ["我们", "们使", "使用", "用搜", "搜索"]),
        ("검색 엔진", ["검색", "엔진"]),
        ("Redisの全文検索", ["redis", "全文", "文検", "検索"]),
        ("हिन्दी में खोज।", ["हिन्दी", "में", "खोज"]),
        ("ภาษา", ["ภา", "าษ", "ษา"]),
        ("Привет, мир", ["привет", "мир"]),
        ("x" * 61, []),
        ("… — 😀 \n", []),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


@given(st.text(max_size=200))
def test_words_are_folded_and_never_empty(text: str) -> None:
    for word in words(text):
        assert word
        assert not any(map(str.isspace, word))
        assert list(words(text)) == list(words(fold(text)))


@given(st.text(alphabet="aé뷁漢カかー _-.'’+#\u0300अ\u093f!", max_size=60))
def test_words_do_not_depend_on_how_accents_are_encoded(text: str) -> None:
    assert list(words(text)) == list(words(unicodedata.normalize("NFKC", text)))


def test_counts_are_weighted_and_summed() -> None:
    assert count_words([("Redis cache", 3), ("redis", 1)]) == {"redis": 4, "cache": 3}


def test_a_lone_surrogate_is_no_problem() -> None:
    assert list(words("a\ud800b")) == ["a", "b"]
    assert count_terms(["word \udfff word"])["word"].frequency == 2


@pytest.mark.parametrize("text", ["a-" * 50_000, "ー" * 100_000, "漢" * 100_000, "a'" * 50_000 + "!", "a_+#" * 30_000])
def test_time_is_linear_in_the_text(text: str) -> None:
    start = time.process_time()
    count_words([(text, 1)])
    count_terms([text])
    assert time.process_time() - start < 5


# -- terms -------------------------------------------------------------------------------------------------------------


def test_terms_name_something() -> None:
    text = "The quick answer is that it is the index of the Database. 2024 was a good year for this Database, isn't it?"
    terms = count_terms([text])
    assert terms["database"] == Term(2, "Database")
    assert not LATIN & terms.keys()
    assert not [key for key in terms if key[0].isdigit() or len(key) < 2]


def test_stop_words_never_become_terms_in_japanese() -> None:
    japanese = count_terms(["この場合のことはページの方法です。モノとコト、単体テストの話。" * 3])
    assert "単体テスト" in japanese
    assert not CJK & japanese.keys()
    assert not [key for key in japanese if any("\u3041" <= character <= "\u309f" for character in key)]


def test_a_compound_is_a_term_and_its_scripts_apart_as_well() -> None:
    assert count_terms(["単体テスト"]).keys() == {"単体テスト", "単体", "テスト"}


@pytest.mark.parametrize("quantity", ["二人", "三十分", "第三回", "一件", "二〇二四年", "各社", "何度", "一方"])
def test_quantities_are_no_terms(quantity: str) -> None:
    assert count_terms([f"これは{quantity}だ。" * 3]) == {}


@pytest.mark.parametrize("word", ["数学", "九州", "千葉"])
def test_words_that_begin_with_a_numeral_are_terms(word: str) -> None:
    assert word in count_terms([f"これは{word}だ"])


def test_two_words_are_a_name_if_they_are_said_twice_side_by_side() -> None:
    terms = count_terms(["vector search is fun. vector search, search vector"])
    assert terms["vector search"].frequency == 2
    assert "search vector" not in terms
    assert "fun vector" not in terms, "a full stop is between them"


def test_a_word_said_twice_in_a_row_is_no_name() -> None:
    assert count_terms(["zebra zebra Zebra"]).keys() == {"zebra"}


def test_the_prevailing_spelling_is_shown() -> None:
    assert count_terms(["GitHub Github GitHub github"])["github"] == Term(4, "GitHub")


def test_chinese_waits_for_the_whole_blog() -> None:
    terms = count_terms(["我们使用 Redis，搜索引擎。"])
    assert terms.keys() == {"redis"}
    assert terms.chinese == "我们使用\n搜索引擎"
    assert count_terms(["全文検索のエンジンを使う"]).chinese == ""


def test_a_title_alone_is_not_taken_for_chinese() -> None:
    japanese, chinese, title = count_terms(["検索を使う"]), count_terms(["使用搜索"]), count_terms(["全文検索"])
    assert merge_terms(japanese, title).chinese == ""
    assert merge_terms(chinese, title).chinese == "使用搜索\n全文検索"


def test_merged_terms_add_up_and_keep_the_first_spelling() -> None:
    first, second = Terms({"a": 1, "c": 1}, {"a": "A"}), Terms({"a": 2, "b": 1, "c": 1}, {"b": "B", "c": "C"})
    merged = {"a": Term(3, "A"), "b": Term(1, "B"), "c": Term(2, "c")}
    assert dict(merge_terms(first, second)) == merged
    assert dict(first) == {"a": Term(1, "A"), "c": Term(1, "c")}


def test_a_glossary_is_bounded_and_keeps_what_is_said_most() -> None:
    terms = count_terms([" ".join(f"word{number:04}x." for number in range(2000)) + " zebra. zebra. zebra."])
    assert len(terms) == 600
    assert terms["zebra"].frequency == 3


def test_terms_do_not_depend_on_the_order_of_equal_ones() -> None:
    first, second = count_terms(["alpha beta. gamma"]), count_terms(["gamma. beta alpha"])
    assert dict(first) == dict(second)
