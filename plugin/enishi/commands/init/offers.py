"""The encoders that a blog may use: what each can read, what it costs, whether it is on this machine.

What is said of their worth was measured (benchmarks/encoders and docs/encoders.md), or it says that it was not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from enishi.commands.init.languages import language_name
from enishi.commands.init.portrait import MOST, Portrait
from enishi.encoders.models import TRAINING_NAME, ModelSource, cache_of_hub, has_model, repository_of
from enishi.errors import EncoderError
from enishi.types import Document

SAMPLE = 5
"""So many posts are read to measure the speed of a model."""
_MEASURED_FIT = 3_000
"""The most posts for which learning the site encoder is timed: it takes some seconds then."""

Progress = Callable[[str, int, int], None]
Place = Literal["yes", "hub", "folder", ""]
Worth = Literal["needed", "better", "unknown", "worse"]


@dataclass(frozen=True, slots=True)
class Known:
    """A pretrained model that is worth a thought, as its makers describe it."""

    name: str
    megabytes: int
    """To download, once."""
    languages: str
    """For people."""
    is_english: bool = False
    """Whether it reads English only."""
    remark: str = ""


KNOWN = (
    Known("sentence-transformers/all-MiniLM-L6-v2", 91, "English", is_english=True, remark="small and quick"),
    Known("intfloat/multilingual-e5-small", 493, "94 languages", remark="made for search"),
    Known(
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", 480, "50 languages", remark="made for likeness"
    ),
    Known(
        "sentence-transformers/static-similarity-mrl-multilingual-v1",
        436,
        "50 languages",
        remark="a table of words: hundreds of times quicker, less exact",
    ),
)
"""Sizes: the files that are fetched (weights, tokenizer), of the newest revision when this was written."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One encoder, for this blog on this machine."""

    name: str
    """Empty for the site encoder."""
    languages: str
    worth: Worth
    verdict: str
    """What it is worth on this blog, in a sentence without a full stop."""
    megabytes: int | None = None
    """To download; None where nobody knows."""
    remark: str = ""
    place: Place = ""
    """Where it is on this machine; empty where it is not."""
    revision: str = ""
    """The commit of a model in the hub's cache."""
    seconds: float | None = None
    """For reading :data:`SAMPLE` posts; for the site encoder: for learning the whole blog."""
    seconds_for_all: float | None = None
    """For reading the whole blog once, by that."""
    problem: str = ""
    """Why it could not be measured, though it is here."""

    @property
    def is_usable(self) -> bool:
        """Whether it is on this machine, and works."""
        return bool(self.place) and not self.problem and (not self.name or is_installed())


def offers_for(portrait: Portrait, site: Path, others: Sequence[str] = ()) -> tuple[Offer, ...]:
    """The site encoder and every model of :data:`KNOWN`; `others` are names or folders of the author's own."""
    own = Offer(
        "",
        "this blog",
        "needed",
        "always takes part: it learns the words of the blog itself, in any language",
        megabytes=0,
        place="yes",
    )
    models: list[Known | str] = [*KNOWN, *(name for name in others if known_model(name) is None)]
    return (own, *(_offer(model, portrait, site) for model in models))


def trained_models(site: Path) -> list[str]:
    """Folders of the site, relative to it, with a model that `enishi train` made; not deeper than two folders."""
    found = {file.parent for depth in ("*", "*/*") for file in site.glob(f"{depth}/{TRAINING_NAME}")}
    return sorted(folder.relative_to(site).as_posix() for folder in found if not folder.name.startswith("."))


def known_model(name: str) -> Known | None:
    """The model that a name, whole or its last part, means."""
    wanted = name.casefold()
    return next((known for known in KNOWN if wanted in (known.name.casefold(), _short(known.name).casefold())), None)


def name_of(chosen: str) -> str:
    """The whole name of a model that the author named, or the name as it is."""
    known = known_model(chosen)
    return known.name if known else chosen


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _offer(model: Known | str, portrait: Portrait, site: Path) -> Offer:
    if isinstance(model, str):
        place, revision = _in_hub(model)
        if ModelSource(model, "", site).is_folder:
            place, revision = "folder" if (site / Path(model).expanduser()).is_dir() else "", ""
        trained = (site / model / TRAINING_NAME).is_file()
        remark, reads = ("trained on this blog by enishi train", "this blog") if trained else ("of your own", "?")
        return Offer(model, reads, "unknown", _NOT_MEASURED, 0 if place else None, remark, place, revision)
    place, revision = _in_hub(model.name)
    worth, verdict = _worth(model, portrait)
    return Offer(model.name, model.languages, worth, verdict, model.megabytes, model.remark, place, revision)


_NOT_MEASURED = "not measured by us"


def _worth(model: Known, portrait: Portrait) -> tuple[Worth, str]:
    """What a model is worth on a blog like this."""
    if not model.is_english:
        return "unknown", _NOT_MEASURED
    english = portrait.share("en")
    if english >= MOST:
        return (
            "better",
            "with the site encoder .753; that alone .740, the model alone .715 (nDCG@5 of tags, the blog of 18F)",
        )
    if portrait.share("ja", "zh", "zh-hant") >= 0.5:
        return (
            "worse",
            "beside the site encoder next to nothing; alone .653, that alone .733 (nDCG@5 of tags, a Japanese blog)",
        )
    if english:
        return "worse", f"reads English only: {1 - english:.0%} of the posts are in other languages"
    return "worse", f"reads English only; this blog is in {language_name(next(iter(portrait.languages), ''))}"


def _in_hub(name: str) -> tuple[Place, str]:
    """Whether the hub's cache on this machine has a model, and which commit of it; the network is not asked."""
    if find_spec("huggingface_hub") is None:
        return "", ""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repository_of(name), "modules.json", cache_dir=cache_of_hub())
    except (HFValidationError, OSError, ValueError):  # a name that no model has
        return "", ""
    if not isinstance(found, str):
        return "", ""
    snapshot = Path(found).parent
    if not has_model(snapshot):
        return "", ""  # begun, and broken off
    return "hub", snapshot.name if re.fullmatch(r"[0-9a-f]{40}", snapshot.name) else ""


# --- how long it takes ----------------------------------------------------------------------------------------------


def measure(
    offers: Sequence[Offer], documents: Sequence[Document], site: Path, progress: Progress
) -> tuple[Offer, ...]:
    """The offers with the time that each takes: of what is on this machine, and can be loaded."""
    found = []
    for number, offer in enumerate(offers):
        if documents and offer.is_usable:
            progress(f"trying {_short(offer.name) or 'the site encoder'}", number, len(offers))
            offer = _measured(offer, documents, site)
        found.append(offer)
    return tuple(found)


def _measured(offer: Offer, documents: Sequence[Document], site: Path) -> Offer:
    if not offer.name:
        return _with_time_to_fit(offer, documents)
    from enishi.encoders.transformer import TransformerEncoder

    encoder = TransformerEncoder(offer.name, revision=offer.revision, site=site)
    chosen = sample_of(documents)
    first = replace(chosen[0], fields=replace(chosen[0].fields, title="a text that none of the posts is"))
    try:
        encoder.raw([first])  # loads it
        start = time.perf_counter()
        encoder.raw(chosen)
    except EncoderError as error:
        return replace(offer, problem=str(error).partition("\n")[0].partition(". One of these")[0])
    seconds = time.perf_counter() - start
    return replace(offer, seconds=seconds, seconds_for_all=seconds / len(chosen) * len(documents))


def _with_time_to_fit(offer: Offer, documents: Sequence[Document]) -> Offer:
    if len(documents) > _MEASURED_FIT:
        return offer
    from enishi.encoders.site import SiteEncoder

    start = time.perf_counter()
    SiteEncoder().encode(documents)
    seconds = time.perf_counter() - start
    return replace(offer, seconds=seconds, seconds_for_all=seconds)


def sample_of(documents: Sequence[Document]) -> list[Document]:
    """Some posts that stand for all: from the short ones to the long ones, evenly spaced."""
    by_length = sorted(documents, key=lambda document: (len(document.fields.prose), document.post.path))
    count = min(SAMPLE, len(by_length))
    return [by_length[(2 * number + 1) * len(by_length) // (2 * count)] for number in range(count)]


def is_installed() -> bool:
    """Whether pretrained models can be used at all."""
    return find_spec("sentence_transformers") is not None
