"""What a watch is asked, where it tells, and what it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from s3guard.check import Judged, Request
from s3guard.watching.news import News


@dataclass(frozen=True, slots=True)
class Asked:
    """What to watch."""

    request: Request
    """With a state; its clock and its period are those of the moment, see `since`."""
    since: Callable[[datetime], datetime | None]
    """From when on records are reported, by the clock."""
    queue: str | None
    """The URL of a queue that is told of new objects; None: they are found by listing."""
    every: timedelta
    """How long notifications are gathered before they are judged; without a queue, how long to wait between two listings."""
    relist: timedelta
    """With a queue, how often to list as well, since a notification may get lost."""
    again: timedelta
    """After how long a finding that was told and goes on is told again."""
    once: bool = False
    """Whether to end when nothing is left to judge."""


@dataclass(slots=True)
class Counts:
    """What was done so far."""

    messages: int = 0
    """That were taken."""
    deleted: int = 0
    left: int = 0
    """Times that a message was not deleted."""
    objects: int = 0
    """That were given to judge."""
    batches: int = 0
    findings: int = 0
    """That were told."""


class Desk(Protocol):
    """Where a watch tells."""

    def tell(self, done: Judged) -> Judged:
        """Tell people of whatever was judged, be it news or not, before it is published; the same with what became of that."""

    def publish(self, news: News, finish: Callable[[], None]) -> bool:
        """Tell what is new, then write down that it was (`finish`); False where something could not be written: it is told again."""

    def warn(self, text: str) -> None:
        """Tell of trouble that does not end the watch."""

    def beat(self, counts: Counts) -> None:
        """Show that it goes on."""
