"""The documentation says what there is: every command, option and setting, and no page links into the void."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from enishi.cli import app
from enishi.config import describe_settings
from places import DOCS, PACKAGE, ROOT

PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "benchmarks" / "README.md"]

SETTINGS_HEAD = """# Settings

None of them is needed. They are read from the first of `enishi.toml`, `[tool.enishi]` in `pyproject.toml` and
`enishi:` in Hexo's `_config.yml`, or from the file that `--config` names; `--set KEY=VALUE` overrides single ones, with
dotted names as below. A wrong name or value is reported with its place, all of them at once.

This page is made from the settings themselves (`tests/test_docs.py` holds it; run
`python tests/test_docs.py` to write it anew).
"""


def settings_page() -> str:
    lines = [SETTINGS_HEAD]
    section = None
    for name, default, description, _ in describe_settings():
        head = name.rpartition(".")[0]
        if head != section:
            lines += [f"## {f'[{head}]' if head else 'The site'}", "", "| Setting | Default | |", "|---|---|---|"]
            section = head
        told = description.replace("|", "\\|")
        lines.append(f"| `{name}` | {shown(default)} | {told} |")
        following = next_section(name)
        if following:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def next_section(name: str) -> bool:
    names = [setting.name for setting in describe_settings()]
    place = names.index(name)
    return place + 1 < len(names) and names[place + 1].rpartition(".")[0] != name.rpartition(".")[0]


def shown(default: Any) -> str:
    if default in ("", (), {}):
        return ""
    return f"`{json.dumps(list(default) if isinstance(default, tuple) else default, ensure_ascii=False)}`"


def commands(group: Any = None, prefix: str = "enishi") -> list[tuple[str, Any]]:
    found = []
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            found += commands(command, f"{prefix} {name}")
        else:
            found.append((f"{prefix} {name}", command))
    return found


def test_every_setting_is_in_the_docs() -> None:
    assert (DOCS / "settings.md").read_text("utf-8") == settings_page()


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_and_option_is_in_the_docs(name: str) -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    common, *sections = re.split(r"(?m)^## ", text)
    shared = next(section for section in sections if section.startswith("Options that several"))
    mine = [section for section in sections if section.split("\n", 1)[0].strip() == name]
    assert len(mine) == 1, f"docs/commands.md has no section `## {name}`"
    command = dict(commands())[name]
    for parameter in command.params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("-") and option not in ("--help", "-h"):
                assert re.search(rf"`{re.escape(option)}[ `]", mine[0] + shared), f"{name} {option}"
        if parameter.param_type_name == "argument":
            assert parameter.metavar in mine[0], f"{name} {parameter.metavar}"
    assert common


def test_no_command_in_the_docs_is_gone() -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    assert set(re.findall(r"(?m)^## (enishi .+)$", text)) == {name for name, _ in commands()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.+)$", target.read_text("utf-8"))
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, link


def test_readme_shows_no_setting_that_there_is_none_of() -> None:
    names = {setting.name for setting in describe_settings()}
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"```toml\n(.+?)```", text, re.DOTALL)
    assert block
    import tomllib

    for section, value in tomllib.loads(block[1]).items():
        assert {f"{section}.{key}" for key in value} <= names if isinstance(value, dict) else section in names


USERS_FILES = {"pelicanconf.py", "enishi_hook.py"}
"""Python files of a user's own site that pages speak of."""


def docstrings() -> list[tuple[Path, str]]:
    """The text of every docstring of the package, those of attributes too, by file."""
    return [
        (file, node.value.value)
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def test_every_file_that_a_docstring_or_a_page_names_exists() -> None:
    """Python files by the end of their path, and pages of documentation (`docs/x.md`, `README.md`)."""
    tops = ("plugin", "tests", "benchmarks", "docs", "templates")
    files = {"/" + file.relative_to(ROOT).as_posix() for top in tops for file in (ROOT / top).rglob("*.*")}
    files |= {f"/{file.name}" for file in ROOT.glob("*.*")}
    texts = [*docstrings(), *((page, page.read_text("utf-8")) for page in PAGES)]
    missing = {
        (file.relative_to(ROOT).as_posix(), name)
        for file, text in texts
        for name in re.findall(r"[\w./-]*\w\.py\b|\bdocs/[\w/-]+\.md\b|\b[A-Z]{3,}\.md\b", text)
        if name not in USERS_FILES and not any(known.endswith("/" + name.lstrip("./")) for known in files)
    }
    assert not missing


def test_every_name_that_a_docstring_refers_to_exists() -> None:
    """:mod:`enishi.x.y` is a module, and in :func:`enishi.x.y.z` the module has the word `z`."""
    paths = {file: ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts) for file in PACKAGE.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): file for file, name in paths.items()}
    missing = set()
    for file, text in docstrings():
        for name in re.findall(r":[a-z]+:`~?(enishi\.[\w.]+)`", text):
            module = next((part for part in prefixes(name) if part in modules), "")
            rest = name.removeprefix(module).strip(".").split(".")
            contents = modules[module].read_text("utf-8") if module else ""
            if not all(re.search(rf"\b{word}\b", contents) for word in rest):
                missing.add((file.relative_to(ROOT).as_posix(), name))
    assert not missing


def prefixes(name: str) -> list[str]:
    """`a.b.c`, `a.b`, `a`."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


if __name__ == "__main__":
    (DOCS / "settings.md").write_text(settings_page(), "utf-8")
