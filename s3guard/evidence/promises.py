"""Whether a pack holds what its manifest promises: every log object, hour, run and line, once each, and the sums that the report has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from s3guard.evidence.agreement import Fault
from s3guard.evidence.contents import Contents, count, items, objects, text
from s3guard.evidence.members import COVERAGE, MANIFEST, OBJECTS, QUARANTINED, REPORT, RUNS, WAIVERS
from s3guard.evidence.untrusted import quoted

STATES: Final = ("on time", "late", "incomplete", "missing")
"""What may become of a review that was due."""


def broken_promises(contents: Contents) -> Iterator[Fault]:
    """What is missing, there twice, or counted otherwise than the manifest and the report do."""
    yield from _objects(contents)
    yield from _hours(contents)
    yield from _runs(contents)
    items(contents.waivers, "waivers", WAIVERS)
    quarantined = sum(1 for _ in contents.lines(QUARANTINED))
    yield from _held(QUARANTINED, "lines", quarantined, contents.manifest.promises.quarantined, MANIFEST)


def _objects(contents: Contents) -> Iterator[Fault]:
    number = 0
    before: tuple[str, str] | None = None
    for number, one in enumerate(contents.objects(), 1):
        name = (one.uri, one.version or "")
        if before is not None and name <= before:
            yield OBJECTS, f"line {number:,}: {quoted(one.uri)} {'is there twice' if name == before else 'is not in its place'}"
        before = name
    yield from _held(OBJECTS, "log objects", number, contents.manifest.promises.objects, MANIFEST)
    yield from _held(OBJECTS, "log objects", number, contents.report.coverage.objects, REPORT)


def _hours(contents: Contents) -> Iterator[Fault]:
    hours = records = 0
    reported = {one.bucket: one.records for one in contents.report.coverage.buckets}
    met: set[str] = set()
    for bucket in items(contents.coverage, "buckets", COVERAGE):
        name = text(bucket, "bucket", COVERAGE)
        here = [count(one, "records", COVERAGE) for one in items(bucket, "hours", COVERAGE)]
        times = [text(one, "hour", COVERAGE) for one in items(bucket, "hours", COVERAGE)]
        if name in met or times != sorted(set(times)):
            yield COVERAGE, f"tells of {quoted(name)} twice, or of its hours twice or not in their order"
        met.add(name)
        yield from _held(COVERAGE, f"records of {quoted(name)}", sum(here), reported.get(name, 0), REPORT)
        hours += sum(1 for one in here if one)
        records += sum(here)
    for name in reported.keys() - met:
        if reported[name]:
            yield COVERAGE, f"tells nothing of {quoted(name)}, of which {REPORT} counts {reported[name]:,} records"
    yield from _held(COVERAGE, "hours with records", hours, contents.manifest.promises.hours, MANIFEST)
    yield from _held(COVERAGE, "records", records, contents.manifest.promises.records, MANIFEST)


def _runs(contents: Contents) -> Iterator[Fault]:
    ids = [text(one, "id", RUNS) for one in objects(contents.runs, "found", RUNS)]
    for name, times in Counter(ids).items():
        if times > 1:
            yield RUNS, f"tells of the run {quoted(name)} {times:,} times"
    yield from _held(RUNS, "runs", len(ids), contents.manifest.promises.runs, MANIFEST)
    yield from _reviews(contents)


def _reviews(contents: Contents) -> Iterator[Fault]:
    """What is told of the reviews that were due, counted again."""
    kept = True
    for policy in objects(contents.runs, "policies", RUNS):
        if policy.get("review") is None:
            continue
        name, told = text(policy, "policy", RUNS), Counter(text(one, "status", RUNS) for one in objects(policy, "reviews", RUNS))
        for state in STATES:
            yield from _held(RUNS, f"reviews {state} by {quoted(name)}", told[state], count(policy, state.replace(" ", "_"), RUNS), RUNS)
        yield from _held(RUNS, f"reviews by {quoted(name)}", told.total(), count(policy, "expected", RUNS), RUNS)
        kept = kept and told.total() == told[STATES[0]]
    if not kept and not contents.manifest.not_looked_at:
        yield MANIFEST, f"says that nothing is missing, and {RUNS} tells of reviews that did not take place as they must"


def _held(member: str, what: str, there: int, promised: int, where: str) -> Iterator[Fault]:
    if there != promised:
        yield member, f"has {there:,} {what}, {where} says {promised:,}"
