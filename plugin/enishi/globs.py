"""Glob patterns as the generators' settings use them: `*` within a folder, `**` across folders, `{a,b}`, `[…]`."""

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


def _rule(pattern: str, by_name: bool) -> tuple[bool, re.Pattern[str]]:
    wanted = not pattern.startswith("!")
    body = pattern.removeprefix("!").removeprefix("./").removeprefix("/")
    if by_name:
        body = body.rstrip("/")
        prefix = "" if "/" in pattern.strip("/!") or pattern.startswith("/") else "(?:.*/)?"
        return wanted, re.compile(f"{prefix}(?:{'|'.join(map(_translate, _alternatives(body)))})(?:/.*)?\\Z", re.DOTALL)
    return wanted, _compile(body)


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(map(_translate, _alternatives(pattern)))})\\Z", re.DOTALL)


def _alternatives(pattern: str) -> list[str]:
    """`a.{md,html}` -> `a.md`, `a.html`; bounded, because braces multiply."""
    done: list[str] = []
    waiting = [pattern]
    while waiting and len(done) + len(waiting) < _MAX_ALTERNATIVES:
        current = waiting.pop()
        braces = re.search(r"\{([^{}]*,[^{}]*)\}", current)
        if braces is None:
            done.append(current)
        else:
            waiting += [current[: braces.start()] + choice + current[braces.end() :] for choice in braces[1].split(",")]
    return done + waiting


def _translate(pattern: str) -> str:
    """One alternative as a regular expression without nested repeats, so that no path takes long to match."""
    result: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if pattern.startswith("**/", position):
            result.append("(?:[^/]+/)*")
            position += 3
            continue
        if pattern.startswith("**", position):
            result.append(".*")
            position += 2
            continue
        if character == "*":
            result.append("[^/]*")
        elif character == "?":
            result.append("[^/]")
        elif character == "[" and (end := pattern.find("]", position + 2)) > 0:
            inner = pattern[position + 1 : end]
            negated = inner[0] in "!^"
            result.append(f"[{'^' if negated else ''}{re.escape(inner[negated:]).replace(chr(92) + '-', '-')}]")
            position = end
        else:
            result.append(re.escape(character))
        position += 1
    return "".join(result)
