"""What a saved post will be related to, before the whole blog is worked out anew.

The post alone is fitted into the blog as it was before the save: a few products of vectors instead of a second of
work.  What comes out is provisional: words that are new to the blog, and everything that one post changes for others,
is seen only by the round that follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enishi.commands.watch.tag_preview import TagPreviewer
from enishi.encoders.blog import BlogEncoder
from enishi.memo import Memo
from enishi.pipeline import Relations
from enishi.related.reasons import Reasons
from enishi.types import Document, Related, TagSuggestion

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.tags.model import TagModel

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Preview:
    """What one post will probably show."""

    related: tuple[Related, ...]
    suggestions: tuple[TagSuggestion, ...] | None
    """None where there is no preview of tags."""


class Previewer:
    """Previews posts of a blog as the last round left it.

    Args:
        relations: of the last round.
        tag_model: what the round suggested tags from.
        encoder: the one that the round encoded with.
        memo: of the round.
    """

    def __init__(
        self, relations: Relations, tag_model: TagModel | None, encoder: BlogEncoder, memo: Memo | None
    ) -> None:
        self._documents = documents = relations.posts.documents
        self._relations, self._encoder = relations, encoder
        self._limit = relations.posts.blog.settings.related.limit
        self._row = {document.post.path: row for row, document in enumerate(documents)}
        self._tags = TagPreviewer.of(tag_model)
        self._reasons = Reasons(documents, memo, name="preview")

    def preview(self, document: Document) -> Preview:
        """About what the post will show."""
        return Preview(self.related(document), self._tags.suggestions(document) if self._tags else None)

    def related(self, document: Document) -> tuple[Related, ...]:
        """About the list that the post will have."""
        import numpy as np

        if not document.post.wants_related or not self._limit or not document.words:
            return ()
        vectors, path = self._relations.vectors, document.post.path
        row = self._row.get(path)
        before = None if row is None else self._documents[row]
        old = None if row is None else vectors[row]
        vector = self._encoder.encode_edited(old, before, document)
        cosines = np.round(vectors.astype(np.float64) @ vector.astype(np.float64), _DIGITS)
        listed = self._relations.related.lists.get(path, ())
        barred = self._barred(row, listed, vectors, old)
        fixed = [entry for entry in listed if entry.kind != "similar"]
        barred |= {self._row[entry.path] for entry in fixed if entry.path in self._row}
        found: list[Related] = []
        for other in np.argsort(-cosines, kind="stable").tolist():
            if len(found) + len(fixed) >= self._limit or cosines[other] < self._relations.related.min_score:
                break
            post = self._documents[other].post
            if other != row and other not in barred and post.is_listable:
                found.append(self._entry(document, other, float(cosines[other])))
        pinned = [entry for entry in fixed if entry.kind == "pinned"]
        return (*pinned, *found, *(entry for entry in fixed if entry.kind == "translation"))

    def _barred(
        self,
        row: int | None,
        listed: Sequence[Related],
        vectors: npt.NDArray[np.float32],
        old: npt.NDArray[np.float32] | None,
    ) -> set[int]:
        """Posts that were near enough for the list and not in it: some rule of the blog kept them out, and will."""
        import numpy as np

        if row is None or old is None:
            return set()
        similar = [entry.score for entry in listed if entry.kind == "similar"]
        least = min(similar) if similar and len(listed) >= self._limit else self._relations.related.min_score
        cosines = np.round(vectors.astype(np.float64) @ old.astype(np.float64), _DIGITS)
        there = {self._row[entry.path] for entry in listed if entry.path in self._row}
        return set(np.flatnonzero(cosines > least).tolist()) - there - {row}

    def _entry(self, document: Document, other: int, score: float) -> Related:
        there = self._documents[other]
        post = there.post
        return Related(
            path=post.path,
            title=post.title or there.title,
            url=post.url,
            score=score,
            date=post.date.date().isoformat() if post.date else "",
            lang=post.lang,
            shared_tags=self._reasons.shared_tags(document, there),
            shared_terms=tuple(term for term, _ in self._reasons.weighted_terms(document, there)),
        )
