"""What changed is found in real repositories, whatever they hold, and nothing of theirs is run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from enishi.commands.check.git import Changes, GitError, Repository
from enishi.commands.check.line_edits import added_lines
from enishi.reading.documents import PostFile
from repository import ENVIRONMENT, branch, commit, git, repository

LINES = "".join(f"line {number} of a post that goes on for a while\n" for number in range(20))


@pytest.fixture(autouse=True)
def _no_settings_of_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("GIT_", "GITHUB_", "CI_")):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    """Three posts in main, and a branch for more."""
    root = tmp_path / "blog"
    (root / "posts").mkdir(parents=True)
    for name in ("a", "b", "c"):
        (root / "posts" / f"{name}.md").write_text(f"# {name}\n\n{LINES}{name}\n")
    repository(root)
    branch(root)
    return root


def changes(site: Path, base: str = "", folder: str = "posts", unread: tuple[str, ...] = ()) -> Changes:
    found = [
        PostFile.of(file.relative_to(site).as_posix(), file, file.read_bytes())
        for file in sorted((site / folder).rglob("*.md"))
        if file.is_file()
    ]
    asked = Repository(site)
    return asked.compare(asked.base(base), found, unread)


def paths(site: Path, base: str = "") -> list[str]:
    return list(changes(site, base).posts)


def old_blobs(site: Path, *names: str) -> list[str]:
    return [git(site, "rev-parse", f"main:./{name}") if name else "" for name in names]


def test_nothing_changed(blog: Path) -> None:
    found = changes(blog, "main")
    assert (dict(found.posts), found.notes) == ({}, ())
    assert found.base == git(blog, "rev-parse", "main")


def test_new_changed_and_uncommitted_posts(blog: Path) -> None:
    (blog / "posts" / "new.md").write_text("new")
    (blog / "posts" / "a.md").write_text("changed")
    commit(blog)
    (blog / "posts" / "untracked.md").write_text("not added")
    (blog / "posts" / "b.md").write_text("not committed")
    (blog / "posts" / "c.md").unlink()
    found = changes(blog, "main")
    assert list(found.posts) == [f"posts/{name}.md" for name in ("a", "b", "new", "untracked")]
    assert found.posts["posts/new.md"] == ""
    assert found.posts["posts/a.md"] == git(blog, "rev-parse", "main:posts/a.md")


def test_what_is_staged_but_taken_back_is_no_change(blog: Path) -> None:
    before = (blog / "posts" / "a.md").read_bytes()
    (blog / "posts" / "a.md").write_text("staged")
    git(blog, "add", "-A")
    (blog / "posts" / "a.md").write_bytes(before)
    assert paths(blog, "main") == []


def test_an_ignored_post_is_no_new_one(blog: Path) -> None:
    (blog / ".gitignore").write_text("posts/private-*\n")
    (blog / "posts" / "private-é.md").write_text("mine")
    (blog / "posts" / "public.md").write_text("ours")
    assert paths(blog, "main") == ["posts/public.md"]


def test_renames_with_and_without_edits(blog: Path) -> None:
    (blog / "posts" / "a.md").rename(blog / "posts" / "moved.md")
    text = (blog / "posts" / "b.md").read_text()
    (blog / "posts" / "b.md").unlink()
    (blog / "posts" / "edited.md").write_text(text + "one more line\n")
    (blog / "posts" / "other.md").write_text("something else\n")
    commit(blog)
    found = changes(blog, "main")
    assert list(found.posts) == ["posts/edited.md", "posts/moved.md", "posts/other.md"]
    assert list(found.posts.values()) == old_blobs(blog, "posts/b.md", "posts/a.md", "")
    assert Repository(blog).read(found.posts.values()) == {
        found.posts["posts/edited.md"]: text.encode(),
        found.posts["posts/moved.md"]: (blog / "posts" / "moved.md").read_bytes(),
    }


def test_a_rename_is_known_as_soon_as_git_knows_both_names(blog: Path) -> None:
    (blog / "posts" / "a.md").rename(blog / "posts" / "moved.md")
    assert dict(changes(blog, "main").posts) == {"posts/moved.md": ""}
    git(blog, "add", "-A")
    (blog / "posts" / "moved.md").write_text("edited since")
    assert list(changes(blog, "main").posts.values()) == old_blobs(blog, "posts/a.md")


def test_more_renames_than_can_be_compared_are_new_posts_unless_they_are_equal(tmp_path: Path) -> None:
    for number in range(101):
        (tmp_path / f"{number}.md").write_text(f"{number}\n{LINES}")
    repository(tmp_path)
    branch(tmp_path)
    for number in range(101):
        (tmp_path / f"{number}.md").unlink()
        (tmp_path / f"new-{number}.md").write_text(f"{number}\n{LINES}" + ("" if number == 7 else "edited\n"))
    commit(tmp_path)
    found = changes(tmp_path, "main", folder=".")
    assert found.posts["new-7.md"] == git(tmp_path, "rev-parse", "main:7.md")
    (tmp_path / "new-7.md").unlink()
    (tmp_path / "7.md").write_text(f"7\n{LINES}edited\n")
    commit(tmp_path)
    assert all(changes(tmp_path, "main", folder=".").posts.values())


def test_posts_and_links_to_them_are_new_alike(blog: Path) -> None:
    (blog / "posts" / "new.md").write_text("new")
    (blog / "posts" / "link.md").symlink_to("new.md")
    assert paths(blog, "main") == ["posts/link.md", "posts/new.md"]


def test_what_main_did_meanwhile_is_not_ours(blog: Path) -> None:
    (blog / "posts" / "mine.md").write_text("mine")
    commit(blog)
    git(blog, "checkout", "-q", "main")
    (blog / "posts" / "theirs.md").write_text("theirs")
    (blog / "posts" / "a.md").write_text("theirs, too")
    commit(blog)
    git(blog, "checkout", "-q", "pull-request")
    assert paths(blog, "main") == ["posts/mine.md"]


def test_names_that_are_hard_to_write(blog: Path) -> None:
    names = [
        "日本語 の記事.md",
        "line\nbreak.md",
        'quo"te.md',
        "back\\slash.md",
        "tab\t.md",
        "-r.md",
        ":(top)x.md",
        "é.md",
    ]
    for name in names:
        (blog / "posts" / name).write_text(name)
    commit(blog)
    assert set(paths(blog, "main")) == {f"posts/{name}" for name in names}
    for name in names:
        (blog / "posts" / name).write_text("changed")
    assert set(paths(blog, "HEAD")) == {f"posts/{name}" for name in names}


def test_a_site_in_a_subfolder(tmp_path: Path) -> None:
    site = tmp_path / "sites" / "blög"
    (site / "posts").mkdir(parents=True)
    (site / "posts" / "a.md").write_text(LINES)
    (tmp_path / "README.md").write_text("about")
    repository(tmp_path)
    branch(tmp_path)
    (site / "posts" / "b.md").write_text("new")
    (site / "posts" / "a.md").rename(site / "posts" / "c.md")
    git(tmp_path, "add", "-A")
    found = changes(site, "main")
    assert Repository(site).prefix == "sites/blög"
    assert Repository(site).top == Path(os.path.realpath(tmp_path))
    assert list(found.posts) == ["posts/b.md", "posts/c.md"]
    assert list(found.posts.values()) == old_blobs(site, "", "posts/a.md")


def test_line_ends_that_git_turns_are_no_change(blog: Path) -> None:
    file = blog / "posts" / "a.md"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert paths(blog, "main") == []


def test_linked_posts_are_compared_by_what_they_lead_to(blog: Path) -> None:
    (blog / "posts" / "link.md").symlink_to("a.md")
    commit(blog)
    assert paths(blog, "HEAD") == []
    (blog / "posts" / "a.md").write_text("changed")
    assert paths(blog, "HEAD") == ["posts/a.md", "posts/link.md"]


def test_files_that_were_not_read(blog: Path) -> None:
    (blog / "posts" / "huge.markdown").write_text("x" * 1000)
    (blog / "posts" / "out.markdown").symlink_to("/etc/hostname")
    unread = ("posts/huge.markdown", "posts/out.markdown")
    assert changes(blog, "main", unread=unread).unread == unread
    commit(blog)
    assert changes(blog, "HEAD", unread=unread).unread == ()


# -- the base --------------------------------------------------------------------------------------------------------


def test_the_base_of_a_pull_request(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = git(blog, "rev-parse", "main")
    git(blog, "branch", "release/2", "main")
    (blog / "posts" / "a.md").write_text("a change")
    middle = commit(blog)
    (blog / "posts" / "b.md").write_text("another")
    commit(blog)
    assert Repository(blog).base("") == start  # the branch main
    git(blog, "update-ref", "refs/remotes/origin/release/3", middle)
    monkeypatch.setenv("GITHUB_BASE_REF", "release/3")
    assert Repository(blog).base("") == middle
    monkeypatch.setenv("GITHUB_BASE_REF", "release/2")
    assert Repository(blog).base("") == start
    monkeypatch.delenv("GITHUB_BASE_REF")
    monkeypatch.setenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "gone")
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", middle)
    assert Repository(blog).base("") == middle
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "0" * 40)
    with pytest.raises(GitError, match="'gone', the base of the pull request, is not in this clone"):
        Repository(blog).base("")


def test_the_default_branch_of_a_clone(blog: Path, tmp_path: Path) -> None:
    git(blog, "checkout", "-q", "main")
    git(blog, "branch", "-m", "main", "trunk")
    git(tmp_path, "clone", "-q", str(blog), "clone")
    clone = tmp_path / "clone"
    branch(clone, "work")
    (clone / "posts" / "a.md").write_text("changed")
    commit(clone)
    assert paths(clone) == ["posts/a.md"]
    assert paths(clone, "trunk") == ["posts/a.md"]


def test_nothing_to_compare_with_is_said(tmp_path: Path, blog: Path) -> None:
    git(blog, "branch", "-m", "main", "trunk")
    with pytest.raises(GitError, match="--base, or check all posts with --all"):
        Repository(blog).base("")
    with pytest.raises(GitError, match="there is no commit 'nowhere'"):
        Repository(blog).base("nowhere")
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(GitError, match="no commit yet"):
        Repository(tmp_path / "empty").base("")
    git(blog, "checkout", "-q", "--orphan", "unrelated")
    commit(blog, "another beginning")
    with pytest.raises(GitError, match="no commit in common"):
        Repository(blog).base("trunk")


def test_no_repository_and_no_git_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GitError, match="name the posts to check, or use --all"):
        Repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git is not installed"):
        Repository(tmp_path)


@pytest.mark.parametrize("ref", ["-x", "--upload-pack=touch x", "--output=x", "a\0b", "$(touch x)", "a b", "..", ":!x"])
def test_names_of_refs_that_are_none(blog: Path, ref: str) -> None:
    with pytest.raises(GitError):
        Repository(blog).base(ref)
    assert not (blog / "x").exists()


@pytest.mark.parametrize("name", ["-x", "--upload-pack=touch x", "$(touch x)", "a..b", "../main"])
def test_names_of_base_branches_that_are_none(blog: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_BASE_REF", name)
    with pytest.raises(GitError):
        Repository(blog).base("")
    assert not (blog / "x").exists()


def test_a_shallow_clone_is_explained(blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (blog / "posts" / "mine.md").write_text("mine")
    commit(blog)
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=pull-request", f"file://{blog}", "shallow")
    shallow = tmp_path / "shallow"
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    with pytest.raises(GitError, match="fetch-depth: 0"):
        Repository(shallow).base("")
    git(shallow, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    found = changes(shallow)
    assert list(found.posts) == ["posts/mine.md"]
    (note,) = found.notes
    assert "shallow" in note
    assert follow(shallow, note) == ["fetch", "--unshallow", "origin", "main:refs/remotes/origin/main"]
    assert changes(shallow).notes == ()


@pytest.mark.parametrize("depth", [(), ("--depth=1",)])
@pytest.mark.parametrize("ref", ["main", "origin/main"])
def test_the_command_that_gets_a_base_does_in_a_clone_of_one_branch(
    blog: Path, tmp_path: Path, depth: tuple[str, ...], ref: str
) -> None:
    (blog / "posts" / "mine.md").write_text("mine")
    commit(blog)
    git(tmp_path, "clone", "-q", *depth, "--single-branch", "--branch=pull-request", f"file://{blog}", "clone")
    with pytest.raises(GitError) as told:
        Repository(tmp_path / "clone").base(ref)
    follow(tmp_path / "clone", str(told.value))
    assert list(changes(tmp_path / "clone", ref).posts) == ["posts/mine.md"]


def follow(clone: Path, told: str) -> list[str]:
    """Runs the git command that a message ends with; its arguments."""
    arguments = told[told.rindex("git fetch") :].split()[1:]
    git(clone, *arguments)
    return arguments


def test_a_partial_clone_is_read_without_fetching(blog: Path, tmp_path: Path) -> None:
    git(blog, "config", "uploadpack.allowFilter", "true")
    (blog / "posts" / "a.md").write_text("changed")
    (blog / "posts" / "b.md").rename(blog / "posts" / "moved.md")
    commit(blog)
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--branch=pull-request", f"file://{blog}", "partial")
    partial = tmp_path / "partial"
    found = changes(partial, "origin/main")
    assert list(found.posts) == ["posts/a.md", "posts/moved.md"]
    assert list(found.posts.values()) == [git(partial, "rev-parse", f"origin/main:posts/{name}.md") for name in "ab"]
    old = found.posts["posts/a.md"]
    here = git(partial, "rev-parse", "HEAD:posts/a.md")
    assert Repository(partial).read([here, old]) == {here: b"changed"}
    shutil.rmtree(blog)  # nobody could have fetched
    assert Repository(partial).read([old, here]) == {}


def test_a_sparse_checkout_removes_nothing(blog: Path) -> None:
    (blog / "more").mkdir()
    (blog / "more" / "d.md").write_text("d")
    commit(blog)
    git(blog, "sparse-checkout", "set", "--no-cone", "/posts/a.md", "/posts/new.md")
    assert not (blog / "posts" / "b.md").exists()
    (blog / "posts" / "a.md").write_text("changed")
    found = changes(blog, "HEAD")
    assert list(found.posts) == ["posts/a.md"]


# -- nothing of the repository is run --------------------------------------------------------------------------------


def test_hostile_settings_of_a_repository_run_nothing(blog: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    trap.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        shutil.copy(trap, hooks / hook)
    (blog / ".gitattributes").write_text("*.md filter=evil diff=evil\n")
    commit(blog)
    (blog / "posts" / "moved.md").write_text((blog / "posts" / "b.md").read_text() + "edited\n")
    (blog / "posts" / "b.md").unlink()
    git(blog, "add", "-A")
    for name in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "diff.external"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "diff.evil.command"),
        *("credential.helper", "gpg.program", "uploadpack.packObjectsHook", "alias.ls-tree"),
    ):
        git(blog, "config", name, str(trap))
    git(blog, "config", "core.hooksPath", str(hooks))
    git(blog, "config", "remote.origin.url", f"ext::{trap}")
    git(blog, "config", "remote.origin.promisor", "true")
    git(blog, "config", "extensions.partialClone", "origin")
    (blog / "posts" / "a.md").write_text("changed")
    (blog / "posts" / "new.md").write_text("new")
    (tmp_path / "ran").unlink(missing_ok=True)
    found = changes(blog, "HEAD").posts
    assert list(found) == ["posts/a.md", "posts/moved.md", "posts/new.md"]
    assert found["posts/moved.md"] == git(blog, "rev-parse", "HEAD:posts/b.md")
    assert Repository(blog).read(["0" * 39 + "1"]) == {}
    assert not (tmp_path / "ran").exists()


def test_the_environment_of_a_hook_does_not_lead_elsewhere(
    blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "touch ran")
    (blog / "posts" / "a.md").write_text("changed")
    assert paths(blog, "main") == ["posts/a.md"]


def test_a_folder_that_looks_like_a_repository_is_none(blog: Path) -> None:
    bare = blog / "site"
    (bare / "posts").mkdir(parents=True)
    (bare / "posts" / "x.md").write_text("x")
    for name in ("objects", "refs"):
        (bare / name).mkdir()
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    (bare / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    with pytest.raises(GitError):
        Repository(bare).base("")


@pytest.mark.parametrize("where", ["posts", "top", "link", "current"])
def test_git_in_the_checkout_or_the_current_folder_is_not_run(
    blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The site is a subfolder: also a git at the top of the repository came with the pull request."""
    current = tmp_path / "current"
    current.mkdir()
    folder = {"posts": blog / "posts", "current": current}.get(where, blog)
    fake = folder / "git"
    fake.write_text("#!/bin/sh\ntouch ran\n")
    fake.chmod(0o755)
    if where == "link":
        (tmp_path / "bin").symlink_to(blog)
        folder = tmp_path / "bin"
    monkeypatch.chdir(current)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(GitError, match="lies in the checkout or the current folder"):
        Repository(blog / "posts")
    assert not list(tmp_path.rglob("ran"))


# -- lines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", set()),
        ("a\nb\nc\n", "a\nx\nc\n", {2}),
        ("a\nb\nc\n", "a\nc\n", set()),
        ("a\nc\n", "a\nb\nc\n", {2}),
        ("", "a\nb", {1, 2}),
        ("a\nb", "", set()),
        ("a\nb\nc\nd\n", "x\na\nc\ny\nd\n", {1, 4}),
        ("a\n" * 5000, "b\n" * 5000 + "a\n", set(range(1, 5001))),
    ],
)
def test_added_lines(old: str, new: str, expected: set[int]) -> None:
    assert added_lines(old.encode(), new.encode()) == expected


def test_posts_in_a_submodule_are_left_to_it(blog: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.md").write_text("x")
    repository(other)
    git(blog, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "posts/sub")
    commit(blog)
    (blog / "posts" / "sub" / "x.md").write_text("changed")
    (blog / "posts" / "a.md").write_text("changed")
    found = changes(blog, "HEAD")
    assert list(found.posts) == ["posts/a.md"]
    assert any("in a submodule" in note for note in found.notes)
