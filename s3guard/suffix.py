"""What follows the host id of a record: kept as one text, since all lines of one kind of client have the same."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from s3guard.fields import Fields
from s3guard.reading import text

TAIL_FIELDS = (
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
    "source_region",
)
"""Fields 20 to 27, in the log's order."""

_FRAME = "\x1f"
"""Begins what no line of log is the source of, and separates its parts."""


def framed(values: Sequence[pl.Expr], extra: pl.Expr, fields: pl.Expr) -> pl.Expr:
    """What stands for the suffix of a record that comes in columns: `TAIL_FIELDS` (null for none), `extra`, and how many fields there are.

    Told apart from every suffix that a line of log can have, and read by `tail_columns` all the same.
    """
    texts = [value.str.replace_all(_FRAME, r"\x1f", literal=True).fill_null("-") for value in values]
    return pl.concat_str(pl.lit(""), fields.cast(pl.String), *texts, extra.fill_null(""), separator=_FRAME)


def logged(fields: Fields) -> str:
    """What follows the host id of a carefully read line, as the log writes it; ``#17`` and ``#18`` where the line has no such fields."""
    if fields.fields < 24:
        return f"#{fields.fields}"
    known = [getattr(fields, name) for name in TAIL_FIELDS]
    words = ["-" if value is None else text(value) for value in known]
    return " ".join(words[: fields.fields - 19] if fields.extra is None else [*words, text(fields.extra)])


def tail_columns(tails: pl.Series) -> pl.DataFrame:
    """The fields that distinct values of the column ``tail`` hold: `TAIL_FIELDS` and `extra` (String, null for ``-``), `fields` (UInt32).

    `fields` says how many fields the line had (17, 18, 24 and more), so that "not there" and "logged as ``-``" stay apart.
    """
    framed_ones = tails.str.starts_with(_FRAME)
    if framed_ones.any():
        return _unframed(tails, framed_ones)
    return _split(tails)


def _unframed(tails: pl.Series, framed_ones: pl.Series) -> pl.DataFrame:
    """Where some of the values are framed."""
    names = ["", "fields", *TAIL_FIELDS, "extra"]
    parts = tails.alias("tail").to_frame().select(pl.col("tail").str.splitn(_FRAME, len(names)).struct.rename_fields(names).struct.unnest())
    told = parts.select(
        *(pl.when(pl.col(name) != "-").then(pl.col(name)).alias(name) for name in TAIL_FIELDS),
        pl.when(pl.col("extra") != "").then(pl.col("extra")).alias("extra"),
        pl.col("fields").cast(pl.UInt32, strict=False),
    )
    split = _split(tails)
    return pl.select(pl.when(framed_ones).then(told[name]).otherwise(split[name]).alias(name) for name in split.columns)


def _split(tails: pl.Series) -> pl.DataFrame:
    """Of suffixes as lines have them."""
    names = [*TAIL_FIELDS, "extra"]
    old = pl.col("tail").is_in(["#17", "#18"])  # NOTE: not what begins so: a damaged signature version may
    known = pl.when(~old).then(pl.col("tail"))
    return (
        tails.alias("tail")
        .to_frame()
        .with_columns(known.str.splitn(" ", len(names)).struct.rename_fields(names).struct.unnest())
        .select(
            *(pl.when(pl.col(name) != "-").then(pl.col(name)).alias(name) for name in TAIL_FIELDS),
            "extra",
            pl.when(old)
            .then(pl.col("tail").str.slice(1).cast(pl.UInt32, strict=False))
            .otherwise(pl.col("tail").str.count_matches(" ", literal=True) + 20)
            .alias("fields"),
        )
    )
