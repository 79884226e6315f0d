"""Instants as people write them: read to the second, and refused with what was probably meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.instants import instant

NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-01", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01T06:00:00Z", datetime(2026, 10, 1, 6, tzinfo=UTC)),
        ("2026-10-01t06:00:00z", datetime(2026, 10, 1, 6, tzinfo=UTC)),
        ("2026-10-01 06:00:00+02:00", datetime(2026, 10, 1, 4, tzinfo=UTC)),
        ("2026-10-01T06:00:00.000Z", datetime(2026, 10, 1, 6, tzinfo=UTC)),
        ("2026-10-01T06:00:00.001Z", datetime(2026, 10, 1, 6, 0, 1, tzinfo=UTC)),
        ("24h", NOON - timedelta(days=1)),
        ("90d", NOON - timedelta(days=90)),
        ("1.5h", NOON - timedelta(minutes=90)),
    ],
)
def test_instants_days_and_ages(text: str, expected: datetime) -> None:
    assert expected == instant(text, NOON)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "'yesterday' is no instant; write 2026-10-01, 2026-10-01T06:00:00Z, or an age such as 24h or 30d"),
        ("2026-10-01T06:00:00", "'2026-10-01T06:00:00' has no time zone; write 2026-10-01T06:00:00Z for UTC, or an offset such as +02:00"),
        ("2026-02-30", "'2026-02-30' is no date and time of the calendar"),
        ("2026-10-01T25:00:00Z", "'2026-10-01T25:00:00Z' is no date and time of the calendar"),
        ("0001-01-01T00:00:00+02:00", "'0001-01-01T00:00:00+02:00' is no date and time of the calendar"),
        ("3weeks", "'3weeks' is not a duration; write 21d"),
        ("9999999d", "'9999999d' is longer ago than the calendar goes"),
        ("", "'' is no instant; write 2026-10-01, 2026-10-01T06:00:00Z, or an age such as 24h or 30d"),
    ],
)
def test_what_is_no_instant_is_told_what_was_meant(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared whole
        instant(text, NOON)
    assert said == str(caught.value)


def test_an_age_needs_an_instant_to_count_back_from() -> None:
    with pytest.raises(ValueError, match="'24h' is an age, and there is no instant to count it back from"):
        instant("24h")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.integers(-23 * 60, 23 * 60))  # noqa: DTZ001 - the zone is drawn beside it
def test_an_instant_is_the_same_in_every_zone(when: datetime, ahead: int) -> None:
    utc = when.replace(microsecond=0, tzinfo=UTC)
    assert utc == instant(utc.astimezone(timezone(timedelta(minutes=ahead))).isoformat())
