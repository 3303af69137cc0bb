"""What one file says, whatever the site: read once, and remembered by the file's bytes.

A record lies in the cache as it lies in memory: texts stay packed until somebody asks for them.
"""

from __future__ import annotations

import functools
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from enishi.reading.frontmatter import FrontMatter
from enishi.reading.prose import text_fields
from enishi.reading.section import without_section
from enishi.reading.source import Dialect, read_source
from enishi.reading.tokens import count_terms, count_words, normalise
from enishi.types import Terms, TextFields

Job = tuple[bytes, Dialect]
"""The bytes of a file, and how to read them."""
_SIZES = struct.Struct("<4I")


class Record(NamedTuple):
    """What one file says, packed part by part."""

    key: bytes
    """Names all that it was made of."""
    front: bytes
    outline: bytes
    """Headings, languages of code and links, and the lengths of the texts."""
    texts: bytes
    """Lede, prose, code, and the runs of Han characters of a text in Chinese (see :class:`enishi.types.Terms`)."""
    counts: bytes

    @property
    def front_matter(self) -> FrontMatter:
        """Without the body.  Raises ValueError for what is none."""
        front: FrontMatter = _front_matter().validate_python(json.loads(self.front))
        return front

    @property
    def is_chinese(self) -> bool:
        """Whether there are runs of Han characters."""
        return not self.outline.endswith(b",0]]")  # the last of the lengths

    def unpack_chinese(self) -> str:
        """See :attr:`texts`."""
        return _texts(self.outline, self.texts)[3]

    def fields(self, title: str) -> TextFields:
        """What the file says, field by field, under this title."""
        return _PackedFields.of(title, self.key, self.outline, self.texts)

    def words_and_terms(self) -> tuple[dict[str, int], Terms]:
        """What the file's own text counts."""
        words, often, terms, frequency, written = zlib.decompress(self.counts).decode(*_UTF8).split("\0")
        names = terms.split("\n") if terms else []
        surfaces = zip(names, written.split("\n"), strict=False)
        return (
            dict(zip(words.split("\n") if words else (), map(int, often.split()), strict=True)),
            Terms(
                dict(zip(names, map(int, frequency.split()), strict=True)),
                {name: surface for name, surface in surfaces if surface},
                self.unpack_chinese() if self.is_chinese else "",
            ),
        )


_UTF8 = ("utf-8", "surrogatepass")  # a broken post may hold lone surrogates


def unpack_record(key: bytes, packed: bytes) -> Record | None:
    """The record that was packed; None for what is none."""
    sizes = _SIZES.unpack_from(packed) if len(packed) >= _SIZES.size else ()
    if not sizes or _SIZES.size + sum(sizes) != len(packed):
        return None
    ends = list(accumulate(sizes, initial=_SIZES.size))
    return Record(key, *(packed[start:end] for start, end in pairwise(ends)))


def pack_record(data: bytes, dialect: Dialect, is_left_out: Callable[[str], bool] = lambda _: False) -> bytes:
    """Read the bytes of a file, without the links to addresses that are left out: a record as the cache holds it."""
    front = read_source(data, dialect)
    fields = text_fields("", without_section(front.body), is_left_out)
    prose = normalise(fields.prose)
    words = count_words([("\n".join(fields.headings), 1), (prose, 1)])
    terms = count_terms([prose])
    texts = (fields.lede, fields.prose, fields.code, terms.chinese)
    outline = (fields.headings, fields.languages, fields.links, tuple(map(len, texts)))
    counts = (
        "\n".join(words),
        " ".join(map(str, words.values())),
        "\n".join(terms.frequency),
        " ".join(map(str, terms.frequency.values())),
        "\n".join(terms.surfaces.get(term, "") for term in terms.frequency),
    )
    parts = (
        _json(_front_matter().dump_python(replace(front, body=""))),
        _json(outline),
        zlib.compress("".join(texts).encode(*_UTF8), 1),
        zlib.compress("\0".join(counts).encode(*_UTF8), 1),
    )
    return b"".join((_SIZES.pack(*map(len, parts)), *parts))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(*_UTF8)


def _texts(outline: bytes, texts: bytes) -> list[str]:
    text, parts, start = zlib.decompress(texts).decode(*_UTF8), [], 0
    for length in json.loads(outline)[3]:
        parts.append(text[start : start + length])
        start += length
    return parts


class _PackedFields(TextFields):
    """Fields that are unpacked whenever they are asked for; a copy holds them as they are."""

    __slots__ = ("_outline", "_texts", "origin")

    @classmethod
    def of(cls, title: str, key: bytes, outline: bytes, texts: bytes) -> _PackedFields:
        """Nothing is unpacked yet."""
        fields = cls.__new__(cls)
        for name, value in (("title", title), ("origin", key), ("_outline", outline), ("_texts", texts)):
            object.__setattr__(fields, name, value)
        return fields

    def __getattr__(self, name: str) -> Any:
        """What no slot holds."""
        if name in ("headings", "languages", "links"):
            place = ("headings", "languages", "links").index(name)
            return tuple(json.loads(self._outline)[place])
        if name in ("lede", "prose", "code"):
            return _texts(self._outline, self._texts)[("lede", "prose", "code").index(name)]
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        if hasattr(self, "origin"):
            return _PackedFields.of, (self.title, self.origin, self._outline, self._texts)
        return TextFields, tuple(getattr(self, name) for name in TextFields.__slots__)


@functools.cache
def _front_matter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(FrontMatter)
