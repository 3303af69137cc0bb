"""Which posts differ from a base commit, asked of git without trusting the repository.

The posts on the disk are compared with the tree of the merge base by their hashes, so new, changed and uncommitted
posts are treated alike, and no filter, diff driver, hook or monitor that the repository's settings name is ever run.
git may not fetch anything: where a shallow or partial clone lacks something, a message says so and how to get it.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from unicodedata import normalize

from enishi.errors import EnishiError
from enishi.reading.documents import PostFile
from enishi.text.plural import counted
from enishi.text.printable import shell_word

TIMEOUT = 120
"""Seconds that one git command may take."""
_NEUTRAL = (
    *("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.pager=", "core.askPass=", "core.sshCommand=false"),
    *("diff.external=", "core.attributesFile=", "protocol.allow=never", "safe.bareRepository=explicit"),
    *("core.quotePath=false", "credential.helper=", "gc.auto=0", "maintenance.auto=false"),
)
"""Overrides every setting by which a repository could make git run a program or use the network."""
_PULL_REQUEST_BRANCHES = (
    *("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "BITBUCKET_PR_DESTINATION_BRANCH", "CHANGE_TARGET"),
    *("SYSTEM_PULLREQUEST_TARGETBRANCH", "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "DRONE_TARGET_BRANCH"),
)
"""Environment variables in which CI services name the branch that a pull request is to be merged into."""
_PULL_REQUEST_COMMIT = "CI_MERGE_REQUEST_DIFF_BASE_SHA"
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_LARGEST_HASHED = 64 * 1024 * 1024
"""A larger file counts as changed."""
_MOST_RENAMES = 100
"""The square of this is how many pairs of files git compares in search of renames, at most."""


class GitError(EnishiError):
    """What changed cannot be determined; the message says why, and what to do."""


class NoRepositoryError(GitError):
    """There is no git, or the site lies in no repository."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How a site folder differs from a commit."""

    base: str
    """The full name of that commit."""
    posts: Mapping[str, str] = field(default_factory=dict)
    """By the path of a new, changed or renamed post, the object that held it at the base; empty for a new post."""
    unread: tuple[str, ...] = ()
    """Files that were not read (too large, or links out of the site) and are new or changed; sorted."""
    notes: tuple[str, ...] = ()


class Repository:
    """The git repository that a site folder lies in.

    Raises:
        GitError: there is no git, no repository, or git refuses to read it.
    """

    def __init__(self, site: Path) -> None:
        self.site = Path(os.path.realpath(site))
        """The site folder."""
        self._git = _find_git(self.site)
        done = self._run("rev-parse", "--show-prefix", "--is-inside-work-tree")
        if done.returncode != 0:
            raise _explained(done.stderr, self.site)
        prefix, _, inside = os.fsdecode(done.stdout).removesuffix("\n").rpartition("\n")
        if inside != "true":
            raise NoRepositoryError(f"{site} is no working tree of git: name the posts to check, or use --all")
        self.prefix = prefix.strip("/")
        """The site folder relative to the top of the repository, POSIX; empty if it is the top."""
        self.top = self.site
        for _ in filter(None, self.prefix.split("/")):
            self.top = self.top.parent
        self._place = cache(lambda place: os.path.relpath(os.path.realpath(place), self.top).replace(os.sep, "/"))
        """The place of a folder relative to the top, behind any link."""
        self.notes: list[str] = []

    # -- commits

    def base(self, ref: str) -> str:
        """The merge base of HEAD and a ref, by default of the branch that HEAD is to be merged into.

        Raises:
            GitError: there is no such commit here.
        """
        head = self._commit("HEAD")
        if not head:
            raise GitError("the repository has no commit yet, so there is nothing to compare with: use --all")
        name, tip = self._tip(ref)
        merge_base = self._run("merge-base", tip, head)
        if merge_base.returncode == 0:
            return merge_base.stdout.decode().split("\n")[0]
        if not self.is_shallow():
            raise GitError(f"{name} and HEAD have no commit in common, so there is no merge base. Name another --base")
        self.notes.append(
            f"The clone is shallow, and the commit where this branch left {name} is not in it: posts are compared with "
            f"{name} as it is now, so what changed there since is reported, too. {_deepen(name)}"
        )
        return tip

    def _tip(self, ref: str) -> tuple[str, str]:
        """The name and the commit of the branch to compare with."""
        if ref:
            if ref.startswith("-") or "\0" in ref:
                raise GitError(f"--base {ref!r} is no name of a branch or commit")
            commit = self._commit(ref) or self._commit(f"refs/remotes/origin/{ref}")
            if not commit:
                raise GitError(f"there is no commit {ref!r} here. {self._how_to_get(ref)}")
            return ref, commit
        branch = next((value for name in _PULL_REQUEST_BRANCHES if (value := os.environ.get(name, ""))), "")
        branch = branch.removeprefix("refs/heads/")
        stated = os.environ.get(_PULL_REQUEST_COMMIT, "")
        if re.fullmatch(r"[0-9a-f]{40,64}", stated) and (commit := self._commit(stated)):
            return branch or stated[:12], commit
        if branch:
            commit = self._commit(f"refs/remotes/origin/{branch}") or self._commit(f"refs/heads/{branch}")
            if not commit:
                raise GitError(
                    f"{branch!r}, the base of the pull request, is not in this clone. {self._how_to_get(branch)}"
                )
            return branch, commit
        for name in _DEFAULT_BRANCHES:
            kind = "remotes" if name.startswith("origin/") else "heads"
            if commit := self._commit(f"refs/{kind}/{name}"):
                return name, commit
        raise GitError(
            "nothing says what to compare with: there is no branch main or master. Name a branch or a commit with "
            f"--base, or check all posts with --all. {self._how_to_get('') if self.is_shallow() else ''}".strip()
        )

    def _commit(self, ref: str) -> str:
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        name = done.stdout.decode("ascii", "replace").strip()
        return name if done.returncode == 0 and re.fullmatch(r"[0-9a-f]{40,64}", name) else ""

    def is_shallow(self) -> bool:
        """Whether the history is cut off."""
        return self._run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def _how_to_get(self, ref: str) -> str:
        if self.is_shallow():
            return f"The clone is shallow. {_deepen(ref)}"
        return f"Fetch it first: git fetch origin{_plain(ref)}"

    # -- files

    def compare(self, base: str, files: Iterable[PostFile], unread: Sequence[str] = ()) -> Changes:
        """Which of the posts on the disk are not what they were at the base.

        `unread` are the paths of files that are too large to be read, or links out of the site.
        """
        tree, submodules = self._tree(base)
        posts: dict[str, str] = {}
        new: dict[str, str] = {}
        foreign = 0
        for file in files:
            name = self._name(file.file)
            blob = tree.get(name, "")
            if blob:
                if not _is_blob(blob, file.data):
                    posts[file.path] = blob
            elif name.startswith(submodules):
                foreign += 1
            else:
                new[file.path] = name
        if foreign:
            lie = "lies in a submodule" if foreign == 1 else "lie in submodules"
            self.notes.append(
                f"{counted(foreign, 'post')} {lie}, where no changes are looked for: name those to be checked as FILE."
            )
        if new:
            ignored, renamed = self._ignored(new.values()), self._renamed(base)
            posts |= {path: tree.get(renamed.get(name, ""), "") for path, name in new.items() if name not in ignored}
        differing = tuple(path for path in unread if not self._is_unchanged(path, tree))
        return Changes(base, dict(sorted(posts.items())), differing, tuple(self.notes))

    def _is_unchanged(self, path: str, tree: Mapping[str, str]) -> bool:
        blob = tree.get(normalize("NFC", posixpath.join(self.prefix, path)), "")
        file = self.site / path
        try:
            if file.is_symlink():
                return bool(blob) and _is_blob(blob, os.fsencode(file.readlink()))
            return bool(blob) and file.stat().st_size <= _LARGEST_HASHED and _is_blob(blob, file.read_bytes())
        except OSError:
            return False

    def _tree(self, commit: str) -> tuple[dict[str, str], tuple[str, ...]]:
        """The object of every file of the site folder in a commit, by path relative to the top; and its submodules."""
        where = (f"{self.prefix}/",) if self.prefix else ()
        done = self._run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *where)
        if done.returncode != 0:
            raise GitError(
                f"git cannot list the files of {commit[:12]} ({_first_line(done.stderr)}). If the clone leaves trees "
                "out (--filter=tree:0), clone it with --filter=blob:none instead"
            )
        tree, submodules = {}, []
        for line in done.stdout.split(b"\0"):
            mode, _, rest = line.partition(b" ")
            kind_and_blob, _, raw_name = rest.partition(b"\t")
            name = normalize("NFC", os.fsdecode(raw_name))
            if mode == b"160000":
                submodules.append(f"{name}/")
            elif name:
                tree[name] = kind_and_blob.rpartition(b" ")[2].decode("ascii")
        return tree, tuple(submodules)

    def _renamed(self, base: str) -> dict[str, str]:
        """By the new path of each file that git takes for renamed since the base, its old path.

        The index is compared, not the files on the disk: reading those, git would run the repository's filters.
        """
        for how in ("-M", "-M100%"):  # by content; where a partial clone lacks that, only what is the same to the byte
            options = ("--cached", how, f"-l{_MOST_RENAMES}", "--diff-filter=R", "--no-ext-diff", "--no-textconv")
            done = self._run("diff-index", *options, "--name-status", "-z", base, "--", ".")
            if done.returncode == 0:
                names = [normalize("NFC", os.fsdecode(name)) for name in done.stdout.split(b"\0")]
                return dict(zip(names[2::3], names[1::3], strict=False))
        return {}

    def _name(self, file: Path) -> str:
        """The path of a file relative to the top, behind any link."""
        if file.is_symlink():
            file = Path(os.path.realpath(file))
        return normalize("NFC", posixpath.normpath(f"{self._place(file.parent)}/{file.name}"))

    def _ignored(self, names: Iterable[str]) -> set[str]:
        paths = {os.fsencode(self.top / name): name for name in names}
        done = self._run("check-ignore", "-z", "--stdin", stdin=b"\0".join(paths))
        return {paths[path] for path in done.stdout.split(b"\0") if path in paths} if done.returncode == 0 else set()

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The contents of objects, by object; git gives up at the first that a partial clone would have to fetch."""
        wanted = "".join(f"{blob}\n" for blob in dict.fromkeys(filter(None, blobs)))
        output = self._run("cat-file", "--batch", stdin=wanted.encode()).stdout if wanted else b""
        contents: dict[str, bytes] = {}
        at = 0
        while (end := output.find(b"\n", at)) >= 0:
            words = output[at:end].split(b" ")
            at = end + 1
            if len(words) == 3 and words[2].isdigit():
                size = int(words[2])
                contents[words[0].decode("ascii", "replace")] = output[at : at + size]
                at += size + 1
        return contents

    # -- git itself

    def _run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        settings = [part for setting in _NEUTRAL for part in ("-c", setting)]
        try:
            return subprocess.run(
                [self._git, "--no-pager", "--no-optional-locks", *settings, *arguments],
                cwd=self.site,
                input=stdin,
                capture_output=True,
                env=_environment(),
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise GitError(f"git {arguments[0]} did not end within {TIMEOUT} seconds") from None
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror or error}") from None


def _is_blob(blob: str, data: bytes) -> bool:
    """Whether an object has this content, or would have it if git converts line endings on checkout."""
    return _blob_name(blob, data) == blob or (
        b"\r\n" in data and _blob_name(blob, data.replace(b"\r\n", b"\n")) == blob
    )


def _blob_name(like: str, data: bytes) -> str:
    """git's name for content, by the hash that the repository uses (which protects nothing here)."""
    algorithm = "sha256" if len(like) == 64 else "sha1"
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _environment() -> dict[str, str]:
    """This process's environment, without what would point git elsewhere (a hook sets GIT_DIR) or to a network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    return {**kept, **_GIT_ENVIRONMENT}


_KEPT = frozenset({"GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})
_GIT_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}


def checkouts(site: Path) -> list[Path]:
    """The tops of the repositories that a site lies in, the innermost first, found without git; else the site."""
    real = Path(os.path.realpath(site))
    return [folder for folder in (real, *real.parents) if os.path.lexists(folder / ".git")] or [real]


def _find_git(site: Path) -> str:
    """Path of git; never of a program of that name in the checkout, or in the current folder (Windows looks there)."""
    git = shutil.which("git")
    if git is None:
        raise NoRepositoryError(
            "git is not installed, so what changed is not known: name the posts to check, or use --all"
        )
    places = {Path(os.path.realpath(git)), Path(os.path.realpath(Path(git).parent)) / "git"}
    if any(place.parent == Path.cwd() or place.is_relative_to(checkouts(site)[0]) for place in places):
        raise GitError(
            f"{git} lies in the checkout or the current folder, so it is not run: name the posts to check, or use --all"
        )
    return git


def _explained(stderr: bytes, site: Path) -> GitError:
    message = stderr.decode("utf-8", "replace")
    if "dubious ownership" in message:
        place = re.search(r"repository at '([^'\n]+)'", message)
        return GitError(
            "git does not read this repository, because it belongs to another user. If you trust it: "
            f"git config --global --add safe.directory {shell_word(place[1] if place else str(site))}"
        )
    ways_out = "name the posts to check, or use --all"
    if "not a git repository" in message:
        return NoRepositoryError(f"{site} lies in no git repository, so what changed is not known: {ways_out}")
    return GitError(f"git failed ({_first_line(stderr)}), so what changed is not known: {ways_out}")


def _first_line(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace").strip().split("\n")[0].removeprefix("fatal: ")


def _deepen(ref: str) -> str:
    return (
        "To get the history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab, or "
        f"git fetch --unshallow origin{_plain(ref)}"
    )


def _plain(ref: str) -> str:
    """A branch as an argument of a command that is shown; nothing where it would need quotes.

    It names the target, too: in a clone of a single branch, `git fetch origin main` would create no branch.
    """
    branch = ref.removeprefix("origin/")
    is_plain = re.fullmatch(r"\w[\w./-]*", branch) and branch != "HEAD"
    return f" {branch}:refs/remotes/origin/{branch}" if is_plain else ""
