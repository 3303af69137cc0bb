"""Names of encoders on the command line, and the settings that each stands for.

site              the blog's own words
doc2vec           the blog's own words, by gensim
MODEL             a sentence-transformers model alone: a name on the hub, `name@revision`, or a folder
site+MODEL        both, the model with the weight of the settings (`encoder.weight`; `auto` is its default, since
                  the blog's links and tags judge)
site+MODEL:0.4    both, the model with this weight
settings          whatever the blog's settings ask for
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.config import ReadersSettings, Settings
from enishi.errors import SettingsError

SITE, DOC2VEC, AS_SET = "site", "doc2vec", "settings"
FEWEST, MOST = 2, 8
_FITTED = re.compile(r"(site|doc2vec)(?:\+(.*?)(?::([0-9]*\.?[0-9]+))?)?")


@dataclass(frozen=True, slots=True)
class NamedEncoder:
    """One of the encoders that are compared."""

    name: str
    """As given on the command line."""
    settings: Settings
    """The blog's settings with this encoder."""


def name_encoders(names: Sequence[str], settings: Settings) -> list[NamedEncoder]:
    """The encoders of these names; without any, the site encoder and what the settings ask for.

    Raises:
        SettingsError: fewer than two or more than eight names, an encoder named twice, or a name without meaning.
    """
    if not names:
        if settings == _of_the_blog(settings):
            raise SettingsError(
                "there is nothing to compare: the settings ask for the site encoder alone. Name encoders after the "
                "blog's folder: enishi models compare . site sentence-transformers/all-MiniLM-L6-v2"
            )
        names = (SITE, AS_SET)
    if not FEWEST <= len(names) <= MOST or len(set(names)) < len(names):
        raise SettingsError(f"name {FEWEST} to {MOST} encoders to compare, each once; given: {', '.join(names)}")
    return [NamedEncoder(name, _settings(name, settings)) for name in names]


def _settings(name: str, settings: Settings) -> Settings:
    if name == AS_SET:
        return settings
    if match := _FITTED.fullmatch(name):
        fitted, model, given = match.groups()
        if model is None:
            return _of_the_blog(settings, fitted)
        weight = float(given) if given else settings.encoder.fixed_weight
        if given and not 0 < weight < 1:
            raise SettingsError(
                f"{name}: the weight of the model has to lie between 0 and 1; the site encoder has the rest"
            )
    else:
        fitted, model, weight = SITE, name, 1.0
    if not model:
        raise SettingsError(f"{name!r} names no encoder: site, doc2vec, settings, a model, or site+MODEL")
    revision = ""
    if (folder := Path(model).expanduser()).is_dir():
        model = str(folder.resolve())  # as the person sees it, who may stand elsewhere than in the blog
    elif "@" in model:
        model, _, revision = model.rpartition("@")
    return _with(_of_the_blog(settings, fitted), model=model, revision=revision, weight=weight)


def _of_the_blog(settings: Settings, fitted: str = SITE) -> Settings:
    """An encoder fitted on the blog's own words and nothing else."""
    alone = _with(settings, site="doc2vec" if fitted == DOC2VEC else "words", model="", revision="", images="")
    return alone.model_copy(update={"readers": ReadersSettings()})


def _with(settings: Settings, **encoder: object) -> Settings:
    return settings.model_copy(update={"encoder": settings.encoder.model_copy(update=encoder)})
