"""What a block of log lines holds: as the vectorised parser sees it, and as reading it line by line does, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from s3guard import principals, reading
from s3guard.columns import Columns, decoded_keys
from s3guard.fields import CORE_NAMES, FIELD_NAMES, TEXT_NAMES, Fields
from s3guard.origin import Block, Piece
from s3guard.parse import Parser
from s3guard.parsed import Parsed
from s3guard.physical import TEXTS
from s3guard.records import COLUMNS, classify, network
from s3guard.vocabulary import Vocabulary
from tests.reference import tables

ALL_TEXTS = frozenset({*TEXTS, "user_agent"})

Origin = tuple[str, int]
"""A log object's name, and a line of it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one log object that a block has, none of them with a newline."""

    name: str
    lines: tuple[bytes, ...]
    first_line: int = 1
    torn: bool = False
    """Whether the last of them had no newline of its own."""


@dataclass(slots=True)
class Seen:
    """What became of the lines of blocks."""

    records: dict[Origin, list[dict[str, Any]]] = field(default_factory=dict)
    """Every column of a record; of an ambiguous line, of each of its readings, sorted."""
    quarantined: dict[Origin, tuple[str, str, bytes]] = field(default_factory=dict)
    """Status, reason and bytes of quarantined and ambiguous lines."""
    warnings: Counter[str] = field(default_factory=Counter)


def block(objects: Sequence[Lines]) -> Block:
    """The lines as one block."""
    pieces = tuple(Piece(place, one.first_line, len(one.lines), one.torn) for place, one in enumerate(objects))
    data = b"".join(line + b"\n" for one in objects for line in one.lines)
    return Block(data, pieces, tuple(one.name for one in objects))


def columns_of(texts: frozenset[str]) -> list[str]:
    """The columns of records that a parser with these texts can tell."""
    return [name for name in COLUMNS if name not in ALL_TEXTS or name in texts]


def parser_sees(parser: Parser, columns: Columns, objects: Sequence[Lines], seen: Seen | None = None) -> Seen:
    """What the vectorised parser makes of one block."""
    parsed = parser.parse(block(objects))
    names = [one.name for one in objects]
    seen = Seen() if seen is None else seen
    wanted = columns_of(parser.texts)
    for row in _rows(parsed.records, columns, names, wanted):
        assert (row["object"], row["line"]) not in seen.records
        seen.records[row["object"], row["line"]] = [row]
    readings: dict[Origin, list[dict[str, Any]]] = {}
    for row in _rows(parsed.readings, columns, names, wanted):
        readings.setdefault((row["object"], row["line"]), []).append(row)
    _check_numbers(parsed)
    seen.records |= {origin: sorted(rows, key=_core) for origin, rows in readings.items()}
    for line in parsed.quarantined:
        seen.quarantined[names[line.object], line.line] = (line.status, line.reason, line.data)
    seen.warnings.update(parsed.warnings)
    return seen


def _check_numbers(parsed: Parsed) -> None:
    """Rows share a number when they are readings of one line, and records have none."""
    assert parsed.records["reading"].null_count() == parsed.records.height
    lines = parsed.readings.select("object", "line").n_unique() if parsed.readings.height else 0
    assert parsed.readings["reading"].n_unique() == lines
    assert parsed.readings.select("object", "line", "reading").n_unique() == lines if lines else True


def _rows(frame: pl.DataFrame, columns: Columns, names: Sequence[str], wanted: Sequence[str]) -> Iterable[dict[str, Any]]:
    """The logical columns of a physical frame."""
    named = pl.Series("object_name", list(names), dtype=pl.String).gather(frame["object"])
    frame = frame.with_columns(decoded_keys(frame, columns), named.alias("object_name"))
    return frame.select(columns.text(name).alias(name) for name in wanted).iter_rows(named=True)


def reading_sees(objects: Sequence[Lines], texts: frozenset[str] = ALL_TEXTS, seen: Seen | None = None) -> Seen:
    """What the careful parser makes of each line, blank ones passed over."""
    seen, wanted = Seen() if seen is None else seen, columns_of(texts)
    read_rows: dict[Origin, list[dict[str, Any]]] = {}
    for one in objects:
        for place, line in enumerate(one.lines):
            if line in (b"", b"\r"):
                continue
            origin = (one.name, one.first_line + place)
            read = reading.read_line(line, last_unterminated=one.torn and place == len(one.lines) - 1)
            if read.status != "ok":
                seen.quarantined[origin] = (read.status, read.reason or "", line)
            if read.readings:
                read_rows[origin] = [_logical(fields, read, origin) for fields in read.readings]
            seen.warnings.update(read.warnings)
    _name_principals([row for rows in read_rows.values() for row in rows])
    for origin, rows in read_rows.items():
        seen.records[origin] = sorted(({name: row[name] for name in wanted} for row in rows), key=_core)
    return seen


def _name_principals(rows: Sequence[dict[str, Any]]) -> None:
    """Fill in what a requester means, which has tests of its own."""
    requesters = pl.DataFrame({"requester": [row["requester"] for row in rows]}, schema={"requester": pl.String})
    meant = requesters.select(
        principals.principal_expr().alias("principal"),
        principals.principal_type_expr().alias("principal_type"),
        principals.account_expr().alias("account"),
    )
    for row, meaning in zip(rows, meant.iter_rows(named=True), strict=True):
        row.update(meaning)


def _logical(fields: Fields, line: reading.Line, origin: Origin) -> dict[str, Any]:
    """Every column of one reading, computed one by one."""
    row: dict[str, Any] = {name: _shown(getattr(fields, name)) for name in (*FIELD_NAMES, "extra")}
    return row | {
        "time": datetime.fromtimestamp(fields.time, UTC),
        "key": None if fields.key_logged is None else reading.decode_key(fields.operation, fields.key_logged),
        "object": origin[0],
        "line": origin[1],
        "operation_class": classify(row["operation"]),
        "outcome": _outcome(fields.http_status, row["error_code"]),
        "network": None if row["remote_ip"] is None else network(row["remote_ip"]),
        "fields": fields.fields - ("extra-principal-id" in line.warnings),
        "status": line.status,
        "unknown": ",".join(name for name in TEXT_NAMES if name in line.unknown) or None,
    }


def _shown(value: bytes | int | None) -> str | int | None:
    return reading.text(value) if isinstance(value, bytes) else value


def _outcome(status: int | None, error: str | None) -> str:
    if error in tables.ACCESS_CODES:
        return "refused"
    return "served" if status is None or status < 300 or status == 304 else "failed"


def _core(row: dict[str, Any]) -> list[tuple[bool, Any]]:
    return [(row[name] is not None, row[name]) for name in CORE_NAMES]


def fresh(texts: frozenset[str] = ALL_TEXTS) -> tuple[Parser, Columns]:
    """A parser, and the columns of what it parses."""
    vocabulary = Vocabulary()
    return Parser(vocabulary, texts), Columns(vocabulary)


def differences(objects: Sequence[Lines], texts: frozenset[str] = ALL_TEXTS) -> list[str]:
    """Where the two differ over one block, for people."""
    return compared(parser_sees(*fresh(texts), objects), reading_sees(objects, texts))


def compared(fast: Seen, careful: Seen) -> list[str]:
    """Where two views differ, for people."""
    found = [] if fast.warnings == careful.warnings else [f"warnings {dict(fast.warnings)} rather than {dict(careful.warnings)}"]
    for mine, theirs in ((fast.records, careful.records), (fast.quarantined, careful.quarantined)):
        for origin in sorted({*mine, *theirs}):
            a, b = mine.get(origin), theirs.get(origin)
            if a != b:
                found.append(f"{origin}: {_told(a, b)}")
    return found


def _told(mine: Any, theirs: Any) -> str:
    if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        pairs = zip(mine, theirs, strict=True)
        return "; ".join(f"{name} {a[name]!r} rather than {b[name]!r}" for a, b in pairs for name in b if a[name] != b[name])
    return f"{mine!r} rather than {theirs!r}"
