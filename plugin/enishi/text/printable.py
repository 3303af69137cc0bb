"""Untrusted text, made safe to show: titles, tags, paths and terms may hold anything.

On a page (:func:`text_line`) characters without a glyph become U+FFFD, and the template escapes the rest.  In a report
(:func:`shown`, :func:`shown_path`) whatever could deceive a reader, a terminal or a CI service is written as an escape
such as ``\\x1b``, so that one sees what is there.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST = 1000
"""How many characters of a piece of text a report shows."""

_SPACES = re.compile(r"[ \t\n\x0b\x0c\r\x85\u2028\u2029]+")
_NO_GLYPH = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


def text_line(text: str) -> str:
    """The text on one line, fit for UTF-8 and HTML: characters without a glyph become U+FFFD."""
    return _NO_GLYPH.sub("\ufffd", _SPACES.sub(" ", text).strip(" "))


# -- in reports ------------------------------------------------------------------------------------------------------

_DECEIVING = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: terminals obey them, XML has no place for them
    "\u2028\u2029"  # line breaks to some readers
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the direction of writing
    "\xad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # invisible
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"  # no characters
    "]"
)
"""Not joiners and variation selectors: emoji, Persian and Japanese names need them."""

_LOG_COMMAND = re.compile(r"##(?=\w*\[)")
"""GitHub obeys ``##[…]`` anywhere in a line of a log, Azure ``##vso[…]``."""


def shown(text: str, longest: int = LONGEST) -> str:
    """The text on one line, cut to `longest` characters, with escapes for what could deceive."""
    line = _escaped(_SPACES.sub(" ", text).strip(" "))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def shown_path(path: str) -> str:
    """A path, spaces and all, with escapes for what could deceive; it may start a line of a log."""
    safe = _escaped(path)
    return f"./{safe}" if safe.lstrip().startswith("::") else safe


def shown_message(message: str) -> str:
    """A message of one or more lines, each made harmless: none is a command to a terminal or to a CI service."""
    lines = (_escaped(line.rstrip("\r"))[: 4 * LONGEST] for line in message.split("\n"))
    return "\n".join(f"\\{line}" if line.lstrip().startswith("::") else line for line in lines)


def _escaped(text: str) -> str:
    return _LOG_COMMAND.sub(r"#\\x23", _DECEIVING.sub(_as_python_escape, text))


def _as_python_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_ACTS_IN_MARKDOWN = re.compile(
    r"@(?=\w)|[#!](?=\d)|\bGH-(?=\d)"  # mentions, and references to issues
    r"|:(?=//)|\bwww(?=\.)"  # addresses
    r"|<(?=[A-Za-z/!?])|&(?=#?\w+;)"  # HTML
    r"|\](?=[\[(:])"  # links and images
    r"|`(?=``)|~(?=~~)"  # fences
)
_CODE_SPAN = re.compile(r"((?<![`\\])`[^`]+`(?!`))")
"""A code span by every reader's rules: nothing acts in it, and a command in it has to stay as it is."""
_STARTS_IN_MARKDOWN = re.compile(r"[#>=+*|/-]|\d+[.)]")


def disarmed(text: str) -> str:
    """Like :func:`shown`, for messages that one tool shows as they are and another one reads as Markdown.

    A zero-width space breaks up whatever Markdown would act on: a mention, a link, an HTML tag, a heading.  Unlike an
    escape, it is invisible in both.
    """
    pieces = _CODE_SPAN.split(shown(text))
    line = "".join(piece if number % 2 else _part(piece) for number, piece in enumerate(pieces))
    return "\u200b" + line if _STARTS_IN_MARKDOWN.match(line) else line


def _part(text: str) -> str:
    return _ACTS_IN_MARKDOWN.sub("\\g<0>\u200b", text)


# -- in commands ---------------------------------------------------------------------------------------------------


def shell_word(word: str) -> str:
    """A word quoted for a shell; unprintable characters become escapes that bash and zsh read."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_in_ansi_quotes, word)) + "'"


def _in_ansi_quotes(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


# -- in XML ----------------------------------------------------------------------------------------------------------


def xml_text(root: Element) -> str:
    """An XML document with one element per line.

    Its text has to have passed :func:`shown` or :func:`shown_path`, which escape what XML 1.0 cannot hold.
    """
    from xml.etree import ElementTree

    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


# -- in JSON ---------------------------------------------------------------------------------------------------------


def json_text(value: Any, indent: int | None = 2) -> str:
    """JSON, on one line without indentation, that any parser reads and that cannot deceive whoever looks at it.

    Characters that could deceive are written as escapes, so a parser still gets each of them.  Lone surrogates become
    U+FFFD: UTF-8 has none, and parsers disagree on their escapes.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return _LOG_COMMAND.sub(r"#\\u0023", _DECEIVING_IN_JSON.sub(json_escape, text)) + "\n"


_DECEIVING_IN_JSON = re.compile(_DECEIVING.pattern.replace("\x00-\x1f", ""))
"""Strings hold the other control characters as escapes already; the rest are line breaks between values."""


def json_escape(match: re.Match[str]) -> str:
    """A character as an ASCII escape of JSON; U+FFFD for a lone surrogate."""
    code = ord(match.group())
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can encode the text."""
    return not _SURROGATE.search(text)


_SURROGATE = re.compile("[\ud800-\udfff]")
