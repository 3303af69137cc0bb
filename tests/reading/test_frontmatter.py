"""Front matter in its many forms: what is read, where the body begins, and what the author is told."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import frontmatter
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.errors import Severity
from enishi.reading import frontmatter as tolerant
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.frontmatter_formats import BARE_JSON, HANDLERS, TOML, YAML
from enishi.reading.frontmatter_mistakes import KNOWN_KEYS
from enishi.reading.hexo_frontmatter import HEXO_HANDLERS, parse_as_hexo


def parse(text: str, *, hexo: bool) -> FrontMatter:
    return parse_as_hexo(text) if hexo else tolerant.parse(text)


def told(front: FrontMatter) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in front.problems]


def block(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", "body", ""])


# --- tolerant reading -----------------------------------------------------------------------------------------------

READ: dict[str, tuple[str, str, dict[str, Any], str, int, list[tuple[int, str]]]] = {
    # text, format, meta, body, line of the body, problems
    "fences": (block("title: a", "tags: [x]"), "yaml", {"title": "a", "tags": ["x"]}, "body\n", 5, []),
    "blank after fence": ("--- \ntitle: a\n---\nb", "yaml", {"title": "a"}, "b", 4, []),
    "tab after fence": ("---\t\ntitle: a\n---\nb", "yaml", {"title": "a"}, "b", 4, []),
    "blank after closing fence": ("---\ntitle: a\n--- \t\nb", "yaml", {"title": "a"}, "b", 4, []),
    "lines above": ("\n \n---\ntitle: a\n---\nb", "yaml", {"title": "a"}, "b", 6, []),
    "blank before fence": (" ---\ntitle: a\n---\nb", "yaml", {"title": "a"}, "b", 4, []),
    "dots": ("---\ntitle: a\n...\nb", "yaml", {"title": "a"}, "b", 4, []),
    "long fences": ("-----\ntitle: a\n-------\nb", "yaml", {"title": "a"}, "b", 4, []),
    "BOM and CRLF": ("\ufeff---\r\ntitle: a\r\n---\r\nb\r\n", "yaml", {"title": "a"}, "b\n", 4, []),
    "CR": ("---\rtitle: a\r---\rb", "yaml", {"title": "a"}, "b", 4, []),
    "no end of line": ("---\ntitle: a\n---", "yaml", {"title": "a"}, "", 3, []),
    "---yaml": ("---yaml\ntitle: a\n---\nb", "yaml", {"title": "a"}, "b", 4, []),
    "empty": ("---\n---\nb", "yaml", {}, "b", 3, []),
    "only a comment": ("---\n# x\n---\nb", "yaml", {}, "b", 4, []),
    "text above": ("1\n---\ntitle: a\n---\nb", "", {}, "1\n---\ntitle: a\n---\nb", 1, [(2, "front-matter-not-read")]),
    "TOML": (
        '+++\ntitle = "a"\ndate = 2024-05-06T10:00:00+09:00\n[taxonomies]\ntags = ["x"]\n+++\nb',
        "toml",
        {"title": "a", "date": "2024-05-06T10:00:00+09:00", "taxonomies": {"tags": ["x"]}},
        *("b", 7, []),
    ),
    "TOML between dashes": ('---toml\ntitle = "a"\n---\nb', "toml", {"title": "a"}, "b", 4, []),
    "JSON": ('{\n  "title": "a",\n  "tags": ["x"]\n}\n\nb }', "json", {"title": "a", "tags": ["x"]}, "\nb }", 5, []),
    "JSON on one line": ('{"title": "a"}\nb', "json", {"title": "a"}, "b", 2, []),
    "JSON between dashes": ('---json\n{"title": "a"}\n---\nb', "json", {"title": "a"}, "b", 4, []),
    "Hexo's JSON": (';;;\n"title": "a"\n;;;\nb', "json", {"title": "a"}, "b", 4, []),
    "Pelican's": (
        *("Title: a\nDate: 2024-05-06\nTags: x, y\n    z\n\nb", "meta"),
        *({"title": "a", "date": "2024-05-06", "tags": "x, y\nz"}, "\nb", 5, []),
    ),
    "never closed": ("---\ntitle: a\n\nb\n", "", {}, "---\ntitle: a\n\nb\n", 1, [(1, "front-matter-not-read")]),
    "TOML never closed": ("+++\nx = 1\n", "", {}, "+++\nx = 1\n", 1, []),
}


@pytest.mark.parametrize("name", READ)
def test_tolerant_reading(name: str) -> None:
    text, form, meta, body, body_line, problems = READ[name]
    front = parse(text, hexo=False)
    assert (front.meta, front.body, front.body_line, front.format) == (meta, body, body_line, form)
    assert told(front) == problems
    assert not front.is_lost


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "just text\n", "---\n\ntext\n\n---\n\nmore\n", "Words\n---\nmore\n", "Note: words\n---\nmore\n"),
        *(
            "{{ x }}\n",
            "{ a }\n",
            "---\njust words\n---\nb\n",
            "---\n- a\n---\nb\n",
            "***\ntitle: a\n***\n",
            "---",
            "+++",
        ),
        *("```\n---\ntitle: a\n---\n```\n", "Title: a\n\nb\n", "# title: a\n---\n", "https://example.org\n---\n"),
    ],
)
def test_what_is_no_front_matter_is_all_body(text: str) -> None:
    front = parse(text, hexo=False)
    assert (front.meta, front.body, front.body_line, told(front)) == ({}, text, 1, [])


def test_dates_of_toml_and_yaml_are_named() -> None:
    toml = parse("+++\ndate = 2024-05-06\nwhen = [10:00:00]\ntext = '2024-05-06'\n+++\n", hexo=False)
    yaml = parse(block("date: 2024-05-06", "tags: [2024-01-02, x]", "text: '2024-05-06'"), hexo=True)
    assert toml.timestamps == ("/date", "/when/0")
    assert yaml.timestamps == ("/date", "/tags/0")
    assert yaml.meta == {"date": "2024-05-06", "tags": ["2024-01-02", "x"], "text": "2024-05-06"}


def test_lines_of_keys() -> None:
    front = parse("\n" + block("title: a", "tags:", "- x", "date: 2024-05-06"), hexo=False)
    assert front.key_lines == {"title": 3, "tags": 4, "date": 6}
    assert parse("tags: x\ntitle: a\n---\n", hexo=True).key_lines == {"tags": 1, "title": 2}
    assert parse('+++\na = 1\ntitle = "x"\n+++\n', hexo=False).key_lines == {"a": 2, "title": 3}
    assert parse('{\n"a": 1,\n"title": "x"\n}\n', hexo=False).key_lines == {"a": 2, "title": 3}


# --- Hexo -----------------------------------------------------------------------------------------------------------
# What Hexo reads is held by test_hexo_referee.py; here is what the author is told.

PLAINLY_MEANT = {
    "blank after fence": ("--- \ntitle: a\n---\nb", 1),
    "lines above": ("\n\n---\ntitle: a\n---\nb", 3),
    "text above": ("<!-- x -->\n---\ntitle: a\n---\nb", 2),
    "TOML": ('+++\ntitle = "a"\n+++\nb', 1),
    "JSON": ('{"title": "a"}\nb', 1),
    "JSON between dashes": ('---json\n{"title": "a"}\n---\nb', 1),
    "Pelican's": ("Title: a\nTags: x\n\nb", 1),
    "shorter closing fence": ("-----\ntitle: a\n---\nb", 1),
    "dots": ("---\ntitle: a\n...\nb", 1),
    "never closed": ("---\ntitle: a\n\nb", 1),
    "CR": ("---\rtitle: a\r---\rb", 1),
    "bad JSON": (';;;\n"title": "a",\n;;;\nb', 2),
    "full-width colon": ("---\ntitle：a\n---\nb", 2),
    "no blank": ("---\ntitle:a\n---\nb", 2),
    "another blank": ("---\ntitle:\u3000a\n---\nb", 2),
}


@pytest.mark.parametrize("name", PLAINLY_MEANT)
def test_hexo_does_not_read_what_was_plainly_meant(name: str) -> None:
    text, line = PLAINLY_MEANT[name]
    front = parse(text, hexo=True)
    assert "title" not in front.meta
    assert told(front) == [(line, "front-matter-not-read")]
    assert front.problems[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    "text",
    ["---\n---\nb", "--- a\nb", "---\n\ntext\n\n---\n", "text\n", "{{ x }}\n", "- a\n- b\n", "# h\n\ntext\n\n***\n"],
)
def test_hexo_without_front_matter_is_no_mistake(text: str) -> None:
    assert (parse(text, hexo=True).body, told(parse(text, hexo=True))) == (text, [])


def test_prose_that_hexo_takes_for_front_matter() -> None:
    front = parse("Note: this\n---\nmore\n", hexo=True)
    assert (front.meta, front.body, told(front)) == ({"Note": "this"}, "more\n", [(1, "prose-read-as-front-matter")])
    lost = parse("# A\n\nNote: this: that\n\n---\nmore\n", hexo=True)
    assert lost.is_lost
    assert [p.code for p in lost.problems] == ["prose-read-as-front-matter"]


def test_a_blank_before_the_fence_costs_the_post_in_hexo() -> None:
    front = parse(" ---\ntitle: a\n---\nb", hexo=True)
    assert (front.is_lost, front.meta, told(front)) == (True, {"title": "a"}, [(1, "front-matter-not-read")])


# --- mistakes -------------------------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[list[str], int, str, dict[str, Any]]] = {
    # lines of the block, line of the file, code, what is salvaged
    "colon in a value": (["title: a: b", "tags: [x]"], 2, "unquoted-colon", {"title": "a: b", "tags": ["x"]}),
    "colon at the end": (["title: use :", "tags: x"], 2, "unquoted-colon", {"title": "use :", "tags": "x"}),
    "quote": (['title: "a', "tags: [x]"], 2, "unclosed-quote", {"title": "a", "tags": ["x"]}),
    "quote in quotes": (['title: "a "b" c"', "tags: x"], 2, "quote-in-quotes", {"title": 'a "b" c', "tags": "x"}),
    "apostrophe": (["title: 'it's'", "tags: x"], 2, "quote-in-quotes", {"title": "it's", "tags": "x"}),
    "backslash": (['tags: x', 'title: "C:\\dir"'], 3, "bad-escape", {"title": "C:\\dir", "tags": "x"}),
    "backslash at the end": (['title: "a\\"', "tags: x"], 2, "unclosed-quote", {"title": "a\\", "tags": "x"}),
    "bracket": (["tags: [x, y", "title: a"], 2, "unclosed-bracket", {"title": "a", "tags": None}),
    "text after a bracket": (["title: [WIP] a", "tags: x"], 2, "special-character", {"title": "[WIP] a", "tags": "x"}),
    "at": (["title: @a", "tags: x"], 2, "special-character", {"title": "@a", "tags": "x"}),
    "backtick": (["tags: x", "title: `a` b"], 3, "special-character", {"title": "`a` b", "tags": "x"}),
    "percent": (["title: %a", "tags: x"], 2, "special-character", {"title": "%a", "tags": "x"}),
    "star": (["title: *a* b", "tags: x"], 2, "special-character", {"title": "*a* b", "tags": "x"}),
    "no blank": (["title:a", "tags: [x]"], 2, "no-blank-after-colon", {"title": "a", "tags": ["x"]}),
    "full-width colon": (["title：a", "tags: [x]"], 2, "no-blank-after-colon", {"title": "a", "tags": ["x"]}),
    "indented key": (["title: a", "  tags: [x]"], 3, "unquoted-colon", {"title": "a", "tags": ["x"]}),
    "indented item": (["tags:", "  - x", " - y", "title: a"], 4, "bad-indent", {"title": "a", "tags": None}),
    "no key": (["title: a", "words", "tags: [x]"], 3, "text-between-keys", {"title": "a", "tags": ["x"]}),
    "merge conflict": (
        ["<<<<<<< HEAD", "title: a", "=======", "title: b", ">>>>>>> x", "tags: x"],
        *(2, "merge-conflict", {"title": "a", "tags": "x"}),
    ),
    "control character": (["tags: x", "title: a\x07"], 3, "control-character", {"title": "a\x07", "tags": "x"}),
    "too deep": (["a: " + "[" * 500 + "]" * 500, "title: a"], 2, "front-matter-too-deep", {"title": "a"}),
    "key indented by a tab": (["title: a", "\t\ttags: [x]"], 3, "", {"title": "a", "tags": ["x"]}),
}  # fmt: skip


@pytest.mark.parametrize("hexo", [True, False], ids=["hexo", "elsewhere"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_and_the_rest_is_saved(name: str, hexo: bool) -> None:
    lines, line, code, meta = MISTAKES[name]
    front = parse(block(*lines), hexo=hexo)
    assert front.is_lost is hexo
    assert front.meta == meta
    assert [p.line for p in front.problems] == [line]
    assert not code or front.problems[0].code == code
    assert front.problems[0].severity is Severity.ERROR
    assert front.problems[0].message.startswith("Hexo leaves this post out") is hexo
    assert front.body == "body\n"


def test_a_key_given_twice() -> None:
    text = block("title: a", "tags: [x]", "title: b", "tags:")
    hexo, elsewhere = parse(text, hexo=True), parse(text, hexo=False)
    assert (hexo.is_lost, told(hexo)) == (True, [(4, "duplicate-key")])
    assert told(elsewhere) == [(4, "duplicate-key"), (5, "duplicate-key")]
    # an empty twin does not wipe out a value
    assert elsewhere.meta == {"title": "b", "tags": ["x"]}


def test_tabs_are_two_spaces_to_hexo() -> None:
    front = parse(block("title: a", "tags:", "\t- x", "\t- y"), hexo=True)
    assert (front.meta, told(front)) == ({"title": "a", "tags": ["x", "y"]}, [])
    assert parse(block("a:", "\tb: 1", "  c: 2"), hexo=True).meta == {"a": {"b": 1, "c": 2}}
    elsewhere = parse(block("title: a", "tags:", "\t- x", "\t- y"), hexo=False)
    assert (elsewhere.meta["title"], told(elsewhere)) == ("a", [(4, "tab-in-front-matter")])


@pytest.mark.parametrize(
    ("text", "line", "meta"),
    [
        ('+++\ntitle = "a\ntags = ["x"]\n+++\nb', 2, {"title": "a", "tags": ["x"]}),
        ('+++\ntitle = "a"\ndate = 2024-02-31\n+++\nb', 3, {"title": "a", "date": "2024-02-31"}),
        ('{\n "title": "a"\n "tags": ["x"]\n}\nb', 2, {"title": "a", "tags": ["x"]}),
        ('{\n "title": "a",\n "tags": ["x"],\n}\nb', 3, {"title": "a", "tags": ["x"]}),
    ],
)  # fmt: skip
def test_broken_toml_and_json(text: str, line: int, meta: dict[str, Any]) -> None:
    front = parse(text, hexo=False)
    assert (front.meta, front.body, [p.line for p in front.problems]) == (meta, "b", [line])


# --- python-frontmatter ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "text", "meta", "content"),
    [
        (HEXO_HANDLERS[0], "title: a\ntags: [x]\n---\nbody", {"title": "a", "tags": ["x"]}, "body"),
        (HEXO_HANDLERS[0], "---\ntags: no\n---\nbody", {"tags": "no"}, "body"),
        (HEXO_HANDLERS[1], ';;;\n"title": "a"\n;;;\nbody', {"title": "a"}, "body"),
        (YAML, "\n--- \ntitle: a\n---\nbody", {"title": "a"}, "body"),
        (TOML, '+++\ntitle = "a"\n+++\nbody', {"title": "a"}, "body"),
        (BARE_JSON, '{"title": "a"}\nbody', {"title": "a"}, "body"),
    ],
)
def test_handlers_work_with_python_frontmatter(handler: Any, text: str, meta: dict[str, Any], content: str) -> None:
    assert frontmatter.parse(text, handler=handler) == (meta, content)


# --- whatever the text ----------------------------------------------------------------------------------------------

FRAGMENTS = [
    *(
        "---",
        "---\n",
        "\n---\n",
        "+++\n",
        ";;;\n",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "  ",
    ),
    *(
        "title: ",
        "title：",
        "tags:\n",
        "- ",
        "date: 2024-05-06\n",
        ": ",
        ":",
        "#",
        "&a ",
        "*a",
        "!x ",
        "|",
        ">",
        "<<: ",
        "...",
    ),
    *(
        "<<<<<<< a\n",
        "=======\n",
        ">>>>>>> b\n",
        "a",
        "日本",
        "\ufeff",
        "\u2028",
        "\x00",
        "\x85",
        "= ",
        '"a": 1',
        ",",
        "%",
        "@",
        "`",
    ),
]
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))


@settings(max_examples=400, deadline=None)
@given(texts, st.booleans())
def test_any_text_is_read(text: str, hexo: bool) -> None:
    front = parse(text, hexo=hexo)
    json.dumps(front.meta, allow_nan=False)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= p.line <= lines for p in front.problems)
    assert all(1 <= line <= lines for line in front.key_lines.values())
    assert 1 <= front.body_line <= lines
    assert set(front.key_lines) <= set(front.meta)
    assert front.body == "" or text.replace("\r\n", "\n").replace("\r", "\n").endswith(front.body.replace("\r", "\n"))


@settings(max_examples=150, deadline=None)
@given(texts)
def test_text_is_never_lost(text: str) -> None:
    """Where nothing was taken for front matter, all of the text is body."""
    front = parse(text, hexo=True)
    if not front.format:
        assert front.body == text.removeprefix("\ufeff").replace("\r\n", "\n")


TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=30)
"""Characters that JSON writes as one escape: libyaml does not join surrogates."""


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KNOWN_KEYS)), TEXT, min_size=1), texts)
def test_what_json_says_is_read_back(meta: dict[str, str], body: str) -> None:
    front = parse(f"---\n{json.dumps(meta)}\n---\n{body}", hexo=False)
    assert front.meta == meta


@settings(max_examples=200, deadline=None)
@given(texts)
def test_handlers_take_any_text(text: str) -> None:
    for handler in (*HANDLERS, *HEXO_HANDLERS):
        handler.detect(text)
        with suppress(ValueError):  # the block is not closed: python-frontmatter's own sign
            handler.split(text)
        handler.find(text)
