"""Records that were parsed already: Parquet as ``s3guard records --to parquet`` writes it, judged as the logs that it was made from.

Nothing is lost on the way. A row holds what the kernel asks of a record, the readings of a line that has several among it; the file's
metadata hold what was told beside (`kept.Kept`). What cannot be judged from it as from the logs is refused: a file that was narrowed, one
that somebody else wrote, one that says other things of itself than its rows do.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import polars as pl

from s3guard.fields import CORE_NAMES
from s3guard.formats import Plain
from s3guard.formats.parquet.columns import (
    ALL_BITS,
    BITS,
    ESCAPED,
    EXTRA,
    HAS_ESCAPES,
    HAS_READINGS,
    HAS_REQUEST_LINE,
    IS_DELIVERED,
    READINGS,
    SUFFIX,
)
from s3guard.formats.parquet.kept import ForeignError, Kept, kept
from s3guard.model import Unreadable
from s3guard.origin import Block
from s3guard.outputs import plural
from s3guard.parsed import Parsed, Quarantined
from s3guard.physical import NUMBERS, UNKNOWN_BITS, nothing
from s3guard.records import SCHEMA
from s3guard.sources import UnreadableError
from s3guard.tables import ROW_GROUP
from s3guard.text import unvisible
from s3guard.vocabulary import CODED, Dictionary, Lookup, Vocabulary

ORDER = 0

MAGIC: Final = b"PAR1"
LARGEST: Final = 2 << 30
"""Bytes of a file that is held in memory, since it lies elsewhere or is packed."""
_LINE: Final = 600
"""Bytes of log that a row stands for: about that much memory the shard of a worker needs for it."""

Source: TypeAlias = str | bytes
"""Where a file is: its path, or its bytes."""
_TEXTS: Final = 1 << 30
"""Bytes of the texts of some rows: eight thousand a row. NOTE: a file of 34 kB can hold one text a hundred thousand times, which is shared
until it is looked at."""
_FAULTS: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
"""What Polars raises of a damaged file."""
_DAMAGED: Final = "damaged Parquet"


def claims(head: bytes) -> bool:
    """What begins as Parquet does."""
    return head.startswith(MAGIC)


@dataclass(frozen=True, slots=True)
class Rows(Block):
    """Some rows of a file."""

    source: Source = b""
    first: int = 0
    count: int = 0
    delivered: tuple[tuple[str, int], ...] = ()
    """See `Kept.delivered`."""
    has_readings: bool = False
    """Whether lines that can be read in several ways are among those of the file."""
    told: Kept | None = None
    """What the file says of itself, with its first rows."""

    @property
    def size(self) -> int:
        """Bytes of log that they stand for."""
        return self.count * _LINE

    @property
    def lines(self) -> int:
        """How many there are."""
        return self.count


def parts(plain: Plain) -> Iterator[Rows]:
    """The rows, some at a time; nothing of a file that cannot be judged as the logs can, which is told to `plain`."""
    name = plain.entry.name
    try:
        source = _source(plain)
        told = _looked_at(source)
    except (UnreadableError, ForeignError) as error:
        plain.unreadable(str(error))
        return
    except _FAULTS:
        plain.unreadable(_DAMAGED)
        return
    reading = plain.reading
    reading.unreadable += told.unreadable
    for kind, count in told.warnings.items():
        reading.warn(kind, count)
    for first in range(0, max(1, told.rows), ROW_GROUP):
        count = min(ROW_GROUP, told.rows - first)
        delivered, has_readings = tuple(told.delivered.items()), told.ambiguous > 0
        yield Rows(b"", (), (name,), None, "parquet", source, first, count, delivered, has_readings, None if first else told)


def _source(plain: Plain) -> Source:
    """Where the file is. NOTE: parts of one that lies on this machine are read as they are needed."""
    entry = plain.entry
    if entry.source == "local":
        try:
            size = _size(entry.location)
        except OSError as error:
            raise UnreadableError((error.strerror or type(error).__name__).lower()) from error
        if size is not None:
            plain.pass_over(size)
            return str(Path(entry.location).absolute())  # NOTE: a tilde is one, too
    whole = io.BytesIO()
    for chunk in plain:
        if whole.write(chunk) and whole.tell() > LARGEST:
            raise UnreadableError("Parquet that is too large to be read from here; unpacked, on this machine, it could be")
    return whole.getvalue()


def _size(path: str) -> int | None:
    """The bytes of a file that is Parquet as it lies there; None where it is not."""
    with open(path, "rb") as file:  # noqa: PTH123 - a location is a text
        return os.fstat(file.fileno()).st_size if file.read(len(MAGIC)) == MAGIC else None


def _scan(source: Source) -> pl.LazyFrame:
    # NOTE: a path is a path, whatever its name looks like.
    return pl.scan_parquet(source, glob=False, hive_partitioning=False)


def _looked_at(source: Source) -> Kept:
    """What the file says of itself, held against what can be seen at a glance."""
    told = kept(pl.read_parquet_metadata(io.BytesIO(source) if isinstance(source, bytes) else source))
    if told.narrowed:
        flags = ", ".join(told.narrowed)
        raise ForeignError(f"Parquet that holds only a part of the records ({flags}); give the logs, or write it without these flags")
    rows = _scan(source)
    if dict(rows.collect_schema()) != {**SCHEMA, **EXTRA}:
        raise ForeignError("Parquet with other columns than s3guard writes")
    several = pl.col(BITS).and_(HAS_READINGS) != 0
    # NOTE: first what needs no row: for as many as a damaged file says that it has, Polars makes room, and where there is none it aborts.
    if rows.select(pl.len()).collect().item() != told.rows or rows.select(several.sum()).collect().item() != told.ambiguous:
        raise ForeignError("Parquet with more or fewer records than it says; it was changed since s3guard wrote it")
    return told


class Parser:
    """Makes rows of records, for one worker."""

    def __init__(self, vocabulary: Vocabulary, texts: Iterable[str] = (), *, keep: bool = True) -> None:
        """Arguments as those of `parse.Parser`; of `texts`, ``key`` and ``key_logged`` matter too."""
        self._vocabulary, self._keep = vocabulary, keep
        self._asked = frozenset(texts)
        self._nothing = nothing(self._asked)
        coded = [name for name in self._nothing.columns if (name in CODED or name == "bucket_owner") and name not in ("tail", "method")]
        self._coded = {name: name for name in coded} | {"tail": SUFFIX}
        """Coded columns, and those of the file that hold their texts."""
        self._spelled = {name: Lookup(vocabulary[name], partial(_codes_read_back, vocabulary[name])) for name in self._coded}

    def parse(self, block: Block, objects: int = 0, lines: int = 0) -> Parsed:
        """The rows as the records, ambiguous lines and deliveries that they were made from; see `parse.Parser.parse`."""
        assert isinstance(block, Rows)  # noqa: S101 - for the type checker
        quarantined = list(self._untold(block)) if self._keep else []
        damaged = {objects: block.told.quarantined} if block.told is not None and block.told.quarantined else {}
        if not block.count:
            return Parsed(self._nothing, self._nothing, quarantined, damaged_of=damaged)
        try:
            rows = _scan(block.source).slice(block.first, block.count).select(self._columns(block)).collect()
        except _FAULTS:
            return self._unreadable(block, _DAMAGED, damaged)
        if not block.has_readings:
            rows = rows.with_columns(pl.lit(None, EXTRA[READINGS]).alias(READINGS))
        of_deliveries = _of_deliveries(rows)
        if rows.height != block.count or not _is_sound(rows) or not of_deliveries <= dict(block.delivered).keys():
            return self._unreadable(block, "Parquet with records that s3guard does not write", damaged)
        names = Dictionary()
        made = self._made(rows, names, objects)
        delivered, others = _parted(made, pl.col("delivered"))
        several, records = _parted(others, pl.col(READINGS).is_not_null())
        columns = [*self._nothing.columns, *(["key"] if "key" in self._asked else [])]
        return Parsed(
            records.select(columns),
            _exploded(several, self._vocabulary, lines).select(columns) if several.height else self._nothing,
            quarantined,
            damaged_of=damaged,
            delivered=delivered.select(*self._nothing.columns, "key") if delivered.height else None,
            carried={bucket: bits for bucket, bits in block.delivered if bucket in of_deliveries},
            objects=tuple(_read_back(names.values)),
            holders=block.objects * len(names),
        )

    def _unreadable(self, block: Rows, reason: str, damaged: dict[int, int]) -> Parsed:
        return Parsed(self._nothing, self._nothing, [], damaged_of=damaged, unreadable=(Unreadable(block.objects[0], reason),))

    def _untold(self, block: Rows) -> Iterator[Quarantined]:
        """What is to be said in place of lines that the file has not kept."""
        if block.told is not None and (lost := block.told.quarantined + block.told.ambiguous):
            reason = f"{plural(lost, 'line')} of the logs, no record or not certainly one, that Parquet does not keep"
            yield Quarantined(0, 0, "quarantined", reason, b"")

    def _columns(self, block: Rows) -> list[str]:
        """The columns that are needed."""
        wanted = {*self._nothing.columns, "time", *EXTRA}
        if not block.has_readings:
            wanted.remove(READINGS)
        if not self._asked & {"key", "key_logged"}:
            wanted.remove("key_logged")
        elif block.delivered:
            wanted.add("key")
        elif "key" in self._asked:
            # NOTE: what is decoded need not be decoded again, which takes longer than all the rest.
            wanted.add("key")
            wanted -= {"key_logged"} - self._asked
        return [name for name in (*SCHEMA, *EXTRA) if name in wanted]

    def _made(self, rows: pl.DataFrame, names: Dictionary, objects: int) -> pl.DataFrame:
        """Physical rows, with `delivered`, ``key`` and the readings."""
        flags = pl.col(BITS)
        codes = pl.DataFrame([_codes(rows[text], self._vocabulary[name]).alias(name) for name, text in self._coded.items()])
        escaped = rows.select(flags.and_(HAS_ESCAPES) != 0).to_series().arg_true()
        texts = [name for name in ESCAPED if name in rows.columns] if len(escaped) else []
        rows = rows.with_columns(
            *codes.select(self._spelled[name].of(name).alias(name) for name in self._coded),
            *(rows[name].scatter(escaped, _read_back(rows[name].gather(escaped))) for name in texts),
        )
        made: dict[str, pl.Expr] = {
            "object": pl.lit((_codes(rows["object"], names) + objects).cast(pl.UInt32)),
            "line": pl.col("line").cast(pl.UInt32),
            "reading": pl.lit(None, pl.UInt32),
            "t": pl.col("time").dt.epoch("s"),
            "unknown": flags.and_(0xFF).cast(pl.UInt8),
            "method": self._method(flags.and_(HAS_REQUEST_LINE) != 0),
        }
        if "key_logged" not in rows.columns:
            # NOTE: the one is null where the other is, and that alone is asked of what no rule reads.
            made["key_logged"] = pl.col("key") if "key" in rows.columns else pl.lit(None, pl.String)
        undecided = flags.and_(UNKNOWN_BITS["key"]) != 0
        key = pl.when(~undecided).then("key") if "key" in rows.columns else pl.lit(None, pl.String)
        plain = [name for name in self._nothing.columns if name not in made]
        return rows.select(
            *(expr.alias(name) for name, expr in made.items()),
            *plain,
            key.alias("key"),
            (flags.and_(IS_DELIVERED) != 0).alias("delivered"),
            READINGS,
        )

    def _method(self, has_one: pl.Expr) -> pl.Expr:
        """NOTE: the kernel asks only whether there is a request line."""
        dictionary = self._vocabulary["method"]
        one, none = (pl.lit(dictionary.code(text), pl.UInt32) for text in ('"', "-"))
        return pl.when(has_one).then(one).otherwise(none)


def _exploded(several: pl.DataFrame, vocabulary: Vocabulary, lines: int) -> pl.DataFrame:
    """Rows that stand for several readings: a row each."""
    numbered = several.with_columns((pl.int_range(pl.len(), dtype=pl.UInt32) + lines).cast(pl.UInt32).alias("reading")).drop(CORE_NAMES)
    each = numbered.explode(READINGS).unnest(READINGS)
    code = pl.col("error_code").map_batches(_read_back, return_dtype=pl.String).fill_null("-")
    return each.with_columns(code.cast(vocabulary["error_code"].dtype).to_physical())


def _read_back(texts: pl.Series) -> pl.Series:
    """Texts as they were before they were made safe."""
    places = texts.str.contains("\\u{", literal=True).fill_null(value=False).arg_true()
    if not len(places):
        return texts
    return texts.scatter(places, pl.Series([unvisible(text) for text in texts.gather(places)], dtype=pl.String))


def _codes(texts: pl.Series, dictionary: Dictionary) -> pl.Series:
    """The codes of texts, null being a dash. NOTE: a column that says one thing is told in a fifth of the time that its codes take."""
    texts = texts.fill_null("-")
    if (texts == texts[0]).all():
        return pl.repeat(dictionary.code(texts[0]), len(texts), dtype=pl.UInt32, eager=True)
    return dictionary.encode(texts)


def _parted(rows: pl.DataFrame, condition: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of which a condition is true, and those of which it is not."""
    chosen = rows.select(condition.alias("chosen")).to_series()
    if not chosen.any():
        return rows.clear(), rows
    return rows.filter(chosen), rows.filter(~chosen)


def _codes_read_back(dictionary: Dictionary, values: pl.Series) -> pl.Series:
    return dictionary.encode(_read_back(values))


def _of_deliveries(rows: pl.DataFrame) -> frozenset[str]:
    """The buckets of records that a delivery may have left columns out of. NOTE: what the file says of others is not for it to say."""
    found = rows.lazy().filter(pl.col(BITS).and_(IS_DELIVERED) != 0).select(pl.col("bucket").drop_nulls().unique()).collect()
    return frozenset(_read_back(found["bucket"]))


def _is_sound(rows: pl.DataFrame) -> bool:
    """Whether the rows can be what s3guard wrote."""
    texts = rows.select(pl.selectors.string().str.len_bytes().cast(pl.UInt64).sum())
    if sum(texts.row(0)) > _TEXTS:
        return False
    always = ("bucket", "time", "operation", "object", "line", BITS, SUFFIX)
    if any(rows[name].null_count() for name in always):
        return False
    numbers = [pl.col(name).is_between(0, 10**18) for name in NUMBERS]
    readings = pl.col(READINGS)
    checks = (
        pl.col("time").dt.epoch("s").is_between(-62_135_596_800, 253_402_300_799),  # the years 1 to 9999
        pl.col("line").is_between(0, 2**32 - 1),
        pl.col(BITS) <= ALL_BITS,
        *numbers,
        readings.list.len() > 1,
        readings.is_not_null() == (pl.col(BITS).and_(HAS_READINGS) != 0),
        readings.is_null() | (pl.col(BITS).and_(IS_DELIVERED) == 0),
    )
    return all(rows.select(pl.all_horizontal(check.all() for check in checks).alias("sound")).row(0))
