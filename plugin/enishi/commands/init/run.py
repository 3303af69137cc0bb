"""`enishi init`: look at a blog, propose settings, and write them where there are none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.cache import Cache
from enishi.commands.init.changes import Change, edit_settings, plan_changes
from enishi.commands.init.models import Candidate, candidates_for, trained_models
from enishi.commands.init.profile import Profile, profile_of
from enishi.commands.init.proposals import NONE, Proposal, propose
from enishi.commands.init.settings_file import settings_text
from enishi.config import Settings, describe_settings, setting_value
from enishi.config_files import settings_sources
from enishi.errors import Diagnostic, OutputError
from enishi.files import create_file
from enishi.generators.setup import Setup
from enishi.pipeline import read_blog
from enishi.state import Request, open_cache
from enishi.types import Progress

if TYPE_CHECKING:
    from enishi.encoders.weight import ChosenWeight

FILE_NAME = "enishi.toml"


@dataclass(frozen=True, slots=True)
class InitReport:
    """What a blog is like, and what is proposed for it."""

    site: Path
    profile: Profile
    candidates: tuple[Candidate, ...]
    existing: Mapping[str, Any]
    """What is set already, by dotted names."""
    source: str
    """The file that holds these settings, or empty."""
    diagnostics: tuple[Diagnostic, ...]
    proposals: tuple[Proposal, ...]
    text: str
    """The settings file that would be written."""
    setup: Setup = field(default_factory=Setup)
    """How the generator comes to show the lists."""
    changes: tuple[Change, ...] = ()
    """What that changes in files of the site."""
    chosen: ChosenWeight | None = None
    """The weight that the blog chose for its model at the last build."""

    @property
    def in_the_way(self) -> str:
        """The file because of which none is written: one of that name (a dangling link, too), or other settings."""
        return FILE_NAME if os.path.lexists(self.site / FILE_NAME) else self.source


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
    blog = posts.blog
    profile = profile_of(posts.documents, blog.site)
    wanted = "" if chosen.casefold() == NONE else chosen
    others = dict.fromkeys(filter(None, (*trained_models(request.site), blog.settings.encoder.model, wanted)))
    candidates = candidates_for(profile, request.site, tuple(others))
    existing = changed_settings(blog.settings)
    setup = blog.site.generator.setup(blog.site)
    for_setup = {name: value for name, value in setup.settings.items() if name not in existing}
    edits, source = setup.edits, next(iter(settings_sources(request.site)), "")
    if for_setup and source == FILE_NAME and (edit := edit_settings(request.site, source, for_setup)):
        edits, for_setup = (edit, *edits), {}
    proposals = propose(profile, candidates, existing, setup=for_setup, chosen=chosen)
    return InitReport(
        site=request.site,
        profile=profile,
        candidates=candidates,
        existing=existing,
        source=source,
        diagnostics=(*blog.diagnostics, *posts.diagnostics),
        proposals=proposals,
        text=settings_text(proposals, existing),
        setup=setup,
        changes=plan_changes(request.site, edits),
        chosen=_chosen_weight(request) if blog.settings.encoder.model else None,
    )


def _chosen_weight(request: Request) -> ChosenWeight | None:
    from enishi.encoders.blog import chosen_weight

    with open_cache(request.site, request.cache) as cache:
        return chosen_weight(cache.arrays())


def write_settings(report: InitReport) -> Path:
    """Write the file, whole or not at all, and never over another one.

    Raises:
        OutputError: there is one, or the disk does not allow it.
    """
    file = report.site / FILE_NAME
    try:
        is_new = create_file(file, report.text.encode("utf-8"))
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}") from error
    if not is_new:
        raise OutputError(f"{FILE_NAME} is there already; it was left as it is")
    return file


def changed_settings(settings: Settings) -> dict[str, Any]:
    """The settings that differ from their defaults, by dotted names.

    Those of the Hexo plugin are left out: it reads them itself, where it finds them.
    """
    return {
        setting.name: value
        for setting in describe_settings()
        if setting.name != "hexo" and (value := setting_value(settings, setting.name)) != setting.default
    }
