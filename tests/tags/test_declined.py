"""A declined tag never returns: not after a rename, an edit, a merge conflict."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from blog_of_documents import document
from enishi.cache import Cache
from enishi.errors import OutputError
from enishi.kept import Kept as KeptValues
from enishi.tags.declined import (
    DECLINED_NAME,
    EMPTY,
    Decline,
    Kept,
    decline_tag,
    match_declines,
    parse_declined,
    read_declined,
    read_kept,
    undecline_tag,
    with_apart,
    with_decline,
    with_untagged,
)
from enishi.tags.sketches import fingerprint, sketches_by
from enishi.types import Document

WORDS = [f"word{number}" for number in range(16)]
POST = document("a.md", "A title", " ".join(WORDS))
OTHER = document("other.md", "Another", "nothing of the kind stands in this text at all, whatever is read into it")


def moved(post: Document, path: str) -> Document:
    return replace(post, post=replace(post.post, path=path))


def test_declines_are_read_back_sorted(tmp_path: Path) -> None:
    assert decline_tag(tmp_path, POST, "NLP")
    assert decline_tag(tmp_path, OTHER, 'a "quoted" \\ tag\t')
    assert decline_tag(tmp_path, POST, "機械学習")
    declines, diagnostics = read_declined(tmp_path)
    assert diagnostics == []
    assert [(d.post, d.tag) for d in declines] == [
        ("a.md", "NLP"),
        ("a.md", "機械学習"),
        ("other.md", 'a "quoted" \\ tag'),
    ]
    lines = (tmp_path / DECLINED_NAME).read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.startswith("  {")]
    assert entries == sorted(entries)
    assert len(entries) == 3


def test_a_decline_is_written_once(tmp_path: Path) -> None:
    assert decline_tag(tmp_path, POST, "NLP")
    before = (tmp_path / DECLINED_NAME).read_bytes()
    assert not decline_tag(tmp_path, POST, "nlp")
    assert (tmp_path / DECLINED_NAME).read_bytes() == before


def test_undecline_takes_back_its_line_only(tmp_path: Path) -> None:
    decline_tag(tmp_path, POST, "NLP")
    before = (tmp_path / DECLINED_NAME).read_bytes()
    decline_tag(tmp_path, OTHER, "NLP")
    assert undecline_tag(tmp_path, moved(OTHER, "elsewhere.md"), "nlp")
    assert (tmp_path / DECLINED_NAME).read_bytes() == before
    assert not undecline_tag(tmp_path, OTHER, "NLP")


def test_what_the_author_wrote_into_the_file_stays(tmp_path: Path) -> None:
    text = (
        '# mine\r\ndeclined = [ # list\r\n  # a comment\r\n  { post = "b.md", tag = "x" } # why\r\n]\r\nother = 1\r\n'
    )
    (tmp_path / DECLINED_NAME).write_bytes(text.encode())
    decline_tag(tmp_path, POST, "NLP")
    decline_tag(tmp_path, moved(POST, "z.md"), "NLP")
    after = (tmp_path / DECLINED_NAME).read_bytes().decode()
    for kept in ("# mine", "# list", "  # a comment", "# why", "other = 1"):
        assert kept in after
    assert [entry["post"] for entry in tomllib.loads(after)["declined"]] == ["a.md", "b.md", "z.md"]
    assert "\n" not in after.replace("\r\n", "")


@pytest.mark.parametrize("text", ["declined = 1\n", 'declined = [{ post = "a", tag = "b" }]\n', "x = 1\n"])
def test_a_file_of_another_shape_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / DECLINED_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(OutputError):
        decline_tag(tmp_path, POST, "NLP")
    assert (tmp_path / DECLINED_NAME).read_text(encoding="utf-8") == text


def test_what_is_to_stay_as_it_is_stands_beside_the_declines(tmp_path: Path) -> None:
    text = with_decline("", POST, "NLP")
    for names in (["b", "B"], ['a "quoted" \\ tag', "a"], ["B", "b"]):
        text = with_apart(text, names)
    for path in ("z.md", "a.md", "z.md"):
        text = with_untagged(text, path)
    text = with_decline(with_apart(text, ["c", "C"]), OTHER, "Go")
    (tmp_path / DECLINED_NAME).write_text(text, encoding="utf-8")
    groups = ({"b", "B"}, {'a "quoted" \\ tag', "a"}, {"c", "C"})
    assert read_kept(tmp_path) == Kept(frozenset(map(frozenset, groups)), frozenset({"a.md", "z.md"}))
    assert [(one.post, one.tag) for one in read_declined(tmp_path)[0]] == [("a.md", "NLP"), ("other.md", "Go")]
    values = tomllib.loads(text)
    assert values["apart"] == sorted(values["apart"])
    assert values["untagged"] == ["a.md", "z.md"]
    assert read_kept(tmp_path / "nowhere") == Kept()


@pytest.mark.parametrize(
    "text", ["[table]\nx = 1\n", "apart = [\n  1, 2\n", EMPTY + "untagged = 1\napart = 2\n", "<<<<<<<\n"]
)
def test_a_list_that_cannot_be_edited_safely_is_left(text: str) -> None:
    with pytest.raises(OutputError):
        with_apart(text, ["a", "A"])
    with pytest.raises(OutputError):
        with_untagged(text, "a.md")


@pytest.mark.parametrize(
    "text", ["apart = 1\nuntagged = 2\n", 'apart = ["a", 1, []]\nuntagged = [1, {}]\n', "apart = [\n"]
)
def test_odd_lists_keep_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / DECLINED_NAME).write_text(text, encoding="utf-8")
    assert read_kept(tmp_path) in (Kept(), Kept(frozenset({frozenset()})))


def test_both_sides_of_a_merge_conflict_are_heeded() -> None:
    text = """declined = [
<<<<<<< ours
  { post = "a.md", tag = "NLP", content = "" },
=======
  { post = "b.md", tag = "Go", content = "" },
>>>>>>> theirs
]
"""
    declines, diagnostics = parse_declined(text)
    assert [(d.post, d.tag) for d in declines] == [("a.md", "NLP"), ("b.md", "Go")]
    assert [(d.line, d.code) for d in diagnostics] == [(2, "bad-declined-file")]


def test_bad_entries_are_named_and_the_others_count() -> None:
    declines, diagnostics = parse_declined('declined = [{ post = "a.md" }, 3, { post = "a.md", tag = "Go" }]')
    assert declines == (Decline("a.md", "Go"),)
    assert len(diagnostics) == 2


def test_no_file_is_no_decline(tmp_path: Path) -> None:
    assert read_declined(tmp_path) == ((), [])


def test_an_unreadable_file_is_named_and_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / DECLINED_NAME).write_bytes(b"\xff\xfe")
    assert len(read_declined(tmp_path)[1]) == 1
    with pytest.raises(OutputError):
        decline_tag(tmp_path, POST, "NLP")


def test_a_decline_follows_a_rename_with_an_edit() -> None:
    declined = [Decline("a.md", "NLP", fingerprint(POST))]
    edited = document("new/name.md", "A better title", " ".join([*WORDS[1:], "word99"]))
    assert match_declines(declined, [edited, OTHER]) == {"new/name.md": {"NLP"}}


def test_a_decline_stays_with_its_path_whatever_is_written_there() -> None:
    declined = [Decline("a.md", "NLP", fingerprint(POST))]
    rewritten = moved(OTHER, "a.md")
    assert match_declines(declined, [rewritten]) == {"a.md": {"NLP"}}
    assert match_declines(declined, [rewritten, moved(POST, "b.md")]) == {"a.md": {"NLP"}, "b.md": {"NLP"}}


def test_a_copy_of_the_post_is_not_declined_for() -> None:
    declined = [Decline("a.md", "NLP", fingerprint(POST))]
    assert match_declines(declined, [POST, moved(POST, "copy.md")]) == {"a.md": {"NLP"}}


def test_declines_of_the_settings_belong_to_paths() -> None:
    assert match_declines([], [POST], {"a.md": ("Go",), "gone.md": ("Go",)}) == {"a.md": {"Go"}}


def test_the_sketch_knows_nothing_of_tags_and_titles() -> None:
    other = document("b.md", "Something else", " ".join(reversed(WORDS)), ["x"])
    assert fingerprint(other) == fingerprint(POST)
    assert fingerprint(document("c.md", "Empty", "")) == ""
    assert match_declines([Decline("gone.md", "x", "")], [document("c.md", "Empty", "")]) == {}


def test_the_posts_of_a_blog_are_sketched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declined = [Decline("gone.md", "NLP", fingerprint(POST))]
    renamed = moved(POST, "new.md")
    for documents, made in (([OTHER, renamed], 2), ([OTHER, renamed], 0), ([OTHER, moved(POST, "again.md")], 1)):
        seen: list[Document] = []

        def work(one: Document, seen: list[Document] = seen) -> str:
            seen.append(one)
            return fingerprint(one)

        monkeypatch.setattr("enishi.tags.sketches.fingerprint", work)
        with Cache(tmp_path / "cache.db") as cache:
            found = match_declines(declined, documents, sketches=sketches_by(KeptValues(cache)))
        assert (found, len(seen)) == ({documents[1].post.path: {"NLP"}}, made)
