"""One channel as a process knows it: what it believes, where that is written down, and when it may be told again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from s3guard.model import S3GuardError
from s3guard.notify.channels import Channel
from s3guard.notify.ledger import Ledger, Shelf
from s3guard.notify.model import Belief, News

AGAIN: Final = 60
"""Seconds after which a watch tries a channel again that failed; each time after twice as long, up to the pause between two messages."""
WRITTEN: Final = 3_600
"""Seconds after which a watch writes down what only goes on."""


@dataclass(slots=True)
class Line:
    """One channel."""

    channel: Channel
    belief: Belief = field(default_factory=Belief)
    remembers: bool = False
    """Whether it is known what it was told by earlier runs."""
    trouble: str | None = None
    """Why what it is told cannot be remembered, where it should be."""
    owed: bool = False
    """Whether it was not told all that there was to tell."""
    due: float = 0
    """From when on it may be told, by `time.monotonic`."""
    _ledger: Ledger | None = None
    _failed: int = 0
    """Times, one after the other."""
    _written: float = 0
    _unwritten: bool = False

    def read(self, shelf: Callable[[], Shelf], seed: Callable[[], Belief]) -> None:
        """Find out what the channel was told; of one that is new it is written down at once what it is taken to know.

        NOTE: else a first message that fails would be lost: the run is finished, and the next would take all of it for known.
        """
        try:
            ledger = Ledger(shelf(), self.channel.id)
            belief = ledger.read()
            if belief is None:
                belief = ledger.write(seed(), lambda other: other)
            self._ledger, self.belief, self.remembers, self._written = ledger, belief, True, time.monotonic()
        except S3GuardError as error:
            self.trouble = f"what was told before could not be read, so all is told: {error}"

    def keep(self, advance: Callable[[Belief], Belief], *, at_once: bool) -> None:
        """Believe what `advance` makes of what was believed, and write it down: `at_once`, or when it is worth a file."""
        before, self.belief = self.belief, advance(self.belief)
        self._unwritten = self._unwritten or self.belief != before
        goes_on = _essence(before) == _essence(self.belief) and time.monotonic() - self._written < WRITTEN
        if self._ledger is None or not self._unwritten or (goes_on and not at_once):
            return
        try:
            self.belief = self._ledger.write(self.belief, advance)
            self._written, self._unwritten, self.trouble = time.monotonic(), False, None
        except S3GuardError as error:
            self.trouble = f"what was told could not be written down, so it may be told again: {error}"

    def rest(self, every: float, *, is_told: bool) -> None:
        """Leave the channel alone for a while."""
        self._failed = 0 if is_told else self._failed + 1
        self.owed = not is_told
        self.due = time.monotonic() + (every if is_told else min(every, AGAIN * 2 ** min(self._failed - 1, 10)))

    def id(self, news: News) -> str:
        """The id of a message: the same where the same is told again, since a process was killed or nobody answered in time."""
        if self._ledger is None:
            return str(uuid4())
        items = [(item.what.value, item.fingerprint, item.records) for item in news.items]
        blind = [[(one.rule, one.bucket, one.reason) for one in many] for many in (news.began, news.ended)]
        return hashlib.sha256(repr((self.channel.id, self._ledger.number, items, blind)).encode("utf-8", "replace")).hexdigest()[:32]


def _essence(belief: Belief) -> tuple[Any, ...]:
    """What of a belief decides what is told next, but for the times."""
    return {mark: (one.severity, one.records, one.past) for mark, one in belief.known.items()}, belief.blind.keys()
