"""What merged tables say of the traffic, as a report draws it: pure, and the same for the same tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from s3guard import heavy, hourly, hours
from s3guard.heavy import TOP
from s3guard.hourly import FLOW, MEASURED, TIME
from s3guard.hours import SPANS
from s3guard.partial import Partial
from s3guard.plan import Plan
from s3guard.traffic import BucketTraffic, Entry, Flow, Interval, Line, Side, Times, Top, Traffic, Unmeasured

HOURS: Final = 31 * 24
"""Hours that are told one by one; where there are more, days are."""

INTERVALS: Final = 1_098
"""Intervals that are told, three years of days: hostile records may be a hundred centuries apart."""

ENTRIES: Final = 20
BUCKETS: Final = 100
"""What is told of tops and buckets, most requests first."""

_FIRST: Final = -62_135_596_800
_LAST: Final = 253_402_300_799
"""The first and the last second of the calendar."""

_WITHOUT: Final = ("key", "error_code")
"""Columns of which the requests without a value are told of nobody: a listing has no key, and most requests no error."""


def charted(plan: Plan, partial: Partial) -> Traffic:
    """The traffic of a partial whose tables are joined."""
    flows = _joined(partial.flows, FLOW).filter(~pl.col("own"))
    times = _joined(partial.times, TIME)
    unmeasured = _unmeasured(plan, partial)
    told = flows.with_columns(pl.col("class").replace_strict(_sides(flows), default="others", return_dtype=pl.String).alias("side"))
    span = _span(flows, times)
    starts, beyond = _starts(flows, span)
    by_hour = told.with_columns((pl.col("cell") // span * span).alias("start"))
    return Traffic(
        span=span,
        intervals=tuple(_intervals(by_hour, times, starts, span, unmeasured)),
        tops=tuple(_tops(_joined(partial.tops, TOP))),
        buckets=tuple(_buckets(by_hour, starts)),
        omitted=max(0, flows["bucket"].n_unique() - BUCKETS),
        lines=lines(plan),
        beyond=beyond,
        unmeasured=_told(unmeasured),
    )


def lines(plan: Plan) -> tuple[Line, ...]:
    """The limits of all rules that are judged, as a chart can draw them."""
    bound = (one for policy in plan.policies for one in policy.rules if plan.judges(one))
    return tuple(Line(drawn.drawn, one.name, drawn.label, drawn.value, drawn.per) for one in bound for drawn in one.rule.drawn())


def notes(traffic: Traffic, *, remembered: bool = False) -> Iterator[str]:
    """Sentences about what the traffic does not show; `remembered`: a state remembers it by the hour."""
    if rough := [one for one in traffic.tops if one.approximate]:
        cap = heavy.OF_CELL if remembered else heavy.VALUES
        where = "bucket and hour, which is what a state remembers" if remembered else "bucket"
        names = ", ".join(one.column for one in rough)
        yield (
            f"There were too many different values to count each ({names}): {cap:,} are counted of each {where}, so a count may lack "
            f"1 in {cap + 1:,} of the requests there, and who makes fewer may be missing."
        )
    if (missing := traffic.unmeasured) is not None:
        yield (
            f"The traffic that is drawn lacks {_records(missing.records)} of the hours from {_hour(missing.first)} to "
            f"{_hour(missing.last)}: they were judged by a run that measured no traffic, or before a policy was about their bucket."
        )
    if traffic.beyond:
        yield (
            f"The traffic is spread over more than {INTERVALS:,} intervals: drawn are those with most requests, "
            f"and {_records(traffic.beyond)} lie out of them."
        )


def _records(count: int) -> str:
    return f"{count:,} {'record' if count == 1 else 'records'}"


def _hour(moment: datetime) -> str:
    return f"{moment.year:04}-{moment:%m-%dT%H:%MZ}"


def _joined(frames: list[pl.DataFrame], schema: Mapping[str, Any]) -> pl.DataFrame:
    return frames[0] if frames else pl.DataFrame(schema=dict(schema))


def _sides(flows: pl.DataFrame) -> dict[str, Side]:
    return {class_: hourly.side(class_) for class_ in flows["class"].unique()}


def _span(flows: pl.DataFrame, times: pl.DataFrame) -> int:
    """Seconds of an interval: an hour, or a day where there are too many hours, or what the tables tell."""
    longest = max([SPANS[0], *(int(frame.select(pl.col("span").max().fill_null(0)).item()) for frame in (flows, times))])
    if longest > SPANS[0] or not flows.height:
        return longest
    first, last = flows.select(pl.col("cell").min().alias("first"), pl.col("cell").max().alias("last")).row(0)
    return SPANS[0] if (last - first) // SPANS[0] < HOURS else SPANS[1]


def _starts(flows: pl.DataFrame, span: int) -> tuple[range, int]:
    """Where the intervals begin, and how many requests lie out of them: of those that are too many to be told, those with most requests."""
    counted = flows.group_by((pl.col("cell") // span).alias("place")).agg(pl.col("requests").sum()).sort("place")
    if not counted.height:
        return range(0), 0
    places, requests = counted["place"].to_list(), counted["requests"].to_list()
    best, last, most, inside, begin = 0, 0, -1, 0, 0
    for end, place in enumerate(places):
        inside += requests[end]
        while place - places[begin] >= INTERVALS:
            inside -= requests[begin]
            begin += 1
        if inside > most:
            best, most, last = begin, inside, place
    return range(places[best] * span, (last + 1) * span, span), sum(requests) - most


def _intervals(flows: pl.DataFrame, times: pl.DataFrame, starts: range, span: int, unmeasured: Mapping[int, int]) -> Iterator[Interval]:
    """The intervals, those without traffic too."""
    sums = _by_side(flows, starts)
    taken = _by_time(flows, times, starts, span)
    missing = dict[int, int]()
    for start, count in unmeasured.items():
        missing[start // span * span] = missing.get(start // span * span, 0) + count
    for start in starts:
        reads, writes, others = (sums.get((start, name), Flow()) for name in ("reads", "writes", "others"))
        total, turn_around = (taken.get((start, name), Times()) for name in MEASURED)
        yield Interval(_instant(start), reads, writes, others, total, turn_around, missing.get(start, 0))


def _by_side(flows: pl.DataFrame, starts: range) -> dict[tuple[int, str], Flow]:
    counted = {
        "requests": pl.col("requests").sum(),
        "client_errors": pl.col("requests").filter(pl.col("errors") == "4xx").sum(),
        "server_errors": pl.col("requests").filter(pl.col("errors") == "5xx").sum(),
        "refused": pl.col("requests").filter(pl.col("outcome") == "refused").sum(),
        "bytes_sent": pl.col("bytes_sent").sum(),
        "bytes_received": pl.col("bytes_received").sum(),
    }
    inside = _inside(flows, starts).group_by("start", "side").agg(**counted)
    return {(start, side): Flow(**dict(zip(counted, numbers, strict=True))) for start, side, *numbers in inside.iter_rows()}


def _inside(rows: pl.DataFrame, starts: range) -> pl.DataFrame:
    return rows.filter(pl.col("start").is_between(starts.start, starts.stop, closed="left"))


def _by_time(flows: pl.DataFrame, times: pl.DataFrame, starts: range, span: int) -> dict[tuple[int, str], Times]:
    """`Times` of both times of reads and writes, by interval."""
    placed = _inside(times.with_columns((pl.col("cell") // span * span).alias("start"), pl.col("time").cast(pl.String)), starts)
    bars = placed.group_by("start", "time", "ms").agg(pl.col("records").sum()).sort("start", "time", "ms")
    reached = pl.col("records").cum_sum().over("start", "time")
    everything = pl.col("records").sum().over("start", "time")
    bars = bars.with_columns(reached.alias("reached"), everything.alias("everything"))
    # NOTE: the nearest rank, in whole numbers: the first time that so many requests took, or less.
    met = {percent: pl.col("reached") * 100 >= pl.col("everything") * percent for percent in (50, 95, 99)}
    ranks = {f"p{percent}": pl.col("ms").filter(has).first() for percent, has in met.items()}
    found = bars.group_by("start", "time").agg(pl.col("everything").first(), **ranks)
    sums = {
        (start, name): total
        for name in MEASURED
        for start, total in _inside(flows, starts).filter(pl.col("side") != "others").group_by("start").agg(pl.col(name).sum()).iter_rows()
    }
    return {(start, time): Times(everything, sums.get((start, time), 0), *ranks) for start, time, everything, *ranks in found.iter_rows()}


def _tops(tops: pl.DataFrame) -> Iterator[Top]:
    """The tops of each column, of all buckets together."""
    sums = pl.col("requests", "refused", "bytes_sent").sum()
    merged = tops.group_by(pl.col("column").cast(pl.String), "value").agg(sums, pl.col("different").max())
    for column in heavy.COLUMNS:
        mine = merged.filter(pl.col("column") == column)
        known = mine["value"].drop_nulls().len()
        different: Any = mine["different"].max() or 0
        shown = mine.filter(pl.col("requests") > 0, pl.lit(column not in _WITHOUT) | pl.col("value").is_not_null())
        ordered = shown.sort("requests", "value", descending=[True, False]).head(ENTRIES)
        entries = tuple(Entry(*row) for row in ordered.select("value", "requests", "refused", "bytes_sent").iter_rows())
        yield Top(column, entries, max(known, different), different > 0)


def _buckets(flows: pl.DataFrame, starts: range) -> Iterator[BucketTraffic]:
    """The buckets with most requests."""
    sums = pl.col("requests", "bytes_sent", "bytes_received").sum()
    most = flows.group_by("bucket").agg(sums).sort("requests", "bucket", descending=[True, False]).head(BUCKETS)
    failed = pl.col("requests").filter(pl.col("errors") != "").sum().alias("errors")
    mine = _inside(flows, starts).join(most.select("bucket"), on="bucket", how="semi")
    of_each = mine.group_by("bucket", "start").agg(pl.col("requests").sum(), failed)
    counted = {(bucket, start): numbers for bucket, start, *numbers in of_each.iter_rows()}
    for bucket, _, sent, received in most.iter_rows():
        each = [counted.get((bucket, start), (0, 0)) for start in starts]
        yield BucketTraffic(bucket, tuple(one[0] for one in each), tuple(one[1] for one in each), sent, received)


def _unmeasured(plan: Plan, partial: Partial) -> dict[int, int]:
    """By the stretch (its first second), the records whose traffic nobody measured: more were seen than the tables of traffic tell."""
    seen = hours.joined(partial.hours).filter(pl.col("bucket").is_not_null()).select("bucket", "span", "records", cell="start")
    judged = [bucket for bucket in seen["bucket"].unique() if plan.rules_of(bucket)]
    told = _joined(partial.flows, FLOW).select("bucket", "span", (-pl.col("requests")).alias("records"), "cell")
    both = pl.concat([seen.filter(pl.col("bucket").is_in(judged)), told.select(seen.columns)])
    lacking = both.group_by("bucket").agg(pl.col("records").sum()).filter(pl.col("records") > 0)
    if not lacking.height:
        return {}
    both = both.join(lacking.select("bucket"), on="bucket", how="semi").with_columns(pl.col("span").max().over("bucket"))
    placed = both.group_by("bucket", "span", pl.col("cell") // pl.col("span") * pl.col("span")).agg(pl.col("records").sum())
    found = placed.filter(pl.col("records") > 0).group_by("cell").agg(pl.col("records").sum()).sort("cell")
    return dict(found.iter_rows())


def _told(unmeasured: Mapping[int, int]) -> Unmeasured | None:
    starts: Iterable[int] = unmeasured
    return Unmeasured(sum(unmeasured.values()), _instant(min(starts)), _instant(max(starts))) if unmeasured else None


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(min(max(second, _FIRST), _LAST), UTC)
