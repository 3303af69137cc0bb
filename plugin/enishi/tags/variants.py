"""Tags that may be one and the same: other spellings, plurals, short forms.

Nothing here changes how a build reads tags: it is what an author is asked about, so a pair may be less than certain,
but each has a reason that can be named.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from enishi.tags.mentions import NO_PLURALS
from enishi.tags.short_forms import find_short_forms
from enishi.tags.vocabulary import Vocabulary, fold_tag, spelling_key
from enishi.types import Document

SPELLING, LONG_VOWEL, PLURAL, SHORT_FORM = "spelling", "long-vowel mark", "plural", "short form"
"""What two names of a tag differ by."""

_LAST_WORD = re.compile(r"[a-z]+\Z")
_KATAKANA = re.compile(r"[ァ-ヺ]")
_ENOUGH_KATAKANA = 5
"""Short words differ by a ー in earnest (ビル, ビール), long ones by house style (インタフェース, インターフェース)."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Why two tags, given by their keys, may be one."""

    keys: frozenset[str]
    reason: str
    shown_by: tuple[str, ...] = ()
    """Paths of the posts that show a short form to stand for its long one."""


def find_resemblances(
    documents: Sequence[Document], vocabulary: Vocabulary, names: Mapping[str, Collection[str]]
) -> list[Resemblance]:
    """Pairs of tags that may be one, sorted by keys; `names` holds the spellings that posts use, by key.

    Two tags of which one implies the other are two: the author, or a version number, tells them apart.
    """
    short_forms = find_short_forms(documents, vocabulary, names)
    abbreviations = (Resemblance(frozenset((short, long)), SHORT_FORM, paths) for short, long, paths in short_forms)
    apart = {frozenset((key, other)) for key, broader in vocabulary.broader.items() for other in broader}
    best: dict[frozenset[str], Resemblance] = {}
    for resemblance in (*_plurals(names), *_long_vowels(names), *abbreviations):
        if resemblance.keys not in apart:
            best.setdefault(resemblance.keys, resemblance)
    return sorted(best.values(), key=lambda resemblance: sorted(resemblance.keys))


def is_spelling(one: str, other: str) -> bool:
    """Whether two names are spellings of one tag; numbers that stand apart make them two: `2-11` is not `21-1`."""
    numbers = [re.findall(r"\d+", fold_tag(name)) for name in (one, other)]
    return one != other and spelling_key(one) == spelling_key(other) and numbers[0] == numbers[1]


def _plurals(names: Mapping[str, Collection[str]]) -> Iterator[Resemblance]:
    by_spelling = {spelling_key(name): (key, name) for key in names for name in sorted(names[key])}
    for key in names:
        for plural in filter(None, map(plural_of, sorted(names[key]))):
            other, written = by_spelling.get(plural, (key, ""))
            is_capital = len(written) > 2 and written[-1] == "S" and written[-3:].isupper()  # `DAAS`, but `APIs`
            if other != key and not is_capital:
                yield Resemblance(frozenset((key, other)), PLURAL)


def plural_of(name: str) -> str:
    """Spelling key of the English plural of a tag; empty for short words (`CS`, `CSS`) and for other scripts."""
    folded = fold_tag(name)
    word = _LAST_WORD.search(folded)
    if word is None or len(word[0]) < 3:
        return ""
    plural = word[0] + "s"
    if word[0].endswith(("s", "x", "z", "ch", "sh")):
        plural = word[0] + "es"
    elif word[0][-1] == "y" and word[0][-2] not in "aeiou":
        plural = word[0][:-1] + "ies"
    return "" if plural in NO_PLURALS else spelling_key(folded[: word.start()] + plural)


def _long_vowels(names: Mapping[str, Collection[str]]) -> Iterator[Resemblance]:
    """Names that differ by a ー inside (at the end it is a spelling anyway)."""
    alike: dict[str, set[str]] = defaultdict(set)
    for key in names:
        for name in names[key]:
            plain = spelling_key(name).replace("ー", "")
            if len(_KATAKANA.findall(plain)) >= _ENOUGH_KATAKANA:
                alike[plain].add(key)
    for keys in alike.values():
        for pair in combinations(sorted(keys), 2):
            yield Resemblance(frozenset(pair), LONG_VOWEL)
