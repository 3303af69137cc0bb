"""Dates as authors write them, outside Hexo: a tolerant reader that never guesses a day that is not there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from enishi.reading import javascript

_DATE = re.compile(
    r"""\s*(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})日?
        (?:\s*\([^)]*\)|\s*（[^）]*）)?                                          # (Mon), （月）
        (?:(?:[Tt]|\s+|,\s*)(?P<hour>\d{1,2})\s*[:時](?:\s*(?P<minute>\d{1,2})\s*(?:[:分]\s*(?P<second>\d{1,2})
        (?:[.,](?P<fraction>\d+))?\s*秒?)?)?)?
        \s*(?P<half>[AaPp]\.?[Mm]\.?)?
        \s*(?P<zone>[Zz]|UTC|GMT|JST|[-+]\d{1,2}(?::?\d{2})?)?
        (?P<rest>.*)\Z""",
    re.VERBOSE | re.DOTALL,
)
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?:[T_-]?(\d{2})(\d{2})(\d{2})?)?\s*\Z")
_MONTH_ONLY = re.compile(r"\s*(\d{4})(?:[-/.年](\d{1,2})月?)?\s*\Z")
_EXPLICIT_ZONE = re.compile(r"(?:[-+]\d{2}:?\d{2}|\b(?:GMT|UTC|Z|[ECMP][SD]T))\b|[-+]\d{2}:?\d{2}\Z")
_MONTH_WORD = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
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
        found = None
        if isinstance(value, int | float):
            found = _from_number(value, zone)
        elif isinstance(value, str):
            found = _from_text(value.strip()[:200], zone)
        if found is not None:
            found.astimezone(UTC)  # fails where no one could compare it, in the first and the last hours of all
        return found
    except (ValueError, OverflowError):
        return None


def is_exact(text: str) -> bool:
    """Whether all of the text was understood: False where an impossible time was left out."""
    found = _DATE.match(text)
    if found is None or found["hour"] is None:
        return True
    return _time(found) is not None


def _from_number(value: int | float, zone: tzinfo) -> datetime | None:
    """2024, 20240506, or a Unix time in seconds or milliseconds."""
    number = int(value)
    if _EARLIEST <= number <= _LATEST or 1_000_01_01 <= number <= 9999_12_31:
        return _from_text(str(number), zone)
    seconds = number / 1000 if number >= 100_000_000_000 else number
    return javascript.EPOCH + timedelta(seconds=seconds) if seconds >= 100_000_000 else None


def _from_text(text: str, zone: tzinfo) -> datetime | None:
    if match := _DATE.match(text):
        day = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=zone)
        time = _time(match)
        if time is None:
            return day
        return _in_zone(day.replace(tzinfo=None) + time, match["zone"] if match["hour"] else None, zone)
    if match := _COMPACT.match(text):
        year, month, date, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, date, hour, minute, second, tzinfo=zone)
    if match := _MONTH_ONLY.match(text):
        return datetime(int(match[1]), int(match[2] or 1), 1, tzinfo=zone)
    return _from_words(text, zone)


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
    if written == "JST":
        return wall.replace(tzinfo=timezone(timedelta(hours=9)))
    if written[0] not in "+-":
        return wall.replace(tzinfo=UTC)
    digits = written[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else divmod(int(digits), 100)
    offset = timedelta(hours=hours, minutes=minutes)
    return wall.replace(tzinfo=timezone(-offset if written[0] == "-" else offset))


def _from_words(text: str, zone: tzinfo) -> datetime | None:
    """`6 May 2024`, `Mon, 02 Jan 2006 15:04:05 -0700`: a month in words and a year, else it is no date."""
    if not _MONTH_WORD.search(text) or not re.search(r"\d{4}", text):
        return None
    milliseconds = javascript.parse_date(text)
    moment = javascript.to_datetime(milliseconds) if milliseconds is not None else None
    if moment is None:
        return None
    return moment if _EXPLICIT_ZONE.search(text) else moment.replace(tzinfo=zone)


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


def from_hexo(value: Any, *, is_timestamp: bool, zone: tzinfo) -> datetime | None:
    """What Hexo makes of `date:`: JavaScript's reading, shifted so that the wall time is the site's.

    None for what JavaScript calls an invalid date, and for years that no datetime can hold.
    """
    milliseconds = hexo_milliseconds(value, is_timestamp=is_timestamp)
    if milliseconds is None:
        return None
    return shift_to_zone(milliseconds, zone)


def shift_to_zone(milliseconds: int, zone: tzinfo) -> datetime | None:
    """Hexo's adjustDateForTimezone in a process whose zone is UTC: the offset is the one of the unshifted moment."""
    moment = javascript.to_datetime(milliseconds)
    if moment is None:
        return None
    try:
        offset = moment.astimezone(zone).utcoffset() or timedelta()
        return (moment - offset).astimezone(zone)
    except OverflowError:
        return None


def hexo_milliseconds(value: Any, *, is_timestamp: bool) -> int | None:
    """`new Date(value)` for what front matter can hold."""
    if isinstance(value, str):
        return javascript.yaml_timestamp(value) if is_timestamp else javascript.parse_date(value)
    if isinstance(value, int | float):
        return int(value) if abs(value) <= 8_640_000_000_000_000 else None
    return javascript.parse_date(javascript.to_string(value))
