"""One version everywhere, and formats that only grow; `python tests/test_versions.py 0.2.0` sets the version."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from enishi.console.watch import EVENTS_VERSION
from enishi.reporters.json import CHECK_VERSION
from enishi.writing.render import RELATED_VERSION
from enishi.writing.render_tags import TAGS_VERSION
from npm_packages import PACKAGES
from places import ROOT

SAID = {
    "plugin/enishi/__init__.py": r'(?m)^__version__ = "(.+)"$',
    **{f"plugin/{name}/package.json": r'(?m)^  "version": "(.+)",$' for name in PACKAGES},
    "plugin/jekyll-enishi/jekyll-enishi.gemspec": r'(?m)^  spec\.version = "(.+)"$',
    "README.md": r"(?:enishi(?:\[\w+\])?==|hexo-enishi@|rev: v)(\d[\w.]+)",
    "docs/check.md": r"(?:enishi(?:\[\w+\])?==|rev: v|`@v)(\d+\.[\w.]+)",
    "docs/tutorial.md": r"enishi==(\d[\w.]+)",
    "action.yml": r"such as (\d[\w.]+)\. By default",
}
"""Where the version stands, once or more: hatchling and the action read the first of them."""
RELEASED = ROOT / "tests" / "schemas" / "0.1.0"
"""The formats of the last release, and what it wrote."""
SCHEMAS = ("related", "tags", "check", "watch")


def said(root: Path) -> dict[str, set[str]]:
    return {file: set(re.findall(pattern, (root / file).read_text("utf-8"))) for file, pattern in SAID.items()}


def set_version(version: str, root: Path = ROOT) -> None:
    """Everywhere, and as the changelog's newest section; `git diff` shows what it did."""
    for file, pattern in SAID.items():
        path = root / file
        old = path.read_text("utf-8")
        path.write_text(re.sub(pattern, lambda found: found[0].replace(found[1], version), old), "utf-8", newline="\n")
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text("utf-8").replace("## [Unreleased]\n", f"## [Unreleased]\n\n## [{version}]\n", 1)
    changelog.write_text(text, "utf-8", newline="\n")


def test_the_version_is_the_same_everywhere() -> None:
    versions = said(ROOT)
    (version,) = versions["plugin/enishi/__init__.py"]
    assert versions == {key: {version} for key in SAID}
    assert f"\n## [{version}]\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_one_command_sets_the_version(tmp_path: Path) -> None:
    for file in (*SAID, "CHANGELOG.md"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    set_version("7.8.9", tmp_path)
    assert said(tmp_path) == {key: {"7.8.9"} for key in SAID}
    assert "## [Unreleased]\n\n## [7.8.9]\n\n" in (tmp_path / "CHANGELOG.md").read_text("utf-8")


def schema(name: str, folder: Path = ROOT / "templates" / "schema") -> Any:
    return json.loads((folder / f"{name}.schema.json").read_text("utf-8"))


def losses(old: Any, new: Any, place: str) -> list[str]:
    """Where a reader of the old schema would be wrong: what is new may only be a property, a definition or a text."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [] if old == new else [place]
    grows = place.rpartition("/")[2] in ("properties", "$defs")
    texts = set() if grows else {"description", "title"}
    names = (old.keys() if grows else old.keys() | new.keys()) - texts
    return [loss for name in sorted(names) for loss in losses(old.get(name), new.get(name), f"{place}/{name}")]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_format_only_grows_within_its_version(name: str) -> None:
    now, released = schema(name), schema(name, RELEASED)
    version = now["properties"]["version"]["const"]
    assert now["$id"] == f"urn:enishi:schema:{name}:{version}"
    if version == released["properties"]["version"]["const"]:
        assert losses(released, now, name) == []


def test_code_and_schemas_name_the_same_version_of_each_format() -> None:
    written = {"related": RELATED_VERSION, "tags": TAGS_VERSION, "check": CHECK_VERSION, "watch": EVENTS_VERSION}
    assert written == {name: schema(name)["properties"]["version"]["const"] for name in SCHEMAS}
    for reader in ("plugin/npm-shared/results.js", "plugin/jekyll-enishi/lib/jekyll/enishi/lists.rb"):
        read = re.search(r"(?m)^[ \w]*VERSION = (\d+);?$", (ROOT / reader).read_text("utf-8"))
        assert read
        assert int(read[1]) == RELATED_VERSION


def test_what_counts_as_a_loss() -> None:
    old = {"required": ["a"], "properties": {"a": {"type": "string", "description": "x"}}}
    more = {"required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "number"}}, "title": "y"}
    assert losses(old, more, "") == []
    assert losses(old, {**more, "required": []}, "") == ["/required"]
    assert losses(old, {**more, "minProperties": 2}, "") == ["/minProperties"]
    assert losses(old, {"required": ["a"], "properties": {}}, "") == ["/properties/a"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_the_last_release_wrote_is_still_right(name: str) -> None:
    now, released = schema(name), schema(name, RELEASED)
    if now["$id"] != released["$id"]:
        pytest.skip("the format has a new version")
    files = list(RELEASED.glob(f"{name}.json*"))
    values = [json.loads(line) for line in files[0].read_text("utf-8").splitlines()] if name == "watch" else None
    for value in values or [json.loads(files[0].read_text("utf-8"))]:
        jsonschema.validate(value, now, cls=jsonschema.Draft202012Validator)


if __name__ == "__main__":
    set_version(sys.argv[1])
