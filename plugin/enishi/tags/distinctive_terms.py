"""Terms that distinguish a group of posts: evidence for a tag, and the label of a topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from enishi.counts import WordNumbers
from enishi.reading.tokens import fold
from enishi.types import Document
from enishi.vectors import number_words

if TYPE_CHECKING:
    from enishi.types import Matrix, Rows

MIN_LIFT = 2.0
"""A distinctive term is at least this many times as frequent in the group as on the whole blog."""
_CANDIDATES = 60
_COMPOUND_BONUS = 1.5
_TITLE_BONUS = 2.0
_LABEL_SHARES = (0.25, 0.1)
"""Terms of a label are used by at least this share of the posts; by the second, where there are too few."""
_MIN_LABEL_POSTS = 2


class LabelTerm(NamedTuple):
    """A term, by its folded key, that so many of a group's posts use, and that so many have in the title."""

    key: str
    surface: str
    posts: int
    titles: int


class DistinctiveTerms:
    """The terms of a blog, and how many posts use them."""

    def __init__(self, documents: Sequence[Document]) -> None:
        from scipy.sparse import csr_array

        self._documents, numbers = documents, WordNumbers()
        counted = [number_words(document.terms.frequency, numbers) for document in documents]
        nothing = np.zeros(0, dtype=np.int32)
        which, often = (
            np.concatenate([nothing, *(of_post[place] for of_post in counted)]).astype(np.int32) for place in (0, 1)
        )
        frequency = np.bincount(which, minlength=len(numbers))
        is_kept = frequency >= 2  # a term of one post says nothing of others
        names, kept, stays = list(numbers), np.flatnonzero(is_kept), is_kept[which]
        self._names = [names[number] for number in kept.tolist()]
        self._frequency = frequency[kept]
        starts = np.concatenate([[0], np.cumsum(stays)])[np.cumsum([0, *(len(of_post[0]) for of_post in counted)])]
        shape = (len(documents), len(kept))
        column = np.cumsum(is_kept, dtype=np.int32) - 1
        self._uses = csr_array((often[stays], column[which[stays]], starts), shape=shape)
        """How often each post uses each term that others use, too."""
        # One by one: NumPy's logarithm may differ in the last bit from processor to processor
        self._weight_of_count = _each_once(lambda count: 1 + log(count), self._uses.data)
        self._rarity = _each_once(lambda df: log((len(documents) + 1) / df), self._frequency)[self._frequency]
        self._of_post: dict[int, tuple[Rows, Rows]] = {}

    def speaking_for(
        self, rows: Sequence[int], group: Rows, *, is_name: Callable[[str], bool], limit: int
    ) -> list[tuple[str, ...]]:
        """For each of some posts, its terms that the other posts of a group use and the blog as a whole rarely does.

        Terms that only repeat the group's name are left out.
        """
        n, in_group, members, found = len(self._documents), self._frequency_in(group), set(group.tolist()), []
        for row in rows:
            (terms, often), count = self._candidates(row), len(members) - (row in members)
            inside = in_group[terms] - (row in members)
            share = inside / max(count, 1)
            lift = share / (self._frequency[terms] / n)
            weight = {
                self._names[terms[place]]: float(share[place]) * log(lift[place]) * (1 + log(often[place]))
                for place in np.flatnonzero((inside >= max(min(2, count), 1)) & (lift >= MIN_LIFT)).tolist()
            }
            best = _best({key: weight[key] for key in weight if not is_name(key)}, limit)
            found.append(tuple(self._documents[row].terms[key].surface for key in best))
        return found

    def label(self, rows: Sequence[int], limit: int) -> list[LabelTerm]:
        """The label of a group of posts, the most distinctive term first.

        Weight: how many of the posts use the term, times the logarithm of how much more than elsewhere; more, where
        titles have it, and for a compound.
        """
        n, frequency, label = len(self._documents), self._frequency_in(rows), list[LabelTerm]()
        titles = [fold(self._documents[row].title) for row in rows]
        elsewhere = (self._frequency - frequency + 0.5) / (n - len(rows) + 1)
        lift = frequency / max(len(rows), 1) / elsewhere
        for least_share in _LABEL_SHARES:
            weight, in_titles, numbers = {}, {}, {}
            enough = frequency >= max(_MIN_LABEL_POSTS, least_share * len(rows))
            for number in np.flatnonzero(enough & (lift >= MIN_LIFT)).tolist():
                key = self._names[number]
                numbers[key], in_titles[key] = number, sum(key in title for title in titles)
                is_compound = " " in key or (len(key) > 2 and not key.isascii())
                share = float(frequency[number]) / len(rows)
                weight[key] = share * log(lift[number]) * (_COMPOUND_BONUS if is_compound else 1.0)
                weight[key] *= 1 + _TITLE_BONUS * in_titles[key] / len(rows)
            label = [
                LabelTerm(key, self._surface(key, rows), int(frequency[numbers[key]]), in_titles[key])
                for key in _best(weight, limit)
            ]
            if len(label) > 1:
                break
        return label

    def _frequency_in(self, rows: Sequence[int] | Rows) -> Rows:
        """Of these posts, how many use each term."""
        return np.bincount(self._uses[np.asarray(rows, dtype=np.int64)].indices, minlength=len(self._names))

    def _candidates(self, row: int) -> tuple[Rows, Rows]:
        """The post's most distinctive terms that other posts use, too, and how often it uses them."""
        if row not in self._of_post:
            part = slice(self._uses.indptr[row], self._uses.indptr[row + 1])
            terms, often = self._uses.indices[part], self._uses.data[part]
            weight = np.round(self._weight_of_count[often] * self._rarity[terms], 6)
            if len(terms) > _CANDIDATES:
                least = np.partition(weight, -_CANDIDATES)[-_CANDIDATES]
                surer, tied = np.flatnonzero(weight > least), np.flatnonzero(weight == least).tolist()
                tied.sort(key=lambda place: self._names[terms[place]])
                chosen = np.array([*surer, *tied[: _CANDIDATES - len(surer)]])
                terms, often = terms[chosen], often[chosen]
            self._of_post[row] = terms, often
        return self._of_post[row]

    def _surface(self, key: str, rows: Sequence[int]) -> str:
        spellings: Counter[str] = Counter()
        for row in rows:
            term = self._documents[row].terms.get(key)
            if term is not None:
                spellings[term.surface] += term.frequency
        return min(spellings, key=lambda surface: (-spellings[surface], surface))


def _each_once(work: Callable[[int], float], counts: Rows) -> Matrix:
    """A table of `work` by count, filled for the counts given."""
    table = np.zeros(int(counts.max(initial=0)) + 1)
    for count in np.flatnonzero(np.bincount(counts)).tolist():
        table[count] = work(count)
    return table


def _best(weight: Mapping[str, float], limit: int) -> list[str]:
    """The heaviest keys, none of which is part of another."""
    chosen: list[str] = []
    for key in sorted(weight, key=lambda key: (-round(weight[key], 6), key)):
        if len(chosen) == limit:
            break
        if not any(key in other or other in key for other in chosen):
            chosen.append(key)
    return chosen
