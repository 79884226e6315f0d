"""The traffic as lines of a terminal: each chart with its sentence, its limits and the line of its trend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from s3guard import continuity
from s3guard.charts import Chart, blocks, of, sentences
from s3guard.charts.axis import marks
from s3guard.charts.stretches import at_most, noun, spans_a_year, when
from s3guard.charts.units import said, scale
from s3guard.layout import fit, pad, width
from s3guard.model import BucketCoverage
from s3guard.page import BOLD, CYAN, DIM, GREEN, RED, YELLOW, Page
from s3guard.traffic import Top, Traffic
from s3guard.verdict import moment

ROWS: Final = 4
"""Lines of a chart."""
POINTS: Final = 6
"""Lines of a chart of points."""
FIRST: Final = 10
"""Entries of a top list."""
LIMITS: Final = 4
"""Limits of a chart that are named."""
_BAR: Final = 16
_BEHIND: Final = 14
"""Columns of a number behind a small line."""
_NAMES: Final = {
    "errors": ("errors", RED),
    "reads": ("reads", CYAN),
    "writes": ("writes", YELLOW),
    "sent": ("bytes out", CYAN),
    "received": ("bytes in", YELLOW),
    "total_time": ("total time", GREEN),
    "turn_around_time": ("turn-around", GREEN),
    "refused": ("refused", RED),
}
"""The label and the colour of each chart."""
_NONE: Final = {
    "principal": "anonymous",
    "remote_ip": "no address",
    "key": "no key",
    "user_agent": "no user agent",
    "error_code": "no error",
}


def lines(page: Page, traffic: Traffic) -> Iterator[str]:
    """All charts and lists, each after an empty line."""
    yield ""
    yield from page.lines("traffic", _over(traffic), label_style=BOLD)
    if (shared := -(-len(traffic.intervals) // page.room)) > 1:
        yield from page.lines(
            "", f"a column is up to {shared} {noun(traffic.span)}s: of shares and counts the highest of one, of means their mean", DIM
        )
    if told := sentences.silence(traffic):
        yield from page.lines("", told, DIM)
    for chart in of(traffic):
        yield ""
        yield from _chart(page, chart)
    requests = sum(one.requests for one in traffic.intervals)
    # NOTE: of nothing one sentence is enough; five lists without an entry would hide why.
    for top in (one for one in traffic.tops if one.entries or traffic.intervals):
        yield ""
        yield from _top(page, top, requests)
    yield from _buckets(page, traffic)


def _over(traffic: Traffic) -> str:
    if not traffic.intervals:
        return "no operation was judged, so there is nothing to draw"
    requests = sum(one.requests for one in traffic.intervals)
    others = sum(one.others.requests for one in traffic.intervals)
    year = spans_a_year(traffic.intervals[0].start, traffic.span * len(traffic.intervals))
    first, last = (when(traffic.intervals[at].start, traffic.span, year=year) for at in (0, -1))
    over = f"from {first} to {last}" if first != last else f"of {first}"
    apart = f", {others:,} of them neither reads nor writes" if others else ""
    return f"{requests:,} operation{'' if requests == 1 else 's'} {over} UTC, by the {noun(traffic.span)}{apart}"


def _chart(page: Page, chart: Chart) -> Iterator[str]:
    label, color = _NAMES[chart.name]
    yield from page.lines(label, page.safe(chart.says), label_style=BOLD)
    # NOTE: small lines below stand under the same columns, with a number behind them.
    room = page.room if len(chart.series) == 1 else page.room - _BEHIND
    values = blocks.columns(chart.series[0].values, room, mean=chart.unit == "milliseconds")
    if any(values):
        drawn = _points(page, chart, values, color) if chart.trend is not None else _columns(page, chart, values, color)
        yield from drawn
        yield f"{page.label('')}  {page.paint(_axis(chart, len(values)), DIM)}".rstrip(" ")
        for series in chart.series[1:]:
            yield from _spark(page, chart, series.name.split(" ")[0], series.values, len(values))
    for line in chart.limits[:LIMITS]:
        yield from page.lines("limit", page.clean(f"{line.label} ({line.rule})"), DIM, most=2)
    if left := chart.limits[LIMITS:]:
        yield from page.lines("", f"and {len(left):,} more limit{'' if len(left) == 1 else 's'}", DIM)


def _columns(page: Page, chart: Chart, values: Sequence[float | None], color: str) -> Iterator[str]:
    """An amount, from the ground up, with the lowest limit that is in the picture."""
    highest = max(value or 0 for value in values)
    limit = next((line.value for line in chart.limits if line.value <= highest * 2.5), None)
    measure = scale(chart.unit, max(highest, limit or 0))
    heights = [None if value is None else measure.height(value) for value in values]
    at = None if limit is None else measure.height(limit)
    drawn = blocks.standing(heights, ROWS, _signs(page), at)
    over = None if at is None else min(int(at * ROWS), ROWS - 1)
    for number, text in enumerate(drawn):
        row = ROWS - 1 - number
        label = (
            said(chart.unit, measure.top)
            if not number
            else f"limit {said(chart.unit, limit or 0)}"
            if row == over
            else "0"
            if not row
            else ""
        )
        yield f"{page.label(label)}  {page.paint(text, color)}".rstrip(" ")


def _points(page: Page, chart: Chart, values: Sequence[float | None], color: str) -> Iterator[str]:
    """Means and the line of their trend, between the lowest and the highest of them."""
    assert chart.trend is not None  # noqa: S101 - for the type checker
    first, last = chart.trend.first, chart.trend.last
    trend = [first + (last - first) * at / max(len(values) - 1, 1) for at in range(len(values))]
    told = [*(value for value in values if value is not None), first, last]
    low, high = max(min(told), 0), max(told)
    # NOTE: a log counts whole milliseconds, and a logarithm has no 0.
    measure = scale(chart.unit, high, max(low, 1))
    span = (high - low) or 1

    def height(value: float) -> float:
        return measure.height(value) if measure.bottom else (value - low) / span

    heights = [None if value is None else height(value) for value in values]
    drawn = blocks.points(heights, [height(value) for value in trend], POINTS, _signs(page))
    low, high = (measure.bottom, measure.top) if measure.bottom else (low, high)
    for number, text in enumerate(drawn):
        label = said(chart.unit, high) if not number else said(chart.unit, low) if number == POINTS - 1 else ""
        yield f"{page.label(label)}  {page.paint(text, color)}".rstrip(" ")


def _spark(page: Page, chart: Chart, name: str, values: Sequence[float | None], room: int) -> Iterator[str]:
    highest = max((value for value in values if value is not None), default=0)
    drawn = blocks.spark(values, room, _signs(page))
    name = "server's" if name == "of" else name
    yield f"{page.label(name)}  {pad(drawn, room)}  {page.paint(f'max {said(chart.unit, highest)}', DIM)}".rstrip(" ")


def _axis(chart: Chart, columns: int) -> str:
    """Dates and times below their columns, as many as fit."""
    line = ""
    for mark in marks(chart.start, chart.span, chart.intervals):
        at = int(mark.at * columns)
        if at == 0 or at > len(line) + 1:
            line = line.ljust(at) + mark.text
    return line if len(line) <= columns else line[: line.rfind(" ", 0, columns) + 1].rstrip(" ") if " " in line[:columns] else line


def strip(page: Page, bucket: BucketCoverage) -> Iterator[str]:
    """When there are records of a bucket: a blank is a time without any."""
    since, until, counts, _ = continuity.cells(bucket.hours, bucket.gaps, page.room)
    # NOTE: as logarithms, so that an hour of ten among hours of a million is seen.
    drawn = blocks.spark([math.log1p(count) for count in counts], page.room, _signs(page))
    yield f"{page.label('')}  {page.paint(drawn, CYAN)}".rstrip(" ")
    yield from page.lines("", f"{moment(since)[:16]} to {moment(until)[:16]} UTC", DIM)


def _top(page: Page, top: Top, requests: int) -> Iterator[str]:
    title = sentences.TOPS[top.column][0].lower().replace("ip ", "IP ")
    yield from page.lines(title, page.safe(sentences.top(top, requests)), label_style=BOLD)
    most = max((entry.requests for entry in top.entries), default=1)
    for entry in top.entries[:FIRST]:
        drawn = blocks.bar(entry.requests / most, _BAR, _signs(page))
        refused = f" {entry.refused:,} refused" if entry.refused and top.column != "error_code" else ""
        room = page.room - _BAR - 2 - width(refused)
        name = fit(_NONE[top.column] if entry.value is None else page.clean(entry.value, 300), room, page.glyph("…", "..."))
        gap = " " * (room - width(name)) if refused else ""
        yield f"{page.label(f'{entry.requests:,}', '')}  {page.paint(drawn, CYAN)}  {name}{gap}{page.paint(refused, RED)}".rstrip(" ")
    if (left := top.different - len(top.entries[:FIRST])) > 0:
        yield from page.lines("", f"and {'at least ' if top.approximate else ''}{left:,} more", DIM)


def _buckets(page: Page, traffic: Traffic) -> Iterator[str]:
    """The operations of each bucket over time."""
    if not traffic.buckets:
        return
    yield ""
    yield from page.lines("buckets", "by number of operations, and these over time", label_style=BOLD)
    short = at_most(traffic, 100)
    for one in short.buckets[:FIRST]:
        told = f"{said('bytes', one.bytes_sent)} sent"
        drawn = blocks.spark(one.requests, _BAR, _signs(page))
        room = page.room - _BAR - 2 - len(told) - 2
        name = pad(fit(page.clean(one.bucket, 100), room, page.glyph("…", "...")), room)
        yield f"{page.label(f'{sum(one.requests):,}', '')}  {page.paint(pad(drawn, _BAR), CYAN)}  {name}  {page.paint(told, DIM)}"
    if left := len(short.buckets[FIRST:]) + traffic.omitted:
        yield from page.lines("", f"and {left:,} more", DIM)


def _signs(page: Page) -> blocks.Signs:
    return blocks.ASCII if page.ascii else blocks.UNICODE
