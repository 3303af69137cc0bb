"""The command line: options are declared here and commands called; nothing below knows of arguments.

Only what every command needs is imported: `enishi --help` has to answer at once.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from enishi.cli import blog, models, options, tags
from enishi.cli.base import BUILT, USAGE, app

__all__ = ["app", "blog", "main", "models", "options", "run", "tags"]  # commands register when they are imported


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        app(args=list(sys.argv[1:] if argv is None else argv), prog_name="enishi")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else BUILT if ended.code is None else USAGE
    return BUILT


def run() -> None:
    """The console script."""
    if sys.getfilesystemencoding() != "utf-8":  # an old locale, in which most names of files could not be read
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606
    # Posts are made of some million small objects, and hardly any refer to each other in circles: looking for such as
    # often as Python does by default takes a twentieth of a build
    gc.set_threshold(100_000, 20, 20)
    if sys.stdout is None:  # closed by whoever started us (`>&-`)
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Windows has an old code page for what is redirected
            is_chosen = stream.isatty() or "PYTHONIOENCODING" in os.environ
            stream.reconfigure(encoding=None if is_chosen else "utf-8", errors="replace")
    sys.exit(main())
