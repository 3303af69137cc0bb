"""Decisions outlive merges, broken lines and other writers; a line that is none costs no other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from blog_of_documents import document
from enishi.errors import OutputError
from enishi.files import replace_file
from enishi.tags import decisions as module
from enishi.tags.decisions import (
    DECISIONS_NAME,
    Decision,
    forget_decision,
    keep_decision,
    keep_decisions,
    parse_decisions,
    read_decisions,
)
from enishi.tags.sketches import fingerprint
from enishi.types import Evidence, Neighbor, TagSuggestion, TopicShare

EVIDENCE = Evidence((Neighbor("b.md", 0.5123),), TopicShare(3, 11, 13), 2, ("spaCy", "形態素"))
POST = document("a.md", "A title", " ".join(f"word{number}" for number in range(16)))
ADDED = Decision.about(POST, TagSuggestion("NLP", 0.83, EVIDENCE), "added")
DECLINED = Decision("b.md", "機械学習", "declined", 0.4)


def bytes_of(root: Path) -> bytes:
    return (root / DECISIONS_NAME).read_bytes()


def test_a_decision_is_read_back_as_it_was(tmp_path: Path) -> None:
    keep_decision(tmp_path, DECLINED)
    keep_decision(tmp_path, ADDED)
    assert read_decisions(tmp_path) == ((ADDED, DECLINED), [])
    assert ADDED.content == fingerprint(POST)
    first = json.loads(bytes_of(tmp_path).splitlines()[0])
    assert first == {
        "post": "a.md",
        "tag": "NLP",
        "verdict": "added",
        "confidence": 0.83,
        "evidence": {
            "neighbors": [{"path": "b.md", "score": 0.5123}],
            "topic": {"id": 3, "with_tag": 11, "posts": 13},
            "mentions": 2,
            "terms": ["spaCy", "形態素"],
        },
        "content": fingerprint(POST),
    }


def test_the_same_decisions_are_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    decisions = [Decision(f"{number % 4}.md", f"tag{number}", "added", 0.5) for number in range(12)]
    for name, some in (("forward", decisions), ("backward", decisions[::-1])):
        (tmp_path / name).mkdir()
        for one in some:
            keep_decision(tmp_path / name, one)
    (tmp_path / "at once").mkdir()
    keep_decisions(tmp_path / "at once", decisions[6:] + decisions[:6])
    assert bytes_of(tmp_path / "forward") == bytes_of(tmp_path / "backward")
    found, _ = parse_decisions(bytes_of(tmp_path / "forward"))
    assert [(one.post, one.tag) for one in found] == sorted((one.post, one.tag) for one in decisions)
    assert parse_decisions(bytes_of(tmp_path / "at once"))[0] == found


def test_a_second_decision_replaces_the_first(tmp_path: Path) -> None:
    keep_decision(tmp_path, ADDED)
    changed = Decision("a.md", "nlp", "declined", 0.7)
    keep_decisions(tmp_path, [changed, DECLINED])
    assert read_decisions(tmp_path)[0] == (changed, DECLINED)


def test_a_decision_is_forgotten_also_where_the_post_has_moved(tmp_path: Path) -> None:
    keep_decisions(tmp_path, [ADDED, DECLINED])
    assert not forget_decision(tmp_path, "elsewhere.md", "NLP")
    assert forget_decision(tmp_path, "elsewhere.md", "nlp", ADDED.content)
    assert read_decisions(tmp_path)[0] == (DECLINED,)
    assert forget_decision(tmp_path, "b.md", "機械学習")
    assert not forget_decision(tmp_path, "b.md", "機械学習")
    assert bytes_of(tmp_path) == b""
    assert read_decisions(tmp_path) == ((), [])


def test_without_a_file_there_is_nothing_to_read_or_forget(tmp_path: Path) -> None:
    assert read_decisions(tmp_path) == ((), [])
    assert not forget_decision(tmp_path, "a.md", "NLP")
    keep_decisions(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


LINE = '{"post": "z.md", "tag": "x", "verdict": "added", "confidence": 0.5}'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("<<<<<<< HEAD", "merge conflict"),
        ("=======", "merge conflict"),
        ("{", "Invalid JSON"),
        ("[" * 10_000, "Invalid JSON"),
        ('{"post": "' + "x" * 70_000 + '"}', "longer than 64 kB"),
        ("\udcff", "Invalid JSON"),
        ("null", "object"),
        (LINE.replace("added", "perhaps"), "verdict"),
        (LINE.replace("0.5", "NaN"), "confidence"),
        (LINE.replace("0.5", "1e999"), "confidence"),
        (LINE.replace("0.5", "-0.1"), "confidence"),
        (LINE.replace("0.5", "true"), "confidence"),
        (LINE.replace('"z.md"', '""'), "post"),
        (LINE.replace('"x"', '" "'), "tag"),
        (LINE.replace('"x"', "7"), "tag"),
        (LINE[:-1] + ', "evidence": {"mentions": ' + "9" * 5000 + "}}", "JSON"),
        (LINE[:-1] + ', "later": ' + "[" * 5000 + "]" * 5000 + "}", "JSON"),
    ],
)
def test_a_bad_line_is_named_and_costs_no_other(tmp_path: Path, line: str, reason: str) -> None:
    before = LINE.encode() + b"\r\n" + line.encode("utf-8", "surrogateescape")
    (tmp_path / DECISIONS_NAME).write_bytes(before)
    found, [problem] = read_decisions(tmp_path)
    assert [one.post for one in found] == ["z.md"]
    assert str(problem).startswith(f"{DECISIONS_NAME}:2: warning: ")
    assert reason in problem.message
    assert len(problem.message) < 400
    keep_decision(tmp_path, ADDED)
    after = bytes_of(tmp_path)
    assert after.endswith(before + b"\r\n")
    assert read_decisions(tmp_path)[0][0] == ADDED


def test_what_a_later_version_adds_to_a_line_is_passed_over() -> None:
    found, problems = parse_decisions(b"\xef\xbb\xbf" + LINE[:-1].encode() + b', "by": "me"}\n\n')
    assert [one.tag for one in found] == ["x"]
    assert problems == []


def test_many_bad_lines_are_named_in_a_few_messages() -> None:
    _, problems = parse_decisions(b"\0\n" * 1000)
    assert len(problems) == 11
    assert "990 more" in problems[-1].message


def test_a_file_of_very_many_lines_is_read_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_LINES", 3)
    lines = [LINE.replace("z.md", f"{number}.md").encode() for number in range(4)]
    assert parse_decisions(b"\n".join(lines[:3]) + b"\n")[1] == []
    found, [problem] = parse_decisions(b"\n".join(lines))
    assert [one.post for one in found] == ["0.md", "1.md", "2.md"]
    assert problem.line == 4


def test_a_file_that_is_too_large_teaches_nothing_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_BYTES", 100)
    (tmp_path / DECISIONS_NAME).write_bytes(before := LINE.encode() + b"\n" + LINE.encode())
    found, problems = read_decisions(tmp_path)
    assert found == ()
    assert [one.code for one in problems] == ["bad-decisions-file"]
    with pytest.raises(OutputError):
        keep_decision(tmp_path, ADDED)
    assert bytes_of(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / DECISIONS_NAME)
    assert len(read_decisions(tmp_path)[1]) == 1
    with pytest.raises(OutputError):
        keep_decision(tmp_path, ADDED)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_not_written_through(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "another"
    if exists:
        target.write_text("mine\n")
    (tmp_path / DECISIONS_NAME).symlink_to(target)
    with pytest.raises(OutputError):
        keep_decision(tmp_path, ADDED)
    assert target.exists() == exists
    assert not exists or target.read_text() == "mine\n"


def test_what_somebody_else_writes_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_decision(tmp_path, DECLINED)
    others = iter([Decision("c.md", "Go", "added", 0.9), Decision("0.md", "Go", "added", 0.9)])

    def after_another(file: Path, data: bytes, **options: object) -> None:
        other = next(others, None)
        if other is not None:
            file.write_bytes(bytes_of(tmp_path) + module._line(other) + b"\n")
        replace_file(file, data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "replace_file", after_another)
    keep_decision(tmp_path, ADDED)
    assert {one.post for one in read_decisions(tmp_path)[0]} == {"0.md", "a.md", "b.md", "c.md"}


def test_whoever_makes_the_file_first_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_file = module.create_file

    def after_another(file: Path, data: bytes) -> bool:
        file.write_bytes(module._line(DECLINED) + b"\n")
        return create_file(file, data)

    monkeypatch.setattr(module, "create_file", after_another)
    keep_decision(tmp_path, ADDED)
    assert read_decisions(tmp_path)[0] == (ADDED, DECLINED)
