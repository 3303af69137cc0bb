"""Which post a link means: addresses, file names and slugs -> paths of posts."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from enishi.types import Document, Post

_DATE_PREFIX = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}-")
_PLAIN_ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+)(/[!\"$->@-~]*)?(?:[?#][!-~]*)?")
_PAGE_SUFFIX = re.compile(r"\.(?:html?|md|markdown|mdx|aspx|php)$")
_REMEMBERED = 65_536
"""Addresses whose parts are remembered: a blog's links name the same pages again and again."""
_MIN_SLUG = 5
"""Shorter last segments of an address (`/tags`, `/2020`, `/v2`) name too many things to mean one post."""
_LISTINGS = frozenset("archive archives author authors categories category page series tag tags topics".split())  # noqa: SIM905
"""Segments before the name of a list: `/tags/elasticsearch/` is not the post `elasticsearch`."""
_OWN_HOST_SHARE = 0.3
_OWN_HOST_LINKS = 3


class PostFinder:
    """Finds the post that a link, a path or a slug means.

    Args:
        posts: all posts of the site.
        hosts: the site's own host names; links to other hosts are foreign.  Where none is known, see `learn_hosts`.
    """

    def __init__(self, posts: Sequence[Post], hosts: Iterable[str] = ()) -> None:
        self._by_path = {post.path: post.path for post in posts}
        self._by_url = _unique((_address(post.url), post.path) for post in posts if post.url)
        self._by_tail = _unique((tail, post.path) for post in posts for tail in _tails(_address(post.url)))
        self._by_slug = _unique((slug, post.path) for post in posts for slug in _slugs(post))
        self._folders = {post.path: re.sub(r"[^/]*$", "", _split_path(post.url)) for post in posts if post.url}
        self._hosts = {host.casefold().removeprefix("www.") for host in hosts if host}

    def learn_hosts(self, links: Iterable[str]) -> None:
        """Where no host is known: those to which enough of the links end in the slug of a post."""
        if self._hosts:
            return
        paths_of: dict[str, list[str]] = {}
        for link in set(links):
            parts = _split(link)
            if parts is not None and parts[0]:
                paths_of.setdefault(parts[0], []).append(parts[1])
        for host, paths in paths_of.items():
            known = sum(self._by_last_segment(path) is not None for path in paths)
            if known >= max(_OWN_HOST_LINKS, _OWN_HOST_SHARE * len(paths)):
                self._hosts.add(host)

    def find(self, link: str, source: str = "") -> str | None:
        """Path of the post meant by `link` as written in the post `source`; None if it is no post of this site."""
        parts = _split(link)
        if parts is None:
            return None
        host, path = parts
        if (host and host not in self._hosts) or not path.strip("/"):
            return None
        if not host and "/" not in path and (named := self._by_slug.get(_slug(path))):
            return named  # a bare name, as an author pins a post
        if not host and source and not path.startswith("/"):
            neighbor = self._beside(path, source)
            if neighbor:
                return neighbor
        address = _address(path)
        return (
            self._by_path.get(path.lstrip("/"))
            or self._by_url.get(address)
            # The site may live below a folder of its host (`/blog/`) that links do not name, or the reverse.
            or next((self._by_url[tail] for tail in _tails(address) if tail in self._by_url), None)
            or self._by_tail.get(address)
            or self._by_last_segment(path)
        )

    def _beside(self, path: str, source: str) -> str | None:
        """A link relative to the post's file, or to its page."""
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if file in self._by_path:
            return file
        page = posixpath.normpath(posixpath.join(self._folders.get(source, "/"), path))
        return self._by_url.get(_address(page))

    def _by_last_segment(self, path: str) -> str | None:
        slug = _slug(path)
        before = _address(path).split("/")[-2:-1]
        return self._by_slug.get(slug) if len(slug) >= _MIN_SLUG and not _LISTINGS.intersection(before) else None


def own_hosts(url: str) -> list[str]:
    """The host of a site whose address is `url`; none where that is missing, or a generator's placeholder."""
    host = (web_address(url) or ("", ""))[0]
    return [host] if host and not host.endswith("example.com") else []


def find_posts_of(documents: Sequence[Document], hosts: Iterable[str] = ()) -> PostFinder:
    """A site's finder, which knows the site's hosts: from its settings, or else from all its links."""
    finder = PostFinder([document.post for document in documents], hosts)
    finder.learn_hosts(link for document in documents for link in document.fields.links)
    return finder


def resolve_links(
    documents: Sequence[Document], hosts: Iterable[str] = (), finder: PostFinder | None = None
) -> dict[str, tuple[str, ...]]:
    """By path of a post, the other posts that its body links to, in order, each once."""
    finder = finder or find_posts_of(documents, hosts)
    resolved: dict[str, tuple[str, ...]] = {}
    for document in documents:
        path = document.post.path
        targets = (finder.find(link, path) for link in document.fields.links)
        if others := tuple(dict.fromkeys(target for target in targets if target and target != path)):
            resolved[path] = others
    return resolved


def without_host(text: str) -> str:
    """The path of an address: a post that is named by its whole address is one of this site."""
    parts = _split(text) if text.startswith(("http://", "https://")) else None
    return parts[1] if parts else text


def _unique(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The keys that name one post only."""
    paths: dict[str, str | None] = {}
    for key, path in pairs:
        paths[key] = path if paths.get(key, path) == path else None
    return {key: path for key, path in paths.items() if path is not None}


@lru_cache(maxsize=_REMEMBERED)
def _split(link: str) -> tuple[str, str] | None:
    """(host without www, path) of a link; None for mail addresses, anchors and the like."""
    parts = web_address(link.strip())
    return None if parts is None else (parts[0], unicodedata.normalize("NFC", unquote(parts[1])))


def web_address(link: str) -> tuple[str, str] | None:
    """(host without www, path as written) of a link of the web, the host empty for one without; None for others."""
    if plain := _PLAIN_ADDRESS.fullmatch(link):  # nearly all are, and urlsplit takes five times as long
        return plain[1].lower().removeprefix("www."), plain[2] or ""
    try:
        parts = urlsplit(link)
        if parts.scheme not in {"", "http", "https"}:
            return None
        return (parts.hostname or "").casefold().removeprefix("www."), parts.path
    except ValueError:
        return None


def _split_path(url: str) -> str:
    parts = _split(url)
    return parts[1] if parts else ""


@lru_cache(maxsize=_REMEMBERED)
def _address(url: str) -> str:
    """A path as it is compared: no host, no trailing slash or index.html, no suffix, decoded, case folded."""
    path = re.sub(r"/index\.html?$", "/", _split_path(url)).strip("/")
    return _PAGE_SUFFIX.sub("", path).casefold()


def _tails(address: str) -> list[str]:
    """An address without its first segment, its first two …, of two segments at least; the longest first."""
    parts = address.split("/")
    return ["/".join(parts[start:]) for start in range(1, len(parts) - 1)]


def _slugs(post: Post) -> Iterable[str]:
    """Names by which the last segment of an address may mean this post."""
    slugs = {_slug(post.slug), _slug(post.url), _slug(_PAGE_SUFFIX.sub("", post.path).removesuffix("/index"))}
    return sorted(slugs - {""})


def _slug(path: str) -> str:
    return _DATE_PREFIX.sub("", _address(path).rpartition("/")[2])
