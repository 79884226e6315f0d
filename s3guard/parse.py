"""Bytes in, records out: whole lines of log become a frame of records, ambiguous readings and quarantined lines.

Two paths read a line. The vectorised one takes it only when its shape proves it unambiguous, and every other line goes through
`s3guard.reading`, which tries every reading; a property test holds the two against each other.

*The proof.* A block is split at ``"`` and, in a second pass, at the space, both by Polars' CSV reader with quoting switched
off. A line of exactly six quotes has seven parts: prefix, request-URI, core, Referer, ``' '``, User-Agent, suffix. When the
third part is a core (status, error code, four numbers) and the fifth is one space, no other pair of quotes can enclose a core
and still leave room for Referer and User-Agent, so there is one reading. The space pass may then take the prefix by position,
and the core by position where the token before it ends with the second quote. Lines without any quote (bulk deletes, copy
sources) hold no client text but tokens, so their positions are fixed. Each token's own grammar is checked on distinct values.

What the physical frame holds (`PHYSICAL`): the coded columns of `s3guard.vocabulary` as UInt32 codes of the logged token,
numbers as Int64 (null for ``-``), `t` (seconds since 1970, UTC), the origin (`object`, an index into `Block.objects`, and
`line`), texts that a policy asked for, and `unknown`, a set of bits. ``method`` is the first token of the request line with its
quote (``-`` or ``"-"`` where there is no request line). ``tail`` is what follows the host id, by which every line of one kind of
client is the same text; ``#17`` and ``#18`` stand for lines of the generations that have none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from typing import Any

import polars as pl

from s3guard import reading
from s3guard.aside import Lines, set_aside
from s3guard.vocabulary import CODED, Dictionary, Lookup, Vocabulary

SHORTEST = 60
"""Bytes that every record has: a line with fewer is none, and is not read to find out why."""

UNKNOWN_BITS = {"request_uri": 1, "referer": 2, "user_agent": 4}
"""Bits of the column `unknown`: fields whose reading is not certain."""

TEXTS = ("request_uri", "referer", "version_id", "host_id")
"""Text columns that are kept only when a policy or a command asks for them."""

_CORE_NAMES = ("http_status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time")
NUMBERS = tuple(name for name in _CORE_NAMES if name != "error_code")
_CODED_TOKENS = ("bucket_owner", "bucket", "remote_ip", "requester", "operation", "error_code", "method")

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
lines of `Parsed.readings`, several rows of which are readings of one line; in `Parsed.records` it is null."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The lines of one log object inside a block."""

    object: int
    """Index into `Block.objects`."""
    first_line: int
    """Number of its first line in the object, from 1."""
    rows: int
    """How many lines of the block belong to it; each ends with a newline."""
    torn: bool = False
    """Whether the last of them had no newline of its own (the end of the object)."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, every one ended by a newline, and where they come from."""

    data: bytes
    pieces: tuple[Piece, ...]
    objects: tuple[str, ...] = ("",)
    """Names of the log objects."""
    texts: pl.Series | None = None
    """The lines, String, where a splitter cannot misread them (`plain`); None where that was not looked at or is not so."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A line that is not a record, or not certainly one, with its origin and bytes as logged."""

    object: int
    line: int
    status: str
    """``quarantined`` or ``ambiguous``."""
    reason: str
    data: bytes


@dataclass(slots=True)
class Parsed:
    """What blocks of lines hold."""

    records: pl.DataFrame
    """One row a record, columns of `PHYSICAL`."""
    readings: pl.DataFrame
    """Readings of ambiguous lines: rows of one line share `reading`."""
    quarantined: list[Quarantined]
    """Quarantined and ambiguous lines, where the parser was asked to keep them."""
    warnings: dict[str, int] = field(default_factory=dict)
    """Integrity warnings (`reading.WARNINGS`) to the count of records."""
    damaged: int = 0
    """How many lines are quarantined, kept or not."""


_CORE = r"^ (?:[0-9]{3}|-) (?:[A-Za-z][A-Za-z0-9._-]*|-) (?:[0-9]{1,18}|-) (?:[0-9]{1,18}|-) (?:[0-9]{1,18}|-) (?:[0-9]{1,18}|-) $"
_CORE_TOKENS = ("^(?:[0-9]{3}|-)$", "^(?:[A-Za-z][A-Za-z0-9._-]*|-)$", *["^(?:[0-9]{1,18}|-)$"] * 4)
_TIME = r"^\[[0-9]{2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/(?:19|20)[0-9]{2}:[0-9]{2}:[0-9]{2}:[0-5][0-9]$"
_GLUE = "\x1f"
"""Holds the words of an origin access identity together while a block is split at spaces."""
_OAI = b" arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity "
_OAI_GLUED = b" " + _OAI[1:].replace(b" ", _GLUE.encode())
_GRAMMAR = {
    "bucket_owner": "^[0-9a-f]{16,64}$",
    "bucket": "^[A-Za-z0-9._][A-Za-z0-9._-]*$",
    "remote_ip": "^(?:[0-9A-Fa-f:.]+|-)$",
    "requester": f"^[!#-~]+$|^{_OAI_GLUED.decode().strip()}[A-Z0-9]+$",
    "operation": r"^[A-Z0-9]+\.[A-Za-z0-9_.]+$",
    "tail": r"^#1[78]$|^(?:[!#-~]+ ){4,7}[!#-~]+$|^(?:[!#-Z\\^-~]+ ){4,}[!#-Z\\^-~]+$",
}
"""Grammar of coded tokens, stricter than the format's own: what does not match is read by the careful parser, not refused."""

_CSV: dict[str, Any] = {
    "has_header": False,
    "quote_char": None,
    "extra_columns": "ignore",
    "missing_columns": "insert",
    "empty_string_is_null": False,
    "ignore_errors": True,
}
"""How Polars' CSV reader is made a splitter: no quoting, any number of parts; a number that is none is null."""
_PREFIX = ("bucket_owner", "bucket", "time", "zone", "remote_ip", "requester", "request_id", "operation", "key_logged")
_SPACED = {
    **{f"column_{place + 1}": name for place, name in enumerate(_PREFIX)},
    "column_10": "method",
    "column_12": "uri_end",
    **{f"column_{place + 13}": name for place, name in enumerate(_CORE_NAMES)},
}
_QUOTED = ("prefix", "request_uri", "core", "referer", "gap", "user_agent", "suffix")
_SIX = pl.sum_horizontal(pl.col(name).str.len_bytes() for name in _QUOTED) + 6 == pl.col("line").str.len_bytes()
"""Whether a line has six quotes: its seven parts and six quotes are all of it. NOTE: the reader gives absent parts and empty ones alike
as '', and two quotes side by side make an empty part, so that parts alone prove nothing."""
_SUFFIX = pl.col("suffix").str.splitn(" ", 4).struct.rename_fields(["before", "version_id", "host_id", "tail_text"]).struct.unnest()
_IN_PLACE = (
    pl.col("six")
    & (pl.col("gap") == " ")
    & (pl.col("before") == "")
    & pl.col("opened")
    & pl.col("uri_end").str.ends_with('"')
    & pl.col("core").str.contains(_CORE)
)
_UNGLUED = ~pl.any_horizontal(pl.col("request_id", "key_logged", "version_id", "host_id").str.contains(_GLUE, literal=True)).fill_null(
    value=False
)
"""No identity stands where it is not one token: the other columns have a grammar that knows it."""
_DASHES = pl.col("dash") & ((pl.col("core") == "") | pl.col("six"))
"""Lines that may have no request-URI, Referer and User-Agent: their tokens have places of their own."""


class Parser:
    """Parses blocks of one worker, with one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, texts: Iterable[str] = (), *, keep: bool = True) -> None:
        """`texts`: which columns of `TEXTS`, and ``user_agent``, the frame shall hold; `keep`: quarantined lines are not counted alone."""
        self.vocabulary = vocabulary
        self._keep = keep
        self.texts = frozenset(texts)
        self.columns = [name for name in PHYSICAL if name not in (*TEXTS, "user_agent") or name in self.texts]
        self._valid = {column: Lookup(vocabulary[column], partial(_matching, grammar)) for column, grammar in _GRAMMAR.items()}
        self._spaces = {name: Lookup(vocabulary[name], partial(_unglued_codes, vocabulary[name])) for name in ("requester", "user_agent")}
        self._client_texts = [name for name in ("request_uri", "referer", "user_agent") if name in self.texts]
        coded = {column: vocabulary[name].dtype for column, name in _SPACED.items() if name in _CODED_TOKENS}
        numbers = {column: pl.Int64 for column, name in _SPACED.items() if name in NUMBERS}
        self._schema = _texts(18) | coded | numbers
        self._methods = {
            "opened": Lookup(vocabulary["method"], lambda values: values.str.starts_with('"')),
            "dash": Lookup(vocabulary["method"], lambda values: values.is_in(["-", '"-"'])),
        }
        self._checks = _Checks(vocabulary)
        self.nothing = self._frame([])

    def parse(self, block: Block) -> Parsed:
        """Every line of the block as a record, an ambiguous line or a quarantined one; blank lines are passed over."""
        if not block.data.strip(b"\n"):
            return Parsed(self.nothing, self.nothing, [])
        fast, rest = self._vectorised(set_aside(block.data, block.texts))
        origin = _Origin(block.pieces)
        short = [] if self._keep else [row for row, line in rest.items() if _is_scrap(line) and row not in origin.cut]
        for row in short:
            del rest[row]
        warnings = self._checks.count(fast)
        if cut := int(fast["row"].is_in(origin.cut).sum()) if origin.cut else 0:
            warnings["unterminated-line"] = cut
        slow = self._careful(rest, origin)
        for kind, count in slow.warnings.items():
            warnings[kind] = warnings.get(kind, 0) + count
        placed = fast.with_columns(origin.columns(fast["row"])).select(self.columns)
        records = pl.concat([placed, slow.records]) if slow.records.height else placed
        return Parsed(records, slow.readings, slow.quarantined, warnings, slow.damaged + len(short))

    def _vectorised(self, lines: Lines) -> tuple[pl.DataFrame, dict[int, bytes]]:
        """Rows that are proved (with `row`, their place in the block), and the lines that are not."""
        if not lines.data:
            return self._finish(self._dashed(lines, pl.Series([], dtype=pl.Boolean))), lines.odd
        data, glued = lines.data, _OAI in lines.data
        if glued:
            data = data.replace(_OAI, _OAI_GLUED)
        quoted = pl.read_csv(data, separator='"', schema=_texts(len(_QUOTED)), **_CSV)
        quoted.columns = list(_QUOTED)
        spaced = pl.read_csv(data, separator=" ", columns=list(_SPACED), schema=self._schema, **_CSV).rename(_SPACED)
        spaced = spaced.with_columns(pl.col(*_CODED_TOKENS).to_physical())
        both = pl.concat([pl.DataFrame([lines.rows, lines.texts.alias("line")]), quoted, spaced], how="horizontal").with_columns(
            _SUFFIX, _SIX.alias("six"), *(lookup.of("method").alias(name) for name, lookup in self._methods.items())
        )
        fast = self._finish(both, _IN_PLACE & _UNGLUED if glued else _IN_PLACE)
        dashes = both.select(_DASHES.fill_null(value=False)).to_series()
        if dashes.any():
            fast = pl.concat([fast, self._finish(self._dashed(lines, dashes))])
        if glued:
            fast = self._unglued(fast)
        if fast.height == len(lines.rows):
            return fast, lines.odd
        left = pl.DataFrame([lines.rows, lines.texts]).join(fast.select("row"), on="row", how="anti")
        return fast, lines.odd | {row: text.encode() for row, text in left.iter_rows() if text}

    def _dashed(self, lines: Lines, dashes: pl.Series) -> pl.DataFrame:
        """Lines of bulk deletes, copy sources (bare dashes) and lifecycle (quoted ones), split at their spaces."""
        names = [*_PREFIX, "method", *_CORE_NAMES, "dash_1", "dash_2", "version_id", "host_id", "tail_text"]
        tokens = pl.DataFrame([lines.rows.filter(dashes), lines.texts.filter(dashes)]).with_columns(
            pl.col("line").str.splitn(" ", 21).struct.rename_fields(names).struct.unnest()
        )
        quotes = pl.col("line").str.count_matches('"', literal=True)
        three = [pl.col(name) for name in ("method", "dash_1", "dash_2")]
        shaped = (
            (quotes == 0) & pl.all_horizontal(dash == "-" for dash in three)
            | (quotes == 6) & pl.all_horizontal(dash == '"-"' for dash in three)
        ) & pl.all_horizontal(pl.col(name).str.contains(grammar) for name, grammar in zip(_CORE_NAMES, _CORE_TOKENS, strict=True))
        return _keep(tokens, shaped).with_columns(
            pl.col(*NUMBERS).cast(pl.Int64, strict=False),
            *(pl.col(name).cast(self.vocabulary[name].dtype).to_physical() for name in _CODED_TOKENS),
            *(pl.lit("-").alias(name) for name in self._client_texts),
        )

    def _finish(self, rows: pl.DataFrame, shaped: pl.Expr | None = None) -> pl.DataFrame:
        """The physical columns of rows that have their shape, less those whose tokens are not as they should be."""
        known = pl.when(pl.col("host_id").is_not_null()).then(pl.col("tail_text"))
        coded = known.when(pl.col("version_id").is_not_null()).then(pl.lit("#18")).otherwise(pl.lit("#17"))
        rows = rows.with_columns(
            coded.cast(self.vocabulary["tail"].dtype).to_physical().alias("tail"),
            pl.col("time").str.strptime(pl.Datetime("ms"), "[%d/%b/%Y:%H:%M:%S", strict=False).dt.epoch("s").alias("t"),
            *(pl.col(name).cast(self.vocabulary[name].dtype).to_physical() for name in self._client_texts if name == "user_agent"),
        )
        host, tail = pl.col("host_id"), pl.col("tail_text")
        valid = pl.all_horizontal(
            *([] if shaped is None else [shaped]),
            *(lookup.of(column) for column, lookup in self._valid.items()),
            pl.col("t").is_not_null(),
            pl.col("time").str.contains(_TIME),
            pl.col("zone") == "+0000]",
            *(pl.col(name).str.len_bytes() > 0 for name in ("request_id", "key_logged")),
            *(~pl.col(name).str.contains('"', literal=True) for name in ("request_id", "key_logged")),
            pl.col("version_id").is_null() | (pl.col("version_id") != ""),
            host.is_null() | (~host.str.len_bytes().is_in([0, 6, 20, 21]) & tail.is_not_null() & ~tail.str.starts_with("#")),
        )
        dashed = ("request_id", "key_logged", *(name for name in TEXTS if name in self.texts))
        made = rows.select(
            valid.alias("proved"),
            "row",
            pl.lit(0, pl.UInt8).alias("unknown"),
            *(pl.when(pl.col(name) != "-").then(pl.col(name)).alias(name) for name in dashed),
            *(name for name in self.columns if name not in ("object", "line", "reading", "unknown", *dashed)),
        )
        # NOTE: only now, when the long texts are gone: a filter copies every column that a single row leaves.
        return _keep(made, pl.col("proved")).drop("proved")

    def _unglued(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Origin access identities with their spaces again, in every column that could hold one."""
        coded = [name for name in ("requester", "user_agent") if name in rows.columns]
        texts = [name for name in self._client_texts if name in rows.columns and name not in coded]
        return rows.with_columns(
            *(self._spaces[name].of(name).alias(name) for name in coded),
            *(pl.col(name).str.replace_all(_GLUE, " ", literal=True) for name in texts),
        )

    def _careful(self, rest: dict[int, bytes], origin: _Origin) -> Parsed:
        """Every line that the vectorised path left, read one by one."""
        if not rest:
            return Parsed(self.nothing, self.nothing, [])
        records: list[tuple[int, int, int | None, int, reading.Fields]] = []
        readings: list[tuple[int, int, int | None, int, reading.Fields]] = []
        quarantined: list[Quarantined] = []
        damaged = 0
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
                records.append((place, line, None, unknown, read.readings[0]))
            else:
                damaged += read.status == "quarantined"
                if self._keep:
                    quarantined.append(Quarantined(place, line, read.status, read.reason or "", text))
                readings.extend((place, line, row, unknown, one) for one in read.readings)
            for kind in read.warnings:
                warnings[kind] = warnings.get(kind, 0) + 1
        return Parsed(self._frame(records), self._frame(readings), quarantined, warnings, damaged)

    def _frame(self, rows: Sequence[tuple[int, int, int | None, int, reading.Fields]]) -> pl.DataFrame:
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
        return frame.with_columns(pl.col(name).fill_null("-").cast(self.vocabulary[name].dtype).to_physical() for name in coded)


class _Origin:
    """Which object and line a row of a block is."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._starts = [0, *accumulate(piece.rows for piece in pieces)]
        self.cut = [end - 1 for piece, end in zip(pieces, self._starts[1:], strict=True) if piece.torn]
        """Rows that had no newline of their own."""

    def of(self, row: int) -> tuple[int, int, bool]:
        """The object, the line, and whether the line had no newline of its own."""
        place = bisect_right(self._starts, row) - 1
        piece = self._pieces[place]
        offset = row - self._starts[place]
        return piece.object, piece.first_line + offset, piece.torn and offset == piece.rows - 1

    def columns(self, rows: pl.Series) -> list[pl.Series]:
        """The columns `object`, `line` and `reading` (null) of many rows."""
        pieces = pl.Series(self._starts[1:-1], dtype=pl.UInt32).search_sorted(rows, side="right")
        shifts = pl.Series([piece.first_line - start for piece, start in zip(self._pieces, self._starts, strict=False)], dtype=pl.Int64)
        objects = pl.Series([piece.object for piece in self._pieces], dtype=pl.UInt32)
        return [
            objects.gather(pieces).alias("object"),
            (shifts.gather(pieces) + rows.cast(pl.Int64)).cast(pl.UInt32).alias("line"),
            pl.Series("reading", [None], pl.UInt32).new_from_index(0, len(rows)),
        ]


def _value(fields: reading.Fields, name: str) -> str | int | None:
    """One column of a carefully read line."""
    if name == "t":
        return fields.time
    if name == "tail":
        return _tail(fields)
    if name == "method":
        return None if fields.request_uri is None else '"' + reading.text(fields.request_uri.split(b" ", 1)[0])
    value: bytes | int | None = getattr(fields, name)
    return reading.text(value) if isinstance(value, bytes) else value


def _tail(fields: reading.Fields) -> str:
    """What follows the host id, as the log writes it."""
    if fields.fields < 24:
        return f"#{fields.fields}"
    known = [getattr(fields, name) for name in TAIL_FIELDS]
    words = ["-" if value is None else reading.text(value) for value in known]
    return " ".join(words[: fields.fields - 19] if fields.extra is None else [*words, reading.text(fields.extra)])


def _matching(grammar: str, values: pl.Series) -> pl.Series:
    return values.str.contains(grammar)


def _unglued_codes(dictionary: Dictionary, values: pl.Series) -> pl.Series:
    return dictionary.encode(values.str.replace_all(_GLUE, " ", literal=True))


def _is_scrap(line: bytes) -> bool:
    """Whether a line is too short for a record, and has nothing to warn of."""
    return len(line) < SHORTEST and not line.endswith(b"\r")


def _keep(rows: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """`filter`, without the copy where every row stays."""
    mask = rows.select(condition.fill_null(value=False).alias("keep")).to_series()
    return rows if mask.all() else rows.filter(mask)


def _texts(count: int) -> dict[str, Any]:
    return {f"column_{place}": pl.String for place in range(1, count + 1)}


_IS_ANONYMOUS, _IS_S3, _IS_ROUTED, _IS_UNSIGNED = 1, 2, 4, 8
_NO_SIGNATURE, _NO_AUTHENTICATION, _NO_CIPHER, _NO_TLS = 1, 2, 4, 8


class _Checks:
    """The cross-checks of `s3guard.fields.CHECKS` over many proved rows; a test holds the two against each other."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        methods = vocabulary["method"]
        self._dashes = {name: Lookup(vocabulary[name], lambda values: values == "-") for name in ("remote_ip", "error_code")}
        self._quoted = Lookup(methods, lambda values: values.is_in(["-", '"-"']))
        self._requester = Lookup(vocabulary["requester"], _requester_bits)
        self._tail = Lookup(vocabulary["tail"], _tail_bits)
        self._verbs = Lookup(vocabulary["operation"], lambda values: methods.encode(_verbs(values)))

    def count(self, rows: pl.DataFrame) -> dict[str, int]:
        """How many rows break each check; kinds without any are left out."""
        who, tail = self._requester.of("requester"), self._tail.of("tail")
        status, has_error = pl.col("http_status"), ~self._dashes["error_code"].of("error_code")
        unauthenticated = tail & _NO_AUTHENTICATION != 0
        broken = {
            "requester-authentication": (tail < 16) & (who & _IS_S3 == 0) & ((who & _IS_ANONYMOUS != 0) != unauthenticated),
            "signature-authentication": (tail & _NO_SIGNATURE != 0) != unauthenticated,
            "tls-cipher": (tail & _NO_TLS != 0) != (tail & _NO_CIPHER != 0),
            "status-error-code": ((status < 300) | (status == 304) | (status >= 400)) & ((status >= 400) != has_error),
            "method-operation": (pl.col("method") != self._verbs.of("operation")) & ~self._quoted.of("method"),
            "turn-around-time": pl.col("turn_around_time") > pl.col("total_time"),
            "remote-ip": self._dashes["remote_ip"].of("remote_ip") & (who & _IS_ROUTED == 0),
        }
        counts = rows.select(check.sum().alias(kind) for kind, check in broken.items()).row(0, named=True)
        return {kind: count for kind, count in counts.items() if count}


def _requester_bits(values: pl.Series) -> pl.Series:
    anonymous, s3 = values == "-", values == "AmazonS3"
    routed = s3 | values.str.starts_with("svc:") | values.str.contains(":assumed-role/", literal=True)
    return anonymous.cast(pl.UInt8) * _IS_ANONYMOUS + s3.cast(pl.UInt8) * _IS_S3 + routed.cast(pl.UInt8) * _IS_ROUTED


def _tail_bits(values: pl.Series) -> pl.Series:
    """Which of signature version, authentication type, cipher and TLS version are absent; 16 where the line has no such fields."""
    fields = tail_columns(values)
    bits = (
        pl.col("signature_version").is_null().cast(pl.UInt8) * _NO_SIGNATURE
        + pl.col("authentication_type").is_null().cast(pl.UInt8) * _NO_AUTHENTICATION
        + pl.col("cipher_suite").is_null().cast(pl.UInt8) * _NO_CIPHER
        + pl.col("tls_version").is_null().cast(pl.UInt8) * _NO_TLS
    )
    return fields.select(bits + pl.when(pl.col("fields") < 24).then(16).otherwise(0).cast(pl.UInt8)).to_series()


def _verbs(operations: pl.Series) -> pl.Series:
    """The first token of the request line that an operation implies, null where it implies none."""
    verb = operations.str.extract(r"^(?:REST|WEBSITE)\.([A-Z0-9]+)\.")
    return '"' + verb.replace("COPY", "PUT")


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
