"""Careful: the lines that no shape proves are read one by one, every reading of them, and become a frame like the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import polars as pl

from s3guard import reading
from s3guard.origin import Origin
from s3guard.parsed import Parsed, Quarantined
from s3guard.physical import PHYSICAL, UNKNOWN_BITS
from s3guard.suffix import logged
from s3guard.vocabulary import CODED, Vocabulary

_Row: TypeAlias = tuple[int, int, int | None, int, reading.Fields]
"""Object, line, number of the reading, bits of `unknown`, and the fields."""


class Careful:
    """Reads lines one by one, for one worker."""

    def __init__(self, vocabulary: Vocabulary, nothing: pl.DataFrame, *, keep: bool) -> None:
        """`nothing`: a frame without rows, with the columns to make; `keep`: quarantined lines are not counted alone."""
        self.vocabulary, self.nothing, self.columns = vocabulary, nothing, nothing.columns
        self._keep = keep

    def read(self, rest: dict[int, bytes], origin: Origin, damaged: dict[int, int]) -> Parsed:
        """Every line that the vectorised path left, read one by one; `damaged` is counted on."""
        if not rest:
            return Parsed(self.nothing, self.nothing, [])
        records: list[_Row] = []
        readings: list[_Row] = []
        quarantined: list[Quarantined] = []
        warnings: dict[str, int] = {}
        for row in sorted(rest):
            text = rest[row]
            place, line, torn = origin.of(row)
            read = reading.read_line(text, last_unterminated=torn)
            unknown = sum(UNKNOWN_BITS[name] for name in read.unknown)
            if "extra-principal-id" in read.warnings:
                # NOTE: one field more, but the columns of a line of 24: counted as such, or its access point would seem to be told.
                read = replace(read, readings=tuple(replace(one, fields=24) for one in read.readings))
            if read.status == "ok":
                records.append((origin.objects + place, line, None, unknown, read.readings[0]))
            else:
                if read.status == "quarantined":
                    damaged[origin.objects + place] = damaged.get(origin.objects + place, 0) + 1
                if self._keep:
                    quarantined.append(Quarantined(place, line, read.status, read.reason or "", text))
                readings.extend((origin.objects + place, line, origin.lines + row, unknown, one) for one in read.readings)
            for kind in read.warnings:
                warnings[kind] = warnings.get(kind, 0) + 1
        clear, unclear = (self._frame(rows) if rows else self.nothing for rows in (records, readings))
        return Parsed(clear, unclear, quarantined, warnings)

    def _frame(self, rows: Sequence[_Row]) -> pl.DataFrame:
        """Carefully read lines as a physical frame."""
        values: dict[str, list[Any]] = {
            name: [row[place] for row in rows] for place, name in enumerate(("object", "line", "reading", "unknown"))
        }
        for name in self.columns:
            if name not in values:
                values[name] = [_value(row[4], name) for row in rows]
        if rows:
            unknown = UNKNOWN_BITS["request_uri"]
            values["method"] = ['"' if row[3] & unknown else value for row, value in zip(rows, values["method"], strict=True)]
        coded = [name for name in self.columns if name in CODED or name == "bucket_owner"]
        schema = {name: pl.String if name in coded else PHYSICAL[name] for name in self.columns}
        frame = pl.DataFrame({name: values[name] for name in self.columns}, schema=schema)
        return frame.with_columns_seq(pl.col(name).fill_null("-").cast(self.vocabulary[name].dtype).to_physical() for name in coded)


def _value(fields: reading.Fields, name: str) -> str | int | None:
    """One column of a carefully read line."""
    if name == "t":
        return fields.time
    if name == "tail":
        return logged(fields)
    if name == "method":
        return None if fields.request_uri is None else '"' + reading.text(fields.request_uri.split(b" ", 1)[0])
    value: bytes | int | None = getattr(fields, name)
    return reading.text(value) if isinstance(value, bytes) else value
