"""What follows the host id of a record: kept as one text, since all lines of one kind of client have the same."""

from __future__ import annotations

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
