"""Suggestions and topics of the last build (tags.json), without what was declined since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enishi.commands.ask import NoBuildError, find_post, written_posts
from enishi.state import Request
from enishi.tags.declined import read_declined
from enishi.tags.vocabulary import fold_tag
from enishi.types import TagSuggestion, Topic
from enishi.writing.render_tags import TAGS_NAME, TagsOfPost, read_tags_json

ADD, MAYBE = 0.8, 0.5
"""From these confidences a suggestion is marked "add" or "maybe"."""


def level(confidence: float) -> str:
    """What to do about a suggestion, in a word."""
    return "add" if confidence >= ADD else "maybe" if confidence >= MAYBE else "unsure"


@dataclass(frozen=True, slots=True)
class TaggedPost:
    """What the last build said about a post's tags."""

    path: str
    title: str
    tags: tuple[str, ...]
    suggestions: tuple[TagSuggestion, ...]
    """The surest first."""


@dataclass(frozen=True, slots=True)
class LastTags:
    """tags.json, with titles from related.json beside it."""

    posts: Mapping[str, TaggedPost]
    """By path."""
    topics: tuple[Topic, ...]

    def title(self, path: str) -> str:
        """The post's title, or its path where there is none."""
        return self.posts[path].title if path in self.posts else path

    def names(self) -> frozenset[str]:
        """Every tag that a post carries or that is proposed."""
        carried = {tag for post in self.posts.values() for tag in post.tags}
        suggested = {one.tag for post in self.posts.values() for one in post.suggestions}
        return frozenset(carried | suggested | {one.tag for topic in self.topics for one in topic.missing})


def last_tags(request: Request) -> LastTags:
    """The suggestions and topics of the last build, without what was declined since.

    Raises:
        NoBuildError: there is none, or it is not ours.
    """
    listed = written_posts(request.folder)
    declines, _ = read_declined(request.site)
    declined = {(decline.post, fold_tag(decline.tag)) for decline in declines}
    try:
        content = read_tags_json((request.folder / TAGS_NAME).read_bytes())
    except (OSError, ValueError):
        raise NoBuildError(
            f"there is no {TAGS_NAME} of this version in {request.folder}: run `enishi build`, with the setting "
            "`tags.enabled` on"
        ) from None
    posts = {path: _tagged_post(path, post, listed.get(path, {}), declined) for path, post in content.posts.items()}
    return LastTags(posts, tuple(_without_declined(topic, declined) for topic in content.topics))


def _tagged_post(
    path: str, post: TagsOfPost, listed: Mapping[str, Any], declined: Collection[tuple[str, str]]
) -> TaggedPost:
    kept = tuple(one for one in post.suggestions if (path, fold_tag(one.tag)) not in declined)
    return TaggedPost(path, str(listed.get("title", "")) or path, post.tags, kept)


def _without_declined(topic: Topic, declined: Collection[tuple[str, str]]) -> Topic:
    missing = (
        replace(one, posts=tuple(path for path in one.posts if (path, fold_tag(one.tag)) not in declined))
        for one in topic.missing
    )
    return replace(topic, missing=tuple(one for one in missing if one.posts))


def choose_posts(
    tags: LastTags, request: Request, names: Sequence[str], min_confidence: float = 0.0
) -> list[TaggedPost]:
    """Posts with suggestions at least this sure, the one with the surest first; those named, or all.

    Raises:
        UnknownPostError: a name means no post.
    """
    listed = written_posts(request.folder) if names else {}
    chosen = {find_post(listed, name, request.site) for name in names} if names else tags.posts.keys()
    posts = []
    for path in chosen & tags.posts.keys():
        sure = tuple(one for one in tags.posts[path].suggestions if one.confidence >= min_confidence)
        if sure:
            posts.append(replace(tags.posts[path], suggestions=sure))
    return sorted(posts, key=lambda post: (-post.suggestions[0].confidence, post.path))


def by_tag(posts: Iterable[TaggedPost]) -> dict[str, list[tuple[TaggedPost, TagSuggestion]]]:
    """The same suggestions by tag, and for each tag the surest first; the tag with the surest first."""
    rows: dict[str, list[tuple[TaggedPost, TagSuggestion]]] = {}
    for post in posts:
        for suggestion in post.suggestions:
            rows.setdefault(suggestion.tag, []).append((post, suggestion))
    for entries in rows.values():
        entries.sort(key=lambda entry: (-entry[1].confidence, entry[0].path))
    return dict(sorted(rows.items(), key=lambda item: (-item[1][0][1].confidence, item[0])))
