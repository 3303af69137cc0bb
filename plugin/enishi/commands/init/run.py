"""Look at a blog, propose settings, and write them: only where there are none."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.cache import Cache
from enishi.commands.init.offers import Offer, measure, name_of, offers_for, trained_models
from enishi.commands.init.portrait import Portrait, portray
from enishi.commands.init.proposals import NONE, Proposal, propose
from enishi.commands.init.settings_file import settings_text
from enishi.config import Settings, describe_settings, settings_sources
from enishi.errors import Diagnostic, OutputError
from enishi.pipeline import Request, links_of, load, open_cache, read
from enishi.reading.images import picture_references, post_pictures
from enishi.tags.vocabulary import read_vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enishi.pipeline import Blog
    from enishi.types import Document

FILE_NAME = "enishi.toml"
_ONTOLOGIES = ("tag_ontology", "tag-ontology", "ontology", "broader_tags", "broader-tags", "tag_broader")
_DATA_FOLDERS = {"hugo": ("data",), "jekyll": ("_data",), "eleventy": ("_data", "src/_data", "content/_data")}
_ANY_DATA_FOLDERS = ("source/_data", "_data", "data", "src/_data")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was found out about a blog, and what is proposed for it."""

    site: Path
    portrait: Portrait
    offers: tuple[Offer, ...]
    existing: Mapping[str, Any]
    """What is set already, by dotted names."""
    sources: tuple[str, ...]
    """Files that hold settings; the first one counts."""
    ontology: str = ""
    """A file of broader tags that the site has."""
    data_file: str = ""
    """Where the site's generator reads data from."""
    diagnostics: tuple[Diagnostic, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    text: str = ""
    """The file that would be written."""

    @property
    def file(self) -> Path:
        return self.site / FILE_NAME

    @property
    def is_there(self) -> bool:
        """Whether the file exists, as whatever: it is never written over."""
        return os.path.lexists(self.file)

    @property
    def taken_over(self) -> str:
        """The other file whose settings would no longer count, or empty."""
        return next((name for name in self.sources if name != FILE_NAME), "")


def look(
    request: Request, chosen: str = "", progress: Progress = lambda *_: None, *, remembers: bool = True
) -> Beginning:
    """Look at a blog and propose settings.

    `chosen` is the encoder that the author wants, or :data:`.proposals.NONE`.  With `remembers`, what
    was read is kept in the site's cache for the first build.

    Raises:
        SettingsError, SiteNotFoundError: there is no blog, or its settings are wrong.
    """
    progress("looking for posts", 0, 0)
    blog = load(request)
    with open_cache(request.site) if remembers else Cache(None) as cache:
        documents, told = read(blog, cache, request.processes, progress)
    links = links_of(documents, blog.site)
    portrait = portray(documents, blog.site, links, _pictured(documents, blog))
    own = [*trained_models(request.site), blog.settings.encoder.model, chosen]
    own = [name for name in own if name and name.casefold() != NONE]
    offers = measure(offers_for(portrait, request.site, list(dict.fromkeys(own))), documents, request.site, progress)
    found = Beginning(
        site=request.site,
        portrait=portrait,
        offers=offers,
        existing=changed_settings(blog.settings),
        sources=tuple(settings_sources(request.site)),
        ontology=_ontology(documents, blog),
        data_file=_data_file(blog),
        diagnostics=(*blog.diagnostics, *told),
    )
    return choose(found, chosen)


def choose(found: Beginning, chosen: str) -> Beginning:
    """The same blog with the proposals that follow from the author's choice of an encoder; empty for no choice."""
    offers = found.offers
    if chosen and chosen.casefold() != NONE and all(name_of(chosen) != offer.name for offer in offers):
        offers = (*offers, offers_for(found.portrait, found.site, [chosen])[-1])
    proposals = propose(
        found.portrait, offers, found.existing, ontology=found.ontology, data_file=found.data_file, chosen=chosen
    )
    return replace(found, offers=offers, proposals=proposals, text=settings_text(proposals, found.existing))


def write(found: Beginning) -> Path:
    """Write the file, whole or not at all, and never over another one.

    Raises:
        OutputError: there is one, or the disk does not allow it.
    """
    scratch = found.site / f".{FILE_NAME}.{os.getpid()}.tmp"
    try:
        with scratch.open("x", encoding="utf-8", newline="\n") as file:
            file.write(found.text)
        try:
            os.link(scratch, found.file)  # which fails where there is a file, and lets no half of one be seen
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            with found.file.open("x", encoding="utf-8", newline="\n") as file:
                file.write(found.text)
    except FileExistsError:
        raise OutputError(f"{FILE_NAME} is there already; it was left as it is") from None
    except OSError as error:
        raise OutputError(f"{found.file} cannot be written: {error.strerror or error}") from error
    finally:
        scratch.unlink(missing_ok=True)
    return found.file


def changed_settings(settings: Settings) -> dict[str, Any]:
    """The settings that are not what they would be by default, by dotted names.

    Those of the Hexo plugin are left out: it reads them itself, where it finds them.
    """
    found: dict[str, Any] = {}
    for name, default, _ in describe_settings():
        value: Any = settings
        for part in name.split("."):
            value = getattr(value, part)
        if value != default and name != "hexo":
            found[name] = value
    return found


def _pictured(documents: Sequence[Document], blog: Blog) -> int:
    """How many posts show a picture that is a file of the site."""
    texts = {file.path: file.data for file in blog.files}
    return sum(
        bool(post_pictures(document.post, picture_references(document.post.front_matter, text), blog.site))
        for document in documents
        if (text := texts.get(document.post.path, b"").decode("utf-8", "replace"))
    )


def _ontology(documents: Sequence[Document], blog: Blog) -> str:
    """A file of broader tags that the site has, where it can be read and says something."""
    site = blog.site
    for folder in dict.fromkeys((f"{site.source_dir}/_data", *_ANY_DATA_FOLDERS)):
        for name in _ONTOLOGIES:
            for suffix in ("yml", "yaml"):
                file = f"{folder}/{name}.{suffix}".removeprefix("./")
                place = site.root / file
                if place.is_file() and not place.is_symlink() and _says_what_is_broader(file, documents, blog):
                    return file
    return ""


def _says_what_is_broader(file: str, documents: Sequence[Document], blog: Blog) -> bool:
    posts = [document.post for document in documents]
    tags = blog.settings.tags
    plain, _ = read_vocabulary(posts, blog.site, tags.model_copy(update={"broader": {}}))
    told, problems = read_vocabulary(posts, blog.site, tags.model_copy(update={"broader": file}))
    return told.broader != plain.broader and not problems


def _data_file(blog: Blog) -> str:
    """Where a generator without a plugin reads data from."""
    folders = _DATA_FOLDERS.get(blog.site.generator)
    if not folders:
        return ""
    folder = next((name for name in folders if (blog.site.root / name).is_dir()), folders[0])
    return f"{folder}/enishi.json"
