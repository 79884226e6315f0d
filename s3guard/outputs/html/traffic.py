"""The traffic, drawn: how many operations fail, how many read and write, how fast, and who and what most of them came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from s3guard import charts
from s3guard.charts import Chart, sentences, svg
from s3guard.charts.stretches import at_most, every, noun, spans_a_year, told, when
from s3guard.charts.units import Unit, said
from s3guard.markup import Markup, element, value
from s3guard.model import Report
from s3guard.outputs.html.coverage import is_audit
from s3guard.outputs.html.parts import Section, count_of, folded, table
from s3guard.traffic import BucketTraffic, Entry, Interval, Line, Top, Traffic

ROWS: Final = 100
"""Rows of the table below a chart; where there are more intervals, several make a row."""
FIRST: Final = 10
"""Entries of a top table that are in sight."""
BUCKETS: Final = 20
"""Buckets that are in sight."""
LIMITS: Final = 8
"""Limits beside a chart that are named."""
_SPARK: Final = 60
"""Points of a small line."""


def section(report: Report) -> Section:
    """The section; it says why where there is nothing to draw."""
    traffic = report.traffic
    if traffic is None or not traffic.intervals:
        if is_audit(report):
            why = "The run read no log, so there is no traffic to draw."
        elif traffic is None:
            why = "This run was not asked for the traffic. s3guard report draws it."
        else:
            why = "No operation was judged, so there is no traffic to draw."
        return Section.of("traffic", "Traffic", element("p", why, class_="lead"))
    drawn = {chart.name: chart for chart in charts.of(traffic)}
    rows = at_most(traffic, ROWS)
    parts = [_lead(traffic)]
    parts += [_figure(chart, rows, wide=chart.name == "errors") for chart in drawn.values()]
    parts += [_top(top, traffic) for top in sorted(traffic.tops, key=lambda top: top.column != "error_code")]
    parts += [*_buckets(traffic)]
    return Section.of("traffic", "Traffic", element("div", *parts, class_="charts"))


def _lead(traffic: Traffic) -> Markup:
    requests = sum(one.requests for one in traffic.intervals)
    others = sum(one.others.requests for one in traffic.intervals)
    first, last = (told(traffic, traffic.intervals[at].start) for at in (0, -1))
    over = f"from {first} to {last}" if len(traffic.intervals) > 1 else f"of {first}"
    operations = f"{count_of(requests, 'operation')} {over}, by the {noun(traffic.span)}, of all buckets that a policy is about"
    apart = f"{others:,} of them neither read nor write: lists, metadata, configuration" if others else "all of them read or write"
    words = f"{operations}; {apart}. Charts decide nothing: whether a limit was broken is said by its check, in its own windows and groups."
    silence = sentences.silence(traffic)
    return element("p", f"{words} {silence}" if silence else words, class_="lead")


def _figure(chart: Chart, rows: Traffic, *, wide: bool) -> Markup:
    heads, cells = _COLUMNS[chart.name]
    year = spans_a_year(rows.intervals[0].start, rows.span * len(rows.intervals))
    body = ([when(one.start, rows.span, year=year), *cells(one)] for one in rows.intervals)
    title = f"By the {noun(rows.span)}" if rows.span == chart.span else f"By {'the ' if rows.span == 86_400 else ''}{noun(rows.span)}"
    numbers = folded(f"{title}, in numbers", table(f"{chart.title}, in numbers", ["From, UTC", *heads], body), class_="data")
    caption = element("figcaption", element("h3", chart.title), element("p", chart.says))
    return element("figure", caption, svg.drawn(chart), _legend(chart), numbers, class_="wide-figure" if wide else None)


def _legend(chart: Chart) -> Markup | None:
    """What the colours and dashes are, and which rules the limits are of."""
    items = []
    if len(chart.series) > 1:
        items += [_key(f"ink-{one.ink}", one.name) for one in chart.series]
    if chart.trend is not None:
        items.append(_key("key-trend", "trend of the mean, least squares"))
    measure = svg.scale_of(chart)
    if measure.bottom:
        items.append(element("li", "logarithmic scale", class_="remark"))
    if chart.blind:
        items.append(_key("key-blind", "records that nobody measured: there was more than is drawn"))
    items += [_limit(chart, line, is_drawn=measure.bottom <= line.value <= measure.top) for line in chart.limits[:LIMITS]]
    if left := chart.limits[LIMITS:]:
        items.append(element("li", f"and {count_of(len(left), 'more limit')} of policies", class_="remark"))
    return element("ul", *items, class_="legend") if items else None


def _key(kind: str, words: str) -> Markup:
    return element("li", element("span", class_=f"key {kind}"), words)


def _limit(chart: Chart, line: Line, *, is_drawn: bool) -> Markup:
    """The limit in the words of its rule, and where it is if it is not in the picture."""
    away = "" if is_drawn else f", {'above' if line.value > svg.scale_of(chart).top else 'below'} the chart"
    key = element("span", class_="key key-limit" if is_drawn else "key key-away")
    return element("li", key, line.label, " ", element("span", element("bdi", line.rule), class_="rule"), away)


Cells = Callable[[Interval], list[str]]


def _share_cells(one: Interval) -> list[str]:
    failed = one.client_errors + one.server_errors
    part = charts.share(failed, one.requests)
    return [f"{one.requests:,}", f"{one.client_errors:,}", f"{one.server_errors:,}", "" if part is None else said("share", part)]


def _amount_cells(name: str, unit: Unit) -> Cells:
    count = charts.AMOUNTS[name][2]
    return lambda one: [said(unit, count(one))]


def _time_cells(name: str) -> Cells:
    def cells(one: Interval) -> list[str]:
        times = getattr(one, name)
        measured = (times.mean, times.p50, times.p95, times.p99)
        return [f"{times.records:,}", *("" if told is None else said("milliseconds", told) for told in measured)]

    return cells


_TIMES: Final = ["#Records", "#Mean", "#p50", "#p95", "#p99"]
_COLUMNS: Final[dict[str, tuple[list[str], Cells]]] = {
    "errors": (["#Operations", "#Client errors, 4xx", "#Server errors, 5xx", "#Share"], _share_cells),
    "reads": (["#Reads"], _amount_cells("reads", "requests")),
    "writes": (["#Writes"], _amount_cells("writes", "requests")),
    "sent": (["#Sent for reads"], _amount_cells("sent", "bytes")),
    "received": (["#Received from writes"], _amount_cells("received", "bytes")),
    "total_time": (_TIMES, _time_cells("total_time")),
    "turn_around_time": (_TIMES, _time_cells("turn_around_time")),
    "refused": (["#Refused", "#Of operations"], lambda one: [f"{one.refused:,}", f"{one.requests:,}"]),
}
"""The columns of the table below each chart."""


def _top(top: Top, traffic: Traffic) -> Markup:
    """Those that most operations came from, as bars: the part that was refused in its own colour."""
    requests = sum(one.requests for one in traffic.intervals)
    title, noun_of, *_ = sentences.TOPS[top.column]
    is_narrow = top.column == "error_code"
    caption = element("figcaption", element("h3", f"{title} by number of operations"), element("p", sentences.top(top, requests)))
    most = max((entry.requests for entry in top.entries), default=1)
    heads = [f"{noun_of[:1].upper()}{noun_of[1:]}", "#Operations", "#Share"] + ([] if is_narrow else ["#Refused", "#Sent"])
    rows = [_entry(entry, most, requests, top.column)[: len(heads)] for entry in top.entries]
    parts = [table(f"{title} by number of operations", heads, rows[:FIRST], class_="ranked")] if rows else []
    if rows[FIRST:]:
        different = top.different + any(entry.value is None for entry in top.entries)
        of = f" of {'at least ' if top.approximate else ''}{different:,}" if different > len(rows) else ""
        parts.append(folded(f"{len(rows) - FIRST} more{of}", table(f"More: {title}", heads, rows[FIRST:], class_="ranked"), class_="data"))
    return element("figure", caption, *parts, class_=None if is_narrow else "wide-figure")


_NONE: Final = {
    "principal": "anonymous",
    "remote_ip": "no address",
    "key": "no key",
    "user_agent": "no user agent",
    "error_code": "no error",
}


def _entry(entry: Entry, most: int, requests: int, column: str) -> list[str]:
    name = element("em", _NONE[column]) if entry.value is None else value(entry.value, 300)
    drawing = svg.bar(entry.requests / most, entry.refused / most, "errors" if column == "error_code" else "reads", "refused")
    return [
        element("div", element("div", name, class_="who"), element("div", drawing), class_="ranking"),
        f"{entry.requests:,}",
        said("share", entry.requests / requests) if requests else "",
        f"{entry.refused:,}" if entry.refused else "",
        said("bytes", entry.bytes_sent),
    ]


def _buckets(traffic: Traffic) -> Iterator[Markup]:
    """A row for each bucket, with its operations over time."""
    if not traffic.buckets:
        return
    short = at_most(traffic, _SPARK)
    heads = ["Bucket", f"Operations {every(short.span)}", "#Operations", "#Errors", "#Sent", "#Received"]
    rows = [_bucket(one) for one in short.buckets]
    left = f" and {traffic.omitted:,} with fewer operations" if traffic.omitted else ""
    says = f"{count_of(len(rows), 'bucket')}{left}; the busiest stands first."
    parts = [
        element("figcaption", element("h3", "Buckets"), element("p", says)),
        table("Buckets", heads, rows[:BUCKETS], class_="by-bucket"),
    ]
    if rows[BUCKETS:]:
        parts.append(
            folded(f"{count_of(len(rows) - BUCKETS, 'more bucket')}", table("More buckets", heads, rows[BUCKETS:], class_="by-bucket"))
        )
    yield element("figure", *parts, class_="wide-figure")


def _bucket(one: BucketTraffic) -> Sequence[str]:
    requests, errors = sum(one.requests), sum(one.errors)
    failed = said("share", errors / requests) if requests else ""
    drawing = svg.spark(one.requests, "reads")
    return [value(one.bucket, 200), drawing, f"{requests:,}", failed, said("bytes", one.bytes_sent), said("bytes", one.bytes_received)]
