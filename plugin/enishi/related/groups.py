"""Posts that say the same: near-duplicates, and translations of one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from enishi.memo import Memo, Pairs
from enishi.text.labels import same_language
from enishi.types import Document

_DUPLICATE_SIMILARITY = 0.8
"""Weighted Jaccard similarity of the word counts from which two posts are near-duplicates."""
_FEWEST_WORDS = 5


def near_duplicate_groups(
    documents: Sequence[Document], pairs: Iterable[tuple[int, int]], memo: Memo | None = None
) -> dict[int, int]:
    """The group of each row that has a near-duplicate, named by the lowest row in it; `pairs` of rows are compared."""
    groups: dict[int, set[int]] = {}
    known: Pairs[bool] = memo.lasting("near-duplicates", Pairs) if memo else Pairs()
    known.begin()
    lengths = [sum(document.words.values()) for document in documents]
    for row, other in sorted({(min(pair), max(pair)) for pair in pairs}):
        if not _lengths_allow(lengths[row], lengths[other]):
            continue
        answer = known.get(documents[row], documents[other])
        if answer is None:
            answer = share_of_words(documents[row], documents[other]) > 0
            known.set(documents[row], documents[other], answer)
        if answer and (row not in groups or groups[row] is not groups.get(other)):
            together = groups.get(row, {row}) | groups.get(other, {other})
            groups.update(dict.fromkeys(together, together))
    return {row: min(group) for row, group in sorted(groups.items())}


def share_of_words(one: Document, other: Document) -> float:
    """Weighted Jaccard similarity (Ioffe 2010) of the words of two near-duplicates, 0.8 to 1; 0 for other posts."""
    lengths = sum(one.words.values()), sum(other.words.values())
    if not _lengths_allow(*lengths):
        return 0.0
    shared = sum(min(count, other.words.get(word, 0)) for word, count in one.words.items())
    is_duplicate = shared >= _DUPLICATE_SIMILARITY * (sum(lengths) - shared)
    return shared / (sum(lengths) - shared) if is_duplicate else 0.0


def _lengths_allow(one: int, other: int) -> bool:
    """Whether posts of so many words can be near-duplicates: the shorter is all that the two can share."""
    small, large = sorted((one, other))
    return small >= _FEWEST_WORDS and small >= _DUPLICATE_SIMILARITY * large


def is_translation(one: Document, other: Document) -> bool:
    """Whether both say the same in two languages."""
    is_same_text = one.post.is_translation_of(other.post)
    return is_same_text and not same_language(one.post.lang, other.post.lang)


def translation_groups(documents: Sequence[Document]) -> dict[int, int]:
    """The group of each row that is a translation of another, named by the lowest row in it."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for row, document in enumerate(documents):
        if document.post.translation_key:
            by_key[document.post.translation_key].append(row)
    groups: dict[int, int] = {}
    for rows in by_key.values():
        languages = [documents[row].post.lang for row in rows]
        if any(not same_language(languages[0], language) for language in languages[1:]):
            groups.update(dict.fromkeys(rows, rows[0]))
    return groups
