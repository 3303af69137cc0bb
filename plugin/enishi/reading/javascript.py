"""The few rules of JavaScript that Hexo's reading depends on: `String(x)`, truth, and what js-yaml calls a date.

Hexo hands front matter to plain JavaScript, so that a tag `3.10` becomes `3.1`.  Nothing here knows of posts.
"""

from __future__ import annotations

import re
from typing import Any


def number_to_string(value: int | float) -> str:
    """`String(number)` of JavaScript: `3.1`, `1e+21`, `2024`, integers rounded to 53 bits."""
    from decimal import Decimal

    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else float("-inf")
    if number - number != 0:
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
    if number == 0 or 1e-6 <= abs(number) < 1e21:
        return f"{Decimal(repr(number or 0.0)):f}".removesuffix(".0")
    return re.sub(r"e([-+])0*", r"e\1", repr(number))


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
