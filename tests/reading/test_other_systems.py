"""What other systems do otherwise, as far as it can be simulated here: names, links, inodes, line ends, time zones."""

from __future__ import annotations

import os
import tomllib
import unicodedata
from pathlib import Path

import pytest

from enishi.generators import detect_site
from enishi.generators.settings import read_start
from enishi.reading import find
from enishi.reading.find import find_files
from enishi.reading.globs import Globs
from places import ROOT


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("---\ntitle: a\n---\nwords\n")


class _Entry:
    """A file as Windows lists it: without a device and an inode."""

    def __init__(self, entry: os.DirEntry[str], junctions: tuple[str, ...]) -> None:
        self._entry, self.name, self.path = entry, entry.name, entry.path
        self.is_dir = entry.is_dir
        self._is_junction = entry.name in junctions

    def is_symlink(self) -> bool:
        return self._entry.is_symlink() and not self._is_junction

    def is_junction(self) -> bool:
        return self._is_junction

    def stat(self) -> os.stat_result:
        return os.stat_result((*self._entry.stat()[:1], 0, 0, *self._entry.stat()[3:]))


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_and_junctions_as_windows_lists_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "site/posts/a.md", "site/posts/real/b.md", "outside/c.md")
    posts = tmp_path / "site" / "posts"
    (posts / "0.md").symlink_to(posts / "a.md")
    (posts / "again").symlink_to(posts / "real")
    (posts / "out").symlink_to(tmp_path / "outside")
    entries = find._entries
    monkeypatch.setattr(find, "_entries", lambda folder: [_Entry(entry, ("again", "out")) for entry in entries(folder)])
    site, _ = detect_site(tmp_path / "site", posts=("posts",))
    files, problems = find_files(site)
    assert [file.path for file in files] == ["posts/a.md", "posts/real/b.md"]
    assert [(problem.path, problem.code) for problem in problems] == [("posts/out", "link-outside-site")]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_file_system_without_inodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "posts/a.md", "posts/b/c.md", "posts/d/e.md")
    (tmp_path / "posts" / "b" / "round").symlink_to(tmp_path / "posts")
    stat = Path.stat
    monkeypatch.setattr(
        Path, "stat", lambda path, **how: os.stat_result((stat(path, **how)[0], 0, *stat(path, **how)[2:]))
    )
    site, _ = detect_site(tmp_path, posts=("posts",))
    assert [file.path for file in find_files(site)[0]] == ["posts/a.md", "posts/b/c.md", "posts/d/e.md"]


def test_a_site_in_the_root_of_a_drive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(tmp_path, "posts/a.md")
    site, _ = detect_site(tmp_path, posts=("posts",))
    search = find._Search(site, (), 1_000)
    search._root = "/"
    monkeypatch.setattr(os.path, "realpath", lambda _: str(tmp_path / "posts" / "a.md"))
    (entry,) = find._entries(str(tmp_path / "posts"))
    assert search._stays_inside(entry, "posts/a.md")


def test_patterns_are_composed_as_paths_are() -> None:
    decomposed = unicodedata.normalize("NFD", "ガイド.md")
    assert decomposed != "ガイド.md"
    assert Globs([decomposed]).match("ガイド.md")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_settings_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "package.json")
    assert read_start(tmp_path / "package.json") == ""


def test_line_ends_of_windows_in_settings(tmp_path: Path) -> None:
    for generator, name, text in (
        ("hexo", "_config.yml", "title: x\r\nurl: https://example.org/blog\r\nskip_render:\r\n  - 'a/*'\r\n"),
        ("hugo", "hugo.toml", 'title = "x"\r\nbaseURL = "https://example.org/blog"\r\n'),
        ("pelican", "pelicanconf.py", "TITLE = 'x'\r\nSITEURL = 'https://example.org/blog'\r\n"),
    ):
        root = tmp_path / generator
        write(root, "source/_posts/a.md", "content/a.md")
        (root / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
        site, problems = detect_site(root, generator=generator)
        assert (site.url, site.root_path, problems) == ("https://example.org/blog", "/blog/", [])


def test_windows_gets_a_database_of_time_zones() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert [line for line in wanted if line.startswith("tzdata") and "win32" in line]
