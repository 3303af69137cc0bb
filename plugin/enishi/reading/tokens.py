"""Text -> words (for vectors) and terms (for people).

Words are language-neutral: Latin-like words as they stand, katakana runs whole, Han and Hangul runs as overlapping
character bigrams, hiragana dropped (docs/research.md: trained sub-word tokenizers were worse on every referee).  Terms
are what a reader would name, so that a bigram never shows up as a reason: words and two-word phrases, katakana and Han
compounds.  Chinese words are found once the whole blog is known (`chinese.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from enishi.reading.stopwords import CJK, LATIN
from enishi.types import Terms

_HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
_HIRAGANA = "\u3041-\u309f"
_HANGUL = "\uac00-\ud7af\u1100-\u11ff"
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer: no blanks between words
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0971-\u0dff"  # vowel signs, inside a word
_WORD = rf"[^\W_{_HAN}{_KATAKANA}{_HIRAGANA}{_HANGUL}{_SPACELESS}]"
_LATIN_LIKE = (
    # ASCII first, many at a time: the class of all letters is slow to look up
    rf"(?:[A-Za-z0-9]|{_WORD})(?:[A-Za-z0-9]++|{_WORD}|[{_MARKS}]|[+#._'’-](?={_WORD})|[+#])*+"
)

_TOKEN = re.compile(
    # A long-vowel mark begins no katakana word: the one in らーめん belongs to hiragana.
    rf"{_LATIN_LIKE}|[\u30a1-\u30fa][{_KATAKANA}]*|[{_HAN}]+|[{_HANGUL}]+|[{_SPACELESS}]+"
)
_UNSPACED = re.compile(rf"[{_HAN}{_HANGUL}{_SPACELESS}]")
"""Runs of these scripts are cut into bigrams; katakana stays whole."""
_POSSESSIVE = re.compile(r"['’]s$")
_MAX_WORD = 60
"""Longer "words" are hashes, encoded data or minified code."""


def normalise(text: str) -> str:
    """NFKC, which makes full-width characters half-width.  As slow as splitting into words, unless done before."""
    if len(text) <= _MAX_NORMALISED:
        return unicodedata.normalize("NFKC", text)
    return "".join(unicodedata.normalize("NFKC", part) for part in _normalisable_parts(text))


_MAX_NORMALISED = 2_000
_ALONE = re.compile(r"[\x00-\x7f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")
"""Characters that change nothing before them and are changed by nothing before them."""


def _normalisable_parts(text: str) -> Iterator[str]:
    """Parts that give the same one by one: sorting a run of combining marks takes quadratic time."""
    start = 0
    while start < len(text):
        cut = start + _MAX_NORMALISED
        alone = _ALONE.search(text, cut, cut + _MAX_NORMALISED)
        end = alone.start() if alone is not None else cut + _MAX_NORMALISED
        yield text[start:end]
        start = end


def fold(text: str) -> str:
    """Text in the form in which it is compared: NFKC, lower case."""
    return normalise(text).lower()


def words(text: str) -> Iterator[str]:
    """The words of a text, folded, in order."""
    for run in _TOKEN.findall(fold(text)):
        yield from _words_of_run(run)


def count_words(weighted_texts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Word counts over several texts, each times its weight."""
    counts: dict[str, int] = {}
    for text, weight in weighted_texts:
        # Each distinct run once: most of a text are runs that it repeats
        for run, times in Counter(_TOKEN.findall(fold(text))).items():
            if run.isascii() and run.isalnum() and len(run) <= _MAX_WORD:  # as most are
                counts[run] = counts.get(run, 0) + weight * times
                continue
            for word in _words_of_run(run):
                counts[word] = counts.get(word, 0) + weight * times
    return counts


def _words_of_run(run: str) -> Sequence[str]:
    if _UNSPACED.match(run):
        return [run[start : start + 2] for start in range(len(run) - 1)] or [run]
    if len(run) > _MAX_WORD:
        return ()
    return (run if run.isalnum() else _POSSESSIVE.sub("", run).replace("’", "'"),)


_BETWEEN_PHRASES = " \n "
_LATIN_PHRASE = re.compile(rf"{_LATIN_LIKE}(?: {_LATIN_LIKE})*+")
_COMPOUND = re.compile(rf"[{_HAN}\u30a1-\u30fa][{_HAN}{_KATAKANA}]+|[{_HANGUL}]{{2,}}")
_SAME_SCRIPT = re.compile(rf"[{_HAN}]+|[{_KATAKANA}]+")
_KANA_RUN = re.compile(rf"[{_HIRAGANA}{_KATAKANA}]+")
_HAN_RUN = re.compile(rf"[{_HAN}]{{2,}}")
_COUNTER = re.compile(  # numbers written out, dates and quantities (二人, 三十分, 第三回), but not 数学 or 九州
    "[〇一二三四五六七八九十百千万億数第何各毎]+"
    "[人日月年回件個本枚冊分秒時週点度台号章節行目種歳倍割階番名円者社方面部]?|[一何各毎]."
)
_MAX_COMPOUND = 10
_MAX_TERMS = 600
"""A post's most frequent terms; a reason among the first few hundred is never missed, a glossary is bounded."""


def count_terms(texts: Iterable[str]) -> Terms:
    """The terms of a post by folded form, each with its count and its most frequent spelling there."""
    surfaces: Counter[str] = Counter()
    chinese = [_count_terms(normalise(text), surfaces) for text in texts]
    totals: dict[str, int] = {}
    prevailing: dict[str, str] = {}
    for surface, count in surfaces.items():
        key = surface.lower()
        if key not in totals:
            totals[key] = count
            prevailing[key] = surface
            continue
        totals[key] += count
        other = prevailing[key]
        if (-count, surface) < (-surfaces[other], other):
            prevailing[key] = surface
    if len(totals) > _MAX_TERMS:
        totals = dict(sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:_MAX_TERMS])
    spelled = {key: prevailing[key] for key in totals if prevailing[key] != key}
    return Terms(totals, spelled, "\n".join(filter(None, chinese)))


def merge_terms(first: Terms, second: Terms) -> Terms:
    """Terms of two texts of one post; where both have one, the spelling of the first stays.

    Whether Han characters are Chinese, the first decides: a title alone does not tell it from Japanese.
    """
    frequency, surfaces = dict(first.frequency), {**second.surfaces, **first.surfaces}
    for key, count in second.frequency.items():
        if key in frequency:
            frequency[key] += count
            if key not in first.surfaces:
                surfaces.pop(key, None)
        else:
            frequency[key] = count
    chinese = "\n".join(filter(None, (first.chinese, second.chinese))) if first.chinese else ""
    return Terms(frequency, surfaces, chinese)


def _count_terms(text: str, counts: Counter[str]) -> str:
    """Counts the terms of a text, and returns its runs of Han characters if it is Chinese."""
    _count_latin_terms(text, counts)
    if _looks_chinese(text):
        return "\n".join(_HAN_RUN.findall(text))
    _count_compounds(text, counts)
    return ""


def _count_latin_terms(text: str, counts: Counter[str]) -> None:
    """Words, and pairs of words with a blank between them that occur twice or more."""
    words = _BETWEEN_PHRASES.join(_LATIN_PHRASE.findall(text)).split(" ")
    often = Counter(words)
    names = {word: name for word in often if (name := _name(word))}
    for word, name in names.items():
        counts[name] += often[word]
    # Once is chance, twice is a name: a pair that occurs twice is made of names that do
    repeated = {word: name for word, name in names.items() if counts[name] > 1}
    neighbors = list(map(repeated.get, words))
    pairs = {
        f"{first} {second}": count
        for (first, second), count in Counter(pairwise(neighbors)).items()
        if count > 1 and first and second and first.lower() != second.lower()
    }
    counts.update(pairs)


@lru_cache(maxsize=65_536)
def _name(word: str) -> str:
    """The word without its possessive; empty if it names nothing (stop words, numbers, single letters)."""
    word = _POSSESSIVE.sub("", word)
    names = (
        2 <= len(word) <= 40
        and not word[0].isdigit()
        and word.replace("’", "'").lower() not in LATIN
        and any(character.isalpha() for character in word)
    )
    return word if names else ""


def _looks_chinese(text: str) -> bool:
    """Whether the text has Han characters and hardly any kana."""
    han = sum(map(len, _HAN_RUN.findall(text)))
    return han > 0 and sum(map(len, _KANA_RUN.findall(text))) < 0.05 * han


def _count_compounds(text: str, counts: Counter[str]) -> None:
    """Japanese compounds (単体テスト) and, where a compound mixes scripts, its parts."""
    for run, times in Counter(_COMPOUND.findall(text)).items():
        parts = _SAME_SCRIPT.findall(run)
        for candidate in [run] if len(parts) < 2 else [run, *parts]:
            if 2 <= len(candidate) <= _MAX_COMPOUND and candidate not in CJK and not _COUNTER.fullmatch(candidate):
                counts[candidate] += times
