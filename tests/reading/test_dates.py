"""Dates in every form that authors write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.reading import dates

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")


def at(*fields: int, hours: float = 9) -> datetime:
    return datetime(*fields, tzinfo=timezone(timedelta(hours=hours)))  # type: ignore[arg-type,misc]


READ: list[tuple[Any, datetime]] = [
    ("2024-05-06", at(2024, 5, 6)),
    ("2024-5-6", at(2024, 5, 6)),
    ("2022/06/13 00:00:00", at(2022, 6, 13)),
    ("2022/6/3 9:05", at(2022, 6, 3, 9, 5)),
    ("2024.05.06", at(2024, 5, 6)),
    ("2024年5月6日", at(2024, 5, 6)),
    ("2024年5月6日 10時20分", at(2024, 5, 6, 10, 20)),
    ("2024-05-06 (月) 10:00", at(2024, 5, 6, 10)),
    ("2024-05-06（Mon）", at(2024, 5, 6)),
    ("2024-05-06T10:00:00Z", at(2024, 5, 6, 10, hours=0)),
    ("2024-05-06T10:00:00.25-07:00", at(2024, 5, 6, 10, 0, 0, 250_000, hours=-7)),
    ("2024-05-06 10:00:00 +0900", at(2024, 5, 6, 10)),
    ("2024-05-06 10:00:00 +09:00", at(2024, 5, 6, 10)),
    ("2024-05-06 10:00:00 +9", at(2024, 5, 6, 10)),
    ("2016-02-17 01:46:00 +900", at(2016, 2, 17, 1, 46)),
    ("2016-02-17 01:46:00 +9:00", at(2016, 2, 17, 1, 46)),
    ("2016-02-17 01:46:00 -330", at(2016, 2, 17, 1, 46, hours=-3.5)),
    ("2016-02-17 01:46:00 GMT+0900", at(2016, 2, 17, 1, 46)),
    ("2016-02-17 01:46:00 EST", at(2016, 2, 17, 1, 46, hours=-5)),
    ("2024-05-06 10:00 -0830", at(2024, 5, 6, 10, hours=-8.5)),
    ("2024-05-06 10:00 JST", at(2024, 5, 6, 10)),
    ("2024-05-06 10:00 UTC", at(2024, 5, 6, 10, hours=0)),
    ("2024-05-06 3:04 pm", at(2024, 5, 6, 15, 4)),
    ("2024-05-06 12:04 a.m.", at(2024, 5, 6, 0, 4)),
    ("2024-05-06 24:00:00", at(2024, 5, 7)),
    ("2024-05-06T24:48:00Z", at(2024, 5, 6)),
    ("2024-05-06-10-20", at(2024, 5, 6)),
    ("20240506", at(2024, 5, 6)),
    ("20240506T101112", at(2024, 5, 6, 10, 11, 12)),
    (20240506, at(2024, 5, 6)),
    ("2024-05", at(2024, 5, 1)),
    (2024, at(2024, 1, 1)),
    ("6 May 2024", at(2024, 5, 6)),
    ("May 6, 2024 10:00 PM", at(2024, 5, 6, 22)),
    ("Mon Jan 02 2006 15:04:05 GMT-0700 (MST)", at(2006, 1, 2, 15, 4, 5, hours=-7)),
    ("September 6th, 2024", at(2024, 9, 6)),
    ("6-May-2024", at(2024, 5, 6)),
    ("May 2024", at(2024, 5, 1)),
    ("Mon, 02 Jan 2006 15:04:05 -0700", at(2006, 1, 2, 15, 4, 5, hours=-7)),
    (1715000000, at(2024, 5, 6, 12, 53, 20, hours=0)),
    (1715000000000, at(2024, 5, 6, 12, 53, 20, hours=0)),
    ({"created": "2024-05-06", "updated": "2025-01-01"}, at(2024, 5, 6)),
]


@pytest.mark.parametrize(("written", "expected"), READ)
def test_dates_in_many_forms(written: Any, expected: datetime) -> None:
    found = dates.parse(written, TOKYO)
    assert found == expected
    assert found is not None
    assert found.tzinfo is not None


@pytest.mark.parametrize(
    "written",
    [
        *("2024-02-31", "2024-13-01", "0000-00-00", "tomorrow", "", "1.5", "12/31/2024", "99999-01-01", "May", "Mon"),
        *("0001-01-01", "9999-12-31 23:59 -12:00", "2024-05-06 10:00 +99:99", 0, 1.5, -1, 1e400, float("nan"), True),
        *(None, []),
        {},
    ],
)  # fmt: skip
def test_what_is_no_date(written: Any) -> None:
    assert dates.parse(written, TOKYO) is None


def test_a_wall_time_is_the_sites() -> None:
    summer, winter = dates.parse("2024-07-01 12:00", NEW_YORK), dates.parse("2024-01-01 12:00", NEW_YORK)
    assert summer == at(2024, 7, 1, 16, hours=0)
    assert winter == at(2024, 1, 1, 17, hours=0)


def test_whether_all_was_understood() -> None:
    assert dates.is_exact("2024-05-06 23:59:60")
    assert not dates.is_exact("2024-05-06T24:48:00Z")


@pytest.mark.parametrize(
    ("path", "day"),
    [
        *(("2024-05-06-a.md", (2024, 5, 6)), ("20240506a.md", (2024, 5, 6)), ("2024/05/06/a/index.md", (2024, 5, 6))),
        *(("2024/05/06-a.md", (2024, 5, 6)), ("2024/0506-a.md", (2024, 5, 6)), ("2024-05-06.md", (2024, 5, 6))),
        *(("a/2024-05-06-b/index.md", (2024, 5, 6)), ("2024_5_6_a.md", (2024, 5, 6)), ("20220613a.md", (2022, 6, 13))),
        *(
            ("a-2024-05-06.md", None),
            ("12345678.md", None),
            ("20241301.md", None),
            ("2024/05/a.md", None),
            ("a.md", None),
        ),
        *(("1979-01-01-a.md", None), ("2024-05-061.md", None), ("2024-02-31-a.md", None)),
    ],
)
def test_the_day_in_a_path(path: str, day: tuple[int, int, int] | None) -> None:
    assert dates.from_path(path, TOKYO) == (None if day is None else at(*day))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.from_regex(r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}.{0,20}"),
        st.integers(),
        st.floats(),
    )
)
def test_any_value(value: Any) -> None:
    for zone in (UTC, TOKYO):
        found = dates.parse(value, zone)
        if found is not None:
            assert found.astimezone(UTC) == found
        if isinstance(value, str):
            dates.from_path(value, zone)
            dates.is_exact(value)


@settings(max_examples=200, deadline=None)
@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)), st.sampled_from(["-", "/", "."]))
def test_what_is_written_is_read(moment: datetime, mark: str) -> None:
    moment = moment.replace(microsecond=0)
    text = moment.isoformat(sep=" ").replace("-", mark)
    assert dates.parse(text, UTC) == moment.replace(tzinfo=UTC)
