"""What a pack is made of: named bytes, in memory or, where they may be many, in a file of their own until the pack is written."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

from s3guard.model import UnableError

README: Final = "README.txt"
MANIFEST: Final = "manifest.json"
REPORT: Final = "report.json"
PAGE: Final = "report.html"
JUNIT: Final = "junit.xml"
SARIF: Final = "report.sarif"
OBJECTS: Final = "objects.jsonl"
COVERAGE: Final = "coverage.json"
RUNS: Final = "runs.json"
WAIVERS: Final = "waivers.json"
QUARANTINED: Final = "quarantined.jsonl"
POLICIES: Final = "policies/"
FRAMEWORKS: Final = "frameworks/"
ATTESTATIONS: Final = "attestations/"
"""Names of members; those that end with a slash are folders of them."""

LONGEST: Final = 100
"""Letters of a name, which is what the oldest form of tar has room for."""
PIECE: Final = 1 << 20
"""Bytes that are read or written at once."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class PackError(UnableError):
    """A file that is no evidence pack, or one that was altered so that it cannot be read as one; the message says which and where."""


class Content(Protocol):
    """One member of a pack, wherever its bytes are."""

    @property
    def path(self) -> str:
        """Its name: ASCII, relative, without ``..``."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def sha256(self) -> str:
        """Of its bytes, hex."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, from the first to the last."""
        ...


def is_name(path: str) -> bool:
    """Whether a member may have that name: letters, digits, ``.``, ``_``, ``-``, no part of it hidden, at most `LONGEST` letters."""
    return len(path) <= LONGEST and _NAME.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class Member:
    """A member whose bytes are in memory."""

    path: str
    data: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    @property
    def sha256(self) -> str:
        """Of its bytes, hex."""
        return hashlib.sha256(self.data).hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """Its bytes."""
        yield self.data


class Spool:
    """A member that is written piece by piece, and kept in a temporary file once it is large; gone when the block ends.

    OSError where the disk is full.
    """

    def __init__(self, path: str, memory: int = 8 << 20) -> None:
        self.path = path
        self.size = 0
        self._digest = hashlib.sha256()
        self._file = tempfile.SpooledTemporaryFile(max_size=memory)  # noqa: SIM115 - closed by the block that this one is the manager of

    @property
    def sha256(self) -> str:
        """Of what was written, hex."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Write behind what was written."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    def extend(self, pieces: Iterable[bytes]) -> Self:
        """Write several; the spool itself."""
        for piece in pieces:
            self.write(piece)
        return self

    def pieces(self) -> Iterator[bytes]:
        """What was written."""
        self._file.seek(0)
        while piece := self._file.read(PIECE):
            yield piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
