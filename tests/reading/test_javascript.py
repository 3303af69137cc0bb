"""JavaScript's few rules that Hexo's reading depends on."""

from __future__ import annotations

from typing import Any

import pytest

from enishi.reading import javascript


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(
            (3.10, "3.1"),
            (2024, "2024"),
            (1e21, "1e+21"),
            (123456789012345680000, "123456789012345680000"),
            (1e-7, "1e-7"),
        ),
        *(
            (0.000001, "0.000001"),
            (-0.0, "0"),
            (2**53 + 1, "9007199254740992"),
            (10**400, "Infinity"),
            (float("nan"), "NaN"),
        ),
        *((True, "true"), (None, "null"), ("a", "a"), ([1, None, [2, "b"]], "1,,2,b"), ({"a": 1}, "[object Object]")),
        *(([], ""), (float("-inf"), "-Infinity"), (-1.5e300, "-1.5e+300")),
    ],
)
def test_strings_of_values(value: Any, text: str) -> None:
    assert javascript.to_string(value) == text


def test_truth() -> None:
    assert [v for v in (None, 0, 0.0, "", False, float("nan")) if javascript.is_truthy(v)] == []
    assert all(map(javascript.is_truthy, ([], {}, "0", -1, " ")))
