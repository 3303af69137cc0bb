"""Whether a way of writing changes the tags alone: the result is read again and compared with what was there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from enishi.editing.parsed import ParsedPost
from enishi.editing.rules import KeyPath, value_at
from enishi.editing.yaml import safe_loader
from enishi.reading.frontmatter import FrontMatter


@dataclass(frozen=True, slots=True)
class Step:
    """One way of making a change in one place."""

    raw: str
    """The file's text afterwards."""
    path: KeyPath
    """The key whose tags it touches."""
    names: tuple[str, ...]
    """The tags that this key should give then."""


def first_safe(old: ParsedPost, steps: Iterable[Step], allowed: frozenset[str]) -> ParsedPost:
    """The result of the first step that does what it should and nothing else; raises Refusal if none does.

    `allowed` are the tags that the post may have then.
    """
    why = "its tags are written in a way that is not known here"
    for step in steps:
        new = ParsedPost(step.raw, old.rules)
        harm = next(_harm(old, new, step, allowed), "")
        if not harm:
            return new
        why = harm
    raise old.unsafe(why)


def _harm(old: ParsedPost, new: ParsedPost, step: Step, allowed: frozenset[str]) -> Iterator[str]:
    """What a step would change beside the tag, in words."""
    before, after = old.front, new.front
    codes = {problem.code for problem in before.problems}
    if after.is_lost or any(problem.code not in codes for problem in after.problems):
        yield "its front matter could not be read afterwards"
    if before.format != after.format or before.body != after.body:
        yield "its text would be read differently afterwards"
    # As text: 1, 1.0 and true are equal to Python, and not to an author
    if repr(without(before.meta, step.path)) != repr(without(after.meta, step.path)):
        yield "another key would change its value"
    if _dates_beside(before, step.path) != _dates_beside(after, step.path):
        yield "another key would change its value"
    if new.names(step.path) != step.names:
        yield "its tags would be read differently afterwards"
    if not _keeps_items(old.value_at(step.path), new.value_at(step.path)):
        yield "another tag would change its kind"
    if not set(new.tags) <= allowed:
        yield "other tags would come into force"
    if before.format == "yaml" and not _agrees_in_yaml_1_1(old, new, step.path):
        yield "some generators (YAML 1.1) would read it differently"


def without(meta: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
    """The metadata but for one place."""
    kept = dict(meta)
    for key in path[:-1]:
        inner = kept.get(key)
        kept[key] = {k: v for k, v in inner.items() if k != path[-1]} if isinstance(inner, dict) else inner
    if len(path) == 1:
        kept.pop(path[0], None)
    return kept


def _dates_beside(front: FrontMatter, path: KeyPath) -> frozenset[str]:
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


def _agrees_in_yaml_1_1(old: ParsedPost, new: ParsedPost, path: KeyPath) -> bool:
    """Such a reader sees everything beside the tags as before, and a new tag that is text to it too."""
    before, after = _yaml_1_1(old), _yaml_1_1(new)
    if before is None:
        return True
    if after is None or repr(without(before, path)) != repr(without(after, path)):
        return False
    items, known = value_at(after, path), value_at(before, path)
    known = known if isinstance(known, list) else [known]
    fresh = [item for item in items if item not in known] if isinstance(items, list) else []
    return all(isinstance(item, str | type(None)) or item in known for item in fresh)


def _yaml_1_1(post: ParsedPost) -> dict[str, Any] | None:
    import yaml

    try:
        value = yaml.load(post.block, Loader=safe_loader())  # noqa: S506  (one of the safe ones)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, OverflowError):
        return None
    return value if isinstance(value, dict) else {} if value is None else None
