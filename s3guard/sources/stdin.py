"""Standard input, written as ``-``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from io import BufferedReader
from typing import cast

from s3guard import waiting
from s3guard.model import Listed
from s3guard.sources import LogObject, Scope, UnreadableError

ORDER = 0
is_quick = True

_PIECE = 1 << 20


def claims(argument: str) -> bool:
    """Whether the argument is ``-``."""
    return argument == "-"


class Place:
    """Standard input."""

    def __init__(self, scope: Scope) -> None:
        """Nothing of the scope matters: all that comes is read."""
        del scope
        self.listed: list[Listed] = []

    def objects(self, argument: str) -> Iterator[LogObject]:
        """One object, ``-``."""
        yield LogObject(argument, argument, None, "stdin")

    def read(self, entries: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
        """What standard input holds, as it comes."""
        return ((entry, chunks()) for entry in entries)


def chunks() -> Iterator[bytes]:
    """What standard input holds, as it comes; a signal ends the wait for more at once."""
    if sys.stdin is None:  # NOTE: so it is for a process that was started with its standard input closed.
        raise UnreadableError("standard input is closed")
    buffer = cast("BufferedReader", sys.stdin.buffer)
    descriptor = None
    with contextlib.suppress(OSError):  # NOTE: whoever runs this within another program may put there what is no file.
        descriptor = buffer.fileno()
    try:
        while True:
            if descriptor is not None:
                waiting.until_readable(descriptor)
            piece = buffer.read1(_PIECE)
            if not piece:
                return
            yield piece
    except OSError as error:
        raise UnreadableError(f"standard input: {(error.strerror or 'cannot be read').lower()}") from error
