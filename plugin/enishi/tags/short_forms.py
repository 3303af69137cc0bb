"""Tags that abbreviate another one: initials, and what posts write as *long form (SHORT)*.

That initials fit is not enough (`CSS`, *content safety study*): the blog has to show by its own text or tags that the
short form stands for the long one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from enishi.reading.tokens import fold
from enishi.tags.mentions import ways_to_write
from enishi.tags.vocabulary import Vocabulary, spelling_key
from enishi.types import Document

_SHORT = re.compile(r"[A-Za-z0-9]{2,6}", re.ASCII)
_GLOSS = re.compile(r"[(（][「『“\"'`*_ ]*([A-Z0-9]{2,6}s?)[」』”\"'`*_ ]*[)）]", re.ASCII)
"""A short form in brackets, in capitals."""
_LONGEST = 60
_QUOTES = "「」『』“”\"'`*_  \t\u3000"
_IN_WORD = re.compile(r"[A-Za-z0-9]{2}|[ァ-ヺ]{2}")
_SMALL_WORDS = frozenset(["a", "an", "and", "as", "for", "in", "of", "on", "the", "to"])
_POSTS_WITHOUT_INITIALS = 2
"""One gloss like クラウド（AWS） may name an example; 自然言語処理（NLP） stands in several posts."""


def find_short_forms(
    documents: Sequence[Document], vocabulary: Vocabulary, names: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Short forms among the tags, sorted: keys of the short and the long one, paths of the posts that show it.

    `names` holds the spellings that posts use, by key.
    """
    glossed = _glosses(documents, names)
    by_initials = _fit_by_initials(names)
    fitting = by_initials | _fit_by_gloss(names, glossed)
    longs = Counter(short for short, _ in fitting)
    for short, long in sorted(fitting):
        shown_by = glossed.get((short, long), [])
        if (short, long) in by_initials and not shown_by and longs[short] == 1:  # GA: Google Analytics, GitHub Actions
            posts = (document.post for document in documents)
            shown_by = [post.path for post in posts if {short, long} <= vocabulary.tags_of(post)]
        if shown_by:
            yield short, long, tuple(shown_by)


def _fit_by_initials(names: Mapping[str, Collection[str]]) -> set[tuple[str, str]]:
    """(short, long) pairs of keys where the short form is the long one's initials."""
    shorts = {spelling_key(name): key for key in names for name in sorted(names[key]) if _SHORT.fullmatch(name)}
    pairs = {(shorts.get(made, key), key) for key in names for name in names[key] for made in initials(name)}
    return {(short, long) for short, long in pairs if short != long}


def _fit_by_gloss(
    names: Mapping[str, Collection[str]], glossed: Mapping[tuple[str, str], Sequence[str]]
) -> set[tuple[str, str]]:
    """(short, long) pairs of keys that posts gloss and that fit one another."""
    partners = Counter(key for pair in glossed for key in pair)
    fitting = set()
    for (short, long), paths in glossed.items():
        only_these = not long.isascii() and partners[short] == partners[long] == 1
        fits = any(_is_abbreviation(spelling_key(one), other) for one in names[short] for other in names[long])
        if fits or (only_these and len(paths) >= _POSTS_WITHOUT_INITIALS):
            fitting.add((short, long))
    return fitting


def initials(name: str) -> set[str]:
    """The initials of a name of several Latin words, with and without its small words: `Web Content`, `GoogleCloud`."""
    made = set()
    for words in ways_to_write(name):
        for chosen in (words, [word for word in words if word not in _SMALL_WORDS]):
            if len(chosen) > 1 and all(word[0].isascii() and word[0].isalpha() for word in chosen):
                made.add("".join(word[0] for word in chosen))
    return made


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


def _glosses(documents: Sequence[Document], names: Mapping[str, Collection[str]]) -> dict[tuple[str, str], list[str]]:
    """Paths of the posts that write two tags as *long (SHORT)*, by (short, long)."""
    keys = {spelling_key(name): key for key in names for name in sorted(names[key])}
    shorts = {key for key in names if any(map(_SHORT.fullmatch, names[key]))}
    paths: dict[tuple[str, str], list[str]] = defaultdict(list)
    for document in documents:
        text = "\n".join((document.fields.title, document.post.description, document.fields.prose))
        pairs = set()
        for gloss in _GLOSS.finditer(text):
            before = text[max(0, gloss.start() - _LONGEST) : gloss.start()]
            pairs.add((keys.get(spelling_key(gloss[1])), _tag_at_end(before, keys)))
        for short, long in pairs:
            if short in shorts and long and long not in shorts:
                paths[short, long].append(document.post.path)
    return paths


def _tag_at_end(text: str, keys: Mapping[str, str]) -> str:
    """The key of the longest tag that the last line ends in, whole Latin or katakana words only; empty if none."""
    line = text.rpartition("\n")[2].rstrip(_QUOTES)
    starts = (start for start in range(len(line)) if not start or not _IN_WORD.match(line, start - 1))
    return next((key for start in starts if (key := keys.get(spelling_key(line[start:])))), "")
