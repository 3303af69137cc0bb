"""What is made of front matter: the common ground of Jekyll, Hugo, Eleventy, Pelican, MkDocs, Zenn and plain folders.

A bad value is a Diagnostic, never an exception.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from enishi.errors import Diagnostic, Severity
from enishi.findings import CODES
from enishi.reading import dates
from enishi.reading.addresses import join_root
from enishi.reading.javascript import to_string
from enishi.reading.standing_pages import is_in_drafts
from enishi.types import Post, Status

if TYPE_CHECKING:
    from enishi.generators.base import Site
    from enishi.reading.frontmatter import FrontMatter

MAX_TITLE = 1_000
MAX_ADDRESS = 2_000
"""A longer address is none: no browser takes it, and each stands in many lists."""
MAX_TAGS = 500
"""Of one post.  Time and memory grow with the tags of a blog times its posts."""
_MAX_NAME = 500
DATE_ADVICE = "Write it as 2024-05-06 12:30:00"
_DATE_KEYS = (
    *("date", "pubdate", "publishdate", "publishedat", "published_at", "datepublished", "published", "created"),
    "created_at",
)
_NAME_DATE = re.compile(r"^(?:\d{4}[-_]\d{1,2}[-_]\d{1,2}|\d{2}-(?:\d{6}-)?(?=\D))[-_ ]?(?=.)")
_OWN_KEYS = ("pin", "exclude", "related", "ignore")


@dataclass(frozen=True, slots=True)
class Address:
    """What a post's address can be made of."""

    slug: str
    title: str
    date: datetime | None
    categories: Sequence[Sequence[str]]
    meta: Mapping[str, Any]
    relative: str
    """Path below the folder of posts, with its extension."""
    path: str
    """Path below the site."""


S = TypeVar("S", bound="Site")


class PostRules(Generic[S]):
    """Reads one post; a generator that differs overrides a method."""

    def __init__(self, path: str, front: FrontMatter, site: S, now: datetime) -> None:
        self.path, self.front, self.site, self.now = path, front, site, now
        self.meta = front.meta
        self.relative = self.below_post_folder(site.post_folders)
        self.diagnostics = [replace(problem, path=path) for problem in front.problems]
        # Pelican's keys have no case; a lower-case key of the same name wins
        lower = {key.lower(): value for key, value in self.meta.items()}
        nested = self.meta.get("taxonomies")  # Zola
        self.values: Mapping[str, Any] = {**(nested if isinstance(nested, dict) else {}), **lower, **self.meta}
        self.address_values: Mapping[str, Any] = self.meta

    def post(self) -> Post:
        """The post, within bounds."""
        date, title, slug, categories = self.date(), self.title(), self.slug(), self.categories()
        if len(title) > MAX_TITLE:
            self.warn("title", "title-too-long", f"only the first {MAX_TITLE:,} characters of the title are read")
            title = title[:MAX_TITLE]
        pinned, excluded, wants_related = self._own_settings()
        lang, key = self.language()
        address = Address(slug, title, date, categories, self.address_values, self.relative, self.path)
        place = self.site.generator.address(self.site, address)
        if place is not None and len(place) > MAX_ADDRESS:
            place = None
        url = "" if place is None else join_root(self.site.root_path, place)
        return Post(
            path=self.path,
            title=title,
            url=url,
            date=date,
            tags=self._within_bounds(self.tags()),
            categories=categories,
            description=self.description(),
            lang=lang,
            translation_key=key,
            series=self.series(),
            status=self.status(date),
            pinned=pinned,
            excluded=excluded,
            wants_related=wants_related,
            slug=slug,
            front_matter=self.meta,
            url_is_guess=bool(url) and not self.site.generator.knows_addresses,
            guess=url,
        )

    def warn(self, key: str, code: str, message: str, severity: Severity = Severity.WARNING) -> None:
        """Report something about a value of the front matter, at the line of its key."""
        self.diagnostics.append(Diagnostic(self.path, self.front.key_lines.get(key, 0), code, severity, message))

    def below_post_folder(self, folders: Sequence[str]) -> str:
        """The path below the folder of posts that it lies in."""
        folder = max((f"{f}/" for f in folders if self.path.startswith(f"{f}/")), key=len, default="")
        return self.path.removeprefix(folder)

    def title(self) -> str:
        """The title; empty if there is none."""
        return plain_text(self.values.get("title"))

    def slug(self) -> str:
        """The author's own, or the file's name; the folder's for ``index.md``."""
        given = self.values.get("slug")
        if isinstance(given, str | int) and not isinstance(given, bool) and str(given).strip(" /"):
            return str(given).strip(" /")
        folder, name = posixpath.split(_split_language(self.relative)[0])
        if name in ("index", "_index", "README", "readme") and folder:
            name = posixpath.basename(folder)
        return _NAME_DATE.sub("", name) or name

    def date(self) -> datetime | None:
        """The first date that can be read, else the one in the file's path."""
        for key in _DATE_KEYS:
            value = self.values.get(key)
            if value is None or value == "" or isinstance(value, bool):
                continue
            date = dates.parse(value, self.site.timezone)
            if date is None and key == "date":
                self.warn("date", "bad-date", f"{shown(value)} is no date. {DATE_ADVICE}")
            elif key == "date" and isinstance(value, str) and not dates.is_exact(value):
                self.warn("date", "bad-date", f"{shown(value)} has an impossible time; only the day is used")
            if date is not None:
                return date
        return dates.from_path(self.relative, self.site.timezone)

    def tags(self) -> tuple[str, ...]:
        """The tags, each once."""
        keys = dict.fromkeys(("tags", "tag", self.site.generator.tag_key))
        names = [name for key in keys for name in self._names(self.values.get(key), key)]
        return tuple(dict.fromkeys(names or self._names(self.values.get("topics"), "topics")))

    def categories(self) -> tuple[tuple[str, ...], ...]:
        """Chains of categories, from the broadest to the narrowest; each name is a chain unless lists are nested."""
        chains: list[tuple[str, ...]] = []
        for key in ("categories", "category"):
            value = self.values.get(key)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, list):
                    chains.append(tuple(name for part in item for name in self._names(part, key)))
                elif isinstance(value, list):
                    chains.append((_name(item),))
                else:
                    chains += [(name,) for name in self._names(item, key)]
        return tuple(dict.fromkeys(chain for chain in chains if chain and all(chain)))

    def status(self, date: datetime | None) -> Status:
        """Whether the post is published."""
        word = self.values.get("status")
        word = word.strip().lower() if isinstance(word, str) else ""
        if _flag(self.values.get("draft")) is True or is_in_drafts(self.path) or word == "draft":
            return "draft"
        if _flag(self.values.get("published")) is False or word in ("hidden", "private", "skip", "unpublished"):
            return "unpublished"
        return self.published_or_future(date)

    def published_or_future(self, date: datetime | None) -> Status:
        """The status of a post that nothing else holds back."""
        return "future" if not self.site.future and date is not None and date > self.now else "published"

    def description(self) -> str:
        """The author's own summary."""
        texts = (self.meta.get(key) for key in ("lede", "description", "excerpt", "summary"))
        return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")

    def series(self) -> str:
        """The first series that the post names."""
        value = self.meta.get("series")
        if isinstance(value, list):
            value = next((item for item in value if item is not None), None)
        if isinstance(value, dict):
            value = value.get("name") or value.get("title")
        return plain_text(value) if value is not None and not isinstance(value, bool | list | dict) else ""

    def language(self) -> tuple[str, str]:
        """Language, and the key that the post's translations share."""
        stem, of_ending = _split_language(self.relative)
        free_stem, of_folder = _split_language_folder(stem, self.site.languages)
        given = (self.meta.get(key) for key in ("lang", "language", "locale"))
        written = next((text.strip() for text in given if isinstance(text, str) and text.strip()), "")
        lang = written or of_ending or of_folder or self.site.language
        for name in ("translationKey", "ref", "translation_key"):
            value = self.meta.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
                return lang, f"key:{str(value).strip()}"
        return lang, f"file:{free_stem}"

    def _within_bounds(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(tag for tag in tags if len(tag) <= _MAX_NAME)[:MAX_TAGS]
        if kept != tags:
            key = next((key for key in ("tags", "tag", "topics") if key in self.front.key_lines), "tags")
            message = f"only the first {MAX_TAGS} tags of a post are read, and none of more than {_MAX_NAME} characters"
            self.warn(key, "too-many-tags", message)
        return kept

    def _names(self, value: Any, key: str) -> list[str]:
        if isinstance(value, str):
            return self._split(value, key)
        names: list[str] = []
        for item in value if isinstance(value, list) else [value]:
            names += self._names(item, key) if isinstance(item, list) else [_name(item)]
        return [name for name in names if name]

    def _split(self, text: str, key: str) -> list[str]:
        """A string of several names: with commas between them, or blanks where the generator divides there."""
        separator = r"[,，\n]"
        at_blanks = self.site.generator.splits_at_blanks and key in ("tags", "categories")
        if at_blanks and not re.search(separator, text):
            separator = r"\s"
        return [name for part in re.split(separator, text) if (name := _tidy(part))]

    # -- the block `enishi:`

    def _own_settings(self) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
        """The block ``enishi: {pin: […], exclude: […], related: false}``."""
        value = self.meta.get("enishi")
        if value is None or value is False:
            return (), (), value is None
        if not isinstance(value, dict):
            self._warn_own("`enishi:` should be a block with `pin`, `exclude`, `related` or `ignore` below it")
            return (), (), True
        if unknown := [name for name in value if name not in _OWN_KEYS]:
            self._warn_own(f"`enishi: {unknown[0]}` is not known; there are {', '.join(_OWN_KEYS)}")
        related = value.get("related")
        if related is not None and not isinstance(related, bool):
            self._warn_own("`enishi: related` should be true or false")
        # what `ignore` does is the business of a check
        if wrong := [name for name in _as_list(value.get("ignore")) if not isinstance(name, str) or name not in CODES]:
            self._warn_own(f"`enishi: ignore`: {shown(wrong[0])} is no kind of finding; there are {', '.join(CODES)}")
        return self._own_list(value, "pin"), self._own_list(value, "exclude"), related is not False

    def _warn_own(self, message: str) -> None:
        self.warn("enishi", "bad-enishi-block", message)

    def _own_list(self, block: Mapping[str, Any], name: str) -> tuple[str, ...]:
        items = _as_list(block.get(name))
        kept = [item.strip() for item in items if isinstance(item, str) and item.strip()]
        if len(kept) < len(items):
            self._warn_own(f"`enishi: {name}` should be a list of paths, slugs or addresses of posts")
        return tuple(dict.fromkeys(kept))


def _tidy(text: str) -> str:
    return " ".join(text.split())[:_MAX_NAME]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def plain_text(value: Any) -> str:
    """A value as the author sees it, on one line."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(plain_text, value)))
    return " ".join(to_string(value).split())


def _name(value: Any) -> str:
    """One tag or category; `{name: x}` is x, and `a: b` was meant as text."""
    if isinstance(value, dict):
        for key in ("name", "title", "slug"):
            if isinstance(value.get(key), str):
                return _tidy(value[key])
        return _tidy(", ".join(f"{key}: {plain_text(item)}".rstrip(": ") for key, item in value.items()))
    return plain_text(value)[:_MAX_NAME]


_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _flag(value: Any) -> bool | None:
    """True and false in YAML 1.1's words too, which Jekyll and Hugo read; anything else says nothing."""
    if isinstance(value, str):
        return _FLAGS.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def shown(value: Any) -> str:
    """A value in a message: quoted, and shortened."""
    return repr(shorten(plain_text(value)))


def shorten(text: str) -> str:
    """At most 40 characters of a text."""
    return text if len(text) <= 40 else text[:39] + "…"


# --- addresses ------------------------------------------------------------------------------------------------------


def is_path(value: Any) -> bool:
    """Whether a value is the path of an address, not a whole address."""
    return isinstance(value, str) and value.strip() != "" and not re.match(r"[A-Za-z][\w+.-]*:|//", value)


def own_path(address: Address) -> str | None:
    """The author's own `permalink` or `url`, if it is a path and no template."""
    for value in (address.meta.get("permalink"), address.meta.get("url")):
        if is_path(value) and "{" not in str(value):
            return str(value).strip()
    return None


def simple_slug(text: str) -> str:
    """Lower case, letters and digits of any script, dashes between them: what most generators make of a name."""
    return re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", text).lower()).strip("-_")


def date_values(date: datetime) -> dict[str, str]:
    """The names of a date's parts in patterns of addresses."""
    formats = "short_year=%y month=%m monthname=%B day=%d y_day=%j weekdayname=%A hour=%H minute=%M second=%S"
    values = {name: date.strftime(code).lower() for name, _, code in (item.partition("=") for item in formats.split())}
    numbers = {"i_month": str(date.month), "i_day": str(date.day), "yearday": values["y_day"].lstrip("0")}
    return {"year": f"{date.year:04d}", **values, **numbers}


DATE_NAMES = frozenset(date_values(datetime(2000, 1, 1)))
_PLACEHOLDER = re.compile(r":([a-z_]+)")


def fill(pattern: str, values: Mapping[str, str], date: datetime | None) -> str | None:
    """The pattern with every known `:name` filled in; None where it wants a date and there is none."""
    if date is None and not DATE_NAMES.isdisjoint(_PLACEHOLDER.findall(pattern)):
        return None
    known = {**values, **(date_values(date) if date is not None else {})}
    return _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0])[:MAX_ADDRESS], pattern)


# --- translations ---------------------------------------------------------------------------------------------------

_LANGUAGES = frozenset(
    "ar cs da de el en es fa fi fr he hi hu it id ja ko nl no pl pt ro ru sk sv th tr uk vi zh".split()  # noqa: SIM905
)
_LANGUAGE_FOLDERS = _LANGUAGES & frozenset("de en es fr ja ko pt ru uk vi zh".split())  # noqa: SIM905
"""As the name of a folder, `it`, `cs`, `id` or `no` may as well be a subject."""
_LOCALE = re.compile(r"([a-z]{2})(?:[-_](?:[a-z]{2}|hans|hant|419))?\Z", re.IGNORECASE)
_ENDING = re.compile(r"(?<=.)_(en|ja|zh|ko|de|fr|es|zh[-_](?:cn|tw))\Z", re.IGNORECASE)


def _is_language(text: str, known: frozenset[str]) -> bool:
    """Whether the text is a code such as `ja`, `zh-TW`, `pt_BR`."""
    match = _LOCALE.match(text)
    return match is not None and match[1].lower() in known


def _split_language(relative: str) -> tuple[str, str]:
    """`a/post.ja.md` -> `a/post`, `ja`."""
    stem = posixpath.splitext(relative)[0]
    name, dot, ending = posixpath.basename(stem).rpartition(".")
    if dot and name and _is_language(ending, _LANGUAGES):
        return stem.removesuffix(f".{ending}"), ending
    match = _ENDING.search(stem)
    return (stem[: match.start()], match[1]) if match is not None else (stem, "")


def _split_language_folder(stem: str, configured: Sequence[str]) -> tuple[str, str]:
    """`en/a/post` -> `a/post`, `en`: the first folder that names a language."""
    codes = {code.lower() for code in configured}
    parts = stem.split("/")
    for index, part in enumerate(parts[:-1]):
        if part.lower() in codes or _is_language(part, _LANGUAGE_FOLDERS):
            return "/".join(parts[:index] + parts[index + 1 :]), part
    return stem, ""
