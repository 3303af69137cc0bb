"""The settings that are proposed for a blog, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enishi.commands.init.languages import language_name
from enishi.commands.init.offers import Offer, name_of
from enishi.commands.init.portrait import Portrait
from enishi.text.labels import label_language

NONE = "none"
"""Chosen instead of a model: the site encoder alone."""
_PICTURED = 0.5
"""From this share of posts with pictures on, these are worth a thought."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One setting."""

    name: str
    """Dotted."""
    value: Any
    reason: str
    """A sentence without a full stop."""
    is_active: bool = True
    """False for what is only worth trying: it stands in the file, but has no effect."""


def propose(
    portrait: Portrait,
    offers: Sequence[Offer],
    existing: Mapping[str, Any],
    *,
    ontology: str = "",
    data_file: str = "",
    chosen: str = "",
) -> tuple[Proposal, ...]:
    """What to set, beside what is set already (`existing`, by dotted names).

    `ontology` is a file of broader tags, `data_file` where the generator reads data from, `chosen` the encoder that the
    author wants (or :data:`NONE`).
    """
    made = (
        *_language(portrait),
        *_data_file(portrait, data_file),
        *_model(offers, chosen),
        *_images(portrait),
        *_ontology(ontology),
    )
    return tuple(
        proposal for proposal in made if proposal.name not in existing or (chosen and "encoder" in proposal.name)
    )


def _language(portrait: Portrait) -> Iterator[Proposal]:
    code = portrait.main_language
    if code in ("", "en") or label_language(code) != code:
        return
    if portrait.site_language or portrait.with_language > portrait.total / 2:
        return
    reason = (
        f"{portrait.share(code):.0%} of the posts are {language_name(code)}, and the generator's settings name no "
        "language; without it the labels of the partials are English"
    )
    yield Proposal("language", code, reason)


def _data_file(portrait: Portrait, file: str) -> Iterator[Proposal]:
    if file:
        reason = f"a {portrait.generator} template reads the related posts from there (docs/generators.md)"
        yield Proposal("data_file", file, reason)


def _ontology(file: str) -> Iterator[Proposal]:
    if file:
        yield Proposal("tags.broader", file, "the site has a file of tags and the broader tags that they imply")


def _images(portrait: Portrait) -> Iterator[Proposal]:
    if portrait.pictured >= _PICTURED * portrait.total > 0:
        reason = (
            f"{portrait.pictured} of {portrait.total} posts show pictures of the site's own; what these add was not "
            "measured by us, and it needs enishi[images]"
        )
        yield Proposal("encoder.images", "clip-ViT-B-32", reason, is_active=False)


def _model(offers: Sequence[Offer], chosen: str) -> Iterator[Proposal]:
    if chosen.casefold() == NONE:
        return
    if chosen:
        name = name_of(chosen)
        offer = next((offer for offer in offers if offer.name == name), None)
        yield from _model_settings(name, offer, "you chose it", is_active=True)
        return
    best = next((offer for offer in offers if offer.worth == "better"), None)
    if best is not None:
        reason = best.verdict if best.is_usable else f"{best.verdict}; {_how_to_get(best)}"
        yield from _model_settings(best.name, best, reason, is_active=best.is_usable)
        return
    unknown = next((offer for offer in offers if offer.worth == "unknown"), None)
    if unknown is not None:
        yield from _model_settings(
            unknown.name,
            unknown,
            f"{_READS}; {unknown.verdict}, so compare first: enishi models compare",
            is_active=False,
        )


def _how_to_get(offer: Offer) -> str:
    if offer.problem:
        return offer.problem
    if offer.place:
        return "it is on this machine, but sentence-transformers is not installed"
    return f"it is not on this machine: once set, the next build fetches it ({offer.megabytes} MB)"


_READS = "it reads the languages of this blog"


def _model_settings(name: str, offer: Offer | None, reason: str, *, is_active: bool) -> Iterator[Proposal]:
    yield Proposal("encoder.model", name, reason, is_active)
    if offer is not None and offer.revision:
        yield Proposal("encoder.revision", offer.revision, "the one that is on this machine", is_active)
