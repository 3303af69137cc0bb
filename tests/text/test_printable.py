"""Strangers' text, shown: nothing deceives, nothing is obeyed, and what is harmless stays as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from enishi.text.printable import LONGEST, disarmed, json_text, shown, shown_path
from findings_for_tests import HOSTILE, TEXTS, deceiving


@pytest.mark.parametrize(
    "text",
    [
        "日本語の題名",
        "C# と C++ と .NET",
        "AT&T <3 it",
        "👩‍💻 family",
        "می‌خواهم",
        "葛\U000e0100城市",
        "naïve — “quoted”",
        "a_b*c",
    ],
)
def test_harmless_text_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == shown_path(text) == text
    assert disarmed(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\t c\r\n", "a b c"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egnp", "\\u202egnp"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("##[error]x", "#\\x23[error]x"),
        ("##vso[a]", "#\\x23vso[a]"),
        ("###[a]", "##\\x23[a]"),
        ("## heading [a]", "## heading [a]"),
    ],
)
def test_what_could_deceive_shows_as_an_escape(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_a_path_keeps_its_blanks_and_cannot_be_a_command() -> None:
    assert shown_path(" a  b.md") == " a  b.md"
    assert shown_path("a\nb") == "a\\x0ab"
    assert shown_path("::error::x.md") == "./::error::x.md"
    assert shown_path(" ::error::x.md") == "./ ::error::x.md"


def test_very_long_text_is_cut() -> None:
    assert len(shown("長" * 100_000)) == LONGEST
    assert shown("長" * LONGEST) == "長" * LONGEST


@given(TEXTS)
def test_shown_text_is_one_line_without_deceit(text: str) -> None:
    for line in (shown(text), shown_path(text), disarmed(text).replace("\u200b", "")):
        assert not deceiving(line)
        assert len(line.splitlines()) <= 1
        assert "##[" not in line
    assert shown(shown(text)) == shown(text)


@given(TEXTS)
def test_disarmed_text_reads_the_same(text: str) -> None:
    assert disarmed(text).replace("\u200b", "") == shown(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_json_gives_every_character_back(text: str) -> None:
    written = json_text({"text": text})
    assert json.loads(written) == {"text": "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)}
    assert not [c for c in deceiving(written) if c != "\n"]
    assert "##[" not in written
    written.encode("utf-8")
