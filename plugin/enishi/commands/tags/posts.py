"""The blog's posts as they lie on the disk, and which post or tag is meant by a name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from enishi.commands.ask import find_post
from enishi.errors import EnishiError
from enishi.pipeline import Posts
from enishi.state import Request
from enishi.tags.vocabulary import fold_tag, spelling_key
from enishi.types import Document


class UnknownTagError(EnishiError):
    """No tag of the blog is meant by what was given."""


def known_tag(tag: str, names: Collection[str]) -> str:
    """The blog's own way of writing a tag."""
    if tag in names:
        return tag
    alike = [name for name in sorted(names) if spelling_key(name) == spelling_key(tag)]
    if alike:
        return alike[0]
    near = difflib.get_close_matches(fold_tag(tag), folded := {fold_tag(name): name for name in sorted(names)}, n=3)
    hint = f"; did you mean {' or '.join(folded[name] for name in near)}?" if near else ""
    raise UnknownTagError(f"no post of the blog carries the tag {tag!r}{hint}")


def by_path(posts: Posts) -> dict[str, Document]:
    """Every post as it lies on the disk, by path."""
    return {document.post.path: document for document in posts.documents}


def path_meant(documents: Mapping[str, Document], name: str, request: Request) -> str:
    """The path of the post that is meant, of those on the disk."""
    listed = {path: {"title": document.title, "url": document.post.url} for path, document in documents.items()}
    return find_post(listed, name, request.site)
