"""A folder that every machine of a cluster can reach: a path on a disk that they share, or an address of fsspec."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from enishi.errors import OutputError, SettingsError

_SETTINGS = frozenset(
    (".yml", ".yaml", ".toml", ".json", ".jsonl", ".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".j2", ".txt", "")
)
"""Endings of files that may say something about a site, as those do that are named `_index`; the others are posts."""
_MAX_SETTINGS_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by its address; it is small to hand to a worker, which opens it for itself."""

    address: str

    def _open(self) -> tuple[Any, str]:
        """The file system and the folder's path on it.

        Raises:
            SettingsError: nothing that is installed reads such an address.
        """
        try:
            found: tuple[Any, str] = import_module("fsspec.core").url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise SettingsError(f"{self.address}: {error}") from None
        return found

    def read(self, name: str) -> bytes:
        """The bytes of a file in it.

        Raises:
            OSError
        """
        system, root = self._open()
        return bytes(system.cat_file(posixpath.join(root, name)))

    def write(self, name: str, data: bytes) -> None:
        """Put a file into it.

        Raises:
            OSError
        """
        system, root = self._open()
        system.pipe_file(posixpath.join(root, name), data)

    def make(self, *folders: str) -> None:
        """Make it, and folders in it, where the file system knows folders.

        Raises:
            OutputError: something is there already, or it cannot be made.
        """
        system, root = self._open()
        try:
            if system.exists(root) and system.ls(root, detail=False):
                raise OutputError(f"{self.address} is not empty: a build on a cluster writes into a new folder")
            self.add("", *folders)
        except OSError as error:
            raise OutputError(f"{self.address} cannot be written: {error}") from None

    def add(self, *folders: str) -> None:
        """Make folders in it that may be there already.

        Raises:
            OSError
        """
        system, root = self._open()
        for folder in folders:
            system.makedirs(posixpath.join(root, folder), exist_ok=True)

    @contextmanager
    def settings_of_site(self) -> Iterator[Path]:
        """A local folder with the names and lengths of all files, and what those hold that may be settings."""
        system, root = self._open()
        if "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,)):
            yield Path(root)
            return
        with TemporaryDirectory() as place:
            for path, about in sorted(system.find(root, detail=True).items()):
                local = Path(place, posixpath.relpath(path, root))
                local.parent.mkdir(parents=True, exist_ok=True)
                is_asked = local.suffix.lower() in _SETTINGS or local.name.startswith("_")
                if is_asked and about["size"] <= _MAX_SETTINGS_BYTES:
                    local.write_bytes(system.cat_file(path))
                else:
                    local.touch()
                    os.truncate(local, about["size"])  # takes no room on the disk
            yield Path(place)
