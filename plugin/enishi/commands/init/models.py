"""The pretrained models that a blog may use: what each can read, what it costs, whether it is on this machine.

What is said of their worth was measured (benchmarks/encoders and docs/encoders.md), or it says that it was not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from enishi.commands.init.profile import LATIN, MOST, Profile, language_name
from enishi.encoders.models import TRAINING_NAME, ModelSource, cache_of_hub, repository_of
from enishi.errors import EncoderError

Place = Literal["yes", "hub", "folder", ""]
Worth = Literal["needed", "better", "unknown", "worse"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One encoder, for this blog on this machine."""

    name: str
    """Empty for the site encoder."""
    languages: str
    """What it reads, for people."""
    worth: Worth = "unknown"
    verdict: str = "not measured by us"
    """What it is worth on this blog, in a sentence without a full stop."""
    megabytes: int = 0
    """Size of the files that are fetched once (weights, tokenizer); 0 where nobody knows."""
    remark: str = ""
    place: Place = ""
    """Where it is on this machine; empty where it is not."""
    revision: str = ""
    """The commit to pin: that of a model in the hub's cache, else one that we know of."""

    @property
    def is_usable(self) -> bool:
        """Whether it can be used without fetching or installing anything."""
        return bool(self.place) and (not self.name or is_installed())


_SITE_ENCODER = Candidate(
    "", "this blog", "needed", "always takes part: it learns the words of the blog itself, in any language", place="yes"
)
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
E5 = "intfloat/multilingual-e5-small"
KNOWN = (
    Candidate(
        MINILM,
        "English",
        megabytes=91,
        remark="small and quick",
        revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    ),
    Candidate(
        E5,
        "94 languages",
        megabytes=493,
        remark="made for search; on two cores about 9 seconds for 100 posts, once",
        revision="614241f622f53c4eeff9890bdc4f31cfecc418b3",
    ),
    Candidate(
        "cl-nagoya/ruri-v3-30m",
        "Japanese",
        megabytes=150,
        remark="a quarter of multilingual-e5-small in size",
        revision="24899e5de370b56d179604a007c0d727bf144504",
    ),
    Candidate(
        "ibm-granite/granite-embedding-97m-multilingual-r2",
        "200 languages, and code",
        megabytes=220,
        remark="by its makers' figures better than multilingual-e5-small at finding",
        revision="835ad14087e140460703cf0fae09f97d469d65c2",
    ),
    Candidate(
        "minishlab/potion-multilingual-128M",
        "101 languages",
        megabytes=530,
        remark="a table of words: hundreds of times quicker, less exact",
        revision="73908c3438cf03b6a01bcb9611d62b23d0726f08",
    ),
    Candidate(
        "sentence-transformers/static-similarity-mrl-multilingual-v1",
        "50 languages",
        megabytes=436,
        remark="a table of words: hundreds of times quicker, less exact",
    ),
)
"""Pretrained models that are worth a thought, as their makers describe them."""


def candidates_for(profile: Profile, site: Path, others: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """The site encoder and every model of :data:`KNOWN`; `others` are names or folders of the author's own."""
    own = (name for name in others if full_name(name) not in {model.name for model in KNOWN})
    return (_SITE_ENCODER, *(_known(model, profile) for model in KNOWN), *(_other(name, site) for name in own))


def trained_models(site: Path) -> list[str]:
    """Folders of the site, relative to it, with a model that `enishi train` made; not deeper than two folders."""
    folders = {file.parent for depth in ("*", "*/*") for file in site.glob(f"{depth}/{TRAINING_NAME}")}
    return sorted(folder.relative_to(site).as_posix() for folder in folders if not folder.name.startswith("."))


def full_name(chosen: str) -> str:
    """The whole name of a model of :data:`KNOWN` that was named, maybe by its last part; else the name as it is."""
    wanted = chosen.casefold()
    names = (model.name for model in KNOWN)
    return next((name for name in names if wanted in (name.casefold(), name.casefold().rpartition("/")[2])), chosen)


def is_installed() -> bool:
    """Whether pretrained models can be used at all."""
    return any(map(find_spec, ("sentence_transformers", "onnxruntime")))


def _known(model: Candidate, profile: Profile) -> Candidate:
    place, revision = _in_hub(model.name)
    if model.name == MINILM:
        worth, verdict = _worth_of_english(profile)
        model = replace(model, worth=worth, verdict=verdict)
    elif model.name == E5:
        worth, verdict = _worth_of_multilingual(profile)
        model = replace(model, worth=worth, verdict=verdict)
    return replace(model, place=place, revision=revision if place else model.revision)


def _other(name: str, site: Path) -> Candidate:
    place, revision = _in_hub(name)
    if ModelSource(name, "", site).is_folder:
        place, revision = "folder" if (site / Path(name).expanduser()).is_dir() else "", ""
    trained = (site / name / TRAINING_NAME).is_file()
    remark, reads = ("trained on this blog by enishi train", "this blog") if trained else ("of your own", "?")
    return Candidate(name, reads, remark=remark, place=place, revision=revision)


def _worth_of_english(profile: Profile) -> tuple[Worth, str]:
    """What MiniLM, which reads English only, is worth on a blog like this."""
    measured = "with the site encoder .753; that alone .740, the model alone .715 (nDCG@5 of tags, the blog of 18F)"
    english = profile.share("en")
    if english >= MOST:
        return "better", measured
    if profile.share("en", LATIN) >= MOST:
        return "unknown", f"better if the blog is in English: {measured}"
    if profile.share("ja", "zh", "zh-hant") >= 0.5:
        return (
            "worse",
            "beside the site encoder next to nothing; alone .653, that alone .733 (nDCG@5 of tags, a Japanese blog)",
        )
    if english:
        return "worse", f"reads English only: {1 - english:.0%} of the posts are in other languages"
    return "worse", f"reads English only; this blog is in {language_name(next(iter(profile.languages), ''))}"


def _worth_of_multilingual(profile: Profile) -> tuple[Worth, str]:
    """What multilingual-e5-small is worth on a blog like this."""
    people = "of the posts that people find related, .486 instead of .415 are in the first five (a Japanese blog)"
    if profile.languages and profile.share("en", LATIN) < MOST:
        return "better", people
    return "unknown", "on the blog of 18F, in English, it finds links no better than the site encoder alone"


def _in_hub(name: str) -> tuple[Place, str]:
    """Whether the hub's cache on this machine has a model that is whole, and its commit; the network is not asked."""
    if find_spec("huggingface_hub") is None:
        return "", ""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        modules = try_to_load_from_cache(repository_of(name), "modules.json", cache_dir=cache_of_hub())
        if not isinstance(modules, str):
            return "", ""
        snapshot = ModelSource(str(Path(modules).parent), "", Path(), engine="auto").folder()
    except (HFValidationError, EncoderError, OSError, ValueError):  # no possible name; half a download; its own code
        return "", ""
    return "hub", snapshot.name if re.fullmatch(r"[0-9a-f]{40}", snapshot.name) else ""
