"""One tag in, one tag out, in every form that authors write; every other byte, and every other value, stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enishi.editing import plan
from enishi.editing import yaml as yaml_dialect
from enishi.editing.change import Edit, Refusal, Style, TagChange
from enishi.editing.plan import plan_edit
from enishi.editing.safety import Step
from enishi.errors import Diagnostic, Severity
from enishi.reading import yaml12
from enishi.reading.source import HEXO_DIALECT, TOLERANT_DIALECT, read_source
from made_up_sites import site_of
from shared_data import TESTS, needs_hexo, run_node


def post(front: str, body: str = "Body.\n") -> str:
    return f"---\ntitle: A post\n{front}\n---\n{body}"


def tags_of(data: bytes, *, hexo: bool, generator: str = "generic") -> tuple[str, ...]:
    """What the site's generator takes for the post's tags, without a look at the code under test."""
    site = site_of("hexo" if hexo else generator, post_folders=(".",))
    return site.make_post(
        "post.md", read_source(data, HEXO_DIALECT if hexo else TOLERANT_DIALECT), datetime(2024, 1, 1, tzinfo=UTC)
    )[0].tags


def edited(
    text: str | bytes,
    change: TagChange,
    *,
    hexo: bool = True,
    generator: str = "generic",
    style: Style = "flow",
) -> bytes:
    """The bytes after `change`, which must be made, and be read as it should."""
    data = text.encode() if isinstance(text, str) else text
    rules: dict[str, Any] = {"site": site_of("hexo" if hexo else generator), "style": style}
    edit = plan_edit(data, change, **rules)
    assert isinstance(edit, Edit), edit
    assert edit.before == data
    old, new = (tags_of(d, hexo=hexo, generator=generator) for d in (edit.before, edit.after))
    assert (edit.tags_before, edit.tags_after) == (old, new)
    assert new == expected_tags(old, change)
    assert_only_tags_differ(edit, hexo=hexo)
    return edit.after


def expected_tags(old: tuple[str, ...], change: TagChange) -> tuple[str, ...]:
    if not change.remove:
        return old if change.add in old else (*old, change.add)
    if change.remove not in old:
        return old
    put = () if not change.add or change.add in old else (change.add,)
    return tuple(name for tag in old for name in (put if tag == change.remove else (tag,)))


def assert_only_tags_differ(edit: Edit, *, hexo: bool) -> None:
    old, new = (read_source(data, HEXO_DIALECT if hexo else TOLERANT_DIALECT) for data in (edit.before, edit.after))
    assert old.body == new.body
    kept = []
    for front in (old, new):
        meta = {key: value for key, value in front.meta.items() if key.lower() not in ("tags", "tag", "topics")}
        if isinstance(nested := meta.get("taxonomies"), dict):
            meta["taxonomies"] = {key: value for key, value in nested.items() if key != "tags"}
        kept.append(repr(meta))
    assert kept[0] == kept[1]


# -- adding, in a Hexo site ------------------------------------------------------------------------------------------

ADDED = {
    "flow": ("tags: [a, b]", "tags: [a, b, new]"),
    "flow, tight": ("tags: [a,b]", "tags: [a,b,new]"),
    "flow, one": ("tags: [a]", "tags: [a, new]"),
    "flow, blanks inside": ("tags: [ a, b ]", "tags: [ a, b, new ]"),
    "flow, comma at the end": ("tags: [a, b,]", "tags: [a, b, new,]"),
    "flow, remark": ("tags: [a, b] # why", "tags: [a, b, new] # why"),
    "flow, double quotes": ('tags: ["a", "b"]', 'tags: ["a", "b", "new"]'),
    "flow, single quotes": ("tags: ['a', 'b']", "tags: ['a', 'b', 'new']"),
    "flow, quotes only where needed": ("tags: ['C#', a, 'x: y']", "tags: ['C#', a, 'x: y', new]"),
    "flow, only needed quotes": ('tags: ["C#"]', 'tags: ["C#", "new"]'),
    "flow, empty": ("tags: []", "tags: [new]"),
    "flow, a blank": ("tags: [ ]", "tags: [ new ]"),
    "flow, empty over two lines": ("tags: [\n]", "tags: [new\n]"),
    "flow over lines": ("tags: [\n  a,\n  b\n]", "tags: [\n  a,\n  b,\n  new\n]"),
    "flow over lines, one": ("tags: [\n  a\n  ]", "tags: [\n  a,\n  new\n  ]"),
    "flow over lines, comma at the end": ("tags: [\n  a,\n  b,\n]", "tags: [\n  a,\n  b,\n  new,\n]"),
    "flow over lines, remarks": (
        "tags: [\n  a, # one\n  b, # two\n]",
        "tags: [\n  a, # one\n  b, new, # two\n]",
    ),
    "flow over lines, remark without comma": ("tags: [\n  a, # 1\n  b # 2\n]", "tags: [\n  a, # 1\n  b, new # 2\n]"),
    "flow over lines, commas in front": ("tags: [ a\n  , b\n  ]", "tags: [ a\n  , b\n  , new\n  ]"),
    "flow, wrapped": ("tags: [a, b,\n  c, d]", "tags: [a, b,\n  c, d, new]"),
    "flow below its key": ("tags:\n  [a, b]", "tags:\n  [a, b, new]"),
    "flow, remark in the brackets": ("tags: [a # one\n  , b]", "tags: [a # one\n  , b, new]"),
    "flow, a bracket in quotes": ("tags: [']', \"a, ]\"]", 'tags: [\']\', "a, ]", "new"]'),
    "block": ("tags:\n  - a\n  - b", "tags:\n  - a\n  - b\n  - new"),
    "block, no indent": ("tags:\n- a\n- b\ndate: 2024-01-02", "tags:\n- a\n- b\n- new\ndate: 2024-01-02"),
    "block, wide": ("tags:\n    -   a", "tags:\n    -   a\n    -   new"),
    "block, double quotes": ('tags:\n  - "a"', 'tags:\n  - "a"\n  - "new"'),
    "block, blank lines": ("tags:\n  - a\n\n  - b\n", "tags:\n  - a\n\n  - b\n\n  - new\n"),
    "block, one and a blank line": ("tags:\n  - a\n\ndate: 2024-01-02", "tags:\n  - a\n  - new\n\ndate: 2024-01-02"),
    "block, remarks": ("tags: # mine\n  - a # one\n  # - b\nx: 1", "tags: # mine\n  - a # one\n  - new\n  # - b\nx: 1"),
    "block, waiting for a tag": ("tags:\n  - \ndate: 2024-01-02", "tags:\n  - new\ndate: 2024-01-02"),
    "block, waiting, no blank": ("tags:\n  -\ndate: 2024-01-02", "tags:\n  - new\ndate: 2024-01-02"),
    "block, waiting, remark": ("tags:\n  - # tag\nx: 1", "tags:\n  - new # tag\nx: 1"),
    "block, tabs": ("tags:\n\t- a\n\t- b", "tags:\n\t- a\n\t- b\n\t- new"),
    "block, an item of two lines": ("tags:\n  - a\n    b\n  - c", "tags:\n  - a\n    b\n  - c\n  - new"),
    "block, ends in two lines": ("tags:\n  - a\n  - b\n    c", "tags:\n  - a\n  - b\n    c\n  - new"),
    "word": ("tags: a", "tags: [a, new]"),
    "word, remark": ("tags: a # why", "tags: [a, new] # why"),
    "word, quoted": ("tags: 'a'", "tags: ['a', 'new']"),
    "word, a number": ("tags: 2024", "tags: [2024, new]"),
    "word with a comma is one tag": ("tags: a, b", "tags: ['a, b', new]"),
    "word with a bracket": ("tags: a]b", "tags: ['a]b', new]"),
    "word with blanks": ("tags: machine learning", "tags: [machine learning, new]"),
    "empty": ("tags:\ndate: 2024-01-02", "tags: [new]\ndate: 2024-01-02"),
    "empty, blanks": ("tags:  ", "tags: [new]  "),
    "empty, remark": ("tags: # none yet", "tags: [new] # none yet"),
    "null": ("tags: ~ # none", "tags: [new] # none"),
    "empty quotes": ("tags: ''", "tags: [new]"),
    "tag": ("tag: [a]", "tag: [a, new]"),
    "tag, a word": ("tag: a", "tag: [a, new]"),
    "tag, empty": ("tag:", "tag: [new]"),
    "tag beside an empty tags": ("tags:\ntag: a", "tags:\ntag: [a, new]"),
    "tag hidden by tags": ("tags: [b]\ntag: a", "tags: [b, new]\ntag: a"),
    "tag hidden by an empty list": ("tags: []\ntag: a", "tags: [new]\ntag: a"),
    "Tags is nothing to Hexo": ("Tags: a", "tags: [new]\nTags: a"),
    "no key": ("layout: post", "tags: [new]\nlayout: post"),
    "no key, date": ("date: 2024-01-02\nx: 1", "date: 2024-01-02\ntags: [new]\nx: 1"),
    "no key, categories": (
        "date: 2024-01-02\ncategories:\n  - a\n  - b\n\n# more\nx: |+\n  text\n",
        "date: 2024-01-02\ncategories:\n  - a\n  - b\ntags: [new]\n\n# more\nx: |+\n  text\n",
    ),
    "no key, long text": ("categories: >\n  a\n\n  b\n\nx: 1", "categories: >\n  a\n\n  b\ntags: [new]\n\nx: 1"),
    "anchor of its own": ("tags: &mine [a]", "tags: &mine [a, new]"),
    "an alias among the tags": ("x: &a one\ntags: [*a, b]", "x: &a one\ntags: [*a, b, new]"),
    "merge key beside": ("x: &x {y: 1}\n<<: *x\ntags: [a]", "x: &x {y: 1}\n<<: *x\ntags: [a, new]"),
    "quoted key": ('"tags": ["a"]', '"tags": ["a", "new"]'),
    "blank before the colon": ("tags : [a]", "tags : [a, new]"),
    "tags in a text": (
        "x: |\n  tags: [no]\n  tags:\n    - no\ntags: [a]",
        "x: |\n  tags: [no]\n  tags:\n    - no\ntags: [a, new]",
    ),
    "tags below another key": ("x:\n  tags: [no]\ntags: [a]", "x:\n  tags: [no]\ntags: [a, new]"),
    "a line separator in a title": ("x: a\u2028b\u0085c\ntags: [a]", "x: a\u2028b\u0085c\ntags: [a, new]"),
    "surrogates in a title": ('x: "\\ud83d\\ude00"\ntags: [a]', 'x: "\\ud83d\\ude00"\ntags: [a, new]'),
    "other scripts": ("x: 😀 日本\ntags: [日本, 語]", "x: 😀 日本\ntags: [日本, 語, new]"),
    "numbers among the tags": ("tags: [2024, 3.10, true]", "tags: [2024, 3.10, true, new]"),
}


@pytest.mark.parametrize(("before", "after"), ADDED.values(), ids=ADDED)
def test_a_tag_is_added_in_a_hexo_site(before: str, after: str) -> None:
    assert edited(post(before), TagChange.adding("new")).decode() == post(after)


@pytest.mark.parametrize(("before", "after"), ADDED.values(), ids=ADDED)
def test_windows_line_ends_stay(before: str, after: str) -> None:
    crlf = ["\ufeff" + post(front, "Body.\n\nEnd").replace("\n", "\r\n") for front in (before, after)]
    assert edited(crlf[0], TagChange.adding("new")).decode() == crlf[1]


HEXO_FILES = {
    "no opening fence": ("title: A\ntags: a\n---\nBody\n", "title: A\ntags: [a, new]\n---\nBody\n"),
    "a hundred dashes": (f"title: A\ntags:\n- a\n{'-' * 100}\nBody", f"title: A\ntags:\n- a\n- new\n{'-' * 100}\nBody"),
    "more dashes to close": ("---\ntitle: A\n-----\nBody", "---\ntitle: A\ntags: [new]\n-----\nBody"),
    "four dashes": ("----\ntags: [a]\n----\nBody", "----\ntags: [a, new]\n----\nBody"),
    "no body": ("---\ntags: [a]\n---", "---\ntags: [a, new]\n---"),
    "indented": ("---\n  title: A\n  x: 1\n---\n", "---\n  title: A\n  tags: [new]\n  x: 1\n---\n"),
    "rules below": (
        "---\ntags: [a]\n---\n\n---\ntags: [b]\n---\n",
        "---\ntags: [a, new]\n---\n\n---\ntags: [b]\n---\n",
    ),
    "braces as YAML": ('---\n{"title": "A", "tags": ["a"]}\n---\n', '---\n{"title": "A", "tags": ["a", "new"]}\n---\n'),
    "a body that is not UTF-8": (b"---\ntags: [a]\n---\n\xff\x00\xe3", b"---\ntags: [a, new]\n---\n\xff\x00\xe3"),
}


@pytest.mark.parametrize(("before", "after"), HEXO_FILES.values(), ids=HEXO_FILES)
def test_a_tag_is_added_to_any_form_of_front_matter_that_hexo_reads(before: str | bytes, after: str | bytes) -> None:
    assert edited(before, TagChange.adding("new")) == (after.encode() if isinstance(after, str) else after)


def test_lists_are_written_in_the_style_of_the_site_where_there_is_none() -> None:
    for before, after in (
        ("tags:", "tags:\n  - new"),
        ("tags:   # none\nx: 1", "tags:   # none\n  - new\nx: 1"),
        ("tags: [a]", "tags: [a, new]"),
        ("layout: post", "tags:\n  - new\nlayout: post"),
    ):
        assert edited(post(before), TagChange.adding("new"), style="block").decode() == post(after)


# -- adding, elsewhere -----------------------------------------------------------------------------------------------

ELSEWHERE = {
    "commas": ("generic", post("tags: a, b"), post("tags: a, b, new")),
    "commas, tight": ("generic", post("tags: a,b"), post("tags: a,b,new")),
    "commas, quoted": ("generic", post('tags: "a, b" # c'), post('tags: "a, b, new" # c')),
    "commas, one at the end": ("generic", post("tags: a, b,"), post("tags: a, b, new")),
    "a word": ("hugo", post("tags: a"), post("tags: [a, new]")),
    "blanks": ("jekyll", post("tags: a b"), post("tags: a b new")),
    "blanks, one": ("jekyll", post("tags: a"), post("tags: a new")),
    "blanks, tag": ("jekyll", post("tag: a b"), post("tag: [a b, new]")),
    "topics": ("zenn", post("topics: [a]"), post("topics: [a, new]")),
    "topics, no key": ("zenn", post('emoji: "x"\ntype: tech'), post('emoji: "x"\ntype: tech\ntopics: [new]')),
    "topics where there are no tags": ("generic", post("topics: [a]"), post("topics: [a, new]")),
    "topics beside tags": ("generic", post("topics: [a]\ntags: [b]"), post("topics: [a]\ntags: [b, new]")),
    "tag beside an empty list": ("generic", post("tags: []\ntag: a"), post("tags: []\ntag: [a, new]")),
    "another case": ("generic", post("Tags: [a]"), post("Tags: [a, new]")),
    "taxonomies": ("generic", post("taxonomies:\n  tags: [a]"), post("taxonomies:\n  tags: [a, new]")),
    "no keys": ("generic", "---\n---\nBody", "---\ntags: [new]\n---\nBody"),
    "a remark alone": ("generic", "---\n# none\n---\nBody", "---\n# none\ntags: [new]\n---\nBody"),
    "blank after the fence": ("generic", "--- \ntags: [a]\n--- \nBody", "--- \ntags: [a, new]\n--- \nBody"),
    "dots": ("generic", "---\ntitle: A\n...\nBody", "---\ntitle: A\ntags: [new]\n...\nBody"),
    "lone carriage returns": ("generic", "---\rtags:\r- a\r---\rBody", "---\rtags:\r- a\r- new\r---\rBody"),
    "JSON": ("hugo", '{"title":"A","tags":["a","b"]}\nBody', '{"title":"A","tags":["a","b","new"]}\nBody'),
    "JSON, braces below": ("hugo", '{"title": "A", "tags": []}\n{}', '{"title": "A", "tags": ["new"]}\n{}'),
    "---json": ("eleventy", '---json\n{"x": 1, "tags": "a"}\n---\n', '---json\n{"x": 1, "tags": ["a", "new"]}\n---\n'),
    "TOML": ("hugo", '+++\ntitle = "A"\ntags = ["a"]\n+++\n', '+++\ntitle = "A"\ntags = ["a", "new"]\n+++\n'),
    "TOML, single quotes": ("hugo", "+++\ntags = ['a']\n+++\n", "+++\ntags = ['a', 'new']\n+++\n"),
    "TOML, lines": (
        "hugo",
        '+++\ntags = [\n  "a", # "one"\n  "b",\n]\n+++\n',
        '+++\ntags = [\n  "a", # "one"\n  "b",\n  "new",\n]\n+++\n',
    ),
    "TOML, no key": (
        "hugo",
        '+++\ntitle = "A"\ndate = 2024-01-02\n\n[extra]\ntags = 1\n+++\n',
        '+++\ntitle = "A"\ndate = 2024-01-02\ntags = ["new"]\n\n[extra]\ntags = 1\n+++\n',
    ),
    "TOML, taxonomies": ("hugo", '+++\n[taxonomies]\ntags = []\n+++\n', '+++\n[taxonomies]\ntags = ["new"]\n+++\n'),
    "TOML, commas": ("generic", '+++\ntags = "a, b"\n+++\n', '+++\ntags = "a, b, new"\n+++\n'),
    "lines of keys": ("pelican", "Title: A\nTags: a, b\n\nBody", "Title: A\nTags: a, b, new\n\nBody"),
    "lines of keys, a word": ("pelican", "Title: A\nTags: a\n\nBody", "Title: A\nTags: a, new\n\nBody"),
    "lines of keys, empty": ("pelican", "Title: A\nTags:\n\nBody", "Title: A\nTags: new\n\nBody"),
    "lines of keys, no key": ("pelican", "Title: A\nDate: 2024\n\nB", "Title: A\nDate: 2024\nTags: new\n\nB"),
    "lines of keys, small": ("mkdocs", "title: A\ndate: 2024-01-02\n\nB", "title: A\ndate: 2024-01-02\ntags: new\n\nB"),
}  # fmt: skip


@pytest.mark.parametrize(("generator", "before", "after"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_tag_is_added_in_another_site(generator: str, before: str, after: str) -> None:
    found = edited(before, TagChange.adding("new"), hexo=False, generator=generator)
    assert found.decode() == after
    crlf = edited(before.replace("\n", "\r\n"), TagChange.adding("new"), hexo=False, generator=generator)
    assert crlf.decode() == after.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("generator", "tag", "before", "after"),
    [
        ("jekyll", "x y", "tags: a b", "tags: [a, b, x y]"),
        ("generic", "x, y", "tags: a, b", "tags: [a, b, 'x, y']"),
        ("generic", "#x", "tags: a, b", "tags: [a, b, '#x']"),
        ("generic", "C#", "tags: a, b", "tags: a, b, C#"),
        ("generic", "it's", "tags: 'a, b'", "tags: 'a, b, it''s'"),
        ("generic", 'say "x"', 'tags: "a, b"', 'tags: "a, b, say \\"x\\""'),
        ("generic", "3.10", "tags: a", "tags: [a, '3.10']"),
    ],
)
def test_a_string_becomes_a_list_only_where_it_must(generator: str, tag: str, before: str, after: str) -> None:
    found = edited(post(before), TagChange.adding(tag), hexo=False, generator=generator)
    assert found.decode() == post(after)


# -- what is left alone ----------------------------------------------------------------------------------------------

LEFT = {
    "anchor used elsewhere": (post("tags: &t [a]\nx: *t"), 3, "shared-tags", "used elsewhere"),
    "anchored block": (post("tags: &t\n  - a\nx: *t"), 3, "shared-tags", "used elsewhere"),
    "alias": (post("x: &t [a]\ntags: *t"), 4, "shared-tags", "`tags: *t`"),
    "merge key": (post("x: &x {tags: [a]}\n<<: *x"), 4, "shared-tags", "merge key"),
    "nested list": (post("tags: [a, [b, c]]"), 3, "odd-tags", "more than a plain list"),
    "nested block": (post("tags:\n  - - a"), 3, "odd-tags", "more than a plain list"),
    "mapping": (post("tags: {a: 1}"), 3, "odd-tags", "more than a plain list"),
    "folded": (post("tags: >\n  a\n  b"), 3, "odd-tags", "more than a plain list"),
    "anchor on a word": (post("tags: &x a"), 3, "odd-tags", "bears an anchor"),
    "two lines": (post("tags: a\n  b"), 3, "odd-tags", "several lines"),
    "a text as item": (post("tags:\n  - |\n    a"), 4, "odd-tags", "unusual"),
    "YAML tag": (post("tags: !!str a"), 3, "odd-tags", "more than a plain list"),
    "date": (post("tags: 2024-01-02"), 3, "odd-tags", "is a date"),
    "remark in the brackets": (post("tags: [ # none\n]"), 3, "unsafe-edit", "between the brackets"),
    "braces without tags": ('---\n{"title": "A"}\n---\n', 1, "unsafe-edit", "pair of braces"),
    "twice": (post("tags: [a]\ntags: [b]"), 4, "bad-front-matter", "given twice"),
    "never closed": ("---\ntitle: A\ntags: [a]\n\nBody\n", 1, "bad-front-matter", "does not read"),
    "unclosed bracket": (post("tags: [a, b"), 3, "bad-front-matter", "never closed"),
    "unclosed quote": (post('x: "y\ntags: [a]'), 3, "bad-front-matter", "quote"),
    "TOML": ('+++\ntitle = "A"\ntags = ["a"]\n+++\n', 1, "bad-front-matter", "does not read"),
    "JSON object": ('{"title": "A"}\nBody', 1, "bad-front-matter", "does not read"),
    "blank after the fence": ("--- \ntags: [a]\n---\n", 1, "bad-front-matter", "does not read"),
    "prose above a rule": ("Note: text\n\n---\n\nmore\n", 1, "bad-front-matter", "reads everything above"),
    "no front matter": ("Just text.\n", 1, "no-front-matter", "has no front matter"),
    "empty file": ("", 1, "no-front-matter", "has no front matter"),
    "not UTF-8": (b"---\ntitle: \xff\ntags: [a]\n---\n", 2, "not-utf8", "Save the file as UTF-8"),
    "JSON without braces": (';;;\n"title": "A",\n"tags": ["a"]\n;;;\nBody', 3, "unsafe-edit", "not understood here"),
    "UTF-16": ("---\ntags: [a]\n---\n".encode("utf-16"), 1, "not-utf8", "UTF-16"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "code", "words"), LEFT.values(), ids=LEFT)
def test_what_cannot_be_edited_safely_is_left_and_said(text: str | bytes, line: int, code: str, words: str) -> None:
    data = text.encode() if isinstance(text, str) else text
    refusal = plan_edit(data, TagChange.adding("new"), site_of("hexo"))
    assert isinstance(refusal, Refusal), refusal
    assert (refusal.line, refusal.code) == (line, code)
    assert words in refusal.message
    told = refusal.diagnostic("source/_posts/a.md")
    assert told == Diagnostic("source/_posts/a.md", line, code, Severity.WARNING, refusal.message)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('+++\ntitle = "A"\n[taxonomies]\ncategories = ["a"]\n+++\n', "unsafe-edit"),
        ('+++\ntaxonomies = {tags = ["a"]}\n+++\n', "shared-tags"),
        ("+++\ntags = [1, 2]\n+++\n", "odd-tags"),
        ("+++\ntags = ['''a''']\n+++\n", "odd-tags"),
        ('+++\nx = """\ntags = ["no"]\n"""\ntags = ["a"]\n+++\n', "bad-front-matter"),
        ('{"title": "A", "tags": [["a"]]}\n', "odd-tags"),
        ('{"title": "A"}\nBody', "unsafe-edit"),
        ('{"title": "A", "tags": null}\nBody', "unsafe-edit"),
        ("Title: A\nTags: a,\n    b\n\nBody", "odd-tags"),
        ("Title: A\nTags: [a, b]\n\nBody", "odd-tags"),
        ("---\ntitle: A\ntags: [a]\n\nBody\n", "bad-front-matter"),
        (post("tags: [a]\ntags: [b]"), "bad-front-matter"),
        (post("tags:\n\t- a"), "bad-front-matter"),
    ],
)
def test_what_cannot_be_edited_safely_is_left_in_another_site(text: str, code: str) -> None:
    refusal = plan_edit(text.encode(), TagChange.adding("new"), site_of())
    assert isinstance(refusal, Refusal), refusal
    assert refusal.code == code


def test_a_text_inside_of_which_tags_seem_to_stand_is_never_touched() -> None:
    text = '+++\nx = """\ntags = ["no"]\n"""\ntitle = "A"\n+++\n'
    assert b'title = "A"\ntags = ["new"]\n' in edited(text, TagChange.adding("new"), hexo=False)


WRONG = {
    "another key": (post("x: 1\ntags: [a]"), post("x: true\ntags: [a, new]"), "another key"),
    "a date becomes text": (post("x: 2024-01-02\ntags: [a]"), post("x: '2024-01-02'\ntags: [a, new]"), "another key"),
    "a key comes": (post("tags: [a]"), post("tags: [a, new]\nx:"), "another key"),
    "keys change places": (post("x: 1\ny: 2\ntags: [a]"), post("y: 2\nx: 1\ntags: [a, new]"), "another key"),
    "the body": (post("tags: [a]"), post("tags: [a, new]", "Body!\n"), "its text"),
    "the fence": (post("tags: [a]"), post("tags: [a, new]\n---"), "its text"),
    "the form": (post("tags: [a]"), ';;;\n"title": "A post",\n"tags": ["a", "new"]\n;;;\nBody.\n', "its text"),
    "nothing can be read": (post("tags: [a]"), post("tags: [a, new"), "could not be read"),
    "hidden from Hexo": (post("tags: [a]"), "--- " + post("tags: [a, new]")[3:], "could not be read"),
    "another tag": (post("tags: [a]"), post("tags: [b, new]"), "its tags would be read"),
    "no tag": (post("tags: [a]"), post("tags: [a, \"\"]"), "its tags would be read"),
    "the kind of a tag": (post("tags: [2024]"), post("tags: ['2024', new]"), "another tag"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_way_of_writing_is_found_out(
    before: str, after: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should a way of writing do harm one day, the second reading stops it: here each does another harm."""
    names = (*tags_of(before.encode(), hexo=True), "new")
    monkeypatch.setattr(plan, "_additions", lambda *_: iter([Step(after, ("tags",), names)]))
    refusal = plan_edit(before.encode(), TagChange.adding("new"), site_of("hexo"))
    assert isinstance(refusal, Refusal), refusal
    assert refusal.code == "unsafe-edit"
    assert words in refusal.message


@pytest.mark.parametrize("tag", ["yes", "1_0", "12:30"])
def test_a_tag_that_only_readers_of_yaml_1_2_take_for_text_is_found_out(
    tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_dialect, "written", lambda tag, *_: tag)
    refusal = plan_edit(post("tags: [a]").encode(), TagChange.adding(tag), site_of("hexo"))
    assert isinstance(refusal, Refusal), refusal
    assert "YAML 1.1" in refusal.message


def test_the_first_way_that_does_no_harm_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = [post("tags: [b, new]"), post("tags: [a,new]"), post("tags: [a, new]")]
    steps = [Step(way, ("tags",), ("a", "new")) for way in ways]
    monkeypatch.setattr(plan, "_additions", lambda *_: iter(steps))
    assert edited(post("tags: [a]"), TagChange.adding("new")).decode() == ways[1]


@pytest.mark.parametrize("tag", ["", " ", "a\nb", "a\tb", "\ud800", "a\u2028b", "\x00"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    for change in (TagChange.adding(tag), TagChange.removing(tag), TagChange.renaming("a", tag)):
        if change != TagChange.removing("a"):  # renaming to nothing says "remove", and may
            refusal = plan_edit(post("tags: [a]").encode(), change, site_of("hexo"))
            assert isinstance(refusal, Refusal), change
            assert refusal.code == "bad-tag"


def test_a_tag_that_the_site_would_read_otherwise_is_refused() -> None:
    refusal = plan_edit(post("tags: [a]").encode(), TagChange.adding(" new"), site_of())
    assert isinstance(refusal, Refusal)
    assert refusal.code == "bad-tag"
    assert "read as `new`" in refusal.message


@pytest.mark.parametrize("generator", ["hexo", "generic", "jekyll"])
def test_a_broken_post_is_never_taken_for_one_without_the_tag(generator: str) -> None:
    for change in (TagChange.removing("a"), TagChange.renaming("a", "b")):
        refusal = plan_edit(post("tags: [a, b").encode(), change, site_of(generator))
        assert isinstance(refusal, Refusal)
        assert refusal.code == "bad-front-matter"


def test_what_is_so_already_changes_nothing() -> None:
    data = post("tags: [a, b]").encode()
    for change in (TagChange.adding("a"), TagChange.removing("x"), TagChange.renaming("x", "a")):
        edit = plan_edit(data, change, site_of("hexo"))
        assert isinstance(edit, Edit)
        assert not edit.is_needed
        assert edit.after == data
    nothing = plan_edit(b"No front matter.\n", TagChange.removing("x"), site_of("hexo"))
    assert isinstance(nothing, Edit)
    assert not nothing.is_needed


# -- how a tag is written --------------------------------------------------------------------------------------------

NEED_QUOTES = [
    *("C#", "#", "a #b", "yes", "No", "on", "OFF", "y", "N", "true", "null", "~", "2024", "3.10", "1e3", "0x1F", "0o7"),
    *("1_000", "12:30", "2024-01-02", ".inf", "1.", "+1", "-1", "- x", "-x", "?", "? x", "a: b", "a:b", "a:", ":a"),
    *("@x", "`x`", "%x", "!x", "&x", "*x", "|", ">", "=", "<<", "[x]", "{x}", "a]", "x, y", ",", "it's", 'say "x"'),
    *("'\"", "'", '"', "a\\b", '\\"', "---", "...", "- - -", "0b1", "1.5", "NaN:", "'quoted'"),
]
NEED_NONE = [
    *("new", "機械学習", "機械 学習", "é", "C++", "Node.js", ".NET", "18f", "3D", "R&D", "100%", "snake_case", "a-b"),
    *("😀", "👨‍👩‍👧", "nan", "Nothing", "a.b", "c/d", "(x)", "Ａ", "x=y", "i18n", "user@host", "「x」"),
]  # fmt: skip
PADDED = [" lead", "trail ", "\u3000wide"]
LISTS = ["tags: [a, b]", "tags:\n  - a", "tags: ['a']", 'tags: ["a"]', "tags:\n- 'a'", "tags: a", "tags:", "x: 1"]


@pytest.mark.parametrize("tag", [*NEED_QUOTES, *NEED_NONE, *PADDED])
def test_every_reader_of_yaml_reads_exactly_the_tag(tag: str) -> None:
    for before in LISTS:
        for style in ("flow", "block"):
            found = edited(post(before), TagChange.adding(tag), style=style)
            block = found.decode().split("---\n")[1] if tag != "---" else found.decode()[4:].rpartition("\n---\n")[0]
            assert yaml.safe_load(block)["tags"][-1] == tag
            assert yaml12.load(block).value["tags"][-1] == tag
            renamed = edited(found, TagChange.renaming(tag, "zz"))
            assert tags_of(renamed, hexo=True)[-1] == "zz"
            again = edited(renamed, TagChange.renaming("zz", tag))
            assert tags_of(again, hexo=True)[-1] == tag


@pytest.mark.parametrize("tag", NEED_NONE)
def test_a_plain_tag_gets_no_quotes_among_plain_ones(tag: str) -> None:
    assert edited(post("tags: [a, b]"), TagChange.adding(tag)).decode() == post(f"tags: [a, b, {tag}]")


@pytest.mark.parametrize("tag", NEED_QUOTES)
def test_a_tag_that_needs_quotes_gets_them(tag: str) -> None:
    line = edited(post("tags:\n  - a"), TagChange.adding(tag)).decode().split("\n")[4]
    assert line.startswith(("  - '", '  - "'))


@pytest.mark.parametrize("tag", [*NEED_QUOTES, *NEED_NONE])
@pytest.mark.parametrize(
    "text", ['{"title": "A", "tags": ["a"]}\n', '+++\ntags = ["a"]\n+++\n', "+++\ntags = ['a']\n+++\n"]
)
def test_json_and_toml_read_exactly_the_tag(tag: str, text: str) -> None:
    found = edited(text, TagChange.adding(tag), hexo=False)
    edited(found, TagChange.renaming(tag, "zz"), hexo=False)
    edited(found, TagChange.removing(tag), hexo=False)


# -- removing and renaming -------------------------------------------------------------------------------------------

REMOVED = {
    "flow, first": ("tags: [a, b, c]", "tags: [b, c]"),
    "flow, middle": ("tags: [b, a, c]", "tags: [b, c]"),
    "flow, last": ("tags: [b, a] # x", "tags: [b] # x"),
    "flow, last, comma": ("tags: [b, a,]", "tags: [b,]"),
    "flow, only": ("tags: [a]", "tags: []"),
    "flow, only, comma": ("tags: [ a, ]", "tags: [ ]"),
    "flow, twice": ("tags: [a, b, a]", "tags: [b]"),
    "flow over lines": ("tags: [\n  b,\n  a,\n  c\n]", "tags: [\n  b,\n  c\n]"),
    "block, only": ("tags:\n  - a\nx: 1", "tags:\nx: 1"),
    "block, first": ("tags:\n- a # x\n- b # y", "tags:\n- b # y"),
    "block, last": ("tags:\n- b\n- a\n# z", "tags:\n- b\n# z"),
    "block, blank lines": ("tags:\n- b\n\n- a\n\n- c", "tags:\n- b\n\n- c"),
    "block, blank lines, first": ("tags:\n- a\n\n- c", "tags:\n- c"),
    "block hiding `tag`": ("tags:\n  - a\ntag: b", "tags: []\ntag: b"),
    "a word": ("tags: a", "tags:"),
    "a word, remark": ("tags: 'a' # x", "tags: # x"),
    "`tag`": ("tag: [a, b]", "tag: [b]"),
    "an alias": ("x: &t a\ntags: [*t, b]", "x: &t a\ntags: [b]"),
}


@pytest.mark.parametrize(("before", "after"), REMOVED.values(), ids=REMOVED)
def test_a_tag_is_removed(before: str, after: str) -> None:
    assert edited(post(before), TagChange.removing("a")).decode() == post(after)
    crlf = edited(post(before).replace("\n", "\r\n"), TagChange.removing("a"))
    assert crlf.decode() == post(after).replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("generator", "before", "after"),
    [
        ("generic", post("tags: a, b"), post("tags: b")),
        ("generic", post("tags: b,a,c"), post("tags: b,c")),
        ("generic", post("tags: 'b, a'"), post("tags: 'b'")),
        ("jekyll", post("tags: b a c"), post("tags: b c")),
        ("generic", post("tags: [a, b]\ntag: a"), post("tags: [b]\ntag:")),
        ("pelican", "Title: A\nTags: b, a\n\nBody", "Title: A\nTags: b\n\nBody"),
        ("pelican", "Title: A\nTags: a\n\nBody", "Title: A\nTags:\n\nBody"),
        ("hugo", '{"tags": ["a"]}\n', '{"tags": []}\n'),
        ("hugo", '{"tags": "a"}\n', '{"tags": []}\n'),
        ("hugo", '+++\ntags = ["b", "a"]\n+++\n', '+++\ntags = ["b"]\n+++\n'),
        ("zenn", post("topics: [b, a]"), post("topics: [b]")),
    ],
)
def test_a_tag_is_removed_in_another_site(generator: str, before: str, after: str) -> None:
    assert edited(before, TagChange.removing("a"), hexo=False, generator=generator).decode() == after


def test_a_tag_is_what_hexo_makes_of_its_value() -> None:
    assert edited(post("tags: [2024, 3.10, b]"), TagChange.removing("3.1")).decode() == post("tags: [2024, b]")
    assert edited(post("tags: [2024, b]"), TagChange.renaming("2024", "2025")).decode() == post("tags: ['2025', b]")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tags: [b, a, c]", "tags: [b, 'C#', c]"),
        ("tags: [b, a, C#]", "tags: [b, C#]"),
        ('tags: ["b", "a"]', 'tags: ["b", "C#"]'),
        ("tags:\n  - b\n  - a # x\n", "tags:\n  - b\n  - 'C#' # x\n"),
        ("tags: a # x", "tags: 'C#' # x"),
        ("tag: a", "tag: 'C#'"),
        ("tags: [a, a]", "tags: ['C#', 'C#']"),
    ],
)
def test_a_tag_is_renamed_in_its_place(before: str, after: str) -> None:
    assert edited(post(before), TagChange.renaming("a", "C#")).decode() == post(after)


def test_a_tag_is_renamed_inside_a_string() -> None:
    assert edited(post("tags: b, a"), TagChange.renaming("a", "C#"), hexo=False).decode() == post("tags: b, C#")
    assert edited(post("tags: a b"), TagChange.renaming("a", "x y"), hexo=False, generator="jekyll").decode() == post(
        "tags: [x y, b]"
    )


@pytest.mark.parametrize("front", ["x: &t a\ntags: [*t, b]", "tags: [&t a, b]", "tags: [!!str a, b]"])
def test_what_bears_an_anchor_or_is_an_alias_is_not_written_over(front: str) -> None:
    refusal = plan_edit(post(front).encode(), TagChange.renaming("a", "c"), site_of("hexo"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "shared-tags"


def test_a_remark_is_not_lost_with_a_tag() -> None:
    refusal = plan_edit(post("tags: [\n  b, # 1\n  a # 2\n]").encode(), TagChange.removing("a"), site_of("hexo"))
    assert isinstance(refusal, Refusal)
    assert "comment" in refusal.message


# -- any front matter ------------------------------------------------------------------------------------------------

WORDS = ["a", "b c", "機械学習", "x-y", "2024", "yes", "3.10", "null", "é😀"]
QUOTED: list[Callable[[str], str]] = [str, lambda word: f"'{word}'", json.dumps]


@st.composite
def tag_lines(draw: st.DrawFn) -> str:
    """A tags key in one of the usual forms, with odd spacing and remarks."""
    key = draw(st.sampled_from(["tags", "tags", "tag"]))
    words = draw(st.lists(st.sampled_from(WORDS), max_size=4))
    items = [draw(st.sampled_from(QUOTED))(word) for word in words]
    remark = draw(st.sampled_from(["", "", " # why", "  #", " "]))
    form = draw(st.sampled_from(["flow", "block", "lines", "word", "none", "absent"]))
    if form == "flow":
        inner = draw(st.sampled_from([", ", ",", " , "])).join(items)
        blank, comma = draw(st.sampled_from(["", " "])), draw(st.sampled_from(["", ","])) if items else ""
        return f"{key}: [{blank}{inner}{comma}{blank}]{remark}"
    if form == "block" and items:
        indent, gap = draw(st.sampled_from(["", "  ", "    "])), draw(st.sampled_from(["", "", "\n"]))
        dash = draw(st.sampled_from(["- ", "-   "]))
        return f"{key}:{remark}\n" + f"\n{gap}".join(f"{indent}{dash}{item}{remark}" for item in items)
    if form == "lines" and items:
        comma = draw(st.sampled_from(["", ","]))
        note = draw(st.sampled_from(["", " # note"])) if comma else ""
        return f"{key}: [\n  " + f",{note}\n  ".join(items) + f"{comma}{note}\n]"
    if form == "word" and items:
        return f"{key}: {items[0]}{remark}"
    return "" if form == "absent" else f"{key}:{remark}"


OTHER_LINES = st.sampled_from(
    [
        *("title: T", "title: 'tags: [x]'", "date: 2024-01-02 03:04:05", "categories: [a, b]", "categories:\n  - a\n"),
        *("# tags: [x]", "", "x: |\n  tags: [y]\n\n  - z\n", "y: >-\n  a\n  b", "z: {tags: [q]}", "w: \"a\n  b\""),
        *("v: 😀\u2028", "u:\n  tags:\n    - x", "published: false", "n: 0x10", 's: "\\ud83d\\ude00"'),
    ]
)  # fmt: skip


@st.composite
def posts(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(OTHER_LINES, max_size=5, unique_by=lambda line: line.split(":")[0] or line))
    lines.insert(draw(st.integers(0, len(lines))), draw(tag_lines()))
    front = "\n".join(line for line in ["id: 1", *lines] if line or draw(st.booleans()))
    body = draw(st.sampled_from(["", "\n", "\nBody\n", "Body", "\n---\ntags: [x]\n---\n", "a\r\nb\n"]))
    text = f"---\n{front}\n---{draw(st.sampled_from([chr(10), '-' + chr(10)])) if body else ''}{body}"
    if draw(st.booleans()):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return (draw(st.sampled_from(["", "", "\ufeff"])) + text).encode()


NEW_TAGS = st.one_of(
    st.sampled_from(["new", *NEED_QUOTES, *NEED_NONE]),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8),
)


@settings(max_examples=150, deadline=None)
@given(posts(), NEW_TAGS, st.booleans(), st.sampled_from(["flow", "block"]))
@example(b"---\nid: 1\ntags:\n- a\n\n- b c\n---\n", "new", True, "flow")
def test_any_post_takes_a_tag_and_gives_it_back(data: bytes, tag: str, hexo: bool, style: Style) -> None:
    if read_source(data, HEXO_DIALECT if hexo else TOLERANT_DIALECT).is_lost or tag in tags_of(data, hexo=hexo):
        return
    after = edited(data, TagChange.adding(tag), hexo=hexo, style=style)
    removed, added = differing_lines(data, after)
    assert removed <= 1
    assert added <= 2 + (style == "block")
    gone = edited(after, TagChange.removing(tag), hexo=hexo, style=style)
    assert tags_of(gone, hexo=hexo) == tags_of(data, hexo=hexo)
    renamed = edited(after, TagChange.renaming(tag, "renamed"), hexo=hexo, style=style)
    assert differing_lines(after, renamed) == (1, 1)


def differing_lines(old: bytes, new: bytes) -> tuple[int, int]:
    """How many lines went and came, in the one place where the two differ."""
    before, after = old.split(b"\n"), new.split(b"\n")
    while before and after and before[0] == after[0]:
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return len(before), len(after)


PIECES = st.lists(
    st.sampled_from(
        [
            *("tags", "tag", ":", ": ", "\n", "\n", "\n- ", "\n  - ", "[", "]", ", ", ",", "a", "b", "'", '"', "#"),
            *(" #", "&x ", "*x", "{", "}", "|", ">", "\t", " ", "  ", "!!str ", "? ", "<<: ", "\r", "\r\n", "~"),
            *("title: x\n", "\u2028", "é", "\\", "---", "\n---\n", "...", "%", "+++\n", " = ", ";;;\n", '"tags": '),
            *("taxonomies", "."),
        ]
    ),
    max_size=24,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["---\n", "+++\n", ";;;\n", "{", ""]), PIECES, st.sampled_from(["new", "a", "C#"]), st.booleans()
)
def test_whatever_the_text_it_is_edited_rightly_or_left(fence: str, text: str, tag: str, hexo: bool) -> None:
    data = f"{fence}{text}\n{'}' if fence == '{' else fence}Body\n".encode()
    for change in (TagChange.adding(tag), TagChange.removing("a"), TagChange.renaming("a", "new")):
        for generator in ("generic", "jekyll", "zenn"):
            edit = plan_edit(data, change, site_of("hexo" if hexo else generator))
            if isinstance(edit, Refusal):
                assert edit.message
                continue
            old, new = (tags_of(d, hexo=hexo, generator=generator) for d in (data, edit.after))
            assert new == expected_tags(old, change)
            assert_only_tags_differ(edit, hexo=hexo)


# -- what the real Hexo says -----------------------------------------------------------------------------------------


@needs_hexo
def test_hexo_itself_reads_the_tags_that_were_written() -> None:
    """Every pair above and every odd tag, in one site."""
    files: dict[str, bytes] = {}
    wanted: dict[str, list[str]] = {}
    texts: list[str | bytes] = [post(before) for before, _ in ADDED.values()]
    texts += [text if isinstance(text, bytes) else str(text) for text, _ in HEXO_FILES.values()]
    jobs = [(text, "new", "flow") for text in texts]
    jobs += [
        (post(front), tag, style)
        for tag in [*NEED_QUOTES, *NEED_NONE, *PADDED]
        for front, style in (
            ("tags: [a, b]", "flow"),
            ("tags:\n  - a", "flow"),
            ("tags: a", "flow"),
            ("tags:", "block"),
        )
    ]
    for number, (text, tag, style) in enumerate(jobs):
        data = text.encode() if isinstance(text, str) else text
        edit = plan_edit(data, TagChange.adding(tag), site_of("hexo"), style=style)  # type: ignore[arg-type]
        assert isinstance(edit, Edit)
        gone = plan_edit(edit.after, TagChange.removing(tag), site_of("hexo"))
        assert isinstance(gone, Edit)
        for name, content, tags in (
            (f"{number}-before", data, edit.tags_before),
            (f"{number}-after", edit.after, edit.tags_after),
            (f"{number}-removed", gone.after, edit.tags_before),
        ):
            files[f"source/_posts/{name}.md"] = content
            wanted[f"source/_posts/{name}.md"] = sorted(tags)
    read = read_by_hexo(files)
    # Hexo's data base gives a post's tags in no order that means anything
    assert {path: sorted(read[path]["tags"]) for path in wanted} == wanted
    for number in range(len(jobs)):
        before, after = (read[f"source/_posts/{number}-{what}.md"] for what in ("before", "after"))
        assert [before[key] for key in ("title", "body")] == [after[key] for key in ("title", "body")]


def read_by_hexo(files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """Posts by path, as the real Hexo reads them."""
    import base64

    site = {"config": "", "files": {path: {"base64": base64.b64encode(data).decode()} for path, data in files.items()}}
    answer: list[dict[str, dict[str, Any]]] = json.loads(
        run_node(TESTS / "hexo_sites.cjs", stdin=json.dumps([site]).encode())
    )
    return answer[0]
