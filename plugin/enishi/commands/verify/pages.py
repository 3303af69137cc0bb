"""A finished site as a visitor finds it: its pages, what they list, and where their links lead.

Pages are searched, not parsed: ten thousand are read in seconds, minified ones too (no quotes, no `</li>`).
"""

from __future__ import annotations

import html
import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote, urljoin, urlsplit

from enishi.files import read_file

_MAX_PAGE_BYTES = 32 * 1024 * 1024
_NO_HOST = "site.invalid"
_SAMPLE = 25
_LEAST_OF_HOST = 3
_PAGE_SUFFIXES = (".html", ".htm")

_ATTRIBUTE = r"""\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
_HIDDEN = re.compile(r"<!--|<(script|style|textarea|template|noscript)\b", re.IGNORECASE)
"""Where something begins that shows nothing: a framework's data, say, which repeats the page."""
_LONGEST = 2000
"""Of a heading, a title, or a tag before its class, in characters."""
_MARK = re.compile(r"\benishi-(?:related|inline)\b")
_LIST = re.compile(rf"<([a-z][a-z0-9-]*)\b[^<>]*?\bclass{_ATTRIBUTE}[^<>]*>", re.IGNORECASE)
_LINK = re.compile(rf"<a\b[^<>]*?\shref{_ATTRIBUTE}", re.IGNORECASE)
_ANY_LINK = re.compile(rf"<(?:a|link|script|img)\b[^<>]*?\s(?:href|src){_ATTRIBUTE}", re.IGNORECASE)
_BASE = re.compile(rf"<base\b[^<>]*?\shref{_ATTRIBUTE}", re.IGNORECASE)
_REDIRECT = re.compile(r"<meta\b[^<>]*\bhttp-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)
_META = re.compile(r"<meta\b[^<>]*>", re.IGNORECASE)
_OG_TITLE = re.compile(r"\b(?:property|name)\s*=\s*[\"']?(?:og|twitter):title\b", re.IGNORECASE)
_CONTENT = re.compile(rf"\bcontent{_ATTRIBUTE}", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_TITLE_PARTS = re.compile(r"\s+[-|–—·•:«»/~]+\s+|\s*[|｜]\s*|:\s")
_OTHER_LIST = re.compile(
    r"""\b(?:class|id)\s*=\s*(?:"[^"]*?|'[^']*?|)(?<![\w-])("""
    r"""(?:related|recommend(?:ed|ations?)?|similar|popular)[-_]{0,2}(?:posts?|articles?|content|reading|entries|pages?)"""
    r"""|(?:posts?|articles?|page|content)[-_]{1,2}(?:related|recommended|similar))(?![a-z])""",
    re.IGNORECASE,
)
"""A theme's own list, by the names that themes give it: `relatedPosts`, `popular-posts`, `page__related`."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a finished site."""

    file: str
    """Relative to the site's folder, POSIX, NFC."""
    headings: frozenset[str]
    """What it calls itself, in its heading and for those who share it; see :func:`title_key`."""
    titles: frozenset[str]
    """Its title, and the parts of that: a blog's name stands in it, too."""
    lists: tuple[tuple[str, ...], ...]
    """The links of each list of ours."""
    base: str = ""
    """What links are relative to, where the page says that."""
    is_redirect: bool = False
    other_list: str = ""
    """The name of a list of the theme's own."""

    @property
    def address(self) -> str:
        """Below the site's root."""
        return re.sub(r"(?:^|(?<=/))index\.html?\Z", "", self.file)


@dataclass(slots=True)
class FinishedSite:
    """The folder of a finished site."""

    folder: Path
    files: frozenset[str]
    pages: Mapping[str, Page]
    """By file."""
    hosts: frozenset[str] = frozenset()
    """The site's own, where they are known."""
    base: str = "/"
    """The path of the folder on its host; begins and ends with a slash."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of files as they lie on the disk, where these are not NFC."""

    @classmethod
    def read(cls, folder: Path, hosts: Iterable[str], base: str) -> FinishedSite:
        """Read every page.  `base` is the path on the host by the settings; what the pages say counts more."""
        names = {normalize("NFC", name): name for name in _walk(folder)}
        pages = {}
        for name, on_disk in sorted(names.items()):
            if name.lower().endswith(_PAGE_SUFFIXES) and (text := _text(folder / on_disk)) is not None:
                pages[name] = read_page(name, text)
        site = cls(folder, frozenset(names), pages, frozenset(hosts), names=names)
        site._locate(base)
        return site

    def text(self, page: Page) -> str:
        """The HTML of a page; empty if it is gone meanwhile."""
        return _text(self.folder / self.names.get(page.file, page.file)) or ""

    def target(self, page: Page, link: str) -> str | None:
        """The file that a link on a page shows, empty where it leads to another host; None if it is dead."""
        here = f"http://{_NO_HOST}{self.base}{page.address}"
        try:
            parts = urlsplit(urljoin(urljoin(here, page.base), link))
        except ValueError:
            return None
        file = self.at(parts.path)
        is_elsewhere = parts.netloc != _NO_HOST and parts.netloc.casefold() not in self.hosts
        return "" if file is None and is_elsewhere and parts.netloc else file

    def at(self, path: str, base: str = "") -> str | None:
        """The file that an address, as a path on the host, shows; None if there is none."""
        base = base or self.base
        for written in dict.fromkeys((unquote(path), path)):
            name = normalize("NFC", written)
            if not f"{name}/".startswith(base):
                continue
            inner = name[len(base) :].strip("/")
            candidates = (*([inner] if inner else []), *(posixpath.join(inner, f"index{s}") for s in _PAGE_SUFFIXES))
            found = next((file for file in (*candidates, f"{inner}.html") if file in self.files), None)
            if found is not None:
                return found
        return None

    def _locate(self, stated: str) -> None:
        """Find the path of the site on its host, and its host where that is not known.

        They are those with which most links of its pages lead somewhere, our lists apart; these count where there is
        no other link.
        """
        step = max(1, len(self.pages) // _SAMPLE)
        sample = list(self.pages.values())[::step]
        outside = (link for page in sample for link in _links(_ANY_LINK, _without_lists(self.text(page))))
        inside = (link for page in sample for links in page.lists for link in links)
        for paths in map(_paths_by_host, (outside, inside)):
            starts: Counter[str] = Counter()
            for path in sorted(path for some in paths.values() for path in some):
                starts.update("/".join(path.split("/")[:depth]) + "/" for depth in (2, 3) if path.count("/") >= depth)
            candidates = dict.fromkeys((stated, "/", *(start for start, _ in starts.most_common(_SAMPLE))))
            alive = {base: self._alive(paths, base) for base in candidates}
            self.base = max(alive, key=lambda base: sum(alive[base].values()))
            if any(alive[self.base].values()):
                self.hosts |= alive[self.base].keys() - {""}
                return

    def _alive(self, paths: Mapping[str, set[str]], base: str) -> dict[str, int]:
        """By host, how many of its paths lead somewhere; of a host that is not known to be the site's, if most do."""
        found = {host: sum(self.at(path, base) is not None for path in some) for host, some in paths.items()}
        known = {"", *self.hosts}
        return {
            host: count
            for host, count in found.items()
            if host in known or (count >= _LEAST_OF_HOST and 2 * count >= len(paths[host]))
        }


def _paths_by_host(links: Iterable[str]) -> dict[str, set[str]]:
    """The paths of links that begin at a host's root, but for the root itself; no host is that of the page."""
    found: dict[str, set[str]] = {}
    for link in links:
        try:
            parts = urlsplit(link)
        except ValueError:
            continue
        if parts.path.strip("/") and parts.path.startswith("/") and parts.scheme in ("", "http", "https"):
            found.setdefault(parts.netloc.casefold(), set()).add(normalize("NFC", unquote(parts.path)))
    return found


def read_page(file: str, text: str) -> Page:
    """What a page says of itself, and what it lists."""
    seen = _what_shows(text)
    headings = [title_key(without_tags(heading)) for heading in _elements("h1", seen)]
    headings += [
        title_key(content)
        for meta in _META.findall(seen)
        if _OG_TITLE.search(meta)
        for content in _links(_CONTENT, meta)
    ]
    title = without_tags(next(_elements("title", seen), ""))
    base = next(_links(_BASE, seen), "")
    other = _OTHER_LIST.search(_without_lists(seen))
    return Page(
        file=file,
        headings=frozenset(filter(None, headings)),
        titles=frozenset(filter(None, map(title_key, _title_parts(title)))),
        lists=tuple(tuple(_links(_LINK, seen[start:end])) for start, end in _lists_in(seen)),
        base=base,
        is_redirect=bool(_REDIRECT.search(seen)),
        other_list=other[1] if other else "",
    )


def links_on(text: str) -> list[str]:
    """The links of a page, in their order."""
    return list(_links(_LINK, _what_shows(text)))


def _what_shows(text: str) -> str:
    """A page without comments, scripts and the like."""
    pieces, at = [], 0
    while hidden := _HIDDEN.search(text, at):
        pieces.append(text[at : hidden.start()])
        ends = re.compile(rf"</{hidden[1]}\b" if hidden[1] else "-->", re.IGNORECASE).search(text, hidden.end())
        at = ends.end() if ends else len(text)
    return "".join((*pieces, text[at:]))


def title_key(title: str) -> str:
    """A title without what generators change in it: quotes, dashes, blanks, case."""
    return "".join(filter(str.isalnum, normalize("NFKC", title).casefold()))


def without_tags(text: str) -> str:
    """HTML without its tags, which stand in some titles, too."""
    return html.unescape(_TAG.sub("", text))


def _title_parts(title: str) -> Iterator[str]:
    """A title, and what stands before and behind each separator in it."""
    yield title
    for separator in _TITLE_PARTS.finditer(title):
        yield title[: separator.start()]
        yield title[separator.end() :]


def _lists_in(text: str) -> Iterator[tuple[int, int]]:
    """Where lists of ours begin and end; one in another is a part of it."""
    end = 0
    for mark in _MARK.finditer(text):
        if mark.start() < end or (start := text.rfind("<", max(end, mark.start() - _LONGEST), mark.start())) < 0:
            continue
        tag = _LIST.match(text, start)
        if not tag or not {"enishi-related", "enishi-inline"} & set("".join(filter(None, tag.groups()[1:])).split()):
            continue
        end = _end_of(text, tag[1], tag.end())
        yield start, end


def _elements(name: str, text: str) -> Iterator[str]:
    """The HTML in each element of a name, short ones only."""
    end = re.compile(rf"</{name}\b", re.IGNORECASE)
    for start in re.finditer(rf"<{name}\b[^<>]*>", text, re.IGNORECASE):
        if found := end.search(text, start.end(), start.end() + _LONGEST):
            yield text[start.end() : found.start()]


def _end_of(text: str, name: str, start: int) -> int:
    """Where an element ends that is open at `start`."""
    depth = 1
    for tag in re.compile(rf"<(/?){re.escape(name)}\b", re.IGNORECASE).finditer(text, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return tag.start()
    return len(text)


def _without_lists(text: str) -> str:
    if not _MARK.search(text):
        return text
    kept, last = [], 0
    for start, end in _lists_in(text):
        kept.append(text[last:start])
        last = end
    return "".join((*kept, text[last:]))


def _links(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        yield html.unescape("".join(filter(None, match.groups()))).strip()


def _walk(folder: Path) -> Iterator[str]:
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", "node_modules"))
        above = Path(current).relative_to(folder).as_posix()
        yield from (posixpath.normpath(posixpath.join(above, name)) for name in sorted(names))


def _text(file: Path) -> str | None:
    try:
        return read_file(file, _MAX_PAGE_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
