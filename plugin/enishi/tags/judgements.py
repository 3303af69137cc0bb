"""Suggestions that somebody judged blind, without seeing a confidence: one line of JSON each::

    {"path": "source/_posts/a.md", "tag": "NLP", "verdicts": ["yes", "maybe"], "weight": 3.5}

`verdicts` are those of one reader or several, `weight` says for how many such pairs this one was drawn (1 by default).
With `corpus`, a line is about the blog in a folder of that name; with `kind`, it counts if that is "suggestion".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from enishi.errors import SettingsError
from enishi.files import read_file
from enishi.tags.figures import BANDS, SEEN_FROM
from enishi.text.printable import shown_path

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Matrix

_ACCEPTED = {"yes": 1.0, "maybe": 0.5, "no": 0.0}
_MAX_BYTES = 16 * 1024 * 1024
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Judgement:
    """What readers said of a tag for a post."""

    path: str
    tag: str
    accepted: float
    """1 for yes, .5 for maybe, 0 for no; the mean of all readers."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class JudgedBand:
    """Judged suggestions of some confidence; shares are weighted."""

    confidence: float
    """The least."""
    judged: int
    yes: float
    """The share that every reader accepted."""
    no: float
    """The share that every reader refused."""
    accepted: float
    """A maybe counts half."""
    mean: float
    """The mean confidence."""


@dataclass(frozen=True, slots=True)
class JudgedFigures:
    """What readers say of the suggestions for the blog as it is."""

    judged: int
    bands: tuple[JudgedBand, ...]
    """Of each of `BANDS`, where anything was judged there."""
    calibration_error: float | None
    """Of confidences against what was accepted, over fifths of confidence from .3 on."""
    auc: float | None
    """How often a clear yes is surer than a clear no; None where there is none of either."""


def read_judgements(file: Path, corpus: str) -> tuple[Judgement, ...]:
    """The judgements of a file that are about the blog in a folder of this name.

    Raises:
        SettingsError: the file cannot be read, or has a line of something else.
    """
    try:
        lines = read_file(file, _MAX_BYTES).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{shown_path(str(file))} cannot be read: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            value: Any = json.loads(line) if line.strip() else {"kind": ""}
            if value.get("corpus", corpus) == corpus and value.get("kind", "suggestion") == "suggestion":
                said = [_ACCEPTED[verdict] for verdict in value["verdicts"]]
                weight = float(value.get("weight", 1))
                if not (isfinite(weight) and weight > 0):
                    raise ValueError("weight")
                found.append(Judgement(str(value["path"]), str(value["tag"]), sum(said) / len(said), weight))
        except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, RecursionError) as error:
            wanted = "a path, a tag, verdicts of yes, maybe and no, and perhaps a weight over 0"
            raise SettingsError(f"{shown_path(str(file))}, line {number}: no judgement, which has {wanted}") from error
    return tuple(found)


def measure_judgements(judgements: Sequence[Judgement], confidences: Sequence[float]) -> JudgedFigures | None:
    """The figures, given the confidence of each pair, 0 where it is not suggested; None where nothing was judged."""
    if not judgements:
        return None
    sure, said = np.array(confidences), np.array([one.accepted for one in judgements])
    weight = np.array([one.weight for one in judgements])

    def mean(of: Matrix, chosen: npt.NDArray[np.bool_]) -> float:
        return round(float((of * weight)[chosen].sum() / weight[chosen].sum()), _DIGITS)

    bands = []
    for low, high in BANDS:
        chosen = (sure >= low) & ((sure < high) | (high == 1))
        if chosen.any():
            shares = mean(said == 1, chosen), mean(said == 0, chosen), mean(said, chosen), mean(sure, chosen)
            bands.append(JudgedBand(low, int(chosen.sum()), *shares))
    off, seen = 0.0, sure >= SEEN_FROM
    for fifth in range(5):
        chosen = seen & (np.minimum((sure * 5).astype(int), 4) == fifth)
        off += abs(float(((sure - said) * weight)[chosen].sum()))
    good, bad = said == 1, said == 0
    first, second = sure[good][:, None], sure[bad][None, :]
    auc = (
        np.average((first > second) + (first == second) / 2, weights=np.outer(weight[good], weight[bad]))
        if (good.any() and bad.any())
        else None
    )
    return JudgedFigures(
        judged=len(judgements),
        bands=tuple(bands),
        calibration_error=round(off / float(weight[seen].sum()), _DIGITS) if seen.any() else None,
        auc=None if auc is None else round(float(auc), _DIGITS),
    )
