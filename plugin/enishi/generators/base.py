"""The seam between this package and a static-site generator: `Generator` decides, `Site` is what it says of one blog.

A generator is one subclass in one file, made known by `enishi.generators.register`.  The defaults suit a folder of
Markdown files with YAML front matter, so that a subclass states only what is different.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from enishi.generators.post import Address, PostRules, own_path
from enishi.generators.settings import SettingsFile, read_start
from enishi.generators.setup import Setup
from enishi.reading.find import NEVER_POSTS, is_project_file
from enishi.reading.source import TOLERANT_DIALECT, Dialect

if TYPE_CHECKING:
    from enishi.errors import Diagnostic
    from enishi.reading.frontmatter import FrontMatter
    from enishi.types import Post

MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd", ".mdx")
_ANY_STATIC_FOLDERS = (
    *(".", "public", "static", "src", "assets", "source", "src/public", "src/static", "src/assets", "content"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """One blog, as its generator describes it.  Text settings are as written; paths are relative and POSIX."""

    root: Path
    generator: Generator[Any]
    post_folders: tuple[str, ...]
    """Relative to `root`; ``"."`` is the site folder itself."""
    url: str = ""
    root_path: str = "/"
    """Path of the site on its host; begins and ends with a slash."""
    permalink: str = ""
    """The generator's own pattern, such as ``:year/:title/``; empty for its default."""
    source_dir: str = "."
    suffixes: tuple[str, ...] = MARKDOWN_SUFFIXES
    """Of post files, in lower case."""
    future: bool = True
    """Whether posts dated after today are published."""
    timezone: tzinfo = UTC
    exclude: tuple[str, ...] = ()
    """Globs relative to `root` of what the generator leaves out, as in .gitignore."""
    language: str = ""
    """The blog's main language where its settings name one."""
    languages: tuple[str, ...] = ()
    tag_map: Mapping[str, str] = field(default_factory=dict)
    """Tag -> the name that it has in addresses."""
    alias: Mapping[str, str] = field(default_factory=dict)
    """Addresses that redirect: old path -> new path."""
    settings_file: str = ""
    """The generator's settings file, relative to `root`; empty if there is none."""

    def make_post(self, path: str, front: FrontMatter, now: datetime) -> tuple[Post, list[Diagnostic]]:
        """The post of a file, by the rules of the generator, and what is wrong with it.  Never raises.

        `path` is the post's identity; `now` (aware) decides which posts lie in the future.
        """
        rules = self.generator.rules(path, front, self, now)
        return rules.post(), sorted(rules.diagnostics)


S = TypeVar("S", bound=Site)


class Generator(Generic[S]):
    """What is special about one static-site generator."""

    name: ClassVar[str]
    """As the setting `generator` names it."""
    label: ClassVar[str]
    """With its article: ``a Hexo site``."""

    # recognising a site
    settings_files: ClassVar[tuple[str, ...]] = ()
    """Relative to the site folder; the first that is there is read."""
    other_files: ClassVar[tuple[str, ...]] = ()
    """Further files in the site folder by which a site is recognised."""
    post_folders: ClassVar[tuple[str, ...]] = ()
    """Where posts may be, unless the settings say it."""
    takes_first_folder: ClassVar[bool] = False
    """Whether only the first of `post_folders` that holds posts counts."""

    title_key: ClassVar[str] = "title"
    """The setting that holds the blog's name."""

    # reading posts
    dialect: ClassVar[Dialect] = TOLERANT_DIALECT
    """How files are read."""
    rules: ClassVar[type[PostRules[Any]]] = PostRules
    """What is made of front matter."""
    tag_key: ClassVar[str] = "tags"
    """The key for tags in a post that has none yet."""
    splits_at_commas: ClassVar[bool] = True
    """Whether ``tags: a, b`` are two tags."""
    splits_at_blanks: ClassVar[bool] = False
    """Whether ``tags: a b`` are two tags."""

    knows_addresses: ClassVar[bool] = False
    """Whether `address` is right for sure, as where it is the file's name and nothing else."""

    home: ClassVar[str] = ""
    """What has to stand before an address, where its path does not do: an example of it."""

    # files beside posts
    static_folders: ClassVar[tuple[str, ...]] = _ANY_STATIC_FOLDERS
    """Beside the sources, folders whose files are copied as they are."""
    output_folders: ClassVar[tuple[str, ...]] = ()
    """Folders that the generator writes into."""

    # showing the lists
    shown_by: ClassVar[str] = ""
    """What its author writes to show the lists, in half a line: ``npm install hexo-enishi, and … in _config.yml``."""
    mixes_pages: ClassVar[bool] = False
    """Whether pages that are no posts, such as `about.md`, lie among them."""

    def __repr__(self) -> str:
        return self.name  # part of keys: the same in every process

    def recognises(self, root: Path) -> bool:
        """Whether the folder is a site of this generator."""
        return first_file(root, self.settings_files) != ""

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """The site, by its settings: nothing is run, and wrong settings are passed over with a diagnostic."""
        return Site(root, self, self.post_folders, settings_file=first_file(root, self.settings_files)), []

    def open_settings(self, root: Path) -> SettingsFile:
        """The generator's settings file, or an empty one."""
        return SettingsFile(root, first_file(root, self.settings_files))

    def title(self, site: S) -> str:
        """The blog's name; empty where its settings give none."""
        return self.open_settings(site.root).text(self.title_key)

    def is_left_out(self, site: S, path: str) -> bool:
        """Whether the generator's settings leave out a file or folder, by other rules than `Site.exclude`."""
        del site, path
        return False

    def enters(self, site: S, path: str, post_folder: str) -> bool:
        """Whether posts may lie in the folder `path` below `post_folder`."""
        del site
        name = posixpath.basename(path)
        if name.startswith((".", "_")) and name not in ("_posts", "_drafts"):
            return False
        return post_folder not in (".", "src") or name not in NEVER_POSTS

    def is_post(self, site: S, path: str, post_folder: str) -> bool | Diagnostic:
        """Whether a file with a post's suffix is a post; a Diagnostic where that may surprise its author."""
        del site
        return not (post_folder == "." and "/" not in path and is_project_file(path))

    def as_manifest(self, site: S, text: str, now: datetime) -> str:
        """What `--manifest` was given, as a manifest, where the generator prints a list in a form of its own."""
        del site, now
        return text

    def turning_points(self, site: S, post: Post) -> Iterator[datetime | None]:
        """The moments at which the post's status changes by itself."""
        yield None if site.future else post.date

    def setup(self, site: S) -> Setup:
        """What is still to be done before the site shows its lists.  Only reads."""
        del site
        return Setup()

    def tag_places(self, meta: Mapping[str, Any]) -> list[tuple[str, ...]]:
        """Paths of keys where tags are looked for in front matter, the one that counts first; they need not be there.

        Of each key: itself, else in another case (Pelican), else among Zola's taxonomies.
        """
        places: list[tuple[str, ...]] = []
        taxonomies = meta.get("taxonomies")
        for name in dict.fromkeys((self.tag_key, "tags", "tag", "topics")):
            written = [key for key in meta if key.lower() == name]
            if written:
                places.append((name if name in written else written[-1],))
            elif isinstance(taxonomies, dict) and name in taxonomies:
                places.append(("taxonomies", name))
            elif name == self.tag_key:
                places.append((name,))
        return places

    def address(self, site: S, address: Address) -> str | None:
        """Path of a post's page below the site's root, not encoded; None where it cannot be known."""
        del site
        given = own_path(address)
        if given is not None:
            return given
        if posixpath.basename(address.relative).startswith("index."):
            return posixpath.dirname(address.relative) + "/"
        return posixpath.join(posixpath.dirname(address.relative), address.slug) + "/"


def first_file(root: Path, names: Sequence[str]) -> str:
    """The first of the files that is in the folder; empty if none is."""
    return next((name for name in names if (root / name).is_file()), "")


def package_json(root: Path) -> Mapping[str, Any]:
    """The site's package.json; empty if there is none, or it cannot be read."""
    try:
        value = json.loads(read_start(root / "package.json"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def depends_on(root: Path, package: str) -> bool:
    """Whether the site's package.json names the package as a dependency."""
    groups = (package_json(root).get(key) for key in ("dependencies", "devDependencies"))
    return any(package in group for group in groups if isinstance(group, dict))
