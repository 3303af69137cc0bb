"""The blog's tags and its rules: what is one tag, what implies what, what is never suggested."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blog_of_documents import site
from enishi.config import TagSettings
from enishi.tags.vocabulary import Vocabulary, fold_tag, read_vocabulary, reader_key, spelling_key
from enishi.types import Post
from places import TESTS


def posts(*tags: tuple[str, ...], **fields: Any) -> list[Post]:
    return [Post(path=f"{number:02}.md", title="", tags=own, **fields) for number, own in enumerate(tags)]


def vocabulary(blog: list[Post], settings: TagSettings | None = None, **generator: Any) -> Vocabulary:
    found, diagnostics = read_vocabulary(blog, site(**generator), settings or TagSettings())
    assert diagnostics == []
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("JavaScript", "javascript"),
        ("ＡＷＳ", "aws"),
        ("web-design", "Web Design"),
        ("Node.js", "nodejs"),
        ("サーバー", "サーバ"),
        ("ｻｰﾊﾞｰ", "サーバ"),
        ("CI/CD", "cicd"),
        ("straße", "STRASSE"),
    ],
)
def test_spellings_of_one_tag(one: str, other: str) -> None:
    assert spelling_key(one) == spelling_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("C", "C++"), ("C", "C#"), ("Go1.2", "Go12"), ("キー", "キ"), ("Windows", "window"), (".NET", "C")],
)
def test_tags_that_are_two(one: str, other: str) -> None:
    assert spelling_key(one) != spelling_key(other)


def test_a_reader_takes_a_plural_for_the_same_word() -> None:
    assert reader_key("APIs") == reader_key("API")
    assert reader_key("process") != reader_key("proces")
    assert reader_key("JS") == "js"


def test_a_tag_of_separators_only_is_itself() -> None:
    assert spelling_key("-") == "-"
    assert vocabulary(posts(("-",), ("-",))).counts == {"-": 2}


def test_the_prevailing_spelling_names_the_tag() -> None:
    found = vocabulary(posts(("javascript",), ("JavaScript",), ("JavaScript",), ("Java Script",)))
    assert dict(found.names) == {"javascript": "JavaScript"}
    assert found.counts == {"javascript": 4}
    assert set(found.spellings["javascript"]) == {"javascript", "JavaScript", "Java Script"}


def test_of_equally_frequent_spellings_the_one_with_capitals_stands() -> None:
    assert vocabulary(posts(("css",), ("CSS",))).names == {"css": "CSS"}


def test_a_post_with_two_spellings_counts_once() -> None:
    assert vocabulary(posts(("CSS", "css"))).counts == {"css": 1}


@pytest.mark.parametrize(
    "generator",
    [
        {"alias": {"tags/GCP/index.html": "/tags/GoogleCloud/"}},
        {"alias": {"tags/GCP/": "tags/GoogleCloud/"}},
        {"tag_map": {"GCP": "GoogleCloud"}},
    ],
)
def test_aliases_of_the_generator(generator: dict[str, Any]) -> None:
    found = vocabulary(posts(("GCP",), ("GCP",), ("GoogleCloud",)), **generator)
    assert found.names == {"googlecloud": "GoogleCloud"}
    assert found.counts == {"googlecloud": 3}
    assert found.key("gcp") == "googlecloud"


def test_an_alias_from_the_settings_goes_through_a_chain_and_past_a_circle() -> None:
    settings = TagSettings(aliases={"Stackdriver": "GCP", "GCP": "GoogleCloud", "a": "b", "b": "a"})
    found = vocabulary(posts(("Stackdriver", "a"), ("GoogleCloud", "b")), settings)
    assert found.key("Stackdriver") == "googlecloud"
    assert found.key("a") == "a"
    assert found.key("b") == "b"


def test_an_address_in_tag_map_is_no_alias_unless_it_is_a_tag() -> None:
    found = vocabulary(posts(("日記",), ("写真",)), tag_map={"日記": "diary"})
    assert set(found.names) == {"日記", "写真"}


def test_redirects_of_pages_are_no_aliases() -> None:
    found = vocabulary(posts(("about",), ("a",)), alias={"about/index.html": "/a/", "/old.html": "/new.html"})
    assert set(found.names) == {"about", "a"}


def test_broader_tags_are_implied_through_and_through() -> None:
    settings = TagSettings(broader={"S3": "AWS", "AWS": ("Cloud",), "Cloud": "AWS"})
    found = vocabulary(posts(("S3",), ("AWS",), ("Cloud",)), settings)
    assert found.meant_by({"s3"}) == {"s3", "aws", "cloud"}
    assert {"s3", "aws", "cloud"} <= found.unfit_for(Post("x.md", "", tags=("S3",)))
    assert "s3" not in found.unfit_for(Post("x.md", "", tags=("AWS",)))


def test_of_a_chain_of_broader_tags_only_the_nearest_are_implied() -> None:
    chain = {f"t{number}": f"t{number + 1}" for number in range(2_000)}
    found = vocabulary(posts(("t0",)), TagSettings(broader=chain))
    assert found.broader["t0"] == {f"t{number}" for number in range(1, 101)}
    assert max(map(len, found.broader.values())) == 100


CHAIN = """
from blog_of_documents import site
from enishi.config import TagSettings
from enishi.tags.vocabulary import read_vocabulary
from enishi.types import Post

last = 30_000
aliases = {f"t{number}": f"t{number + 1}" for number in range(last)}
found, _ = read_vocabulary([Post("a.md", "", tags=("t0",))], site(), TagSettings(aliases=aliases))
assert found.aliases["t0"] == found.aliases["t29999"] == "t30000"
circle, _ = read_vocabulary([], site(), TagSettings(aliases=aliases | {"t30000": "t0"}))
assert not circle.aliases
"""


def test_a_chain_of_aliases_takes_no_time() -> None:
    """Nothing is asserted of seconds; to follow the chain from each of its tags anew runs into the timeout."""
    env = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run([sys.executable, "-c", CHAIN], env=env, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()


def test_an_ontology_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "tags.yml").write_text(
        "S3: [AWS]\nLambda:\n  broader: AWS\nAWS: Cloud\nOdd: [[nested]]\nNothing:\n", encoding="utf-8"
    )
    found, diagnostics = read_vocabulary(
        posts(("S3", "Lambda", "AWS", "Cloud")), site(tmp_path), TagSettings(broader="tags.yml")
    )
    assert found.meant_by({"s3"}) == {"s3", "aws", "cloud"}
    assert found.meant_by({"lambda"}) == {"lambda", "aws", "cloud"}
    assert [(d.path, d.line, d.code) for d in diagnostics] == [("tags.yml", 5, "bad-tag-ontology")]


@pytest.mark.parametrize("text", [None, "a: [", "just text", "- 1\n- 2\n"])
def test_an_ontology_that_cannot_be_read_is_named_and_passed_over(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "tags.yml").write_text(text, encoding="utf-8")
    found, diagnostics = read_vocabulary(posts(("a",)), site(tmp_path), TagSettings(broader="tags.yml"))
    assert found.broader == {}
    assert len(diagnostics) == 1


def test_a_version_implies_its_tag() -> None:
    found = vocabulary(posts(("Go1.27",), ("Go",), ("Vue 3",), ("Vue",), ("ES2015",)))
    assert found.broader == {"go1.27": {"go"}, "vue 3": {"vue"}}


def test_a_version_implies_nothing_where_the_blog_writes_both() -> None:
    assert vocabulary(posts(("Go1.27", "Go"), ("Go1.27", "Go"), ("Go",))).broader == {}


def test_what_is_never_suggested() -> None:
    blog = posts(("a", "b", "c", "d"), ("GCP",), ("GoogleCloud",))
    settings = TagSettings(never=("A",), retired=("b", "GCP"), aliases={"GCP": "GoogleCloud"})
    found = vocabulary(blog, settings)
    assert found.barred == {"a", "b"}
    assert "googlecloud" not in found.barred


def test_only_the_listed_tags() -> None:
    found = vocabulary(posts(("a", "b", "c")), TagSettings(only=("A", "z")))
    assert found.barred == {"b", "c"}
    assert found.is_closed


def test_another_spelling_of_a_tag_that_the_post_has_is_unfit() -> None:
    found = vocabulary(posts(("API",), ("APIs",), ("Web-API",)))
    assert {"api", "apis"} <= found.unfit_for(Post("x.md", "", tags=("apis",)))


def test_the_series_and_the_category_of_a_post_are_unfit() -> None:
    found = vocabulary(posts(("Go",), ("CSS",), ("SQL",), categories=(("Infrastructure",),)))
    post = Post("x.md", "", series="go", categories=(("Web", "css"),))
    assert {"go", "css"} <= found.unfit_for(post)
    assert "sql" not in found.unfit_for(post)


def test_the_name_of_a_category_or_series_is_fit_where_the_blog_repeats_it() -> None:
    blog = posts(*[("Talks",)] * 5, *[("x",)] * 45, categories=(("Talks",),))
    blog += posts(*[("x",)] * 30, ("Go",), ("Go",), categories=(("Misc", "Go"),))
    blog += posts(*[("Diary",)] * 5, ("x",), series="diary")
    found, new = vocabulary(blog), Post("new.md", "", categories=(("Talks",), ("Go",)), series="diary")
    assert {"talks", "go", "diary"} & found.unfit_for(new) == {"go"}


def test_a_post_is_no_witness_for_its_own_category() -> None:
    (tagged, new), others = posts(("Go",), (), categories=(("Go",),)), posts(*[("Go", "CSS")] * 30)
    assert not vocabulary([tagged, *others]).repeated.meant("go", tagged)
    assert vocabulary([tagged, *others]).repeated.meant("go", new)
    untold = posts(*[("x",)] * 5, *[()] * 200, categories=(("Go",),))
    assert vocabulary([tagged, *untold, *others]).repeated.meant("go", new)  # posts without tags say nothing


def test_a_category_of_no_post_follows_the_other_categories() -> None:
    new = Post("new.md", "", categories=(("CSS",),))
    assert "css" not in vocabulary(posts(("Go",), ("CSS", "Go"), categories=(("Go",),))).unfit_for(new)
    assert "css" in vocabulary(
        posts(("x",), ("x",), ("CSS", "Go"), categories=(("Go",),))[:2] + posts(("CSS",))
    ).unfit_for(new)


def test_a_blog_without_tags() -> None:
    found = vocabulary(posts((), ("", " ")))
    assert found.names == {}
    assert found.unfit_for(Post("x.md", "")) == frozenset()


def test_fold_tag_is_stable() -> None:
    for tag in ("İstanbul", "ǅ", "ﬀ", "Ａ"):
        assert fold_tag(fold_tag(tag)) == fold_tag(tag)
