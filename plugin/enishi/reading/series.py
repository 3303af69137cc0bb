"""Which series a post belongs to: by the author's word, or by a number in its title."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from enishi.reading.tokens import fold
from enishi.types import Document

_HAN_NUMBER = "[一二三四五六七八九十百〇零]{1,5}"
_ROMAN_OR_WORD = "[ivx]{1,5}|one|two|three|four|five|six|seven|eight|nine|ten"
_NUMBERED = re.compile(
    rf"""
      [第제]\s*(?P<ordinal>\d{{1,4}}|{_HAN_NUMBER})\s*
        (?:回|期|辑|輯|集|章|话|話|篇|编|編|弹|弾|部|讲|講|课|課|节|節|卷|巻|号|號|회|편|화|장)
    | (?<!\w)(?:part|pt|vol|volume|episode|ep|chapter|step|no|teil|folge|partie|épisode|parte|часть)\.?\s*\#?\s*
        (?P<part>\d{{1,4}}|{_ROMAN_OR_WORD})(?!\w)
    | その\s*(?P<kana>\d{{1,3}}|{_HAN_NUMBER})
    | [(\[【]\s*(?P<bracket>\d{{1,3}}|{_HAN_NUMBER})\s*[)\]】]
    | \#\s?(?P<hash>\d{{1,4}})(?!\w)
    | (?<![\d\s-])-(?P<dash>\d{{1,2}})\Z
    """,
    re.VERBOSE,
)
"""The number of a part, in a folded title."""
_FEWEST_LETTERS = 2


def series_of(documents: Sequence[Document]) -> list[str]:
    """The series of each document, empty where it has none.

    Beside a series that the author names, titles that are the same up to their number are parts of one ("Understanding
    macros, Part 2: the tree"; 第3回; #12), and the one without a number is its beginning.  A blog that is all one
    series has none: nothing would be left for its lists.
    """
    series = [document.post.series for document in documents]
    parts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row, document in enumerate(documents):
        if not series[row]:
            name, number = _part(document.fields.title)
            parts[name].append((row, number))
    for name, members in parts.items():
        if len({number for _, number in members}) > 1 and 2 * len(members) <= len(documents):
            for row, _ in members:
                series[row] = name
    return series


@lru_cache(maxsize=65_536)
def _part(title: str) -> tuple[str, str]:
    """What a title says beside its number, and the number; the title alone where it has none."""
    title = fold(title)
    found = _NUMBERED.search(title)
    if found is not None:
        # What follows the number is a title of its own, unless nothing stands before it
        name = _tidy(title[: found.start()]) or _tidy(title[found.end() :])
        if len(name) >= _FEWEST_LETTERS:
            return name, found[found.lastgroup or 0]
    return _tidy(title), ""


def _tidy(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text).split())
