"""Chinese words: what recurs on a blog beside ever other characters, as nothing separates words in writing.

A string of characters is a word if its first and last characters hold together more than chance lets expect, while what
stands before and after it varies.  So 业大学 is none: 工业大学 and 农业大学 are.  Frequency, cohesion and branching
entropy as in Sproat & Shih (1990) and Jin & Tanaka-Ishii (2006); only a whole blog tells them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from enishi.reading.stopwords import CHINESE_BREAKS, CHINESE_WEAK_ENDS, CHINESE_WEAK_STARTS, CJK
from enishi.types import Document, Terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.signedinteger]
    Keys = NDArray[np.uint64]

_LONGEST = 8
_LEAST_FREQUENCY = 3
_LEAST_ENTROPY = 0.8, 0.2
"""Of the characters on either side, in nats: the first, and the second times the logarithm of the frequency."""
_MOST_OF_ONE = 0.7
"""A string that has the same neighbour in more of its places is a part of something longer."""
_LEAST_COHESION, _LEAST_COHESION_WEAK = 2.0, 4.5
"""Pointwise mutual information, in nats, at the weakest cut; the second where a string begins or ends like a phrase."""
_MAX_WORDS = 600


def chinese_words(texts: Sequence[str]) -> list[dict[str, int]]:
    """The words of each text, each a post's runs of Han characters, and how often it uses them; the most frequent."""
    return list(map(_most_frequent, count_recurring(texts)))


def with_words(document: Document, words: Mapping[str, int]) -> Document:
    """The document with the most frequent of these words among its terms."""
    terms = document.terms
    return replace(document, terms=Terms({**terms.frequency, **_most_frequent(words)}, terms.surfaces, terms.chinese))


def _most_frequent(words: Mapping[str, int]) -> dict[str, int]:
    if len(words) > _MAX_WORDS:
        words = dict(sorted(words.items(), key=lambda item: (-item[1], item[0]))[:_MAX_WORDS])
    return dict(words)


def count_recurring(texts: Sequence[str]) -> list[dict[str, int]]:
    """How often each text uses each word that all of them together show to be one.

    `texts` are runs of Han characters, with a line feed between two runs.  Strings are grown by one character at a time
    from those that recur, by sorting (string, next character, place) packed into one number.
    """
    import numpy as np

    whole = "\n".join(texts)
    text = _Text.of(whole)
    is_inside = (text.characters > 0) & ~text.is_among(CHINESE_BREAKS)
    places = np.flatnonzero(is_inside)
    strings = text.characters.copy()  # by place; what stands where nothing recurs is never asked for
    frequencies = [np.zeros(0, np.int64), np.bincount(text.characters)[text.characters]]
    total = int(np.count_nonzero(text.characters))
    weak_starts, weak_ends = text.is_among(CHINESE_WEAK_STARTS), text.is_among(CHINESE_WEAK_ENDS)
    post_of = np.repeat(np.arange(len(texts)), [len(one) + 1 for one in texts])
    words: list[str] = []
    found: list[Integers] = []  # text * 2**32 + word, for each place
    for length in range(2, _LONGEST + 1):
        places = places[is_inside[places + length - 1]]
        places, string, first, count = _recurring(text, strings, places, length)
        if not len(places):
            break
        strings[places] = string
        frequencies.append(np.empty_like(text.characters))
        frequencies[length][places] = count[string]
        is_weak = weak_starts[first] | weak_ends[first + length - 1]
        likely = _cohesion(frequencies, first, total) >= np.where(is_weak, _LEAST_COHESION_WEAK, _LEAST_COHESION)
        likely &= _varies(text.characters[places - 1], string, count, text.bits, likely)
        likely &= _varies(text.characters[places + length], string, count, text.bits, likely)
        spelled = {number: whole[first[number] - 1 : first[number] - 1 + length] for number in np.flatnonzero(likely)}
        number_of = np.full(len(count), -1)
        for number, word in spelled.items():
            if word not in CJK:
                number_of[number] = len(words)
                words.append(word)
        standing = number_of[string]
        found.append((post_of[places[standing >= 0] - 1] << 32) + standing[standing >= 0])
    counts: list[dict[str, int]] = [{} for _ in texts]
    if found:
        pairs, times = np.unique(np.concatenate(found), return_counts=True)
        for row, number, count in zip(
            (pairs >> 32).tolist(), (pairs & 0xFFFFFFFF).tolist(), times.tolist(), strict=True
        ):
            counts[row][words[number]] = count
    return counts


@dataclass(frozen=True, slots=True)
class _Text:
    """Characters by small numbers, 0 between two runs; the text begins at 1."""

    characters: Integers
    alphabet: Integers
    """The character's code, by its number."""

    @classmethod
    def of(cls, whole: str) -> _Text:
        import numpy as np

        codes = np.frombuffer(whole.encode("utf-16-le"), np.uint16)
        is_used = np.bincount(codes, minlength=1 << 16) > 0
        is_used[ord("\n")] = False
        number_of = np.where(is_used, np.cumsum(is_used), 0)
        characters = np.pad(number_of.astype(np.int32)[codes], (1, _LONGEST + 1))
        return cls(characters, np.append(0, np.flatnonzero(is_used)))

    def is_among(self, characters: str) -> NDArray[np.bool_]:
        """By place, whether one of these characters stands there."""
        import numpy as np

        among: NDArray[np.bool_] = np.isin(self.alphabet, [ord(one) for one in characters])[self.characters]
        return among

    @property
    def bits(self) -> int:
        """That hold the number of a character."""
        return len(self.alphabet).bit_length()


def _recurring(
    text: _Text, strings: Integers, places: Integers, length: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Strings of this length that recur: their places and numbers there; by number, the first place and the frequency.

    `strings` are the numbers, by place, of what recurs and is shorter by one.
    """
    import numpy as np

    bits = np.uint64(len(text.characters).bit_length())
    key = _packed(strings[places], text.characters[places + length - 1], text.bits)
    key = key << bits | places.astype(np.uint64)
    key.sort()
    starts, count = _groups(key >> bits)
    recurs = count >= _LEAST_FREQUENCY
    number = np.repeat(np.where(recurs, np.cumsum(recurs) - 1, -1), count)
    place = (key & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    return place[number >= 0], number[number >= 0], place[starts[recurs]], count[recurs]


def _varies(
    neighbour: Integers, string: Integers, count: Integers, bits: int, asked: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the strings that are asked for have varying neighbours; the end of a run is another one each time."""
    import numpy as np

    chosen = asked[string]
    key = _packed(string[chosen], neighbour[chosen], bits)
    key.sort()
    starts, times = _groups(key)
    ours = (key[starts] >> np.uint64(bits)).astype(np.int64)
    times = np.where(key[starts] & ((np.uint64(1) << np.uint64(bits)) - np.uint64(1)), times, 1)
    entropy = np.log(count) - np.bincount(ours, times * np.log(times), minlength=len(count)) / count
    most = np.zeros(len(count), np.int64)
    np.maximum.at(most, ours, times)
    constant, slope = _LEAST_ENTROPY
    varies: NDArray[np.bool_] = (np.round(entropy - constant - slope * np.log(count), 9) >= 0) & (
        most <= _MOST_OF_ONE * count
    )
    return varies


def _cohesion(frequencies: Sequence[Integers], first: Integers, total: int) -> NDArray[np.float64]:
    """How much more often than by chance the two parts of each string meet, at its weakest cut."""
    import numpy as np

    length = len(frequencies) - 1
    parts = [
        frequencies[cut][first] * frequencies[length - cut][first + cut].astype(np.float64) for cut in range(1, length)
    ]
    cohesion: NDArray[np.float64] = np.log(frequencies[length][first] * float(total) / np.max(parts, axis=0))
    return np.round(cohesion, 9)


def _packed(string: Integers, character: Integers, bits: int) -> Keys:
    import numpy as np

    return string.astype(np.uint64) << np.uint64(bits) | character.astype(np.uint64)


def _groups(ordered: Keys) -> tuple[Integers, Integers]:
    """Where each run of equal keys starts, and how long it is."""
    import numpy as np

    starts = np.flatnonzero(np.append(np.full(min(len(ordered), 1), True), ordered[1:] != ordered[:-1]))
    return starts, np.diff(np.append(starts, len(ordered)))
