"""An `enishi.toml` for a blog: what is set stands in it, and all else that could be, with its explanation.

What is explained, and its defaults, come from :mod:`enishi.config` itself, so the file cannot drift from it.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from enishi.commands.init.proposals import Proposal
from enishi.config import describe_settings
from enishi.text.printable import shown

_WIDTH = 100
_MARK = "#"
"""Before a setting that has no effect; a comment for people begins with a blank behind it."""
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()]*\)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

_HEAD = """\
# Settings of Enishi, as `enishi init` proposed them for this blog.
#
# A line that begins with "#" and no blank is a setting that has its default. Take the "#" away to
# set it. None is needed: without this file, Enishi does what the defaults say.
"""


def settings_text(proposals: Sequence[Proposal], existing: Mapping[str, Any]) -> str:
    """The file.  `existing` are settings to take over from elsewhere, by dotted names."""
    proposed = {proposal.name: proposal for proposal in proposals}
    sections: dict[str, list[str]] = {"": []}
    for name, default, description in describe_settings():
        section, _, key = name.rpartition(".")
        lines = sections.setdefault(section, [])
        lines += ["", *_comment(description)]
        proposal = proposed.get(name)
        if proposal is not None:
            lines += _comment(f"{'Proposed' if proposal.is_active else 'Worth trying'}: {proposal.reason}.")
            lines.append(f"{'' if proposal.is_active else _MARK}{key} = {toml_value(proposal.value)}")
        elif name in existing:
            lines.append(f"{key} = {toml_value(existing[name])}")
        else:
            lines.append(f"{_MARK}{key} = {toml_value(default)}")
    return _HEAD + "\n".join(_blocks(sections)) + "\n"


def _blocks(sections: Mapping[str, list[str]]) -> Iterator[str]:
    for section, lines in sections.items():
        if section:
            yield f"\n\n[{section}]"
        yield from lines


def _comment(text: str) -> list[str]:
    plain = shown(_LINK.sub(r"\1", text))
    return [f"# {line}" for line in textwrap.wrap(plain, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


def toml_value(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(str(key))} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """JSON's way of writing text is TOML's, but for one control character and halves of surrogate pairs."""
    plain = text.encode("utf-8", "replace").decode()
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
