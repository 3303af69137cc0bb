"""Glob patterns as the generators' settings use them: `*` within a folder, `**` across folders, `{a,b}`, `[…]`.

Extended ones (`@(a|b)`, `{1..9}`) are not known; they match as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_MAX_ALTERNATIVES = 64


class Globs:
    """A list of patterns, where a later `!pattern` takes back what earlier ones matched."""

    def __init__(self, patterns: Iterable[str], *, by_name: bool = False) -> None:
        """`by_name`: a pattern without a slash matches a file or folder of that name anywhere, as in .gitignore."""
        self._rules = [_rule(pattern, by_name) for pattern in patterns if pattern.strip("!/ ")]

    def match(self, path: str) -> bool:
        """Whether the relative POSIX path is meant."""
        answer = False
        for wanted, expression in self._rules:
            if answer != wanted and expression.match(path):
                answer = wanted
        return answer


def matches_any(patterns: Iterable[str], path: str) -> bool:
    """Whether a pattern means the path, by the rules of micromatch, which Hexo asks: `!a` alone means all but `a`."""
    wanted = ((not p.startswith("!"), p.removeprefix("!").removeprefix("./")) for p in patterns if p.strip("! "))
    return any((_compile(pattern, "^").match(path) is not None) == is_wanted for is_wanted, pattern in wanted)


def _rule(pattern: str, by_name: bool) -> tuple[bool, re.Pattern[str]]:
    wanted = not pattern.startswith("!")
    body = pattern.removeprefix("!").removeprefix("./").removeprefix("/")
    if by_name:
        body = body.rstrip("/")
        prefix = "" if "/" in pattern.strip("/!") or pattern.startswith("/") else "(?:.*/)?"
        return wanted, re.compile(f"{prefix}(?:{_expression(body, '!^')})(?:/.*)?\\Z", re.DOTALL)
    return wanted, _compile(body)


@lru_cache(maxsize=256)
def _compile(pattern: str, negation: str = "!^") -> re.Pattern[str]:
    return re.compile(f"(?:{_expression(pattern, negation)})\\Z", re.DOTALL)


def _expression(pattern: str, negation: str) -> str:
    return "|".join(_translate(alternative, negation) for alternative in _alternatives(pattern))


_BRACES = re.compile(r"\{([^{}]*)\}")


def _alternatives(pattern: str) -> list[str]:
    """`a.{md,html}` -> `a.md`, `a.html`; bounded, because braces multiply."""
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        current = waiting.pop()
        braces = next((match for match in _BRACES.finditer(current) if "," in match[1]), None)
        choices = braces[1].split(",") if braces is not None else []
        if braces is None or len(done) + len(waiting) + len(choices) > _MAX_ALTERNATIVES:
            done.append(current)
        else:
            waiting += [current[: braces.start()] + choice + current[braces.end() :] for choice in choices]
    return done


_PIECE = re.compile(
    r"(?P<folders>(?:(?<=/)|\A)(?:\*\*+/)+)|(?P<all>(?:(?<=/)|\A)\*\*+\Z)|\*+|\?|\[(?P<inner>.[^\]]*)\]|.", re.DOTALL
)


def _translate(pattern: str, negation: str) -> str:
    """One alternative as a regular expression without nested repeats, so that no path takes long to match."""

    def piece(match: re.Match[str]) -> str:
        if match["folders"]:
            return "(?:[^/]+/)*"
        if match["inner"]:
            is_negated = match["inner"][0] in negation
            return _character_class(match["inner"][is_negated:], "^" if is_negated else "")
        return ".*" if match["all"] else {"*": "[^/]*", "?": "[^/]"}.get(match[0][0], re.escape(match[0]))

    return _PIECE.sub(piece, pattern)


def _character_class(inner: str, negation: str) -> str:
    """`[…]`; what is no class, as the range `[z-a]`, matches nothing."""
    escaped = re.sub(r"(?:\\-)+", "-", re.escape(inner))
    written = f"[{negation}{escaped}]"
    try:
        re.compile(written)
    except re.error:
        return "(?!)"
    return written
