"""The action and the workflows of the project itself, which cannot run here: zizmor reads them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from places import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
ZIZMOR = shutil.which("zizmor", path=Path(sys.executable).parent)


@pytest.mark.skipif(ZIZMOR is None, reason="zizmor is not installed")
def test_zizmor_finds_nothing() -> None:
    command = [str(ZIZMOR), "--offline", "--no-progress", "--quiet", str(WORKFLOWS.parent), str(ROOT / "action.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_every_python_that_the_package_names_is_tested_on_every_system() -> None:
    matrix = yaml.safe_load((WORKFLOWS / "ci.yml").read_text("utf-8"))["jobs"]["tests"]["strategy"]["matrix"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pythons = [name.rpartition(" ")[2] for name in project["classifiers"] if "Python :: 3." in name]
    assert matrix["python"] == pythons
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
