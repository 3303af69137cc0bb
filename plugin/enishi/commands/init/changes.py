"""Edits of a site's own files that show its lists: planned, shown as a difference, and written if that is wanted."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enishi.commands.init.settings_file import toml_value
from enishi.errors import OutputError
from enishi.files import create_file, read_if_regular, replace_file
from enishi.generators.setup import FileEdit, edit


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after."""

    path: str
    before: bytes | None
    """None where there is no such file."""
    after: bytes
    why: str
    is_ours: bool = False
    """Whether it comes with Enishi as it is."""

    @property
    def diff(self) -> str:
        """As `diff -u` shows it."""
        before, after = ((text or b"").decode("utf-8", "replace").splitlines() for text in (self.before, self.after))
        old, new = "/dev/null" if self.before is None else f"a/{self.path}", f"b/{self.path}"
        return "\n".join(difflib.unified_diff(before, after, old, new, lineterm=""))


def plan_changes(site: Path, edits: Iterable[FileEdit]) -> tuple[Change, ...]:
    """The edits of files that can be read; those that would change nothing fall away.

    Raises:
        OutputError: a file of the site cannot be read.
    """
    changes = []
    for one in edits:
        try:
            before = read_if_regular(site / one.path)
        except OSError as error:
            raise OutputError(f"{one.path} cannot be read: {error.strerror or error}") from error
        if (after := one.text.encode("utf-8")) != before:
            changes.append(Change(one.path, before, after, one.why, one.is_ours))
    return tuple(changes)


def write_changes(site: Path, changes: Iterable[Change]) -> None:
    """Write the files, each whole or not at all, and only where it is as it was when it was shown.

    Raises:
        OutputError: one cannot be written; those before it are.
    """
    for change in changes:
        file = site / change.path
        if change.before is not None:
            replace_file(file, change.after, expected=change.before, name=change.path)
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            is_new = create_file(file, change.after)
        except OSError as error:
            raise OutputError(f"{change.path} cannot be written: {error.strerror or error}") from error
        if not is_new:
            raise OutputError(f"{change.path} is there meanwhile; it was left as it is. Run the command again")


def edit_settings(site: Path, name: str, settings: Mapping[str, Any]) -> FileEdit | None:
    """An enishi.toml that is there already with these settings; None where its author has to write them."""

    def change(text: str) -> str | None:
        for key, value in settings.items():
            changed = _with_setting(text, key, toml_value(value))
            if changed is None:
                return None
            text = changed
        return text

    return edit(site, name, change, "where the generator finds the lists")


def _with_setting(text: str, key: str, value: str) -> str | None:
    """TOML with one more key at its top level: in place of the comment that names it, else before the first table."""
    if "." in key:
        return None
    line, newline = f"{key} = {value}", "\r\n" if "\r\n" in text else "\n"
    comment = re.search(rf"^#{re.escape(key)} =[^\r\n]*", text, re.MULTILINE)
    table = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    if comment and (table is None or comment.start() < table.start()):
        changed = text[: comment.start()] + line + text[comment.end() :]
    else:
        at = table.start() if table else len(text)
        gap = newline if at and not text[:at].endswith("\n") else ""
        changed = f"{text[:at]}{gap}{line}{newline}{newline if table else ''}{text[at:]}"
    try:
        before, after = tomllib.loads(text), tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        return None
    return changed if key not in before and {**before, **tomllib.loads(line)} == after else None
