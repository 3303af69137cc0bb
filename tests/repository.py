"""Real git repositories for the tests, made in temporary folders, with nobody's settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Aki",
    "GIT_AUTHOR_EMAIL": "aki@blog.test",
    "GIT_COMMITTER_NAME": "Aki",
    "GIT_COMMITTER_EMAIL": "aki@blog.test",
    "GIT_AUTHOR_DATE": "2024-05-06T12:00:00Z",
    "GIT_COMMITTER_DATE": "2024-05-06T12:00:00Z",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; its output."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **ENVIRONMENT}, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return os.fsdecode(done.stdout).strip()


def repository(folder: Path) -> Path:
    """A repository on the branch main, whose first commit holds what lies in the folder."""
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    return folder


def commit(folder: Path, message: str = "posts") -> str:
    """Commit everything; the commit's name."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def branch(folder: Path, name: str = "pull-request") -> None:
    """Go on in a new branch."""
    git(folder, "checkout", "-q", "-b", name)
