"""Grouping by several whole numbers as fast as by one: they are packed into a single key where their ranges allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import polars as pl

_BITS = 62


def grouped(rows: pl.DataFrame, keys: Sequence[str], sums: Sequence[pl.Expr]) -> pl.DataFrame:
    """`rows.group_by(keys).agg(sums)`, in no order.

    NOTE: Polars encodes several keys as bytes before it hashes them, which costs more than all the rest. Integers whose ranges fit
    into one Int64 are packed, grouped, and taken apart again; null keys and other types go the ordinary way.
    """
    if not keys:
        return rows.select(sums)
    spans = _spans(rows, keys)
    if len(keys) == 1 or spans is None:
        return rows.group_by(keys).agg(sums)
    found = rows.group_by(_packed(spans).alias("packed")).agg(sums)
    return found.with_columns(_unpacked(rows, spans)).select(*keys, pl.exclude("packed", *keys))


def summed(rows: pl.DataFrame, keys: Sequence[str], sums: Sequence[str], count: str) -> pl.DataFrame:
    """How many rows each group has (`count`, Int64), and the sums of some columns of whole numbers, which must not overflow their type.

    NOTE: for groups that are nearly as many as the rows, such as those of every second. Keys that are sorted cost a third of keys that are
    hashed, and less where a log is in the order of time, for the key with the widest range stands in front.
    """
    spans = _spans(rows, keys)
    if spans is None:
        return rows.group_by(keys).agg(pl.len().cast(pl.Int64).alias(count), *(pl.col(name).sum() for name in sums))
    ordered = rows.select(_packed(spans).alias("packed"), *sums).sort("packed")
    packed = ordered["packed"]
    begins = (packed != packed.shift(1)).fill_null(value=True).arg_true().cast(pl.Int64)
    ends = begins.shift(-1, fill_value=ordered.height)
    totals = []
    for name in sums:
        running = pl.concat([pl.Series([0], dtype=ordered.schema[name]), ordered[name].cum_sum()])
        totals.append((running.gather(ends) - running.gather(begins)).alias(name))
    found = pl.DataFrame([packed.gather(begins), (ends - begins).alias(count), *totals])
    return found.with_columns(_unpacked(rows, spans)).select(*keys, count, *sums)


def packed(rows: pl.DataFrame, keys: Sequence[str]) -> pl.Series | None:
    """Keys as one, ``packed``: Int64, the same for rows that agree in all of them; None where they are no whole numbers or too wide."""
    spans = _spans(rows, keys)
    return None if spans is None else rows.select(_packed(spans).alias("packed")).to_series()


_Spans: TypeAlias = dict[str, tuple[int, int]]
"""The least value and the bits of each key, the one with the fewest bits first."""


def _packed(spans: _Spans) -> pl.Expr:
    """All keys in one Int64."""
    packed, shift = pl.lit(0, pl.Int64), 0
    for name, (least, bits) in spans.items():
        packed += (pl.col(name).cast(pl.Int64) - least) * (1 << shift)
        shift += bits
    return packed


def _unpacked(rows: pl.DataFrame, spans: _Spans) -> list[pl.Expr]:
    """The keys again, of the types that they have in `rows`."""
    keys, shift = [], 0
    for name, (least, bits) in spans.items():
        value = (pl.col("packed") // (1 << shift)) % (1 << bits) + least
        keys.append(value.cast(rows.schema[name]).alias(name))
        shift += bits
    return keys


def _spans(rows: pl.DataFrame, keys: Sequence[str]) -> _Spans | None:
    """How the keys are packed; None where they cannot be."""
    if not rows.height or not all(rows.schema[name].is_integer() for name in keys):
        return None
    found = rows.select(
        *(pl.col(name).min().cast(pl.Int64).alias(f"min {name}") for name in keys),
        *(pl.col(name).max().cast(pl.Int64).alias(f"max {name}") for name in keys),
        *(pl.col(name).null_count().alias(f"null {name}") for name in keys),
    ).row(0, named=True)
    if any(found[f"null {name}"] for name in keys):
        return None
    spans = {name: (found[f"min {name}"], (found[f"max {name}"] - found[f"min {name}"]).bit_length()) for name in keys}
    return dict(sorted(spans.items(), key=lambda span: span[1][1])) if sum(bits for _, bits in spans.values()) <= _BITS else None
