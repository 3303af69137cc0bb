"""Every type that more than one module shares.

Conventions: a post's identity is its path relative to the site folder (POSIX, NFC).  Vectors are float32 of shape
(n_posts, dim) with rows of unit length, or of zeros where a post has no words.  Scores are cosine similarity.
An index knows rows, never posts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:  # numpy costs 80 ms, and a build with nothing to do needs no array
    import numpy as np
    import numpy.typing as npt

    from enishi.errors import Diagnostic

    Vectors: TypeAlias = npt.NDArray[np.float32]
    Rows: TypeAlias = npt.NDArray[np.int64]
    Scores: TypeAlias = npt.NDArray[np.float64]
    Matrix: TypeAlias = npt.NDArray[np.float64]

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is being done, done, total); total is 0 where it is not known."""

Status = Literal["published", "draft", "unpublished", "future"]


@dataclass(frozen=True, slots=True)
class Post:
    """One post, as its generator sees it.  What its body says stands in :class:`TextFields`."""

    path: str
    """Identity: relative to the site folder, POSIX, NFC."""
    title: str
    url: str = ""
    """Address of the page, with the site's root path (``/blog/2024/a/``); empty where it cannot be known."""
    date: datetime | None = None
    """Time-zone aware; None where the author gave none.  A file's mtime is never a date."""
    tags: tuple[str, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()
    """Chains, parent first: ``(("web", "css"), ("notes",))``."""
    description: str = ""
    """The author's own summary (`lede`, `description`, `excerpt`, `summary`), as written."""
    lang: str = ""
    translation_key: str = ""
    """Posts with the same non-empty key are translations of one another."""
    series: str = ""
    status: Status = "published"
    pinned: tuple[str, ...] = ()
    """Paths, slugs or URLs of posts that the author wants listed first (`enishi: {pin: […]}`)."""
    excluded: tuple[str, ...] = ()
    wants_related: bool = True
    """False for `enishi: {related: false}`: no list of its own, and in nobody's list."""
    slug: str = ""
    front_matter: Mapping[str, Any] = field(default_factory=dict)
    """JSON-like: str, int, float, bool, None, list, dict with str keys; dates as written."""
    url_is_guess: bool = False
    """Whether the address is only what we make of the generator's documented rules, not told by the generator."""
    guess: str = ""
    """What our rules make of the address, whatever the generator says."""

    @property
    def named(self) -> tuple[object, ...]:
        """All that is known of the post, the same for the same moment in any form of its time zone."""
        date = None if self.date is None else self.date.isoformat()
        return tuple(date if name == "date" else getattr(self, name) for name in self.__slots__)

    @property
    def is_public(self) -> bool:
        """Whether the post may appear in what other readers see."""
        return self.status == "published"

    @property
    def is_listable(self) -> bool:
        """Whether the post may stand in other posts' lists."""
        return self.is_public and self.wants_related

    def is_translation_of(self, other: Post) -> bool:
        """Whether both say the same in two languages (or are one post)."""
        return bool(self.translation_key) and self.translation_key == other.translation_key


@dataclass(frozen=True, slots=True)
class TextFields:
    """What a post says, field by field: plain text, no markup, no template syntax."""

    title: str = ""
    lede: str = ""
    """The opening: text before `<!-- more -->` (but at most 400 characters of prose), else its first 400 characters."""
    headings: tuple[str, ...] = ()
    prose: str = ""
    """The body with its headings, without code; blocks are separated by blank lines."""
    code: str = ""
    languages: tuple[str, ...] = ()
    """Info strings of the fenced code blocks, lower case, in order of first use."""
    links: tuple[str, ...] = ()
    """Targets of the body's links (not images), as written, in order, each once."""


@dataclass(frozen=True, slots=True)
class Document:
    """A post and what it says: the unit that encoders, reasons and topics work on."""

    post: Post
    fields: TextFields
    words: Mapping[str, int]
    """Weighted counts of folded words (title 3, headings, description and body 1), for the site encoder."""
    terms: Terms
    """Words and phrases that a reader would name, by their folded form."""
    _digest: bytes = field(default=b"", init=False, repr=False, compare=False)

    @property
    def digest(self) -> bytes:
        """Names all that the document says and what the site decides of it, in 32 bytes."""
        if not self._digest:
            total = sha256()
            for part in (self.post.named, self.fields.title, self.fields, self.words, self.terms):
                said = getattr(part, "origin", None) or (sorted(part.items()) if isinstance(part, Mapping) else part)
                name = said if isinstance(said, bytes) else repr(said).encode("utf-8", "surrogatepass")
                total.update(len(name).to_bytes(8, "little"))
                total.update(name)
            object.__setattr__(self, "_digest", total.digest())
        return self._digest

    @property
    def title(self) -> str:
        """What to call the post on a page: its title, else its first heading, else its slug, else its path."""
        heading = self.fields.headings[0] if self.fields.headings else ""
        return self.fields.title or heading or self.post.slug or self.post.path


class Term(NamedTuple):
    """A term of one post: how often it occurs there, and how it is written there."""

    frequency: int
    surface: str


class Terms(Mapping[str, Term]):
    """The terms of one post by folded form.

    A blog has some hundred thousand; most are written as they are folded, and of most only the frequency is ever asked
    for, so a :class:`Term` is made when it is.
    """

    __slots__ = ("_chinese", "frequency", "surfaces")

    def __init__(
        self, frequency: Mapping[str, int], surfaces: Mapping[str, str], chinese: str | Callable[[], str] = ""
    ) -> None:
        self.frequency = frequency
        self.surfaces = surfaces
        """How a term is written, where that is not its folded form."""
        self._chinese = chinese

    @property
    def chinese(self) -> str:
        """Runs of Han characters of a text in Chinese, a line each: only the whole blog tells their words."""
        return self._chinese if isinstance(self._chinese, str) else self._chinese()

    @property
    def is_chinese(self) -> bool:
        """Whether the text is Chinese."""
        return self._chinese != ""

    @property
    def origin(self) -> bytes | None:
        """Names all that they were made of, where that is known."""
        return getattr(self.frequency, "origin", None)

    def __reduce__(self) -> tuple[type[Terms], tuple[Mapping[str, int], dict[str, str], str]]:
        return Terms, (self.frequency, dict(self.surfaces), self.chinese)

    def __getitem__(self, key: str) -> Term:
        return Term(self.frequency[key], self.surfaces.get(key, key))

    def __contains__(self, key: object) -> bool:
        return key in self.frequency

    def __iter__(self) -> Iterator[str]:
        return iter(self.frequency)

    def __len__(self) -> int:
        return len(self.frequency)

    def keys(self) -> KeysView[str]:
        """Those of the frequencies themselves: sets of them are made at the speed of a dictionary."""
        return self.frequency.keys()


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A post near another in the embedding."""

    path: str
    score: float


Kind = Literal["similar", "pinned", "translation"]


@dataclass(frozen=True, slots=True)
class Related:
    """One entry of a post's list of related posts, with its reasons."""

    path: str
    title: str
    url: str
    score: float
    """Cosine similarity, rounded to 4 digits."""
    kind: Kind = "similar"
    date: str = ""
    """ISO date (``2024-05-06``) or empty."""
    lang: str = ""
    shared_tags: tuple[str, ...] = ()
    shared_terms: tuple[str, ...] = ()


# --- tags and topics ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TopicShare:
    """How many posts of a post's topic carry a tag, the post itself left out."""

    id: int
    with_tag: int
    posts: int


@dataclass(frozen=True, slots=True)
class BesideTag:
    """Of the other posts that carry one of the post's own tags, how many carry the suggested one as well."""

    tag: str
    """The post's own, as the blog writes it."""
    with_tag: int
    posts: int
    expected: float
    """How many would, by their texts alone; rounded to one decimal."""

    @property
    def speaks_against(self) -> bool:
        """Whether the two tags keep apart; else they go together."""
        return 2 * self.with_tag < self.posts


@dataclass(frozen=True, slots=True)
class TagUse:
    """When a tag was in use, beside when the post was written; dates are ISO (``2024-05-06``)."""

    first: str
    """Of the first other post that carries it."""
    last: str
    post: str
    """Of the post, before the first or after the last."""

    @property
    def speaks_against(self) -> bool:
        """Whether the tag was given up; else it came up only after the post."""
        return self.post > self.last


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a tag is suggested for a post, and what speaks against it, in the words of the blog."""

    neighbors: tuple[Neighbor, ...] = ()
    """The nearest posts that carry the tag, nearest first."""
    topic: TopicShare | None = None
    mentions: int = 0
    """How often the tag's name, in any spelling, occurs in title, description and prose."""
    terms: tuple[str, ...] = ()
    """Terms of the post that posts with the tag use and others rarely do, the most telling first."""
    beside: tuple[BesideTag, ...] = ()
    """Own tags of the post that say something about this one, those that go with it first."""
    use: TagUse | None = None
    """Where the tag came up after the post, or was given up before it."""


@dataclass(frozen=True, slots=True)
class TagSuggestion:
    """A tag of the blog that a post lacks."""

    tag: str
    """As the blog writes it."""
    confidence: float
    """Probability that the author would add it here, given the post's own tags, rounded to 4 digits; at most .95."""
    evidence: Evidence = Evidence()
    fit: float | None = None
    """Probability that it describes the text, whatever other tags the post has; None where it is the confidence."""


@dataclass(frozen=True, slots=True)
class TopicTag:
    """How many of a topic's posts carry a tag."""

    tag: str
    with_tag: int
    posts: int


@dataclass(frozen=True, slots=True)
class MissingTag:
    """A tag that most of a topic's posts carry, or a new one for all of them, and the posts that lack it."""

    tag: str
    posts: tuple[str, ...]
    new: bool = False
    """Whether no post of the blog carries it yet."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Posts that belong together by what they say."""

    id: int
    label: tuple[str, ...]
    """The terms that tell it from the rest, the most telling first."""
    posts: tuple[str, ...]
    """Paths, sorted."""
    tags: tuple[TopicTag, ...] = ()
    missing: tuple[MissingTag, ...] = ()


@dataclass(frozen=True, slots=True)
class TagAnalysis:
    """What was found out about a blog's tags and topics."""

    suggestions: Mapping[str, tuple[TagSuggestion, ...]] = field(default_factory=dict)
    """By path, for every post; the surest first."""
    topics: tuple[Topic, ...] = ()
    topic_of: Mapping[str, int] = field(default_factory=dict)
    """Topic by path, for posts that belong to one."""
    diagnostics: tuple[Diagnostic, ...] = ()
    calibration: tuple[tuple[float, ...], ...] = ()
    """For each tenth of confidence: (pairs, right ones, sum of their confidences), each out of fold; or nothing."""
