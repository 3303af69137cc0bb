"""Where the repository's parts lie, for tests in any folder."""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PACKAGE = ROOT / "plugin" / "enishi"
DOCS = ROOT / "docs"
EXAMPLE = ROOT / "example_site"

_ROOMS = sorted({file.parent for depth in ("*", "*/*") for file in TESTS.glob(f"{depth}/test_*.py")})
IMPORT_PATH = os.pathsep.join(map(os.fspath, (TESTS, *_ROOMS)))
"""PYTHONPATH of a program that imports test modules."""
