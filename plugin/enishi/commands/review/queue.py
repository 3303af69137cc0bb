"""What there is to decide: suggestions, tags that topics lack, posts without tags, and tags that may be one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

from enishi.commands.ask import written_posts
from enishi.commands.tags.last_build import LastTags, last_tags
from enishi.pipeline import Posts
from enishi.reading.addresses import absolute_link
from enishi.state import Request
from enishi.tags.audit import TagVariants, audit_tags
from enishi.tags.declined import read_kept
from enishi.tags.vocabulary import Vocabulary, fold_tag, read_vocabulary
from enishi.types import Document, Evidence, Neighbor, TagSuggestion, Topic, TopicShare

Kind = Literal["suggestion", "missing", "untagged", "merge"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to decide."""

    kind: Kind
    path: str = ""
    """Of the post; empty for a merge, which is about several."""
    tag: str = ""
    """What would be added; of a merge, the prevailing name; empty for a post without tags."""
    suggestion: TagSuggestion | None = None
    variants: TagVariants | None = None

    @property
    def id(self) -> str:
        """A name that is the same in the next review."""
        names = sorted(self.names) if self.variants is not None else [self.tag]
        key = json.dumps([self.kind, self.path, names]).encode()
        return self.kind[0] + blake2b(key, digest_size=8).hexdigest()

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Of a merge, the paths of the posts by tag, the prevailing one first."""
        uses = (self.variants.kept, *self.variants.others) if self.variants is not None else ()
        return {use.tag: use.posts for use in uses}


@dataclass(frozen=True, slots=True)
class Backlog:
    """The blog as it was built, and what there is to decide in it."""

    posts: Mapping[str, Document]
    """By path."""
    tags: LastTags
    vocabulary: Vocabulary
    related: Mapping[str, Mapping[str, Any]]
    """What related.json says of each post."""
    topic_of: Mapping[str, Topic]
    items: tuple[Item, ...]
    """The surest first; merges at the end."""
    address: str = ""
    """Of the site, where it is known."""

    def link(self, document: Document) -> str:
        """The address of a post that a page elsewhere may link to; empty where it is unknown."""
        return absolute_link(document.post.url, self.address)

    def evidence(self, item: Item) -> Evidence:
        """Why a tag may belong to a post; where nothing was suggested, what is known of its topic and neighbours."""
        if item.suggestion is not None or not item.tag:
            return item.suggestion.evidence if item.suggestion is not None else Evidence()
        known = self.suggested(item.path, item.tag)
        return known.evidence if known is not None else Evidence(self._neighbors(item), self._share(item))

    def suggested(self, path: str, tag: str) -> TagSuggestion | None:
        """What the last build said about a tag for a post, however sure."""
        post = self.tags.posts.get(path)
        return next((one for one in post.suggestions if fold_tag(one.tag) == fold_tag(tag)), None) if post else None

    def _neighbors(self, item: Item) -> tuple[Neighbor, ...]:
        near = (Neighbor(entry["path"], entry["score"]) for entry in self.related.get(item.path, {}).get("related", ()))
        return tuple(one for one in near if one.path in self.posts and self._carries(one.path, item.tag))

    def _share(self, item: Item) -> TopicShare | None:
        topic = self.topic_of.get(item.path)
        if topic is None:
            return None
        others = [path for path in topic.posts if path != item.path]
        return TopicShare(topic.id, sum(self._carries(path, item.tag) for path in others), len(others))

    def _carries(self, path: str, tag: str) -> bool:
        key = self.vocabulary.key(tag)
        return path in self.posts and key in self.vocabulary.tags_of(self.posts[path].post)

    def spellings(self, tag: str) -> tuple[str, ...]:
        """All names that a tag goes by."""
        return self.vocabulary.spellings.get(self.vocabulary.key(tag)) or (tag,)


def read_backlog(request: Request, posts: Posts, min_confidence: float) -> Backlog:
    """What there is to decide after a build.

    Raises:
        NoBuildError: there is none, or the settings want no tags.
    """
    tags, settings = last_tags(request), posts.blog.settings.tags
    vocabulary, _ = read_vocabulary([document.post for document in posts.documents], posts.blog.site, settings)
    by_path = {document.post.path: document for document in posts.documents}
    kept = read_kept(request.site)
    variants = audit_tags(posts.documents, vocabulary, settings, kept.apart).variants
    items = (
        *_suggestions(tags, by_path, min_confidence),
        *_missing(tags, by_path, min_confidence),
        *(item for item in _untagged(by_path) if item.path not in kept.untagged),
        *(Item("merge", tag=found.kept.tag, variants=found) for found in variants),
    )
    topic_of = {path: topic for topic in tags.topics for path in topic.posts}
    return Backlog(by_path, tags, vocabulary, written_posts(request.folder), topic_of, items, posts.blog.site.url)


def _suggestions(tags: LastTags, posts: Mapping[str, Document], min_confidence: float) -> list[Item]:
    found = [
        Item("suggestion", path, suggestion.tag, suggestion)
        for path, post in tags.posts.items()
        for suggestion in post.suggestions
        if path in posts and suggestion.confidence >= min_confidence
    ]
    return sorted(found, key=lambda item: (-item.suggestion.confidence if item.suggestion else 0, item.path, item.tag))


def _missing(tags: LastTags, posts: Mapping[str, Document], min_confidence: float) -> Iterator[Item]:
    """What the posts of a topic lack and is no item already; where most of a topic carries it first."""
    rows: list[tuple[float, str, str]] = []
    known = {
        (path, fold_tag(one.tag))
        for path, post in tags.posts.items()
        for one in post.suggestions
        if one.confidence >= min_confidence
    }
    for topic in tags.topics:
        share = {tag.tag: tag.with_tag / tag.posts for tag in topic.tags if tag.posts}
        rows += [
            (-share.get(missing.tag, 0.0), missing.tag, path)
            for missing in topic.missing
            for path in missing.posts
            if path in posts and (path, fold_tag(missing.tag)) not in known
        ]
    return (Item("missing", path, tag) for _, tag, path in sorted(rows))


def _untagged(posts: Mapping[str, Document]) -> Iterator[Item]:
    """Posts without any tag, the newest first."""
    bare = [document.post for document in posts.values() if not document.post.tags]
    bare.sort(key=lambda post: (post.date is not None, post.date.timestamp() if post.date else 0.0), reverse=True)
    return (Item("untagged", post.path) for post in bare)


def count_tags(tags: Mapping[str, tuple[str, ...]]) -> list[tuple[str, int]]:
    """Every tag with the number of its posts, the most frequent first."""
    counts = Counter(tag for of_post in tags.values() for tag in dict.fromkeys(of_post))
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
