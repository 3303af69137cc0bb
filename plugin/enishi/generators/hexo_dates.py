"""Dates as Hexo has them: YAML's timestamps roll over, and a wall time is the site's.

Hexo makes a JavaScript Date of `date:` and then moves it, so that the time that was written is the time in the site's
zone.  The zone of the process, which Hexo adds to this, is taken to be UTC: what is read must not depend on the machine
that reads it.  Texts that are no timestamps to YAML, which Hexo leaves to JavaScript's own reader, are read tolerantly.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from enishi.reading import dates
from enishi.reading.javascript import YAML_DATE, YAML_TIMESTAMP

_LARGEST_TIME = 8_640_000_000_000_000
"""ECMAScript's limit for a time value, in milliseconds."""


def read_date(value: Any, *, is_timestamp: bool, zone: tzinfo) -> datetime | None:
    """What Hexo makes of `date:`; None for what is no date to it, and for years that no datetime can hold."""
    moment = None
    if isinstance(value, str):
        moment = yaml_timestamp(value) if is_timestamp else dates.parse(value, UTC) if dates.is_exact(value) else None
    elif isinstance(value, int | float) and abs(value) <= _LARGEST_TIME:
        moment = _after(datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=int(value)))
    return in_zone(moment, zone) if moment is not None else None


def day(year: int, month: int, day_of_month: int, zone: tzinfo) -> datetime | None:
    """A day as Hexo takes it from a file's name."""
    moment = _utc(year, month, timedelta(days=day_of_month - 1))
    return in_zone(moment, zone) if moment is not None else None


def in_zone(moment: datetime, zone: tzinfo) -> datetime | None:
    """Hexo's adjustDateForTimezone in a process whose zone is UTC: the offset is the one of the unshifted moment."""
    try:
        offset = moment.astimezone(zone).utcoffset() or timedelta()
        return (moment - offset).astimezone(zone)
    except OverflowError:
        return None


def yaml_timestamp(text: str) -> datetime | None:
    """The time that js-yaml gives a timestamp: fields roll over, a time zone is applied, no zone means UTC.

    Raises ValueError for what is no timestamp.
    """
    match = YAML_DATE.match(text) or YAML_TIMESTAMP.match(text)
    if match is None:
        raise ValueError(f"not a timestamp: {text!r}")
    year, month, date, hour, minute, second = (int(part or 0) for part in (*match.groups(), 0, 0, 0)[:6])
    fraction, _, sign, zone_hour, zone_minute = match.groups()[6:] or (None,) * 5
    milliseconds = int(((fraction or "") + "000")[:3])
    offset = timedelta(hours=int(zone_hour or 0), minutes=int(zone_minute or 0))
    time = timedelta(days=date - 1, hours=hour, minutes=minute, seconds=second, milliseconds=milliseconds)
    return _utc(year + 1900 if year <= 99 else year, month, time + offset if sign == "-" else time - offset)


def date_to_string(moment: datetime | None) -> str:
    """`String(date)` of JavaScript in a process whose time zone is UTC."""
    if moment is None:
        return "Invalid Date"
    return f"{moment:%a %b %d} {moment.year:04d} {moment:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"


def _utc(year: int, month: int, time: timedelta) -> datetime | None:
    """A time after the first of a month; months and everything after them may overflow into the next."""
    years, month = divmod(month - 1, 12)
    if not 1 <= year + years <= 9999:
        return None
    return _after(datetime(year + years, month + 1, 1, tzinfo=UTC), time)


def _after(start: datetime, time: timedelta) -> datetime | None:
    try:
        return start + time
    except OverflowError:
        return None
