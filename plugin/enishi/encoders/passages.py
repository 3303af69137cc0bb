"""A post as its head alone, or as passages of bounded length, cut so that an edit moves only the cuts beside it.

The text at a cut decides where it is: of the places near the middle the one with the smallest hash, paragraphs before
sentences, and each half likewise until it fits.  So an edited paragraph changes its own passage and no other, and the
embeddings of the rest stay valid (content-defined chunking, as in rsync and backup programs; Muthitacharoen et al.
2001).
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

MAX_PASSAGES = 12
"""Of a longer post only this many passages are read: the first, and those with the smallest hashes."""
PASSAGE_TOKENS = 256
"""The longest passage, in the model's own tokens, if the model can read that many."""
HEAD_TOKENS = 512
"""The longest head of a post, likewise."""
MAX_CHARACTERS = 200_000
"""What follows in a longer text is not read."""

_TITLE_SHARE = 0.25
_HEAD_CHARACTERS = 8 * HEAD_TOKENS
"""A head is looked for in this much of a text."""
_SPECIAL_TOKENS = 8
"""Room for the marks that a model puts round its text, and for tokens that change where pieces meet."""
_MIDDLE = 0.25
"""No cut lies nearer to either end than this share of the tokens, if that is possible."""
_SENTENCE = re.compile(r".+?(?:[。．！？]+|[.!?]+(?=\s)|\n{2,}|\Z)\s*", re.S)


@dataclass(frozen=True, slots=True)
class Passages:
    """Where a post is cut."""

    title_length: int
    """Characters of the title that each passage starts with."""
    spans: tuple[tuple[int, int, int], ...]
    """(start, end, tokens) of the body; none where it is empty."""

    def texts(self, title: str, body: str) -> list[str]:
        """What the model reads, each with the title."""
        title = title[: self.title_length]
        return [f"{title}\n{body[start:end]}".strip() for start, end, _ in self.spans] or [title]

    def weights(self) -> list[int]:
        """How much each counts: its tokens."""
        return [tokens for _, _, tokens in self.spans] or [1]


class _Piece(NamedTuple):
    """A sentence, or a part of a long one."""

    start: int
    end: int
    tokens: int
    rank: tuple[bool, bytes]
    """Whether it starts inside a paragraph, and a hash: before the piece of the smallest rank is the best cut."""


def cut_passages(
    title: str, body: str, prompt: str, longest: int | None, count_tokens: Callable[[list[str]], list[int]]
) -> Passages:
    """Where to cut a post: whole paragraphs where they fit, else whole sentences.

    Args:
        title: may be empty, as may `body`, but not both.
        body: the text.
        prompt: what the model puts before each passage.
        longest: tokens that the model can read; None where it can read any number.
        count_tokens: the lengths of texts in tokens.
    """
    title_length, room = _room_beside(title, body, prompt, min(longest or PASSAGE_TOKENS, PASSAGE_TOKENS), count_tokens)
    spans = _divide(_pieces(body[:MAX_CHARACTERS], room, count_tokens), room)
    return Passages(title_length, tuple(_sample(body, spans, MAX_PASSAGES)))


def cut_head(
    title: str, body: str, prompt: str, longest: int | None, count_tokens: Callable[[list[str]], list[int]]
) -> Passages:
    """One passage: as many of the first sentences as fit.  The arguments are those of :func:`cut_passages`."""
    title_length, room = _room_beside(title, body, prompt, min(longest or HEAD_TOKENS, HEAD_TOKENS), count_tokens)
    pieces = _pieces(body[:_HEAD_CHARACTERS], room, count_tokens)
    fitting = bisect_right(list(accumulate(piece.tokens for piece in pieces)), room)
    return Passages(title_length, ((0, pieces[fitting - 1].end, room),) if fitting else ())


def _room_beside(
    title: str, body: str, prompt: str, longest: int, count_tokens: Callable[[list[str]], list[int]]
) -> tuple[int, int]:
    """Characters of the title that a passage of at most `longest` tokens starts with, and tokens left for the body."""
    prompt_tokens, title_tokens = count_tokens([prompt, title])
    limit = max(16, longest - _SPECIAL_TOKENS - prompt_tokens)
    most_title = int(_TITLE_SHARE * limit)
    title_length = len(title)
    if body.strip() and title_tokens > most_title:
        title_length = max(1, len(title) * most_title // title_tokens)
        title_tokens = most_title
    return title_length, limit - title_tokens


def _pieces(body: str, room: int, count_tokens: Callable[[list[str]], list[int]]) -> list[_Piece]:
    """The text in order, without gaps; a sentence that is longer than `room` in parts."""
    sentences = _SENTENCE.findall(body)
    pieces: list[_Piece] = []
    start, is_paragraph = 0, True
    for sentence, tokens in zip(sentences, count_tokens(sentences) if sentences else [], strict=True):
        parts = -(-tokens // room) or 1
        width = -(-len(sentence) // parts)
        for offset in range(0, len(sentence), width):
            text = sentence[offset : offset + width]
            rank = (not (is_paragraph and not offset), _hash(text))
            pieces.append(_Piece(start + offset, start + offset + len(text), -(-tokens // parts), rank))
        start += len(sentence)
        is_paragraph = "\n\n" in sentence
    return pieces


def _divide(pieces: Sequence[_Piece], room: int) -> list[tuple[int, int, int]]:
    """Spans that fit, in order: (start, end, tokens)."""
    before = [0, *accumulate(piece.tokens for piece in pieces)]
    spans: list[tuple[int, int, int]] = []
    waiting = [(0, len(pieces))] if pieces else []
    while waiting:
        first, last = waiting.pop()
        tokens = before[last] - before[first]
        if tokens <= room or last - first == 1:
            spans.append((pieces[first].start, pieces[last - 1].end, max(tokens, 1)))
            continue
        cut = _place_of_cut(pieces, before, first, last)
        waiting += [(cut, last), (first, cut)]
    return spans


def _place_of_cut(pieces: Sequence[_Piece], before: Sequence[int], first: int, last: int) -> int:
    """The piece among first+1 … last-1 to cut before."""
    tokens = before[last] - before[first]
    low = bisect_left(before, before[first] + _MIDDLE * tokens, first + 1, last)
    high = bisect_left(before, before[last] - _MIDDLE * tokens, first + 1, last)
    middle = before[first] + tokens / 2
    if high <= low:  # one long piece takes up the middle: beside it, on the nearer side
        beside = max(first + 1, low - 1), min(low, last - 1)
        return min(beside, key=lambda place: (abs(before[place] - middle), place))
    return min(range(low, high), key=lambda place: (pieces[place].rank, abs(before[place] - middle), place))


def _sample(body: str, spans: Sequence[tuple[int, int, int]], most: int) -> list[tuple[int, int, int]]:
    """At most so many of those with words in them, the first one always, in order."""
    with_words = [span for span in spans if any(map(str.isalnum, body[span[0] : span[1]]))]
    if len(with_words) <= most:
        return with_words
    first, *others = with_words
    others.sort(key=lambda span: (_hash(body[span[0] : span[1]]), span))
    return sorted([first, *others[: most - 1]])


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=8).digest()
