"""Training pairs: two texts that belong together, from the posts that are not held out.

    titles    a post's title and each of its passages (without the title)
    passages  two neighbouring passages of one post
    links     passages of two posts, one of which links to the other
    tags      passages of two posts that share a rare tag

All are read by a loss with negatives from the batch, so a batch must not hold two texts of one post: each pair says of
which posts it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from enishi.encoders.passages import split_passages
from enishi.errors import SettingsError
from enishi.tags.vocabulary import fold_tag
from enishi.types import Document

KINDS = ("titles", "passages", "links", "tags")
DEFAULT_KINDS = ("titles", "passages", "links")
"""Not tags: a model that has seen them is no independent witness about tags."""
RARE = 8
"""A tag on at most so many posts says that they belong together."""
_MOST_OF_A_TAG = 12
"""Pairs of one tag."""

CountTokens = Callable[[list[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together, perhaps with one that does not belong to the first, and of which posts."""

    kind: str
    anchor: str
    positive: str
    posts: tuple[str, ...]
    """Paths of the posts that the texts are of; two pairs of one batch share none."""
    negative: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that a loss reads."""
        return (self.anchor, self.positive, self.negative) if self.negative else (self.anchor, self.positive)


def check_kinds(names: Iterable[str]) -> tuple[str, ...]:
    """The kinds of pairs that these names mean, in a fixed order.

    Raises:
        SettingsError: for a name that is none, or for no name.
    """
    wanted = {name.strip().lower() for name in names if name.strip()}
    if unknown := sorted(wanted - set(KINDS)):
        raise SettingsError(f"--pairs {', '.join(unknown)}: there are {', '.join(KINDS)}")
    if not wanted:
        raise SettingsError(f"--pairs: name at least one of {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)


def make_pairs(
    documents: Sequence[Document],
    links: Mapping[str, tuple[str, ...]],
    kinds: Sequence[str],
    longest: int,
    count_tokens: CountTokens,
) -> list[Pair]:
    """All pairs of these posts, in a fixed order.

    Args:
        documents: the posts to learn from, none of them held out.
        links: by path; links to posts that are not among the documents say nothing.
        kinds: see :data:`KINDS`.
        longest: tokens of a passage.
        count_tokens: the lengths of texts in tokens.
    """
    passages = {document.post.path: passages_of(document, longest, count_tokens) for document in documents}
    titles = {document.post.path: " ".join(document.fields.title.split()) for document in documents}
    found: list[Pair] = []
    for path, parts in passages.items():
        if "titles" in kinds and titles[path]:
            found += [Pair("titles", titles[path], part, (path,)) for part in parts]
        if "passages" in kinds:
            found += [Pair("passages", first, second, (path,)) for first, second in pairwise(parts)]

    def between(kind: str, first: str, second: str, number: int) -> Pair:
        texts = [_with_title(titles[path], passages[path], number) for path in (first, second)]
        return Pair(kind, texts[0], texts[1], (first, second))

    if "links" in kinds:
        linked = {tuple(sorted((path, target))) for path, targets in links.items() for target in targets}
        known = [(first, second) for first, second in sorted(linked) if first in passages and second in passages]
        found += [between("links", first, second, number) for number, (first, second) in enumerate(known)]
    if "tags" in kinds:
        found += [between("tags", *posts, number) for number, posts in enumerate(_rare_pairs(documents))]
    return [pair for pair in found if _says_something(pair.anchor) and _says_something(pair.positive)]


def passages_of(document: Document, longest: int, count_tokens: CountTokens) -> list[str]:
    """The post's passages without its title."""
    body = "\n\n".join(
        part for part in (document.post.description.strip(), document.fields.prose.strip()) if _says_something(part)
    )
    return (
        [part for part in split_passages("", body, "", longest, count_tokens) if _says_something(part)] if body else []
    )


def _with_title(title: str, passages: Sequence[str], number: int) -> str:
    """One of a post's passages, as an encoder reads it; another one in another pair."""
    return f"{title}\n{passages[number % len(passages)] if passages else ''}".strip()


def _rare_pairs(documents: Sequence[Document]) -> list[tuple[str, str]]:
    """Pairs of posts that share a tag which few posts carry."""
    carried: dict[str, list[str]] = {}
    for document in documents:
        for tag in sorted({fold_tag(tag) for tag in document.post.tags} - {""}):
            carried.setdefault(tag, []).append(document.post.path)
    found: dict[tuple[str, str], None] = {}
    for _, posts in sorted(carried.items()):
        if 2 <= len(posts) <= RARE:
            pairs = list(combinations(sorted(posts), 2))
            step = max(1, len(pairs) // _MOST_OF_A_TAG)
            found |= dict.fromkeys(pairs[::step][:_MOST_OF_A_TAG])
    return list(found)


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))
