"""Origin: the lines of a block, and which log object and line of it each comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import polars as pl


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
    """The lines, String, where a splitter cannot misread them (`aside.split`); None where that was not looked at or is not so."""
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
