"""What the author said no to: ``.enishi-declined.toml``, committed with the blog.

One line a decline, sorted, so that two branches merge without a conflict::

    declined = [
      { post = "source/_posts/a.md", tag = "NLP", content = "07a1…" },
    ]

A decline belongs to the post at its path.  Where that post is gone, or has become another one, it belongs to the post
whose content is nearly the same: `content` is a sketch of the body's words that outlives a rename with small edits.
`apart` lists tags that are not one, and `untagged` posts that are to have none, where a review was told so.
The file is edited line by line: what else the author wrote into it stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from enishi.errors import Diagnostic, OutputError, Severity
from enishi.files import replace_file
from enishi.tags.sketches import SAME, Sketches, fingerprint, likeness, sketches_by
from enishi.tags.vocabulary import fold_tag
from enishi.text.toml import TomlError, read_toml, toml_string
from enishi.types import Document

DECLINED_NAME = ".enishi-declined.toml"
_HEAD = """\
# Tags that `enishi tags decline` was told never to suggest again for a post.
# Commit this file. One line a decline; `enishi tags undecline` takes it back.
declined = [
"""
_TAIL = "]\n"
EMPTY = _HEAD + _TAIL
"""The file without a decline."""
_ENTRY = re.compile(r"\s*(\{.*\})\s*,?\s*(?:#.*)?")
_OPENING = re.compile(r"\s*declined\s*=\s*\[\s*(?:#.*)?")
_OTHER = 0.5
"""Below this share, the post at a path is not the one that was there when the decline was made."""


@dataclass(frozen=True, slots=True, order=True)
class Decline:
    """One suggestion that must never return."""

    post: str
    """Path of the post when it was declined."""
    tag: str
    content: str = ""
    """See :func:`enishi.tags.sketches.fingerprint`; empty if the post had no words."""


# --- reading ---------------------------------------------------------------------------------------------------------


def read_declined(root: Path) -> tuple[tuple[Decline, ...], list[Diagnostic]]:
    """The declines of a site, sorted; none if there is no file.

    A broken file (a merge conflict, say) is read line by line: what is readable counts, the rest is named.
    """
    try:
        text = (root / DECLINED_NAME).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return (), []
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot be read ({error.__class__.__name__}): declined tags may come back until it is mended"
        return (), [_problem(message)]
    return parse_declined(text)


def parse_declined(text: str) -> tuple[tuple[Decline, ...], list[Diagnostic]]:
    """The declines in the text of such a file; see :func:`read_declined`."""
    diagnostics: list[Diagnostic] = []
    try:
        entries = read_toml(text).get("declined", [])
    except TomlError as error:
        diagnostics.append(_problem("not valid TOML; what can be read line by line still counts", error.line))
        entries = [entry for line in text.splitlines() if (entry := _entry(line)) is not None]
    if not isinstance(entries, list):
        entries = []
        diagnostics.append(_problem("`declined` should be a list, as `enishi tags decline` writes it"))
    declines: set[Decline] = set()
    for entry in entries:
        decline = _decline(entry)
        if decline is None:
            diagnostics.append(_problem(f"{shorten(str(entry), 60)} should have a text for each of `post` and `tag`"))
        else:
            declines.add(decline)
    return tuple(sorted(declines)), diagnostics


def _problem(message: str, line: int = 0) -> Diagnostic:
    return Diagnostic(DECLINED_NAME, line, "bad-declined-file", Severity.WARNING, message)


def _entry(line: str) -> Any:
    match = _ENTRY.fullmatch(line)
    if match is None:
        return None
    try:
        return read_toml(f"entry = {match[1]}")["entry"]
    except TomlError:
        return None


def _decline(entry: object) -> Decline | None:
    if not isinstance(entry, dict):
        return None
    post, tag, content = entry.get("post"), entry.get("tag"), entry.get("content", "")
    if not (isinstance(post, str) and post and isinstance(tag, str) and fold_tag(tag)):
        return None
    return Decline(post, tag, content if isinstance(content, str) else "")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the author means to keep as it is, from the same file."""

    apart: frozenset[frozenset[str]] = frozenset()
    """Tags, exactly as written, that are not one, however alike."""
    untagged: frozenset[str] = frozenset()
    """Paths of posts that are to have no tag."""


def read_kept(root: Path) -> Kept:
    """What is to stay as it is; nothing where there is no file, or a broken one."""
    try:
        return _kept((root / DECLINED_NAME).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return Kept()


def _kept(text: str) -> Kept:
    values = read_toml(text)
    apart, untagged = (value if isinstance(value := values.get(name), list) else [] for name in ("apart", "untagged"))
    groups = (frozenset(map(str, group)) for group in apart if isinstance(group, list))
    return Kept(frozenset(groups), frozenset(path for path in untagged if isinstance(path, str)))


# --- whose they are --------------------------------------------------------------------------------------------------


def match_declines(
    declines: Collection[Decline],
    documents: Sequence[Document],
    by_path: Mapping[str, Sequence[str]] | None = None,
    sketches: Sketches | None = None,
) -> dict[str, frozenset[str]]:
    """Declined tags, as written, by path of the post they belong to now.

    `by_path` are the declines of the settings, which have no sketch and follow no rename.
    """
    paths = {document.post.path for document in documents}
    sketches, places = sketches or sketches_by(), {decline.post for decline in declines}
    here = sketches("declined posts", [document for document in documents if document.post.path in places])
    declined: dict[str, set[str]] = {}
    for path, tags in (by_path or {}).items():
        if path in paths:
            declined.setdefault(path, set()).update(tags)
    gone = []
    for decline in sorted(declines):
        if decline.post in here:
            declined.setdefault(decline.post, set()).add(decline.tag)
        if decline.content and likeness(decline.content, here.get(decline.post, "")) < _OTHER:
            gone.append(decline)
    for path, sketch in sketches("all posts", documents).items() if gone else ():
        for decline in gone:
            if likeness(decline.content, sketch) >= SAME:
                declined.setdefault(path, set()).add(decline.tag)
    return {path: frozenset(declined[path]) for path in sorted(declined)}


# --- writing ------------------------------------------------------------------------------------------------------


def decline_tag(root: Path, document: Document, tag: str) -> bool:
    """Write down that a tag was declined for a post; False if it stands there already.

    Raises:
        OutputError: the file cannot be read or written, or is not as we write it and could not be edited safely.
    """
    text = _text_to_edit(root)
    new = with_decline(text, document, tag)
    if new != text:
        _write(root, new)
    return new != text


def with_decline(text: str, document: Document, tag: str) -> str:
    """The text of such a file, or of none, with a decline more; the same if it stands there already.

    Raises:
        OutputError: it is not as we write it and could not be edited safely.
    """
    text = text if text.strip() else EMPTY
    known, _ = parse_declined(text)
    if any(old.post == document.post.path and fold_tag(old.tag) == fold_tag(tag) for old in known):
        return text
    return _with_line(text, Decline(document.post.path, tag.strip(), fingerprint(document)))


def with_apart(text: str, tags: Iterable[str]) -> str:
    """The text of such a file, or of none, in which these tags are not one.  Raises OutputError: see above."""
    entry = f"[{', '.join(toml_string(tag) for tag in sorted(tags))}]"
    return _with_kept(text, "apart", entry, lambda kept: frozenset(tags) in kept.apart)


def with_untagged(text: str, path: str) -> str:
    """The text of such a file, or of none, in which a post is to have no tag.  Raises OutputError: see above."""
    return _with_kept(text, "untagged", toml_string(path), lambda kept: path in kept.untagged)


def _with_kept(text: str, name: str, entry: str, is_in: Callable[[Kept], bool]) -> str:
    """The text with a line for the entry in a list of its own, sorted, which is made where there is none."""
    text = text if text.strip() else EMPTY
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if f"{name} = [" not in map(str.strip, lines):
        lines += ["" if lines[-1].endswith(end) else end, f"{name} = [{end}", f"]{end}"]
    first = [line.strip() for line in lines].index(f"{name} = [") + 1
    added = f"  {entry},{end}"
    place = next((n for n in range(first, len(lines)) if lines[n].strip() == "]" or lines[n] >= added), len(lines))
    if lines[place : place + 1] != [added]:
        lines.insert(place, added)
    new = "".join(lines)
    try:
        is_safe = is_in(_kept(new)) and parse_declined(new) == parse_declined(text)
    except TomlError:
        is_safe = False
    if not is_safe:
        raise OutputError(f"{DECLINED_NAME} could not be edited safely, so it was left as it is")
    return new


def undecline_tag(root: Path, document: Document, tag: str) -> bool:
    """Take a decline back, wherever the post has moved since; False if there was none.

    Raises:
        OutputError: see :func:`decline_tag`.
    """
    own, lines = fingerprint(document), _text_to_edit(root).splitlines(keepends=True)

    def is_meant(line: str) -> bool:
        old = _decline(_entry(line.rstrip("\r\n")))
        if old is None or fold_tag(old.tag) != fold_tag(tag):
            return False
        return old.post == document.post.path or likeness(old.content, own) >= SAME

    kept = [line for line in lines if not is_meant(line)]
    if len(kept) == len(lines):
        return False
    _write(root, "".join(kept))
    return True


def _text_to_edit(root: Path) -> str:
    try:
        text = (root / DECLINED_NAME).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return EMPTY
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{DECLINED_NAME} cannot be read, so nothing was written: {error}") from error
    return text if text.strip() else EMPTY


def _with_line(text: str, added: Decline) -> str:
    """The text with a line for the decline at its place by (post, tag)."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    opening = next((number for number, line in enumerate(lines) if _OPENING.fullmatch(line.rstrip("\r\n"))), len(lines))
    closing = next((number for number in range(opening, len(lines)) if lines[number].strip() == "]"), None)
    if closing is None:
        message = "has no line `declined = [` with a `]` on a line of its own below it: write them, or delete the file"
        raise OutputError(f"{DECLINED_NAME} {message}")
    entries = [(number, _decline(_entry(lines[number].rstrip("\r\n")))) for number in range(opening + 1, closing)]
    place = next((n for n, old in entries if old and (old.post, old.tag) > (added.post, added.tag)), closing)
    for number in [number for number, old in entries if old and number < place][-1:]:
        if not re.search(r"\}\s*,", lines[number]):  # the last entry of a list needs no comma, but does now
            lines[number] = re.sub(r"\}", "},", lines[number], count=1)
    fields = (("post", added.post), ("tag", added.tag), ("content", added.content))
    entry = ", ".join(f"{name} = {toml_string(value)}" for name, value in fields)
    lines.insert(place, f"  {{ {entry} }},{end}")
    new = "".join(lines)
    if added not in parse_declined(new)[0]:
        raise OutputError(f"{DECLINED_NAME} could not be edited safely, so it was left as it is")
    return new


def _write(root: Path, text: str) -> None:
    replace_file(root / DECLINED_NAME, text.encode("utf-8"), name=DECLINED_NAME)
