"""Training pairs: two texts that belong together, from the posts that are not held out.

    titles    a post's title and each of its passages (without the title)
    passages  two neighbouring passages of one post
    links     passages of two posts, one of which links to the other
    tags      passages of two posts that share a rare tag

The loss takes every other text of a batch as a negative, so a batch must not hold two texts of one post: each pair
names the posts it is from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from enishi.commands.train.held_out import has_words
from enishi.encoders.passages import cut_passages
from enishi.errors import SettingsError
from enishi.tags.vocabulary import fold_tag
from enishi.types import Document

KINDS = ("titles", "passages", "links", "tags")
DEFAULT_KINDS = ("titles", "passages", "links")
"""Without tags: a model that has learned from them is no independent evidence about tags."""
RARE = 8
"""Posts belong together if they share a tag that at most so many posts carry."""
_PAIRS_PER_TAG = 12

CountTokens = Callable[[list[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together, maybe with a third that does not belong to the first."""

    kind: str
    anchor: str
    positive: str
    posts: tuple[str, ...]
    """Paths of the posts that the texts are from; two pairs of one batch share none."""
    negative: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that the loss reads."""
        return (self.anchor, self.positive, self.negative) if self.negative else (self.anchor, self.positive)


def check_kinds(names: Iterable[str]) -> tuple[str, ...]:
    """These kinds of pairs in a fixed order.

    Raises:
        SettingsError: there is no such kind, or none is named.
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
        links: by path; links to posts that are not among the documents are left out.
        kinds: see :data:`KINDS`.
        longest: tokens of a passage.
        count_tokens: the lengths of texts in tokens.
    """
    passages = {document.post.path: passages_of(document, longest, count_tokens) for document in documents}
    titles = {document.post.path: " ".join(document.fields.title.split()) for document in documents}
    pairs: list[Pair] = []
    for path, parts in passages.items():
        if "titles" in kinds and titles[path]:
            pairs += [Pair("titles", titles[path], part, (path,)) for part in parts]
        if "passages" in kinds:
            pairs += [Pair("passages", first, second, (path,)) for first, second in pairwise(parts)]

    def between(kind: str, posts: Iterable[tuple[str, str]]) -> Iterator[Pair]:
        for number, (first, second) in enumerate(posts):
            texts = [_with_title(titles[path], passages[path], number) for path in (first, second)]
            yield Pair(kind, texts[0], texts[1], (first, second))

    if "links" in kinds:
        linked = {(min(path, target), max(path, target)) for path, targets in links.items() for target in targets}
        pairs += between("links", [both for both in sorted(linked) if all(path in passages for path in both)])
    if "tags" in kinds:
        pairs += between("tags", _rare_pairs(documents))
    return [pair for pair in pairs if has_words(pair.anchor) and has_words(pair.positive)]


def passages_of(document: Document, longest: int, count_tokens: CountTokens) -> list[str]:
    """The post's passages without its title."""
    body = "\n\n".join(filter(has_words, (document.post.description.strip(), document.fields.prose.strip())))
    texts = cut_passages("", body, "", longest, count_tokens).texts("", body) if body else []
    return list(filter(has_words, texts))


def _with_title(title: str, passages: Sequence[str], number: int) -> str:
    """One of a post's passages, as an encoder reads it; another one in another pair."""
    return f"{title}\n{passages[number % len(passages)] if passages else ''}".strip()


def _rare_pairs(documents: Sequence[Document]) -> list[tuple[str, str]]:
    """Pairs of posts that share a tag which few posts carry."""
    carried: dict[str, list[str]] = {}
    for document in documents:
        for tag in sorted({fold_tag(tag) for tag in document.post.tags} - {""}):
            carried.setdefault(tag, []).append(document.post.path)
    pairs: dict[tuple[str, str], None] = {}
    for _, posts in sorted(carried.items()):
        if 2 <= len(posts) <= RARE:
            of_tag = list(combinations(sorted(posts), 2))
            step = max(1, len(of_tag) // _PAIRS_PER_TAG)
            pairs |= dict.fromkeys(of_tag[::step][:_PAIRS_PER_TAG])
    return list(pairs)
