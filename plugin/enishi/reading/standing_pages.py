"""Pages that stand among posts and are none: `about.md`, `search.md`, and what lies in a folder of drafts."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from enishi.errors import Diagnostic, Severity
from enishi.types import Document, Post

if TYPE_CHECKING:
    from enishi.generators.base import Site

_DRAFT_FOLDERS = ("_drafts", "drafts")
_NAMED = 5


def without_pages(documents: Sequence[Document], site: Site) -> tuple[list[Document], list[Diagnostic]]:
    """The posts alone, and one note that names what is left out, where the generator keeps pages among posts.

    A page stands at the top of a folder of posts (`about.md`, `about/index.md`) and has no date although most of
    what lies there has one.
    """
    drafts = {one.post.path for one in documents if one.post.status == "draft" and is_in_drafts(one.post.path)}
    by_folder: dict[str, list[Post]] = defaultdict(list)
    for document in documents:
        if document.post.path not in drafts:
            by_folder[_folder_of(document.post.path, site.post_folders)].append(document.post)
    pages = {
        post.path
        for folder, posts in by_folder.items()
        if 2 * sum(1 for post in posts if post.date) > len(posts)
        for post in posts
        if post.date is None and _is_at_the_top(post.path, folder)
    }
    if not pages and not drafts:
        return list(documents), []
    kept = [document for document in documents if document.post.path not in pages | drafts]
    place = _folder_of(min(pages | drafts), site.post_folders)  # not a post's path: no post has anything wrong
    return kept, [_note(place, sorted(pages), sorted(drafts))]


def is_in_drafts(path: str) -> bool:
    """Whether a file lies in a folder of drafts."""
    return not set(_DRAFT_FOLDERS).isdisjoint(path.split("/")[:-1])


def _folder_of(path: str, folders: Sequence[str]) -> str:
    return max((folder for folder in folders if path.startswith(f"{folder}/")), key=len, default=".")


def _is_at_the_top(path: str, folder: str) -> bool:
    relative = path if folder == "." else path.removeprefix(f"{folder}/")
    parent, name = posixpath.split(relative)
    return not parent or ("/" not in parent and name.startswith(("index.", "_index.")))


def _note(place: str, pages: Sequence[str], drafts: Sequence[str]) -> Diagnostic:
    kinds = (("pages without a date among dated posts", pages), ("drafts", drafts))
    named = "; ".join(f"{what}, {_listed(paths)}" for what, paths in kinds if paths)
    message = f"no posts: {named}. `standing_pages = true` in enishi.toml makes posts of them"
    return Diagnostic(place, 0, "standing-page", Severity.NOTE, message)


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
