"""Pages of one file that need nothing else, from the package's own templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
