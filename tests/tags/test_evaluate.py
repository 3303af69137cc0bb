"""Hiding tags and measuring: nothing leaks, what is known comes out, and figures are what their names say."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blog import topic_posts, write_blog
from blog_of_documents import document, site, subject_posts
from enishi.config import TagSettings
from enishi.pipeline import build, read_blog
from enishi.state import Request
from enishi.tags.answers import Answers
from enishi.tags.evaluate import (
    Case,
    Guess,
    TextNeighbors,
    choose_hidden,
    divide,
    hide_in_turn,
    hide_one_in_turn,
    tagged_rows,
    without_tags,
)
from enishi.tags.figures import MIN_SUGGESTIONS, TagFigures, measure_cases, measure_partial, wilson
from enishi.tags.vocabulary import read_vocabulary
from enishi.types import Document
from places import PACKAGE

SETTINGS = TagSettings()


def run(documents: Sequence[Document], settings: TagSettings = SETTINGS, **more: Any) -> list[Case]:
    return hide_in_turn(documents, site(), settings, **more)


def with_tags(found: Document, *tags: str) -> Document:
    return replace(found, post=replace(found.post, tags=tags))


def right(*flags: int, confidence: float = 0.9) -> tuple[Guess, ...]:
    """Guesses, each a little less sure than the one before."""
    return tuple(
        Guess(f"t{place}", round(confidence - 0.001 * place, 4), bool(flag)) for place, flag in enumerate(flags)
    )


def case(number: int, guesses: tuple[Guess, ...], votes: tuple[Guess, ...] = (), answers: int = 1) -> Case:
    return Case(f"{number:03}.md", f"Post {number}", answers, answers, guesses, votes)


# -- nothing leaks ---------------------------------------------------------------------------------------------------


def test_other_tags_of_hidden_posts_change_nothing_of_what_is_suggested_for_them() -> None:
    documents = subject_posts(8)
    part = divide(documents, 5)[2]
    told = random.Random(7)
    shuffled = list(documents)
    for row in part:
        shuffled[row] = with_tags(shuffled[row], told.choice(["GO", "COOKING", "CYCLING", "never seen"]), "x")

    def suggested(blog: Sequence[Document]) -> dict[str, Any]:
        paths = {blog[row].post.path for row in part}
        return {
            found.path: [[(guess.tag, guess.confidence) for guess in way] for way in (found.guesses, found.votes)]
            for found in run(blog)
            if found.path in paths
        }

    before, after = suggested(documents), suggested(shuffled)
    assert json.dumps(before) == json.dumps(after)
    assert all(guesses and votes for guesses, votes in before.values())


def test_front_matter_gives_no_tag_away() -> None:
    front = {"tags": ["GO"], "Tag": "GO", "topics": ["GO"], "category": "notes"}
    hidden = without_tags(document("a.md", "A", "words", ["GO"], front_matter=front))
    assert hidden.post.tags == ()
    assert hidden.post.front_matter == {"category": "notes"}


@pytest.mark.parametrize("seed", [1, 2])
def test_tags_that_have_nothing_to_do_with_the_text_are_found_by_chance_only(seed: int) -> None:
    told = random.Random(seed)
    names = [f"tag{number}" for number in range(10)]
    documents = [with_tags(found, told.choice(names)) for found in subject_posts(50, tagged=False)]
    found = measure_cases(run(documents))
    chance = sum(1 / math.log2(place + 2) for place in range(5)) / len(names)
    for way in (found.ours, found.vote):
        assert way.ndcg.value < chance + 0.1
        assert way.proposal.confidence is None
    assert found.ours.levels[2].suggestions == 0  # nothing at .5 or above


def test_a_part_is_told_what_a_build_of_the_blog_without_its_tags_says(tmp_path: Path) -> None:
    """From outside: the tags are deleted in the files, and tags.json is read."""
    posts = topic_posts(6, ("tea", "trains", "storage"))
    read = read_blog(Request(write_blog(tmp_path / "whole", posts)))
    blog, documents = read.blog, read.documents
    cases = {found.path: found for found in hide_in_turn(documents, blog.site, blog.settings.tags)}
    part = {documents[row].post.path for row in divide(documents, 5)[0]}
    files = {
        name: "\n".join(line for line in text.split("\n") if not line.startswith("tags:"))
        if f"source/_posts/{name}" in part
        else text
        for name, text in posts.items()
    }
    wide = ("tags.min_confidence=0", "tags.max_suggestions=20")
    build(Request(write_blog(tmp_path / "hidden", files), overrides=wide))
    told = json.loads((tmp_path / "hidden/.enishi/tags.json").read_bytes())["posts"]
    assert part
    for path in part:
        suggested = [(found["tag"], found["confidence"]) for found in told[path]["suggestions"]]
        assert [(guess.tag, guess.confidence) for guess in cases[path].guesses] == suggested


def test_translations_are_hidden_together() -> None:
    documents = [
        replace(found, post=replace(found.post, translation_key=f"k{row // 2}"))
        for row, found in enumerate(subject_posts(10))
    ]
    for part in divide(documents, 5):
        keys = [documents[row].post.translation_key for row in part]
        assert all(keys.count(key) == 2 for key in keys)


def test_parts_are_even_and_hold_every_tagged_post_once() -> None:
    documents = [*subject_posts(9), document("z.md", "Z", "no tags here")]
    parts = divide(documents, 5)
    assert sorted(row for part in parts for row in part) == tagged_rows(documents) == list(range(27))
    assert {len(part) for part in parts} == {5, 6}
    assert len(divide(documents[:3], 5)) == 3


# -- what is known comes out -----------------------------------------------------------------------------------------


def test_a_blog_whose_words_are_its_tags_is_understood() -> None:
    found = measure_cases(run(subject_posts(12)))
    assert (found.posts, found.answered, found.hidden, found.answers) == (36, 36, 36, 36)
    assert found.ours.ndcg.value == found.ours.recall.value == 1.0
    assert found.vote.ndcg.value > 0.95
    proposal = found.ours.proposal
    assert proposal.confidence is not None
    assert proposal.level is not None
    assert (proposal.level.right, proposal.level.suggestions) == (36, 36)
    assert found.doubts == ()


def test_tags_on_too_few_other_posts_are_no_answers_and_are_counted() -> None:
    documents = subject_posts(8)
    documents[0] = with_tags(documents[0], "GO", "once")
    found = next(found for found in run(documents) if found.path == documents[0].post.path)
    assert (found.hidden, found.answers) == (2, 1)


def test_aliases_and_spellings_count_and_barred_tags_do_not() -> None:
    documents = subject_posts(8)
    go = [row for row, found in enumerate(documents) if found.post.tags == ("GO",)]
    for row in go[::2]:
        documents[row] = with_tags(documents[row], "golang")
    settings = TagSettings(aliases={"golang": "GO"}, never=("COOKING",))
    found = {case.path: case for case in run(documents, settings)}
    for row in go:
        assert found[documents[row].post.path].guesses[0] == ("GO", found[documents[row].post.path].guesses[0][1], True)
    for path, of_post in found.items():
        assert of_post.answers == (0 if path.startswith("cooking") else 1)
        assert "COOKING" not in {guess.tag for guess in (*of_post.guesses, *of_post.votes)}


def test_what_a_tag_implies_is_neither_right_nor_wrong() -> None:
    documents = [with_tags(found, "CYCLING", "sport") if n % 2 else found for n, found in enumerate(subject_posts(8))]
    found = {case.path: case for case in run(documents, TagSettings(broader={"CYCLING": "sport"}))}
    for plain in documents:
        if plain.post.tags == ("CYCLING",):
            assert "sport" not in {guess.tag for guess in found[plain.post.path].guesses}
        if plain.post.tags == ("COOKING",):
            assert not any(guess.is_right for guess in found[plain.post.path].guesses if guess.tag == "sport")


def test_how_sure_the_settings_want_suggestions_is_of_no_matter_but_constants_are(tmp_path: Path) -> None:
    documents = subject_posts(8)
    assert run(documents) == run(documents, TagSettings(min_confidence=0.99, max_suggestions=1))
    shipped = json.loads((PACKAGE / "tags" / "constants.json").read_bytes())
    other = tmp_path / "constants.json"
    other.write_text(json.dumps(shipped | {"intercept": shipped["intercept"] - 3}), "utf-8")
    unsure = run(documents, TagSettings(constants=str(other)))
    assert unsure[0].guesses[0].confidence < run(documents)[0].guesses[0].confidence


def test_declines_of_a_hidden_post_are_hidden_too() -> None:
    documents = subject_posts(8)
    path = documents[0].post.path
    answers = Answers({path: frozenset({"GO"})})
    found = next(found for found in run(documents, answers=answers) if found.path == path)
    assert found.guesses[0].tag == "GO"


def test_the_same_posts_give_the_same_cases() -> None:
    assert run(subject_posts(8)) == run(subject_posts(8))


def test_blogs_that_say_nothing_are_survived() -> None:
    silent = [document(f"{number}.md", "", "", ["a", "b"]) for number in range(12)]
    assert all(not found.guesses and not found.votes for found in run(silent))
    only_once = [with_tags(found, f"t{row}") for row, found in enumerate(subject_posts(4))]
    assert all(found.answers == 0 and not found.guesses for found in run(only_once))
    assert run([]) == []


# -- one tag hidden --------------------------------------------------------------------------------------------------

SIDES = ("sharp", "round")


def two_tags(number: int, name: str) -> tuple[str, ...]:
    return (name, SIDES[number % 2])


def posts_with_two_tags() -> list[Document]:
    return [with_tags(found, *two_tags(n, found.post.tags[0])) for n, found in enumerate(subject_posts(8))]


def test_one_tag_is_hidden_and_the_others_are_not_suggested() -> None:
    documents = posts_with_two_tags()
    found = {case.path: case for case in hide_one_in_turn(documents, site(), SETTINGS)}
    assert found.keys() == {one.post.path for one in documents}
    hidden = []
    for one in documents:
        case = found[one.post.path]
        assert (case.hidden, case.answers) == (1, 1)
        found_again = [guess.tag for guess in case.guesses if guess.is_right]
        assert len(found_again) == 1
        assert not {guess.tag for guess in case.guesses} & (set(one.post.tags) - set(found_again))
        hidden += found_again
    assert set(hidden) == {*SIDES, "GO", "COOKING", "CYCLING"}
    figures = measure_partial(list(found.values()))
    assert figures.recall.value == 1.0  # of four other tags


def test_a_build_of_the_blog_without_that_tag_says_the_same(tmp_path: Path) -> None:
    """From outside: one tag of each post of a part is deleted in the files."""
    posts = {
        name: text.replace("]\n", f", {SIDES[n % 2]}]\n", 1)
        for n, (name, text) in enumerate(topic_posts(6, ("tea", "trains", "storage")).items())
    }
    read = read_blog(Request(write_blog(tmp_path / "whole", posts)))
    blog, documents = read.blog, read.documents
    vocabulary, _ = read_vocabulary([one.post for one in documents], blog.site, blog.settings.tags)
    chosen = choose_hidden(documents, vocabulary)
    cases = {found.path: found for found in hide_one_in_turn(documents, blog.site, blog.settings.tags)}
    part = {documents[row].post.path: chosen[row] for row in divide(documents, 5)[0]}
    files = dict(posts)
    for path, key in part.items():
        name = path.removeprefix("source/_posts/")
        files[name] = files[name].replace(f"[{key}, ", "[").replace(f", {key}]", "]")
        assert files[name] != posts[name]
    wide = ("tags.min_confidence=0", "tags.max_suggestions=20")
    build(Request(write_blog(tmp_path / "hidden", files), overrides=wide))
    told = json.loads((tmp_path / "hidden/.enishi/tags.json").read_bytes())["posts"]
    for path in part:
        suggested = [(one["tag"], one["confidence"]) for one in told[path]["suggestions"]]
        assert suggested
        assert [(guess.tag, guess.confidence) for guess in cases[path].guesses] == suggested


def test_which_tag_is_hidden() -> None:
    """Never the only one, nor one that could not be suggested again; of translations the same."""
    documents = posts_with_two_tags()
    documents[0] = with_tags(documents[0], "GO")
    documents[1] = with_tags(documents[1], "GO", "once")
    for row in (2, 3, 4, 5):
        documents[row] = with_tags(documents[row], "GO", *SIDES)
    documents = [
        replace(one, post=replace(one.post, translation_key=f"k{row // 2}")) for row, one in enumerate(documents)
    ]
    settings = TagSettings(broader={"sharp": "GO"}, never=("round",))
    chosen = choose_hidden(documents, read_vocabulary([one.post for one in documents], site(), settings)[0])
    assert 0 not in chosen
    assert chosen[1] == "go"
    assert all(chosen[row] == "sharp" for row in (2, 3, 4, 5)), "GO is implied, and round is never suggested"
    free = choose_hidden(documents, read_vocabulary([one.post for one in documents], site(), SETTINGS)[0])
    assert (free[2], free[4]) == (free[3], free[5])


def test_partial_figures_by_hand() -> None:
    found = measure_partial(
        [
            case(0, right(1, 0)),
            case(1, right(0, 0, 1, confidence=0.6)),
            case(2, right(0, 0, 0, 0, 0, 1, confidence=0.4)),  # too late for the first five
            case(3, ()),
        ]
    )
    assert (found.posts, found.answers) == (4, 4)
    assert found.mrr.value == pytest.approx((1 + 1 / 3 + 1 / 6) / 4, abs=1e-4)
    assert found.recall.value == 0.5
    assert [(band.confidence, band.suggestions, band.right) for band in found.bands] == [(0.8, 2, 1), (0.5, 3, 1)]
    off = (1 - 0.9) + 0.899 + 0.6 + (0.599 + 0.598 - 1) + 0.4 + (5 * 0.397 - 1)
    assert found.calibration_error == pytest.approx(off / 11, abs=1e-4)


# -- neighbours ------------------------------------------------------------------------------------------------------


def test_a_post_is_nobodys_own_neighbor_not_even_beside_a_twin() -> None:
    twins = [document(f"{number}.md", "Same", "the very same words of a post") for number in range(3)]
    others = subject_posts(3)
    near = {row: found.tolist() for row, found, _ in TextNeighbors([*twins, *others]).of([0, 1], range(12), 2)}
    assert near == {0: [1, 2], 1: [0, 2]}


# -- figures ---------------------------------------------------------------------------------------------------------


def test_figures_by_hand() -> None:
    cases = [
        case(0, right(1, 0, 0), answers=1),  # ideal: nDCG 1
        case(1, right(0, 1, 0, 0, 0, 1), answers=2),  # one of two, at the second place; the sixth is too late
        case(2, (), answers=1),
        case(3, right(0, 0, confidence=0.31), answers=0),  # nothing to be found, so its guesses are only wrong
    ]
    found = measure_cases(cases)
    second = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert found.ours.ndcg.value == pytest.approx((1 + second + 0) / 3, abs=1e-4)
    assert found.ours.recall.value == pytest.approx((1 + 1 / 2 + 0) / 3, abs=1e-4)
    assert (found.posts, found.answered, found.answers) == (4, 3, 4)
    levels = {level.confidence: level for level in found.ours.levels}
    assert (levels[0.3].suggestions, levels[0.3].right, levels[0.3].recall) == (11, 3, 0.75)
    assert (levels[0.8].suggestions, levels[0.8].right) == (9, 3)
    assert (levels[0.9].suggestions, levels[0.9].right) == (2, 1)
    assert found.vote.levels[0].precision is None
    tenths = found.ours.tenths
    assert [(tenth.suggestions, tenth.right) for tenth in tenths[3:4] + tenths[8:]] == [(2, 0), (7, 2), (2, 1)]
    eighth = sum(0.9 - 0.001 * place for place in (1, 2, 1, 2, 3, 4, 5)) / 7
    expected = (2 * 0.3095 + 7 * (eighth - 2 / 7) + 2 * (0.9 - 0.5)) / 11
    assert found.ours.calibration_error == pytest.approx(expected, abs=1e-4)
    assert found.vote.calibration_error is None


def test_a_confidence_on_the_border_belongs_above_it() -> None:
    found = measure_cases([case(number, (Guess("a", number / 10, True),)) for number in range(10)])
    assert [tenth.suggestions for tenth in found.ours.tenths] == [1] * 10
    assert [level.suggestions for level in found.ours.levels] == [7, 6, 5, 4, 3, 2, 1]


def test_gains_are_paired_and_intervals_hold_their_value() -> None:
    told = random.Random(3)
    cases = [
        case(number, guesses := right(*(told.random() < 0.6 for _ in range(4))), guesses, answers=4)
        for number in range(60)
    ]
    same = measure_cases(cases)
    assert all((gain.value, gain.low, gain.high) == (0, 0, 0) for gain in same.gain.values())
    assert same.ours.ndcg == same.vote.ndcg
    assert same.ours.ndcg.low < same.ours.ndcg.value < same.ours.ndcg.high
    better = measure_cases([replace(found, votes=right(0, 0, 0, 1)) for found in cases])
    assert better.gain["ndcg"].low > 0


def test_the_bootstrap_agrees_with_the_textbook() -> None:
    """The mean of 400 independent zeros and ones: value ± 1.96 √(p (1 − p) / n)."""
    cases = [case(number, right(number % 4 == 0)) for number in range(400)]
    found = measure_cases(cases).ours.recall
    half = 1.96 * math.sqrt(0.25 * 0.75 / 400)
    assert found.value == 0.25
    assert found.low == pytest.approx(0.25 - half, abs=0.006)
    assert found.high == pytest.approx(0.25 + half, abs=0.006)


def test_wilson_against_published_numbers() -> None:
    assert wilson(81, 263, 1.959964) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998
    assert wilson(15, 148, 1.959964) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20, 1.959964) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_all_right_is_no_certainty() -> None:
    found = measure_cases([case(number, right(1)) for number in range(12)]).ours.levels[-1]
    assert found.precision is not None
    assert found.precision.value == found.precision.high == 1.0
    assert found.precision.low == pytest.approx(wilson(12, 12, 1.959964)[0], abs=1e-4)


# -- what is proposed ------------------------------------------------------------------------------------------------


def honest(posts: int, seed: int = 0) -> list[Case]:
    """Confidences that are probabilities."""
    told = random.Random(seed)
    cases = []
    for number in range(posts):
        sure = sorted((round(told.random(), 4) for _ in range(4)), reverse=True)
        guesses = tuple(Guess(f"t{place}", share, told.random() < share) for place, share in enumerate(sure))
        cases.append(case(number, guesses, answers=max(1, sum(guess.is_right for guess in guesses))))
    return cases


def test_honest_confidences_are_measured_as_such_and_proposed_where_they_belong() -> None:
    found = measure_cases(honest(3000)).ours
    assert found.calibration_error is not None
    assert found.calibration_error < 0.02
    for tenth in found.tenths:
        assert tenth.precision is not None
        assert tenth.precision.low - 0.02 <= tenth.mean <= tenth.precision.high + 0.02
    assert found.proposal.confidence == pytest.approx(0.62, abs=0.02)  # uniform: from .6 on, the mean is .8
    stricter = measure_cases(honest(3000), wanted=0.9).ours.proposal
    assert stricter.confidence == pytest.approx(0.81, abs=0.03)


def test_nine_in_ten_proposals_keep_their_word_on_small_blogs_too() -> None:
    """Sixty posts, drawn anew again and again: from the proposed confidence c on, (1 + c) / 2 are right in truth."""
    proposals = [measure_cases(honest(60, seed)).ours.proposal.confidence for seed in range(40)]
    made = [confidence for confidence in proposals if confidence is not None]
    assert len(made) >= 30
    assert sum((1 + confidence) / 2 < 0.795 for confidence in made) <= 0.15 * len(made)
    assert sum(made) / len(made) < 0.75, "so careful that it is of no use"


def test_no_proposal_where_nothing_is_right_often_enough_or_there_is_too_little() -> None:
    half: TagFigures = measure_cases([case(number, right(number % 2)) for number in range(200)])
    assert half.ours.proposal.confidence is None
    assert half.ours.proposal.level is not None
    assert half.ours.proposal.level.right == 100
    few = measure_cases([case(number, right(1)) for number in range(MIN_SUGGESTIONS - 1)]).ours.proposal
    assert (few.confidence, few.level) == (None, None)
    lucky = measure_cases([case(number, right(number % 6 > 0)) for number in range(24)]).ours.proposal
    assert lucky.confidence is None
    assert lucky.level is not None
    assert lucky.level.right / lucky.level.suggestions > 0.8


def test_doubts_are_the_surest_wrong_ones_by_order() -> None:
    cases = [
        case(1, (Guess("b", 0.7, False), Guess("a", 0.7, False))),
        case(0, (Guess("c", 0.9, False), Guess("d", 0.8, True), Guess("e", 0.4, False))),
    ]
    assert [(doubt.path, doubt.tag) for doubt in measure_cases(cases).doubts] == [
        ("000.md", "c"),
        ("001.md", "a"),
        ("001.md", "b"),
    ]
    assert len(measure_cases(cases, doubts=1).doubts) == 1
