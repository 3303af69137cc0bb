"""`enishi doctor` says what really runs."""

from __future__ import annotations

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from enishi.cli import main


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, str]:
    assert main(["doctor", *map(str, arguments)]) == 0
    lines = capsys.readouterr().out.splitlines()
    return {line[:18].strip(): line[19:] for line in lines}


def test_everything_that_runs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = doctor(capsys, tmp_path)
    assert f"Python {sys.version.split()[0]}" in said["enishi"]
    assert said["encoder"] == "the blog's own words"
    assert f"numpy {version('numpy')}" in said["libraries"]
    for extra, module in (("transformers", "sentence_transformers"), ("images", "PIL")):
        assert ("pip install" in said[f"extra {extra}"]) == (find_spec(module) is None)
    assert ("ScaNN" in said["index"]) == (find_spec("scann") is not None)


def test_settings_choose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "enishi.toml").write_text(
        '[index]\nbackend = "exact"\n[encoder]\nmodel = "some/\\u001b[2Jmodel"\n[readers]\nlogs = "*.log"\n'
    )
    said = doctor(capsys, tmp_path, "--set", "encoder.site=doc2vec")
    assert said["index"] == "exact (NumPy), as set by index.backend"
    parts = said["encoder"].split("; ")
    assert parts[0] == "the blog's own words, by gensim's doc2vec"
    assert parts[1].startswith("the model some/")
    assert "\x1b" not in parts[1]
    assert parts[2] == "what readers read together"


def test_a_scann_that_cannot_be_imported_is_said_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("scann", "scann.scann_ops", "scann.scann_ops.py", "scann.scann_ops.py.scann_ops_pybind"):
        monkeypatch.setitem(sys.modules, name, None)
    said = doctor(capsys, tmp_path)
    assert said["index"].startswith("exact (NumPy): ScaNN cannot be imported (ModuleNotFoundError: ")
