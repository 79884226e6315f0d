"""What s3guard states of a pack when it signs it, taken from the manifest and the report: in the words of in-toto, and in its own."""

from __future__ import annotations

import platform
from collections import Counter
from importlib.metadata import version
from typing import Final

from s3guard.attest.predicates import Evaluation, Outcome, summed
from s3guard.evidence.manifest import Manifest
from s3guard.model import Report, Status

_WORST: Final = (Status.FAIL, Status.UNDETERMINED, Status.WAIVED, Status.PASS)
_NAMED: Final = {Status.FAIL: "failed", Status.UNDETERMINED: "warned", Status.WAIVED: "warned", Status.PASS: "passed"}


def outcome(listed: Manifest, report: Report) -> Outcome:
    """How it ended; passed only where all was judged, nothing was found, waived or left open, and nothing is missing in the pack."""
    if listed.exit_code:
        return Outcome.FAILED
    open_ = {Status.FAIL, Status.WAIVED, Status.UNDETERMINED} & {result.status for result in report.results}
    return Outcome.WARNED if open_ or listed.not_looked_at or report.status is not Status.PASS else Outcome.PASSED


def rules(report: Report) -> dict[str, list[str]]:
    """The rules under ``passed``, ``warned`` (undetermined or waived somewhere) and ``failed``, each once by its worst result, sorted.

    One that was not applicable anywhere is not named. Names are a policy's, and no log's.
    """
    found: dict[str, list[str]] = {"passed": [], "warned": [], "failed": []}
    statuses: dict[str, set[Status]] = {}
    for result in report.results:
        statuses.setdefault(result.rule, set()).add(result.status)
    for rule, seen in sorted(statuses.items()):
        worst = next((status for status in _WORST if status in seen), None)
        if worst is not None:
            found[_NAMED[worst]].append(rule)
    return found


def evaluation(listed: Manifest, report: Report, time: str) -> Evaluation:
    """What was judged, by what, and how it ended; `time` is when the pack is made."""
    coverage = report.coverage
    counts: dict[str, int | str] = {
        "objects": coverage.objects,
        "bytes": str(coverage.bytes),  # NOTE: may be more than JSON's numbers can say
        "records": str(coverage.records),
        "ambiguous": str(coverage.ambiguous),
        "quarantined": str(coverage.quarantined),
        "unreadable": len(coverage.unreadable),
        "buckets": len(coverage.buckets),
        "hours": sum(bucket.hours.seen for bucket in coverage.buckets),
        "hours_without_records": sum(bucket.hours.of - bucket.hours.seen for bucket in coverage.buckets),
        "runs": listed.promises.runs,
        "not_looked_at": len(listed.not_looked_at),
    }
    return Evaluation(
        time=time,
        tool=listed.tool.model_dump(),
        environment=environment(),
        period=listed.period.model_dump(),
        as_of=listed.as_of,
        status=listed.status,
        exit_code=listed.exit_code,
        policies=listed.policies,
        members={one.path: one.sha256 for one in listed.files},
        findings=summed(sorted(finding.fingerprint for result in report.results for finding in result.findings)),
        results={name: count for name, count in report.summary.items() if name != "findings"},
        coverage=counts,
        controls=_controls(report),
    )


def environment() -> dict[str, str]:
    """What the pack is made with, without the name of a machine or a person."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "polars": version("polars"),
    }


def _controls(report: Report) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for control in report.controls:
        found.setdefault(control.framework, Counter())[control.status] += 1
    return {name: dict(counts) for name, counts in found.items()}
