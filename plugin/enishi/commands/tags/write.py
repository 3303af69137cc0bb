"""Writes a plan into the posts, with a patch that undoes it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from enishi.commands.tags.edits import Plan, PlannedEdit, left_alone, undo_patch
from enishi.errors import Diagnostic, OutputError
from enishi.files import NotReplacedError, create_file, read_if_regular, remove_temporaries, replace_file
from enishi.state import STATE_FOLDER
from enishi.tags.decisions import DECISIONS_NAME, keep_decisions


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan."""

    done: tuple[PlannedEdit, ...] = ()
    refused: tuple[Diagnostic, ...] = ()
    """Files that changed since they were read, symbolic links and the like: left as they are."""
    stopped: str = ""
    """Why the rest was not tried: a full disk, say."""


def write_plan(plan: Plan, site: Path, undo: Path | None = None) -> Outcome:
    """Edit the files, each at once or not at all, and keep what is decided by it.  An undo patch is written first.

    Raises:
        OutputError: the undo patch cannot be written; then no post was touched.
    """
    if undo is not None:
        _write_undo(undo, undo_patch(plan.edits))
    for folder in sorted({edit.file.parent for edit in plan.edits}):
        remove_temporaries(folder)
    done, refused, stopped = list[PlannedEdit](), list[Diagnostic](), ""
    try:
        for edit in plan.edits:
            try:
                _write(edit)
                done.append(edit)
            except NotReplacedError as error:
                refused.append(left_alone(edit.path, "not-replaced", str(error).removeprefix(f"{edit.file}: ")))
            except OutputError as error:
                stopped = str(error)
                break
    finally:  # also where the author interrupts
        if undo is not None and not done:
            with suppress(OSError):
                undo.unlink()
    written = {edit.path for edit in done}
    try:
        keep_decisions(site, (one for one in plan.decisions if one.post in written))
    except OutputError as error:  # the posts are written all the same
        refused.append(left_alone(DECISIONS_NAME, "not-kept", str(error).removeprefix(f"{DECISIONS_NAME}: ")))
    return Outcome(tuple(done), tuple(refused), stopped)


def _write(edit: PlannedEdit) -> None:
    """A file without a byte is one that is not there: no post is ever one."""
    if edit.before and edit.after:
        replace_file(edit.file, edit.after, expected=edit.before)
        return
    try:
        if edit.after:
            fits = create_file(edit.file, edit.after)
        else:
            fits = read_if_regular(edit.file) == edit.before
            if fits:
                edit.file.unlink()
    except OSError as error:
        raise OutputError(f"{edit.file} cannot be written: {error.strerror or error}") from error
    if not fits:
        raise NotReplacedError(f"{edit.file}: changed meanwhile, so it was left as it is. Run the command again")


def undo_file(site: Path, old: Sequence[str]) -> Path:
    """A new name in the site's own folder for the patch that undoes what was done to some tags."""
    name = re.sub(r"[^\w.+#-]+", "-", "+".join(old))[:60].strip("-.") or "tags"
    folder = site / STATE_FOLDER
    candidates = (folder / f"undo-{name}{f'-{number}' if number > 1 else ''}.patch" for number in range(1, 10_000))
    return next(file for file in candidates if not os.path.lexists(file))


def _write_undo(file: Path, data: bytes) -> None:
    try:
        if create_file(file, data):
            return
    except OSError as error:
        raise OutputError(f"{file}: the undo patch cannot be written ({error.strerror}); nothing was changed") from None
    raise OutputError(f"{file} is there already, so nothing was written. Name another file")
