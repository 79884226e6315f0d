"""Where the axis of time has its marks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.charts.axis import marks

MIDNIGHT = datetime(2026, 9, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "span", "intervals", "first", "last"),
    [
        (MIDNIGHT, 3_600, 6, "28 Sep", "05:00"),
        (MIDNIGHT, 3_600, 48, "28 Sep", "18:00"),
        (MIDNIGHT, 3_600, 96, "28 Sep", "1 Oct"),
        (MIDNIGHT.replace(hour=9), 3_600, 96, "29 Sep", "2 Oct"),
        (MIDNIGHT, 3_600, 744, "28 Sep", "26 Oct"),
        (MIDNIGHT, 86_400, 365, "Nov", "Sep"),
        (MIDNIGHT, 86_400, 3_000, "2028", "2034"),
    ],
)
def test_marks_stand_at_round_times(start: datetime, span: int, intervals: int, first: str, last: str) -> None:
    found = marks(start, span, intervals)
    assert (first, last) == (found[0].text, found[-1].text)


@given(
    st.integers(0, 87_600_000),
    st.sampled_from([3_600, 86_400, 7 * 86_400, 31_536_000]),
    st.integers(1, 1_100),
)
def test_there_are_some_marks_and_not_many_wherever_in_the_calendar(hours: int, span: int, intervals: int) -> None:
    found = marks(datetime(1, 1, 1, tzinfo=UTC) + timedelta(hours=hours), span, intervals)
    assert 1 <= len(found) <= 14
    assert all(0 <= one.at < 1 for one in found)
    assert all(one.at < other.at for one, other in pairwise(found))
