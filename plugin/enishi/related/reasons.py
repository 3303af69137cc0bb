"""What two posts have in common, to be shown as reasons: tags and terms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

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
_DIGITS = 6
"""Decimals of a weight: terms whose weights differ less stand by their length, then by the alphabet."""
_PAIRS_AT_A_TIME = 4_096
"""They share some hundred thousand terms."""


class Reasons:
    """Shared tags and terms of pairs of documents of one blog."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._tags = SharedTags(documents)
        self._terms = SharedTerms(len(documents), term_frequency(documents))

    def shared_tags(self, first: Document, second: Document) -> tuple[str, ...]:
        """Tags of both posts, as the first writes them, rarest first."""
        return self._tags.of_pairs((first, second), [0], [1])[0]

    def shared_terms(self, first: Document, second: Document) -> tuple[str, ...]:
        """At most `MAX_TERMS` terms of both posts, the most distinctive first; none that is part of another."""
        return tuple(surface for surface, _ in self.weighted_terms(first, second))

    def weighted_terms(self, first: Document, second: Document, limit: int = MAX_TERMS) -> list[tuple[str, float]]:
        """Shared terms with their weights: rarity squared, times the logarithm of how often both posts use them."""
        return self._terms.weighted(first, second, limit)


class SharedTags:
    """Tags that posts share, in a blog of these documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._frequency = Counter(tag for document in documents for tag in _folded_tags(document))

    def of_pairs(
        self, documents: Sequence[Document], rows: Sequence[int], others: Sequence[int]
    ) -> list[tuple[str, ...]]:
        """The tags of the documents rows[i] and others[i], as the former writes them, rarest first."""
        frequency = self._frequency
        tags = [
            dict(sorted(_folded_tags(document).items(), key=lambda tag: (frequency[tag[0]], tag[0])))
            for document in documents
        ]
        return [
            tuple([spelling for key, spelling in tags[row].items() if key in tags[other]])
            for row, other in zip(rows, others, strict=True)
        ]


class SharedTerms:
    """Terms that documents share, of a blog of `count` posts in which each term has this frequency.

    Without `frequency`, the documents that are compared are the whole blog.
    """

    def __init__(self, count: int, frequency: Mapping[str, int] | None = None) -> None:
        self._count, self._frequency = count, frequency

    def of_pairs(self, documents: Sequence[Document], rows: Rows, others: Rows) -> list[tuple[str, ...]]:
        """:meth:`Reasons.shared_terms` of the documents of each pair, rows[i] and others[i]."""
        low, high, place = distinct_pairs(rows, others)  # they are the same both ways
        found = [tuple([surface for surface, _ in terms]) for terms in self._weighted(documents, low, high, MAX_TERMS)]
        return [found[one] for one in place.tolist()]

    def weighted(self, first: Document, second: Document, limit: int) -> list[tuple[str, float]]:
        """:meth:`Reasons.weighted_terms` of a pair."""
        import numpy as np

        (terms,) = self._weighted((first, second), np.array([0]), np.array([1]), limit)
        return terms

    def _weighted(
        self, documents: Sequence[Document], rows: Rows, others: Rows, limit: int
    ) -> Iterator[list[tuple[str, float]]]:
        """For each pair its best terms with their weights."""
        import numpy as np

        if len(rows) == 0:
            return
        uses = _Uses.of(documents, self._frequency, self._count)
        for start in range(0, len(rows), _PAIRS_AT_A_TIME):
            part = slice(start, start + _PAIRS_AT_A_TIME)
            low, high = rows[part], others[part]
            shared = uses.shared(low, high)
            weights = uses.weights(shared)
            steps = np.rint(weights * 10**_DIGITS).astype(np.int64)
            best = int(steps.max(initial=0))
            group = 2 * shared.pair + uses.are_passing(shared, low, high)
            order = np.argsort(group * (best + 1) + best - steps, kind="stable")  # longer terms stand first already
            is_plain = (uses.is_written_small[shared.ours] & uses.is_written_small[shared.theirs])[order].tolist()
            term, weight = shared.term[order].tolist(), weights[order].tolist()
            ends = np.searchsorted(shared.pair, np.arange(len(low) + 1)).tolist()
            for row, other, (begin, end) in zip(low.tolist(), high.tolist(), pairwise(ends), strict=True):
                yield [
                    (key if is_plain[place] else _surface(key, documents[row], documents[other]), weight[place])
                    for place, key in _first_distinct(uses.names, term, begin, end, limit)
                ]


def _first_distinct(
    names: Sequence[str], terms: Sequence[int], begin: int, end: int, limit: int
) -> list[tuple[int, str]]:
    """The first places from `begin` to `end` with the names there, none of which is part of another."""
    chosen: list[tuple[int, str]] = []
    keys: list[str] = []
    for place in range(begin, end):
        key = names[terms[place]]
        if (key in "\n".join(keys) or any(map(key.__contains__, keys))) and any(_overlap(key, one) for one in keys):
            continue
        keys.append(key)
        chosen.append((place, key))
        if len(keys) == limit:
            break
    return chosen


class _Shared(NamedTuple):
    """Terms that pairs of documents share, pair by pair."""

    pair: Rows
    term: Rows
    """Its number."""
    ours: Rows
    """The place of the term among the uses, in the first document of the pair."""
    theirs: Rows


@dataclass(frozen=True, slots=True)
class _Uses:
    """Which documents use which terms: a place for each use, and for each document a row of numbers of terms.

    Terms of one document alone, or of too many, are left out.
    """

    names: list[str]
    """By number: longer ones first, then by the alphabet."""
    rarity: Scores
    is_compound: Flags
    is_ascii: Flags
    is_word: Flags
    """By number, whether all its characters are letters."""
    places: Any
    """csr: the place of each use, from 1."""
    pattern: Any
    """The same csr with ones."""
    often: Rows
    """By place, how often the document uses the term."""
    is_in_title: Flags
    is_written_small: Flags
    is_chinese: Flags
    """By document, whether it is a text in Chinese."""

    @classmethod
    def of(cls, documents: Sequence[Document], frequency: Mapping[str, int] | None, count: int) -> _Uses:
        """The uses of a blog of `count` posts in which each term has this frequency."""
        import numpy as np
        from scipy.sparse import csr_matrix

        numbers = WordNumbers()
        uses = [number_words(document.terms.frequency, numbers) for document in documents]
        which = np.concatenate([which for which, _ in uses])
        every = list(numbers)
        users = np.bincount(which, minlength=len(every))
        posts = users if frequency is None else np.array([frequency[name] for name in every], dtype=np.int64)
        kept = np.flatnonzero((users > 1) & (posts <= max(_MAX_SHARE * count, 3))).tolist()
        kept.sort(key=lambda number: (-len(every[number]), every[number]))
        names = [every[number] for number in kept]
        column = np.full(len(every), -1, dtype=np.int32)
        column[kept] = np.arange(len(kept), dtype=np.int32)
        stays = np.flatnonzero(column[which] >= 0)
        starts = np.searchsorted(stays, np.cumsum([0, *(len(which) for which, _ in uses)]))
        shape = (len(uses), len(names))
        places = csr_matrix((np.arange(1, len(stays) + 1, dtype=np.int32), column[which[stays]], starts), shape)
        places.sort_indices()
        is_in_title, is_written_small = _flags(documents)
        return cls(
            names,
            # One by one: NumPy's logarithm may differ in the last bit from processor to processor
            np.array([log((count + 1) / (users + 0.5)) ** 2 for users in posts[kept].tolist()]),
            np.array([_is_compound(name) for name in names], dtype=bool),
            np.array([name.isascii() for name in names], dtype=bool),
            np.array([name.isalpha() for name in names], dtype=bool),
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
        pair = np.repeat(np.arange(len(rows)), np.diff(ours.indptr))
        return _Shared(pair, ours.indices, ours.data - 1, theirs.data - 1)

    def weights(self, shared: _Shared) -> Scores:
        """The weight of each term in each pair."""
        import numpy as np

        products = self.often[shared.ours] * self.often[shared.theirs]
        distinct, place = np.unique(products, return_inverse=True)
        amounts = np.array([1 + log(sqrt(product)) for product in distinct.tolist()])  # one by one, too
        weights: Scores = self.rarity[shared.term] * amounts[place]
        weights[self.is_compound[shared.term]] *= _COMPOUND_BONUS
        weights[self.is_in_title[shared.ours] | self.is_in_title[shared.theirs]] *= _TITLE_BONUS
        return weights

    def are_passing(self, shared: _Shared, rows: Rows, others: Rows) -> Flags:
        """Whether both posts use a term only once, a plain Latin or Chinese word: chance more often than a subject."""
        import numpy as np

        is_small = self.is_written_small[shared.ours] & self.is_written_small[shared.theirs]
        is_chinese = (self.is_chinese[rows] & self.is_chinese[others])[shared.pair]
        is_once = (self.often[shared.ours] == 1) & (self.often[shared.theirs] == 1)
        is_latin = self.is_ascii[shared.term]
        passing: Flags = is_once & np.where(is_latin, self.is_word[shared.term] & is_small, is_chinese)
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


def _folded_tags(document: Document) -> dict[str, str]:
    """A post's tags as it writes them (the first spelling of each), by their folded form."""
    return {fold(tag): tag for tag in reversed(document.post.tags)}


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
