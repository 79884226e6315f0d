r"""The parsed records for other tools: JSON Lines, CSV or Parquet, block by block, so that memory is that of a block.

A row is a line of log. A line that can be read in several ways is one row of status ``ambiguous``: what its readings agree on is
there, the columns in which they differ are null and named in ``unknown``, and its outcome is the one that rules judge by, the worst for
the requester. Lines that are no record are counted.

In every format a text is the same: values of query strings that grant access are ``***``, and characters that hide, move or act are
spelled ``\u{hex}``, which `s3guard.text.unvisible` reads back. CSV has spreadsheets to mind as well, see `s3guard.outputs.csv`. Where
persons are redacted, each column holds their pseudonyms, whatever the format.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

import polars as pl

from s3guard import __version__, conditions, sources
from s3guard.aws import Access
from s3guard.blocks import blocks
from s3guard.columns import Columns, decoded_keys, needed_texts
from s3guard.fields import CORE_NAMES
from s3guard.formats import Parsers, Reading
from s3guard.formats.parquet.columns import EXTRA, READINGS, bits, marked, suffix
from s3guard.formats.parquet.kept import Kept
from s3guard.model import Listed, Unreadable, UsageError
from s3guard.origin import Block
from s3guard.parsed import Parsed
from s3guard.problems import did_you_mean
from s3guard.quarantine import Quarantine
from s3guard.records import COLUMNS, OUTCOMES, SCHEMA
from s3guard.redaction import NOTHING, Redaction
from s3guard.redaction.series import redacted
from s3guard.repository import report_root
from s3guard.tables import safe
from s3guard.text import mask_credentials
from s3guard.vocabulary import Vocabulary

_ORIGIN: Final = ("_object", "_line")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records, and what of them."""

    logs: Sequence[str]
    columns: Sequence[str] = ()
    """In this order; none: all of `records.COLUMNS` in its order."""
    where: str | None = None
    """A SQL condition; a line that can be read in several ways is there if it holds for any of them."""
    buckets: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    quarantine: Path | None = None
    progress: Callable[[int, int], None] | None = None
    late: timedelta = sources.LATE
    """How long after the period what was delivered late is looked for."""
    access: Access = field(default_factory=Access)
    is_judged: bool = False
    """Whether the rows shall hold what the kernel needs to judge them again, see `formats.parquet`; where nothing was narrowed they do."""
    redaction: Redaction = NOTHING

    @property
    def narrowed(self) -> tuple[str, ...]:
        """The flags by which records, or columns of theirs, are left out or are not what the log says."""
        flags = {
            "--columns": bool(self.columns),
            "--where": self.where is not None,
            "--bucket": bool(self.buckets),
            "--since": self.since is not None,
            "--until": self.until is not None,
            "--redact": self.redaction.redacts,
        }
        return tuple(flag for flag, is_set in flags.items() if is_set)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in their order; UsageError for an unknown one, and for one that is named twice."""
        for name in self.columns:
            if name not in COLUMNS:
                raise UsageError(f"--columns {name}: no column has this name{did_you_mean(name, COLUMNS) or _columns()}")
        if len(set(self.columns)) < len(self.columns):
            raise UsageError("--columns: a column is named twice")
        return tuple(self.columns) or tuple(COLUMNS)


def _columns() -> str:
    return f"; the columns are {', '.join(COLUMNS)}"


@dataclass(slots=True)
class Dump:
    """The records of some logs as frames, and what was met on the way, which is whole when the last frame was taken."""

    wanted: Wanted
    reading: Reading = field(default_factory=Reading)
    rows: int = 0
    ambiguous: int = 0
    """Of the lines that were read."""
    records: int = 0
    """Lines that were read, wanted or not."""
    quarantined: int = 0
    logs: sources.Sources | None = None
    """Where the records come from, once the first frame was asked for."""

    @property
    def listed(self) -> tuple[Listed, ...]:
        """What of the sources was left out, and why."""
        return () if self.logs is None else self.logs.listed

    warnings: dict[str, int] = field(default_factory=dict)
    """Of the lines; `reading` has those of the objects."""
    carried: dict[str, int] = field(default_factory=dict)
    """See `parsed.Parsed.carried`."""

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns of the frames and their types."""
        return {name: SCHEMA[name] for name in self.wanted.names} | (EXTRA if self._is_whole else {})

    @property
    def _is_whole(self) -> bool:
        return self.wanted.is_judged and not self.wanted.narrowed

    def frames(self) -> Iterator[pl.DataFrame]:
        """The wanted rows of each block, in the order of the input, texts safe; UsageError for logs that are not there."""
        wanted = self.wanted
        table = _Table(wanted, is_whole=self._is_whole)
        root = str(report_root(Path.cwd()))
        buckets = frozenset(wanted.buckets).__contains__ if wanted.buckets else None
        logs = sources.Sources(sources.Scope(root, wanted.since, wanted.until, wanted.late, buckets, wanted.access))
        self.logs = logs
        with Quarantine(wanted.quarantine, wanted.redaction) if wanted.quarantine else contextlib.nullcontext() as quarantine:
            for block in blocks(logs.objects(wanted.logs), self.reading, logs.read):
                parsed = table.parsed(block)
                self._count(parsed)
                if quarantine is not None:
                    for line in parsed.quarantined:
                        quarantine.add(block.objects[line.object], line)
                frame = table.of(parsed, block)
                self.rows += frame.height
                if wanted.progress is not None:
                    wanted.progress(self.reading.bytes, self.records)
                yield frame

    def _count(self, parsed: Parsed) -> None:
        ambiguous = parsed.readings["reading"].n_unique()
        self.records += parsed.records.height + ambiguous + (0 if parsed.delivered is None else parsed.delivered.height)
        self.ambiguous += ambiguous
        self.quarantined += parsed.damaged
        self.reading.unreadable += parsed.unreadable
        for kind, count in parsed.warnings.items():
            self.warnings[kind] = self.warnings.get(kind, 0) + count
        for bucket, carried in parsed.carried.items():
            self.carried[bucket] = self.carried.get(bucket, 0) | carried

    def told(self) -> dict[str, str]:
        """What a Parquet file of the rows says of itself; to be asked after the last frame was taken."""
        kinds = sorted({*self.warnings, *self.reading.warnings})
        kept = Kept(
            rows=self.rows,
            ambiguous=self.ambiguous,
            quarantined=self.quarantined,
            warnings={kind: self.warnings.get(kind, 0) + self.reading.warnings.get(kind, 0) for kind in kinds},
            unreadable=tuple(Unreadable(mask_credentials(one.object), one.reason) for one in self.reading.unreadable),
            delivered=self.carried,
            narrowed=self.wanted.narrowed,
            tool=__version__,
            read={"objects": self.reading.objects, "bytes": self.reading.bytes},
        )
        return kept.metadata()


def too_damaged(dump: Dump, most: Fraction) -> bool:
    """Whether more than the share `most` of the lines is no record."""
    return dump.quarantined > most * (dump.records + dump.quarantined)


class _Table:
    """Makes frames of blocks."""

    def __init__(self, wanted: Wanted, *, is_whole: bool) -> None:
        self._wanted = wanted
        self._names = wanted.names
        self._extra = list(EXTRA) if is_whole else []
        self._condition = conditions.compile(wanted.where) if wanted.where else None
        self._read = frozenset(self._names) | (self._condition.columns if self._condition else frozenset())
        self._begin()

    def _begin(self) -> None:
        vocabulary = Vocabulary()
        self._parsers = Parsers(vocabulary, needed_texts(self._read))
        self._columns = Columns(vocabulary)

    def parsed(self, block: Block) -> Parsed:
        """What the block holds."""
        if self._parsers.vocabulary.full:
            self._begin()
        return self._parsers.parse(block)

    def of(self, parsed: Parsed, block: Block) -> pl.DataFrame:
        """The wanted rows of a block that was parsed last, in the order of its lines."""
        objects = pl.Series(block.objects if parsed.objects is None else parsed.objects, dtype=pl.String)
        frames = [self._plain(parsed.records, objects, is_delivered=False)]
        if parsed.delivered is not None:
            frames.append(self._plain(parsed.delivered, objects, is_delivered=True))
        if parsed.readings.height:
            frames.append(self._merged(parsed.readings, objects))
        rows = pl.concat(frames).sort(_ORIGIN, maintain_order=True).select(*self._names, *self._extra)
        return marked(rows) if self._extra else rows

    def _plain(self, rows: pl.DataFrame, objects: pl.Series, *, is_delivered: bool) -> pl.DataFrame:
        rows = self._prepared(rows, objects)
        none = pl.lit(None, EXTRA[READINGS]).alias(READINGS)
        masks = self._wanted.redaction.masks
        extra = [bits(self._columns, masks, is_delivered=is_delivered), suffix(self._columns, masks), none] if self._extra else []
        return rows.filter(self._chosen()).select(*self._texts(self._names), *extra, *_origin())

    def _merged(self, readings: pl.DataFrame, objects: pl.Series) -> pl.DataFrame:
        """One row a line, of its readings."""
        rows = self._prepared(readings, objects)
        every = dict.fromkeys([*self._names, *CORE_NAMES, "unknown"])
        masks = self._wanted.redaction.masks
        extra = [bits(self._columns, masks, is_delivered=False), suffix(self._columns, masks)] if self._extra else []
        told = rows.select(
            *self._texts(every), *extra, *_origin(), "reading", self._chosen().alias("_chosen"), self._columns.outcome().alias("_outcome")
        )
        several = {name: pl.col(name).n_unique() > 1 for name in CORE_NAMES}
        unknown = [pl.when(differ).then(pl.lit(name)) for name, differ in several.items()]
        merged: dict[str, pl.Expr] = {name: pl.col(name).first() for name in (*every, *self._extra)}
        merged |= {name: pl.when(~differ).then(pl.col(name).first()) for name, differ in several.items()}
        merged["outcome"] = pl.col("_outcome").min()
        merged["unknown"] = pl.concat_str([*unknown, pl.col("unknown").first()], separator=",", ignore_nulls=True)
        merged[READINGS] = pl.struct(CORE_NAMES)
        names = [*self._names, *self._extra]
        return (
            told.group_by("reading", maintain_order=True)
            .agg(*(merged[name].alias(name) for name in names), pl.col("_chosen").any(), *(pl.col(name).first() for name in _ORIGIN))
            .filter("_chosen")
            .with_columns(pl.lit(pl.Series(list(OUTCOMES))).gather(pl.col(name)).alias(name) for name in names if name == "outcome")
            .select(*names, *_ORIGIN)
        )

    def _prepared(self, rows: pl.DataFrame, objects: pl.Series) -> pl.DataFrame:
        """Physical rows with the columns that expressions expect beside them."""
        if "key" in self._read and "key" not in rows.columns:
            rows = rows.with_columns(decoded_keys(rows, self._columns))
        return rows.with_columns(objects.gather(rows["object"]).alias("object_name"))

    def _chosen(self) -> pl.Expr:
        wanted = self._wanted
        chosen = pl.lit(value=True)
        if wanted.since is not None:
            chosen &= pl.col("t") >= int(wanted.since.timestamp())
        if wanted.until is not None:
            chosen &= pl.col("t") < int(wanted.until.timestamp())
        if wanted.buckets:
            chosen &= self._columns.judged("bucket", "wanted", lambda names: names.is_in(list(wanted.buckets)))
        if wanted.where:
            chosen &= self._columns.condition(wanted.where)
        return chosen

    def _texts(self, names: Iterable[str]) -> Iterator[pl.Expr]:
        for name in names:
            text = self._columns.text(name)
            if name == "request_id":
                text = pl.when(text != "-").then(text)
            yield (text.map_batches(self._told(name), return_dtype=pl.String) if SCHEMA[name] == pl.String else text).alias(name)

    def _told(self, name: str) -> Callable[[pl.Series], pl.Series]:
        """What makes the texts of a column those that are written: the one place through which each of them goes."""
        return lambda texts: safe(redacted(self._wanted.redaction, name, texts))


def _origin() -> tuple[pl.Expr, ...]:
    return tuple(pl.col(name[1:]).alias(name) for name in _ORIGIN)
