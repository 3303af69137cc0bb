"""Dates as authors write them: a tolerant reader that never guesses a day that is not there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

_TIME = r"""
        (?:(?:[Tt]|\s+|,\s*)(?P<hour>\d{1,2})\s*[:時](?:\s*(?P<minute>\d{1,2})\s*(?:[:分]\s*(?P<second>\d{1,2})
        (?:[.,](?P<fraction>\d+))?\s*秒?)?)?)?
        \s*(?P<half>[AaPp]\.?[Mm]\.?)?
        \s*(?P<zone>[Zz]|(?:UTC|GMT)?[-+](?:\d{1,2}:?\d{2}|\d{1,2})(?!\d)|UTC|GMT|JST|[ECMP][SD]T)?
        (?P<rest>.*)\Z"""
_DATE = re.compile(
    r"""\s*(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})日?
        (?:\s*\([^)]*\)|\s*（[^）]*）)?                                          # (Mon), （月）"""
    + _TIME,
    re.VERBOSE | re.DOTALL,
)
_WORDS = re.compile(
    r"""(?:[a-z]+[.,]?\s+)?                                                      # Mon, 02 Jan 2006; Mon Jan 02 2006
        (?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s-]*(?P<month>MONTH)[a-z]*[.,]?|
           (?P<month_first>MONTH)[a-z]*[.,]?(?:\s*(?P<second_day>\d{1,2})(?:st|nd|rd|th)?,?)?)
        [\s-]+(?P<year>\d{4})(?!\d)""".replace("MONTH", "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")
    + _TIME,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?:[T_-]?(\d{2})(\d{2})(\d{2})?)?\s*\Z")
_MONTH_ONLY = re.compile(r"\s*(\d{4})(?:[-/.年](\d{1,2})月?)?\s*\Z")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {"JST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 1000, 9999


def parse(value: Any, zone: tzinfo) -> datetime | None:
    """A date in any common form, aware; a wall time without a zone is the site's.  None if it is no date.

    A day that does not exist is no date; a time that does not exist is left out.  A month or a year alone is its
    first day.
    """
    if isinstance(value, dict):  # Material for MkDocs: date: {created: …, updated: …}
        value = value.get("created")
    if isinstance(value, bool) or value is None:
        return None
    try:
        date = None
        if isinstance(value, int | float):
            date = _from_number(value, zone)
        elif isinstance(value, str):
            date = _from_text(value.strip()[:200], zone)
        if date is not None:
            date.astimezone(UTC)  # fails where no one could compare it, in the first and the last hours of all
        return date
    except (ValueError, OverflowError):
        return None


def is_exact(text: str) -> bool:
    """Whether all of the text was understood: False where an impossible time was left out."""
    match = _DATE.match(text) or _WORDS.match(text)
    return match is None or _time(match) is not None


def _from_number(value: int | float, zone: tzinfo) -> datetime | None:
    """2024, 20240506, or a Unix time in seconds or milliseconds."""
    number = int(value)
    if _EARLIEST <= number <= _LATEST or 1_000_01_01 <= number <= 9999_12_31:
        return _from_text(str(number), zone)
    seconds = number / 1000 if number >= 100_000_000_000 else number
    return _EPOCH + timedelta(seconds=seconds) if seconds >= 100_000_000 else None


def _from_text(text: str, zone: tzinfo) -> datetime | None:
    if match := _DATE.match(text):
        return _with_time(int(match["year"]), int(match["month"]), int(match["day"]), match, zone)
    if match := _COMPACT.match(text):
        year, month, date, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, date, hour, minute, second, tzinfo=zone)
    if match := _MONTH_ONLY.match(text):
        return datetime(int(match[1]), int(match[2] or 1), 1, tzinfo=zone)
    if match := _WORDS.match(text):
        month = _MONTHS.index((match["month"] or match["month_first"]).lower()) + 1
        return _with_time(int(match["year"]), month, int(match["day"] or match["second_day"] or 1), match, zone)
    return None


def _with_time(year: int, month: int, day: int, match: re.Match[str], zone: tzinfo) -> datetime:
    time = _time(match)
    if time is None:
        return datetime(year, month, day, tzinfo=zone)
    return _in_zone(datetime(year, month, day) + time, match["zone"] if match["hour"] else None, zone)


def _time(match: re.Match[str]) -> timedelta | None:
    """The time of day; None if there is none that exists."""
    if match["hour"] is None:
        return timedelta()
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    half = (match["half"] or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    is_midnight = (hour, minute, second) == (24, 0, 0)
    if (hour > 23 and not is_midnight) or minute > 59 or second > 60:
        return None
    microseconds = int(((match["fraction"] or "") + "000000")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _in_zone(wall: datetime, written: str | None, zone: tzinfo) -> datetime:
    if not written:
        return wall.replace(tzinfo=zone)
    if match := re.search(r"([-+])(\d{1,2}?):?(\d{2})?\Z", written):  # +0900, +09:00, +900, +09, +9
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return wall.replace(tzinfo=timezone(-offset if match[1] == "-" else offset))
    return wall.replace(tzinfo=timezone(timedelta(hours=_ZONES.get(written.upper(), 0))))


_NAME_DATES = (
    re.compile(r"(?:^|/)(\d{4})[-_](\d{1,2})[-_](\d{1,2})(?!\d)[^/]*(?:/index\.[^/]*)?\Z"),
    re.compile(r"(?:^|/)(\d{4})(\d{2})(\d{2})(?!\d)[^/]*(?:/index\.[^/]*)?\Z"),
    re.compile(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})(?:[-_/]|\.[^/]*\Z)"),
    re.compile(r"(?:^|/)(\d{4})/(\d{2})[-_](\d{2})[-_.]"),
    re.compile(r"(?:^|/)(\d{4})/(\d{2})(\d{2})[-_.][^/]*\Z"),
)


def from_path(relative: str, zone: tzinfo) -> datetime | None:
    """The day that a file's name or folders give: `2024-05-06-a.md`, `20240506a.md`, `2024/05/06/a/index.md`."""
    for pattern in _NAME_DATES:
        match = pattern.search(relative)
        if match is not None:
            year, month, day = (int(part) for part in match.groups())
            if 1980 <= year <= 2200:
                try:
                    return datetime(year, month, day, tzinfo=zone)
                except ValueError:
                    continue
    return None
