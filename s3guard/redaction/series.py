"""A column of records redacted, each different value once."""

from __future__ import annotations

import polars as pl

from s3guard.masks import Masks
from s3guard.redaction import Redaction
from s3guard.redaction.columns import HARMLESS, domain_of
from s3guard.redaction.sentences import SUSPECT


def redacted(redaction: Redaction, column: str, texts: pl.Series) -> pl.Series:
    """The texts of a column as outputs may show them; null stays null."""
    if domain_of(column, redaction.kinds) is not None:
        return _changed(redaction, column, texts)
    # NOTE: what every run masks is masked where texts are made safe; so of most columns there is nothing to do.
    suspects = [SUSPECT[kind] for kind in redaction.kinds if kind in SUSPECT and column not in HARMLESS]
    suspects += [redaction.masks.suspect] if redaction.masks.names or suspects else []
    if not suspects:
        return texts
    places = texts.str.contains("|".join(suspects)).fill_null(value=False).arg_true()
    return texts.scatter(places, _changed(redaction, column, texts.gather(places)))


def masked(masks: Masks, texts: pl.Series) -> pl.Series:
    """The texts with every credential masked; null stays null."""
    places = texts.str.contains(masks.suspect).fill_null(value=False).arg_true()
    return texts.scatter(places, pl.Series([masks.apply(text) for text in texts.gather(places)], dtype=pl.String)) if len(places) else texts


def _changed(redaction: Redaction, column: str, texts: pl.Series) -> pl.Series:
    different = texts.drop_nulls().unique()
    changed = pl.Series([redaction.value(column, text) for text in different], dtype=pl.String)
    return texts.replace_strict(different, changed, default=None, return_dtype=pl.String)
