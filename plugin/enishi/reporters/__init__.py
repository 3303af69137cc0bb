"""The formats in which a check reports its findings: for people, review tools and CI services.

A format is one file of this folder with a function ``render(report) -> str``, and its name in `_BUILT_IN`; the file is
imported when the format is asked for.  Other code adds a format of its own with :func:`register`.

A format is a pure function: the same findings give the same text.  All text in a report is untrusted, so each format
writes it with its own escapes, and what could deceive a reader (control characters, changes of the writing direction)
shows as an escape (see :mod:`enishi.text.printable`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from enishi.findings import CheckReport

Render = Callable[[CheckReport], str]
_BUILT_IN = ("text", "json", "github", "checkstyle", "rdjson", "sarif", "gitlab", "junit", "markdown", "diff")
"""In the order in which messages list them."""


def _built_in(name: str) -> Render:
    def render(report: CheckReport) -> str:
        text: str = importlib.import_module(f"{__name__}.{name}").render(report)
        return text

    return render


_formats = {name: _built_in(name) for name in _BUILT_IN}
FORMATS: Mapping[str, Render] = MappingProxyType(_formats)
"""Every format, by the name that ``--format`` takes."""


def register(name: str, render: Render) -> None:
    """Add a format.

    Raises:
        ValueError: there is a format of this name.
    """
    if name in _formats:
        raise ValueError(f"there is a format {name!r} already")
    _formats[name] = render


def unregister(name: str) -> None:
    """Take away a format that was added."""
    del _formats[name]


def as_bytes(text: str) -> bytes:
    """A report as it is written to a file or a pipe: in UTF-8.

    Only a patch may hold bytes that are not UTF-8, from a post in another encoding: each lone surrogate becomes the
    byte that it stands for.
    """
    return text.encode("utf-8", "surrogateescape")
