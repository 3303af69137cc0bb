"""`diff`: all suggested edits as one patch, for `git apply` at the top of the repository."""

from __future__ import annotations

from enishi.findings import CheckReport


def report_diff(report: CheckReport) -> str:
    """The patch to the byte (see :func:`enishi.reporters.as_bytes`), so nothing in it is made fit to be shown."""
    return "".join(report.patches[path] for path in sorted(report.patches))
