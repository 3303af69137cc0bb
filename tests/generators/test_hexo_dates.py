"""Dates as Hexo has them.  test_hexo_referee.py compares with Hexo itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.generators import hexo_dates

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")


def at(*fields: int, hours: float = 9) -> datetime:
    return datetime(*fields, tzinfo=timezone(timedelta(hours=hours)))  # type: ignore[arg-type,misc]


def test_hexo_dates() -> None:
    def hexo(value: Any, *, is_timestamp: bool = False) -> datetime | None:
        return hexo_dates.read_date(value, is_timestamp=is_timestamp, zone=TOKYO)

    # the wall time is kept, whatever the site's zone; a day that does not exist rolls over
    assert hexo("2024-05-06 10:00:00", is_timestamp=True) == at(2024, 5, 6, 10)
    assert hexo("2024-02-31", is_timestamp=True) == at(2024, 3, 2)
    assert hexo("2022/06/13 00:00:00") == at(2022, 6, 13)
    assert hexo("2024-05-06T10:00:00+09:00", is_timestamp=True) == at(2024, 5, 6, 1)
    assert hexo(0) == at(1970, 1, 1)
    assert hexo("never") is None
    assert hexo(9e15) is None
    skipped = hexo_dates.read_date("2024-03-10 02:30:00", is_timestamp=True, zone=NEW_YORK)
    assert skipped == at(2024, 3, 10, 2, 30, hours=-5)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-06", at(2024, 5, 6, hours=0)),
        ("2024-5-6 7:08:09.25", at(2024, 5, 6, 7, 8, 9, 250_000, hours=0)),
        ("2024-05-06T10:00:00 +9", at(2024, 5, 6, 10)),
        ("2024-05-06 10:00:00-03:30", at(2024, 5, 6, 10, hours=-3.5)),
        ("2024-14-31", at(2025, 3, 3, hours=0)),
        ("2024-01-01 48:00:00", at(2024, 1, 3, hours=0)),
        ("0099-01-01", at(1999, 1, 1, hours=0)),
        ("9999-13-01", None),
    ],
)
def test_timestamps_roll_over(text: str, moment: datetime | None) -> None:
    assert hexo_dates.yaml_timestamp(text) == moment


def test_date_as_text() -> None:
    assert hexo_dates.date_to_string(datetime(2024, 1, 2, tzinfo=UTC)) == (
        "Tue Jan 02 2024 00:00:00 GMT+0000 (Coordinated Universal Time)"
    )
    assert hexo_dates.date_to_string(None) == "Invalid Date"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.integers(), st.floats()), st.sampled_from([UTC, TOKYO]))
def test_any_value(value: Any, zone: Any) -> None:
    date = hexo_dates.read_date(value, is_timestamp=False, zone=zone)
    assert date is None or date.astimezone(UTC) == date
