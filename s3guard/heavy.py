"""Those that most requests came from or were about: exact while they are few, and sketches of a known error once they are many.

A sketch is that of Misra and Gries ("Finding repeated elements", 1982), which merges in any order (Agarwal et al., "Mergeable summaries",
2012, section 2). Of a bucket and column, and of an hour where cells are kept apart, at most `cap` values are counted. Where there are more,
the count of the first that is too many is taken off all of them. Each time that takes ``cap + 1`` times as much off all counters together
as off any one of them, and no more than all N requests can be taken off: so whatever the order and the tree of merges, no value loses more
than ``N / (cap + 1)`` requests. Those of which something is left are remembered, and, where there is room, of the others those that were
met most often, for a list of many alike is better than none. What is told of a value is what was counted while it was remembered.

So, in a bucket with N requests of different values: what is told is never more than there was, at most ``N / (cap + 1)`` less, and every
value with more requests than that is there. Cells that are joined add up what each may lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

COLUMNS: Final = ("principal", "remote_ip", "key", "user_agent", "error_code")
"""The columns whose values are counted."""

VALUES: Final = 10_000
"""Values of a bucket and column that are counted apart: a value loses at most 0.01 % of the bucket's requests."""

OF_CELL: Final = 250
"""Values of a bucket, column and cell that are counted apart: a value loses at most 0.4 % of the bucket's requests of each hour."""

LONGEST: Final = 1_024
"""Characters of a value that are kept. A key has no more bytes than these; what else a client chooses may be long."""

TOP: Final[dict[str, type[pl.DataType] | pl.DataType]] = {
    "bucket": pl.String,
    "column": pl.Enum(COLUMNS),
    "cell": pl.Int64,
    "value": pl.String,
    "requests": pl.Int64,
    "left": pl.Int64,
    "refused": pl.Int64,
    "bytes_sent": pl.Int128,
    "different": pl.Int64,
}
"""A value of a column, in a bucket and cell (null: where none are kept apart): its requests, those of them that the sketch has `left`,
those that were refused, and bytes sent. The row whose value is null is that of requests without a value, which are counted apart; there,
too, stands how many different values there were at the least (`different`), where they were too many; else it is 0."""

_KEYS: Final = ("bucket", "column", "cell", "value")
_OF: Final = ("bucket", "column", "cell")


def tops(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """`TOP` of several, as one sorted frame; none of none."""
    if not frames:
        return []
    sums = pl.col("requests", "left", "refused", "bytes_sent").sum()
    table = pl.concat(frames).group_by(_KEYS).agg(sums, pl.col("different").max()).select(TOP.keys())
    return [_cut(table).sort(_KEYS)]


def cap_of(cell: pl.Expr) -> pl.Expr:
    """How many values are counted apart, by the cell."""
    return pl.when(cell.is_null()).then(pl.lit(VALUES)).otherwise(pl.lit(OF_CELL))


def _cut(table: pl.DataFrame) -> pl.DataFrame:
    """The table less what is too much."""
    valued = table.filter(pl.col("value").is_not_null())
    many = valued.group_by(_OF).agg(pl.len().cast(pl.Int64).alias("many"))
    many = many.with_columns(cap_of(pl.col("cell")).alias("cap")).filter(pl.col("many") > pl.col("cap"))
    if not many.height:
        return table
    # NOTE: of counts in falling order the one behind the last that has room.
    least = pl.col("left").sort(descending=True).get(pl.col("cap").first()).alias("least")
    crowded = valued.join(many, on=list(_OF), nulls_equal=True)
    many = crowded.group_by(_OF).agg(pl.col("many").first(), least)
    others = table.join(many, on=list(_OF), how="anti", nulls_equal=True)
    left = pl.max_horizontal(pl.col("left") - pl.col("least"), 0)
    taken = crowded.join(many.drop("many"), on=list(_OF), nulls_equal=True).with_columns(left.alias("left"))
    ranked = taken.sort("left", "requests", "value", descending=[True, True, False])
    is_near = (pl.int_range(pl.len()).over(_OF) < pl.col("cap")) & ((pl.col("left") > 0) | (pl.col("requests") > 1))
    nobody = table.filter(pl.col("value").is_null()).join(many, on=list(_OF), how="semi", nulls_equal=True)
    return pl.concat([others, ranked.filter(is_near).select(TOP.keys()), _told(nobody, many)])


def _told(nobody: pl.DataFrame, many: pl.DataFrame) -> pl.DataFrame:
    """The rows of requests without a value, that say how many values there were, too."""
    sums = pl.col("requests", "left", "refused", "bytes_sent").sum()
    told = pl.concat([nobody, forgotten(many.with_columns(pl.col("many").alias("different")))])
    return told.group_by(_KEYS).agg(sums, pl.col("different").max()).select(TOP.keys())


def forgotten(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that say of a bucket, column and cell how many values there were (`different`), some of which were forgotten."""
    none = [pl.lit(0, TOP[name]).alias(name) for name in ("requests", "left", "refused", "bytes_sent")]
    return rows.with_columns(pl.lit(None, pl.String).alias("value"), *none).select(pl.col(name).cast(kind) for name, kind in TOP.items())


def joinable(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of cells that are kept apart no more."""
    return frame.with_columns(pl.lit(None, pl.Int64).alias("cell"))


def within(frame: pl.DataFrame, since: int | None, until: int | None) -> pl.DataFrame:
    """The cells from `since` to before `until` (seconds; None: open), joinable; what is of no cell stays as it is."""
    inside = (pl.col("cell") >= since) if since is not None else pl.lit(value=True)
    inside &= (pl.col("cell") < until) if until is not None else pl.lit(value=True)
    return joinable(frame.filter(pl.col("cell").is_null() | inside))
