"""What posts say beside their links to each other: the words of a link often are the title of the post it leads to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enishi.cache import Cache, digest
from enishi.reading.documents import PostFile, read_without_links, record_key
from enishi.reading.links import find_posts_of, own_hosts
from enishi.types import Document

if TYPE_CHECKING:
    from enishi.generators.base import Site


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A post without the words that link to other posts."""

    words: Mapping[str, int]
    """As those of a document."""
    same: int
    """So many characters at the beginning of its prose are as they were."""


@dataclass(frozen=True, slots=True)
class UnlinkedPosts:
    """The posts that link to others, without the words that do."""

    by_path: Mapping[str, Unlinked]
    keys: tuple[bytes, ...]
    """The keys under which the cache holds them."""


def read_unlinked(
    documents: Sequence[Document],
    links: Mapping[str, tuple[str, ...]],
    files: Sequence[PostFile],
    site: Site,
    cache: Cache,
) -> UnlinkedPosts:
    """Read posts that link to others; what has not changed comes from the cache."""
    finder = find_posts_of(documents, own_hosts(site.url))
    file_of = {file.path: file for file in files}
    dialect = site.generator.dialect
    linking = [document for document in documents if document.post.path in links]
    hidden, keys = [], []
    for document in linking:
        path = document.post.path
        hidden.append({one for one in document.fields.links if finder.find(one, path) not in (None, path)})
        about = (document.post.title, document.post.description, *sorted(hidden[-1]))
        keys.append(digest("unlinked", record_key(file_of[path], dialect), *about))
    known = cache.embeddings(keys)
    found, new = {}, {}
    for document, addresses, key in zip(linking, hidden, keys, strict=True):
        path = document.post.path
        if key in known:
            same, words = json.loads(known[key])
        else:
            other = read_without_links(file_of[path], document.post, dialect, addresses.__contains__)
            same, words = _same(document.fields.prose, other.fields.prose), other.words
            new[key] = json.dumps([same, words]).encode()
        found[path] = Unlinked(words, same)
    cache.add_embeddings(new)
    return UnlinkedPosts(found, tuple(keys))


def _same(text: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    both = zip(text, other, strict=False)
    return next((place for place, (one, two) in enumerate(both) if one != two), min(len(text), len(other)))
