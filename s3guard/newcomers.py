"""Newcomers: values that the past of a bucket does not know, and those of which nobody can say."""

from __future__ import annotations

import json
from collections.abc import Collection

import polars as pl

from s3guard import past
from s3guard.breaches import Compared, Group, instant, written
from s3guard.columns import SERVED
from s3guard.joins import COUNT, GROUP, SAMPLE, TIMES
from s3guard.plan import Plan
from s3guard.policy import BoundRule
from s3guard.records import OUTCOMES
from s3guard.ruletables import RuleTables
from s3guard.subjects import subject_text


def newcomers(plan: Plan, bound: BoundRule, tables: RuleTables, buckets: Collection[str]) -> Compared:
    """What of the values of a `NewcomerRule` is new in the report's period."""
    groups = tables.groups[0] if tables.groups else pl.DataFrame(schema=GROUP)
    counts = tables.counts[0] if tables.counts else pl.DataFrame(schema={**COUNT, **TIMES})
    if "fresh" not in counts.columns:
        counts = counts.with_columns(pl.lit(0, pl.Int64).alias("fresh"))
    findings: dict[str, list[Group]] = {}
    reasons: dict[str, str] = {}
    new = _new(counts, plan.opens if plan.since is None else plan.since).join(groups, on="g")
    alive = counts.filter(pl.col("mask") == past.ALIVE)
    for (bucket,), mine in sorted(new.partition_by("bucket", as_dict=True).items()):
        if bucket not in buckets:
            continue
        hours = past.history(past.known(past.lived(alive, bound.name, bucket), None))
        told = mine.join(hours.select("hour", "history"), left_on=pl.col("met") // past.HOUR, right_on="hour", how="left")
        told, can = told.with_columns(pl.col("history").fill_null(0)), pl.col("history") >= past.NEEDED
        findings[bucket] = [_finding(row) for row in told.filter(can).iter_rows(named=True)]
        if (early := told.filter(~can)).height:
            reasons[bucket] = _unknown(early)
    samples = tables.samples[0] if tables.samples else pl.DataFrame(schema=SAMPLE)
    return Compared(findings, samples, reasons)


def _new(counts: pl.DataFrame, since: int | None) -> pl.DataFrame:
    """The counts of the period of values that were met in it for the first time: ``met``.

    NOTE: who was only refused is no acquaintance of whom S3 serves, or an attacker would make himself known by knocking.
    """
    values = counts.filter(pl.col("mask") != past.ALIVE).with_columns((pl.col("mask") == SERVED).alias("is_served"))
    met = [
        values.filter("is_served").group_by("g").agg(pl.col("first").min().alias("met"), pl.lit(value=True).alias("is_served")),
        values.group_by("g").agg(pl.col("first").min().alias("met"), pl.lit(value=False).alias("is_served")),
    ]
    inside = values.filter(pl.col("tick") != past.BEFORE).group_by("g", "mask", "is_served")
    told = inside.agg(pl.col("n", "fresh").sum(), pl.col("first").min(), pl.col("last").max())
    new = told.join(pl.concat(met), on=["g", "is_served"])
    return new if since is None else new.filter(pl.col("met") >= since)


def _finding(row: dict[str, int | str]) -> Group:
    subject = json.loads(str(row["subject"]))
    many, mask = int(row["n"]), int(row["mask"])
    days = int(row["history"]) // 24
    asked = f"{many:,} {'request' if many == 1 else 'requests'} {OUTCOMES[mask]}"
    message = f"{subject_text(subject)}: first seen {written(int(row['met']))}, in none of the {days} days of history before ({asked})"
    return Group(int(row["g"]), mask, subject, many, int(row["first"]), int(row["last"]), message, int(row["fresh"]))


def _unknown(early: pl.DataFrame) -> str:
    """Why these could not be told from what was always there."""
    last = early.sort("met").row(-1, named=True)
    days, values = last["history"] // 24, early["g"].n_unique()
    what = "1 value was" if values == 1 else f"{values:,} values were"
    much = f"{days} of {past.NEEDED // 24} days of history before {instant(last['met']):%Y-%m-%dT%H:%MZ}"
    return f"{much}: {what} met by then for the first time, new or not"
