"""`enishi init`: look at a blog, propose settings, and write them where there are none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from enishi.cache import Cache
from enishi.commands.init.models import Candidate, candidates_for, full_name, trained_models
from enishi.commands.init.profile import Profile, profile_of
from enishi.commands.init.proposals import NONE, Proposal, propose
from enishi.commands.init.settings_file import settings_text
from enishi.config import Settings, describe_settings, setting_value
from enishi.config_files import settings_sources
from enishi.errors import Diagnostic, OutputError
from enishi.files import create_file
from enishi.pipeline import Blog, read_blog
from enishi.reading.images import picture_references, post_pictures
from enishi.state import Request
from enishi.types import Document, Progress

FILE_NAME = "enishi.toml"


@dataclass(frozen=True, slots=True)
class InitReport:
    """What a blog is like, and what is proposed for it."""

    site: Path
    profile: Profile
    candidates: tuple[Candidate, ...]
    existing: Mapping[str, Any]
    """What is set already, by dotted names."""
    sources: tuple[str, ...]
    """Files that hold settings; the first one counts."""
    data_file: str = ""
    """Where the site's generator reads data from."""
    diagnostics: tuple[Diagnostic, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    text: str = ""
    """The settings file that would be written."""

    @property
    def file(self) -> Path:
        """Where the settings file goes."""
        return self.site / FILE_NAME

    @property
    def file_exists(self) -> bool:
        """Whether something has the name of the file, a dangling link too: it is never written over."""
        return os.path.lexists(self.file)

    @property
    def shadowed(self) -> str:
        """The other file whose settings would no longer count, or empty."""
        return next((name for name in self.sources if name != FILE_NAME), "")


def inspect_blog(
    request: Request, chosen: str = "", progress: Progress = lambda *_: None, *, remembers: bool = True
) -> InitReport:
    """Look at a blog and propose settings.

    `chosen` is the encoder that the author wants, or :data:`.proposals.NONE`.  With `remembers`, what was read is kept
    in the site's cache for the first build.

    Raises:
        SettingsError, SiteNotFoundError: there is no blog, or its settings are wrong.
    """
    posts = read_blog(request, progress, cache=None if remembers else Cache(None))
    blog, documents = posts.blog, posts.documents
    profile = profile_of(documents, blog.site, posts.links, _pictured(documents, blog))
    others = dict.fromkeys(filter(None, (*trained_models(request.site), blog.settings.encoder.model)))
    report = InitReport(
        site=request.site,
        profile=profile,
        candidates=candidates_for(profile, request.site, tuple(others)),
        existing=changed_settings(blog.settings),
        sources=tuple(settings_sources(request.site)),
        data_file=_data_file(blog),
        diagnostics=(*blog.diagnostics, *posts.diagnostics),
    )
    return choose_encoder(report, chosen)


def choose_encoder(report: InitReport, chosen: str) -> InitReport:
    """The same blog with the proposals that follow from the author's choice of an encoder; empty for no choice."""
    candidates = report.candidates
    if chosen and chosen.casefold() != NONE and all(full_name(chosen) != known.name for known in candidates):
        candidates = (*candidates, candidates_for(report.profile, report.site, [chosen])[-1])
    proposals = propose(report.profile, candidates, report.existing, data_file=report.data_file, chosen=chosen)
    text = settings_text(proposals, report.existing)
    return replace(report, candidates=candidates, proposals=proposals, text=text)


def write_settings(report: InitReport) -> Path:
    """Write the file, whole or not at all, and never over another one.

    Raises:
        OutputError: there is one, or the disk does not allow it.
    """
    try:
        is_new = create_file(report.file, report.text.encode("utf-8"))
    except OSError as error:
        raise OutputError(f"{report.file} cannot be written: {error.strerror or error}") from error
    if not is_new:
        raise OutputError(f"{FILE_NAME} is there already; it was left as it is")
    return report.file


def changed_settings(settings: Settings) -> dict[str, Any]:
    """The settings that differ from their defaults, by dotted names.

    Those of the Hexo plugin are left out: it reads them itself, where it finds them.
    """
    return {
        setting.name: value
        for setting in describe_settings()
        if setting.name != "hexo" and (value := setting_value(settings, setting.name)) != setting.default
    }


def _pictured(documents: Sequence[Document], blog: Blog) -> int:
    """How many posts show a picture that is a file of the site."""
    texts = {file.path: file.data.decode("utf-8", "replace") for file in blog.files}
    posts = ((document.post, texts.get(document.post.path, "")) for document in documents)
    return sum(
        bool(post_pictures(post, picture_references(post.front_matter, text), blog.site))
        for post, text in posts
        if text
    )


def _data_file(blog: Blog) -> str:
    """Where a generator without a plugin reads data from."""
    folders = blog.site.generator.data_folders
    if not folders:
        return ""
    folder = next((name for name in folders if (blog.site.root / name).is_dir()), folders[0])
    return f"{folder}/enishi.json"
