"""Lines that are no record, or could be read in several ways: of all of them a bounded number, the same in any order of the input."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from s3guard import reading
from s3guard.parsed import Quarantined
from s3guard.redaction import Redaction
from s3guard.text import shorten, shown

MANY: Final = 50_000
"""Lines that are kept: the first ones by object and number."""
LONGEST: Final = 2_000
"""Characters of a line that are kept."""


@dataclass(frozen=True, slots=True)
class _Line:
    place: tuple[str, int]
    line: Quarantined

    def __lt__(self, other: _Line) -> bool:
        """NOTE: the other way round, so that of a heap the last line is found first."""
        return self.place > other.place


class Lines:
    """Takes lines as they are told."""

    def __init__(self) -> None:
        self._heap: list[_Line] = []
        self.count = 0
        """Of all that were told."""
        self.damaged = 0
        """Of those that are no record at all."""

    def add(self, name: str, line: Quarantined) -> None:
        """Take a line of the log object `name`."""
        self.count += 1
        self.damaged += line.status == "quarantined"
        one = _Line((name, line.line), line)
        if len(self._heap) < MANY:
            heapq.heappush(self._heap, one)
        else:
            heapq.heappushpop(self._heap, one)

    @property
    def left(self) -> int:
        """How many are not kept."""
        return self.count - len(self._heap)

    def written(self, redaction: Redaction) -> Iterator[bytes]:
        """Each as a line of JSON, by object and number.

        ``sha256`` is that of the line's bytes as logged. ``text`` is what it says, control characters as visible escapes and credentials
        masked; where anybody is redacted, nobody knows who is in a line that is no record, and ``hmac_sha256`` stands there instead.
        """
        # NOTE: a line is told again where another run was first; it stands once.
        for one in sorted({one.place: one for one in self._heap}.values(), key=lambda one: one.place):
            line = one.line
            told = {what: shorten(shown(text), LONGEST) for what, text in redaction.line(reading.text(line.data)).items()}
            entry = {"object": shown(one.place[0]), "line": line.line, "status": line.status, "reason": line.reason}
            digest = hashlib.sha256(line.data).hexdigest()
            yield json.dumps(entry | {"sha256": digest, **told}).encode("ascii") + b"\n"
