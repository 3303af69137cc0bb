"""The Typer applications, and the one boundary where errors become exit codes."""

from __future__ import annotations

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, ParamSpec

import typer

from enishi import __version__
from enishi.errors import EnishiError, is_closed_pipe
from enishi.text.printable import shown_message

P = ParamSpec("P")

BUILT, FAILED, USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""

app = typer.Typer(
    name="enishi",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Related posts and tag suggestions for a blog, from its own text.",
)
tags_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The tags that posts are missing: see, decline, write; those they have: audit, rename.",
)
app.add_typer(tags_app, name="tags")
models_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The encoders that may stand for a blog's posts: compare them on your own.",
)
app.add_typer(models_app, name="models")


def command(name: str, group: typer.Typer = app) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a command inside the one error boundary."""

    def register(function: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                function(*args, **kwargs)
                sys.stdout.flush()
            except typer.Exit:
                raise
            except EnishiError as error:
                complain(str(error))
                raise typer.Exit(error.exit_code) from None
            except KeyboardInterrupt:
                complain("interrupted; what was written before is whole")
                raise typer.Exit(INTERRUPTED) from None
            except Exception as error:
                if is_closed_pipe(error):  # the reader (`head`, a pager) has seen enough
                    _discard_output()
                    return
                if reason := _lack(error):
                    _discard_output()
                    complain(f"cannot go on: {reason}")
                    raise typer.Exit(USAGE) from None
                complain(
                    f"this is a bug in enishi {__version__}, please report it with these lines: {error!r}\n"
                    + traceback.format_exc()
                )
                raise typer.Exit(BUG) from None

        return group.command(name)(guarded)

    return register


def _discard_output() -> None:
    """Python would try again at its end, and complain about what it cannot write."""
    with suppress(OSError):  # standard output may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lack(error: Exception) -> str:
    """What the machine lacks, where an error is no bug: standard output on a full disk, say."""
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    lacks = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
    if isinstance(error, OSError) and error.errno in lacks:
        return f"{error.strerror}" + (f" ({error.filename})" if error.filename else "")
    return ""


def complain(message: str) -> None:
    """A message on standard error: the boundary at which names from a repository become harmless."""
    print(f"enishi: {shown_message(message)}", file=sys.stderr)  # noqa: T201


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"enishi {__version__}")
        raise typer.Exit
