"""What a blog is like, in the numbers that its settings depend on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enishi.generators.base import Site
from enishi.types import Document

if TYPE_CHECKING:
    from enishi.pipeline import Blog

MOST = 0.8
"""The share of posts from which a blog is said to be in one language."""

_READ_FOR_LANGUAGE = 200
"""Posts that are looked at for the blog's language."""
LATIN, CYRILLIC = "und-Latn", "und-Cyrl"
"""BCP 47 tags of posts whose letters are known, but whose language neither the author nor the settings name."""
_LANGUAGES = (
    "ar Arabic, cs Czech, da Danish, de German, el Greek, en English, es Spanish, fi Finnish, fr French, he Hebrew, "
    "hi Hindi, hu Hungarian, id Indonesian, it Italian, ja Japanese, ko Korean, nl Dutch, no Norwegian, pl Polish, "
    "pt Portuguese, ro Romanian, ru Russian, sv Swedish, th Thai, tr Turkish, uk Ukrainian, vi Vietnamese, zh Chinese, "
    "zh-hant Chinese (traditional), und-Latn a language in Latin letters, und-Cyrl a language in Cyrillic letters"
)
_NAMES = {code: name for code, _, name in (entry.partition(" ") for entry in _LANGUAGES.split(", "))}
_SCRIPTS = {
    "ja": re.compile("[\u3041-\u30ff\uff66-\uff9f]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "el": re.compile("[\u0370-\u03ff]"),
    CYRILLIC: re.compile("[\u0400-\u052f]"),
}
_LATIN_LETTERS = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_IN_CYRILLIC = ("be", "bg", "kk", "mk", "mn", "ru", "sr", "uk")
_SIMPLIFIED, _TRADITIONAL = set("这个为说们来时会对开关学与国发过还没样"), set("這個為說們來時會對開關學與國發過還沒樣")
_MIN_LETTERS = 20
_SCRIPT_SHARE = 0.15
"""From this share of the letters on, a script decides: writing about software is full of Latin names."""
_KANA_SHARE = 0.1
"""From this share of kana among kana and Han characters, a text is Japanese."""
_CHARACTERS_READ = 4_000
"""How many characters of a post are looked at."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A blog in numbers."""

    generator: str
    folders: tuple[str, ...] = ()
    """Folders of posts, relative to the site."""
    site_language: str = ""
    """As the generator's settings name it."""
    posts: Mapping[str, int] = field(default_factory=dict)
    """Number of posts by status."""
    languages: Mapping[str, int] = field(default_factory=dict)
    """Number of posts by language code, the commonest first; the empty code for posts that are too short to tell."""
    with_language: int = 0
    """Posts that say themselves (in the front matter, or by their path) which language they are in."""
    tags: int = 0
    """Number of different tags."""
    tagged: int = 0
    """Posts with tags."""
    used_once: int = 0
    """Tags of one post only."""

    @property
    def total(self) -> int:
        """Number of posts, drafts included."""
        return sum(self.posts.values())

    def share(self, *codes: str) -> float:
        """Share of the posts in one of these languages, among those whose language is known."""
        known = sum(count for code, count in self.languages.items() if code)
        return sum(self.languages.get(code, 0) for code in codes) / known if known else 0.0

    @property
    def main_language(self) -> str:
        """The language of at least :data:`MOST` of the posts, or empty."""
        first = next((code for code in self.languages if code), "")
        return first if self.share(first) >= MOST else ""


def blog_language(blog: Blog, documents: Sequence[Document]) -> str:
    """The language of a blog by its settings, else of most posts by what they say; empty where there is no such one."""
    step = max(1, len(documents) // _READ_FOR_LANGUAGE)
    return blog.settings.language or blog.site.language or profile_of(documents[::step], blog.site).main_language


def profile_of(documents: Sequence[Document], site: Site) -> Profile:
    """The profile of a blog."""
    posts = Counter(document.post.status for document in documents)
    languages = Counter(post_language(document, site.language) for document in documents)
    tags = Counter(tag for document in documents for tag in document.post.tags)
    return Profile(
        generator=site.generator.name,
        folders=site.post_folders,
        site_language=site.language,
        posts=dict(sorted(posts.items())),
        languages=dict(sorted(languages.items(), key=lambda item: (-item[1], item[0]))),
        with_language=sum(_states_language(document, site.language) for document in documents),
        tags=len(tags),
        tagged=sum(bool(document.post.tags) for document in documents),
        used_once=list(tags.values()).count(1),
    )


def language_name(code: str) -> str:
    """The English name of a language, or its code where it has no name here."""
    return _NAMES.get(code, code or "unknown")


def post_language(document: Document, site_language: str = "") -> str:
    """Language code of a post: as its author says, else by its letters and the site's language; empty if too short."""
    if _states_language(document, site_language) and (stated := _primary(document.post.lang)):
        return stated
    code = language_by_script(f"{document.fields.title}\n{document.fields.prose[:_CHARACTERS_READ]}")
    of_site = _primary(site_language)
    if code == CYRILLIC and of_site in _IN_CYRILLIC:
        return of_site
    if code == LATIN and of_site and of_site not in (*_SCRIPTS, *_IN_CYRILLIC):
        return of_site
    return code


def language_by_script(text: str) -> str:
    """The language of a text where its script has only one that is usual, :data:`LATIN`, :data:`CYRILLIC`, or empty."""
    letters = sum(map(str.isalpha, text))
    if letters < _MIN_LETTERS:
        return ""
    counts = {code: len(pattern.findall(text)) for code, pattern in _SCRIPTS.items()}
    together = counts["ja"] + counts["zh"]
    is_japanese = counts["ja"] >= _KANA_SHARE * together
    counts |= {"ja": together, "zh": 0} if is_japanese else {"ja": 0}
    script = max(counts, key=lambda code: counts[code])
    if counts[script] < _SCRIPT_SHARE * letters:
        return LATIN if len(_LATIN_LETTERS.findall(text)) > letters / 2 else ""
    if script == "zh" and sum(map(_TRADITIONAL.__contains__, text)) > sum(map(_SIMPLIFIED.__contains__, text)):
        return "zh-hant"
    return script


def _states_language(document: Document, site_language: str) -> bool:
    """Whether a post names its own language; many have that of the site for want of one."""
    return bool(document.post.lang) and document.post.lang != site_language


def _primary(tag: str) -> str:
    """The first part of a language tag: `en` of `en-GB`; empty where it is none."""
    stated = re.match(r"[a-z]{2,3}(?=$|[-_])", tag.casefold())
    return stated[0] if stated else ""
