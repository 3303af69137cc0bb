"""A post with the places of its tags: which keys the generator reads, and where their values lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from enishi.editing import pelican, toml, yaml
from enishi.editing.change import Refusal
from enishi.editing.rules import KeyPath, value_at
from enishi.editing.text import Entry, PostText, Value, encode
from enishi.errors import Severity

_MAX_ITEMS = 1_000
"""Tags of one post that are looked at one by one."""


class Dialect(Protocol):
    """What a form of front matter has of its own; each is a module."""

    def entries(self, post: PostText) -> Iterator[Entry]:
        """The keys, in order, with their values."""

    def written(self, tag: str, quote: str) -> str:
        """The tag as a value of its own, in the quotes of its neighbours, or in some if it needs them."""

    def new_keys(
        self, post: PostText, name: str, tag: str, keys: Sequence[Entry], anchors: Sequence[Entry]
    ) -> Iterator[str]:
        """Texts of the file with a tags key more, the best way of adding one first."""


_DIALECTS: Mapping[str, Dialect] = {"yaml": yaml, "json": yaml, "toml": toml, "meta": pelican}
"""By `FrontMatter.format`; an object of JSON is a mapping of YAML."""


class ParsedPost(PostText):
    """A post's text, and where its entries lie."""

    @property
    def is_broken(self) -> bool:
        """Whether the front matter could not be read."""
        return self.front.is_lost or any(problem.severity is Severity.ERROR for problem in self.front.problems)

    def check_editable(self) -> None:
        """Raise Refusal for a file that must be left."""
        if self.raw.startswith(("\x00", "\ufffe")) or encode(self.raw[:1]) in (b"\xff", b"\xfe"):
            raise Refusal("not-utf8", "the file is UTF-16. Save it as UTF-8", 1)
        front = self.front
        if self.is_broken:
            problem = next(p for p in front.problems if p.severity is Severity.ERROR)
            raise Refusal("bad-front-matter", f"mend the front matter first: {problem.message}", problem.line)
        for problem in front.problems:
            if problem.code == "not-utf8" and problem.line < front.body_line:
                raise Refusal("not-utf8", problem.message, problem.line)
            if problem.code in ("front-matter-not-read", "prose-read-as-front-matter"):
                raise Refusal("bad-front-matter", problem.message, problem.line)
            if problem.code == "duplicate-key" and any(f"`{path[0]}`" in problem.message for path in self.paths):
                raise Refusal("bad-front-matter", problem.message, problem.line)
        if not front.format:
            message = "the post has no front matter to write a tag into. Put one above it: `---`, a title, `---`"
            raise Refusal("no-front-matter", message, 1)

    @property
    def dialect(self) -> Dialect:
        """How the front matter is written."""
        if self.front.format not in _DIALECTS:
            message = "its front matter is a program, or reStructuredText, which are not edited. Edit it by hand"
            raise Refusal("script-front-matter", message, 1)
        return _DIALECTS[self.front.format]

    @cached_property
    def entries(self) -> list[Entry]:
        """Every top-level key, in order (and the tags among Zola's taxonomies)."""
        return list(self.dialect.entries(self))

    @property
    def paths(self) -> list[KeyPath]:
        """The keys where the generator looks for tags, the one that counts first; they need not be there."""
        return self.rules.paths(self.front.meta)

    @property
    def places(self) -> list[KeyPath]:
        """Those of `paths` that the post has and whose tags count."""
        return [path for path in self.paths if self._has(path) and set(self.names(path)) <= set(self.tags)]

    def _has(self, path: KeyPath) -> bool:
        inner = value_at(self.front.meta, path[:-1])
        return isinstance(inner, dict) and path[-1] in inner

    def entry(self, path: KeyPath) -> Entry | None:
        """The entry at a path; None where its value comes from somewhere else."""
        entries = [entry for entry in self.entries if entry.path == path]
        if len(entries) > 1:
            message = f"`{path[-1]}` is given twice. Delete one of the two"
            raise self.refused("bad-front-matter", message, entries[-1].start)
        return entries[0] if entries else None

    def value(self, path: KeyPath) -> Value:
        """Where the value of a key lies; raises Refusal where it cannot be edited."""
        entry = self.entry(path)
        if entry is None:
            message = f"`{path[-1]}` comes from somewhere else (a merge key `<<`, or an inline table). Edit it by hand"
            merge = next((e for e in self.entries if e.path == ("<<",)), None)
            line = self.line_at(merge.start) if merge is not None else self.front.key_lines.get(path[0], 1)
            raise Refusal("shared-tags", message, line)
        if isinstance(entry.value, Refusal):
            raise entry.value
        if len(entry.value.items) > _MAX_ITEMS:
            message = f"`{path[-1]}` has more than {_MAX_ITEMS} items. Edit it by hand"
            raise self.refused("odd-tags", message, entry.start)
        return entry.value

    def neighbors_quote(self, value: Value) -> str:
        """The quote that the list's items bear, of those that could do without; of the key, if there are none."""
        if not value.items:
            return value.quote if value.kind in ("flow", "empty") else ""
        items = [item for item in value.items if item.is_own and item.end > item.start]
        if self.front.format == "yaml":
            free = [i for i in items if not i.quote or yaml.is_plain(self.raw[i.start + 1 : i.end - 1])]
            items = free or items
        return items[-1].quote if items else ""

    def value_at(self, path: KeyPath) -> Any:
        """What the front matter means there."""
        return value_at(self.front.meta, path)
