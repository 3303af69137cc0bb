"""`diff`: all suggested edits as one patch, for `git apply` at the top of the repository."""

from __future__ import annotations

import hashlib

from enishi.findings import CheckReport


def report_diff(report: CheckReport) -> str:
    """The patch to the byte (see :func:`enishi.reporters.as_bytes`), so nothing in it is made fit to be shown."""
    return "".join(report.patches[path] for path in sorted(report.patches))


def without_commands(patch: bytes) -> bytes:
    """A patch for a log of GitHub Actions, which obeys lines that look like commands: between two that turn that off.

    git passes over both.  No post can turn commands on again, because the word for it is the hash of the patch.
    """
    word = hashlib.sha256(patch).hexdigest().encode()
    return b"::stop-commands::%s\n%s::%s::\n" % (word, patch, word) if patch else patch
