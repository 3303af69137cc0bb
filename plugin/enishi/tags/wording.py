"""What a post's own tags and its date say about a tag, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from enishi.text.plural import counted
from enishi.types import BesideTag, Evidence


def said_for(evidence: Evidence, name: Callable[[str], str]) -> list[str]:
    """Why the tag may be missing; `name` writes a tag as its readers know it."""
    clauses = [_together(one, name) for one in evidence.beside if not one.speaks_against]
    if evidence.use is not None and not evidence.use.speaks_against:
        first, post = apart(evidence.use.first, evidence.use.post)
        clauses.append(f"it came up in {first}; this post is of {post}")
    return clauses


def said_against(evidence: Evidence, name: Callable[[str], str]) -> list[str]:
    """What speaks against the tag."""
    clauses = [
        f"{_together(one, name)}, where by their texts about {one.expected:.0f} would"
        for one in evidence.beside
        if one.speaks_against
    ]
    if evidence.use is not None and evidence.use.speaks_against:
        last, post = apart(evidence.use.last, evidence.use.post)
        clauses.append(f"it was last used in {last}; this post is of {post}")
    return clauses


def values_for_page(evidence: Evidence) -> dict[str, Any]:
    """The same for pages, which say it in their own language."""
    use = evidence.use
    values: dict[str, Any] = {
        "beside": [asdict(one) | {"against": one.speaks_against} for one in evidence.beside],
        "use": None,
    }
    if use is not None:
        then, post = apart(use.last if use.speaks_against else use.first, use.post)
        values["use"] = {"then": then, "post": post, "against": use.speaks_against}
    return values


def apart(first: str, second: str) -> tuple[str, str]:
    """Two ISO dates, no more exact than it takes to tell them apart: years, months, or days."""
    length = next((length for length in (4, 7) if first[:length] != second[:length]), 10)
    return first[:length], second[:length]


def _together(one: BesideTag, name: Callable[[str], str]) -> str:
    others = counted(one.posts, "other post")
    number, verb = str(one.with_tag) if one.with_tag else "none", "carries" if one.with_tag < 2 else "carry"
    return f"{number} of the {others} with {name(one.tag)} {verb} it"
