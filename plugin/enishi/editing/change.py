"""What an edit is asked to do, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from enishi.errors import Diagnostic, Severity

Style = Literal["flow", "block"]
"""How a list is written where the post has none: ``[a, b]``, or an item a line."""


@dataclass(frozen=True, slots=True)
class TagChange:
    """What should become of a post's tags.  Make one with `adding`, `removing` or `renaming`."""

    remove: str = ""
    add: str = ""

    @classmethod
    def adding(cls, tag: str) -> TagChange:
        """Add `tag` after the post's other tags."""
        return cls(add=tag)

    @classmethod
    def removing(cls, tag: str) -> TagChange:
        """Take `tag` away, wherever the post has it."""
        return cls(remove=tag)

    @classmethod
    def renaming(cls, old: str, new: str) -> TagChange:
        """Write `new` in the place of `old`; a post that has both loses `old`."""
        return cls(remove=old, add=new)

    def applied_to(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        """The tags that a post with `tags` should have afterwards."""
        if not self.remove:
            return tags if self.add in tags else (*tags, self.add)
        if not self.add or self.add in tags:
            return tuple(tag for tag in tags if tag != self.remove)
        return tuple(self.add if tag == self.remove else tag for tag in tags)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that was checked by reading its result.  `before == after`: there was nothing to do."""

    before: bytes
    after: bytes
    tags_before: tuple[str, ...]
    tags_after: tuple[str, ...]

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after


class Refusal(Exception):  # noqa: N818 - `plan_edit` returns it
    """The file is left as it is: why, and what to do.  `line` counts from 1; `code` is a stable word."""

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.line = code, message, line

    def diagnostic(self, path: str) -> Diagnostic:
        """The refusal as a diagnostic about `path`."""
        return Diagnostic(path, self.line, self.code, Severity.WARNING, self.message)
