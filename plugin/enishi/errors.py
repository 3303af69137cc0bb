"""Errors and diagnostics.

An :class:`EnishiError` means "cannot go on" and ends the command.  A bad post becomes a :class:`Diagnostic` instead,
and the rest of the site is still built.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from enum import StrEnum

_IS_WINDOWS = os.name == "nt"


class EnishiError(Exception):
    """The command cannot go on because of its usage, the settings or the environment; shown without a stack trace."""

    exit_code = 2


class SettingsError(EnishiError):
    """One or more settings are wrong; the message names each of them with its place."""


class SiteNotFoundError(EnishiError):
    """No posts were found."""


class EncoderError(EnishiError):
    """The encoder that the settings ask for is not available."""


class IndexUnavailableError(EnishiError):
    """The index backend that the settings ask for is not available on this machine."""


class OutputError(EnishiError):
    """The output cannot be written: a full disk, a read-only folder, a file of somebody else in its place."""


def is_closed_pipe(error: Exception) -> bool:
    """Whether nobody reads what is written any more; Windows calls that an invalid argument."""
    is_invalid = isinstance(error, OSError) and error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or (_IS_WINDOWS and is_invalid)


class Severity(StrEnum):
    """How serious a diagnostic or a finding is."""

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
