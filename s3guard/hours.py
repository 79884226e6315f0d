"""In which hours records of each bucket were seen: a table that merges alike in any order, and that no log can make too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from s3guard.grouping import grouped

SPANS: Final = (3_600, 86_400, 31_536_000)
"""Seconds of the stretches that records are counted by: an hour, or a day or 365 days where hours or days are too many."""

OF_BUCKET: Final = 100_000
"""Stretches of one bucket that are told apart: eleven years of hours. One that has more is counted by the next longer stretch."""

OF_ALL: Final = 4_000_000
"""Stretches of all buckets together: half a year of hours of 900 buckets. Beyond, every bucket is counted by the next longer stretch."""

HOUR: Final = {"bucket": pl.String, "start": pl.Int64, "span": pl.Int64, "records": pl.Int64, "first": pl.Int64, "last": pl.Int64}
"""A stretch with records: its first second (a multiple of `span` since 1970) and its length, how many there are (a line that can be read in
several ways is one), and the seconds of the first and the last. A row without a bucket says that no stretch is shorter than its `span`."""


def counted(bucket: str, rows: pl.DataFrame) -> pl.DataFrame:
    """`HOUR` of some rows of one bucket, as the parser gives them."""
    alone = rows["reading"][0] is None
    many = pl.len() if alone else pl.col("reading").n_unique()
    times = rows.select((pl.col("t") // SPANS[0]).alias("start"), "t", *(() if alone else ("reading",)))
    found = times.group_by("start").agg(
        many.cast(pl.Int64).alias("records"), pl.col("t").min().alias("first"), pl.col("t").max().alias("last")
    )
    told = [pl.lit(bucket).alias("bucket"), pl.col("start") * SPANS[0], pl.lit(SPANS[0], pl.Int64).alias("span")]
    return found.select(*told, "records", "first", "last")


def of_cells(buckets: pl.DataFrame) -> pl.DataFrame:
    """`HOUR` of a table of buckets (`s3guard.partial.BUCKET`) whose cells are hours, or parts of hours."""
    start = (pl.col("cell") // SPANS[0] * SPANS[0]).alias("start")
    return buckets.select("bucket", start, pl.lit(SPANS[0], pl.Int64).alias("span"), "records", "first", "last")


def joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`HOUR` of several, sorted: each bucket by the shortest stretch of which there are not too many, which is the same in any order."""
    if not frames:
        return pl.DataFrame(schema=HOUR)
    table = _summed(pl.concat(frames))
    is_short = table.height <= OF_ALL and (table["span"] == SPANS[0]).all()
    if is_short and (table.height <= OF_BUCKET or (table["bucket"].value_counts()["count"] <= OF_BUCKET).all()):
        return table
    return _bounded(table)


def _summed(table: pl.DataFrame) -> pl.DataFrame:
    """The rows of the same bucket and stretch added up, sorted. NOTE: by numbers of buckets, which are grouped in a quarter of the time."""
    names = table["bucket"].unique().sort()
    numbered = table.with_columns(pl.col("bucket").cast(pl.Enum(names.drop_nulls())).to_physical().cast(pl.Int64).alias("number"))
    sums = [pl.col("records").sum(), pl.col("first").min(), pl.col("last").max()]
    found = grouped(numbered, ["number", "start", "span"], sums).sort("number", "start", nulls_last=False)
    return found.with_columns(names.drop_nulls().gather(found["number"]).alias("bucket")).select(HOUR.keys())


def _bounded(table: pl.DataFrame) -> pl.DataFrame:
    """The rows by longer stretches where they are too many.

    NOTE: a bucket of which a part has too many has too many itself, and so have all buckets together; so parts may be counted by longer
    stretches before they meet, and it is the same as if they had met before. A bucket that had too many stands for one more than it may
    have, since nobody knows any more how many it had.
    """
    least = max([SPANS[0], *table.filter(pl.col("bucket").is_null())["span"]])
    table = table.filter(pl.col("bucket").is_not_null())
    while True:
        table = _lengthened(table, least)
        many = table.group_by("bucket").agg(pl.len().alias("n"), pl.col("span").first())
        known = pl.when(pl.col("span") == least).then(pl.min_horizontal("n", OF_BUCKET + 1)).otherwise(OF_BUCKET + 1)
        if least == SPANS[-1] or int(many.select(known.sum()).item()) <= OF_ALL:
            break
        least = _longer(least)
    if least == SPANS[0]:
        return table
    told = pl.DataFrame({"span": [least], "records": [0]}, schema={"span": pl.Int64, "records": pl.Int64})
    return pl.concat([told, table], how="diagonal").select(HOUR.keys())


def _lengthened(table: pl.DataFrame, least: int) -> pl.DataFrame:
    """Each bucket by stretches of one length, none shorter than `least`, and by longer ones while there are more than `OF_BUCKET`."""
    while True:
        span = pl.max_horizontal(pl.col("span").max().over("bucket"), pl.lit(least, pl.Int64))
        table = table.with_columns(span.alias("span"))
        table = _summed(table.with_columns(pl.col("start") // pl.col("span") * pl.col("span")))
        crowded = table.filter((pl.len().over("bucket") > OF_BUCKET) & (pl.col("span") < SPANS[-1]))["bucket"].unique()
        if not len(crowded):
            return table
        longer = pl.col("span").replace_strict(SPANS[:-1], SPANS[1:], default=None, return_dtype=pl.Int64)
        table = table.with_columns(pl.when(pl.col("bucket").is_in(crowded.to_list())).then(longer).otherwise("span").alias("span"))


def _longer(span: int) -> int:
    return SPANS[SPANS.index(span) + 1]
