"""The names of the files that git tracks, read from its index, without running git."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

_BEFORE_HASH = 40
"""Bytes of an entry: times, mode, owner and size of the file."""


def tracked_names(git_folder: Path) -> set[bytes]:
    """The names in the index, and in the parts that a split index shares; all POSIX, relative to the top.

    Raises:
        OSError: the index cannot be read.
        ValueError: it is none that we know.
    """
    names: set[bytes] = set()
    for file in chain([git_folder / "index"], git_folder.glob("sharedindex.*")):
        data = file.read_bytes()
        try:
            names.update(_names(data, 20))  # SHA-1
        except (ValueError, IndexError):
            names.update(_names(data, 32))  # SHA-256
    return names


def _names(data: bytes, hash_size: int) -> Iterator[bytes]:
    """Names of an index of version 2, 3 or 4.  Raises ValueError or IndexError for one with hashes of another size."""
    version, count = int.from_bytes(data[4:8]), int.from_bytes(data[8:12])
    if version not in (2, 3, 4):
        raise ValueError(f"an index of version {version}")
    name, start = b"", 12
    for _ in range(count):
        at = start + _BEFORE_HASH + hash_size
        flags = int.from_bytes(data[at : at + 2])
        at += 4 if flags & 0x4000 else 2
        if version == 4:  # only what differs from the end of the name before it
            dropped, at = _number(data, at)
            name = name[: len(name) - dropped]
        else:
            name = b""
        end = data.index(b"\0", at)
        name += data[at:end]
        if len(name) != flags & 0xFFF and len(name) < 0xFFF:
            raise ValueError("the hashes are of another length")
        yield name
        start = end + 1 if version == 4 else start + (end - start) // 8 * 8 + 8


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | data[at] & 0x7F
    return value, at + 1
