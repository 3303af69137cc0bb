"""Finds fragments of an earlier run again by what they show, so that an edit renders only those that it changes.

What a run keeps is the hash of each fragment; the fragment itself lies in the output folder, and counts only if it has
that hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from enishi.files import read_if_regular
from enishi.kept import Kept

_NAME = "fragments"


class KnownFragments:
    """The fragments in an output folder that an earlier run with the same cache wrote there.

    Args:
        depends_on: all that a fragment is made from beside what its key says, our own code and templates.
    """

    def __init__(self, kept: Kept, folder: Path, depends_on: bytes) -> None:
        self._kept, self._folder, self._depends_on = kept, folder, depends_on

    def find(self, names: Sequence[str], keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """By its key each fragment that is known and still there; `names` are those of their files, in this order."""
        hashes = self._kept.known(_NAME, keys, self._depends_on)
        known = ((key, name, sha) for key, name, sha in zip(keys, names, hashes, strict=True) if sha is not None)
        found = ((key, self._read(name), sha) for key, name, sha in known)
        return {key: text for key, text, sha in found if text is not None and _sha256(text) == sha}

    def keep(self, keys: Sequence[bytes], fragments: Sequence[bytes]) -> None:
        """Keep the hashes of these fragments, and forget all others."""
        self._kept.keep(_NAME, keys, [_sha256(text) for text in fragments], self._depends_on)

    def _read(self, name: str) -> bytes | None:
        try:
            return read_if_regular(f"{self._folder}/{name}")  # text, as a Path for each of thousands takes longer
        except OSError:
            return None


def _sha256(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
