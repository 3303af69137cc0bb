"""The settings that are proposed for a blog, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from enishi.commands.init.models import Candidate, full_name
from enishi.commands.init.profile import Profile, language_name
from enishi.text.labels import label_language

NONE = "none"
"""Chosen instead of a model: the site encoder alone."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One setting."""

    name: str
    """With dots: `encoder.model`."""
    value: Any
    reason: str
    """A sentence without a full stop."""
    is_active: bool = True
    """False for what is only worth trying: it stands in the file as a comment."""


def propose(
    profile: Profile,
    candidates: Sequence[Candidate],
    existing: Mapping[str, Any],
    *,
    setup: Mapping[str, Any] = MappingProxyType({}),
    chosen: str = "",
) -> tuple[Proposal, ...]:
    """What to set, beside what is set already (`existing`, by dotted names).

    `setup` is what the generator needs to show the lists, `chosen` the encoder that the author wants (or :data:`NONE`).
    """
    is_open = bool(chosen) or "encoder.model" not in existing  # a revision belongs to its model
    models = _model(candidates, chosen) if is_open else ()
    proposals = (*_language(profile), *_setup(profile, setup), *models)
    return tuple(
        proposal for proposal in proposals if proposal.name not in existing or (chosen and "encoder" in proposal.name)
    )


def _language(profile: Profile) -> Iterator[Proposal]:
    code = profile.main_language
    is_stated = profile.site_language or profile.with_language > profile.total / 2
    if code not in ("", "en") and label_language(code) == code and not is_stated:
        reason = (
            f"{profile.share(code):.0%} of the posts are {language_name(code)}, and the generator's settings name no "
            "language; without it the labels of the partials are English"
        )
        yield Proposal("language", code, reason)


def _setup(profile: Profile, setup: Mapping[str, Any]) -> Iterator[Proposal]:
    for name, value in setup.items():
        is_file = name == "data_file"
        reason = (
            f"a {profile.generator} template reads the related posts from there" if is_file else "to show the lists"
        )
        yield Proposal(name, value, f"{reason} (docs/generators.md)")


def _model(candidates: Sequence[Candidate], chosen: str) -> Iterator[Proposal]:
    """The model that the author chose, else one that is better, else one that may be."""
    if chosen.casefold() == NONE:
        return
    name, by_worth = full_name(chosen), {candidate.worth: candidate for candidate in reversed(candidates)}
    if chosen:
        model = next((candidate for candidate in candidates if candidate.name == name), None)
        reason, is_active = "you chose it", True
    elif model := by_worth.get("better"):
        is_active = model.is_usable
        reason = model.verdict if is_active else f"{model.verdict}; {_how_to_get(model)}"
        name = model.name
    elif model := by_worth.get("unknown"):
        reason = f"reads {model.languages}; {model.verdict}, so compare first: enishi models compare"
        is_active = False
        name = model.name
    else:
        return
    yield Proposal("encoder.model", name, reason, is_active)
    if model is not None and model.revision:
        reason = "the one that is on this machine" if model.place else "so that it stays the same model"
        yield Proposal("encoder.revision", model.revision, reason, is_active)


def _how_to_get(model: Candidate) -> str:
    if model.place:
        return "it is on this machine, but neither onnxruntime nor sentence-transformers is installed"
    return f"it is not on this machine: once set, the next build fetches it ({model.megabytes} MB)"
