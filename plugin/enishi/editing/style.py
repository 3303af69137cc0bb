"""How a blog writes its lists of tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from enishi.editing.change import Style


def prevailing_style(posts: Iterable[bytes]) -> Style:
    """How most posts of the blog write their tags."""
    counts = Counter(style for data in posts for style in _styles(data))
    return "block" if counts["block"] > counts["flow"] else "flow"


def _styles(data: bytes) -> Iterator[Style]:
    head = data[:4000]
    if re.search(rb"(?m)^tags:[ \t]*\r?\n[ \t]*-[ \t]", head):
        yield "block"
    elif re.search(rb"(?m)^tags:[ \t]*\[", head):
        yield "flow"
