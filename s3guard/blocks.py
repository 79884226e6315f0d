"""Log objects cut into blocks of whole lines, small ones packed together, long ones in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

import polars as pl

from s3guard import formats
from s3guard.aside import split
from s3guard.formats import Part, Plain, Reading
from s3guard.origin import Block, Piece
from s3guard.sources import LogObject, read

SIZE: Final = 15 << 20
"""Bytes of a block, at least: a piece of 16 MiB, as files give them, less its last line. NOTE: measured: of larger ones the columns leave
the processor's cache between the passes of the parser, and each page of them is dear to get; of smaller ones the calls cost more."""

ROWS: Final = 200_000
"""Lines of a block at most; of records there are some thirty thousand in one."""


@dataclass(slots=True)
class _Object:
    """A log object of which lines are put into blocks."""

    name: str
    number: int = 1
    """Of its next line."""


@dataclass(slots=True)
class _Lines:
    """Whole lines of one object."""

    object: _Object
    size: int
    torn: bool
    continued: bool


@dataclass(slots=True)
class _Packer:
    """A block in the making, of one format."""

    form: str = ""
    data: list[bytes] = field(default_factory=list)
    parts: list[_Lines] = field(default_factory=list)
    size: int = 0

    def add(self, of: _Object, part: Part) -> None:
        """Put whole lines of an object into the block."""
        self.parts.append(_Lines(of, len(part.data), part.torn, part.continued))
        self.data.append(part.data)
        self.size += len(part.data)

    def blocks(self) -> Iterator[Block]:
        """The block, or several where its lines are so short that they are too many, after which the packer is empty.

        Lines are numbered now, since only now they are counted.
        """
        if not self.parts:
            return
        data = self.data[0] if len(self.data) == 1 else b"".join(self.data)
        texts = split(data)
        counts = self._rows(texts)
        if sum(counts) <= ROWS:
            yield self._made(data, texts, counts)
        else:
            del texts
            yield from self._cut_up(counts)
        self.data, self.parts, self.size = [], [], 0

    def _cut_up(self, counts: list[int]) -> Iterator[Block]:
        """Blocks of at most `ROWS` lines each. NOTE: a row of columns takes a thousand bytes, however few its line has."""
        for part, data, count in zip(self.parts, self.data, counts, strict=True):
            for few in _halved(data, count):
                alone = _Packer(self.form, [few], [_Lines(part.object, len(few), part.torn and few is data, part.continued)], len(few))
                yield alone._made(few, None, [few.count(b"\n")])

    def _made(self, data: bytes, texts: pl.Series | None, counts: list[int]) -> Block:
        pieces: list[Piece] = []
        for part, rows in zip(self.parts, counts, strict=True):
            pieces.append(Piece(len(pieces), part.object.number, rows, part.torn))
            part.object.number += rows - part.continued
        return Block(data, tuple(pieces), tuple(part.object.name for part in self.parts), texts, self.form)

    def _rows(self, texts: pl.Series | None) -> list[int]:
        """How many lines each part has. NOTE: told by the lengths of lines that are split anyway, which costs less than to count."""
        if texts is None:
            return [data.count(b"\n") for data in self.data]
        if len(self.parts) == 1:
            return [len(texts)]
        ends = (texts.str.len_bytes().cast(pl.Int64) + 1).cum_sum()
        bounds = pl.Series(list(accumulate(part.size for part in self.parts)), dtype=pl.Int64)
        last = [0, *ends.search_sorted(bounds, side="right")]
        return [after - before for before, after in pairwise(last)]


Read = Callable[[Iterable[LogObject]], Iterator[tuple[LogObject, Iterator[bytes]]]]
"""Objects become objects with their bytes, in pieces; see `s3guard.sources.Source.read`."""


def blocks(objects: Iterable[LogObject], reading: Reading, open_: Read | None = None) -> Iterator[Block]:
    """Every line of every object, in blocks of about `SIZE`; what could not be read is told to `reading`.

    Memory is that of a block, whatever the objects hold: of a line that is longer than a block the first MiB is kept, and the rest is
    passed over to its newline, so that it is quarantined as too long and the line behind it keeps its number.
    """
    packer = _Packer()
    for entry, pieces in (open_ or read)(objects):
        reading.objects += 1
        plain_bytes = Plain(entry, pieces, reading)
        form = formats.claiming(plain_bytes.head)
        if form != packer.form:
            yield from packer.blocks()
            packer.form = form
        of = _Object(entry.name)
        for part in formats.catalog()[form].parts(plain_bytes):
            if isinstance(part, Block):
                yield part
                continue
            packer.add(of, part)
            if packer.size >= SIZE:
                yield from packer.blocks()
        plain_bytes.remember()
    yield from packer.blocks()


def _halved(data: bytes, count: int) -> Iterator[bytes]:
    """The lines of `data`, of which there are `count`, at most `ROWS` at a time."""
    if count <= ROWS:
        yield data
        return
    middle = data.find(b"\n", len(data) // 2) + 1
    if middle == len(data):
        middle = data.rfind(b"\n", 0, len(data) // 2) + 1
    first = data.count(b"\n", 0, middle)
    yield from _halved(data[:middle], first)
    yield from _halved(data[middle:], count - first)
