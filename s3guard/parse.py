"""Bytes in, records out: whole lines of log become a frame of records, ambiguous readings and quarantined lines.

Two paths read a line. The vectorised one takes it only when its shape proves it unambiguous, and every other line goes through
`s3guard.reading`, which tries every reading; a property test holds the two against each other.

*The proof.* A line is split at its first eighteen spaces, and the rest of it at the quote. It is taken where it has six quotes in all:
one begins the token behind the key, one ends the token two further on (between them lies the request-URI), and the four of the rest
enclose Referer and User-Agent with one space between. What lies between the second and the third is then six tokens, which have to be a
core: a status, an error code, four numbers. No other pair of quotes can enclose a core and still leave room for Referer and User-Agent, so
there is one reading. Lines without any quote (bulk deletes, copy sources) hold no client text but tokens, so their places are fixed.
Each token's own grammar is checked on distinct values.

NOTE: measured: `splitn` of Polars makes nineteen columns in 0.5 us a line of 620 bytes, which its CSV reader needs 0.7 us for, and codes
of its texts cost 20 ns a column where the CSV reader takes 75 to read one as a category.

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
from s3guard.crosschecks import Checks
from s3guard.model import Unreadable
from s3guard.suffix import logged
from s3guard.vocabulary import CODED, Dictionary, Lookup, Vocabulary

SHORTEST = 60
"""Bytes that every record has: a line with fewer is none, and is not read to find out why."""

UNKNOWN_BITS = {"request_uri": 1, "referer": 2, "user_agent": 4, "key": 8}
"""Bits of the column `unknown`: fields whose reading is not certain. The same bits times sixteen (`MASKED`): a credential in the field
was masked before it came here, so that what a rule would have said of it is not certain either; and `ILLEGIBLE`."""

MASKED = 16
ILLEGIBLE = 128
"""Of a record: a credential was masked in its key, or in a field where nobody expects one, so no rule can be sure of it."""

TEXTS = ("request_uri", "referer", "version_id", "host_id")
"""Text columns that are kept only when a policy or a command asks for them."""

_CORE_NAMES = ("http_status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time")
NUMBERS = tuple(name for name in _CORE_NAMES if name != "error_code")
_CODED_TOKENS = ("bucket_owner", "bucket", "remote_ip", "requester", "operation", "error_code", "method")

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
    form: str = "classic"
    """The format that parses it: a module of `s3guard.formats`."""

    @property
    def size(self) -> int:
        """Bytes that it stands for."""
        return len(self.data)

    @property
    def lines(self) -> int:
        """How many lines it has at most."""
        return sum(piece.rows for piece in self.pieces)


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
    """One row a record, columns of `PHYSICAL`; with ``key`` where the format knows the decoded keys."""
    readings: pl.DataFrame
    """Readings of ambiguous lines: rows of one line share `reading`."""
    quarantined: list[Quarantined]
    """Quarantined and ambiguous lines, where the parser was asked to keep them."""
    warnings: dict[str, int] = field(default_factory=dict)
    """Integrity warnings (`reading.WARNINGS`) to the count of records."""
    damaged_of: dict[int, int] = field(default_factory=dict)
    """How many lines are quarantined, kept or not, by their object, as `records` has it."""
    delivered: pl.DataFrame | None = None
    """Records of a delivery that may have left columns out, which are null then: columns of `PHYSICAL` and ``key``."""
    carried: dict[str, int] = field(default_factory=dict)
    """Buckets of `delivered` to the bits (`records.COLUMN_BITS`) of the columns that at least one record carries, were it with null."""
    objects: tuple[str, ...] | None = None
    """Names of the log objects, where the records say more than the block that they came in."""
    holders: tuple[str, ...] | None = None
    """For each of the objects the name of what was read, where it is not the log object itself."""
    unreadable: tuple[Unreadable, ...] = ()
    """What of the block could not be read."""

    @property
    def damaged(self) -> int:
        """How many lines are quarantined, kept or not."""
        return sum(self.damaged_of.values())


def _split(column: str, separator: str, names: Sequence[str]) -> pl.Expr:
    """The parts of a text, each a column; the last is all that is left, and parts that are not there are null."""
    return pl.col(column).str.splitn(separator, len(names)).struct.rename_fields(list(names)).struct.unnest()


def _is_number(name: str) -> pl.Expr:
    """Whether a token is a dash or one of 18 digits at most, the HTTP status one of three; beside it stands what it was read as."""
    text, length = pl.col(name), pl.col(name).str.len_bytes()
    # NOTE: what is not below "0" begins with no sign. Four cheap looks cost a quarter of a regular expression.
    digits = pl.col(f"number {name}").is_not_null() & (text >= "0") & ((length == 3) if name == "http_status" else (length <= 18))
    return (text == "-") | digits


_TIME = r"^\[[0-9]{2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/(?:19|20)[0-9]{2}:[0-9]{2}:[0-9]{2}:[0-5][0-9]$"
_GLUE = "\x1f"
"""Holds the words of an origin access identity together while a block is split at spaces."""
_OAI = " arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity "
_OAI_GLUED = " " + _OAI[1:].replace(" ", _GLUE)
_GRAMMAR = {
    "bucket_owner": "^[0-9a-f]{16,64}$",
    "bucket": "^[A-Za-z0-9._][A-Za-z0-9._-]*$",
    "remote_ip": "^(?:[0-9A-Fa-f:.]+|-)$",
    "requester": f"^[!#-~]+$|^{_OAI_GLUED.lstrip(' ')}[A-Z0-9]+$",
    "operation": r"^[A-Z0-9]+\.[A-Za-z0-9_.]+$",
    "error_code": "^(?:[A-Za-z][A-Za-z0-9._-]*|-)$",
    "tail": r"^#1[78]$|^(?:[!#-~]+ ){4,7}[!#-~]+$|^(?:[!#-Z\\^-~]+ ){4,}[!#-Z\\^-~]+$",
}
"""Grammar of coded tokens, stricter than the format's own: what does not match is read by the careful parser, not refused."""

_PREFIX = ("bucket_owner", "bucket", "time", "zone", "remote_ip", "requester", "request_id", "operation", "key_logged")
_QUOTES = pl.col("line").str.count_matches('"', literal=True).alias("quotes")
_TOKENS = (*_PREFIX, "method", "uri", "uri_end", *_CORE_NAMES, "rest")
_DASHED_TOKENS = (*_PREFIX, "method", *_CORE_NAMES, "dash_1", "dash_2", "version_id", "host_id", "tail_text")
_REST = ("before", "referer", "gap", "user_agent", "suffix")
_SUFFIX = ("space", "version_id", "host_id", "tail_text")
_SPLIT = _split("line", " ", _TOKENS)
_SPLIT_DASHED = _split("line", " ", _DASHED_TOKENS)
_SPLIT_REST = pl.col("rest").str.split_exact('"', len(_REST) - 1).struct.rename_fields(_REST).struct.unnest()
_SPLIT_SUFFIX = _split("suffix", " ", _SUFFIX)
_NUMBERS_READ = [pl.col(name).cast(pl.Int64, strict=False).alias(f"number {name}") for name in NUMBERS]
_CHECKED = [
    pl.col("t").is_not_null(),
    pl.col("zone") == "+0000]",
    *(pl.col(name).str.len_bytes() > 0 for name in ("request_id", "key_logged")),
    *map(_is_number, NUMBERS),
    pl.col("version_id").is_null() | (pl.col("version_id") != ""),
    pl.col("host_id").is_null()
    | (
        ~pl.col("host_id").str.len_bytes().is_in([0, 6, 20, 21])
        & pl.col("tail_text").is_not_null()
        & ~pl.col("tail_text").str.starts_with("#")
    ),
]
"""The grammar of the tokens that are not coded."""
_IN_PLACE = (
    (pl.col("quotes") == 6)
    & pl.col("opened")
    & pl.col("uri_end").str.ends_with('"')
    & (pl.col("before") == "")
    & (pl.col("gap") == " ")
    & (pl.col("space") == "")
)
"""Whether the quotes stand where they should: two about the three tokens of the request-URI, and four of the six in what is split there."""
_REQUEST_URI = pl.concat_str("method", "uri", "uri_end", separator=" ").str.slice(1).str.head(-1).alias("request_uri")
_UNGLUED = ~pl.any_horizontal(pl.col("request_id", "key_logged", "version_id", "host_id").str.contains(_GLUE, literal=True)).fill_null(
    value=False
)
"""No identity stands where it is not one token: the other columns have a grammar that knows it."""
_NO_OR_SIX_QUOTES = pl.col("quotes").is_in([0, 6])
"""With a dash for the method: lines that may have no request-URI, Referer and User-Agent, and whose tokens have places of their own."""
_DASHED = ((pl.col("quotes") == 0) & pl.all_horizontal(pl.col("method", "dash_1", "dash_2") == "-")) | (
    (pl.col("quotes") == 6) & pl.all_horizontal(pl.col("method", "dash_1", "dash_2") == '"-"')
)
_TAIL = (
    pl.when(pl.col("host_id").is_not_null())
    .then(pl.col("tail_text"))
    .when(pl.col("version_id").is_not_null())
    .then(pl.lit("#18"))
    .otherwise(pl.lit("#17"))
)


def nothing(texts: Iterable[str]) -> pl.DataFrame:
    """A physical frame without rows, with those of `TEXTS` and ``user_agent`` that are asked for."""
    asked = frozenset(texts)
    return pl.DataFrame(schema={name: PHYSICAL[name] for name in PHYSICAL if name not in (*TEXTS, "user_agent") or name in asked})


class Parser:
    """Parses blocks of one worker, with one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, texts: Iterable[str] = (), *, keep: bool = True) -> None:
        """`texts`: which columns of `TEXTS`, and ``user_agent``, the frame shall hold; `keep`: quarantined lines are not counted alone."""
        self.vocabulary = vocabulary
        self._keep = keep
        self.texts = frozenset(texts)
        self.nothing = nothing(self.texts)
        self.columns = self.nothing.columns
        self._valid = {column: Lookup(vocabulary[column], partial(_matching, grammar)) for column, grammar in _GRAMMAR.items()}
        self._spaces = {name: Lookup(vocabulary[name], partial(_unglued_codes, vocabulary[name])) for name in ("requester", "user_agent")}
        self._client_texts = [name for name in ("request_uri", "referer", "user_agent") if name in self.texts]
        self._opened = Lookup(vocabulary["method"], lambda values: values.str.contains('^"[^"]*$'))
        self._dash = Lookup(vocabulary["method"], lambda values: values.is_in(["-", '"-"']))
        self._encoded = [*(self._code(name, pl.col(name)) for name in _CODED_TOKENS), *_NUMBERS_READ]
        self._tail = [self._code("tail", _TAIL), *(self._code(name, pl.col(name)) for name in ("user_agent",) if name in self.texts)]
        dashed = ["request_id", "key_logged", *(name for name in TEXTS if name in self.texts)]
        self._made = [
            pl.col("row"),
            pl.lit(0, pl.UInt8).alias("unknown"),
            *(pl.when(pl.col(name) != "-").then(pl.col(name)).alias(name) for name in dashed),
            *(pl.col(f"number {name}").alias(name) for name in NUMBERS),
            *(pl.col(name) for name in self.columns if name not in (*Origin.COLUMNS, "unknown", *dashed, *NUMBERS)),
        ]
        self._checks = Checks(vocabulary)
        self._many_identities = False
        """Whether more than half of the last block's lines named an origin access identity."""

    def _code(self, column: str, text: pl.Expr) -> pl.Expr:
        return text.cast(self.vocabulary[column].dtype).to_physical().alias(column)

    def parse(self, block: Block, objects: int = 0, lines: int = 0) -> Parsed:
        """Every line of the block as a record, an ambiguous line or a quarantined one; blank lines are passed over.

        `objects` and `lines` that came before are counted on, so that frames of several blocks may be put beside each other.
        """
        if not block.data.lstrip(b"\n"):
            return Parsed(self.nothing, self.nothing, [])
        fast, rest = self._vectorised(set_aside(block.data, block.texts))
        origin = Origin(block.pieces, objects, lines)
        short = [] if self._keep else [row for row, line in rest.items() if _is_scrap(line) and row not in origin.cut]
        damaged: dict[int, int] = {}
        for row in short:
            del rest[row]
            _count(damaged, origin.objects + origin.of(row)[0])
        warnings = self._checks.count(fast)
        if cut := int(fast["row"].is_in(origin.cut).sum()) if origin.cut else 0:
            warnings["unterminated-line"] = cut
        slow = self._careful(rest, origin, damaged)
        for kind, count in slow.warnings.items():
            warnings[kind] = warnings.get(kind, 0) + count
        placed = fast.select_seq(*origin.columns(fast["row"]), *self.columns[len(origin.COLUMNS) :])
        records = pl.concat([placed, slow.records]) if slow.records.height else placed
        return Parsed(records, slow.readings, slow.quarantined, warnings, damaged)

    def _vectorised(self, lines: Lines) -> tuple[pl.DataFrame, dict[int, bytes]]:
        """Rows that are proved (with `row`, their place in the block), and the lines that are not."""
        many = self._many_identities
        fast, left = self._split(lines.rows, lines.texts, glued=many)
        if not many and not left.height:
            return fast, lines.odd
        identities = (lines.texts if many else left["line"]).str.contains(_OAI, literal=True)
        self._many_identities = int(identities.sum()) * 2 > len(lines.texts)
        if not many and identities.any():
            some, others = left.filter(identities), left.filter(~identities)
            more, left = self._split(some["row"], some["line"], glued=True)
            fast, left = pl.concat([fast, more]), pl.concat([others, left])
        return fast, lines.odd | {row: text.encode() for row, text in left.iter_rows() if text}

    def _split(self, rows: pl.Series, texts: pl.Series, *, glued: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows that are proved, and `row` and `line` of those that are not; `glued`: the words of identities are held together."""
        both = (
            pl.DataFrame([rows, (texts.str.replace_all(_OAI, _OAI_GLUED, literal=True) if glued else texts).alias("line")])
            .select_seq("row", _QUOTES, _SPLIT)
            .with_columns_seq(_SPLIT_REST, *self._encoded, *([_REQUEST_URI] if "request_uri" in self.texts else ()))
        )
        # NOTE: a look-up knows the values that are coded when it is asked for, hence the stages.
        dashes = (self._dash.of("method") & _NO_OR_SIX_QUOTES).fill_null(value=False).alias("dashes")
        both = both.with_columns_seq(_SPLIT_SUFFIX, self._opened.of("method").alias("opened"), dashes)
        fast, proved = self._finish(both, _IN_PLACE & _UNGLUED if glued else _IN_PLACE)
        if (chosen := both["dashes"]).any():
            dashed, _ = self._finish(self._dashed(rows.filter(chosen), texts.filter(chosen)))
            fast, proved = pl.concat([fast, dashed]), proved | rows.is_in(dashed["row"].implode())
        if glued:
            fast = self._unglued(fast)
        left = pl.DataFrame([rows, texts.alias("line")])
        return fast, left.clear() if proved.all() else left.filter(~proved)

    def _dashed(self, rows: pl.Series, texts: pl.Series) -> pl.DataFrame:
        """Lines of bulk deletes, copy sources (bare dashes) and lifecycle (quoted ones), split at their spaces."""
        tokens = pl.DataFrame([rows, texts.alias("line")]).select_seq("row", _QUOTES, _SPLIT_DASHED)
        absent = [pl.lit("-").alias(name) for name in self._client_texts]
        return tokens.filter(_DASHED.fill_null(value=False)).with_columns_seq(*self._encoded, *absent)

    def _finish(self, rows: pl.DataFrame, shaped: pl.Expr | None = None) -> tuple[pl.DataFrame, pl.Series]:
        """The physical columns of rows that have their shape, less those whose tokens are not as they should be; and which are not."""
        rows = rows.with_columns_seq(*self._tail, _seconds(rows["time"]))
        valid = [lookup.of(column) for column, lookup in self._valid.items()]
        proved = pl.all_horizontal(*([] if shaped is None else [shaped]), *valid, *_CHECKED).fill_null(value=False)
        made = rows.select_seq(proved.alias("proved"), *self._made)
        # NOTE: only now, when the long texts are gone: a filter copies every column that a single row leaves.
        mask = made["proved"]
        return made if mask.all() else made.filter(mask), mask

    def _unglued(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Origin access identities with their spaces again, in every column that could hold one."""
        coded = [name for name in ("requester", "user_agent") if name in rows.columns]
        texts = [name for name in self._client_texts if name in rows.columns and name not in coded]
        return rows.with_columns_seq(
            *(self._spaces[name].of(name).alias(name) for name in coded),
            *(pl.col(name).str.replace_all(_GLUE, " ", literal=True) for name in texts),
        )

    def _careful(self, rest: dict[int, bytes], origin: Origin, damaged: dict[int, int]) -> Parsed:
        """Every line that the vectorised path left, read one by one; `damaged` is counted on."""
        if not rest:
            return Parsed(self.nothing, self.nothing, [])
        records: list[tuple[int, int, int | None, int, reading.Fields]] = []
        readings: list[tuple[int, int, int | None, int, reading.Fields]] = []
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
                    _count(damaged, origin.objects + place)
                if self._keep:
                    quarantined.append(Quarantined(place, line, read.status, read.reason or "", text))
                readings.extend((origin.objects + place, line, origin.lines + row, unknown, one) for one in read.readings)
            for kind in read.warnings:
                warnings[kind] = warnings.get(kind, 0) + 1
        clear, unclear = (self._frame(rows) if rows else self.nothing for rows in (records, readings))
        return Parsed(clear, unclear, quarantined, warnings)

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
        return frame.with_columns_seq(pl.col(name).fill_null("-").cast(self.vocabulary[name].dtype).to_physical() for name in coded)


class Origin:
    """Which object and line a row of a block is."""

    COLUMNS = ("object", "line", "reading")

    def __init__(self, pieces: Sequence[Piece], objects: int, lines: int) -> None:
        self._pieces, self.objects = pieces, objects
        self._starts = [0, *accumulate(piece.rows for piece in pieces)]
        self.lines = lines
        """Rows of the blocks before; `objects` are their objects."""
        self.cut = [end - 1 for piece, end in zip(pieces, self._starts[1:], strict=True) if piece.torn]
        """Rows that had no newline of their own."""

    def of(self, row: int) -> tuple[int, int, bool]:
        """The object (of the block), the line, and whether the line had no newline of its own."""
        place = bisect_right(self._starts, row) - 1
        piece = self._pieces[place]
        offset = row - self._starts[place]
        return piece.object, piece.first_line + offset, piece.torn and offset == piece.rows - 1

    def columns(self, rows: pl.Series) -> list[pl.Expr | pl.Series]:
        """The columns `COLUMNS` of rows in proved lines; their `reading` is null."""
        none = pl.lit(None, pl.UInt32).alias("reading")
        if len(self._pieces) == 1:
            piece = self._pieces[0]
            line = (pl.col("row").cast(pl.Int64) + piece.first_line).cast(pl.UInt32).alias("line")
            return [pl.lit(self.objects + piece.object, pl.UInt32).alias("object"), line, none]
        pieces = pl.Series(self._starts[1:-1], dtype=pl.UInt32).search_sorted(rows, side="right")
        shifts = pl.Series([piece.first_line - start for piece, start in zip(self._pieces, self._starts, strict=False)], dtype=pl.Int64)
        objects = pl.Series([self.objects + piece.object for piece in self._pieces], dtype=pl.UInt32)
        return [objects.gather(pieces).alias("object"), (shifts.gather(pieces) + rows.cast(pl.Int64)).cast(pl.UInt32).alias("line"), none]


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


def _count(counts: dict[int, int], key: int) -> None:
    counts[key] = counts.get(key, 0) + 1


def _matching(grammar: str, values: pl.Series) -> pl.Series:
    return values.str.contains(grammar)


def _unglued_codes(dictionary: Dictionary, values: pl.Series) -> pl.Series:
    return dictionary.encode(values.str.replace_all(_GLUE, " ", literal=True))


def _is_scrap(line: bytes) -> bool:
    """Whether a line is too short for a record, and has nothing to warn of."""
    return len(line) < SHORTEST and not line.endswith(b"\r")


def _seconds(times: pl.Series) -> pl.Series:
    """``t``: Int64 seconds since 1970 of times as logged, null for what is none; equal ones in a row are read once."""
    text = pl.col(times.name)
    read = pl.when(text.str.contains(_TIME)).then(text.str.strptime(pl.Datetime("ms"), "[%d/%b/%Y:%H:%M:%S", strict=False).dt.epoch("s"))
    answers = times.rle().struct.field("value").alias(times.name).to_frame().select_seq(read.alias("t")).to_series()
    return answers.gather(times.rle_id())
