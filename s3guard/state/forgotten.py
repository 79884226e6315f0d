"""Log objects that a pruning took away: sixteen bytes of each stay, so that none is judged a second time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

WIDTH: Final = 16
"""Bytes of a digest."""


def digest(name: str, etag: str | None, size: int | None) -> bytes:
    """What stays of a log object. NOTE: with its tag and size, so that another one of its name is judged."""
    return blake2b(f"{name}\0{etag}\0{size}".encode(errors="surrogatepass"), digest_size=WIDTH).digest()


def joined(pieces: Iterable[bytes]) -> bytes:
    """Digests of several prunings, sorted, each once."""
    return b"".join(sorted({piece[at : at + WIDTH] for piece in pieces for at in range(0, len(piece), WIDTH)}))


class Forgotten:
    """A set of digests, in as many bytes as they have."""

    def __init__(self, digests: bytes = b"") -> None:
        """`digests` as `joined` makes them."""
        self.digests = digests

    def __len__(self) -> int:
        return len(self.digests) // WIDTH

    def __contains__(self, one: bytes) -> bool:
        at = bisect_left(range(len(self)), one, key=self._at)
        return at < len(self) and self._at(at) == one

    def _at(self, place: int) -> bytes:
        return self.digests[place * WIDTH : (place + 1) * WIDTH]
