"""Topics: posts that belong together by what they say, and the tags that a topic's posts lack.

As evidence for a single post, topics add nothing to its neighbours (docs/research.md).  They explain, can be browsed,
and propose tags: one that most of a topic's posts carry, or the name of a topic that no tag covers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from enishi.tags.communities import NEIGHBORS, SMALLEST, find_communities
from enishi.tags.distinctive_terms import DistinctiveTerms
from enishi.tags.vocabulary import Vocabulary, reader_key
from enishi.types import Document, MissingTag, Topic, TopicTag

if TYPE_CHECKING:
    from enishi.tags.likeness import Likeness

LABEL_TERMS = 3
USUAL_SHARE = 2 / 3
"""A tag is common in a topic if at least this share of its posts carry it …"""
USUAL_POSTS = 4
"""… and at least this many."""
MAX_TAGS = 10
MAX_NEW_TAGS = 3
"""New tags proposed for a whole blog."""
_NEW_TAG_POSTS = 5
_NEW_TAG_SHARE = 0.6
_NEW_TAG_TITLES = 2
_COVERED_SHARE = 0.4
_COVERED_LIFT = 3.0

Wants = Callable[[int, str], bool]
"""Whether a tag (by key) may be proposed for a post (by row)."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which posts are in which topic."""

    groups: Sequence[Sequence[int]]
    """Rows of each topic's posts, sorted by path."""
    of_row: dict[int, int]
    """Topic by row."""


def group_posts(documents: Sequence[Document], likeness: Likeness) -> Grouping:
    """Topics from each post's nearest posts, at most a fifth of the blog; see :mod:`enishi.tags.communities`."""
    paths = [document.post.path for document in documents]
    groups = find_communities(paths, *likeness.nearest_of_all(min(NEIGHBORS, max(SMALLEST, len(paths) // 5))))
    return Grouping(groups, {row: topic for topic, rows in enumerate(groups) for row in rows})


def describe_topics(
    documents: Sequence[Document], grouping: Grouping, vocabulary: Vocabulary, terms: DistinctiveTerms, wants: Wants
) -> tuple[Topic, ...]:
    """The topics with their labels, their tags, and the tags that they lack."""
    meant = vocabulary.meant_on(documents)
    everywhere = Counter(key for keys in meant for key in keys)
    topics, candidates = [], []
    for number, rows in enumerate(grouping.groups):
        label = terms.label(rows, LABEL_TERMS)
        counts = _count_tags(rows, meant, vocabulary)
        usual = [key for key, count in counts if count >= max(USUAL_POSTS, USUAL_SHARE * len(rows))]
        lacking = {
            key: tuple(documents[row].post.path for row in rows if key not in meant[row] and wants(row, key))
            for key in usual
            if key not in vocabulary.barred
        }
        topic = Topic(
            id=number,
            label=tuple(term.surface for term in label),
            posts=tuple(documents[row].post.path for row in rows),
            tags=tuple(TopicTag(vocabulary.names[key], count, len(rows)) for key, count in counts[:MAX_TAGS]),
            missing=tuple(MissingTag(vocabulary.names[key], paths) for key, paths in lacking.items() if paths),
        )
        topics.append(topic)
        if label and not _is_covered(len(rows), len(meant), counts, everywhere):
            best = label[0]
            often = best.posts >= max(_NEW_TAG_POSTS, _NEW_TAG_SHARE * len(rows)) and best.titles >= _NEW_TAG_TITLES
            if often and not _is_known(best.key, vocabulary):
                candidates.append((-best.posts, number, best.key, best.surface))
    for _, number, key, surface in sorted(candidates)[:MAX_NEW_TAGS] if not vocabulary.is_closed else ():
        using = [row for row in grouping.groups[number] if key in documents[row].terms]
        new_tag = MissingTag(surface, tuple(documents[row].post.path for row in using), new=True)
        topics[number] = replace(topics[number], missing=(*topics[number].missing, new_tag))
    return tuple(topics)


def _count_tags(rows: Sequence[int], meant: Sequence[frozenset[str]], vocabulary: Vocabulary) -> list[tuple[str, int]]:
    """(key, posts that carry it) of the tags on two posts or more, the most frequent first."""
    counts = Counter(key for row in rows for key in meant[row] if key in vocabulary.names)
    return sorted(((key, count) for key, count in counts.items() if count >= 2), key=lambda pair: (-pair[1], pair[0]))


def _is_covered(size: int, posts: int, counts: Sequence[tuple[str, int]], everywhere: Mapping[str, int]) -> bool:
    """Whether some tag is at home here: on many of the topic's posts, and on few others."""
    least = min(_COVERED_LIFT, posts / size / 2)
    return any(
        count >= _COVERED_SHARE * size and (count / size) / (everywhere[key] / posts) >= least for key, count in counts
    )


def _is_known(term: str, vocabulary: Vocabulary) -> bool:
    """Whether the blog has a tag of this name, or of a part of it, or barred it."""
    key = reader_key(term)
    names = {reader_key(name) for spellings in vocabulary.spellings.values() for name in spellings}
    names |= {reader_key(name) for name in vocabulary.barred}
    return any(key == name or (len(name) > 2 and name in key) or key in name for name in names)
