"""Pipes and devices that are named like files: read as they are written, and waited for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from s3guard import waiting
from s3guard.model import Listed
from s3guard.sources import LogObject, Scope, UnreadableError, named

ORDER = 5
"""Asked before files: whatever is there and is a pipe is no path to a file."""
is_quick = True

_PIECE = 1 << 20


def claims(argument: str) -> bool:
    """Whether the argument names a pipe or a device, such as ``/dev/fd/63`` of a shell's ``<(…)``."""
    try:
        mode = os.stat(argument).st_mode
    except (OSError, ValueError):  # a null character in it
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


class Place:
    """Pipes and devices."""

    def __init__(self, scope: Scope) -> None:
        """Of the scope only the root matters: all that comes is read."""
        self._root = scope.root
        self.listed: list[Listed] = []

    def objects(self, argument: str) -> Iterator[LogObject]:
        """One object. NOTE: not by its real path, which such as /dev/fd/63 has none."""
        yield LogObject(named(argument, self._root), os.path.abspath(argument), None, "pipe")

    def read(self, entries: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
        """What comes through one after the other."""
        return ((entry, chunks(entry.location)) for entry in entries)


def chunks(location: str) -> Iterator[bytes]:
    """What is written to a pipe, as it comes, until its last writer closes it; a pipe without one is waited for.

    A signal ends the wait at once.
    """
    try:
        # NOTE: else opening a pipe would wait for its first writer, and be deaf meanwhile.
        with open(os.open(location, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
            while True:
                waiting.until_readable(pipe.fileno())
                piece = pipe.read(_PIECE)
                if piece is None:
                    continue  # NOTE: somebody else who reads it was quicker.
                if not piece:
                    return
                yield piece
    except OSError as error:
        raise UnreadableError((error.strerror or type(error).__name__).lower()) from error
