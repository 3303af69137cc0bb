"""Sites that need no folder: what a generator would say of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from enishi.generators import generator_named
from enishi.generators.base import Site
from enishi.generators.hexo import HexoSite
from enishi.generators.hugo import HugoSite

SITES = {"hexo": HexoSite, "hugo": HugoSite}


def site_of(generator: str = "generic", root: Path = Path(), **settings: Any) -> Site:
    """A site of the generator of that name, with these fields."""
    folders = ("source/_posts", "source/_drafts") if generator == "hexo" else ("posts",)
    make = SITES.get(generator, Site)
    return make(root=root, generator=generator_named(generator), **{"post_folders": folders, **settings})
