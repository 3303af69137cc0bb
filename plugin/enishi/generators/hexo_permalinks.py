"""Addresses as Hexo makes them, exact but for what only Hexo knows (its database id).

Dates are written in the site's time zone, where Hexo itself would use the zone of the process; a build that Hexo's own
plugin starts takes the addresses from Hexo.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from enishi.generators.post import MAX_ADDRESS, Address, date_values
from enishi.reading.javascript import to_string

if TYPE_CHECKING:
    from enishi.generators.hexo import HexoSite

_LETTERS = dict(zip("ŒœÆæØøßĐđĦħıŁłŦŧ", "OE oe AE ae O o s D d H h i L l T t".split(), strict=True))  # noqa: SIM905
"""Letters of European languages that hexo-util folds and Unicode does not decompose."""


def fold_diacritics(text: str) -> str:
    """hexo-util's escapeDiacritic: Latin letters without marks; full-width and circled letters too, digits not."""
    return text if text.isascii() else "".join(map(_fold, text))


def _fold(character: str) -> str:
    if character < "\x7f" or character > "\uffff":
        return character
    if character in _LETTERS:
        return _LETTERS[character]
    kind = unicodedata.decomposition(character)
    if not kind or (kind[0] == "<" and not kind.startswith(("<wide>", "<circle>"))) or character in "\u212a\u212b":
        return character
    parts = unicodedata.normalize("NFKD", character)
    is_letter = parts[0].isascii() and parts[0].isalpha() and all(map(unicodedata.combining, parts[1:]))
    return parts[0] if is_letter else character


_CONTROL = re.compile(r"[\x00-\x1f]")
_BLANK = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""JavaScript's `\\s`, which has no NEL."""
_SPECIAL = re.compile("[" + _BLANK + r"""~`!@#$%^&*()\-_+=\[\]{}|\\;:"'<>,.?/]+""")


def slugize(text: str, *, case: int = 0) -> str:
    """hexo-util's slugize; `case` 1 is lower, 2 upper, as in Hexo's `filename_case`."""
    result = _SPECIAL.sub("-", _CONTROL.sub("", fold_diacritics(text))).strip("-")
    return result.lower() if case == 1 else result.upper() if case == 2 else result


_PARAMETER = re.compile(r":(\w*[^_\W])", re.ASCII)
_DIGITS = {"year": "{4}", "month": "{2}", "day": "{2}", "i_month": "{1,2}", "i_day": "{1,2}"}
_FILE_NAME_PARTS = {"hash": "([0-9a-f]{12})", **{name: rf"(\d{times})" for name, times in _DIGITS.items()}}
_OF_DATE = frozenset({"year", "month", "day", "hour", "minute", "second", "i_month", "i_day", "timestamp", "hash"})
_MADE_BY_HEXO = _OF_DATE | {"post_title", "category"}


def parse_file_name(pattern: str, relative: str) -> dict[str, str]:
    """What Hexo takes from the file's path by `new_post_name`: always `title` (the slug), perhaps year, month, …"""
    names, expression = _file_name_rule(pattern)
    stem = posixpath.splitext(relative)[0]
    match = expression.fullmatch(stem)
    values = dict(zip(names, match.groups(), strict=True)) if match is not None else {}
    return values if "title" in values else {**values, "title": slugize(stem)}


@lru_cache(maxsize=8)
def _file_name_rule(pattern: str) -> tuple[list[str], re.Pattern[str]]:
    """The names in `new_post_name`, and Hexo's expression for it.

    Hexo's is exponential.  Here a name, once it ends where it first can, ends there, but for the last one.
    """
    rule = posixpath.splitext(pattern)[0]
    named = _PARAMETER.sub(lambda match: _FILE_NAME_PARTS.get(match[1], "(.+?)"), re.escape(rule))
    first, *parts = re.split(r"(?=\(\.\+\?\))", named)
    once = (f"(?>{part})" for part in parts[:-1])
    return _PARAMETER.findall(rule), re.compile("".join([first, *once, *parts[-1:]]), re.ASCII)


def post_address(site: HexoSite, address: Address) -> str | None:
    """The post's path below the root; None where Hexo uses a file's time or an id that only it knows."""
    given = address.meta.get("permalink")
    path = _fill(site, address) if given in (None, "", False, 0) else to_string(given)
    if path is None:
        return None
    if site.post_asset_folder and not path.endswith(("/", ".html")):
        path += "/"
    if not site.pretty_index:
        path = path.removesuffix("index.html")
    if not site.pretty_html and not path.endswith("index.html"):
        path = path.removesuffix(".html")
    return path


def _fill(site: HexoSite, address: Address) -> str | None:
    used = set(_PARAMETER.findall(site.permalink))
    date, slug, meta = address.date, address.slug, address.meta
    if ("id" in used and not meta.get("id")) or (date is None and used & _OF_DATE):
        return None
    names = address.categories[-1] if address.categories else ()
    categories = (slugize(site.category_map.get(name) or name, case=site.filename_case) for name in names)
    values: dict[str, Any] = {
        **site.permalink_defaults,
        **meta,
        "layout": meta.get("layout") or "post",
        "title": slug,
        "name": posixpath.basename(slug),
        "post_title": slugize(address.title, case=1),
        "category": "/".join(categories) or site.default_category,
    }
    if date is not None:
        unix = int(date.timestamp() // 1)
        digest = hashlib.sha1(f"{slug}{unix}".encode(), usedforsecurity=False).hexdigest()
        values |= {**date_values(date), "timestamp": str(unix), "hash": digest[:12]}
    return _PARAMETER.sub(lambda m: to_string(values.get(m[1], "undefined"))[:MAX_ADDRESS], site.permalink)


def can_address(site: HexoSite, slug: str, meta: Mapping[str, Any]) -> bool:
    """Whether Hexo can make the post's address; where it cannot, it leaves the post out."""
    given = meta.get("permalink")
    if given:
        return is_decodable(to_string(given))
    names = [name for name in _PARAMETER.findall(site.permalink) if name not in _MADE_BY_HEXO]
    parts = [slug if name in ("title", "name") else meta.get(name) for name in names]
    return all(is_decodable(to_string(part)) for part in parts if part is not None)


def is_decodable(path: str) -> bool:
    """Whether JavaScript's decodeURI takes the text: each `%` begins an escape, and the escapes are UTF-8."""
    try:
        for run in re.findall(r"(?:%[0-9A-Fa-f]{2})+", path):
            unquote(run, errors="strict")
    except UnicodeDecodeError:
        return False
    return re.search(r"%(?![0-9A-Fa-f]{2})", path) is None
