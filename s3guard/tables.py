"""Rows of records as other tools read them: texts made safe, then JSON Lines, CSV or Parquet."""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Final, cast

import polars as pl

from s3guard.masks import MASKS, Masks
from s3guard.model import UnableError
from s3guard.outputs.csv import cell
from s3guard.text import visible

FORMATS: Final = ("jsonl", "csv", "parquet")
ROW_GROUP: Final = 1 << 17
"""Rows of a part of Parquet that can be read by itself."""
_ROWS: Final = 8_192
"""Rows that become text at a time."""

_CELL: Final = r"^[\s']*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|;[\s'\"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|##|^\s*(?:::|~~~)"
"""Part of every text that `cell` changes, and of few others, and texts of more than `_LONG` bytes."""
_LONG: Final = 30_000


def safe(texts: pl.Series, masks: Masks = MASKS) -> pl.Series:
    """Texts of a log as every output shows them."""
    return _changed(texts, texts.str.contains(rf"[^ -~]|{masks.suspect}"), lambda text: visible(masks.apply(text)))


def masked(texts: pl.Series, masks: Masks = MASKS) -> pl.Series:
    """Boolean: whether a text of a log holds a credential that outputs mask."""
    places = texts.str.contains(masks.suspect).fill_null(value=False).arg_true()
    found = [masks.apply(text) != text for text in texts.gather(places)]
    return pl.zeros(len(texts), dtype=pl.Boolean, eager=True).scatter(places, pl.Series(found, dtype=pl.Boolean))


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


def parquet(
    frames: Iterable[pl.DataFrame],
    schema: dict[str, pl.DataType],
    write: Callable[[bytes], object],
    told: Callable[[], dict[str, str]] = dict,
) -> None:
    """The rows as Parquet, by a function that writes all of what it is given; what it raises is raised.

    `told` is asked, after the last frame was taken, what the file says of itself.
    """
    handed: queue.Queue[pl.DataFrame | None] = queue.Queue(1)
    stop, ended, through = threading.Event(), threading.Event(), _Through(write)

    def source(columns: list[str] | None, *_: object) -> Iterator[pl.DataFrame]:
        while (frame := handed.get()) is not None:
            if stop.is_set():
                break
            yield frame if columns is None else frame.select(columns)
        if stop.is_set():
            raise UnableError("stopped")
        ended.set()

    def metadata(_: object) -> dict[str, str]:
        if not ended.is_set():
            raise UnableError("asked too early what the file says of itself")
        return told()

    from polars.io.plugins import register_io_source

    rows = register_io_source(source, schema=schema)
    # NOTE: in a thread of its own: this one reads, so that a signal ends it whatever it waits for.
    with ThreadPoolExecutor(1, thread_name_prefix="s3guard") as pool:
        sunk = pool.submit(lambda: rows.sink_parquet(cast("IO[bytes]", through), row_group_size=ROW_GROUP, metadata=metadata))
        sunk.add_done_callback(lambda _: _emptied(handed))
        try:
            _hand(frames, handed, sunk.done)
            sunk.result()
        except BaseException:
            stop.set()
            _emptied(handed).put(None)
            if through.fault is not None:
                raise through.fault from None
            raise


def _hand(frames: Iterable[pl.DataFrame], handed: queue.Queue[pl.DataFrame | None], is_done: Callable[[], bool]) -> None:
    """All frames, then None, to who takes them; no more once nobody does."""
    for frame in frames:
        handed.put(frame)
        if is_done():
            return
    handed.put(None)


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
