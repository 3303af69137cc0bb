"""What the files of a sentence-transformers or model2vec folder say, read as data: no class is imported by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from enishi.files import read_file

ONNX_FILES = ("onnx/model.onnx", "model.onnx")
_MAX_SETTINGS_BYTES = 1024 * 1024


def read_settings(file: Path) -> Mapping[str, Any]:
    """What a JSON file holds; nothing where there is no such file.

    Raises:
        ValueError: it holds something else.
    """
    found = _read(file) if file.is_file() else {}
    if not isinstance(found, dict):
        raise ValueError(f"its {file.name} does not say what is expected of it")
    return found


def module_folders(folder: Path) -> list[tuple[str, Path]]:
    """A model's modules in their order: the name of the class, without where it is from, and its folder.

    Raises:
        ValueError: its modules.json is damaged.
    """
    found = _read(folder / "modules.json") if (folder / "modules.json").is_file() else []
    if not isinstance(found, list) or not all(isinstance(module, dict) for module in found):
        raise ValueError("its modules.json does not say what is expected of it")
    modules = []
    for module in found:
        path = PurePosixPath(str(module.get("path", "")))
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("its modules.json names a folder outside of it")
        modules.append((str(module.get("type")).rpartition(".")[2], folder / path))
    return modules


def is_static(folder: Path) -> bool:
    """Whether a model is a table of vectors; not where its settings are damaged."""
    try:
        if modules := module_folders(folder):
            return modules[0][0] == "StaticEmbedding"
        return read_settings(folder / "config.json").get("model_type") == "model2vec"
    except ValueError:
        return False


def onnx_file(folder: Path) -> Path | None:
    """What onnxruntime reads of a model, if it is there."""
    return next((folder / name for name in ONNX_FILES if (folder / name).is_file()), None)


def prompts_of(folder: Path) -> dict[str, str]:
    """What a model asks to be put before its texts, by the kind of text."""
    prompts = read_settings(folder / "config_sentence_transformers.json").get("prompts")
    return {str(name): str(text) for name, text in prompts.items()} if isinstance(prompts, dict) else {}


def _read(file: Path) -> Any:
    try:
        return json.loads(read_file(file, _MAX_SETTINGS_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"its {file.name} cannot be read") from error
