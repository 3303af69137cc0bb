"""Posts that say the same: near-duplicates, and translations of one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from enishi.counts import WordNumbers
from enishi.text.labels import same_language
from enishi.types import Document
from enishi.vectors import number_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Rows

_DUPLICATE_SIMILARITY = 0.8
"""Weighted Jaccard similarity of the word counts from which two posts are near-duplicates."""
_FEWEST_WORDS = 5
_GROUPS_OF_WORDS = 128
"""Two posts share no more words than they share by groups of words, which tell nearly all pairs apart."""
_PAIRS_AT_A_TIME = 65_536


def distinct_pairs(rows: Rows, others: Rows) -> tuple[Rows, Rows, Rows]:
    """The lower and the higher row of each different pair, sorted, and the place of each pair (rows[i], others[i])."""
    import numpy as np

    low, high = np.minimum(rows, others), np.maximum(rows, others)
    width = int(high.max(initial=0)) + 1
    codes, place = np.unique(low * width + high, return_inverse=True)
    return codes // width, codes % width, place


def are_near_duplicates(documents: Sequence[Document], rows: Rows, others: Rows) -> npt.NDArray[np.bool_]:
    """Whether the documents rows[i] and others[i] are near-duplicates."""
    import numpy as np

    numbers = WordNumbers()
    counts = np.zeros((len(documents), _GROUPS_OF_WORDS), dtype=np.uint32)
    for row, document in enumerate(documents):
        which, often = number_words(document.words, numbers)
        counts[row] = np.bincount(which % _GROUPS_OF_WORDS, often, _GROUPS_OF_WORDS)
    lengths = counts.sum(axis=1, dtype=np.int64)
    low, high, place = distinct_pairs(rows, others)
    are = may_be_near_duplicates(lengths, low, high)
    for part in np.array_split(np.flatnonzero(are), len(are) // _PAIRS_AT_A_TIME + 1):
        ours, theirs = low[part], high[part]
        most = np.minimum(counts[ours], counts[theirs]).sum(axis=1, dtype=np.int64)
        are[part] = most >= _least_shared(lengths[ours] + lengths[theirs])
    for one in np.flatnonzero(are).tolist():
        are[one] = share_of_words(documents[low[one]], documents[high[one]]) > 0
    return are[place]


def may_be_near_duplicates(lengths: Rows, rows: Rows, others: Rows) -> npt.NDArray[np.bool_]:
    """Whether posts of so many words, rows[i] and others[i], can be near-duplicates."""
    import numpy as np

    first, second = lengths[rows], lengths[others]
    may_be: npt.NDArray[np.bool_] = _lengths_allow(np.minimum(first, second), np.maximum(first, second))
    return may_be


def connected_groups(rows: Rows, others: Rows) -> dict[int, int]:
    """The group of each row that is connected to another one, named by the lowest row in it."""
    groups: dict[int, set[int]] = {}
    for row, other in zip(rows.tolist(), others.tolist(), strict=True):
        if row not in groups or groups[row] is not groups.get(other):
            together = groups.get(row, {row}) | groups.get(other, {other})
            groups.update(dict.fromkeys(together, together))
    return {row: min(group) for row, group in sorted(groups.items())}


def share_of_words(one: Document, other: Document) -> float:
    """Weighted Jaccard similarity (Ioffe 2010) of the words of two near-duplicates, 0.8 to 1; 0 for other posts."""
    shared, length = sum(one.words.values()), sum(other.words.values())
    both = shared + length
    if not _lengths_allow(*sorted((shared, length))):
        return 0.0
    least = _least_shared(both)
    theirs = other.words
    for word, count in one.words.items():
        missing = count - theirs.get(word, 0)
        if missing > 0:
            shared -= missing
            if shared < least:  # most pairs are told apart by a few words
                return 0.0
    return shared / (both - shared) if shared >= _DUPLICATE_SIMILARITY * (both - shared) else 0.0


def _lengths_allow(short: Any, long: Any) -> Any:
    """Whether posts of so many words can be near-duplicates: the shorter is all that the two can share."""
    return (short >= _FEWEST_WORDS) & (short >= _DUPLICATE_SIMILARITY * long)


def _least_shared(both: Any) -> Any:
    """How many words two near-duplicates share at least, of both their lengths together."""
    return both * _DUPLICATE_SIMILARITY / (1 + _DUPLICATE_SIMILARITY) - 1  # a rounding error of one is ample


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
