"""Traffic as a report would have it, made up: a month of hours with days and weekends, a burst of refusals, an hour without anything."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from s3guard.traffic import BucketTraffic, Entry, Flow, Interval, Line, Times, Top, Traffic
from tests.outputs.corpus import HOSTILE, SECRETS

START = datetime(2026, 9, 3, tzinfo=UTC)
POLICY = "phi-records"
HOUR, DAY = 3_600, 86_400


def jitter(number: int, of: int) -> int:
    """A number below `of` that looks like chance and is none."""
    return (number * 2_654_435_761 >> 7) % of


def interval(number: int, span: int = HOUR, start: datetime = START) -> Interval:
    """One interval of ordinary traffic."""
    time = start + timedelta(seconds=number * span)
    if number == 40:
        return Interval(time)
    day = 0.55 + 0.45 * math.sin((time.hour - 8) / 12 * math.pi)
    reads = int(900 * day * (0.45 if time.weekday() >= 5 else 1)) + jitter(number, 90)
    writes = 40 + jitter(number, 25) + (120 if time.hour in (1, 2) else 0)
    refused = 141 if number == 66 else jitter(number, 40) // 36
    base = 30 + number * 0.02
    return Interval(
        time,
        Flow(reads, jitter(number, 4) + refused, jitter(number + 1, 9) // 8, refused, reads * 2_000_000, 0),
        Flow(writes, 0, 0, 0, 0, writes * 9_000_000),
        Flow(20 + jitter(number, 20), 0, 0, 0, 9_000, 0),
        times(reads + writes, base * 1.6, number),
        times(reads + writes, base, number),
    )


def times(records: int, mean: float, number: int) -> Times:
    return Times(records, int(records * mean), int(mean * 0.7), int(mean * 3) + jitter(number, 9), int(mean * 9) + jitter(number, 90))


def line(**changes: object) -> Line:
    usual: dict[str, object] = {"drawn": "errors", "rule": f"{POLICY}/errors", "label": "at most 1 % 5xx in 1h", "value": 0.01, "per": HOUR}
    return Line(**(usual | changes))  # type: ignore[arg-type]  # a test's own keywords


LINES = (
    line(),
    line(drawn="total_time", rule=f"{POLICY}/latency", label="p99 at most 1,000 ms", value=1_000.0, per=None),
    line(drawn="turn_around_time", rule=f"{POLICY}/latency", label="p99 at most 250 ms", value=250.0, per=None),
    line(drawn="refused", rule=f"{POLICY}/access_denied", label="at most 20 refused of one network in 10m", value=20.0, per=600),
    line(drawn="bytes", rule=f"{POLICY}/volume/bulk", label="at most 50 GiB of one principal in 1h", value=50 * 2.0**30, per=HOUR),
    line(drawn="requests", rule=f"{POLICY}/volume/scan", label="at most 1,000 requests in 1h", value=1_000.0, per=HOUR),
)


def traffic(intervals: int = 720, span: int = HOUR, start: datetime = START) -> Traffic:
    """So many intervals of it."""
    told = tuple(interval(number, span, start) for number in range(intervals))
    whole = sum(one.requests for one in told)
    roles = [f"arn:aws:iam::111122223333:role/role-{number}" for number in range(18)]
    shares = {"phi-records": 6, "cardholder-data": 3, "www-example-org": 1}
    return Traffic(
        span,
        told,
        (
            top("principal", ["arn:aws:iam::111122223333:role/records-service", None, *roles], whole),
            top("remote_ip", ["10.20.1.17", "2001:db8:85a3::8a2e:370:7334", "198.51.100.7"], whole),
            top("key", ["records/2026/09/patient-0001.json", "exports/<b>.csv"], whole, approximate=True),
            top("user_agent", ["aws-sdk-java/2.20.1", "Boto3/1.40.1", None], whole),
            Top("error_code", (Entry("AccessDenied", 182, 182, 0), Entry("NoSuchKey", 90, 0, 0)), 2, approximate=False),
        ),
        tuple(
            BucketTraffic(name, tuple(one.requests * part // 10 for one in told), tuple(one.server_errors for one in told), whole, part)
            for name, part in shares.items()
        ),
        lines=LINES,
    )


def top(column: str, values: list[str | None], whole: int, *, approximate: bool = False) -> Top:
    entries = tuple(Entry(value, int(whole * 0.46 / 1.7**at), 722 if value is None else 0, 1_000_000) for at, value in enumerate(values))
    named = sum(value is not None for value in values)
    return Top(column, entries, 48_211 if approximate else named, approximate)  # type: ignore[arg-type]  # a test's own columns


def hostile() -> Traffic:
    """Each hostile string in every place of it where text of strangers can stand."""
    texts = [*HOSTILE.values(), *SECRETS.values()]
    usual = traffic(24)
    entries = tuple(Entry(text, 9, 1, 1) for text in texts)
    tops = tuple(Top(one.column, entries, len(texts), approximate=False) for one in usual.tops)
    buckets = tuple(BucketTraffic(text, (1,) * 24, (0,) * 24, 1, 1) for text in texts)
    return Traffic(HOUR, usual.intervals, tops, buckets, lines=tuple(line(label=text, rule=text, value=0.01) for text in texts))
