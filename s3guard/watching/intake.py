"""From messages to log objects, and back: which objects a message asks to judge, and what becomes of the message once they are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from s3guard import delivered
from s3guard.model import UsageError
from s3guard.notifications import Created, notice
from s3guard.refusals import GONE
from s3guard.sources import LogObject, Sources
from s3guard.sqs import FARTHEST, HOLD, Message
from s3guard.text import shown

REMEMBERED: Final = 10_000
"""Messages that are left in the queue and remembered as told."""


class Fate(Enum):
    """What becomes of a message."""

    DONE = "done"
    """The state holds all that it told of: it is deleted."""
    LATER = "later"
    """Something that it told of could not be read: it comes again, each time after twice as long."""
    LEFT = "left"
    """It is not for this watch, or not understood: nobody touches it, and the queue's redrive policy takes it away."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message and what it asks for."""

    message: Message
    entries: tuple[LogObject, ...]
    """To judge."""
    reasons: tuple[str, ...] = ()
    """Why it is left, if it is."""
    is_garbled: bool = False
    """Whether a part of it was not understood: nobody knows what it told of."""


@dataclass(slots=True)
class Intake:
    """Reads messages by what is watched."""

    watched: Sequence[str]
    """``s3://bucket/prefix``, each."""
    covers: Callable[[str], bool] | None
    """Whether records of a bucket are looked at; None: those of all are."""
    everywhere: Sources
    """To look up what a message does not tell of its object."""
    warn: Callable[[str], None]
    _told: dict[str, None] = field(default_factory=dict)

    def taken(self, message: Message) -> Taken:
        """What a message asks for; where it will be left, that is told, once."""
        told = notice(message.body)
        reasons = [f"not understood: {fault}" for fault in told.faults]
        entries = []
        for created in told.created:
            if not any(_lies_in(created, place) for place in self.watched):
                reasons.append(f"about {shown(created.name)[:300]}, which is not watched")
            elif self._is_wanted(created):
                entries.append(self._entry(created))
        if reasons and message.id not in self._told:
            self._told[message.id] = None
            if len(self._told) > REMEMBERED:
                del self._told[next(iter(self._told))]
            more = f", and {len(reasons) - 1:,} more" if len(reasons) > 1 else ""
            self.warn(f"message {shown(message.id)[:100]} is left in the queue, for its redrive policy: {reasons[0]}{more}")
        return Taken(message, tuple(entries), tuple(reasons), bool(told.faults))

    def _is_wanted(self, created: Created) -> bool:
        """Whether a policy is about the bucket whose records the object's name says it holds; a listing passes over the others, too."""
        name = delivered.named(created.key)
        return self.covers is None or name is None or name.bucket is None or self.covers(name.bucket)

    def _entry(self, created: Created) -> LogObject:
        """The object as a listing has it."""
        # NOTE: of an object of no bytes nothing is read, so nothing would show that there are some: that is not believed.
        if created.size and created.etag is not None:
            return LogObject(created.name, created.name, created.size, "s3", etag=created.etag)
        try:
            found = next(iter(self.everywhere.objects([created.name])), None)
        except UsageError:
            found = None
        if found is not None and (found.name == created.name or found.fault is not None):
            return found
        return LogObject(created.name, created.name, None, "s3", GONE)


def fate(taken: Taken, lacking: frozenset[str]) -> Fate:
    """What becomes of a message, by the names of the objects of which the state lacks some."""
    if taken.reasons:
        return Fate.LEFT
    return Fate.LATER if any(entry.name in lacking for entry in taken.entries) else Fate.DONE


def put_off(message: Message) -> int:
    """Seconds until a message about what could not be read comes again: twice as long each time."""
    return int(min(FARTHEST, HOLD * 2 ** min(message.times - 1, 20)))


def _lies_in(created: Created, place: str) -> bool:
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return created.bucket == bucket and created.key.startswith(prefix)
