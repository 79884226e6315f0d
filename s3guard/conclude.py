"""Conclude: merged tables become results, one for each rule of each policy over each bucket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final

import polars as pl

from s3guard import coverage, windows
from s3guard.columns import FAILED, REFUSED, SERVED
from s3guard.globs import matches
from s3guard.kernel import Plan, group_hash
from s3guard.measures import Limit
from s3guard.model import Coverage, Finding, Omitted, Result, RunCoverage, Sample, Severity, Status
from s3guard.outputs import plural
from s3guard.partial import COUNT, DISTINCT, GROUP, SAMPLE, SAMPLES, TIMES, Each, Partial
from s3guard.policy import BoundRule, Policy
from s3guard.quantities import window_text
from s3guard.records import OUTCOMES
from s3guard.rules import GroupRule, RecordRule
from s3guard.undelivered import Blind, Deliveries, Merged

SHOWN: Final = 1_000
"""Findings of a result that are shown; the rest is counted in `Result.omitted`."""

_NO_RECORD: Final = "no record of this bucket in the period: nothing was delivered, or nothing was asked of it"
_NO_BUCKET: Final = "no bucket with records in the period matches {globs}"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the tables of a run say."""

    results: tuple[Result, ...]
    coverage: Coverage
    runs: tuple[RunCoverage, ...] = ()
    """Which runs judged what of it, of a state."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before the run."""

    baseline: Collection[str] = ()
    """Fingerprints of findings that are known, whatever the run finds of them."""
    reported: Collection[str] = ()
    """Fingerprints of findings that an earlier run reported: known unless this run judged a record of them."""
    gaps: Mapping[str, str] = field(default_factory=dict)
    """Names of rules that records were kept from, and why."""


def conclude(plan: Plan, partial: Partial, known: Known | None = None, each: Each = map) -> Conclusion:
    """Results and coverage of a merged partial.

    `each` is `map`, or the like of several workers: rules do not know each other.
    """
    if plan.cell is not None:
        partial = partial.within(plan.since, plan.until)
    partial = partial.settled(each)
    seen = {row["bucket"]: row for row in partial.buckets[0].iter_rows(named=True)}
    delivered = Deliveries(partial)

    def of_rule(task: tuple[Policy, BoundRule, list[str]]) -> list[Result]:
        policy, one, judged = task
        merged = delivered.merged(one, judged)
        judge = _Judge(plan, one, merged, judged, seen)
        found = judge.findings()
        return [_result(one, bucket, merged, found.get(bucket, []), judge, policy, known or Known()) for bucket in judged]

    tasks = [
        (policy, one, sorted(bucket for bucket in seen if policy.applies_to(bucket) and _wanted(plan, bucket)))
        for policy in plan.policies
        for one in policy.rules
        if plan.judges(one)
    ]
    concluded = list(zip(tasks, each(of_rule, tasks), strict=True))
    results: list[Result] = []
    for policy in plan.policies:
        mine = [result for task, found in concluded if task[0] is policy for result in found]
        bound = [one for one in policy.rules if plan.judges(one)]
        idle = sorted(bucket for bucket in policy.names if bucket not in seen and _wanted(plan, bucket))
        mine += [_idle(one, bucket, policy) for one in bound for bucket in idle]
        results += sorted(mine, key=lambda result: result.bucket or "")  # stable: within a bucket in the order of the policy
        unmatched = [glob for glob in policy.globs if not any(matches(glob, bucket) for bucket in seen)]
        if unmatched and bound and plan.buckets is None:
            results.append(_unmatched(policy, unmatched))
    return Conclusion(tuple(results), coverage.of(plan, partial, seen, results))


def _wanted(plan: Plan, bucket: str) -> bool:
    return plan.buckets is None or bucket in plan.buckets


@dataclass(slots=True)
class _Group:
    """One finding in the making: a subject, and with it an outcome where the rule splits by it."""

    g: int
    mask: int | None
    subject: dict[str, str | int | None]
    records: int
    first: int | None
    last: int | None
    message: str
    fresh: int
    """Records that this run judged, of a state; 0 without one."""


class _Judge:
    """Finds what breaks one rule in its tables, over all buckets at once."""

    def __init__(self, plan: Plan, bound: BoundRule, merged: Merged, buckets: Sequence[str], seen: Mapping[str, Mapping[str, int]]) -> None:
        self._plan, self._bound, self._seen = plan, bound, seen
        # NOTE: what could not be judged may be what a lower limit misses, or fill a gap.
        self._buckets = [bucket for bucket in buckets if bucket not in merged.blind]
        tables = merged.tables
        self._groups = tables.groups[0] if tables.groups else pl.DataFrame(schema=GROUP)
        self._counts = _timed(tables.counts[0] if tables.counts else self._no_counts())
        self._samples = tables.samples[0] if tables.samples else pl.DataFrame(schema=SAMPLE)
        self._distinct = tables.distinct[0] if tables.distinct else pl.DataFrame(schema=DISTINCT)

    def _no_counts(self) -> pl.DataFrame:
        rule = self._bound.rule
        limits = rule.limits() if isinstance(rule, GroupRule) else ()
        sums = {f"s{k}": pl.Int128 for k, limit in enumerate(limits) if limit.how in ("sum", "mean")}
        return pl.DataFrame(schema={**COUNT, **TIMES, **sums})

    def findings(self) -> dict[str, list[_Group]]:
        """The findings of each bucket, in no order."""
        rule = self._bound.rule
        if isinstance(rule, GroupRule):
            return self._of_groups(rule)
        counts = self._counts.filter(pl.col("n") > (rule.tolerated if isinstance(rule, RecordRule) else 0))
        return self._made(counts.select("g", pl.col("mask").alias("outcome"), "n", "first", "last", "fresh"), {}, self._samples)

    def _of_groups(self, rule: GroupRule) -> dict[str, list[_Group]]:
        """Hold every limit against the windows; a row is a violation if its second lies in an offending window of a limit it counts for."""
        counts, messages = self._counts, dict[int, list[str]]()
        violating = pl.lit(value=False)
        judgements = [self._judged(rule, k, limit) for k, limit in enumerate(rule.limits())]
        if not any(judged.worst.height for judged in judgements):
            return {}
        ticks = counts.select("g", "tick").unique()
        for k, (limit, judged) in enumerate(zip(rule.limits(), judgements, strict=True)):
            ticks = ticks.join(judged.covered.with_columns(pl.lit(value=True).alias(f"on{k}")), on=["g", "tick"], how="left")
            violating |= pl.col(f"on{k}").fill_null(value=False) & windows.has(k, windows.MEMBER)
            for row in judged.worst.iter_rows(named=True):
                messages.setdefault(row["g"], []).append(_told(limit, row))
        broken = counts.join(ticks, on=["g", "tick"]).filter(violating)
        findings = broken.group_by("g").agg(pl.col("n", "fresh").sum(), pl.col("first").min(), pl.col("last").max())
        absent = sorted(set(messages) - set(findings["g"]))
        none = pl.lit(None, pl.Int64)
        empty = pl.DataFrame({"g": absent}, schema={"g": pl.Int64}).select(
            "g", *(pl.lit(0, pl.Int64).alias(name) for name in ("n", "fresh")), none.alias("first"), none.alias("last")
        )
        findings = pl.concat([findings, empty]).with_columns(none.alias("outcome"))
        places = ticks
        if rule.window is None:
            # NOTE: without windows samples have no tick: what offends, offends everywhere.
            places = ticks.group_by("g").agg(pl.col("^on[0-9]+$").any()).with_columns(pl.lit(0, pl.Int64).alias("tick"))
        samples = self._samples.join(places, on=["g", "tick"]).filter(violating) if self._samples.height else self._samples
        return self._made(findings.select("g", "outcome", "n", "first", "last", "fresh"), messages, samples)

    def _judged(self, rule: GroupRule, place: int, limit: Limit) -> windows.Judged:
        if limit.how == "gap":
            return windows.judge_gap(self._counts, limit, self._periods(rule, open_ended=True))
        if limit.floor:
            return windows.judge_floor(self._counts, self._distinct, place, limit, rule.window, self._periods(rule, open_ended=False))
        return windows.judge(self._counts, self._distinct, place, limit, rule.window)

    def _periods(self, rule: GroupRule, *, open_ended: bool) -> pl.DataFrame:
        """The period in which each bucket's one group is judged: that of the run, else (unless open) from its first to its last record."""
        rows = []
        for bucket in self._buckets:
            seen, subject = self._seen[bucket], self._only_subject(rule, bucket)
            begin = self._plan.since if open_ended or self._plan.since is not None else seen["first"]
            finish = self._plan.until if open_ended or self._plan.until is not None else seen["last"] + 1
            rows.append((group_hash(self._bound.name, bucket, subject), bucket, subject, begin, finish))
        schema = {"g": pl.Int64, "bucket": pl.String, "subject": pl.String, "begin": pl.Int64, "finish": pl.Int64}
        periods = pl.DataFrame(rows, schema=schema, orient="row")
        self._groups = pl.concat([self._groups, periods.select("g", "bucket", "subject")]).unique("g")
        return periods

    @staticmethod
    def _only_subject(rule: GroupRule, bucket: str) -> str:
        return json.dumps(dict.fromkeys(rule.subject, bucket))

    def _made(self, findings: pl.DataFrame, messages: Mapping[int, Sequence[str]], samples: pl.DataFrame) -> dict[str, list[_Group]]:
        """Findings with their subjects, by bucket; samples are looked up later, for those that are shown."""
        self._samples = samples
        made: dict[str, list[_Group]] = {}
        named = findings.join(self._groups, on="g")
        for row in named.iter_rows(named=True):
            subject = json.loads(row["subject"])
            outcome = None if row["outcome"] is None else OUTCOMES[row["outcome"]]
            message = _message(self._bound, subject, outcome, row["n"], messages.get(row["g"], ()))
            group = _Group(row["g"], row["outcome"], subject, row["n"], row["first"], row["last"], message, row["fresh"])
            made.setdefault(row["bucket"], []).append(group)
        return made

    def samples(self, shown: Sequence[_Group]) -> dict[tuple[int, int | None], tuple[Sample, ...]]:
        """The earliest samples of each of these groups."""
        wanted = pl.DataFrame({"g": [group.g for group in shown]}, schema={"g": pl.Int64}).unique()
        rows = self._samples.join(wanted, on="g", how="semi").sort("t", "request_id", "object", "line")
        found: dict[tuple[int, int | None], list[Sample]] = {}
        splits = isinstance(self._bound.rule, RecordRule)
        for row in rows.iter_rows(named=True):
            mine = found.setdefault((row["g"], row["mask"] if splits else None), [])
            if len(mine) < SAMPLES:
                mine.append(Sample(row["object"], row["line"], row["request_id"], _instant(row["t"])))
        return {key: tuple(samples) for key, samples in found.items()}


def _timed(counts: pl.DataFrame) -> pl.DataFrame:
    """Counts with the times of their first and last record, which of counts by the second are that second, and with what is fresh."""
    if "first" not in counts.columns:
        counts = counts.with_columns(pl.col("tick").alias("first"), pl.col("tick").alias("last"))
    return counts if "fresh" in counts.columns else counts.with_columns(pl.lit(0, pl.Int64).alias("fresh"))


def _told(limit: Limit, row: Mapping[str, Any]) -> str:
    """A limit that a window broke, in words."""
    number = row["total"] if limit.how in ("sum", "mean") else row["over"]
    value = Fraction(number, row["base"]) if limit.how in ("share", "mean") else Fraction(number)
    bound = Fraction((limit.least if limit.most is None else limit.most) or 0)
    shown = min(value, bound) if limit.how == "distinct" and limit.most is not None else value  # values beyond the limit are not counted
    side = ""
    if limit.write(shown) == limit.write(bound) and value != bound:
        # NOTE: never rounded to the limit that it is over.
        side = "over " if value > bound else "under "
    text = f"{limit.label}: {side}{limit.write(shown)} ({limit.rule})"
    if row["start"] is None:
        return text
    if limit.how == "gap":
        return f"{text} from {_written(row['start'])}"
    return f"{text} in {window_text(row['end'] - row['start'])} from {_written(row['start'])}"


def _message(bound: BoundRule, subject: Mapping[str, str | int | None], outcome: str | None, records: int, told: Sequence[str]) -> str:
    """What a finding says, in one sentence."""
    who = ", ".join(f"{name.replace('_', ' ')} {_named(name, value)}" for name, value in subject.items())
    if isinstance(bound.rule, RecordRule):
        what = f"{bound.rule.breach} ({records:,} {'request' if records == 1 else 'requests'} {outcome})"
    else:
        what = "; ".join(told)
    return f"{who}: {what}" if who else what


def _named(column: str, value: str | int | None) -> str | int:
    """A part of a subject, in words where the log has no value."""
    if value is not None:
        return value
    return "anonymous" if column in ("principal", "requester") else "none"


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _written(seconds: int) -> str:
    return _instant(seconds).replace(tzinfo=None).isoformat() + "Z"


def fingerprint(bound: BoundRule, policy: Policy, bucket: str, outcome: str | None, subject: Mapping[str, str | int | None]) -> str:
    """SHA-256 over policy, rule, bucket, outcome and subject; 64 hex. Counts and times have no part in it, so it outlives a run."""
    parts = [policy.name, bound.name, bucket, outcome, dict(subject)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _result(bound: BoundRule, bucket: str, merged: Merged, groups: list[_Group], judge: _Judge, policy: Policy, known: Known) -> Result:
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
            first_seen=None if group.first is None else _instant(group.first),
            last_seen=None if group.last is None else _instant(group.last),
            baseline="unchanged" if _is_known(known, prints[id(group)], group) else "new",
            samples=samples.get((group.g, group.mask), ()),
        )
        for group in shown
    )
    counted = sum(group.records for group in groups)
    # NOTE: of a rule about single records the total is exact even where a flood left groups out; a rule about groups knows only those kept.
    exact = isinstance(rule, RecordRule) and rule.tolerated == 0
    violations = total["violations"] if exact else counted
    omitted = Omitted(len(left), violations - sum(finding.records for finding in findings))
    status, reason = _status(bound, total, merged.blind.get(bucket), findings, known.gaps.get(bound.name))
    worst = max((finding.severity for finding in findings), key=lambda one: one.rank, default=rule.effective_severity)
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


def _outcome(group: _Group) -> str | None:
    return None if group.mask is None else OUTCOMES[group.mask]


def _is_known(known: Known, print_: str, group: _Group) -> bool:
    return print_ in known.baseline or (print_ in known.reported and not group.fresh)


def _status(
    bound: BoundRule, total: Mapping[str, int], blind: Blind | None, findings: Sequence[Finding], gap: str | None
) -> tuple[Status, str | None]:
    """The status of a result, and why it is undetermined."""
    if findings:
        return Status.FAIL, None
    rule, reasons = bound.rule, [] if gap is None else [gap]
    if isinstance(rule, GroupRule) and (missing := rule.unbuilt()):
        reasons.append(missing)
    undelivered = 0 if blind is None else blind.records
    if undecided := total["unjudged"] - undelivered:
        what = f"{plural(undecided, 'record')} could not be judged"
        reasons.append(f"{what}: the line is too old for a field that the rule needs, or leaves it undecided")
    if blind is not None and undelivered:
        named = ", ".join(blind.columns)
        reasons.append(f"{plural(undelivered, 'record')} could not be judged: the delivery leaves out what the rule needs ({named})")
    if total["overflow"] and not (isinstance(rule, RecordRule) and rule.tolerated == 0):
        reasons.append("more groups than can be told apart (100,000); those that were kept are within the limit")
    return (Status.UNDETERMINED, "; ".join(reasons)) if reasons else (Status.PASS, None)


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


def _idle(bound: BoundRule, bucket: str, policy: Policy) -> Result:
    """A bucket that the policy names and that has no record in the period."""
    accepted = any(one.rule.kind == "completeness" and getattr(one.rule, "min_records", 1) == 0 for one in policy.rules)
    blank = _blank(bound, bucket, policy)
    return replace(blank, status=Status.PASS) if accepted else replace(blank, reason=_NO_RECORD)


def _unmatched(policy: Policy, globs: Sequence[str]) -> Result:
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
