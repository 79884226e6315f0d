"""Traffic by longer stretches of time, where hours or days would be too many to draw or to read, and times for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from s3guard.traffic import Flow, Interval, Times, Traffic

_DAY: Final = 86_400
_FIRST: Final = -62_135_596_800
"""The first second of the calendar."""
_LONGER: Final = (3_600, _DAY, 7 * _DAY, 28 * _DAY, 364 * _DAY)
"""Seconds of the stretches that intervals are put together to; weeks begin on a Thursday, as 1970 did."""


def at_most(traffic: Traffic, most: int) -> Traffic:
    """The same traffic in `most` intervals or fewer; of percentiles put together the highest is kept."""
    count = len(traffic.intervals)
    if count <= most:
        return traffic
    fits = (span for span in _LONGER if span % traffic.span == 0 and count * traffic.span <= span * (most - 1))
    return by(traffic, next(fits, traffic.span * -(-count // (most - 1))))


def by(traffic: Traffic, span: int) -> Traffic:
    """The same traffic by stretches of `span` seconds, a multiple of those that it has."""
    if span == traffic.span:
        return traffic
    places = [int(one.start.timestamp()) // span for one in traffic.intervals]
    together = groupby(zip(places, traffic.intervals, strict=True), lambda pair: pair[0])
    # NOTE: the first stretch may begin before the first interval, and before the calendar.
    intervals = [_together([one for _, one in parts], place * span) for place, parts in together]
    # NOTE: what is told of a bucket follows the intervals.
    buckets = (replace(one, requests=_added(places, one.requests), errors=_added(places, one.errors)) for one in traffic.buckets)
    return replace(traffic, span=span, intervals=tuple(intervals), buckets=tuple(buckets))


def _added(starts: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    return tuple(sum(count for _, count in parts) for _, parts in groupby(zip(starts, counts, strict=True), lambda pair: pair[0]))


def _together(parts: Sequence[Interval], start: int) -> Interval:
    return Interval(
        datetime.fromtimestamp(max(start, _FIRST), UTC),
        _flow([one.reads for one in parts]),
        _flow([one.writes for one in parts]),
        _flow([one.others for one in parts]),
        _times([one.total_time for one in parts]),
        _times([one.turn_around_time for one in parts]),
        sum(one.unmeasured for one in parts),
    )


def _flow(parts: Sequence[Flow]) -> Flow:
    return Flow(
        sum(one.requests for one in parts),
        sum(one.client_errors for one in parts),
        sum(one.server_errors for one in parts),
        sum(one.refused for one in parts),
        sum(one.bytes_sent for one in parts),
        sum(one.bytes_received for one in parts),
    )


def _times(parts: Sequence[Times]) -> Times:
    return Times(
        sum(one.records for one in parts),
        sum(one.total for one in parts),
        *(max((found for one in parts if (found := getattr(one, name)) is not None), default=None) for name in ("p50", "p95", "p99")),
    )


def noun(span: int) -> str:
    """What a stretch of so many seconds is called: ``hour``, ``day``, ``7 days``."""
    return {3_600: "hour", _DAY: "day"}.get(span, f"{span // _DAY} days" if span % _DAY == 0 else f"{span // 3_600} hours")


def every(span: int) -> str:
    """``an hour``, ``a day``, ``in 7 days``."""
    return {3_600: "an hour", _DAY: "a day"}.get(span, f"in {noun(span)}")


def when(time: datetime, span: int, *, year: bool) -> str:
    """The beginning of a stretch for people, UTC: ``3 October, 14:00``; a day and longer without the hour."""
    day = f"{time.day} {time:%B}" + (f" {time.year}" if year else "")
    return day if span >= _DAY else f"{day}, {time:%H:%M}"


def later(time: datetime, seconds: int) -> datetime:
    """A time so many seconds later; the end of the calendar where it has none."""
    try:
        return time + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(microsecond=0, tzinfo=time.tzinfo)


def spans_a_year(start: datetime, seconds: int) -> bool:
    """Whether a day without its year would be unclear."""
    return start.year != later(start, max(seconds - 1, 0)).year


def told(traffic: Traffic, start: datetime) -> str:
    """The beginning of an interval of the traffic in a sentence: ``3 October, 14:00 UTC``."""
    year = spans_a_year(traffic.intervals[0].start, traffic.span * len(traffic.intervals))
    return when(start, traffic.span, year=year) + (" UTC" if traffic.span < _DAY else "")
