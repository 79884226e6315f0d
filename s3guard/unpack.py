"""Compressed log objects: gzip (RFC 1952) and Zstandard (RFC 8878), told by their first bytes, in one or several members."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from typing import Any, Final, Protocol

from s3guard.sources import UnreadableError

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_SKIPPABLE: Final = b"\x2a\x4d\x18"
"""Bytes 2 to 4 of a Zstandard frame that holds no data (pzstd and seekable files have them)."""

_OUT: Final = 4 << 20
"""Bytes that one step of gzip makes at most: a bomb comes out in pieces, never at once."""
_STEP: Final = 1 << 9
"""The same, close to a fault."""
_IN: Final = 1 << 10
"""Bytes that one step of Zstandard takes: at most 256 blocks of 128 KiB can come of them."""
_BEHIND: Final = 1 << 16
"""Bytes that a member is given at a time which begins behind the end of another. NOTE: what it leaves is copied, so with all the bytes
that follow, members of a kilobyte, as a subscription sends them, would cost the square of their number."""


def may_be_packed(first: bytes) -> bool:
    """Whether bytes that begin with these may be compressed; not so, they are as `unpacked` gives them."""
    return len(first) < len(_ZSTD) or first.startswith((_GZIP, _ZSTD)) or first[1:4] == _SKIPPABLE


def unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The plain bytes of a log object; `UnreadableError` after all that could be read where it is cut short or damaged."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(_ZSTD):
            break
    if head.startswith(_GZIP):
        yield from _members(head, chunks, _Gzip)
    elif head.startswith(_ZSTD) or (head[1:4] == _SKIPPABLE and 0x50 <= head[0] <= 0x5F):
        yield from _members(head, chunks, _Zstandard)
    else:
        if head:
            yield head
        yield from chunks


class _Member(Protocol):
    """One member of a compressed file."""

    name: str

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bytes that come of more data."""

    @property
    def rest(self) -> bytes | None:
        """What follows the member; None while it has not ended."""


class _Gzip:
    name = "gzip"

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Plain bytes, at most `_OUT` at a time."""
        while data:
            before = self._inflater.copy()
            try:
                plain = self._inflater.decompress(data, _OUT)
            except zlib.error:
                yield from self._up_to_the_fault(before, data)
                raise
            if plain:
                yield plain
            data = self._inflater.unconsumed_tail

    @staticmethod
    def _up_to_the_fault(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
        """What a step that failed could read: zlib gives nothing of it, so it is done again in small ones."""
        with contextlib.suppress(zlib.error):
            while plain := inflater.decompress(data, _STEP):
                yield plain
                data = inflater.unconsumed_tail

    @property
    def rest(self) -> bytes | None:
        """What follows the end of the member."""
        return self._inflater.unused_data if self._inflater.eof else None


class _Zstandard:
    name = "zstd"

    def __init__(self) -> None:
        import zstandard

        self._frame: Any = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        self._rest: bytes | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Plain bytes, a few MiB at a time."""
        for at in range(0, len(data), _IN):
            if plain := self._frame.decompress(data[at : at + _IN]):
                yield plain
            if self._frame.eof:
                self._rest = self._frame.unused_data + data[at + _IN :]
                return

    @property
    def rest(self) -> bytes | None:
        """What follows the end of the frame."""
        return self._rest


def _members(head: bytes, chunks: Iterator[bytes], kind: type[_Gzip | _Zstandard]) -> Iterator[bytes]:
    """All members, one after the other; padding of zeros behind the last is passed over, as gzip does."""
    member: _Member | None = None
    data = head
    while True:
        at, step = 0, len(data)
        while at < len(data):
            if member is None:
                # NOTE: no member begins with a zero.
                if not data[at] and not data[at:].strip(b"\0"):
                    break
                member = kind()
            part = data[at : at + step]
            try:
                yield from member.feed(part)
            except Exception as error:
                if not isinstance(error, zlib.error) and type(error).__name__ != "ZstdError":
                    raise
                raise UnreadableError(f"damaged {kind.name} data") from error
            rest = member.rest
            at += len(part) - len(rest or b"")
            if rest is not None:
                member, step = None, _BEHIND
        following = next(chunks, None)
        if following is None:
            break
        data = following
    if member is not None:
        raise UnreadableError(f"cut short: the {kind.name} data ends in the middle")
