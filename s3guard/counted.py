"""The rows of a bucket that count for a rule: those that break a rule about single records, those that a rule about groups measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from s3guard.columns import Columns
from s3guard.measures import Limit, Measured
from s3guard.past import HOUR
from s3guard.policy import BoundRule
from s3guard.rules import GroupRule
from s3guard.windows import BASE, COUNTED, MEMBER, bit

_ORIGIN: Final = ("t", "request_id", "object", "line", "cell")


def breaking(rows: pl.DataFrame, bound: BoundRule, columns: Columns, hits: pl.Series, *, is_readings: bool) -> pl.DataFrame:
    """The rows that break a rule: subject, origin, `mask` (the outcome), `tick` 0."""
    outcome = columns.outcome().cast(pl.Int64).alias("mask")
    asked = [*_subject(bound, columns), *_ORIGIN, "reading", outcome, pl.lit(0, pl.Int64).alias("tick")]
    chosen = rows.lazy().filter(hits).select(asked).collect()
    if is_readings:
        # NOTE: `served` if any of the readings that break the rule is: the smallest outcome is the worst.
        chosen = chosen.sort("reading", "mask").unique("reading", keep="first", maintain_order=True)
    return chosen.with_columns(pl.lit(1, pl.Int64).alias("n"), pl.lit(value=True).alias("member"))


def measured(
    rows: pl.DataFrame, bound: BoundRule, columns: Columns, judged: pl.Series, *, is_readings: bool, is_past: bool = False
) -> pl.DataFrame:
    """The rows that a rule about groups measures: subject, origin, `mask` (bits of limits), `tick`, sums, values to tell apart.

    With `is_past` those, by the hour, that it holds against what is usual.
    """
    rule = bound.rule
    assert isinstance(rule, GroupRule)  # noqa: S101 - for the type checker
    limits, measures, tick = rule.limits(), rule.measures(columns), _tick(rule)
    if is_past:
        limits, measures = tuple(one.limit for one in rule.usuals()), rule.usual_measures(columns)
        tick = pl.col("t") // HOUR * HOUR
    mask, member = pl.lit(0, pl.Int64), pl.lit(value=False)
    sums: list[pl.Expr] = []
    for k, (limit, measured) in enumerate(zip(limits, measures, strict=True)):
        for role, expr in ((BASE, measured.base), (COUNTED, measured.counted), (MEMBER, measured.members)):
            flag = pl.lit(1, pl.Int64) if expr is None else expr.fill_null(value=False).cast(pl.Int64)
            mask += flag * bit(k, role)
        member |= pl.lit(value=True) if measured.members is None else measured.members.fill_null(value=False)
        if limit.how in ("sum", "mean"):
            # NOTE: 128 bits: ten numbers of eighteen digits, which a client can imitate, would turn a sum of 64 negative, and hide it.
            total = pl.lit(0) if measured.total is None else measured.total.fill_null(0)
            sums.append(total.cast(pl.Int128).alias(f"s{k}"))
    values = [measured.distinct.alias(f"d{k}") for k, measured in enumerate(measures) if measured.distinct is not None]
    told: list[pl.Expr | str] = [
        *_subject(bound, columns),
        *_ORIGIN,
        "reading",
        mask.alias("mask"),
        tick.alias("tick"),
        member.alias("member"),
    ]
    if not is_readings:
        counting = _counting(limits, measures)
        if counting is not None:
            judged = judged & rows.select(counting.alias("counting")).to_series()
        asked = [*told, *sums, *values, pl.lit(1, pl.Int64).alias("n")]
        # NOTE: not of all columns, of which most are texts that nobody asks for.
        return rows.select(asked) if judged.all() else rows.lazy().filter(judged).select(asked).collect()
    return _worst_readings(rows.select(*told, *sums, *values).with_columns(judged.alias("judged")), limits)


def _subject(bound: BoundRule, columns: Columns) -> list[pl.Expr]:
    """The columns of the subject as codes or values, named ``k0``, ``k1``, …"""
    return [columns.coded(name).expr.alias(f"k{n}") for n, name in enumerate(bound.rule.subject)]


def _counting(limits: Sequence[Limit], measures: Sequence[Measured]) -> pl.Expr | None:
    """Boolean: the rows that can change a number or be a violation; None where every row can.

    NOTE: a limit on refused requests has no use for those that were served, and they are nearly all.
    """
    whole = pl.lit(value=False)
    for limit, measured in zip(limits, measures, strict=True):
        if limit.how != "count" or measured.counted is None or measured.members is None:
            return None
        whole |= measured.counted.fill_null(value=False) | measured.members.fill_null(value=False)
    return whole


def _tick(rule: GroupRule) -> pl.Expr:
    """The start of what is counted together: a second for windows that slide, a window for those that are aligned, 0 without windows.

    NOTE: for gaps it is a stretch as long as the longest that is tolerated: within one there is no gap, so its ends say all.
    """
    gaps = [int(limit.most or 0) for limit in rule.limits() if limit.how == "gap"]
    if gaps:
        stretch = max(1, *gaps)
        return pl.col("t") // stretch * stretch
    if slides(rule):
        return pl.col("t")
    return pl.lit(0, pl.Int64) if rule.window is None else pl.col("t") // rule.window * rule.window


def slides(rule: GroupRule) -> bool:
    """Whether the rule has windows that begin at any second, for which it needs counts of every second."""
    return rule.window is not None and any(not limit.aligned for limit in rule.limits())


def _worst_readings(rows: pl.DataFrame, limits: Sequence[Limit]) -> pl.DataFrame:
    """One row a line, of its readings: against an upper limit what adds most, against a lower one what adds least."""
    judged = rows.filter("judged")
    lines = judged.group_by("reading", maintain_order=True).agg(
        pl.exclude("mask", "judged", "member", "^s.*$", "^d.*$").first(),
        pl.col("mask").bitwise_or(),
        pl.col("member").any(),
        pl.col("^s.*$").max(),
        pl.col("^d.*$").unique(),
        pl.lit(1, pl.Int64).alias("n"),
    )
    # NOTE: a percentile is under its limit when enough values are: there, too, what counts most is the worst.
    floors = {k: limit for k, limit in enumerate(limits) if limit.floor and not limit.reached}
    if not floors:
        return lines
    sums = [f"s{k}" for k in floors if f"s{k}" in rows.columns]
    least = rows.group_by("reading").agg(
        pl.col("judged").all().alias("certain"),
        pl.when("judged").then("mask").otherwise(0).bitwise_and().alias("least"),
        *(pl.when("judged").then(name).otherwise(0).min().alias(name) for name in sums),
    )
    bits = pl.lit(sum(bit(k, COUNTED) for k in floors), pl.Int64)
    low = pl.col("mask").and_(~bits).or_(pl.col("least").and_(bits))
    values = [pl.col(f"d{k}") for k, limit in floors.items() if limit.how == "distinct"]
    told = [pl.when(pl.col("certain") & (value.list.len() == 1)).then(value).otherwise(value.list.head(0)) for value in values]
    return lines.drop(sums).join(least, on="reading").with_columns(low.alias("mask"), *told).drop("least", "certain")
