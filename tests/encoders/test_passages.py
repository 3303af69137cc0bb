"""Where a post is cut into passages, and that an edit moves no cut but those beside it."""

from __future__ import annotations

import re

import pytest

from enishi.encoders import passages as module
from enishi.encoders.passages import MAX_PASSAGES, cut_head, cut_passages


def count_words(texts: list[str]) -> list[int]:
    return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def passages(title: str, body: str, *, prompt: str = "", longest: int | None = 60) -> list[str]:
    return cut_passages(title, body, prompt, longest, count_words).texts(title, body)


def paragraph(number: int) -> str:
    return f"Paragraph {number} begins. " + f"It says something about subject {number * 7 % 13}. " * (1 + number % 4)


def test_a_short_post_is_one_passage_with_its_title() -> None:
    assert passages("Title", "One sentence. Another.") == ["Title\nOne sentence. Another."]
    assert passages("Title", "") == ["Title"]
    assert passages("", "Body.") == ["Body."]


def test_every_passage_has_the_title_and_fits() -> None:
    body = " ".join(f"Sentence {number} says something about it." for number in range(40))
    found = passages("A title", body)
    assert 1 < len(found) <= MAX_PASSAGES
    assert all(passage.startswith("A title\n") for passage in found)
    assert max(count_words(found)) <= 60
    assert all(passage.endswith("it.") for passage in found), "sentences stay whole"


def test_paragraphs_stay_whole_where_they_fit() -> None:
    body = "\n\n".join(paragraph(number) for number in range(12))
    starts = [passage.removeprefix("T\n").split(" ")[0] for passage in passages("T", body)]
    assert set(starts) == {"Paragraph"}


def test_nothing_is_lost_of_a_post_of_few_passages() -> None:
    body = "\n\n".join(f"Paragraph {number} with some words in it" for number in range(30))
    found = passages("T", body, longest=None)
    assert " ".join(passage.removeprefix("T\n") for passage in found).split() == body.split()


def test_of_a_long_post_passages_are_of_all_of_it() -> None:
    body = " ".join(f"Sentence {number} says something." for number in range(5000))
    numbers = [int(re.findall(r"\d+", passage)[0]) for passage in passages("T", body)]
    assert len(numbers) == MAX_PASSAGES
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert numbers[-1] > 2500


def test_most_passages_are_not_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PASSAGES", 1000)
    lengths = count_words(passages("T", "\n\n".join(paragraph(number) for number in range(300)), longest=256))
    assert sum(lengths) / len(lengths) > 0.5 * 240


@pytest.mark.parametrize("most", [MAX_PASSAGES, 1000])
def test_an_edit_changes_the_passages_beside_it_alone(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(module, "MAX_PASSAGES", most)
    paragraphs = [paragraph(number) for number in range(80)]
    before = set(passages("T", "\n\n".join(paragraphs), longest=120))
    changed = []
    for number in range(80):
        edited = [*paragraphs]
        edited[number] += "And one more sentence, of some length."
        changed.append(len(set(passages("T", "\n\n".join(edited), longest=120)) - before))
    assert sum(changed) / len(changed) < 1.6
    assert max(changed) <= 4


@pytest.mark.parametrize(
    "body", ["word " * 300, "漢字。" * 200, "漢" * 2000, "a" * 5000, "x\n\n" * 300, "\n\n!!\n\n" * 9, " \n "]
)
def test_any_body_makes_passages_that_fit(body: str) -> None:
    def count(texts: list[str]) -> list[int]:
        return [len(text.replace(" ", "")) for text in texts]

    found = cut_passages("Title", body, "", 60, count).texts("Title", body)
    assert 1 <= len(found) <= MAX_PASSAGES
    assert max(count(found)) <= 60


def test_a_long_title_leaves_room_for_the_text() -> None:
    found = passages("word " * 200, "The body itself. " * 5)
    assert max(count_words(found)) <= 60
    assert sum("body" in passage for passage in found) == len(found)


def test_a_prompt_takes_its_room() -> None:
    body = "Some words here. " * 100
    assert max(count_words(passages("T", body, prompt="one two three four five six seven: "))) <= 60 - 8


def test_spans_are_places_in_the_text_with_their_tokens() -> None:
    body = "\n\n".join(paragraph(number) for number in range(20))
    cut = cut_passages("A title", body, "", 60, count_words)
    assert [tokens for _, _, tokens in cut.spans] == cut.weights()
    for start, end, tokens in cut.spans:
        assert count_words([body[start:end]]) == [tokens]


# -- the head ----------------------------------------------------------------------------------------------------------


def head(title: str, body: str, *, longest: int | None = 60) -> str:
    (text,) = cut_head(title, body, "", longest, count_words).texts(title, body)
    return text


def test_a_head_is_the_first_whole_sentences_that_fit() -> None:
    body = " ".join(f"Sentence {number} says something about it." for number in range(40))
    found = head("A title", body)
    assert found.startswith("A title\nSentence 0 says")
    assert found.endswith("about it.")
    assert 45 < count_words([found])[0] <= 60
    assert len(head("A title", body * 10, longest=None)) > 8 * len(found), "512 tokens, where the model reads as many"


def test_an_edit_behind_the_head_does_not_change_it() -> None:
    body = "\n\n".join(paragraph(number) for number in range(40))
    assert head("T", body) == head("T", body + "More. " * 2000) == head("T", body.replace("Paragraph 39", "Other"))


@pytest.mark.parametrize(("title", "body"), [("Title", ""), ("", "Body."), ("Title", "x" * 9000), ("T" * 900, "Body")])
def test_every_post_has_a_head(title: str, body: str) -> None:
    assert head(title, body).strip()
