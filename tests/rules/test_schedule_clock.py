"""The schedule's clock is that of the zone: minute by minute, also on the days on which it is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.rules.schedule import Schedule

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
)
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def answers(zone: str, minutes: list[int]) -> list[bool]:
    """What a schedule of weekdays from 01:00 to 02:40 and from 23:50 to 23:58 says of a second of each minute."""
    schedule = Schedule.model_validate({"days": "mon-fri", "hours": ["01:00-02:40", "23:50-23:58"], "time_zone": zone})
    seconds = pl.Series("t", [minute * 60 + minute % 60 for minute in minutes], dtype=pl.Int64)
    return seconds.to_frame().select(~schedule.breaks(None)).to_series().to_list()  # type: ignore[arg-type]  # columns are not asked for


def is_open(zone: str, minute: int) -> bool:
    """The same, by the calendar of the standard library."""
    local = (BEGIN + timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
    minute_of_day = local.hour * 60 + local.minute
    return local.isoweekday() <= 5 and (60 <= minute_of_day < 160 or 1430 <= minute_of_day < 1438)


@given(st.sampled_from(ZONES), st.integers(0, 2_100_000), st.integers(1, 90), st.sampled_from([1, 1, 7, 5_000]))
def test_every_minute_is_that_of_the_zone(zone: str, hour: int, count: int, step: int) -> None:
    minutes = [hour * 15 + place * step for place in range(count)]
    assert answers(zone, minutes) == [is_open(zone, minute) for minute in minutes]


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
        # NOTE: within a quarter of an hour, as clocks were when they left the sun's.
        ("Asia/Kathmandu", datetime(1919, 12, 31, 18, 18, tzinfo=UTC)),
    ],
)
def test_a_clock_is_changed_at_its_minute(zone: str, change: datetime) -> None:
    first = int((change - BEGIN).total_seconds()) // 60 - 3_000
    minutes = list(range(first, first + 6_000))
    assert answers(zone, minutes) == [is_open(zone, minute) for minute in minutes]
