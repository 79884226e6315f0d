"""How continuously records of a bucket were seen, in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from s3guard.durations import window_text
from s3guard.model import BucketCoverage, Expected, Gap, Hours
from s3guard.verdict import moment

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_END: Final = int(datetime.max.replace(tzinfo=UTC).timestamp())
"""The last second of the calendar."""
_STRETCHES: Final = {3_600: "hour", 86_400: "day"}


def hours(bucket: BucketCoverage) -> str:
    """In how many hours there are records: ``71 of 72 hours``."""
    told = bucket.hours
    noun = _STRETCHES.get(told.span, f"stretch of {told.span // 86_400} days")
    if told.of != 1:
        noun = noun.replace("stretch", "stretches") if "stretch" in noun else f"{noun}s"
    return f"{told.seen:,} of {told.of:,} {noun}"


def longest(bucket: BucketCoverage) -> Gap | None:
    """The longest time without a record, the earliest of several; None where none is longer than an hour (a stretch of `Hours.span`)."""
    return max(bucket.gaps, key=lambda gap: gap.until - gap.since, default=None)


def silence(gap: Gap) -> str:
    """A time without a record: ``11 h 5 min from 2026-09-30 00:12:44``, UTC."""
    return f"{_lasting(int((gap.until - gap.since).total_seconds()))} from {moment(gap.since)}"


def expectation(expected: Expected) -> str:
    """What a rule expects, without its name: ``gaps of at most 6h, at least 1,000 records``."""
    parts = [] if expected.max_gap is None else [f"gaps of at most {window_text(expected.max_gap)}"]
    if expected.min_records > 1:
        parts.append(f"at least {expected.min_records:,} records")
    return ", ".join(parts) or ("any record" if expected.min_records else "nothing, for it may be idle")


def sentence(bucket: BucketCoverage) -> str:
    """All of one bucket but for its name; holds names of rules: ``records in 71 of 72 hours, none for 1 h 2 min from …; expected …``."""
    gap = longest(bucket)
    parts = [f"records in {hours(bucket)}" + (f", none for {silence(gap)}" if gap else "")]
    parts += [f"expected by {one.rule} ({one.status.value}): {expectation(one)}" for one in bucket.expected]
    return "; ".join(parts)


def quietest(buckets: Iterable[BucketCoverage]) -> list[BucketCoverage]:
    """Those with the longest time without a record first; those of which nothing is told by the hour are left out."""
    return sorted((bucket for bucket in buckets if bucket.hours.seen), key=lambda bucket: (-_silent(bucket), bucket.bucket))


def of_all(buckets: Sequence[BucketCoverage]) -> str:
    """One sentence about all buckets; holds the name of one, as it is. Empty where nothing is told by the hour."""
    told = quietest(buckets)
    if not told:
        return ""
    quiet = longest(told[0])
    if len(told) == 1:
        return f"Records of {told[0].bucket} were seen in {hours(told[0])}{f', none for {silence(quiet)}' if quiet else ''}."
    noun = "hours" if {bucket.hours.span for bucket in told} == {3_600} else "stretches of time"
    seen, whole = (sum(counts) for counts in zip(*((bucket.hours.seen, bucket.hours.of) for bucket in told), strict=True))
    longest_one = f"; the longest time without one is {silence(quiet)}, of {told[0].bucket}" if quiet else ""
    return f"Records of {len(told):,} buckets were seen in {seen:,} of their {whole:,} {noun}{longest_one}."


def cells(hours: Hours, gaps: Sequence[Gap], most: int) -> tuple[datetime, datetime, tuple[int, ...], int]:
    """The records of a bucket over time, as a strip of at most `most` cells: its beginning, its end, the counts, and the seconds of a cell.

    It goes from the first record, or the beginning of the period where that is in a gap, to the last one or the period's end; there is
    a record or a gap.
    """
    starts = [one.since for one in hours.counts] + [gap.since for gap in gaps]
    ends = [one.since + timedelta(seconds=hours.span * len(one.records)) for one in hours.counts] + [gap.until for gap in gaps]
    since = int(min(starts).timestamp()) // hours.span * hours.span
    stretches = max(1, -(-(ceil(max(ends).timestamp()) - since) // hours.span))
    together = -(-stretches // most)
    counts = [0] * -(-stretches // together)
    for one in hours.counts:
        first = (int(one.since.timestamp()) - since) // hours.span
        for at, records in enumerate(one.records, first):
            counts[at // together] += records
    end = min(since + stretches * hours.span, _END)
    return datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(end, UTC), tuple(counts), hours.span * together


def _silent(bucket: BucketCoverage) -> timedelta:
    gap = longest(bucket)
    return timedelta(0) if gap is None else gap.until - gap.since


def _lasting(seconds: int) -> str:
    """The two largest units: ``1 d 3 h``."""
    parts = []
    for name, unit in _UNITS:
        count, seconds = divmod(seconds, unit)
        if count:
            parts.append(f"{count:,} {name}")
        if parts and (not count or len(parts) == 2):
            break
    return " ".join(parts)
