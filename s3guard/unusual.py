"""The unusual: hours of a bucket that are far from what the hours before predict, and those that have too little before them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from s3guard import past, usual
from s3guard.breaches import Compared, Group, written
from s3guard.joins import COUNT, GROUP, SAMPLE, TIMES
from s3guard.measures import FIXED, Usual
from s3guard.past import HOUR
from s3guard.plan import Plan
from s3guard.policy import BoundRule
from s3guard.rules import GroupRule
from s3guard.ruletables import RuleTables
from s3guard.subjects import subject_text
from s3guard.tally import group_hash
from s3guard.windows import BASE, COUNTED, MEMBER, has

_SERIES = 64
"""Series that are compared together: more would only take more memory."""

_Row = Mapping[str, Any]


def unusual(plan: Plan, bound: BoundRule, tables: RuleTables, buckets: Sequence[str], seen: Mapping[str, Mapping[str, int]]) -> Compared:
    """What of the hours of the report's period is unusual to a rule, and what could not be said; `seen` is when each bucket has records."""
    assert isinstance(bound.rule, GroupRule)  # noqa: S101 - for the type checker
    sums = {f"s{k}": pl.Int128 for k, one in enumerate(bound.rule.usuals()) if one.limit.how in ("sum", "mean")}
    groups = tables.groups[0] if tables.groups else pl.DataFrame(schema=GROUP)
    counts = tables.counts[0] if tables.counts else pl.DataFrame(schema={**COUNT, **TIMES, **sums})
    samples = tables.samples[0] if tables.samples else pl.DataFrame(schema=SAMPLE)
    counts = counts if "fresh" in counts.columns else counts.with_columns(pl.lit(0, pl.Int64).alias("fresh"))
    named = counts.join(groups.select("g", "bucket"), on="g")
    # NOTE: taken apart once, for to look through all for each bucket would take as long as there are buckets.
    of_bucket = [{key[0]: rows for key, rows in table.partition_by("bucket", as_dict=True).items()} for table in (named, groups, samples)]
    findings: dict[str, list[Group]] = {}
    reasons: dict[str, str] = {}
    found = [pl.DataFrame(schema=SAMPLE)]
    for bucket in buckets:
        mine = (parts.get(bucket, whole.clear()) for parts, whole in zip(of_bucket, (named, groups, samples), strict=True))
        one = _Bucket(plan, bound, bound.rule, bucket, *mine)
        findings[bucket], taken, reason = one.compared(seen[bucket])
        found += taken
        if reason is not None:
            reasons[bucket] = reason
    return Compared(findings, pl.concat(found), reasons)


@dataclass(frozen=True, slots=True)
class _Bucket:
    """One bucket's hours."""

    plan: Plan
    bound: BoundRule
    rule: GroupRule
    bucket: str
    counts: pl.DataFrame
    groups: pl.DataFrame
    samples: pl.DataFrame

    def compared(self, seen: Mapping[str, int]) -> tuple[list[Group], list[pl.DataFrame], str | None]:
        """Findings, their samples, and why not every hour could be compared."""
        hours = self._hours(seen)
        found: list[tuple[Group, pl.DataFrame]] = []
        missing = [pl.DataFrame(schema={"hour": pl.Int64, "history": pl.Int64})]
        for k, one in enumerate(self.rule.usuals()):
            for series in self._series(k, one, hours):
                told = usual.judged(series, usual.Asked(float(one.times), counts=one.limit.how != "mean", both=one.both))
                missing.append(told.filter(~pl.col("is_judged")).select("hour", "history"))
                found += self._found(k, one, told, hours)
        return _merged([group for group, _ in found]), [taken for _, taken in found], self._reason(hours, pl.concat(missing))

    def _hours(self, seen: Mapping[str, int]) -> pl.DataFrame:
        """`past.history`, and whether each hour is asked about, and surely whole."""
        plan = self.plan
        begin = plan.opens if plan.since is None else plan.since
        finish = plan.until
        if finish is None:
            finish = seen["last"] + 1 if plan.arrived is None else max(plan.arrived, seen["last"] + 1)
        whole = finish if plan.delivered is None else min(finish, plan.delivered)
        hours = past.history(past.known(past.lived(self.counts, self.bound.name, self.bucket), (finish - 1) // HOUR))
        end = (pl.col("hour") + 1) * HOUR
        asked = pl.col("is_due") & (pl.col("hour") * HOUR < finish) & (pl.lit(value=True) if begin is None else end > begin)
        return hours.with_columns(asked.alias("is_asked"), (end <= whole).alias("is_full"))

    def _series(self, k: int, one: Usual, hours: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What `usual.judged` takes, of some groups at a time."""
        groups = pl.Series("g", [group_hash(self.bound.name, self.bucket, "{}")], pl.Int64)
        values = _values(self.counts.filter(pl.col("g") != self._alive), k, one)
        if self.rule.subject:
            # NOTE: groups that never have as much as would be told of are most of them, where there are many.
            groups = values.filter(pl.col("x") >= usual.least(float(one.times), counts=one.limit.how != "mean"))["g"].unique().sort()
        for start in range(0, len(groups), _SERIES):
            some = groups.slice(start, _SERIES).to_frame()
            dense = some.join(hours, how="cross").join(values, on=["g", "hour"], how="left", maintain_order="left")
            if one.limit.how != "mean":
                dense = dense.with_columns(pl.col("x").fill_null(0.0))
            ordered = dense.sort("g", "segment", "hour").with_columns(pl.struct("g", "segment").rle_id().cast(pl.Int64).alias("series"))
            yield ordered.select("series", "g", "hour", "x", "is_known", "is_asked", "is_full", "weight")

    @property
    def _alive(self) -> int:
        return past.alive_group(past.of_past(self.bound.name), self.bucket)

    def _found(self, k: int, one: Usual, told: pl.DataFrame, hours: pl.DataFrame) -> Iterator[tuple[Group, pl.DataFrame]]:
        """The findings of one number of some groups, each with its samples."""
        far = told.filter(pl.col("off").is_not_null()).with_columns(
            (pl.col("off") < 0).alias("is_fewer"), (pl.col("hour") * HOUR).alias("tick")
        )
        counts, samples = (rows.filter(has(k, MEMBER)).join(far, on=["g", "tick"], how="semi") for rows in (self.counts, self.samples))
        for (g, is_fewer), alarms in far.partition_by("g", "is_fewer", as_dict=True).items():
            ticks = alarms["tick"].implode()
            mine = counts.filter((pl.col("g") == g) & pl.col("tick").is_in(ticks))
            subject = self._subject(int(g), one, is_fewer=bool(is_fewer))
            number = group_hash(self.bound.name, self.bucket, json.dumps(subject)) if self.rule.adds else int(g)
            worst = alarms.sort(-pl.col("off").abs(), "hour").row(0, named=True)
            fresh = int(mine["fresh"].sum())
            if is_fewer and self._is_news(alarms["hour"], hours):
                fresh = max(1, fresh)
            whom = subject_text({name: value for name, value in subject.items() if name not in self.rule.adds})
            message = f"{whom}: {_said(one, worst)}" if whom else _said(one, worst)
            if alarms.height > 1:
                message += f"; and {alarms.height - 1:,} other {'hour' if alarms.height == 2 else 'hours'}"
            first, last = mine["first"].min(), mine["last"].max()
            group = Group(number, None, subject, int(mine["n"].sum()), _whole(first), _whole(last), message, fresh)
            taken = samples.filter((pl.col("g") == g) & pl.col("tick").is_in(ticks))
            yield group, taken.with_columns(pl.lit(number, pl.Int64).alias("g"))

    def _is_news(self, alarms: pl.Series, hours: pl.DataFrame) -> bool:
        """Whether a silence is one that no earlier report can have told of: it is of hours that this run judged, or it goes on.

        NOTE: there is no record in it that could be new.
        """
        fresh = self.counts.filter((pl.col("g") == self._alive) & (pl.col("fresh") > 0))["tick"].min()
        last = hours.filter("is_asked", "is_full")["hour"].max()
        return alarms.max() == last or (fresh is not None and int(alarms.max()) * HOUR >= int(fresh))  # type: ignore[arg-type]  # whole numbers

    def _subject(self, g: int, one: Usual, *, is_fewer: bool) -> dict[str, str | int | None]:
        named = self.groups.filter(pl.col("g") == g)["subject"]
        told: dict[str, str | int | None] = json.loads(named[0]) if len(named) else {}
        return {"measure": one.name, "change": "fewer" if is_fewer else "more", **told} if self.rule.adds else told

    def _reason(self, hours: pl.DataFrame, missing: pl.DataFrame) -> str | None:
        """Why some hours could not be compared."""
        asked = hours.filter("is_asked")
        # NOTE: hours without a typical time, too: while the past is short nobody knows what is usual, however little was asked.
        missing = pl.concat([missing, asked.filter(pl.col("history") < past.NEEDED).select("hour", "history")])
        missing = missing.unique("hour").sort("hour")
        if not missing.height:
            return None
        little = missing.filter(pl.col("history") < past.NEEDED)
        if little.height:
            last = little.row(-1, named=True)
            return past.too_little(asked.height - missing.height, asked.height, last["history"], last["hour"])
        return f"{missing.height:,} of {asked.height:,} hours have no like of them in the weeks before, to be compared with"


@dataclass(frozen=True, slots=True)
class _Scale:
    """From logarithms to what people read."""

    one: Usual

    def number(self, x: float) -> Fraction:
        """The number that a value stands for."""
        most = float(2**63)
        return Fraction(max(0.0, min(most, 2.0**x - 1)) * self.one.unit)

    def text(self, x: float) -> str:
        """It, as people write it."""
        return (
            self.one.limit.write(self.number(x) + Fraction(1, 2)) if self.one.limit.how == "count" else self.one.limit.write(self.number(x))
        )


def _values(counts: pl.DataFrame, k: int, one: Usual) -> pl.DataFrame:
    """``g``, ``hour``, ``x``, ``weight`` of the groups in the hours that have records."""
    hour = (pl.col("tick") // HOUR).alias("hour")
    base = pl.col("n").filter(has(k, BASE)).sum().alias("weight")
    if one.limit.how == "mean":
        found = counts.group_by("g", hour).agg(base, pl.col(f"s{k}").sum().cast(pl.Float64).alias("total"))
        enough = found.filter(pl.col("weight") >= one.limit.enough)
        return enough.select("g", "hour", (pl.col("total") / pl.col("weight") / FIXED).alias("x"), "weight")
    total = pl.col(f"s{k}").sum() if one.limit.how == "sum" else pl.col("n").filter(has(k, COUNTED)).sum()
    found = counts.group_by("g", hour).agg(base, total.cast(pl.Float64).clip(0).alias("total"))
    return found.select("g", "hour", (1 + pl.col("total") / one.unit).log(2).alias("x"), "weight")


def _said(one: Usual, row: _Row) -> str:
    """An hour that is unusual, in words: what it had, what was expected, from which weeks, and how far off that is."""
    scale, when = _Scale(one), written(row["hour"] * HOUR)
    edge = f"at least {scale.text(row['low'])}" if row["off"] < 0 else f"up to {scale.text(row['high'])}"
    off = f"{abs(row['off']):.1f} times the usual spread off, {float(one.times):g} tolerated"
    since = written((row["hour"] - row["back"]) * HOUR)[:10]
    weeks = f"{row['weeks']} weeks of the same hour since {since}" if row["weeks"] else "the same hour of the days before, as weeks are few"
    expected = f"expected {scale.text(row['expected'])}, usual is {edge}, by {weeks}"
    return f"{one.limit.label}: {scale.text(row['x'])} in the hour from {when}; {expected}; {off}"


def _merged(found: Sequence[Group]) -> list[Group]:
    """Findings of the same subject as one."""
    merged: dict[int, Group] = {}
    for group in found:
        merged[group.g] = joined(merged[group.g], group) if group.g in merged else group
    return list(merged.values())


def joined(one: Group, other: Group) -> Group:
    """Two findings of one subject as one; records that may be the same count once."""
    whom = subject_text(other.subject)
    message = f"{one.message}; {other.message.removeprefix(f'{whom}: ')}"
    firsts = [first for first in (one.first, other.first) if first is not None]
    lasts = [last for last in (one.last, other.last) if last is not None]
    return Group(
        one.g,
        one.mask,
        one.subject,
        max(one.records, other.records),
        min(firsts, default=None),
        max(lasts, default=None),
        message,
        max(one.fresh, other.fresh),
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
