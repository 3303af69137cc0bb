"""The few rules of JavaScript that Hexo's reading depends on: `String(x)`, truth, and `new Date(x)`.

Hexo hands front matter to plain JavaScript, so a tag `3.10` becomes `3.1`, an impossible date rolls over into the next
month, and `2022/06/13 00:00:00` is read by V8's own date parser.  Nothing here knows of posts.

Dates are milliseconds since 1970 (UTC).  The process's time zone is taken to be UTC: what Hexo reads must not depend
on the machine that reads it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_TIME = 8_640_000_000_000_000
"""ECMAScript's limit for a time value, in milliseconds."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number_to_string(value: int | float) -> str:
    """`String(number)` of JavaScript: `3.1`, `1e+21`, `2024`, integers rounded to 53 bits."""
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or "0"
    return sign + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    """Number::toString of ECMA-262: `point` digits stand before the decimal point."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    exponent = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "") + exponent


def to_string(value: Any) -> str:
    """`String(value)` for what YAML and JSON can hold."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_to_string(value)
    if isinstance(value, list):
        return ",".join("" if item is None else to_string(item) for item in value)
    return "[object Object]"


def is_truthy(value: Any) -> bool:
    """`Boolean(value)`: unlike Python, empty lists and maps are true."""
    if isinstance(value, list | dict):
        return True
    if isinstance(value, float) and value != value:
        return False
    return bool(value)


def date_to_string(milliseconds: int) -> str:
    """`String(new Date(ms))` in a process whose time zone is UTC."""
    moment = to_datetime(milliseconds)
    if moment is None:
        return "Invalid Date"
    return (
        f"{_WEEKDAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment:%d} {moment.year:04d} "
        f"{moment:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"
    )


def to_datetime(milliseconds: int) -> datetime | None:
    """The moment as an aware datetime; None outside the years 1 to 9999."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, ms: int = 0) -> int:
    """`Date.UTC`: month counts from 1 here; every field may overflow into the next."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    days = _days_before(year, month) + day - 1
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms


def _days_before(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first of the month (proleptic Gregorian, any year; Hinnant's algorithm)."""
    shifted = year - (month <= 2)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


_YAML_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_YAML_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?\Z"
)


def is_yaml_timestamp(text: str) -> bool:
    """Whether js-yaml reads this plain scalar as a date."""
    return _YAML_DATE.match(text) is not None or _YAML_TIMESTAMP.match(text) is not None


def yaml_timestamp(text: str) -> int:
    """The time that js-yaml gives a timestamp: fields roll over, a time zone is applied, no zone means UTC."""
    if date := _YAML_DATE.match(text):
        return _utc_as_js(*(int(part) for part in date.groups()))
    match = _YAML_TIMESTAMP.match(text)
    if match is None:
        raise ValueError(f"not a timestamp: {text!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, _, sign, zone_hour, zone_minute = match.groups()[6:]
    ms = int(((fraction or "") + "000")[:3])
    time = _utc_as_js(year, month, day, hour, minute, second, ms)
    if sign:
        offset = (int(zone_hour) * 60 + int(zone_minute or 0)) * 60_000
        time -= -offset if sign == "-" else offset
    return time


def _utc_as_js(year: int, *rest: int) -> int:
    return utc(year + 1900 if 0 <= year <= 99 else year, *rest)


# --- new Date(string): V8's date parser (src/date/dateparser-inl.h), its two grammars in one pass -------------------

_KEYWORDS: dict[str, tuple[str, int]] = {
    **{name.lower(): ("month", number) for number, name in enumerate(_MONTHS, 1)},
    "am": ("am_pm", 0),
    "pm": ("am_pm", 12),
    **dict.fromkeys(("ut", "utc", "z", "gmt"), ("zone", 0)),
    "est": ("zone", -5),
    "edt": ("zone", -4),
    "cst": ("zone", -6),
    "cdt": ("zone", -5),
    "mst": ("zone", -7),
    "mdt": ("zone", -6),
    "pst": ("zone", -8),
    "pdt": ("zone", -7),
    "t": ("separator", 0),
}
_TOKEN = re.compile(
    r"(?P<number>[0-9]+)|(?P<symbol>[:\-+.)])|(?P<word>[^\x00-@\s\ufeff]+)|(?P<space>[\s\ufeff]+)|(?P<open>\()|(?P<other>.)",
    re.DOTALL,
)
_END = ("end", "", 0, 0)
Token = tuple[str, str, int, int]
"""kind, symbol or keyword type, value, number of characters."""


class _InvalidDateError(Exception):
    """V8 would answer `Invalid Date`."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self.current = self._scan()

    def next(self) -> Token:
        token = self.current
        self.current = self._scan()
        return token

    def skip(self, symbol: str) -> bool:
        if self.current[:2] == ("symbol", symbol):
            self.next()
            return True
        return False

    def is_fixed(self, length: int) -> bool:
        return self.current[0] == "number" and self.current[3] == length

    def _scan(self) -> Token:
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            return _END
        self._position = match.end()
        text = match.group()
        if match.lastgroup == "number":
            return ("number", "", int(text.lstrip("0")[:9] or 0), len(text))
        if match.lastgroup == "word":
            return _keyword(text)
        if match.lastgroup == "open":
            self._skip_parentheses()
            return ("other", "", 0, 0)
        return (str(match.lastgroup), text if match.lastgroup == "symbol" else "", 0, len(text))

    def _skip_parentheses(self) -> None:
        depth = 1
        while self._position < len(self._text) and depth:
            depth += {"(": 1, ")": -1}.get(self._text[self._position], 0)
            self._position += 1


def _keyword(word: str) -> Token:
    prefix = word[:3].lower()
    kind, value = _KEYWORDS.get(prefix, ("", 0))
    if len(word) > 3 and kind != "month":  # only months may be written out
        kind = ""
    return ("word", kind, value, len(word))


class _Composer:
    """What has been read so far: day, time and zone."""

    def __init__(self) -> None:
        self.day: list[int] = []
        self.month: int | None = None
        self.is_iso = False
        self.time: list[int] = []
        self.hour_offset: int | None = None
        self.sign: int | None = None
        self.zone_hour: int | None = None
        self.zone_minute: int | None = None

    def add_day(self, n: int) -> None:
        if len(self.day) == 3:
            raise _InvalidDateError
        self.day.append(n)

    def add_time(self, n: int) -> None:
        if len(self.time) == 4:
            raise _InvalidDateError
        self.time.append(n)

    def finish_time(self, n: int) -> None:
        self.add_time(n)
        self.time += [0] * (4 - len(self.time))

    def expects_time(self, n: int) -> bool:
        return 0 <= n < {1: 60, 2: 60, 3: 1000}.get(len(self.time), 0)

    def expects_zone_minute(self, n: int) -> bool:
        return self.zone_hour is not None and self.zone_minute is None and 0 <= n < 60

    def set_zone(self, hours: int) -> None:
        self.sign = -1 if hours < 0 else 1
        self.zone_hour, self.zone_minute = abs(hours), 0

    @property
    def is_utc(self) -> bool:
        return self.zone_hour == 0 and self.zone_minute == 0

    def milliseconds(self) -> int:
        year, month, day = self._year_month_day()
        hour, minute, second, ms = self._clock()
        time = utc(year, month, day, hour, minute, second, ms)
        if self.sign is not None:
            offset = ((self.zone_hour or 0) * 60 + (self.zone_minute or 0)) * 60 % 2**32  # V8's unsigned arithmetic
            if offset >= 2**31:
                raise _InvalidDateError
            time -= self.sign * offset * 1000
        if abs(time) > _LARGEST_TIME:
            raise _InvalidDateError
        return time

    def _year_month_day(self) -> tuple[int, int, int]:
        if not self.day:
            raise _InvalidDateError
        first, second, third = [*self.day, 1, 1][:3]
        year = 0
        if self.month is None:
            if self.is_iso or not 1 <= first <= 31:
                year, month, day = first, second, third
            else:
                month, day, year = first, second, third
        else:
            month = self.month
            # V8 fills missing parts with 1 before it looks, so a lone day is in the year 1, that is 2001
            if not 1 <= first <= 31:
                year, day = first, second
            else:
                day, year = first, second
        if not self.is_iso:
            year += 2000 if 0 <= year <= 49 else 1900 if 50 <= year <= 99 else 0
        if not (1 <= month <= 12 and 1 <= day <= 31):
            raise _InvalidDateError
        return year, month, day

    def _clock(self) -> tuple[int, int, int, int]:
        hour, minute, second, ms = (self.time + [0] * 4)[:4]
        if self.hour_offset is not None:
            if not 0 <= hour <= 12:
                raise _InvalidDateError
            hour = hour % 12 + self.hour_offset
        if not (0 <= hour < 24 and minute < 60 and second < 60 and ms < 1000) and (hour, minute, second, ms) != (
            24,
            0,
            0,
            0,
        ):
            raise _InvalidDateError
        return hour, minute, second, ms


def parse_date(text: str) -> int | None:
    """`new Date(text)` as V8 (Node, Chrome) reads it, in a process whose time zone is UTC; None if invalid."""
    scanner, found = _Scanner(text[:1000]), _Composer()
    try:
        token = _parse_iso(scanner, found)
        _parse_legacy(scanner, found, token)
        return found.milliseconds()
    except _InvalidDateError:
        return None


def _parse_iso(scanner: _Scanner, found: _Composer) -> Token:
    """ES5 date-time; returns the first token it could not use, or the end."""
    if scanner.current[0] == "symbol" and scanner.current[1] in "+-":
        sign = scanner.next()
        if not scanner.is_fixed(6):
            return sign
        year = scanner.next()[2] * (-1 if sign[1] == "-" else 1)
        if sign[1] == "-" and year == 0:
            return sign
        found.add_day(year)
    elif scanner.is_fixed(4):
        found.add_day(scanner.next()[2])
    else:
        return scanner.next()
    for largest in (12, 31):
        if not scanner.skip("-"):
            break
        if not scanner.is_fixed(2) or not 1 <= scanner.current[2] <= largest:
            return scanner.next()
        found.add_day(scanner.next()[2])
    if scanner.current[:2] == ("word", "separator"):
        scanner.next()
        _parse_iso_time(scanner, found)
        if scanner.current != _END:
            raise _InvalidDateError
    elif scanner.current != _END:
        return scanner.next()
    found.is_iso = True
    return _END


def _two_digits(scanner: _Scanner, largest: int) -> int:
    if not scanner.is_fixed(2) or scanner.current[2] > largest:
        raise _InvalidDateError
    return scanner.next()[2]


def _parse_iso_time(scanner: _Scanner, found: _Composer) -> None:
    hour = _two_digits(scanner, 24)
    rest = 0 if hour == 24 else 59
    found.add_time(hour)
    if not scanner.skip(":"):
        raise _InvalidDateError
    found.add_time(_two_digits(scanner, rest))
    if scanner.skip(":"):
        found.add_time(_two_digits(scanner, rest))
        if scanner.skip("."):
            if scanner.current[0] != "number" or (hour == 24 and scanner.current[2]):
                raise _InvalidDateError
            found.add_time(_read_milliseconds(scanner.next()))
    if scanner.current[:3] == ("word", "zone", 0) and scanner.current[3] == 1:
        scanner.next()
        found.set_zone(0)
    elif scanner.current[0] == "symbol" and scanner.current[1] in "+-":
        found.sign = -1 if scanner.next()[1] == "-" else 1
        if scanner.is_fixed(4):
            hours, minutes = divmod(scanner.next()[2], 100)
            if hours > 23 or minutes > 59:
                raise _InvalidDateError
        else:
            hours = _two_digits(scanner, 23)
            if not scanner.skip(":"):
                raise _InvalidDateError
            minutes = _two_digits(scanner, 59)
        found.zone_hour, found.zone_minute = hours, minutes


def _read_milliseconds(token: Token) -> int:
    number, length = token[2], min(token[3], 9)
    if length <= 3:
        return number * (100, 10, 1)[length - 1]
    return number // int("1" + "0" * (length - 3))


def _parse_legacy(scanner: _Scanner, found: _Composer, token: Token) -> None:
    """V8's tolerant grammar: words before the first number and text in parentheses do not count."""
    has_read_number = bool(found.day)
    while token != _END:
        kind, symbol = token[0], token[1]
        if kind == "number":
            has_read_number = True
            _legacy_number(scanner, found, token[2])
        elif kind == "word":
            _legacy_word(scanner, found, token, has_read_number)
        elif symbol in ("+", "-") and (found.is_utc or found.time):
            has_read_number = True
            _legacy_offset(scanner, found, symbol)
        elif symbol in ("+", "-", ")") and has_read_number:
            raise _InvalidDateError
        token = scanner.next()


def _legacy_number(scanner: _Scanner, found: _Composer, n: int) -> None:
    if scanner.skip(":"):
        if scanner.skip(":"):
            if found.time:
                raise _InvalidDateError
            found.add_time(n)
            found.add_time(0)
        else:
            found.add_time(n)
            scanner.skip(".")
        return
    if scanner.skip(".") and found.expects_time(n):
        found.add_time(n)
        if scanner.current[0] != "number":
            raise _InvalidDateError
        ms = _read_milliseconds(scanner.next())
        if len(found.time) < 4:  # V8 drops what comes too late here
            found.finish_time(ms)
    elif found.expects_zone_minute(n):
        found.zone_minute = n
    elif found.expects_time(n):
        found.finish_time(n)
        kind, symbol, _, length = scanner.current
        is_z = kind == "word" and symbol == "zone" and length == 1
        if not (kind in ("end", "space") or is_z or symbol in ("+", "-")):
            raise _InvalidDateError
    else:
        found.add_day(n)
        scanner.skip("-")


def _legacy_word(scanner: _Scanner, found: _Composer, token: Token, has_read_number: bool) -> None:
    _, kind, value, _ = token
    if kind == "am_pm" and found.time:
        found.hour_offset = value
    elif kind == "month":
        found.month = value
        scanner.skip("-")
    elif kind == "zone" and has_read_number:
        found.set_zone(value)
    elif has_read_number or scanner.current[0] == "number":
        raise _InvalidDateError


def _legacy_offset(scanner: _Scanner, found: _Composer, symbol: str) -> None:
    found.sign = -1 if symbol == "-" else 1
    n = length = 0
    if scanner.current[0] == "number":
        _, _, n, length = scanner.next()
    if scanner.current[:2] == ("symbol", ":"):
        found.zone_hour, found.zone_minute = n, None
    elif length in (1, 2):
        found.zone_hour, found.zone_minute = n, 0
    elif length in (3, 4):
        found.zone_hour, found.zone_minute = divmod(n, 100)
    else:
        raise _InvalidDateError
