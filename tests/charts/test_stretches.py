"""Traffic by longer stretches: nothing of it is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from s3guard.charts.stretches import at_most, by
from s3guard.traffic import Interval, Times, Traffic
from tests.outputs import traffics


@pytest.mark.parametrize(
    ("intervals", "span", "most", "becomes"),
    [
        (96, 3_600, 100, 3_600),
        (720, 3_600, 100, 86_400),
        (400, 86_400, 100, 7 * 86_400),
        (1_098, 86_400, 800, 7 * 86_400),
        (1_098, 31_536_000, 800, 2 * 31_536_000),
    ],
)
def test_few_enough_intervals_hold_all_of_the_traffic(intervals: int, span: int, most: int, becomes: int) -> None:
    start = datetime(2026, 9, 3, 7, tzinfo=UTC) if span == 3_600 else datetime(1001, 1, 1, tzinfo=UTC)
    whole = traffics.traffic(intervals, span, start)
    short = at_most(whole, most)
    assert becomes == short.span
    assert len(short.intervals) <= most
    for name in ("requests", "client_errors", "server_errors", "refused"):
        assert sum(getattr(one, name) for one in whole.intervals) == sum(getattr(one, name) for one in short.intervals)
    for one, other in zip(whole.buckets, short.buckets, strict=True):
        assert (sum(one.requests), sum(one.errors)) == (sum(other.requests), sum(other.errors))
        assert len(other.requests) == len(short.intervals)


def test_days_begin_at_midnight_and_keep_the_highest_percentile_and_the_whole_mean() -> None:
    start = datetime(2026, 9, 3, 22, tzinfo=UTC)
    measured = [Times(1, 10, 10, 10, 10), Times(3, 90, 30, 30, 40), Times()]
    hours = [Interval(start.replace(hour=21 + at), total_time=one, unmeasured=1) for at, one in enumerate(measured)]
    (day,) = by(Traffic(3_600, tuple(hours), (), ()), 86_400).intervals
    assert (start.replace(hour=0), 25.0, 40, 3) == (day.start, day.total_time.mean, day.total_time.p99, day.unmeasured)


def test_what_begins_with_the_calendar_begins_there() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert first == at_most(traffics.traffic(200, 86_400, first), 100).intervals[0].start
