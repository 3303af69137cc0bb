"""Writes the reports of a check to standard output and to the files that the command line names.

A file may lie in the checkout of an untrusted branch, so no link inside the checkout is followed to write it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from enishi.commands.check.git import checkouts
from enishi.errors import OutputError, SettingsError
from enishi.files import replace_file
from enishi.findings import CheckReport
from enishi.reporters import FORMATS, as_bytes
from enishi.reporters.diff import without_commands

STANDARD_OUTPUT = "-"


def parse_outputs(outputs: Sequence[str]) -> list[tuple[str, str]]:
    """``FORMAT=FILE`` as (format, file).

    Raises:
        SettingsError: one has another form, or names an unknown format.
    """
    parsed = []
    for output in outputs:
        name, equals, file = output.partition("=")
        if not equals or not file:
            raise SettingsError(f"--output {output}: write it as FORMAT=FILE, for example --output sarif=enishi.sarif")
        check_format(name)
        parsed.append((name, file))
    return parsed


def check_format(name: str) -> None:
    """Raises SettingsError for an unknown format."""
    if name not in FORMATS:
        raise SettingsError(f"there is no format {name!r}; there are {', '.join(FORMATS)}")


def _is_github_log() -> bool:
    """Whether standard output is, or may be, a log of GitHub Actions, which obeys commands in it."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return False
    try:
        return not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except OSError:
        return True


def write_report(report: CheckReport, name: str, file: str, site: Path) -> None:
    """Write a report in the format `name` to a file; ``-`` is standard output.

    Raises:
        OutputError: the file cannot be written, or a link stands in its place.
    """
    data = as_bytes(FORMATS[name](report))
    if file == STANDARD_OUTPUT:
        if name == "diff" and _is_github_log():
            data = without_commands(data)
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.abspath(file))  # noqa: PTH100 - the name as given, no link resolved
    checkout = checkouts(site)[0]
    is_inside = any(Path(os.path.realpath(folder)) == checkout for folder in target.parents)
    folder = Path(os.path.realpath(target.parent))
    if is_inside and (not folder.is_relative_to(checkout) or folder.is_relative_to(checkout / ".git")):
        raise OutputError(f"{file}: a folder above it is a link that leads elsewhere, so nothing was written")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_inside and target.is_symlink():
            raise OutputError(f"{file} is a symbolic link, which is not written through. Remove it, or name another")
        target = Path(os.path.realpath(target))
        if is_inside or target.is_file() or not target.exists():
            replace_file(target, data, name=file)
        else:  # a pipe or a device, as /dev/stderr
            target.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}") from error
