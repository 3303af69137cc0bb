"""What the page shows of an item, as JSON: the post's text with the tag marked, evidence, and what would be written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from enishi.commands.review.queue import Backlog, Item
from enishi.commands.tags.edits import PlannedEdit
from enishi.editing.patch import read_patch, unified_diff
from enishi.reading.tokens import fold
from enishi.tags.mentions import naming_pattern
from enishi.tags.wording import values_for_page
from enishi.text.printable import shown
from enishi.types import Document

MOST_TEXT = 60_000
"""Characters of a post that are shown."""
_OPENING = 60
_MOST_DIFF = 200
"""Lines of a patch that are shown."""
_CLUSTER = re.compile(r".[\u0300-\u036f\u3099\u309a\uff9e\uff9f]*", re.S)

Parts = list[tuple[str, bool]]
"""A text in pieces, each with whether it names the tag."""


def item_view(backlog: Backlog, item: Item, state: str) -> dict[str, Any]:
    """An item in the list."""
    view: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind,
        "state": state,
        "tag": item.tag,
        "confidence": item.suggestion.confidence if item.suggestion is not None else None,
        "path": item.path,
        "title": "",
        "year": None,
        "topic": None,
    }
    if item.path:
        document, topic = backlog.posts[item.path], backlog.topic_of.get(item.path)
        date = document.post.date
        view |= {"title": title_of(document), "year": date.year if date else None, "topic": topic.id if topic else None}
    if item.variants is not None:
        counts = [(tag, len(posts)) for tag, posts in item.names.items()]
        view |= {"tags": counts, "kept": item.tag, "posts": item.variants.to_change}
    return view


def title_of(document: Document) -> str:
    """What to call a post here: where it has no title, how it begins."""
    fields = document.fields
    heading = fields.headings[0] if fields.headings else ""
    return document.post.title or heading or shown(fields.lede, _OPENING) or document.post.path


def post_view(backlog: Backlog, document: Document, tags: Sequence[str]) -> dict[str, Any]:
    """The post that an item is about, with the tags that it has now."""
    post = document.post
    return {
        "path": post.path,
        "title": title_of(document),
        "url": backlog.link(document),
        "date": post.date.date().isoformat() if post.date else "",
        "tags": list(tags),
        "lang": post.lang,
        "status": post.status,
    }


def evidence_view(backlog: Backlog, item: Item, tags: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """What speaks for a tag, and against it."""
    found = backlog.evidence(item)
    share = found.topic
    labels = {topic.id: list(topic.label) for topic in backlog.tags.topics}
    return {
        "neighbors": [
            {**post_view(backlog, backlog.posts[near.path], tags[near.path]), "score": near.score}
            for near in found.neighbors
            if near.path in backlog.posts
        ],
        "topic": share
        and {"id": share.id, "label": labels.get(share.id, []), "with_tag": share.with_tag, "posts": share.posts},
        "mentions": found.mentions,
        "terms": list(found.terms),
        **values_for_page(found),
    }


def uses_view(backlog: Backlog, item: Item) -> dict[str, Any]:
    """Who writes which of several names, and why they may be one tag."""
    others = item.variants.others if item.variants is not None else ()
    return {
        "uses": [
            {"tag": tag, "posts": [{"path": path, "title": title_of(backlog.posts[path])} for path in posts]}
            for tag, posts in item.names.items()
        ],
        "reasons": list(dict.fromkeys(reason for other in others for reason in other.reasons)),
    }


def text_view(
    document: Document, names: Iterable[str], terms: Sequence[str]
) -> tuple[list[dict[str, Any]], int | None]:
    """The post's text with the tag's names marked, and the place of the paragraph that speaks most for it.

    That is the paragraph in which the tag's names, and the terms that speak for it, occur most often together: each
    mention counts, each term once.  Of equals the first one; none where nothing of the kind occurs.
    """
    pattern, folded_terms = naming_pattern(names), [fold(term) for term in terms]
    headings, blocks = set(document.fields.headings), list[dict[str, Any]]()
    best, passage = 0, None
    for text in document.fields.prose[:MOST_TEXT].split("\n\n"):
        if not text.strip():
            continue
        parts = marked(text, pattern)
        is_heading = text in headings
        blocks.append({"kind": "heading" if is_heading else "paragraph", "parts": parts})
        folded = fold(text)
        speaks = sum(named for _, named in parts) + sum(term in folded for term in folded_terms)
        if speaks > best and not is_heading:
            best, passage = speaks, len(blocks) - 1
    return blocks, passage


def marked(text: str, pattern: re.Pattern[str]) -> Parts:
    """The text in pieces: those that the pattern matches, once folded, and those between."""
    folded, starts = _folded(text)
    parts: Parts = []
    end = 0
    for match in pattern.finditer(folded):
        first, last = starts[match.start()], starts[match.end() - 1]
        last = next((start for start in starts[match.end() :] if start > last), len(text))
        if first >= end and match.end() > match.start():
            parts += [(text[end:first], False), (text[first:last], True)]
            end = last
    parts.append((text[end:], False))
    return [part for part in parts if part[0]]


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """The text as tags are looked for in it, and where each of its characters begins in the text itself."""
    if unicodedata.is_normalized("NFKC", text) and len(text.lower()) == len(text):
        return fold(text), range(len(text))
    pieces, starts = list[str](), list[int]()
    for match in _CLUSTER.finditer(text):
        pieces.append(fold(match.group()))
        starts += [match.start()] * len(pieces[-1])
    return "".join(pieces), starts


def diff_view(edits: Iterable[PlannedEdit]) -> list[tuple[str, str]]:
    """What is written, line by line: each file's lines that differ, with those around them."""
    lines: list[tuple[str, str]] = []
    for edit in edits:
        for change in read_patch(unified_diff(edit.path, edit.before, edit.after)):
            start, end = change.unlike
            old, new = (side[start : len(side) - end] for side in (change.old, change.new))
            lines.append(("@", f"{edit.path}:{change.start + start + 1}"))
            for mark, side in (
                (" ", change.new[:start]),
                ("-", old),
                ("+", new),
                (" ", change.new[len(change.new) - end :]),
            ):
                lines += [(mark, line.decode("utf-8", "replace").rstrip("\r\n")) for line in side]
            if len(lines) > _MOST_DIFF:
                return [*lines[:_MOST_DIFF], ("@", "…")]
    return lines
