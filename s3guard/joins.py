"""The tables of a partial, and how several of each become one: the same in any order, and any tree of merges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from s3guard.grouping import grouped, summed

SAMPLES: Final = 5
"""Samples of a finding: the earliest by (time, request id, object, line)."""

SAMPLED_SECONDS: Final = 8_192
"""Pairs of group and second, a rule and bucket, of which samples are kept for sliding windows; beyond, those with the smallest
hashes are. NOTE: which window offends is known only after the last merge, so samples of every second would be a copy of the log."""

TOTALS: Final = {
    "rule": pl.String,
    "bucket": pl.String,
    "cell": pl.Int64,
    "records": pl.Int64,
    "unjudged": pl.Int64,
    "violations": pl.Int64,
    "overflow": pl.Boolean,
}
GROUP: Final = {"g": pl.Int64, "bucket": pl.String, "subject": pl.String}
COUNT: Final[dict[str, type[pl.DataType]]] = {"g": pl.Int64, "tick": pl.Int64, "mask": pl.Int64, "n": pl.Int64}
TIMES: Final[dict[str, type[pl.DataType]]] = {"cell": pl.Int64, "first": pl.Int64, "last": pl.Int64}
SAMPLE: Final = {
    "g": pl.Int64,
    "bucket": pl.String,
    "tick": pl.Int64,
    "mask": pl.Int64,
    "cell": pl.Int64,
    "t": pl.Int64,
    "request_id": pl.String,
    "object": pl.String,
    "line": pl.Int64,
}
SET: Final = {"g": pl.Int64, "limit": pl.Int64, "tick": pl.Int64, "cell": pl.Int64, "cap": pl.Int64}
DISTINCT: Final[dict[str, type[pl.DataType] | pl.DataType]] = {**SET, "h": pl.List(pl.Int64)}
BUCKET: Final = {"bucket": pl.String, "cell": pl.Int64, "records": pl.Int64, "ambiguous": pl.Int64, "first": pl.Int64, "last": pl.Int64}
DELIVERY: Final = {"bucket": pl.String, "cell": pl.Int64, "records": pl.Int64, "columns": pl.Int64}
LOOKED: Final = {"rule": pl.String, "bucket": pl.String, "cell": pl.Int64, "looked": pl.Int64, "own": pl.Int64}
_KEYS: Final = ("g", "tick", "mask", "cell")


def totals(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`TOTALS` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=TOTALS)
    summed = [pl.col(name).sum() for name in ("records", "unjudged", "violations")]
    return pl.concat(frames).group_by("rule", "bucket", "cell").agg(*summed, pl.col("overflow").any()).sort("rule", "bucket", "cell")


def buckets(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`BUCKET` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=BUCKET)
    merged = pl.concat(frames).group_by("bucket", "cell")
    return merged.agg(pl.col("records", "ambiguous").sum(), pl.col("first").min(), pl.col("last").max()).sort("bucket", "cell")


def deliveries(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`DELIVERY` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=DELIVERY)
    merged = pl.concat(frames).group_by("bucket", "cell")
    return merged.agg(pl.col("records").sum(), pl.col("columns").bitwise_or()).sort("bucket", "cell")


def looked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`LOOKED` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=LOOKED)
    return pl.concat(frames).group_by("rule", "bucket", "cell").agg(pl.col("looked", "own").sum()).sort("rule", "bucket", "cell")


def counts(frames: Sequence[pl.DataFrame], groups: pl.DataFrame, *, unjoined: bool) -> pl.DataFrame:
    """`COUNT` of several, those of the same key added up."""
    if not frames:
        return pl.DataFrame(schema=COUNT | TIMES)
    if len(frames) == 1 and not unjoined:
        return frames[0]
    table = pl.concat(frames)
    sums = ["n", *(name for name in table.columns if name not in COUNT | TIMES)]
    # NOTE: the number of a group is short where its hash is long, so that the three keys fit into one.
    numbered = groups.select("g", pl.int_range(pl.len(), dtype=pl.Int64).alias("number"))
    table = table.join(numbered, on="g")
    keys = ["number", "tick", "mask"]
    if set(TIMES) <= set(table.columns):
        merged = grouped(table, [*keys, "cell"], [pl.col("first").min(), pl.col("last").max(), *(pl.col(name).sum() for name in sums)])
    else:
        merged = summed(table, keys, sums, "rows")
    return merged.join(numbered, on="number").select(table.drop("number").columns)


def sampled(samples: pl.DataFrame, *, of_one_bucket: bool = False) -> pl.DataFrame:
    """Samples of at most `SAMPLED_SECONDS` pairs of group and tick a bucket: those whose hash is smallest.

    Those of tick 0 belong to no window and are all kept; they are bounded as groups are.
    """
    if samples.height <= SAMPLED_SECONDS:
        return samples
    still = samples.filter(pl.col("tick") == 0)
    if still.height == samples.height:
        return samples
    moving = samples.filter(pl.col("tick") != 0) if still.height else samples
    hashed = moving.with_columns(pl.struct("g", "tick").hash(seed=0).alias("h"))
    if of_one_bucket or hashed["bucket"].n_unique() == 1:
        # NOTE: hashes are spread evenly: those that can be among the smallest lie, but for rare luck, under twice their share.
        low = hashed.filter(pl.col("h") < 2 * SAMPLED_SECONDS * (1 << 64) // hashed.height)
        if low.select("h").n_unique() >= SAMPLED_SECONDS:
            hashed = low
    pairs = hashed.select("h", "g", "tick", *(() if of_one_bucket else ("bucket",))).unique()
    if pairs.height > SAMPLED_SECONDS:
        rank = pl.struct("h", "g", "tick").rank("ordinal")
        kept = pairs.filter((rank if of_one_bucket else rank.over("bucket")) <= SAMPLED_SECONDS)
        hashed = hashed.join(kept, on=["g", "tick"], how="semi")
    return pl.concat([still, hashed.drop("h")])


def earliest(samples: pl.DataFrame) -> pl.DataFrame:
    """Of each key, the `SAMPLES` earliest by time, request id, object and line; sorted."""
    ordered = samples.sort(*_KEYS, "t", "request_id", "object", "line")
    if samples.height <= SAMPLES:
        return ordered
    # NOTE: in their order, one is among the first of its key where so many places before it another key stands, or none.
    return ordered.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(SAMPLES)) for name in _KEYS))


def smallest(distinct: pl.DataFrame) -> pl.DataFrame:
    """Of each limit and window one set, of the smallest hashes up to its cap. A set of `cap` hashes is known to be over the limit."""
    several = pl.len().over(list(SET)) > 1
    if not distinct.height or not distinct.select(several.any()).item():
        return distinct
    # NOTE: sets that meet no other stay as they are, and nearly all do where a log is in the order of time.
    meeting = distinct.filter(several).group_by(list(SET)).agg(pl.col("h").explode())
    return pl.concat([distinct.filter(~several), _few(meeting)])


def sets(values: pl.DataFrame) -> pl.DataFrame:
    """`DISTINCT` of rows of one hash each, `h`."""
    return _few(values.group_by(list(SET)).agg("h"))


def _few(found: pl.DataFrame) -> pl.DataFrame:
    """Sets of values, some of them several times, as those of the smallest."""
    # NOTE: list by list, for rows of a hash each would be six columns wide, and a set has a hundred thousand.
    return found.select(*SET, pl.col("h").list.unique().list.sort().list.head(pl.col("cap")))
