"""The blog's tags and its rules about them: spellings, aliases, broader tags, and what is never suggested.

Tags are compared folded: NFKC, case-folded.  Tags that then differ in blanks, hyphens and the like, or in the
long-vowel mark at the end of a katakana word, are spellings of one tag; the blog's prevailing one stands for all.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from enishi.errors import Diagnostic, Severity
from enishi.files import read_file
from enishi.types import Document, Post

if TYPE_CHECKING:
    from enishi.config import TagSettings
    from enishi.generators.base import Site

REPEATED_FROM = 0.1
"""From this share of the posts in a category that carry its name as a tag, too, the blog means to have both."""
_VERSIONED_TOGETHER = 0.5
"""From this share of posts that carry `Go1.27` and `Go` together, the blog means to have them so."""
_SEPARATORS = re.compile(r"[\s_\-‐-―・·/\\:,、]+|(?<!\d)\.|\.(?!\d)")
_LONG_VOWEL = re.compile(r"(?<=[ァ-ヺー]{2})ー(?![ァ-ヺー])")
_VERSION = re.compile(r"(?P<base>.*?[^\W\d_].*?)[\s_-]*v?\d+(?:\.\d+)*(?:\.x)?\Z", re.I)
_MOST_BROADER = 100
"""So that a chain of thousands of tags does not take the square of its length."""
_MAX_ONTOLOGY_BYTES = 4 * 1024 * 1024
_LONGEST_VERSIONED = 100
"""Characters of a name in which a version is looked for, which takes time by their square."""


@lru_cache(maxsize=1 << 16)
def fold_tag(tag: str) -> str:
    """A tag as it is compared: width, case and outer blanks do not matter."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tag).casefold()).strip()


@lru_cache(maxsize=1 << 16)
def spelling_key(tag: str) -> str:
    """What all spellings of a tag have in common: `web-design` and `Web Design`, `サーバー` and `サーバ`."""
    folded = fold_tag(tag)
    return _LONG_VOWEL.sub("", _SEPARATORS.sub("", folded)) or folded


@lru_cache(maxsize=1 << 16)
def reader_key(tag: str) -> str:
    """As `spelling_key`, but the plural of a Latin word is a spelling of it as well (`API`, `APIs`).

    Too loose to call two tags one (`Windows`, `window`), but the other is not suggested for a post that has one.
    """
    key = spelling_key(tag)
    return key[:-1] if re.search(r"[a-z]{2}[a-rt-z]s\Z", key) else key


@dataclass(frozen=True, slots=True)
class RepeatedNames:
    """How often posts carry the name of their category or series as a tag, too."""

    filed: Mapping[str, int] = field(default_factory=dict)
    """Posts with tags in a category or series whose name is a tag of the blog, by its `reader_key`."""
    tagged: Mapping[str, int] = field(default_factory=dict)
    """Those of them that carry the tag."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Their share, of the names with two posts or more: one shows no habit."""
    sum_of_shares: float = 0.0

    @classmethod
    def of(cls, posts: Iterable[Post]) -> RepeatedNames:
        """Count over all posts with tags."""
        filed: Counter[str] = Counter()
        tagged: Counter[str] = Counter()
        tags: set[str] = set()
        for post in posts:
            if own := set(map(reader_key, post.tags)):
                tags |= own
                filed.update(_filed_under(post))
                tagged.update(own & _filed_under(post))
        filed = Counter({name: filed[name] for name in sorted(filed) if name in tags})
        shares = {name: tagged[name] / count for name, count in filed.items() if count > 1}
        return cls(filed, tagged, shares, sum(shares.values()))

    @property
    def is_usual(self) -> bool:
        """Whether the blog as a rule means to have both."""
        return self.sum_of_shares >= REPEATED_FROM * max(len(self.shares), 1)

    def meant(self, name: str, post: Post) -> bool:
        """Whether a post may carry the name of its category or series as a tag, by what other posts there do.

        Their share is drawn towards the mean share of the other names, which weighs as much as one post.
        """
        own = set(map(reader_key, post.tags))
        others = len(self.shares) - (name in self.shares)
        mean = (self.sum_of_shares - self.shares.get(name, 0.0)) / others if others else 0.0
        # The post itself is no witness: what it carries may be what is asked about
        filed, tagged = self.filed.get(name, 0) - bool(own), self.tagged.get(name, 0) - (name in own)
        return (max(tagged, 0) + mean) / (max(filed, 0) + 1) >= REPEATED_FROM


def _filed_under(post: Post) -> set[str]:
    """The categories and the series of a post, by `reader_key`."""
    return {reader_key(name) for name in (*(name for chain in post.categories for name in chain), post.series) if name}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tags of a blog.  A tag's identity is its *key*; its name is how the blog writes it."""

    names: Mapping[str, str]
    """Name by key, for every tag on at least one post; sorted by key."""
    spellings: Mapping[str, tuple[str, ...]]
    """All names a tag goes by on this blog, aliases included, by key."""
    counts: Mapping[str, int]
    """Posts that carry the tag itself, by key."""
    broader: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """All tags that a tag implies, transitively, by key."""
    barred: frozenset[str] = frozenset()
    """Keys never suggested: retired, old names, `never`, or not in `only`."""
    repeated: RepeatedNames = RepeatedNames()
    """Where the name of a post's category or series may be its tag."""
    is_closed: bool = False
    """Whether only listed tags may be suggested (`only`), so that no new one is wanted."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The new name of a tag that has one, by the folded old name."""
    _keys: Mapping[str, str] = field(default_factory=dict)
    _by_reader: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def key(self, tag: str) -> str:
        """The key of a tag as somebody wrote it."""
        folded = fold_tag(tag)
        return self._keys.get(folded) or self._keys.get(spelling_key(tag)) or folded

    def tags_of(self, post: Post) -> frozenset[str]:
        """Keys of the tags that a post carries itself."""
        return frozenset(self.key(tag) for tag in post.tags if fold_tag(tag))

    def meant_by(self, keys: Iterable[str]) -> frozenset[str]:
        """The keys and all that they imply."""
        own = frozenset(keys)
        return own.union(*(self.broader.get(key, frozenset()) for key in own))

    def meant_on(self, documents: Iterable[Document]) -> list[frozenset[str]]:
        """The keys that each post carries, and all that they imply."""
        return [self.meant_by(self.tags_of(document.post)) for document in documents]

    def unfit_for(self, post: Post) -> frozenset[str]:
        """Keys that are not suggested for this post: its own, implied ones, barred ones; its series and categories,
        unless the blog repeats them as tags.
        """
        unfit = set(self.barred | self.meant_by(self.tags_of(post)))
        own = {reader_key(tag) for tag in post.tags}
        own |= {name for name in _filed_under(post) if not self.repeated.meant(name, post)}
        return frozenset(unfit).union(*(self._by_reader.get(name, frozenset()) for name in own))


def read_vocabulary(posts: Sequence[Post], site: Site, settings: TagSettings) -> tuple[Vocabulary, list[Diagnostic]]:
    """The vocabulary of a blog's posts under its rules."""
    diagnostics: list[Diagnostic] = []
    written = Counter(tag for post in posts for tag in sorted(set(post.tags)) if fold_tag(tag))
    renamed = _aliases(written, site, settings)
    keys = _keys(written, renamed)
    counts: Counter[str] = Counter()
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for post in posts:
        counts.update({keys[fold_tag(tag)] for tag in post.tags if fold_tag(tag)})
    for tag, count in written.items():
        # the old name is never the prevailing spelling
        names[keys[fold_tag(tag)]][tag] += count if fold_tag(tag) not in renamed else 0
    for new in renamed.values():
        names[keys[fold_tag(new)]][new] += 0
    spellings = {key: tuple(sorted(names[key])) for key in sorted(names)}
    old_names = defaultdict(list)
    for old, new in sorted(renamed.items()):
        old_names[keys[fold_tag(new)]].append(old)
    spellings |= {key: (*spellings[key], *names) for key, names in old_names.items()}
    vocabulary = Vocabulary(
        names={key: _prevailing(names[key], renamed) for key in sorted(counts)},
        spellings=spellings,
        counts={key: counts[key] for key in sorted(counts)},
        repeated=RepeatedNames.of(posts),
        is_closed=bool(settings.only),
        aliases=renamed,
        _keys=keys,
        _by_reader=_by_reader(spellings),
    )
    broader = _closure(_versions(posts, vocabulary), _stated_broader(site, settings, diagnostics), vocabulary)
    return replace(vocabulary, broader=broader, barred=_barred(vocabulary, renamed, settings)), diagnostics


# --- one key for all spellings ---------------------------------------------------------------------------------------


def _keys(written: Mapping[str, int], renamed: Mapping[str, str]) -> dict[str, str]:
    """Key by folded tag, and by spelling key.

    The key is the folded form that most posts use (ties: the first by alphabet) of all that are spelled alike.
    """
    alike: dict[str, Counter[str]] = defaultdict(Counter)
    for tag, count in [*written.items(), *((tag, 0) for pair in renamed.items() for tag in pair)]:
        alike[spelling_key(tag)][fold_tag(tag)] += count
    keys: dict[str, str] = {}
    for spelling, forms in alike.items():
        key = min(forms, key=lambda folded: (-forms[folded], folded))
        keys |= dict.fromkeys([spelling, *forms], key)
    for old, new in renamed.items():
        keys[old] = keys[fold_tag(new)]
    return keys


def _by_reader(spellings: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """Keys by what a reader takes for the same word."""
    keys_of: dict[str, set[str]] = defaultdict(set)
    for key, names in spellings.items():
        for name in names:
            keys_of[reader_key(name)].add(key)
    return {name: frozenset(keys) for name, keys in keys_of.items()}


def _prevailing(spellings: Mapping[str, int], renamed: Mapping[str, str]) -> str:
    """The spelling of most posts; of several, one with capitals, then the first."""
    current = [tag for tag in spellings if fold_tag(tag) not in renamed] or list(spellings)
    return min(current, key=lambda tag: (-spellings[tag], -sum(map(str.isupper, tag)), tag))


# --- aliases ---------------------------------------------------------------------------------------------------------


def _aliases(written: Mapping[str, int], site: Site, settings: TagSettings) -> dict[str, str]:
    """New name by folded old name, chains resolved; what leads back to itself is dropped."""
    carried = {fold_tag(tag): tag for tag in sorted(written, key=lambda tag: (written[tag], tag))}
    stated: dict[str, str] = {}
    for old, new in site.tag_map.items():
        # tag_map gives a tag its place in the address; only where that place is another tag's are the two the same
        if fold_tag(new) in carried and fold_tag(new) != fold_tag(old):
            stated[fold_tag(old)] = carried[fold_tag(new)]
    for old_path, new_path in site.alias.items():
        old, new = _tag_in_address(old_path), _tag_in_address(new_path)
        if old and new:
            stated[fold_tag(old)] = new
    stated |= {fold_tag(old): new for old, new in settings.aliases.items() if fold_tag(old) and fold_tag(new)}
    ends: dict[str, str | None] = {}
    for old in stated:
        chain: dict[str, None] = {}
        key, name = old, old
        while key in stated and key not in ends and key not in chain:
            chain[key] = None
            name, key = stated[key], fold_tag(stated[key])
        end = ends[key] if key in ends else None if key in chain else carried.get(key, name)
        ends |= dict.fromkeys(chain, end)
    return {old: end for old in stated if (end := ends[old]) is not None}


def _tag_in_address(address: str) -> str:
    """``/tags/GCP/index.html`` -> ``GCP``; a bare name stays."""
    parts = [part for part in unquote(address).split("/") if part and part != "index.html"]
    if len(parts) > 1:
        return parts[-1] if parts[-2] in ("tags", "tag") else ""
    return "" if address.startswith("/") or not parts or parts[0].endswith((".html", ".htm")) else parts[0]


# --- broader tags ----------------------------------------------------------------------------------------------------


def _stated_broader(site: Site, settings: TagSettings, diagnostics: list[Diagnostic]) -> Mapping[str, Sequence[str]]:
    if isinstance(settings.broader, str):
        return _read_ontology(site.root, settings.broader, diagnostics) if settings.broader else {}
    return {tag: [broader] if isinstance(broader, str) else broader for tag, broader in settings.broader.items()}


def _read_ontology(root: Path, name: str, diagnostics: list[Diagnostic]) -> dict[str, list[str]]:
    """A YAML file of `tag: broader`, `tag: [broader, …]` or `tag: {broader: […]}`; what is none of it is named."""
    from enishi.reading.yaml12 import YamlError, load

    def problem(line: int, message: str) -> None:
        diagnostics.append(Diagnostic(name, line, "bad-tag-ontology", Severity.WARNING, message))

    try:
        document = load(read_file(root / name, _MAX_ONTOLOGY_BYTES).decode("utf-8-sig"), strict=False)
    except YamlError as error:
        problem(error.line + 1, f"cannot be read as YAML: {error.message}; no broader tags are known")
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error.__class__.__name__
        problem(0, f"cannot be read: {reason}; no broader tags are known (setting `tags.broader`)")
        return {}
    if not isinstance(document.value, dict | None):
        problem(1, "should be a mapping (`S3: [AWS]`); no broader tags are known")
        return {}
    broader_of: dict[str, list[str]] = {}
    for tag, stated in (document.value or {}).items():
        broader = stated.get("broader") if isinstance(stated, dict) else stated
        items = broader if isinstance(broader, list) else [] if broader is None else [broader]
        broader_of[str(tag)] = [str(item) for item in items if isinstance(item, str | int | float)]
        if any(isinstance(item, list | dict) for item in items):
            problem(document.key_lines.get(tag, -1) + 1, f"the broader tags of {tag!r} should be a list of names")
    return broader_of


def _versions(posts: Sequence[Post], vocabulary: Vocabulary) -> dict[str, set[str]]:
    """`Go1.27` implies `Go`, where the blog has both and does not as a rule write both."""
    base_of = {}
    for key, names in vocabulary.spellings.items():
        for name in names:
            match = _VERSION.match(name) if len(name) <= _LONGEST_VERSIONED else None
            base = vocabulary.key(match["base"]) if match else key
            if base != key and base in vocabulary.names:
                base_of[key] = base
    together: Counter[str] = Counter()
    for post in posts if base_of else ():
        own = vocabulary.tags_of(post)
        together.update(key for key in own if base_of.get(key) in own)
    return {
        key: {base}
        for key, base in sorted(base_of.items())
        if together[key] < _VERSIONED_TOGETHER * max(vocabulary.counts.get(key, 0), 1)
    }


def _closure(
    versions: Mapping[str, set[str]], stated: Mapping[str, Sequence[str]], vocabulary: Vocabulary
) -> dict[str, frozenset[str]]:
    """All that a tag implies, the `_MOST_BROADER` nearest at most; a circle makes no tag imply itself."""
    direct: dict[str, set[str]] = {key: set(bases) for key, bases in versions.items()}
    for tag, broader in stated.items():
        if fold_tag(tag):
            direct.setdefault(vocabulary.key(tag), set()).update(vocabulary.key(b) for b in broader if fold_tag(b))
    closed = {}
    for key in sorted(direct):
        seen, waiting = {key}, deque(sorted(direct[key]))
        while waiting and len(seen) <= _MOST_BROADER:
            current = waiting.popleft()
            if current not in seen:
                seen.add(current)
                waiting += sorted(direct.get(current, ()))
        if len(seen) > 1:
            closed[key] = frozenset(seen - {key})
    return closed


# --- what is never suggested -----------------------------------------------------------------------------------------


def _barred(vocabulary: Vocabulary, renamed: Mapping[str, str], settings: TagSettings) -> frozenset[str]:
    # An old name is never suggested anyway; barring it must not bar the new one
    barred = {vocabulary.key(tag) for tag in (*settings.never, *settings.retired) if fold_tag(tag) not in renamed}
    if settings.only:
        barred |= set(vocabulary.names) - {vocabulary.key(tag) for tag in settings.only}
    return frozenset(barred)
