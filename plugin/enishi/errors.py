"""What can go wrong, in two kinds.

An :class:`EnishiError` means "cannot go on" and ends the command.  A bad post is not that: it becomes a
:class:`Diagnostic`, and the rest of the site is still built.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EnishiError(Exception):
    """The command cannot go on: usage, settings or the environment.  Shown without a stack trace."""

    exit_code = 2


class SettingsError(EnishiError):
    """One or more settings are wrong; the message names every one with its place."""


class SiteNotFoundError(EnishiError):
    """There are no posts where we looked."""


class EncoderError(EnishiError):
    """The encoder that the settings ask for cannot be had."""


class IndexUnavailableError(EnishiError):
    """The index backend that the settings ask for cannot be had on this machine."""


class OutputError(EnishiError):
    """What was made cannot be written: disk full, read-only folder, a foreign file in the way."""


class Severity(StrEnum):
    """How much a diagnostic matters to the author."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """Something about one file that its author should know.

    `path` is relative to the site folder (POSIX); `line` counts from 1, 0 where no line can be named.
    `code` is a stable kebab-case word such as ``bad-front-matter``; `message` says what is wrong and what to do.
    """

    path: str
    line: int
    code: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.severity.value}: {self.message} [{self.code}]"
