"""The list of the files that we wrote into a folder, by name and SHA-256, and the one of those about to be written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from enishi.errors import OutputError
from enishi.files import read_if_regular

MANIFEST_NAME = "manifest.json"
JOURNAL_NAME = "manifest.next.json"
_START = b'{"enishi_manifest": 1,'


def manifest_bytes(entries: Mapping[str, str | Sequence[str]]) -> bytes:
    """One file a line, with its hash, or those that it may have if the run is broken off: people diff it."""
    pairs = ((json.dumps(name, ensure_ascii=False), json.dumps(value)) for name, value in entries.items())
    lines = ",\n".join(f"  {name}: {value}" for name, value in pairs)
    return _START + b'\n"sha256": {\n' + lines.encode("utf-8") + b"\n}}\n"


def read_manifest(path: Path) -> dict[str, str]:
    """Hash by name; empty if the manifest is missing or damaged.

    Raises:
        OutputError: the name is taken by something that we did not write.
    """
    return {name: value for name, value in _read(path).items() if isinstance(value, str)}


def read_journal(path: Path) -> dict[str, list[str]]:
    """Possible hashes by name; see :func:`read_manifest`."""
    lists = {name: value for name, value in _read(path).items() if isinstance(value, list)}
    return {name: [one for one in value if isinstance(one, str)] for name, value in lists.items()}


def _read(path: Path) -> dict[str, object]:
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
