"""The few rules of JavaScript that Hexo's reading depends on: `String(x)`, truth, and what js-yaml calls a date.

Hexo hands front matter to plain JavaScript, so that a tag `3.10` becomes `3.1`.  Nothing here knows of posts.
"""

from __future__ import annotations

import re
from typing import Any


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


YAML_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
YAML_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?\Z"
)


def is_yaml_timestamp(text: str) -> bool:
    """Whether js-yaml reads this plain scalar as a date."""
    return YAML_DATE.match(text) is not None or YAML_TIMESTAMP.match(text) is not None
