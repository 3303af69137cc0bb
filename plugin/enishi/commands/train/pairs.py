"""Training pairs: two texts that belong together, from the posts that are not held out.

    titles    a post's title and each of its passages (without the title)
    passages  two neighbouring passages of one post
    links     passages of two posts, one of which links to the other

The loss takes every other text of a batch as a negative, so a batch must not hold two texts of one post: each pair
names the posts it is from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from enishi.commands.train.held_out import has_words
from enishi.encoders.passages import cut_passages
from enishi.errors import SettingsError
from enishi.types import Document

KINDS = ("titles", "passages", "links")
"""None by tags: a model that has learned from them would be no independent evidence about tags."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together."""

    kind: str
    anchor: str
    positive: str
    posts: tuple[str, ...]
    """Paths of the posts that the texts are from; two pairs of one batch share none."""


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


class Passages:
    """Posts cut into passages to learn from.

    Args:
        documents: none of them held out.
        longest: tokens of a passage.
        count_tokens: the lengths of texts in tokens.
    """

    def __init__(
        self, documents: Sequence[Document], longest: int, count_tokens: Callable[[list[str]], list[int]]
    ) -> None:
        self.titles = {document.post.path: " ".join(document.fields.title.split()) for document in documents}
        self.texts: dict[str, list[str]] = {}
        """By path, a post's passages without its title."""
        for document in documents:
            body = "\n\n".join(filter(has_words, (document.post.description.strip(), document.fields.prose.strip())))
            texts = cut_passages("", body, "", longest, count_tokens).texts("", body) if body else []
            self.texts[document.post.path] = list(filter(has_words, texts))

    def with_title(self, path: str, number: int) -> str:
        """One of a post's passages, as an encoder reads it; another one for another number."""
        texts = self.texts[path]
        return f"{self.titles[path]}\n{texts[number % len(texts)] if texts else ''}".strip()


def make_pairs(passages: Passages, links: Mapping[str, Sequence[str]], kinds: Sequence[str]) -> list[Pair]:
    """All pairs of these kinds (:data:`KINDS`), in a fixed order; links to posts without passages are left out."""
    titles, texts = passages.titles, passages.texts
    pairs: list[Pair] = []
    for path, parts in texts.items():
        if "titles" in kinds and titles[path]:
            pairs += [Pair("titles", titles[path], part, (path,)) for part in parts]
        if "passages" in kinds:
            pairs += [Pair("passages", first, second, (path,)) for first, second in pairwise(parts)]

    if "links" in kinds:
        linked = {(min(path, target), max(path, target)) for path, targets in links.items() for target in targets}
        for number, both in enumerate(sorted(pair for pair in linked if all(path in texts for path in pair))):
            first, second = (passages.with_title(path, number) for path in both)
            pairs.append(Pair("links", first, second, both))
    return [pair for pair in pairs if has_words(pair.anchor) and has_words(pair.positive)]
