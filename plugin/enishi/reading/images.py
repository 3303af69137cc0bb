"""Which pictures a post shows: names of picture files in it that exist in the site.

Generators, themes and their plugins have dozens of ways to write a picture (Markdown, HTML, ``{% asset_img %}``,
``{{< figure >}}``, ``[[wiki]]`` links, keys of the front matter).  All of them name a file with its suffix, so that is
what is searched for; only files inside the site's folder count, so a wrong name does no harm.

Nothing is fetched, nothing outside of the site is opened, and the time is linear in the length of a post.
"""

from __future__ import annotations

import html
import os
import posixpath
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from enishi.reading.find import NEVER_POSTS
from enishi.reading.source import MAX_BODY
from enishi.types import Post

if TYPE_CHECKING:
    from enishi.generators.base import Site

MAX_FRONT = 2
"""The most pictures of a post's front matter, the thumbnail first: themes want one picture in several sizes."""
MAX_PICTURES = 4
"""The most pictures of a post, those of the front matter among them: the first ones show what it is about."""
MAX_REFERENCES = 100
"""The most names of picture files that are looked up for one post."""
SUFFIXES = ("png", "jpg", "jpeg", "jfif", "gif", "webp", "avif", "bmp")

_KEYS = (
    *("thumb", "indeximg", "cover", "feature", "image", "img", "hero", "banner", "header", "teaser", "photo"),
    *("gallery", "picture", "preview", "poster", "card", "splash", "background", "opengraph", "social", "twitter"),
    *("share", "seo", "resources", "bundle"),
)
"""Words in the keys of front matter that hold a picture, the most important first; without ``-`` and ``_``."""
_DEPTH = 3

_NAME = re.compile(rf"\.(?:{'|'.join(SUFFIXES)})(?![\w.-])", re.I)
_LONGEST = 300
_BEFORE_NAME = re.compile(r"[^\s\"'<>()\[\]{}|,;=*`]*\Z")
_OPENERS = {'"': '"', "'": "'", ">": "<", ")": "(", "]": "[", "|": "["}
_FENCE = re.compile(r"[ \t>]*(```+|~~~+)")
_CODE_SPAN = re.compile(r"`[^`\n]{1,300}`")
_PREFIX = re.compile(r"\{\{[^{}]*\}\}|\{(?:static|attach|filename|photo)\}|\|(?:static|attach|filename)\|")
_FRONT = re.compile(r"\ufeff?\s*(?:(---|;;;|\+\+\+)[-;+]*[ \t]*\r?\n)?")


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of a picture file in a post."""

    readings: tuple[str, ...]
    """What the name may be, the likeliest first: where one with blanks or brackets begins depends on the syntax."""
    is_front: bool = False


def post_pictures(post: Post, references: Iterable[Reference], site: Site) -> tuple[Path, ...]:
    """The files of a post's pictures, each once, the most important first: real paths inside the site's folder."""
    root = os.path.realpath(site.root)
    files: dict[str, None] = {}
    for reference in references:
        if reference.is_front and len(files) >= MAX_FRONT:
            continue
        if len(files) >= MAX_PICTURES:
            break
        file = next(filter(None, (_find(name, post, site, root) for name in reference.readings)), None)
        if file is not None:
            files[file] = None
    return tuple(map(Path, files))


def picture_references(front_matter: Mapping[str, Any], text: str) -> tuple[Reference, ...]:
    """The names of picture files in a post, those of its front matter first.

    `text` is the whole file, with its front matter (of which `front_matter` are the values).
    """
    front = dict.fromkeys(islice(_front_names(front_matter), MAX_REFERENCES))
    body = dict.fromkeys(islice(_names_in(_without_code(_body(text[:MAX_BODY]))), MAX_REFERENCES))
    return (*(Reference((name,), is_front=True) for name in front), *map(Reference, body))


def picture_stamps(site: Site) -> Iterator[str]:
    """A line for each picture file of the site, with its size and time, sorted: it shows what came, went or changed."""
    lines = []
    for current, folders, files in os.walk(site.root):
        folders[:] = [folder for folder in folders if not _is_foreign(folder, site)]
        for name in files:
            if _NAME.search(name):
                file = Path(current, name)
                try:
                    status = file.stat()
                except OSError:  # a link to nowhere, or gone meanwhile
                    continue
                place = os.fsencode(file.relative_to(site.root)).decode("utf-8", "replace")
                lines.append(f"{place} {status.st_size} {status.st_mtime_ns}")
    yield from sorted(lines)


# --- names in the front matter --------------------------------------------------------------------------------------


def _front_names(front_matter: Mapping[str, Any]) -> Iterator[str]:
    ranked = []
    for key, value in front_matter.items():
        plain = key.lower().replace("_", "").replace("-", "")
        rank = next((rank for rank, word in enumerate(_KEYS) if word in plain), None)
        if rank is not None:
            ranked.append((rank, key, value))
    for _, _, value in sorted(ranked, key=lambda item: item[:2]):
        yield from _values(value, _DEPTH)


def _values(value: Any, depth: int) -> Iterator[str]:
    """The names in a value: ``a.png``, ``[a.png, b.png]``, ``{image: a.png, alt: …}``, ``[{src: a.png}]``."""
    if isinstance(value, str):
        if len(value) <= 4 * _LONGEST and "\n" not in value and _NAME.search(value):
            yield value.strip()
    elif depth and isinstance(value, list | dict):
        items = value[:MAX_REFERENCES] if isinstance(value, list) else [value[key] for key in sorted(value)]
        for item in items:
            yield from _values(item, depth - 1)


# --- names in the body ----------------------------------------------------------------------------------------------


def _body(text: str) -> str:
    """What follows the front matter; the whole text where there is none."""
    start = _FRONT.match(text)
    if start is None or start[1] is None:
        return text
    end = re.compile(rf"^{re.escape(start[1])}[-;+]*[ \t]*\r?$", re.M).search(text, start.end())
    return text[end.end() :] if end else text


def _without_code(text: str) -> str:
    """The text without fenced blocks of code, code spans and comments: pictures there are not shown."""
    lines: list[str] = []
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            lines.append(_CODE_SPAN.sub(" ", line) if "`" in line else line)
    first, *commented = "\n".join(lines).split("<!--")
    return first + "".join(part.partition("-->")[2] for part in commented)


def _names_in(text: str) -> Iterator[tuple[str, ...]]:
    for suffix in _NAME.finditer(text):
        end = suffix.end()
        start = max(0, end - _LONGEST)
        start = max(start, text.rfind("\n", start, end) + 1)
        before = text[start:end]
        readings = dict.fromkeys(name for name in _readings(before, text[end : end + 1]) if _NAME.search(name))
        if readings:
            yield tuple(readings)


def _readings(before: str, after: str) -> Iterator[str]:
    """Where the name that ends `before` may begin, given the character that follows it."""
    target = before.rfind("](")
    if target >= 0 and (after in (")", ">", "") or after.isspace()):
        yield before[target + 2 :].lstrip("<").strip()
    opener = _OPENERS.get(after)
    if opener is not None and opener in before:
        yield before[before.rfind(opener) + 1 :].strip()
    plain = _BEFORE_NAME.search(before)
    if plain is not None:
        yield plain[0]


# --- names as files -------------------------------------------------------------------------------------------------


def _find(name: str, post: Post, site: Site, root: str) -> str | None:
    """The real path of the file that a name means; None where it is none of the site's."""
    for candidate in _candidates(name, post, site):
        for spelled in dict.fromkeys((candidate, unicodedata.normalize("NFD", candidate))):
            file = _inside(spelled, site, root)
            if file is not None:
                return file
    return None


def _candidates(name: str, post: Post, site: Site) -> Iterator[str]:
    """Paths relative to the site's folder, the likeliest first."""
    path = _path_of(name, site)
    if path is None:
        return
    for spelled in dict.fromkeys((unquote(path), path)):
        if not spelled.startswith("/"):
            yield posixpath.join(posixpath.dirname(post.path), spelled)
            yield posixpath.join(posixpath.splitext(post.path)[0], spelled)
        for absolute in _absolute(spelled, post, site):
            for base in dict.fromkeys((site.source_dir, *site.generator.static_folders)):
                yield posixpath.join(base, absolute)


def _absolute(path: str, post: Post, site: Site) -> Iterator[str]:
    """What the path may be below a folder of files that are copied as they are, without its leading slash."""
    if path.startswith("/"):
        if site.root_path != "/" and path.startswith(site.root_path):
            yield path.removeprefix(site.root_path)
    elif post.url:
        page = posixpath.normpath(posixpath.join(posixpath.dirname(post.url), path))
        yield page.removeprefix(site.root_path).lstrip("/")
    yield path.lstrip("/")


def _path_of(name: str, site: Site) -> str | None:
    """The path of an address, where it is one of this site's own."""
    name = html.unescape(_PREFIX.sub("", name)).strip().replace("\\", "/")
    try:
        parts = urlsplit(name)
        if parts.scheme not in {"", "http", "https"}:
            return None
        if parts.netloc and parts.hostname != urlsplit(site.url).hostname:
            return None
    except ValueError:
        return None
    return parts.path if 0 < len(parts.path) <= 4 * _LONGEST else None


def _inside(candidate: str, site: Site, root: str) -> str | None:
    if "\0" in candidate:
        return None
    try:
        place = f"{root}{os.sep}{candidate}"
        if not stat.S_ISREG(os.stat(place).st_mode):  # noqa: PTH116 - many, and most are not there
            return None
        file = os.path.realpath(place)
    except (OSError, ValueError):  # not there; a name that no system has
        return None
    if not file.startswith(root.rstrip(os.sep) + os.sep):
        return None
    return None if any(_is_foreign(part, site) for part in Path(file[len(root) + 1 :]).parts[:-1]) else file


def _is_foreign(folder: str, site: Site) -> bool:
    """Whether a folder holds what the author did not make: libraries, a generator's output, caches."""
    if folder == "public":
        return folder in site.generator.output_folders
    return folder.startswith(".") or folder in NEVER_POSTS - {"public", "themes"}
