"""The tests inside policies: records that somebody wrote down, judged by their policy alone, and what its rules were expected to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from s3guard import engines, ordinary
from s3guard.conclude import Conclusion, conclude
from s3guard.declaration import PolicyTest
from s3guard.model import Location, Result, Status
from s3guard.outputs import plural
from s3guard.plan import Plan
from s3guard.policy import Policy
from s3guard.results import Known
from s3guard.sources import LogObject
from s3guard.waivers import day_of

CLOCK: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""The clock of a test that has none and whose records have no time."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that is not as a test expects."""

    rule: str | None
    """The rule's name in the policy; None where it is about the records."""
    told: str
    """What was expected and what was found, in one sentence; may hold text of the test's records."""
    result: Result | None = None
    """What was found of the rule."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test."""

    policy: str
    name: str
    location: Location
    expected: int
    """Rules of which something was expected."""
    misses: tuple[Miss, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.misses


def run(policies: Iterable[Policy]) -> Iterator[Outcome]:
    """Run the tests of policies, in their order: each judges its own records by its own policy, and knows of no other."""
    for policy in policies:
        for test, location in zip(policy.tests, policy.test_locations, strict=True):
            expected = [(rule, Status(status)) for status, rules in test.expect.items() for rule in rules]
            yield Outcome(policy.name, test.name, location, len(expected), tuple(_misses(policy, test, expected)))


def clock_of(test: PolicyTest) -> datetime:
    """The clock of a test: its `as_of`, else a second after its last record, else `CLOCK`."""
    if test.as_of is not None:
        return test.as_of
    times: list[datetime] = [time for one in test.records if (time := getattr(one, "time", None)) is not None]
    return max(times, default=CLOCK) + timedelta(seconds=1 if times else 0)


def _misses(policy: Policy, test: PolicyTest, expected: Sequence[tuple[str, Status]]) -> Iterator[Miss]:
    whole = ordinary.records(test.records, policy.buckets, clock_of(test))
    faults = list(_faults(policy, whole))
    if faults:
        yield from faults
        return
    found = _judged(policy, test, whole)
    if lost := len(whole) - found.coverage.records:
        yield Miss(None, f"{plural(lost, 'record')} could not be read as what S3 would log")
    buckets = {record["bucket"] for record in whole}
    for rule, status in expected:
        mine = [one for one in found.results if one.rule == f"{policy.name}/{rule}" and (one.bucket in buckets or not buckets)]
        if not mine:
            yield Miss(rule, f"expected {status.value}, and it judged nothing")
        yield from (Miss(rule, _told(status, one, alone=len(mine) == 1), one) for one in mine if one.status is not status)


def _faults(policy: Policy, whole: Sequence[dict[str, ordinary.Value]]) -> Iterator[Miss]:
    """Records that no log could hold, or that the policy would not judge."""
    for number, record in enumerate(whole, 1):
        for name in ("bucket", "operation", "time"):
            if record[name] is None:
                yield Miss(None, f"record {number} has no {name}, and every record has one")
        if record["bucket"] is not None and not policy.applies_to(str(record["bucket"])):
            yield Miss(None, f"record {number} is of bucket {record['bucket']}, which this policy does not judge")


def _judged(policy: Policy, test: PolicyTest, whole: Sequence[dict[str, ordinary.Value]]) -> Conclusion:
    plan, data = Plan((policy,)), ordinary.delivered(whole)
    entry = LogObject(test.name, test.name, len(data), "test")

    def read(objects: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
        return ((one, iter([data])) for one in objects)

    work = engines.Work(plan, iter([entry] if data else []), read=read, jobs=1)
    return conclude(plan, engines.engine("local").run(work), Known(day=day_of(clock_of(test))))


def _told(expected: Status, result: Result, *, alone: bool) -> str:
    where = "" if alone else f" over {result.bucket}"
    said = f"expected {expected.value}, found {result.status.value}{where}"
    if result.reason:
        return f"{said}: {result.reason}"
    judged = f"{plural(result.records, 'record')} judged, {plural(result.violations, 'violation')}" if result.is_of_records else ""
    return f"{said} ({judged})" if judged else said
