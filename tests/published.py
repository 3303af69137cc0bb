"""The packages as they are published, for tests that install them: built here, or those that `ENISHI_DIST` names.

That folder holds the wheel and the source in `python/`, and the tarballs of the packages for npm.  uv makes the
environments and asks the package index, as a user would.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from places import EXAMPLE, ROOT
from test_shells import posix_only

UV = shutil.which("uv", path=os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]]))
marks = [pytest.mark.slow, posix_only, pytest.mark.skipif(UV is None, reason="uv is not installed")]
CONSTRAINTS = ["-c", str(ROOT / "constraints.txt")]


def uv(*arguments: str | Path, **environment: str) -> str:
    # Not uv's own downloads of Python: what is there is what is tested
    given = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1", **environment}
    done = subprocess.run([str(UV), *map(str, arguments)], env=given, capture_output=True, text=True, timeout=300)
    if not os.environ.get("CI") and "error sending request" in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    return done.stdout


def pythons() -> list[str]:
    """The oldest and the newest Python of this machine that the package is for."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    names = [sys.executable, *(f"python3.{minor}" for minor in range(11, 15))]
    found: dict[tuple[int, int], str] = {}
    for name in [*names, *map(os.fspath, pyenv.glob("versions/3.*/bin/python"))]:
        code = "import sys; print(*sys.version_info[:2], getattr(sys, '_base_executable', sys.executable))"
        try:
            done = subprocess.run([name, "-c", code], capture_output=True, text=True, timeout=60)
        except OSError:
            continue
        if done.returncode == 0:
            major, minor, path = done.stdout.rstrip("\n").split(" ", 2)
            if (3, 11) <= (int(major), int(minor)) <= (3, 14):
                found.setdefault((int(major), int(minor)), path)
    return [found[min(found)], found[max(found)]]


def packages(folder: Path) -> Path:
    if "ENISHI_DIST" in os.environ:
        return Path(os.environ["ENISHI_DIST"])
    uv("build", "--quiet", "--python", sys.executable, "--out-dir", folder / "python", ROOT)
    if shutil.which("npm"):
        pack = ["npm", "pack", "--silent", "--offline", "--pack-destination", str(folder)]
        for package in ROOT.glob("plugin/*-enishi/package.json"):
            subprocess.run([*pack, str(package.parent)], check=True, capture_output=True)
    return folder


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def example(folder: Path) -> Path:
    ours = shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi")
    return Path(shutil.copytree(EXAMPLE, folder, ignore=ours))
