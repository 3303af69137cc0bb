"""Blogs to learn from: read once, cut into samples, tags taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from enishi.config import TagSettings
from enishi.generators import detect_site
from enishi.generators.base import Site
from enishi.reading.find import find_files
from enishi.reading.prose import text_fields
from enishi.reading.source import read_source
from enishi.reading.tokens import count_terms, count_words
from enishi.tags.likeness import Likeness, measure_likeness
from enishi.tags.vocabulary import Vocabulary, read_vocabulary
from enishi.types import Document

_NOW = datetime(2100, 1, 1, tzinfo=UTC)
"""No post lies in the future: what an author once tagged teaches, whenever it is read."""


@dataclass(frozen=True)
class Blog:
    """A blog, or some posts of one."""

    name: str
    site: Site
    documents: Sequence[Document]
    likeness: Likeness

    def sample(self, rng: np.random.Generator, size: int) -> Blog:
        """Random posts as a blog of their own: word statistics too are those of the sample."""
        rows = sorted(rng.permutation(len(self.documents))[:size].tolist())
        return make_blog(f"{self.name}/{size}", self.site, [self.documents[row] for row in rows])

    def with_tags(self, tags: Sequence[tuple[str, ...]]) -> Blog:
        """The same posts with other tags; their likeness does not depend on them."""
        documents = [
            replace(document, post=replace(document.post, tags=own))
            for document, own in zip(self.documents, tags, strict=True)
        ]
        return Blog(self.name, self.site, documents, self.likeness)

    def vocabulary(self) -> Vocabulary:
        """The blog's tags, without any rules beside those in its own settings."""
        return read_vocabulary([document.post for document in self.documents], self.site, TagSettings())[0]


def read_blog(root: Path) -> Blog:
    """All posts of a folder."""
    site, _ = detect_site(root)
    files, _ = find_files(site)
    documents = []
    for file in files:
        source = read_source(file.file.read_bytes(), site.generator.dialect)
        post, _ = site.make_post(file.path, source, _NOW)
        fields = text_fields(post.title, source.body)
        texts = [(fields.title, 3), ("\n".join(fields.headings), 1), (post.description, 1), (fields.prose, 1)]
        terms = count_terms([fields.title, post.description, fields.prose])
        documents.append(Document(post, fields, count_words(texts), terms))
    return make_blog(root.resolve().name, site, documents)


def make_blog(name: str, site: Site, documents: Sequence[Document]) -> Blog:
    return Blog(name, site, documents, measure_likeness(documents))
