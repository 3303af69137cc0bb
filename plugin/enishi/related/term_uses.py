"""Which posts use which terms, as numbers: what many pairs of posts share, and how much that tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from enishi.counts import WordNumbers
from enishi.reading.tokens import fold
from enishi.types import Document
from enishi.vectors import number_spellings, number_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Rows, Scores

    Flags = npt.NDArray[np.bool_]

_MAX_SHARE = 0.2
"""Terms in more of the posts than this are too common to be a reason."""
_COMPOUND_BONUS = 1.5
_TITLE_BONUS = 2.0
_STARTS = 1024
"""How many kinds of beginnings of terms are told apart, before a title is searched for a term."""
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_ENDING = re.compile("(?:e?s)?(?![a-z0-9])")


def term_frequency(documents: Sequence[Document]) -> Counter[str]:
    """How many documents contain each term."""
    import numpy as np

    numbers = WordNumbers()
    which = [number_words(document.terms.frequency, numbers)[0] for document in documents]
    posts = np.bincount(np.concatenate([np.zeros(0, np.int64), *which]), minlength=len(numbers))
    return Counter({name: count for name, count in zip(numbers, posts.tolist(), strict=True) if count})


class Shared(NamedTuple):
    """Terms that pairs of documents share, pair by pair; in each, in the order of their numbers."""

    pair: Rows
    term: Rows
    ours: Rows
    """The place of the term among the uses, in the first document of the pair."""
    theirs: Rows


@dataclass(frozen=True, slots=True)
class TermUses:
    """Which documents use which terms: a place for each use, row by row.

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
    """csr (documents, terms): the place of each use, from 1."""
    pattern: Any
    """The same csr with ones."""
    often: Rows
    """By place, how often the document uses the term."""
    is_in_title: Flags
    spellings: list[str]
    spelling: Rows
    """By place, how the document writes the term: a number of `spellings`."""
    is_folded: Flags
    """By place, whether it writes the term in its folded form."""
    is_chinese: Flags
    """By document, whether it is a text in Chinese."""

    @classmethod
    def of(cls, documents: Sequence[Document], frequency: Mapping[str, int] | None, count: int) -> TermUses:
        """The uses in a blog of `count` posts in which each term has this frequency (None: these are all posts)."""
        import numpy as np
        from scipy.sparse import csr_matrix

        numbers = WordNumbers()
        uses = [number_words(document.terms.frequency, numbers) for document in documents]
        written = [number_spellings(document.terms.surfaces, numbers) for document in documents]
        every = list(numbers)
        posts = np.bincount(np.concatenate([which for which, _ in uses]), minlength=len(every))
        several = np.flatnonzero(posts > 1)
        if frequency is not None:
            posts[several] = [frequency[every[number]] for number in several.tolist()]
        kept = several[posts[several] <= max(_MAX_SHARE * count, 3)].tolist()
        kept.sort(key=lambda number: (-len(every[number]), every[number]))
        names = [every[number] for number in kept]
        term_of = np.full(len(every), -1, dtype=np.int32)
        term_of[kept] = np.arange(len(kept), dtype=np.int32)

        def table(rows: Sequence[tuple[Rows, Rows]]) -> Any:
            """csr (documents, terms) of values by number of a name."""
            numbers, values = (np.concatenate(column, dtype=np.int32) for column in zip(*rows, strict=True))
            stays = np.flatnonzero(term_of[numbers] >= 0)
            starts = np.searchsorted(stays, np.cumsum([0, *(len(which) for which, _ in rows)]))
            made = csr_matrix((values[stays], term_of[numbers[stays]], starts), (len(rows), len(names)))
            made.sort_indices()
            return made

        often, spelled = table(uses), table(written)
        own = np.array(kept, dtype=np.int32)[often.indices]
        spelling = own.copy()
        spelling[np.searchsorted(_codes(often), _codes(spelled))] = spelled.data
        place = np.arange(1, len(own) + 1, dtype=np.int32)
        return cls(
            names,
            # One by one: NumPy's logarithm may differ in the last bit from processor to processor
            np.array([log((count + 1) / (users + 0.5)) ** 2 for users in posts[kept].tolist()]),
            np.array([" " in name or (len(name) > 2 and not name.isascii()) for name in names], dtype=bool),
            np.array([name.isascii() for name in names], dtype=bool),
            np.array([name.isalpha() for name in names], dtype=bool),
            csr_matrix((place, often.indices, often.indptr), often.shape),
            csr_matrix((np.ones(len(own), dtype=np.int8), often.indices, often.indptr), often.shape),
            often.data,
            _are_in_title(documents, names, often),
            every,
            spelling,
            spelling == own,
            np.array([document.terms.is_chinese for document in documents], dtype=bool),
        )

    def shared(self, rows: Rows, others: Rows) -> Shared:
        """What the documents of each pair share."""
        import numpy as np

        ours = self.places[rows].multiply(self.pattern[others])
        theirs = self.pattern[rows].multiply(self.places[others])
        pair = np.repeat(np.arange(len(rows)), np.diff(ours.indptr))
        return Shared(pair, ours.indices, ours.data - 1, theirs.data - 1)

    def weights(self, shared: Shared) -> Scores:
        """The weight of each term in each pair: rarity squared, times the logarithm of how often both use it."""
        import numpy as np

        products = self.often[shared.ours].astype(np.int64) * self.often[shared.theirs]
        distinct, place = np.unique(products, return_inverse=True)
        amounts = np.array([1 + log(sqrt(product)) for product in distinct.tolist()])  # one by one, too
        weights: Scores = self.rarity[shared.term] * amounts[place]
        weights[self.is_compound[shared.term]] *= _COMPOUND_BONUS
        weights[self.is_in_title[shared.ours] | self.is_in_title[shared.theirs]] *= _TITLE_BONUS
        return weights

    def are_passing(self, shared: Shared, rows: Rows, others: Rows) -> Flags:
        """Whether both posts use a term only once, a plain Latin or Chinese word: chance more often than a subject."""
        import numpy as np

        is_small = self.is_folded[shared.ours] & self.is_folded[shared.theirs]
        is_chinese = (self.is_chinese[rows] & self.is_chinese[others])[shared.pair]
        is_once = (self.often[shared.ours] == 1) & (self.often[shared.theirs] == 1)
        is_latin = self.is_ascii[shared.term]
        passing: Flags = is_once & np.where(is_latin, self.is_word[shared.term] & is_small, is_chinese)
        return passing

    def spelled(self, shared: Shared, some: Rows) -> list[str]:
        """Some of the terms as the two posts write them most; on a tie with more capitals, which is a name's own."""
        import numpy as np

        ours, theirs = shared.ours[some], shared.theirs[some]
        first, second, more = self.spelling[ours], self.spelling[theirs], self.often[ours] - self.often[theirs]
        best = np.where(more < 0, second, first)
        for place in np.flatnonzero((first != second) & (more == 0)).tolist():
            best[place] = min(first[place], second[place], key=self._by_capitals)
        return [self.spellings[number] for number in best.tolist()]

    def _by_capitals(self, number: int) -> tuple[int, str]:
        text = self.spellings[number]
        return -sum(map(str.isupper, text)), text


def _codes(table: Any) -> Rows:
    """One number for the row and the column of each entry, ascending."""
    import numpy as np

    row = np.repeat(np.arange(table.shape[0], dtype=np.int64), np.diff(table.indptr))
    codes: Rows = row * table.shape[1] + table.indices
    return codes


def _are_in_title(documents: Sequence[Document], names: Sequence[str], table: Any) -> Flags:
    """Of each entry of a csr (documents, terms), whether the term stands in the title of the document."""
    import numpy as np

    titles = [fold(document.title) for document in documents]
    starts_of_titles = np.zeros((len(titles), _STARTS), dtype=bool)
    row = np.repeat(np.arange(len(titles)), list(map(len, titles)))
    single, double = _starts("".join(titles))
    starts_of_titles[row, single] = starts_of_titles[row[:-1], double] = True
    first, second = _starts("".join(name[:2].ljust(2) for name in names))
    start = np.where(np.array(list(map(len, names))) > 1, second[::2], first[::2])
    row = np.repeat(np.arange(len(titles)), np.diff(table.indptr))
    are: Flags = starts_of_titles[row, start[table.indices]]
    for place in np.flatnonzero(are).tolist():
        are[place] = contains_term(titles[row[place]], names[table.indices[place]])
    return are


def _starts(text: str) -> tuple[Rows, Rows]:
    """A number below `_STARTS` for each character of a text, and one for each two that follow one another."""
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
    return codes % _STARTS, (31 * codes[:-1] + codes[1:]) % _STARTS


def contains_term(text: str, term: str) -> bool:
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
