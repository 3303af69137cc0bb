"""related.json, whole or in shards, and the HTML fragments: an analysis as bytes, ready to be written.

Nothing here touches the disk but to read templates.  Jinja is imported only when fragments are rendered.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from enishi.cache import digest
from enishi.config import PartialSettings
from enishi.errors import Diagnostic, EnishiError
from enishi.memo import Memo
from enishi.reading.addresses import safe_link
from enishi.text.labels import (
    label_language,
    labels_for,
    language_tag,
    own_name,
    same_language,
    written_date,
)
from enishi.text.printable import json_escape, text_line
from enishi.types import Post, Related
from enishi.writing.known_fragments import KnownFragments

RELATED_NAME = "related.json"
PARTIALS_FOLDER = "partials"
SHARDS_FOLDER = "related"
PARTIAL_TEMPLATE = "related.html.j2"
RELATED_VERSION = 1
SHARDED_VERSION = 2
SHARDED_ABOVE = 20_000
"""With more posts, related.json names 256 files that hold them: an edit writes few, and no text is of all posts."""

RelatedByPath = Mapping[str, Sequence[Related]]


class EntryView(TypedDict):
    """One related post as a template sees it: finished strings, so that Jinja2 and Nunjucks print the same."""

    path: str
    title: str
    url: str
    date: str
    date_text: str
    kind: str
    lang: str
    other_lang: str
    lang_name: str
    shared_tags: list[str]
    shared_terms: list[str]


class PartialView(TypedDict):
    """Everything that ``related.html.j2`` may use."""

    path: str
    title: str
    id: str
    lang: str
    heading: str
    heading_level: str
    list: str
    labels: dict[str, str]
    related: list[EntryView]


def templates_folder() -> Path:
    """The folder of the templates that come with Enishi: in a wheel inside the package, in a checkout beside it.

    Raises:
        EnishiError: the installation is not complete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "templates", package.parents[1] / "templates"):
        if (folder / PARTIAL_TEMPLATE).is_file():
            return folder
    raise EnishiError(f"Enishi's templates are missing in {package}: install it again.")


def partial_name(path: str) -> str:
    """Name of a post's fragment: 32 hexadecimal digits of the SHA-256 of its path.

    At 128 bits two of a million posts share a name with a chance of 1 in 10^27, and nobody can bring it about on
    purpose, so a clash needs no rule.  Long paths, and paths that differ in case only, are no matter.
    """
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:32] + ".html"


# -- related.json ----------------------------------------------------------------------------------------------------


def render_related(posts: Iterable[Post], related: RelatedByPath) -> dict[str, bytes]:
    """related.json and its shards by name, with drafts, unpublished and future posts: for the author's eyes.

    A post's shard is told by the first two digits of its fragment's name, so a new post moves no other.
    """
    ordered = sorted(posts, key=_path_of)
    listed = _public_paths(ordered)
    if len(ordered) <= SHARDED_ABOVE:
        return {RELATED_NAME: _json_of_lists(ordered, listed, related, _with_partial, entry_fields)}
    shards: defaultdict[str, list[Post]] = defaultdict(list)
    for post in ordered:
        shards[f"{SHARDS_FOLDER}/{partial_name(post.path)[:2]}.json"].append(post)
    index = {"version": SHARDED_VERSION, "shards": sorted(shards)}
    files = {name: _json_of_lists(own, listed, related, _with_partial, entry_fields) for name, own in shards.items()}
    return {RELATED_NAME: json.dumps(index, indent=1).encode("ascii") + b"\n", **files}


def render_data_file(posts: Iterable[Post], related: RelatedByPath, *, full: bool = False) -> bytes:
    """`data_file`, for a place that may be published: public posts only, no fragment names.

    Templates that read it find the page of each path with their generator, so it is without the addresses of entries
    and without guessed ones; `full` leaves them in.
    """
    public = sorted((post for post in posts if post.is_public), key=_path_of)
    listed = _public_paths(public)
    if full:
        return _json_of_lists(public, listed, related, _post_fields, entry_fields)
    return _json_of_lists(public, listed, related, _slim_post, _slim_entry)


def _json_of_lists(
    ordered: Sequence[Post],
    listed: Container[str],
    related: RelatedByPath,
    fields_of: Callable[[Post], Mapping[str, object]],
    fields_of_entry: Callable[[Related], Mapping[str, object]],
) -> bytes:
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    lines = ["{", f'  "version": {RELATED_VERSION},', '  "posts": {']
    for number, post in enumerate(ordered, start=1):
        entries = [fields_of_entry(entry) for entry in related.get(post.path, ()) if entry.path in listed]
        head = encode(fields_of(post))[:-1]
        lines.append(f'    {encode(post.path)}: {head}, "related": [')
        lines.extend(f"      {encode(entry)}," for entry in entries)
        _end_list(lines, "    ]}", last=number == len(ordered), filled=bool(entries))
    return json_bytes([*lines, "  }", "}", ""])


def json_bytes(lines: Iterable[str]) -> bytes:
    """Lines of JSON as UTF-8, with what some readers stumble over as escapes."""
    return _RISKY_IN_DATA.sub(json_escape, "\n".join(lines)).encode("utf-8")


def _end_list(lines: list[str], end: str, *, last: bool, filled: bool) -> None:
    comma = "" if last else ","
    if filled:
        lines[-1] = lines[-1].removesuffix(",")
        lines.append(end + comma)
    else:
        lines[-1] += end.lstrip() + comma


def _post_fields(post: Post) -> dict[str, str]:
    fields = {"title": post.title, "url": safe_link(post.url)}
    optional = {
        "url_is": "guess" if post.url_is_guess and fields["url"] else "",
        "date": post.date.date().isoformat() if post.date else "",
        "lang": post.lang,
        "status": "" if post.is_public else post.status,
    }
    return fields | {name: value for name, value in optional.items() if value}


def _with_partial(post: Post) -> dict[str, str]:
    return _post_fields(post) | {"partial": partial_name(post.path)}


def _slim_post(post: Post) -> dict[str, str]:
    fields = _post_fields(post)
    is_known = bool(fields["url"]) and not post.url_is_guess
    return {name: text for name, text in fields.items() if is_known or name not in ("url", "url_is")}


def entry_fields(entry: Related) -> dict[str, object]:
    """One related post as related.json holds it."""
    fields: dict[str, object] = {
        "path": entry.path,
        "url": safe_link(entry.url),
        "title": entry.title,
        "score": round(float(entry.score), 4) + 0.0,  # no minus zero
        "kind": entry.kind,
    }
    optional = {
        "date": entry.date,
        "lang": entry.lang,
        "shared_tags": entry.shared_tags,
        "shared_terms": entry.shared_terms,
    }
    return fields | {name: value for name, value in optional.items() if value}


def _slim_entry(entry: Related) -> dict[str, object]:
    return {name: value for name, value in entry_fields(entry).items() if name != "url"}


_RISKY_IN_DATA = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""Jekyll reads JSON as YAML, which breaks lines at some of these and refuses others; UTF-8 has no lone surrogates."""


# -- fragments -------------------------------------------------------------------------------------------------------


def render_partials(
    posts: Iterable[Post],
    related: RelatedByPath,
    *,
    options: PartialSettings | None = None,
    language: str = "",
    site: Path | None = None,
    templates: Path | None = None,
    memo: Memo | None = None,
    earlier: KnownFragments | None = None,
) -> tuple[dict[str, bytes], tuple[Diagnostic, ...]]:
    """One HTML fragment a post by name in the output folder, and what went wrong with the site's own template.

    Args:
        language: the site's, for posts that name none.
        templates: the site's own templates folder, inside `site`.  A ``related.html.j2`` there replaces ours; it may
            include or extend ours as ``enishi/related.html.j2``.  If it fails, ours is used for all posts, and a
            diagnostic names its file and line.
        memo: knows the fragments by our own template of the last pass.
        earlier: knows those of the last run.
    """
    ordered = sorted(posts, key=_path_of)
    lists = list(zip(ordered, shown_lists(ordered, related), strict=True))
    diagnostics: tuple[Diagnostic, ...] = ()
    if templates is not None and (templates / PARTIAL_TEMPLATE).is_file():
        from enishi.writing.fragments import render_with_site_template

        views = [partial_view(post, entries, options, language) for post, entries in lists]
        ours = templates_folder() / PARTIAL_TEMPLATE
        fragments, diagnostics = render_with_site_template(views, templates / PARTIAL_TEMPLATE, ours, site or templates)
        if fragments is not None:
            return _by_name(ordered, fragments), diagnostics
    return _render_unknown(lists, options or PartialSettings(), language, memo, earlier), diagnostics


def _render_unknown(
    lists: Sequence[tuple[Post, Sequence[Related]]],
    options: PartialSettings,
    language: str,
    memo: Memo | None,
    earlier: KnownFragments | None,
) -> dict[str, bytes]:
    """The fragments by our own template; those that the last pass or the last run made are not made anew."""
    look = [options.model_dump_json(), language]
    keys = [digest(json.dumps([*look, *_what_shows(post, entries)])) for post, entries in lists]
    names = [_fragment_name(post) for post, _ in lists]
    known: dict[bytes, bytes] = memo.lasting("fragments", dict) if memo else {}
    is_first = not known
    if is_first and earlier:
        known.update(earlier.find(names, keys))
    missing = [one for key, one in zip(keys, lists, strict=True) if key not in known]
    made = render_fragments(missing, options, language) if missing else {}
    fragments = [known[key] if key in known else made[name] for key, name in zip(keys, names, strict=True)]
    if is_first and earlier:
        earlier.keep(keys, fragments)
    known.clear()
    known.update(zip(keys, fragments, strict=True))
    return dict(zip(names, fragments, strict=True))


def shown_lists(posts: Sequence[Post], related: RelatedByPath) -> list[list[Related]]:
    """What the fragments of all posts of a site may show, in the order of `posts`."""
    public = _public_paths(posts)
    listed = [[entry for entry in related.get(post.path, ()) if entry.path in public] for post in posts]
    if any(post.url and not post.url_is_guess for post in posts):  # a generator told addresses: no link may be wrong
        guessed = {post.path for post in posts if post.url_is_guess}
        listed = [[replace(one, url="") if one.path in guessed else one for one in entries] for entries in listed]
    return listed


def render_fragments(
    lists: Sequence[tuple[Post, Sequence[Related]]], options: PartialSettings, language: str
) -> dict[str, bytes]:
    """The fragments of some posts by name, by our own template; each with what :func:`shown_lists` says of it."""
    from enishi.writing.fragments import render_builtin

    views = [partial_view(post, entries, options, language) for post, entries in lists]
    fragments = render_builtin(views, templates_folder() / PARTIAL_TEMPLATE)
    return _by_name([post for post, _ in lists], fragments)


def _by_name(posts: Sequence[Post], fragments: Sequence[str]) -> dict[str, bytes]:
    pairs = zip(posts, fragments, strict=True)
    return {_fragment_name(post): text.encode("utf-8", "replace") for post, text in pairs}


def _fragment_name(post: Post) -> str:
    return f"{PARTIALS_FOLDER}/{partial_name(post.path)}"


def _what_shows(post: Post, entries: Sequence[Related]) -> tuple[object, ...]:
    """All of a post and its list that a :class:`PartialView` holds; scores are no part of it."""
    rows = [(e.path, e.title, e.url, e.date, e.kind, e.lang, e.shared_tags, e.shared_terms) for e in entries]
    return (post.path, post.title, post.lang, *rows)


def partial_view(
    post: Post, related: Iterable[Related], options: PartialSettings | None = None, language: str = ""
) -> PartialView:
    """What ``related.html.j2`` and the macros show of a post's list: finished strings, and only safe addresses."""
    options = options or PartialSettings()
    page = language_tag(post.lang) or language_tag(language)
    spoken = label_language(post.lang, language)
    labels = {name: _label(text) for name, text in labels_for(spoken, options.labels).items()}
    labels["lang"] = spoken if page and not same_language(spoken, page) else ""
    return PartialView(
        path=text_line(post.path),
        title=text_line(post.title),
        id="enishi-" + partial_name(post.path)[:12],
        lang=page,
        heading=labels["heading"],
        heading_level=str(options.heading_level),
        list="ol" if options.ordered else "ul",
        labels=labels,
        related=[_entry_view(entry, page, labels["date"], options) for entry in related],
    )


def _label(text: str) -> str:
    """One line, with the blank kept that a colon or a comma ends in."""
    return text_line(f"|{text}|")[1:-1]


_line = lru_cache(maxsize=65_536)(text_line)  # titles, tags and terms stand in many lists
_written_date = lru_cache(maxsize=65_536)(written_date)


def _entry_view(entry: Related, page: str, date_pattern: str, options: PartialSettings) -> EntryView:
    lang = language_tag(entry.lang)
    differs = bool(lang) and not (page and same_language(lang, page))
    date_text = _written_date(entry.date, date_pattern) if options.dates else ""
    return EntryView(
        path=_line(entry.path),
        title=_line(entry.title) or _line(entry.path),
        url=safe_link(entry.url),
        date=entry.date if date_text else "",
        date_text=date_text,
        kind=entry.kind,
        lang=lang,
        other_lang=lang if differs else "",
        lang_name=own_name(lang) if differs else "",
        shared_tags=_words(entry.shared_tags, options),
        shared_terms=_words(entry.shared_terms, options),
    )


def _words(words: Sequence[str], options: PartialSettings) -> list[str]:
    return [line for line in map(_line, words) if line] if options.reasons else []


def _public_paths(posts: Iterable[Post]) -> frozenset[str]:
    """The posts that may stand in a list.  The policy sees to that already; a leak is bad enough to look twice."""
    return frozenset(post.path for post in posts if post.is_listable)


def _path_of(post: Post) -> str:
    return post.path
