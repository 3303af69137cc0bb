"""Sketches of posts' bodies, by which a renamed and slightly edited post is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from enishi.cache import code_digest
from enishi.kept import Kept, each_kept
from enishi.memo import Memo
from enishi.reading.tokens import count_words
from enishi.types import Document

_SKETCH = 8
"""How many hashes are kept of a post's words: the smallest ones (bottom-k sketch, Cohen & Kaplan 2007)."""
SAME = 0.75
"""From this share of common hashes two posts are the same one, edited."""
_CODE = ("tags/sketches.py", "reading/tokens.py", "reading/stopwords.py")

Sketches = Callable[[str, Sequence[Document]], Mapping[str, str]]
"""The sketches of some posts by path; the name says which posts, for those of the last run to be found."""


def fingerprint(document: Document) -> str:
    """A sketch of a post's body, 4 hexadecimal digits for each of the 8 smallest hashes of its words.

    Tags, title and order of words do not matter; of an edit in one word of ten, about seven hashes are left.
    """
    words = count_words([(document.fields.prose, 1), (document.fields.code, 1)])
    hashes = sorted(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).hexdigest() for word in words)
    return "".join(value[:4] for value in hashes[:_SKETCH])


def sketches_by(kept: Kept | None = None, memo: Memo | None = None) -> Sketches:
    """Makes :func:`fingerprint` of posts that neither the last run nor the last pass knew: it takes a millisecond."""
    store, code = kept or Kept(), code_digest(*_CODE).encode()

    def sketches(name: str, documents: Sequence[Document]) -> Mapping[str, str]:
        made = each_kept(
            store,
            memo,
            f"sketches of {name}",
            documents,
            fingerprint,
            pack=str.encode,
            unpack=bytes.decode,
            depends_on=code,
        )
        return {document.post.path: sketch for document, sketch in zip(documents, made, strict=True)}

    return sketches


def likeness(first: str, second: str) -> float:
    """Share of the hashes that two sketches have in common; 0 for a post without words."""
    one, other = ({sketch[start : start + 4] for start in range(0, len(sketch), 4)} for sketch in (first, second))
    return len(one & other) / max(len(one), len(other)) if one and other else 0.0
