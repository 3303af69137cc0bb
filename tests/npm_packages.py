"""The packages for npm as they are packed: tests use no other."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

import pytest

from places import ROOT

PLUGINS = ROOT / "plugin"
PACKAGES = tuple(
    sorted(file.parent.name for file in PLUGINS.glob("*/package.json") if file.parent.name != "npm-shared")
)


@cache
def tarball(name: str) -> Path:
    """What `npm pack` makes of a package."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = tempfile.mkdtemp(prefix="enishi-npm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    pack = ["npm", "pack", "--silent", "--offline", "--pack-destination", folder]
    done = subprocess.run(pack, cwd=PLUGINS / name, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (packed,) = Path(folder).glob("*.tgz")
    return packed


@cache
def unpacked(name: str) -> Path:
    """The package as `npm install TARBALL` puts it into node_modules: it has no dependency."""
    packed = tarball(name)
    folder = packed.parent / "node_modules" / name
    with tarfile.open(packed) as archive:
        archive.extractall(packed.parent, filter="data")
    folder.parent.mkdir()
    (packed.parent / "package").rename(folder)
    return folder


def install(site: Path, name: str) -> None:
    """What `npm install NAME` does to the node_modules of a site."""
    shutil.copytree(unpacked(name), site / "node_modules" / name, dirs_exist_ok=True)
