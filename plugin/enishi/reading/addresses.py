"""Addresses with only the characters that an address may hold."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit

_KEPT = "/:;,?!@&=+$-_.~*'()#"
"""What JavaScript's encodeURI leaves alone."""


def encode_path(path: str) -> str:
    """Percent-encoding of what no address may hold; what is encoded already stays so."""
    return quote(unquote(path, errors="replace"), safe=_KEPT)


def encode_address(url: str) -> str:
    """An absolute address with only what an address may hold; escapes in it stay as they are."""
    return quote(url, safe=_KEPT + "%[]")


def join_root(root_path: str, path: str) -> str:
    """A path of the site as an address: encoded once, never twice, and without doubled slashes."""
    return encode_path(re.sub(r"/{2,}", "/", f"{root_path}/{path}"))


def encode_link(link: str) -> str:
    """A link from :func:`safe_link` with only the characters that an address may hold."""
    return encode_address(link) if re.match("[A-Za-z]+:", link) else encode_path(link)


_WEB = re.compile("https?://")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\\\\\u2028\u2029\ud800-\udfff]")


@lru_cache(maxsize=65_536)  # a post's address stands in many lists
def safe_link(url: str) -> str:
    """The address if it may become a link: http(s) with a host, or relative to the site; else empty.

    Refused are other schemes, ``//host``, and whatever browsers read as something else than it looks: control
    characters (they drop tabs and newlines even inside ``java\\tscript:``) and backslashes (they read them as slashes).
    """
    if _UNSAFE.search(url):
        return ""
    address = url.strip(" ")
    first = re.split(r"[/?#]", address, maxsplit=1)[0]
    if address.startswith("//") or (":" in first and not _is_web_address(address)):
        return ""
    return address.replace(" ", "%20")


def absolute_link(url: str, home: str) -> str:
    """The address of a site's page as a page elsewhere may link to it; empty where it is not safe or not known."""
    link, base = safe_link(url), safe_link(home)
    if link and _WEB.match(base):
        link = urljoin(base.rstrip("/") + "/", link)
    return link if _WEB.match(link) else ""


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
