"""Where a training keeps its checkpoints, and where its model goes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from enishi.commands.train.fit import Schedule, quietly
from enishi.commands.train.pairs import Pair
from enishi.encoders.models import LIBRARIES, TRAINING_NAME, library_versions
from enishi.errors import OutputError, SettingsError
from enishi.state import STATE_FOLDER

VERSION = 1
_CHECKPOINTS = "training"


def refuse_output(out: Path) -> None:
    """Complain of a place where no model can go before any work is done.

    Raises:
        SettingsError
    """
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out {out} is not a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / TRAINING_NAME).is_file():
        raise SettingsError(f"--out {out} holds something other than a model of an earlier training; name a new folder")
    if not out.absolute().parent.is_dir():
        raise SettingsError(f"--out {out}: there is no folder {out.absolute().parent}")


def checkpoint_folder(site: Path, base: Sequence[bytes], pairs: Sequence[Pair], schedule: Schedule) -> Path:
    """The folder of a training's checkpoints, named after all that its result depends on but the time limit.

    `base` identifies the model that it begins with.

    Raises:
        SettingsError: it lies behind a link.
        OutputError: it cannot be made.
    """
    key = hashlib.sha256()
    without_limit = {**asdict(schedule), "minutes": 0}
    key.update(json.dumps([VERSION, library_versions(*LIBRARIES, "datasets"), without_limit]).encode())
    for part in base:
        key.update(part)
    for pair in pairs:
        key.update(json.dumps([pair.anchor, pair.positive, *pair.posts]).encode())
    state = site / STATE_FOLDER
    folder = state / _CHECKPOINTS / key.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error
    if Path(os.path.realpath(folder)) != Path(os.path.realpath(state), _CHECKPOINTS, folder.name):
        raise SettingsError(f"{folder} is, or lies behind, a link: nothing was written; remove it")
    return folder


def save_model(model: Any, folder: Path) -> None:
    """Write a folder for `encoder.model`: weights as safetensors, and no card, which would quote the blog's texts.

    Raises:
        OutputError: the disk does not allow it.
    """
    try:
        with quietly():
            model.save(str(folder), create_model_card=False, safe_serialization=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error


def move_model(model: Path, out: Path) -> None:
    """Put a finished model where it was asked for, in place of an earlier one; it may lie on another disk.

    Raises:
        OutputError: the disk does not allow it.
    """
    target = Path(os.path.realpath(out))
    fresh, old = (target.with_name(f".{target.name}.{name}~") for name in ("new", "old"))
    try:
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(model, fresh)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"--out {out} cannot be written: {error.strerror or error}") from error
