"""Looks a blog's tags over; no build is needed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.errors import Diagnostic
from enishi.pipeline import read_blog
from enishi.state import Request
from enishi.tags.audit import Audit, audit_tags, can_be_written
from enishi.tags.declined import read_kept
from enishi.tags.vocabulary import fold_tag, read_vocabulary, spelling_key
from enishi.text.printable import shell_word
from enishi.text.toml import toml_key, toml_string
from enishi.types import Document


@dataclass(frozen=True, slots=True)
class BlogAudit:
    """What there is to say about a blog's tags, and about whose posts."""

    found: Audit
    posts: Mapping[str, Document]
    """By path."""
    diagnostics: tuple[Diagnostic, ...]
    """Why it may not be the whole truth: posts whose tags cannot be read, rules that cannot."""


def audit(request: Request) -> BlogAudit:
    """Read the blog as it lies on the disk, and look its tags over; no build is needed."""
    read = read_blog(request)
    blog, documents = read.blog, read.documents
    posts = [document.post for document in documents]
    vocabulary, problems = read_vocabulary(posts, blog.site, blog.settings.tags)
    return BlogAudit(
        audit_tags(documents, vocabulary, blog.settings.tags, read_kept(request.site).apart),
        {document.post.path: document for document in documents},
        tuple(sorted({*blog.diagnostics, *problems, *read.broken})),
    )


def renaming_command(request: Request, old: Sequence[str], new: str) -> list[str]:
    """The words of the command that writes `new` for `old` in the same blog under the same settings."""
    words = ["enishi", "tags", "rename" if len(old) == 1 else "merge"]
    if os.path.realpath(request.site) != os.path.realpath(Path()):
        words += ["--site", str(request.site)]
    if request.config_file is not None:
        words += ["--config", str(request.config_file)]
    for override in request.overrides:
        words += ["--set", override]
    names = [*old, new]
    return [*words, *(["--"] if any(name.startswith("-") for name in names) else []), *names]


def fixing_command(request: Request, old: Sequence[str], new: str) -> str:
    """The command that makes the tags one; empty where a tag holds what no command may write."""
    named = [tag for tag in old if can_be_written(tag)]
    if not named or not can_be_written(new):
        return ""
    return " ".join(map(shell_word, renaming_command(request, named, new)))


def alias_lines(old: Iterable[str], new: str) -> list[str]:
    """Lines for `[tags.aliases]`, by which an old name is read as the new one; none for mere spellings of it."""
    names: dict[str, str] = {}
    for tag in old:
        names.setdefault(fold_tag(tag), tag)
    return [f"{toml_key(tag)} = {toml_string(new)}" for tag in names.values() if spelling_key(tag) != spelling_key(new)]
