"""The shape of the package: imports point one way, and a command loads only what it needs."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from places import PACKAGE

FLOORS = [
    "__init__ errors files types vectors counts memo kept processes findings config config_files cache text",
    "reading",
    "generators",
    "encoders related",
    "tags",
    "editing",
    "writing reporters",
    "state",
    "pipeline",
    "distributed",
    "commands",
    "console",
    "cli integrations",
    "__main__",
]
"""Bottom to top: what stands in the package's own folder, files and rooms.  A room may use what stands below it."""
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}

HEAVY = {
    *("numpy", "scipy", "sklearn", "scann", "jinja2", "mistune", "watchdog", "sentence_transformers", "torch"),
    *("pelican", "mkdocs"),  # which import us
    *("ray", "pyarrow", "fsspec"),
}


def modules() -> dict[str, Path]:
    found = {
        file.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): file for file in PACKAGE.rglob("*.py")
    }
    return {name: file for name, file in found.items() if not name.endswith("__init__")}


def imports(file: Path) -> set[str]:
    """Modules of ours that a file imports at run time, inside functions too."""
    tree = ast.parse(file.read_text("utf-8"))
    only_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if (
            not isinstance(node, ast.ImportFrom)
            or id(node) in only_types
            or not (node.module or "").startswith("enishi")
        ):
            continue
        module = str(node.module).removeprefix("enishi").removeprefix(".")
        found |= {module} | {f"{module}.{alias.name}".removeprefix(".") for alias in node.names}
    return found & modules().keys()


def room(module: str) -> str:
    return module.partition(".")[0]


def test_every_room_has_its_floor() -> None:
    assert set(FLOOR) == {room(name) for name in modules()} | {"__init__"}


def test_imports_point_one_way() -> None:
    for name, file in modules().items():
        below = {other for other in FLOOR if FLOOR[other] < FLOOR[room(name)] or FLOOR[other] == 0}
        wrong = {other for other in imports(file) if room(other) not in below | {room(name)}}
        assert not wrong, f"{name} imports {', '.join(sorted(wrong))}, which is not below it"


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: imports(file) - {name} for name, file in modules().items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def loaded_by(*arguments: str) -> set[str]:
    """Top-level packages that a command has imported at its end."""
    program = (
        "import sys; from enishi.cli import main; code = main(sys.argv[1:]);"
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules})); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_help_loads_next_to_nothing() -> None:
    assert not loaded_by("--help") & (HEAVY | {"pydantic", "yaml", "frontmatter", "rich"})
    assert not loaded_by("build", "--help") & (HEAVY | {"yaml", "frontmatter"})  # typer itself loads pydantic there


def test_a_build_with_nothing_to_do_loads_no_heavy_library(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.md").write_text(
            f"# Post {number}\n\nwords about cats and looms number {number}\n", "utf-8"
        )
    loaded = loaded_by("build", str(tmp_path), "--quiet")
    assert "numpy" in loaded
    assert not loaded & {"pelican", "mkdocs"}
    assert not loaded_by("build", str(tmp_path), "--quiet") & HEAVY
