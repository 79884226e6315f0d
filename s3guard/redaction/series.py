"""A column of records redacted, each different value once."""

from __future__ import annotations

import polars as pl

from s3guard.redaction import Redaction
from s3guard.redaction.columns import HARMLESS


def redacted(redaction: Redaction, column: str, texts: pl.Series) -> pl.Series:
    """The texts of a column as outputs may show them; null stays null."""
    if redaction.redacts and column not in HARMLESS:
        different = texts.drop_nulls().unique()
        changed = pl.Series([redaction.value(column, text) for text in different], dtype=pl.String)
        return texts.replace_strict(different, changed, default=None, return_dtype=pl.String)
    if not redaction.masks.names:
        return texts  # NOTE: what every run masks is masked where texts are made safe.
    places = texts.str.contains(redaction.masks.suspect).fill_null(value=False).arg_true()
    return texts.scatter(places, pl.Series([redaction.masks.apply(text) for text in texts.gather(places)], dtype=pl.String))
