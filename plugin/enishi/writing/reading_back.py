"""What a build wrote of related posts, read again: one file, or one that names its shards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from enishi.writing.render import RELATED_NAME, RELATED_VERSION, SHARDED_VERSION

_SHARD = re.compile(r"related/[0-9a-f]{2}\.json")
"""Names of shards: as the index may come with a stranger's repository, no other file is read for one."""

_INDEX_START = b'{\n "version": %d,' % SHARDED_VERSION


def read_related(read: Callable[[str], bytes]) -> dict[str, Any]:
    """What related.json says of every post, by path, in order; `read` gives a file of its folder by name.

    Raises:
        ValueError: it is not ours, or broken.
        OSError: as `read` does.
    """
    index = _object(read(RELATED_NAME))
    if index.get("version") != SHARDED_VERSION:
        return _posts(index)
    names = index.get("shards")
    if not isinstance(names, list) or not all(isinstance(name, str) and _SHARD.fullmatch(name) for name in names):
        raise ValueError("related.json names no shards")
    posts: dict[str, Any] = {}
    for name in names:
        posts.update(_posts(_object(read(name))))
    return dict(sorted(posts.items()))


def join_shards(content: bytes, read: Callable[[str], bytes]) -> bytes:
    """The content of a related.json, or of one file that says what its shards say; raises as :func:`read_related`."""
    if not content.startswith(_INDEX_START):
        return content
    posts = read_related(lambda name: content if name == RELATED_NAME else read(name))
    return json.dumps({"version": RELATED_VERSION, "posts": posts}).encode("ascii")


def _posts(value: dict[str, Any]) -> dict[str, Any]:
    posts = value.get("posts") if value.get("version") == RELATED_VERSION else None
    if not isinstance(posts, dict):
        raise ValueError("no list of posts of this version")
    return posts


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value
