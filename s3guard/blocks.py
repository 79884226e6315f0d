"""Log objects cut into blocks of whole lines, small ones packed together, long ones in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import Final

import polars as pl

from s3guard.aside import plain
from s3guard.model import Unreadable
from s3guard.parse import Block, Piece
from s3guard.reading import MAX_LINE
from s3guard.sources import LogObject, UnreadableError, read
from s3guard.unpack import unpacked

SIZE: Final = 7 << 20
"""Bytes of a block, at least: a piece of 8 MiB, as sources give them, less its last line. NOTE: measured: of larger ones the columns leave
the processor's cache between the passes of the parser, and each page of them is dear to get; of smaller ones the calls cost more."""

ROWS: Final = 200_000
"""Lines of a block at most; of records there are some thirty thousand in one."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Reading:
    """What reading has come to so far."""

    objects: int = 0
    bytes: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    remember: bool = False
    """Whether what was read of each object is kept, too."""
    read: list[tuple[str, str | None, int | None, int, str | None, str | None]] = field(default_factory=list)
    """Object, etag, size, bytes, SHA-256, fault: rows for `s3guard.seen.listed`."""

    def warn(self, kind: str) -> None:
        """Count a warning."""
        self.warnings[kind] = self.warnings.get(kind, 0) + 1


@dataclass(slots=True)
class _Part:
    """Whole lines of one object."""

    object: str
    lines: _Lines
    size: int
    torn: bool


@dataclass(slots=True)
class _Packer:
    """A block in the making."""

    data: list[bytes] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    size: int = 0

    def add(self, part: _Part, data: bytes) -> None:
        """Put whole lines of an object into the block."""
        self.parts.append(part)
        self.data.append(data)
        self.size += part.size

    def blocks(self) -> Iterator[Block]:
        """The block, or several where its lines are so short that they are too many, after which the packer is empty.

        Lines are numbered now, since only now they are counted.
        """
        data = self.data[0] if len(self.data) == 1 else b"".join(self.data)
        texts = pl.read_lines(data)["line"] if plain(data) else None
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
                alone = _Packer([few], [_Part(part.object, part.lines, len(few), part.torn and few is data)], len(few))
                yield alone._made(few, None, [few.count(b"\n")])

    def _made(self, data: bytes, texts: pl.Series | None, counts: list[int]) -> Block:
        pieces: list[Piece] = []
        for part, rows in zip(self.parts, counts, strict=True):
            pieces.append(Piece(len(pieces), part.lines.number, rows, part.torn))
            part.lines.number += rows
        return Block(data, tuple(pieces), tuple(part.object for part in self.parts), texts)

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
        lines = _Lines(entry, pieces, reading)
        for data, torn in lines:
            packer.add(_Part(entry.name, lines, len(data), torn), data)
            if packer.size >= SIZE:
                yield from packer.blocks()
    if packer.parts:
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


class _Lines:
    """The lines of one object, some at a time."""

    def __init__(self, entry: LogObject, pieces: Iterator[bytes], reading: Reading) -> None:
        self._entry, self._pieces, self._reading = entry, pieces, reading
        self.number = 1
        """Of the next line that is put into a block."""
        self._digest = sha256() if reading.remember else None
        self._bytes = 0

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        """Whole lines, and whether the last had no newline (which it then was given)."""
        rest = b""
        started = False
        try:
            for chunk in unpacked(self._counted(self._pieces)):
                data = chunk
                if not started:
                    rest += data
                    if len(rest) < len(_BOM) and _BOM.startswith(rest):
                        continue
                    started, data, rest = True, rest, b""
                    if data.startswith(_BOM):
                        data = data[len(_BOM) :]
                        self._reading.warn("byte-order-mark")
                cut = data.rfind(b"\n") + 1
                if not cut:
                    # NOTE: two MiB say as much of a line that is too long as all of it.
                    rest = (rest + data)[: 2 * MAX_LINE]
                    continue
                yield (b"".join((rest, memoryview(data)[:cut])) if rest or cut < len(data) else data), False
                rest = data[cut:]
        except UnreadableError as error:
            self._reading.unreadable.append(Unreadable(self._entry.name, str(error)))
            self._remember(str(error))
            if rest:
                self._reading.warn("unterminated-line")
            return
        self._remember(None)
        if rest:
            yield rest + b"\n", True

    def _remember(self, fault: str | None) -> None:
        if self._digest is not None:
            entry = self._entry
            told = (entry.name, entry.etag, entry.size, self._bytes, self._digest.hexdigest(), fault)
            self._reading.read.append(told)

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._reading.bytes += len(piece)
            if self._digest is not None:
                self._bytes += len(piece)
                self._digest.update(piece)
            yield piece
