"""What the tests share that is not in the repository: real blogs beside it, and Hexo's modules.

`needs_shared` and `needs_hexo` mark tests that are skipped, with the reason, where there is none of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
SHARED = TESTS.parents[1] / "shared"
"""Real blogs to test against; their text never goes into the repository."""
CORPORA = SHARED / "corpora"

HEXO_MODULES = Path(os.environ.get("HEXO_MODULES") or TESTS / "node_modules")
"""The folder of modules that holds Hexo: `npm ci --prefix tests` makes it, HEXO_MODULES names another one."""

needs_shared = pytest.mark.skipif(not CORPORA.is_dir(), reason="there are no shared corpora beside the repository")


@cache
def why_no_hexo() -> str:
    """Why the real Hexo cannot be run, or nothing."""
    if not shutil.which("node"):
        return "node is not installed"
    if not (HEXO_MODULES / "hexo").is_dir():
        return "Hexo is not installed (npm ci --prefix tests, or HEXO_MODULES)"
    return ""


needs_hexo = pytest.mark.skipif(bool(why_no_hexo()), reason=why_no_hexo() or "Hexo is installed")


def run_node(script: Path, *arguments: str, stdin: bytes = b"", timeout: float = 300) -> bytes:
    """What a Node script prints, run with Hexo's modules at hand, in UTC."""
    environment = {
        **os.environ,
        "HEXO_MODULES": os.fspath(HEXO_MODULES),
        "NODE_PATH": os.fspath(HEXO_MODULES),
        "TZ": "UTC",
    }
    command = ["node", os.fspath(script), *arguments]
    with tempfile.TemporaryFile() as out:  # a pipe may be full, which fs.writeSync takes for an error
        done = subprocess.run(
            command, input=stdin, stdout=out, stderr=subprocess.PIPE, env=environment, timeout=timeout
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
        out.seek(0)
        return out.read()
