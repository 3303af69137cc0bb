"""Glob patterns as the generators' settings use them: `*` within a folder, `**` across folders, `{a,b}`, `[…]`.

Extended ones (`@(a|b)`, `{1..9}`) are not known; they match as they are written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from enishi.errors import SettingsError

_MAX_ALTERNATIVES = 64
_MAX_PATTERNS = 500
_MAX_CHARACTERS = 50_000


class Globs:
    """A list of patterns, where a later `!pattern` takes back what earlier ones matched."""

    def __init__(self, patterns: Iterable[str], *, by_name: bool = False) -> None:
        """`by_name`: a pattern without a slash matches a file or folder of that name anywhere, as in .gitignore."""
        self._rules = [_rule(pattern, by_name) for pattern in _bounded(patterns) if pattern.strip("!/ ")]

    def match(self, path: str) -> bool:
        """Whether the relative POSIX path is meant."""
        answer = False
        for wanted, expression in self._rules:
            if answer != wanted and expression.match(path):
                answer = wanted
        return answer


def matches_any(patterns: tuple[str, ...], path: str) -> bool:
    """Whether a pattern means the path, by the rules of micromatch, which Hexo asks: `!a` alone means all but `a`."""
    return any((expression.match(path) is not None) == wanted for wanted, expression in _alternative_rules(patterns))


@lru_cache(maxsize=16)
def _alternative_rules(patterns: tuple[str, ...]) -> list[tuple[bool, re.Pattern[str]]]:
    kept = [pattern for pattern in _bounded(patterns) if pattern.strip("! ")]
    return [(not p.startswith("!"), _compile(p.removeprefix("!").removeprefix("./"), "^")) for p in kept]


def _bounded(patterns: Iterable[str]) -> list[str]:
    """The patterns.  Raises SettingsError for more than anybody writes: each is tried on every file of the site."""
    patterns = [unicodedata.normalize("NFC", pattern) for pattern in patterns]  # as paths are
    if len(patterns) > _MAX_PATTERNS or sum(map(len, patterns)) > _MAX_CHARACTERS:
        raise SettingsError(
            f"more than {_MAX_PATTERNS} patterns of files, or {_MAX_CHARACTERS:,} characters. Name folders instead"
        )
    return patterns


def _rule(pattern: str, by_name: bool) -> tuple[bool, re.Pattern[str]]:
    wanted = not pattern.startswith("!")
    body = pattern.removeprefix("!").removeprefix("./").removeprefix("/")
    if by_name:
        body = body.rstrip("/")
        prefix = "" if "/" in pattern.strip("/!") or pattern.startswith("/") else "(?:.*/)?"
        return wanted, re.compile(f"{prefix}(?:{_expression(body, '!^')})(?:/.*)?\\Z", re.DOTALL)
    return wanted, _compile(body, "!^")


def _compile(pattern: str, negation: str) -> re.Pattern[str]:
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


_FOLDERS = re.compile(r"(?:(?<=/)|\A)(?:\*\*+/)+")
_ALL = re.compile(r"(?:(?<=/)|\A)\*\*+\Z")
_PIECE = re.compile(r"(?P<star>\*+)|(?P<slash>/)|\?|\[(?P<inner>.[^\]]*)\]|.", re.DOTALL)


def _translate(pattern: str, negation: str) -> str:
    """One alternative as a regular expression that any path is matched against in time linear in its length.

    What stands between two wildcards is matched where it first can be, once and for all: the wildcard behind it takes
    as much as the one before it would have taken.
    """
    is_folder = _ALL.search(pattern)
    *parts, last = _FOLDERS.split(pattern[: is_folder.start()] if is_folder else pattern)
    if parts:
        first, *middle = parts
        parts = [
            _path(first, negation),
            *(f"(?>(?:[^/]+/)*?{_path(part, negation)})" for part in middle),
            "(?:[^/]+/)*",
        ]
    return "".join([*parts, _path(last, negation), ".*" if is_folder else ""])


def _path(pattern: str, negation: str) -> str:
    """The expression for a pattern without `**/`."""
    done = before = ""
    for match in _PIECE.finditer(pattern):
        if match["star"]:
            done, before = f"{done}(?>{before})" if before.startswith("[^/]*?") else done + before, "[^/]*?"
        elif match["slash"]:
            done, before = f"{done}{before}/", ""
        elif match["inner"]:
            is_negated = match["inner"][0] in negation
            before += _character_class(match["inner"][is_negated:], "^" if is_negated else "")
        else:
            before += "[^/]" if match[0] == "?" else re.escape(match[0])
    return done + before


def _character_class(inner: str, negation: str) -> str:
    """`[…]`; what is no class, as the range `[z-a]`, matches nothing."""
    escaped = re.sub(r"(?:\\-)+", "-", re.escape(inner))
    written = f"(?!/)[{negation}{escaped}]"
    try:
        re.compile(written)
    except re.error:
        return "(?!)"
    return written
