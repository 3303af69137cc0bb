"""What is untidy about a blog's tags, and what would fix it.  Nothing is changed here.

Pure: documents and vocabulary in, findings out.  Drafts and posts of the future count like all others: their author can
still choose, and a renaming reaches them, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from enishi.config import TagSettings
from enishi.reading.tokens import fold
from enishi.tags.mentions import naming_pattern, ways_to_write
from enishi.tags.variants import SPELLING, Resemblance, find_resemblances, is_spelling
from enishi.tags.vocabulary import Vocabulary, fold_tag, reader_key
from enishi.types import Document, Post

_EVERYWHERE_SHARE, _EVERYWHERE_POSTS = 0.8, 10
"""A tag on this share of so many tagged posts does not help readers to choose among them."""
_TOGETHER_POSTS = 3
"""On fewer posts, two tags go together by chance."""
_SHORTEST_NAME = 3
_STARTS = re.compile(r"[a-z0-9]+|[^\W_]")
"""What a name can start with: a Latin word, or a letter of a script that may do without blanks."""

_Titles = dict[str, list[tuple[str, str]]]
"""(path, title) of posts by what names start with in the title: a big blog has too many titles to try each."""


@dataclass(frozen=True, slots=True)
class TagUse:
    """A tag exactly as posts write it, and the posts that do."""

    tag: str
    posts: tuple[str, ...]
    """Paths, sorted."""


@dataclass(frozen=True, slots=True)
class OtherName(TagUse):
    """Another name for what may be the same tag."""

    reasons: tuple[str, ...] = ()
    """What it differs by from the other spellings of its tag."""


@dataclass(frozen=True, slots=True)
class TagVariants:
    """Several names for what may be one tag."""

    kept: TagUse
    """The prevailing one."""
    others: tuple[OtherName, ...]
    """The most frequent first."""
    shown_by: tuple[str, ...] = ()
    """Paths of the posts that show a short form to stand for its long one."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the prevailing one first."""
        return self.kept.tag, *(other.tag for other in self.others)

    @property
    def to_change(self) -> int:
        """How many posts carry another name than the prevailing one."""
        return len({path for other in self.others for path in other.posts})


@dataclass(frozen=True, slots=True)
class TagsTogether:
    """Tags that no post carries one without the others."""

    tags: tuple[str, ...]
    posts: tuple[str, ...]
    others: tuple[str, ...]
    """Every spelling of all but the first."""


@dataclass(frozen=True, slots=True)
class LoneTag(TagUse):
    """A tag on one post."""

    named_by: tuple[str, ...] = ()
    """Paths of other posts whose title names it: it may belong there, too."""


@dataclass(frozen=True, slots=True)
class CategoryTag(TagUse):
    """A tag of a category's name."""

    category: str = ""
    inside: tuple[str, ...] = ()
    """Paths of those of its posts that are in the category: there the tag adds nothing."""
    is_meant: bool = False
    """Whether the blog means posts to have both."""


@dataclass(frozen=True, slots=True)
class Audit:
    """All findings about a blog's tags; in every list, what concerns most posts comes first."""

    posts: int
    tagged: int
    """Posts with a tag."""
    tags: int
    """Different tags, all spellings of one counted once."""
    variants: tuple[TagVariants, ...] = ()
    together: tuple[TagsTogether, ...] = ()
    categories: tuple[CategoryTag, ...] = ()
    categories_meant: bool = False
    """Whether the blog as a rule gives posts a tag of their category's name, so that it means to."""
    everywhere: tuple[TagUse, ...] = ()
    once: tuple[LoneTag, ...] = ()


def audit_tags(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    settings: TagSettings,
    apart: Collection[frozenset[str]] = (),
) -> Audit:
    """All findings about the tags of a blog's posts.

    What the settings deal with is left out: old names that have an alias, and retired tags.  `apart` are tags, exactly
    as written, that the author says are not one.
    """
    tags = _BlogTags(documents, vocabulary, settings)
    variants = tuple(found for found in tags.variants() if not any(set(found.names) <= names for names in apart))
    has_variants = {vocabulary.key(use.tag) for tag in variants for use in (tag.kept, *tag.others)}
    tagged = sum(1 for document in documents if vocabulary.tags_of(document.post))
    least = _EVERYWHERE_SHARE * tagged if tagged >= _EVERYWHERE_POSTS else len(documents) + 1
    usual = {key: use for key, use in tags.uses.items() if len(use.posts) >= least}
    return Audit(
        posts=len(documents),
        tagged=tagged,
        tags=len(vocabulary.names),
        variants=variants,
        together=tags.together(usual),
        categories=tags.categories(),
        categories_meant=vocabulary.repeated.is_usual,
        everywhere=tuple(sorted(usual.values(), key=_by_weight)),
        once=tags.once(has_variants),
    )


def _by_weight(use: TagUse) -> tuple[int, str]:
    return -len(use.posts), use.tag


def can_be_written(tag: str) -> bool:
    """Whether a command can hold the tag: no control characters, broken UTF-16, or blanks at its ends or in a row."""
    is_sound = all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") and c != "\ufeff" for c in tag)
    return is_sound and re.search(r"\A\s|\s\Z|\s\s", tag) is None


class _BlogTags:
    """The tags that the settings do not deal with, and the posts that carry them."""

    def __init__(self, documents: Sequence[Document], vocabulary: Vocabulary, settings: TagSettings) -> None:
        self._documents, self._vocabulary = documents, vocabulary
        retired = {vocabulary.key(tag) for tag in settings.retired}
        paths: dict[str, list[str]] = defaultdict(list)
        for document in documents:
            for tag in dict.fromkeys(document.post.tags):
                renamed = tag in settings.aliases or fold_tag(tag) in vocabulary.aliases
                if fold_tag(tag) and not renamed and vocabulary.key(tag) not in retired:
                    paths[tag].append(document.post.path)
        self._on_posts = {tag: tuple(sorted(paths[tag])) for tag in sorted(paths)}
        """Paths of the posts that carry a tag, by the tag exactly as written."""
        self._names: dict[str, list[str]] = defaultdict(list)
        """All spellings of a tag, by key."""
        for tag in self._on_posts:
            self._names[vocabulary.key(tag)].append(tag)
        self.uses = {key: self._use_of(tags) for key, tags in self._names.items()}
        """The posts that carry a tag in any of its spellings, with the one of most posts, by key."""

    def _use_of(self, tags: Sequence[str]) -> TagUse:
        posts = {path for tag in tags for path in self._on_posts[tag]}
        return TagUse(min(tags, key=lambda tag: (-len(self._on_posts[tag]), tag)), tuple(sorted(posts)))

    # -- several names for one tag -----------------------------------------------------------------------------------

    def variants(self) -> tuple[TagVariants, ...]:
        """Names that may mean one tag."""
        resemblances = find_resemblances(self._documents, self._vocabulary, self._names)
        findings = []
        for keys in self._groups(resemblances):
            kept = self._kept(keys)
            others = []
            for key in keys:
                for name in self._names[key]:
                    reasons = _reasons(name, key, kept, self._vocabulary.key(kept), resemblances)
                    if reasons:
                        others.append(OtherName(name, self._on_posts[name], reasons))
            if others:
                shown_by = {path for known in resemblances if known.keys <= set(keys) for path in known.shown_by}
                use = TagUse(kept, self._on_posts[kept])
                findings.append(TagVariants(use, tuple(sorted(others, key=_by_weight)), tuple(sorted(shown_by))))
        return tuple(sorted(findings, key=lambda tag: (-tag.to_change, -len(tag.kept.posts), tag.kept.tag)))

    def _groups(self, resemblances: Sequence[Resemblance]) -> list[list[str]]:
        """Keys of tags that may be one: all that a chain of resemblances connects; sorted."""
        group_of = {key: {key} for key in self._names}
        for resemblance in resemblances:
            one, other = sorted(resemblance.keys)
            if group_of[one] is not group_of[other]:
                group_of[one] |= group_of[other]
                group_of.update(dict.fromkeys(group_of[other], group_of[one]))
        return sorted({id(group): sorted(group) for group in group_of.values()}.values())

    def _kept(self, keys: Sequence[str]) -> str:
        """The prevailing spelling of the most frequent tag; one that can be written and has no odd widths, if any.

        A letter of another width than the rest, or one that nobody sees, is a slip, however often it was copied.
        """
        prevailing = {self._vocabulary.names[key] for key in keys}
        every = sorted(name for key in keys for name in self._names[key])
        writable = [name for name in every if can_be_written(name)] or every
        normal = [name for name in writable if name.isprintable() and unicodedata.is_normalized("NFKC", name)]
        return min(normal or writable, key=lambda name: (name not in prevailing, -len(self._on_posts[name]), name))

    # -- tags of little use to readers -------------------------------------------------------------------------------

    def once(self, has_variants: Collection[str]) -> tuple[LoneTag, ...]:
        """Tags on one post; none that other tags imply, as those posts mean it, too."""
        implied = {broader for key in self._names for broader in self._vocabulary.broader.get(key, ())}
        titles: _Titles = defaultdict(list)
        for document in self._documents:
            title = fold(document.fields.title)
            for start in set(_STARTS.findall(title)):
                titles[start].append((document.post.path, title))
        findings = []
        for key, (tag, *_) in self._names.items():
            if self._vocabulary.counts[key] == 1 and key not in has_variants and key not in implied:
                findings.append(LoneTag(tag, self._on_posts[tag], _naming(tag, self._on_posts[tag], titles)))
        return tuple(sorted(findings, key=lambda use: (-len(use.named_by), fold_tag(use.tag), use.tag)))

    def together(self, usual: Collection[str]) -> tuple[TagsTogether, ...]:
        """Tags on exactly the same posts; none of which one implies the other."""
        same: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for key in sorted(self._names):
            if len(self.uses[key].posts) >= _TOGETHER_POSTS and key not in usual:
                same[self.uses[key].posts].append(key)
        findings = []
        for posts, keys in same.items():
            implied = self._vocabulary.meant_by(keys) - set(keys)
            implied |= {broader for key in keys for broader in self._vocabulary.broader.get(key, ())}
            apart = [key for key in keys if key not in implied]
            if len(apart) > 1:
                tags = tuple(self.uses[key].tag for key in apart)
                others = tuple(name for key in apart[1:] for name in self._names[key])
                findings.append(TagsTogether(tags, posts, others))
        return tuple(sorted(findings, key=lambda together: (-len(together.posts), together.tags)))

    def categories(self) -> tuple[CategoryTag, ...]:
        """Tags of a category's name."""
        categories: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for document in self._documents:
            for name in {name for chain in document.post.categories for name in chain}:
                categories[reader_key(name)][name].add(document.post.path)
        findings = []
        for key, tags in self._names.items():
            same_name = {name: paths for tag in tags for name, paths in categories.get(reader_key(tag), {}).items()}
            if same_name:
                tag, posts = self.uses[key].tag, self.uses[key].posts
                category = min(same_name, key=lambda name: (-len(same_name[name]), name))
                inside = sorted(set(posts) & set().union(*same_name.values()))
                meant = self._vocabulary.repeated.meant(reader_key(tag), Post("", ""))
                findings.append(CategoryTag(tag, posts, category, tuple(inside), meant))
        return tuple(sorted(findings, key=lambda use: (-len(use.inside), *_by_weight(use))))


def _reasons(name: str, key: str, kept: str, kept_key: str, resemblances: Sequence[Resemblance]) -> tuple[str, ...]:
    """Why a name may mean the kept tag: a spelling of it, or a resemblance with it or with another of the group."""
    if key == kept_key:
        return (SPELLING,) if is_spelling(name, kept) else ()
    near = [known for known in resemblances if key in known.keys]
    direct = [known.reason for known in near if kept_key in known.keys]
    return tuple(dict.fromkeys(direct or [known.reason for known in near]))


def _naming(tag: str, carriers: Collection[str], titles: _Titles) -> tuple[str, ...]:
    """Other posts than the carriers, by path; none for a very short name, which stands inside others."""
    if len(tag) < (_SHORTEST_NAME if tag.isascii() else _SHORTEST_NAME - 1):
        return ()
    starts = {start[0] for words in ways_to_write(tag) if (start := _STARTS.match(words[0]))}
    pattern = naming_pattern([tag])
    candidates = sorted({entry for start in starts for entry in titles.get(start, ())})
    return tuple(path for path, title in candidates if path not in carriers and pattern.search(title))
