"""Files -> posts: which files are posts, and what their generator makes of their front matter.

In a Hexo site the rules are Hexo's to the letter (`tags: a, b` is one tag, `tags: []` hides `tag:`, a flat list of
categories is one chain, impossible dates roll over); elsewhere they are the common ground of the other generators.

Three steps, so that the middle one can be remembered by content: `find_files` lists, `read_source` is a pure function
of a file's bytes, `make_post` applies the site's rules.  A bad post is a Diagnostic, never an exception.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from enishi.errors import Diagnostic, Severity
from enishi.findings import CODES
from enishi.reading import dates, javascript, permalinks
from enishi.reading.frontmatter import VERSION as FRONT_MATTER_VERSION
from enishi.reading.frontmatter import FrontMatter, parse
from enishi.reading.globs import Globs, HexoGlobs
from enishi.reading.hexo_frontmatter import LOST, parse_as_hexo
from enishi.reading.site import HEXO_SUFFIXES, MARKDOWN_SUFFIXES, NEVER_POSTS, Site, is_project_file
from enishi.types import Post, Status

MAX_FILE_BYTES = 16 * 1024 * 1024
_LARGE = 1024 * 1024
_MAX_IN_LARGE = 64 * 1024 * 1024
"""Bytes of all files above `_LARGE` together: a repository of a megabyte may unpack to thousands of them."""
MAX_BODY = 1_000_000
"""Characters of a post's text that are read.  The longest posts of real blogs have a tenth; a megabyte that is written
to be hard to parse takes ten seconds."""
MAX_TITLE = 1_000
MAX_TAGS = 500
"""Of one post.  Time and memory grow with the tags of a blog times its posts."""
_SAME_NAME = (
    "two files have this name: they differ only in how its accents are encoded (NFC, or NFD as macOS may write them). "
    "One is read, the composed one (NFC) if there is one; delete or rename the other"
)
SOURCE_VERSION = f"source-2/{FRONT_MATTER_VERSION}"
"""Part of the key under which a `Source` is remembered."""


# --- which files ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """A file that holds a post."""

    path: str
    """The post's identity: relative to the site, POSIX, NFC."""
    file: Path
    """Where to read it."""


def find_files(
    site: Site, exclude: Iterable[str] = (), max_bytes: int = MAX_FILE_BYTES
) -> tuple[list[SourceFile], list[Diagnostic]]:
    """The site's post files, sorted by path, each real file once.

    `exclude` holds patterns relative to the site (`drafts/**`; a name without a slash is left out wherever it is).
    Links that lead out of the site, files that are too large, and names that Hexo passes over are named in
    diagnostics; what vanishes or cannot be opened meanwhile is not there.
    """
    return _Search(site, exclude, max_bytes).run()


class _Search:
    def __init__(self, site: Site, exclude: Iterable[str], max_bytes: int) -> None:
        self._site = site
        self._max_bytes = max_bytes
        self._in_large = 0
        self._root = os.path.realpath(site.root)
        is_hexo = site.reads_like_hexo
        self._excluded = Globs(exclude if is_hexo else (*site.exclude, *exclude), by_name=True)
        self._ignored = HexoGlobs(site.exclude if is_hexo else ())
        self._skipped = HexoGlobs(site.skip_render if is_hexo else ())
        self._suffixes = _suffixes(site)
        self._found: dict[str, SourceFile] = {}
        self._seen: set[tuple[int, int]] = set()
        self._links: list[tuple[str, str]] = []
        self._file_links: list[tuple[str, Path, int, tuple[int, int]]] = []
        self._hidden: dict[str, int] = {}
        self._problems: list[Diagnostic] = []

    def run(self) -> tuple[list[SourceFile], list[Diagnostic]]:
        for folder in self._site.post_folders:
            self._walk(str(Path(self._root) / folder), "" if folder == "." else folder, folder)
        # Linked folders come last, so that a real folder keeps its name and its link adds nothing
        while self._links:
            links, self._links = sorted(self._links), []
            for relative, folder in links:
                self._walk(os.path.realpath(Path(self._root) / relative), relative, folder)
        for child, file, size, key in sorted(self._file_links):
            if key not in self._seen:
                self._seen.add(key)
                self._keep(child, file, size)
        for parent, count in sorted(self._hidden.items()):
            self._report_hidden(parent, count)
        return sorted(self._found.values()), sorted(self._problems)

    def _walk(self, folder: str, relative: str, post_folder: str) -> None:
        waiting = [(folder, relative)]
        while waiting:
            current, path = waiting.pop()
            if not self._is_new(current):
                continue
            for entry in _entries(current):
                child = posixpath.join(path, unicodedata.normalize("NFC", entry.name))
                if entry.is_symlink() and not self._stays_inside(entry, child):
                    continue
                if _is_folder(entry):
                    if self._enters(entry.name, child, post_folder):
                        if entry.is_symlink():
                            self._links.append((child, post_folder))
                        else:
                            waiting.append((entry.path, child))
                else:
                    self._take(entry, child, post_folder)

    def _is_new(self, folder: str) -> bool:
        try:
            status = Path(folder).stat()
        except OSError:
            return False
        key = (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _stays_inside(self, entry: os.DirEntry[str], child: str) -> bool:
        target = os.path.realpath(entry.path)
        if target == self._root or target.startswith(self._root + os.sep):
            return True
        if self._suffix(entry.name) or _is_folder(entry):
            told = "this link leads out of the site, so it is not read. Copy the file into the site if it is a post"
            self._problems.append(Diagnostic(child, 0, "link-outside-site", Severity.WARNING, told))
        return False

    def _enters(self, name: str, child: str, post_folder: str) -> bool:
        if self._is_excluded(child):
            return False
        if self._site.reads_like_hexo:
            return True  # hidden folders are walked to tell the author what Hexo passes over
        if name.startswith((".", "_")) and name not in ("_posts", "_drafts"):
            return name.startswith("_") and post_folder != "." and self._site.generator == "generic"
        return post_folder not in (".", "src") or name not in NEVER_POSTS

    def _is_excluded(self, child: str) -> bool:
        # Hexo compares its `ignore` with the whole path on the machine: what stands before the site is not told apart
        return self._excluded.match(child) or self._ignored.match(f"site/{child}")

    def _suffix(self, name: str) -> bool:
        return posixpath.splitext(name)[1].lower() in self._suffixes

    def _take(self, entry: os.DirEntry[str], child: str, post_folder: str) -> None:
        if (
            not self._suffix(entry.name)
            or self._is_excluded(child)
            or not self._is_post(entry.name, child, post_folder)
        ):
            return
        shown = os.fsencode(child).decode("utf-8", "replace")
        if shown != child:
            told = "the file's name is not UTF-8, so it is not read. Rename it"
            self._problems.append(Diagnostic(shown, 0, "name-not-utf8", Severity.WARNING, told))
            return
        try:
            status = entry.stat()
        except OSError:
            return
        if not stat.S_ISREG(status.st_mode):
            return
        if entry.is_symlink():
            self._file_links.append((child, Path(entry.path), status.st_size, (status.st_dev, status.st_ino)))
            return
        self._seen.add((status.st_dev, status.st_ino))
        self._keep(child, Path(entry.path), status.st_size)

    def _keep(self, child: str, file: Path, size: int) -> None:
        told = ""
        if size > self._max_bytes:
            told = f"larger than {self._max_bytes / 1024 / 1024:.3g} MB, so it is not read"
        elif size > _LARGE:
            self._in_large += size
            if self._in_large > _MAX_IN_LARGE:
                told = f"not read: all posts of more than 1 MB together have over {_MAX_IN_LARGE // 1024 // 1024} MB"
        if told:
            self._problems.append(Diagnostic(child, 0, "file-too-large", Severity.WARNING, told))
            return
        other = self._found.get(child)
        if other is not None:
            self._problems.append(Diagnostic(child, 0, "same-name", Severity.WARNING, _SAME_NAME))
            if self._is_composed(other.file) or not self._is_composed(file):
                return
        self._found[child] = SourceFile(child, file)

    def _is_composed(self, file: Path) -> bool:
        return unicodedata.is_normalized("NFC", os.fspath(file).removeprefix(self._root))

    def _is_post(self, name: str, child: str, post_folder: str) -> bool:
        if self._site.reads_like_hexo:
            return self._is_hexo_post(child, post_folder)
        if self._site.generator == "hugo" and name.startswith("_index."):
            return False
        return not (post_folder == "." and posixpath.dirname(child) == "" and is_project_file(name))

    def _is_hexo_post(self, child: str, post_folder: str) -> bool:
        below = child.removeprefix(post_folder + "/")
        if re.search(r"(?:^|/)[_.]", below):
            self._hidden[_hidden_part(post_folder, below)] = self._hidden.get(_hidden_part(post_folder, below), 0) + 1
            return False
        if child.endswith(("%", "~")):
            return False
        if self._skipped.match(child.removeprefix(self._site.source_dir + "/")):
            return False
        ending = posixpath.splitext(child)[1]
        if ending not in self._suffixes:
            told = f"to Hexo, a file that ends in `{ending}` is no post. Rename it to `{ending.lower()}`"
            self._problems.append(Diagnostic(child, 0, "suffix-in-capitals", Severity.WARNING, told))
            return False
        return True

    def _report_hidden(self, parent: str, count: int) -> None:
        what = "this file" if count == 1 and self._suffix(parent) else f"{count} file{'s' if count > 1 else ''} in here"
        told = f"Hexo passes over {what}, because the name begins with `_` or `.`. Rename it if it should be published"
        self._problems.append(Diagnostic(parent, 0, "hidden-from-hexo", Severity.NOTE, told))


def _hidden_part(post_folder: str, below: str) -> str:
    """The outermost file or folder whose name hides what is below it."""
    kept: list[str] = []
    for part in below.split("/"):
        kept.append(part)
        if part.startswith(("_", ".")):
            break
    return posixpath.join(post_folder, *kept)


def _suffixes(site: Site) -> frozenset[str]:
    if not site.reads_like_hexo:
        return MARKDOWN_SUFFIXES
    if site.post_asset_folder:  # other files beside a post are its assets then
        return HEXO_SUFFIXES & {posixpath.splitext(site.new_post_name)[1].lower()}
    return HEXO_SUFFIXES


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


# --- what the bytes say ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says, whatever the site: a pure function of its bytes and of the way of reading."""

    front: FrontMatter

    @property
    def meta(self) -> Mapping[str, Any]:
        """The front matter's values."""
        return self.front.meta

    @property
    def body(self) -> str:
        """The text behind the front matter."""
        return self.front.body

    @property
    def body_line(self) -> int:
        """Line of the file where the body begins, from 1."""
        return self.front.body_line

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the file, by line of the file, without its path."""
        return self.front.problems

    def to_json(self) -> dict[str, Any]:
        """A JSON-like value that `from_json` turns back into an equal Source."""
        front = self.front
        return {
            "meta": front.meta,
            "body": front.body,
            "body_line": front.body_line,
            "format": front.format,
            "problems": [[p.line, p.code, p.severity.value, p.message] for p in front.problems],
            "key_lines": front.key_lines,
            "timestamps": list(front.timestamps),
            "is_lost": front.is_lost,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Source:
        """Undo `to_json`.  Raises KeyError, TypeError or ValueError for anything else."""
        problems = tuple(
            Diagnostic("", line, code, Severity(level), text) for line, code, level, text in value["problems"]
        )
        front = FrontMatter(
            meta=dict(value["meta"]),
            body=str(value["body"]),
            body_line=int(value["body_line"]),
            format=str(value["format"]),
            problems=problems,
            key_lines={str(key): int(line) for key, line in value["key_lines"].items()},
            timestamps=tuple(value["timestamps"]),
            is_lost=bool(value["is_lost"]),
        )
        return cls(front)


def read_source(data: bytes, *, hexo: bool) -> Source:
    """Read a file's bytes: exactly as Hexo does, or tolerantly.  Pure; never raises."""
    text, problem = _decode(data, hexo=hexo)
    front = parse_as_hexo(text) if hexo else parse(text)
    if problem is not None:
        front = replace(front, problems=(problem, *front.problems))
    if len(front.body) > MAX_BODY:
        front = _cut(front)
    return Source(front)


def _cut(front: FrontMatter) -> FrontMatter:
    """The beginning of an overlong body, up to the end of a line where there is one."""
    end = front.body.rfind("\n", MAX_BODY // 2, MAX_BODY) + 1 or MAX_BODY
    line = front.body_line + front.body.count("\n", 0, end)
    told = f"the post goes on after its first {MAX_BODY:,} characters; from here on it is not read"
    problem = Diagnostic("", line, "post-too-long", Severity.WARNING, told)
    return replace(front, body=front.body[:end], problems=(*front.problems, problem))


_LINE_ENDS = re.compile(rb"\r\n|\n|\r")


def _decode(data: bytes, *, hexo: bool) -> tuple[str, Diagnostic | None]:
    """UTF-8, bad bytes replaced as Hexo does; elsewhere UTF-16 with its mark is read too."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        told = "the file is UTF-16, which generators do not read. Save it as UTF-8"
        problem = Diagnostic("", 1, "not-utf8", Severity.WARNING, told)
        return data.decode("utf-8" if hexo else "utf-16", "replace"), problem
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = (before.count(b"\n") if hexo else len(_LINE_ENDS.findall(before))) + 1
        told = f"byte {data[error.start]:#04x} is not UTF-8: it is shown as `\ufffd`. Save the file as UTF-8"
        return data.decode("utf-8", "replace"), Diagnostic("", line, "not-utf8", Severity.WARNING, told)


# --- what the generator makes of it ---------------------------------------------------------------------------------


def make_post(path: str, source: Source, site: Site, now: datetime) -> tuple[Post, list[Diagnostic]]:
    """The post of a file, by the rules of the site's generator.

    `path` is the post's identity, `now` (aware) decides which posts lie in the future.  Never raises.
    """
    reader = (_HexoRules if site.reads_like_hexo else _CommonRules)(path, source, site, now)
    post = reader.post()
    return post, sorted(reader.diagnostics)


class _Rules:
    """What both ways have in common: where a post lies, its block of our own, and its diagnostics."""

    def __init__(self, path: str, source: Source, site: Site, now: datetime) -> None:
        self.path, self.site, self.now = path, site, now
        self.front = source.front
        self.meta = source.front.meta
        self._timestamps = frozenset(source.front.timestamps)
        self.relative = _below_post_folder(path, site)
        self.diagnostics = [replace(problem, path=path) for problem in source.problems]

    def post(self) -> Post:
        """The post."""
        date = self.date()
        title = self._within_bounds(self.title())
        slug = self.slug()
        categories = self.categories()
        pinned, excluded, wants_related = self.own_settings()
        lang, key = self.language()
        address = permalinks.Address(slug, title, date, categories, self.address_meta(), self.relative, self.path)
        return Post(
            path=self.path,
            title=title,
            url=permalinks.make_url(self.site, address),
            date=date,
            tags=self._tags_within_bounds(self.tags()),
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
        )

    def _within_bounds(self, title: str) -> str:
        if len(title) > MAX_TITLE:
            told = f"only the first {MAX_TITLE:,} characters of the title are read"
            self.warn("title", "title-too-long", told)
        return title[:MAX_TITLE]

    def _tags_within_bounds(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(tag for tag in tags if len(tag) <= _MAX_NAME)[:MAX_TAGS]
        if kept != tags:
            key = next((key for key in ("tags", "tag", "topics") if self.line(key)), "tags")
            told = f"only the first {MAX_TAGS} tags of a post are read, and none of more than {_MAX_NAME} characters"
            self.warn(key, "too-many-tags", told)
        return kept

    def date(self) -> datetime | None:
        raise NotImplementedError

    def title(self) -> str:
        raise NotImplementedError

    def slug(self) -> str:
        raise NotImplementedError

    def tags(self) -> tuple[str, ...]:
        raise NotImplementedError

    def categories(self) -> tuple[tuple[str, ...], ...]:
        raise NotImplementedError

    def status(self, date: datetime | None) -> Status:
        raise NotImplementedError

    def address_meta(self) -> Mapping[str, Any]:
        """What `:name` in a permalink may stand for."""
        return self.meta

    def line(self, key: str) -> int:
        return self.front.key_lines.get(key, 0)

    def warn(self, key: str, code: str, message: str, severity: Severity = Severity.WARNING) -> None:
        self.diagnostics.append(Diagnostic(self.path, self.line(key), code, severity, message))

    def is_timestamp(self, pointer: str) -> bool:
        return pointer in self._timestamps

    def is_future(self, date: datetime | None) -> bool:
        return not self.site.future and date is not None and date > self.now

    def is_in_drafts(self) -> bool:
        return any(part in ("_drafts", "drafts") for part in self.path.split("/")[:-1])

    def description(self) -> str:
        """The author's own summary."""
        for key in ("lede", "description", "excerpt", "summary"):
            value = self.meta.get(key)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return ""

    def series(self) -> str:
        """The first series that the post names."""
        value = self.meta.get("series")
        if isinstance(value, list):
            value = next((item for item in value if item is not None), None)
        if isinstance(value, dict):
            value = value.get("name") or value.get("title")
        return _text(value) if value is not None and not isinstance(value, bool | list | dict) else ""

    def language(self) -> tuple[str, str]:
        """Language, and the key that the post's translations share."""
        stem, ending_lang = _split_language(self.relative)
        folder_free, folder_lang = _split_language_folder(stem, self.site)
        given = next(
            (v for k in ("lang", "language", "locale") if isinstance(v := self.meta.get(k), str) and v.strip()), ""
        )
        lang = given.strip() or ending_lang or folder_lang or self.site.language
        for name in ("translationKey", "ref", "translation_key"):
            value = self.meta.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
                return lang, f"key:{str(value).strip()}"
        return lang, f"file:{folder_free}"

    def own_settings(self) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
        """The block ``enishi: {pin: […], exclude: […], related: false}``."""
        value = self.meta.get("enishi")
        if value is None:
            return (), (), True
        if value is False:
            return (), (), False
        if not isinstance(value, dict):
            self.warn(
                "enishi",
                "bad-enishi-block",
                "`enishi:` should be a block with `pin`, `exclude`, `related` or `ignore` below it",
            )
            return (), (), True
        for name in value:
            if name not in ("pin", "exclude", "related", "ignore"):
                self.warn(
                    "enishi",
                    "bad-enishi-block",
                    f"`enishi: {name}` is not known; there are `pin`, `exclude`, `related`, `ignore`",
                )
        related = value.get("related", True)
        if related is not None and not isinstance(related, bool):
            self.warn("enishi", "bad-enishi-block", "`enishi: related` should be true or false")
        self._check_ignored(value.get("ignore"))
        return self._own_list(value, "pin"), self._own_list(value, "exclude"), related is not False

    def _check_ignored(self, value: Any) -> None:
        """Names that are no kind of finding are told; what `ignore` does is the check's business."""
        for name in value if isinstance(value, list) else [] if value is None else [value]:
            if not isinstance(name, str) or name not in CODES:
                told = f"`enishi: ignore`: {_shown(name)} is no kind of finding; there are {', '.join(CODES)}"
                self.warn("enishi", "bad-enishi-block", told)

    def _own_list(self, block: Mapping[str, Any], name: str) -> tuple[str, ...]:
        value = block.get(name)
        items = value if isinstance(value, list) else [] if value is None else [value]
        kept = [item.strip() for item in items if isinstance(item, str) and item.strip()]
        if len(kept) < len(items):
            told = f"`enishi: {name}` should be a list of paths, slugs or addresses of posts"
            self.warn("enishi", "bad-enishi-block", told)
        return tuple(dict.fromkeys(kept))


class _HexoRules(_Rules):
    """Hexo 8's post processor and model (plugins/processor/post.js, models/post.js)."""

    def __init__(self, path: str, source: Source, site: Site, now: datetime) -> None:
        super().__init__(path, source, site, now)
        self._from_name = permalinks.parse_hexo_file_name(site.new_post_name, self.relative)
        own = ("title", "year", "month", "day", "i_month", "i_day", "hash")
        self._values = {**self.meta, **{k: v for k, v in self._from_name.items() if k not in own}}

    def title(self) -> str:
        if "title" not in self._values and self.site.use_slug_as_title:
            return self._from_name["title"]
        value = self._values.get("title")
        return "" if value is None else self._string(value, "/title", is_top=True)

    def slug(self) -> str:
        return self._from_name["title"]

    def date(self) -> datetime | None:
        value = self._values.get("date")
        if javascript.is_truthy(value):
            return self._given_date(value)
        name = self._from_name
        month, day = name.get("month") or name.get("i_month"), name.get("day") or name.get("i_day")
        if not (name.get("year") and month and day):
            return None
        return dates.shift_to_zone(javascript.utc(int(name["year"]), int(month), int(day)), self.site.timezone)

    def _given_date(self, value: Any) -> datetime | None:
        is_timestamp = self.is_timestamp("/date")
        date = dates.from_hexo(value, is_timestamp=is_timestamp, zone=self.site.timezone)
        if date is None:
            told = f"Hexo cannot read the date {_shown(value)}, and takes the file's own time. {_DATE_ADVICE}"
            self.warn("date", "bad-date", told)
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 100_000_000_000:
            told = f"to Hexo, {_shown(value)} is milliseconds since 1970: {date:%Y-%m-%d}. {_DATE_ADVICE}"
            self.warn("date", "bad-date", told)
        elif is_timestamp and (written := re.match(r"\d{4}-(\d{1,2})-(\d{1,2})", value)) and _rolls_over(written[0]):
            told = f"there is no day {written[0]}: Hexo takes it as {date:%Y-%m-%d}"
            self.warn("date", "bad-date", told)
        return date

    def tags(self) -> tuple[str, ...]:
        key = (
            "tag"
            if javascript.is_truthy(self._values.get("tag")) and not javascript.is_truthy(self._values.get("tags"))
            else "tags"
        )
        value = self._values.get(key)
        if key == "tags" and value == [] and javascript.is_truthy(self._values.get("tag")):
            told = "`tags: []` hides `tag:` from Hexo, so the post has no tags. Delete the empty `tags:`"
            self.warn("tags", "hidden-tags", told)
        if not javascript.is_truthy(value):
            return ()
        names = self._names(value, f"/{key}")
        if isinstance(value, str) and re.search(r"[,，]\s*\S", value):
            told = f"to Hexo, `{key}: {_shorten(value)}` is one tag. Write a list, `[a, b]`, for several"
            self.warn(key, "comma-in-tag", told, Severity.NOTE)
        return tuple(dict.fromkeys(filter(None, names)))  # a list in a list may be empty: a tag without a name in Hexo

    def categories(self) -> tuple[tuple[str, ...], ...]:
        key = "categories" if javascript.is_truthy(self._values.get("categories")) else "category"
        value = self._values.get(key)
        if not javascript.is_truthy(value):
            return ()
        if not isinstance(value, list) or not any(isinstance(item, list) for item in value):
            chain = tuple(self._names(value, f"/{key}"))
            return (chain,) if chain and all(chain) else ()
        chains = []
        for index, item in enumerate(value):
            pointer = f"/{key}/{index}"
            if isinstance(item, list):
                chains.append(tuple(self._names(item, pointer)))
            elif item is not None and item != "":
                chains.append((self._string(item, pointer),))
        return tuple(dict.fromkeys(chain for chain in chains if chain and all(chain)))

    def status(self, date: datetime | None) -> Status:
        if self.path.startswith(f"{self.site.source_dir}/_drafts/"):
            return "draft"
        if self.front.is_lost or self.is_refused():
            return "unpublished"  # the page is not there: a link to it would be dead
        if self.meta.get("draft") is True:
            told = "Hexo does not know `draft: true`: the post is published. Write `published: false` instead"
            self.warn("draft", "draft-is-published", told)
        published = self._values.get("published")
        if published is not None and (published in ("false", "0") or not javascript.is_truthy(published)):
            return "unpublished"
        return "future" if self.is_future(date) else "published"

    def is_refused(self) -> bool:
        """Whether Hexo reads the front matter and then fails: a database id of its own, or no possible address."""
        own_id = self.meta.get("_id")
        if own_id is not None and not (isinstance(own_id, str) and own_id.startswith("c") and len(own_id) == 25):
            self._refuse("_id", "reserved-key", "`_id` is Hexo's own name for something else. Rename the key")
            return True
        given = self._values.get("permalink")
        if javascript.is_truthy(given) and (not isinstance(given, str) or self.is_timestamp("/permalink")):
            self._refuse(
                "permalink",
                "bad-permalink",
                f"`permalink` should be text. Write `permalink: '{_shorten(_text(given))}'`",
            )
            return True
        if permalinks.hexo_can_address(self.site, self.slug(), self._values):
            return False
        if javascript.is_truthy(given):
            self._refuse("permalink", "bad-permalink", "no address can be made of a `%` in it. Write it as `%25`")
        else:
            self._refuse("", "percent-in-path", "no address can be made of a path with `%`. Rename the file or folder")
        return True

    def _refuse(self, key: str, code: str, told: str) -> None:
        self.warn(key, code, LOST + told, Severity.ERROR)

    def address_meta(self) -> Mapping[str, Any]:
        return self._values

    def _names(self, value: Any, pointer: str) -> list[str]:
        if not isinstance(value, list):
            return [self._string(value, pointer, is_top=True)]
        pairs = ((item, f"{pointer}/{index}") for index, item in enumerate(value))
        return [self._string(item, place) for item, place in pairs if item is not None and item != ""]

    def _string(self, value: Any, pointer: str, *, is_top: bool = False) -> str:
        """`String(value)`, where a timestamp is a JavaScript Date."""
        del is_top  # only a process outside UTC would see Hexo's shift of top-level dates
        if isinstance(value, str) and self.is_timestamp(pointer):
            return javascript.date_to_string(javascript.yaml_timestamp(value))
        if isinstance(value, list):
            return ",".join("" if v is None else self._string(v, f"{pointer}/{i}") for i, v in enumerate(value))
        return javascript.to_string(value)


def _rolls_over(day: str) -> bool:
    year, month, date = (int(part) for part in day.split("-"))
    try:
        datetime(year, month, date)
    except ValueError:
        return True
    return False


class _CommonRules(_Rules):
    """The common ground of Jekyll, Hugo, Eleventy, Pelican, MkDocs, Zenn and plain folders."""

    def __init__(self, path: str, source: Source, site: Site, now: datetime) -> None:
        super().__init__(path, source, site, now)
        # Pelican's keys have no case; a lower-case key of the same name wins
        lower = {key.lower(): value for key, value in self.meta.items()}
        nested = self.meta.get("taxonomies")  # Zola
        self._values = {**(nested if isinstance(nested, dict) else {}), **lower, **self.meta}

    def title(self) -> str:
        return _text(self._values.get("title"))

    def slug(self) -> str:
        given = self._values.get("slug")
        if isinstance(given, str | int) and not isinstance(given, bool) and str(given).strip(" /"):
            return str(given).strip(" /")
        stem = _split_language(self.relative)[0]
        name = posixpath.basename(stem)
        if name in ("index", "_index", "README", "readme") and posixpath.dirname(stem):
            name = posixpath.basename(posixpath.dirname(stem))
        return _NAME_DATE.sub("", name) or name

    def date(self) -> datetime | None:
        for key in _DATE_KEYS:
            value = self._values.get(key)
            if value is None or value == "" or isinstance(value, bool):
                continue
            date = dates.parse(value, self.site.timezone)
            if date is None and key == "date":
                told = f"{_shown(value)} is no date. {_DATE_ADVICE}"
                self.warn("date", "bad-date", told)
            elif key == "date" and isinstance(value, str) and not dates.is_exact(value):
                told = f"{_shown(value)} has an impossible time; only the day is used"
                self.warn("date", "bad-date", told)
            if date is not None:
                return date
        return dates.from_path(self.relative, self.site.timezone)

    def tags(self) -> tuple[str, ...]:
        names = [name for key in ("tags", "tag") for name in self._names(self._values.get(key), key)]
        if not names or self.site.generator == "zenn":
            names += self._names(self._values.get("topics"), "topics")
        return tuple(dict.fromkeys(names))

    def categories(self) -> tuple[tuple[str, ...], ...]:
        chains: list[tuple[str, ...]] = []
        for key in ("categories", "category"):
            value = self._values.get(key)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, list):
                    chains.append(tuple(name for part in item for name in self._names(part, key)))
                elif isinstance(value, list):
                    chains.append((_name(item),))
                else:
                    chains += [(name,) for name in self._names(item, key)]
        return tuple(dict.fromkeys(chain for chain in chains if chain and all(chain)))

    def status(self, date: datetime | None) -> Status:
        word = self._values.get("status")
        word = word.strip().lower() if isinstance(word, str) else ""
        if _flag(self._values.get("draft")) is True or self.is_in_drafts() or word == "draft":
            return "draft"
        if _flag(self._values.get("published")) is False or word in ("hidden", "private", "skip", "unpublished"):
            return "unpublished"
        return "future" if self.is_future(date) else "published"

    def _names(self, value: Any, key: str) -> list[str]:
        if isinstance(value, str):
            return self._split(value, key)
        names: list[str] = []
        for item in value if isinstance(value, list) else [value]:
            names += self._names(item, key) if isinstance(item, list) else [_name(item)]
        return [name for name in names if name]

    def _split(self, text: str, key: str) -> list[str]:
        """A string of several names; Jekyll divides at blanks, the others at commas."""
        separator = r"[,，\n]"
        if self.site.generator == "jekyll" and key in ("tags", "categories") and not re.search(separator, text):
            separator = r"\s"
        return [name for part in re.split(separator, text) if (name := _tidy(part))]


_DATE_KEYS = (
    "date",
    "pubdate",
    "publishdate",
    "publishedat",
    "published_at",
    "datepublished",
    "published",
    "created",
    "created_at",
)
_NAME_DATE = re.compile(r"^(?:\d{4}[-_]\d{1,2}[-_]\d{1,2}|\d{2}-(?:\d{6}-)?(?=\D))[-_ ]?(?=.)")
_DATE_ADVICE = "Write it as 2024-05-06 12:30:00"
_MAX_NAME = 500


def _tidy(text: str) -> str:
    return " ".join(text.split())[:_MAX_NAME]


def _text(value: Any) -> str:
    """A value as the author sees it, on one line."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return " ".join(javascript.to_string(value).split())


def _name(value: Any) -> str:
    """One tag or category; `{name: x}` is x, and `a: b` was meant as text."""
    if isinstance(value, dict):
        for key in ("name", "title", "slug"):
            if isinstance(value.get(key), str):
                return _tidy(value[key])
        return _tidy(", ".join(f"{key}: {_text(item)}".rstrip(": ") for key, item in value.items()))
    return _text(value)[:_MAX_NAME]


def _flag(value: Any) -> bool | None:
    """True and false in YAML 1.1's words too, which Jekyll and Hugo read; anything else says nothing."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
            value.strip().lower()
        )
    return None


def _shown(value: Any) -> str:
    return repr(_shorten(_text(value)))


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _below_post_folder(path: str, site: Site) -> str:
    """The path below the folder of posts it lies in."""
    best = ""
    for folder in site.post_folders:
        if path.startswith(folder + "/") and len(folder) > len(best):
            best = folder
    if not best and site.reads_like_hexo:
        best = next(
            (f for f in (f"{site.source_dir}/_posts", f"{site.source_dir}/_drafts") if path.startswith(f + "/")), ""
        )
    return path.removeprefix(best + "/") if best else path


# --- translations ---------------------------------------------------------------------------------------------------

_LANGUAGES = frozenset(
    [
        "ar",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "fa",
        "fi",
        "fr",
        "he",
        "hi",
        "hu",
        "it",
        "id",
        "ja",
        "ko",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sv",
        "th",
        "tr",
        "uk",
        "vi",
        "zh",
    ]
)
_UNAMBIGUOUS_FOLDERS = frozenset(["de", "en", "es", "fr", "ja", "ko", "pt", "ru", "uk", "vi", "zh"])
"""As the name of a folder, `it`, `cs`, `id` or `no` may as well be a subject."""
_LOCALE = re.compile(r"([a-z]{2})(?:[-_](?:[a-z]{2}|hans|hant|419))?\Z", re.IGNORECASE)


def _language_code(text: str, known: frozenset[str]) -> str:
    """`ja`, `zh-TW`, `pt_BR`: the code as written, or empty if it is no language."""
    match = _LOCALE.match(text)
    return text if match is not None and match[1].lower() in known else ""


def _split_language(relative: str) -> tuple[str, str]:
    """`a/post.ja.md` -> `a/post`, `ja`."""
    stem = posixpath.splitext(relative)[0]
    name, dot, ending = posixpath.basename(stem).rpartition(".")
    lang = _language_code(ending, _LANGUAGES) if dot and name else ""
    if not lang and (match := re.search(r"(?<=.)_(en|ja|zh|ko|de|fr|es|zh[-_](?:cn|tw))\Z", stem, re.IGNORECASE)):
        return stem[: match.start()], match[1]
    return (stem.removesuffix(f".{ending}"), lang) if lang else (stem, "")


def _split_language_folder(stem: str, site: Site) -> tuple[str, str]:
    """`en/a/post` -> `a/post`, `en`: the first folder that names a language."""
    configured = frozenset(code.lower() for code in site.languages)
    parts = stem.split("/")
    for index, part in enumerate(parts[:-1]):
        if part.lower() in configured or _language_code(part, _UNAMBIGUOUS_FOLDERS):
            return "/".join(parts[:index] + parts[index + 1 :]), part
    return stem, ""
