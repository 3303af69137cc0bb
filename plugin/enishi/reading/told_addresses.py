"""Addresses that the generator told with its list of posts, kept for builds without that list.

A post keeps the address that it was given for as long as our own guess at it stays the same: one with another slug,
date or folder has another address.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from enishi.memo import Memo, each
from enishi.reading.addresses import safe_link
from enishi.types import Post

_VERSION = 1


@dataclass(frozen=True, slots=True)
class ToldAddress:
    """One post's address by the generator, and our guess at that time."""

    url: str
    guess: str


def told_bytes(posts: Iterable[Post]) -> bytes:
    """The addresses that are no guesses, as `addresses.json` holds them: one line a post, by path."""
    encode = json.JSONEncoder(ensure_ascii=True).encode
    known = sorted((post.path, post.url, post.guess) for post in posts if post.url and not post.url_is_guess)
    lines = [f"{encode(path)}: {encode({'url': url, 'guess': guess})}" for path, url, guess in known]
    return (f'{{"version": {_VERSION}, "posts": {{\n' + ",\n".join(lines) + "\n}}\n").encode("ascii")


def read_told(data: bytes) -> dict[str, ToldAddress]:
    """The addresses by path; none of bytes that we would not have written."""
    try:
        value = json.loads(data)
        if value["version"] != _VERSION:
            return {}
        told = {path: ToldAddress(entry["url"], entry["guess"]) for path, entry in value["posts"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return {path: one for path, one in told.items() if _is_text(one.url, one.guess) and safe_link(one.url) == one.url}


def _is_text(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def with_told(posts: Sequence[Post], told: Mapping[str, ToldAddress], memo: Memo | None = None) -> list[Post]:
    """The posts with the addresses that are known; the memo keeps a post the same object from pass to pass."""

    def addressed(post: Post) -> Post:
        address = told.get(post.path)
        if address is None or address.guess != post.guess:
            return post
        return replace(post, url=address.url, url_is_guess=False)

    return each(memo, "addressed", posts, addressed, told)
