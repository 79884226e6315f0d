"""Charts of the traffic: what each shows in numbers and in a sentence; an output only has to draw them.

A chart is the same whoever draws it: `s3guard.charts.svg` for a page, `s3guard.charts.blocks` for a terminal. No chart decides anything:
whether a limit was broken is said by the check, in its own windows and groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final, Literal, TypeAlias

from s3guard.charts import sentences
from s3guard.charts.stretches import at_most, every
from s3guard.charts.trend import Trend, trend
from s3guard.charts.units import Unit
from s3guard.traffic import Drawn, Interval, Line, Times, Traffic

POINTS: Final = 800
"""Intervals that a chart draws at most: 31 days of hours are 744."""

Ink: TypeAlias = Literal["reads", "writes", "errors", "server", "refused", "mean", "p50", "p95", "p99"]
"""What a series is, which chooses its colour."""


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers over time."""

    name: str
    ink: Ink
    values: tuple[float | None, ...]
    """Of each interval of the chart; None where there is nothing to tell."""
    filled: bool = False
    """Whether it is an amount, drawn from the ground up; else a line."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers over time, and what they say."""

    name: str
    """One word, unique among the charts of a report."""
    title: str
    says: str
    """One or two sentences; hold no log text."""
    unit: Unit
    start: datetime
    span: int
    """Seconds of an interval."""
    series: tuple[Series, ...]
    """The first is the one that the sentence is about."""
    limits: tuple[Line, ...] = ()
    """Of the policies, the lowest first."""
    trend: Trend | None = None
    """Of the first series."""
    blind: tuple[tuple[int, int], ...] = ()
    """Intervals, each from the first to the one behind the last, with records that nobody measured: there was more than is told."""

    @property
    def intervals(self) -> int:
        """How many there are."""
        return len(self.series[0].values)

    @property
    def peak(self) -> int | None:
        """The interval in which the first series is highest, the earliest of several; None where it is nowhere above 0."""
        values = [-1 if one is None else one for one in self.series[0].values]
        highest = max(range(len(values)), key=lambda number: (values[number], -number), default=None)
        return None if highest is None or values[highest] <= 0 else highest


def of(traffic: Traffic) -> tuple[Chart, ...]:
    """Every chart of the traffic, in the order of a report; none where there is no traffic."""
    if not traffic.intervals:
        return ()
    drawn = at_most(traffic, POINTS)
    blind = tuple(_runs([one.unmeasured > 0 for one in drawn.intervals]))
    return tuple(replace(chart, blind=blind) for chart in _all(traffic, drawn))


def _runs(marked: Sequence[bool]) -> Iterator[tuple[int, int]]:
    for mark, together in groupby(enumerate(marked), lambda pair: pair[1]):
        places = [place for place, _ in together]
        if mark:
            yield places[0], places[-1] + 1


def _all(traffic: Traffic, drawn: Traffic) -> tuple[Chart, ...]:
    return (
        _errors(traffic, drawn),
        _amount(traffic, drawn, "reads", "Read operations", "requests"),
        _amount(traffic, drawn, "writes", "Write operations", "requests"),
        _amount(traffic, drawn, "sent", "Bytes read", "bytes"),
        _amount(traffic, drawn, "received", "Bytes written", "bytes"),
        _times(traffic, drawn, "total_time", "Total time"),
        _times(traffic, drawn, "turn_around_time", "Turn-around time"),
        _amount(traffic, drawn, "refused", "Refused operations", "requests"),
    )


AMOUNTS: Final[dict[str, tuple[Ink, Drawn, Callable[[Interval], int]]]] = {
    "reads": ("reads", "requests", lambda one: one.reads.requests),
    "writes": ("writes", "requests", lambda one: one.writes.requests),
    "sent": ("reads", "bytes", lambda one: one.reads.bytes_sent),
    "received": ("writes", "bytes", lambda one: one.writes.bytes_received),
    "refused": ("refused", "refused", lambda one: one.refused),
}
"""Charts of an amount: its colour, the limits beside it, and how it is counted."""


def _errors(traffic: Traffic, drawn: Traffic) -> Chart:
    every_one = tuple(share(one.client_errors + one.server_errors, one.requests) for one in drawn.intervals)
    server = tuple(share(one.server_errors, one.requests) for one in drawn.intervals)
    series = (Series("all errors", "errors", every_one, filled=True), Series("of them the server's, 5xx", "server", server, filled=True))
    says, (start, span, limits) = sentences.errors(traffic), _frame(drawn, "errors")
    return Chart("errors", "Errors as a share of operations", says, "share", start, span, series, limits)


def _amount(traffic: Traffic, drawn: Traffic, name: str, title: str, unit: Unit) -> Chart:
    ink, what, count = AMOUNTS[name]
    series = (Series(f"{title.lower()} {every(drawn.span)}", ink, tuple(map(count, drawn.intervals)), filled=True),)
    says = sentences.amount(traffic, name, [count(one) for one in traffic.intervals], unit)
    start, span, limits = _frame(drawn, what)
    return Chart(name, title, says, unit, start, span, series, limits)


def _times(traffic: Traffic, drawn: Traffic, name: Literal["total_time", "turn_around_time"], title: str) -> Chart:
    times: list[Times] = [getattr(one, name) for one in drawn.intervals]
    found = trend([one.mean for one in times], [one.records for one in times])
    series = (
        Series("mean", "mean", tuple(one.mean for one in times)),
        Series("p50", "p50", tuple(one.p50 for one in times)),
        Series("p95", "p95", tuple(one.p95 for one in times)),
        Series("p99", "p99", tuple(one.p99 for one in times)),
    )
    says = sentences.times(traffic, [getattr(one, name) for one in traffic.intervals], title, found, drawn.span)
    start, span, limits = _frame(drawn, name)
    return Chart(name, title, says, "milliseconds", start, span, series, limits, found)


def _frame(drawn: Traffic, what: Drawn) -> tuple[datetime, int, tuple[Line, ...]]:
    """When the intervals of a chart begin and how long they are, and the limits beside them."""
    lines = sorted((line for line in drawn.lines if line.drawn == what), key=lambda line: (line.value, line.rule, line.label))
    return drawn.intervals[0].start, drawn.span, tuple(lines)


def share(part: int, whole: int) -> float | None:
    """A share of 0 to 1; None of nothing."""
    return part / whole if whole else None
