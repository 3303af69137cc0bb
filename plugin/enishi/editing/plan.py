"""Adds, removes or renames a tag in a post's file, and touches nothing else.

`plan_edit` is pure: bytes in, bytes out, or a Refusal that says where, why and what to do.  The text is never written
anew from what was parsed: the parser only says where the tags lie, a few characters are put in or taken out there, and
the result is read again (`safety.py`).  It counts only if the file then says exactly what it said before, but for that
tag; several ways of writing it are tried in order, and where none passes, the file is left as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from enishi.editing import flow, scalar, yaml_block
from enishi.editing.change import Edit, Refusal, Style, TagChange
from enishi.editing.parsed import ParsedPost
from enishi.editing.rules import KeyPath, Rules, value_at
from enishi.editing.safety import Step, first_safe, without
from enishi.editing.text import Item, decode, encode
from enishi.generators.base import Site
from enishi.reading.frontmatter import FrontMatter

_MOST_STEPS = 50


def plan_edit(data: bytes, change: TagChange, site: Site, *, style: Style = "flow") -> Edit | Refusal:
    """What a post's file becomes when `change` is made in it.  Pure; raises nothing.

    Args:
        data: the file's bytes.
        change: what to do.  What is already so gives an Edit with equal bytes.
        site: the post's site, whose generator reads its front matter.
        style: how a list of tags is written where the post has none.
    """
    rules = Rules(site, style)
    try:
        _check_names(change, rules)
        post = ParsedPost(decode(data), rules)
        wanted = change.applied_to(post.tags)
        if wanted == post.tags and not post.is_broken:  # nobody knows the tags of a broken one
            return Edit(data, data, post.tags, post.tags)
        post.check_editable()
        after = _edited(post, change)
        if after.tags != wanted:
            raise post.unsafe(f"its tags would be read as {_listed(after.tags)}")
        return Edit(data, encode(after.raw), post.tags, after.tags)
    except Refusal as refusal:
        return refusal


def find_tags(data: bytes, site: Site) -> tuple[int, int]:
    """Line and column, from 1, of a post's tags entry; where it has none, the front matter's first line.  Pure."""
    post = ParsedPost(decode(data), Rules(site, "flow"))
    if not post.front.format or post.front.is_lost:
        return 1, 1
    with suppress(Refusal):
        starts = [entry.start for path in post.places if (entry := post.entry(path)) is not None]
        if starts:
            return post.line_at(starts[0]), starts[0] - post.line_start(starts[0]) + 1
        return max(1, post.located[1].first_line - 1), 1
    return post.tags_line, 1


def read_tags(data: bytes, site: Site) -> tuple[str, ...]:
    """The tags of a post's file, as its generator reads them.  Pure."""
    return ParsedPost(decode(data), Rules(site, "flow")).tags


def differs_in_tags_only(before: bytes, after: bytes, site: Site) -> bool:
    """Whether two states of a post's file say the same but for their tags.  Pure."""
    old, new = (ParsedPost(decode(data), Rules(site, "flow")) for data in (before, after))
    same_format = old.front.format == new.front.format and old.front.body == new.front.body
    return same_format and not new.is_broken and _beside_tags(old) == _beside_tags(new)


def _beside_tags(post: ParsedPost) -> str:
    meta: dict[str, Any] = dict(post.front.meta)
    for path in post.paths:
        meta = without(meta, path)
    return repr({key: value for key, value in meta.items() if value not in ({}, None)})


def _check_names(change: TagChange, rules: Rules) -> None:
    if change.add == change.remove:
        raise Refusal("bad-tag", "there is nothing to do: name a tag to add, to remove, or two to rename")
    for tag in (change.add, change.remove):
        bad = next((c for c in tag if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c == "\ufeff"), None)
        if bad is not None:
            message = f"a tag holds no control characters or line breaks (here U+{ord(bad):04X}). Write it without"
            raise Refusal("bad-tag", message)
    if (change.add and not change.add.strip()) or (change.remove and not change.remove.strip()):
        raise Refusal("bad-tag", "a tag is more than blanks")
    read_as = rules.tags(FrontMatter({"tags": [change.add]}, ""))
    if change.add and read_as != (change.add,):
        message = f"the tag would be read as {_listed(read_as)}. Write it without blanks at its ends, or two in a row"
        raise Refusal("bad-tag", message)


def _listed(tags: tuple[str, ...]) -> str:
    return ", ".join(f"`{tag}`" for tag in tags) or "none"


def _edited(post: ParsedPost, change: TagChange) -> ParsedPost:
    """Step by step, each read again before the next; a tag may stand in several places."""
    if not change.remove:
        return first_safe(post, _additions(post, change.add), frozenset((*post.tags, change.add)))
    new = "" if change.add in post.tags else change.add
    allowed = frozenset((*post.tags, new) if new else post.tags)
    current = post
    for _ in range(_MOST_STEPS):
        place = next((path for path in current.places if change.remove in current.names(path)), None)
        if place is None:
            raise post.unsafe("its tags come from somewhere else than its own tags line")
        current = first_safe(current, _replacements(current, place, change.remove, new), allowed)
        if change.remove not in current.tags:
            break
    return current


def _additions(post: ParsedPost, tag: str) -> Iterator[Step]:
    """Ways of adding a tag, the best first."""
    places = post.places
    path = next((p for p in places if post.names(p)), places[0] if places else None)
    if path is None:
        path = post.paths[0]
        keys = [entry for entry in post.entries if len(entry.path) == 1]
        by_name = {entry.path[0].lower(): entry for entry in keys}
        anchors = [by_name[key] for key in post.rules.keys_above(path[-1]) if key in by_name]
        yield from (Step(raw, path, (tag,)) for raw in post.dialect.new_keys(post, path[-1], tag, keys, anchors))
        return
    value = post.value(path)
    match value.kind:
        case "flow":
            texts = flow.add(post, value, tag)
        case "block":
            texts = yaml_block.add(post, value, tag)
        case "scalar":
            texts = scalar.add(post, path, value, tag)
        case "empty":
            texts = scalar.fill(post, value, tag)
    names = (*post.names(path), tag)
    yield from (Step(raw, path, names) for raw in texts)


def _replacements(post: ParsedPost, path: KeyPath, old: str, new: str) -> Iterator[Step]:
    """Ways of taking `old` out of one place, once, or of writing `new` over it."""
    value = post.value(path)
    if value.kind == "scalar":
        names = tuple(dict.fromkeys(new if name == old else name for name in post.names(path) if name != old or new))
        yield from (Step(raw, path, names) for raw in scalar.replace(post, path, value, old, new))
        return
    items = post.value_at(path)
    if not isinstance(items, list) or len(items) != len(value.items):
        raise post.unsafe("its tags are read differently from how they are written")
    read_as = [post.rules.names(_with_item(post.front, path, index), path) for index in range(len(items))]
    index = next(i for i, names in enumerate(read_as) if names == (old,))
    read_as[index] = (new,) if new else ()
    if new:
        texts = iter([_overwritten(post, value.items[index], new)])
    else:
        texts = (flow if value.kind == "flow" else yaml_block).remove(post, value, index)
    left = tuple(dict.fromkeys(name for names in read_as for name in names))
    yield from (Step(raw, path, left) for raw in texts)


def _with_item(front: FrontMatter, path: KeyPath, index: int) -> FrontMatter:
    """As if the list had but one item."""
    meta: Any = [value_at(front.meta, path)[index]]
    for key in reversed(path):
        meta = {key: meta}
    place = "/" + "/".join(path)
    dates = tuple(f"{place}/0" for pointer in front.timestamps if pointer == f"{place}/{index}")
    return replace(front, meta=meta, timestamps=dates)


def _overwritten(post: ParsedPost, item: Item, tag: str) -> str:
    if not item.is_own:
        message = "this tag is an alias, or bears an anchor or a YAML tag, so it is left. Edit it by hand"
        raise post.refused("shared-tags", message, item.start)
    return post.splice(item.start, item.end, post.dialect.written(tag, item.quote))
