"""The file of ``--quarantine``: every quarantined and ambiguous line with its origin, as JSON Lines."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from s3guard import reading
from s3guard.model import UnableError
from s3guard.parse import Quarantined
from s3guard.text import shown


class Quarantine:
    """Writes lines as they are told, beside the file's place, and puts it there when all went well.

    Each line of the file is an object of ``object``, ``line`` (1-based), ``status``, ``reason`` and ``text``: the log line, its control
    characters and what is no UTF-8 as visible escapes, credentials in query strings masked. UnableError where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Open the file beside the place."""
        try:
            self._file = self._beside.open("x", encoding="ascii", newline="\n")
        except OSError as error:
            raise self._unable(error) from error
        return self

    def add(self, name: str, line: Quarantined) -> None:
        """Write one line of the log object `name`."""
        text = shown(reading.text(line.data))
        entry = {"object": shown(name), "line": line.line, "status": line.status, "reason": line.reason, "text": text}
        assert self._file is not None  # noqa: S101 - for the type checker
        try:
            self._file.write(json.dumps(entry) + "\n")
        except OSError as error:
            raise self._unable(error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Put the file into its place; after a failure remove it."""
        assert self._file is not None  # noqa: S101 - for the type checker
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                self._beside.replace(self._path)
        except OSError as fault:
            raise self._unable(fault) from fault
        finally:
            self._file.close()
            with contextlib.suppress(FileNotFoundError):
                self._beside.unlink()

    def _unable(self, error: OSError) -> UnableError:
        return UnableError(f"{self._path}: the quarantined lines could not be written: {(error.strerror or 'error').lower()}")
