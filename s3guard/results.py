"""Results: one rule over one bucket, with its status, why it is undetermined, and the findings that are shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from s3guard.breaches import Group, instant
from s3guard.columns import FAILED, REFUSED, SERVED
from s3guard.judge import Judge
from s3guard.model import Finding, Omitted, Result, Severity, Status
from s3guard.outputs import plural
from s3guard.policy import BoundRule, Policy
from s3guard.records import OUTCOMES
from s3guard.rules import RecordRule
from s3guard.undelivered import Blind, Merged
from s3guard.waivers import applied

SHOWN: Final = 1_000
"""Findings of a result that are shown; the rest is counted in `Result.omitted`."""

_NO_RECORD: Final = "no record of this bucket in the period: nothing was delivered, or nothing was asked of it"
_NO_BUCKET: Final = "no bucket with records in the period matches {globs}"


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before the run."""

    baseline: Container[str] = ()
    """Fingerprints of findings that are known, whatever the run finds of them."""
    reported: Container[str] = ()
    """Fingerprints of findings that an earlier run reported: known unless this run judged a record of them."""
    gaps: Mapping[str, str] = field(default_factory=dict)
    """Names of rules that records were kept from, and why."""
    day: date | None = None
    """The day that waivers are held against (`waivers.day_of`); on None no waiver holds."""


def fingerprint(bound: BoundRule, policy: Policy, bucket: str, outcome: str | None, subject: Mapping[str, str | int | None]) -> str:
    """SHA-256 over policy, rule, bucket, outcome and subject; 64 hex. Counts and times have no part in it, so it outlives a run."""
    parts = [policy.name, bound.name, bucket, outcome, dict(subject)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def result_of(bound: BoundRule, bucket: str, merged: Merged, groups: list[Group], judge: Judge, policy: Policy, known: Known) -> Result:
    """One rule over one bucket that has records."""
    rule, total = bound.rule, merged.totals[bucket]
    severity = {
        SERVED: rule.effective_severity,
        REFUSED: rule.attempt_severity,
        FAILED: rule.attempt_severity,
        None: rule.effective_severity,
    }
    prints = {id(group): fingerprint(bound, policy, bucket, _outcome(group), group.subject) for group in groups}
    groups.sort(key=lambda group: (-severity[group.mask].rank, group.mask or 0, -group.records, prints[id(group)]))
    shown, left = groups[:SHOWN], groups[SHOWN:]
    samples = judge.samples(shown) if shown else {}
    findings = tuple(
        Finding(
            fingerprint=prints[id(group)],
            message=group.message,
            subject=group.subject,
            outcome=_outcome(group),
            severity=severity[group.mask],
            records=group.records,
            first_seen=None if group.first is None else instant(group.first),
            last_seen=None if group.last is None else instant(group.last),
            baseline="unchanged" if _is_known(known, prints[id(group)], group) else "new",
            samples=samples.get((group.g, group.mask), ()),
        )
        for group in shown
    )
    findings = applied(policy, bound.name, findings, known.day)
    counted = sum(group.records for group in groups)
    # NOTE: of a rule about single records the total is exact even where a flood left groups out; a rule about groups knows only those kept.
    exact = isinstance(rule, RecordRule) and rule.tolerated == 0
    violations = total["violations"] if exact else counted
    omitted = Omitted(len(left), violations - sum(finding.records for finding in findings))
    unsaid = [said for said in (known.gaps.get(bound.name), judge.reasons.get(bucket)) if said is not None]
    standing = [finding.severity for finding in findings if finding.waiver is None] + [severity[group.mask] for group in left]
    # NOTE: a flood, perhaps of other hours, may have taken groups away; what it left out is waived by nobody.
    fails = bool(standing) or omitted != Omitted()
    status, reason = _status(bound, total, merged.blind.get(bucket), unsaid, fails=fails, waived=bool(findings))
    worst = max(standing, key=lambda one: one.rank, default=rule.effective_severity)
    return replace(
        _blank(bound, bucket, policy),
        status=status,
        severity=worst,
        reason=reason,
        records=total["records"],
        violations=violations,
        unjudged=total["unjudged"],
        findings=findings,
        omitted=omitted,
    )


def _outcome(group: Group) -> str | None:
    return None if group.mask is None else OUTCOMES[group.mask]


def _is_known(known: Known, print_: str, group: Group) -> bool:
    return print_ in known.baseline or (print_ in known.reported and not group.fresh)


def _status(
    bound: BoundRule, total: Mapping[str, int], blind: Blind | None, unsaid: Sequence[str], *, fails: bool, waived: bool
) -> tuple[Status, str | None]:
    """The status of a result, and what could not be judged: that is told beside findings, too, and covered by no waiver."""
    rule, reasons = bound.rule, [*unsaid]
    undelivered = 0 if blind is None else blind.records
    if undecided := total["unjudged"] - undelivered:
        what = f"{plural(undecided, 'record')} could not be judged"
        reasons.append(f"{what}: the line is too old for a field that the rule needs, or leaves it undecided")
    if blind is not None and undelivered:
        named = ", ".join(blind.columns)
        reasons.append(f"{plural(undelivered, 'record')} could not be judged: the delivery leaves out what the rule needs ({named})")
    if total["overflow"] and not (isinstance(rule, RecordRule) and rule.tolerated == 0):
        reasons.append("more groups than can be told apart (100,000); those that were kept are within the limit")
    status = Status.FAIL if fails else Status.UNDETERMINED if reasons else Status.WAIVED if waived else Status.PASS
    return status, "; ".join(reasons) or None


def _blank(bound: BoundRule, bucket: str | None, policy: Policy) -> Result:
    """A result that has judged nothing."""
    return Result(
        rule=bound.name,
        kind=bound.rule.kind,
        policy=policy.name,
        bucket=bucket,
        title=bound.rule.effective_title,
        status=Status.UNDETERMINED,
        severity=bound.rule.effective_severity,
        reason=None,
        records=0,
        violations=0,
        unjudged=0,
        controls=bound.controls,
        location=bound.location,
        findings=(),
        help=bound.rule.effective_help,
    )


def result_of_idle(bound: BoundRule, bucket: str, policy: Policy) -> Result:
    """A bucket that the policy names and that has no record in the period."""
    accepted = any(one.rule.kind == "completeness" and getattr(one.rule, "min_records", 1) == 0 for one in policy.rules)
    blank = _blank(bound, bucket, policy)
    return replace(blank, status=Status.PASS) if accepted else replace(blank, reason=_NO_RECORD)


def result_of_unmatched(policy: Policy, globs: Sequence[str]) -> Result:
    """A policy with globs that match no bucket."""
    return Result(
        rule=policy.name,
        kind="policy",
        policy=policy.name,
        bucket=None,
        title="The policy's buckets have records",
        status=Status.UNDETERMINED,
        severity=Severity.MEDIUM,
        reason=_NO_BUCKET.format(globs=", ".join(globs)),
        records=0,
        violations=0,
        unjudged=0,
        controls=(),
        location=policy.location,
        findings=(),
        help="Look whether the logs that were read are those of the buckets meant, and whether the glob is spelt as the buckets are.",
    )
