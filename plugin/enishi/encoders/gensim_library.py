"""What the parts that gensim learns have in common."""

from __future__ import annotations

import zlib
from importlib.metadata import PackageNotFoundError, version

from enishi.errors import EncoderError


def library_version(name: str, setting: str) -> str:
    """Name and installed version of a package, which are part of a key.

    Raises:
        EncoderError: it is not installed, and the setting needs it.
    """
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError as error:
        raise EncoderError(f"{setting} needs {name}: pip install 'enishi[readers]', or take the setting out") from error


def stable_hash(text: str) -> int:
    """A hash for gensim, instead of Python's own, which differs from process to process."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))
