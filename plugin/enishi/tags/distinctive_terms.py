"""Terms that distinguish a group of posts: evidence for a tag, and the label of a topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log
from typing import NamedTuple

from enishi.memo import term_frequency
from enishi.reading.tokens import fold
from enishi.types import Document

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
        self._documents = documents
        self._frequency = term_frequency(documents)
        self._titles = [fold(document.title) for document in documents]
        self._of_post: dict[int, list[str]] = {}

    def frequency_in(self, rows: Iterable[int]) -> Counter[str]:
        """Of these posts, how many use each term."""
        frequency: Counter[str] = Counter()
        for row in rows:
            frequency.update(self._documents[row].terms.keys())
        return frequency

    def speaking_for(
        self, row: int, in_group: Mapping[str, int], count: int, *, is_name: Callable[[str], bool], limit: int
    ) -> tuple[str, ...]:
        """Terms of a post that a group of `count` other posts uses and the blog as a whole rarely does.

        `in_group` is the group's :meth:`frequency_in`; terms that only repeat the group's name are left out.
        """
        if count == 0:
            return ()
        n, terms = len(self._documents), self._documents[row].terms
        weight = {}
        for key in self._candidates(row):
            inside = in_group.get(key, 0)
            lift = (inside / count) / (self._frequency[key] / n)
            if inside >= min(2, count) and lift >= MIN_LIFT and not is_name(key):
                weight[key] = inside / count * log(lift) * (1 + log(terms[key].frequency))
        return tuple(terms[key].surface for key in _best(weight, limit))

    def label(self, rows: Sequence[int], limit: int) -> list[LabelTerm]:
        """The label of a group of posts, the most distinctive term first.

        Weight: how many of the posts use the term, times the logarithm of how much more than elsewhere; more, where
        titles have it, and for a compound.
        """
        n, frequency, label = len(self._documents), self.frequency_in(rows), list[LabelTerm]()
        for least_share in _LABEL_SHARES:
            weight, in_titles = {}, {}
            for key, inside in frequency.items():
                if inside < max(_MIN_LABEL_POSTS, least_share * len(rows)):
                    continue
                elsewhere = (self._frequency[key] - inside + 0.5) / (n - len(rows) + 1)
                lift = (inside / len(rows)) / elsewhere
                if lift >= MIN_LIFT:
                    in_titles[key] = sum(key in self._titles[row] for row in rows)
                    is_compound = " " in key or (len(key) > 2 and not key.isascii())
                    weight[key] = inside / len(rows) * log(lift) * (_COMPOUND_BONUS if is_compound else 1.0)
                    weight[key] *= 1 + _TITLE_BONUS * in_titles[key] / len(rows)
            label = [
                LabelTerm(key, self._surface(key, rows), frequency[key], in_titles[key]) for key in _best(weight, limit)
            ]
            if len(label) > 1:
                break
        return label

    def _candidates(self, row: int) -> list[str]:
        """The post's most distinctive terms that other posts use, too."""
        if row not in self._of_post:
            n, terms = len(self._documents), self._documents[row].terms
            weight = {
                key: (1 + log(term.frequency)) * log((n + 1) / self._frequency[key])
                for key, term in terms.items()
                if self._frequency[key] >= 2
            }
            self._of_post[row] = sorted(weight, key=lambda key: (-round(weight[key], 6), key))[:_CANDIDATES]
        return self._of_post[row]

    def _surface(self, key: str, rows: Sequence[int]) -> str:
        spellings: Counter[str] = Counter()
        for row in rows:
            term = self._documents[row].terms.get(key)
            if term is not None:
                spellings[term.surface] += term.frequency
        return min(spellings, key=lambda surface: (-spellings[surface], surface))


def _best(weight: Mapping[str, float], limit: int) -> list[str]:
    """The heaviest keys, none of which is part of another."""
    chosen: list[str] = []
    for key in sorted(weight, key=lambda key: (-round(weight[key], 6), key)):
        if len(chosen) == limit:
            break
        if not any(key in other or other in key for other in chosen):
            chosen.append(key)
    return chosen
