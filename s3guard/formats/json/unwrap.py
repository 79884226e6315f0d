"""Where documents begin and end, however they are wrapped: a line each, one behind the other, or stamped.

* *JSON lines*: one record a line.
* *One behind the other*, without a newline: what Amazon Data Firehose writes unless it is told to add newlines.
* *Stamped*: ``2026-10-01T00:00:00.000Z {…}``, what an export of CloudWatch Logs to S3 writes.

NOTE: where a document ends can be seen without reading it. Behind the quote that ends a text comes a comma, a colon or a brace, so that
``}{"name":`` stands between two documents and never inside a text, whatever a client writes.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import polars as pl

_NAME: Final = r'\{[ \t\r]*"[A-Za-z_][A-Za-z0-9_]*"[ \t\r]*:'
_BETWEEN: Final = rf"\}}[ \t\r]*({_NAME})"
BOUNDARY: Final = re.compile(rf"\}}[ \t\r]*(?={_NAME})".encode())
"""The end of a document that another one follows on the same line, up to that one."""
_BEGIN: Final = re.compile(rb'\{[ \t\r]*"(?:schema_version_id|bucket_[a-z_]+|request_[a-z]+|messageType)"[ \t\r]*:')
"""What documents begin with, to find the next one behind one that is broken."""
_STAMP: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9.]{2,12}Z[ \t]+"
"""What an export writes before each document."""
_STAMPED: Final = re.compile(_STAMP.encode())


def unstamped(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines (`text`, beside other columns) without stamps, and without those that are blank."""
    if lines["text"].str.starts_with("{").all():
        return lines
    return lines.with_columns(pl.col("text").str.replace(_STAMP, "")).filter(pl.col("text").str.contains(r"[^ \t]"))


def several(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of lines that hold several documents, each document; and the other lines."""
    many = lines["text"].str.contains(_BETWEEN)
    ends = lines.filter(many).with_columns(pl.col("text").str.replace_all(_BETWEEN, "}\n$1").str.split("\n")).explode("text")
    return ends, lines.filter(~many)


def apart(line: bytes) -> list[bytes]:
    """The documents of a line; behind one that is broken, those that can be told from it. None of them is blank."""
    line = _STAMPED.sub(b"", line)
    begins = {match.end() for match in BOUNDARY.finditer(line)} | {match.start() for match in _BEGIN.finditer(line)}
    places = sorted({0, *begins, len(line)})
    return [piece for start, end in pairwise(places) if (piece := line[start:end].strip(b" \t\r"))]
