"""The text of an `enishi.toml`: the settings of a blog, and all others as comments, each with its explanation.

Explanations and defaults come from :mod:`enishi.config`, so the file cannot drift from it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from enishi.commands.init.proposals import Proposal
from enishi.config import describe_settings
from enishi.text.printable import shown
from enishi.text.toml import toml_key, toml_string

_WIDTH = 100
_MARK = "#"
"""Before a setting that has no effect; comments for people have a blank after it."""
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()]*\)")

_HEAD = """\
# Settings of Enishi, as `enishi init` proposed them for this blog.
#
# A line that begins with "#" and no blank is a setting that has its default. Take the "#" away to
# set it. None is needed: without this file, Enishi does what the defaults say.
"""


def settings_text(proposals: Sequence[Proposal], existing: Mapping[str, Any]) -> str:
    """The text of the file.  `existing` are settings to take over from elsewhere, by dotted names."""
    proposed = {proposal.name: proposal for proposal in proposals}
    lines: dict[str, list[str]] = {"": []}
    for name, default, description, _ in describe_settings():
        section, _, key = name.rpartition(".")
        of_section = lines.setdefault(section, ["", "", f"[{section}]"])
        of_section += ["", *_comment(description)]
        proposal = proposed.get(name)
        if proposal is not None:
            of_section += _comment(f"{'Proposed' if proposal.is_active else 'Worth trying'}: {proposal.reason}.")
            of_section.append(f"{'' if proposal.is_active else _MARK}{key} = {toml_value(proposal.value)}")
        elif name in existing:
            of_section.append(f"{key} = {toml_value(existing[name])}")
        else:
            of_section.append(f"{_MARK}{key} = {toml_value(default)}")
    return _HEAD + "".join(f"{line}\n" for of_section in lines.values() for line in of_section)


def _comment(text: str) -> list[str]:
    plain = shown(_LINK.sub(r"\1", text))
    return [f"# {line}" for line in textwrap.wrap(plain, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


def toml_value(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(str(key))} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return toml_string(value) if isinstance(value, str) else repr(value)
