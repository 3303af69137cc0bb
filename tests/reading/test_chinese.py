"""Words of Chinese texts: what a blog says again and again, and never a piece of it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.reading import chinese
from enishi.reading.chinese import chinese_words, count_recurring

REST = "".join(map(chr, range(0x5100, 0x5300)))
"""What else a blog says; how surprising it is that two characters meet depends on it."""
UNIVERSITIES = (
    "北方工业大学招生\n参观工业大学实验室\n我在工业大学读书\n工业大学",
    "南方农业大学放假\n访问农业大学图书馆\n他从农业大学毕业\n农业大学",
    "大学生活\n考上大学以后\n每所大学\n大学教授\n大学食堂\n去大学上课\n" + REST,
)


def test_a_word_is_what_stands_beside_ever_other_characters() -> None:
    words = {word for counts in count_recurring(UNIVERSITIES) for word in counts}
    assert words == {"大学", "工业大学", "农业大学"}


def test_each_text_has_the_words_that_the_others_made_known() -> None:
    counts = count_recurring((*UNIVERSITIES, "参加工业大学典礼"))
    assert counts[-1] == {"工业大学": 1, "大学": 1}
    assert count_recurring(["参加工业大学典礼"]) == [{}]


@pytest.mark.parametrize("tail", ["司", "司法", "公司"])
def test_a_string_that_always_goes_on_in_the_same_way_is_none(tail: str) -> None:
    whole = "股份有限" + tail
    texts = [f"{before}{whole}{after}\n{REST}" for before, after in ("某上", "该下", "贵东", "新西", "旧南")]
    words = {word for counts in count_recurring(texts) for word in counts}
    assert words == {whole}


def test_a_piece_of_a_common_word_is_none_where_a_particle_cuts_it() -> None:
    texts = [f"{before}出什么{after}" for before, after in ("说来", "看去", "得好", "找看", "想听")]
    assert count_recurring([*texts, REST]) == [{}] * 6
    assert count_recurring([*(text.replace("么", "玩") for text in texts), REST])[0] == {"出什玩": 1}


def test_stop_words_are_none() -> None:
    texts = [f"{before}问题{after}\n{before}我们{after}" for before, after in ("甲子", "乙丑", "丙寅", "丁卯")]
    assert count_recurring([*texts, REST]) == [{}] * 5
    assert count_recurring([*(text.replace("问题", "课题") for text in texts), REST])[0] == {"课题": 1}


def test_nothing_is_found_in_nothing() -> None:
    assert count_recurring([]) == []
    assert count_recurring(["", "一", "\n"]) == [{}, {}, {}]


@given(st.lists(st.text(alphabet="工业农大学的\n", max_size=30), min_size=1, max_size=8))
def test_counts_are_those_of_the_text_and_in_any_order_the_same(texts: list[str]) -> None:
    counts = count_recurring(texts)
    assert count_recurring(texts[::-1]) == counts[::-1]
    for text, words in zip(texts, counts, strict=True):
        for word, count in words.items():
            assert count == sum(text.startswith(word, start) for start in range(len(text)))


@pytest.mark.parametrize("text", ["漢" * 100_000, "漢字" * 50_000, "\n漢" * 50_000])
def test_time_is_bounded(text: str) -> None:
    start = time.process_time()
    count_recurring([text])
    assert time.process_time() - start < 5


def test_of_a_post_with_ever_so_many_words_the_most_frequent_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*UNIVERSITIES, ""]
    assert chinese_words(texts)[0] == {"工业大学": 4, "大学": 4}
    monkeypatch.setattr(chinese, "_MAX_WORDS", 1)
    assert chinese_words(texts)[0] == {"大学": 4}
