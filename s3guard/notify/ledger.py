"""What each channel was told, remembered beside the entries of a state: numbered files, of which the last one counts.

A file is written under the next number once its channel has taken a message, so a run that is killed in between tells again, and nothing
is ever forgotten untold. Of two runs at once one gets the number; the other reads what that one wrote, and goes on from there.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Protocol

from s3guard.model import Severity, UnableError
from s3guard.notify.model import Belief, Blind, Known

SCHEMA: Final = "s3guard/told/1"
"""Name and version of a file's content."""
MOST: Final = 100_000
"""Findings that are remembered; beyond, those go that a report had longest ago, and of those the least severe."""
KEPT: Final = 400 * 86_400
"""Seconds after which a finding is forgotten that no report had since."""
PATIENCE: Final = 8
"""Times that a number is asked for that another run got."""

_NAME: Final = re.compile(r"[0-9]{10}\.json\.gz")
_MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError, EOFError, zlib.error)


class Shelf(Protocol):
    """Where the files lie: `s3guard.state.store.Store`."""

    def names(self, folder: str = "", after: str = "") -> list[str]:
        """The names in a folder."""

    def read(self, name: str) -> bytes:
        """The bytes of a name."""

    def create(self, name: str, data: bytes) -> bool:
        """Write under a new name; False where it is taken."""

    def remove(self, name: str) -> None:
        """Take a name away."""


@dataclass(slots=True)
class Ledger:
    """What one channel was told."""

    shelf: Shelf
    channel: str
    """Its id."""
    number: int = 0
    """Of the last file that was read or written."""
    _gone: set[str] = field(default_factory=set)

    def read(self) -> Belief | None:
        """What the channel believes; None where it is new. UnableError where that cannot be read."""
        names = [name for name in self.shelf.names(self._folder) if _NAME.fullmatch(name)]
        if not names:
            return None
        newest = max(names)
        self.number = int(newest[:10])
        self._gone.update(names)
        return decoded(self.shelf.read(f"{self._folder}/{newest}"), newest)

    def write(self, belief: Belief, again: Callable[[Belief], Belief]) -> Belief:
        """Write what the channel believes from now on, or, where another run wrote meanwhile, what is `again` made of that.

        UnableError where it cannot be written.
        """
        for _ in range(PATIENCE):
            name = f"{self.number + 1:010}.json.gz"
            if self.shelf.create(f"{self._folder}/{name}", encoded(belief)):
                self.number += 1
                self._tidy(name)
                return belief
            belief = again(self.read() or Belief())
        raise UnableError("other runs wrote down what they told each time")

    def _tidy(self, newest: str) -> None:
        """Take away what counts no more. NOTE: where nothing may be taken away it stays, and misleads nobody: the last file counts."""
        with contextlib.suppress(UnableError):
            for name in sorted(self._gone):
                self.shelf.remove(f"{self._folder}/{name}")
                self._gone.remove(name)
        self._gone.add(newest)

    @property
    def _folder(self) -> str:
        return f"told/{self.channel}"


def encoded(belief: Belief) -> bytes:
    """The bytes of a file."""
    newest = max((one.seen for one in belief.known.values()), default=0)
    kept = [(mark, one) for mark, one in belief.known.items() if one.seen >= newest - KEPT]
    kept = sorted(kept, key=lambda entry: (-entry[1].seen, -entry[1].severity.rank, entry[0]))[:MOST]
    kept.sort(key=lambda entry: (_check(entry[1]), entry[0]))
    told = {
        "schema": SCHEMA,
        "known": [[*check, [[mark, *_row(one)] for mark, one in some]] for check, some in groupby(kept, lambda entry: _check(entry[1]))],
        "blind": {key: [one.rule, one.bucket, one.reason, one.seen] for key, one in sorted(belief.blind.items())},
    }
    return gzip.compress(json.dumps(told, separators=(",", ":")).encode(), mtime=0)


def decoded(data: bytes, name: str) -> Belief:
    """What a file says; UnableError for what s3guard did not write."""
    try:
        told = json.loads(gzip.decompress(data))
        if told["schema"] == SCHEMA:
            blind = {str(key): Blind(*one) for key, one in told["blind"].items()}
            return Belief(dict(_known(told)), blind)
    except _MALFORMED as error:
        raise UnableError(f"what was told ({name}) is damaged") from error
    raise UnableError(f"what was told ({name}) was written by another version of s3guard")


def _check(one: Known) -> tuple[str, str]:
    return one.rule, json.dumps(one.bucket)


def _row(one: Known) -> list[Any]:
    subject = None if one.subject is None else dict(one.subject)
    return [one.severity.value, one.outcome, one.records, one.first, one.last, one.seen, one.who, subject, one.past]


def _known(told: Mapping[str, Any]) -> Iterator[tuple[str, Known]]:
    for rule, bucket, rows in told["known"]:
        for mark, severity, *others in rows:
            yield mark, Known(rule, json.loads(bucket), Severity(severity), *others)
