"""What the members of a pack say, as plain values: coverage by hour, runs expected and found, log objects, and what was not looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from s3guard.evidence.found import Found
from s3guard.evidence.lines import MANY
from s3guard.evidence.material import Material
from s3guard.evidence.reviews import MOST, Change, Kept, Review, Schedule
from s3guard.model import BucketCoverage, Hours, Status
from s3guard.outputs import instant, plural
from s3guard.text import shown

_S3: Final = "s3://"
_SLICE: Final = 50_000
"""Log objects that are written at a time."""
_NAMED: Final = 10
"""Things of one kind that are named in a sentence, or told in one each."""


def objects(material: Material) -> Iterator[bytes]:
    """A line of JSON for each log object, sorted by name.

    ``sha256`` and ``size`` are of the bytes as stored; of one that was not read to its end (``fault``) the SHA-256 is of what was read,
    and null where nothing was. ``version`` is null: no listing tells it, and the SHA-256 says which version it was.
    """
    for rows in material.objects.iter_slices(_SLICE):
        for row in rows.iter_rows(named=True):
            told = {
                "uri": shown(row["object"]),
                "version": None,
                # NOTE: of a file it is made of times, which a copy of the same file has others of.
                "etag": shown(row["etag"]) if row["etag"] is not None and row["object"].startswith(_S3) else None,
                "size": row["bytes"] if row["size"] is None else row["size"],
                # NOTE: that of no bytes would say that it was empty.
                "sha256": None if row["fault"] is not None and not row["bytes"] else row["sha256"],
                "records": row["records"],
                "quarantined": row["quarantined"],
                "first": _second(row["first"]),
                "last": _second(row["last"]),
                "run": row["run"],
                "again": row["again"] or [],
                "fault": None if row["fault"] is None else shown(material.redaction.text(row["fault"])),
            }
            yield json.dumps(told).encode("ascii") + b"\n"


def coverage(material: Material) -> dict[str, Any]:
    """By bucket and hour, with gaps and what was expected; ``span`` is the seconds of an hour, or of what stands for one in a long time."""
    told = material.report.coverage
    return {
        "period": {"since": instant(material.since), "until": instant(material.until)},
        "records": told.records,
        "ambiguous": told.ambiguous,
        "quarantined": told.quarantined,
        "buckets": [_bucket(one) for one in sorted(told.buckets, key=lambda one: one.bucket)],
        "unreadable": [{"object": shown(one.object), "reason": shown(one.reason)} for one in told.unreadable],
    }


def _bucket(one: BucketCoverage) -> dict[str, Any]:
    return {
        "bucket": shown(one.bucket),
        "policies": [shown(name) for name in one.policies],
        "records": one.records,
        "span": one.hours.span,
        "hours_with_records": one.hours.seen,
        "hours_of_period": one.hours.of,
        "hours": list(_hours(one.hours)),
        "gaps": [{"since": instant(gap.since), "until": instant(gap.until)} for gap in one.gaps],
        "expected": [
            {"rule": shown(rule.rule), "max_gap": rule.max_gap, "min_records": rule.min_records, "status": rule.status.value}
            for rule in one.expected
        ],
    }


def _hours(told: Hours) -> Iterator[dict[str, Any]]:
    for counts in told.counts:
        for place, records in enumerate(counts.records):
            if records:
                yield {"hour": instant(counts.since + timedelta(seconds=told.span * place)), "records": records}


def runs(material: Material, schedules: Sequence[Schedule], changed: Sequence[Change], found: Sequence[Found]) -> dict[str, Any]:
    """Reviews that were due, the runs of the period, those that did not end, and changes of policy."""
    judged = {one.run: (one.objects, one.records) for one in material.judged.run.judged}
    if not material.knows_runs:
        judged = {one.id: (material.objects.height, material.report.coverage.records) for one in found}
    return {
        "history": material.knows_runs,
        "policies": [_schedule(one) for one in schedules] if material.knows_runs else [],
        "found": [
            {
                "id": one.id,
                "finished": instant(one.finished),
                "as_of": instant(one.as_of),
                "exit_code": one.exit_code,
                "status": one.status,
                "complete": not one.lacking,
                "lacking": list(one.lacking),
                "since": None if one.since is None else instant(one.since),
                "until": None if one.until is None else instant(one.until),
                "policies": {shown(name): digest for name, digest in sorted(one.policies.items())},
                "findings": one.findings,
                "objects": judged.get(one.id, (0, 0))[0],
                "records": judged.get(one.id, (0, 0))[1],
                "entry_sha256": one.sha256,
            }
            for one in found
        ],
        "unfinished": [{"id": one.id, "seen": None if one.seen is None else instant(one.seen)} for one in material.unfinished],
        "changes": [
            {"policy": shown(one.policy), "run": one.run, "at": instant(one.at), "before": one.before, "after": one.after}
            for one in changed
        ],
    }


def _schedule(one: Schedule) -> dict[str, Any]:
    told: dict[str, Any] = {"policy": one.policy, "review": None}
    if one.every is None:
        return told
    counts = {kept.value.replace(" ", "_"): one.count(kept) for kept in Kept}
    review = {"every": int(one.every.total_seconds()), "grace": int(one.grace.total_seconds())}
    return told | {"review": review, "expected": len(one.reviews), **counts, "reviews": [_review(each) for each in one.reviews]}


def _review(one: Review) -> dict[str, Any]:
    return {
        "due": instant(one.due),
        "late_from": instant(one.by),
        "status": one.kept.value,
        "run": None if one.run is None else one.run.id,
        "finished": None if one.run is None else instant(one.run.finished),
        "attempts": [run.id for run in one.attempts],
    }


def not_looked_at(material: Material, schedules: Sequence[Schedule], found: Sequence[Found]) -> Iterator[str]:
    """Why the pack is not all the evidence that there should be, a sentence each."""
    report = material.report
    if not report.coverage.records:
        yield "No record of a log lies in the period: nothing was judged."
    undetermined = [result for result in report.results if result.is_undecided]
    if undetermined:
        broken = sum(result.status is Status.FAIL for result in undetermined)
        beside = f" ({broken:,} of them found violations in the rest)" if broken else ""
        yield f"{plural(len(undetermined), 'check')} could not be decided in full{beside}; the report says why."
    if report.coverage.unreadable:
        yield f"{plural(len(report.coverage.unreadable), 'log object')} could not be read to the end: what was not read was not judged."
    if count := report.coverage.quarantined:
        yield f"{plural(count, 'line')} could not be read as a record, so no rule judged {'it' if count == 1 else 'them'}."
        if unkept := max(0, count - (0 if material.lines is None else material.lines.damaged)):
            yield f"Of {plural(unkept, 'such line')} the text was not kept by the state of runs, so quarantined.jsonl does not hold it."
    if material.lines is not None and material.lines.left:
        yield f"quarantined.jsonl holds the first {MANY:,} lines by log object, and {material.lines.left:,} more were left out."
    if material.knows_runs:
        yield from _of_runs(material, schedules, found)


def _of_runs(material: Material, schedules: Sequence[Schedule], found: Sequence[Found]) -> Iterator[str]:
    if not found:
        yield "No run came to its end in the period: the logs were not reviewed then."
    for one in schedules:
        for kept, what in ((Kept.MISSING, "is missing"), (Kept.INCOMPLETE, "is incomplete"), (Kept.LATE, "was late")):
            which = [review for review in one.reviews if review.kept is kept]
            if which:
                days = ", ".join(instant(review.due) for review in which[:_NAMED]) + (" and others" if len(which) > _NAMED else "")
                verb = what if len(which) == 1 else what.replace("is ", "are ").replace("was ", "were ")
                count = "A review" if len(which) == 1 else f"{len(which):,} reviews"
                yield f"{count} by the policy {one.policy} {verb}: due {days}."
        if len(one.reviews) >= MOST:
            yield f"Of the policy {one.policy} the first {MOST:,} reviews that were due are told, and those after them are not."
    lacking = [run for run in found if run.lacking]
    for run in lacking[:_NAMED]:
        why = "; ".join(run.lacking)
        yield f"The run of {instant(run.finished)} ended with exit code {run.exit_code} and is no complete review: {why}."
    if len(lacking) > _NAMED:
        yield f"{len(lacking) - _NAMED:,} more runs are no complete reviews."
    for broken in material.unfinished[:_NAMED]:
        seen = "" if broken.seen is None else f" of {instant(broken.seen)}"
        yield f"The run {broken.id[:8]}{seen} judged log objects and did not come to its end."
    if len(material.unfinished) > _NAMED:
        yield f"{len(material.unfinished) - _NAMED:,} more runs did not come to their end."


def _second(value: int | None) -> str | None:
    return None if value is None else instant(datetime.fromtimestamp(value, UTC))
