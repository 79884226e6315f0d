"""Judge: what breaks one rule in its merged tables, over all buckets at once, becomes findings in the making."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import polars as pl

from s3guard import seconds, windows
from s3guard.breaches import Compared, Group, instant, written
from s3guard.durations import window_text
from s3guard.joins import COUNT, DISTINCT, GROUP, SAMPLE, SAMPLES, TIMES
from s3guard.measures import Limit
from s3guard.model import Sample
from s3guard.newcomers import newcomers
from s3guard.plan import Plan
from s3guard.policy import BoundRule
from s3guard.records import OUTCOMES
from s3guard.rules import GroupRule, NewcomerRule, RecordRule
from s3guard.subjects import subject_text
from s3guard.tally import group_hash
from s3guard.undelivered import Merged
from s3guard.unusual import joined, unusual


class Judge:
    """Finds what breaks one rule in its tables, over all buckets at once."""

    def __init__(self, plan: Plan, bound: BoundRule, merged: Merged, buckets: Sequence[str], seen: Mapping[str, Mapping[str, int]]) -> None:
        self._plan, self._bound, self._seen, self._looked, self._past = plan, bound, seen, buckets, merged.past
        self.reasons: Mapping[str, str] = {}
        """Why not everything in a bucket could be compared with the past, once there are `findings`."""
        # NOTE: what could not be judged may be what a lower limit misses, or fill a gap.
        self._buckets = [bucket for bucket in buckets if bucket not in merged.blind]
        tables = merged.tables
        self._groups = tables.groups[0] if tables.groups else pl.DataFrame(schema=GROUP)
        self._samples = tables.samples[0] if tables.samples else pl.DataFrame(schema=SAMPLE)
        self._distinct = tables.distinct[0] if tables.distinct else pl.DataFrame(schema=DISTINCT)
        counts, self._coarse = tables.counts[0] if tables.counts else self._no_counts(), None
        if tables.runs and tables.grid is not None and isinstance(bound.rule, GroupRule):
            self._coarse = seconds.coarse([*tables.coarse, counts.select(tables.coarse[0].columns)], tables.grid)
            counts = pl.concat([counts, *seconds.opened(tables.runs, self._near(bound.rule, self._coarse), tables.grid)])
        self._counts = _timed(counts)

    def _no_counts(self) -> pl.DataFrame:
        rule = self._bound.rule
        limits = rule.limits() if isinstance(rule, GroupRule) else ()
        sums = {f"s{k}": pl.Int128 for k, limit in enumerate(limits) if limit.how in ("sum", "mean")}
        return pl.DataFrame(schema={**COUNT, **TIMES, **sums})

    def findings(self) -> dict[str, list[Group]]:
        """The findings of each bucket, in no order."""
        found = self._of_limits()
        compared = self._compared()
        for bucket, groups in compared.findings.items():
            known = {group.g: group for group in found.get(bucket, [])}
            others = [group for group in groups if group.mask is not None or group.g not in known]
            alike = {group.g: joined(known[group.g], group) for group in groups if group.mask is None and group.g in known}
            found[bucket] = [*(known | alike).values(), *others]
        if compared.samples.height:
            self._samples = pl.concat([self._samples.select(SAMPLE.keys()), compared.samples.select(SAMPLE.keys())])
        self.reasons = compared.reasons
        return found

    def _compared(self) -> Compared:
        """What the past says."""
        past, rule = self._past, self._bound.rule
        if past is not None and isinstance(rule, NewcomerRule):
            return newcomers(self._plan, self._bound, past, [bucket for bucket in self._seen if bucket in self._looked])
        if past is not None and isinstance(rule, GroupRule) and rule.compares:
            return unusual(self._plan, self._bound, past, self._buckets, self._seen)
        return Compared({}, pl.DataFrame(schema=SAMPLE), {})

    def _of_limits(self) -> dict[str, list[Group]]:
        """The findings of limits that the policy says."""
        rule = self._bound.rule
        if isinstance(rule, NewcomerRule):
            return {}
        if isinstance(rule, GroupRule):
            return self._of_groups(rule)
        counts = self._counts.filter(pl.col("n") > (rule.tolerated if isinstance(rule, RecordRule) else 0))
        return self._made(counts.select("g", pl.col("mask").alias("outcome"), "n", "first", "last", "fresh"), {}, self._samples)

    def _of_groups(self, rule: GroupRule) -> dict[str, list[Group]]:
        """Hold every limit against the windows; a row is a violation if its second lies in an offending window of a limit it counts for."""
        counts, messages = self._counts, dict[int, list[str]]()
        violating = pl.lit(value=False)
        judgements = [self._judged(counts, rule, k, limit) for k, limit in enumerate(rule.limits())]
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

    def _near(self, rule: GroupRule, coarse: pl.DataFrame) -> pl.DataFrame:
        """The cells of the grid in which windows that offend can lie, of any limit."""
        found = []
        for k, limit in enumerate(rule.limits()):
            if limit.aligned or rule.window is None:
                found.append(self._judged(coarse, rule, k, limit).covered)
            else:
                found.append(windows.suspected(coarse, k, limit, rule.window).select("g", "tick"))
        return pl.concat(found).unique()

    def _judged(self, counts: pl.DataFrame, rule: GroupRule, place: int, limit: Limit) -> windows.Judged:
        if limit.how == "gap":
            return windows.judge_gap(counts, limit, self._periods(rule, open_ended=True))
        if limit.floor:
            periods = self._periods(rule, open_ended=False)
            return windows.judge_floor(counts, self._distinct, place, limit, rule.window, periods, self._coarse)
        return windows.judge(counts, self._distinct, place, limit, rule.window, self._coarse)

    def _periods(self, rule: GroupRule, *, open_ended: bool) -> pl.DataFrame:
        """The period in which each bucket's one group is judged: that of the run, else (unless open) from its first to its last record."""
        rows = []
        for bucket in self._buckets:
            seen, subject = self._seen[bucket], self._only_subject(rule, bucket)
            begin = self._plan.since if open_ended or self._plan.since is not None else seen["first"]
            finish = self._plan.until if open_ended or self._plan.until is not None else seen["last"] + 1
            if finish is None and self._plan.arrived is not None and self._plan.arrived > seen["last"]:
                finish = self._plan.arrived
            rows.append((group_hash(self._bound.name, bucket, subject), bucket, subject, begin, finish))
        schema = {"g": pl.Int64, "bucket": pl.String, "subject": pl.String, "begin": pl.Int64, "finish": pl.Int64}
        periods = pl.DataFrame(rows, schema=schema, orient="row")
        self._groups = pl.concat([self._groups, periods.select("g", "bucket", "subject")]).unique("g")
        return periods

    @staticmethod
    def _only_subject(rule: GroupRule, bucket: str) -> str:
        return json.dumps(dict.fromkeys(rule.subject, bucket))

    def _made(self, findings: pl.DataFrame, messages: Mapping[int, Sequence[str]], samples: pl.DataFrame) -> dict[str, list[Group]]:
        """Findings with their subjects, by bucket; samples are looked up later, for those that are shown."""
        self._samples = samples
        made: dict[str, list[Group]] = {}
        named = findings.join(self._groups, on="g")
        for row in named.iter_rows(named=True):
            subject = json.loads(row["subject"])
            outcome = None if row["outcome"] is None else OUTCOMES[row["outcome"]]
            message = _message(self._bound, subject, outcome, row["n"], messages.get(row["g"], ()))
            group = Group(row["g"], row["outcome"], subject, row["n"], row["first"], row["last"], message, row["fresh"])
            made.setdefault(row["bucket"], []).append(group)
        return made

    def samples(self, shown: Sequence[Group]) -> dict[tuple[int, int | None], tuple[Sample, ...]]:
        """The earliest samples of each of these groups."""
        wanted = pl.DataFrame({"g": [group.g for group in shown]}, schema={"g": pl.Int64}).unique()
        rows = self._samples.join(wanted, on="g", how="semi").sort("t", "request_id", "object", "line")
        found: dict[tuple[int, int | None], list[Sample]] = {}
        splits = isinstance(self._bound.rule, RecordRule | NewcomerRule)
        met: set[tuple[int, str, int]] = set()
        for row in rows.iter_rows(named=True):
            mine = found.setdefault((row["g"], row["mask"] if splits else None), [])
            if isinstance(self._bound.rule, GroupRule) and self._bound.rule.compares:
                # NOTE: a record may break what is usual and a limit, or be unusual in two ways.
                if (place := (row["g"], row["object"], row["line"])) in met:
                    continue
                met.add(place)
            if len(mine) < SAMPLES:
                mine.append(Sample(row["object"], row["line"], row["request_id"], instant(row["t"])))
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
        return f"{text} from {written(row['start'])}"
    return f"{text} in {window_text(row['end'] - row['start'])} from {written(row['start'])}"


def _message(bound: BoundRule, subject: Mapping[str, str | int | None], outcome: str | None, records: int, told: Sequence[str]) -> str:
    """What a finding says, in one sentence."""
    whom = subject_text(subject)
    if isinstance(bound.rule, RecordRule):
        what = f"{bound.rule.breach} ({records:,} {'request' if records == 1 else 'requests'} {outcome})"
    else:
        what = "; ".join(told)
    return f"{whom}: {what}" if whom else what
