"""What a check remembers from one time to the next, in a place that no pull request can write to."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from enishi.cache import Cache
from enishi.commands.check.git import checkouts
from enishi.findings import CheckReport
from enishi.state import Request

_STATE = "check"


def cache_folder(request: Request) -> Path | None:
    """The folder of the cache: as asked, else the user's own for this site; None if it would lie in the checkout.

    What lies there may have come with the checkout, and what is remembered of a post is believed.
    """
    tops = checkouts(request.site)
    if request.cache is not None:  # which could be in a repository that this one is a submodule of
        folder, checkout = request.cache, tops[-1]
    else:
        own = Path(os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", ""))
        name = hashlib.sha256(os.fsencode(os.path.realpath(request.site))).hexdigest()[:16]
        home = Path(os.path.expanduser("~"))  # noqa: PTH111 - which leaves it as it is where there is none
        folder = (own if own.is_absolute() else home / ".cache") / "enishi" / f"check-{name}"
        checkout = tops[0]
        if not folder.is_absolute():
            return None
    return None if Path(os.path.realpath(folder)).is_relative_to(checkout) else folder


@functools.cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[str, tuple[datetime, datetime], CheckReport])


def recall_report(cache: Cache, key: str, now: datetime) -> CheckReport | None:
    """The report of the last check, if one with this key at this time would be the same."""
    try:
        known, valid, report = _codec().validate_python(cache.state(_STATE))
    except ValueError:
        return None
    return report if known == key and valid[0] <= now < valid[1] else None


def remember_report(cache: Cache, key: str, valid: tuple[datetime, datetime], report: CheckReport) -> None:
    """Keep a report, in the place of the last one; one with text that is not UTF-8 is worked out again."""
    try:
        cache.set_state(_STATE, _codec().dump_python((key, valid, report), mode="json"))
    except ValueError:
        cache.set_state(_STATE, None)
