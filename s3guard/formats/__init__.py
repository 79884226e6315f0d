"""What log objects can hold: a format a file, found by the first bytes and never by a name; the file's name is the registration."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import chain
from typing import Final, Protocol, cast

from s3guard.model import Unreadable
from s3guard.origin import Block
from s3guard.parsed import Parsed
from s3guard.sources import LogObject, UnreadableError
from s3guard.unpack import may_be_packed, unpacked
from s3guard.vocabulary import Vocabulary

_BOM: Final = b"\xef\xbb\xbf"
_PEEK: Final = 512
"""Plain bytes by which a format is known."""


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

    def warn(self, kind: str, count: int = 1) -> None:
        """Count a warning."""
        self.warnings[kind] = self.warnings.get(kind, 0) + count


class Plain:
    """The bytes of a log object, unpacked, and by their first ones what it holds."""

    def __init__(self, entry: LogObject, pieces: Iterator[bytes], reading: Reading) -> None:
        """Reads as much as is needed to know the format; what goes wrong is raised when the bytes are asked for."""
        self.entry, self.reading = entry, reading
        self._digest = sha256() if reading.remember else None
        self._bytes = 0
        self._chunks = self._pieces = self._counted(pieces)
        self._told: str | None = None
        self._first: list[bytes] = []
        self._fault: UnreadableError | None = None
        size = 0
        try:
            first = next(self._pieces, b"")
            if may_be_packed(first):
                # NOTE: twice, since CloudWatch Logs packs what it sends, and a delivery stream may pack that again.
                self._chunks = unpacked(unpacked(chain((first,) if first else (), self._pieces)))
            else:
                self._first.append(first)
                size = len(first)
            while size < _PEEK and (chunk := next(self._chunks, b"")):
                self._first.append(chunk)
                size += len(chunk)
        except UnreadableError as error:
            self._fault = error
        self.head = b"".join(chunk[:_PEEK] for chunk in self._first)[:_PEEK]
        """The first bytes; fewer where there are no more."""
        self.size = 0
        """Plain bytes that were taken so far."""
        if self.head.startswith(_BOM):
            self._first = [b"".join(self._first)[len(_BOM) :]]
            self.head = self.head[len(_BOM) :]
            reading.warn("byte-order-mark")

    def __iter__(self) -> Iterator[bytes]:
        """All bytes, in pieces; once. `UnreadableError` after all that could be read."""
        first = self._first
        while first:
            self.size += len(first[0])
            yield first.pop(0)
        if self._fault is not None:
            raise self._fault
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk

    def pass_over(self, size: int) -> None:
        """Read the rest, and do nothing with it: somebody else reads it better. `UnreadableError` where it cannot be.

        Where nobody wants to know what the bytes are, they are taken for read: all of the object's `size`.
        """
        if self._digest is None:
            self.reading.bytes += size - self._bytes
            return
        for _ in self._pieces:
            pass

    def unreadable(self, reason: str) -> None:
        """Tell that the object could not be read to its end."""
        self._told = reason
        self.reading.unreadable.append(Unreadable(self.entry.name, reason))

    def remember(self) -> None:
        """Tell what was read, once it is."""
        if self._digest is not None:
            entry = self.entry
            self.reading.read.append((entry.name, entry.etag, entry.size, self._bytes, self._digest.hexdigest(), self._told))

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.reading.bytes += len(piece)
            self._bytes += len(piece)
            if self._digest is not None:
                self._digest.update(piece)
            yield piece


@dataclass(frozen=True, slots=True)
class Part:
    """Whole lines of one object, which may share a block with those of others."""

    data: bytes
    """Every line ended by a newline."""
    torn: bool = False
    """Whether the last of them had no newline of its own, for the object ends there."""
    continued: bool = False
    """Whether the last of them goes on in the next part, so that the line number stays."""


class Reader(Protocol):
    """Makes records of blocks, for one worker."""

    def parse(self, block: Block, objects: int = 0, lines: int = 0) -> Parsed:
        """What the block holds; `objects` and `lines` that came before are counted on."""


class Format(Protocol):
    """One module of this folder."""

    ORDER: int
    """Formats are asked in this order; the last one claims everything."""

    def claims(self, head: bytes) -> bool:
        """Whether an object that begins with these plain bytes is of the format."""

    def parts(self, plain: Plain) -> Iterator[Part | Block]:
        """The object as lines that are put into blocks, or as blocks of its own; what could not be read is told to `plain`."""

    def Parser(self, vocabulary: Vocabulary, texts: Iterable[str] = (), *, keep: bool = True) -> Reader:  # noqa: N802 - a class
        """Parses blocks of the format; arguments as those of `parse.Parser`."""


@cache
def catalog() -> dict[str, Format]:
    """Every format by name, in the order in which they are asked."""
    modules = {module.name: importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)}
    formats = {name: cast("Format", module) for name, module in modules.items()}
    return dict(sorted(formats.items(), key=lambda one: (one[1].ORDER, one[0])))


def claiming(head: bytes) -> str:
    """The name of the format of an object that begins with these bytes."""
    for name, form in catalog().items():
        if form.claims(head):
            return name
    raise AssertionError(head)  # NOTE: the last one claims everything


class Parsers:
    """A parser for each format that is met, all with one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, texts: Iterable[str] = (), *, keep: bool = True) -> None:
        """Arguments as those of `parse.Parser`."""
        self.vocabulary = vocabulary
        self._texts, self._keep = frozenset(texts), keep
        self._made: dict[str, Reader] = {}

    def parse(self, block: Block, objects: int = 0, lines: int = 0) -> Parsed:
        """What the block holds, by the parser of its format; see `parse.Parser.parse`."""
        reader = self._made.get(block.form)
        if reader is None:
            reader = self._made.setdefault(block.form, catalog()[block.form].Parser(self.vocabulary, self._texts, keep=self._keep))
        return reader.parse(block, objects, lines)
