"""The unusual: hours of a bucket that are far from what the hours before predict, and those that have too little before them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from s3guard import past, usual
from s3guard.breaches import Compared, Group, who, written
from s3guard.joins import COUNT, GROUP, SAMPLE, TIMES
from s3guard.measures import FIXED, Usual
from s3guard.past import HOUR
from s3guard.plan import Plan
from s3guard.policy import BoundRule
from s3guard.rules import GroupRule
from s3guard.ruletables import RuleTables
from s3guard.tally import group_hash
from s3guard.windows import BASE, COUNTED, MEMBER, has

_SERIES = 64
"""Series that are compared together: more would only take more memory."""

_Row = Mapping[str, Any]


class Unusual:
    """Holds the hours of one rule's tables against what is usual."""

    def __init__(self, plan: Plan, bound: BoundRule, tables: RuleTables, seen: Mapping[str, Mapping[str, int]]) -> None:
        assert isinstance(bound.rule, GroupRule)  # noqa: S101 - for the type checker
        self._plan, self._bound, self._seen, self._rule = plan, bound, seen, bound.rule
        self._groups = tables.groups[0] if tables.groups else pl.DataFrame(schema=GROUP)
        self._samples = tables.samples[0] if tables.samples else pl.DataFrame(schema=SAMPLE)
        sums = {f"s{k}": pl.Int128 for k, one in enumerate(self._rule.usuals()) if one.limit.how in ("sum", "mean")}
        counts = tables.counts[0] if tables.counts else pl.DataFrame(schema={**COUNT, **TIMES, **sums})
        self._counts = counts if "fresh" in counts.columns else counts.with_columns(pl.lit(0, pl.Int64).alias("fresh"))

    def compared(self, buckets: Sequence[str]) -> Compared:
        """What is unusual in the report's period, and what could not be said."""
        findings: dict[str, list[Group]] = {}
        reasons: dict[str, str] = {}
        samples: list[pl.DataFrame] = []
        for bucket in buckets:
            hours = self._hours(bucket)
            found: list[Group] = []
            missing = [pl.DataFrame(schema={"hour": pl.Int64, "history": pl.Int64})]
            for k, one in enumerate(self._rule.usuals()):
                for series in self._series(bucket, k, one, hours):
                    told = usual.judged(series, usual.Asked(float(one.times), counts=one.limit.how != "mean", both=one.both))
                    missing.append(told.filter(~pl.col("is_judged")).select("hour", "history"))
                    for group, taken in self._found(bucket, k, one, told, hours):
                        found.append(group)
                        samples.append(taken)
            findings[bucket] = _merged(found)
            if reason := self._reason(hours, pl.concat(missing)):
                reasons[bucket] = reason
        return Compared(findings, pl.concat([pl.DataFrame(schema=SAMPLE), *samples]), reasons)

    def _hours(self, bucket: str) -> pl.DataFrame:
        """The hours of a bucket: `past.history`, and whether each is asked about, and surely whole."""
        seen, plan = self._seen[bucket], self._plan
        begin = plan.opens if plan.since is None else plan.since
        finish = plan.until
        if finish is None:
            finish = seen["last"] + 1 if plan.arrived is None else max(plan.arrived, seen["last"] + 1)
        whole = finish if plan.delivered is None else min(finish, plan.delivered)
        hours = past.history(past.known(past.lived(self._counts, self._bound.name, bucket), (finish - 1) // HOUR))
        end = (pl.col("hour") + 1) * HOUR
        asked = pl.col("is_due") & (pl.col("hour") * HOUR < finish) & (pl.lit(value=True) if begin is None else end > begin)
        return hours.with_columns(asked.alias("is_asked"), (end <= whole).alias("is_full"))

    def _series(self, bucket: str, k: int, one: Usual, hours: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What `usual.judged` takes, of some groups at a time."""
        mine = self._groups.filter((pl.col("bucket") == bucket) & (pl.col("g") != past.alive_group(past.of_past(self._bound.name), bucket)))
        groups = mine["g"]
        if not self._rule.subject:
            groups = pl.Series("g", [group_hash(self._bound.name, bucket, "{}")], pl.Int64)
        values = _values(self._counts.join(groups.to_frame(), on="g", how="semi"), k, one)
        if self._rule.subject:
            # NOTE: groups that never have as much as would be told of are most of them, where there are many.
            groups = values.filter(pl.col("x") >= usual.least(float(one.times), counts=one.limit.how != "mean"))["g"].unique().sort()
        for start in range(0, len(groups), _SERIES):
            some = groups.slice(start, _SERIES).to_frame()
            dense = some.join(hours, how="cross").join(values, on=["g", "hour"], how="left", maintain_order="left")
            if one.limit.how != "mean":
                dense = dense.with_columns(pl.col("x").fill_null(0.0))
            ordered = dense.sort("g", "segment", "hour").with_columns(pl.struct("g", "segment").rle_id().cast(pl.Int64).alias("series"))
            yield ordered.select("series", "g", "hour", "x", "is_known", "is_asked", "is_full", "weight")

    def _found(self, bucket: str, k: int, one: Usual, told: pl.DataFrame, hours: pl.DataFrame) -> Iterator[tuple[Group, pl.DataFrame]]:
        """The findings of one number of some groups, each with its samples."""
        unusual = told.filter(pl.col("off").is_not_null()).with_columns((pl.col("off") < 0).alias("is_fewer"))
        for (g, is_fewer), alarms in unusual.partition_by("g", "is_fewer", as_dict=True).items():
            ticks = (alarms["hour"] * HOUR).alias("tick")
            mine = self._counts.filter((pl.col("g") == g) & pl.col("tick").is_in(ticks.implode()) & has(k, MEMBER))
            subject = self._subject(int(g), one, is_fewer=bool(is_fewer))
            number = group_hash(self._bound.name, bucket, json.dumps(subject)) if self._rule.adds else int(g)
            worst = alarms.sort(-pl.col("off").abs(), "hour").row(0, named=True)
            fresh = int(mine["fresh"].sum())
            if is_fewer and self._is_news(bucket, alarms["hour"], hours):
                fresh = max(1, fresh)
            whom = who({name: value for name, value in subject.items() if name not in self._rule.adds})
            message = f"{whom}: {_said(one, worst)}" if whom else _said(one, worst)
            if alarms.height > 1:
                message += f"; and {alarms.height - 1:,} other {'hour' if alarms.height == 2 else 'hours'}"
            first, last = mine["first"].min(), mine["last"].max()
            group = Group(number, None, subject, int(mine["n"].sum()), _whole(first), _whole(last), message, fresh)
            taken = self._samples.filter((pl.col("g") == g) & pl.col("tick").is_in(ticks.implode()) & has(k, MEMBER))
            yield group, taken.with_columns(pl.lit(number, pl.Int64).alias("g"))

    def _is_news(self, bucket: str, alarms: pl.Series, hours: pl.DataFrame) -> bool:
        """Whether a silence is one that no earlier report can have told of: it is of hours that this run judged, or it goes on.

        NOTE: there is no record in it that could be new.
        """
        alive = past.alive_group(past.of_past(self._bound.name), bucket)
        fresh = self._counts.filter((pl.col("g") == alive) & (pl.col("fresh") > 0))["tick"].min()
        last = hours.filter("is_asked", "is_full")["hour"].max()
        return alarms.max() == last or (fresh is not None and int(alarms.max()) * HOUR >= int(fresh))  # type: ignore[arg-type]  # whole numbers

    def _subject(self, g: int, one: Usual, *, is_fewer: bool) -> dict[str, str | int | None]:
        named = self._groups.filter(pl.col("g") == g)["subject"]
        told: dict[str, str | int | None] = json.loads(named[0]) if len(named) else {}
        return {"measure": one.name, "change": "fewer" if is_fewer else "more", **told} if self._rule.adds else told

    def _reason(self, hours: pl.DataFrame, missing: pl.DataFrame) -> str | None:
        """Why some hours could not be compared."""
        asked = hours.filter("is_asked")
        if any(one.limit.how != "mean" for one in self._rule.usuals()):
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
    whom = who(other.subject)
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
