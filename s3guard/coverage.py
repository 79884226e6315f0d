"""Coverage: what merged tables say of the records that were looked at, by bucket and hour, and of what could not be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from s3guard import hours
from s3guard.model import BucketCoverage, Counts, Coverage, Expected, Gap, Hours, Result
from s3guard.partial import Partial
from s3guard.plan import Plan
from s3guard.rules.completeness import Completeness

SILENT: Final = 24
"""Stretches without a record that are told as zeros; more of them end a list of counts."""

_LAST: Final = 253_402_300_799
"""The last second of the calendar, of the year 9999."""

GAPS: Final = 10
"""Gaps of a bucket that are told."""


def of(plan: Plan, partial: Partial, seen: Mapping[str, Mapping[str, int]], results: Sequence[Result]) -> Coverage:
    """The coverage of a partial whose tables are joined; `seen` holds the rows of `s3guard.partial.BUCKET` by bucket."""
    warnings = dict(sorted(partial.warnings.items()))
    if partial.outside:
        warnings["outside-period"] = partial.outside
    return Coverage(
        objects=partial.objects,
        bytes=partial.bytes,
        records=sum(row["records"] for row in seen.values()),
        ambiguous=sum(row["ambiguous"] for row in seen.values()),
        quarantined=partial.quarantined,
        unreadable=partial.unreadable,
        warnings=warnings,
        first_record=min((_instant(row["first"]) for row in seen.values()), default=None),
        last_record=max((_instant(row["last"]) for row in seen.values()), default=None),
        buckets=tuple(_of_buckets(plan, partial, seen, results)),
    )


def _of_buckets(plan: Plan, partial: Partial, seen: Mapping[str, Mapping[str, int]], results: Sequence[Result]) -> Iterator[BucketCoverage]:
    """What was seen of each bucket."""
    told = hours.joined(partial.hours).filter(pl.col("bucket").is_not_null())
    tables = {key[0]: rows for key, rows in told.partition_by("bucket", as_dict=True).items()}
    expected = _expected(plan, results)
    for bucket, row in seen.items():
        rows, first, last = tables[bucket], row["first"], row["last"]
        begin = first if plan.since is None else plan.since
        end = last + 1 if plan.until is None else plan.until
        yield BucketCoverage(
            bucket,
            row["records"],
            tuple(policy.name for policy in plan.policies if plan.looks_at(policy, bucket)),
            _instant(first),
            _instant(last),
            _hours(rows, begin, end),
            _gaps(rows, begin, end),
            tuple(expected.get(bucket, ())),
        )


def _hours(rows: pl.DataFrame, begin: int, end: int) -> Hours:
    """The stretches of one bucket, those without records too, from `begin` to before `end`."""
    span = rows["span"][0]
    counts = tuple(_counts(rows["start"].to_list(), rows["records"].to_list(), span))
    return Hours(span, rows.height, -(-end // span) - begin // span, counts)


def _counts(starts: list[int], records: list[int], span: int) -> Iterator[Counts]:
    since, counted = starts[0], list[int]()
    for start, count in zip(starts, records, strict=True):
        silent = (start - since) // span - len(counted)
        if silent > SILENT:
            yield Counts(_instant(since), tuple(counted))
            since, counted, silent = start, [], 0
        counted += [0] * silent
        counted.append(count)
    yield Counts(_instant(since), tuple(counted))


def _gaps(rows: pl.DataFrame, begin: int, end: int) -> tuple[Gap, ...]:
    """The longest gaps of one bucket. NOTE: one that is longer than a stretch lies between the records of two stretches."""
    span: int = rows["span"][0]
    ends = [begin, *(second for pair in rows.select("first", "last").iter_rows() for second in pair), end]
    found = [(later - earlier, earlier, later) for earlier, later in zip(ends[::2], ends[1::2], strict=True) if later - earlier > span]
    longest = sorted(found, key=lambda gap: (-gap[0], gap[1]))[:GAPS]
    return tuple(Gap(_instant(earlier), _instant(later)) for _, earlier, later in sorted(longest, key=lambda gap: gap[1]))


def _expected(plan: Plan, results: Iterable[Result]) -> dict[str, list[Expected]]:
    """What the rules that are judged expect of each bucket."""
    rules: dict[str, Any] = {bound.name: bound.rule for policy in plan.policies for bound in policy.rules}
    found: dict[str, list[Expected]] = {}
    for result in results:
        rule = rules.get(result.rule)
        if result.bucket is not None and isinstance(rule, Completeness):
            found.setdefault(result.bucket, []).append(Expected(result.rule, rule.max_gap, rule.min_records, result.status))
    return found


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(seconds, _LAST), UTC)
