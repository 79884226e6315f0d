"""Grouping by several whole numbers as fast as by one: they are packed into a single key where their ranges allow."""

from __future__ import annotations

from collections.abc import Sequence

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
    packed, shift = pl.lit(0, pl.Int64), 0
    unpacked = []
    for name, (least, bits) in zip(keys, spans, strict=True):
        packed += (pl.col(name).cast(pl.Int64) - least) * (1 << shift)
        value = (pl.col("packed") // (1 << shift)) % (1 << bits) + least
        unpacked.append(value.cast(rows.schema[name]).alias(name))
        shift += bits
    found = rows.group_by(packed.alias("packed")).agg(sums)
    return found.with_columns(unpacked).drop("packed")


def _spans(rows: pl.DataFrame, keys: Sequence[str]) -> list[tuple[int, int]] | None:
    """The least value and the bits of each key; None where they cannot be packed."""
    if not rows.height or not all(rows.schema[name].is_integer() for name in keys):
        return None
    found = rows.select(
        *(pl.col(name).min().cast(pl.Int64).alias(f"min {name}") for name in keys),
        *(pl.col(name).max().cast(pl.Int64).alias(f"max {name}") for name in keys),
        *(pl.col(name).null_count().alias(f"null {name}") for name in keys),
    ).row(0, named=True)
    if any(found[f"null {name}"] for name in keys):
        return None
    spans = [(found[f"min {name}"], (found[f"max {name}"] - found[f"min {name}"]).bit_length()) for name in keys]
    return spans if sum(bits for _, bits in spans) <= _BITS else None
