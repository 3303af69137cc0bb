"""The environment of a program that finds our plugins as if this checkout was installed now, whenever it was."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from places import PACKAGE, ROOT


def as_installed(folder: Path) -> dict[str, str]:
    """PYTHONPATH with the entry points of pyproject.toml, and the namespace package beside ours."""
    info = folder / "enishi_of_this_checkout-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: enishi-of-this-checkout\nVersion: 0\n", "utf-8")
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    lines = [f"[{group}]\n{name} = {value}\n" for group, names in groups.items() for name, value in names.items()]
    (info / "entry_points.txt").write_text("".join(lines), "utf-8")
    return {"PYTHONPATH": os.pathsep.join(map(os.fspath, (folder, PACKAGE.parent)))}
