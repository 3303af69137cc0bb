"""The packages as they are published, each alone in an empty environment: README's lines, Hexo, pre-commit, the action.

`ENISHI_DIST` names a folder of finished packages (the wheel and the source in `python/`, the plugin's tarball); without
it they are built here.  uv makes the environments and asks the package index, as a user would.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from enishi import __version__
from hexo_site import HexoSite, link_packages, needs_site
from places import EXAMPLE, ROOT
from test_shells import Runner, documented, git, posix_only
from test_workflows import tool

UV = shutil.which("uv", path=os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]]))
pytestmark = [pytest.mark.slow, posix_only, pytest.mark.skipif(UV is None, reason="uv is not installed")]
CONSTRAINTS = ["-c", str(ROOT / "constraints.txt")]
WORDS = {
    "path/to/your/blog": ".",
    "my-post": "wal-two-terminals",
    "other-post": "explain-query-plan",
    "NLP": "search",
    "GCP": "SQLite",
    "GoogleCloud": "sqlite3 --yes",
}
"""What README's lines say of a reader's own blog, for the example."""
NOT_RUN = ("enishi watch", "enishi init", "enishi models", "enishi train")
"""Of README's lines: those that never end, or that are about pretrained models."""


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


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "ENISHI_DIST" in os.environ:
        return Path(os.environ["ENISHI_DIST"])
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--python", sys.executable, "--out-dir", folder / "python", ROOT)
    if shutil.which("npm"):
        pack = ["npm", "pack", "--silent", "--offline", "--pack-destination", str(folder)]
        subprocess.run([*pack, str(ROOT / "plugin" / "hexo-enishi")], check=True, capture_output=True)
    return folder


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def environment(folder: Path, python: str, package: Path) -> Path:
    """An environment that holds the package and what it needs; its programs."""
    uv("venv", "--quiet", "--python", python, folder)
    uv("pip", "install", "--quiet", "--python", folder / "bin" / "python", *CONSTRAINTS, package)
    return folder / "bin"


@pytest.fixture(scope="module")
def wheel_programs(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of the wheel, on the newest Python."""
    return environment(tmp_path_factory.mktemp("wheel") / "venv", pythons()[1], one(dist, "python/*.whl"))


def example(folder: Path) -> Path:
    ours = shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi")
    return Path(shutil.copytree(EXAMPLE, folder, ignore=ours))


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
    templates = {
        f"enishi/templates/{file.relative_to(ROOT / 'templates')}" for file in (ROOT / "templates").rglob("*.*")
    }
    assert {*templates, "enishi/py.typed"} <= names
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
