"""Where the name of a tag occurs in a post, in any of its spellings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enishi.cache import code_digest, digest
from enishi.kept import Kept, each_kept
from enishi.memo import Memo
from enishi.reading.tokens import fold
from enishi.types import Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.tags.pairs import Pairs

BUCKETS = 5
"""4: in the title; 3: in a heading or the lede; 2: four times or more; 1: less often; 0: not at all."""
_OFTEN = 4
_FIGURES = 4
"""Of each tag that a post mentions: see `_mentions_in`."""
_LONGEST_TAKEN_APART = 60
"""Characters of a name in which others are looked for, which takes time by their square."""
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff"  # Thai to Khmer, and Hangul letters
    "\u3005\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+[+#]*|[{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_POSSESSIVE = re.compile(r"['’]s\b")

NO_PLURALS = frozenset(
    ["arms", "ftps", "goods", "https", "imaps", "ldaps", "news", "rails", "smtps", "teams", "windows"]
)
"""Words that look like the plural of another word and are something else."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """Mentions of tags in posts: the (post, tag) pairs that have any, and an array of each figure beside them."""

    pairs: Pairs
    counts: npt.NDArray[np.int32]
    """In title, description and prose."""
    lede: npt.NDArray[np.int32]
    bucket: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int64]
    """Length of each post in words, shape (n_posts,)."""

    def counts_of(self, rows: Any, columns: Any) -> Any:
        """How often posts mention tags in all."""
        return self.pairs.find(self.counts, rows, columns)


def count_mentions(
    documents: Sequence[Document],
    names: Sequence[Iterable[str]],
    memo: Memo | None = None,
    kept: Kept | None = None,
) -> Mentions:
    """Count each tag, given by all the names it goes by, in each document."""
    import numpy as np

    from enishi.tags.pairs import Pairs

    names = [tuple(sorted(spellings)) for spellings in names]
    matcher = _Matcher(names)

    def unpack(value: bytes) -> npt.NDArray[np.int32]:
        found = np.frombuffer(value, dtype=np.int32)  # ValueError for other lengths
        columns = found[1::_FIGURES]
        if len(found) % _FIGURES != 1 or (len(columns) and not 0 <= columns.min() <= columns.max() < len(names)):
            raise ValueError("no mentions of these names")
        return found

    by_document = each_kept(
        kept or Kept(),
        memo,
        "mentions",
        documents,
        lambda document: np.array(_mentions_in(document, matcher), dtype=np.int32),
        pack=lambda found: found.tobytes(),
        unpack=unpack,
        depends_on=digest(code_digest("tags/mentions.py", "reading/tokens.py"), repr(names)),
    )
    nothing = np.zeros(0, dtype=np.int32)
    figures = np.concatenate([nothing, *(found[1:] for found in by_document)]).reshape(-1, _FIGURES)
    rows = np.repeat(np.arange(len(documents)), [len(found) // _FIGURES for found in by_document])
    columns, counts, lede, bucket = np.ascontiguousarray(figures.T)
    tokens = np.array([found[0] for found in by_document], dtype=np.int64)
    return Mentions(Pairs.of(rows, columns, (len(documents), len(names))), counts, lede, bucket, tokens)


def _mentions_in(document: Document, matcher: _Matcher) -> list[int]:
    """The post's length in words; then of each tag mentioned: its number, mentions, those in the lede, bucket."""
    fields, description = document.fields, document.post.description
    body = _Text(f"{fields.title}\n{description}\n{fields.prose}")
    counts, opening = matcher.count(body), matcher.count(_Text(f"{description}\n{fields.lede}"))
    headings, title = matcher.count(_Text("\n".join(fields.headings))), matcher.count(_Text(fields.title))
    found = [body.length]
    for tag in sorted({*counts, *opening, *headings, *title}):
        count = counts.get(tag, 0)
        bucket = 4 if tag in title else 3 if tag in headings or tag in opening else 2 if count >= _OFTEN else 1
        found += (tag, count, opening.get(tag, 0), bucket)
    return found


class _Text:
    """A text to be searched for mentions: each word has blanks of its own on both sides."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self.length, self.counts, self.spaced = len(words), Counter(words), f" {'  '.join(words)} "


class _Matcher:
    """The ways to write all tags, by how they are searched for: as one word, as a phrase, as a substring."""

    def __init__(self, names: Sequence[Iterable[str]]) -> None:
        self._single: dict[str, list[int]] = defaultdict(list)
        self._phrases: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        substrings: set[tuple[str, int]] = set()
        for tag, spellings in enumerate(names):
            for variant in sorted({variant for name in spellings for variant in ways_to_write(name)}):
                text = "".join(variant)
                if _IS_UNSPACED.search(text):
                    substrings.add((text, tag))
                elif len(variant) == 1:
                    self._single[variant[0]].append(tag)
                else:
                    self._phrases[variant[0]].append((variant, tag))
        self._substrings: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for text, tag in sorted(substrings):
            self._substrings[text[0]].append((text, tag))

    def count(self, text: _Text) -> dict[int, int]:
        """Mentions by tag; only tags that are mentioned."""
        mentions: Counter[int] = Counter()
        for word in text.counts.keys() & self._single.keys():
            for tag in self._single[word]:
                mentions[tag] += text.counts[word]
        for word in text.counts.keys() & self._phrases.keys():
            for variant, tag in self._phrases[word]:
                if all(part in text.counts for part in variant):
                    mentions[tag] += text.spaced.count(f" {'  '.join(variant)} ")
        if self._substrings and _IS_UNSPACED.search(text.spaced):
            unspaced = text.spaced.replace(" ", "")
            for first in self._substrings.keys() & set(unspaced):  # most texts lack most first characters
                for variant_text, tag in self._substrings[first]:
                    mentions[tag] += unspaced.count(variant_text)
        return {tag: count for tag, count in mentions.items() if count}


def ways_to_write(name: str) -> set[tuple[str, ...]]:
    """All ways to write a tag's name, each as its words.

    All separators are equal and may be left out (`GitHub-Actions`, `github actions`, `githubactions`), so may the hump
    of a camel (`GoogleCloud`), an `s` at the end, and the blank or dot before `js`.
    """
    ways = {_words(name), _words(_CAMEL.sub(" ", name))} - {()}
    for words in list(ways):
        ways.add(("".join(words),))
    for words in list(ways):
        last = words[-1]
        if last.endswith("js") and len(last) > 4 and last.isalpha():
            ways.add((*words[:-1], last[:-2], "js"))
    for words in list(ways):
        ways.update((*words[:-1], other) for other in _other_number(words[-1]))
    return ways


def parts_of_name(name: str) -> set[tuple[str, ...]]:
    """Parts of a name that are no way to write the whole: some of its words, or of a script without blanks, letters.

    A hump of a camel parts no words here: `JavaScript` is not about Java.
    """
    words = _words(name) if len(name) <= _LONGEST_TAKEN_APART else ()
    parts = {words[a:b] for a in range(len(words)) for b in range(a + 1, len(words) + 1)}
    if len(words) == 1 and _IS_UNSPACED.search(text := words[0]):
        parts |= {(text[a:b],) for a in range(len(text)) for b in range(a + 2, len(text) + 1)}
    return parts - ways_to_write(name)


def _words(name: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(_POSSESSIVE.sub("", fold(name))))


def _other_number(word: str) -> Iterable[str]:
    """The plural of a singular, and the other way round, as far as English spelling goes without a dictionary."""
    if not (word.isascii() and word.isalpha()) or len(word) < 3:
        return
    if word.endswith("ies") and len(word) > 4:
        yield word[:-3] + "y"
    elif word.endswith("s"):
        if not word.endswith(("ss", "us", "is")) and len(word) > 4:
            yield word[:-1]
    elif word.endswith("y") and word[-2] not in "aeiou":
        yield word[:-1] + "ies"
    else:
        yield word + "s"


def naming_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Matches any of these names in folded text, as whole words where they are Latin or katakana."""
    ways = {_bounded(words) for name in names for words in ways_to_write(name) if not _is_other_word(words[-1], name)}
    return re.compile("|".join(sorted(ways)) or r"(?!)")


def _bounded(words: Sequence[str]) -> str:
    pattern = r"[\W_]*".join(map(re.escape, words))
    before, after = (_letters_like(edge) for edge in (words[0][0], words[-1][-1]))
    return (f"(?<!{before})" if before else "") + pattern + (f"(?!{after})" if after else "")


def _letters_like(letter: str) -> str:
    return next((kind for kind in ("[a-z0-9]", "[ァ-ヺー]") if re.match(kind, letter)), "")


def _is_other_word(variant: str, name: str) -> bool:
    """Whether a variant takes or adds the s of a word that is no plural (`HTTPS`, `HTTP`)."""
    folded = fold(name)
    added = variant in NO_PLURALS and not folded.endswith(variant)
    return added or (f"{variant}s" in NO_PLURALS and folded.endswith(f"{variant}s"))
