"""`diff`: all suggested edits as one patch, for `git apply` at the top of the repository."""

from __future__ import annotations

import hashlib

from enishi.findings import CheckReport


def render(report: CheckReport) -> str:
    """The patches byte for byte (see :func:`enishi.reporters.as_bytes`), so nothing in them is escaped."""
    return "".join(report.patches[path] for path in sorted(report.patches))


def without_commands(patch: bytes) -> bytes:
    """The patch between two lines that stop GitHub Actions from obeying lines that look like commands.

    git ignores both lines.  No post can turn commands on again, because the word that does is the hash of the patch.
    """
    word = hashlib.sha256(patch).hexdigest().encode()
    return b"::stop-commands::%s\n%s::%s::\n" % (word, patch, word) if patch else patch
