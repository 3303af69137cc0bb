"""Where the repository's parts lie, for tests in any folder."""

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PACKAGE = ROOT / "plugin" / "enishi"
DOCS = ROOT / "docs"
EXAMPLE = ROOT / "example_site"
