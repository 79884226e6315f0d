"""Lines that a splitter could misread are set aside from a block, found by a few passes at the speed of memchr."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from s3guard.reading import MAX_LINE

_BOM: Final = b"\xef\xbb\xbf"
"""Passed over by a splitter at the start of its data, wherever that is taken from."""
_ODD: Final = (b"\r", b"\0", b"\x1f")
"""Bytes that a splitter takes for the end of a line, that are none of its business, or that the parser uses for glue."""
_CHARACTERS: Final = [byte.decode() for byte in _ODD]
"""The same in lines that are text."""
_FIRST: Final = frozenset(b"0123456789abcdef{")
"""First bytes of what is no packed data for sure: those of an owner's id, and of an object of JSON."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a block."""

    data: bytes
    """Lines that a splitter cannot misread: UTF-8, none of `_ODD`, not over `MAX_LINE`; blank ones may be among them."""
    texts: pl.Series
    """The same lines, String."""
    rows: pl.Series
    """Their places in the block, UInt32, named ``row``."""
    odd: dict[int, bytes]
    """The other lines, by their place in the block; those that a lone CR makes up are blank too, and left out."""


def set_aside(data: bytes, texts: pl.Series | None = None) -> Lines:
    """The lines of whole-line `data`; `texts` are they where the caller `split` them already."""
    if texts is not None:
        return Lines(data, texts, _places(len(texts)), {})
    good: list[memoryview | bytes] = []
    odd: dict[int, bytes] = {}
    view, done, row = memoryview(data), 0, 0
    for start, end in _odd_lines(data):
        good.append(view[done:start])
        row += data.count(b"\n", done, start)
        odd[row] = data[start : end - 1]
        row, done = row + 1, end
    good.append(view[done:])
    data = b"".join(good) if odd else data
    texts = _read(data) if data else pl.Series("line", [], pl.String)
    rows = _places(len(texts) + len(odd))
    kept = rows.filter(~rows.is_in(list(odd))) if odd else rows
    return Lines(data, texts, kept, {row: line for row, line in odd.items() if line != b"\r"})


def split(data: bytes) -> pl.Series | None:
    """The lines of whole-line `data`, String; None where some of them need to be set aside.

    NOTE: asked of the lines by Polars, for whoever looks through all bytes himself keeps Python's lock meanwhile, and all workers wait.
    """
    if data.startswith(_BOM):
        return None
    try:
        texts = _read(data)
    except pl.exceptions.ComputeError:
        return None  # NOTE: what is no UTF-8; whatever else it was is met again by who sets lines aside
    sizes = texts.str.len_bytes().cast(pl.Int64)
    # NOTE: a splitter takes a CR before a newline for a part of that.
    is_whole = int(sizes.sum()) + len(texts) == len(data) and not (sizes > MAX_LINE).any()
    return texts if is_whole and not texts.str.contains_any(_CHARACTERS).any() else None


def _read(data: bytes) -> pl.Series:
    """The lines of whole-line `data`, String; ComputeError where it is no UTF-8.

    NOTE: Polars unpacks what begins as packed data does, such as a line ``x^`` (zlib): with one, a client would hide all behind it, end
    the run, or fill the memory. Behind an empty line it looks for none.
    """
    if data[0] in _FIRST:
        return pl.read_lines(data)["line"]
    return pl.read_lines(b"\n" + data)["line"].slice(1)


def _places(count: int) -> pl.Series:
    return pl.int_range(count, dtype=pl.UInt32, eager=True).alias("row")


def _odd_lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each line that is set aside begins and ends (behind its newline), in order."""
    finders = [_with_byte(data, byte) for byte in _ODD if byte in data]
    if not data.isascii():
        finders.append(_not_text(data))
    if data.startswith(_BOM):
        finders.append(iter([0]))
    finders.append(_too_long(data))
    found = sorted({_line(data, place) for finder in finders for place in finder})
    yield from found


def _line(data: bytes, place: int) -> tuple[int, int]:
    return data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place) + 1


def _with_byte(data: bytes, byte: bytes) -> Iterator[int]:
    """A place in every line that holds the byte."""
    place = data.find(byte)
    while place >= 0:
        yield place
        place = data.find(byte, data.find(b"\n", place) + 1)


def _not_text(data: bytes) -> Iterator[int]:
    """A place in every line that is no UTF-8."""
    view, start = memoryview(data), 0
    while start < len(data):
        try:
            str(view[start:], "utf-8")
        except UnicodeDecodeError as error:
            # NOTE: a sequence that the newline cuts short is reported where it begins, which is in the line that is at fault.
            yield start + error.start
            start = data.find(b"\n", start + error.start) + 1
        else:
            return


def _too_long(data: bytes) -> Iterator[int]:
    """A place in every line that is longer than `MAX_LINE`: such a line covers a whole aligned stretch of half that length."""
    stretch = MAX_LINE // 2
    for start in range(0, len(data), stretch):
        if start + stretch <= len(data) and data.find(b"\n", start, start + stretch) < 0:
            first, end = _line(data, start)
            if end - 1 - first > MAX_LINE:
                yield start
