"""The patch that takes a review back, kept true on the disk at every moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from enishi.commands.tags.edits import PlannedEdit, undo_patch
from enishi.commands.tags.write import undo_file
from enishi.errors import OutputError
from enishi.files import create_file, replace_file
from enishi.state import STATE_FOLDER
from enishi.tags.declined import DECLINED_NAME, EMPTY


class UndoPatch:
    """A file that is there as long as there is something to take back."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.file: Path | None = None

    def write(self, data: bytes) -> None:
        """Make this the patch.  What was not done of it is passed over when it is taken back.

        Raises:
            OutputError: the disk does not allow it.
        """
        if self.file is None and data:
            self.file = self._created(data)
        elif self.file is not None and data:
            replace_file(self.file, data)
        elif self.file is not None:
            self.file.unlink(missing_ok=True)
            self.file = None

    def _created(self, data: bytes) -> Path:
        (self._root / STATE_FOLDER).mkdir(exist_ok=True)
        while True:
            file = undo_file(self._root, ["review"])
            try:
                if create_file(file, data):
                    return file
            except OSError as error:
                raise OutputError(f"{file}: the undo patch cannot be written ({error.strerror})") from None


def patch_of(edits: Sequence[PlannedEdit]) -> bytes:
    """What takes edits back, the last one first."""
    return undo_patch(step for edit in reversed(edits) for step in _steps(edit))


def _steps(edit: PlannedEdit) -> Iterator[PlannedEdit]:
    """A new file of declines goes as a step of its own: by then it may hold what others declined, and stays."""
    if edit.path == DECLINED_NAME and not edit.before:
        yield replace(edit, before=EMPTY.encode())
        yield replace(edit, after=EMPTY.encode())
    else:
        yield edit
