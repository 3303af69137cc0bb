"""Which posts are held out to judge by, and posts as if one of their parts had never been written.

Posts are divided before any pair is made, so that a held-out post gives none.  (What other posts say where they link to
it is taken out beforehand, with all links between posts: :mod:`enishi.commands.compare.unlinked`.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from enishi.reading.tokens import count_words
from enishi.types import Document, TextFields

SHARE = 0.2
"""About this share of the posts is held out."""
_TITLE_WEIGHT = 3


def hold_out(documents: Sequence[Document]) -> list[int]:
    """Rows of the posts to judge by, sorted: about :data:`SHARE` of them, by a hash of their paths.

    A hash, so that a new post moves nobody else.  Translations of one post stay together: one would give the other
    away.
    """
    return [row for row, document in enumerate(documents) if _fraction(document) < SHARE]


def _fraction(document: Document) -> float:
    """A number from 0 to 1, the same for translations of one post."""
    key = document.post.translation_key
    name = f"translations {key}" if key else document.post.path
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big") / 2**64


def without_title(document: Document) -> tuple[Document, str] | None:
    """The document as if it had no title, and the title; None where either has no words."""
    title = " ".join(document.fields.title.split())
    if not (has_words(title) and has_words(document.fields.prose)):
        return None
    return _with_fields(document, replace(document.fields, title="")), title


def halves(document: Document) -> tuple[Document, str] | None:
    """The document with the first half of its paragraphs and without a title, and the text of the second half.

    None for a post of one paragraph.  The title and what describes the whole post belong to neither half.
    """
    paragraphs = [part.strip() for part in document.fields.prose.split("\n\n") if has_words(part)]
    if len(paragraphs) < 2:
        return None
    sizes = [len(paragraph) for paragraph in paragraphs]
    cut = min(range(1, len(paragraphs)), key=lambda place: abs(2 * sum(sizes[:place]) - sum(sizes)))
    first, second = "\n\n".join(paragraphs[:cut]), "\n\n".join(paragraphs[cut:])
    bare = replace(document, post=replace(document.post, description=""))
    headings = tuple(heading for heading in document.fields.headings if heading in first)
    return _with_fields(bare, replace(document.fields, title="", lede="", headings=headings, prose=first)), second


def has_words(text: str) -> bool:
    """Whether a text has any letter or digit."""
    return any(map(str.isalnum, text))


def _with_fields(document: Document, fields: TextFields) -> Document:
    """The document with other text, its words counted anew."""
    weighted = [
        (fields.title, _TITLE_WEIGHT),
        (document.post.description, 1),
        ("\n".join(fields.headings), 1),
        (fields.prose, 1),
    ]
    return replace(document, fields=fields, words=count_words(weighted))
