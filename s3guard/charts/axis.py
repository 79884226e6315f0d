"""Where the axis of time has its marks, and what stands at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from s3guard.charts.stretches import later

_HOUR: Final = 3_600
_DAY: Final = 86_400
_MOST: Final = 8
"""Marks of an axis, or one or two more."""
_HOURS: Final = (1, 2, 3, 6, 12)
_DAYS: Final = (1, 2, 3, 4, 5, 7, 14)
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 300, 1_200)


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of an axis."""

    at: float
    """0 at the beginning of the axis, 1 at its end."""
    text: str


def marks(start: datetime, span: int, intervals: int) -> tuple[Mark, ...]:
    """The marks of so many intervals, at round times, the earliest first."""
    whole = span * intervals
    end = later(start, whole)
    found = [Mark((time - start).total_seconds() / whole, text) for time, text in _round(start, end, whole) if start <= time < end]
    return tuple(found) or (Mark(0, _day(start)),)


def _round(start: datetime, end: datetime, whole: int) -> Iterator[tuple[datetime, str]]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if whole <= 2 * _DAY:
        step = next((step for step in _HOURS if whole <= step * _HOUR * _MOST), _HOURS[-1])
        yield from ((time, _day(time) if time.hour == 0 else f"{time:%H:%M}") for time in _stepped(midnight, end, step * _HOUR))
    elif whole <= _DAYS[-1] * _DAY * _MOST:
        step = next(step for step in _DAYS if whole <= step * _DAY * _MOST)
        # NOTE: from the first full day on, or a mark of the second day would stand in the text of the first.
        first = midnight if start == midnight else later(midnight, _DAY)
        yield from ((time, _day(time)) for time in _stepped(first, end, step * _DAY))
    else:
        yield from _months(start, end, whole)


def _stepped(time: datetime, end: datetime, seconds: int) -> Iterator[datetime]:
    while time < end:
        yield time
        time = later(time, seconds)


def _months(start: datetime, end: datetime, whole: int) -> Iterator[tuple[datetime, str]]:
    step = next((step for step in _MONTHS if whole <= step * 31 * _DAY * _MOST), _MONTHS[-1])
    month = (start.year * 12 + start.month - 1) // step * step
    last = end.year * 12 + end.month - 1
    while month <= last:
        if month >= 12:
            time = datetime(month // 12, month % 12 + 1, 1, tzinfo=start.tzinfo)
            yield time, f"{time:%Y}" if step >= 12 else f"{time:%b %Y}" if time.month == 1 else f"{time:%b}"
        month += step


def _day(time: datetime) -> str:
    return f"{time.day} {time:%b}"
