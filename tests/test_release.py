"""The packages as they are published, each alone in an empty environment: README's lines, the example, uvx, Hexo."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from enishi import __version__
from hexo_site import HexoSite, link_packages, needs_site
from places import ROOT
from published import CONSTRAINTS, example, marks, one, packages, pythons, uv
from site_posts import our_posts, write_yaml
from test_shells import git
from test_workflows import tool

pytestmark = marks
WORDS = {
    "path/to/your/blog": ".",
    "my-post": "wal-two-terminals",
    "other-post": "explain-query-plan",
    "NLP": "search",
    "GCP": "SQLite",
    "GoogleCloud": "sqlite3 --yes",
}
"""What README's lines say of a reader's own blog, for the example."""
NOT_RUN = ("enishi watch", "enishi review", "enishi init", "enishi verify", "enishi models", "enishi train")
"""Of README's lines: those that never end, that want a finished site, or that are about pretrained models."""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packages(tmp_path_factory.mktemp("dist"))


def environment(folder: Path, python: str, package: Path) -> Path:
    """An environment that holds the package and what it needs; its programs."""
    uv("venv", "--quiet", "--python", python, folder)
    uv("pip", "install", "--quiet", "--python", folder / "bin" / "python", *CONSTRAINTS, package)
    return folder / "bin"


@pytest.fixture(scope="module")
def wheel_programs(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of the wheel, on the newest Python."""
    return environment(tmp_path_factory.mktemp("wheel") / "venv", pythons()[1], one(dist, "python/*.whl"))


def run(command: Sequence[str], site: Path, programs: Path) -> str:
    given = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=site, env=given, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def test_the_tools_of_the_index_take_the_packages(dist: Path) -> None:
    wheel, source = one(dist, "python/*.whl"), one(dist, "python/*.tar.gz")
    for command in (["twine", "check", "--strict", wheel, source], ["check-wheel-contents", wheel]):
        words = [tool(str(command[0])), *map(str, command[1:])]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_is_whole_and_what_it_brings_is_light(dist: Path, wheel_programs: Path) -> None:
    with zipfile.ZipFile(one(dist, "python/*.whl")) as archive:
        names = set(archive.namelist())
        if "ENISHI_DIST" in os.environ:  # a release knows where it is published
            assert not [name for name in names if b"OWNER/enishi" in archive.read(name)]
    templates = {
        f"enishi/templates/{file.relative_to(ROOT / 'templates')}" for file in (ROOT / "templates").rglob("*.*")
    }
    hugo = {
        f"enishi/hugo-enishi/{name}" for name in ("hugo.toml", "i18n/ja.toml", "layouts/partials/enishi/words.html")
    }
    assert {*templates, *hugo, "enishi/py.typed", "pelican/plugins/enishi/__init__.py"} <= names
    assert not {"pelican/__init__.py", "pelican/plugins/__init__.py"} & names  # both belong to Pelican
    (packages,) = wheel_programs.parent.glob("lib/python3.*/site-packages")
    assert not {"sklearn", "torch", "sentence_transformers"} & {path.name for path in packages.iterdir()}
    assert sum(path.lstat().st_size for path in packages.rglob("*") if path.suffix != ".pyc") < 300e6


def test_the_source_package_builds_the_example_with_the_same_bytes(
    dist: Path, wheel_programs: Path, tmp_path: Path
) -> None:
    """The oldest Python from the source, the newest from the wheel."""
    source = environment(tmp_path / "venv", pythons()[0], one(dist, "python/*.tar.gz"))
    written = []
    for name, programs in (("source", source), ("wheel", wheel_programs)):
        site = example(tmp_path / name)
        run(["enishi", "build", ".", "--now", "2026-01-01"], site, programs)
        written.append([(site / ".enishi" / file).read_bytes() for file in ("related.json", "tags.json")])
    assert written[0] == written[1]


def lines_of_readme() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.+?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    ours = [line for line in lines if line.startswith("enishi ") and not line.startswith(NOT_RUN)]
    return [shlex.split(" ".join(WORDS.get(word, word) for word in line.split())) for line in ours]


def test_what_readme_says_works_from_the_wheel_alone(wheel_programs: Path, tmp_path: Path) -> None:
    site = example(tmp_path / "blog")
    git(site, "init", "-q", "-b", "main")
    git(site, "add", "-A")
    git(site, "commit", "-q", "-m", "blog")
    commands = lines_of_readme()
    assert len(commands) >= 10
    for command in commands:
        printed = run(command, site, wheel_programs)
        assert "none of these words" not in printed
        assert printed


def test_uvx_runs_the_wheel_of_a_local_index(dist: Path, tmp_path: Path) -> None:
    site = example(tmp_path / "blog")
    package = f"enishi=={__version__}"
    uv("tool", "run", "--python", pythons()[1], "--find-links", dist / "python", package, "build", site)
    assert (site / ".enishi" / "related.json").is_file()


def test_pelican_and_mkdocs_find_their_plugins_while_they_are_installed(dist: Path, tmp_path: Path) -> None:
    programs = environment(tmp_path / "venv", pythons()[1], one(dist, "python/*.whl"))
    python = programs / "python"
    uv("pip", "install", "--quiet", "--python", python, "pelican[markdown]", "mkdocs<2")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nplugins: [enishi: {all_pages: true}]\n", "utf-8")
    for entry in our_posts():
        write_yaml(tmp_path / "docs" / f"{entry.slug}.md", entry)
    assert "pelican.plugins.enishi" in run(["pelican-plugins"], tmp_path, programs)
    run(["mkdocs", "build"], tmp_path, programs)
    assert "enishi-related" in (tmp_path / "site" / "wal" / "index.html").read_text("utf-8")
    uv("pip", "uninstall", "--quiet", "--python", python, "enishi")
    assert "No plugins are installed" in run(["pelican-plugins"], tmp_path, programs)


@needs_site
def test_the_tarball_shows_the_lists_in_hexo(dist: Path, wheel_programs: Path, tmp_path: Path) -> None:
    site = HexoSite(
        example(tmp_path / "blog"), environment={"PATH": f"{wheel_programs}{os.pathsep}{os.environ['PATH']}"}
    )
    packages = re.findall(r'"(hexo[\w-]*)": "\^', (site.root / "package.json").read_text("utf-8"))
    link_packages(site.root, packages)
    (site.root / "package-lock.json").unlink()
    site.write("package.json", '{"private": true, "hexo": {"version": ""}, "dependencies": {}}')
    alone = tmp_path / "npm"
    alone.mkdir()
    npm = ["npm", "install", "--prefix", str(alone), "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund"]
    subprocess.run([*npm, str(one(dist, "hexo-enishi-*.tgz"))], check=True, capture_output=True, timeout=120)
    shutil.copytree(alone / "node_modules" / "hexo-enishi", site.root / "node_modules" / "hexo-enishi")
    names = ", ".join(f'"{name}": "*"' for name in [*packages, "hexo-enishi"])
    site.write("package.json", f'{{"private": true, "hexo": {{"version": ""}}, "dependencies": {{{names}}}}}')
    done = site.hexo("generate", timeout=120)
    assert done.code == 0, done.output
    assert done.warnings == []
    assert '<nav class="enishi-related"' in site.page("2021/wal-two-terminals")
