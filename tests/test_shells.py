"""What runs Enishi elsewhere: the GitHub action, the pre-commit hook, the container, and the workflows in the docs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from blog import topic_posts, write_blog
from enishi import __version__
from enishi.generators.base import MARKDOWN_SUFFIXES
from enishi.generators.hexo import SUFFIXES as HEXO_SUFFIXES
from places import ROOT

SCHEMAS = ROOT / "tests" / "schemas"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = ACTION["runs"]["steps"]
posix_only = pytest.mark.skipif(os.name == "nt", reason="needs bash")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A blog of three topics, and a branch in which a post lacks a tag."""
    site = write_blog(tmp_path / "work" / "repo", topic_posts(3))
    git(site, "init", "-q", "-b", "main")
    git(site, "add", "-A")
    git(site, "commit", "-q", "-m", "blog")
    git(site, "checkout", "-q", "-b", "topic")
    post = site / "source/_posts/birds-2.md"
    new = re.sub(r"(?m)^tags:.*\n(?:- .*\n)*", "", post.read_text("utf-8"))
    (site / "source/_posts/birds-new.md").write_text(new.replace("Birds 2", "Birds anew"), "utf-8")
    git(site, "add", "-A")
    git(site, "commit", "-q", "-m", "post")
    return site


# -- the action --------------------------------------------------------------------------------------------------------


def test_the_action_is_what_github_reads() -> None:
    schema = json.loads((SCHEMAS / "github-action.json").read_text("utf-8"))
    jsonschema.validate(ACTION, schema, cls=jsonschema.Draft7Validator)


def test_no_input_becomes_part_of_a_command() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert step.get("shell", "bash") == "bash"


def test_every_input_is_handed_over_and_used() -> None:
    used = set()
    for step in STEPS:
        for name, value in step.get("env", {}).items():
            assert f"${name}" in step["run"], f"{name} is set and not used"
            used |= set(re.findall(r"inputs\.(\w+)", value))
    assert used == set(ACTION["inputs"]) == {"path", "base", "format", "strict", "model", "previous", "version"}


def test_python_never_imports_from_the_checkout() -> None:
    """`python -m venv` would import a `venv.py` of the repository under check; `-I` leaves that folder out."""
    for step in STEPS:
        for line in step.get("run", "").splitlines():
            if re.search(r'(?:/python|ENISHI_PYTHON)"', line):
                assert re.search(r'(?:/python|ENISHI_PYTHON)" -I ', line), line


def test_foreign_actions_are_known_ones() -> None:
    assert [step["uses"].partition("@")[0] for step in STEPS if "uses" in step] == [
        "actions/setup-python",
        "actions/cache",
    ]


def test_the_cache_lies_outside_of_the_checkout() -> None:
    step = next(step for step in STEPS if step.get("uses", "").startswith("actions/cache@"))
    assert step["with"]["path"] == "${{ steps.install.outputs.cache }}"
    install = next(step for step in STEPS if step.get("id") == "install")
    assert 'home="$RUNNER_TEMP/enishi"' in install["run"]
    assert 'echo "cache=$home/' in install["run"]


class Runner:
    """As much of GitHub's runner as the action asks for: its steps in bash, with the environment that they get.

    `venv` and `pip` are played by a script, because an installation takes a minute; everything else is real.
    """

    def __init__(self, repository: Path, folder: Path, **inputs: str) -> None:
        self.repository, self.folder = repository, folder
        self.temp = folder / "runner temp"
        self.temp.mkdir(parents=True)
        self.summary = folder / "summary.md"
        self.summary.touch()
        self.installed = folder / "installed.txt"
        self.values = {f"inputs.{name}": str(spec["default"]) for name, spec in ACTION["inputs"].items()}
        self.values |= {f"inputs.{name}": value for name, value in inputs.items()}
        self.values["github.action_ref"] = "main"
        self.values["steps.python.outputs.python-path"] = os.fspath(self._python())

    def _python(self) -> Path:
        script = self.folder / "python"
        enishi = Path(sys.executable).with_name("enishi")
        script.write_text(
            f"""#!/bin/bash
            set -e
            case "$1 $2 $3" in
              "-I -m venv") mkdir -p "$4/bin"; ln -sf {shlex.quote(os.fspath(script))} "$4/bin/python"
                            ln -sf {shlex.quote(os.fspath(enishi))} "$4/bin/enishi" ;;
              "-I -m pip") shift 3; printf '%s\\n' "$@" > {shlex.quote(os.fspath(self.installed))} ;;
              *) exec {shlex.quote(sys.executable)} "$@" ;;
            esac
            """,
            "utf-8",
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return script

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Every `run:` step in order, up to one that fails; the last one's result."""
        done = None
        for step in STEPS:
            if "run" not in step:
                continue
            done = self._step(step, environment)
            if done.returncode:
                break
        assert done is not None
        return done

    def _step(self, step: Mapping[str, Any], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        output = self.folder / f"output-{step['id']}"
        output.touch()
        script = self.folder / f"{step['id']}.sh"
        script.write_text(step["run"], "utf-8")
        given = {name: self.filled(value) for name, value in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", os.fspath(script)],
            cwd=self.repository,
            env={
                **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_BASE_REF": "main",
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "RUNNER_TEMP": str(self.temp),
                **environment,
                **given,
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
        for line in output.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step['id']}.outputs.{name}"] = value
        return done

    def filled(self, value: str) -> str:
        """The value with its expressions evaluated, of the one kind that the action uses in `env:`."""
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: self.values[found[1]], value)

    @property
    def report(self) -> str:
        return Path(self.filled(ACTION["outputs"]["report"]["value"])).read_text("utf-8")


@posix_only
def test_the_action_annotates_a_pull_request(repository: Path, tmp_path: Path) -> None:
    runner = Runner(repository, tmp_path / "runner")
    done = runner.run()
    assert done.returncode == 0, done.stderr
    assert re.search(r"(?m)^::warning file=source/_posts/birds-new\.md,line=\d+", done.stdout)
    assert runner.report in done.stdout
    assert "birds-new" in runner.summary.read_text("utf-8")
    assert runner.installed.read_text().splitlines()[-3:] == ["-c", f"{ROOT}/constraints.txt", str(ROOT)]
    cache = Path(runner.values["steps.install.outputs.cache"])
    assert cache.is_relative_to(runner.temp)
    assert (cache / "cache.db").is_file()
    status = subprocess.run(["git", "status", "--porcelain", "--ignored"], cwd=repository, capture_output=True)
    assert status.stdout == b""


@posix_only
@pytest.mark.parametrize(("strict", "code"), [("true", 1), ("TRUE", 1), ("False", 0), ("yes", 2), ("1", 2), ("", 2)])
def test_the_action_fails_if_it_is_strict_and_takes_no_other_word_for_it(
    repository: Path, tmp_path: Path, strict: str, code: int
) -> None:
    done = Runner(repository, tmp_path / "runner", strict=strict).run()
    assert done.returncode == code, done.stderr
    assert ("::error title=Enishi::strict: write it as true or false" in done.stdout) == (code == 2)


@posix_only
def test_the_action_says_on_how_many_pages_related_posts_change(repository: Path, tmp_path: Path) -> None:
    published = tmp_path / "related.json"
    published.write_text('{"version": 1, "posts": {}}', "utf-8")
    done = Runner(repository, tmp_path / "runner", format="text", previous=str(published)).run()
    assert done.returncode == 0, done.stderr
    assert "Related posts change on 0 pages" in done.stdout


@posix_only
def test_two_uses_in_one_job_have_a_report_each(repository: Path, tmp_path: Path) -> None:
    runner = Runner(repository, tmp_path / "runner")
    assert runner.run().returncode == 0
    first, report = runner.values["steps.check.outputs.report"], runner.report
    runner.values["inputs.format"] = "json"
    assert runner.run().returncode == 0
    assert runner.values["steps.check.outputs.report"] != first
    assert Path(first).read_text("utf-8") == report


@posix_only
@pytest.mark.parametrize(
    ("ref", "installed"),
    [
        ("v1", f"enishi=={__version__}"),
        (f"v{__version__}", f"enishi=={__version__}"),
        ("main", str(ROOT)),
        ("v2-drafts", str(ROOT)),
        ("0a309ff8b426b58ec0e2a45f0f869d46889d0240", str(ROOT)),
        ("", str(ROOT)),
    ],
)
def test_at_a_tag_the_action_installs_what_was_released_with_it(tmp_path: Path, ref: str, installed: str) -> None:
    runner = Runner(tmp_path, tmp_path / "runner")
    runner.values["github.action_ref"] = ref
    runner.run()
    assert runner.installed.read_text().splitlines()[-3:] == ["-c", f"{ROOT}/constraints.txt", installed]


@posix_only
def test_the_action_writes_what_reviewdog_reads(repository: Path, tmp_path: Path) -> None:
    runner = Runner(repository, tmp_path / "runner", format="rdjson", base="main")
    done = runner.run(GITHUB_BASE_REF="")
    assert done.returncode == 0, done.stderr
    schema = json.loads((SCHEMAS / "rdjson.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(runner.report), schema)
    assert json.loads(runner.report)["diagnostics"]


@posix_only
def test_the_action_checks_a_blog_in_a_folder(repository: Path, tmp_path: Path) -> None:
    top = repository.parent
    git(repository, "checkout", "-q", "main")
    moved = top / "whole" / "my blog"
    moved.parent.mkdir()
    shutil.move(repository, moved)
    shutil.rmtree(moved / ".git")
    git(moved.parent, "init", "-q", "-b", "main")
    git(moved.parent, "add", "-A")
    git(moved.parent, "commit", "-q", "-m", "blog")
    (moved / "source/_posts/tea-9.md").write_text("---\ntitle: Tea 9\n---\nTea and kettles.\n", "utf-8")
    done = Runner(moved.parent, tmp_path / "runner", path="my blog").run()
    assert done.returncode == 0, done.stderr
    assert "file=my blog/source/_posts/tea-9.md" in done.stdout


@posix_only
def test_versions_and_models_reach_pip_whole(repository: Path, tmp_path: Path) -> None:
    runner = Runner(repository, tmp_path / "a", version="1.2.3", model="some/model")
    runner.run()
    assert runner.installed.read_text().splitlines()[-1] == "enishi[transformers]==1.2.3"
    wrong = Runner(repository, tmp_path / "b", version="1.2.3 --index-url=evil")
    assert wrong.run().returncode == 2
    assert not wrong.installed.exists()


@posix_only
@pytest.mark.parametrize("name", ["path", "base", "format", "strict", "model", "previous"])
@pytest.mark.parametrize(
    "value", ["\"; touch pwned; $(touch pwned) `touch pwned` '; touch pwned; #", "--output=text=pwned"]
)
def test_hostile_inputs_stay_words(repository: Path, tmp_path: Path, name: str, value: str) -> None:
    runner = Runner(repository, tmp_path / "runner", **{name: value})
    done = runner.run(HF_HUB_OFFLINE="1")
    assert done.returncode == (0 if name == "previous" else 2), done.stderr  # lists are made without that file
    for folder in (repository, tmp_path / "runner", runner.temp):
        assert not (folder / "pwned").exists()


@posix_only
def test_modules_of_the_repository_are_not_imported(repository: Path, tmp_path: Path) -> None:
    """A pull request adds modules named as what the action imports; each would leave a mark."""
    mark = tmp_path / "imported"
    for name in ("venv", "pip", "hashlib", "json", "sitecustomize", "usercustomize", "enishi", "typer", "numpy"):
        (repository / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write({name!r})\n", "utf-8")
    runner = Runner(repository, tmp_path / "runner")
    done = runner.run()
    assert done.returncode == 0, done.stderr
    assert not mark.exists()


# -- pre-commit --------------------------------------------------------------------------------------------------------


def hook() -> dict[str, Any]:
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return dict(found)


def test_the_hook_is_for_files_of_posts() -> None:
    pattern = re.compile(hook()["files"])
    for suffix in {*MARKDOWN_SUFFIXES, *HEXO_SUFFIXES} - {".html", ".htm"}:
        assert pattern.search(f"posts/a{suffix}"), suffix
    assert not pattern.search("posts/a.md.bak")
    assert not pattern.search("posts/md")
    assert re.search(hook()["exclude"], "--output=text=/tmp/x.md")


@posix_only
def test_pre_commit_runs_the_hook(repository: Path, tmp_path: Path) -> None:
    """As published, but with the Enishi that is installed: `language: python` would take a minute to install it."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / ".pre-commit-hooks.yaml").write_text(yaml.safe_dump([{**hook(), "language": "system"}]), "utf-8")
    git(hooks, "init", "-q", "-b", "main")
    git(hooks, "add", "-A")
    git(hooks, "commit", "-q", "-m", "hooks")
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=hooks, capture_output=True, text=True, check=True)
    used = {"repo": os.fspath(hooks), "rev": revision.stdout.strip(), "hooks": [{"id": "enishi-check"}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [used]}), "utf-8")
    evil = "--output=text=pwned.md"
    (repository / evil).write_text("---\ntitle: Tea\n---\ntea\n", "utf-8")
    git(repository, "add", "-A")
    binaries = Path(sys.executable).parent
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": os.fspath(tmp_path / "home"),
    }
    command = [sys.executable, "-m", "pre_commit"]
    subprocess.run([*command, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=True)
    done = subprocess.run(
        [*command, "run", "--all-files", "--color=never"],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
    assert "source/_posts/birds-new.md" in done.stdout  # a warning is shown, though it fails nothing
    assert not (repository / "pwned.md").exists()


# -- the container -----------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8")).replace("\\\n", "")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def test_the_image_runs_as_nobody_in_particular() -> None:
    found = instructions()
    names = [name for name, _ in found]
    last = names[len(names) - names[::-1].index("FROM") - 1 :]
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert ("USER", "author") in found
    assert json.loads(dict(found)["ENTRYPOINT"]) == ["enishi"]
    assert all("slim" in rest for name, rest in found if name == "FROM")
    assert not any(re.search(r"\b(?:curl|wget|sudo)\b|\[transformers\]", rest) for _, rest in found)


def test_the_image_is_built_from_what_it_needs_alone() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert lines[0] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    build = (ROOT / "pyproject.toml").read_text("utf-8")
    for named in re.findall(r'(?:readme = |license-files = \[|packages = \["|^)"?([\w./]+)"', build):
        if (ROOT / named).exists() and named not in ("tests", "benchmarks", "plugin"):
            assert named in kept, named


@posix_only
def test_the_image_runs_commands_that_shells_take() -> None:
    for name, rest in instructions():
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)


# -- workflows in the docs ---------------------------------------------------------------------------------------------


def documented() -> list[tuple[str, Any]]:
    found = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for block in re.findall(r"```yaml\n(.+?)```", page.read_text("utf-8"), re.DOTALL):
            first = block.splitlines()[0]
            if first.startswith("# ."):
                found.append((first[2:].strip(), yaml.safe_load(block)))
    return found


def test_workflows_in_the_docs_are_what_github_reads() -> None:
    schema = json.loads((SCHEMAS / "github-workflow.json").read_text("utf-8"))
    workflows = [content for name, content in documented() if name.startswith(".github/workflows/")]
    assert len(workflows) >= 2
    for workflow in workflows:
        # to YAML 1.1, `on` is true
        jsonschema.validate({("on" if key is True else key): value for key, value in workflow.items()}, schema)
        assert "pull_request_target" not in json.dumps(workflow, default=str)
        assert workflow["permissions"]["contents"] == "read"
        for step in workflow["jobs"]["check"]["steps"]:
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("OWNER/enishi@"):
                assert set(step.get("with", {})) <= set(ACTION["inputs"])


def test_the_other_examples_are_what_they_should_be(tmp_path: Path) -> None:
    examples = dict(documented())
    job = examples[".gitlab-ci.yml"]["enishi"]
    assert job["variables"]["GIT_DEPTH"] == "0"
    (report,) = job["artifacts"]["reports"].values()
    assert f"gitlab={report}" in " ".join(job["script"])
    config = tmp_path / ".pre-commit-config.yaml"
    config.write_text(yaml.safe_dump(examples[".pre-commit-config.yaml"]), "utf-8")
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", config], check=True)
