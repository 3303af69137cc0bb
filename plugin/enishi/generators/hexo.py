"""Hexo 8, to the letter: `tags: a, b` is one tag, `tags: []` hides `tag:`, a flat list of categories is one chain,
and days that do not exist roll over."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from enishi.errors import Diagnostic, Severity
from enishi.generators import hexo_dates, hexo_permalinks, setup
from enishi.generators.base import Generator, Site, depends_on, first_file, package_json
from enishi.generators.post import DATE_ADVICE, Address, PostRules, shorten, shown
from enishi.generators.settings import below
from enishi.generators.setup import Setup
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.globs import matches_any
from enishi.reading.hexo_frontmatter import LOST
from enishi.reading.javascript import is_truthy, to_string
from enishi.reading.source import HEXO_DIALECT
from enishi.types import Status

_PLUGIN = "hexo-enishi"
_SETTING = "enishi: {hexo: {inject: true}}"
SUFFIXES = (".md", ".markdown", ".mkd", ".mkdn", ".mdwn", ".mdtxt", ".mdtext", ".html", ".htm")
"""What hexo-renderer-marked and Hexo itself render; other renderers (`.org`, `.adoc`) are no Markdown."""


@dataclass(frozen=True, slots=True)
class HexoSite(Site):
    """A Hexo site; fields are named as Hexo's settings."""

    source_dir: str = "source"
    suffixes: tuple[str, ...] = SUFFIXES
    permalink_defaults: Mapping[str, str] = field(default_factory=dict)
    new_post_name: str = ":title.md"
    skip_render: tuple[str, ...] = ()
    """Globs relative to `source_dir`: not posts."""
    ignore: tuple[str, ...] = ()
    """Globs that are compared with whole paths."""
    default_category: str = "uncategorized"
    category_map: Mapping[str, str] = field(default_factory=dict)
    filename_case: int = 0
    post_asset_folder: bool = False
    use_slug_as_title: bool = False
    pretty_index: bool = True
    """False drops ``index.html`` from addresses."""
    pretty_html: bool = True


class HexoRules(PostRules[HexoSite]):
    """Hexo's post processor and model (plugins/processor/post.js, models/post.js)."""

    def __init__(self, path: str, front: FrontMatter, site: HexoSite, now: datetime) -> None:
        super().__init__(path, front, site, now)
        self._timestamps = frozenset(front.timestamps)
        self._from_name = hexo_permalinks.parse_file_name(site.new_post_name, self.relative)
        made_of_name = ("title", "year", "month", "day", "i_month", "i_day", "hash")
        self.values = {**self.meta, **{k: v for k, v in self._from_name.items() if k not in made_of_name}}
        self.address_values = self.values

    def below_post_folder(self, folders: Sequence[str]) -> str:
        """The folders of posts and drafts, even where they hold nothing now."""
        return super().below_post_folder(
            folders if any(self.path.startswith(f"{folder}/") for folder in folders) else _post_folders(self.site)
        )

    def title(self) -> str:
        """Any value as JavaScript makes text of it."""
        if "title" not in self.values and self.site.use_slug_as_title:
            return self._from_name["title"]
        value = self.values.get("title")
        return "" if value is None else self._string(value, "/title")

    def slug(self) -> str:
        """The file's path, without what `new_post_name` takes from it."""
        return self._from_name["title"]

    def date(self) -> datetime | None:
        """JavaScript's reading of `date:`, else the day of the file's name."""
        value = self.values.get("date")
        if is_truthy(value):
            return self._given_date(value)
        name = self._from_name
        month, day = name.get("month") or name.get("i_month"), name.get("day") or name.get("i_day")
        if not (name.get("year") and month and day):
            return None
        return hexo_dates.day(int(name["year"]), int(month), int(day), self.site.timezone)

    def _given_date(self, value: Any) -> datetime | None:
        date = hexo_dates.read_date(value, is_timestamp="/date" in self._timestamps, zone=self.site.timezone)
        if date is None:
            message = f"{shown(value)} is no date that is read here; Hexo may take the file's own time. {DATE_ADVICE}"
            self.warn("date", "bad-date", message)
        return date

    def tags(self) -> tuple[str, ...]:
        """`tag`, where `tags` is false to JavaScript; a text is one tag."""
        (key,) = self.site.generator.tag_places(self.meta)[0]
        value = self.values.get(key)
        if value == [] and key == "tags" and is_truthy(self.values.get("tag")):
            message = "`tags: []` hides `tag:` from Hexo, so the post has no tags. Delete the empty `tags:`"
            self.warn("tags", "hidden-tags", message)
        if not is_truthy(value):
            return ()
        names = self._strings(value, f"/{key}")
        if isinstance(value, str) and re.search(r"[,，]\s*\S", value):
            message = f"to Hexo, `{key}: {shorten(value)}` is one tag. Write a list, `[a, b]`, for several"
            self.warn(key, "comma-in-tag", message, Severity.NOTE)
        return tuple(dict.fromkeys(filter(None, names)))  # a list in a list may be empty: a tag without a name in Hexo

    def categories(self) -> tuple[tuple[str, ...], ...]:
        """One chain, or several where a list holds lists."""
        key = "categories" if is_truthy(self.values.get("categories")) else "category"
        value = self.values.get(key)
        if not is_truthy(value):
            return ()
        if not isinstance(value, list) or not any(isinstance(item, list) for item in value):
            chains = [self._strings(value, f"/{key}")]
        else:
            items = [(item, f"/{key}/{index}") for index, item in enumerate(value) if item is not None and item != ""]
            chains = [self._strings(item, place) for item, place in items]
        return tuple(dict.fromkeys(tuple(chain) for chain in chains if chain and all(chain)))

    def status(self, date: datetime | None) -> Status:
        """By the folder and by `published`; what Hexo fails over is not there."""
        if self.path.startswith(f"{self.site.source_dir}/_drafts/"):
            return "draft"
        if self.front.is_lost:
            return "unpublished"  # the page is not there: a link to it would be dead
        if not hexo_permalinks.can_address(self.site, self.slug(), self.values):
            message = "no address can be made of a `%`. Write it as `%25` in `permalink`, or rename the file or folder"
            self.warn("permalink", "percent-in-path", LOST + message, Severity.ERROR)
            return "unpublished"
        if self.meta.get("draft") is True:
            message = "Hexo does not know `draft: true`: the post is published. Write `published: false` instead"
            self.warn("draft", "draft-is-published", message)
        published = self.values.get("published")
        if published is not None and (published in ("false", "0") or not is_truthy(published)):
            return "unpublished"
        return self.published_or_future(date)

    def _strings(self, value: Any, pointer: str) -> list[str]:
        if not isinstance(value, list):
            return [self._string(value, pointer)]
        pairs = ((item, f"{pointer}/{index}") for index, item in enumerate(value))
        return [self._string(item, place) for item, place in pairs if item is not None and item != ""]

    def _string(self, value: Any, pointer: str) -> str:
        """`String(value)`, where a timestamp is a JavaScript Date."""
        if isinstance(value, str) and pointer in self._timestamps:
            return hexo_dates.date_to_string(hexo_dates.yaml_timestamp(value))
        if isinstance(value, list):
            return ",".join("" if v is None else self._string(v, f"{pointer}/{i}") for i, v in enumerate(value))
        return to_string(value)


class Hexo(Generator[HexoSite]):
    """https://hexo.io/docs/"""

    name = "hexo"
    label = "a Hexo site"
    settings_files = ("_config.yml", "_config.yaml", "_config.json")
    other_files = ("package.json",)
    dialect = HEXO_DIALECT
    rules = HexoRules
    splits_at_commas = False
    static_folders = ()
    output_folders = ("public",)
    shown_by = f"`npm install {_PLUGIN}`, and `{_SETTING}` in _config.yml"

    def recognises(self, root: Path) -> bool:
        """By package.json, or by its folders where there are settings."""
        has_settings = first_file(root, self.settings_files) != ""
        if "hexo" in package_json(root) or depends_on(root, "hexo"):
            return has_settings or (root / "source").is_dir()
        # Jekyll has a _config.yml as well, and may have a folder named source; _posts lies beside it there
        return has_settings and (root / "source" / "_posts").is_dir() and not (root / "_posts").is_dir()

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://hexo.io/docs/configuration"""
        settings = self.open_settings(root)
        languages = settings.texts("language")
        pretty = settings.raw("pretty_urls")
        pretty = pretty if isinstance(pretty, dict) else {}
        case = settings.raw("filename_case")
        source_dir = settings.folder("source_dir", "source")
        new_post_name = settings.text("new_post_name", ":title.md")
        has_asset_folders = settings.flag("post_asset_folder", False)  # other files beside a post are its assets then
        ending = posixpath.splitext(new_post_name)[1].lower()
        site = HexoSite(
            root=root,
            generator=self,
            post_folders=(),
            url=settings.text("url", "http://example.com").rstrip("/"),
            root_path=settings.root_path("url", settings.text("root")),
            permalink=settings.text("permalink", ":year/:month/:day/:title/"),
            permalink_defaults=settings.mapping("permalink_defaults"),
            new_post_name=new_post_name,
            source_dir=source_dir,
            suffixes=tuple(suffix for suffix in SUFFIXES if suffix == ending or not has_asset_folders),
            future=settings.flag("future", True),
            timezone=settings.timezone("timezone"),
            skip_render=settings.texts("skip_render"),
            ignore=settings.texts("ignore"),
            default_category=settings.text("default_category", "uncategorized"),
            tag_map=settings.mapping("tag_map"),
            category_map=settings.mapping("category_map"),
            alias=settings.mapping("alias"),
            language=languages[0] if languages and languages[0] != "default" else "",
            languages=languages,
            filename_case=case if case in (0, 1, 2) and not isinstance(case, bool) else 0,
            post_asset_folder=has_asset_folders,
            use_slug_as_title=settings.flag("use_slug_as_post_title", False),
            pretty_index=pretty.get("trailing_index") is not False,
            pretty_html=pretty.get("trailing_html") is not False,
            settings_file=settings.name,
        )
        return replace(site, post_folders=_post_folders(site)), settings.problems

    def is_left_out(self, site: HexoSite, path: str) -> bool:
        """Hexo compares `ignore` with the whole path on the machine, of which ``site/`` stands for the beginning."""
        return matches_any(site.ignore, f"site/{path}")

    def enters(self, site: HexoSite, path: str, post_folder: str) -> bool:
        """All folders: what is hidden in them is reported."""
        return True

    def is_post(self, site: HexoSite, path: str, post_folder: str) -> bool | Diagnostic:
        """No name below the folder of posts may begin with `_` or `.`, and the suffix counts as it is written."""
        parts = path.removeprefix(f"{post_folder}/").split("/")
        hidden = next((depth for depth, part in enumerate(parts, 1) if part.startswith(("_", "."))), 0)
        if hidden:
            message = "Hexo passes over this, because the name begins with `_` or `.`. Rename it if it should be"
            place = posixpath.join(post_folder, *parts[:hidden])
            return Diagnostic(place, 0, "hidden-from-hexo", Severity.NOTE, f"{message} published")
        if matches_any(site.skip_render, path.removeprefix(f"{site.source_dir}/")):
            return False
        ending = posixpath.splitext(path)[1]
        if ending in site.suffixes:
            return True
        message = f"to Hexo, a file that ends in `{ending}` is no post. Rename it to `{ending.lower()}`"
        return Diagnostic(path, 0, "suffix-in-capitals", Severity.WARNING, message)

    def tag_places(self, meta: Mapping[str, Any]) -> list[tuple[str, ...]]:
        """`tags`, or `tag` where that counts."""
        is_hidden = is_truthy(meta.get("tag")) and not is_truthy(meta.get("tags"))
        return [("tag",) if is_hidden or ("tags" not in meta and "tag" in meta) else ("tags",)]

    def address(self, site: HexoSite, address: Address) -> str | None:
        """https://hexo.io/docs/permalinks"""
        return hexo_permalinks.post_address(site, address)

    def setup(self, site: HexoSite) -> Setup:
        """The plugin, and its line in the settings."""
        settings = self.open_settings(site.root)
        ours = settings.raw("enishi")
        is_set = isinstance(ours, dict) and "hexo" in ours
        is_yaml = site.settings_file.endswith((".yml", ".yaml"))
        edit = None
        if not is_set and ours is None and is_yaml:
            edit = setup.edit(site.root, site.settings_file, _with_plugin, "the list below each post")
        return Setup(
            page="plugin/hexo-enishi/README.md",
            installs=() if depends_on(site.root, _PLUGIN) else (setup.package_command(site.root, _PLUGIN),),
            edits=setup.edits(edit),
            by_hand=_by_hand(site, is_done=edit is not None or is_set),
            run=("npx hexo generate",),
            public=settings.folder("public_dir", "public"),
        )


def _by_hand(site: HexoSite, *, is_done: bool) -> tuple[str, ...]:
    left: tuple[str, ...] = () if is_done else (f"Write `{_SETTING}` into {site.settings_file or 'Hexo’s settings'}",)
    groups = (package_json(site.root).get(key) for key in ("dependencies", "devDependencies"))
    installed = [str(group.get(_PLUGIN)) for group in groups if isinstance(group, dict)]
    folders = [found[1] for version in installed if (found := re.match(r"(?:file|link):(.*)(?<!\.tgz)$", version))]
    if not all(setup.is_in_repository(site.root, folder) for folder in folders):
        left += (f"Install {_PLUGIN} as a package: package.json names a folder, which a clone elsewhere lacks",)
    return left


def _with_plugin(text: str) -> str:
    return setup.with_lines_at_end(text, *[""] * bool(text.strip()), _SETTING)


def _post_folders(site: HexoSite) -> tuple[str, ...]:
    return below(site.source_dir, "_posts", "_drafts")
