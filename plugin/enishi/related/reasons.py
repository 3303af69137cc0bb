"""What two posts have in common, to be shown as reasons: tags and terms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log, sqrt
from typing import TYPE_CHECKING, Any

from enishi.memo import term_frequency
from enishi.reading.tokens import fold
from enishi.related.groups import distinct_pairs
from enishi.types import Document
from enishi.vectors import WordNumbers, number_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Rows, Scores

    Flags = npt.NDArray[np.bool_]

MAX_TERMS = 5
_MAX_SHARE = 0.2
"""Terms in more of the posts than this are too common to be a reason."""
_COMPOUND_BONUS = 1.5
_TITLE_BONUS = 2.0
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_ENDING = re.compile("(?:e?s)?(?![a-z0-9])")
_PAIRS_AT_A_TIME = 4_096
"""They share some hundred thousand terms."""


class Reasons:
    """Shared tags and terms of pairs of documents of one blog."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._tags = SharedTags(documents)
        self._terms = SharedTerms(len(documents), term_frequency(documents))

    def shared_tags(self, first: Document, second: Document) -> tuple[str, ...]:
        """Tags of both posts, as the first writes them, rarest first."""
        return self._tags.of_pair(first, second)

    def shared_terms(self, first: Document, second: Document) -> tuple[str, ...]:
        """At most `MAX_TERMS` terms of both posts, the most distinctive first; none that is part of another."""
        return tuple(surface for surface, _ in self.weighted_terms(first, second))

    def weighted_terms(self, first: Document, second: Document, limit: int = MAX_TERMS) -> list[tuple[str, float]]:
        """Shared terms with their weights: rarity squared, times the logarithm of how often both posts use them."""
        return self._terms.weighted(first, second, limit)


class SharedTags:
    """Tags that two of these documents share."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._frequency = Counter(tag for document in documents for tag in _folded_tags(document.post.tags))

    def of_pair(self, first: Document, second: Document) -> tuple[str, ...]:
        """As the first writes them, rarest first."""
        ours, theirs = _folded_tags(first.post.tags), _folded_tags(second.post.tags)
        shared = [key for key in ours if key in theirs]
        return tuple(ours[key] for key in sorted(shared, key=lambda key: (self._frequency[key], key)))


class SharedTerms:
    """Terms that two documents share, of a blog of `count` posts in which each term has this frequency."""

    def __init__(self, count: int, frequency: Mapping[str, int]) -> None:
        self._count, self._frequency = count, frequency

    def of_pairs(self, documents: Sequence[Document], rows: Rows, others: Rows) -> list[tuple[str, ...]]:
        """:meth:`Reasons.shared_terms` of each pair of documents, rows[i] and others[i]."""
        low, high, place = distinct_pairs(rows, others)  # they are the same both ways
        found = [
            tuple(_surface(key, documents[row], documents[other]) for key, _ in terms)
            for row, other, terms in zip(
                low.tolist(), high.tolist(), self._terms(documents, low, high, MAX_TERMS), strict=True
            )
        ]
        return [found[one] for one in place.tolist()]

    def weighted(self, first: Document, second: Document, limit: int) -> list[tuple[str, float]]:
        """:meth:`Reasons.weighted_terms` of a pair."""
        import numpy as np

        (terms,) = self._terms((first, second), np.array([0]), np.array([1]), limit)
        return [(_surface(key, first, second), weight) for key, weight in terms]

    def _terms(
        self, documents: Sequence[Document], rows: Rows, others: Rows, limit: int
    ) -> Iterator[list[tuple[str, float]]]:
        """For each pair its best terms, folded, with their weights."""
        import numpy as np

        if len(rows) == 0:
            return
        uses = _Uses.of(documents, self._frequency, max(_MAX_SHARE * self._count, 3))
        for start in range(0, len(rows), _PAIRS_AT_A_TIME):
            part = slice(start, start + _PAIRS_AT_A_TIME)
            shared = uses.shared(rows[part], others[part])
            names, weights = shared.names, self._weights(uses, shared)
            is_passing = uses.are_passing(shared, rows[part], others[part])
            by_length = sorted(range(len(names)), key=lambda one: (-len(names[one]), names[one]))
            rank = np.empty(len(names), dtype=np.int64)
            rank[by_length] = np.arange(len(names))
            order = np.lexsort((rank[shared.name], -np.round(weights, 6), is_passing, shared.pair))
            ordered, ordered_weights = shared.name[order].tolist(), weights[order].tolist()
            ends = np.searchsorted(shared.pair, np.arange(len(rows[part]) + 1)).tolist()
            for begin, end in pairwise(ends):
                chosen: list[tuple[str, float]] = []
                for place in range(begin, end):
                    if len(chosen) == limit:
                        break
                    key = names[ordered[place]]
                    for other, _ in chosen:
                        if (key in other or other in key) and _overlap(key, other):
                            break
                    else:
                        chosen.append((key, ordered_weights[place]))
                yield chosen

    def _weights(self, uses: _Uses, shared: _Shared) -> Scores:
        """The weight of each term in each pair."""
        import numpy as np

        names, count = shared.names, self._count
        # One by one: NumPy's logarithm may differ in the last bit from processor to processor
        rarity = [log((count + 1) / (self._frequency[name] + 0.5)) ** 2 for name in names]
        bonus = [_COMPOUND_BONUS if _is_compound(name) else 1.0 for name in names]
        products = uses.often[shared.ours] * uses.often[shared.theirs]
        distinct, place = np.unique(products, return_inverse=True)
        amounts = np.array([1 + log(sqrt(product)) for product in distinct.tolist()])
        weights: Scores = np.array(rarity)[shared.name] * amounts[place] * np.array(bonus)[shared.name]
        weights[uses.is_in_title[shared.ours] | uses.is_in_title[shared.theirs]] *= _TITLE_BONUS
        return weights


@dataclass(frozen=True, slots=True)
class _Shared:
    """Terms that pairs of documents share, in the order of the pairs."""

    names: list[str]
    """Each once."""
    pair: Rows
    name: Rows
    """Its place in `names`."""
    ours: Rows
    """The place of the term among the uses, in the first document of the pair."""
    theirs: Rows


@dataclass(frozen=True, slots=True)
class _Uses:
    """Which documents use which terms: a place for each use, and for each document a row of numbers of terms.

    Terms of one document alone, or of too many, are left out.
    """

    names: list[str]
    """By number."""
    places: Any
    """csr: the place of each use."""
    pattern: Any
    """The same csr with ones."""
    often: Rows
    """By place, how often the document uses the term."""
    is_in_title: Flags
    is_written_small: Flags
    is_chinese: Flags
    """By document, whether it is a text in Chinese."""

    @classmethod
    def of(cls, documents: Sequence[Document], frequency: Mapping[str, int], most: float) -> _Uses:
        import numpy as np
        from scipy.sparse import csr_matrix

        numbers = WordNumbers()
        uses = [number_words(document.terms.frequency, numbers) for document in documents]
        which = np.concatenate([which for which, _ in uses])
        names = list(numbers)
        is_kept = np.bincount(which, minlength=len(names)) > 1
        is_kept &= np.array([frequency[name] <= most for name in names], dtype=bool)
        stays = np.flatnonzero(is_kept[which])
        starts = np.searchsorted(stays, np.cumsum([0, *(len(which) for which, _ in uses)]))
        shape = (len(uses), len(names))
        places = csr_matrix(
            (np.arange(1, len(stays) + 1, dtype=np.int32), which[stays].astype(np.int32), starts), shape
        )
        places.sort_indices()
        is_in_title, is_written_small = _flags(documents)
        return cls(
            names,
            places,
            csr_matrix((np.ones(len(stays), dtype=np.int8), places.indices, places.indptr), shape),
            np.concatenate([often for _, often in uses])[stays],
            is_in_title[stays],
            is_written_small[stays],
            np.array([bool(document.terms.chinese) for document in documents]),
        )

    def shared(self, rows: Rows, others: Rows) -> _Shared:
        """What the documents of each pair share."""
        import numpy as np

        ours = self.places[rows].multiply(self.pattern[others])
        theirs = self.pattern[rows].multiply(self.places[others])
        numbers, name = np.unique(ours.indices, return_inverse=True)
        pair = np.repeat(np.arange(len(rows)), np.diff(ours.indptr))
        names = [self.names[number] for number in numbers.tolist()]
        return _Shared(names, pair, name, ours.data - 1, theirs.data - 1)

    def are_passing(self, shared: _Shared, rows: Rows, others: Rows) -> Flags:
        """Whether both posts use a term only once, a plain Latin or Chinese word: chance more often than a subject."""
        import numpy as np

        is_ascii = np.array([name.isascii() for name in shared.names], dtype=bool)[shared.name]
        is_word = np.array([name.isalpha() for name in shared.names], dtype=bool)[shared.name]
        is_small = self.is_written_small[shared.ours] & self.is_written_small[shared.theirs]
        is_chinese = (self.is_chinese[rows] & self.is_chinese[others])[shared.pair]
        is_once = (self.often[shared.ours] == 1) & (self.often[shared.theirs] == 1)
        passing: Flags = is_once & np.where(is_ascii, is_word & is_small, is_chinese)
        return passing


def _flags(documents: Sequence[Document]) -> tuple[Flags, Flags]:
    """For each term of each document, whether it stands in the title, and whether it is written as it is folded."""
    import numpy as np

    titles, small = bytearray(), bytearray()
    for document in documents:
        title, terms = fold(document.title), document.terms
        titles += bytes([key in title and _contains(title, key) for key in terms.frequency])
        small += bytes(map(terms.surfaces.__contains__, terms.frequency))
    return np.frombuffer(titles, dtype=bool), ~np.frombuffer(small, dtype=bool)


def _is_compound(key: str) -> bool:
    return " " in key or (len(key) > 2 and not key.isascii())


@lru_cache(maxsize=65_536)
def _folded_tags(tags: tuple[str, ...]) -> dict[str, str]:
    """A post's tags as it writes them (the first spelling of each), by their folded form."""
    return {fold(tag): tag for tag in reversed(tags)}


def _overlap(first: str, second: str) -> bool:
    """Whether one of two terms is part of the other, or its plural."""
    return _contains(first, second) or _contains(second, first)


def _contains(text: str, term: str) -> bool:
    """Whether a text contains a term or its plural, in Latin script as whole words (not ``go`` in ``google``)."""
    if term not in text:
        return False
    if not (term[0].isascii() and term[-1].isascii()):
        return True
    start = text.find(term)
    while start >= 0:
        if (start == 0 or text[start - 1] not in _LETTERS) and _ENDING.match(text, start + len(term)):
            return True
        start = text.find(term, start + 1)
    return False


def _surface(key: str, first: Document, second: Document) -> str:
    """As the two posts write it most; on a tie the spelling with more capitals, which is a name's own."""
    ours, theirs = (document.terms.surfaces.get(key, key) for document in (first, second))
    if ours == theirs:
        return ours
    spellings = {ours: first.terms.frequency[key], theirs: second.terms.frequency[key]}
    return min(spellings.items(), key=lambda item: (-item[1], -sum(map(str.isupper, item[0])), item[0]))[0]
