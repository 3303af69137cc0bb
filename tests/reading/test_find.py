"""Which files of a site hold posts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from enishi.generators.base import Site
from enishi.reading.find import MAX_FILE_BYTES, find_files
from made_up_sites import site_of


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("---\ntitle: a\n---\n")


def found(of: Site, exclude: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    files, problems = find_files(of, exclude)
    assert all(file.file.is_file() for file in files)
    return [file.path for file in files], [f"{p.path} {p.code}" for p in problems]


def test_files_of_a_plain_folder(tmp_path: Path) -> None:
    write(tmp_path, "posts/b.md", "posts/a/c.markdown", "posts/d.txt", "posts/.e/f.md", "posts/g.MDX", "other/h.md")
    write(tmp_path, "posts/日本/が.md", "posts/_drafts/i.md")
    assert found(site_of(root=tmp_path)) == (
        ["posts/_drafts/i.md", "posts/a/c.markdown", "posts/b.md", "posts/g.MDX", "posts/日本/が.md"],
        [],
    )
    assert found(site_of(root=tmp_path), ("a", "*.MDX"))[0] == ["posts/_drafts/i.md", "posts/b.md", "posts/日本/が.md"]


def test_the_whole_folder_is_searched_with_care(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.md",
        "README.md",
        "LICENSE.md",
        "node_modules/x/b.md",
        "vendor/c.md",
        "notes/README.md",
        ".git/d.md",
    )
    assert found(site_of(root=tmp_path, post_folders=(".",)))[0] == ["a.md", "notes/README.md"]


def test_what_hexo_passes_over_is_named(tmp_path: Path) -> None:
    write(tmp_path, *(f"source/_posts/{name}" for name in ("a.md", "_b.md", "_c/d.md", "_c/e.md", "f.MD", ".g/h.md")))
    paths, problems = found(site_of("hexo", tmp_path))
    assert paths == ["source/_posts/a.md"]
    assert problems == [
        *(
            "source/_posts/.g hidden-from-hexo",
            "source/_posts/_b.md hidden-from-hexo",
            "source/_posts/_c hidden-from-hexo",
        ),
        "source/_posts/f.MD suffix-in-capitals",
    ]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links(tmp_path: Path) -> None:
    root = tmp_path / "site"
    write(root, "posts/a.md", "posts/real/b.md", "shared/c.md", "shared/e.txt")
    write(tmp_path, "outside/d.md")
    (root / "posts" / "again").symlink_to(root / "posts" / "real")
    (root / "posts" / "round").symlink_to(root / "posts")
    (root / "posts" / "shared").symlink_to(root / "shared")
    (root / "posts" / "out").symlink_to(tmp_path / "outside")
    (root / "posts" / "out.md").symlink_to(tmp_path / "outside" / "d.md")
    (root / "posts" / "gone.md").symlink_to(root / "nowhere.md")
    (root / "posts" / "0.md").symlink_to(root / "posts" / "a.md")  # each real file once, under its own name
    (root / "posts" / "e.md").symlink_to(root / "shared" / "e.txt")
    (root / "posts" / "f.md").symlink_to(root / "shared" / "e.txt")
    paths, problems = found(site_of(root=root))
    assert paths == ["posts/a.md", "posts/e.md", "posts/real/b.md", "posts/shared/c.md"]
    assert problems == ["posts/out link-outside-site", "posts/out.md link-outside-site"]


def test_names_are_composed_and_large_files_named(tmp_path: Path) -> None:
    write(tmp_path, "posts/e\u0301.md", "posts/big.md")
    with (tmp_path / "posts/big.md").open("ab") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert found(site_of(root=tmp_path)) == (["posts/é.md"], ["posts/big.md file-too-large"])


def test_special_files_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, "posts/a.md")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "posts" / "pipe.md")
    (tmp_path / "posts" / "folder.md").mkdir()
    assert found(site_of(root=tmp_path))[0] == ["posts/a.md"]
