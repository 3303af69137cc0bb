"""Addresses with only the characters that an address may hold."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

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


def safe_url(url: str) -> str | None:
    """An http(s) or relative address, percent-encoded; None for anything else (`javascript:`, `//host`, `data:`)."""
    text = url.strip()
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    if re.search(r"[\x00-\x1f\x7f]", text) or text.replace("\\", "/").startswith("//"):
        return None
    if scheme is None:
        return encode_path(text) if ":" not in text.split("/")[0] else None
    if scheme[1].lower() not in ("http", "https") or not re.match(r"(?i)https?://[^/]", text):
        return None
    return encode_address(text)
