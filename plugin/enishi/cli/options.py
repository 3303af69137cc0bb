"""Options and arguments, each declared once, and what their text means."""

from __future__ import annotations

import os
import select
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from enishi.errors import SettingsError

if TYPE_CHECKING:
    from enishi.state import Request


def option(names: str, description: str, **more: Any) -> Any:
    """An option by its names and, for one with a value, what that is called: `--limit -n N`."""
    *flags, last = names.split()
    if last.startswith("-"):
        return typer.Option(*flags, last, help=description, **more)
    return typer.Option(*flags, metavar=last, help=description, **more)


def argument(name: str, description: str) -> Any:
    """An argument by its name."""
    return typer.Argument(metavar=name, help=description)


SiteArgument = Annotated[Path, argument("SITE", "The blog's folder; the current one by default.")]
PostArgument = Annotated[str, argument("POST", "A post's path, slug, address or title.")]

Base = Annotated[
    str,
    option(
        "--base REF",
        "Compare with the merge base with this; the pull request's base or the default branch by default.",
    ),
]
CacheFolder = Annotated[
    Path | None, option("--cache DIR", "Folder of the cache, outside of the checkout; the user's own by default.")
]
Config = Annotated[Path | None, option("--config FILE", "Take the settings from this file instead of the site's own.")]
Debounce = Annotated[int, option("--debounce MS", "How long a save has to be over.", min=0, max=60_000)]
DryRunOption = Annotated[bool, option("--dry-run", "Show the patch and write nothing.")]
Folds = Annotated[int, option("--folds N", "In how many parts the tags are hidden.", min=2, max=50)]
Json = Annotated[bool, option("--json", "Print JSON for machines instead of text for people.")]
Limit = Annotated[int, option("--limit -n", "How many posts to show at most.", min=1, max=1000)]
Manifest = Annotated[
    str | None,
    option("--manifest FILE", "The generator's own list of posts, as JSON; `-` reads it from standard input."),
]
Now = Annotated[
    str | None, option("--now DATE", "Which posts lie in the future: a day or a moment; the present by default.")
]
Previous = Annotated[
    Path | None,
    option("--previous FILE", "The related.json that was published last: near-ties go to what it shows."),
]
Out = Annotated[Path | None, option("--out DIR", "Folder of the output; SITE/.enishi by default.")]
Quiet = Annotated[bool, option("--quiet -q", "Print nothing but what went wrong.")]
Set = Annotated[list[str] | None, option("--set KEY=VALUE", "Override a setting, such as related.limit=3; repeatable.")]
Site = Annotated[Path, option("--site SITE", "The blog's folder.")]
YesOption = Annotated[bool, option("--yes -y", "Write without asking.")]


def program() -> str:
    """How this program is called, for commands in messages: a hook of pre-commit is on nobody's path."""
    from enishi.text.printable import shell_word

    script, prefix = Path(sys.argv[0]), Path(sys.prefix).parts
    if script.parts[-2:] == ("enishi", "__main__.py"):
        return f"{shell_word(Path(sys.executable).name)} -m enishi"
    if os.environ.get("PRE_COMMIT") and not os.environ.get("CI"):
        return shell_word(os.fspath(script.absolute()))
    if "archive-v0" in prefix:
        return "uvx enishi"
    return "pipx run enishi" if {"pipx", ".cache"} <= {*prefix} else "enishi"


def request(
    site: Path,
    out: Path | None = None,
    config: Path | None = None,
    overrides: list[str] | None = None,
    *,
    manifest: str | None = None,
    now: str | None = None,
    cache: Path | None = None,
    previous: Path | None = None,
) -> Request:
    """What a command asks for, by its options.

    Raises:
        SettingsError: there is no such moment, or the manifest cannot be read.
    """
    from enishi.state import Request

    return Request(
        site=site,
        out=out,
        config_file=config,
        overrides=tuple(overrides or ()),
        manifest=None if manifest is None else text_of(manifest),
        now=_moment(now),
        processes=processes(),
        cache=cache,
        previous=previous,
    )


def processes() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_input_there() -> bool:
    """Whether standard input can be read without waiting, or nobody can tell."""
    try:
        return sys.platform == "win32" or bool(select.select([sys.stdin], [], [], 0)[0])
    except (ValueError, OSError):
        return True


def text_of(manifest: str) -> str:
    """The text of a manifest.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if manifest == "-" else Path(manifest).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"--manifest {manifest} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"--manifest {manifest} is not UTF-8: {error}") from None


def _moment(text: str | None) -> datetime | None:
    """A day means its end: what is dated that day is published."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--now {text}: write it as 2024-05-06 or 2024-05-06T12:30:00+09:00") from None
    if len(text) <= len("2024-05-06"):
        moment = datetime.combine(moment.date(), time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
