"""The traffic of one shard: the rows that were judged become tables by the hour, and tables of those that most requests came from.

Whatever can be judged of distinct values is: rows are grouped by codes and whole numbers, and only groups, which are few, learn their
class, outcome and text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from s3guard import hourly
from s3guard.columns import Columns
from s3guard.frequent import frequent, summable
from s3guard.grouping import grouped
from s3guard.hourly import FLOW, MEASURED, TIME
from s3guard.hours import SPANS
from s3guard.masks import MASKS, Masks
from s3guard.records import OUTCOMES, classes_of

RECEIVED: Final = ("REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.OBJECT", "SOAP.PUT.OBJECT")
"""Operations that bring S3 the bytes of an object or part. NOTE: a copy brings none, and the end of an upload in parts none again."""

_SUMS: Final = ("bytes_sent", "object_size", *MEASURED)
_CODED: Final = ("requester", "remote_ip", "operation", "error_code", "method", "user_agent")
_OTHERS: Final = 2
_SIDES: Final = ("reads", "writes", "others")


@dataclass(frozen=True, slots=True)
class Metered:
    """What some rows say of the traffic."""

    flows: pl.DataFrame
    """`hourly.FLOW`."""
    times: pl.DataFrame
    """`hourly.TIME`."""
    tops: pl.DataFrame
    """`heavy.TOP`."""


def metered(rows: pl.DataFrame, columns: Columns, masks: Masks = MASKS, *, apart: bool) -> Metered:
    """The traffic of rows of the physical frame that have a `cell`; with `apart`, tables of each cell. Of readings the worst counts.

    What S3 did itself is in no table but that of flows.
    """
    rows = _whole(_worst(rows, columns) if rows["reading"].null_count() < rows.height else rows, columns)
    # NOTE: hours and not their seconds, which are shorter numbers to group by.
    rows = rows if apart else rows.with_columns((pl.col("t") // SPANS[0]).alias("cell"))
    raw = _raw(rows, columns)
    mine = rows.filter(pl.col("own") == 0) if (raw["own"] > 0).any() else rows
    times = [_times(mine, columns, name, apart=apart) for name in MEASURED]
    tops = frequent(mine, raw.filter(pl.col("own") == 0), columns, masks, apart=apart)
    return Metered(_flows(raw, columns, apart=apart), pl.concat(times), tops)


def _worst(readings: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Of each line the reading that is worst: served before refused before failed, then that of the largest numbers.

    NOTE: readings of one line differ in these and in the error code alone, so it is the same one in any order.
    """
    ranked = readings.with_columns(columns.outcome().alias("outcome"), columns.text("error_code").alias("code"))
    numbers = [*_SUMS, "http_status"]
    by = ["reading", "outcome", *numbers, "code"]
    falling = [name in numbers for name in by]
    return ranked.sort(by, descending=falling, nulls_last=True).unique("reading", keep="first", maintain_order=True)


def _whole(rows: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The rows with nulls of codes and of the status as the log writes them, and with `own`, 1 where S3 made the record itself.

    Codes are null where a delivery leaves a column out.
    """
    lacking = [name for name in _CODED if rows[name].null_count()]
    dashes = [pl.col(name).fill_null(columns.vocabulary[name].code("-")) for name in lacking]
    rows = rows.with_columns(*dashes, pl.col("http_status").fill_null(0))
    is_own = columns.judged("operation", "s3", lambda values: values.str.starts_with("S3."))
    if not rows.select(is_own.any()).item():
        return rows.with_columns(pl.lit(0, pl.UInt8).alias("own"))
    by_s3 = columns.prepared(rows.select("requester", "operation", "remote_ip", "method"))["by_s3"]
    return rows.with_columns(by_s3.cast(pl.UInt8).alias("own"))


def _raw(rows: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Counts and sums by bucket, cell, operation, status and error code, all of them codes and numbers."""
    keys = ["bucket", "cell", "operation", "http_status", "error_code", "own"]
    many = pl.len().cast(pl.Int64).alias("requests")
    found = grouped(rows.select(*keys, *_SUMS), keys, [many, *summable(rows, _SUMS)])
    refused = pl.when(columns.refused()).then("requests").otherwise(0).alias("refused")
    return found.with_columns(refused, *(pl.col(name).cast(pl.Int128) for name in _SUMS))


def _cell(*, apart: bool) -> list[pl.Expr]:
    """`cell` and `span` of hours or cells, by their numbers."""
    if apart:
        return [pl.col("cell"), pl.lit(0, pl.Int64).alias("span")]
    return [pl.col("cell") * SPANS[0], pl.lit(SPANS[0], pl.Int64).alias("span")]


def _flows(raw: pl.DataFrame, columns: Columns, *, apart: bool) -> pl.DataFrame:
    """`FLOW` of counts by codes."""
    status = pl.col("http_status")
    served = columns.outcome() == 0
    received = columns.judged("operation", "received", lambda values: values.is_in(RECEIVED).fill_null(value=False))
    told = raw.with_columns(
        columns.text("operation_class").alias("class"),
        pl.lit(pl.Series(list(OUTCOMES))).gather(columns.outcome()).alias("outcome"),
        pl.when(status >= 500).then(pl.lit("5xx")).when(status >= 400).then(pl.lit("4xx")).otherwise(pl.lit("")).alias("errors"),
        (pl.col("own") == 1).alias("own"),
        pl.when(received & served).then("object_size").otherwise(0).alias("bytes_received"),
    )
    named = told.with_columns(columns.text("bucket").alias("bucket"), *_cell(apart=apart))
    (found,) = hourly.flows([named.select(pl.col(name).cast(kind) for name, kind in FLOW.items())])
    return found


def _times(rows: pl.DataFrame, columns: Columns, name: str, *, apart: bool) -> pl.DataFrame:
    """`TIME` of one of the times of reads and writes."""
    side = columns.judged("operation", "side", _sides).alias("side")
    chosen = rows.select("bucket", "cell", side, pl.col(name).alias("ms"))
    if chosen["ms"].null_count():
        chosen = chosen.filter(pl.col("ms").is_not_null())
    chosen = chosen.with_columns(hourly.milliseconds(chosen["ms"]).alias("ms"))
    keys = [*(["bucket"] if apart else []), "cell", "side", "ms"]
    found = grouped(chosen, keys, [pl.len().cast(pl.Int64).alias("records")]).filter(pl.col("side") < _OTHERS)
    sides = pl.lit(pl.Series(list(_SIDES))).gather("side").alias("side")
    bucket = columns.text("bucket").alias("bucket") if apart else pl.lit("").alias("bucket")
    told = found.with_columns(bucket, *_cell(apart=apart), sides, pl.lit(name).alias("time"))
    return told.select(pl.col(name).cast(kind) for name, kind in TIME.items())


def _sides(operations: pl.Series) -> pl.Series:
    """The place of each operation's side in `_SIDES`."""
    places = [_SIDES.index(hourly.side(class_ or "")) for class_ in classes_of(operations)]
    return pl.Series("side", places, dtype=pl.UInt8)
