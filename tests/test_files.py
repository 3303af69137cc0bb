"""Files are read and replaced whole, and nobody's file is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from enishi.errors import OutputError
from enishi.files import (
    NotReplacedError,
    create_file,
    open_regular,
    read_file,
    read_start,
    remove_temporaries,
    replace_file,
    write_temporary,
)

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs POSIX file permissions or links")
not_root = pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write anywhere")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "post.md"
    path.write_bytes(b"old\r\n")
    return path


def names_beside(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


def test_a_file_is_replaced(file: Path) -> None:
    replace_file(file, b"new\r\n", expected=b"old\r\n")
    assert file.read_bytes() == b"new\r\n"
    assert names_beside(file) == ["post.md"]


def test_equal_bytes_are_not_written(file: Path) -> None:
    before = file.stat()
    replace_file(file, b"old\r\n", expected=b"old\r\n")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o664, 0o444])
def test_the_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    replace_file(file, b"new", expected=b"old\r\n")
    assert file.stat().st_mode & 0o7777 == mode


def test_a_file_that_changed_meanwhile_is_left(file: Path) -> None:
    with pytest.raises(NotReplacedError, match="changed meanwhile"):
        replace_file(file, b"new", expected=b"older\r\n")
    assert file.read_bytes() == b"old\r\n"
    assert names_beside(file) == ["post.md"]


def test_a_file_that_changes_while_we_write_is_left(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def author_saves(descriptor: int) -> None:
        sync(descriptor)
        file.write_bytes(b"the author's\n")

    monkeypatch.setattr(os, "fsync", author_saves)
    with pytest.raises(NotReplacedError, match="changed meanwhile"):
        replace_file(file, b"new", expected=b"old\r\n")
    assert file.read_bytes() == b"the author's\n"
    assert names_beside(file) == ["post.md"]


def test_a_file_that_an_editor_replaces_while_we_write_is_left(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def editor_saves(descriptor: int) -> None:
        sync(descriptor)
        other = file.with_name("other")
        other.write_bytes(b"old\r\n")
        other.replace(file)

    monkeypatch.setattr(os, "fsync", editor_saves)
    with pytest.raises(NotReplacedError, match="meanwhile"):
        replace_file(file, b"new", expected=b"old\r\n")
    assert file.read_bytes() == b"old\r\n"


def test_a_file_that_is_gone_is_not_made_anew(file: Path) -> None:
    file.unlink()
    with pytest.raises(NotReplacedError, match="gone"):
        replace_file(file, b"new", expected=b"old\r\n")
    assert names_beside(file) == []


@posix_only
def test_a_symbolic_link_is_never_replaced(file: Path) -> None:
    link = file.with_name("link.md")
    link.symlink_to(file)
    with pytest.raises(NotReplacedError, match="symbolic link"):
        replace_file(link, b"new", expected=b"old\r\n")
    assert link.is_symlink()
    assert file.read_bytes() == b"old\r\n"


@posix_only
def test_a_hard_link_and_a_folder_are_left(file: Path) -> None:
    os.link(file, file.with_name("twin.md"))
    with pytest.raises(NotReplacedError, match="hard link"):
        replace_file(file, b"new", expected=b"old\r\n")
    folder = file.with_name("folder.md")
    folder.mkdir()
    with pytest.raises(NotReplacedError, match="regular file"):
        replace_file(folder, b"new", expected=b"")


@posix_only
@not_root
def test_a_read_only_folder_is_said(file: Path) -> None:
    file.parent.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            replace_file(file, b"new", expected=b"old\r\n")
    finally:
        file.parent.chmod(0o755)
    assert file.read_bytes() == b"old\r\n"


@pytest.mark.parametrize("place", ["open", "fsync", "chmod", "replace"])
def test_a_disk_that_refuses_leaves_the_old_file(file: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if place in ("open", "fsync") else Path, place, refuse)
    with pytest.raises(OutputError, match="No space left") as caught:
        replace_file(file, b"new", expected=b"old\r\n")
    assert not isinstance(caught.value, NotReplacedError)
    assert file.read_bytes() == b"old\r\n"
    assert names_beside(file) == ["post.md"]


# -- what is not an author's post ------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    replace_file(tmp_path / "new.json", b"{}")
    assert (tmp_path / "new.json").read_bytes() == b"{}"
    assert names_beside(tmp_path / "new.json") == ["new.json"]


@posix_only
def test_what_changed_or_has_other_names_is_replaced_where_nothing_is_expected(file: Path) -> None:
    os.link(file, file.with_name("other.md"))
    replace_file(file, b"new", durable=False)
    assert file.read_bytes() == b"new"
    assert file.with_name("other.md").read_bytes() == b"old\r\n"


@posix_only
def test_nothing_is_ever_written_through_a_link(file: Path) -> None:
    link = file.with_name("link.json")
    link.symlink_to(file)
    with pytest.raises(NotReplacedError, match=r"^watch\.json: a symbolic link"):
        replace_file(link, b"new", name="watch.json")
    assert not create_file(link, b"new")
    assert file.read_bytes() == b"old\r\n"


def test_a_file_is_created_but_never_over_another(file: Path) -> None:
    assert not create_file(file, b"new")
    assert file.read_bytes() == b"old\r\n"
    assert create_file(file.with_name("new.md"), b"new")
    assert names_beside(file) == ["new.md", "post.md"]


def test_a_file_is_created_where_there_are_no_hard_links(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse, raising=False)
    assert create_file(file.with_name("new.md"), b"new")
    assert not create_file(file, b"new")
    assert names_beside(file) == ["new.md", "post.md"]


def test_leftovers_are_removed_and_nothing_else(file: Path) -> None:
    write_temporary(file.parent, b"half", durable=False)
    file.with_name(".enishi-mine.tmp~").write_bytes(b"mine")
    remove_temporaries(file.parent)
    remove_temporaries(file.parent / "nowhere")
    assert names_beside(file) == [".enishi-mine.tmp~", "post.md"]


# -- reading ---------------------------------------------------------------------------------------------------------


def test_reading_is_bounded(file: Path) -> None:
    assert read_file(file, 5) == b"old\r\n"
    assert read_start(file, 3) == b"old"
    with pytest.raises(OSError, match="larger than"):
        read_file(file, 4)


@posix_only
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for read in (read_file, open_regular):
        with pytest.raises(OSError, match="not a regular file"):
            read(tmp_path / "pipe")
