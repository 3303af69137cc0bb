"""Small blogs made in memory, as documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from enishi.generators.base import Site
from enishi.reading.prose import text_fields
from enishi.reading.source import HEXO_DIALECT, read_source
from enishi.reading.tokens import count_terms, count_words
from enishi.types import Document, Post
from made_up_sites import site_of

SUBJECTS = {
    "go": "goroutine channel compiler interface struct slice scheduler garbage collector module toolchain",
    "cooking": "flour butter oven dough knead yeast simmer garlic onion skillet recipe bake",
    "cycling": "chain derailleur pedal saddle gravel climb spoke tyre handlebar cadence brake rim",
}
"""Words of three subjects that share none."""


def site(root: Path = Path(), **settings: Any) -> Site:
    return site_of(root=root, post_folders=(".",), **settings)


def document(path: str, title: str, body: str, tags: Sequence[str] = (), **post: Any) -> Document:
    fields = text_fields(title, body)
    made = Post(path=path, title=title, tags=tuple(tags), **post)
    texts = [(fields.title, 3), ("\n".join(fields.headings), 1), (made.description, 1), (fields.prose, 1)]
    return Document(made, fields, count_words(texts), count_terms([fields.title, made.description, fields.prose]))


def subject_posts(posts: int, *, tagged: bool = True) -> list[Document]:
    """So many posts of each subject, each with other words of its own; tagged with the subject's name in capitals."""
    found = []
    for subject, text in SUBJECTS.items():
        words = text.split()
        for number in range(posts):
            own = " ".join(words[(number + step) % len(words)] for step in range(8))
            body = f"{own}. {' '.join(words[number % 4 :: 2])}. A note, number n{number}{subject}."
            tags = (subject.upper(),) if tagged else ()
            found.append(
                document(f"{subject}/{number:02}.md", f"Notes {number}: {words[number % len(words)]}", body, tags)
            )
    return found


def read_post(file: Path, path: str) -> Document:
    """A post from a file, by Hexo's rules."""
    source = read_source(file.read_bytes(), HEXO_DIALECT)
    post, _ = site(file.parent).make_post(path, source, datetime(2100, 1, 1, tzinfo=UTC))
    made = document(path, post.title, source.body, post.tags)
    return replace(made, post=post)


def read_posts(root: Path, every: int = 1) -> list[Document]:
    """Every so-many-th post of a folder."""
    files = sorted(file for file in root.rglob("*") if file.suffix in (".md", ".markdown"))
    return [read_post(file, file.relative_to(root).as_posix()) for file in files[::every]]
