"""The coverage by bucket and hour: what is counted, what is silent, and what was expected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from s3guard.conclude import conclude
from s3guard.model import BucketCoverage, Expected, Gap, Hours, Status
from s3guard.plan import Plan
from tests.batches import Line, policies_of, whole
from tests.lines import record

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
POLICY = "version: 1\npolicy: p\nbuckets: [examplebucket]\nrules:\n  {}\n"
SILENT_ON_PURPOSE = "completeness: [{max_gap: 6h, min_records: 3}, {id: writes, operations: [write], min_records: 0}]"


def later(**spans: float) -> datetime:
    return BEGIN + timedelta(**spans)


def covered(*moments: datetime, rules: str = "anonymous: {}", **asked: Any) -> BucketCoverage:
    """The coverage of the one bucket that has records at these moments."""
    lines = [
        Line("o", number, record(logged_time=f"[{at:%d/%b/%Y:%H:%M:%S} +0000]".encode()).render()) for number, at in enumerate(moments, 1)
    ]
    plan = Plan(policies_of([POLICY.format(rules)]), **asked)
    (bucket,) = conclude(plan, whole(plan, lines)).coverage.buckets
    return bucket


def counts(hours: Hours) -> list[tuple[datetime, tuple[int, ...]]]:
    return [(one.since, one.records) for one in hours.counts]


def test_records_are_counted_by_the_hour_and_hours_without_are_zero() -> None:
    found = covered(later(minutes=1), later(minutes=59), later(hours=3)).hours
    assert (3600, 2, 4, [(BEGIN, (2, 0, 0, 1))]) == (found.span, found.seen, found.of, counts(found))


def test_a_long_silence_begins_a_new_list_of_counts() -> None:
    assert [(BEGIN, (1, *(0,) * 24, 1))] == counts(covered(BEGIN, later(hours=25)).hours)
    assert [(BEGIN, (1,)), (later(hours=26), (1,))] == counts(covered(BEGIN, later(hours=26)).hours)


def test_the_hours_of_a_period_are_all_of_it_and_its_ends_can_be_silent() -> None:
    since, until = int(BEGIN.timestamp()), int(later(hours=48).timestamp())
    found = covered(later(hours=7, minutes=30), later(hours=8), since=since, until=until)
    assert (2, 48) == (found.hours.seen, found.hours.of)
    assert (Gap(BEGIN, later(hours=7, minutes=30)), Gap(later(hours=8), later(hours=48))) == found.gaps


def test_a_gap_is_told_to_the_second_if_it_is_longer_than_an_hour() -> None:
    records = (BEGIN, later(seconds=3600), later(seconds=7201), later(minutes=122), later(hours=9))
    assert (Gap(later(seconds=3600), later(seconds=7201)), Gap(later(minutes=122), later(hours=9))) == covered(*records).gaps


def test_the_ten_longest_gaps_are_told_in_the_order_of_time() -> None:
    records = [BEGIN]
    for number in range(14):
        records.append(records[-1] + timedelta(hours=20 - number))
    gaps = covered(*records).gaps
    assert [20 - number for number in range(10)] == [(gap.until - gap.since) / timedelta(hours=1) for gap in gaps]


def test_what_the_rules_expect_stands_beside_what_was_seen() -> None:
    assert () == covered(BEGIN).expected
    assert (
        Expected("p/completeness", 6 * 3600, 3, Status.FAIL),
        Expected("p/completeness/writes", None, 0, Status.PASS),
    ) == covered(BEGIN, later(hours=7), rules=SILENT_ON_PURPOSE).expected
