"""The shape of the package: imports point one way, and a command loads only what it needs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "plugin" / "enishi"

LAYERS = [
    ("", "errors types threads memo findings plural printable labels config cache"),
    ("reading", "stopwords tokens globs javascript yaml12 dates frontmatter site permalinks posts manifest"),
    ("reading", "template_syntax prose documents links images access_logs"),
    ("encoders", "models parts site missing passages transformer images readers doc2vec blog"),
    ("related", "index ranking reasons policy"),
    ("tags", "vocabulary declined mentions kernel likeness evidence calibration telling_terms communities topics"),
    ("tags", "suggest explain evaluate figures twins audit"),
    ("", "edit"),
    ("writing", "output fragments render render_tags"),
    ("reporters", "wording text json github checkstyle rdjson sarif gitlab junit markdown diff"),
    ("", "pipeline last tagging evaluating"),
    ("comparing", "named unlinked encoded intervals referees pairs verdicts run"),
    ("training", "held_out pairs negatives static fit verdict run"),
    ("proposing", "languages portrait offers proposals settings_file run"),
    ("check", "changes strangers line_edits remarks related_remarks placing baseline run report_files"),
    ("watch", "tag_foresight foresight standing saves loop"),
    ("console", "eval_page terminal tags audit evaluation watch train judging_page models init"),
    ("", "cli __main__"),
]
ORDER = [f"{package}.{name}".removeprefix(".") for package, names in LAYERS for name in names.split()]
"""Top to bottom: a module may import what stands above it."""

HEAVY = {"numpy", "scipy", "sklearn", "scann", "jinja2", "mistune", "watchdog", "sentence_transformers", "torch"}


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


def test_every_module_has_its_place() -> None:
    assert sorted(ORDER) == sorted(modules())


def test_imports_point_one_way() -> None:
    for name, file in modules().items():
        wrong = {other for other in imports(file) if ORDER.index(other) >= ORDER.index(name)}
        assert not wrong, f"{name} imports {', '.join(sorted(wrong))}, which stands below it"


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
    assert "numpy" in loaded_by("build", str(tmp_path), "--quiet")
    assert not loaded_by("build", str(tmp_path), "--quiet") & HEAVY
