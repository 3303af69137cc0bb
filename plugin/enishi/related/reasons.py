"""What two posts have in common, to be shown as reasons: tags and terms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log, sqrt

from enishi.memo import Memo, Pairs, each, term_frequency
from enishi.reading.tokens import fold
from enishi.types import Document, Terms

MAX_TERMS = 5
_MAX_SHARE = 0.2
"""Terms in more of the posts than this are too common to be a reason."""
_COMPOUND_BONUS = 1.5
_TITLE_BONUS = 2.0
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_ENDING = re.compile("(?:e?s)?(?![a-z0-9])")


@dataclass(slots=True)
class _KnownTerms:
    """The shared terms of pairs, and what they were computed with."""

    terms: Pairs[tuple[str, ...]] = field(default_factory=Pairs)
    count: int = -1
    frequency: Counter[str] = field(default_factory=Counter)


class Reasons:
    """Shared tags and terms of pairs of documents of one blog.

    With a memo, the shared terms of a pair are those of last time as long as both documents, the number of posts and
    the frequency of every term that they share are the same.
    """

    def __init__(self, documents: Sequence[Document], memo: Memo | None = None) -> None:
        self._count = len(documents)
        self._frequency = term_frequency(documents)
        titles = each(memo, "folded titles", documents, lambda document: fold(document.title))
        tags = each(memo, "folded tags", documents, _folded_tags)
        known = zip(documents, titles, tags, strict=True)
        self._folded = {document.post.path: (document, title, folded) for document, title, folded in known}
        self._tag_frequency = Counter(tag for folded in tags for tag in folded)
        self._most = max(_MAX_SHARE * self._count, 3)
        known_terms = memo.lasting("shared terms", _KnownTerms) if memo else _KnownTerms()
        last = known_terms.frequency
        self._changed = {key for key in last.keys() | self._frequency.keys() if last[key] != self._frequency[key]}
        if known_terms.count != self._count:
            known_terms.terms = Pairs()
        known_terms.count, known_terms.frequency = self._count, self._frequency
        known_terms.terms.begin()
        self._known = known_terms.terms

    def shared_tags(self, first: Document, second: Document) -> tuple[str, ...]:
        """Tags of both posts, as the first writes them, rarest first."""
        (_, ours), (_, theirs) = self._title_and_tags(first), self._title_and_tags(second)
        shared = [key for key in ours if key in theirs]
        return tuple(ours[key] for key in sorted(shared, key=lambda key: (self._tag_frequency[key], key)))

    def _title_and_tags(self, document: Document) -> tuple[str, dict[str, str]]:
        """Both folded.  A document that is not the one we know under its path has just been edited."""
        known = self._folded.get(document.post.path)
        if known is not None and known[0] is document:
            return known[1:]
        return fold(document.title), _folded_tags(document)

    def shared_terms(self, first: Document, second: Document) -> tuple[str, ...]:
        """At most `MAX_TERMS` terms of both posts, the most distinctive first; none that is part of another."""
        terms = self._known.get(first, second)
        if terms is None or not self._holds(first, second):
            terms = tuple(surface for surface, _ in self.weighted_terms(first, second))
            self._known.set(first, second, terms)
        return terms

    def _holds(self, first: Document, second: Document) -> bool:
        """Whether no term that the two share is in more or fewer posts than last time."""
        ours, theirs = first.terms.frequency, second.terms.frequency
        return not any(term in ours and term in theirs for term in self._changed)

    def weighted_terms(self, first: Document, second: Document, limit: int = MAX_TERMS) -> list[tuple[str, float]]:
        """Shared terms with their weights: rarity squared, times the logarithm of how often both posts use them."""
        ours, theirs = first.terms.frequency, second.terms.frequency
        titles = (self._title_and_tags(first)[0], self._title_and_tags(second)[0])
        weights = {}
        for key in ours.keys() & theirs.keys():
            frequency = self._frequency[key]
            if frequency <= self._most:
                weights[key] = self._weight(key, ours[key] * theirs[key], titles, frequency)
        passing = {key for key in weights if _is_passing(key, first.terms, second.terms)}
        chosen: list[str] = []
        for key in sorted(weights, key=lambda key: (key in passing, -round(weights[key], 6), -len(key), key)):
            if len(chosen) == limit:
                break
            if not any(_overlap(key, other) for other in chosen):
                chosen.append(key)
        return [(_surface(key, first, second), weights[key]) for key in chosen]

    def _weight(self, key: str, product: int, titles: tuple[str, str], frequency: int) -> float:
        """`product` is that of the numbers of times that the two posts use the term."""
        rarity = log((self._count + 1) / (frequency + 0.5))
        weight = rarity**2 * (1 + log(sqrt(product)))
        if " " in key or (len(key) > 2 and not key.isascii()):
            weight *= _COMPOUND_BONUS
        if _contains(titles[0], key) or _contains(titles[1], key):
            weight *= _TITLE_BONUS
        return weight


def _folded_tags(document: Document) -> dict[str, str]:
    """A post's tags as it writes them (the first spelling of each), by their folded form."""
    return {fold(tag): tag for tag in reversed(document.post.tags)}


def _is_passing(key: str, ours: Terms, theirs: Terms) -> bool:
    """Whether both posts use this only once, a plain Latin or Chinese word: chance more often than a subject."""
    if ours.frequency[key] * theirs.frequency[key] != 1:
        return False
    if not key.isascii():
        return bool(ours.chinese and theirs.chinese)
    return key.isalpha() and key not in ours.surfaces and key not in theirs.surfaces  # written small


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
    one, other = first.terms[key], second.terms[key]
    if one.surface == other.surface:
        return one.surface
    spellings = {one.surface: one.frequency, other.surface: other.frequency}
    return min(spellings.items(), key=lambda item: (-item[1], -sum(map(str.isupper, item[0])), item[0]))[0]
