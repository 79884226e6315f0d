"""A report as single statements, for formats whose readers take each by itself: every finding, every check without one, and the run.

Who reads one statement alone sees none of the others. So what a reader could take for clean says so only where everything was looked at:
a check that passed is undetermined here while log objects could not be read, since nobody knows whose records they hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from s3guard.model import Finding, Report, Result, Severity, Status
from s3guard.verdict import breaks_run, is_legible

UNLOOKED: Final = "nothing was found, but not everything could be looked at"
"""Why a check that passed is undetermined here."""
DEVIATIONS: Final = frozenset({"access_denied", "anomalies", "errors", "first_seen", "latency", "volume"})
"""Kinds of rules that find behaviour out of the ordinary, where others hold requests against a list or a setting."""
_FAILED, _BLIND, _IDLE = 1, 3, 4


@dataclass(frozen=True, slots=True)
class Event:
    """One statement about one check."""

    id: str
    """64 hex, the same in every run that says it: a finding's fingerprint, else made of policy, rule, bucket and `what` it is."""
    result: Result
    finding: Finding | None
    """None: the check itself, or what a flood left out."""
    status: Status
    severity: Severity
    message: str
    """A sentence; may hold log text."""

    @property
    def is_waived(self) -> bool:
        """Whether somebody accepted it."""
        return self.status is Status.WAIVED


def is_whole(report: Report) -> bool:
    """Whether what there was to look at was looked at, so that a check without findings may be told as passed."""
    coverage = report.coverage
    if coverage.unreadable or report.exit_code in (_BLIND, _IDLE):
        return False
    # NOTE: a run with violations ends with 1 whatever else it is; then the lines that are no records tell.
    return report.exit_code != _FAILED or is_legible(coverage)


def events(report: Report) -> Iterator[Event]:
    """Every statement of the report about its checks, in its order."""
    whole = is_whole(report)
    for result in report.results:
        for finding in result.findings:
            status = Status.FAIL if finding.waiver is None else Status.WAIVED
            yield Event(finding.fingerprint, result, finding, status, finding.severity, finding.message)
        if result.omitted.findings or (result.status is Status.FAIL and not result.findings):
            yield _event(result, "omitted", Status.FAIL, _omitted(result))
        elif result.status is not Status.FAIL and not (result.status is Status.WAIVED and result.findings):
            yield _check(result, whole=whole)


def _check(result: Result, *, whole: bool) -> Event:
    """What became of a check without findings."""
    if result.status is Status.PASS and not whole and result.is_of_records:
        return _event(result, "check", Status.UNDETERMINED, f"{result.title}: {UNLOOKED}")
    told = f"no violation among {result.records:,} records" if result.is_of_records else "as asked"
    words = {
        Status.UNDETERMINED: f"could not be judged: {result.reason or 'no reason given'}",
        Status.NOT_APPLICABLE: f"not applicable: {result.reason or 'no reason given'}",
        Status.WAIVED: "waived",
    }
    return _event(result, "check", result.status, f"{result.title}: {words.get(result.status, told)}")


def _omitted(result: Result) -> str:
    count = f"{result.omitted.findings:,} more findings" if result.omitted.findings else "violations"
    return f"{result.title}: {count}, which the report counts and does not list ({result.violations:,} records violate the rule)"


def _event(result: Result, what: str, status: Status, message: str) -> Event:
    identity = json.dumps([result.policy, result.rule, result.bucket, what])
    return Event(hashlib.sha256(identity.encode()).hexdigest(), result, None, status, result.severity, message)


def waiver_texts(finding: Finding) -> dict[str, str]:
    """What a finding's waiver says, by key, each as text; may hold log text. Empty without one."""
    waiver = finding.waiver or {}
    return {
        key: json.dumps(said, ensure_ascii=False, default=str) if isinstance(said, (dict, list)) else str(said)
        for key, said in waiver.items()
    }


def run_id(report: Report) -> str:
    """64 hex that stand for the run of these policies, the same in every run of them."""
    names = sorted({policy.policy for policy in report.policies})
    return hashlib.sha256(json.dumps(["run", names]).encode()).hexdigest()


def run_status(report: Report) -> Status:
    """What a reader may take the run as a whole for: passed only where everything was looked at and nothing new fails it."""
    if any(breaks_run(result, report.run.fail_on) for result in report.results):
        return Status.FAIL
    if report.exit_code == _FAILED:
        return Status.FAIL
    undetermined = any(result.is_undecided for result in report.results)
    if report.status is Status.NOT_APPLICABLE or not report.results:
        return Status.NOT_APPLICABLE if report.exit_code == _IDLE else Status.UNDETERMINED
    return Status.PASS if is_whole(report) and not undetermined else Status.UNDETERMINED
