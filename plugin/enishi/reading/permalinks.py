"""Addresses of posts, by each generator's documented rules as well as they can be followed from outside.

Hexo's are exact but for what only Hexo knows (its database id); its dates are written in the site's time zone, where
Hexo itself would use the zone of the process (see DESIGN: the generator makes the URLs).
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from enishi.reading.javascript import to_string
from enishi.reading.site import Site


@dataclass(frozen=True, slots=True)
class Address:
    """What a permalink can be made of."""

    slug: str
    title: str
    date: datetime | None
    categories: Sequence[Sequence[str]]
    meta: Mapping[str, Any]
    relative: str
    """Path below the folder of posts, with its extension."""
    path: str
    """Path below the site."""


_OWN_LETTERS = {
    "OE": "\x8cŒ", "oe": "\x9cœ", "AE": "ÆǢǼ", "ae": "æǣǽ", "O": "ØƆƟǾꝊꝌ", "o": "øǿɔɵꝋꝍ", "s": "ßȿꞅꞩ", "D": "ĐƉƊƋꝹ",
    "d": "đƌɖɗꝺ", "H": "ĦⱧⱵꞍ", "h": "ħɥⱨⱶ", "i": "ıɨ", "L": "ĿŁȽⱠⱢꝆꝈꞀ", "l": "ŀłſƚɫⱡꝇꝉꞁ", "n": "ŉƞɲꞑꞥ", "T": "ŦƬƮȾꞆ",
    "t": "ŧƭʈⱦꞇ", "b": "ƀƃɓ", "B": "ƁƂɃ", "C": "ƇȻꜾ", "c": "ƈȼↄꜿ", "E": "ƎƐ", "F": "ƑꝻ", "f": "ƒꝼ", "G": "ƓǤꝽꝾꞠ",
    "hv": "ƕ", "I": "Ɨ", "K": "ƘⱩꝀꝂꝄꞢ", "k": "ƙⱪꝁꝃꝅꞣ", "M": "ƜⱮ", "N": "ƝȠꞐꞤ", "OI": "Ƣ", "oi": "ƣ", "P": "ƤⱣꝐꝒꝔ",
    "p": "ƥᵽꝑꝓꝕ", "V": "ƲɅꝞ", "Y": "ƳɎỾ", "y": "ƴɏỿ", "Z": "ƵȤⱫⱿꝢ", "z": "ƶȥɀⱬꝣ", "DZ": "ǄǱ", "Dz": "ǅǲ", "dz": "ǆǳ",
    "LJ": "Ǉ", "Lj": "ǈ", "lj": "ǉ", "NJ": "Ǌ", "Nj": "ǋ", "nj": "ǌ", "e": "ǝɇɛ", "g": "ǥɠᵹꝿꞡ", "OU": "Ȣ", "ou": "ȣ",
    "A": "ȺⱯ", "U": "Ʉ", "J": "Ɉ", "j": "ɉ", "Q": "ɊꝖꝘ", "q": "ɋꝗꝙ", "R": "ɌⱤꝚꞂꞦ", "r": "ɍɽꝛꞃꞧ", "a": "ɐẚⱥ", "m": "ɯɱ",
    "u": "ʉ", "v": "ʋʌꝟ", "S": "ẞⱾꞄꞨ", "W": "Ⱳ", "w": "ⱳ", "TZ": "Ꜩ", "tz": "ꜩ", "AA": "Ꜳ", "aa": "ꜳ", "AO": "Ꜵ",
    "ao": "ꜵ", "AU": "Ꜷ", "au": "ꜷ", "AV": "ꜸꜺ", "av": "ꜹꜻ", "AY": "Ꜽ", "ay": "ꜽ", "OO": "Ꝏ", "oo": "ꝏ", "VY": "Ꝡ",
    "vy": "ꝡ",
}  # fmt: skip
_LETTERS = {letter: base for base, letters in _OWN_LETTERS.items() for letter in letters}
"""Letters that hexo-util folds and Unicode does not decompose."""


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
_FILE_NAME_SEGMENTS = {
    "year": r"(\d{4})",
    "month": r"(\d{2})",
    "day": r"(\d{2})",
    "i_month": r"(\d{1,2})",
    "i_day": r"(\d{1,2})",
    "hash": "([0-9a-f]{12})",
}


def parse_hexo_file_name(pattern: str, relative: str) -> dict[str, str]:
    """What Hexo takes from the file's path by `new_post_name`: always `title` (the slug), perhaps year, month, …"""
    rule, _ = posixpath.splitext(pattern)
    stem, _ = posixpath.splitext(relative)
    names: list[str] = []

    def segment(match: re.Match[str]) -> str:
        names.append(match[1])
        return _FILE_NAME_SEGMENTS.get(match[1], "(.+?)")

    expression = _PARAMETER.sub(segment, re.escape(rule))
    match = re.fullmatch(expression, stem, re.ASCII)
    found = dict(zip(names, match.groups(), strict=True)) if match is not None else {}
    return found if "title" in found else {**found, "title": slugize(stem)}


def make_url(site: Site, address: Address) -> str:
    """The address of a post's page: with the site's root path, percent-encoded; empty where it cannot be known."""
    path = _RULES.get(site.generator, _generic)(site, address)
    return join_root(site, path) if path is not None else ""


def join_root(site: Site, path: str) -> str:
    """A path of the site as an address: encoded once, never twice, and without doubled slashes."""
    return encode_path(re.sub(r"/{2,}", "/", f"{site.root_path}/{path}"))


_KEPT = "/:;,?!@&=+$-_.~*'()#"
"""What JavaScript's encodeURI leaves alone."""


def encode_path(path: str) -> str:
    """Percent-encoding of what no address may hold; what is encoded already stays so."""
    return quote(unquote(path, errors="replace"), safe=_KEPT)


def encode_address(url: str) -> str:
    """An absolute address with only what an address may hold; escapes in it stay as they are."""
    return quote(url, safe=_KEPT + "%[]")


# --- Hexo -----------------------------------------------------------------------------------------------------------


def _hexo(site: Site, address: Address) -> str | None:
    given = address.meta.get("permalink")
    if given is not None and given not in ("", False, 0):
        path = to_string(given)
    else:
        formatted = _hexo_pattern(site, address)
        if formatted is None:
            return None
        path = formatted
    if site.post_asset_folder and not path.endswith(("/", ".html")):
        path += "/"
    if not site.pretty_index:
        path = re.sub(r"index\.html$", "", path)
    if not site.pretty_html and not path.endswith("index.html"):
        path = path.removesuffix(".html")
    return path


def _hexo_pattern(site: Site, address: Address) -> str | None:
    values = _hexo_values(site, address)
    if values is None:
        return None

    def fill(match: re.Match[str]) -> str:
        return to_string(values[match[1]]) if match[1] in values else "undefined"

    return _PARAMETER.sub(fill, site.permalink)


_MADE_BY_HEXO = frozenset(
    [
        "post_title",
        "category",
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "i_month",
        "i_day",
        "timestamp",
        "hash",
    ]
)


def hexo_can_address(site: Site, slug: str, meta: Mapping[str, Any]) -> bool:
    """Whether Hexo can make the post's address; where it cannot, it leaves the post out."""
    given = meta.get("permalink")
    if given:
        return is_decodable(to_string(given))
    names = [name for name in _PARAMETER.findall(site.permalink) if name not in _MADE_BY_HEXO]
    parts = [slug if name in ("title", "name") else meta.get(name) for name in names]
    return all(is_decodable(to_string(part)) for part in parts if part is not None)


def is_decodable(path: str) -> bool:
    """Whether JavaScript's decodeURI takes the text: each `%` begins an escape, and the escapes are UTF-8."""
    if "%" not in path:
        return True
    try:
        for run in re.findall(r"(?:%[0-9A-Fa-f]{2})+", path):
            unquote(run, errors="strict")
    except UnicodeDecodeError:
        return False
    return re.search(r"%(?![0-9A-Fa-f]{2})", path) is None


_NEEDS_DATE = frozenset(["year", "month", "day", "hour", "minute", "second", "i_month", "i_day", "timestamp", "hash"])


def _hexo_values(site: Site, address: Address) -> dict[str, Any] | None:
    """The values of `:name` in Hexo's permalink; None where Hexo uses a file time or an id that only it knows."""
    used = set(_PARAMETER.findall(site.permalink))
    date, slug, meta = address.date, address.slug, address.meta
    if ("id" in used and not meta.get("id")) or (date is None and used & _NEEDS_DATE):
        return None
    values: dict[str, Any] = {
        "title": slug,
        "name": posixpath.basename(slug),
        "post_title": slugize(address.title, case=1),
        "category": _category_slug(site, address.categories) or site.default_category,
    }
    if date is not None:
        unix = int(date.timestamp() // 1)
        digest = hashlib.sha1(f"{slug}{unix}".encode(), usedforsecurity=False).hexdigest()
        values |= {
            "year": f"{date.year:04d}",
            "month": f"{date:%m}",
            "day": f"{date:%d}",
            "hour": f"{date:%H}",
            "minute": f"{date:%M}",
            "second": f"{date:%S}",
            "i_month": str(date.month),
            "i_day": str(date.day),
            "timestamp": str(unix),
            "hash": digest[:12],
        }
    values = {**meta, "layout": meta.get("layout") or "post", **values}
    return {**site.permalink_defaults, **values}


def _category_slug(site: Site, categories: Sequence[Sequence[str]]) -> str:
    if not categories:
        return ""
    return "/".join(slugize(site.category_map.get(name) or name, case=site.filename_case) for name in categories[-1])


# --- others ---------------------------------------------------------------------------------------------------------


def _given(address: Address) -> str | None:
    """The author's own `permalink` or `url`, if it is a path."""
    for key in ("permalink", "url"):
        value = address.meta.get(key)
        if (
            isinstance(value, str)
            and value.strip()
            and not re.match(r"[A-Za-z][\w+.-]*:|//", value)
            and "{" not in value
        ):
            return value.strip()
    return None


def _simple_slug(text: str) -> str:
    """Lower case, letters and digits of any script, dashes between them: what most generators make of a name."""
    return re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", text).lower()).strip("-_")


_JEKYLL_STYLES = {
    "": "/:categories/:year/:month/:day/:title.html",
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "none": "/:categories/:title.html",
}


def _jekyll(site: Site, address: Address) -> str | None:
    pattern = _given(address) or _JEKYLL_STYLES.get(site.permalink, site.permalink)
    date = address.date
    if date is None and re.search(r":(?:i_)?(?:short_)?(?:year|month|day|y_day)", pattern):
        return None
    names = [name for chain in address.categories for name in chain]
    values = {
        "categories": "/".join(_simple_slug(name) for name in names),
        "title": address.slug,
        "slug": _simple_slug(address.slug),
    }
    if date is not None:
        values |= {
            "year": f"{date.year:04d}",
            "short_year": f"{date:%y}",
            "month": f"{date:%m}",
            "day": f"{date:%d}",
            "i_month": str(date.month),
            "i_day": str(date.day),
            "y_day": f"{date:%j}",
            "hour": f"{date:%H}",
            "minute": f"{date:%M}",
            "second": f"{date:%S}",
        }
    return re.sub(r":([a-z_]+)", lambda match: values.get(match[1], match[0]), pattern)


def _hugo(site: Site, address: Address) -> str | None:
    given = address.meta.get("url")
    if isinstance(given, str) and given and not re.match(r"[A-Za-z][\w+.-]*:|//", given):
        return given
    folder, _ = posixpath.split(address.relative)
    is_bundle = posixpath.basename(address.relative).startswith("index.")
    parts = [part for part in folder.split("/") if part]
    if is_bundle and parts:
        parts.pop()
    section = parts[0] if parts else ""
    slug = address.meta.get("slug")
    name = slug if isinstance(slug, str) and slug else _hugo_name(_file_stem(address))
    pattern = site.permalink_defaults.get(section, "")
    if pattern:
        return _fill_hugo(pattern, address, parts, name)
    return "/".join([*map(_hugo_name, parts), name, ""]) if name else "/"


def _hugo_name(name: str) -> str:
    return re.sub(r"[\s]+", "-", re.sub(r"[^\w\s./-]", "", name.lower())).strip("-")


def _fill_hugo(pattern: str, address: Address, parts: list[str], name: str) -> str | None:
    date = address.date
    if date is None and re.search(r":(?:year|month|day|yearday)", pattern):
        return None
    values = {
        "section": _hugo_name(parts[0]) if parts else "",
        "sections": "/".join(map(_hugo_name, parts)),
        "title": _hugo_name(address.title.replace("/", "-")),
        "slug": name if address.meta.get("slug") else _hugo_name(address.title.replace("/", "-")),
        "filename": _hugo_name(_file_stem(address)),
        "contentbasename": _hugo_name(_file_stem(address)),
        "slugorcontentbasename": name,
        "slugorfilename": name,
    }
    if date is not None:
        values |= {
            "year": f"{date.year:04d}",
            "month": f"{date:%m}",
            "day": f"{date:%d}",
            "yearday": f"{date:%j}".lstrip("0"),
        }
        values |= {"monthname": f"{date:%B}".lower(), "weekdayname": f"{date:%A}".lower()}
    return re.sub(r":([a-z]+)", lambda match: values.get(match[1], match[0]), pattern)


def _file_stem(address: Address) -> str:
    """The file's name without extension; the folder's for index.md."""
    stem = posixpath.basename(address.relative).split(".", 1)[0]
    if stem in ("index", "_index"):
        return posixpath.basename(posixpath.dirname(address.relative)) or stem
    return stem


def _eleventy(site: Site, address: Address) -> str | None:
    del site
    given = _given(address)
    if given is not None:
        return given.removesuffix("index.html")
    folder = posixpath.dirname(address.relative)
    if posixpath.basename(address.relative).startswith("index."):
        return folder + "/"
    name = re.sub(r"^\d{4}-\d{2}-\d{2}-", "", posixpath.splitext(posixpath.basename(address.relative))[0])
    return posixpath.join(folder, name) + "/"


def _pelican(site: Site, address: Address) -> str | None:
    slug = address.meta.get("slug")
    values = {
        "slug": slug if isinstance(slug, str) and slug else _simple_slug(address.title or address.slug),
        "category": _simple_slug(address.categories[0][0]) if address.categories else "misc",
        "lang": to_string(address.meta.get("lang") or site.language or "en"),
    }
    date = address.date

    def fill(match: re.Match[str]) -> str:
        if match[1] == "date" and date is not None:
            try:
                return date.strftime(match[2] or "%Y-%m-%d")
            except ValueError:
                return match[0]
        return values.get(match[1], match[0])

    return re.sub(r"\{(\w+)(?::([^}]*))?\}", fill, site.permalink or "{slug}.html")


def _mkdocs(site: Site, address: Address) -> str | None:
    folder = site.source_dir if site.source_dir != "." else ""
    relative = address.path.removeprefix(folder + "/" if folder else "")
    if folder and site.post_folders != (folder,) and address.date is not None:
        slug = address.meta.get("slug")
        name = slug if isinstance(slug, str) and slug else _simple_slug(address.title or address.slug)
        blog = posixpath.dirname(site.post_folders[0]).removeprefix(folder).strip("/")
        return posixpath.join(blog, f"{address.date:%Y/%m/%d}", name) + ("/" if not site.pretty_html else ".html")
    stem = posixpath.splitext(relative)[0]
    if posixpath.basename(stem) in ("index", "README"):
        return posixpath.dirname(stem) + "/"
    return stem + (".html" if site.pretty_html else "/")


def _zenn(site: Site, address: Address) -> str | None:
    del site
    return f"articles/{address.slug}"


def _generic(site: Site, address: Address) -> str | None:
    del site
    given = _given(address)
    if given is not None:
        return given
    folder = posixpath.dirname(address.relative)
    if posixpath.basename(address.relative).startswith("index."):
        return folder + "/"
    return posixpath.join(folder, address.slug) + "/"


_RULES: dict[str, Callable[[Site, Address], str | None]] = {
    "hexo": _hexo,
    "jekyll": _jekyll,
    "hugo": _hugo,
    "eleventy": _eleventy,
    "pelican": _pelican,
    "mkdocs": _mkdocs,
    "zenn": _zenn,
    "generic": _generic,
}
