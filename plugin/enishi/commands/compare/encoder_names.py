"""Names of encoders on the command line, and the settings that each stands for.

site              the blog's own words
doc2vec           the blog's own words, by gensim
MODEL             a sentence-transformers model alone: a name on the hub, `name@revision`, or a folder
site+MODEL        both, the model with the weight of the settings (`encoder.weight`)
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
_WEIGHT = re.compile(r":([0-9]*\.?[0-9]+)\Z")


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
        if _encoders_of(settings) == _encoders_of(_of_the_blog(settings)):
            raise SettingsError(
                "there is nothing to compare: the settings ask for the site encoder alone. Name encoders after the "
                "blog's folder: enishi models compare . site sentence-transformers/all-MiniLM-L6-v2"
            )
        names = (SITE, AS_SET)
    if not FEWEST <= len(names) <= MOST:
        raise SettingsError(f"name {FEWEST} to {MOST} encoders to compare; {len(names)} given: {', '.join(names)}")
    encoders = [NamedEncoder(name, _settings(name, settings)) for name in names]
    for place, encoder in enumerate(encoders):
        for other in encoders[:place]:
            if _encoders_of(encoder.settings) == _encoders_of(other.settings):
                both = encoder.name if encoder.name == other.name else f"{other.name} and {encoder.name}"
                raise SettingsError(f"{both} would be compared with itself; name each encoder once")
    return encoders


def _settings(name: str, settings: Settings) -> Settings:
    if name == AS_SET:
        return settings
    if name in (SITE, DOC2VEC):
        return _of_the_blog(settings, name)
    fitted, plus, model = name.partition("+")
    alone, weight = _of_the_blog(settings), 1.0
    if plus and fitted in (SITE, DOC2VEC):
        alone, weight = _of_the_blog(settings, fitted), settings.encoder.weight
        if given := _WEIGHT.search(model):
            model, weight = model[: given.start()], float(given[1])
            if not 0 < weight < 1:
                raise SettingsError(
                    f"{name}: the weight of the model has to lie between 0 and 1; the site encoder has the rest"
                )
    else:
        model = name
    if not model:
        raise SettingsError(f"{name!r} names no encoder: site, doc2vec, settings, a model, or site+MODEL")
    revision = ""
    if (folder := Path(model).expanduser()).is_dir():
        model = str(folder.resolve())  # as the person sees it, who may stand elsewhere than in the blog
    elif "@" in model:
        model, _, revision = model.rpartition("@")
    return _with(alone, model=model, revision=revision, weight=weight)


def _of_the_blog(settings: Settings, fitted: str = SITE) -> Settings:
    """An encoder fitted on the blog's own words and nothing else."""
    alone = _with(settings, site="doc2vec" if fitted == DOC2VEC else "words", model="", revision="", images="")
    return alone.model_copy(update={"readers": ReadersSettings()})


def _with(settings: Settings, **encoder: object) -> Settings:
    return settings.model_copy(update={"encoder": settings.encoder.model_copy(update=encoder)})


def _encoders_of(settings: Settings) -> object:
    """All settings that the vectors depend on, so that two names of one encoder are noticed."""
    encoder = settings.encoder
    unused = {} if encoder.model else {"weight": 0.0, "revision": "", "prompt": "", "precision": ""}
    return {**encoder.model_dump(), **unused}, settings.readers.model_dump()
