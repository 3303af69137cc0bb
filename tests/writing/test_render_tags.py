"""tags.json: what its schema says, canonical bytes, nothing that a reader of JSON could stumble over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from enishi.types import (
    Evidence,
    MissingTag,
    Neighbor,
    Post,
    TagAnalysis,
    TagSuggestion,
    Topic,
    TopicShare,
    TopicTag,
)
from enishi.writing.render import templates_folder
from enishi.writing.render_tags import render_tags_json

SCHEMA = json.loads((templates_folder() / "schema" / "tags.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
POSTS = [Post("b.md", "B", tags=("Go", "日本語")), Post("a.md", "A", status="draft")]
FOUND = TagAnalysis(
    suggestions={
        "a.md": (
            TagSuggestion(
                "NLP",
                0.93,
                Evidence((Neighbor("b.md", 0.51234), Neighbor("c.md", -0.00001)), TopicShare(0, 11, 13), 2, ("言語",)),
            ),
            TagSuggestion("Go", 0.5, fit=0.71236),
        ),
        "b.md": (),
    },
    topics=(
        Topic(
            0,
            ("Playwright", "E2E"),
            ("a.md", "b.md"),
            (TopicTag("E2E", 11, 13),),
            (MissingTag("E2E", ("a.md",)), MissingTag("trace", ("b.md",), new=True)),
        ),
        Topic(1, (), ("c.md",)),
    ),
    topic_of={"a.md": 0},
)


def rendered(posts: list[Post], found: TagAnalysis) -> Any:
    value = json.loads(render_tags_json(posts, found))
    VALIDATOR.validate(value)
    return value


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_all_that_was_found() -> None:
    assert rendered(POSTS, FOUND) == {
        "version": 1,
        "posts": {
            "a.md": {
                "tags": [],
                "topic": 0,
                "suggestions": [
                    {
                        "tag": "NLP",
                        "confidence": 0.93,
                        "evidence": {
                            "neighbors": [{"path": "b.md", "score": 0.5123}, {"path": "c.md", "score": 0.0}],
                            "topic": {"id": 0, "with_tag": 11, "posts": 13},
                            "mentions": 2,
                            "terms": ["言語"],
                        },
                    },
                    {
                        "tag": "Go",
                        "confidence": 0.5,
                        "fit": 0.7124,
                        "evidence": {"neighbors": [], "mentions": 0, "terms": []},
                    },
                ],
            },
            "b.md": {"tags": ["Go", "日本語"], "suggestions": []},
        },
        "topics": [
            {
                "id": 0,
                "label": ["Playwright", "E2E"],
                "posts": ["a.md", "b.md"],
                "tags": [{"tag": "E2E", "with_tag": 11, "posts": 13}],
                "missing": [{"tag": "E2E", "posts": ["a.md"]}, {"tag": "trace", "posts": ["b.md"], "new": True}],
            },
            {"id": 1, "label": [], "posts": ["c.md"], "tags": [], "missing": []},
        ],
    }


def test_a_line_for_each_thing_that_changes() -> None:
    text = render_tags_json(POSTS, FOUND).decode()
    assert text == (
        "{\n"
        '  "version": 1,\n'
        '  "posts": {\n'
        '    "a.md": {"tags": [], "topic": 0, "suggestions": [\n'
        '      {"tag": "NLP", "confidence": 0.93, "evidence": {"neighbors": [{"path": "b.md", "score": 0.5123}, '
        '{"path": "c.md", "score": 0.0}], "topic": {"id": 0, "with_tag": 11, "posts": 13}, "mentions": 2, '
        '"terms": ["言語"]}},\n'
        '      {"tag": "Go", "confidence": 0.5, "fit": 0.7124, '
        '"evidence": {"neighbors": [], "mentions": 0, "terms": []}}\n'
        "    ]},\n"
        '    "b.md": {"tags": ["Go", "日本語"], "suggestions": []}\n'
        "  },\n"
        '  "topics": [\n'
        '    {"id": 0, "label": ["Playwright", "E2E"], "posts": ["a.md", "b.md"], '
        '"tags": [{"tag": "E2E", "with_tag": 11, "posts": 13}], "missing": [{"tag": "E2E", "posts": ["a.md"]}, '
        '{"tag": "trace", "posts": ["b.md"], "new": true}]},\n'
        '    {"id": 1, "label": [], "posts": ["c.md"], "tags": [], "missing": []}\n'
        "  ]\n"
        "}\n"
    )


def test_nothing_at_all() -> None:
    assert render_tags_json([], TagAnalysis()) == b'{\n  "version": 1,\n  "posts": {},\n  "topics": []\n}\n'
    assert rendered(POSTS, TagAnalysis())["posts"]["a.md"] == {"tags": [], "suggestions": []}


@pytest.mark.parametrize("tag", ['"quoted" \\', "line\nend", "\u2028", "\x7f", "\x00", "</script>"])
def test_any_tag_survives(tag: str) -> None:
    found = TagAnalysis(suggestions={"a.md": (TagSuggestion(tag, 0.5),)})
    assert rendered(POSTS, found)["posts"]["a.md"]["suggestions"][0]["tag"] == tag
    assert "\u2028" not in render_tags_json(POSTS, found).decode()


def test_half_a_character_becomes_a_whole_one() -> None:
    found = TagAnalysis(suggestions={"a.md": (TagSuggestion("x\ud800", 0.5),)})
    assert rendered(POSTS, found)["posts"]["a.md"]["suggestions"][0]["tag"] == "x\ufffd"


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        render_tags_json(POSTS, TagAnalysis(suggestions={"a.md": (TagSuggestion("x", float("nan")),)}))
