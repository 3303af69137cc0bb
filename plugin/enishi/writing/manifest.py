"""The list of the files that we wrote into a folder, by name and SHA-256, and the one of those about to be written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from enishi.errors import OutputError
from enishi.files import read_if_regular

_START = b'{"enishi_manifest": 1,'


def manifest_bytes(hashes: Mapping[str, str]) -> bytes:
    """The manifest of files with these hashes, by name."""
    return _framed({name: hashes[name] for name in sorted(hashes)})


def journal_bytes(hashes: Mapping[str, set[str]]) -> bytes:
    """The journal: hashes that a file may have if the run is broken off, by name."""
    return _framed({name: sorted(hashes[name]) for name in sorted(hashes)})


def _framed(entries: Mapping[str, object]) -> bytes:
    """One file a line: people look at it in a diff when they wonder what changed."""
    pairs = ((json.dumps(name, ensure_ascii=False), json.dumps(value)) for name, value in entries.items())
    lines = ",\n".join(f"  {name}: {value}" for name, value in pairs)
    return _START + b'\n"sha256": {\n' + lines.encode("utf-8") + b"\n}}\n"


def read_manifest(path: Path) -> dict[str, str]:
    """Hash by name; empty if the manifest is missing or damaged.

    Raises:
        OutputError: the name is taken by something that we did not write.
    """
    entries = _read_framed(path)
    return {name: value for name, value in entries.items() if isinstance(value, str)}


def read_journal(path: Path) -> dict[str, list[str]]:
    """Possible hashes by name; see :func:`read_manifest`."""
    entries = _read_framed(path)
    return {
        name: [one for one in value if isinstance(one, str)]
        for name, value in entries.items()
        if isinstance(value, list)
    }


def _read_framed(path: Path) -> dict[str, object]:
    if not os.path.lexists(path):
        return {}
    content = read_if_regular(path)
    if content is None or (content.strip(b"\0") and not content.startswith(_START)):
        raise OutputError(
            f"{path} is in the way: Enishi keeps the list of its own files under this name, and did not write this "
            "one. Choose another folder (--out), or move that file."
        )
    try:
        entries = json.loads(content)["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}
