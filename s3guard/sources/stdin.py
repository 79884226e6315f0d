"""Standard input, written as ``-``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BufferedReader
from typing import cast

from s3guard.sources import LogObject, UnreadableError

ORDER = 0

_PIECE = 1 << 20


def claims(argument: str) -> bool:
    """Whether the argument is ``-``."""
    return argument == "-"


def objects(argument: str, root: str) -> Iterator[LogObject]:
    """Standard input as one object, ``-``."""
    del argument, root
    yield LogObject("-", "-", None, "stdin")


def chunks(location: str) -> Iterator[bytes]:
    """What standard input holds, as it comes."""
    del location
    if sys.stdin is None:  # NOTE: so it is for a process that was started with its standard input closed.
        raise UnreadableError("standard input is closed")
    try:
        while piece := cast("BufferedReader", sys.stdin.buffer).read1(_PIECE):
            yield piece
    except OSError as error:
        raise UnreadableError(f"standard input: {(error.strerror or 'cannot be read').lower()}") from error
