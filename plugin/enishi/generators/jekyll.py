"""Jekyll: `_posts/2024-05-06-name.md`, settings in `_config.yml`."""

from __future__ import annotations

from pathlib import Path

from enishi.errors import Diagnostic
from enishi.generators.base import Generator, Site
from enishi.generators.post import Address, fill, own_path, simple_slug
from enishi.generators.settings import below, read_start

_DEFAULT = "/:categories/:year/:month/:day/:title.html"
_STYLES = {
    "": _DEFAULT,
    "date": _DEFAULT,
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "none": "/:categories/:title.html",
}


class Jekyll(Generator[Site]):
    """https://jekyllrb.com/docs/"""

    name = "jekyll"
    label = "a Jekyll site"
    settings_files = ("_config.yml", "_config.yaml", "_config.toml")
    other_files = ("Gemfile",)
    splits_at_blanks = True
    data_folders = ("_data",)
    static_folders = (".",)

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
            post_folders=below(collections, "_posts", "_drafts"),
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

    def address(self, site: Site, address: Address) -> str | None:
        """https://jekyllrb.com/docs/permalinks/"""
        names = [name for chain in address.categories for name in chain]
        categories, slug = "/".join(map(simple_slug, names)), address.slug
        values = {"categories": categories, "title": slug, "slug": simple_slug(slug)}
        return fill(own_path(address) or _STYLES.get(site.permalink, site.permalink), values, address.date)
