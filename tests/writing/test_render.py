"""related.json and the HTML fragments: what they hold, and what they never let through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.nodes import Filter, Output, TemplateData
from jsonschema import Draft202012Validator

from dom import dom
from enishi.config import PartialSettings
from enishi.errors import Severity
from enishi.reading.addresses import safe_link
from enishi.text.labels import (
    LABEL_NAMES,
    LabelOverrides,
    label_language,
    labels_for,
    language_tag,
    own_name,
    same_language,
    written_date,
)
from enishi.text.printable import text_line
from enishi.types import Post, Related
from enishi.writing.render import (
    RelatedByPath,
    partial_name,
    partial_view,
    render_data_file,
    render_partials,
    render_related,
    templates_folder,
)

SCHEMA = json.loads((templates_folder() / "schema" / "related.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
DATA_SCHEMA = json.loads((templates_folder() / "schema" / "data.schema.json").read_text(encoding="utf-8"))
DATA_VALIDATOR = Draft202012Validator(DATA_SCHEMA)

HOSTILE = [
    "<script>alert(1)</script>",
    "</bdi></a></li><h1>out",
    "\"><img src=x onerror='alert(1)'>",
    "{{ 7*7 }} {% raw %} {# no #} {%- include 'x' -%}",
    "R&D &amp; &#60;b&#62;",
    "絵文字 👩‍👩‍👧 🇯🇵",
    "עברית \u202eגב\u202c ok \u2067",
    "nul \0 esc \x1b del \x7f nel \x85",
    "line\u2028para\u2029 tab\tnew\nline",
    "lone \ud800 and \udc80",
    "back`tick \\ slash",
    "<!-- comment --> <![CDATA[ x ]]> <!doctype html>",
    "  ",
]


def post(path: str, **fields: object) -> Post:
    return replace(Post(path, title=path.upper(), url=f"/{path.removesuffix('.md')}/"), **fields)  # type: ignore[arg-type]


def entry(path: str, **fields: object) -> Related:
    base = Related(path, title=path.upper(), url=f"/{path.removesuffix('.md')}/", score=0.5)
    return replace(base, **fields)  # type: ignore[arg-type]


def fragment(
    path: str, *entries: Related, options: PartialSettings | None = None, language: str = "", **fields: object
) -> str:
    """The fragment of one post beside which all posts of its entries are public."""
    posts = [post(path, **fields), *(post(one.path) for one in entries)]
    files = render_partials(posts, {path: entries}, options=options, language=language)[0]
    return files[f"partials/{partial_name(path)}"].decode("utf-8")


def related_json(posts: Iterable[Post], related: RelatedByPath) -> bytes:
    """The only file of related posts, as none of these blogs is large."""
    (content,) = render_related(posts, related).values()
    return content


# -- related.json ----------------------------------------------------------------------------------------------------


def test_json_holds_what_the_design_says() -> None:
    posts = [
        post("b.md", lang="en", date=datetime(2024, 5, 6, 23, 59, tzinfo=UTC)),
        post("a.md", status="draft"),
        post("日本.md"),
    ]
    related = {"b.md": [entry("日本.md", score=0.8123, date="2020-01-02", lang="ja", shared_tags=("NLP",))], "a.md": []}
    assert json.loads(related_json(posts, related)) == {
        "version": 1,
        "posts": {
            "a.md": {
                "title": "A.MD",
                "url": "/a/",
                "status": "draft",
                "partial": partial_name("a.md"),
                "related": [],
            },
            "b.md": {
                "title": "B.MD",
                "url": "/b/",
                "date": "2024-05-06",
                "lang": "en",
                "partial": partial_name("b.md"),
                "related": [
                    {
                        "path": "日本.md",
                        "url": "/日本/",
                        "title": "日本.MD",
                        "score": 0.8123,
                        "kind": "similar",
                        "date": "2020-01-02",
                        "lang": "ja",
                        "shared_tags": ["NLP"],
                    }
                ],
            },
            "日本.md": {"title": "日本.MD", "url": "/日本/", "partial": partial_name("日本.md"), "related": []},
        },
    }


def test_json_is_canonical() -> None:
    posts = [post("a.md"), post("b.md"), post("c.md")]
    related = {"a.md": [entry("b.md"), entry("c.md")]}
    text = related_json(posts, related)
    assert text == related_json(posts[::-1], dict(reversed(related.items())))
    assert text.endswith(b"}\n")
    assert [line.strip()[:14] for line in text.decode().splitlines() if '"path"' in line] == [
        '{"path": "b.md',
        '{"path": "c.md',
    ]


@pytest.mark.parametrize("posts", [[], [post("a.md")]])
def test_json_of_very_small_blogs(posts: list[Post]) -> None:
    parsed = json.loads(related_json(posts, {}))
    VALIDATOR.validate(parsed)
    assert len(parsed["posts"]) == len(posts)


def test_only_public_posts_are_listed_or_copied() -> None:
    posts = [
        post("public.md"),
        post("draft.md", status="draft"),
        post("future.md", status="future"),
        post("hidden.md", status="unpublished"),
        post("shy.md", wants_related=False),
    ]
    everybody = [entry(one.path) for one in posts] + [entry("deleted.md")]
    related = {one.path: [other for other in everybody if other.path != one.path] for one in posts}
    full = json.loads(related_json(posts, related))["posts"]
    assert [one["path"] for one in full["draft.md"]["related"]] == ["public.md"]
    assert full["public.md"]["related"] == []
    for full_file in (False, True):
        copied = render_data_file(posts, related, full=full_file).decode()
        assert set(json.loads(copied)["posts"]) == {"public.md", "shy.md"}
        for secret in ("draft", "future", "hidden", "deleted", "partial"):
            assert secret not in copied
    fragments = b"".join(render_partials(posts, related)[0].values()).decode().lower()
    for secret in ("draft", "future", "hidden", "deleted", "shy"):
        assert secret not in fragments


texts = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(HOSTILE)  # surrogates among them
words = st.lists(texts.filter(bool), unique=True, max_size=3).map(tuple)
entries = st.builds(
    Related,
    path=st.sampled_from(["a.md", "b.md"]),
    title=texts,
    url=texts | st.sampled_from(["/x/", "https://example.org/é"]),
    score=st.floats(-1, 1),
    kind=st.sampled_from(["similar", "pinned", "translation"]),
    date=st.sampled_from(["", "2024-05-06"]),
    lang=texts,
    shared_tags=words,
    shared_terms=words,
)


@given(title=texts, url=texts, lang=texts, related=st.lists(entries, max_size=4))
def test_whatever_a_post_says_both_outputs_stay_sound(title: str, url: str, lang: str, related: list[Related]) -> None:
    posts = [post("a.md", title=title, url=url, lang=lang), post("b.md")]
    parsed = json.loads(related_json(posts, {"a.md": related}))
    # surrogates become U+FFFD, so two tags may become one
    assert [error for error in VALIDATOR.iter_errors(parsed) if error.validator != "uniqueItems"] == []
    html = render_partials(posts, {"a.md": related})[0][f"partials/{partial_name('a.md')}"].decode("utf-8")
    tree = dom(html)
    assert {element.tag for element in tree.all("nav")} <= {"nav"}
    known = {"nav", "h2", "ul", "li", "a", "bdi", "span", "time", "div", "small"}
    assert {tag for tag in known | {"script", "img", "h1", "b"} if tree.all(tag)} <= known
    for link in tree.all("a"):
        assert safe_link(link.attributes["href"] or "") == link.attributes["href"]


def test_the_schema_is_valid_and_closed() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    good = json.loads(related_json([post("a.md"), post("b.md")], {"a.md": [entry("b.md", shared_terms=("x",))]}))
    VALIDATOR.validate(good)
    spoilers: list[Callable[[Any], object]] = [
        lambda data: data.update(version=2),
        lambda data: data["posts"]["a.md"].update(extra=1),
        lambda data: data["posts"]["a.md"].pop("related"),
        lambda data: data["posts"]["a.md"]["related"][0].update(score="0.5"),
        lambda data: data["posts"]["a.md"]["related"][0].update(url="javascript:alert(1)"),
        lambda data: data["posts"]["a.md"]["related"][0].update(url="//evil.example/"),
        lambda data: data["posts"]["a.md"]["related"][0].update(shared_tags=[]),
        lambda data: data["posts"]["a.md"].update(status="published"),
    ]
    for spoil in spoilers:
        bad = json.loads(json.dumps(good))
        spoil(bad)
        assert not VALIDATOR.is_valid(bad)


def test_a_data_file_holds_what_a_template_needs_and_no_guess() -> None:
    posts = [post("a.md"), post("b.md", url_is_guess=True), post("c.md", url="javascript:alert(1)")]
    related = {"a.md": [entry("b.md", shared_tags=("NLP",), lang="en", date="2020-01-02")]}
    slim = json.loads(render_data_file(posts, related))
    DATA_VALIDATOR.validate(slim)
    about_b = {"path": "b.md", "title": "B.MD", "score": 0.5, "kind": "similar"}
    reasons = {"date": "2020-01-02", "lang": "en", "shared_tags": ["NLP"]}
    assert slim["posts"] == {
        "a.md": {"title": "A.MD", "url": "/a/", "related": [about_b | reasons]},
        "b.md": {"title": "B.MD", "related": []},
        "c.md": {"title": "C.MD", "related": []},
    }
    full = json.loads(render_data_file(posts, related, full=True))
    VALIDATOR.validate(full)
    assert full["posts"]["b.md"] == {"title": "B.MD", "url": "/b/", "url_is": "guess", "related": []}
    assert full["posts"]["a.md"]["related"][0]["url"] == "/b/"


def test_the_schema_of_a_data_file_is_that_of_related_json_with_less() -> None:
    Draft202012Validator.check_schema(DATA_SCHEMA)
    for name in ("post", "entry"):
        more, less = (schema["$defs"][name]["properties"].keys() for schema in (SCHEMA, DATA_SCHEMA))
        assert more - less == ({"status", "partial", "url_is"} if name == "post" else {"url"})
        assert less < more


@pytest.mark.parametrize("schema", [SCHEMA, DATA_SCHEMA], ids=["related", "data"])
def test_every_field_of_the_schema_is_described(schema: Any) -> None:
    definitions = schema["$defs"]
    for properties in (schema["properties"], definitions["post"]["properties"], definitions["entry"]["properties"]):
        for name, field in properties.items():
            target = definitions[field["$ref"].rpartition("/")[2]] if "$ref" in field else field
            assert "description" in field or "description" in target or name == "title", name


def test_json_can_be_read_as_yaml() -> None:
    """Jekyll reads `_data/*.json` with a YAML parser."""
    yaml = pytest.importorskip("yaml")
    posts = [post("a.md", title=title.replace("\0", "").replace("\x1b", "")) for title in HOSTILE]
    for one in posts:
        text = related_json([one], {"a.md": []}).decode("utf-8")
        assert yaml.safe_load(text) == json.loads(text)


# -- addresses and text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScript:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "mailto:a@b",
        "//evil.example/",
        " //evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "https:evil.example",
        "https:///evil.example",
        "http://",
        "http://[bad",
        "x:y/z",
        "",
        "  ",
        "/a\u2028b",
        "/a\ud800b",
    ],
)
def test_no_link_is_made_of(url: str) -> None:
    assert safe_link(url) == ""


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/2024/a/", "/2024/a/"),
        ("2024/a.html", "2024/a.html"),
        ("../a/?x=1&y=2#z", "../a/?x=1&y=2#z"),
        ("https://example.org/日本語/", "https://example.org/日本語/"),
        ("HTTP://example.org", "HTTP://example.org"),
        (" /with blank/ ", "/with%20blank/"),
        ("/time/12:30/", "/time/12:30/"),
        ("./12:30/", "./12:30/"),
        ("/a//b", "/a//b"),
        ('/"><b>/', '/"><b>/'),
    ],
)
def test_a_link_is_made_of(url: str, kept: str) -> None:
    assert safe_link(url) == kept


@given(st.text(st.characters(codec=None)))
@example("a\tb\u2028 c\0")
def test_a_text_line_is_one_line_that_utf8_can_hold(text: str) -> None:
    line = text_line(text)
    line.encode("utf-8")
    assert len(line.splitlines()) <= 1
    assert line == text_line(line)


# -- fragments -------------------------------------------------------------------------------------------------------


def test_a_fragment_is_a_named_list_of_links() -> None:
    tree = dom(fragment("a.md", entry("b.md", date="2024-05-06", shared_tags=("NLP", "R&D"), shared_terms=("索引",))))
    nav = tree.one("nav")
    heading = nav.one("h2")
    assert heading.text == "Related posts"
    assert nav.attributes["aria-labelledby"] == heading.attributes["id"]
    item = nav.one("ul").one("li")
    assert (item.one("a").attributes["href"], item.one("a").text) == ("/b/", "B.MD")
    assert item.one("time").attributes["datetime"] == "2024-05-06"
    assert item.one("small").text == "Shared tags: NLP, R&D · Shared terms: 索引"


def test_nothing_related_is_an_empty_fragment() -> None:
    assert fragment("a.md") == ""


def test_ids_differ_from_post_to_post() -> None:
    ids = {dom(fragment(path, entry("z.md"))).one("h2").attributes["id"] for path in ("a.md", "A.md", "b.md")}
    assert len(ids) == 3


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_shown_as_text(title: str) -> None:
    html = fragment("a.md", entry("b.md", title=title, shared_tags=(title,), shared_terms=(title,)), title=title)
    item = dom(html).one("li")
    assert item.one("a").text == (text_line(title) or "b.md")
    assert item.one("a").one("bdi").text == item.one("a").text
    assert "{" not in html  # nothing for a second template pass, of whichever generator
    assert "\0" not in html


def test_an_unsafe_address_leaves_the_entry_without_a_link() -> None:
    tree = dom(fragment("a.md", entry("b.md", url="javascript:alert(1)")))
    assert tree.all("a") == []
    assert tree.one("li").text.strip() == "B.MD"


def test_another_language_is_marked_for_eyes_and_machines() -> None:
    item = dom(fragment("a.md", entry("b.md", lang="en_GB"), lang="ja")).one("li")
    assert item.one("a").attributes["hreflang"] == "en-GB"
    assert item.one("a").one("bdi").attributes["lang"] == "en-GB"
    assert item.all("span")[0].text == "(English)"


def test_a_translation_is_named_as_one() -> None:
    item = dom(fragment("a.md", entry("b.md", lang="zh-TW", kind="translation"), lang="ja")).one("li")
    assert item.all("span")[0].text == "(翻訳：繁體中文)"
    item = dom(fragment("a.md", entry("b.md", kind="translation"))).one("li")
    assert item.all("span")[0].text == "(Translation)"


def test_the_same_language_is_not_marked() -> None:
    for one, other in (("en", "en-US"), ("ja", "ja"), ("zh", "zh"), ("", "")):
        item = dom(fragment("a.md", entry("b.md", lang=other), lang=one)).one("li")
        assert item.one("a").attributes == {"class": "enishi-link", "href": "/b/"}


@pytest.mark.parametrize("lang", ['"><script>', "japanese language", "日本語", "x" * 40, "-", "\0"])
def test_a_language_that_is_none_is_no_attribute(lang: str) -> None:
    tree = dom(fragment("a.md", entry("b.md", lang=lang), lang=lang))
    assert "hreflang" not in tree.one("a").attributes


def test_labels_speak_the_posts_language_then_the_sites_then_english() -> None:
    assert dom(fragment("a.md", entry("b.md"), lang="de", language="ja")).one("h2").text == "Verwandte Beiträge"
    assert dom(fragment("a.md", entry("b.md"), language="ja")).one("h2").text == "関連記事"
    heading = dom(fragment("a.md", entry("b.md"), lang="fi")).one("h2")
    assert (heading.text, heading.attributes["lang"]) == ("Related posts", "en")


def test_options_set_heading_list_dates_and_reasons() -> None:
    one = entry("b.md", date="2024-05-06", shared_tags=("x",))
    options = PartialSettings(heading_level=6, ordered=True, dates=False, reasons=False, labels={"heading": "<Next>"})
    tree = dom(fragment("a.md", one, options=options))
    assert tree.one("h6").text == "<Next>"
    assert len(tree.one("ol").all("li")) == 1
    assert tree.all("time") == tree.all("div") == []


def test_labels_are_complete_and_can_be_overridden_for_one_language() -> None:
    for language in ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "zh", "zh-hant"):
        labels = labels_for(language)
        assert tuple(labels) == LABEL_NAMES
        assert all(labels.values())
        assert written_date("2024-05-06", labels["date"])
    overrides: LabelOverrides = {"heading": "Next", "ja": {"heading": "次に", "nonsense": "x"}}
    assert labels_for("ja", overrides)["heading"] == "次に"
    assert labels_for("en", overrides)["heading"] == "Next"
    assert "nonsense" not in labels_for("ja", overrides)


def test_languages() -> None:
    assert label_language("zh_TW") == "zh-hant"
    assert label_language("zh-CN") == "zh"
    assert label_language("pt-BR", "ja") == "pt"
    assert label_language("", "xx", "ko-KR") == "ko"
    assert label_language() == "en"
    assert language_tag(" zh_Hant_TW ") == "zh-Hant-TW"
    assert not same_language("zh-CN", "zh-TW")
    assert same_language("pt-BR", "pt")
    assert (own_name("ja-JP"), own_name("tlh")) == ("日本語", "tlh")
    assert written_date("2024-05-06", "YYYY年M月D日") == "2024年5月6日"
    assert written_date("someday", "YYYY") == ""


def test_names_of_fragments_differ_where_paths_do() -> None:
    names = {partial_name(path) for path in ("a.md", "A.md", "a/b.md", "é.md", "x" * 5000, "\udc80.md")}
    assert len(names) == 6
    assert all(len(name) == 37 and name.endswith(".html") for name in names)


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "from enishi.writing.render import *; from enishi.types import *\n"
        "posts=[Post('a.md','A',lang='ja'),Post('b.md','B')]\n"
        "related={'a.md':[Related('b.md','B','/b/',.5,shared_tags=('x','y'))]}\n"
        "print(render_related(posts,related), sorted(render_partials(posts,related)[0].items()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1


def test_json_and_writing_load_no_template_library() -> None:
    code = (
        "import sys; from enishi.writing import render, output\n"
        "render.render_related([], {}); render.render_data_file([], {})\n"
        "print([name for name in ('jinja2', 'markupsafe', 'numpy', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


# -- the site's own template -----------------------------------------------------------------------------------------


def with_template(site: Path, source: str, **others: str) -> tuple[str, list[str]]:
    """The fragment of one post by the site's own template, and the diagnostics as text."""
    folder = site / "templates"
    folder.mkdir()
    (folder / "related.html.j2").write_text(source, encoding="utf-8")
    for name, text in others.items():
        (folder / f"{name}.j2").write_text(text, encoding="utf-8")
    posts = [post("a.md"), post("b.md")]
    related = {"a.md": [entry("b.md", title="<B>")]}
    files, diagnostics = render_partials(posts, related, site=site, templates=folder)
    assert all(one.severity is Severity.ERROR and one.code == "bad-template" for one in diagnostics)
    return files[f"partials/{partial_name('a.md')}"].decode(), [str(one) for one in diagnostics]


def test_the_sites_own_template_is_used_and_escapes(tmp_path: Path) -> None:
    html, problems = with_template(tmp_path, "{% for e in related %}<p>{{ e.title }} {{ e.url }}</p>{% endfor %}")
    assert (html, problems) == ("<p>&lt;B&gt; /b/</p>", [])


def test_the_sites_template_may_include_its_own_and_ours(tmp_path: Path) -> None:
    html, problems = with_template(
        tmp_path,
        "{% include 'head.j2' %}{% include 'enishi/related.html.j2' %}"
        "{% from 'macros.html.j2' import related_inline %}{{ related_inline(related) }}",
        head="<hr>",
    )
    assert problems == []
    assert [child.tag for child in dom(html).children if not isinstance(child, str)] == ["hr", "nav", "p"]


def test_a_folder_without_our_template_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "other.j2").write_text("{{ nonsense")
    assert render_partials([post("a.md")], {}, site=tmp_path, templates=tmp_path)[1] == ()


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("a\n{% for x in related %}", "templates/related.html.j2:2", "endfor"),
        ("a\n\n{{ titel }}", "templates/related.html.j2:3", "'titel' is undefined"),
        ("{{ related[0].nothing }}", "templates/related.html.j2:1", "nothing"),
        ("\n{{ 1 / 0 }}", "templates/related.html.j2:2", "ZeroDivisionError"),
        ("\n{% include 'head.j2' %}", "templates/head.j2:2", "undefined"),
        ("\n{% include '../secret.txt' %}", "templates/related.html.j2:2", "secret"),
        ("{% for x in range(100000) %}{% endfor %}", "templates/related.html.j2:1", "range()"),
        ("{% for x in range(9999) %}{{ 'x' * 9999 }}{% endfor %}", "templates/related.html.j2", "1000000 characters"),
        ("{{ ''.__class__.__mro__ }}", "templates/related.html.j2:1", "unsafe"),
        ("{{ related.append(1) }}", "templates/related.html.j2:1", "'append' of 'list' object is unsafe"),
        ("{{ 'x' * 10**10 }}", "templates/related.html.j2:1", "MemoryError"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "templates/related.html.j2:1", "RecursionError"),
    ],
)
def test_a_failing_template_is_named_and_ours_is_used(tmp_path: Path, source: str, place: str, words: str) -> None:
    (tmp_path / "secret.txt").write_text("secret content")
    html, (problem,) = with_template(tmp_path, source, head="\n{{ missing }}")
    assert problem.startswith(place)
    assert words in problem
    assert dom(html).one("a").text == "<B>"


@pytest.mark.parametrize(
    "source", ["{% for a in range(9999) %}" * 3 + "{% endfor %}" * 3, "{{ 9**(9**9) % 10 }}"], ids=["loops", "power"]
)
def test_a_template_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr("enishi.writing.fragments._SECONDS_EACH", 0.5)
    html, (problem,) = with_template(tmp_path, source)
    assert "more than" in problem
    assert dom(html).one("a").text == "<B>"


def test_a_template_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "related.html.j2").write_bytes(b"\xff\xfe\x00")
    _, diagnostics = render_partials([post("a.md")], {}, site=tmp_path, templates=tmp_path)
    assert [one.path for one in diagnostics] == ["related.html.j2"]


# -- what is shipped -------------------------------------------------------------------------------------------------


def test_our_partial_escapes_whatever_it_prints() -> None:
    source = (templates_folder() / "related.html.j2").read_text(encoding="utf-8")
    printed = [node for output in Environment().parse(source).find_all(Output) for node in output.nodes]
    values = [node for node in printed if not isinstance(node, TemplateData)]
    assert len(values) > 20
    assert all(isinstance(value, Filter) and value.name == "escape" for value in values)


@pytest.mark.parametrize("autoescape", [True, False])
def test_macros_work_in_a_generators_own_environment(autoescape: bool) -> None:
    environment = Environment(
        loader=FileSystemLoader(templates_folder()), autoescape=autoescape, undefined=StrictUndefined
    )
    template = environment.from_string(
        "{% from 'macros.html.j2' import related, related_cards, related_inline %}"
        "{{ related(posts, heading='<Next>', heading_level='3', list='ol', labels=labels, id='x') }}"
        "{{ related_cards(posts) }}{{ related_inline(posts, heading='See also') }}"
        "{{ related([]) }}{{ related_cards([]) }}{{ related_inline([]) }}"
    )
    view = partial_view(post("a.md", lang="ja"), [entry("b.md", title="<B>", shared_tags=("R&D",)), entry("c.md")])
    tree = dom(template.render(posts=view["related"], labels=view["labels"]))
    assert tree.one("nav").one("h3").text == "<Next>"
    assert tree.one("nav").one("small").text == "共通のタグ：R&D"
    assert [link.text for link in tree.one("section").all("a")] == ["<B>", "C.MD"]
    assert tree.one("p").text == "See also: <B>, C.MD"
    raw = dom(template.render(posts=[{"title": "only a title"}], labels={}))  # entries of related.json have gaps
    assert raw.one("nav").one("li").text == "only a title"


def test_the_stylesheet_leaves_the_theme_in_charge() -> None:
    css = (templates_folder() / "enishi.css").read_text("utf-8")
    assert "!important" not in css
    assert "prefers-color-scheme: dark" in css
    assert css.count("{") == css.count("}")
