"""What a post says: plain text by field, none of the syntax it is written in.

fixtures/prose holds pairs: a body (`x.md`) and its fields (`x.txt`), for each family of syntax.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.reading.prose import LEDE_LENGTH, plain_title, text_fields
from enishi.reading.template_syntax import plain_markdown
from places import TESTS

PAIRS = sorted((TESTS / "fixtures" / "prose").glob("*.md"))


def as_text(body: str) -> str:
    fields = text_fields("", body)
    parts = {
        "headings": "\n".join(fields.headings),
        "prose": fields.prose,
        "code": fields.code,
        "languages": "\n".join(fields.languages),
        "links": "\n".join(fields.links),
    }
    return "\n".join(f"[{name}]\n{text}\n" for name, text in parts.items() if text)


@pytest.mark.parametrize("body", PAIRS, ids=[path.stem for path in PAIRS])
def test_pairs(body: Path) -> None:
    assert as_text(body.read_text("utf-8")) == body.with_suffix(".txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("body", "lede"),
    [
        ("One.\n\n<!-- more -->\n\nTwo.", "One."),
        ("One. <!--more--> Two.", "One."),
        ("One.\n\n<!-- more: read on -->\n\nTwo.", "One."),
        ("One.\n\n<!-- excerpt -->\n\nTwo.", "One."),
        ("<!-- more -->\n\nTwo.", "Two."),
        ("```\n<!-- more -->\n```\n\nTwo.", "Two."),
        ("# Title\n\nOne.", "Title\n\nOne."),
        ("word " * 200, ("word " * 80).strip()),
        ("あ" * 500, "あ" * LEDE_LENGTH),
        (f"{'x ' * 199}unbroken", ("x " * 199).strip()),
        ("", ""),
    ],
)
def test_lede(body: str, lede: str) -> None:
    fields = text_fields("", body)
    assert fields.lede == lede
    assert "\0" not in fields.prose


def test_the_mark_of_more_is_no_word() -> None:
    assert text_fields("", "One.\n\n<!-- more -->\n\nTwo.").prose == "One.\n\nTwo."
    assert text_fields("", "One <!-- more --> two <!-- more --> three.").prose == "One two three."


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("**bold** `code` title", "bold code title"),
        ("The <details> element", "The details element"),
        ("日本語<br>改行", "日本語改行"),
        ("C++ & C#", "C++ & C#"),
        ("a {% raw %}{{ b }}{% endraw %}", "a b"),
        ("party :tada: time", "party time"),
        ("[link](http://a.b) x", "link x"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
        ("&lt;br&gt; &amp; more", "<br> & more"),
        ("`<div>` in code", "<div> in code"),
        (" a \n\u200b b ", "a b"),
        ("x" * 5_000, "x" * 1_000),
    ],
)
def test_titles(title: str, plain: str) -> None:
    assert plain_title(title) == plain


def test_base64_is_no_word() -> None:
    image = "![the caption](data:image/png;base64," + "iVBORw0KGgo" * 20_000 + ")"
    assert text_fields("", f"before {image} after").prose == "before the caption after"
    assert text_fields("", f'<img src="data:image/png;base64,{"A" * 200_000}" alt="seen">').prose == "seen"
    assert text_fields("", "x " + "QUJD" * 1_000 + " y").prose == "x y"


def test_templates_in_code_stay() -> None:
    fields = text_fields("", "Use `{{ page.title }}`:\n\n```liquid\n{% if a %}\n\n{{ b }}{% endif %}\n```\n")
    assert fields.prose == "Use {{ page.title }}:"
    assert fields.code == "{% if a %}\n\n{{ b }}{% endif %}"


def test_links_are_as_the_author_wrote_them() -> None:
    body = "[a](/日本/) [b](/%E6%97%A5/) [c](<x y>) <https://a.b/c> ![i](i.png) [d](/日本/) https://x.y/z)."
    assert text_fields("", body).links == ("/日本/", "/%E6%97%A5/", "x y", "https://a.b/c", "https://x.y/z")


def test_a_fault_of_the_parser_costs_no_post(monkeypatch: pytest.MonkeyPatch) -> None:
    import mistune

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(mistune.BlockParser, "parse", fail)
    monkeypatch.setattr(mistune.InlineParser, "__call__", fail)
    assert text_fields("t", "one *two*\n\nthree").prose == "one *two*\n\nthree"


FRAGMENTS = [
    *(
        "# ",
        "\n",
        "\n\n",
        "- ",
        "> ",
        "    ",
        "```",
        "~~~",
        "`",
        "*",
        "**",
        "_",
        "[",
        "]",
        "(",
        ")",
        "!",
        "<",
        ">",
        "<div>",
        "</div>",
    ),
    *(
        "<!--",
        "-->",
        "<!-- more -->",
        "{%",
        "%}",
        "{{",
        "}}",
        "{% note %}",
        "{% endnote %}",
        "{% raw %}",
        "{% endraw %}",
        "{{<",
        ">}}",
    ),
    *(
        ":::",
        "::: tip",
        "!!! note\n",
        "$",
        "$$",
        "\\",
        "|",
        "|-|-|",
        "[^1]",
        "[^1]: ",
        "http://a.b/c",
        "word",
        "日本語",
        "&amp;",
        ":x:",
    ),
    *(
        "<script>",
        "<pre>",
        "<X a={",
        "---\n",
        "title: a\n",
        "\0",
        "\r",
        "\t",
        "@[card](",
        "{:.a}",
        "[[a|b]]",
        "\\begin{align}",
    ),
]
bodies = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))


@settings(max_examples=400, deadline=None)
@given(bodies, st.text(max_size=30))
def test_any_body(body: str, title: str) -> None:
    fields = text_fields(title, body)
    for text in (fields.title, fields.lede, fields.prose, *fields.headings):
        assert "\0" not in text
        assert text == text.strip()
    assert len(fields.lede) <= LEDE_LENGTH
    assert "" not in fields.headings
    assert len(set(fields.links)) == len(fields.links)
    assert text_fields(title, body) == fields


@settings(max_examples=200, deadline=None)
@given(st.lists(st.from_regex(r"[a-zA-Z]{1,8}", fullmatch=True), min_size=1, max_size=40))
def test_plain_words_stay(words: list[str]) -> None:
    text = " ".join(words)
    assert text_fields("", text).prose == text
    assert plain_markdown(text) == text


@settings(max_examples=150, deadline=None)
@given(bodies)
def test_no_template_syntax_is_left_outside_code(body: str) -> None:
    """Where there is no code at all, no brace of a template is left."""
    body = re.sub(r"[`~]|<pre>|    |\t", "", body)
    fields = text_fields("", body)
    if not fields.code:
        assert "{%" not in fields.prose.replace("\\{%", "")
