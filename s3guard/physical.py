"""The physical frame: the columns that every parser makes of log objects, and what their bits and codes mean.

`PHYSICAL` holds the coded columns of `s3guard.vocabulary` as UInt32 codes of the logged token, numbers as Int64 (null for ``-``),
`t` (seconds since 1970, UTC), the origin (`object`, an index into `origin.Block.objects`, and `line`), texts that a policy asked for,
and `unknown`, a set of bits. ``method`` is the first token of the request line with its quote (``-`` or ``"-"`` where there is no
request line). ``tail`` is what follows the host id, by which every line of one kind of client is the same text; ``#17`` and ``#18``
stand for lines of the generations that have none.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

UNKNOWN_BITS = {"request_uri": 1, "referer": 2, "user_agent": 4, "key": 8}
"""Bits of the column `unknown`: fields whose reading is not certain. The same bits times sixteen (`MASKED`): a credential in the field
was masked before it came here, so that what a rule would have said of it is not certain either; and `ILLEGIBLE`."""

MASKED = 16
ILLEGIBLE = 128
"""Of a record: a credential was masked in its key, or in a field where nobody expects one, so no rule can be sure of it."""

TEXTS = ("request_uri", "referer", "version_id", "host_id")
"""Text columns that are kept only when a policy or a command asks for them."""

CORE_NAMES = ("http_status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time")
NUMBERS = tuple(name for name in CORE_NAMES if name != "error_code")
"""The core fields that are numbers: Int64, null for ``-``."""

PHYSICAL: dict[str, pl.DataType | type[pl.DataType]] = {
    "object": pl.UInt32,
    "line": pl.UInt32,
    "reading": pl.UInt32,
    "bucket_owner": pl.UInt32,
    "bucket": pl.UInt32,
    "t": pl.Int64,
    "remote_ip": pl.UInt32,
    "requester": pl.UInt32,
    "request_id": pl.String,
    "operation": pl.UInt32,
    "key_logged": pl.String,
    "http_status": pl.Int64,
    "error_code": pl.UInt32,
    "bytes_sent": pl.Int64,
    "object_size": pl.Int64,
    "total_time": pl.Int64,
    "turn_around_time": pl.Int64,
    "tail": pl.UInt32,
    "unknown": pl.UInt8,
    "method": pl.UInt32,
    "user_agent": pl.UInt32,
    "request_uri": pl.String,
    "referer": pl.String,
    "version_id": pl.String,
    "host_id": pl.String,
}
"""The columns of the physical frame; those of `TEXTS` and ``user_agent`` are there only when asked for. `reading` numbers the
lines of `parsed.Parsed.readings`, several rows of which are readings of one line; in `parsed.Parsed.records` it is null."""


def nothing(texts: Iterable[str]) -> pl.DataFrame:
    """A physical frame without rows, with those of `TEXTS` and ``user_agent`` that are asked for."""
    asked = frozenset(texts)
    return pl.DataFrame(schema={name: PHYSICAL[name] for name in PHYSICAL if name not in (*TEXTS, "user_agent") or name in asked})
