"""YAML as js-yaml reads it, within bounds.  The comparison with js-yaml itself is in test_hexo_referee.py."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.reading import yaml12
from enishi.reading.yaml12 import MAX_CHARACTERS, MAX_DEPTH, MAX_VALUES, YamlError, is_plain_text, load, plain_scalar

SCALARS: list[tuple[str, Any]] = [
    *(("yes", "yes"), ("no", "no"), ("on", "on"), ("Off", "Off"), ("y", "y"), ("true", True), ("False", False)),
    *(("", None), ("~", None), ("Null", None), ("nULL", "nULL"), ("012", 12), ("0o17", 15), ("0x1F", 31), ("0b11", 3)),
    *(
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("+1", 1),
        ("-0", 0),
        ("1.0", 1),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000),
    ),
    *(
        (".inf", "Infinity"),
        ("-.INF", "-Infinity"),
        (".NaN", "NaN"),
        ("1e400", "1e400"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
    ),
    *(("NaN", "NaN"), ("３", "３"), ("٣", "٣"), ("0x", "0x"), ("1e", "1e"), ("9" * 400, "9" * 400)),
    *(("1e3", 1000), ("-", "-")),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_plain_scalars_of_the_core_schema(text: str, value: Any) -> None:
    read = plain_scalar(text)
    assert (read, type(read)) == (value, type(value))
    assert is_plain_text(text) is (value == text)


@pytest.mark.parametrize("text", ["2024-01-02", "2024-1-2 10:00:00", "2024-01-02T10:00:00.5+09:00", "2024-13-45"])
def test_timestamps_stay_text(text: str) -> None:
    document = load(f"a: {text}\nb: '{text}'\nc: [{text}]\n")
    assert document.value == {"a": text, "b": text, "c": [text]}
    assert document.timestamps == ("/a", "/c/0")
    assert document.key_lines == {"a": 0, "b": 1, "c": 2}
    assert not is_plain_text(text)


@pytest.mark.parametrize("text", ["2024-1-2", "2024/01/02", "2024-01-02 10:00", "20240102", "2024-01-02 at noon"])
def test_what_is_no_timestamp(text: str) -> None:
    assert load(f"a: {text}\n").timestamps == ()


def test_keys_are_texts_and_unequal() -> None:
    assert load("1: a\ntrue: b\n~: c\n[x, y]: d\n{x: y}: e\n").value == {
        "1": "a",
        "true": "b",
        "null": "c",
        "x,y": "d",
        "[object Object]": "e",
    }
    with pytest.raises(YamlError) as error:
        load("a: 1\nb: 2\na: 3\n")
    assert (error.value.kind, error.value.message, error.value.line, error.value.start) == ("duplicate-key", "a", 2, 0)
    document = load("a: 1\nb: 2\na: 3\na:\n", strict=False)
    assert document.value == {"a": 3, "b": 2}
    assert document.key_lines == {"a": 2, "b": 1}
    assert document.duplicates == (("a", 2), ("a", 3))


def test_a_date_that_a_later_twin_replaces_is_none() -> None:
    assert load("a: 2024-01-02\na: b\n", strict=False).timestamps == ()


def test_merging() -> None:
    text = "base: &b {x: 1, d: 2024-01-02}\na:\n  <<: *b\n  x: 2\nc:\n  <<: [{x: 3}, *b]\n"
    document = load(text)
    date = "2024-01-02"
    assert document.value["a"] == {"x": 2, "d": date}
    assert document.value["c"] == {"x": 3, "d": date}
    assert document.timestamps == ("/base/d", "/a/d", "/c/d")
    with pytest.raises(YamlError, match="mappings only"):
        load("<<: a\n")


def test_unknown_tags() -> None:
    for text in ("a: !x b\n", "a: !!python/object:os.system b\n"):
        with pytest.raises(YamlError) as error:
            load(text)
        assert error.value.kind == "special"
        load(text, strict=False)
    assert load("a: !!str 1\nb: !!int '2'\nc: !!float 3\nd: !!timestamp 2024-01-02\n").value == {
        "a": "1",
        "b": 2,
        "c": 3,
        "d": "2024-01-02",
    }


def test_breaks_of_yaml_1_1_are_blanks() -> None:
    assert load("a: x\x85y\nb: x\u2028y\nc: x\u2029y\n").value == {"a": "x y", "b": "x y", "c": "x y"}


def test_a_block_at_the_end_keeps_its_line_end() -> None:
    assert load("a: |\n  b").value == {"a": "b\n"}


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        *(
            ("a: b: c\n", "colon", 0),
            ("a: b\nc\nd: e\n", "key", 2),
            ('a: "b\n', "quote", 1),
            ("a: [b\nc: d\n", "flow", 1),
        ),
        *(("a: @b\n", "special", 0), ("a: *b\n", "special", 0), ("a: b\n\tc: d\n", "tab", 1)),
        *(('a: "\\q"\n', "escape", 0), ("a: \x07\n", "character", 0), ("a: b\n--- c\n", "documents", 1)),
        *(("- a\nb: c\n", "block", 1), ("a:\n  - b\n - c\n", "block", 2), ('a: "b" c\n', "block", 0)),
    ],
)
def test_errors_have_a_kind_and_a_line(text: str, kind: str, line: int) -> None:
    with pytest.raises(YamlError) as error:
        load(text)
    assert (error.value.kind, error.value.line) == (kind, line)


def test_bounds() -> None:
    deep = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    load(f"a: {deep}\n")
    too_deep = ["a: [" + deep + "]", "a: " + "[" * 100_000, "a: " + "{" * 100_000, "- " * 100_000, "? " * 100_000]
    too_deep.append("\n".join(" " * n + "a:" for n in range(1_000)))
    for text in too_deep:
        with pytest.raises(YamlError) as error:
            load(text)
        assert error.value.kind == "too-deep"
    bombs = ["a" * (MAX_CHARACTERS + 1), "a: [" + "x," * (MAX_VALUES + 1) + "]"]
    names = "abcdefgh"
    lines = [f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]
    bombs.append("\n".join(["a: &a [x]", *lines]))
    merges = [f"{b}: &{b} {{<<: [{','.join([f'*{a}'] * 9)}]}}" for a, b in pairwise(names)]
    bombs.append("\n".join(["a: &a {x: 1}", *merges]))
    bombs.append("a: &a " + "x" * 10_000 + "\nb: [" + "*a," * 10_000 + "]")
    for text in bombs:
        with pytest.raises(YamlError) as error:
            load(text)
        assert error.value.kind == "too-large"


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: *a}\n", "&a [*a]\n"])
def test_an_anchor_inside_itself(text: str) -> None:
    with pytest.raises(YamlError):
        load(text)


# Characters that JSON writes as one escape: libyaml does not join surrogates
TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(JSON_LIKE)
def test_json_is_yaml(value: Any) -> None:
    # Quoted, so that no text is a date; JavaScript's own marks of a lone surrogate are not kept
    assert load(json.dumps(value)).value == json.loads(json.dumps(value))


PIECES = st.sampled_from(
    [*"abc:#-?[]{},&*!|>'\"%@`~=< \t\n", "\n  ", "\n- ", ": ", "- ", "<<: ", "&a ", "*a", "日", "2024-01-02", "1.0"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=25).map("".join)), st.booleans())
def test_any_text(text: str, strict: bool) -> None:
    try:
        document = load(text, strict=strict)
    except YamlError as error:
        known = bool(error.kind) and 0 <= error.line <= text.count("\n") + 1
        assert known, error  # noqa: PT017
        return
    json.dumps(document.value, allow_nan=False).encode("utf-8")


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=15).map("".join))
def test_the_parser_in_python_agrees(text: str) -> None:
    """PyYAML may come without libyaml: a text that both can read means the same."""

    def read(*, with_libyaml: bool) -> Any:
        yaml12._loader_class.cache_clear()
        with mock.patch.object(yaml, "__with_libyaml__", with_libyaml), suppress(YamlError):
            return load(text, strict=False).value
        return None

    fast, pure = read(with_libyaml=True), read(with_libyaml=False)
    yaml12._loader_class.cache_clear()
    assert fast is None or pure is None or fast == pure
