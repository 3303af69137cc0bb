"""A change as a patch, which the real git applies."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.editing.change import Edit, TagChange
from enishi.editing.patch import read_patch, unified_diff
from enishi.editing.plan import plan_edit
from made_up_sites import site_of

NAMES = ["a.md", "source/_posts/a b.md", "日本/機械.md", 'qu"ote.md', "back\\slash.md", "a -> b\t.md"]


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\nd\ne\nf\ng\nh\n", b"a\nb\nc\nd\nX\ne\nf\ng\nh\n"),
        (b"a\r\nb\r\nc\r\nd\r\n", b"a\r\nb\r\nX\r\nc\r\nd\r\n"),
        (b"a\nb", b"a\nb\nX"),
        (b"a\nb", b"X\nb"),
        (b"a\nb\n", b"a\nb"),
        (b"a", b"b"),
        (b"", b"X\n"),
        (b"a\n", b""),
        (b"\xef\xbb\xbf\xff\n\r\x0c\n", b"\xef\xbb\xbf\xff\n\r\x0cX\n"),
        ("日\u2028本\n".encode(), "日\u2028本\x85\n".encode()),
        (b"x\n" * 50 + b"y\n", b"x\n" * 49 + b"y\n"),
    ],
)
def test_git_applies_the_patch_and_its_reverse(name: str, before: bytes, after: bytes, tmp_path: Path) -> None:
    if os.name == "nt" and set(name) & set('"\\>\t'):
        pytest.skip("no such file names on Windows")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(before)
    patch = unified_diff(name, before, after)
    if before:
        git = ["git", "-c", "core.quotepath=off", "-c", "core.autocrlf=false"]
        subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
        file.write_bytes(after)
        shown = subprocess.run([*git, "diff", "--text"], cwd=tmp_path, check=True, capture_output=True).stdout
        assert headers(patch) == headers(shown)
        file.write_bytes(before)
    if before and after:
        subprocess.run(
            ["git", "apply", "--check", "-R", "-"], input=unified_diff(name, after, before), cwd=tmp_path, check=True
        )
    subprocess.run(["git", "apply", "-"], input=patch, cwd=tmp_path, check=True)
    assert file.read_bytes() == after
    subprocess.run(["git", "apply", "-R", "-"], input=patch, cwd=tmp_path, check=True)
    assert file.read_bytes() == before
    (read,) = read_patch(patch)
    assert (read.path, read.applied_to(before), read.applied_to(after)) == (name, after, after)


def headers(patch: bytes) -> list[bytes]:
    """The lines of a patch that name the file."""
    head = patch.split(b"\n@@")[0].split(b"\n")
    return [line for line in head if line.startswith((b"diff ", b"--- ", b"+++ "))]


def test_the_patch_shows_the_one_place() -> None:
    edit = plan_edit(
        b"---\ntitle: A post\ndate: 2024-01-02\ntags: [a]\nx: 1\n---\nBody.\n", TagChange.adding("new"), site_of("hexo")
    )
    assert isinstance(edit, Edit)
    assert unified_diff("p/a.md", edit.before, edit.after).decode() == (
        "diff --git a/p/a.md b/p/a.md\n--- a/p/a.md\n+++ b/p/a.md\n@@ -1,7 +1,7 @@\n ---\n title: A post\n"
        " date: 2024-01-02\n-tags: [a]\n+tags: [a, new]\n x: 1\n ---\n Body.\n"
    )
    assert unified_diff("a", b"same", b"same") == b""


LINES = [b"a\n", b"b\n", b"\r\n", b"---\n", b"+++ b/x\n", b"diff --git a/x b/x\n", b"\xff\r"]
TEXTS = st.lists(st.sampled_from(LINES)).map(b"".join)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_patch_is_read_again_and_applied_once(before: bytes, after: bytes, one: bytes, other: bytes) -> None:
    patch = unified_diff("a.md", before, after) + unified_diff("b.md", one, other)
    read = {file.path: file for file in read_patch(patch)}
    for path, old, new in (("a.md", before, after), ("b.md", one, other)):
        if old != new:
            assert read[path].applied_to(old) == new
            assert read[path].applied_to(new) == new
            assert read[path].applied_to(b"else\n" + new) in (None, b"else\n" + new)


FRONT = ["---\n", "title: A\n", "tags: [a, b]\n", "date: 2024-01-01\n", "---\n", "\n", "body\n", "tags: [a, b]\n"]


@pytest.mark.parametrize("above", [0, 1, 3, 40])
@pytest.mark.parametrize("below", [0, 1])
def test_a_change_is_found_where_other_lines_have_changed(above: int, below: int) -> None:
    before = "".join(FRONT).replace("[a, b]", "[a]", 1).encode()
    (undo,) = read_patch(unified_diff("a.md", "".join(FRONT).encode(), before))
    lines = [*FRONT[:1], *(f"x{number}: 1\n" for number in range(above)), "title: B\n", *FRONT[2:], *["more\n"] * below]
    now = "".join(lines).encode()
    assert undo.applied_to(now) is None
    assert undo.applied_near_to(now) == now.replace(b"[a, b]", b"[a]", 1)


def test_a_line_that_was_taken_out_goes_back_between_the_same_lines() -> None:
    before, after = b"tags:\n- a\n- b\n- c\n---\nbody\n", b"tags:\n- a\n- c\n---\nbody\n"
    (undo,) = read_patch(unified_diff("a.md", after, before))
    assert undo.applied_near_to(b"title: A\nx: 1\n" + after + b"more\n") == b"title: A\nx: 1\n" + before + b"more\n"
    assert undo.applied_near_to(b"title: A\ntags:\n- a\n- d\n- c\n---\n") is None


def test_a_line_that_is_not_there_is_found_nowhere() -> None:
    (undo,) = read_patch(unified_diff("a.md", b"tags: [a, b]\nbody\n", b"tags: [a]\nbody\n"))
    assert undo.applied_near_to(b"tags: [a, b, c]\nbody\n") is None
    assert undo.applied_near_to(b"x\n" * 60 + b"tags: [a, b]\n") is None
    assert undo.applied_near_to(b"") is None
