"""docs/reliability.md and docs/security.md promise nothing that no test holds."""

from __future__ import annotations

import ast
import re

import pytest

from places import DOCS, TESTS

PAGES = "\n".join((DOCS / name).read_text("utf-8") for name in ("reliability.md", "security.md"))
ROWS = [line for line in PAGES.splitlines() if re.match(r"\| (?!Fault|Who might|Party|\*\*)", line)]


def names_in(file: str) -> set[str]:
    tree = ast.parse(next(TESTS.rglob(file)).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_each_promise_names_a_test_that_there_is(row: str) -> None:
    *_, fault, promise, held_by, _ = row.split("|")
    assert fault.strip()
    assert promise.strip()
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", held_by)
    assert named, "a row names at least one test"
    assert re.sub(r"`[^`]+`", "", held_by).strip() == ""
    for file, test in named:
        assert test in names_in(file), f"{file}::{test}"


def test_there_are_promises() -> None:
    assert len(ROWS) > 30
    assert len({row.split("|")[1] for row in ROWS}) >= len(ROWS) - 2
