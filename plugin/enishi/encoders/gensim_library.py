"""What the parts that gensim learns have in common."""

from __future__ import annotations

import zlib
from importlib.metadata import PackageNotFoundError, version

from enishi.errors import EncoderError


def gensim_version(setting: str) -> str:
    """The installed version, which is part of a key.

    Raises:
        EncoderError: gensim is not installed, which the setting needs.
    """
    try:
        return version("gensim")
    except PackageNotFoundError as error:
        raise EncoderError(f"{setting} needs gensim: pip install 'enishi[readers]', or take the setting out") from error


def stable_hash(text: str) -> int:
    """A hash for gensim, instead of Python's own, which differs from process to process."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))
