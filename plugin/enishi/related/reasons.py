"""What two posts have in common, to be shown as reasons: tags and terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from enishi.reading.tokens import fold
from enishi.related.groups import distinct_pairs
from enishi.related.term_uses import TermUses, contains_term, term_frequency
from enishi.types import Document, Terms

if TYPE_CHECKING:
    from enishi.types import Rows

MAX_TERMS = 5
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

        pair = (_apart(first), _apart(second))
        (terms,) = self._weighted(pair, np.array([0]), np.array([1]), limit)
        return terms

    def _weighted(
        self, documents: Sequence[Document], rows: Rows, others: Rows, limit: int
    ) -> Iterator[list[tuple[str, float]]]:
        """For each pair its best terms with their weights."""
        import numpy as np

        if len(rows) == 0:
            return
        uses = TermUses.of(documents, self._frequency, self._count)
        for start in range(0, len(rows), _PAIRS_AT_A_TIME):
            low, high = rows[start : start + _PAIRS_AT_A_TIME], others[start : start + _PAIRS_AT_A_TIME]
            shared = uses.shared(low, high)
            weights = uses.weights(shared)
            steps = np.rint(weights * 10**_DIGITS).astype(np.int64)
            best = int(steps.max(initial=0))
            group = 2 * shared.pair + uses.are_passing(shared, low, high)
            order = np.argsort(group * (best + 1) + best - steps, kind="stable")  # longer terms stand first already
            ends = np.searchsorted(shared.pair, np.arange(len(low) + 1)).tolist()
            term = shared.term[order].tolist()
            chosen = [_first_distinct(uses.names, term, begin, end, limit) for begin, end in pairwise(ends)]
            places = order[np.fromiter(chain.from_iterable(chosen), dtype=np.int64)]
            found = zip(uses.spelled(shared, places), weights[places].tolist(), strict=True)
            for of_pair in chosen:
                yield [next(found) for _ in of_pair]


def _first_distinct(names: Sequence[str], terms: Sequence[int], begin: int, end: int, limit: int) -> list[int]:
    """The first places from `begin` to `end` whose names there are no part of one another."""
    chosen: list[int] = []
    keys: list[str] = []
    joined = ""
    for place in range(begin, end):
        key = names[terms[place]]
        if (key in joined or any(map(key.__contains__, keys))) and any(_overlap(key, one) for one in keys):
            continue
        keys.append(key)
        chosen.append(place)
        if len(keys) == limit:
            break
        joined += f"{key}\n"
    return chosen


def _apart(document: Document) -> Document:
    """The same with terms that do not stand in one list with those of all posts: two need none of their numbers."""
    terms = document.terms
    return replace(document, terms=Terms(dict(terms.frequency), dict(terms.surfaces), terms.chinese))


def _folded_tags(document: Document) -> dict[str, str]:
    """A post's tags as it writes them (the first spelling of each), by their folded form."""
    return {fold(tag): tag for tag in reversed(document.post.tags)}


def _overlap(first: str, second: str) -> bool:
    """Whether one of two terms is part of the other, or its plural."""
    return contains_term(first, second) or contains_term(second, first)
