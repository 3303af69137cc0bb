"""Which posts a check reports on: those that changed, those that are named, or all."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.commands.check.git import Changes, GitError, Repository
from enishi.errors import SettingsError
from enishi.pipeline import Blog
from enishi.text.printable import shell_word

UNREAD = frozenset({"file-too-large", "link-outside-site"})
"""Codes of diagnostics on files that are not read, so that no post is made of them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The posts that are reported on, and what they are compared with."""

    paths: tuple[str, ...]
    """Sorted; includes files that could not be read."""
    changes: Changes | None = None
    """None where nothing is compared."""
    repository: Repository | None = None
    notes: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """The site folder relative to the top of the repository, empty if it is the top or there is none."""
        return self.repository.prefix if self.repository else ""


def choose_posts(
    blog: Blog,
    repository: Repository | None,
    git_error: GitError | None,
    *,
    files: Sequence[str] = (),
    base: str = "",
    everything: bool = False,
) -> Scope:
    """The posts to check; `git_error` says why there is no repository.

    Args:
        files: posts or folders of posts, relative to the current folder or to the site.
        base: see :meth:`enishi.commands.check.git.Repository.base`.
        everything: all posts.

    Raises:
        SettingsError: a file is named that does not exist.
        GitError: what changed cannot be determined.
    """
    unread = sorted({problem.path for problem in blog.diagnostics if problem.code in UNREAD})
    if everything:
        return Scope(tuple(sorted({*unread, *(file.path for file in blog.files)})), None, repository)
    if files:
        return _named(files, blog, unread, repository)
    if repository is None:
        raise git_error or GitError("there is no repository")
    changes = repository.compare(repository.base(base), blog.files, unread)
    paths = tuple(sorted({*changes.posts, *changes.unread}))
    return Scope(paths, changes, repository, changes.notes)


def post_folders(blog: Blog, repository: Repository | None) -> str:
    """The folders of posts as arguments of a command that is run at the top of the repository."""
    prefix = repository.prefix if repository else ""
    return " ".join(shell_word(posixpath.normpath(posixpath.join(prefix, name))) for name in blog.site.post_folders)


def _named(names: Iterable[str], blog: Blog, unread: Iterable[str], repository: Repository | None) -> Scope:
    """The posts that files or folders mean, and a note on files that are not posts."""
    root = blog.site.root
    by_file = {os.path.realpath(file.file): file.path for file in blog.files}
    by_file |= {os.path.abspath(root / path): path for path in unread}  # noqa: PTH100 - a link is not followed
    paths = set(by_file.values())
    chosen: set[str] = set()
    passed = 0
    for name in names:
        if not name or "\0" in name:
            raise SettingsError("there is no file with an empty name, or with a null character in it")
        places = [os.path.realpath(name), os.path.realpath(root / name), os.path.abspath(name)]  # noqa: PTH100
        exact = next((by_file[place] for place in places if place in by_file), name if name in paths else "")
        folder = next((place for place in places if Path(place).is_dir()), "")
        if exact:
            chosen.add(exact)
        elif folder:
            chosen.update(path for file, path in by_file.items() if file.startswith(folder.rstrip(os.sep) + os.sep))
        elif any(os.path.lexists(place) for place in places):
            passed += 1  # a hook may name every file of a commit
        else:
            raise SettingsError(f"there is no file {name}")
    they_are = "is no post of this site and was" if passed == 1 else "are no posts of this site and were"
    notes = (f"{passed} of the files named {they_are} passed over.",) if passed else ()
    return Scope(tuple(sorted(chosen)), None, repository, notes)
