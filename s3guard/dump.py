r"""The parsed records for other tools: JSON Lines, CSV or Parquet, block by block, so that memory is that of a block.

A row is a line of log. A line that can be read in several ways is one row of status ``ambiguous``: what its readings agree on is
there, the columns in which they differ are null and named in ``unknown``, and its outcome is the one that rules judge by, the worst for
the requester. Lines that are no record are counted.

In every format a text is the same: values of query strings that grant access are ``***``, and characters that hide, move or act are
spelled ``\u{hex}``, which `s3guard.text.unvisible` reads back. CSV has spreadsheets to mind as well, see `s3guard.outputs.csv`.
"""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, Final, cast

import polars as pl

from s3guard import conditions, sources
from s3guard.aws import Access
from s3guard.blocks import Reading, blocks
from s3guard.columns import Columns, decoded_keys, needed_texts
from s3guard.fields import CORE_NAMES
from s3guard.model import Listed, UnableError, UsageError
from s3guard.outputs.csv import cell
from s3guard.parse import Block, Parser
from s3guard.problems import did_you_mean
from s3guard.quarantine import Quarantine
from s3guard.records import COLUMNS, OUTCOMES, SCHEMA
from s3guard.repository import report_root
from s3guard.text import shown
from s3guard.vocabulary import Vocabulary

FORMATS: Final = ("jsonl", "csv", "parquet")
_ORIGIN: Final = ("_object", "_line")
_ROWS: Final = 8_192
"""Rows that become text at a time."""


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

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in their order; UsageError for an unknown one, and for one that is named twice."""
        for name in self.columns:
            if name not in COLUMNS:
                raise UsageError(f"--columns {name}: no column has this name{did_you_mean(name, COLUMNS)}; s3guard explain tells of each")
        if len(set(self.columns)) < len(self.columns):
            raise UsageError("--columns: a column is named twice")
        return tuple(self.columns) or tuple(COLUMNS)


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

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns of the frames and their types."""
        return {name: SCHEMA[name] for name in self.wanted.names}

    def frames(self) -> Iterator[pl.DataFrame]:
        """The wanted rows of each block, in the order of the input, texts safe; UsageError for logs that are not there."""
        wanted = self.wanted
        table = _Table(wanted)
        root = str(report_root(Path.cwd()))
        buckets = frozenset(wanted.buckets).__contains__ if wanted.buckets else None
        logs = sources.Sources(sources.Scope(root, wanted.since, wanted.until, wanted.late, buckets, wanted.access))
        self.logs = logs
        with Quarantine(wanted.quarantine) if wanted.quarantine else contextlib.nullcontext() as quarantine:
            for block in blocks(logs.objects(wanted.logs), self.reading, logs.read):
                frame = table.of(block, self, quarantine)
                self.rows += frame.height
                if wanted.progress is not None:
                    wanted.progress(self.reading.bytes, self.records)
                yield frame


def too_damaged(dump: Dump, most: Fraction) -> bool:
    """Whether more than the share `most` of the lines is no record."""
    return dump.quarantined > most * (dump.records + dump.quarantined)


class _Table:
    """Makes frames of blocks."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._names = wanted.names
        self._condition = conditions.compile(wanted.where) if wanted.where else None
        self._read = frozenset(self._names) | (self._condition.columns if self._condition else frozenset())
        self._begin()

    def _begin(self) -> None:
        vocabulary = Vocabulary()
        self._parser = Parser(vocabulary, needed_texts(self._read))
        self._columns = Columns(vocabulary)

    def of(self, block: Block, dump: Dump, quarantine: Quarantine | None) -> pl.DataFrame:
        """The wanted rows of a block; `dump` counts what was read."""
        if self._parser.vocabulary.full:
            self._begin()
        parsed = self._parser.parse(block)
        ambiguous = parsed.readings["reading"].n_unique()
        dump.records += parsed.records.height + ambiguous
        dump.ambiguous += ambiguous
        for line in parsed.quarantined:
            dump.quarantined += line.status == "quarantined"
            if quarantine is not None:
                quarantine.add(block.objects[line.object], line)
        objects = pl.Series(block.objects, dtype=pl.String)
        frames = [self._plain(parsed.records, objects)]
        if ambiguous:
            frames.append(self._merged(parsed.readings, objects))
        return pl.concat(frames).sort(_ORIGIN).select(self._names)

    def _plain(self, rows: pl.DataFrame, objects: pl.Series) -> pl.DataFrame:
        rows = self._prepared(rows, objects)
        return rows.filter(self._chosen()).select(*self._texts(self._names), *_origin())

    def _merged(self, readings: pl.DataFrame, objects: pl.Series) -> pl.DataFrame:
        """One row a line, of its readings."""
        rows = self._prepared(readings, objects)
        every = dict.fromkeys([*self._names, *CORE_NAMES, "unknown"])
        told = rows.select(
            *self._texts(every), *_origin(), "reading", self._chosen().alias("_chosen"), self._columns.outcome().alias("_outcome")
        )
        several = {name: pl.col(name).n_unique() > 1 for name in CORE_NAMES}
        unknown = [pl.when(differ).then(pl.lit(name)) for name, differ in several.items()]
        merged: dict[str, pl.Expr] = {name: pl.col(name).first() for name in every}
        merged |= {name: pl.when(~differ).then(pl.col(name).first()) for name, differ in several.items()}
        merged["outcome"] = pl.col("_outcome").min()
        merged["unknown"] = pl.concat_str([*unknown, pl.col("unknown").first()], separator=",", ignore_nulls=True)
        return (
            told.group_by("reading", maintain_order=True)
            .agg(*(merged[name].alias(name) for name in self._names), pl.col("_chosen").any(), *(pl.col(name).first() for name in _ORIGIN))
            .filter("_chosen")
            .with_columns(pl.lit(pl.Series(list(OUTCOMES))).gather(pl.col(name)).alias(name) for name in self._names if name == "outcome")
            .select(*self._names, *_ORIGIN)
        )

    def _prepared(self, rows: pl.DataFrame, objects: pl.Series) -> pl.DataFrame:
        """Physical rows with the columns that expressions expect beside them."""
        if "key" in self._read:
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
            yield (text.map_batches(safe, return_dtype=pl.String) if SCHEMA[name] == pl.String else text).alias(name)


def _origin() -> tuple[pl.Expr, ...]:
    return tuple(pl.col(name[1:]).alias(name) for name in _ORIGIN)


_SUSPECT: Final = r"[^ -~]|\\u\{|%|(?i:signature|security-token|awsaccesskeyid)"
"""Part of every text that `shown` changes, and of few others; Rust's regular expressions look at all, Python's at those that match."""
_CELL: Final = r"^[\s']*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|;[\s'\"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|##|^\s*(?:::|~~~)"
"""The same for `cell`, which changes texts of more than `_LONG` bytes as well."""
_LONG: Final = 30_000


def safe(texts: pl.Series) -> pl.Series:
    """Texts of a log as every output shows them."""
    return _changed(texts, texts.str.contains(_SUSPECT), shown)


def _cells(texts: pl.Series) -> pl.Series:
    return _changed(texts, texts.str.contains(_CELL) | (texts.str.len_bytes() > _LONG), cell)


def _changed(texts: pl.Series, suspects: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """The texts, the suspect ones changed."""
    places = suspects.fill_null(value=False).arg_true()
    if not len(places):
        return texts
    return texts.scatter(places, pl.Series([change(text) for text in texts.gather(places)], dtype=pl.String))


def lines(frames: Iterable[pl.DataFrame], schema: dict[str, pl.DataType], form: str) -> Iterator[bytes]:
    """The rows as UTF-8 text, ``jsonl`` or ``csv``, in pieces; CSV has a header whether there are rows or not."""
    if form == "csv":
        yield pl.DataFrame(schema=schema).write_csv(line_terminator="\r\n").encode()
    for frame in frames:
        for rows in frame.iter_slices(_ROWS):
            piece = io.BytesIO()
            times = rows.with_columns(pl.selectors.temporal().dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
            if form == "csv":
                cells = times.with_columns(pl.selectors.string().map_batches(_cells, return_dtype=pl.String))
                cells.write_csv(piece, include_header=False, line_terminator="\r\n")
                yield piece.getvalue()
            else:
                times.write_ndjson(piece)
                # NOTE: Azure Pipelines and old runners of GitHub obey "##" anywhere in a line of their log; JSON can spell it otherwise.
                yield piece.getvalue().replace(b"##", b"#\\u0023")


def parquet(frames: Iterable[pl.DataFrame], schema: dict[str, pl.DataType], write: Callable[[bytes], object]) -> None:
    """The rows as Parquet, by a function that writes all of what it is given; what it raises is raised."""
    handed: queue.Queue[pl.DataFrame | None] = queue.Queue(1)
    stop, through = threading.Event(), _Through(write)

    def source(columns: list[str] | None, *_: object) -> Iterator[pl.DataFrame]:
        while (frame := handed.get()) is not None:
            if stop.is_set():
                break
            yield frame if columns is None else frame.select(columns)
        if stop.is_set():
            raise UnableError("stopped")

    from polars.io.plugins import register_io_source

    rows = register_io_source(source, schema=schema)
    # NOTE: in a thread of its own: this one reads, so that a signal ends it whatever it waits for.
    with ThreadPoolExecutor(1, thread_name_prefix="s3guard") as pool:
        sunk = pool.submit(lambda: rows.sink_parquet(cast("IO[bytes]", through)))
        sunk.add_done_callback(lambda _: _emptied(handed))
        try:
            for frame in frames:
                handed.put(frame)
                if sunk.done():
                    break
            else:
                handed.put(None)
            sunk.result()
        except BaseException:
            stop.set()
            _emptied(handed).put(None)
            if through.fault is not None:
                raise through.fault from None
            raise


def _emptied(handed: queue.Queue[pl.DataFrame | None]) -> queue.Queue[pl.DataFrame | None]:
    """The queue without what nobody takes any more, so that nobody waits to put something there."""
    with contextlib.suppress(queue.Empty):
        handed.get_nowait()
    return handed


class _Through(io.RawIOBase):
    """A stream that remembers why it could not be written, which Polars tells in words of its own."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        super().__init__()
        self._write = write
        self.fault: OSError | None = None

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever has bytes
        """All of the data."""
        whole = bytes(data)
        try:
            self._write(whole)
        except OSError as error:
            self.fault = error
            raise
        return len(whole)
