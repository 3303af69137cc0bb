"""Tags that may be one and the same: other spellings, plurals, short forms.

Nothing here changes how a build reads tags: it is what an author is asked about, so a pair may be less than certain,
but each has a reason that can be named.  That initials fit is not enough (`CSS`, *content safety study*): the blog has
to show by its own text or tags that the short form stands for the long one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from enishi.reading.tokens import fold
from enishi.tags.mentions import variants
from enishi.tags.vocabulary import Vocabulary, fold_tag, spelling_key
from enishi.types import Document

CASE, WIDTH, HYPHEN, LONG_VOWEL = "case", "width", "hyphen or blank", "long-vowel mark"
PLURAL, LETTER, SHORT_FORM = "plural", "a letter", "short form"
"""What two names of a tag differ by."""

_LAST_WORD = re.compile(r"[a-z]+\Z")
_NO_PLURALS = frozenset(
    ["arms", "ftps", "goods", "https", "imaps", "ldaps", "news", "rails", "smtps", "teams", "windows"]
)
"""Words that look like the plural of another word and are something else."""
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

    Two tags of which one implies the other are two: the author, or a version number, says so.
    """
    found = [
        *_plurals(names),
        *_long_vowels(names),
        *_short_forms(documents, vocabulary, names),
        *_slips(vocabulary, names),
    ]
    apart = {frozenset((key, other)) for key, broader in vocabulary.broader.items() for other in broader}
    best: dict[frozenset[str], Resemblance] = {}
    for resemblance in found:
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
    found = (
        (CASE, [_letters(name) for name in narrow]),
        (WIDTH, [_letters(name).casefold() for name in (one, other)]),
        (HYPHEN, [fold_tag(name).replace("ー", "") for name in narrow]),
        (LONG_VOWEL, [re.sub(r"[\W_]", "", fold_tag(name)) for name in narrow]),
    )
    return tuple(reason for reason, (first, second) in found if first != second) or (HYPHEN,)


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
    return [] if plural in _NO_PLURALS else [spelling_key(folded[: word.start()] + plural)]


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


# --- slips of the pen ------------------------------------------------------------------------------------------------

_SHORTEST_SLIP = 6
"""Short words of one letter's difference are different words (`video`, `vimeo`)."""


def _slips(vocabulary: Vocabulary, names: Mapping[str, Collection[str]]) -> Iterator[Resemblance]:
    """A long word on one post, one letter away from a tag on several: more often a slip than another word."""
    words = {key: spelling_key(key) for key in names}
    long = {
        key: word for key, word in words.items() if len(word) >= _SHORTEST_SLIP and word.isascii() and word.isalpha()
    }
    usual: dict[str, list[str]] = defaultdict(list)
    for key in long:
        if vocabulary.counts[key] > 1:
            usual[long[key][0]].append(key)
    for key, word in long.items():
        if vocabulary.counts[key] == 1:
            near = [
                other
                for other in usual[word[0]]
                if _is_a_letter_off(word, long[other]) and f"{word}s" != long[other] and f"{long[other]}s" != word
            ]
            if len(near) == 1:
                yield Resemblance(frozenset((key, near[0])), LETTER)


def _is_a_letter_off(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too many, or two neighbours have changed places."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    first, second = one[start:], other[start:]
    swapped = len(first) > 1 and first[0] == second[1:2] and first[1] == second[0] and first[2:] == second[2:]
    return swapped or first[1:] == second[1:] or first[1:] == second or first == second[1:]


# --- short forms -----------------------------------------------------------------------------------------------------

_SHORT = re.compile(r"[A-Za-z0-9]{2,6}", re.ASCII)
_NUMERONYM = re.compile(r"([a-z])(\d{1,2})([a-z])", re.ASCII)
_FEWEST_LEFT_OUT = 5
"""`E2E` and `P2P` are no numeronyms."""
_AS_WRITTEN = re.compile(r"[A-Z0-9]{2,6}s?|[A-Za-z]\d{1,2}[a-z]", re.ASCII)
"""How a text writes a short form: in capitals."""
_WRITTEN_AT_END = re.compile(rf"(?<![A-Za-z0-9])(?:{_AS_WRITTEN.pattern})\Z", re.ASCII)
_BRACKETS = re.compile(r"[(（]([^()（）\n]{2,60})[)）]")
_LONGEST_BEFORE = 60
_PARTS = re.compile(r"\s*[,、，;；:：/／=＝]\s*")
_QUOTES = "「」『』“”\"'`*_  \t\u3000"
_SMALL_WORDS = frozenset(["a", "an", "and", "as", "for", "in", "of", "on", "the", "to"])
_POSTS_WITHOUT_INITIALS = 2
"""One gloss like クラウド（AWS） may name an example; 自然言語処理（NLP） stands in several posts."""


def _short_forms(
    documents: Sequence[Document], vocabulary: Vocabulary, names: Mapping[str, Collection[str]]
) -> Iterator[Resemblance]:
    glossed = _glosses(documents, names)
    certain = dict(_fitting(names, glossed))
    ambiguous = _several_longs(certain)
    tagged = [(document, vocabulary.tags_of(document.post)) for document in documents]
    for (short, long), fit in sorted(certain.items()):
        shown_by = glossed.get((short, long), [])
        if fit is _Fit.INITIALS and not shown_by and short not in ambiguous:
            shown_by = _used_together(tagged, (short, names[short]), (long, names[long]))
        if shown_by or fit is _Fit.COUNTED:
            yield Resemblance(frozenset((short, long)), SHORT_FORM, tuple(shown_by))


class _Fit(StrEnum):
    """How a short form is made from the long one."""

    COUNTED = "counted"
    INITIALS = "initials"
    GLOSS = "gloss"


def _fitting(
    names: Mapping[str, Collection[str]], glossed: Mapping[tuple[str, str], Sequence[str]]
) -> Iterator[tuple[tuple[str, str], _Fit]]:
    """(short, long) pairs of keys that fit one another, and how."""
    shorts = {spelling_key(name): key for key in names for name in sorted(names[key]) if _SHORT.fullmatch(name)}
    longs: dict[str, set[str]] = defaultdict(set)
    for key in names:
        for name in names[key]:
            for made in (*initials(name), *numeronyms(name)):
                longs[made].add(key)
    for made, short in sorted(shorts.items()):
        fit = _Fit.COUNTED if _NUMERONYM.fullmatch(made) else _Fit.INITIALS
        yield from (((short, long), fit) for long in sorted(longs.get(made, ())) if long != short)
    partners: dict[str, set[str]] = defaultdict(set)
    for short, long in glossed:
        partners[short].add(long)
        partners[long].add(short)
    for (short, long), paths in sorted(glossed.items()):
        only_these = not long.isascii() and len(partners[short]) == len(partners[long]) == 1
        fits = any(_is_abbreviation(spelling_key(one), other) for one in names[short] for other in names[long])
        if fits or (only_these and len(paths) >= _POSTS_WITHOUT_INITIALS):
            yield (short, long), _Fit.GLOSS


def initials(name: str) -> set[str]:
    """The initials of a name of several Latin words, with and without its small words: `Web Content`, `GoogleCloud`."""
    found = set()
    for words in variants(name):
        for chosen in (words, [word for word in words if word not in _SMALL_WORDS]):
            if len(chosen) > 1 and all(word[0].isascii() and word[0].isalpha() for word in chosen):
                found.add("".join(word[0] for word in chosen))
    return found


def numeronyms(name: str) -> set[str]:
    """`k8s` for `Kubernetes`: the first and the last letter, and how many are left out between them."""
    word = fold_tag(name)
    left_out = len(word) - 2
    is_word = word.isascii() and word.isalpha() and left_out >= _FEWEST_LEFT_OUT
    return {f"{word[0]}{left_out}{word[-1]}"} if is_word else set()


def _is_abbreviation(short: str, long: str) -> bool:
    """Whether a short form that the blog glosses fits its long one.

    Its letters stand there in order, and it is at most half as long; or it has one initial more than the long form has
    words: `GCP`, `GoogleCloud`.
    """
    folded = fold(long)
    letters = iter(folded)
    if folded.isascii() and 2 * len(short) <= len(folded) and all(letter in letters for letter in short):
        return True
    return len(short) > 2 and short[:-1] in initials(long)


def _several_longs(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Short forms that fit more than one long one (`GA`: Google Analytics, GitHub Actions)."""
    longs: dict[str, set[str]] = defaultdict(set)
    for short, long in pairs:
        longs[short].add(long)
    return {short for short, found in longs.items() if len(found) > 1}


def _glosses(documents: Sequence[Document], names: Mapping[str, Collection[str]]) -> dict[tuple[str, str], list[str]]:
    """Posts that write two tags as *long (short)* or *short (long)*, by (short, long)."""
    keys = {spelling_key(name): key for key in names for name in sorted(names[key])}
    shorts = {key for key in names if any(map(_SHORT.fullmatch, names[key]))}
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for document in documents:
        text = "\n".join((document.fields.title, document.post.description, document.fields.prose))
        pairs = {pair for match in _BRACKETS.finditer(text) for pair in _glossed(text, match, keys, shorts)}
        for pair in pairs:
            found[pair].append(document.post.path)
    return found


def _glossed(
    text: str, match: re.Match[str], keys: Mapping[str, str], shorts: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(short, long) of one pair of brackets: of the two tags, exactly one is a short form, and written like one."""
    for part in _PARTS.split(match[1]):
        written = part.strip(_QUOTES)
        inside = keys.get(spelling_key(written))
        if inside is None:
            continue
        line = text[max(0, match.start() - _LONGEST_BEFORE) : match.start()].rpartition("\n")[2].rstrip(_QUOTES)
        if inside not in shorts:
            named = _WRITTEN_AT_END.search(line)
            before = keys.get(spelling_key(named[0]), "") if named else ""
            if before in shorts:
                yield before, inside
        elif _AS_WRITTEN.fullmatch(written):
            before = _tag_at_end(line, keys)
            if before and before not in shorts:
                yield inside, before


def _tag_at_end(line: str, keys: Mapping[str, str]) -> str:
    """The key of the longest tag that a line ends in, whole Latin or katakana words only; empty if there is none."""
    for start in range(len(line)):
        if not start or not _same_word(line[start - 1], line[start]):
            key = keys.get(spelling_key(line[start:]))
            if key is not None:
                return key
    return ""


def _same_word(one: str, other: str) -> bool:
    return all(c.isascii() and c.isalnum() for c in (one, other)) or all(map(_KATAKANA.match, (one, other)))


def _used_together(
    tagged: Sequence[tuple[Document, frozenset[str]]],
    short: tuple[str, Collection[str]],
    long: tuple[str, Collection[str]],
) -> list[str]:
    """Posts that carry both; for three initials or more, also those that carry one and name the other.

    Two letters fit by chance: there, nothing but both tags on one post will do.
    """
    by_name = min(map(len, short[1])) > 2
    patterns = {short[0]: naming_pattern(short[1]), long[0]: naming_pattern(long[1])}
    found = []
    for document, own in tagged:
        missing = patterns.keys() - own
        if not missing or (
            by_name and len(missing) == 1 and patterns[next(iter(missing))].search(fold(document.fields.prose))
        ):
            found.append(document.post.path)
    return found


def naming_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """What finds any of these names in folded text, as whole words where they are Latin or katakana."""
    ways = {_bounded(words) for name in names for words in variants(name) if not _is_other_word(words[-1], name)}
    return re.compile("|".join(sorted(ways)) or r"(?!)")


def _bounded(words: Sequence[str]) -> str:
    pattern = r"[\W_]*".join(map(re.escape, words))
    before, after = (_letters_like(edge) for edge in (words[0][0], words[-1][-1]))
    return (f"(?<!{before})" if before else "") + pattern + (f"(?!{after})" if after else "")


def _letters_like(letter: str) -> str:
    return next((kind for kind in ("[a-z0-9]", "[ァ-ヺー]") if re.match(kind, letter)), "")


def _is_other_word(variant: str, name: str) -> bool:
    """Whether a variant takes or adds the s of a word that is no plural (`HTTPS`, `HTTP`)."""
    folded = fold_tag(name)
    added = variant in _NO_PLURALS and not folded.endswith(variant)
    return added or (f"{variant}s" in _NO_PLURALS and folded.endswith(f"{variant}s"))
