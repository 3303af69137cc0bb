"""tags.json: suggestions and topics, written and read.

For the author's eyes: drafts and posts of the future are in it, so it must never be written where it is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from enishi.types import Evidence, Post, TagAnalysis, TagSuggestion, Topic
from enishi.writing.render import json_bytes

TAGS_NAME = "tags.json"
TAGS_VERSION = 1


@dataclass(frozen=True, slots=True)
class TagsOfPost:
    """What tags.json says of one post."""

    tags: tuple[str, ...]
    suggestions: tuple[TagSuggestion, ...]
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class TagsFile:
    """The content of tags.json."""

    version: int
    posts: Mapping[str, TagsOfPost]
    """By path."""
    topics: tuple[Topic, ...]


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def read_tags_json(data: bytes) -> TagsFile:
    """What :func:`render_tags_json` wrote.

    Raises:
        ValueError: it is something else, or of another version.
    """
    from pydantic import TypeAdapter

    content = TypeAdapter(TagsFile).validate_json(data)
    if content.version != TAGS_VERSION:
        raise ValueError(f"version {content.version}")
    return content


def render_tags_json(posts: Iterable[Post], analysis: TagAnalysis) -> bytes:
    """The whole of tags.json.

    Canonical: posts by path, then topics by id; one line a post, a suggestion, a topic; UTF-8.
    """
    ordered = sorted(posts, key=lambda post: post.path)
    lines = ["{", f'  "version": {TAGS_VERSION},']
    entries = [_lines_of_post(post, analysis) for post in ordered]
    lines += _block('  "posts": {', entries, "  },")
    lines += _block('  "topics": [', [[f"    {_encode(_topic_fields(topic))}"] for topic in analysis.topics], "  ]")
    lines += ["}", ""]
    return json_bytes(lines)


def _block(head: str, entries: Sequence[Sequence[str]], end: str) -> list[str]:
    if not entries:
        return [head + end.lstrip()]
    lines = [head]
    for number, entry in enumerate(entries, start=1):
        comma = "," if number < len(entries) else ""
        lines += [*entry[:-1], entry[-1] + comma]
    return [*lines, end]


def _lines_of_post(post: Post, analysis: TagAnalysis) -> list[str]:
    topic = analysis.topic_of.get(post.path)
    fields: dict[str, object] = {"tags": list(post.tags)}
    if topic is not None:
        fields["topic"] = topic
    head = f"    {_encode(post.path)}: {_encode(fields)[:-1]}"
    suggestions = [[f"      {_encode(suggestion_fields(s))}"] for s in analysis.suggestions.get(post.path, ())]
    return _block(f'{head}, "suggestions": [', suggestions, "    ]}")


def suggestion_fields(suggestion: TagSuggestion) -> dict[str, object]:
    """One suggestion as tags.json holds it."""
    fields: dict[str, object] = {"tag": suggestion.tag, "confidence": _number(suggestion.confidence)}
    if suggestion.fit is not None:
        fields["fit"] = _number(suggestion.fit)
    return fields | {"evidence": _evidence_fields(suggestion.evidence)}


def _evidence_fields(evidence: Evidence) -> dict[str, object]:
    fields: dict[str, object] = {
        "neighbors": [{"path": near.path, "score": _number(near.score)} for near in evidence.neighbors]
    }
    if evidence.topic is not None:
        share = evidence.topic
        fields["topic"] = {"id": share.id, "with_tag": share.with_tag, "posts": share.posts}
    fields |= {"mentions": evidence.mentions, "terms": list(evidence.terms)}
    if evidence.beside:
        fields["beside"] = [asdict(one) for one in evidence.beside]
    return fields | ({"use": asdict(evidence.use)} if evidence.use is not None else {})


def _topic_fields(topic: Topic) -> Mapping[str, object]:
    missing: list[dict[str, object]] = []
    for found in topic.missing:
        entry: dict[str, object] = {"tag": found.tag, "posts": list(found.posts)}
        missing.append(entry | {"new": True} if found.new else entry)
    return {
        "id": topic.id,
        "label": list(topic.label),
        "posts": list(topic.posts),
        "tags": [{"tag": share.tag, "with_tag": share.with_tag, "posts": share.posts} for share in topic.tags],
        "missing": missing,
    }


def _number(value: float) -> float:
    return round(float(value), 4) + 0.0  # no minus zero
