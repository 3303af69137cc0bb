"""The packages as they are published, installed by what runs Enishi elsewhere: pre-commit, and the action at a tag."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from enishi import __version__
from places import ROOT
from published import CONSTRAINTS, example, marks, one, packages, pythons
from test_shells import Runner, documented, git

pytestmark = marks


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packages(tmp_path_factory.mktemp("dist"))


def blog_with_a_branch(folder: Path) -> Path:
    """The example, and a post without tags in a branch."""
    site = example(folder)
    git(site, "init", "-q", "-b", "main")
    git(site, "add", "-A")
    git(site, "commit", "-q", "-m", "blog")
    git(site, "checkout", "-q", "-b", "topic")
    text = (site / "source/_posts/wal-two-terminals.md").read_text("utf-8").replace("\r\n", "\n")
    (site / "source/_posts/new.md").write_text(re.sub(r"(?m)^tags:.*\n(?:\s*- .*\n)*", "", text), "utf-8")
    git(site, "add", "-A")
    return site


def test_pre_commit_installs_the_tag_that_the_docs_name(dist: Path, tmp_path: Path) -> None:
    with tarfile.open(one(dist, "python/*.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    hooks = one(tmp_path, f"enishi-{__version__}")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "init", "-q", "-b", "main")
    git(hooks, "add", "-A")
    git(hooks, "commit", "-q", "-m", "release")
    git(hooks, "tag", f"v{__version__}")
    site = blog_with_a_branch(tmp_path / "blog")
    config = yaml.safe_dump(dict(documented())[".pre-commit-config.yaml"])
    (site / ".pre-commit-config.yaml").write_text(re.sub(r"https://github\.com/[\w./-]+", str(hooks), config), "utf-8")
    git(site, "add", "-A")
    given = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    given |= {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PIP_CONSTRAINT": CONSTRAINTS[1], "PIP_NO_COMPILE": "1"}
    command = [sys.executable, "-m", "pre_commit", "run", "--color=never"]
    done = subprocess.run(command, cwd=site, env=given, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "source/_posts/new.md" in done.stdout


def test_the_action_at_a_tag_installs_and_runs_the_release(dist: Path, tmp_path: Path) -> None:
    site = blog_with_a_branch(tmp_path / "blog")
    git(site, "commit", "-q", "-m", "post")
    runner = Runner(site, tmp_path / "runner")
    runner.values |= {"github.action_ref": "v1", "steps.python.outputs.python-path": pythons()[0]}
    index = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    index["PIP_FIND_LINKS"] = f"{os.environ.get('PIP_FIND_LINKS', '')} {dist / 'python'}"
    done = runner.run(**index, PIP_NO_COMPILE="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "file=source/_posts/new.md" in done.stdout
    assert runner.report in done.stdout
