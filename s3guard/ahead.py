"""Reads ahead: many requests for bytes are on their way, and what they bring is handed out in the order in which it was asked for.

What is on its way or waits is bounded in bytes, whatever the sizes of the objects: a small object is one request, a large one many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How far reading ahead goes."""

    threads: int
    """Requests at a time."""
    held: int
    """Bytes on their way or waiting; one piece may be more."""
    piece: int
    """Bytes that one request asks for at most."""


def ahead(things: Iterable[tuple[T, int]], fetch: Callable[[T, int, int], bytes], limits: Limits) -> Iterator[tuple[T, Iterator[bytes]]]:
    """Each thing, which comes with its size, and its bytes in pieces; nothing is asked for where there are none.

    ``fetch(thing, start, end)`` is called in threads. What it raises is raised where the piece would have come. Whoever asks for the
    next thing before the pieces of this one are at their end has seen enough of it.
    """
    reader = _Reader(things, fetch, limits)
    try:
        yield from reader.things()
    finally:
        reader.stop()


@dataclass(frozen=True, slots=True)
class _Piece(Generic[T]):
    """A piece that was asked for."""

    number: int
    """Of its thing."""
    thing: T
    size: int
    future: Future[bytes] | None
    """None: there is nothing to read."""


class _Reader(Generic[T]):
    def __init__(self, things: Iterable[tuple[T, int]], fetch: Callable[[T, int, int], bytes], limits: Limits) -> None:
        self._fetch, self._limits = fetch, limits
        self._pieces = self._cut(things)
        self._waiting: deque[_Piece[T]] = deque()
        self._held = 0
        self._passed = -1
        """The number of the last thing of which nothing more is wanted."""
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="s3guard-read")

    def things(self) -> Iterator[tuple[T, Iterator[bytes]]]:
        """See `ahead`."""
        self._fill()
        while self._waiting:
            first = self._taken()
            yield first.thing, self._bytes(first)
            self._passed = first.number
            while self._waiting and self._waiting[0].number == first.number:
                rest = self._taken()
                if rest.future is not None:
                    rest.future.cancel()
            self._fill()

    def stop(self) -> None:
        """Ask for nothing more; what is on its way comes to its end by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _bytes(self, first: _Piece[T]) -> Iterator[bytes]:
        piece = first
        while piece.future is not None:
            self._fill()
            yield piece.future.result()
            if not self._waiting or self._waiting[0].number != first.number:
                return
            piece = self._taken()

    def _taken(self) -> _Piece[T]:
        piece = self._waiting.popleft()
        self._held -= piece.size
        return piece

    def _fill(self) -> None:
        """Ask for more, as far as the limits go."""
        while self._held < self._limits.held and len(self._waiting) < 4 * self._limits.threads:
            piece = next(self._pieces, None)
            if piece is None:
                return
            self._held += piece.size
            self._waiting.append(piece)

    def _cut(self, things: Iterable[tuple[T, int]]) -> Iterator[_Piece[T]]:
        """The pieces of all things, each asked for when it is taken."""
        for number, (thing, size) in enumerate(things):
            if not size:
                yield _Piece(number, thing, 0, None)
            for start in range(0, size, self._limits.piece):
                if number == self._passed:
                    break
                end = min(size, start + self._limits.piece)
                yield _Piece(number, thing, end - start, self._pool.submit(self._fetch, thing, start, end))
