"""The generator's own list of posts, which overrides our reading: the generator makes the URLs.

JSON: a list of posts, or ``{"version": 1, "posts": […]}``.  A post has `source` (relative to the site, or to the
generator's source folder) and may have `url`, `title`, `date`, `tags`, `categories`, `published` and `lang`.
"""

from __future__ import annotations

import json
import posixpath
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from enishi.errors import Diagnostic, SettingsError, Severity
from enishi.reading import dates
from enishi.reading.addresses import encode_link, safe_link
from enishi.types import Post

if TYPE_CHECKING:
    from enishi.generators.base import Site

MANIFEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """What the generator says of one post."""

    source: str
    fields: Mapping[str, Any]
    problems: tuple[str, ...] = ()
    """Fields of a wrong type, which are passed over."""


def read_manifest(text: str) -> list[ManifestEntry]:
    """Read a manifest.  Raises SettingsError if it is no manifest at all; a wrong field is only passed over."""
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise SettingsError(f"manifest: not valid JSON (line {error.lineno}: {error.msg})") from None
    except (ValueError, RecursionError):
        raise SettingsError("manifest: a number of thousands of digits, or nested too deeply") from None
    if isinstance(value, dict):
        version = value.get("version", MANIFEST_VERSION)
        if version != MANIFEST_VERSION:
            raise SettingsError(
                f"manifest: version {version!r} is not known; this enishi reads version {MANIFEST_VERSION}"
            )
        value = value.get("posts")
    if not isinstance(value, list):
        raise SettingsError('manifest: should be a list of posts, or {"version": 1, "posts": [...]}')
    return [_entry(item, index) for index, item in enumerate(value)]


def _entry(item: Any, index: int) -> ManifestEntry:
    if not isinstance(item, dict) or not isinstance(item.get("source"), str) or not item["source"].strip():
        raise SettingsError(f"manifest: post {index + 1} has no `source` (the path of its file, as text)")
    fields = {name: item[name] for name in _TYPES if item.get(name) is not None}
    wrong = [n for n, value in fields.items() if type(value) not in _TYPES[n]]
    fields = {name: value for name, value in fields.items() if name not in wrong}
    if "tags" in fields:
        fields["tags"] = tuple(dict.fromkeys(_names(fields["tags"])))
    if "categories" in fields:
        fields["categories"] = tuple(dict.fromkeys(filter(None, map(_chain, fields["categories"]))))
    return ManifestEntry(item["source"], fields, tuple(f"`{n}` has a wrong type and is not used" for n in wrong))


_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("url", "title", "lang"), (str,)),
    **dict.fromkeys(("tags", "categories"), (list,)),
    "date": (str, int, float),
    "published": (bool,),
}


def _names(items: Sequence[Any]) -> list[str]:
    """Names as text; an object with a name, as Hexo's own, counts by its name."""
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    return [str(n) for n in names if isinstance(n, str | int | float) and not isinstance(n, bool) and str(n)]


def _chain(item: Any) -> tuple[str, ...]:
    return tuple(_names(item if isinstance(item, list) else [item]))


def apply_manifest(
    posts: Iterable[Post], entries: Iterable[ManifestEntry], site: Site
) -> tuple[list[Post], list[Diagnostic]]:
    """What the generator says counts: its fields replace ours, and posts that it does not list are not published."""
    by_path = {post.path: post for post in posts}
    listed: dict[str, Post] = {}
    problems: set[Diagnostic] = set()
    for entry in entries:
        path = _find(entry.source, by_path, site)
        if path is None:
            message = "manifest: no post of this site has this source; the entry is not used"
            problems.add(Diagnostic(entry.source[:200], 0, "unknown-in-manifest", Severity.NOTE, message))
            continue
        listed[path], wrong = _overridden(by_path[path], entry, site)
        for message in wrong:
            problems.add(Diagnostic(path, 0, "bad-manifest-field", Severity.WARNING, f"manifest: {message}"))
    result = [listed[path] if path in listed else _unlisted(post) for path, post in by_path.items()]
    return sorted(result, key=lambda post: post.path), sorted(problems)


def _find(source: str, by_path: dict[str, Post], site: Site) -> str | None:
    """The post that the generator means; a path that leads out of the site means none."""
    path = unicodedata.normalize("NFC", source.replace("\\", "/")).strip()
    if ".." in path.split("/") or re.match(r"[A-Za-z]:", path):
        return None
    path = posixpath.normpath(path.lstrip("/"))
    for folder in dict.fromkeys(("", site.source_dir, *site.post_folders)):
        candidate = posixpath.normpath(posixpath.join(folder, path))
        if candidate in by_path:
            return candidate
    return None


def _unlisted(post: Post) -> Post:
    return replace(post, status="unpublished") if post.status in ("published", "future") else post


def _overridden(post: Post, entry: ManifestEntry, site: Site) -> tuple[Post, list[str]]:
    """The post with the fields of the entry, and what is wrong with them."""
    wrong = list(entry.problems)
    changes: dict[str, Any] = {name: value for name, value in entry.fields.items() if name != "published"}
    if "date" in changes:
        changes["date"] = dates.parse(changes["date"], site.timezone)
        if changes["date"] is None:
            wrong.append(f"{str(entry.fields['date'])[:40]!r} is no date")
            del changes["date"]
    url = changes.pop("url", None)
    if url is not None:
        link = safe_link(url)
        if link or not url.strip():
            changes |= {"url": encode_link(link), "url_is_guess": not link}
        else:
            wrong.append(f"{url[:60]!r} is neither http(s) nor relative, and is not used")
    is_draft = post.status == "draft"
    is_published = entry.fields.get("published", True)
    changes["status"] = "published" if is_published else "draft" if is_draft else "unpublished"
    return replace(post, **changes), wrong
