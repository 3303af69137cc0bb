"""What it takes to show the lists in a site of some generator: packages, settings, and edits of the site's own files.

`enishi init` shows it as a difference and, where its author agrees, does it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from enishi import files

_MAX_CHARACTERS = 1024 * 1024
_PACKAGE_MANAGERS = {
    "pnpm-lock.yaml": "pnpm add",
    "yarn.lock": "yarn add",
    "bun.lock": "bun add",
    "bun.lockb": "bun add",
}


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file of the site as it would be."""

    path: str
    """Relative to the site folder, POSIX."""
    text: str
    """All of it."""
    why: str
    """A phrase without a full stop: ``the list below each post``."""
    is_ours: bool = False
    """Whether it is a file that comes with Enishi, which is named, not shown."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a site comes to show its lists.  What is done already is left out."""

    page: str = "docs/generators.md"
    """The page of the documentation, as a file of Enishi's repository."""
    installs: tuple[str, ...] = ()
    """Commands that the author runs first: ``npm install hexo-enishi``."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """For enishi.toml, by dotted names."""
    edits: tuple[FileEdit, ...] = ()
    by_hand: tuple[str, ...] = ()
    """What only the author can do, such as a line in a theme that is not ours: sentences without a full stop."""
    run: tuple[str, ...] = ("enishi build",)
    """Commands that make the finished site."""
    public: str = ""
    """The folder of the finished site, for `enishi verify`."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.installs or self.edits or self.by_hand)


# -- edits that several generators need: each returns the new text, the same text where it is done already, or None
# -- where the file is not written as expected, so that its author does it by hand


def read_text(root: Path, path: str) -> str | None:
    """The text of a file of the site, empty where there is none; None if it must not be edited here."""
    if not _stays_inside(root, path):
        return None
    try:
        data = files.read_if_regular(root / path)
        if data is None:
            return None if os.path.lexists(root / path) else ""
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return text if len(text) <= _MAX_CHARACTERS else None


def is_in_repository(root: Path, path: str) -> bool:
    """Whether a clone of the site's repository has what `path` names, relative to the site."""
    here = root.resolve()
    top = next((folder for folder in (here, *here.parents) if os.path.lexists(folder / ".git")), here)
    return (here / path).resolve().is_relative_to(top)


def edit(root: Path, path: str, change: Callable[[str], str | None], why: str) -> FileEdit | None:
    """A file of the site after `change`; None where that changes nothing or cannot be done."""
    before = read_text(root, path)
    after = None if before is None else change(before)
    return None if after is None or after == before else FileEdit(path, after, why)


def edits(*wanted: FileEdit | None) -> tuple[FileEdit, ...]:
    """Those of the edits that there are."""
    return tuple(one for one in wanted if one is not None)


def ignore_in_git(root: Path, *names: str) -> FileEdit | None:
    """`.gitignore` with these lines, such as ``data/enishi.json``."""

    def change(text: str) -> str:
        known = {line.strip().strip("/") for line in text.splitlines()}
        return with_lines_at_end(text, *(name for name in names if name.strip("/") not in known))

    return edit(root, ".gitignore", change, "what Enishi makes anew at each build")


def with_lines_at_end(text: str, *lines: str) -> str:
    """The text with more lines at its end."""
    if not lines:
        return text
    newline = _newline(text)
    gap = newline if text and not text.endswith("\n") else ""
    return text + gap + "".join(f"{line}{newline}" for line in lines)


def with_line_after(text: str, after: str, line: str) -> str | None:
    """The text with `line` on its own below the only line that the pattern `after` finds, as far to the right.

    The same text where the line is there; None where the pattern finds no line, or several.
    """
    if any(line.strip() == one.strip() for one in text.splitlines()):
        return text
    found = list(re.finditer(rf"^(?P<indent>[ \t]*)[^\n]*?(?:{after})[^\n]*(?:\n|\Z)", text, re.MULTILINE))
    if len(found) != 1 or re.search(r"</(?:body|html)>", found[0][0]):  # minified: below it would be after the page
        return None
    newline = _newline(text)
    gap = "" if found[0][0].endswith("\n") else newline
    return f"{text[: found[0].end()]}{gap}{found[0]['indent']}{line}{newline}{text[found[0].end() :]}"


def with_yaml_item(text: str, key: str, item: str) -> str | None:
    """YAML settings whose list `key` holds `item` at its end; comments and all else stay as they are.

    A list that is not there is added.  An item with options, ``- item: {…}``, counts as its name.
    """
    before = _yaml_values(text)
    if before is None:
        return None
    if key not in before:
        changed = with_lines_at_end(text, *[""] * bool(text.strip()), f"{key}:", f"  - {item}")
    else:
        node = before[key]
        if node.id != "sequence" or not node.value:
            return None
        if item in {_name_of(one) for one in node.value}:
            return text
        if node.flow_style:
            kept = text[: node.end_mark.index - 1].rstrip()
            changed = f"{kept}{'' if kept.endswith(',') else ','} {item}{text[node.end_mark.index - 1 :]}"
        else:
            # The list ends where the next thing begins: below comments and blank lines that belong to that
            kept = re.sub(r"(?:\r?\n[ \t]*(?:#[^\n]*)?)*\r?\Z", "", text[: _end_of_line(text, _last_mark(node))])
            newline = _newline(text)
            rest = text[len(kept) :] or newline
            changed = f"{kept}{newline}{' ' * node.start_mark.column}- {item}{rest}"
    return changed if _differs_by_item(before, _yaml_values(changed), key, item) else None


def _yaml_values(text: str) -> dict[str, Any] | None:
    """The node of each key of YAML settings; None if they cannot be read.  Nothing is made of unknown tags."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None
    if not isinstance(root, yaml.MappingNode | None):
        return None
    return {} if root is None else {str(key.value): value for key, value in root.value}


def _name_of(item: Any) -> object:
    return item.value[0][0].value if item.id == "mapping" and len(item.value) == 1 else item.value


def _last_mark(node: Any) -> int:
    """Where the last scalar of a node ends."""
    while node.id != "scalar" and node.value and not node.flow_style:
        node = node.value[-1][1] if node.id == "mapping" else node.value[-1]
    return int(node.end_mark.index)


def _end_of_line(text: str, index: int) -> int:
    end = text.find("\n", max(index - 1, 0))
    return len(text) if end < 0 else end


def _differs_by_item(before: Mapping[str, Any], after: Mapping[str, Any] | None, key: str, item: str) -> bool:
    """Whether settings say what they said before, and the list `key` one item more."""
    import yaml

    def said(values: Mapping[str, Any]) -> dict[str, str]:
        return {name: yaml.serialize(node) for name, node in values.items() if name != key}

    def listed(values: Mapping[str, Any]) -> list[str]:
        return [yaml.serialize(node) for node in values[key].value] if key in values else []

    if after is None or key not in after or said(before) != said(after):
        return False
    return listed(after)[:-1] == listed(before) and _name_of(after[key].value[-1]) == item


def pip_command(module: str) -> tuple[str, ...]:
    """How Enishi comes to where a generator's own module is; nothing where it is there already."""
    return () if find_spec(module) else ("pip install enishi",)


def with_javascript_import(text: str, line: str) -> str | None:
    """A JavaScript module with one more `import` below those that it has, else at its top; None if it has `require`."""
    if line in text:
        return text
    found = list(re.finditer(r"^import\b[^;'\"]*['\"][^'\"\n]+['\"][^\n]*(?:\n|\Z)", text, re.MULTILINE))
    if not found and re.search(r"^[^\n]*\brequire\(|^module\.exports", text, re.MULTILINE):
        return None
    newline = _newline(text)
    head = re.match(r"(?:#![^\n]*\n|//[^\n]*\n|/\*.*?\*/[ \t\r]*\n)*", text, re.DOTALL)
    at = found[-1].end() if found else head.end() if head else 0
    return f"{text[:at]}{line}{newline}{'' if found else newline}{text[at:]}"


def with_javascript_item(text: str, key: str, item: str, opening: str) -> str | None:
    """A JavaScript object whose list `key` begins with `item`.

    `opening` is a pattern for the start of the object, such as ``defineConfig\\(\\{``: a list that is not there is made
    right below it.  None where it is not clear which list is meant.
    """
    if item in text:
        return text
    lists = list(re.finditer(rf"^[ \t]*{re.escape(key)}\s*:\s*\[", text, re.MULTILINE))
    if len(lists) == 1:
        rest = text[lists[0].end() :]
        separator = "" if re.match(r"\s*\]", rest) else "," if rest[:1].isspace() else ", "
        return f"{text[: lists[0].end()]}{item}{separator}{rest}"
    found = list(re.finditer(opening, text))
    if lists or len(found) != 1 or re.search(rf"\b{re.escape(key)}\b", text):
        return None
    at = found[0].end()
    return f"{text[:at]}{_newline(text)}  {key}: [{item}],{text[at:]}"


def package_command(root: Path, *packages: str) -> str:
    """How the site's own package manager, known by its lock file, adds packages: ``npm install hexo-enishi``."""
    added = " ".join(packages)
    for lock, command in _PACKAGE_MANAGERS.items():
        if (root / lock).exists():
            return f"{command} {added}"
    return f"npm install {added}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _stays_inside(root: Path, path: str) -> bool:
    """Whether no folder on the way is a link."""
    real = os.path.realpath(root)
    return os.path.realpath(root / path) == os.path.normpath(Path(real, path))
