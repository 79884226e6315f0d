"""Traffic by the hour: what was asked for, how it ended and how long it took, in tables that merge alike in any order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import polars as pl

from s3guard.hours import SPANS
from s3guard.records import OUTCOMES
from s3guard.traffic import Side

FLOWS: Final = 1_000_000
TIMES: Final = 2_000_000
"""Rows of a table beyond which traffic is told by the day, and then by 365 days: a few hundred bucket-months of hours each."""

ERRORS: Final = ("", "4xx", "5xx")
"""What an HTTP status says of an error: none, the client's (400 to 499), the server's (500 and over)."""

MEASURED: Final = ("total_time", "turn_around_time")
"""The times of which there are histograms."""

_WRITES: Final = frozenset({"write", "delete", "tagging", "restore"})

FLOW: Final[dict[str, type[pl.DataType] | pl.DataType]] = {
    "bucket": pl.String,
    "cell": pl.Int64,
    "span": pl.Int64,
    "class": pl.String,
    "outcome": pl.Enum(OUTCOMES),
    "errors": pl.Enum(ERRORS),
    "own": pl.Boolean,
    "requests": pl.Int64,
    "bytes_sent": pl.Int128,
    "bytes_received": pl.Int128,
    "total_time": pl.Int128,
    "turn_around_time": pl.Int128,
}
"""A row of records (an ambiguous line is one) of a bucket in a stretch of time: the second at which it begins and its length, or 0 where
tables are kept apart by cells, which are never joined; the class of the operation, the outcome, one of `ERRORS`, and whether S3 made the
records itself. How many there are, and sums of what they tell; of the times milliseconds."""

TIME: Final[dict[str, type[pl.DataType] | pl.DataType]] = {
    "bucket": pl.String,
    "cell": pl.Int64,
    "span": pl.Int64,
    "side": pl.Enum(("reads", "writes")),
    "time": pl.Enum(MEASURED),
    "ms": pl.Int64,
    "records": pl.Int64,
}
"""A bar of a histogram of a stretch of time: how many requests took `milliseconds` so long. The bucket is empty where cells are joined:
bars are many, and nobody asks for those of one bucket then."""

_FLOW_SUMS: Final = ("requests", "bytes_sent", "bytes_received", *MEASURED)


def side(class_: str) -> Side:
    """On which side of the traffic an operation class is."""
    return "reads" if class_ == "read" else "writes" if class_ in _WRITES else "others"


def milliseconds(times: pl.Series) -> pl.Series:
    """Times (Int64, not null, not negative) as the bars of a histogram name them: within 1 % of themselves, exact up to 98 ms.

    NOTE: whole numbers throughout: logarithms of floats differ in the last bit between machines, and a bar would differ with them.
    """
    table, begins, names = _bars()
    last = len(table) - 1
    found = table.gather(times.clip(0, last))
    if len(far := (times > last).arg_true()):
        found = found.scatter(far, names.gather(begins.search_sorted(times.gather(far), side="right") - 1))
    return found


@cache
def _bars() -> tuple[pl.Series, pl.Series, pl.Series]:
    """The bar of each short time, and of all bars where they begin and what they are called."""
    begins, names, begin = list[int](), list[int](), 0
    while begin < 1 << 63:
        # NOTE: the largest number within 1 % of the shortest time; and the bar ends with the longest that this is within 1 % of.
        name = begin * 101 // 100
        begins.append(begin)
        names.append(min(name, (1 << 63) - 1))
        begin = name * 100 // 99 + 1
    bars = pl.Series("begin", begins, dtype=pl.Int64), pl.Series("ms", names, dtype=pl.Int64)
    short = pl.int_range(1 << 16, dtype=pl.Int64, eager=True)
    return bars[1].gather(bars[0].search_sorted(short, side="right") - 1).alias("ms"), *bars


def flows(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """`FLOW` of several, as one sorted frame; none of none. By hours, or by days or years where hours are too many."""
    return _joined(frames, [name for name in FLOW if name not in _FLOW_SUMS], _FLOW_SUMS, FLOWS)


def times(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """`TIME` of several, as `flows` does."""
    return _joined(frames, [name for name in TIME if name != "records"], ("records",), TIMES)


def _joined(frames: Sequence[pl.DataFrame], keys: Sequence[str], sums: Sequence[str], most: int) -> list[pl.DataFrame]:
    """The rows of the same keys added up, by the shortest stretch of which there are not too many rows, the same for all.

    NOTE: a table of which a part has too many rows has too many itself, so parts may be told by longer stretches before they meet, and it
    is the same as if they had met before. Cells (`span` 0) are those of a state, which is asked for parts of its time: they stay.
    """
    if not frames:
        return []
    table = _summed(pl.concat(frames), keys, sums)
    while True:
        longest = int(table.select(pl.col("span").max().fill_null(0)).item())
        joinable = table.filter(pl.col("span") > 0)
        if (joinable["span"] != longest).any():
            table = _summed(_lengthened(table, longest), keys, sums)
        elif joinable.height > most and longest < SPANS[-1]:
            table = _summed(_lengthened(table, SPANS[SPANS.index(longest) + 1]), keys, sums)
        else:
            return [table.sort(keys)]


def _summed(table: pl.DataFrame, keys: Sequence[str], sums: Sequence[str]) -> pl.DataFrame:
    return table.group_by(keys).agg(pl.col(*sums).sum()).select(table.columns)


def _lengthened(table: pl.DataFrame, span: int) -> pl.DataFrame:
    is_joinable = pl.col("span") > 0
    begin = pl.when(is_joinable).then(pl.col("cell") // span * span).otherwise("cell")
    return table.with_columns(begin.alias("cell"), pl.when(is_joinable).then(pl.lit(span, pl.Int64)).otherwise("span").alias("span"))


def joinable(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of `FLOW` or `TIME` by hours that may be joined, not by cells (hours, or parts of them) that are kept apart."""
    is_cell = pl.col("span") == 0
    told = [
        pl.when(is_cell).then(pl.col("cell") // SPANS[0] * SPANS[0]).otherwise("cell").alias("cell"),
        pl.when(is_cell).then(pl.lit(SPANS[0], pl.Int64)).otherwise("span").alias("span"),
    ]
    return frame.with_columns(told if "own" in frame.columns else [*told, pl.lit("").alias("bucket")])


def within(frame: pl.DataFrame, since: int | None, until: int | None) -> pl.DataFrame:
    """The cells of `FLOW` or `TIME` from `since` to before `until` (seconds; None: open), joinable; what is no cell stays as it is."""
    inside = (pl.col("cell") >= since) if since is not None else pl.lit(value=True)
    inside &= (pl.col("cell") < until) if until is not None else pl.lit(value=True)
    return joinable(frame.filter((pl.col("span") > 0) | inside))
