"""The three builds that authors wait for: the first, one with nothing changed, one after an edit."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import Run, run_measured


@dataclass(frozen=True)
class Builds:
    """The runs of one site, in this order."""

    cold: Run
    unchanged: Run
    edited: Run


def enishi_command() -> str:
    """The `enishi` beside this Python, else the one on the path."""
    beside = Path(sys.executable).with_name("enishi")
    return str(beside) if beside.exists() else "enishi"


def build_thrice(enishi: str, site: Path, out: Path) -> Builds:
    """Build `site` (with neither cache nor output so far) into `out`: cold, again, and with one post edited."""
    command = [enishi, "build", site, "--out", out, "--quiet"]
    cold = _checked(run_measured(command))
    unchanged = _checked(run_measured(command))
    edit_one_post(site)
    return Builds(cold, unchanged, _checked(run_measured(command)))


def edit_one_post(site: Path) -> Path:
    """Add a paragraph to the post in the middle, by path."""
    posts = post_files(site)
    post = posts[len(posts) // 2]
    with post.open("a", encoding="utf-8", newline="") as file:
        file.write("\n\nA paragraph added later, about embeddings of related posts.\n")
    return post


def post_files(site: Path) -> list[Path]:
    """Markdown files below `site`, by path; none of hidden folders."""
    found = (path for suffix in ("*.md", "*.markdown") for path in site.rglob(suffix))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(site).parts))


def copy_site(source: Path, target: Path) -> Path:
    """Copy a site without what an earlier build left in it."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".enishi", ".git", "node_modules"))
    return target


def _checked(run: Run) -> Run:
    if run.status:
        raise SystemExit(f"the build ended with exit code {run.status}:\n{run.output}")
    return run


def make_synthetic_blog(blogs: Sequence[Path], posts: int, seed: int, site: Path) -> None:
    """Make a blog of so many posts by recombining others, in a process of its own: this one must stay small."""
    wanted = ["--posts", str(posts), "--out", site, "--seed", str(seed)]
    made = run_measured([sys.executable, "-m", "benchmarks.scale.synthetic", *blogs, *wanted])
    if made.status:
        raise SystemExit(f"no blog of {posts} posts could be made")
