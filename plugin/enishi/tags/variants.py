"""Tags that may be one and the same: other spellings, plurals, short forms.

Nothing here changes how a build reads tags: it is what an author is asked about, so a pair may be less than certain,
but each has a reason that can be named.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from enishi.tags.mentions import NO_PLURALS
from enishi.tags.short_forms import find_short_forms
from enishi.tags.vocabulary import Vocabulary, fold_tag, spelling_key
from enishi.types import Document

CASE, WIDTH, HYPHEN, LONG_VOWEL = "case", "width", "hyphen or blank", "long-vowel mark"
PLURAL, SHORT_FORM = "plural", "short form"
"""What two names of a tag differ by."""

_LAST_WORD = re.compile(r"[a-z]+\Z")
_DIGITS_APART = re.compile(r"(?<=\d)[\W_]+(?=\d)")
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


def differences(one: str, other: str) -> tuple[str, ...]:
    """What two spellings of one tag differ by; empty where they are not spellings of one.

    Digits that stand apart make it another name: `2-11` is not `21-1`.
    """
    if one == other or spelling_key(one) != spelling_key(other) or _digits(one) != _digits(other):
        return ()
    narrow = [unicodedata.normalize("NFKC", name) for name in (one, other)]
    compared = (
        (CASE, [_letters(name) for name in narrow]),
        (WIDTH, [_letters(name).casefold() for name in (one, other)]),
        (HYPHEN, [fold_tag(name).replace("ー", "") for name in narrow]),
        (LONG_VOWEL, [re.sub(r"[\W_]", "", fold_tag(name)) for name in narrow]),
    )
    return tuple(reason for reason, (first, second) in compared if first != second) or (HYPHEN,)


def _letters(name: str) -> str:
    """Without separators and long-vowel marks, of either width."""
    return re.sub(r"[\W_ーｰ]", "", name)


def _digits(name: str) -> list[str]:
    return _DIGITS_APART.sub(" ", fold_tag(name)).split() if _DIGITS_APART.search(fold_tag(name)) else []


# --- plurals and long-vowel marks ------------------------------------------------------------------------------------


def _plurals(names: Mapping[str, Collection[str]]) -> Iterator[Resemblance]:
    by_spelling = {spelling_key(name): (key, name) for key in names for name in sorted(names[key])}
    for key in names:
        for name in sorted(names[key]):
            for plural in plurals(name):
                other, written = by_spelling.get(plural, (key, ""))
                if other != key and not _is_capital_s(written):
                    yield Resemblance(frozenset((key, other)), PLURAL)


def plurals(name: str) -> list[str]:
    """Spelling keys of the English plural of a tag; none for short words (`CS`, `CSS`) and for other scripts."""
    folded = fold_tag(name)
    word = _LAST_WORD.search(folded)
    if word is None or len(word[0]) < 3:
        return []
    singular = word[0]
    if singular.endswith(("s", "x", "z", "ch", "sh")):
        plural = singular + "es"
    elif singular[-1] == "y" and singular[-2] not in "aeiou":
        plural = singular[:-1] + "ies"
    else:
        plural = singular + "s"
    return [] if plural in NO_PLURALS else [spelling_key(folded[: word.start()] + plural)]


def _is_capital_s(name: str) -> bool:
    """Whether a name ends in an S of its own (`DAAS`): a plural of capitals has a small one (`APIs`)."""
    return len(name) > 2 and name[-1] == "S" and name[-3:].isupper()


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
