"""What a saved post will be related to, before the whole blog is worked out anew.

The post alone is fitted into the blog as it was before the save: a few products of vectors instead of a second of
work.  Words that are new to the blog, and what one post changes for others, are seen only by the round that follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from enishi.encoders.blog import BlogEncoder
from enishi.pipeline import Relations
from enishi.related.policy import related_entry
from enishi.related.reasons import Reasons
from enishi.types import Document, Related

if TYPE_CHECKING:
    from enishi.types import Vectors

_DIGITS = 4


class Previewer:
    """Previews posts of a blog as a round left it; the encoder is the one that encoded it."""

    def __init__(self, relations: Relations, encoder: BlogEncoder) -> None:
        self._documents = documents = relations.posts.documents
        self._relations, self._encoder = relations, encoder
        self._limit = relations.posts.blog.settings.related.limit
        self._row = {document.post.path: row for row, document in enumerate(documents)}
        self._reasons = Reasons(documents)

    def related(self, document: Document) -> tuple[Related, ...]:
        """About the list that the post will have."""
        if not document.post.wants_related or not self._limit or not document.words:
            return ()
        vectors, path = self._relations.vectors, document.post.path
        row = self._row.get(path)
        before = None if row is None else self._documents[row]
        old = None if row is None else vectors[row]
        vector = self._encoder.encode_edited(old, before, document)
        cosines = np.round(vectors.astype(np.float64) @ vector.astype(np.float64), _DIGITS)
        listed = self._relations.related.lists.get(path, ())
        barred = set() if row is None or old is None else self._barred(row, listed, old)
        fixed = [entry for entry in listed if entry.kind != "similar"]
        barred |= {self._row[entry.path] for entry in fixed if entry.path in self._row}
        found: list[Related] = []
        for other in np.argsort(-cosines, kind="stable").tolist():
            if len(found) + len(fixed) >= self._limit or cosines[other] < self._relations.related.min_score:
                break
            there = self._documents[other]
            if other != row and other not in barred and there.post.is_listable:
                tags, terms = self._reasons.shared_tags(document, there), self._reasons.shared_terms(document, there)
                found.append(related_entry(there, float(cosines[other]), "similar", tags, terms))
        pinned = [entry for entry in fixed if entry.kind == "pinned"]
        return (*pinned, *found, *(entry for entry in fixed if entry.kind == "translation"))

    def _barred(self, row: int, listed: Sequence[Related], old: Vectors) -> set[int]:
        """Posts that were near enough for the list and not in it: some rule of the blog kept them out, and will."""
        similar = [entry.score for entry in listed if entry.kind == "similar"]
        least = min(similar) if similar and len(listed) >= self._limit else self._relations.related.min_score
        cosines = np.round(self._relations.vectors.astype(np.float64) @ old.astype(np.float64), _DIGITS)
        there = {self._row[entry.path] for entry in listed if entry.path in self._row}
        return set(np.flatnonzero(cosines > least).tolist()) - there - {row}
