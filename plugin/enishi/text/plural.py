"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 post", "2 posts"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
