"""Conclude: merged tables become results, one for each rule of each policy over each bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from s3guard import coverage
from s3guard.charted import charted
from s3guard.globs import matches
from s3guard.judge import Judge
from s3guard.model import Coverage, Result, RunCoverage
from s3guard.partial import Each, Partial
from s3guard.plan import Plan
from s3guard.policy import BoundRule, Policy
from s3guard.results import Known, result_of, result_of_idle, result_of_unmatched
from s3guard.traffic import Traffic
from s3guard.undelivered import Deliveries


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the tables of a run say."""

    results: tuple[Result, ...]
    coverage: Coverage
    runs: tuple[RunCoverage, ...] = ()
    """Which runs judged what of it, of a state."""
    traffic: Traffic | None = None
    """Where the plan wants it."""
    objects: pl.DataFrame | None = field(default=None, compare=False)
    """`s3guard.seen.OBJECT` of each log object, where the tables were kept apart by cells; None where nobody kept it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a run says beside its results; nothing without a state."""

    notes: tuple[str, ...] = ()
    """Sentences about what the report covers."""
    blind: tuple[str, ...] = ()
    """Sentences about what was not looked at, and that no result says."""
    covered: Mapping[str, Any] = field(default_factory=dict)
    """What the run covered, for the state (`s3guard.state.run_head`)."""


def conclude(plan: Plan, partial: Partial, known: Known | None = None, each: Each = map) -> Conclusion:
    """Results and coverage of a merged partial.

    `each` is `map`, or the like of several workers: rules do not know each other.
    """
    if plan.cell is not None:
        # NOTE: records out of the period were left out before, so that all of the cells that it begins and ends in are of it.
        ends = None if plan.until is None else -(-plan.until // plan.cell) * plan.cell
        partial = partial.within(None if plan.since is None else plan.since // plan.cell * plan.cell, ends)
    partial = partial.settled(each)
    seen = {row["bucket"]: row for row in partial.buckets[0].iter_rows(named=True)}
    delivered = Deliveries(partial)

    def of_rule(task: tuple[Policy, BoundRule, list[str]]) -> list[Result]:
        policy, one, judged = task
        merged = delivered.merged(one, judged)
        judge = Judge(plan, one, merged, judged, seen)
        found = judge.findings()
        return [result_of(one, bucket, merged, found.get(bucket, []), judge, policy, known or Known()) for bucket in judged]

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
        mine += [result_of_idle(one, bucket, policy) for one in bound for bucket in idle]
        results += sorted(mine, key=lambda result: result.bucket or "")  # stable: within a bucket in the order of the policy
        unmatched = [glob for glob in policy.globs if not any(matches(glob, bucket) for bucket in seen)]
        if unmatched and bound and plan.buckets is None:
            results.append(result_of_unmatched(policy, unmatched))
    traffic = charted(plan, partial) if plan.traffic else None
    return Conclusion(tuple(results), coverage.of(plan, partial, seen, results), traffic=traffic, objects=partial.seen[0])


def _wanted(plan: Plan, bucket: str) -> bool:
    return plan.buckets is None or bucket in plan.buckets
