"""Of one shard those that most requests came from or were about: the few that can be among them, of values that may be as many as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from s3guard import heavy
from s3guard.columns import Columns, decoded_keys
from s3guard.grouping import grouped
from s3guard.heavy import TOP
from s3guard.masks import MASKS, Masks
from s3guard.redaction.series import masked

_HASHED: Final = 64
_OVERFLOW: Final = 1 << 62


def frequent(rows: pl.DataFrame, raw: pl.DataFrame, columns: Columns, masks: Masks = MASKS, *, apart: bool) -> pl.DataFrame:
    """`heavy.TOP` of the rows of a physical frame; with `apart`, of each `cell`.

    `raw` holds the numbers of requests, of refused ones and of bytes sent by bucket, cell and error code.
    """
    refused = rows.filter(columns.refused())
    tops = [_coded(name, rows, refused, columns, apart=apart) for name in ("principal", "remote_ip", "user_agent")]
    tops += [_errors(raw, columns, apart=apart), _keys(rows, columns, apart=apart)]
    # NOTE: before they are kept: no state holds a credential, and values that differ in one alone are one.
    (found,) = heavy.tops([top.with_columns(masked(masks, top["value"])) for top in tops])
    return found


def summable(rows: pl.DataFrame, names: Sequence[str]) -> list[pl.Expr]:
    """Sums of columns of whole numbers, of 128 bits where those of 64 could overflow: some numbers are as long as a client likes."""
    largest = rows.select(pl.col(name).max().fill_null(0) for name in names).row(0)
    exact = [
        pl.col(name).cast(pl.Int128) if most * rows.height >= _OVERFLOW else pl.col(name) for name, most in zip(names, largest, strict=True)
    ]
    return [column.sum() for column in exact]


def _coded(name: str, rows: pl.DataFrame, refused: pl.DataFrame, columns: Columns, *, apart: bool) -> pl.DataFrame:
    """`TOP` of a column that has codes."""
    coded = columns.coded(name)
    assert coded.dictionary is not None  # noqa: S101 - for the type checker
    keys = ["bucket", "cell", "code"] if apart else ["bucket", "code"]
    many, places = pl.len().cast(pl.Int64), (*map(pl.col, keys[:-1]), coded.expr.alias("code"))
    found = grouped(rows.select(*places, "bytes_sent"), keys, [many.alias("requests"), *summable(rows, ["bytes_sent"])])
    away = refused.select(places).group_by(keys).agg(many.alias("refused"))
    found = found.join(away, on=keys, how="left").with_columns(pl.col("refused").fill_null(0))
    return _top(found.with_columns(coded.dictionary.values.gather(found["code"]).alias("value")), name, columns, apart=apart)


def _errors(raw: pl.DataFrame, columns: Columns, *, apart: bool) -> pl.DataFrame:
    """`TOP` of error codes; requests without one are in none."""
    keys = ["bucket", "cell", "error_code"] if apart else ["bucket", "error_code"]
    sums = pl.col("requests", "refused", "bytes_sent").sum()
    found = raw.filter(~columns.absent("error_code")).group_by(keys).agg(sums)
    return _top(found.with_columns(columns.text("error_code").alias("value")), "error_code", columns, apart=apart)


def _top(found: pl.DataFrame, name: str, columns: Columns, *, apart: bool) -> pl.DataFrame:
    """`TOP` of counts by code of bucket, cell and value."""
    value = pl.when(pl.col("value") != "-").then("value") if name != "key" else pl.col("value")
    value = pl.when(value.str.len_bytes() > heavy.LONGEST).then(value.str.head(heavy.LONGEST)).otherwise(value)
    left = pl.col("left") if "left" in found.columns else pl.col("requests").alias("left")
    told = found.with_columns(
        left,
        columns.text("bucket").alias("bucket"),
        pl.lit(name).alias("column"),
        pl.col("cell") if apart else pl.lit(None, pl.Int64).alias("cell"),
        # NOTE: a copy, for texts that were chosen keep alive what they were chosen from, which is all keys of the shard.
        pl.concat_str(value, pl.lit("")).alias("value"),
        pl.lit(0, pl.Int64).alias("different"),
    )
    return told.select(pl.col(name).cast(kind) for name, kind in TOP.items())


def _keys(rows: pl.DataFrame, columns: Columns, *, apart: bool) -> pl.DataFrame:
    """`TOP` of keys; requests without one are in none.

    NOTE: keys are as many as records in some logs, and to group by so many texts takes longer than all the rest. Their hashes are sorted,
    which tells those that can be in a sketch, and only these are looked at.
    """
    text = "key" if "key" in rows.columns else "key_logged"
    rows = rows.select("bucket", "cell", "operation", "error_code", "bytes_sent", text)
    if rows[text].null_count():
        rows = rows.filter(pl.col(text).is_not_null())
    if not rows.height:
        return pl.DataFrame(schema=TOP)
    chosen, crowded = _likely(rows, text, apart=apart)
    keys = [*(["bucket", "cell"] if apart else ["bucket"]), text]
    sums = [pl.len().cast(pl.Int64).alias("requests"), pl.col("refused").sum().cast(pl.Int64), *summable(chosen, ["bytes_sent"])]
    if text == "key_logged" and chosen[text].str.contains("[%+]").any():
        # NOTE: some operations encode a key once and others twice, so one text may be two keys.
        keys, sums = [*keys, "once"], [*sums, pl.col("operation").first()]
        once = columns.judged("operation", "once", lambda values: values.str.contains(r"^(?:BATCH|S3)\."))
        chosen = chosen.with_columns(once.alias("once"))
    chosen = chosen.with_columns(columns.refused().alias("refused"))
    fixed = [name for name in keys if name != text and chosen[name].min() == chosen[name].max()]
    by = [name for name in keys if name not in fixed]
    found = chosen.group_by(by).agg(*sums, *(pl.col(name).first() for name in fixed))
    value = decoded_keys(found, columns) if "once" in keys else found[text]
    places = keys[: 2 if apart else 1]
    told = found.with_columns(value.alias("value")).join(crowded, on=places, how="left")
    told = told.with_columns(pl.max_horizontal(pl.col("requests") - pl.col("least").fill_null(0), 0).alias("left"))
    known = crowded.with_columns(
        columns.text("bucket").alias("bucket"),
        pl.lit("key").alias("column"),
        pl.col("cell") if apart else pl.lit(None, pl.Int64).alias("cell"),
    )
    return pl.concat([_top(told, "key", columns, apart=apart), heavy.forgotten(known)])


def _likely(rows: pl.DataFrame, text: str, *, apart: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose keys can be in a sketch, and the places (bucket and cell) that have too many keys.

    Of these how many keys there are (`different`, at the least), and how many requests the first has that is one too many (`least`).
    """
    cap = heavy.OF_CELL if apart else heavy.VALUES
    by = ["bucket", "cell"] if apart else ["bucket"]
    places = rows.select(by).unique(maintain_order=True).with_row_index("place")
    if rows.height <= cap:
        return rows, places.clear().select(*by, least=pl.lit(0, pl.Int64), different=pl.lit(0, pl.Int64))
    bits = max(1, (places.height - 1).bit_length())
    unit = 1 << (_HASHED - bits)
    # NOTE: the place in the first bits of a number and the hash in the others, so that one sort tells both.
    hashes = rows[text].hash(seed=0) // (1 << bits)
    if places.height > 1:
        hashes += rows.select(by).join(places, on=by, how="left", maintain_order="left")["place"].cast(pl.UInt64) * unit
    ordered = hashes.sort()
    begins = (ordered != ordered.shift(1)).fill_null(value=True).arg_true().cast(pl.Int64)
    counts = pl.DataFrame([ordered.gather(begins).alias("hash"), (begins.shift(-1, fill_value=rows.height) - begins).alias("count")])
    starts = counts["hash"].search_sorted(places["place"].cast(pl.UInt64) * unit).cast(pl.Int64)
    crowded = places.with_columns(different=starts.shift(-1, fill_value=counts.height) - starts).filter(pl.col("different") > cap)
    # NOTE: most keys of a place that has too many were asked for once. They are not likely; where there are few others, `least` is one.
    several = counts.filter(pl.col("count") > 1).with_columns((pl.col("hash") // unit).cast(pl.UInt32).alias("place"))
    least = several.group_by("place").agg(pl.col("count").sort(descending=True).get(cap, null_on_oob=True).alias("least"))
    crowded = crowded.join(least, on="place", how="left").with_columns(pl.col("least").fill_null(1))
    ranked = several.join(crowded, on="place").sort("count", "hash", descending=[True, False])
    chosen = hashes.is_in(ranked.filter(pl.int_range(pl.len()).over("place") < cap)["hash"].implode())
    if crowded.height < places.height:
        chosen |= ~(hashes // unit).is_in(crowded["place"].cast(pl.UInt64).implode())
    return rows.filter(chosen), crowded.select(*by, "least", "different")
