"""Adds, removes or renames a tag in a post's file, and touches nothing else.

`plan_edit` is pure: bytes in, bytes out, or a Refusal that says where, why and what to do.  The text is never written
anew from what was parsed: the parser only says where the tags lie, a few characters are put in or taken out there, and
the result is read again.  It counts only if the file then says exactly what it said before, but for that tag; several
ways of writing it are tried in order, and where none passes, the file is left as it is.

`apply_edit` replaces the file at once or not at all; `unified_diff` shows the change as a patch that git applies.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from enishi.errors import Diagnostic, OutputError, Severity
from enishi.reading import javascript
from enishi.reading.frontmatter import HANDLERS, HEXO_HANDLERS, Block, BlockError, FrontMatter, Handler, normalise
from enishi.reading.posts import Source, make_post, read_source
from enishi.reading.site import Site
from enishi.reading.yaml12 import plain_scalar

Style = Literal["flow", "block"]
"""How a list is written where the post has none: ``[a, b]``, or an item a line."""


# --- what is asked for, and what comes of it ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TagChange:
    """What should become of a post's tags.  Make one with `adding`, `removing` or `renaming`."""

    remove: str = ""
    add: str = ""
    wrote: str = ""
    """The lines that an earlier edit left (see `Edit.inverse`); where they still stand, `replaced` comes back."""
    replaced: str = ""

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

    def __str__(self) -> str:
        if self.remove and self.add:
            return f"rename `{self.remove}` to `{self.add}`"
        return f"add `{self.add}`" if self.add else f"remove `{self.remove}`"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that was read again and found to do what it should.  `before == after`: there was nothing to do."""

    change: TagChange
    before: bytes
    after: bytes
    line: int
    """Line of the first difference, from 1; 0 where there is none."""
    tags_before: tuple[str, ...]
    tags_after: tuple[str, ...]

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after

    @property
    def inverse(self) -> TagChange | None:
        """The change that undoes this one to the byte, also in a file whose other lines have changed since.

        None where there is nothing to undo.
        ``tags: a`` became ``tags: [a, b]``: taking `b` out again leaves ``[a]``, unless one knows what stood there.
        Where the lines have changed themselves, the tag alone is undone.
        """
        if not self.is_needed:
            return None
        was_merged = self.change.remove and self.change.add in self.tags_before
        remove = "" if was_merged else self.change.add
        wrote, replaced = _differing_lines(self.after, self.before)
        return TagChange(remove, self.change.remove, _decode(wrote), _decode(replaced))


@dataclass(frozen=True, slots=True)
class Refusal:
    """The file is left as it is.  `line` counts from 1, 0 where none can be named; `code` is a stable word."""

    line: int
    code: str
    message: str
    """Why, and what to do."""

    def diagnostic(self, path: str) -> Diagnostic:
        """The refusal as a diagnostic about `path`."""
        return Diagnostic(path, self.line, self.code, Severity.WARNING, self.message)


class EditRefusedError(OutputError):
    """This one file must not be replaced: it changed meanwhile, or is no file of its own.  Others may go on."""


def plan_edit(
    data: bytes,
    change: TagChange,
    *,
    hexo: bool,
    generator: str = "generic",
    style: Style = "flow",
    create: bool = False,
) -> Edit | Refusal:
    """What a post's file becomes when `change` is made in it.  Pure; raises nothing.

    Args:
        data: the file's bytes.
        change: what to do.  What is already so gives an Edit with equal bytes.
        hexo: whether the site reads front matter as Hexo does (`Site.reads_like_hexo`).
        generator: `Site.generator`: Jekyll splits ``tags: a b`` at blanks, Zenn calls its tags `topics`.
        style: how a list is written where the post has no tags yet.
        create: give a post without front matter one; it is refused otherwise.
    """
    try:
        return _plan(data, change, _Rules(hexo, generator, style), create=create)
    except _RefusedError as refused:
        return refused.refusal


@dataclass(frozen=True, slots=True)
class TagsPlace:
    """Where something about a post's tags is to be shown in its file."""

    line: int
    """Of the tags entry, from 1; where there is none, the front matter's first line, or 1."""
    column: int
    """From 1, in code points."""
    is_entry: bool
    """Whether there is a tags entry."""


def find_tags(data: bytes, *, hexo: bool, generator: str = "generic") -> TagsPlace:
    """Where a post's tags are written; see :func:`plan_edit` for the arguments.  Pure; raises nothing."""
    reading = _Reading(_decode(data), _Rules(hexo, generator, "flow"))
    front = reading.front
    if not front.format or front.is_lost:
        return TagsPlace(1, 1, False)
    with suppress(_RefusedError):
        places = [entry for path in reading.places() if (entry := reading.entry(path)) is not None]
        if places:
            start = places[0].start
            return TagsPlace(reading.line_at(start), start - reading.line_start(start) + 1, True)
        return TagsPlace(max(1, reading.found[1].first_line - 1), 1, False)
    return TagsPlace(reading.tags_line, 1, reading.tags_line > 1)


class _RefusedError(Exception):
    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.refusal = Refusal(line, code, message)


# --- the order of things --------------------------------------------------------------------------------------------


def _plan(data: bytes, change: TagChange, rules: _Rules, *, create: bool) -> Edit:
    _check_names(change, rules)
    reading = _Reading(_decode(data), rules)
    wanted = _wanted(reading.tags, change)
    after = reading
    if wanted != reading.tags or reading.front.is_lost:  # nobody knows what tags a lost post has
        reading.check(create=create and not change.remove)
        after = _restored(reading, change, wanted) or _edited(reading, change, wanted)
    encoded = _encode(after.raw)
    return Edit(change, data, encoded, _first_difference(data, encoded), reading.tags, after.tags)


def _check_names(change: TagChange, rules: _Rules) -> None:
    if change.add == change.remove:
        raise _RefusedError("bad-tag", "there is nothing to do: name a tag to add, to remove, or two to rename")
    for tag in (change.add, change.remove):
        bad = next((c for c in tag if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c == "\ufeff"), None)
        if bad is not None:
            told = f"a tag holds no control characters or line breaks (here U+{ord(bad):04X}). Write it without"
            raise _RefusedError("bad-tag", told)
    if (change.add and not change.add.strip()) or (change.remove and not change.remove.strip()):
        raise _RefusedError("bad-tag", "a tag is more than blanks")
    read_as = rules.tags(FrontMatter({"tags": [change.add]}, ""))
    if change.add and read_as != (change.add,):
        told = f"the tag would be read as {_shown(read_as)}. Write it without blanks at its ends, or two in a row"
        raise _RefusedError("bad-tag", told)


def _wanted(tags: tuple[str, ...], change: TagChange) -> tuple[str, ...]:
    if not change.remove:
        return tags if change.add in tags else (*tags, change.add)
    if not change.add or change.add in tags:
        return tuple(tag for tag in tags if tag != change.remove)
    return tuple(change.add if tag == change.remove else tag for tag in tags)


def _edited(reading: _Reading, change: TagChange, wanted: tuple[str, ...]) -> _Reading:
    """Step by step, each read again before the next; one step a place where the tag stands."""
    replacement = "" if change.add in reading.tags else change.add
    current = reading
    for _ in range(_MOST_STEPS):
        if not change.remove:
            current = _first_good(current, _additions(current, change.add), (*reading.tags, change.add))
        else:
            place = next((p for p in current.places() if change.remove in current.names(p)), None)
            if place is None:
                raise _unsafe(reading, "its tags come from somewhere else than its own tags line")
            steps = _replacements(current, place, change.remove, replacement)
            current = _first_good(current, steps, (*reading.tags, replacement) if replacement else reading.tags)
        if not change.remove or change.remove not in current.tags:
            break
    if current.tags != wanted:
        raise _unsafe(reading, f"its tags would be read as {_shown(current.tags)}")
    return current


_MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class _Step:
    """One way of making a change: the text that it gives, and the place whose tags it touches."""

    raw: str
    path: tuple[str, ...]
    names: tuple[str, ...]
    """What the place should hold then."""


def _first_good(old: _Reading, steps: Iterable[_Step], allowed: tuple[str, ...]) -> _Reading:
    """The first of several ways that, read again, does what it should and nothing else."""
    why = "its tags are written in a way that is not known here"
    for step in steps:
        new = _Reading(step.raw, old.rules)
        found = _difference(old, new, step, frozenset(allowed))
        if not found:
            return new
        why = found
    raise _unsafe(old, why)


def _unsafe(reading: _Reading, why: str) -> _RefusedError:
    return _RefusedError("unsafe-edit", f"left as it is, because {why}. Edit this post by hand", reading.tags_line)


def _difference(old: _Reading, new: _Reading, step: _Step, allowed: frozenset[str]) -> str:
    """What a step would change beside the tag, in words; nothing if nothing."""
    before, after = old.front, new.front
    codes = {problem.code for problem in before.problems}
    if after.is_lost or any(problem.code not in codes for problem in after.problems):
        return "its front matter could not be read afterwards"
    is_new = not before.format and after.format == "yaml"
    if (before.format != after.format and not is_new) or before.body != after.body:
        return "its text would be read differently afterwards"
    # As text: 1, 1.0 and true are equal to Python, and not to an author
    if repr(_without(before.meta, step.path)) != repr(_without(after.meta, step.path)):
        return "another key would change its value"
    if _dates_beside(before, step.path) != _dates_beside(after, step.path):
        return "another key would change its value"
    if old.rules.names(after, step.path) != step.names:
        return "its tags would be read differently afterwards"
    if not _keeps_items(_at(before.meta, step.path), _at(after.meta, step.path)):
        return "another tag would change its kind"
    if not set(new.tags) <= allowed:
        return "other tags would come into force"
    if before.format == "yaml" and not _agrees_in_yaml_1_1(old, new, step.path):
        return "some generators (YAML 1.1) would read it differently"
    return ""


def _without(meta: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The metadata but for one place."""
    kept = dict(meta)
    for key in path[:-1]:
        inner = kept.get(key)
        kept[key] = {k: v for k, v in inner.items() if k != path[-1]} if isinstance(inner, dict) else inner
    if len(path) == 1:
        kept.pop(path[0], None)
    return kept


def _at(meta: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        meta = meta.get(key) if isinstance(meta, dict) else None
    return meta


def _dates_beside(front: FrontMatter, path: tuple[str, ...]) -> frozenset[str]:
    place = "/" + "/".join(path)
    return frozenset(p for p in front.timestamps if p != place and not p.startswith(place + "/"))


def _keeps_items(before: Any, after: Any) -> bool:
    """Items of a list stay as they are and in order, but for one that came or went; empty ones do not count."""
    if not isinstance(before, list) or not isinstance(after, list):
        return True
    old, new = ([repr(item) for item in items if item is not None and item != ""] for items in (before, after))
    if len(old) == len(new):
        return sum(a != b for a, b in zip(old, new, strict=True)) <= 1
    longer, shorter = (old, new) if len(old) > len(new) else (new, old)
    at = next((i for i, item in enumerate(shorter) if item != longer[i]), len(shorter))
    return longer[at + 1 :] == shorter[at:]


def _agrees_in_yaml_1_1(old: _Reading, new: _Reading, path: tuple[str, ...]) -> bool:
    """Such a reader finds everything beside the tags as before, and a new tag that is text to it too."""
    before, after = _yaml_1_1(old), _yaml_1_1(new)
    if before is None:
        return True
    if after is None or repr(_without(before, path)) != repr(_without(after, path)):
        return False
    items, known = _at(after, path), _at(before, path)
    known = known if isinstance(known, list) else [known]
    fresh = [item for item in items if item not in known] if isinstance(items, list) else []
    return all(isinstance(item, str | type(None)) or item in known for item in fresh)


def _yaml_1_1(reading: _Reading) -> dict[str, Any] | None:
    import yaml

    if not reading.front.format:
        return {}
    try:
        value = yaml.load(reading.found[1].text, Loader=_safe_loader())  # noqa: S506  (one of the safe ones)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, OverflowError):
        return None
    return value if isinstance(value, dict) else {} if value is None else None


def _restored(reading: _Reading, change: TagChange, wanted: tuple[str, ...]) -> _Reading | None:
    """The lines of an earlier edit replaced by those that stood there, if they still say what they said then."""
    if not change.wrote:
        return None
    head = len(reading.raw) if not reading.front.format else reading.raw_at(reading.block_end)
    start = reading.raw.find(change.wrote)
    while 0 <= start <= head:
        if start == 0 or reading.raw[start - 1] in "\n\r\ufeff":
            raw = reading.raw[:start] + change.replaced + reading.raw[start + len(change.wrote) :]
            new = _Reading(raw, reading.rules)
            if set(new.tags) == set(wanted) and _says_the_same_beside_tags(reading, new):
                return new
        start = reading.raw.find(change.wrote, start + 1)
    return None


def _says_the_same_beside_tags(old: _Reading, new: _Reading) -> bool:
    paths = {*old.rules.paths(old.front.meta), *new.rules.paths(new.front.meta)}
    kept = []
    for front in (old.front, new.front):
        meta: Mapping[str, Any] = front.meta
        for path in paths:
            meta = _without(meta, path)
        kept.append((repr(meta), front.body, front.is_lost))
    codes = {problem.code for problem in old.front.problems}
    return kept[0] == kept[1] and all(problem.code in codes for problem in new.front.problems)


# --- reading: where the tags lie ------------------------------------------------------------------------------------


class _Rules:
    """What the site's generator makes of a tags value."""

    def __init__(self, hexo: bool, generator: str, style: Style) -> None:
        self.hexo, self.style = hexo, style
        self.generator = generator
        self._site = Site(root=Path(), generator=generator, post_folders=(".",), reads_like_hexo=hexo)

    def tags(self, front: FrontMatter) -> tuple[str, ...]:
        return make_post("post.md", Source(front), self._site, _SOME_DAY)[0].tags

    def names(self, front: FrontMatter, path: tuple[str, ...]) -> tuple[str, ...]:
        """The tags of one place alone."""
        place = "/" + "/".join(path)
        key = path[-1].lower()
        dates = tuple(f"/{key}{p.removeprefix(place)}" for p in front.timestamps if f"{p}/".startswith(place + "/"))
        return self.tags(FrontMatter({key: _at(front.meta, path)}, "", timestamps=dates))

    def paths(self, meta: Mapping[str, Any]) -> list[tuple[str, ...]]:
        """Places where the generator looks for tags, the one that counts first; they need not be there."""
        if self.hexo:
            hidden = javascript.is_truthy(meta.get("tag")) and not javascript.is_truthy(meta.get("tags"))
            if hidden or ("tags" not in meta and "tag" in meta):
                return [("tag",)]
            return [("tags",)]
        names = ("topics", "tags", "tag") if self.generator == "zenn" else ("tags", "tag", "topics")
        return [path for name in names for path in self._spellings(meta, name)]

    def _spellings(self, meta: Mapping[str, Any], name: str) -> Iterator[tuple[str, ...]]:
        """The key itself, else in another case (Pelican), else among Zola's taxonomies: the first there is counts."""
        written = [key for key in meta if key.lower() == name]
        if written:
            yield (name if name in written else written[-1],)
        elif isinstance(nested := meta.get("taxonomies"), dict) and name in nested:
            yield ("taxonomies", name)
        elif name == ("topics" if self.generator == "zenn" else "tags"):
            yield (name,)


_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Item:
    """A tag as it lies in the file; offsets into the raw text."""

    start: int
    end: int
    quote: str = ""
    is_own: bool = True
    """False for an alias, or what bears an anchor or a tag: such a thing is not written over."""


@dataclass(frozen=True, slots=True)
class _Value:
    """The value of a tags key as it lies in the file."""

    kind: Literal["flow", "block", "scalar", "empty"]
    start: int
    """Where it begins; for an empty value, behind the colon."""
    end: int
    after_key: int
    items: tuple[_Item, ...] = ()
    quote: str = ""
    """Of a scalar; of the key, for other kinds."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key and its value; offsets into the raw text."""

    path: tuple[str, ...]
    start: int
    value: _Value | _RefusedError
    end: int
    """Behind its last character, as far as that is known; only JSON relies on it."""


class _Reading:
    """A file's text, what it means, and where its entries lie."""

    def __init__(self, raw: str, rules: _Rules) -> None:
        self.raw, self.rules = raw, rules
        self.front = read_source(_encode(raw), hexo=rules.hexo).front
        self.tags = rules.tags(self.front)

    # -- offsets: raw text (BOM, CRLF) -> what handlers see -> what the YAML parser sees

    @cached_property
    def _text(self) -> str:
        text = normalise(self.raw)
        return text if self.rules.hexo else text.replace("\r", "\n")

    @cached_property
    def _pairs(self) -> list[int]:
        """Where a line end of two characters lies, in `_text`."""
        bom = len(self.raw) - len(self.raw.removeprefix("\ufeff"))
        return [m.start() - bom - n for n, m in enumerate(re.finditer("\r\n", self.raw))]

    def raw_at(self, offset: int) -> int:
        """An offset into what the handlers see, as one into the raw text."""
        return offset + self.raw.startswith("\ufeff") + bisect_left(self._pairs, offset)

    @cached_property
    def found(self) -> tuple[Handler, Block, int]:
        """The handler that read the front matter, its block, and where that begins."""
        for handler in HEXO_HANDLERS if self.rules.hexo else HANDLERS:
            block = handler.find(self._text)
            if block is None or handler.kind != self.front.format or block.body_line != self.front.body_line:
                continue
            if len(block.text) > _MAX_BLOCK:
                told = f"front matter of more than {_MAX_BLOCK // 1024} KB is not edited. Edit it by hand"
                raise _RefusedError("front-matter-too-large", told, block.first_line)
            with suppress(BlockError):
                if (handler.read(block.text).value or {}) == self.front.meta:
                    line_start = _line_offset(self._text, block.first_line)
                    return handler, block, self._text.index(block.text, line_start)
        raise _RefusedError("bad-front-matter", "its front matter is not closed, or broken. Mend it first", 1)

    @property
    def block_start(self) -> int:
        return self.found[2]

    @property
    def block_end(self) -> int:
        return self.found[2] + len(self.found[1].text)

    # -- whether it may be edited at all

    def check(self, *, create: bool) -> None:
        """Raise _RefusedError for a file that must be left."""
        if self.raw.startswith(("\x00", "\ufffe")) or _encode(self.raw[:1]) in (b"\xff", b"\xfe"):
            raise _RefusedError("not-utf8", "the file is UTF-16. Save it as UTF-8", 1)
        front = self.front
        if front.is_lost or any(problem.severity is Severity.ERROR for problem in front.problems):
            problem = next(p for p in front.problems if p.severity is Severity.ERROR)
            raise _RefusedError("bad-front-matter", f"mend the front matter first: {problem.message}", problem.line)
        for problem in front.problems:
            if problem.code == "not-utf8" and problem.line < front.body_line:
                raise _RefusedError("not-utf8", problem.message, problem.line)
            if problem.code in ("front-matter-not-read", "prose-read-as-front-matter", "unclosed-front-matter"):
                raise _RefusedError("bad-front-matter", problem.message, problem.line)
            if problem.code == "duplicate-key" and any(f"`{p[0]}`" in problem.message for p in self._paths):
                raise _RefusedError("bad-front-matter", problem.message, problem.line)
        if not front.format:
            if not create:
                told = "the post has no front matter to write a tag into. Put one above it: `---`, a title, `---`"
                raise _RefusedError("no-front-matter", told, 1)
            return

    @property
    def _paths(self) -> list[tuple[str, ...]]:
        return self.rules.paths(self.front.meta)

    # -- entries

    @cached_property
    def entries(self) -> list[_Entry]:
        """Every top-level key, in order (and the tags among Zola's taxonomies)."""
        locate = {"yaml": _yaml_entries, "json": _json_entries, "toml": _toml_entries, "meta": _meta_entries}
        if self.front.format not in locate:
            told = "its front matter is a program, which is not edited. Edit it by hand"
            raise _RefusedError("script-front-matter", told, 1)
        return list(locate[self.front.format](self))

    def entry(self, path: tuple[str, ...]) -> _Entry | None:
        found = [entry for entry in self.entries if entry.path == path]
        if len(found) > 1:
            told = f"`{path[-1]}` is given twice. Delete one of the two"
            raise _RefusedError("bad-front-matter", told, self.line_at(found[-1].start))
        return found[0] if found else None

    def value(self, path: tuple[str, ...]) -> _Value:
        """Where the value of a key lies; raises _RefusedError where it cannot be edited."""
        entry = self.entry(path)
        if entry is None:
            told = f"`{path[-1]}` comes from somewhere else (a merge key `<<`, or an inline table). Edit it by hand"
            merge = next((e for e in self.entries if e.path == ("<<",)), None)
            line = self.line_at(merge.start) if merge is not None else self.front.key_lines.get(path[0], 1)
            raise _RefusedError("shared-tags", told, line)
        if isinstance(entry.value, _RefusedError):
            raise entry.value
        if len(entry.value.items) > _MAX_ITEMS:
            told = f"`{path[-1]}` has more than {_MAX_ITEMS} items. Edit it by hand"
            raise _RefusedError("odd-tags", told, self.line_at(entry.start))
        return entry.value

    def places(self) -> list[tuple[str, ...]]:
        """The places that there are and that the generator reads, in the order in which they count."""
        return [path for path in self._paths if _has(self.front.meta, path) and self.is_read(path)]

    def is_read(self, path: tuple[str, ...]) -> bool:
        """`topics` count only for Zenn, or where there are no tags."""
        return set(self.names(path)) <= set(self.tags)

    def names(self, path: tuple[str, ...]) -> tuple[str, ...]:
        return self.rules.names(self.front, path)

    @cached_property
    def _line_ends(self) -> list[int]:
        return [match.end() for match in _LINE_END.finditer(self.raw)]

    def line_at(self, offset: int) -> int:
        """The line of an offset into the raw text, from 1."""
        return bisect_right(self._line_ends, offset) + 1

    @property
    def tags_line(self) -> int:
        lines = self.front.key_lines
        return next((lines[path[0]] for path in self._paths if path[0] in lines), 1)

    # -- lines of the raw text

    def line_start(self, offset: int) -> int:
        return max(self.raw.rfind("\n", 0, offset), self.raw.rfind("\r", 0, offset)) + 1 or self._text_start()

    def _text_start(self) -> int:
        return int(self.raw.startswith("\ufeff"))

    def line_end(self, offset: int) -> int:
        """Where the line's characters end, before its line break."""
        match = _LINE_END.search(self.raw, offset)
        return match.start() if match is not None else len(self.raw)

    def next_line(self, offset: int) -> int:
        match = _LINE_END.search(self.raw, offset)
        return match.end() if match is not None else len(self.raw)

    def line_break(self, offset: int) -> str:
        """The break of the line at `offset`, or what the file uses."""
        match = _LINE_END.search(self.raw, offset) or _LINE_END.search(self.raw)
        return match.group() if match is not None else "\n"

    def splice(self, start: int, end: int, text: str) -> str:
        return self.raw[:start] + text + self.raw[end:]


_LINE_END = re.compile(r"\r\n|\n|\r")
_MAX_BLOCK = 256 * 1024
"""Characters of front matter: it is read again for every way that is tried."""
_MAX_ITEMS = 1_000
"""Tags of one post that are looked at one by one."""


def _line_offset(text: str, line: int) -> int:
    offset = 0
    for _ in range(line - 1):
        offset = text.index("\n", offset) + 1
    return offset


def _has(meta: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    inner = _at(meta, path[:-1])
    return isinstance(inner, dict) and path[-1] in inner


# --- YAML -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """A node of the YAML text, with offsets into the raw text."""

    kind: Literal["scalar", "sequence", "mapping", "alias"]
    start: int
    end: int
    style: str = ""
    """The quote, or `|` or `>`, of a scalar; `[` for a flow collection."""
    anchor: str = ""
    tag: str = ""
    text: str = ""
    children: list[_Node] = field(default_factory=list)


_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_TAB_RUNS = re.compile(r"(?<=\n)\t+")


def _yaml_tree(reading: _Reading) -> tuple[_Node, frozenset[str]]:
    """The root mapping, and the anchors that are used somewhere.

    Made of the parser's events: an alias has a place there, where a composed tree has the node it stands for.
    """
    import yaml

    text, start = reading.found[1].text, reading.block_start
    # js-yaml joins these and breaks no lines there; for the places, anything of the same length will do
    text = _SURROGATES.sub("-" * 12, text).translate(dict.fromkeys(map(ord, "\x85\u2028\u2029"), "-"))
    tabs: list[int] = []
    if reading.rules.hexo:  # Hexo reads two blanks for each tab at the start of a line
        for run in _TAB_RUNS.finditer(text):
            tabs += [at + len(tabs) + 1 for at in range(run.start(), run.end())]
        text = _TAB_RUNS.sub(lambda run: "  " * len(run[0]), text)

    def raw(mark: Any) -> int:
        return reading.raw_at(start + mark.index - bisect_left(tabs, mark.index))

    root = _Node("sequence", 0, 0)
    open_nodes, used = [root], set()
    try:
        for event in yaml.parse(text, Loader=_safe_loader()):
            if isinstance(event, yaml.CollectionEndEvent):
                open_nodes.pop().end = raw(event.end_mark)
            elif isinstance(event, yaml.NodeEvent):
                node = _node(event, raw(event.start_mark), raw(event.end_mark))
                open_nodes[-1].children.append(node)
                if isinstance(event, yaml.AliasEvent):
                    used.add(str(event.anchor))
                elif isinstance(event, yaml.CollectionStartEvent):
                    open_nodes.append(node)
    except (yaml.YAMLError, ValueError):
        raise _unsafe(reading, "its front matter is YAML that is not understood here") from None
    if len(root.children) > 1:
        raise _unsafe(reading, "its front matter is no mapping")
    return (root.children or [_Node("mapping", reading.raw_at(start), reading.raw_at(start))])[0], frozenset(used)


def _safe_loader() -> Any:
    """libyaml's, where there is one."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _node(event: Any, start: int, end: int) -> _Node:
    import yaml

    anchor, tag = event.anchor or "", getattr(event, "tag", None) or ""
    if isinstance(event, yaml.AliasEvent):
        return _Node("alias", start, end, anchor=anchor)
    if isinstance(event, yaml.ScalarEvent):
        return _Node("scalar", start, end, event.style or "", anchor, "" if tag == "!" else tag, event.value)
    kind: Literal["sequence", "mapping"] = "sequence" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
    return _Node(kind, start, end, "[" if event.flow_style else "", anchor, tag)


def _yaml_entries(reading: _Reading) -> Iterator[_Entry]:
    root, used = _yaml_tree(reading)
    if root.kind != "mapping":
        raise _unsafe(reading, "its front matter is no mapping")
    yield from _yaml_mapping(reading, root, used, ())


def _yaml_mapping(reading: _Reading, node: _Node, used: frozenset[str], above: tuple[str, ...]) -> Iterator[_Entry]:
    for key, value in zip(node.children[::2], node.children[1::2], strict=True):
        path = (*above, key.text)
        located = _yaml_value(reading, path, key, value, used)
        yield _Entry(path, key.start, located, value.end)
        if path == ("taxonomies",) and value.kind == "mapping" and value.anchor not in used:
            yield from _yaml_mapping(reading, value, used, path)


def _yaml_value(
    reading: _Reading, path: tuple[str, ...], key: _Node, value: _Node, used: frozenset[str]
) -> _Value | _RefusedError:
    name, line = path[-1], reading.line_at(key.start)
    if value.kind == "alias":
        told = f"`{name}: *{value.anchor}` stands for a list that another key has too. Write the tags out here"
        return _RefusedError("shared-tags", told, line)
    if value.anchor in used or any(child.anchor in used and child.kind != "alias" for child in value.children):
        told = f"`{name}` holds an anchor (`&`) whose value is used elsewhere too: both would change. Edit it by hand"
        return _RefusedError("shared-tags", told, line)
    is_odd = key.kind != "scalar" or bool(value.tag) or value.kind == "mapping" or value.style in ("|", ">")
    if is_odd or any(child.kind not in ("scalar", "alias") for child in value.children):
        told = f"`{name}` is more than a plain list or a word, so it is left. Write it as a list: `{name}: [a, b]`"
        return _RefusedError("odd-tags", told, line)
    colon = re.compile(r"\s*:").match(reading.raw, key.end)
    if colon is None:
        return _RefusedError("odd-tags", f"there is no colon right after `{name}`. Edit it by hand", line)
    quote = value.style if value.style in ("'", '"') else ""
    if value.kind == "scalar":
        # an anchor that nobody uses would fall out with the value
        if value.anchor or _LINE_END.search(reading.raw, value.start, value.end):
            told = f"`{name}` goes on over several lines, or bears an anchor. Write it as a list: `{name}: [a, b]`"
            return _RefusedError("odd-tags", told, line)
        if value.start == value.end:
            return _Value("empty", colon.end(), colon.end(), colon.end(), quote=key.style)
        return _Value("scalar", value.start, value.end, colon.end(), quote=quote)
    items = tuple(_yaml_item(child) for child in value.children)
    if value.style == "[":
        opening = reading.raw.index("[", value.start)
        return _Value("flow", opening, value.end, colon.end(), items, key.style)
    return _Value("block", value.start, items[-1].end, colon.end(), items, key.style)


def _yaml_item(node: _Node) -> _Item:
    is_own = node.kind == "scalar" and not node.anchor and not node.tag and node.style not in ("|", ">")
    return _Item(node.start, node.end, node.style if node.style in ("'", '"', "|", ">") else "", is_own)


# --- JSON -----------------------------------------------------------------------------------------------------------

_JSON = json.JSONDecoder(strict=False)
_BLANKS = re.compile(r"\s*")


def _json_entries(reading: _Reading) -> Iterator[_Entry]:
    """Keys of the object; the block was parsed before, so that it is known to be well-formed."""
    handler, block, start = reading.found
    is_bare = handler.START_DELIMITER == ";;;"
    text = block.text if is_bare else block.text[: block.text.rindex("}")]

    def skip(offset: int) -> int:
        return _BLANKS.match(text, offset).end()  # type: ignore[union-attr]

    at = skip(0) if is_bare else skip(text.index("{") + 1)
    while at < len(text):
        key, key_end = _JSON.raw_decode(text, at)
        after_key = skip(key_end) + 1
        value_start = skip(after_key)
        _, value_end = _JSON.raw_decode(text, value_start)
        items = tuple(
            _Item(reading.raw_at(start + a), reading.raw_at(start + b), '"', text[a] == '"')
            for a, b in _json_items(text, value_start, skip)
        )
        kind: Literal["flow", "scalar"] = "flow" if text[value_start] == "[" else "scalar"
        places = [reading.raw_at(start + offset) for offset in (at, value_start, value_end, after_key)]
        value: _Value | _RefusedError = _Value(kind, places[1], places[2], places[3], items, '"')
        if text[value_start] == "{" or any(reading.raw[item.start] in "[{" for item in items):
            told = f"`{key}` is more than a list of words. Edit it by hand"
            value = _RefusedError("odd-tags", told, reading.line_at(places[0]))
        yield _Entry((str(key),), places[0], value, places[2])
        at = skip(value_end)
        at = skip(at + 1) if text.startswith(",", at) else at


def _json_items(text: str, start: int, skip: Any) -> Iterator[tuple[int, int]]:
    if text[start] != "[":
        return
    at = skip(start + 1)
    while text[at] != "]":
        _, end = _JSON.raw_decode(text, at)
        yield at, end
        at = skip(end)
        at = skip(at + 1) if text[at] == "," else at


# --- TOML and `Key: value` ------------------------------------------------------------------------------------------

_TOML_KEY = re.compile(
    r"""(?m)^[ \t]*(?:\[\s*(?P<table>[\w.-]+)\s*\]|(?P<key>[\w.-]+|"[\w-]+"|'[\w-]+')[ \t]*=[ \t]*)"""
)
_TOML_TABLE = re.compile(r"(?m)^[ \t]*\[")
_TOML_STRING = re.compile(r'"(?!"")(?:[^"\\\n\r]|\\.)*"|' + r"'(?!'')[^'\n\r]*'")
_TOML_GAP = re.compile(r"(?:\s|#[^\n\r]*)*")


def _toml_entries(reading: _Reading) -> Iterator[_Entry]:
    """By looking at lines: where one lies inside of a longer string or a list, reading again shows it."""
    start, end = reading.raw_at(reading.block_start), reading.raw_at(reading.block_end)
    table: tuple[str, ...] = ()
    for match in _TOML_KEY.finditer(reading.raw, start, end):
        if match["table"]:
            table = tuple(match["table"].split("."))
            continue
        path = (*table, *match["key"].strip("\"'").split("."))
        if len(path) == 1 or path[0] == "taxonomies":
            key_start = match.start("key")
            yield _Entry(path, key_start, _toml_value(reading, path, key_start, match.end()), match.end())


def _toml_value(reading: _Reading, path: tuple[str, ...], key_start: int, start: int) -> _Value | _RefusedError:
    raw, odd = reading.raw, f"`{path[-1]}` is more than a list of words. Edit it by hand"
    text = _TOML_STRING.match(raw, start)
    if text is not None:
        return _Value("scalar", start, text.end(), start, quote=raw[start])
    if not raw.startswith("[", start):
        return _RefusedError("odd-tags", odd, reading.line_at(key_start))
    items: list[_Item] = []
    at = _TOML_GAP.match(raw, start + 1).end()  # type: ignore[union-attr]
    while not raw.startswith("]", at):
        text = _TOML_STRING.match(raw, at)
        if text is None:
            return _RefusedError("odd-tags", odd, reading.line_at(key_start))
        items.append(_Item(at, text.end(), raw[at]))
        at = _TOML_GAP.match(raw, text.end()).end()  # type: ignore[union-attr]
        if raw.startswith(",", at):
            at = _TOML_GAP.match(raw, at + 1).end()  # type: ignore[union-attr]
    return _Value("flow", start, at + 1, start, tuple(items), '"')


_META_KEY = re.compile(r"(?m)^(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>[^\n\r]*?)[ \t]*$")


def _meta_entries(reading: _Reading) -> Iterator[_Entry]:
    start, end = reading.raw_at(reading.block_start), reading.raw_at(reading.block_end)
    block = reading.raw[start:end].replace("\r", "\n")
    for match in _META_KEY.finditer(block):
        path = (match["key"].lower(),)
        after_key = start + match.end("key") + 1
        first, last = start + match.start("value"), start + match.end("value")
        value: _Value | _RefusedError = _Value("scalar" if match["value"] else "empty", first, last, after_key)
        if re.compile(r"[ \t]*\n+[ \t]").match(block, match.end("value")) or match["value"].startswith(("[", '"', "'")):
            told = f"`{match['key']}` is more than words with commas between them. Edit it by hand"
            value = _RefusedError("odd-tags", told, reading.line_at(first))
        yield _Entry(path, start + match.start(), value, last)


# --- how a tag is written -------------------------------------------------------------------------------------------


def _written(tag: str, form: str, quote: str) -> str:
    """The tag as a value of its own, in the quotes of its neighbours, or in some if it needs them."""
    if form == "meta":
        return tag
    if form == "json" or (form == "toml" and (quote != "'" or "'" in tag)):
        return json.dumps(tag, ensure_ascii=False)
    if form == "toml":
        return f"'{tag}'"
    if not quote:
        if _is_plain(tag):
            return tag
        quote = '"' if "'" in tag and not set('"\\') & set(tag) else "'"
    if quote == "'":
        return "'" + tag.replace("'", "''") + "'"
    return '"' + tag.replace("\\", "\\\\").replace('"', '\\"') + '"'


_PLAIN = re.compile(r"""(?:[\w(]|\.(?=[^\W\d])|[^\x00-\x7f])[^,\[\]{}:#"'\\*|>`]*""")
_NUMBER_LIKE = re.compile(r"[-+.\d][-+.\d_eE]*|0[xob]\w*", re.IGNORECASE)
_ALSO_WORDS = frozenset("yn")
"""Booleans of YAML 1.1 that PyYAML does not know."""


@cache
def _is_plain(text: str) -> bool:
    """Whether every YAML reader takes `text` without quotes as the string it is, in a list of either kind."""
    import yaml

    if text != text.strip() or not _PLAIN.fullmatch(text) or _NUMBER_LIKE.fullmatch(text):
        return False
    if text.lower() in _ALSO_WORDS or plain_scalar(text) != (text, False):
        return False
    try:
        return bool(yaml.safe_load(f"[{text}]") == [text]) and bool(yaml.safe_load(f"- {text}\n") == [text])
    except (yaml.YAMLError, ValueError):
        return False


def _neighbors_quote(reading: _Reading, value: _Value) -> str:
    """The quote that the list's items bear, of those that could do without; of the key, if there are none."""
    if not value.items:
        return value.quote if value.kind in ("flow", "empty") else ""
    items = [item for item in value.items if item.is_own and item.end > item.start]
    if reading.front.format == "yaml":
        free = [item for item in items if not item.quote or _is_plain(reading.raw[item.start + 1 : item.end - 1])]
        items = free or items
    return items[-1].quote if items else ""


# --- adding ---------------------------------------------------------------------------------------------------------


def _additions(reading: _Reading, tag: str) -> Iterator[_Step]:
    """Ways of adding a tag, the best first."""
    if not reading.front.format:
        yield from _new_front_matter(reading, tag)
        return
    places = reading.places()
    path = next((p for p in places if reading.names(p)), places[0] if places else None)
    if path is None:
        new = reading.rules.paths(reading.front.meta)[0]
        yield from (_Step(raw, new, (tag,)) for raw in _new_keys(reading, new[-1], tag))
        return
    value = reading.value(path)
    names = (*reading.names(path), tag)
    add = {"flow": _add_to_flow, "block": _add_to_block, "scalar": _add_to_scalar, "empty": _fill_empty}[value.kind]
    yield from (_Step(raw, path, names) for raw in add(reading, path, value, tag))


def _add_to_flow(reading: _Reading, path: tuple[str, ...], value: _Value, tag: str) -> Iterator[str]:
    del path
    raw = reading.raw
    text = _written(tag, reading.front.format, _neighbors_quote(reading, value))
    if not value.items:
        inner = raw[value.start + 1 : value.end - 1]
        if inner.strip():
            raise _unsafe(reading, "something else than tags stands between the brackets")
        blank = " " if inner.startswith(" ") else ""
        yield reading.splice(value.start + 1, value.start + 1, blank + text)
        return
    last = value.items[-1]
    separator = _separator(reading, value)
    line_break = _LINE_END.search(separator)
    remark = re.compile(r"[ \t]*(,?)[ \t]*#[^\n\r]*").match(raw, last.end, value.end)
    if remark is not None and remark[1] and line_break is not None:
        below = separator[line_break.start() :]  # the remark is about the tag on its line: go below it
        yield reading.splice(remark.end(), remark.end(), below + text + ",")
    elif remark is not None:
        separator = ", "
    yield reading.splice(last.end, last.end, separator + text)


def _separator(reading: _Reading, value: _Value) -> str:
    """What to put between the last item and a new one: what stands between the last two."""
    raw, last = reading.raw, value.items[-1]
    if len(value.items) > 1:
        between = raw[value.items[-2].end : last.start]
        if "#" not in between:
            return between
    else:
        between = raw[value.start + 1 : last.start]
        if _LINE_END.search(between) and "#" not in between:
            return "," + between
    line_start = reading.line_start(last.start)
    if line_start > value.start and not raw[line_start : last.start].strip():
        return "," + reading.line_break(value.start) + raw[line_start : last.start]
    return ", "


def _add_to_block(reading: _Reading, path: tuple[str, ...], value: _Value, tag: str) -> Iterator[str]:
    del path
    raw, last = reading.raw, value.items[-1]
    text = _written(tag, reading.front.format, _neighbors_quote(reading, value))
    prefix = _item_prefix(reading, last)
    line_end = reading.line_end(last.end)
    if last.start == last.end:  # a scaffold's `- ` that waits for its tag
        blanks = raw[last.end : line_end]
        at = line_end if not blanks.strip() else last.end
        yield reading.splice(at, at, text if blanks and at == line_end else f" {text}")
        return
    gap = ""
    if len(value.items) > 1:
        between = raw[reading.next_line(value.items[-2].end) : reading.line_start(last.start)]
        gap = between if not between.strip() else ""
    yield reading.splice(line_end, line_end, reading.line_break(line_end) + gap + prefix + text)
    yield reading.splice(line_end, line_end, reading.line_break(line_end) + prefix + text)


_PREFIX = re.compile(r"[ \t]*-[ \t]*")
_REST = re.compile(r"[ \t]*(?:[ \t]#[^\n\r]*)?(?=[\n\r]|\Z)")


def _item_prefix(reading: _Reading, item: _Item) -> str:
    """What stands on an item's line before it; raises _RefusedError where that is more than blanks and a dash."""
    prefix = reading.raw[reading.line_start(item.start) : item.start]
    if not _PREFIX.fullmatch(prefix) or item.quote in ("|", ">") or not _REST.match(reading.raw, item.end):
        line = reading.line_at(item.start)
        raise _RefusedError("odd-tags", "this item of the list is written in an unusual way. Edit it by hand", line)
    return prefix


def _add_to_scalar(reading: _Reading, path: tuple[str, ...], value: _Value, tag: str) -> Iterator[str]:
    """One word, or several with commas between them."""
    given, form = _at(reading.front.meta, path), reading.front.format
    names = reading.names(path)
    written = reading.raw[value.start : value.end]
    text = _written(tag, form, "" if form == "yaml" and not value.quote else value.quote)
    if not names:
        yield from _fill(reading, value, tag, written_over=True)
        return
    if "/" + "/".join(path) in reading.front.timestamps:  # Hexo shifts a date at the top, and none in a list
        told = f"`{path[-1]}: {written}` is a date to YAML. Put it in quotes first"
        raise _RefusedError("odd-tags", told, reading.line_at(value.start))
    if not reading.rules.hexo and isinstance(given, str):
        is_jekyll = reading.rules.generator == "jekyll" and path[-1].lower() == "tags"
        yield from _append_to_text(reading, value, given, tag, is_jekyll=is_jekyll)
    if form == "meta":
        return
    if len(names) == 1:
        yield reading.splice(value.start, value.end, f"[{written}, {text}]")
    listed = [_written(name, form, value.quote) for name in names]
    yield reading.splice(value.start, value.end, f"[{', '.join([*listed, text])}]")


_COMMA = re.compile(r"[ \t]*[,，][ \t]*")


def _append_to_text(reading: _Reading, value: _Value, given: str, tag: str, *, is_jekyll: bool) -> Iterator[str]:
    inner, at = _inner(reading, value)
    if inner is None:
        return
    commas = _COMMA.findall(inner)
    if commas:
        separator = " " if inner.rstrip().endswith((",", "，")) else commas[-1]
    elif is_jekyll and len(tag.split()) == 1:
        separator = " "
    elif reading.front.format == "meta":
        separator = ", "
    else:
        return
    del given
    end = at + len(inner)
    yield reading.splice(end, end, separator + _escaped(tag, value.quote))


def _inner(reading: _Reading, value: _Value) -> tuple[str | None, int]:
    """The text between a scalar's quotes and its offset; None where it is written with escapes."""
    width = 1 if value.quote else 0
    inner = reading.raw[value.start + width : value.end - width]
    if value.quote and ("\\" in inner or value.quote in inner):
        return None, 0
    return inner, value.start + width


def _escaped(tag: str, quote: str) -> str:
    if quote == "'":
        return tag.replace("'", "''")
    return tag.replace("\\", "\\\\").replace('"', '\\"') if quote == '"' else tag


def _fill_empty(reading: _Reading, path: tuple[str, ...], value: _Value, tag: str) -> Iterator[str]:
    del path
    yield from _fill(reading, value, tag, written_over=False)


def _fill(reading: _Reading, value: _Value, tag: str, *, written_over: bool) -> Iterator[str]:
    """Put a list of one tag where there is no value, or over an empty one (`~`, `""`)."""
    form = reading.front.format
    if form == "meta":
        at = value.end
        yield reading.splice(at, at, tag if at > value.after_key else f" {tag}")
        return
    text = _written(tag, form, "" if written_over and form == "yaml" else value.quote)
    if written_over:
        yield reading.splice(value.start, value.end, f"[{text}]")
        return
    at = value.after_key
    if reading.rules.style == "block" and _REST.match(reading.raw, at):
        line_start = reading.line_start(at)
        indent = re.compile(r"[ \t]*").match(reading.raw, line_start).group()  # type: ignore[union-attr]
        end = reading.line_end(at)
        yield reading.splice(end, end, f"{reading.line_break(at)}{indent}  - {text}")
    yield reading.splice(at, at, f" [{text}]")


# --- a key, or a front matter, that was not there -------------------------------------------------------------------

_BEFORE_TAGS = (
    *("categories", "category", "date", "published_at", "publisheddate", "pubdate", "updated", "lastmod"),
    *("author", "authors", "lede", "title"),
)
"""A new `tags` goes below the first of these that there is."""
_ABOVE_TOPICS = ("type", "emoji", "title")


def _new_keys(reading: _Reading, name: str, tag: str) -> Iterator[str]:
    form = reading.front.format
    top = [entry for entry in reading.entries if len(entry.path) == 1]
    by_name = {entry.path[0].lower(): entry for entry in top}
    wanted = _ABOVE_TOPICS if name == "topics" else _BEFORE_TAGS
    anchors = [by_name[key] for key in wanted if key in by_name]
    if form == "json":
        yield from _new_json_keys(reading, name, tag, anchors or top[-1:])
        return
    text = _written(tag, form, '"' if form == "toml" else "")
    if form == "toml":
        line = f"{name} = [{text}]"
        taxonomies = re.compile(r"(?m)^[ \t]*\[\s*taxonomies\s*\][ \t]*(?:#[^\n\r]*)?$")
        header = taxonomies.search(
            reading.raw.replace("\r", "\n"), reading.raw_at(reading.block_start), reading.raw_at(reading.block_end)
        )
        if header is not None:
            raise _unsafe(reading, "its tags belong below `[taxonomies]`, where there are none yet")
        if not top:
            raise _unsafe(reading, "its front matter has no keys of its own")
    elif form == "meta":
        line = f"{name.title() if top and reading.raw[top[0].start].isupper() else name}: {text}"
    else:
        line = f"{name}: [{text}]"
        if _is_flow_mapping(reading, top):
            raise _unsafe(reading, "its front matter is one pair of braces without tags")
    for at, line_break, indent in _places_for_lines(reading, top, anchors):
        if form == "yaml" and reading.rules.style == "block":
            yield reading.splice(at, at, f"{indent}{name}:{line_break}{indent}  - {text}{line_break}")
        else:
            yield reading.splice(at, at, f"{indent}{line}{line_break}")


def _is_flow_mapping(reading: _Reading, top: list[_Entry]) -> bool:
    return bool(top) and bool(reading.raw[reading.line_start(top[0].start) : top[0].start].strip())


def _places_for_lines(reading: _Reading, top: list[_Entry], anchors: list[_Entry]) -> Iterator[tuple[int, str, str]]:
    """Starts of lines where a new key may stand, with its line break and indent."""
    block_end = reading.raw_at(reading.block_end)
    if not top:
        at = reading.raw_at(reading.block_start)
        at = at if at == block_end else reading.next_line(block_end)
        yield at, reading.line_break(0), ""
        return
    indent = reading.raw[reading.line_start(top[0].start) : top[0].start]
    for anchor in (*anchors, top[-1]):
        place = top.index(anchor) + 1
        limit = reading.line_start(top[place].start) if place < len(top) else reading.next_line(block_end)
        if reading.front.format == "toml" and (table := _TOML_TABLE.search(reading.raw, anchor.start, limit)):
            limit = table.start()
        at = _behind_last_words(reading, anchor.start, limit)
        yield at, reading.line_break(anchor.start), indent


def _behind_last_words(reading: _Reading, start: int, limit: int) -> int:
    """The start of the line below the last one before `limit` that is neither empty nor a remark of its own."""
    at, found = start, start
    while at < limit:
        following = reading.next_line(at)
        line = reading.raw[at:following].strip()
        if line and not line.startswith("#"):
            found = following
        at = following
    return found


def _new_json_keys(reading: _Reading, name: str, tag: str, anchors: list[_Entry]) -> Iterator[str]:
    if not anchors:
        raise _unsafe(reading, "its front matter has no keys")
    entries = reading.entries
    text = f"{json.dumps(name)}: [{json.dumps(tag, ensure_ascii=False)}]"
    for anchor in anchors:
        index = entries.index(anchor)
        if len(entries) > 1:
            one = index if index + 1 < len(entries) else index - 1
            separator = reading.raw[entries[one].end : entries[one + 1].start]
        else:
            line = reading.raw[reading.line_start(anchor.start) : anchor.start]
            separator = "," + (" " if line.strip() else reading.line_break(anchor.start) + line)
        yield reading.splice(anchor.end, anchor.end, separator + text)


def _new_front_matter(reading: _Reading, tag: str) -> Iterator[_Step]:
    name = "topics" if reading.rules.generator == "zenn" else "tags"
    line_break = reading.line_break(0)
    text = _written(tag, "yaml", "")
    value = f" [{text}]" if reading.rules.style == "flow" else f"{line_break}  - {text}"
    at = int(reading.raw.startswith("\ufeff"))
    head = f"---{line_break}{name}:{value}{line_break}---{line_break}"
    yield _Step(reading.splice(at, at, head), (name,), (tag,))


# --- removing and renaming ------------------------------------------------------------------------------------------


def _replacements(reading: _Reading, path: tuple[str, ...], old: str, new: str) -> Iterator[_Step]:
    """Ways of taking `old` out of one place, once, or of writing `new` over it."""
    value = reading.value(path)
    before = reading.names(path)
    if value.kind == "scalar":
        for raw in _change_scalar(reading, path, value, old, new):
            names = tuple(dict.fromkeys(new if n == old else n for n in before if n != old or new))
            yield _Step(raw, path, names)
        return
    front = reading.front
    items = _at(front.meta, path)
    if not isinstance(items, list) or len(items) != len(value.items):
        raise _unsafe(reading, "its tags are read differently from how they are written")
    read_as = [reading.rules.names(_with_item(front, path, index), path) for index in range(len(items))]
    index = next(i for i, names in enumerate(read_as) if names == (old,))
    left = [name for i, names in enumerate(read_as) for name in (((new,) if new else ()) if i == index else names)]
    change = _change_flow if value.kind == "flow" else _change_block
    for raw in change(reading, value, index, new):
        yield _Step(raw, path, tuple(dict.fromkeys(left)))


def _with_item(front: FrontMatter, path: tuple[str, ...], index: int) -> FrontMatter:
    """As if the list had but one item."""
    meta: Any = [_at(front.meta, path)[index]]
    for key in reversed(path):
        meta = {key: meta}
    place = "/" + "/".join(path)
    dates = tuple(f"{place}/0" for pointer in front.timestamps if pointer == f"{place}/{index}")
    return replace(front, meta=meta, timestamps=dates)


def _write_over(reading: _Reading, item: _Item, tag: str, quote: str) -> str:
    if not item.is_own:
        told = "this tag is an alias, or bears an anchor or a YAML tag, so it is left. Edit it by hand"
        raise _RefusedError("shared-tags", told, reading.line_at(item.start))
    return reading.splice(item.start, item.end, _written(tag, reading.front.format, item.quote or quote))


def _change_flow(reading: _Reading, value: _Value, index: int, new: str) -> Iterator[str]:
    raw, items, item = reading.raw, value.items, value.items[index]
    if new:
        yield _write_over(reading, item, new, "")
        return
    if len(items) == 1:
        lead = raw[value.start + 1 : item.start]
        start = item.start if "#" in lead else value.start + 1
        comma = re.compile(r"\s*,").match(raw, item.end, value.end)
        yield reading.splice(start, comma.end() if comma is not None else item.end, "")
        return
    start, end = (items[index - 1].end, item.end) if index else (item.start, items[1].start)
    if "#" not in raw[start : item.start] + raw[item.end : end]:
        yield reading.splice(start, end, "")
        return
    # Remarks between the two: only a line that holds this item alone can go
    line_start = reading.line_start(item.start)
    rest = re.compile(r"[ \t]*,[ \t]*(?:#[^\n\r]*)?(?=[\n\r])").match(raw, item.end)
    if raw[line_start : item.start].strip() or rest is None:
        raise _unsafe(reading, "a remark stands between the tag and its neighbour")
    yield reading.splice(line_start, reading.next_line(rest.end()), "")


def _change_block(reading: _Reading, value: _Value, index: int, new: str) -> Iterator[str]:
    raw, items, item = reading.raw, value.items, value.items[index]
    if new:
        yield _write_over(reading, item, new, "")
        return
    _item_prefix(reading, item)
    start, end = reading.line_start(item.start), reading.next_line(item.end)
    if start <= value.after_key:
        raise _unsafe(reading, "its first tag stands on the line of its key")
    if index:
        gap = reading.next_line(items[index - 1].end)
        start = gap if not raw[gap:start].strip() else start
    elif len(items) > 1:
        gap = reading.line_start(items[1].start)
        end = gap if not raw[end:gap].strip() else end
    yield reading.splice(start, end, "")
    if len(items) == 1:  # where no value would mean something else than an empty list
        yield raw[: value.after_key] + " []" + raw[value.after_key : start] + raw[end:]


def _change_scalar(reading: _Reading, path: tuple[str, ...], value: _Value, old: str, new: str) -> Iterator[str]:
    names, form = reading.names(path), reading.front.format
    if names == (old,):
        if new:
            yield reading.splice(value.start, value.end, _written(new, form, value.quote))
            yield reading.splice(value.start, value.end, f"[{_written(new, form, value.quote)}]")
            return
        if form in ("yaml", "meta"):
            yield reading.splice(value.after_key, value.end, "")
        yield reading.splice(value.start, value.end, "[]")
        return
    inner, at = _inner(reading, value)
    if inner is None:
        return
    pattern = r"[^,，]+" if re.search("[,，]", inner) else r"\S+"
    parts = [
        (at + m.start() + len(m[0]) - len(m[0].lstrip()), at + m.start() + len(m[0].rstrip()))
        for m in re.finditer(pattern, inner)
        if m[0].strip()
    ]
    index = next((i for i, (a, b) in enumerate(parts) if " ".join(reading.raw[a:b].split()) == old), None)
    if index is None:
        return
    start, end = parts[index]
    if new:
        yield reading.splice(start, end, _escaped(new, value.quote))
        if form != "meta":
            listed = [_written(new if name == old else name, form, value.quote) for name in names]
            yield reading.splice(value.start, value.end, f"[{', '.join(listed)}]")
        return
    start, end = (parts[index - 1][1], end) if index else (start, parts[1][0])
    yield reading.splice(start, end, "")


# --- bytes ----------------------------------------------------------------------------------------------------------


def _decode(data: bytes) -> str:
    """Every file comes back byte for byte: what is not UTF-8 is carried along as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True) if b"\r" not in data else re.findall(rb"[^\n]*\n|[^\n]+", data)


def _common_ends(old: list[bytes], new: list[bytes]) -> tuple[int, int]:
    """How many lines are equal at the start, and how many of the others at the end."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    return start, end


def _differing_lines(old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """What differs; with the lines around it, where nothing else would be left to find the place by."""
    old_lines, new_lines = _lines(old), _lines(new)
    start, end = _common_ends(old_lines, new_lines)
    if start == len(old_lines) - end:
        start, end = max(start - 1, 0), max(end - 1, 0)
    return b"".join(old_lines[start : len(old_lines) - end]), b"".join(new_lines[start : len(new_lines) - end])


def _first_difference(before: bytes, after: bytes) -> int:
    return 0 if before == after else _common_ends(_lines(before), _lines(after))[0] + 1


def _shown(tags: tuple[str, ...]) -> str:
    return ", ".join(f"`{tag}`" for tag in tags) or "none"


_CONTEXT = 3


def unified_diff(path: str, before: bytes, after: bytes) -> bytes:
    """A patch of one hunk that `git apply` takes, byte for byte whatever the line ends; empty if nothing differs.

    `path` is relative to where git is to apply it, POSIX.  Swap the two texts for the patch that undoes it.
    """
    if before == after:
        return b""
    old, new = _lines(before), _lines(after)
    start, end = _common_ends(old, new)
    first = max(start - _CONTEXT, 0)
    tail = min(end, _CONTEXT)
    old_count, new_count = len(old) - end + tail - first, len(new) - end + tail - first
    names = [_git_name(f"{side}/{path}") for side in "ab"]
    lines = [b"diff --git %s %s\n" % (names[0], names[1])]
    lines += [b"--- %s\n" % _ended(names[0], path), b"+++ %s\n" % _ended(names[1], path)]
    lines.append(f"@@ -{_range(first, old_count)} +{_range(first, new_count)} @@\n".encode())
    lines += [_marked(b" ", line) for line in old[first:start]]
    lines += [_marked(b"-", line) for line in old[start : len(old) - end]]
    lines += [_marked(b"+", line) for line in new[start : len(new) - end]]
    lines += [_marked(b" ", line) for line in old[len(old) - end : len(old) - end + tail]]
    return b"".join(lines)


def _marked(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"


def _range(first: int, count: int) -> str:
    return f"{first + 1 if count else first},{count}"


def _git_name(name: str) -> bytes:
    """In git's quotes if it holds what would end the name early."""
    data = _encode(name)
    if not _ENDS_NAMES.search(data):
        return data
    return b'"' + _ENDS_NAMES.sub(lambda found: _ESCAPES.get(found[0], b"\\%03o" % found[0][0]), data) + b'"'


_ENDS_NAMES = re.compile(rb'["\\\x00-\x1f\x7f]')
_ESCAPES = {b'"': b'\\"', b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}


def _ended(name: bytes, path: str) -> bytes:
    """git marks the end of a name with blanks in it by a tab."""
    return name + b"\t" if " " in path else name


# --- the file -------------------------------------------------------------------------------------------------------


def apply_edit(file: Path, before: bytes, after: bytes) -> None:
    """Replace a file whose bytes are `before` by `after`, at once or not at all; its mode is kept.

    The new file is written beside the old one, under a name that generators and watchers pass over, and renamed.

    Raises:
        EditRefusedError: the file holds something else by now, is a symbolic link, is gone, or has other names (hard
            links) that would keep the old text.  Nothing was changed; other files may go on.
        OutputError: the file system refuses: a read-only folder, a full disk.  Nothing was changed.
    """
    try:
        status = _status(file)
        _check_unchanged(file, before)
        if before != after:
            _replace(file, status, before, after)
    except FileNotFoundError:
        raise EditRefusedError(f"{file}: gone meanwhile, so nothing was written") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{file}: cannot be written ({reason}); it was left as it is") from error


def _status(file: Path) -> os.stat_result:
    status = file.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise EditRefusedError(f"{file}: a symbolic link, which is never replaced. Edit the file that it leads to")
    if not stat.S_ISREG(status.st_mode):
        raise EditRefusedError(f"{file}: not a regular file, so it was left as it is")
    if status.st_nlink > 1:
        raise EditRefusedError(f"{file}: has another name (a hard link) that would keep the old text. Edit it by hand")
    return status


def _check_unchanged(file: Path, before: bytes) -> None:
    if file.read_bytes() != before:
        raise EditRefusedError(f"{file}: changed meanwhile, so it was left as it is. Run the command again")


def _replace(file: Path, status: os.stat_result, before: bytes, after: bytes) -> None:
    temporary = file.with_name(f".enishi-{secrets.token_hex(8)}.tmp~")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        _keep_owner(temporary, status)
        temporary.chmod(stat.S_IMODE(status.st_mode))
        now = _status(file)
        if (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino):
            raise EditRefusedError(f"{file}: replaced meanwhile, so it was left as it is. Run the command again")
        _check_unchanged(file, before)
        temporary.replace(file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _keep_owner(temporary: Path, status: os.stat_result) -> None:
    """Only root can give a file away; for anybody else it is theirs already, or becomes so."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)


__all__ = [
    "Edit",
    "EditRefusedError",
    "Refusal",
    "Style",
    "TagChange",
    "TagsPlace",
    "apply_edit",
    "find_tags",
    "plan_edit",
    "unified_diff",
]
