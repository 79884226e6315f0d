"""A chart as SVG that fits any width: shapes are stretched, text is not; colours are classes, so that a page's style decides them.

The drawing is an image with a title and a description for those who do not see it. What it shows by the pointer is in the page's tables
as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from s3guard.charts import Chart, Series
from s3guard.charts.axis import marks
from s3guard.charts.stretches import later, spans_a_year, when
from s3guard.charts.units import Scale, said, scale
from s3guard.markup import Markup, element, joined, number

TOP: Final = 24
"""Pixels above the plot, for what stands at the peak."""
PLOT: Final = 150
FOOT: Final = 26
"""Pixels below it, for the axis of time."""
_FINE: Final = 400
"""Units of height of a shape: as fine as a printer shows."""
_BARS: Final = 130
"""Intervals that are drawn as bars apart from each other; more are one shape."""
_ZONES: Final = 48
"""Places of a chart that tell their numbers to the pointer."""
_NEAR: Final = 2.5
"""A limit that is so many times the highest number is drawn; one further away would leave nothing of the numbers to see."""
_LIMITS: Final = 4


def drawn(chart: Chart) -> Markup:
    """The chart, ``chart-<name>`` by its id."""
    measure = scale_of(chart)
    name = f"chart-{chart.name}"
    plot = element(
        "svg",
        *(element("rect", class_="blind", x=since, width=until - since, height=_FINE) for since, until in chart.blind),
        *(_shape(series, measure) for series in chart.series),
        *_zones(chart),
        y=TOP,
        width="100%",
        height=PLOT,
        viewBox=f"0 0 {chart.intervals} {_FINE}",
        preserveAspectRatio="none",
    )
    return element(
        "svg",
        element("title", chart.title, id=f"{name}-title"),
        element("desc", chart.says, id=f"{name}-desc"),
        *_grid(chart, measure),
        plot,
        *_trend(chart, measure),
        *_limits(chart, measure),
        *_peak(chart, measure),
        class_="chart",
        id=name,
        role="img",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
        width="100%",
        height=TOP + PLOT + FOOT,
    )


def scale_of(chart: Chart) -> Scale:
    """The scale that all series fit into, and limits that are not far above."""
    values = [value for series in chart.series for value in series.values if value is not None]
    highest = max(values, default=0)
    if chart.unit == "milliseconds" and highest:
        near = [line.value for line in chart.limits if highest / 10 <= line.value <= highest * 10]
        # NOTE: a log counts whole milliseconds, and a logarithm has no 0.
        return scale(chart.unit, max(highest, *near) if near else highest, max(1, min(values)))
    return scale(chart.unit, max([highest, *(line.value for line in chart.limits if line.value <= highest * _NEAR)]))


def _y(measure: Scale, value: float) -> float:
    return TOP + PLOT * (1 - measure.height(value))


def _percent(at: float) -> str:
    return f"{number(at * 100)}%"


def _grid(chart: Chart, measure: Scale) -> Iterator[Markup]:
    for tick in measure.ticks:
        y = _y(measure, tick)
        yield element("line", class_="grid" if tick != measure.ticks[0] or measure.bottom else "ground", x2="100%", y1=y, y2=y)
        yield element("text", said(chart.unit, tick), class_="tick y", x=-8, y=y + 3.5)
    for index, mark in enumerate(marks(chart.start, chart.span, chart.intervals)):
        x = _percent(mark.at)
        yield element("line", class_="mark", x1=x, x2=x, y1=TOP + PLOT, y2=TOP + PLOT + 5)
        place = " first" if mark.at < 0.03 else " last" if mark.at > 0.94 else ""
        yield element("text", mark.text, class_=f"tick x{place}{' odd' if index % 2 else ''}", x=x, y=TOP + PLOT + 19)


def _shape(series: Series, measure: Scale) -> Markup:
    heights = [None if value is None else round(_FINE * (1 - measure.height(value))) for value in series.values]
    if not series.filled:
        return element("path", class_=f"line ink-{series.ink}", d=_line(heights))
    if len(heights) <= _BARS:
        return element("path", class_=f"fill ink-{series.ink}", d=_bars(heights))
    return element("path", class_=f"fill steps ink-{series.ink}", d=_steps(heights))


def _bars(heights: Sequence[int | None]) -> str:
    told = ((at, height) for at, height in enumerate(heights) if height is not None and height < _FINE)
    return "".join(f"M{number(at + 0.1)} {_FINE}V{height}h.8V{_FINE}z" for at, height in told)


def _steps(heights: Sequence[int | None]) -> str:
    """One shape from the ground up, level within each interval."""
    pieces, last = [f"M0 {_FINE}"], _FINE
    for at, height in enumerate([*(_FINE if one is None else one for one in heights), _FINE]):
        if height != last:
            pieces.append(f"H{at}V{height}")
            last = height
    return "".join(pieces) + "z"


def _line(heights: Sequence[int | None]) -> str:
    """From the middle of an interval to that of the next, broken where one tells nothing."""
    pieces, last = [], None
    for at, height in enumerate(heights):
        if height is None:
            last = None
        elif last is None:
            alone = at + 1 == len(heights) or heights[at + 1] is None
            pieces.append(f"M{number(at + 0.2)} {height}h.6" if alone else f"M{at}.5 {height}")
            last = height
        else:
            pieces.append(f"l1 {height - last}" if height >= last else f"l1{height - last}")
            last = height
    return "".join(pieces)


def _trend(chart: Chart, measure: Scale) -> Iterator[Markup]:
    if chart.trend is None:
        return
    count, steps = chart.intervals, 1 if not measure.bottom else 24
    ends = [(at / steps, chart.trend.first + (chart.trend.last - chart.trend.first) * at / steps) for at in range(steps + 1)]
    # NOTE: a line may go below what a logarithmic scale shows; it ends there.
    inside = [(at, value) for at, value in ends if not measure.bottom or value >= measure.bottom]
    points = [((0.5 + at * (count - 1)) / count, round(_FINE * (1 - measure.height(value)))) for at, value in inside]
    path = "M" + "L".join(f"{number(x * 1000)} {y}" for x, y in points)
    line = element("path", class_="trend" if chart.trend.is_clear else "trend vague", d=path if points else "")
    yield element("svg", line, y=TOP, width="100%", height=PLOT, viewBox=f"0 0 1000 {_FINE}", preserveAspectRatio="none")


def _limits(chart: Chart, measure: Scale) -> Iterator[Markup]:
    """A line at each limit that is in the picture, with its number where there is room."""
    last = math.inf
    for value in sorted({line.value for line in chart.limits})[:_LIMITS]:
        if not measure.bottom <= value <= measure.top:
            continue
        y = _y(measure, value)
        yield element("line", class_="limit", x2="100%", y1=y, y2=y)
        if last - y > 14:
            yield element("text", f"limit {said(chart.unit, value)}", class_="limit-text", x="100%", y=y - 5)
            last = y


def _peak(chart: Chart, measure: Scale) -> Iterator[Markup]:
    """A dot and the number at the highest place of the first series, where it is an amount."""
    at = chart.peak
    if at is None or not chart.series[0].filled or chart.intervals < 2:
        return
    value = chart.series[0].values[at] or 0
    x, y = (at + 0.5) / chart.intervals, _y(measure, value)
    yield element("circle", class_=f"dot ink-{chart.series[0].ink}", cx=_percent(x), cy=y, r=3.5)
    # NOTE: at the right end stand the numbers of limits.
    is_taken = x > 0.6 and any(abs(_y(measure, line.value) - y) < 18 for line in chart.limits)
    if is_taken:
        yield element("text", said(chart.unit, value), class_="peak last", x=_percent(x), dx=-9, y=y + 4)
    else:
        side = " first" if x < 0.1 else " last" if x > 0.9 else ""
        yield element("text", said(chart.unit, value), class_=f"peak{side}", x=_percent(x), y=y - 9)


def _zones(chart: Chart) -> Iterator[Markup]:
    """Places that tell their numbers to the pointer: an interval each, or several where there are many."""
    day = max(1, 86_400 // chart.span)
    together = 1 if chart.intervals <= _ZONES else day if chart.intervals <= _ZONES * day else -(-chart.intervals // _ZONES)
    # NOTE: days begin at midnight, wherever the first interval does.
    first = -(chart.start.hour * 3_600 // chart.span) if together == day and day > 1 else 0
    for begin in range(first, chart.intervals, together):
        since, until = max(begin, 0), min(begin + together, chart.intervals)
        told = ", ".join(text for series in chart.series if (text := _told(chart, series, since, until)))
        start = later(chart.start, since * chart.span)
        title = f"{_named(chart, start, together)}: {told or 'nothing'}"
        yield element("rect", element("title", title), class_="zone", x=since, width=until - since, height=_FINE)


def _named(chart: Chart, start: datetime, together: int) -> str:
    span = chart.span * together
    return when(start, span, year=spans_a_year(chart.start, chart.span * chart.intervals)) + (" UTC" if span < 86_400 else "")


def _told(chart: Chart, series: Series, since: int, until: int) -> str:
    values = [value for value in series.values[since:until] if value is not None]
    if not values:
        return ""
    if until - since == 1:
        return f"{series.name} {said(chart.unit, values[0])}"
    if chart.unit in ("requests", "bytes"):
        return f"{series.name.rpartition(' a')[0] or series.name} {said(chart.unit, sum(values))}"
    return f"{series.name} up to {said(chart.unit, max(values))}"


def strip(counts: Sequence[int], words: str, name: str) -> Markup:
    """A row of cells, the darker the more; 0 is an empty one. `words` say what it shows."""
    highest = max(counts, default=0)
    paths: dict[int, list[str]] = {}
    for level, since, until in _runs([_level(count, highest) for count in counts]):
        if level:
            paths.setdefault(level, []).append(f"M{since} 0h{until - since}v1h{since - until}z")
    cells = [element("path", class_=f"cell heat-{level}", d="".join(found)) for level, found in sorted(paths.items())]
    shape = joined(cells)
    drawing = element("svg", shape, width="100%", height="100%", viewBox=f"0 0 {max(len(counts), 1)} 1", preserveAspectRatio="none")
    return element(
        "svg", element("title", words, id=name), drawing, class_="strip", role="img", aria_labelledby=name, width="100%", height=18
    )


LEVELS: Final = 5
"""Shades of a strip beside the empty one."""


def _level(count: int, highest: int) -> int:
    """0 of nothing, else 1 to `LEVELS` by the logarithm: an hour of ten among hours of a million is still seen."""
    if not count:
        return 0
    return 1 + min(LEVELS - 1, int(math.log(count) / math.log(highest + 1) * LEVELS)) if highest > 1 else LEVELS


def _runs(levels: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    since = 0
    for at in range(1, len(levels) + 1):
        if at == len(levels) or levels[at] != levels[since]:
            yield levels[since], since, at
            since = at


def spark(counts: Sequence[int], ink: str) -> Markup:
    """A small line without axes beside a number that says it; so nobody is told of it who does not see it."""
    highest = max(counts, default=0) or 1
    heights: list[int | None] = [round(_FINE * (1 - count / highest)) for count in counts]
    path = element("path", class_=f"fill ink-{ink}", d=_bars(heights) if len(counts) <= _BARS // 2 else _steps(heights))
    return element(
        "svg",
        path,
        class_="spark",
        aria_hidden="true",
        width="100%",
        height=22,
        viewBox=f"0 0 {max(len(counts), 1)} {_FINE}",
        preserveAspectRatio="none",
    )


def bar(part: float, within: float, ink: str, within_ink: str) -> Markup:
    """A bar of a share of the width, a part of it in another colour."""
    whole = element("rect", class_=f"fill ink-{ink}", width=_percent(max(part, 0.004)), height=10, rx=2)
    inner = element("rect", class_=f"fill ink-{within_ink}", width=_percent(max(within, 0.004)), height=10, rx=2) if within else None
    return element("svg", whole, inner, class_="bar", aria_hidden="true", width="100%", height=10)
