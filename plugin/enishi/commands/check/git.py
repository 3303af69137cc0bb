"""What changed against a base: asked of git, without trusting the repository that is asked about.

The posts on the disk are compared with the tree of the merge base by their hashes.  So new, changed, renamed and
uncommitted posts are found alike, the index does not matter, and no filter, diff driver, hook or monitor that a
repository's settings name is ever run.  git is never let fetch anything: what a shallow or partial clone lacks is
explained instead.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from enishi.errors import EnishiError
from enishi.text.plural import counted
from enishi.text.printable import shell_word

SECONDS = 120
"""After so long, git is not waited for."""
_NEUTRAL = (
    *("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.pager=", "core.askPass=", "core.sshCommand=false"),
    *("diff.external=", "core.attributesFile=", "protocol.allow=never", "safe.bareRepository=explicit"),
    *("core.quotePath=false", "credential.helper=", "gc.auto=0", "maintenance.auto=false"),
)
"""Settings that a repository could make git run something by, or reach out by."""
_PULL_REQUEST_BRANCHES = (
    *("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "BITBUCKET_PR_DESTINATION_BRANCH", "CHANGE_TARGET"),
    *("SYSTEM_PULLREQUEST_TARGETBRANCH", "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "DRONE_TARGET_BRANCH"),
)
"""Where services for continuous integration say what a pull request is to be merged into."""
_PULL_REQUEST_COMMIT = "CI_MERGE_REQUEST_DIFF_BASE_SHA"
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_MOST_MIDDLE_LINES = 2_000
"""Longer differing parts are taken as added as a whole: to compare them line by line could take minutes."""
_SAME_POST = 0.5
"""From this share of lines in common a new post is an old one renamed, as git has it."""
_LARGEST_HASHED = 64 * 1024 * 1024
"""A larger file counts as changed."""
_MOST_RENAMES = 100
"""The square of this is how many new posts are compared with posts that are gone, at most."""
_MOST_RENAME_BYTES = 200_000_000


class GitError(EnishiError):
    """What changed cannot be found out; says why, and what to do."""


class NoRepositoryError(GitError):
    """There is no git, or no repository that it could be asked about."""


@dataclass(frozen=True, slots=True)
class Change:
    """A post that is not what it was at the base."""

    path: str
    """Relative to the site folder, POSIX, NFC."""
    old_path: str = ""
    """Its path at the base; empty for a new post."""
    old_blob: str = ""
    """The object that held it at the base."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different in a site folder."""

    base: str
    """The commit compared with, in full."""
    changed: Mapping[str, Change] = field(default_factory=dict)
    """By path, sorted."""
    unread: tuple[str, ...] = ()
    """Files that were not read (too large, or links out of the site) and are not what they were; sorted."""
    removed: Mapping[str, str] = field(default_factory=dict)
    """Posts that are gone, renamed ones too: their object at the base, by path."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A post on the disk."""

    path: str
    file: Path
    data: bytes


class Repository:
    """The git repository that a site folder lies in.

    Raises:
        GitError: there is no git, no repository, or git refuses to read it.
    """

    def __init__(self, site: Path) -> None:
        self.site = Path(os.path.realpath(site))
        """The site folder."""
        self._git = _find_git(self.site)
        shown = self._ask("rev-parse", "--show-prefix", "--is-inside-work-tree")
        prefix, _, inside = shown.removesuffix("\n").rpartition("\n")
        if inside != "true":
            raise NoRepositoryError(f"{site} is no working tree of git: name the posts to check, or use --all")
        self.prefix = prefix.strip("/")
        """The site folder relative to the top of the repository, POSIX; empty if it is that."""
        self.top = self.site
        for _ in filter(None, self.prefix.split("/")):
            self.top = self.top.parent
        self.notes: list[str] = []

    # -- commits

    def base(self, ref: str) -> str:
        """The commit to compare with: the merge base of HEAD and a ref; without a ref, of the branch to merge into."""
        head = self._commit("HEAD")
        if not head:
            raise GitError("the repository has no commit yet, so there is nothing to compare with: use --all")
        name, tip = self._tip(ref)
        found = self._run("merge-base", tip, head)
        if found.returncode == 0:
            return found.stdout.decode().split("\n")[0]
        if not self.is_shallow():
            raise GitError(f"{name} and HEAD have no commit in common, so there is no merge base. Name another --base")
        self.notes.append(
            f"The clone is shallow, and the commit where this branch left {name} is not in it: posts are compared with "
            f"{name} as it is now, so what changed there since is reported, too. {_deepen(name)}"
        )
        return tip

    def _tip(self, ref: str) -> tuple[str, str]:
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
        if merged := self._merged_into():
            return branch or "the base branch", merged
        if branch:
            commit = self._commit(f"refs/remotes/origin/{branch}") or self._commit(f"refs/heads/{branch}")
            if not commit:
                told = f"the pull request is to be merged into {branch!r}, which is not in this clone"
                raise GitError(f"{told}. {self._how_to_get(branch)}")
            return branch, commit
        for name in _DEFAULT_BRANCHES:
            kind = "remotes" if name.startswith("origin/") else "heads"
            if commit := self._commit(f"refs/{kind}/{name}"):
                return name, commit
        raise GitError(
            "nothing says what to compare with: there is no branch main or master. Name a branch or a commit with "
            f"--base, or check all posts with --all. {self._how_to_get('') if self.is_shallow() else ''}".strip()
        )

    def _merged_into(self) -> str:
        """GitHub checks out a merge of the pull request into its base: that base, if the clone goes so deep."""
        is_merge = re.fullmatch(r"refs/pull/\d+/merge", os.environ.get("GITHUB_REF", "")) is not None
        return self._commit("HEAD^1") if is_merge and self._commit("HEAD^2") else ""

    def _commit(self, ref: str) -> str:
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        name = found.stdout.decode("ascii", "replace").strip()
        return name if found.returncode == 0 and re.fullmatch(r"[0-9a-f]{40,64}", name) else ""

    def is_shallow(self) -> bool:
        """Whether the history is cut off."""
        return self._run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def _how_to_get(self, ref: str) -> str:
        if self.is_shallow():
            return f"The clone is shallow. {_deepen(ref)}"
        return f"Fetch it first: git fetch origin{_plain(ref)}"

    # -- what lies where

    def tracks(self, name: str) -> bool:
        """Whether a file of the site, or one that begins so, in any case of letters, is part of the repository."""
        found = self._run("--icase-pathspecs", "ls-files", "-z", "--", f"{_literal(name)}*")
        return found.returncode != 0 or bool(found.stdout)

    def is_tracked_link(self, name: str) -> bool:
        """Whether a name of the site is a link (or a submodule) that is part of the repository."""
        found = self._run("--icase-pathspecs", "ls-files", "-s", "-z", "--", _literal(name))
        return any(entry[:3] in (b"120", b"160") for entry in found.stdout.split(b"\0"))

    def compare(self, base: str, files: Sequence[KnownFile], is_post: Suffixes, unread: Sequence[str] = ()) -> Changes:
        """Which of the posts on the disk are not what they were at the base, and which of them are gone.

        `unread` are paths of files that are too large to be read, or links out of the site.
        """
        tree, submodules = self._tree(base)
        by_name = {unicodedata.normalize("NFC", name): name for name in tree}
        fresh: list[tuple[KnownFile, str]] = []
        changed: dict[str, Change] = {}
        here = {unicodedata.normalize("NFC", posixpath.join(self.prefix, path)) for path in unread}
        unlike = tuple(path for path in unread if not self._is_unread_blob(path, tree, by_name))
        foreign = 0
        for file in files:
            name = self._name(file)
            here.add(name)
            blob = tree.get(by_name.get(name, ""), "")
            if not blob and name.startswith(submodules):
                foreign += 1
                continue
            if not blob:
                fresh.append((file, name))
            elif not _is_blob(blob, file.data):
                changed[file.path] = Change(file.path, file.path, blob)
        if foreign:
            lie = "lies in a submodule" if foreign == 1 else "lie in submodules"
            self.notes.append(
                f"{counted(foreign, 'post')} {lie}, where no changes are looked for: name those to be checked as FILE."
            )
        missing = {name: path for name in by_name if name not in here and is_post(path := self._in_site(name))}
        gone = {path: tree[by_name[name]] for name, path in missing.items() if name not in self._sparse}
        fresh = self._without_ignored(fresh)
        renamed = self._renamed([file for file, _ in fresh], gone)
        for file, _ in fresh:
            old = renamed.get(file.path, "")
            changed[file.path] = Change(file.path, old, gone.get(old, ""))
        return Changes(base, dict(sorted(changed.items())), unlike, dict(sorted(gone.items())), tuple(self.notes))

    def _is_unread_blob(self, path: str, tree: Mapping[str, str], by_name: Mapping[str, str]) -> bool:
        blob = tree.get(by_name.get(unicodedata.normalize("NFC", posixpath.join(self.prefix, path)), ""), "")
        file = self.site / path
        try:
            if file.is_symlink():
                return bool(blob) and _is_blob(blob, os.fsencode(file.readlink()))
            return bool(blob) and file.stat().st_size <= _LARGEST_HASHED and _is_blob(blob, file.read_bytes())
        except OSError:
            return False

    def _tree(self, commit: str) -> tuple[dict[str, str], tuple[str, ...]]:
        """Object by path (relative to the top) of every file of the site folder in a commit; and its submodules."""
        where = (f"{self.prefix}/",) if self.prefix else ()
        found = self._run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *where)
        if found.returncode != 0:
            raise GitError(
                f"git cannot list the files of {commit[:12]} ({_first_line(found.stderr)}). If the clone leaves trees "
                "out (--filter=tree:0), clone it with --filter=blob:none instead"
            )
        tree, submodules = {}, []
        for line in found.stdout.split(b"\0"):
            mode, _, rest = line.partition(b" ")
            kind_and_blob, _, name = rest.partition(b"\t")
            if mode == b"160000":
                submodules.append(unicodedata.normalize("NFC", f"{os.fsdecode(name)}/"))
            elif name:
                tree[os.fsdecode(name)] = kind_and_blob.rpartition(b" ")[2].decode("ascii")
        return tree, tuple(submodules)

    def _name(self, file: KnownFile) -> str:
        """The file's own path relative to the top, behind any link."""
        real = os.path.realpath(file.file)
        relative = os.path.relpath(real, self.top).replace(os.sep, "/")
        return unicodedata.normalize("NFC", relative)

    def _in_site(self, name: str) -> str:
        return name.removeprefix(f"{self.prefix}/") if self.prefix else name

    @cached_property
    def _sparse(self) -> frozenset[str]:
        """Files that a sparse checkout leaves out: they are not gone."""
        if self._run("config", "--bool", "core.sparseCheckout").stdout.strip() != b"true":
            return frozenset()
        listed = self._run("ls-files", "-t", "-z", "--full-name", "--", ".").stdout.split(b"\0")
        return frozenset(unicodedata.normalize("NFC", os.fsdecode(line[2:])) for line in listed if line[:2] == b"S ")

    def left_out(self, is_post: Suffixes) -> int:
        """How many posts a sparse checkout leaves out."""
        return sum(1 for name in self._sparse if is_post(self._in_site(name)))

    def _without_ignored(self, fresh: list[tuple[KnownFile, str]]) -> list[tuple[KnownFile, str]]:
        if not fresh:
            return fresh
        names = b"\0".join(os.fsencode(str(self.top / name)) for _, name in fresh)
        found = self._run("check-ignore", "-z", "--stdin", stdin=names)
        ignored = {os.fsdecode(name) for name in found.stdout.split(b"\0")} if found.returncode == 0 else set()
        return [(file, name) for file, name in fresh if str(self.top / name) not in ignored]

    def _renamed(self, fresh: Sequence[KnownFile], gone: Mapping[str, str]) -> dict[str, str]:
        """The old path of new posts that are old ones under another name."""
        found: dict[str, str] = {}
        waiting = dict(sorted(gone.items()))
        for file in fresh:
            same = next((path for path, blob in waiting.items() if _is_blob(blob, file.data)), None)
            if same:
                found[file.path] = same
                del waiting[same]
        rest = [file for file in fresh if file.path not in found]
        work = sum(len(file.data) for file in rest) * len(waiting)
        if not rest or not waiting or len(rest) * len(waiting) > _MOST_RENAMES**2 or work > _MOST_RENAME_BYTES:
            return found
        texts = self.read(waiting.values())
        alike = sorted(
            (-share, file.path, path)
            for file in rest
            for path, blob in waiting.items()
            if blob in texts and (share := _share_of_lines(texts[blob], file.data)) >= _SAME_POST
        )
        for _, new, old in alike:
            if new not in found and old in waiting:
                found[new] = old
                del waiting[old]
        return found

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The content of objects; those that this clone does not hold are not there."""
        wanted = list(dict.fromkeys(blobs))
        found: dict[str, bytes] = {}
        tries = 0
        while wanted and tries < _MOST_RENAMES:
            output = self._run("cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n").stdout
            answered = _read_batch(output, found)
            # git gives up at the first object that a partial clone would have to fetch
            wanted = wanted[answered + 1 :]
            tries += 1
        return found

    # -- git itself

    def _ask(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode != 0:
            raise _explained(done.stderr, self.site)
        return os.fsdecode(done.stdout)

    def _run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        settings = [part for setting in _NEUTRAL for part in ("-c", setting)]
        try:
            return subprocess.run(
                [self._git, "--no-pager", "--no-optional-locks", *settings, *arguments],
                cwd=self.site,
                input=stdin,
                capture_output=True,
                env=_environment(),
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise GitError(f"git {arguments[0]} did not end within {SECONDS} seconds") from None
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror or error}") from None


class Suffixes:
    """Which paths of a site would be posts, as far as a name tells."""

    def __init__(self, folders: Iterable[str], suffixes: Iterable[str]) -> None:
        self._folders = tuple("" if folder == "." else f"{folder}/" for folder in folders)
        self._suffixes = frozenset(suffixes)

    def __call__(self, path: str) -> bool:
        below = next((path.removeprefix(folder) for folder in self._folders if path.startswith(folder)), None)
        if below is None or posixpath.splitext(path)[1].lower() not in self._suffixes:
            return False
        return not any(part.startswith((".", "_")) for part in below.split("/"))


def added_lines(old: bytes, new: bytes) -> frozenset[int]:
    """Lines of the new text, from 1, that a diff would show as added."""
    before, after = old.split(b"\n"), new.split(b"\n")
    if after and not after[-1]:
        after.pop()
    if before and not before[-1]:
        before.pop()
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    end = next((at for at in range(shorter - start) if before[-1 - at] != after[-1 - at]), shorter - start)
    middle_before, middle_after = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(middle_before), len(middle_after)) > _MOST_MIDDLE_LINES:
        return frozenset(range(start + 1, len(after) - end + 1))
    added: set[int] = set()
    for kind, _, _, first, last in SequenceMatcher(None, middle_before, middle_after).get_opcodes():
        if kind in ("insert", "replace"):
            added.update(range(start + first + 1, start + last + 1))
    return frozenset(added)


def _share_of_lines(old: bytes, new: bytes) -> float:
    """How much of two texts are lines that both have."""
    before, after = old.split(b"\n"), new.split(b"\n")
    known = {line for line in before if line.strip()}
    kept = sum(len(line) for line in after if line in known)
    return kept / max(1, len(old), len(new))


def _is_blob(blob: str, data: bytes) -> bool:
    """Whether an object is this content, also where git turns line ends on checkout."""
    return _blob_name(blob, data) == blob or (
        b"\r\n" in data and _blob_name(blob, data.replace(b"\r\n", b"\n")) == blob
    )


def _blob_name(like: str, data: bytes) -> str:
    """git's name for content, by the hash that the repository uses (which protects nothing here)."""
    algorithm = "sha256" if len(like) == 64 else "sha1"
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _read_batch(output: bytes, found: dict[str, bytes]) -> int:
    """Takes the answers of `git cat-file --batch` apart; how many there were."""
    at = answered = 0
    while (end := output.find(b"\n", at)) >= 0:
        words = output[at:end].split(b" ")
        at = end + 1
        answered += 1
        if len(words) == 3 and words[2].isdigit():
            size = int(words[2])
            found[words[0].decode("ascii", "replace")] = output[at : at + size]
            at += size + 1
    return answered


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


def _find_git(site: Path) -> str:
    """git itself; never a program of that name in the folder under check (Windows looks there first)."""
    found = shutil.which("git")
    if found is None:
        raise NoRepositoryError(
            "git is not installed, so what changed is not known: name the posts to check, or use --all"
        )
    if Path(os.path.realpath(found)).is_relative_to(site):
        raise GitError(f"{found} lies in the site folder, so it is not run: name the posts to check, or use --all")
    return found


def _explained(stderr: bytes, site: Path) -> GitError:
    told = stderr.decode("utf-8", "replace")
    if "dubious ownership" in told:
        place = re.search(r"repository at '([^'\n]+)'", told)
        return GitError(
            "git does not read this repository, because it belongs to another user. If you trust it: "
            f"git config --global --add safe.directory {shell_word(place[1] if place else str(site))}"
        )
    ways_out = "name the posts to check, or use --all"
    if "not a git repository" in told:
        return NoRepositoryError(f"{site} lies in no git repository, so what changed is not known: {ways_out}")
    return GitError(f"git failed ({_first_line(stderr)}), so what changed is not known: {ways_out}")


def _literal(name: str) -> str:
    """A name as git's pattern that means it alone."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", name.replace(os.sep, "/"))


def _first_line(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace").strip().split("\n")[0].removeprefix("fatal: ")


def _deepen(ref: str) -> str:
    return (
        "To get the history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab, or "
        f"git fetch --unshallow origin{_plain(ref)}"
    )


def _plain(ref: str) -> str:
    """A branch as an argument of a command that is shown; nothing where it would need quotes.

    With where it goes: in a clone of a single branch, `git fetch origin main` would leave nothing that has a name.
    """
    branch = ref.removeprefix("origin/")
    is_plain = re.fullmatch(r"\w[\w./-]*", branch) and branch != "HEAD"
    return f" {branch}:refs/remotes/origin/{branch}" if is_plain else ""
