"""Tells people what is new: through channels, each told once of what is new, worse or resolved, and of what cannot be judged.

A channel that fails is told by the next run, since what it was told is remembered for each channel, and only once it took the message.
Nothing here changes a verdict or an exit code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from s3guard.model import Notified, Report, Severity
from s3guard.notify import courier, news
from s3guard.notify.channels import Means, channel
from s3guard.notify.hiding import hidden
from s3guard.notify.ledger import Shelf
from s3guard.notify.line import Line
from s3guard.notify.message import Message
from s3guard.notify.model import Belief, News, Seen, What
from s3guard.redaction import NOTHING, Redaction

SECONDS: Final = 45
"""For which a run waits for its channels at most."""
WATCHING: Final = 15
"""The same for a watch, which has other things to do."""
BRIEF: Final = 8
"""The same where somebody asked the process to end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to be told of what."""

    urls: Sequence[str] = field(repr=False)
    lowest: Severity = Severity.MEDIUM
    """Of findings that are worth a message."""
    details: bool = False
    """Whether keys, user agents and the like are told."""
    every: float = 0
    """Seconds between two messages of this process to one channel, at least."""
    means: Means = field(default_factory=Means)
    redaction: Redaction = NOTHING
    """What messages keep to themselves."""


class Telling:
    """Tells the channels of one process."""

    def __init__(self, asked: Asked, shelf: Callable[[], Shelf] | None = None) -> None:
        """`shelf` opens the place that remembers what was told; None: nothing is remembered. UsageError for a URL that is no channel's."""
        self._asked, self._shelf = asked, shelf
        channels = [channel(url, asked.means) for url in asked.urls]
        self._lines = [Line(one) for one in {one.id: one for one in channels}.values()]
        self._is_open = shelf is None

    @property
    def is_due(self) -> bool:
        """Whether a channel that was not told all may be told now."""
        return any(line.owed and line.due <= time.monotonic() for line in self._lines)

    def tell(self, seen: Seen, seed: Callable[[], Belief] = Belief, *, at_once: bool = False) -> tuple[Notified, ...]:
        """Tell each channel what is new to it, and remember that of those that took it.

        `seed` is what a channel is taken to know that was never told anything. `at_once`: the process is to end, so no channel is left for
        later, and none is waited for long.
        """
        lowest = self._asked.lowest
        return self._tell(
            lambda one: news.compare(one, seen, lowest), lambda one: news.advance(one, seen), seed, seen.report, at_once=at_once
        )

    def tell_of_crash(self, at: int, seed: Callable[[], Belief] = Belief) -> tuple[Notified, ...]:
        """Tell each channel that a run ended before there was a report; `at` is its as-of, seconds since 1970."""
        return self._tell(lambda one: news.crashed(one, at)[0], lambda one: news.crashed(one, at)[1], seed, None, at_once=True)

    def try_out(self) -> tuple[Notified, ...]:
        """Send each channel a message that says that it works, and remember nothing."""
        told: dict[int, Notified] = {}

        def ended(place: int, is_told: bool, said: str | None) -> None:  # noqa: FBT001 - as `courier.deliver` says it
            told[place] = _notified(self._lines[place], is_told, News(), said)

        parcels = {place: (line.channel, Message(str(uuid4()), News(), None, trial=True)) for place, line in enumerate(self._lines)}
        courier.deliver(parcels, SECONDS, ended)
        return tuple(told[place] for place in sorted(told))

    def _tell(
        self,
        compare: Callable[[Belief], News],
        advance: Callable[[Belief], Belief],
        seed: Callable[[], Belief],
        report: Report | None,
        *,
        at_once: bool = False,
    ) -> tuple[Notified, ...]:
        self._open(seed)
        settle = at_once or not self._asked.every
        told, found = dict[int, Notified](), [compare(line.belief) for line in self._lines]
        redaction = self._asked.redaction
        shown = None if report is None else redaction.report(report)

        def ended(place: int, is_told: bool, said: str | None) -> None:  # noqa: FBT001 - as `courier.deliver` says it
            line = self._lines[place]
            line.rest(self._asked.every, is_told=is_told)
            if is_told:
                line.keep(advance, at_once=True)
            told[place] = _notified(line, is_told, found[place], said)

        parcels = {}
        for place, (line, new) in enumerate(zip(self._lines, found, strict=True)):
            if new.is_none:
                line.owed = False
                line.keep(advance, at_once=settle)
                told[place] = _notified(line, None, new, None)
            elif line.due > time.monotonic() and not at_once:
                line.owed = True
                told[place] = _notified(line, None, new, None)
            else:
                # NOTE: the id as well is made of what may be told: of a digest somebody could find out what it is of.
                safe = hidden(new, redaction)
                parcels[place] = (line.channel, Message(line.id(safe), safe, shown, self._asked.details, line.remembers))
        courier.deliver(parcels, BRIEF if at_once else WATCHING if self._asked.every else SECONDS, ended)
        return tuple(told[place] for place in sorted(told))

    def _open(self, seed: Callable[[], Belief]) -> None:
        if not self._is_open and self._shelf is not None:
            for line in self._lines:
                line.read(self._shelf, seed)
        self._is_open = True


def _notified(line: Line, is_told: bool | None, new: News, said: str | None) -> Notified:  # noqa: FBT001 - as `courier.deliver` says it
    status = ("held" if line.owed else "quiet") if is_told is None else "sent" if is_told else "failed"
    counts = (new.count(What.NEW), new.count(What.WORSENED), new.count(What.RESOLVED), len(new.began), len(new.ended))
    reasons = [one for one in (said, line.trouble) if one]
    return Notified(line.channel.label, status, *counts, "; ".join(reasons) or None)
