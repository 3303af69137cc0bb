"""What it takes to show the lists in a site of some generator: packages, settings, and edits of the site's own files.

`enishi init` shows it as a difference and, where its author agrees, does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file of the site as it would be."""

    path: str
    """Relative to the site folder, POSIX."""
    text: str
    """All of it."""
    why: str
    """A phrase without a full stop: ``the list below each post``."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a site comes to show its lists.  What is done already is left out."""

    page: str = "generators.md"
    """The page of the documentation, below `docs/`."""
    installs: tuple[str, ...] = ()
    """Commands that the author runs first: ``npm install hexo-enishi``."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """For enishi.toml, by dotted names."""
    edits: tuple[FileEdit, ...] = ()
    by_hand: tuple[str, ...] = ()
    """What only the author can do, such as a line in a theme that is not ours: sentences without a full stop."""
    run: tuple[str, ...] = ("enishi build",)
    """Commands that make the finished site."""
    public: str = ""
    """The folder of the finished site, for `enishi verify`."""
