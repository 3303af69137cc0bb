"""docs/deploy.md: its files are those that their readers take, its commands exist, and are in an order that works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from enishi.cli import app
from enishi.generators import generator_named
from hexo_site import REAL, make_site, needs_site
from places import ROOT
from recipes import Recipe, recipe
from site_posts import our_posts, write_yaml
from test_workflows import tool

PAGE = ROOT / "docs" / "deploy.md"
NAMES = ("Hexo", "Hugo", "Jekyll", "Eleventy", "Astro")
PROGRAMS = {
    "Hexo": ["npx hexo generate"],
    "Hugo": ["enishi build", "hugo --minify"],
    "Jekyll": ["bundle exec jekyll build"],
    "Eleventy": ["npx @11ty/eleventy"],
    "Astro": ["npx astro build"],
}
"""What makes the site, in order."""
WORKFLOW = ".github/workflows/pages.yml"


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def files(name: str) -> dict[str, str]:
    found: Recipe = recipe(PAGE, name)
    assert list(found.files) == [WORKFLOW, "netlify.toml", "vercel.json"]
    return found.files


def public(name: str) -> str:
    """The generator's own folder of the finished site."""
    return {"Hexo": "public", "Hugo": "public", "Astro": "dist"}.get(name, "_site")


def steps_of(files: dict[str, str]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(files[WORKFLOW])["jobs"]["build"]["steps"]
    return steps


def table(name: str) -> dict[str, str]:
    """What Cloudflare's page is told."""
    (text,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return {left: right.strip("`") for left, right in re.findall(r"^\| ([A-Z][^|]+) \| (.+) \|$", text, re.MULTILINE)}


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """It looks for expressions, contexts, inputs of known actions, and names of runners."""
    lint = tool("actionlint")
    for name in NAMES:
        (tmp_path / f"{name}.yml").write_text(recipe(PAGE, name).files[WORKFLOW], "utf-8")
    done = subprocess.run(
        [lint, "-no-color", "-shellcheck=", *map(os.fspath, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_a_workflow_goes_through_the_steps_in_order(name: str, files: dict[str, str]) -> None:
    steps = steps_of(files)
    runs = [step["run"] for step in steps if "run" in step]
    installs = [run for run in runs if run.split()[0] == "pip" or run == "npm ci"]
    assert runs == [*installs, *PROGRAMS[name], f"enishi verify {public(name)}"]
    assert runs[0].startswith("pip install enishi"), "before a plugin needs it"
    actions = [step.get("uses", "").partition("@")[0] for step in steps]
    assert actions.index("actions/cache") < steps.index({"run": runs[0]}), "it restores what pip has fetched"
    assert actions[-1] == "actions/upload-pages-artifact"
    assert steps[-1]["with"]["path"] == public(name)
    assert ".enishi" in steps[actions.index("actions/cache")]["with"]["path"].split()


def test_a_workflow_may_no_more_than_it_needs(files: dict[str, str]) -> None:
    workflow = yaml.safe_load(files[WORKFLOW])
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["build"]["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert steps_of(files)[0]["with"]["persist-credentials"] is False


def test_all_hosts_do_the_same(name: str, files: dict[str, str]) -> None:
    netlify, vercel, cloudflare = tomllib.loads(files["netlify.toml"]), json.loads(files["vercel.json"]), table(name)
    wanted = " && ".join(["pip install enishi", *PROGRAMS[name], f"enishi verify {public(name)}"])
    assert netlify["build"]["command"] == wanted == cloudflare["Build command"]
    assert (
        netlify["build"]["publish"] == vercel["outputDirectory"] == cloudflare["Build output directory"] == public(name)
    )
    variables = dict(one.split("=") for one in re.findall(r"\w+=[\d.]+", cloudflare["Variables"]))
    assert netlify["build"]["environment"] == variables
    with_uv = [
        re.sub(r"^(enishi|hugo)\b", r"uvx \1", one) for one in (*PROGRAMS[name], f"enishi verify {public(name)}")
    ]
    assert vercel["buildCommand"] == " && ".join(["export PATH=$PWD/.uv:$PATH", *with_uv])
    assert vercel["installCommand"].endswith("UV_INSTALL_DIR=.uv sh")


def test_the_commands_exist() -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    said = set(
        re.findall(
            r"\benishi ([a-z]+)\b(?=[ `\"&])",
            "\n".join(re.findall(r"(?:run: |`|&& |uvx )enishi.*", PAGE.read_text("utf-8"))),
        )
    )
    assert {"build", "verify"} <= said <= {*known, "hugo"}


def test_the_folders_are_the_generators_own(name: str, tmp_path: Path) -> None:
    generator = generator_named(name.lower())
    assert generator.setup(generator.read_site(tmp_path)[0]).public == public(name)


def as_on_a_host(site: Path, command: str, folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the page as CI; pip has nothing left to do."""
    folder.mkdir(exist_ok=True)
    for program, does in {"pip": "exit 0", "enishi": f'exec "{sys.executable}" -m enishi "$@"', **programs}.items():
        (folder / program).write_text(f"#!/bin/sh\n{does}\n", "utf-8")
        (folder / program).chmod(0o755)
    environment = {**os.environ, "CI": "true", "TZ": "UTC", "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}
    return subprocess.run(
        ["bash", "-c", command], cwd=site, env=environment, capture_output=True, text=True, timeout=120
    )


def build_command(name: str) -> str:
    command: str = tomllib.loads(recipe(PAGE, name).files["netlify.toml"])["build"]["command"]
    return command


@needs_site
def test_the_command_of_a_host_makes_a_hexo_site_with_lists(tmp_path: Path) -> None:
    site = make_site(tmp_path / "blog", command=REAL)
    site.plugin(inject=True)
    for entry in our_posts():
        site.post(entry.slug, entry.title, tags=entry.tags, text=entry.body, lang=entry.lang)
    command, npx = build_command("Hexo"), f'shift; exec node "{site.root}/node_modules/hexo/bin/hexo" "$@"'
    done = as_on_a_host(site.root, command, tmp_path / "programs", npx=npx)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is wrong" in done.stdout
    (site.root / "public" / "2024" / "02" / "03" / "wal" / "index.html").unlink()
    done = as_on_a_host(site.root, command.replace("npx hexo generate && ", ""), tmp_path / "programs")
    assert done.returncode == 1, "a link to a page that is not there ends the build"


@pytest.mark.skipif(not shutil.which("hugo"), reason="Hugo is not installed")
def test_what_init_sets_up_is_enough_for_a_hugo_site_on_a_host(tmp_path: Path) -> None:
    """From a site that knows nothing of Enishi, without a line of one's own."""
    site = tmp_path / "blog"
    for entry in our_posts():
        write_yaml(site / "content" / "posts" / f"{entry.slug}.md", entry)
    page = "<html><head><title>{{ .Title }}</title></head>\n<body>\n{{ .Content }}\n</body></html>\n"
    for name, text in (
        ("hugo.toml", 'baseURL = "https://example.org/blog/"\n'),
        ("layouts/_default/single.html", page),
        ("layouts/_default/list.html", page),
    ):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, "utf-8")
    command = f"enishi init --yes && {build_command('Hugo')}"
    done = as_on_a_host(site, command, tmp_path / "programs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 pages with a list" in done.stdout
    assert "nothing is wrong" in done.stdout
