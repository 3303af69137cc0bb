"""Lists that were published last: what they change, what they do not, and that any file is taken or refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog import document, post_text, topic_posts, topic_text, vectors_at, write_blog
from enishi import state
from enishi.cli import main
from enishi.config import RelatedSettings
from enishi.pipeline import BuildReport, build
from enishi.related.explain import explain_place
from enishi.related.policy import find_related
from enishi.related.published import PublishedLists, changed_lists, parse_published
from enishi.state import Request

RULES = RelatedSettings(min_score=0.5, max_share=0)


def parsed(posts: object) -> PublishedLists:
    return parse_published(json.dumps({"version": 1, "posts": posts}).encode())


def names(angles: Mapping[str, float], published: PublishedLists | None, rules: RelatedSettings = RULES) -> list[str]:
    """The list of `a`, of posts at some angles."""
    documents = [document(f"{name}.md", day=number) for number, name in enumerate(sorted(angles))]
    vectors = vectors_at(*(angles[name] for name in sorted(angles)))
    found = find_related(documents, vectors, {}, rules, backend="exact", published=published)
    return [entry.path.removesuffix(".md") for entry in found.lists["a.md"]]


def showing(*others: str, there: str = "abcd") -> PublishedLists:
    """`a` showed these, and `there` were all posts."""
    lists: dict[str, Sequence[str]] = {f"{name}.md": () for name in there}
    return {**lists, "a.md": [f"{name}.md" for name in others]}


# -- near-ties ---------------------------------------------------------------------------------------------------------


def test_what_was_shown_keeps_its_place_until_another_is_clearly_nearer() -> None:
    near_tie = {"a": 0, "b": 20, "c": 20.5, "d": 40}
    assert names(near_tie, None) == ["b", "c", "d"]
    assert names(near_tie, showing("c", "b", "d")) == ["c", "b", "d"]
    assert names({**near_tie, "c": 24}, showing("c", "b", "d")) == ["b", "c", "d"]


def test_three_near_ties_keep_their_order_though_the_last_is_nearest() -> None:
    assert names({"a": 0, "b": 20, "c": 21, "d": 22}, showing("d", "c", "b")) == ["d", "c", "b"]


def test_what_was_not_shown_comes_in_only_where_it_is_clearly_nearer() -> None:
    one = RULES.model_copy(update={"limit": 1})
    assert names({"a": 0, "b": 20, "c": 21, "d": 80}, showing("c"), one) == ["c"]
    assert names({"a": 0, "b": 20, "c": 30, "d": 80}, showing("c"), one) == ["b"]


def test_a_new_post_comes_in_by_its_score_alone() -> None:
    one = RULES.model_copy(update={"limit": 1})
    assert names({"a": 0, "b": 20, "c": 20.5, "d": 80}, showing("c", there="acd"), one) == ["b"]


def test_near_the_least_score_what_was_shown_stays_and_what_was_not_stays_out() -> None:
    angles = {"a": 0, "b": 59, "c": 61, "d": 80}  # cosines of .515 and .485
    assert names(angles, None) == ["b"]
    assert names(angles, showing("c")) == ["c"]
    assert names(angles, showing("b")) == ["b"]


def test_posts_that_are_gone_and_posts_that_never_were_do_no_harm() -> None:
    published = {**showing("gone", "c", "c", "a", "b"), "nowhere.md": ["a.md"]}
    assert names({"a": 0, "b": 20, "c": 20.5}, published) == ["c", "b"]


def test_explain_says_why_a_near_post_is_not_listed() -> None:
    documents = [document(f"{name}.md") for name in "abc"]
    vectors = vectors_at(0, 59, 20)
    place = explain_place(documents, vectors, {}, RULES, "a.md", "b.md", backend="exact", published=showing("c"))
    assert place.there == "not listed: it was not listed before, and is above the least score (0.5000) by too little"


# -- what changed ------------------------------------------------------------------------------------------------------


def test_changed_lists_are_near_what_is_new_gone_or_named_or_they_are_elsewhere() -> None:
    before = {"a": ["b"], "b": ["a", "c"], "c": ["a"], "d": ["gone"], "e": ["a"], "gone": []}
    now = {"a": ["b"], "b": ["c", "a"], "c": ["new", "a"], "d": ["a"], "e": ["b"], "new": ["a"]}
    changed = changed_lists(before, now, {"e"})
    assert changed.near == ("c", "d", "e")
    assert changed.elsewhere == ("b",)


# -- files -------------------------------------------------------------------------------------------------------------


def test_related_json_and_a_data_file_are_understood() -> None:
    entry = {"path": "b.md", "title": "B", "score": 0.5}
    assert parsed({"a.md": {"title": "A", "related": [entry]}, "b.md": {"related": []}}) == {
        "a.md": ["b.md"],
        "b.md": [],
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'{"posts": []}',
        b'{"posts": {"a": []}}',
        b'{"posts": {"a": {"related": {}}}}',
        b'{"posts": {"a": {"related": ["b"]}}}',
        b'{"posts": {"a": {"related": [{"path": 1}]}}}',
        b"1" * 5000,
        b"[" * 200_000,
    ],
)  # fmt: skip
def test_anything_else_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_published(data)


scalars = st.none() | st.booleans() | st.floats() | st.text() | st.integers()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["posts", "related", "path", "a.md"]), inner),
)


@given(values)
def test_any_json_is_taken_or_refused(value: object) -> None:
    try:
        lists = parse_published(json.dumps(value).encode())
    except ValueError:
        return
    assert names({"a": 0, "b": 20}, lists) == ["b"]


# -- whole builds ------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(8))


def run(site: Path, previous: Path | None = None, **more: Any) -> BuildReport:
    return build(Request(site, previous=previous, **more))


def lists_of(folder: Path) -> PublishedLists:
    return parse_published((folder / "related.json").read_bytes())


def add_post(site: Path) -> str:
    path = "source/_posts/new.md"
    (site / path).write_text(post_text("New", topic_text("tea", 99), day=500), "utf-8")
    return path


def test_a_new_post_changes_fewer_lists_that_do_not_show_it(site: Path, tmp_path: Path) -> None:
    run(site, out=tmp_path / "before")
    add_post(site)
    run(site, out=tmp_path / "afresh")
    run(site, tmp_path / "before/related.json", out=tmp_path / "steady")
    before, afresh, steady = (lists_of(tmp_path / name) for name in ("before", "afresh", "steady"))
    assert len(changed_lists(before, afresh).elsewhere) > len(changed_lists(before, steady).elsewhere)


def test_the_published_lists_are_an_input_like_any_other(site: Path, tmp_path: Path) -> None:
    run(site, out=tmp_path / "before")
    previous = tmp_path / "before/related.json"
    add_post(site)
    first = run(site, previous)
    assert not first.is_unchanged
    assert run(site, previous).is_unchanged
    lists = (site / ".enishi/related.json").read_bytes()
    assert not run(site).is_unchanged
    assert not run(site, previous).is_unchanged  # whatever was built in between
    assert (site / ".enishi/related.json").read_bytes() == lists


def test_a_blogs_own_output_may_be_the_published_lists(site: Path) -> None:
    own = site / ".enishi/related.json"
    assert Counter(told.code for told in run(site, own).diagnostics) == {"bad-previous": 1}
    lists = own.read_bytes()
    run(site, own)
    assert own.read_bytes() == lists
    assert run(site, own).is_unchanged


def test_a_file_that_is_none_or_says_nothing_is_told_and_changes_nothing(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(site)
    afresh = (site / ".enishi/related.json").read_bytes()
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("\x1b[2J<html>")
    (tmp_path / "large").write_bytes(b" " * 65)
    (tmp_path / "index").write_text('{\n "version": 2, "shards": ["related/00.json"]}')
    (tmp_path / "related").mkdir()
    (tmp_path / "related/00.json").write_text('{"version": 1, "posts": {}}')  # together more than 64 bytes
    monkeypatch.setattr(state, "_LARGEST_PREVIOUS", 64)
    for name, reason in [
        ("missing", "No such file"),
        ("folder", "not a regular file"),
        ("text", "Expecting value"),
        ("large", "larger than"),
        ("index", "larger than"),
        ("null\0", "null byte"),
    ]:
        for _ in range(2):  # the second is told by what the first left
            told = [one for one in run(site, tmp_path / name).diagnostics if one.code == "bad-previous"]
            assert [one.path for one in told] == [name]
            assert reason in told[0].message
        assert (site / ".enishi/related.json").read_bytes() == afresh


def test_explain_and_lists_in_sources_take_it_too(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(site)
    afresh = lists_of(site / ".enishi")
    backwards = {name: {"related": [{"path": other} for other in others[::-1]]} for name, others in afresh.items()}
    previous = tmp_path / "previous.json"
    previous.write_text(json.dumps({"version": 1, "posts": backwards}))
    run(site, previous)
    steady = lists_of(site / ".enishi")
    path = next(name for name in afresh if set(afresh[name]) == set(steady[name]) and afresh[name] != steady[name])
    other = next(one for one, now in zip(afresh[path], steady[path], strict=True) if one != now)
    patches = []
    for lists, options in ((afresh, []), (steady, ["--previous", str(previous)])):
        assert main(["explain", path, other, "--site", str(site), *options]) == 0
        assert f"listed at place {lists[path].index(other) + 1} of" in capsys.readouterr().out
        write = ["related", path, "--write", "--guesses", "--dry-run", "--home", "https://example.org"]
        assert main([*write, "--site", str(site), *options]) == 0
        patches.append(capsys.readouterr().out)
    assert patches[0] != patches[1]
