"""What a Parquet file of records holds beside the columns that people use, so that it can be judged as the logs can."""

from __future__ import annotations

from functools import partial
from typing import Final

import polars as pl

from s3guard.columns import Columns
from s3guard.fields import CORE_NAMES
from s3guard.masks import MASKS, Masks
from s3guard.physical import ILLEGIBLE, MASKED, UNKNOWN_BITS
from s3guard.records import SCHEMA
from s3guard.tables import masked, safe
from s3guard.vocabulary import CODED

BITS: Final = "s3guard_bits"
SUFFIX: Final = "s3guard_suffix"
READINGS: Final = "s3guard_readings"
EXTRA: Final[dict[str, pl.DataType]] = {
    BITS: pl.UInt16(),
    SUFFIX: pl.String(),
    READINGS: pl.List(pl.Struct({name: SCHEMA[name] for name in CORE_NAMES})),
}
"""The further columns: bits of a record; what follows its host id, in one text; and of a line that can be read in several ways the six
fields in which its readings differ."""

HAS_REQUEST_LINE: Final = 1 << 8
IS_DELIVERED: Final = 1 << 9
HAS_READINGS: Final = 1 << 10
HAS_ESCAPES: Final = 1 << 11
"""Bits beside those of the physical column ``unknown``, which are the lower eight: of a record with a request line; of a delivery; that
stands for several readings; with a text in `ESCAPED` that was made safe. NOTE: to look for that in texts takes longer than to read them."""
ALL_BITS: Final = (1 << 12) - 1

ESCAPED: Final = ("request_id", "request_uri", "referer", "version_id", "host_id", "key_logged", "key")
"""The texts of a record that are no codes."""

_TEXTS: Final = ("request_id", "key", "key_logged", "version_id", "host_id", "object_name")
"""Columns that are no codes, and in which nobody expects a credential."""
_CLIENT_TEXTS: Final = ("request_uri", "referer")


def bits(columns: Columns, masks: Masks = MASKS, *, is_delivered: bool) -> pl.Expr:
    """The column `BITS` of physical rows that hold all texts, ``key`` and ``object_name`` too; `masks` is what the file masks.

    A text in which a credential is masked is not what the log says: a rule that reads it cannot be sure, and will say so.
    """
    told = partial(masked, masks=masks)
    found = pl.col("unknown").cast(pl.UInt16)
    for name in _CLIENT_TEXTS:
        found = found.or_(_flag(_masked(name, masks), UNKNOWN_BITS[name] * MASKED))
    found = found.or_(_flag(columns.judged("user_agent", "masked", told), UNKNOWN_BITS["user_agent"] * MASKED))
    others = [_masked(name, masks) for name in _TEXTS]
    others += [columns.judged(name, "masked", told) for name in (*CODED, "bucket_owner") if name not in ("user_agent", "method")]
    found = found.or_(_flag(pl.any_horizontal(others), ILLEGIBLE))
    has_line = ~columns.judged("method", "none", lambda values: values.is_null() | (values == '"-"'))
    return found.or_(_flag(has_line, HAS_REQUEST_LINE)).or_(pl.lit(IS_DELIVERED if is_delivered else 0, pl.UInt16)).alias(BITS)


def marked(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a file, the bits `HAS_READINGS` and `HAS_ESCAPES` added to `BITS`."""
    escapes = pl.any_horizontal(pl.col(name).str.contains("\\u{", literal=True) for name in ESCAPED)
    return rows.with_columns(pl.col(BITS).or_(_flag(pl.col(READINGS).is_not_null(), HAS_READINGS)).or_(_flag(escapes, HAS_ESCAPES)))


def suffix(columns: Columns, masks: Masks = MASKS) -> pl.Expr:
    """The column `SUFFIX` of physical rows."""
    return columns.judged("tail", "suffix", partial(safe, masks=masks)).alias(SUFFIX)


def _masked(name: str, masks: Masks) -> pl.Expr:
    return pl.col(name).map_batches(partial(masked, masks=masks), return_dtype=pl.Boolean)


def _flag(condition: pl.Expr, bit: int) -> pl.Expr:
    return pl.when(condition.fill_null(value=False)).then(pl.lit(bit, pl.UInt16)).otherwise(pl.lit(0, pl.UInt16))
