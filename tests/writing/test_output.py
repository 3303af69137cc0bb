"""The writer: what differs is written, what is ours is replaced, what is not ours stays, and no kill confuses it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import enishi.files
from enishi.errors import OutputError, Severity
from enishi.writing import lock
from enishi.writing.manifest import JOURNAL_NAME, MANIFEST_NAME
from enishi.writing.output import WriteReport, outputs_intact, write_outputs, written_files

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs POSIX file permissions, links or fork")
not_root = pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write anywhere")

FIRST = {"related.json": b"{1}", "partials/a.html": b"a1", "partials/b.html": b"b1", "partials/c.html": b"c1"}
SECOND = {"related.json": b"{2}", "partials/a.html": b"a2", "partials/b.html": b"b1", "partials/d.html": b"d2"}

DATA = b'{\n  "version": 1,\n  "posts": {'


def files_in(folder: Path) -> dict[str, bytes]:
    """What a reader finds, without what the writer keeps for itself."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name not in (MANIFEST_NAME, ".gitignore")}


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(folder.rglob("*"))}


# -- writing ---------------------------------------------------------------------------------------------------------


def test_files_appear_with_a_manifest(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    report = write_outputs(out, FIRST)
    assert report == WriteReport(written=tuple(sorted(FIRST)))
    assert files_in(out) == FIRST
    assert written_files(out) == tuple(sorted(FIRST))
    assert outputs_intact(out)
    assert sorted(path.name for path in out.iterdir()) == [MANIFEST_NAME, "partials", "related.json"]
    json.loads((out / MANIFEST_NAME).read_bytes())


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST, ignores_itself=True)
    before = snapshot(tmp_path)
    report = write_outputs(tmp_path, FIRST, ignores_itself=True)
    assert report == WriteReport(unchanged=tuple(sorted(FIRST)))
    assert snapshot(tmp_path) == before


def test_only_what_differs_is_written_and_what_went_is_removed(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST)
    kept = (tmp_path / "partials/b.html").stat()
    report = write_outputs(tmp_path, SECOND)
    assert report == WriteReport(
        written=("partials/a.html", "partials/d.html", "related.json"),
        unchanged=("partials/b.html",),
        removed=("partials/c.html",),
    )
    assert files_in(tmp_path) == SECOND
    now = (tmp_path / "partials/b.html").stat()
    assert (now.st_mtime_ns, now.st_ino) == (kept.st_mtime_ns, kept.st_ino)


def test_folders_that_become_empty_go_too(tmp_path: Path) -> None:
    write_outputs(tmp_path, {"partials/f.html": b"1", "related.json": b"1"})
    write_outputs(tmp_path, {"related.json": b"1"})
    assert not (tmp_path / "partials").exists()
    write_outputs(tmp_path, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST_NAME]


def test_the_same_files_make_the_same_manifest(tmp_path: Path) -> None:
    write_outputs(tmp_path / "one", FIRST)
    write_outputs(tmp_path / "two", SECOND)
    write_outputs(tmp_path / "two", dict(reversed(FIRST.items())))
    assert (tmp_path / "one" / MANIFEST_NAME).read_bytes() == (tmp_path / "two" / MANIFEST_NAME).read_bytes()


def test_a_missing_file_is_written_again(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST)
    (tmp_path / "partials/a.html").unlink()
    assert not outputs_intact(tmp_path)
    assert write_outputs(tmp_path, FIRST).written == ("partials/a.html",)
    assert outputs_intact(tmp_path)


def test_only_our_own_folder_ignores_itself(tmp_path: Path) -> None:
    write_outputs(tmp_path / "site", FIRST, ignores_itself=True)
    write_outputs(tmp_path / "out", FIRST)
    assert (tmp_path / "site" / ".gitignore").read_bytes() == b"*\n"
    assert not (tmp_path / "out" / ".gitignore").exists()
    (tmp_path / "site" / ".gitignore").write_bytes(b"cache.db\n")
    write_outputs(tmp_path / "site", SECOND, ignores_itself=True)
    assert (tmp_path / "site" / ".gitignore").read_bytes() == b"cache.db\n"


# -- what is not ours ------------------------------------------------------------------------------------------------


def test_a_foreign_file_stays_and_is_named(tmp_path: Path) -> None:
    out = tmp_path / "public"
    out.mkdir()
    (out / "related.json").write_bytes(b"mine")
    (out / "other.txt").write_bytes(b"mine too")
    report = write_outputs(out, FIRST)
    assert report.kept == ("related.json",)
    (diagnostic,) = report.diagnostics
    assert (diagnostic.path, diagnostic.code, diagnostic.severity) == (
        "public/related.json",
        "foreign-output",
        Severity.WARNING,
    )
    assert (out / "related.json").read_bytes() == b"mine"
    write_outputs(out, {})
    assert files_in(out) == {"related.json": b"mine", "other.txt": b"mine too"}


def test_an_edited_file_stays_until_it_is_deleted(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST)
    (tmp_path / "related.json").write_bytes(b"edited")
    for _ in range(2):
        report = write_outputs(tmp_path, SECOND)
        assert report.kept == ("related.json",)
        assert [one.code for one in report.diagnostics] == ["edited-output"]
        assert not outputs_intact(tmp_path)
    assert files_in(tmp_path) == SECOND | {"related.json": b"edited"}
    (tmp_path / "related.json").unlink()
    assert write_outputs(tmp_path, SECOND).written == ("related.json",)
    assert files_in(tmp_path) == SECOND


def test_an_edit_undone_makes_the_file_ours_again(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST)
    (tmp_path / "related.json").write_bytes(b"edited")
    write_outputs(tmp_path, SECOND)
    (tmp_path / "related.json").write_bytes(FIRST["related.json"])
    assert write_outputs(tmp_path, SECOND).written == ("related.json",)


def test_an_edited_file_of_a_deleted_post_stays_and_is_named_once(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST)
    (tmp_path / "partials/c.html").write_bytes(b"edited")
    report = write_outputs(tmp_path, SECOND)
    assert (report.kept, report.removed) == (("partials/c.html",), ())
    assert len(report.diagnostics) == 1
    assert write_outputs(tmp_path, SECOND).diagnostics == ()
    assert (tmp_path / "partials/c.html").read_bytes() == b"edited"


def test_a_file_with_our_bytes_is_taken_for_ours(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST)
    (tmp_path / MANIFEST_NAME).unlink()
    assert write_outputs(tmp_path, FIRST) == WriteReport(unchanged=tuple(sorted(FIRST)))
    assert write_outputs(tmp_path, SECOND).kept == ()


def test_what_a_power_cut_left_empty_is_ours(tmp_path: Path) -> None:
    write_outputs(tmp_path, FIRST)
    (tmp_path / "partials/a.html").write_bytes(b"")
    (tmp_path / "partials/b.html").write_bytes(b"\0\0")
    (tmp_path / "partials/c.html").write_bytes(b"")
    assert write_outputs(tmp_path, SECOND).kept == ()
    assert files_in(tmp_path) == SECOND


def test_many_foreign_files_do_not_flood_the_report(tmp_path: Path) -> None:
    many = {f"partials/{number}.html": b"ours" for number in range(100)}
    (tmp_path / "partials").mkdir()
    for name in many:
        (tmp_path / name).write_bytes(b"theirs")
    report = write_outputs(tmp_path, many)
    assert len(report.kept) == 100
    assert len(report.diagnostics) == 11
    assert report.diagnostics[-1].message.startswith("90 more files")


@pytest.mark.parametrize("content", [b'{"name": "a web app", "icons": []}', b"[]", b"plain"])
def test_a_foreign_manifest_is_never_touched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(OutputError, match=r"manifest\.json is in the way"):
        write_outputs(tmp_path, FIRST)
    assert files_in(tmp_path) == {}
    assert (tmp_path / MANIFEST_NAME).read_bytes() == content
    assert not outputs_intact(tmp_path)
    assert written_files(tmp_path) == ()


@pytest.mark.parametrize(
    "damage", [b"", b"\0" * 100, b'{"enishi_manifest": 1,\n"sha2', b'{"enishi_manifest": 1,"sha256":3}']
)
def test_a_damaged_manifest_is_an_empty_one(tmp_path: Path, damage: bytes) -> None:
    write_outputs(tmp_path, FIRST)
    (tmp_path / MANIFEST_NAME).write_bytes(damage)
    assert not outputs_intact(tmp_path)
    report = write_outputs(tmp_path, SECOND)
    assert report.kept == ("partials/a.html", "related.json")  # not known any more, so not replaced
    assert report.unchanged == ("partials/b.html",)


# -- never outside ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/x",
        "a//b",
        "",
        ".",
        "..",
        "a/",
        "C:/x",
        "c:x",
        "a\\..\\..\\x",
        "a\0b",
        "a\nb",
        "x:stream",
        "\ud800",
        "end. /x",
        MANIFEST_NAME,
        JOURNAL_NAME,
        ".gitignore",
    ],
)
def test_a_name_that_leads_out_or_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    out = tmp_path / "a" / "out"
    with pytest.raises(OutputError):
        write_outputs(out, {"good.html": b"1", name: b"x"})
    assert files_in(tmp_path) == {}


@posix_only
@pytest.mark.parametrize("target", ["../elsewhere", "/"])
def test_a_folder_that_is_a_link_out_is_refused(tmp_path: Path, target: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (out / "partials").symlink_to(target)
    with pytest.raises(OutputError, match="leads out of the folder"):
        write_outputs(out, FIRST)
    assert files_in(tmp_path) == {}


@posix_only
def test_nothing_is_removed_through_a_link_that_appeared_later(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    write_outputs(out, FIRST)
    (out / "partials").rename(elsewhere)
    (out / "partials").symlink_to(elsewhere)
    write_outputs(out, {"related.json": b"{2}"})
    assert sorted(path.name for path in elsewhere.iterdir()) == ["a.html", "b.html", "c.html"]


@posix_only
def test_a_target_that_is_a_link_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (out / "related.json").symlink_to(secret)
    report = write_outputs(out, FIRST)
    assert report.kept == ("related.json",)
    assert secret.read_bytes() == b"secret"
    assert (out / "related.json").is_symlink()


@posix_only
def test_a_link_to_the_output_folder_itself_is_the_users_choice(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_outputs(tmp_path / "link", FIRST)
    assert files_in(tmp_path / "real") == FIRST


@posix_only
def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "related.json").mkdir()
    (tmp_path / "partials").mkdir()
    os.mkfifo(tmp_path / "partials" / "a.html")
    report = write_outputs(tmp_path, FIRST)
    assert report.kept == ("partials/a.html", "related.json")


def test_a_file_in_place_of_a_folder_stops_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "partials").write_bytes(b"a file")
    with pytest.raises(OutputError, match="should be a folder"):
        write_outputs(tmp_path, FIRST)
    assert files_in(tmp_path) == {"partials": b"a file"}
    with pytest.raises(OutputError, match="a file is where a folder should be"):
        write_outputs(tmp_path / "partials" / "deeper", FIRST)


# -- a file among the author's own -----------------------------------------------------------------------------------


def test_a_data_file_follows_the_same_rules(tmp_path: Path) -> None:
    state, name = tmp_path / ".enishi" / "data", "source/_data/enishi.json"

    def write(files: Mapping[str, bytes]) -> WriteReport:
        return write_outputs(tmp_path, files, state=state, shown_as="")

    (tmp_path / "source" / "_data").mkdir(parents=True)
    (tmp_path / "source" / "_data" / "menu.yml").write_bytes(b"mine")
    one, two = DATA + b"1", DATA + b"2"
    assert write({name: one}).written == (name,)
    assert write({name: one}).unchanged == (name,)
    assert outputs_intact(tmp_path, state=state)
    (tmp_path / name).write_bytes(b"edited")
    assert [told.path for told in write({name: two}).diagnostics] == [name]
    (tmp_path / name).write_bytes(b"")  # by a power cut
    assert write({name: two}).written == (name,)
    assert write({"data/enishi.json": two}).removed == (name,)
    assert (tmp_path / "source" / "_data" / "menu.yml").read_bytes() == b"mine"
    assert sorted(path.name for path in state.iterdir()) == [MANIFEST_NAME]


# -- when the file system refuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "rror"),
    ],
)
def test_a_refusal_is_explained_and_the_old_output_is_intact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    write_outputs(tmp_path, FIRST)
    original = enishi.files._write_new
    count = iter(range(100))

    def refuse(path: Path, content: bytes, *, durable: bool) -> None:
        if next(count) == 2:
            path.write_bytes(content[:1])
            raise OSError(number, os.strerror(number), os.fspath(path))
        original(path, content, durable=durable)

    monkeypatch.setattr(enishi.files, "_write_new", refuse)
    with pytest.raises(OutputError, match=words):
        write_outputs(tmp_path, SECOND)
    monkeypatch.undo()
    assert files_in(tmp_path) == FIRST
    assert outputs_intact(tmp_path)
    assert write_outputs(tmp_path, SECOND).kept == ()
    assert files_in(tmp_path) == SECOND


@posix_only
@not_root
def test_a_folder_without_permission_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="permission denied"):
            write_outputs(tmp_path / "out", FIRST)
    finally:
        tmp_path.chmod(0o700)


@posix_only
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A limit on file size is refused in the middle of a write, as a full disk is."""
    write_outputs(tmp_path, FIRST)
    code = (
        "import resource, signal\nfrom pathlib import Path\nfrom enishi.writing.output import write_outputs\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        f"write_outputs(Path({os.fspath(tmp_path)!r}), {{'partials/a.html': b'x', 'related.json': b'y' * 9999}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "OutputError: cannot write to" in done.stderr
    assert files_in(tmp_path) == FIRST
    assert outputs_intact(tmp_path)


# -- killed, and two at once -----------------------------------------------------------------------------------------

_TOUCHING = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}


def killed_before(step: int, work: Callable[[], Any]) -> bool:
    """Runs the work in a child that is gone, without any clean-up, before its step-th touch of the file system.

    False if the work was done before it came to that.
    """
    child = os.fork()
    if child == 0:
        left = [step]

        def hook(event: str, _: Any) -> None:
            if event in _TOUCHING:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        try:
            sys.addaudithook(hook)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


@posix_only
@pytest.mark.parametrize("then", ["same", "newer", "older", "twice"])
def test_killed_at_any_step_the_next_run_is_right(tmp_path: Path, then: str) -> None:
    """For every step: two builds, the second killed; then files that differ from both, with one edited by hand."""
    newer = {"related.json": b"{3}", "partials/b.html": b"b3", "partials/d.html": b"d3", "partials/e.html": b"e3"}
    step = 0
    while True:
        out = tmp_path / str(step)
        write_outputs(out, FIRST, ignores_itself=True)
        (out / "partials" / "b.html").write_bytes(b"edited by hand")
        killed = killed_before(step, lambda out=out: write_outputs(out, SECOND, ignores_itself=True))  # type: ignore[misc]
        for name, content in files_in(out).items():
            if not name.endswith("~") and name != JOURNAL_NAME:
                whole = {FIRST.get(name), SECOND.get(name), b"edited by hand"}
                assert content in whole, (step, name)
        if then == "twice":  # the next run is killed at the same step, and only the one after that lives
            killed_before(step, lambda out=out: write_outputs(out, newer, ignores_itself=True))  # type: ignore[misc]
        last = {"same": SECOND, "newer": newer, "older": FIRST, "twice": FIRST}[then]
        report = write_outputs(out, last, ignores_itself=True)
        assert report.kept == ("partials/b.html",), (step, report)
        assert files_in(out) == {**last, "partials/b.html": b"edited by hand"}, step
        assert written_files(out) == tuple(sorted(last)), step
        leftovers = [path for path in out.rglob("*") if path.name.endswith("~") or path.name == JOURNAL_NAME]
        assert leftovers == [], step
        (out / "partials" / "b.html").unlink()
        write_outputs(out, last, ignores_itself=True)
        assert outputs_intact(out), step
        if not killed:
            break
        step += 1
    assert step > 20


@posix_only
def test_killed_at_any_step_of_the_first_run(tmp_path: Path) -> None:
    step = 0
    while True:
        out = tmp_path / str(step)
        killed = killed_before(step, lambda out=out: write_outputs(out, FIRST, ignores_itself=True))  # type: ignore[misc]
        assert not killed or not outputs_intact(out) or files_in(out) == FIRST
        assert write_outputs(out, SECOND, ignores_itself=True).kept == (), step
        assert files_in(out) == SECOND, step
        assert (out / ".gitignore").read_bytes() == b"*\n"
        assert outputs_intact(out)
        if not killed:
            break
        step += 1


@posix_only
def test_builds_at_once_leave_one_of_their_results(tmp_path: Path) -> None:
    out = tmp_path / "out"
    results = [{f"partials/{n}.html": bytes([65 + who]) * 50 for n in range(who, who + 30)} for who in range(4)]
    children = []
    for files in results:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                reports = [write_outputs(out, files, ignores_itself=True) for _ in range(10)]
                code = 2 if any(report.kept for report in reports) else 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert files_in(out) in results
    assert outputs_intact(out)


@posix_only
def test_a_build_that_waits_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_PATIENCE", 0.05)
    with lock.locked(tmp_path), pytest.raises(OutputError, match="another build"):
        write_outputs(tmp_path, FIRST)


# -- intact ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: (out / "related.json").write_bytes(b"{x}"),
        lambda out: (out / "related.json").unlink(),
        lambda out: (out / MANIFEST_NAME).unlink(),
        lambda out: (out / JOURNAL_NAME).write_bytes(b""),
        lambda out: ((out / "related.json").unlink(), (out / "related.json").mkdir()),
    ],
)
def test_anything_amiss_is_not_intact(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    write_outputs(tmp_path, FIRST)
    assert outputs_intact(tmp_path)
    spoil(tmp_path)
    assert not outputs_intact(tmp_path)


def test_a_folder_that_is_not_there_is_not_intact(tmp_path: Path) -> None:
    assert not outputs_intact(tmp_path / "nowhere")
