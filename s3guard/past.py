"""The past that some rules compare with: how far it reaches back, where its tables stand, and in which hours the log was alive.

A rule about what is usual, or new, keeps counts by the hour beside its other tables (`of_past`). They reach `SPAN` seconds further back
than the report, so that its first hour has a history, too. Each bucket has a group of its own in them that counts every record, whatever
the rule looks at: an hour without a record of the rule is one of no traffic only if the log was alive then, and was seen by the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

import polars as pl

from s3guard.grouping import grouped
from s3guard.joins import GROUP

HOUR: Final = 3_600
DAY: Final = 24 * HOUR

SPAN: Final = 56 * DAY
"""Seconds of history that an hour is compared with: eight weeks."""

NEEDED: Final = 14 * 24
"""Hours of history below which nothing is judged: fourteen days."""

QUIET: Final = 72
"""Hours without a record, at most, after which the log is taken for alive: a long weekend. Beyond, nobody knows what there was."""

ALIVE: Final = 3
"""What stands for an outcome in the counts of every record, in tables that are split by it."""

BEFORE: Final = -1
"""The tick of counts of before the report, in tables that are split by outcome; those of the report have 0."""

_SUFFIX: Final = "\0past"


def of_past(rule: str) -> str:
    """Under which name the tables stand that a rule compares with."""
    return f"{rule}{_SUFFIX}"


def is_past(name: str) -> bool:
    """Whether tables are such as a rule compares with."""
    return name.endswith(_SUFFIX)


def owner(name: str) -> str:
    """The rule whose tables they are."""
    return name.removesuffix(_SUFFIX)


def alive_group(rule: str, bucket: str) -> int:
    """The hash of the group that counts every record of a bucket; below those of all others, so that no flood takes it away."""
    digest = blake2b(f"{rule}\0{bucket}".encode(), digest_size=5).digest()
    return int.from_bytes(digest, "big") - (1 << 63)


def alive(rule: str, bucket: str, rows: pl.DataFrame, mask: int, sums: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`joins.GROUP` and the counts, by the hour, of some rows of a bucket; `sums` are columns that other counts have."""
    g = alive_group(rule, bucket)
    hour = (pl.col("t") // HOUR * HOUR).alias("tick")
    many = [pl.len().cast(pl.Int64).alias("n"), pl.col("t").min().alias("first"), pl.col("t").max().alias("last")]
    found = grouped(rows.select("t", "cell", hour), ["tick", "cell"], many)
    counts = found.select(
        pl.lit(g, pl.Int64).alias("g"),
        "tick",
        pl.lit(mask, pl.Int64).alias("mask"),
        "cell",
        "n",
        "first",
        "last",
        *(pl.lit(0, pl.Int128).alias(name) for name in sums),
    )
    return pl.DataFrame([(g, bucket, "{}")], schema=GROUP, orient="row"), counts


def lived(counts: pl.DataFrame, rule: str, bucket: str) -> pl.Series:
    """The hours since 1970 in which a bucket has records, sorted, by the counts that `alive` made."""
    mine = counts.filter(pl.col("g") == alive_group(of_past(rule), bucket))
    return (mine["tick"] // HOUR).unique().sort().alias("hour")


def history(hours: pl.DataFrame) -> pl.DataFrame:
    """The hours of `known`, each with how many known ones are in the `SPAN` before it: ``history``."""
    running = pl.col("is_known").cast(pl.Int64).cum_sum().over("segment")
    first = pl.col("hour") - pl.col("hour").min().over("segment")
    told = hours.with_columns(running.alias("running"), first.alias("deep"))
    before = pl.col("running").shift(1).over("segment").fill_null(0)
    old = pl.col("running").shift(SPAN // HOUR + 1).over("segment").fill_null(0)
    return told.with_columns((before - old).alias("history")).drop("running", "deep")


def too_little(judged: int, asked: int, hours: int, last: int) -> str:
    """Why something could not be compared: of `asked` hours `judged` could; the `last` that could not has so many `hours` before it."""
    days = hours // 24
    moment = datetime.fromtimestamp(last * HOUR, UTC)
    much = f"{days} of {NEEDED // 24} days of history before {moment:%Y-%m-%dT%H:%MZ}"
    return f"{much}: {asked - judged:,} of {asked:,} hours could not be compared with what is usual"


def known(hours: pl.Series, finish: int | None) -> pl.DataFrame:
    """The hours in which a log was alive, and those between them, by stretches that have no history in common.

    `hours` (sorted, each once) are the hours since 1970 that have records. The answer has ``segment``, ``hour``, ``is_known`` (whether the
    log was alive: a longer silence than `QUIET` is unknown) and ``is_due`` (whether it can be said what there was, up to `QUIET` hours
    after the last record before; not beyond `finish`, the hour in which the report ends). A segment ends where more than `SPAN` is silent.
    """
    span = SPAN // HOUR
    seen = hours.to_frame("hour").with_columns((pl.col("hour").diff() > span).fill_null(value=False).cum_sum().alias("segment"))
    last = pl.col("hour").max()
    if finish is not None:
        last = pl.max_horizontal(last, pl.min_horizontal(last + QUIET, pl.lit(finish, pl.Int64)))
    ends = seen.group_by("segment").agg(pl.col("hour").min().alias("begin"), last.alias("end")).sort("segment")
    dense = ends.select("segment", pl.int_ranges("begin", pl.col("end") + 1).alias("hour")).explode("hour")
    marked = seen.with_columns(pl.col("hour").alias("before"), pl.col("hour").shift(-1).over("segment").alias("after"))
    joined = dense.join(marked, on=["segment", "hour"], how="left", maintain_order="left").with_columns(
        pl.col("before", "after").forward_fill().over("segment")
    )
    is_known = (pl.col("hour") == pl.col("before")) | (pl.col("after") - pl.col("before") - 1 <= QUIET).fill_null(value=False)
    # NOTE: the first hour of a log is nearly always a part of one.
    is_first = pl.col("hour") == pl.col("hour").min().over("segment")
    return joined.select(
        "segment",
        "hour",
        (is_known & ~is_first).alias("is_known"),
        (is_known | (pl.col("hour") - pl.col("before") <= QUIET)).alias("is_due"),
    )
