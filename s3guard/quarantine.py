"""Quarantined and ambiguous lines with their origin: all of them in the file of ``--quarantine``, and the first ones for a report."""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from s3guard import reading
from s3guard.files import whole
from s3guard.model import UnableError, Unclear
from s3guard.parsed import Quarantined
from s3guard.redaction import NOTHING, Redaction
from s3guard.text import shown

FIRST: Final = 100
"""Lines that a report names."""


class First:
    """The first lines by object and line, whatever the order in which they are told."""

    def __init__(self) -> None:
        """None yet."""
        self._found: list[tuple[str, int, str, str]] = []

    def add(self, name: str, line: Quarantined) -> None:
        """One line of the log object `name`; what is told again, since another run was first, stands once."""
        entry = (name, line.line, line.status, line.reason)
        at = bisect.bisect_left(self._found, entry)
        if at < FIRST and self._found[at : at + 1] != [entry]:
            self._found.insert(at, entry)
            del self._found[FIRST:]

    @property
    def lines(self) -> tuple[Unclear, ...]:
        """At most `FIRST` of them, in order."""
        return tuple(Unclear(*entry) for entry in self._found)


class Quarantine:
    """Writes lines as they are told; the file is there when all went well, as it is with every output.

    Each line of the file is an object of ``object``, ``line`` (1-based), ``status``, ``reason`` and ``text``: the log line, its control
    characters and what is no UTF-8 as visible escapes, credentials masked. Where anybody is redacted ``hmac_sha256`` stands for ``text``:
    of a line that is no record nobody knows who is in it. UnableError where it cannot be written.
    """

    def __init__(self, path: Path, redaction: Redaction = NOTHING) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._redaction = redaction
        self._whole: AbstractContextManager[Callable[[bytes], object]] = whole(path)
        self._put: Callable[[bytes], object] | None = None

    def __enter__(self) -> Self:
        """Open the file beside the place."""
        self._put = self._whole.__enter__()
        return self

    def add(self, name: str, line: Quarantined) -> None:
        """Write one line of the log object `name`."""
        told = {what: shown(text) for what, text in self._redaction.line(reading.text(line.data)).items()}
        entry = {"object": shown(name), "line": line.line, "status": line.status, "reason": line.reason, **told}
        assert self._put is not None  # noqa: S101 - for the type checker
        try:
            self._put(json.dumps(entry).encode("ascii") + b"\n")
        except OSError as error:
            # NOTE: told here, for not every error of the run that this file is open in is this file's.
            raise UnableError(f"could not write {shown(str(self._path))}: {error.strerror or error}") from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Put the file into its place; after a failure remove it."""
        self._whole.__exit__(kind, error, trace)
