"""Text -> words (for vectors) and terms (for people).

Words are language-neutral: Latin-like words as they stand, katakana runs whole, Han and Hangul runs as overlapping
character bigrams, hiragana dropped (RESEARCH.md: trained sub-word tokenizers were worse on every referee).  Terms are
what a reader would name, so that a bigram never shows up as a reason: words and two-word phrases, katakana and Han
compounds, recurring Chinese character sequences.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from enishi.stopwords import CHINESE_BREAKS, CHINESE_WEAK, CJK, LATIN
from enishi.types import Term

VERSION = 2
"""Part of the cache key: raise it when the output for some text changes."""

_HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
_HIRAGANA = "\u3041-\u309f"
_HANGUL = "\uac00-\ud7af\u1100-\u11ff"
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer: no blanks between words
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0971-\u0dff"  # vowel signs, inside a word
_WORD = rf"[^\W_{_HAN}{_KATAKANA}{_HIRAGANA}{_HANGUL}{_SPACELESS}]"
_LATIN_LIKE = rf"{_WORD}(?:{_WORD}|[{_MARKS}]|[+#._'’-](?={_WORD})|[+#])*"

_TOKEN = re.compile(
    # A long-vowel mark begins no katakana word: the one in らーめん belongs to hiragana.
    rf"{_LATIN_LIKE}|[\u30a1-\u30fa][{_KATAKANA}]*|[{_HAN}]+|[{_HANGUL}]+|[{_SPACELESS}]+"
)
_POSSESSIVE = re.compile(r"['’]s$")
_MAX_WORD = 60
"""Longer "words" are hashes, encoded data or minified code."""


def fold(text: str) -> str:
    """Text as it is compared: NFKC (full width = half width), lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def words(text: str) -> Iterator[str]:
    """The words of a text, folded, in order."""
    for match in _TOKEN.finditer(fold(text)):
        run = match.group()
        if not _is_unspaced(run[0]):
            if len(run) <= _MAX_WORD:
                yield _POSSESSIVE.sub("", run).replace("’", "'")
        elif len(run) == 1:
            yield run
        else:
            for start in range(len(run) - 1):
                yield run[start : start + 2]


def count_words(weighted_texts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Word counts over several texts, each times its weight; the keys are interned (one copy for a whole blog)."""
    counts: Counter[str] = Counter()
    for text, weight in weighted_texts:
        for word, count in Counter(words(text)).items():
            counts[sys.intern(word)] += weight * count
    return dict(counts)


def _is_unspaced(character: str) -> bool:
    """Whether runs of this script are cut into bigrams (Han, Hangul, Thai …; katakana stays whole)."""
    return (
        "\u3400" <= character <= "\u9fff"
        or character == "\u3005"
        or "\uf900" <= character <= "\ufaff"
        or "\uac00" <= character <= "\ud7af"
        or "\u1100" <= character <= "\u11ff"
        or "\u0e00" <= character <= "\u0eff"
        or "\u1000" <= character <= "\u109f"
        or "\u1780" <= character <= "\u17ff"
    )


# --- terms ------------------------------------------------------------------------------------------------------

_LATIN_TERM = re.compile(_LATIN_LIKE)
_LATIN_PHRASE = re.compile(rf"{_LATIN_TERM.pattern}(?:[ \u00a0]{_LATIN_TERM.pattern})*")
_COMPOUND = re.compile(rf"[{_HAN}\u30a1-\u30fa][{_HAN}{_KATAKANA}]+|[{_HANGUL}]{{2,}}")
_SAME_SCRIPT = re.compile(rf"[{_HAN}]+|[{_KATAKANA}]+")
_KANA = re.compile(rf"[{_HIRAGANA}{_KATAKANA}]")
_HAN_RUN = re.compile(rf"[{_HAN}]{{2,}}")
_BREAKS = re.compile(f"[{CHINESE_BREAKS}]")
_COUNTER = re.compile(
    "[〇一二三四五六七八九十百千万億数第何各毎]+"
    "[人日月年回件個本枚冊分秒時週点度台号章節行目種歳倍割階番名円者社方面部]?|[一何各毎]."
)
_MAX_COMPOUND = 10
_MAX_TERMS = 600
"""A post's most frequent terms; a reason among the first few hundred is never missed, a glossary is bounded."""


def count_terms(texts: Iterable[str]) -> dict[str, Term]:
    """The terms of a post by folded form, each with its count and its most frequent spelling there."""
    surfaces: Counter[str] = Counter()
    for text in texts:
        surfaces.update(_terms(unicodedata.normalize("NFKC", text)))
    totals: dict[str, int] = {}
    prevailing: dict[str, tuple[int, str]] = {}
    for surface, count in surfaces.items():
        key = surface.lower()
        totals[key] = totals.get(key, 0) + count
        prevailing[key] = min(prevailing.get(key, (0, "")), (-count, surface))
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:_MAX_TERMS]
    return {sys.intern(key): Term(total, prevailing[key][1]) for key, total in ranked}


def merge_terms(first: Mapping[str, Term], second: Mapping[str, Term]) -> dict[str, Term]:
    """Terms of two texts of one post; where both have one, the spelling of the first stays."""
    merged = dict(first)
    for key, term in second.items():
        known = merged.get(key)
        merged[key] = Term(known.frequency + term.frequency, known.surface) if known else term
    return merged


def _terms(text: str) -> Iterator[str]:
    yield from _latin_terms(text)
    if _looks_chinese(text):
        yield from _chinese_terms(text)
    else:
        yield from _compounds(text)


def _latin_terms(text: str) -> Iterator[str]:
    pairs: Counter[str] = Counter()
    for phrase in _LATIN_PHRASE.finditer(text):
        previous = ""
        for match in _LATIN_TERM.finditer(phrase.group()):
            word = _POSSESSIVE.sub("", match.group())
            if not _names_something(word):
                previous = ""
                continue
            yield word
            if previous and previous.lower() != word.lower():
                pairs[f"{previous} {word}"] += 1
            previous = word
    for pair, count in pairs.items():
        if count >= 2:  # said once it is chance, said twice it is a name
            for _ in range(count):
                yield pair


def _names_something(word: str) -> bool:
    return (
        2 <= len(word) <= 40
        and not word[0].isdigit()
        and word.replace("’", "'").lower() not in LATIN
        and any(character.isalpha() for character in word)
    )


def _looks_chinese(text: str) -> bool:
    """Han without kana to speak of."""
    han = sum(map(len, _HAN_RUN.findall(text)))
    return han > 0 and len(_KANA.findall(text)) < 0.05 * han


def _compounds(text: str) -> Iterator[str]:
    """Japanese compounds (単体テスト) and, where a compound mixes scripts, its parts."""
    for match in _COMPOUND.finditer(text):
        run = match.group()
        parts = _SAME_SCRIPT.findall(run)
        for candidate in [run] if len(parts) < 2 else [run, *parts]:
            if 2 <= len(candidate) <= _MAX_COMPOUND and candidate not in CJK and not _is_counter(candidate):
                yield candidate


def _is_counter(term: str) -> bool:
    """Numbers written out, dates and quantities (二人, 三十分, 第三回), but not 数学 or 九州."""
    return _COUNTER.fullmatch(term) is not None


def _chinese_terms(text: str) -> Iterator[str]:
    """Recurring sequences of two to four characters: without blanks, recurrence is what marks a word."""
    grams: Counter[str] = Counter()
    for run in _HAN_RUN.findall(text):
        for chunk in _BREAKS.split(run):
            for length in (2, 3, 4):
                for start in range(len(chunk) - length + 1):
                    grams[chunk[start : start + length]] += 1
    longest_around: dict[str, int] = {}
    for gram, count in grams.items():
        if len(gram) > 2:
            for part in (gram[:-1], gram[1:]):
                longest_around[part] = max(count, longest_around.get(part, 0))
    for gram, count in grams.items():
        weak_end = gram[0] in CHINESE_WEAK or gram[-1] in CHINESE_WEAK
        fragment = longest_around.get(gram) == count  # it never occurs but inside a longer one
        if count >= 2 and not weak_end and not fragment and gram not in CJK:
            for _ in range(count):
                yield gram
