"""Log objects cut into blocks of whole lines, small ones packed together, long ones in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from s3guard.model import Unreadable
from s3guard.parse import MAX_LINE, Block, Piece
from s3guard.sources import LogObject, UnreadableError, chunks
from s3guard.unpack import unpacked

SIZE: Final = 16 << 20
"""Bytes of a block. NOTE: measured: 16 MiB stay in the processor's cache between the passes of the parser, 64 MiB do not."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Reading:
    """What reading has come to so far."""

    objects: int = 0
    bytes: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)

    def warn(self, kind: str) -> None:
        """Count a warning."""
        self.warnings[kind] = self.warnings.get(kind, 0) + 1


@dataclass(slots=True)
class _Packer:
    """A block in the making."""

    parts: list[bytes] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, name: str, data: bytes, first_line: int, *, torn: bool) -> int:
        """Put whole lines of an object into the block; gives how many they are."""
        rows = data.count(b"\n")
        self.pieces.append(Piece(len(self.objects), first_line, rows, torn))
        self.objects.append(name)
        self.parts.append(data)
        self.size += len(data)
        return rows

    def block(self) -> Block:
        """The block, after which the packer is empty."""
        data = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        made = Block(data, tuple(self.pieces), tuple(self.objects))
        self.parts, self.pieces, self.objects, self.size = [], [], [], 0
        return made


def blocks(objects: Iterable[LogObject], reading: Reading) -> Iterator[Block]:
    """Every line of every object, in blocks of about `SIZE`; what could not be read is told to `reading`.

    Memory is that of a block, whatever the objects hold: of a line that is longer than a block the first MiB is kept, and the rest is
    passed over to its newline, so that it is quarantined as too long and the line behind it keeps its number.
    """
    packer = _Packer()
    for entry in objects:
        reading.objects += 1
        lines = _Lines(entry, reading)
        for data, first_line, torn in lines:
            lines.number += packer.add(entry.name, data, first_line, torn=torn)
            if packer.size >= SIZE:
                yield packer.block()
    if packer.pieces:
        yield packer.block()


class _Lines:
    """The lines of one object, some at a time."""

    def __init__(self, entry: LogObject, reading: Reading) -> None:
        self._entry, self._reading = entry, reading
        self.number = 1

    def __iter__(self) -> Iterator[tuple[bytes, int, bool]]:
        """Whole lines, the number of the first, and whether the last had no newline (which it then was given)."""
        rest = b""
        started = False
        try:
            for data in unpacked(self._counted(chunks(self._entry))):
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
                yield (rest + data[:cut] if rest else data if cut == len(data) else data[:cut]), self.number, False
                rest = data[cut:]
        except UnreadableError as error:
            self._reading.unreadable.append(Unreadable(self._entry.name, str(error)))
            if rest:
                self._reading.warn("unterminated-line")
            return
        if rest:
            yield rest + b"\n", self.number, True

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._reading.bytes += len(piece)
            yield piece
