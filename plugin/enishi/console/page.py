"""Pages of one file that need nothing else, from the package's own templates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from enishi.errors import SettingsError
from enishi.files import replace_file
from enishi.writing.render import templates_folder


def render_template(name: str, view: Mapping[str, Any]) -> bytes:
    """A page, UTF-8; everything in the view is escaped but what is marked as safe."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(templates_folder()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(view).encode("utf-8", "replace")


def refuse_page(file: Path, option: str) -> None:
    """Complain of a place where no page can be written before any work is done.

    Raises:
        SettingsError: it does not end in .html, so that no post is ever hit by a slip; or it is a folder.
    """
    if file.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"{option} {file}: the name has to end in .html")
    if file.is_dir():
        raise SettingsError(f"{option} {file} is a folder; name a file")
    if not file.parent.is_dir():
        raise SettingsError(f"{option} {file}: there is no folder {file.parent}")


def write_page(file: Path, page: bytes, option: str) -> None:
    """Write the page in one step; what was there is replaced.

    Raises:
        OutputError: the file system refuses.
    """
    replace_file(Path(os.path.realpath(file)), page, name=f"{option} {file}")
