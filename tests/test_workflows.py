"""The action and the workflows of the project itself, which cannot run here: zizmor and actionlint read them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from places import ROOT
from test_versions import SAID, said

WORKFLOWS = ROOT / ".github" / "workflows"
ACTION = ROOT / "action.yml"


def tool(name: str) -> str:
    """A program of this Python's, or of the system."""
    found = shutil.which(name, path=os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]]))
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize(
    "command",
    [
        ["zizmor", "--offline", "--no-progress", "--quiet", ".github", "action.yml"],
        ["actionlint", "-no-color", "-shellcheck="],
    ],
)
def test_readers_of_workflows_find_nothing(command: list[str]) -> None:
    command = [tool(command[0]), *command[1:]]
    if "actionlint" in command[0]:
        command += [str(file) for file in sorted(WORKFLOWS.iterdir())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_other_actions_are_run_by_commit_and_one_commit_each() -> None:
    commits: dict[str, set[str]] = {}
    for file in (ACTION, *WORKFLOWS.iterdir()):
        for name, commit in re.findall(r"uses: ([\w./-]+)@(.+)", file.read_text("utf-8")):
            assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", commit), f"{file.name}: {name}"
            commits.setdefault(name, set()).add(commit)
    assert all(len(found) == 1 for found in commits.values()), commits


def test_every_python_that_the_package_names_is_tested_on_every_system() -> None:
    matrix = yaml.safe_load((WORKFLOWS / "ci.yml").read_text("utf-8"))["jobs"]["tests"]["strategy"]["matrix"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pythons = [name.rpartition(" ")[2] for name in project["classifiers"] if "Python :: 3." in name]
    assert matrix["python"] == pythons
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}


# -- the release -------------------------------------------------------------------------------------------------------


def test_no_job_of_a_release_may_more_than_its_own_step_needs() -> None:
    workflow = yaml.safe_load((WORKFLOWS / "release.yml").read_text("utf-8"))
    assert workflow["permissions"] == {}
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert rights == {
        "build": {"contents": "read"},
        "pypi": {"id-token": "write"},
        "npm": {"id-token": "write"},
        "page": {"contents": "write"},
        "site": {"pages": "write", "id-token": "write"},
    }
    assert "secrets." not in (WORKFLOWS / "release.yml").read_text("utf-8")
    for name, job in workflow["jobs"].items():
        assert name == "build" or "build" in job["needs"]  # what was tried is what is published


def prepared(root: Path, tag: str) -> subprocess.CompletedProcess[str]:
    for file in (*SAID, "CHANGELOG.md", "pyproject.toml", "mkdocs.yml", ".ci/release.py", "plugin/enishi/findings.py"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    command = [sys.executable, str(root / ".ci" / "release.py"), "someone/enishi", tag]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_release_knows_where_it_is_published(tmp_path: Path) -> None:
    (version,) = said(ROOT)["plugin/enishi/__init__.py"]
    done = prepared(tmp_path, f"v{version}")
    assert done.returncode == 0, done.stderr
    readme = (tmp_path / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)", readme)
    home = f"https://github.com/someone/enishi/blob/v{version}/"
    assert len(links) > 10
    for link in links:
        assert re.match(r"https://", link), link
        if link.startswith(home):
            assert (ROOT / link.removeprefix(home).partition("#")[0]).exists(), link
    assert "OWNER" not in readme
    assert "someone/enishi@v1" in readme
    assert 'github.com/someone/enishi"' in (tmp_path / "mkdocs.yml").read_text("utf-8")
    for file in ("docs/check.md", "plugin/enishi/findings.py"):
        assert "someone/enishi" in (tmp_path / file).read_text("utf-8")
        assert "OWNER" not in (tmp_path / file).read_text("utf-8")
    package = json.loads((tmp_path / "plugin/hexo-enishi/package.json").read_text("utf-8"))
    assert package["repository"]["url"] == "git+https://github.com/someone/enishi.git"
    assert package["version"] == version
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"]["Repository"] == "https://github.com/someone/enishi"
    assert (tmp_path / "dist" / "notes.md").read_text("utf-8").strip()


def test_a_tag_that_is_not_the_version_is_refused(tmp_path: Path) -> None:
    done = prepared(tmp_path, "v99.0.0")
    assert done.returncode == 1
    assert "python tests/test_versions.py" in done.stderr
