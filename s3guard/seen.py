"""What is known of each log object that was read: how much of it, and what it held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from s3guard.parsed import Parsed

OBJECT: Final = {
    "object": pl.String,
    "etag": pl.String,
    "size": pl.Int64,
    "bytes": pl.Int64,
    "sha256": pl.String,
    "fault": pl.String,
    "records": pl.Int64,
    "quarantined": pl.Int64,
    "first": pl.Int64,
    "last": pl.Int64,
}
"""A row of a log object: what its listing said (`etag`, `size`), the `bytes` read and their SHA-256 (hex) as stored, why the reading ended
early (`fault`), the records (ambiguous lines too) and quarantined lines, and the times of the first and last record (seconds)."""


def held(parsed: Parsed, objects: Sequence[str]) -> pl.DataFrame:
    """`OBJECT` of what was parsed; `objects` names the log objects, `parsed.holders` in what their records came where it is not they."""
    times = [pl.col("t").min().alias("first"), pl.col("t").max().alias("last")]
    damaged = parsed.damaged_of
    parts = [
        parsed.records.group_by("object").agg(pl.len().cast(pl.Int64).alias("records"), *times),
        parsed.readings.group_by("object").agg(pl.col("reading").n_unique().cast(pl.Int64).alias("records"), *times),
        pl.DataFrame(
            {"object": list(damaged), "quarantined": list(damaged.values())}, schema={"object": pl.UInt32, "quarantined": pl.Int64}
        ),
    ]
    if parsed.delivered is not None:
        parts.append(parsed.delivered.group_by("object").agg(pl.len().cast(pl.Int64).alias("records"), *times))
    found = pl.concat(parts, how="diagonal")
    names = pl.Series(list(objects if parsed.holders is None else parsed.holders), dtype=pl.String)
    faults = {"object": [one.object for one in parsed.unreadable], "fault": [one.reason for one in parsed.unreadable]}
    unreadable = pl.DataFrame(faults, schema={"object": pl.String, "fault": pl.String})
    return pl.concat([_whole(found.with_columns(names.gather(found["object"]).alias("object"))), _whole(unreadable)])


def listed(rows: Sequence[tuple[str, str | None, int | None, int, str | None, str | None]]) -> pl.DataFrame:
    """`OBJECT` of what reading came to: object, etag, size, bytes, SHA-256, fault."""
    names = ("object", "etag", "size", "bytes", "sha256", "fault")
    return _whole(pl.DataFrame(list(rows), schema={name: OBJECT[name] for name in names}, orient="row"))


def joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row an object, sorted by its name."""
    if not frames:
        return pl.DataFrame(schema=OBJECT)
    texts, sums = ("etag", "sha256", "fault"), ("bytes", "records", "quarantined")
    return (
        pl.concat(frames)
        .group_by("object")
        .agg(
            *(pl.col(name).max() for name in (*texts, "size")),
            *(pl.col(name).sum() for name in sums),
            pl.col("first").min(),
            pl.col("last").max(),
        )
        .select(OBJECT.keys())
        .sort("object")
    )


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in OBJECT.items() if name not in frame.columns]
    return frame.with_columns(absent).select(pl.col(name).cast(dtype) for name, dtype in OBJECT.items())
