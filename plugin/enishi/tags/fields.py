"""Fields of front matter that say something about a post: the commonest ones of the blog, whatever they are called.

Never one that holds the tags under another name: their posts would be like one another by what is asked for.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from enishi.reading.tokens import fold
from enishi.tags.vocabulary import reader_key
from enishi.types import Document

TAG_KEYS = frozenset({"tag", "tags", "topic", "topics", "keyword", "keywords", "taxonomies"})
"""Keys of tags by their name, lower case."""
MAX_SHARE = 0.95
"""A value on more posts tells none from another."""
_FILED_UNDER = ("author", "authors", "layout", "type", "lang", "language", "locale", "category", "categories", "series")
"""Fields with a known meaning, on any blog."""
_MOST_FIELDS = 10
_FEWEST_POSTS = 3
"""A value on fewer posts does not show what goes with it."""
_TELLING = 0.9
_TOLD = 0.5
"""From this share of its posts' tags, what a field tells is the tags."""
_COMMON_TAG = 0.5
_MAX_VALUE = 80
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?")
_BETWEEN_NAMES = re.compile(r"\s*[,;|/#、，；]\s*")
_HOST = re.compile(r"(?:https?:)?//(?:[^/?#@]*@)?([^/?#:@\s]+)", re.I)


def choose_fields(documents: Sequence[Document]) -> tuple[str, ...]:
    """Keys of front matter to compare posts by; where tags were taken away, choose before that."""
    tags = _telling_tags(documents)
    by_key: dict[str, dict[int, set[str]]] = defaultdict(dict)
    for row, document in enumerate(documents):
        for key, value in document.post.front_matter.items():
            if key.casefold() not in TAG_KEYS and key not in _FILED_UNDER and (values := set(field_values(value))):
                by_key[key][row] = values
    posts = {}
    for key, of_row in by_key.items():
        count = Counter(value for values in of_row.values() for value in values)
        shared = {value for value, df in count.items() if _FEWEST_POSTS <= df <= MAX_SHARE * len(documents)}
        rows = [row for row, values in of_row.items() if values & shared]
        if rows and not _tells_tags([of_row[row] for row in rows], [tags[row] for row in rows]):
            posts[key] = len(rows)
    return (*_FILED_UNDER, *sorted(posts, key=lambda key: (-posts[key], key))[:_MOST_FIELDS])


def field_values(value: object) -> Iterable[str]:
    """The short texts that a field holds, folded; of an address its host; no dates."""
    if isinstance(value, str | int | float):
        text = fold(str(value)).strip()
        text = host_of(text) or text
        if text and len(text) <= _MAX_VALUE and not _DATE.match(text):
            yield text
    elif isinstance(value, list):
        for item in value:
            yield from field_values(item)


def host_of(address: str) -> str:
    """The host of a web address, without `www.`; empty where it has none."""
    match = _HOST.match(address)
    return match[1].lower().removeprefix("www.") if match else ""


def _telling_tags(documents: Sequence[Document]) -> list[set[str]]:
    """The tags of each post that are not on half of the posts with tags: those, any field would tell."""
    own = [{reader_key(tag) for tag in document.post.tags} for document in documents]
    count = Counter(tag for tags in own for tag in tags)
    most = _COMMON_TAG * sum(map(bool, own))
    return [{tag for tag in tags if count[tag] <= most} for tags in own]


def _tells_tags(values: Sequence[set[str]], tags: Sequence[set[str]]) -> bool:
    """Whether a field's values name most tags of their posts, or nearly always go with them."""
    labelled = [(of_post, own) for of_post, own in zip(values, tags, strict=True) if own]
    posts: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for of_post, own in labelled:
        posts.update(of_post)
        together.update((value, tag) for value in of_post for tag in own)
    told = 0
    for of_post, own in labelled:
        named = {reader_key(name) for value in of_post for name in (value, *_BETWEEN_NAMES.split(value))}
        known = [value for value in of_post if posts[value] >= _FEWEST_POSTS]
        # Beside this post: that it carries the tag itself tells nothing
        told += sum(
            tag in named or any(together[value, tag] - 1 >= _TELLING * (posts[value] - 1) for value in known)
            for tag in own
        )
    return told > 0 and told >= _TOLD * sum(len(own) for _, own in labelled)
