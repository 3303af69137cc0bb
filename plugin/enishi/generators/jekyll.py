"""Jekyll: `_posts/2024-05-06-name.md`, settings in `_config.yml`."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from enishi.errors import Diagnostic, Severity
from enishi.generators import setup
from enishi.generators.base import Generator, Site
from enishi.generators.post import Address, fill, own_path
from enishi.generators.settings import below, read_start
from enishi.generators.setup import Setup
from enishi.reading.find import NEVER_POSTS

_DEFAULT = "/:categories/:year/:month/:day/:title.html"
_STYLES = {
    "": _DEFAULT,
    "date": _DEFAULT,
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "none": "/:categories/:title.html",
}
_GEM = "jekyll-enishi"
_DATED = re.compile(r"\d{2,4}-\d{1,2}-\d{1,2}-[^/]*\.[^.]+")
_MOST_DEEP = 4
"""Folders of categories inside of each other that are looked into."""
_WITHOUT_PLUGINS = "github-pages"
"""A gem that lets no plugin run but its own."""


class Jekyll(Generator[Site]):
    """https://jekyllrb.com/docs/"""

    name = "jekyll"
    label = "a Jekyll site"
    settings_files = ("_config.yml", "_config.yaml", "_config.toml")
    other_files = ("Gemfile",)
    splits_at_blanks = True
    static_folders = (".",)
    shown_by = f"`gem install {_GEM}`, and one line in _config.yml or the Gemfile"

    def recognises(self, root: Path) -> bool:
        """By its settings, or by the gem; Hexo, whose settings have the same name, is asked before."""
        return super().recognises(root) or "jekyll" in read_start(root / "Gemfile")

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        """https://jekyllrb.com/docs/configuration/options/"""
        settings = self.open_settings(root)
        source = settings.folder("source", ".")
        collections = below(source, settings.folder("collections_dir", "."))[0]
        site = Site(
            root=root,
            generator=self,
            post_folders=(*below(collections, "_posts", "_drafts"), *_folders_of_categories(root, source)),
            url=settings.text("url").rstrip("/"),
            root_path=settings.root_path("", settings.text("baseurl")),
            permalink=settings.text("permalink"),
            source_dir=source,
            future=settings.flag("future", False),
            timezone=settings.timezone("timezone"),
            exclude=settings.texts("exclude"),
            language=settings.text("lang") or settings.text("locale"),
            settings_file=settings.name,
        )
        return site, settings.problems

    def is_post(self, site: Site, path: str, post_folder: str) -> bool | Diagnostic:
        """A file in `_posts` needs a date in its name."""
        name = posixpath.basename(path)
        if posixpath.basename(post_folder) != "_posts" or _DATED.fullmatch(name):
            return True
        message = f"Jekyll passes over this, because its name has no date. Call it 2024-05-06-{name} to publish it"
        return Diagnostic(path, 0, "no-date-in-name", Severity.NOTE, message)

    def address(self, site: Site, address: Address) -> str | None:
        """https://jekyllrb.com/docs/permalinks/"""
        main = min((posixpath.dirname(folder) for folder in site.post_folders), key=len, default="")
        found = re.match(r"(.*?)/?(?<![^/])_(?:posts|drafts)/", address.path.removeprefix(f"{main}/"))
        above = found[1].split("/") if found else ()
        names = [*filter(None, above), *(name for chain in address.categories for name in chain)]
        slug = address.slug
        values = {
            "categories": "/".join(dict.fromkeys(name.lower() for name in names)),
            "slugified_categories": "/".join(dict.fromkeys(_slugify(name).lower() for name in names)),
            "title": _slugify(slug, "._~!$&'()+,;=@"),
            "slug": _slugify(slug).lower(),
            "output_ext": ".html",
        }
        return fill(own_path(address) or _STYLES.get(site.permalink, site.permalink), values, address.date)

    def setup(self, site: Site) -> Setup:
        """The gem in the Gemfile or among the plugins; where no plugin may run, the include."""
        settings = self.open_settings(site.root)
        config, gemfile = site.settings_file or "_config.yml", setup.read_text(site.root, "Gemfile")
        run = "bundle exec jekyll build" if gemfile else "jekyll build"
        public = settings.text("destination") or "_site"
        if settings.flag("safe", False) or _WITHOUT_PLUGINS in (gemfile or ""):
            return _include(site, config, run, public)
        file, change = ("Gemfile", _with_gem) if gemfile else (config, _with_plugin)
        edit = setup.edit(site.root, file, change, "the list below each post")
        is_done = _GEM in (gemfile or "") or _GEM in settings.texts("plugins")
        return Setup(
            page="plugin/jekyll-enishi/README.md",
            installs=() if gemfile or is_done else (f"gem install {_GEM}",),
            edits=setup.edits(None if is_done else edit),
            by_hand=() if edit or is_done else (f"Add {_GEM} to the plugins in {config}",),
            run=("bundle install", run) if gemfile else (run,),
            public=public,
        )


def _folders_of_categories(root: Path, source: str) -> Iterator[str]:
    """Where posts may be besides: `news/_posts`, whose posts are of the category `news`."""
    for folder, names, _ in os.walk(root / source):
        place = Path(folder).relative_to(root).as_posix()
        if place != source:
            yield from (f"{place}/{name}" for name in ("_posts", "_drafts") if name in names)
        is_deep = place.count("/") - source.count("/") >= _MOST_DEEP
        names[:] = () if is_deep else sorted(name for name in names if name[0] not in "._" and name not in NEVER_POSTS)


def _slugify(text: str, kept: str = "") -> str:
    """As Jekyll does: letters, their marks, digits and the kept signs stay, one dash for all between."""
    text = unicodedata.normalize("NFC", text)
    dashed = "".join(c if c in kept or unicodedata.category(c)[0] in "LM" or c.isdecimal() else "-" for c in text)
    return re.sub("-+", "-", dashed).strip("-")


def _with_gem(text: str) -> str | None:
    """A Gemfile with the gem, in the group of plugins where there is one."""
    if re.search(r"^\s*group\s*\(?\s*:jekyll_plugins\s*\)?\s+do\b", text, re.MULTILINE):
        return setup.with_line_after(text, r"group\s*\(?\s*:jekyll_plugins", f'  gem "{_GEM}"')
    return setup.with_lines_at_end(text, f'gem "{_GEM}", group: :jekyll_plugins')


def _with_plugin(text: str) -> str | None:
    return setup.with_yaml_item(text, "plugins", _GEM)


def _include(site: Site, config: str, run: str, public: str) -> Setup:
    """Two files of ours, two settings, and a line in the layout of posts."""
    package = Path(__file__).resolve().parents[1]
    ours = next(f for base in (package, package.parents[1]) if (f := base / "templates").joinpath("jekyll").is_dir())
    source = "" if site.source_dir == "." else f"{site.source_dir}/"
    layout, data = f"{source}_layouts/post.html", f"{source}_data/enishi.json"
    line = "{% include enishi.html" + (f' folder="{source}"' if source else "") + " %}"
    wanted: tuple[tuple[str, Callable[[str], str | None], str], ...] = (
        (f"{source}_includes/enishi.html", lambda _: (ours / "jekyll" / "enishi.html").read_text("utf-8"), "the list"),
        (f"{source}assets/enishi.css", lambda _: (ours / "enishi.css").read_text("utf-8"), "its looks"),
        (layout, lambda text: setup.with_line_after(text, r"\{\{-?\s*content\s*-?\}\}", line), "below each post"),
        (config, lambda text: setup.with_yaml_item(text, "exclude", "enishi.toml"), "what the site leaves out"),
    )
    edits = setup.edits(*(setup.edit(site.root, *one) for one in wanted), setup.ignore_in_git(site.root, data))
    is_shown = any(one.path == layout for one in edits) or line in (setup.read_text(site.root, layout) or "")
    return Setup(
        page="plugin/jekyll-enishi/README.md",
        settings={"data_file": data},
        edits=edits,
        by_hand=() if is_shown else (f"Write {line} below {{{{ content }}}} in the layout of your posts",),
        run=("enishi build", run),
        public=public,
    )
